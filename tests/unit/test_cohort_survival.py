"""Survival of groups against textbook numbers and against what was put in."""

import math

import numpy as np
import pandas as pd
import pytest

from abm.errors import ScenarioError
from analysis import survival

FREIREICH_6MP = ([6, 6, 6, 6, 7, 9, 10, 10, 11, 13, 16, 17, 19, 20, 22, 23, 25, 32, 32, 34, 35],
                 [1, 1, 1, 0, 1, 0, 1, 0, 0, 1, 1, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0])  # fmt: skip
FREIREICH_PLACEBO = [1, 1, 2, 2, 3, 4, 4, 5, 5, 8, 8, 8, 8, 11, 11, 12, 12, 15, 17, 22, 23]
"""Remission of acute leukaemia in weeks, Freireich 1963, in every textbook of survival."""


def test_kaplan_meier_by_hand():
    """Products of (1 - events / at risk), worked on paper; censored patients leave silently."""
    curve = survival.kaplan_meier(*map(np.array, FREIREICH_6MP)).set_index("day")["survival"]
    assert curve[6] == pytest.approx(18 / 21)
    assert curve[7] == pytest.approx(18 / 21 * 16 / 17)
    assert curve[10] == pytest.approx(18 / 21 * 16 / 17 * 14 / 15)
    assert curve[23] == pytest.approx(0.448, abs=5e-4)
    assert curve[9] == curve[7]


def test_interval_holds_the_estimate_and_starts_at_one():
    curve = survival.kaplan_meier(*map(np.array, FREIREICH_6MP))
    assert curve.iloc[0][["day", "survival", "n_at_risk"]].tolist() == [0.0, 1.0, 21.0]
    inner = curve[curve["survival"] < 1.0]
    assert (inner["low"] < inner["survival"]).all() and (inner["survival"] < inner["high"]).all()
    assert survival.survival_at(curve, 10.5)[0] == pytest.approx(0.753, abs=5e-4)
    assert survival.median_day(curve) == 23.0


def test_half_of_the_patients_may_never_be_reached():
    curve = survival.kaplan_meier(np.array([5.0, 9.0, 9.0]), np.array([True, False, False]))
    assert survival.median_day(curve) == math.inf


def _freireich() -> pd.DataFrame:
    weeks = [*FREIREICH_6MP[0], *FREIREICH_PLACEBO]
    return pd.DataFrame(
        {
            "group": ["6-MP"] * 21 + ["placebo"] * 21,
            "event_d": np.array(weeks, float),
            "is_event": [bool(e) for e in FREIREICH_6MP[1]] + [True] * 21,
            "patient": np.arange(42),
        }
    )


def test_hazard_ratio_and_log_rank_of_the_textbook():
    """Cox with Efron's ties gives 4.82 (2.15-10.8), the log-rank test chi-square 16.79."""
    (found,) = survival.compare(_freireich(), "6-MP")
    assert found.group == "placebo"
    assert found.hazard_ratio == pytest.approx(4.82, abs=0.01)
    assert (found.low, found.high) == pytest.approx((2.15, 10.8), abs=0.05)
    assert found.log_rank_p == pytest.approx(4.17e-5, rel=0.01)


def test_a_patient_in_both_arms_is_one_cluster():
    """The same patients in two alike arms: a ratio of one, with an interval that is narrow."""
    table = _freireich()
    table["patient"] = list(range(21)) * 2
    both = pd.concat([table.iloc[21:].assign(group=name) for name in ("a", "b")])
    (paired,) = survival.compare(both, "a")
    assert paired.hazard_ratio == pytest.approx(1.0)
    (apart,) = survival.compare(both.assign(patient=np.arange(42)), "a")
    assert paired.high - paired.low < 0.25 < apart.high - apart.low


def test_no_ratio_where_a_group_has_no_event():
    table = _freireich()
    table.loc[table["group"] == "6-MP", "is_event"] = False
    (found,) = survival.compare(table, "6-MP")
    assert math.isnan(found.hazard_ratio) and found.log_rank_p < 1e-3


def test_known_ratio_is_found():
    """Exponential times with a hazard twice as high: the interval holds 2."""
    quantiles = (np.arange(400) + 0.5) / 400.0
    days = np.concatenate([-np.log(quantiles), -np.log(quantiles) / 2.0])
    table = pd.DataFrame(
        {"group": ["slow"] * 400 + ["fast"] * 400, "event_d": days, "is_event": True,
         "patient": np.arange(800)}
    )  # fmt: skip
    (found,) = survival.compare(table, "slow")
    assert found.hazard_ratio == pytest.approx(2.0, rel=0.03)
    assert found.low < 2.0 < found.high


def test_unknown_reference():
    with pytest.raises(ScenarioError, match="is no group: 6-MP, placebo"):
        survival.compare(_freireich(), "6mp")


def test_missing_library_says_how_to_install(monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "lifelines", None)
    with pytest.raises(ScenarioError, match=r"pip install 'asnsim\[clinic\]'"):
        survival.require_lifelines()
