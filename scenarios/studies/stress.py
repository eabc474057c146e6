"""ER stress, hypoxia and glucose withdrawal: do they reach ASNS through PERK?

Question: eIF2a-P, ATF4, message and protein of ASNS, and survival, after each stress, with
asparaginase beside as the stress that goes through GCN2, and with GCN2 knocked out.
"""

from typing import Annotated, Any, Literal

import pandas as pd

from abm.environment.media import GasParameters
from scenarios.schema.base import Fraction, Name, Quantity, written
from scenarios.schema.treatment import CompoundAddition
from scenarios.studies.conditions import culture, recipe
from scenarios.studies.culture import Condition, Progress, run_conditions
from scenarios.studies.expression import fold_rows, with_expression
from scenarios.studies.flow import stage_shares, with_flow
from scenarios.studies.outcome import Outcome, refuse_exhausted, with_checks
from scenarios.studies.readers import Readers
from scenarios.studies.schema import CultureAssay, PositiveActivity

COMPOUND_NAMES: tuple[str, ...] = CompoundAddition.model_fields["compound"].metadata[0].allowed
UNTREATED = "untreated"
GENOTYPES: dict[str, dict[str, float]] = {"wild type": {}, "GCN2 off": {"gcn2": 0.0}}
_BY = ["line", "genotype", "stress", "time_h"]


class Stress(CultureAssay):
    """Stresses that pass through PERK or GCN2."""

    assay: Literal["stress"]
    er_stressor: Annotated[str, Name("compound", COMPOUND_NAMES)] = "tunicamycin"
    er_concentration: Annotated[float, Quantity("uM", 0.0, 1e6, "0 uM", "1 M")] = written("2 uM")
    hypoxia: Fraction = 0.005
    """Share of O2 in the gas under hypoxia."""
    asparaginase: PositiveActivity = written("1 IU/mL")


MODEL = Stress


def run(assay: Stress, *, threads: int | None = None, progress: Progress | None = None) -> Outcome:
    """Run every stress in both genotypes and read expression and death."""
    conditions = [
        Condition(
            {"line": line, "genotype": genotype, "stress": name},
            culture(assay, line, end=max(assay.hours), genotype=change, **treatment),
        )
        for line in assay.line
        for genotype, change in GENOTYPES.items()
        for name, treatment in treatments(assay).items()
    ]
    table = run_conditions(conditions, with_checks(assay.hours), threads=threads, progress=progress)
    refuse_exhausted(assay, table, table["stress"] == UNTREATED)
    table = table[table["time_h"].isin(assay.hours)].reset_index(drop=True)
    readers = Readers(assay.seed, assay.has_noise)
    parts, rows = [], []
    for key, wells in table.groupby(["line", "genotype", "time_h"], sort=False):
        is_control = wells["stress"] == UNTREATED
        wells = with_flow(readers, with_expression(readers, wells, is_control))
        parts.append(wells)
        control = wells[is_control]
        for stress, treated in wells.groupby("stress", sort=False):
            row = dict(zip(["line", "genotype", "time_h"], key, strict=True)) | {"stress": stress}
            row |= {"eif2a_p": treated["eif2a_p"].mean(), "atf4": treated["atf4"].mean()}
            row["count"] = float(treated["n_live"].mean() / control["n_live"].mean())
            rows.append(row | fold_rows(treated, control))
    table = pd.concat(parts).sort_index()
    results = pd.DataFrame(rows).merge(stage_shares(table, _BY), on=_BY)
    shown = [*_BY, "eif2a_p", "atf4", "mrna_fold", "protein_fold", "count", "live"]
    return Outcome(table, results, shown)


def treatments(assay: Stress) -> dict[str, dict[str, Any]]:
    """Return what is changed at 0 h, by name of the stress."""
    dialysed = {"fraction": assay.serum.fraction, "dialysed": True}
    without_glucose = {
        "at": "0 h",
        "wash": 2,
        "medium": recipe(assay.medium, without=("glucose",)),
        "serum": dialysed,
    }
    stressor = {
        "compound": assay.er_stressor,
        "concentration": f"{assay.er_concentration!r} uM",
        "at": "0 h",
    }
    return {
        UNTREATED: {},
        assay.er_stressor: {"compounds": [stressor]},
        f"{100.0 * assay.hypoxia:g} % O2": {
            "initial": {"o2": GasParameters().oxygen(assay.hypoxia)}
        },
        "no glucose": {"events": [without_glucose]},
        "asparaginase": {"product": "e-coli", "dose": assay.asparaginase},
    }
