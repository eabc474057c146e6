"""Rows of the result: a ratio, its floor and its goal."""

import dataclasses
import json
from collections.abc import Sequence
from typing import Any

from benchmarks.timing import Ratio


@dataclasses.dataclass(frozen=True)
class Row:
    """One ratio. ``floor`` must hold and ``goal`` is the aim; None = for information only.

    ``part``: of the suite, set when it is run. ``accuracy``: the error at which the speed holds, in
    words; empty where nothing is computed.
    """

    number: str
    what: str
    value: float
    low: float | None = None
    high: float | None = None
    floor: float | None = None
    goal: float | None = None
    is_more_better: bool = True
    disturbance: str = ""
    remark: str = ""
    part: str = ""
    accuracy: str = ""

    @property
    def verdict(self) -> str:
        """Return goal, floor, MISSED, missed (disturbed) or info."""
        if self.floor is None:
            return "info"
        if self._reaches(self.goal):
            return "goal"
        if self._reaches(self.floor):
            return "floor"
        return "missed (disturbed)" if self.disturbance else "MISSED"

    @property
    def is_failure(self) -> bool:
        """Whether the floor is missed by an undisturbed measurement."""
        return self.verdict == "MISSED"

    def _reaches(self, bound: float | None) -> bool:
        if bound is None:
            return False
        return self.value >= bound if self.is_more_better else self.value <= bound

    def as_dict(self) -> dict[str, Any]:
        """Return fields and verdict, for the JSON file."""
        return dataclasses.asdict(self) | {"verdict": self.verdict}


def timed(number: str, what: str, ratio: Ratio, **options: Any) -> Row:
    """Return the row of a measured ratio."""
    return Row(
        number, what, ratio.value, ratio.low, ratio.high, disturbance=ratio.disturbance, **options
    )


def table(rows: Sequence[Row]) -> str:
    """Return the rows as text, remarks below their row."""
    head = ("no.", "ratio", "min-max", "floor", "goal", "verdict", "what")
    lines = [head, *(_cells(row) for row in rows)]
    widths = [max(len(line[i]) for line in lines) for i in range(len(head) - 1)]
    text = []
    for i, line in enumerate(lines):
        padded = [cell.ljust(width) for cell, width in zip(line, widths, strict=False)]
        text.append("  ".join([*padded, line[-1]]))
        if i > 0:
            row = rows[i - 1]
            error = row.accuracy and f"error: {row.accuracy}"
            text += [f"{'':4}{note}" for note in (error, row.remark, row.disturbance) if note]
    return "\n".join(text)


def to_json(rows: Sequence[Row], machine: str, command: str) -> str:
    """Return rows, machine line and command as JSON text."""
    told = [row.as_dict() for row in rows]
    return json.dumps({"machine": machine, "command": command, "rows": told}, indent=1)


def _cells(row: Row) -> tuple[str, ...]:
    sign = ">=" if row.is_more_better else "<="
    bounds = ["" if b is None else f"{sign} {show(b)}" for b in (row.floor, row.goal)]
    spread = "" if row.low is None or row.high is None else f"{show(row.low)}-{show(row.high)}"
    return (row.number, show(row.value), spread, *bounds, row.verdict, row.what)


def show(value: float) -> str:
    """Return three digits, or a whole number from 100 on."""
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}"
