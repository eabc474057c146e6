"""Knock-down and overexpression of ASNS: how far do they move the IC50?

The shift has a ceiling that no cell can pass: a cell with synthetase falls when the glutaminase
has used up Gln, one without when Asn is gone, and how much enzyme these two take is chemistry of
the medium (``ceiling``). With a glutaminase-free product the cell with synthetase has no IC50.
"""

import math
from collections.abc import Mapping
from typing import Annotated, Any, Literal

import numpy as np
import pandas as pd

from abm.pharmacology.products import find_product
from scenarios.schema.base import Quantity, written
from scenarios.studies.culture import Progress
from scenarios.studies.mtt import Arm, fit_series, read_series
from scenarios.studies.outcome import Outcome
from scenarios.studies.schema import DoseSeries, PositiveActivity

PARENTAL = "parental"
LEFT = 0.05
"""Share of an amino acid that is left where it counts as gone."""
_Expression = Annotated[float, Quantity("", 0.0, 1000.0, "0", "1000")]


class KnockDown(DoseSeries):
    """Dose series of a line and of its knock-down and overexpression."""

    assay: Literal["knock-down"]
    knock_down: Annotated[float, Quantity("", 0.0, 1.0, "0", "1")] = 0.1
    """Share of the ASNS message that the knock-down leaves."""
    overexpression: _Expression = 8.0
    """Factor of ASNS in the overexpressing cells; 1 leaves them out."""
    plateau_dose: PositiveActivity = written("0.01 IU/mL")
    fewest_growth: Annotated[float, Quantity("", 0.0, 10.0, "0", "10")] = 0.2


MODEL = KnockDown


def variants(assay: KnockDown) -> dict[str, Mapping[str, float]]:
    """Return the genotypes by name, the parental line first."""
    left = f"knock-down to {100.0 * assay.knock_down:g} %"
    found: dict[str, Mapping[str, float]] = {
        PARENTAL: {},
        left: {"asns_knock_down": assay.knock_down},
    }
    if assay.overexpression != 1.0:
        found[f"ASNS x {assay.overexpression:g}"] = {"asns_expression": assay.overexpression}
    return found


def run(
    assay: KnockDown, *, threads: int | None = None, progress: Progress | None = None
) -> Outcome:
    """Run all variants under all products; add fold changes of the IC50 and their ceiling."""
    arms = [
        Arm(line, product, variant, genotype)
        for line in assay.line
        for product in assay.product
        for variant, genotype in variants(assay).items()
    ]
    readings = read_series(assay, arms, threads=threads, progress=progress)
    results = fit_series(assay, readings, assay.plateau_dose, assay.fewest_growth)
    results = with_fold(results)
    start = readings[readings["time_h"] == 0.0]
    medium = float(start["asn_uM"].mean()), float(start["gln_uM"].mean())
    results["ceiling"] = [ceiling(product, *medium) for product in results["product"]]
    results["first_rate_estimate"] = [
        first_rate_estimate(product, *medium) for product in results["product"]
    ]
    columns = ["line", "product", "variant", "time_h", "readout", "ic50", "ic50_low", "ic50_high"]
    columns += [
        "fold",
        "fold_low",
        "fold_high",
        "ceiling",
        "first_rate_estimate",
        "plateau",
        "auc",
        "message",
    ]
    rest = [name for name in results if name not in columns]
    return Outcome(readings, results[columns + rest], columns)


def ceiling(product: str, asn: float, gln: float) -> float:
    """Return the largest fold change of an IC50 that ASNS can make in a medium.

    asn, gln : start concentrations [uM]

    Enzyme times time that takes Gln down to 5 %, (0.95 gln + K_Q ln 20) / g, over that which takes
    Asn down to 5 %, 0.95 asn + K (1 + gln/K_Q) ln 20 (Michaelis and Menten, integrated). Infinite
    without glutaminase.
    """
    enzyme = find_product(product).enzyme
    if enzyme.glutaminase_share <= 0.0:
        return math.inf
    tail = -math.log(LEFT)
    effective = enzyme.half_saturation_asn * (1.0 + gln / enzyme.half_saturation_gln)
    for_asn = (1.0 - LEFT) * asn + effective * tail
    for_gln = ((1.0 - LEFT) * gln + enzyme.half_saturation_gln * tail) / enzyme.glutaminase_share
    return for_gln / for_asn


def first_rate_estimate(product: str, asn: float, gln: float) -> float:
    """Return the same ratio when the first rate of the glutaminase is carried on, (K_Q + gln) / g.

    It is lower than :func:`ceiling`, since the glutaminase slows down as Gln falls: an estimate of
    the fold, no bound. Infinite without glutaminase.
    """
    enzyme = find_product(product).enzyme
    if enzyme.glutaminase_share <= 0.0:
        return math.inf
    effective = enzyme.half_saturation_asn * (1.0 + gln / enzyme.half_saturation_gln)
    for_asn = asn - effective * math.log(LEFT)
    return (enzyme.half_saturation_gln + gln) / enzyme.glutaminase_share / for_asn


def with_fold(results: pd.DataFrame) -> pd.DataFrame:
    """Add ``fold``, IC50 of the parental line over that of the variant, with 95 % limits.

    The limits come from the ends of the two intervals, taken as independent, on log dose (Zou
    and Donner 2008 Stat Med 27:1693), so that an interval may be longer on one side. NaN where
    either has no IC50; the parental line over itself is 1 and has no limits.
    """
    folds = []
    for _, row in results.iterrows():
        same = ["line", "product", "time_h", "readout"]
        is_same = (results[same] == row[same].to_numpy()).all(axis=1)
        parental = results[is_same & (results["variant"] == PARENTAL)].iloc[0]
        folds.append(_fold(parental, row))
    return pd.concat([results.reset_index(drop=True), pd.DataFrame(folds)], axis=1)


def _fold(parental: pd.Series, variant: pd.Series) -> dict[str, Any]:
    fold = math.log(parental["ic50"]) - math.log(variant["ic50"])
    below, above = math.nan, math.nan
    if variant["variant"] != PARENTAL:
        below = math.hypot(_reach(parental, "ic50_low"), _reach(variant, "ic50_high"))
        above = math.hypot(_reach(parental, "ic50_high"), _reach(variant, "ic50_low"))
    return {
        "fold": math.exp(fold),
        "fold_low": math.exp(fold - below),
        "fold_high": math.exp(fold + above),
    }


def _reach(row: pd.Series, end: str) -> float:
    """Return how far an end of the interval lies from the IC50, on log dose."""
    return float(np.log(row[end]) - np.log(row["ic50"]))
