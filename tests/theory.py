"""The exact results that the engine is held against, as copied from their sources."""

import json
from pathlib import Path
from typing import Any

_FILE = Path(__file__).parent / "reference" / "theory_cases.json"


def case(case_id: str) -> dict[str, Any]:
    """Return one case: formula, params, expected, tolerance."""
    for entry in json.loads(_FILE.read_text())["cases"]:
        if entry["id"] == case_id:
            return entry
    raise KeyError(case_id)
