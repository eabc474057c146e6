"""The tables of a cohort, from the files of its batches."""

import warnings
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from abm import units
from analysis import survival
from scenarios.cohort import batches
from scenarios.cohort.batches import Batch
from scenarios.cohort.schema import ARM, ASNS, Compare

LEADING = (
    "arm", "patient", "time_to_relapse_d", "relapsed", "mrd_end_induction_flow",
    "mrd_end_induction_pcr", "days_above_0p1_IU_per_mL", "days_asn_depleted",
)  # fmt: skip
"""Columns that every table of patients begins with."""
GROUP, EVENT, EVENT_DAY = "group", "is_event", "event_d"
PERCENTILES = (5, 25, 50, 75, 95)
MRD_CUT = 1e-4
"""Minimal residual disease below which a patient counts as negative (AALL1231)."""


class Tables(NamedTuple):
    """All tables of a cohort; one row per patient and arm, time, event, clone or group.

    ``curves`` has percentiles by arm and day; ``survival`` the Kaplan-Meier estimate by group.
    """

    patients: pd.DataFrame
    curves: pd.DataFrame
    events: pd.DataFrame
    clones: pd.DataFrame
    survival: pd.DataFrame
    summary: pd.DataFrame


def gather(folder: Path, finished: Sequence[Batch], compare: Compare) -> Tables:
    """Return the tables of the batches in ``folder``; patients that an arm lacks are left out."""
    parts: dict[str, list[batches.Result]] = {}
    for batch in finished:
        parts.setdefault(batch.arm, []).append(batches.read(folder / batch.file_name))
    patients = pd.concat(
        [one.patients.assign(arm=arm) for arm, found in parts.items() for one in found],
        ignore_index=True,
    )
    complete = _complete(patients, len(parts))
    patients = grouped(with_event(patients[patients["patient"].isin(complete)]), compare)
    events, clones = (
        _stack((arm, getattr(one, name)) for arm, found in parts.items() for one in found)
        for name in (batches.EVENTS, batches.CLONES)
    )
    events, clones = (
        table[table["patient"].isin(complete)] if len(table) else table
        for table in (events, clones)
    )
    curves = _percentiles(parts, complete)
    names = list(dict.fromkeys(patients[GROUP]))
    estimates = pd.concat(
        [
            survival.kaplan_meier(own[EVENT_DAY].to_numpy(), own[EVENT].to_numpy()).assign(group=g)
            for g, own in ((g, patients[patients[GROUP] == g]) for g in names)
        ],
        ignore_index=True,
    )
    return Tables(patients, curves, events, clones, estimates, summarise(patients, compare))


def _complete(patients: pd.DataFrame, n_arms: int) -> np.ndarray:
    """Return the patients that every arm has, so that arms keep the same patients."""
    counts = patients["patient"].value_counts()
    return np.sort(counts.index[counts == n_arms].to_numpy())


def with_event(patients: pd.DataFrame) -> pd.DataFrame:
    """Add the event of the analysis and its day.

    An event is a relapse in the marrow (assumption A427); a patient who never reached remission has
    it at the start (assumption A428). All others are censored at the end of their follow-up.
    """
    relapsed = patients["relapsed"].to_numpy(bool)
    failed = patients["remission_d"].isna().to_numpy() & ~relapsed
    day = np.where(relapsed, patients["time_to_relapse_d"], patients["followed_d"])
    return patients.assign(**{EVENT: relapsed | failed, EVENT_DAY: np.where(failed, 0.0, day)})


def grouped(patients: pd.DataFrame, compare: Compare) -> pd.DataFrame:
    """Add the group that each patient is compared in, and put the columns in order."""
    if compare.by == ARM:
        groups = patients["arm"]
    elif compare.by == ASNS:
        is_high = patients["asns_factor"] > patients["asns_factor"].median()
        groups = pd.Series(np.where(is_high, "high", "low"), index=patients.index)
    else:
        groups = patients["subtype"]
    table = patients.assign(**{GROUP: groups})
    rest = [name for name in table if name not in LEADING]
    ranks = {name: rank for rank, name in enumerate(dict.fromkeys(table["arm"]))}
    order = np.lexsort((table["patient"], table["arm"].map(ranks)))
    return table.iloc[order][[*LEADING, *rest]].reset_index(drop=True)


def _stack(parts: Iterable[tuple[str, pd.DataFrame]]) -> pd.DataFrame:
    found = [table.assign(arm=arm) for arm, table in parts if len(table)]
    return pd.concat(found, ignore_index=True) if found else pd.DataFrame()


def _percentiles(parts: dict[str, list[batches.Result]], complete: np.ndarray) -> pd.DataFrame:
    """Return percentiles of activity and asparagine over the patients still followed."""
    rows = []
    for arm, found in parts.items():
        own = np.concatenate([one.patients["patient"].to_numpy() for one in found])
        is_used = np.isin(own, complete)
        table: dict[str, object] = {"arm": arm, "day": found[0].days}
        for name in batches.CURVES:
            values = np.concatenate([one.curves[name] for one in found])[is_used]
            table["n_followed"] = np.isfinite(values).sum(axis=0)
            with warnings.catch_warnings():
                warnings.filterwarnings("ignore", "All-NaN slice", RuntimeWarning)
                levels = np.nanpercentile(values, PERCENTILES, axis=0)
            for percent, level in zip(PERCENTILES, levels, strict=True):
                table[f"{name}_p{percent:02d}"] = level
        rows.append(pd.DataFrame(table))
    return pd.concat(rows, ignore_index=True)


def summarise(patients: pd.DataFrame, compare: Compare) -> pd.DataFrame:
    """Return one row per group: numbers, survival with interval, hazard ratio, exposure, MRD."""
    names = list(dict.fromkeys(patients[GROUP]))
    reference = compare.reference or names[0]
    ratios = {one.group: one for one in survival.compare(patients, reference)}
    whole = survival.log_rank(
        patients[EVENT_DAY].to_numpy(), patients[EVENT].to_numpy(), patients[GROUP].tolist()
    )
    rows = []
    for name in names:
        own = patients[patients[GROUP] == name]
        curve = survival.kaplan_meier(own[EVENT_DAY].to_numpy(), own[EVENT].to_numpy())
        at, low, high = survival.survival_at(curve, compare.at / units.HOURS_PER_DAY)
        ratio = ratios.get(name)
        nan = float("nan")
        rows.append(
            {
                GROUP: name,
                "n_patients": len(own),
                "n_events": int(own[EVENT].sum()),
                "n_relapses": int(own["relapsed"].sum()),
                "survival_at_d": compare.at / units.HOURS_PER_DAY,
                "survival": at,
                "survival_low": low,
                "survival_high": high,
                "median_d": survival.median_day(curve),
                "reference": reference,
                "hazard_ratio": ratio.hazard_ratio if ratio else nan,
                "hazard_ratio_low": ratio.low if ratio else nan,
                "hazard_ratio_high": ratio.high if ratio else nan,
                "hazard_ratio_p": ratio.p if ratio else nan,
                "log_rank_p": ratio.log_rank_p if ratio else nan,
                "log_rank_p_all": whole,
                "share_mrd_negative_flow": float((own["mrd_end_induction_flow"] < MRD_CUT).mean()),
                "share_mrd_negative_pcr": float((own["mrd_end_induction_pcr"] < MRD_CUT).mean()),
                "median_days_above_0p1_IU_per_mL": float(own["days_above_0p1_IU_per_mL"].median()),
                "median_days_asn_depleted": float(own["days_asn_depleted"].median()),
            }
        )
    return pd.DataFrame(rows)


def count_events(events: pd.DataFrame, n_patients: int, arms: Sequence[str]) -> pd.DataFrame:
    """Return patients with each kind of event by arm, as number and share."""
    rows = []
    kinds = list(dict.fromkeys(events["kind"])) if len(events) else []
    for kind in kinds:
        row: dict[str, object] = {"event": kind}
        for arm in arms:
            own = events[(events["arm"] == arm) & (events["kind"] == kind)]
            row[arm] = int(own["patient"].nunique())
        rows.append(row)
    return pd.DataFrame(rows, columns=["event", *arms])
