"""Blasts on stroma or adipocytes under asparaginase: protection by contact.

Question: does a partner keep blasts alive, does that follow its ASNS, and does MSO take it away?
Contact needs places, so that this assay runs in a small flat tissue whose vessels bring plasma
with the drug, not in a well.
"""

from typing import Annotated, Any, Literal

import pandas as pd

from scenarios.schema.base import Boolean, Count, Fraction, Length, Quantity, written
from scenarios.schema.treatment import DoseAmount
from scenarios.studies.culture import Progress, run_culture
from scenarios.studies.flow import stage_shares, with_flow
from scenarios.studies.outcome import Outcome, mean_interval
from scenarios.studies.readers import Readers
from scenarios.studies.schema import Assay, Hours, Line, Product
from scenarios.studies.tissues import patch

ALONE = "alone"
_BY = ["line", "partner", "variant", "time_h"]
_Expression = Annotated[float, Quantity("", 0.0, 1000.0, "0", "1000")]
_Cells = Annotated[int, Count(1, 100_000)]


class Coculture(Assay):
    """Blasts alone and on partners with different amounts of ASNS."""

    assay: Literal["coculture"]
    line: Line = "default-blast"
    methylated_alleles: Annotated[int, Count(0, 2)] = 2
    partner: Line = "marrow-msc"
    n_blasts: _Cells = 100
    n_partners: _Cells = 40
    edge: Length = written("200 um")
    """Edge of the square patch [um]."""
    partner_asns: tuple[_Expression, ...] = (0.0, 0.1, 0.3, 1.0, 3.0)
    """ASNS of the partner over that of its line."""
    transfer: Fraction | None = None
    """Share of its efflux that a partner hands to the cells it touches; the default of the model
    if not given."""
    has_mso: Boolean = True
    """Whether the partner with its own ASNS is run with MSO as well."""
    product: Product = "pegaspargase"
    amount: DoseAmount = written("2500 IU/m2")
    hours: Hours = written(["24 h", "72 h"])
    replicates: Annotated[int, Count(1, 100)] = 3
    """Patches, each with a seed of its own."""
    has_noise: Boolean = True
    parameters: dict[str, str | int | float] = written({})


MODEL = Coculture


def run(
    assay: Coculture, *, threads: int | None = None, progress: Progress | None = None
) -> Outcome:
    """Run blasts alone and with each partner; read survival and Asn of the blasts."""
    chosen = variants(assay)
    frames, n_done, n_all = [], 0, len(chosen) * assay.replicates
    for name, (n_partners, asns, compounds) in chosen.items():
        for replicate in range(assay.replicates):
            scenario = _scenario(assay, n_partners, asns, compounds, assay.seed + replicate)
            table = run_culture(scenario, assay.hours, threads=threads)
            labels = {"condition": n_done, "line": assay.line, "partner": assay.partner}
            labels |= {"variant": name, "partner_asns": asns, "replicate": replicate}
            frames.append(table.assign(**labels))
            n_done += 1
            if progress is not None:
                progress(n_done * max(assay.hours), n_all * max(assay.hours))
    table = pd.concat(frames, ignore_index=True)
    blasts = table[table["population"].str.startswith("blast")].reset_index(drop=True)
    blasts = with_flow(Readers(assay.seed, assay.has_noise), blasts)
    shares = stage_shares(blasts, _BY)
    rows = []
    for key, patches in blasts.groupby(_BY, sort=False):
        middle, low, high = mean_interval(patches["n_live"] / assay.n_blasts)
        row = dict(zip(_BY, key, strict=True)) | {"partner_asns": patches["partner_asns"].iloc[0]}
        row |= {"survival": middle, "survival_low": low, "survival_high": high}
        rows.append(row | {"asn_inside_uM": patches["asn_inside_uM"].mean()})
    results = pd.DataFrame(rows).merge(shares, on=_BY)
    shown = [*_BY, "survival", "survival_low", "survival_high", "live", "asn_inside_uM"]
    return Outcome(table, results, shown)


def variants(assay: Coculture) -> dict[str, tuple[int, float, tuple[dict[str, Any], ...]]]:
    """Return number of partners, their ASNS and compounds, by name."""
    found: dict[str, tuple[int, float, tuple[dict[str, Any], ...]]] = {ALONE: (0, 0.0, ())}
    for asns in assay.partner_asns:
        found[f"partner ASNS x {asns:g}"] = (assay.n_partners, asns, ())
    if assay.has_mso:
        mso = {"compound": "mso", "concentration": "1 mM", "at": "0 h"}
        found["partner with MSO"] = (assay.n_partners, 1.0, (mso,))
    return found


def _scenario(
    assay: Coculture,
    n_partners: int,
    asns: float,
    compounds: tuple[dict[str, Any], ...],
    seed: int,
) -> Any:
    cells: list[dict[str, Any]] = [
        {
            "type": "blast",
            "line": assay.line,
            "number": assay.n_blasts,
            "methylated_alleles": assay.methylated_alleles,
        }
    ]
    if n_partners:
        genotype = {"asns_expression": asns}
        partner = {"type": "stroma", "line": assay.partner, "number": n_partners}
        cells.append(partner | ({"genotype": genotype} if asns != 1.0 else {}))
    parameters = dict(assay.parameters)
    if assay.transfer is not None:
        parameters["contact.share"] = assay.transfer
    unit = f"{assay.amount.value!r} {assay.amount.unit}"
    dose = {"product": assay.product, "amount": unit, "route": "iv", "at": ["1 h"]}
    return patch(
        assay.name, edge=assay.edge, cells=cells, medium="human-plasma", end=max(assay.hours),
        seed=seed, dose=dose, compounds=compounds, parameters=parameters,
    )  # fmt: skip
