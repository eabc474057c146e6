"""A calibration file, checked; errors say the line."""

from pathlib import Path

import pydantic

from abm.errors import ScenarioError
from abm.units import did_you_mean
from scenarios import load_text
from scenarios.calibration.schema import Calibration
from scenarios.load import Locator
from scenarios.load_errors import explain, to_lines

LIBRARY = Path(__file__).parents[1] / "library" / "calibration"


def find(name: str | Path) -> Path:
    """Return the file of a calibration: bundled unless it ends in .yaml or has a slash.

    Raises ScenarioError that proposes the nearest bundled name.
    """
    text = str(name)
    if isinstance(name, Path) or text.endswith((".yaml", ".yml")) or "/" in text or "\\" in text:
        return Path(name)
    known = {path.stem: path for path in sorted(LIBRARY.glob("*.yaml"))}
    if text not in known:
        raise ScenarioError(
            f"'{text[:80]}': there is no bundled calibration of this name"
            f"{did_you_mean(text, known)}; a file needs .yaml or a slash in its name"
        )
    return known[text]


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
    if seed is not None:
        tree.contents["seed"] = seed
    where = Locator(file, tree, ())
    try:
        calibration = Calibration.model_validate(tree.contents)
    except pydantic.ValidationError as error:
        found = explain(error, tree.contents, Calibration)
        found.sort(key=lambda one: (one.rank, tree.line(one.path)))
        raise ScenarioError(to_lines(found, where.line)) from None
    # Names of parameters hold dots themselves, so places are found by key and not by dotted path.
    calibration._locate = lambda path: f"{_place(where, path)}: {path}"
    return calibration


def _place(where: Locator, path: str) -> str:
    group, _, rest = path.partition(".")
    if group == "parameters":
        return where.line((group, rest))
    parts = tuple(int(part) if part.isdigit() else part for part in path.split("."))
    return where.line(parts)
