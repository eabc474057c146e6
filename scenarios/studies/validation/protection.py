"""T3: stroma, glutaminase and combinations of drugs (A11, A13, A22)."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from abm.processes.cell_lines import CELL_LINES
from scenarios.studies.validation import conditions as c
from scenarios.studies.validation import readings as r
from scenarios.studies.validation.context import Context, Tree
from scenarios.studies.validation.panels import patch_of_marrow
from scenarios.studies.validation.row import Kind, Outcome, Row, Tier, ordering

_SENSITIVE = {"methylated_alleles": 2}
_N_BLASTS, _N_STROMA = 100, 33
_STROMAL_ASNS = (0.1, 0.3, 1.0, 3.0)
_RESTING = {"contact.share": 0.5, "motion.diffusivity": "0 um**2/h"}
"""Attached cells stay where they are; half of the efflux of stroma goes to what it touches
(assumption A175)."""
_NOTICED = 0.05
"""Share below independence that counts as synergy (assumption A171)."""
_DOSES = (0.0, 1e-4, 3e-4, 1e-3, 3e-3, 0.01, 0.03, 0.1, 0.3)


def niche(asns: float | None, context: Context, *, seed: int = 1, without: tuple[str, ...] = (),
          compounds: Sequence[Tree] = ()) -> float:  # fmt: skip
    """Return the blasts left after 72 h of pegaspargase beside stroma, as a share of the seeded.

    The blasts are fully methylated. ``asns``: factor of the stromal synthetase, None: no stroma.
    """
    blasts = c.cells("default-blast", _N_BLASTS, **_SENSITIVE)
    stroma = c.cells("marrow-msc", _N_STROMA, genotype={"asns_expression": asns or 1.0})
    others = () if asns is None else ({**stroma, "type": "stroma"},)
    tree = patch_of_marrow(
        blasts, *others, hours=72, dose="2500 IU/m2", seed=seed, without=without,
        parameters=dict(_RESTING),
    )  # fmt: skip
    tree["treatment"]["compounds"] = list(compounds)
    table = context.read(tree, (0, 72))
    of_blasts = table[table["population"].str.startswith("blast")]
    return r.count(of_blasts, 72) / r.count(of_blasts, 0)


def _over_seeds(context: Context, asns: float | None, **changes: Any) -> r.Spread:
    seeds = range(1, context.n_wells(3) + 1)
    return r.spread([niche(asns, context, seed=seed, **changes) for seed in seeds])


def a11(context: Context) -> Outcome:
    """Survival of sensitive blasts by the ASNS of the stroma that they touch."""
    ratio = CELL_LINES["marrow-msc"].asns_set_point / CELL_LINES["default-blast"].asns_set_point
    alone = _over_seeds(context, None)
    alive = {asns: _over_seeds(context, asns) for asns in _STROMAL_ASNS}
    shown = ", ".join(f"x{asns:g} {value.value:.2f}" for asns, value in alive.items())
    checks = {
        "20x the ASNS of a blast": 10.0 <= ratio <= 40.0,
        "stroma protects": alive[1.0].low > alone.high,
        "more ASNS, more protection": alive[0.1].value < alive[1.0].value < alive[3.0].value,
        "knock-down takes protection away": alive[0.1].high < alive[1.0].low,
    }
    text = f"left at 72 h: alone {alone.value:.2f}, stromal ASNS {shown}"
    return ordering(text, checks)


def a22_mso(context: Context) -> Outcome:
    """Protection by stroma without and with MSO, with Gln of plasma and where Gln is gone."""
    found = {}
    for name, without in (("plasma", ()), ("no Gln", ("gln",))):
        for drug, compounds in (("", ()), (" +MSO", (c.compound("mso", "1 mM"),))):
            found[name + drug] = _over_seeds(context, 1.0, without=without, compounds=compounds)
        found[f"{name} alone"] = _over_seeds(context, None, without=without)
    text = "left at 72 h: " + ", ".join(
        f"{name} {value.value:.2f}" for name, value in found.items()
    )
    checks = {
        "stroma protects without Gln": found["no Gln"].value > found["no Gln alone"].value + 0.05,
        "MSO takes half of it away": found["no Gln +MSO"].value - found["no Gln alone"].value
        < 0.5 * (found["no Gln"].value - found["no Gln alone"].value),
    }
    return ordering(text, checks)


def _one_dose(line: str, product: str, context: Context, **changes: Any) -> tuple[float, float]:
    """Return count over control and living share at 72 h and 1 U/mL."""
    tree = c.dosed(
        c.well(c.cells(line, **changes), hours=72, n_wells=context.n_wells(3)), (0.0, 1.0), product
    )
    table = context.read(tree, (72,))
    return (
        float(r.series(table, 72, 2)[:, 1].mean()),
        r.viability(table[table["well"] % 2 == 1], 72),
    )


def a13(context: Context) -> Outcome:
    """ASNS-negative and ASNS-positive cells at 1 U/mL of both enzymes."""
    free = c.GLUTAMINASE_FREE
    table = {
        (cell, product): _one_dose(line, product, context, **changes)
        for cell, line, changes in (
            ("negative", "default-blast", _SENSITIVE), ("positive", "ovcar-8", {}),
        )
        for product in (free, c.NATIVE)
    }  # fmt: skip
    text = ", ".join(
        f"{cell} {'free' if product == free else 'wild type'}: {count:.2f} (alive {alive:.2f})"
        for (cell, product), (count, alive) in table.items()
    )
    checks = {
        "free: kills negative": table["negative", free][0] < 0.2,
        "free: spares positive": table["positive", free][0] > 0.5
        and table["positive", free][1] > 0.9,
        "wild type: acts on negative": table["negative", c.NATIVE][0] < 0.2,
        "wild type: acts on positive": table["positive", c.NATIVE][0] < 0.3,
    }
    return ordering(text, checks)


def a13_resistant(context: Context) -> Outcome:
    """MOLT-4 selected by the drug at 1 U/mL of the native enzyme."""
    count, alive = _one_dose("molt-4-resistant", c.NATIVE, context)
    checks = {"grows as without drug": count > 0.8}
    return ordering(f"{count:.2f} of control (alive {alive:.2f})", checks)


class Interaction(NamedTuple):
    """How many cells a pair leaves, over what independence (Bliss) predicts.

    ratio     : geometric mean over the doses at which 5 to 95 % are predicted; below 1: synergy
    low, high : the same of single series of wells
    text      : the ratio, and one dose as an example
    """

    ratio: float
    low: float
    high: float
    text: str


def bliss(line: str, compounds: Sequence[Tree], context: Context, **changes: Any) -> Interaction:
    """Run a dilution series with and without a compound and compare it with independence."""
    n = len(_DOSES)
    runs = []
    for added in ((), compounds):
        culture = c.well(
            c.cells(line, **changes), hours=72, compounds=added, n_wells=context.n_wells(3)
        )
        table = context.read(c.dosed(culture, _DOSES), (72,))
        runs.append(r.at(table, 72)["n_live"].to_numpy(np.float64).reshape(-1, n))
    control = runs[0][:, 0].mean()
    enzyme, both = runs[0].mean(axis=0) / control, np.maximum(runs[1], 0.5) / control
    alone = both[:, 0].mean()
    predicted = enzyme * alone
    is_used = (predicted >= 0.05) & (predicted <= 0.95) & (np.array(_DOSES) > 0.0)
    each = np.exp(np.log(both / predicted)[:, is_used].mean(axis=1))
    mean = np.log(both.mean(axis=0) / predicted)
    ratio = float(np.exp(mean[is_used].mean()))
    best = int(np.flatnonzero(is_used)[np.abs(mean[is_used]).argmax()])
    text = (
        f"{line} {ratio:.2f} of independence; at {_DOSES[best]:g} U/mL enzyme {enzyme[best]:.2f}, "
        f"compound {alone:.2f}, independent {predicted[best]:.2f}, both {both[:, best].mean():.2f}"
    )
    return Interaction(ratio, float(each.min()), float(each.max()), text)


def _synergy(pairs: Sequence[tuple[str, Tree]], context: Context) -> Outcome:
    found = [bliss(line, [added], context) for line, added in pairs]
    checks = {
        f"synergy in {line}": one.ratio < 1.0 - _NOTICED and one.high < 1.0
        for (line, _), one in zip(pairs, found, strict=True)
    }
    outcome = ordering("; ".join(one.text for one in found), checks)
    return Outcome(outcome.simulated, found[0].low, found[0].high, outcome.is_met)


def a22_specific(context: Context) -> Outcome:
    """Where no synergy is expected: GCN2 inhibitor in A549, rapamycin in an unmethylated blast."""
    gcn2 = bliss("a549", [_GCN2], context)
    rapamycin = bliss("default-blast", [c.compound("rapamycin", "100 nM")], context)
    checks = {
        "no synergy of the GCN2 inhibitor in A549": gcn2.ratio > 1.0 - _NOTICED,
        "no synergy of rapamycin": rapamycin.ratio > 1.0 - _NOTICED,
    }
    return ordering(f"{gcn2.text}; {rapamycin.text}", checks)


_GCN2 = c.compound("gcn2-inhibitor", "1 uM")
_Run = Callable[[Context], Outcome]


def _pair(row_id: str, title: str, pairs: Sequence[tuple[str, Tree]], source: str,
          mechanisms: tuple[str, ...], *, is_gated: bool = True) -> Row:  # fmt: skip
    return Row(
        id=row_id, title=f"Asparaginase with {title}", tier=Tier.T3, kind=Kind.ORDERING,
        is_gated=is_gated, published="synergy",
        tolerance="at least 5 % fewer cells than independence, in every series of wells",
        source=source, run=partial(_synergy, pairs), group="combinations", mechanisms=mechanisms,
    )  # fmt: skip


ROWS: tuple[Row, ...] = (
    Row(
        id="A11", title="Stroma protects by its ASNS", tier=Tier.T3, kind=Kind.ORDERING,
        is_gated=True, published="MSC carry about 20x the ASNS of blasts; protection rises with it",
        tolerance="order of means; none, x0.1 and x1 apart in the ranges of three seeds",
        source="Iwamoto 2007 JCI 117:1049", run=a11, group="tissue", mechanisms=("S26", "S5"),
    ),
    Row(
        id="A13", title="Glutaminase 2 x 2 at 1 U/mL, 72 h", tier=Tier.T3, kind=Kind.VALIDATION,
        is_gated=True,
        published="glutaminase-free kills ASNS-negative cells only; wild type acts on both",
        tolerance="count < 0.2 or < 0.3; spared: > 0.5 and > 0.9 alive",
        source="Chan 2014 Blood 123:3596", run=a13, group="combinations", mechanisms=("S3",),
    ),
    Row(
        id="A13-resistant", title="MOLT-4 selected by asparaginase at 1 U/mL, 72 h", tier=Tier.T3,
        kind=Kind.VALIDATION, is_gated=False, published="grows as without drug",
        tolerance="count > 0.8 of control", source="Aslanian 2001 Biochem J 357:321",
        run=a13_resistant, group="combinations", mechanisms=("S3", "S13"),
    ),
    _pair("A22", "a GCN2 inhibitor", (("default-blast", _GCN2), ("molt-4", _GCN2)),
          "Nakamura 2018 PNAS", ("S1",)),
    _pair("A22-autophagy", "chloroquine", (("default-blast", c.compound("chloroquine", "30 uM")),),
          "Takahashi 2017 Oncogene", ("S8",)),
    _pair("A22-akt", "an AKT inhibitor", (("a549", c.compound("akt-inhibitor", "500 nM")),),
          "Gwinn 2018", ("S12", "S13")),
    _pair("A22-mek", "a MEK inhibitor", (("pdac-like", c.compound("mek-inhibitor", "20 nM")),),
          "Pathria 2019", ("S12",)),
    _pair("A22-asns", "an ASNS inhibitor",
          (("molt-4-resistant", c.compound("asns-inhibitor", "900 uM")),),
          "Gutierrez 2006 Chem Biol 13:1339", ("S13",)),
    _pair("A22-metformin", "metformin", (("a549", c.compound("metformin", "1 mM")),),
          "Krall 2021 Cell Metab 33:1013", ("S14",)),
    Row(
        id="A22-mso", title="MSO removes the protection by stroma", tier=Tier.T3,
        kind=Kind.ORDERING, is_gated=False, published="protection removed",
        tolerance="half of the protection lost where Gln is gone", source="Chiu 2021", run=a22_mso,
        group="tissue", mechanisms=("S8",),
    ),
    Row(
        id="A22-specific", title="Pairs without synergy", tier=Tier.T3, kind=Kind.ORDERING,
        is_gated=True, published="none where ASNS needs no induction; rapamycin no synergy",
        tolerance="at most 5 % fewer cells than independence",
        source="Nakamura 2018 PNAS; Bunpo 2009", run=a22_specific, group="combinations",
        mechanisms=("S1", "S4"),
    ),
)  # fmt: skip
