"""ASNS message and protein over time after asparaginase: qRT-PCR and Western blot.

Question: which cells raise their synthetase under the drug, how far, and how much later does the
protein follow? The number of methylated alleles of the promoter decides.
"""

from typing import Literal

import numpy as np
import pandas as pd

from scenarios.schema.base import written
from scenarios.studies.conditions import culture
from scenarios.studies.culture import Condition, Progress, run_conditions
from scenarios.studies.outcome import Outcome, mean_interval, refuse_exhausted, with_checks
from scenarios.studies.readers import Readers, delta_delta_ct
from scenarios.studies.schema import Alleles, CultureAssay, PositiveActivity, Product

ARM = ["line", "methylated_alleles"]
SHOWN = (*ARM, "time_h", "mrna_fold", "mrna_low", "mrna_high", "protein_fold", "mrna_true")
OWN = "own"
"""Shown where a line keeps its own number of methylated alleles."""


class Expression(CultureAssay):
    """Time course of ASNS message and protein."""

    assay: Literal["expression"]
    product: Product = "e-coli"
    dose: PositiveActivity = written("1 IU/mL")
    methylated_alleles: Alleles | None = None
    """In place of the line's own number of methylated ASNS alleles."""


MODEL = Expression


def run(
    assay: Expression, *, threads: int | None = None, progress: Progress | None = None
) -> Outcome:
    """Run treated and untreated wells beside each other and compare them at each time."""
    conditions = [
        Condition(
            {"line": line, "methylated_alleles": OWN if alleles is None else str(alleles)},
            culture(
                assay,
                line,
                end=max(assay.hours),
                n_wells=2 * assay.replicates,
                alleles=alleles,
                product=assay.product,
                dose=assay.dose,
                dose_factors=(0.0, 1.0),
            ),
            assay.dose,
        )
        for line in assay.line
        for alleles in assay.methylated_alleles or (None,)
    ]
    table = run_conditions(conditions, with_checks(assay.hours), threads=threads, progress=progress)
    refuse_exhausted(assay, table, table["dose_IU_per_mL"] == 0.0)
    table = table[table["time_h"].isin([0.0, *assay.hours])].reset_index(drop=True)
    return Outcome(*_analyse(Readers(assay.seed, assay.has_noise), table), SHOWN)


def with_expression(readers: Readers, table: pd.DataFrame, is_control: pd.Series) -> pd.DataFrame:
    """Add cycle thresholds, fold of message by delta-delta-Ct, and band over mean control band.

    The rows of ``table`` are those of one comparison: ``is_control`` marks the untreated wells.
    """
    control = table[is_control]
    message = table["asns_mrna"] / control["asns_mrna"].mean()
    table = pd.concat([table, readers.cycles(table, message)], axis=1)
    table["mrna_fold"] = delta_delta_ct(table, is_control)
    table["band"] = readers.band(table, table["asns_copies"] / control["asns_copies"].mean())
    table["protein_fold"] = table["band"] / table.loc[is_control, "band"].mean()
    return table


def fold_rows(wells: pd.DataFrame, control: pd.DataFrame) -> dict[str, float]:
    """Return folds with limits, from the logarithms of replicates, and the true folds beside."""
    row: dict[str, float] = {}
    for name, truth in (("mrna", "asns_mrna"), ("protein", "asns_copies")):
        logs = np.log2(np.maximum(wells[f"{name}_fold"], 1e-9))
        middle, low, high = mean_interval(logs)
        row |= {
            f"{name}_fold": 2.0**middle,
            f"{name}_low": 2.0**low,
            f"{name}_high": 2.0**high,
            f"{name}_true": float(wells[truth].mean() / control[truth].mean()),
        }
    return row


def _analyse(readers: Readers, table: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    parts, rows = [], []
    for key, wells in table.groupby([*ARM, "time_h"], sort=False):
        is_control = wells["dose_IU_per_mL"] == 0.0
        wells = with_expression(readers, wells, is_control)
        parts.append(wells)
        treated, control = wells[~is_control], wells[is_control]
        row = dict(zip([*ARM, "time_h"], key, strict=True)) | fold_rows(treated, control)
        rows.append(
            row | {"atf4": treated["atf4"].mean(), "asn_inside_uM": treated["asn_inside_uM"].mean()}
        )
    return pd.concat(parts).sort_index(), pd.DataFrame(rows)
