"""The readings of a watch as tables: patients, residual disease, courses; and as plain numbers."""

import math
from typing import Any

import numpy as np

from abm.environment.body import Compartment
from abm.state.sites import Species
from abm.state.state import State
from abm.units import HOURS_PER_DAY
from abm.watch.observer import Watch
from abm.watch.readings import Place, relapse_columns

_N = len(Compartment)
_PERCENTILES = (5, 50, 95)


def patient_table(watch: Watch, arm: str = "") -> dict[str, np.ndarray]:
    """Return one row for each patient: the columns of ``abm.record.layout.PATIENTS_COLUMNS``."""
    r, n = watch.readings, watch.n
    in_remission = ~np.isnan(r.remission) & np.isnan(r.relapse)
    in_remission &= r.marrow_share < watch.parameters.blast_limit
    origins = [
        Place(int(code)).label if relapsed else ""
        for code, relapsed in zip(r.origin, watch.has_relapsed, strict=True)
    ]
    induction = _at_end_of_induction(watch)
    below = induction[:, 0] < watch.parameters.blast_limit
    return {
        "arm": np.full(n, arm, dtype=object),
        "patient": watch.patients,
        "relapsed": watch.has_relapsed,
        "time_to_relapse_d": r.relapse / HOURS_PER_DAY,
        "mrd_end_induction_flow": induction[:, 1],
        "mrd_end_induction_pcr": induction[:, 2],
        "mrd_end_induction_true": induction[:, 0],
        "days_above_0p1_IU_per_mL": r.above_target / HOURS_PER_DAY,
        "days_asn_depleted": r.depleted / HOURS_PER_DAY,
        "days_asn_undetected": r.undetected / HOURS_PER_DAY,
        "days_csf_asn_depleted": r.csf_depleted / HOURS_PER_DAY,
        "activity_area_d_IU_per_mL": r.activity_area / HOURS_PER_DAY,
        "followed_d": r.followed / HOURS_PER_DAY,
        "in_remission": in_remission,
        "remission_d": r.remission / HOURS_PER_DAY,
        "remission_at_end_of_induction": below,
        "extinct_d": r.extinct / HOURS_PER_DAY,
        "lowest_blasts": np.where(np.isfinite(r.lowest), r.lowest, np.nan),
        "lowest_blasts_d": r.lowest_time / HOURS_PER_DAY,
        "marrow_blast_share_end": r.marrow_share,
        "csf_relapse_d": r.csf_relapse / HOURS_PER_DAY,
        "relapse_compartment": np.array([place.label for place in watch.places()], dtype=object),
        "relapse_origin": np.array(origins, dtype=object),
        **relapse_columns(watch.compositions, n),
    }


def mrd_table(watch: Watch) -> dict[str, np.ndarray]:
    """Return one row for each reading of residual disease (``layout.MRD_COLUMNS``)."""
    rows = watch.mrd_readings
    return {
        "time_h": np.array([row.hour for row in rows]),
        "patient": watch.patients[[row.patient for row in rows]],
        "name": np.array([row.name for row in rows], dtype=object),
        "true": np.array([row.true for row in rows]),
        "flow": np.array([row.flow for row in rows]),
        "pcr": np.array([row.pcr for row in rows]),
    }


def course_table(watch: Watch) -> dict[str, np.ndarray]:
    """Return one row for each patient before and after each course (``COURSES_COLUMNS``)."""
    rows = watch.course_readings
    return {
        "time_h": np.array([row.hour for row in rows]),
        "patient": watch.patients[[row.patient for row in rows]],
        "course": np.array([row.course for row in rows], np.int64),
        "is_after": np.array([row.is_after for row in rows], np.bool_),
        "n_cells": np.array([row.n_cells for row in rows]),
        "asns_high_share": np.array([row.asns_high for row in rows]),
        "resistant_share": np.array([row.resistant for row in rows]),
    }


def series_columns(watch: Watch, state: State) -> dict[str, np.ndarray]:
    """Return what a body adds to the time series now, one value for each patient."""
    r, sites = watch.readings, state.sites
    plasma = slice(Compartment.PLASMA, None, _N)
    asn, gln = (sites.concentration[one, plasma] for one in (Species.ASN, Species.GLN))
    counts = r.cells.astype(np.int64)
    columns = {
        "marrow_blast_share": r.marrow_share.copy(),
        "asn_measured_uM": watch.sample.read(asn, gln, sites.activity[plasma], state.drug),
        "asn_csf_uM": sites.concentration[Species.ASN, Compartment.CSF :: _N].copy(),
    }
    for compartment in Compartment:
        columns[f"n_{compartment.name.lower()}"] = counts[:, compartment]
    return columns


def outcome(watch: Watch) -> dict[str, Any]:
    """Return what run.json says of the outcome: one patient's row, or counts of many."""
    table = patient_table(watch)
    if watch.n == 1:
        row = {name: _plain(values[0]) for name, values in table.items() if name != "arm"}
        row["mrd"] = [
            {"name": one.name, "day": one.hour / HOURS_PER_DAY, "true": one.true,
             "flow": one.flow, "pcr": one.pcr}
            for one in watch.mrd_readings
        ]  # fmt: skip
        return row
    days = table["time_to_relapse_d"][table["relapsed"]]
    return {
        "n_patients": watch.n,
        "n_relapsed": int(table["relapsed"].sum()),
        "n_in_remission": int(table["in_remission"].sum()),
        "n_extinct": int((~np.isnan(table["extinct_d"])).sum()),
        "n_csf_relapsed": int((~np.isnan(table["csf_relapse_d"])).sum()),
        "relapse_day_percentiles": {
            str(q): float(np.percentile(days, q)) for q in _PERCENTILES if days.size
        },
    }


def _at_end_of_induction(watch: Watch) -> np.ndarray:
    """Return true share, flow and PCR at the end of induction, float64[R, 3]; nan without."""
    found = np.full((watch.n, 3), np.nan)
    for row in watch.mrd_readings:
        if row.name == watch.plan.end_of_induction:
            found[row.patient] = row.true, row.flow, row.pcr
    return found


def _plain(value: Any) -> Any:
    value = value.item() if isinstance(value, np.generic) else value
    return None if isinstance(value, float) and not math.isfinite(value) else value
