"""Write what was measured to docs/performance.md: ``python -m benchmarks.document FILE.json ...``.

The files are those of ``python -m benchmarks --json``; where two hold the same part the later one
counts, so that a disturbed part can be measured again.
"""

import argparse
import json
import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.rows import Row, show

DOCUMENT = Path(__file__).resolve().parents[1] / "docs" / "performance.md"
BEGIN = "<!-- begin measured (python -m benchmarks.document) -->"
END = "<!-- end measured -->"
_HEAD = ("no.", "what", "ratio", "min-max", "floor", "goal", "verdict", "error")


def main(arguments: list[str] | None = None) -> int:
    """Replace the table in the document; return 0."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.document", description=__doc__)
    parser.add_argument("files", nargs="+", type=Path, help="of python -m benchmarks --json")
    parser.add_argument("--out", type=Path, default=DOCUMENT, help="document with the two marks")
    options = parser.parse_args(arguments)
    results = [json.loads(path.read_text()) for path in options.files]
    options.out.write_text(replaced(options.out.read_text(), block(results)))
    sys.stdout.write(f"{options.out}\n")
    return 0


def replaced(text: str, new: str) -> str:
    """Return ``text`` with ``new`` between the two marks; raises ValueError where they are not."""
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"the document lacks '{BEGIN}' or '{END}'")
    return f"{before}{BEGIN}\n{new}\n{END}{after}"


def block(results: Sequence[Mapping[str, Any]]) -> str:
    """Return machine lines, table and remarks of the results of one or more runs."""
    parts: dict[str, tuple[str, list[Row]]] = {}
    for result in results:
        found: dict[str, list[Row]] = {}
        for values in result["rows"]:
            found.setdefault(values["part"], []).append(_row(values))
        parts |= {name: (result["command"], rows) for name, rows in found.items()}
    used = {command for command, _ in parts.values()}
    lines = [
        f"`{result['command']}` on {result['machine']}"
        for result in results if result["command"] in used
    ]  # fmt: skip
    table = [_line(_HEAD), _line(["---"] * len(_HEAD))]
    remarks = []
    for name, (_, rows) in parts.items():
        table += [_line(_cells(row)) for row in rows]
        notes = [note for row in rows for note in (row.remark, row.disturbance) if note]
        remarks += [f"* **{name}**: {_plain('; '.join(notes))}"] if notes else []
    return "\n\n".join(["\n\n".join(lines), "\n".join(table), "\n".join(remarks)])


def _row(values: dict[str, Any]) -> Row:
    values.pop("verdict")
    return Row(**values)


def _cells(row: Row) -> list[str]:
    sign = "at least" if row.is_more_better else "at most"
    bounds = ["" if b is None else f"{sign} {show(b)}" for b in (row.floor, row.goal)]
    spread = "" if row.low is None or row.high is None else f"{show(row.low)}-{show(row.high)}"
    verdict = f"**{row.verdict}**" if row.is_failure else row.verdict
    return [row.number, row.what, show(row.value), spread, *bounds, verdict, row.accuracy]


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(_plain(cell) for cell in cells)} |"


def _plain(text: str) -> str:
    """Return text that no table of Markdown takes apart."""
    return re.sub(r"\s+", " ", text).replace("|", "/")


if __name__ == "__main__":
    sys.exit(main())
