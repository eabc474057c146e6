"""Annexin V and propidium iodide over time: live, early apoptotic, late apoptotic or necrotic.

Question: does the drug arrest or kill, and when? Cells pass from live to early to late, and dead
matter lyses, so that early deaths are no longer counted at a late reading.
"""

from typing import Literal

from scenarios.schema.base import written
from scenarios.studies.conditions import culture
from scenarios.studies.culture import Condition, Progress, run_conditions
from scenarios.studies.flow import stage_shares, with_flow
from scenarios.studies.outcome import Outcome, refuse_exhausted, with_checks
from scenarios.studies.readers import Readers
from scenarios.studies.schema import Activities, Alleles, CultureAssay, Products


class Annexin(CultureAssay):
    """Flow cytometry of one or several lines at some doses and times."""

    assay: Literal["annexin"]
    product: Products = written(["e-coli"])
    doses: Activities = written(["0 IU/mL", "0.1 IU/mL", "1 IU/mL"])
    methylated_alleles: Alleles | None = None
    """In place of the line's own number of methylated ASNS alleles."""


MODEL = Annexin


def run(assay: Annexin, *, threads: int | None = None, progress: Progress | None = None) -> Outcome:
    """Run wells at every dose and read them at every time."""
    highest = max(assay.doses)
    factors = [dose / highest if highest > 0.0 else 0.0 for dose in (0.0, *assay.doses)]
    factors = list(dict.fromkeys(factors))
    conditions = [
        Condition(
            {"line": line, "product": product, "methylated_alleles": alleles},
            culture(
                assay,
                line,
                end=max(assay.hours),
                n_wells=assay.replicates * len(factors),
                alleles=alleles,
                product=product,
                dose=highest,
                dose_factors=factors,
            ),
            highest,
        )
        for line in assay.line
        for product in assay.product
        for alleles in assay.methylated_alleles or (None,)
    ]
    table = run_conditions(conditions, with_checks(assay.hours), threads=threads, progress=progress)
    refuse_exhausted(assay, table, table["dose_IU_per_mL"] == 0.0)
    table = table[table["time_h"].isin(assay.hours)].reset_index(drop=True)
    table = with_flow(Readers(assay.seed, assay.has_noise), table)
    by = ["line", "product", "dose_IU_per_mL", "time_h"]
    if assay.methylated_alleles is not None:
        by.insert(1, "methylated_alleles")
    else:
        table = table.drop(columns="methylated_alleles")
    results = stage_shares(table, by)
    counts = table.groupby(by, sort=False)["n_live"].mean().reset_index(name="cells_per_well")
    counts["cells_per_well"] *= assay.cells_per_agent
    shown = [*by, "live", "early", "late", "cells_per_well"]
    return Outcome(table, results.merge(counts, on=by), shown)
