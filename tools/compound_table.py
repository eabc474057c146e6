"""The table of compounds in docs/compounds.md; tools/make_tables.py writes it."""

from abm.pharmacology.compounds import COMPOUNDS, Effect, Target

_TARGETS = {
    Target.GCN2: "GCN2",
    Target.CHLOROQUINE: "return of amino acids from autophagy",
    Target.ASNS_INHIBITOR: "asparagine synthetase",
    Target.AKT_INHIBITOR: "RAS/AKT gain of ATF4",
    Target.MEK_INHIBITOR: "MEK (the line's MAPK share of ATF4 induction)",
    Target.MSO: "glutamine synthetase",
    Target.ETC_BLOCK: "Asp production (electron transport)",
    Target.RAPAMYCIN: "mTORC1",
    Target.GLUTAMINASE_INHIBITOR: "glutaminase of the cell",
    Target.GROWTH_FACTOR: "growth-factor input of mTORC1",
    Target.THRESHOLD_DIVISOR: "threshold of death (BCL-2)",
    Target.ER_STRESS: "folding in the endoplasmic reticulum (input of PERK)",
}


def compound_rows() -> list[tuple[str, ...]]:
    """Return compound, target, share lost at most, half concentration, hill, source; per target."""
    return [
        (
            f"`{compound.name}`",
            _TARGETS[target],
            f"{effect.maximal:g}",
            _half_concentration(effect),
            f"{effect.hill:g}",
            compound.source,
        )
        for compound in COMPOUNDS.values()
        for target, effect in compound.targets.items()
    ]


HEADER = ("compound", "target", "lost at most", "half at", "Hill", "source")


def compound_block() -> str:
    """Return the table as Markdown."""
    lines = ["| " + " | ".join(HEADER) + " |", "|" + "---|" * len(HEADER)]
    lines += ["| " + " | ".join(row) + " |" for row in compound_rows()]
    return "\n".join(lines)


def _half_concentration(effect: Effect) -> str:
    if effect.half_concentration < 1.0:
        return f"{effect.half_concentration * 1e3:g} nM"
    return f"{effect.half_concentration:g} uM"
