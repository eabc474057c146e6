"""What the reports share: numbers as text, versions, warnings, reading of small files."""

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from abm import __version__
from abm.errors import RunFolderError
from analysis import page

NO_ADVICE = "A research model. Not for decisions on a patient."
LARGEST_TABLE = 200
_HOURS_PER_DAY = 24.0


def read_json(path: Path) -> dict[str, Any]:
    """Return what a JSON file holds; raises RunFolderError for one that cannot be read."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise RunFolderError(f"{path}: cannot be read: {error}") from None
    return found if isinstance(found, dict) else {}


def read_table(path: Path) -> pd.DataFrame:
    """Return a Parquet or CSV file; raises RunFolderError for one that cannot be read."""
    try:
        return pd.read_parquet(path) if path.suffix == ".parquet" else pd.read_csv(path)
    except pd.errors.EmptyDataError:
        return pd.DataFrame()
    except (OSError, ValueError) as error:
        reason = str(error) if path.exists() else "not there"
        raise RunFolderError(f"{path}: {' '.join(reason.split())}") from None


def read_text(path: Path) -> str:
    """Return a text file, empty where there is none."""
    return path.read_text(encoding="utf-8") if path.exists() else ""


def number(value: Any) -> str:
    """Return a value as it stands in tables: four digits, counts in full, a dash for none."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return "-"
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return str(value)
    if float(value).is_integer() and abs(value) < 1e7:
        return f"{int(value):,}"
    return f"{value:.4g}"


def span(hours: float) -> str:
    """Return a length of time in hours, or in days from four days on."""
    return f"{hours:.3g} h" if hours < 4 * _HOURS_PER_DAY else f"{hours / _HOURS_PER_DAY:.4g} d"


def shown(table: pd.DataFrame, where: str) -> str:
    """Return a table with numbers as text; of a long one the beginning, and where the rest is."""
    cut = table.head(LARGEST_TABLE)
    text = page.table(cut.apply(lambda column: column.map(number)))
    if len(table) > len(cut):
        text += page.paragraph(f"The first {len(cut)} of {len(table)} rows; all: {where}.", "small")
    return text


def machine(info: Mapping[str, Any]) -> dict[str, object]:
    """Return versions, processor and wall time as names and values."""
    versions = dict(info.get("versions", {}))
    own = versions.pop("asnsim", "unknown")
    found: dict[str, object] = {"asnsim": own}
    if own != __version__:
        found["page written by"] = f"asnsim {__version__}"
    found["with"] = ", ".join(f"{name} {version}" for name, version in versions.items()) or "-"
    found["processor"] = info.get("cpu", "-")
    if "threads" in info:
        found["threads"] = info["threads"]
    if "wall_s" in info:
        found["wall time"] = f"{info['wall_s']:.3g} s"
    return found


def notes(texts: list[str]) -> list[str]:
    """Return warnings as paragraphs that are set off."""
    return [page.paragraph(text, "note") for text in dict.fromkeys(texts) if text]
