"""What each mechanism is good for: the verdicts that flip when it is switched off.

No parameter is refitted, so that a flip says that a row rests on the mechanism as it stands, not
that no other model could meet it. Models are thin (two series of wells in place of three); the
same thin table with everything on is what they are compared with.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from scenarios.studies.validation.context import Context
from scenarios.studies.validation.row import Row, Tier
from scenarios.studies.validation.rows import ROWS
from scenarios.studies.validation.run import Judged, judge

_LEFT_OUT = ("A1-48h", "A3", "A23", "A26")
"""Rows that need many models, or run no cell."""


@dataclass(frozen=True)
class Mechanism:
    """A mechanism that can be switched off.

    ids        : statements of the biology (S1-S27) that it carries
    parameters : what switches it off in every scenario
    products   : enzyme that lacks it, by the one that has it
    """

    ids: tuple[str, ...]
    title: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    products: Mapping[str, str] = field(default_factory=dict)


MECHANISMS: tuple[Mechanism, ...] = (
    Mechanism(("S1",), "GCN2 feels uncharged tRNA", {"switches.gcn2": 0.0}),
    Mechanism(("S1",), "eIF2a-P slows translation", {"cell.translation_loss_by_eif2a_p": 0.0}),
    Mechanism(("S1",), "ATF4 induces ASNS", {"cell.asns_induction": 0.0}),
    Mechanism(("S2",), "asparagine synthetase", {"switches.asns_inhibitor": 1.0}),
    Mechanism(("S3",), "glutaminase of the enzyme", products={"e-coli": "glutaminase-free"}),
    Mechanism(("S4", "S27"), "Arf1 arm of mTORC1", {"switches.arf": 0.0}),
    Mechanism(("S4",), "Rag arm of mTORC1", {"switches.rag": 0.0}),
    Mechanism(("S4",), "mTORC1 drives translation", {"cell.translation_without_mtorc1": 1.0}),
    Mechanism(("S4",), "Asn leaks out of the cell", {"cell.asn_leak": "0 1/h"}),
    Mechanism(("S5",), "exchange of Asn against other amino acids",
              {"cell.exchange_capacity": "0 uM/h"}),
    Mechanism(("S6",), "AMPK holds mTORC1 down", {"cell.mtorc1_loss_by_ampk": 0.0}),
    Mechanism(("S6",), "p53 answers to AMPK", {"cell.p53_induction": "0 1/h"}),
    Mechanism(("S7",), "methylation silences ASNS",
              {"cell.message_one_methylated": 1.0, "cell.message_two_methylated": 1.0,
               "cell.induction_one_methylated": 1.0, "cell.induction_two_methylated": 1.0}),
    Mechanism(("S8",), "autophagy returns amino acids", {"switches.chloroquine": 1.0}),
    Mechanism(("S8",), "glutamine synthetase", {"switches.mso": 1.0}),
    Mechanism(("S9",), "ASNS protein lives long (36 h; off: 1 h)", {"cell.asns_half_life": "1 h"}),
    Mechanism(("S12",), "RAS and AKT raise ATF4", {"switches.akt_inhibitor": 1.0}),
    Mechanism(("S13",), "ASNS is inhibited by its product (off: 1 M)",
              {"cell.synthetase_product_inhibition": "1e6 uM"}),
    Mechanism(("S14",), "growth needs Asp (off: half-saturation 1 nM)",
              {"cell.translation_half_asp": "1e-3 uM"}),
    Mechanism(("S19",), "anaplerotic stress kills", {"cell.death_by_anaplerotic_stress": 0.0}),
    Mechanism(("S19", "S21"), "outside Glu feeds anaplerosis",
              {"cell.glu_uptake_capacity": "0 uM/h"}),
    Mechanism(("S5", "S20"), "growth needs serine (off: half-saturation 1 nM)",
              {"cell.serine_half_saturation": "1e-3 uM"}),
    Mechanism(("S21",), "commitment to death is delayed (off: 0.1 h)",
              {"cell.commitment_time": "0.1 h"}),
    Mechanism(("S25",), "the UPR stabilises ASNS", {"cell.upr_stabilisation": 0.0}),
    Mechanism(("S26",), "stroma hands Asn on by contact", {"contact.share": 0.0}),
)  # fmt: skip
"""S10, S11, S15-S17, S22-S24 are rows, protocols or balances, S18 and S23 need inputs that no row
of T3 gives: nothing to switch off in these cultures."""


def rows_of_ablation() -> tuple[Row, ...]:
    """Return the rows that an ablation runs."""
    return tuple(row for row in ROWS if row.tier is Tier.T3 and row.id not in _LEFT_OUT)


def ablate(
    mechanisms: Sequence[Mechanism] = MECHANISMS,
    rows: Sequence[Row] | None = None,
    threads: int | None = None,
    told: Callable[[str], None] = lambda text: None,
) -> tuple[list[Judged], dict[str, list[Judged]]]:
    """Return the thin table with everything on, and for each mechanism the rows that flip.

    ``told`` is called with the title of each mechanism before it is run.
    """
    rows = rows_of_ablation() if rows is None else rows
    whole = judge(rows, context=Context(is_thin=True), threads=threads)
    before = {one.row.id: one.outcome.is_met for one in whole}
    flipped = {}
    for mechanism in mechanisms:
        told(mechanism.title)
        context = Context(
            parameters=mechanism.parameters, products=mechanism.products, is_thin=True
        )
        after = judge(rows, context=context, threads=threads)
        flipped[mechanism.title] = [
            one for one in after if one.outcome.is_met != before[one.row.id]
        ]
    return whole, flipped


def to_markdown(
    whole: Sequence[Judged],
    flipped: Mapping[str, Sequence[Judged]],
    mechanisms: Sequence[Mechanism] = MECHANISMS,
) -> str:
    """Return the table of mechanisms with the verdicts that flip."""
    failing = ", ".join(one.row.id for one in whole if not one.outcome.is_met) or "none"
    lines = [
        f"Rows: {', '.join(one.row.id for one in whole)}.",
        "",
        f"Not met with everything on (thin): {failing}.",
        "",
        "| statement | switched off | pass to fail | fail to pass |",
        "|---|---|---|---|",
    ]
    for mechanism in mechanisms:
        changed = flipped[mechanism.title]
        lost = ", ".join(one.row.id for one in changed if not one.outcome.is_met) or "-"
        won = ", ".join(one.row.id for one in changed if one.outcome.is_met) or "-"
        lines.append(f"| {', '.join(mechanism.ids)} | {mechanism.title} | {lost} | {won} |")
    return "\n".join(lines) + "\n"
