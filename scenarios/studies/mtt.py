"""MTT dose-response: serial dilution, reading, four-parameter fit.

Question: which activity of asparaginase halves the MTT signal after 48 and 72 h, and what is left
at the plateau between loss of Asn and loss of Gln?
"""

import dataclasses
import math
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

import numpy as np
import pandas as pd

from analysis.dose_curves import (
    DoseCurve,
    area_under_curve,
    fit_dose_curve,
    flat_doses,
    growth_rate_inhibition,
    passing_dose,
    response_at,
)
from scenarios.schema.base import Quantity, written
from scenarios.studies.conditions import culture
from scenarios.studies.culture import Condition, Progress, run_conditions
from scenarios.studies.outcome import Outcome, refuse_exhausted, with_checks
from scenarios.studies.readers import Readers
from scenarios.studies.schema import Alleles, DoseSeries, PositiveActivity

ARM = ("line", "product", "variant")
"""Columns that tell one dose series from another."""
SHOWN = (*ARM, "time_h", "readout", "ic50", "ic50_low", "ic50_high", "plateau", "gr50", "message")
NEAR_HALF = 0.1
"""A plateau nearer to a half than this makes the IC50 uncertain. So much can a reader take from a
half by itself: without mTORC1 MTT shows 0.8 of the living matter (assumption A141)."""
READOUTS = {"mtt": "viability_mtt", "count": "viability_count"}


class Mtt(DoseSeries):
    """MTT assay of one or several lines under one or several products."""

    assay: Literal["mtt"]
    plateau_dose: PositiveActivity = written("0.01 IU/mL")
    """Activity that has taken all Asn but hardly any Gln; the response there is the plateau."""
    fewest_growth: Annotated[float, Quantity("", 0.0, 10.0, "0", "10")] = 0.2
    """Doublings of the control below which no GR value is given."""
    methylated_alleles: Alleles | None = None
    """In place of the line's own number of methylated ASNS alleles."""


MODEL = Mtt


@dataclasses.dataclass(frozen=True)
class Arm:
    """One dose series: what it is called, and how its cells differ."""

    line: str
    product: str
    variant: str = "parental"
    genotype: Mapping[str, float] = dataclasses.field(default_factory=dict)
    alleles: int | None = None
    compounds: Sequence[Mapping[str, Any]] = ()
    others: Sequence[Mapping[str, Any]] = ()

    @property
    def labels(self) -> dict[str, str]:
        """Columns of its rows."""
        return {"line": self.line, "product": self.product, "variant": self.variant}


def run(assay: Mtt, *, threads: int | None = None, progress: Progress | None = None) -> Outcome:
    """Run the dose series of all lines and products and fit them."""
    alleles = assay.methylated_alleles or (None,)
    arms = [
        Arm(
            line,
            product,
            variant="parental" if number is None else f"{number} methylated",
            alleles=number,
        )
        for line in assay.line
        for product in assay.product
        for number in alleles
    ]
    readings = read_series(assay, arms, threads=threads, progress=progress)
    results = fit_series(assay, readings, assay.plateau_dose, assay.fewest_growth)
    return Outcome(readings, results, SHOWN)


def read_series(
    assay: DoseSeries,
    arms: Sequence[Arm],
    *,
    threads: int | None = None,
    progress: Progress | None = None,
) -> pd.DataFrame:
    """Run dose series and return their readings with absorbance and viability.

    ``viability_mtt`` is absorbance less blank over that of the vehicle of the same arm and time,
    ``viability_count`` the same of living cells. Raises ScenarioError where the medium of the
    vehicle runs out.
    """
    factors = assay.dose_factors
    conditions = [
        Condition(
            arm.labels,
            culture(
                assay,
                arm.line,
                end=max(assay.hours),
                n_wells=assay.replicates * len(factors),
                alleles=arm.alleles,
                genotype=arm.genotype,
                product=arm.product,
                dose=assay.highest_dose,
                dose_factors=factors,
                compounds=arm.compounds,
                others=arm.others,
            ),
            assay.highest_dose,
        )
        for arm in arms
    ]
    table = run_conditions(conditions, with_checks(assay.hours), threads=threads, progress=progress)
    table = table[table["population"].str.startswith("blast")].reset_index(drop=True)
    is_vehicle = table["dose_IU_per_mL"] == 0.0
    refuse_exhausted(assay, table, is_vehicle)
    is_read = table["time_h"].isin([0.0, *assay.hours])
    return with_viability(assay, table[is_read].reset_index(drop=True))


def with_viability(assay: DoseSeries, table: pd.DataFrame) -> pd.DataFrame:
    """Add ``absorbance``, ``viability_mtt`` and ``viability_count`` to readings of series."""
    readers = Readers(assay.seed, assay.has_noise)
    parts = []
    for _, rows in table.groupby(list(ARM), sort=False):
        absorbance = readers.absorbance(rows, rows["dose_IU_per_mL"] == 0.0)
        parts.append(rows.assign(absorbance=absorbance))
    table = pd.concat(parts).sort_index()
    signals = {
        "viability_mtt": table["absorbance"] - readers.plate.blank,
        "viability_count": table["n_live"].astype(float),
    }
    keys = [table[name] for name in (*ARM, "time_h")]
    is_vehicle = table["dose_IU_per_mL"] == 0.0
    for name, signal in signals.items():
        reference = signal.where(is_vehicle).groupby(keys).transform("mean")
        table[name] = signal / reference
    return table


def fit_series(
    assay: DoseSeries, readings: pd.DataFrame, plateau_dose: float, fewest_growth: float
) -> pd.DataFrame:
    """Fit every arm, time and readout; one row each.

    Doses in IU/mL. ``plateau`` is the response at ``plateau_dose``, ``auc`` the mean response over
    log dose, ``ic50_interpolated`` the crossing without a model. What cannot be given is NaN, and
    ``message`` says why.
    """
    rows = []
    for arm, of_arm in readings.groupby(list(ARM), sort=False):
        start = of_arm[of_arm["time_h"] == 0.0]
        for time in assay.hours:
            at_time = of_arm[of_arm["time_h"] == time]
            for readout, column in READOUTS.items():
                rows.append(
                    dict(zip(ARM, arm, strict=True))
                    | {"time_h": time, "readout": readout}
                    | _fit(at_time, column, plateau_dose)
                    | _growth(start, at_time, readout, fewest_growth)
                )
    return pd.DataFrame(rows)


def _fit(rows: pd.DataFrame, column: str, plateau_dose: float) -> dict[str, Any]:
    dose, response = rows["dose_IU_per_mL"].to_numpy(float), rows[column].to_numpy(float)
    curve = fit_dose_curve(dose, response)
    return {
        "ic50": curve.level_dose,
        "ic50_low": curve.low,
        "ic50_high": curve.high,
        "ic50_interpolated": passing_dose(dose, response),
        "plateau": response_at(dose, response, plateau_dose),
        "auc": area_under_curve(dose, response),
        "top": curve.top,
        "bottom": curve.bottom,
        "half_dose": curve.half_dose,
        "slope": curve.slope,
        "shoulder": curve.shoulder,
        "second_half_dose": curve.second_half_dose,
        "second_slope": curve.second_slope,
        "r_squared": curve.r_squared,
        "is_converged": curve.is_converged,
        "message": _with_plateau(curve, dose, response),
    }


def _with_plateau(curve: DoseCurve, dose: np.ndarray, response: np.ndarray) -> str:
    """Return the message of a curve, and a warning where a plateau lies near a half."""
    flat = flat_doses(dose, response, NEAR_HALF)
    if flat is None:
        return curve.message
    note = (
        f"plateau near a half from {flat[0]:.2g} to {flat[1]:.2g} IU/mL: "
        f"a small error moves the IC50 far"
    )
    return f"{curve.message}; {note}" if curve.message else note


def _growth(
    start: pd.DataFrame, rows: pd.DataFrame, readout: str, fewest_growth: float
) -> dict[str, Any]:
    nothing = {"gr50": math.nan, "gr50_low": math.nan, "gr50_high": math.nan, "gr_message": ""}
    column = "n_live" if readout == "count" else "absorbance"
    blank = 0.0 if readout == "count" else Readers(0).plate.blank
    first = float((start[column] - blank).mean())
    signal = (rows[column] - blank).to_numpy(float)
    dose = rows["dose_IU_per_mL"].to_numpy(float)
    control = float(signal[dose == 0.0].mean())
    if first <= 0.0 or control <= first * 2.0**fewest_growth:
        return nothing | {"gr_message": "the control hardly grows: no GR value"}
    values = growth_rate_inhibition(np.maximum(signal, 0.0), first, control)
    curve = fit_dose_curve(dose, values)
    return {
        "gr50": curve.level_dose,
        "gr50_low": curve.low,
        "gr50_high": curve.high,
        "gr_message": curve.message,
    }
