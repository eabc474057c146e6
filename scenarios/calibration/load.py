"""A calibration file, checked; errors say the line."""

from pathlib import Path

from scenarios import catalogue, load_text
from scenarios.calibration.schema import Calibration
from scenarios.load import Locator, checked, overridden

LIBRARY = Path(__file__).parents[1] / "library" / "calibration"


def find(name: str | Path) -> Path:
    """Return the file of a calibration: bundled unless it ends in .yaml or has a slash.

    Raises ScenarioError that proposes the nearest bundled name.
    """
    known = {path.stem: path for path in sorted(LIBRARY.glob("*.yaml"))}
    return catalogue.find_among(known, name, "calibration")


def load_calibration(name: str | Path, *, seed: int | None = None) -> Calibration:
    """Return the calibration ``name``; ``seed`` replaces its seed.

    Raises ScenarioError whose text has one line per problem: FILE: line N: path: value: remedy.
    """
    return loads_calibration(load_text.read_file(find(name)), str(name), seed=seed)


def loads_calibration(
    text: str, file: str = "calibration", *, seed: int | None = None
) -> Calibration:
    """Return the calibration in ``text``; ``file`` is how messages call it."""
    tree = load_text.parse_text(text, file)
    where = overridden(tree, file, seed=seed)
    calibration = checked(Calibration, where)
    # Names of parameters hold dots themselves, so places are found by key and not by dotted path.
    calibration._locate = lambda path: f"{_place(where, path)}: {path}"
    return calibration


def _place(where: Locator, path: str) -> str:
    group, _, rest = path.partition(".")
    if group == "parameters":
        return where.line((group, rest))
    parts = tuple(int(part) if part.isdigit() else part for part in path.split("."))
    return where.line(parts)
