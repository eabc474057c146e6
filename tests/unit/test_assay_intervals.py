"""Intervals of assays: they say what the wells know, and no more."""

import math

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from scenarios.studies.combination import _half_interval, _interaction
from scenarios.studies.knock_down import PARENTAL, with_fold
from scenarios.studies.mtt import _fit


def matrix(n_wells):
    cells = [(0.0, 0.0, 1.0), (1.0, 0.0, 0.5), (0.0, 1.0, 0.8), (1.0, 1.0, 0.3)]
    rows = [
        {"dose_IU_per_mL": dose, "partner_dose": partner, "viability_count": value + 0.01 * well}
        for dose, partner, value in cells
        for well in range(n_wells)
    ]
    labels = {"line": "molt-4", "partner": "mso", "time_h": 48.0, "is_alone": False}
    return pd.DataFrame(rows).assign(**labels)


def test_one_well_of_each_has_no_interval():
    (row,) = _interaction(matrix(1), False).tail(1).to_dict("records")
    assert row["bliss_excess"] == pytest.approx(0.1)
    assert math.isnan(row["bliss_low"]) and math.isnan(row["bliss_high"])


def test_a_single_dose_has_no_excess_over_itself():
    single = _interaction(matrix(3), False).query("partner_dose == 0 or dose_IU_per_mL == 0")
    assert single[["bliss_low", "bliss_high"]].abs().max(axis=None) < 0.02


def test_the_interval_of_a_difference_is_that_of_welch():
    first, second = [1.0, 2.0, 4.0, 4.5], [3.0, 3.1, 3.9]
    error = pd.DataFrame(
        {"sem": [stats.sem(first), stats.sem(second)], "count": [len(first), len(second)]}
    )
    limits = stats.ttest_ind(first, second, equal_var=False).confidence_interval(0.95)
    expected = 0.5 * (limits.high - limits.low)
    assert _half_interval((1.0, -1.0), error) == pytest.approx(expected, rel=1e-9)


def series(responses):
    doses = np.repeat([0.0, *10.0 ** np.arange(2 - len(responses), 2)], 2)
    viability = np.repeat([1.0, *responses], 2) + np.tile([-0.005, 0.005], len(responses) + 1)
    rows = {"dose_IU_per_mL": doses, "viability_count": viability}
    return pd.DataFrame(rows)


def test_an_ic50_from_a_plateau_near_a_half_says_so():
    note = "plateau near a half from 0.001 to 0.1 IU/mL: a small error moves the IC50 far"

    def fitted(plateau, lowest):
        rows = series([*lowest, *plateau, 0.15, 0.05])
        return _fit(rows, "viability_count", 0.01)

    near = fitted([0.53, 0.51, 0.48], [1.0, 0.97, 0.8])
    assert near["message"].endswith(note) and math.isfinite(near["ic50"])
    few = fitted([0.53, 0.51, 0.48], [0.98])
    assert few["message"].endswith(note) and "converge" not in few["message"]
    for plateau in (0.75, 0.2):
        far = fitted([plateau] * 3, [1.0, 0.97, 0.8])
        assert math.isfinite(far["ic50"]) and "plateau" not in far["message"]


def test_the_parental_line_over_itself_is_one_without_limits():
    same = {"line": "ovcar-8", "product": "e-coli", "time_h": 72.0, "readout": "count"}
    rows = [
        same | {"variant": PARENTAL, "ic50": 0.1, "ic50_low": 0.08, "ic50_high": 0.12},
        same | {"variant": "knock-down", "ic50": 1e-3, "ic50_low": 8e-4, "ic50_high": 1.2e-3},
    ]
    parental, silenced = with_fold(pd.DataFrame(rows)).to_dict("records")
    assert parental["fold"] == 1.0 and math.isnan(parental["fold_low"])
    assert silenced["fold_low"] < silenced["fold"] == pytest.approx(100.0)


def test_a_fold_reaches_as_far_as_the_longer_side_of_an_ic50():
    """An IC50 known between two doses alone may lie at the lower one: the fold is then larger."""
    same = {"line": "ovcar-8", "product": "e-coli", "time_h": 72.0, "readout": "count"}
    rows = [
        same | {"variant": PARENTAL, "ic50": 0.1, "ic50_low": 0.1, "ic50_high": 0.1},
        same | {"variant": "knock-down", "ic50": 9e-4, "ic50_low": 1e-4, "ic50_high": 1e-3},
    ]
    fold = with_fold(pd.DataFrame(rows)).iloc[1]
    assert fold["fold_low"] == pytest.approx(100.0) and fold["fold_high"] == pytest.approx(1000.0)
