"""T3: what cells do without single amino acids (A9, A15, A20, A21, A25)."""

from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd

from abm.processes.cell_lines import CELL_LINES
from scenarios.studies.validation import conditions as c
from scenarios.studies.validation import readings as r
from scenarios.studies.validation.context import Context
from scenarios.studies.validation.row import Kind, Outcome, Row, Tier, ordering
from scenarios.studies.validation.tolerance import Band

RPMI = "RPMI-1640"
RESCUE_UM = 100.0
"""0.1 mM, what the sources add back (S15)."""
EXCESS_UM = 4000.0
"""4 mM, the most Asn that a row gives [uM]."""
DROPOUTS: Mapping[str, c.Tree] = {
    "complete": c.medium(RPMI),
    "-Asn": c.medium(RPMI, ("asn",)),
    "-Gln": c.medium(RPMI, ("gln",)),
    "-Gln -Asn": c.medium(RPMI, ("asn", "gln")),
    "-Gln -Asn +0.1 mM Asn": c.medium(RPMI, ("asn", "gln"), asn=RESCUE_UM),
    "-Ser": c.medium(RPMI, ("ser",)),
    "-Asn +0.1 mM Asn": c.medium(RPMI, ("asn",), asn=RESCUE_UM),
}
KILLED, SOLID = ("jurkat", "molt-4"), ("a549", "mda-mb-231")
_DAYS = (24, 48, 72)
_HOURS = (0, *_DAYS)
_NOT_DIALYSED = {"fraction": 0.1, "dialysed": False}


def dropout(line: str, name: str, context: Context) -> pd.DataFrame:
    """Return 72 h of a line after its medium was washed off and replaced by a drop-out medium."""
    tree = c.well(
        c.cells(line, 300), hours=72, serum=c.DIALYSED, n_wells=context.n_wells(3),
        events=[c.refill(DROPOUTS[name])],
    )  # fmt: skip
    return context.read(tree, _HOURS)


def _ratio(line: str, name: str, hour: float, context: Context) -> float:
    control = dropout(line, "complete", context)
    return r.count_ratio(dropout(line, name, context), control, hour)


def _alive(line: str, name: str, context: Context) -> float:
    return r.viability(dropout(line, name, context), 72)


def _left(line: str, name: str, context: Context) -> float:
    """Return the living cells at 72 h as a share of those that were seeded."""
    table = dropout(line, name, context)
    return r.count(table, 72) / r.count(table, 0)


def a9(context: Context) -> Outcome:
    """The profile of four lines as orderings.

    Proliferation is read at 48 h and death at 72 h, as in the source. Dead cells lyse, so that a
    share of living cells is blind to early deaths; killed means fewer than half of the seeded left.
    The words of the source became numbers by assumption A173.
    """
    checks: dict[str, bool] = {}
    parts = []
    asn = {line: _ratio(line, "-Asn", 48, context) for line in KILLED + SOLID}
    gln = {
        line: min(_ratio(line, "-Gln", hour, context) for hour in (48, 72)) for line in SOLID
    } | {line: _ratio(line, "-Gln", 48, context) for line in KILLED}
    for line in KILLED + SOLID:
        alive = {name: _alive(line, name, context) for name in ("-Asn", "-Gln")}
        rescue = min(_ratio(line, "-Asn +0.1 mM Asn", hour, context) for hour in (48, 72))
        both = [_ratio(line, name, 48, context) for name in
                ("-Gln", "-Gln -Asn", "-Gln -Asn +0.1 mM Asn")]  # fmt: skip
        checks |= {
            f"{line}: rescue >= 0.9": rescue >= 0.9,
            f"{line}: -Gln -Asn worse than -Gln": both[1] < both[0],
            f"{line}: Asn raises survival without Gln": both[2] > both[1],
        }
        if line in KILLED:
            checks |= {
                f"{line}: -Asn kills": asn[line] < 0.3 and _left(line, "-Asn", context) < 0.5,
                f"{line}: -Gln moderate, alive": gln[line] in Band(0.5, 0.7)
                and alive["-Gln"] > 0.9,
            }
        else:
            checks |= {
                f"{line}: -Asn slows, alive": 0.4 < asn[line] < 0.95 and alive["-Asn"] > 0.9,
                f"{line}: -Gln strong, part dies": gln[line] < 0.4 and alive["-Gln"] < 0.9,
            }
        parts.append(
            f"{line} -Asn {asn[line]:.2f} (alive {alive['-Asn']:.2f}), -Gln {gln[line]:.2f} "
            f"({alive['-Gln']:.2f}), rescue {rescue:.2f}"
        )
    checks["-Asn: ALL lines worse than solid"] = max(asn[k] for k in KILLED) < min(
        asn[s] for s in SOLID
    )
    return ordering("; ".join(parts), checks)


def a9_carry_over(context: Context) -> Outcome:
    """MOLT-4 without Asn, done right, with serum that was not dialysed, and not washed."""
    control = dropout("molt-4", "complete", context)
    mistakes = {
        "right": c.refill(DROPOUTS["-Asn"]),
        "serum": c.refill(DROPOUTS["-Asn"], serum=_NOT_DIALYSED),
        "unwashed": c.refill(DROPOUTS["-Asn"], washes=None),
    }
    early, late = {}, {}
    for name, event in mistakes.items():
        tree = c.well(
            c.cells("molt-4", 300), hours=72, serum=c.DIALYSED, n_wells=context.n_wells(3),
            events=[event],
        )  # fmt: skip
        table = context.read(tree, _HOURS)
        early[name] = r.count_ratio(table, control, 24)
        late[name] = r.count_ratio(table, control, 72)
    text = ", ".join(f"{n} {early[n]:.2f} at 24 h, {late[n]:.2f} at 72 h" for n in mistakes)
    loss = 1.0 - early["right"]
    checks = {f"{n}: half of the effect hidden at 24 h": 1.0 - early[n] <= 0.5 * loss
              for n in ("serum", "unwashed")}  # fmt: skip
    checks |= {f"{n}: seen at 72 h": late[n] < 0.8 for n in ("serum", "unwashed")}
    return ordering(text, checks)


def a9_ser(context: Context) -> Outcome:
    """Without serine growth falls, in every line, and does not stop."""
    found = {line: _ratio(line, "-Ser", 72, context) for line in KILLED + SOLID}
    text = ", ".join(f"{line} {value:.2f}" for line, value in found.items())
    return ordering(text, {line: 0.05 < value < 0.95 for line, value in found.items()})


def a15(context: Context) -> Outcome:
    """Net growth over three days in DMEM with dialysed serum, Gln 0 or 2 mM, Asn 0 or 0.1 mM."""
    growth = {}
    for gln in (0.0, 2000.0):
        for asn in (0.0, RESCUE_UM):
            tree = c.well(
                c.cells("gln-independent"), hours=72, fill="DMEM", serum=c.DIALYSED,
                events=[c.refill(c.medium("DMEM", ("gln",), gln=gln, asn=asn))],
            )  # fmt: skip
            table = context.read(tree, _HOURS)
            growth[gln, asn] = sum(r.net_growth(table, hour) for hour in _DAYS) / len(_DAYS)
    text = (
        f"no Gln: {growth[0.0, 0.0]:.4f} -> {growth[0.0, RESCUE_UM]:.4f} /h with Asn; 2 mM Gln: "
        f"{growth[2000.0, 0.0]:.4f} -> {growth[2000.0, RESCUE_UM]:.4f} /h"
    )
    gap = growth[2000.0, RESCUE_UM] / growth[2000.0, 0.0] - 1.0
    checks = {
        "without Gln Asn raises growth by half": growth[0.0, RESCUE_UM]
        > 1.5 * max(growth[0.0, 0.0], 0.0),
        "2 mM Gln: difference < 10 %": abs(gap) < 0.1,
    }
    return ordering(text, checks)


def a15_survival(context: Context) -> Outcome:
    """Living share of two solid lines after 72 h in DMEM without Gln, without and with Asn."""
    parts, checks = [], {}
    for line in SOLID:
        alive = []
        for asn in (0.0, EXCESS_UM):
            tree = c.well(
                c.cells(line), hours=72, fill="DMEM", serum=c.DIALYSED,
                events=[c.refill(c.medium("DMEM", ("gln",), asn=asn))],
                n_wells=context.n_wells(3),
            )  # fmt: skip
            alive.append(r.viability(context.read(tree, (72,)), 72))
        parts.append(f"{line} {alive[0]:.2f} -> {alive[1]:.2f} alive with 4 mM Asn")
        checks[f"Asn saves {line}"] = alive[1] > alive[0] + 0.1
    return ordering(", ".join(parts), checks)


_REFEEDS: Mapping[str, Mapping[str, float]] = {
    "starved": {},
    "Leu": {"eaa": 1627.5},
    "Gln": {"gln": 2000.0},
    "Asn 0.5 mM": {"asn": 500.0},
    "Asn 4 mM": {"asn": EXCESS_UM},
}
_GENOTYPES: Mapping[str, Mapping[str, float]] = {
    "wild type": {}, "Rag off": {"rag": 0.0}, "Arf1 off": {"arf1": 0.0},
}  # fmt: skip
_STARVED_H, _READ_H = 2.0, 4.0
_NO_SERUM = {"fraction": 0.0}
_ACTS = {
    "wild type": ("Leu", "Gln", "Asn 0.5 mM", "Asn 4 mM"),
    "Rag off": ("Gln", "Asn 0.5 mM", "Asn 4 mM"),
    "Arf1 off": ("Leu",),
}


def truth_table(context: Context, line: str = "default-blast") -> dict[str, dict[str, float]]:
    """Return mTORC1 by genotype and refeed after 2 h without amino acids and 2 h of refeed.

    ``fed`` had its medium changed alike; ``off`` is the starved cell at 2 h.
    """
    found: dict[str, dict[str, float]] = {}
    for name, genotype in _GENOTYPES.items():
        row = found[name] = {}
        changes: dict[str, Any] = {"genotype": dict(genotype)} if genotype else {}
        population = c.cells(line, 100, **changes)
        starve = c.refill(c.medium(RPMI, c.AMINO_ACIDS), serum=_NO_SERUM)
        feed: dict[str, Any] = {
            "serum": c.DIALYSED,
            "hours": 4,
            "solved": ("asn", "gln", "glu", "eaa"),
        }
        table = context.read(
            c.well(population, events=[c.refill(RPMI, serum=_NO_SERUM)], **feed), (2, 4)
        )
        row["fed"] = r.mean(table, _READ_H, "mtorc1")
        for refeed, add in _REFEEDS.items():
            medium = c.medium(RPMI, c.AMINO_ACIDS, **add)
            events = [starve, c.refill(medium, _STARVED_H, None, _NO_SERUM)]
            table = context.read(c.well(population, events=events, **feed), (2, 4))
            row[refeed] = r.mean(table, _READ_H, "mtorc1")
            row["off"] = r.mean(table, _STARVED_H, "mtorc1")
    return found


def restored(row: Mapping[str, float], refeed: str) -> float:
    """Return which part of the loss of mTORC1 a refeed has restored."""
    return (row[refeed] - row["starved"]) / (row["fed"] - row["starved"])


def a20(context: Context) -> Outcome:
    """Which amino acid restores mTORC1, with either arm off."""
    table = truth_table(context)
    checks = {"off within 2 h": table["wild type"]["off"] < 0.6 * table["wild type"]["fed"]}
    parts = []
    for genotype, row in table.items():
        values = {refeed: restored(row, refeed) for refeed in _REFEEDS if refeed != "starved"}
        for refeed, value in values.items():
            acts = refeed in _ACTS[genotype]
            checks[f"{genotype}, {refeed}"] = value > 0.2 if acts else value < 0.05
        shown = ", ".join(f"{refeed} {value:.2f}" for refeed, value in values.items())
        parts.append(f"{genotype}: {shown}")
    return ordering("share restored - " + "; ".join(parts), checks)


def a25(context: Context) -> Outcome:
    """Free Asn of cells at rest, and mTORC1 after 2 h without amino acids."""
    media: dict[str, tuple[str | c.Tree, Band]] = {
        "human-plasma": ("human-plasma", Band(300.0, 2000.0)),
        "RPMI": (RPMI, Band(0.0, 3000.0)),
        "RPMI without Gln": (c.medium(RPMI, ("gln",)), Band(0.0, 7000.0)),
    }
    checks: dict[str, bool] = {}
    parts = []
    for name, (fill, band) in media.items():
        tree = c.well(
            c.cells("default-blast", 100), hours=1, fill=fill, serum=_NO_SERUM,
            clamp=("asn", "gln", "glu"),
        )  # fmt: skip
        asn = r.mean(context.read(tree, (0, 1)), 0, "asn_inside_uM")
        checks[name] = asn in band
        parts.append(f"{name} {asn / 1000.0:.2f} mM")
    wild = truth_table(context)["wild type"]
    share = wild["off"] / wild["fed"]
    checks["mTORC1 below 0.6 after 2 h"] = share < 0.6
    return ordering(f"{', '.join(parts)}; mTORC1 {share:.2f} of fed after 2 h", checks)


def a21(context: Context) -> Outcome:
    """Asn inside adipocytes that get 1 mM Asn for 1 h in DMEM, over those that do not."""
    line = "adipocyte" if "adipocyte" in CELL_LINES else "marrow-msc"
    inside = []
    for asn in (0.0, 1000.0):
        tree = c.well(
            c.cells(line, 100), hours=1, fill="DMEM", serum=c.DIALYSED, density=2000,
            events=[c.refill(c.medium("DMEM", asn=asn))],
        )  # fmt: skip
        inside.append(r.mean(context.read(tree, (0, 1)), 1, "asn_inside_uM"))
    ratio = inside[1] / inside[0]
    text = f"{line}: {inside[0]:.0f} -> {inside[1]:.0f} uM, x{ratio:.2f}"
    return ordering(text, {"+48 % (accept +24 to +72 %)": ratio in Band(1.24, 1.72)})


def a21_etc(context: Context) -> Outcome:
    """Growth of A549 in DMEM under a block of electron transport, without and with 0.1 mM Asn.

    A weak and a full block (assumption A174).
    """
    checks, parts = {}, []
    for concentration in ("60 nM", "1 uM"):
        growth = []
        for asn in (0.0, RESCUE_UM):
            tree = c.well(
                c.cells("a549"), hours=48, fill="DMEM", serum=c.DIALYSED,
                events=[c.refill(c.medium("DMEM", asn=asn))],
                compounds=[c.compound("rotenone", concentration)],
            )  # fmt: skip
            growth.append(r.net_growth(context.read(tree, (24, 48)), 48))
        checks[f"Asn rescues at {concentration}"] = growth[1] > growth[0] + 0.003
        parts.append(f"rotenone {concentration}: {growth[0]:.4f} -> {growth[1]:.4f} /h")
    return ordering("; ".join(parts), checks)


def _row(
    row_id: str,
    title: str,
    kind: Kind,
    published: str,
    tolerance: str,
    source: str,
    run: Callable[[Context], Outcome],
    mechanisms: tuple[str, ...],
    *,
    group: str,
    is_gated: bool = True,
) -> Row:
    return Row(
        id=row_id, title=title, tier=Tier.T3, kind=kind, is_gated=is_gated, published=published,
        tolerance=tolerance, source=source, run=run, group=group, mechanisms=mechanisms,  # type: ignore[arg-type]
    )  # fmt: skip


_SOURCE_2 = "source 002"
ROWS: tuple[Row, ...] = (
    _row("A9", "Drop-out assay of four lines, 48 and 72 h", Kind.CALIBRATION,
         "profile of Jurkat, MOLT-4, A549, MDA-MB-231", "order and bands of validation.md",
         _SOURCE_2, a9, ("S7", "S15", "S19", "S20", "S21"), group="dropouts"),
    _row("A9-carry-over", "Left-over Asn hides the effect for about 24 h", Kind.ORDERING,
         "residual medium sustains 24 h", "half of the effect hidden at 24 h, seen at 72 h",
         _SOURCE_2, a9_carry_over, ("S15", "S20"), group="dropouts", is_gated=False),
    _row("A9-ser", "Without serine growth falls", Kind.ORDERING, "growth falls",
         "count 0.05-0.95 of control at 72 h", _SOURCE_2, a9_ser, ("S5", "S20"),
         group="dropouts"),
    _row("A15", "Growth without Gln needs 0.1 mM Asn", Kind.CALIBRATION,
         "needs 0.1 mM Asn; at 2 mM Gln no difference", "x1.5 without Gln; 10 % with Gln",
         "Krall 2016 doi:10.1038/ncomms11457", a15, ("S14", "S19"), group="growth"),
    _row("A15-survival", "Asn keeps cells without Gln alive", Kind.VALIDATION,
         "saved from death, without growth", "living share at 72 h higher by more than 0.1",
         "Zhang 2014 Mol Cell 56:205", a15_survival, ("S19",), group="growth", is_gated=False),
    _row("A20", "mTORC1 after starvation and refeed, with Rag or Arf1 off", Kind.CALIBRATION,
         "Rag off: Leu 0, Gln/Asn > 0; Arf1 off: Gln/Asn 0, Leu > 0",
         "> 20 % of the loss restored, or < 5 %", "sources 001-003; Jewell 2015", a20,
         ("S4", "S27"), group="signals"),
    _row("A21", "Asn inside adipocytes at 1 mM", Kind.VALIDATION, "+48 %", "+24 to +72 %",
         "source 003", a21, ("S26",), group="signals", is_gated=False),
    _row("A21-etc", "0.1 mM Asn under a block of electron transport", Kind.ORDERING,
         "rescues nucleotide synthesis", "growth rises by more than 0.003 /h",
         "source 003; Krall 2021", a21_etc, ("S14",), group="signals"),
    _row("A25", "Free Asn inside, and mTORC1 without amino acids", Kind.CALIBRATION,
         "0.3-2 mM in plasma-like medium, < 3 mM in RPMI, < 7 mM without Gln; mTORC1 < 60 %",
         "as published", "derived from A20", a25, ("S4",), group="signals"),
)  # fmt: skip
