"""Survival of groups of patients: Kaplan-Meier, log-rank, hazard ratios, through lifelines."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from abm.errors import ScenarioError

CONFIDENCE = 0.95
MISSING = "lifelines is missing: python -m pip install 'asnsim[clinic]'"


class Comparison(NamedTuple):
    """A group against the reference; NaN where a group has no event, so that no ratio exists.

    ``hazard_ratio`` with its 95 % interval and p from a proportional-hazards fit; patients who are
    in both groups are taken as one cluster. ``log_rank_p`` takes the groups as independent.
    """

    group: str
    reference: str
    hazard_ratio: float
    low: float
    high: float
    p: float
    log_rank_p: float


def require_lifelines() -> None:
    """Raise ScenarioError that says how to install what is missing."""
    try:
        import lifelines  # noqa: F401
    except ImportError:
        raise ScenarioError(MISSING) from None


def kaplan_meier(days: np.ndarray, is_event: np.ndarray) -> pd.DataFrame:
    """Return the product-limit estimate: day, survival, low, high, n_at_risk.

    One row for day 0 and one for each day with an event or a censored patient; intervals are 95 %,
    of the exponential Greenwood kind. ``days`` is float64[n], ``is_event`` bool[n].
    """
    require_lifelines()
    from lifelines import KaplanMeierFitter

    fitter = KaplanMeierFitter(alpha=1.0 - CONFIDENCE)
    fitter.fit(np.asarray(days, float), np.asarray(is_event, bool))
    limits = fitter.confidence_interval_.to_numpy(float)
    at = fitter.survival_function_.index.to_numpy(float)
    return pd.DataFrame(
        {
            "day": at,
            "survival": fitter.survival_function_.to_numpy(float)[:, 0],
            "low": limits[:, 0],
            "high": limits[:, 1],
            "n_at_risk": fitter.event_table["at_risk"].reindex(at).to_numpy(int),
        }
    )


def survival_at(curve: pd.DataFrame, day: float) -> tuple[float, float, float]:
    """Return survival with its interval at ``day`` from a table of :func:`kaplan_meier`."""
    row = curve[curve["day"] <= day].iloc[-1]
    return float(row["survival"]), float(row["low"]), float(row["high"])


def median_day(curve: pd.DataFrame) -> float:
    """Return the first day with at most half of the patients left; infinite if there is none."""
    below = curve.loc[curve["survival"] <= 0.5, "day"]
    return float(below.iloc[0]) if len(below) else np.inf


def log_rank(days: np.ndarray, is_event: np.ndarray, groups: Sequence[Any]) -> float:
    """Return p of the hypothesis that all groups survive alike; NaN for a single group."""
    require_lifelines()
    from lifelines.statistics import multivariate_logrank_test

    if len(set(groups)) < 2 or not np.any(is_event):
        return float("nan")
    return float(multivariate_logrank_test(days, list(groups), is_event).p_value)


def compare(
    table: pd.DataFrame,
    reference: str,
    *,
    group: str = "group",
    day: str = "event_d",
    event: str = "is_event",
    patient: str = "patient",
) -> list[Comparison]:
    """Return each other group of ``table`` against ``reference``.

    One row per patient and group. Raises ScenarioError for a reference that is no group.
    """
    names = list(dict.fromkeys(table[group]))
    if reference not in names:
        raise ScenarioError(f"reference {reference!r}: is no group: {', '.join(names)}")
    return [
        _compare(table, one, reference, group, day, event, patient)
        for one in names
        if one != reference
    ]


def _compare(
    table: pd.DataFrame, one: str, reference: str, group: str, day: str, event: str, patient: str
) -> Comparison:
    both = table[table[group].isin((one, reference))]
    days, is_event = both[day].to_numpy(float), both[event].to_numpy(bool)
    is_one = (both[group] == one).to_numpy()
    p = log_rank(days, is_event, is_one.tolist())
    nothing = float("nan")
    if not (is_event[is_one].any() and is_event[~is_one].any()):
        return Comparison(one, reference, nothing, nothing, nothing, nothing, p)
    ratio = _ratio(days, is_event, is_one, both[patient].to_numpy())
    return Comparison(one, reference, *ratio, p)


def _ratio(
    days: np.ndarray, is_event: np.ndarray, is_one: np.ndarray, patient: np.ndarray
) -> tuple[float, float, float, float]:
    from lifelines import CoxPHFitter

    frame = pd.DataFrame(
        {"day": days, "event": is_event, "group": is_one.astype(float), "patient": patient}
    )
    is_paired = frame["patient"].duplicated().any()
    fitter = CoxPHFitter(alpha=1.0 - CONFIDENCE)
    if is_paired:
        fitter.fit(frame, "day", "event", cluster_col="patient")
    else:
        fitter.fit(frame.drop(columns="patient"), "day", "event")
    row = fitter.summary.loc["group"]
    return tuple(  # type: ignore[return-value]
        float(row[name])
        for name in ("exp(coef)", "exp(coef) lower 95%", "exp(coef) upper 95%", "p")
    )
