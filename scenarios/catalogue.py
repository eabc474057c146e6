"""The bundled scenarios: names, files and one-line descriptions, without reading YAML."""

from pathlib import Path

from abm.errors import ScenarioError
from abm.units import did_you_mean

FOLDER = Path(__file__).parent / "library"
_DESCRIPTION = "description:"


def bundled() -> dict[str, Path]:
    """Return the files of the bundled scenarios by name, in alphabetical order."""
    return {path.stem: path for path in sorted(FOLDER.glob("*.yaml"))}


def find(name: str | Path) -> Path:
    """Return the file of a scenario: bundled unless it ends in .yaml or contains a slash.

    Raises ScenarioError that proposes the nearest bundled names.
    """
    text = str(name)
    if isinstance(name, Path) or text.endswith((".yaml", ".yml")) or "/" in text or "\\" in text:
        return Path(name)
    known = bundled()
    if text not in known:
        raise ScenarioError(
            f"'{text[:80]}': there is no bundled scenario of this name"
            f"{did_you_mean(text, known)}; a file needs .yaml or a slash in its name"
        )
    return known[text]


def description(path: Path) -> str:
    """Return the text after ``description:`` in the first lines of a bundled file."""
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith(_DESCRIPTION):
            return line.removeprefix(_DESCRIPTION).strip().strip("\"'")
    return ""
