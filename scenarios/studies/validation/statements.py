"""X1-X6: where sources contradict each other, what this model does, and where that is written."""

from typing import NamedTuple


class Statement(NamedTuple):
    """One contradiction and how it is settled."""

    id: str
    issue: str
    settled: str
    place: str
    """Document beside docs/conflicts.md that shows it, relative to docs/."""


STATEMENTS: tuple[Statement, ...] = (
    Statement("X1", "Does Gln reach mTORC1 through Rag (source 002) or Arf1 (Jewell 2015)?",
              "Arf1 by default; `parameters: {cell.rag_gln_weight: 0.2, cell.arf_gln_weight: 0}` "
              "puts Gln on Rag", "parameters.md"),
    Statement("X2", "Is r = -0.86 between ASNS and sensitivity or log IC50?",
              "against sensitivity: row A3 correlates with activity, -log IC50",
              "validation-notes.md"),
    Statement("X3", "Does mRNA predict the IC50?",
              "poorly: protein is message times translation noise, and row A3 shows both",
              "cell-lines.md"),
    Statement("X4", "Are Jurkat and MOLT-4 without ASNS?",
              "no, low and inducible; no row asks for apoptosis within 24 h", "cell-lines.md"),
    Statement("X5", "An IC50 depends on the length of the assay and on the medium",
              "each row names both; row A1-48h shows the size of it", "validation-notes.md"),
    Statement("X6", "Late pegaspargase activity differs between studies",
              "one preset per study: bfm, dfci-11001, dfci-0501", "pharmacology.md"),
)  # fmt: skip


def to_markdown() -> str:
    """Return the table of the statements."""
    lines = ["More in [conflicts.md](conflicts.md).", ""]
    lines += ["| id | contradiction | here | shown in |", "|---|---|---|---|"]
    for one in STATEMENTS:
        lines.append(f"| {one.id} | {one.issue} | {one.settled} | [{one.place}]({one.place}) |")
    return "\n".join(lines)
