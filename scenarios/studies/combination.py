"""A matrix of asparaginase and a compound: who kills more together than alone?

Effect is one less viability. Bliss expects independent kills, ``f1 + f2 - f1 f2``; HSA the larger
of the two. The sham combination gives asparaginase with itself: Loewe's index must then be one,
while Bliss finds an interaction that is none.
"""

import math
from collections.abc import Sequence
from typing import Annotated, Literal

import numpy as np
import pandas as pd

from analysis.dose_curves import Wells
from analysis.dose_response import SHAM, bliss_effect, combination_index
from scenarios.schema.base import Name, written
from scenarios.studies.conditions import culture
from scenarios.studies.culture import Condition, Progress, run_conditions
from scenarios.studies.outcome import Outcome, mean_interval, refuse_exhausted, with_checks
from scenarios.studies.readers import Readers
from scenarios.studies.schema import Activities, Concentrations, CultureAssay, Product
from scenarios.studies.stress import COMPOUND_NAMES

_ARM = ["line", "partner", "time_h"]
_CELL = ["dose_IU_per_mL", "partner_dose"]
_N_ALONE, _STEP = 16, 2.0**0.5
"""Single doses of the sham combination, each lower than the one before by the step."""
_FLAT = 0.1
"""Ends of a response, as a share of its height, from which no dose is read."""


class Combination(CultureAssay):
    """Dose matrix of a product and a compound, or of the product with itself."""

    assay: Literal["combination"]
    product: Product = "e-coli"
    doses: Activities = written(["0 IU/mL", "1e-4 IU/mL", "1e-3 IU/mL", "0.01 IU/mL", "0.1 IU/mL"])
    partner: Annotated[str, Name("compound", (*COMPOUND_NAMES, SHAM))] = "gcn2-inhibitor"
    """Compound, or ``sham`` for the product with itself."""
    partner_doses: Concentrations = written(["0 uM", "0.03 uM", "0.1 uM", "1 uM"])
    """Concentrations of the compound [uM]; the sham combination takes ``doses`` instead."""


MODEL = Combination


def run(
    assay: Combination, *, threads: int | None = None, progress: Progress | None = None
) -> Outcome:
    """Run the matrix; add the excess over Bliss and HSA, and Loewe's index for the sham."""
    doses = tuple(sorted({0.0, *assay.doses}))
    table = _sham(assay, doses, threads, progress) if assay.partner == SHAM else None
    if table is None:
        table = _matrix(assay, doses, threads, progress)
    table["partner"] = assay.partner
    parts = []
    for _, rows in table.groupby("line", sort=False):
        is_vehicle = (rows["dose_IU_per_mL"] == 0.0) & (rows["partner_dose"] == 0.0)
        rows = rows.assign(
            absorbance=Readers(assay.seed, assay.has_noise).absorbance(rows, is_vehicle),
            is_vehicle=is_vehicle,
        )
        parts.append(rows)
    table = pd.concat(parts).sort_index()
    refuse_exhausted(assay, table, table["is_vehicle"])
    table = table[table["time_h"].isin(assay.hours)].reset_index(drop=True)
    signal = table["absorbance"] - Readers(0).plate.blank
    keys = [table["line"], table["time_h"]]
    table["viability_mtt"] = signal / signal.where(table["is_vehicle"]).groupby(keys).transform(
        "mean"
    )
    count = table["n_live"].astype(float)
    table["viability_count"] = count / count.where(table["is_vehicle"]).groupby(keys).transform(
        "mean"
    )
    results = pd.concat(
        [_interaction(rows, assay.partner == SHAM) for _, rows in table.groupby(_ARM, sort=False)],
        ignore_index=True,
    )
    shown = [*_ARM, *_CELL, "viability", "bliss_excess", "bliss_low", "bliss_high", "hsa_excess"]
    return Outcome(table, results, [*shown, "combination_index"])


def _matrix(
    assay: Combination, doses: tuple[float, ...], threads: int | None, progress: Progress | None
) -> pd.DataFrame:
    highest = max(doses)
    factors = [dose / highest if highest > 0.0 else 0.0 for dose in doses]
    conditions = []
    for line in assay.line:
        for concentration in sorted({0.0, *assay.partner_doses}):
            amount = f"{concentration!r} uM"
            compound = {"compound": assay.partner, "concentration": amount, "at": "0 h"}
            scenario = culture(
                assay,
                line,
                end=max(assay.hours),
                n_wells=assay.replicates * len(factors),
                product=assay.product,
                dose=highest,
                dose_factors=factors,
                compounds=[compound] if concentration > 0.0 else [],
            )
            labels = {"line": line, "partner_dose": concentration}
            conditions.append(Condition(labels, scenario, highest))
    return run_conditions(conditions, with_checks(assay.hours), threads=threads, progress=progress)


def _sham(
    assay: Combination, doses: tuple[float, ...], threads: int | None, progress: Progress | None
) -> pd.DataFrame:
    """Run the product with itself: every pair of doses in wells of its own, as their sum.

    A second series of single doses, labelled ``is_alone``, is what Loewe's index is read from.
    """
    pairs = [(first, second) for second in doses for first in doses]
    highest = 2.0 * doses[-1]
    alone = [(highest / _STEP**power, 0.0) for power in range(_N_ALONE)]
    plan = [*pairs, *alone]
    conditions = [
        Condition(
            {"line": line},
            culture(
                assay,
                line,
                end=max(assay.hours),
                n_wells=assay.replicates * len(plan),
                product=assay.product,
                dose=highest,
                dose_factors=[(first + second) / highest for first, second in plan],
            ),
            1.0,
        )
        for line in assay.line
    ]
    table = run_conditions(conditions, with_checks(assay.hours), threads=threads, progress=progress)
    place = (table["well"] % len(plan)).to_numpy()
    given = np.array(plan)[place]
    return table.assign(
        dose_IU_per_mL=given[:, 0], partner_dose=given[:, 1], is_alone=place >= len(pairs)
    )


def _interaction(rows: pd.DataFrame, is_sham: bool) -> pd.DataFrame:
    """Return one row per pair of doses; positive excess is more effect than expected."""
    singles = rows[rows["is_alone"]] if is_sham else rows[:0]
    alone = Wells.of(singles["dose_IU_per_mL"], singles["viability_count"]) if is_sham else None
    rows = rows[~rows["is_alone"]] if is_sham else rows
    effect = 1.0 - rows.groupby(_CELL)["viability_count"].mean()
    error = rows.groupby(_CELL)["viability_count"].agg(["sem", "count"])
    found = []
    for (dose, partner), observed in effect.items():
        first, second = effect[(dose, 0.0)], effect[(0.0, partner)]
        expected = float(bliss_effect(first, second))
        weights = (1.0, 1.0 - second, 1.0 - first)
        places = [(dose, partner), (dose, 0.0), (0.0, partner)]
        # A single dose is what is expected of itself: its excess is 0 by definition.
        half = _half_interval(weights, error.loc[places]) if dose and partner else 0.0
        wells = rows[(rows[_CELL] == [dose, partner]).all(axis=1)]
        middle, low, high = mean_interval(wells["viability_count"])
        row = dict(zip(_ARM, rows[_ARM].iloc[0], strict=True))
        row |= {"dose_IU_per_mL": dose, "partner_dose": partner}
        row |= {"viability": middle, "viability_low": low, "viability_high": high}
        row |= {"bliss": 1.0 - expected, "bliss_excess": observed - expected}
        row |= {"bliss_low": observed - expected - half, "bliss_high": observed - expected + half}
        row["hsa_excess"] = observed - max(first, second)
        row["combination_index"] = _loewe(alone, 1.0 - observed, dose, partner)
        found.append(row)
    return pd.DataFrame(found)


def _half_interval(weights: Sequence[float], error: pd.DataFrame) -> float:
    """Return half of the 95 % interval of a weighted sum of means (Welch and Satterthwaite).

    ``error`` has standard error and number of wells of each mean; NaN with single wells.
    """
    from scipy import stats

    parts = (np.asarray(weights) * error["sem"].to_numpy(float)) ** 2
    total = float(parts.sum())
    if not total > 0.0:
        return total
    freedom = total**2 / float((parts**2 / (error["count"].to_numpy(float) - 1.0)).sum())
    return float(stats.t.ppf(0.975, freedom) * math.sqrt(total))


def _loewe(alone: Wells | None, viability: float, dose: float, partner: float) -> float:
    """Return Loewe's index of a pair of doses of one drug, from wells of single doses.

    The single dose of the same viability is interpolated on log dose between the wells. NaN with
    another drug, for single doses, and near the ends of the response, where dose says little.
    """
    if alone is None or dose <= 0.0 or partner <= 0.0:
        return float("nan")
    effect = np.maximum.accumulate(1.0 - alone.means)
    margin = _FLAT * (effect[-1] - effect[0])
    if not effect[0] + margin < 1.0 - viability < effect[-1] - margin:
        return float("nan")
    single = math.exp(float(np.interp(1.0 - viability, effect, np.log(alone.tested))))
    return combination_index((dose, partner), (single, single))
