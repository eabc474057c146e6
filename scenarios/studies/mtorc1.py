"""S6K phosphorylation after starvation and refeeding: the truth table of mTORC1.

Question: which amino acid brings mTORC1 back, and through which arm? Cells stand in amino-acid-free
medium for two hours, then get Asn, Gln, Leu or everything for one or two; wild type, without
RagA/B, and with Arf1 off. Leu stands for the lumped essential amino acids of the model.
"""

from typing import Annotated, Any, Literal

import pandas as pd

from scenarios.schema.base import Count, Quantity, written
from scenarios.schema.environment import Recipe
from scenarios.studies.conditions import culture, recipe
from scenarios.studies.culture import Condition, Progress, run_conditions
from scenarios.studies.outcome import Outcome, mean_interval
from scenarios.studies.readers import Readers
from scenarios.studies.schema import Concentrations, CultureAssay

AMINO_ACIDS = ("asn", "gln", "glu", "asp", "eaa", "ser")
GENOTYPES: dict[str, dict[str, float]] = {
    "wild type": {},
    "RagA/B off": {"rag": 0.0},
    "Arf1 off": {"arf1": 0.0},
}
FED, STARVED = "fed", "starved"


class Mtorc1(CultureAssay):
    """Starvation and refeeding of one or several lines."""

    assay: Literal["mtorc1"]
    starvation: Annotated[float, Quantity("hour", 0.1, 48.0, "0.1 h", "2 d")] = written("2 h")
    """Time without amino acids before refeeding [h]; ``hours`` count from refeeding."""
    washes: Annotated[int, Count(1, 10)] = 2
    asn: Concentrations = written(["0.1 mM", "0.5 mM", "4 mM"])
    """Asn of the refeeds [uM]."""
    gln: Annotated[float, Quantity("uM", 0.0, 1e5, "0 uM", "100 mM")] = written("2 mM")
    """Gln of its refeed [uM]."""
    leu: Annotated[float, Quantity("uM", 0.0, 1e5, "0 uM", "100 mM")] = written("1.6 mM")
    """Essential amino acids of the refeed with Leu [uM]."""


MODEL = Mtorc1


def refeeds(assay: Mtorc1) -> dict[str, dict[str, float] | None]:
    """Return what is given back [uM] by name; None is the whole culture medium."""
    found: dict[str, dict[str, float] | None] = {STARVED: {}, "+Leu": {"eaa": assay.leu}}
    found["+Gln"] = {"gln": assay.gln}
    for concentration in assay.asn:
        found[f"+Asn {concentration / 1000.0:g} mM"] = {"asn": concentration}
    return found | {"+all": None}


def run(assay: Mtorc1, *, threads: int | None = None, progress: Progress | None = None) -> Outcome:
    """Run every genotype and refeed; read S6K phosphorylation at all times."""
    times = [assay.starvation, *(assay.starvation + hour for hour in assay.hours)]
    conditions = []
    for line in assay.line:
        for name, genotype in GENOTYPES.items():
            fed = {"line": line, "genotype": name, "refeed": FED}
            end = max(times)
            conditions.append(Condition(fed, culture(assay, line, end=end, genotype=genotype)))
            for refeed, given in refeeds(assay).items():
                events = _events(assay, given)
                scenario = culture(assay, line, end=end, genotype=genotype, events=events)
                labels = {"line": line, "genotype": name, "refeed": refeed}
                conditions.append(Condition(labels, scenario))
    table = run_conditions(conditions, times, threads=threads, progress=progress)
    readers = Readers(assay.seed, assay.has_noise)
    table["s6k_p"] = readers.band(table, table["mtorc1"])
    table["hours_after_refeed"] = table["time_h"] - assay.starvation
    shown = ["line", "genotype", "refeed", "hours_after_refeed", "s6k_p", "mtorc1", "restored"]
    return Outcome(table, _results(table), shown, info={"starvation_h": assay.starvation})


def _events(assay: Mtorc1, given: dict[str, float] | None) -> list[dict[str, Any]]:
    """Starve at 0 h with washes; refeed by a fresh fill that replaces the medium."""
    nothing = Recipe(base=assay.medium.base, without=AMINO_ACIDS, add={})
    bare = {"fraction": 0.0, "dialysed": True}
    starve = {"at": "0 h", "wash": assay.washes, "medium": recipe(nothing), "serum": bare}
    if given is not None and not given:
        return [starve]
    medium = recipe(assay.medium) if given is None else recipe(nothing, add=given)
    feed = {"at": f"{assay.starvation!r} h", "wash": 1, "medium": medium, "serum": bare}
    return [starve, feed]


def _results(table: pd.DataFrame) -> pd.DataFrame:
    """Return S6K-P over the fed wild type of the line, and the share of the loss restored.

    ``restored`` is what a refeed brings back of what starvation took from the same genotype.
    """
    rows = []
    after = table[table["hours_after_refeed"] > 0.0]
    for (line, time), wells in after.groupby(["line", "hours_after_refeed"], sort=False):
        reference = _mean(wells, "wild type", FED)
        for genotype in GENOTYPES:
            fed, starved = _mean(wells, genotype, FED), _mean(wells, genotype, STARVED)
            of_type = wells[wells["genotype"] == genotype]
            for refeed, group in of_type.groupby("refeed", sort=False):
                middle, low, high = mean_interval(group["s6k_p"] / reference)
                loss = fed - starved
                truth = float(group["mtorc1"].mean())
                rows.append(
                    {
                        "line": line,
                        "genotype": genotype,
                        "refeed": refeed,
                        "hours_after_refeed": time,
                        "s6k_p": middle,
                        "s6k_p_low": low,
                        "s6k_p_high": high,
                        "mtorc1": truth,
                        "restored": (truth - starved) / loss if loss > 0.0 else float("nan"),
                    }
                )
    return pd.DataFrame(rows)


def _mean(wells: pd.DataFrame, genotype: str, refeed: str) -> float:
    is_chosen = (wells["genotype"] == genotype) & (wells["refeed"] == refeed)
    return float(wells.loc[is_chosen, "mtorc1"].mean())
