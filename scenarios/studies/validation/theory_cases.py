"""The exact results as data, and how a list of numbers is compared with them."""

import functools
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from scenarios.studies.validation.row import Context, Kind, Outcome, Row, Tier

FILE = Path(__file__).with_name("theory_cases.json")


@functools.cache
def _cases() -> dict[str, dict[str, Any]]:
    entries = json.loads(FILE.read_text(encoding="utf-8"))["cases"]
    return {entry["id"]: entry for entry in entries}


def case(case_id: str) -> dict[str, Any]:
    """Return one case: title, formula, params, expected, tolerance, source."""
    return _cases()[case_id]


def worst(found: Mapping[str, float], expected: Mapping[str, float]) -> tuple[str, float]:
    """Return the name and size of the largest relative deviation."""
    errors = {
        name: abs(found[name] - expected[name]) / max(abs(expected[name]), 1e-300) for name in found
    }
    name = max(errors, key=lambda key: errors[key])
    return name, errors[name]


def deviation(found: Mapping[str, float], expected: Mapping[str, float], share: float) -> Outcome:
    """Return the outcome of numbers that must lie within a share of the exact ones."""
    name, error = worst(found, expected)
    text = f"{len(found)} numbers, largest deviation {100.0 * error:.2g} % ({name})"
    return Outcome(text, None, None, error <= share)


def theory_row(
    case_id: str, run: Any, group: str, *, published: str, tolerance: str, is_long: bool = False
) -> Row:
    """Return the row of a case; its title and source are those of the file."""
    entry = case(case_id)

    def _run(context: Context) -> Outcome:
        return run(entry)

    return Row(
        id=case_id,
        title=entry["title"],
        tier=Tier.T1,
        kind=Kind.THEORY,
        is_gated=True,
        published=published,
        tolerance=tolerance,
        source=entry["source"] or "closed form, see theory_cases.json",
        run=_run,
        group=group,
        is_long=is_long,
    )
