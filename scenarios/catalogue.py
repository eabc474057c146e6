"""The bundled scenarios and assays: names, files, one-line descriptions, without reading YAML."""

from collections.abc import Mapping
from pathlib import Path

from abm.errors import ScenarioError
from abm.units import did_you_mean

FOLDER = Path(__file__).parent / "library"
ASSAYS = FOLDER / "assays"
COHORTS = FOLDER / "cohorts"
SCREENS = FOLDER / "screens"
PROTOCOLS = FOLDER / "protocols.tsv"
_DESCRIPTION = "description:"
_ASSAY = "assay:"
_LARGEST_LOOK = 1 << 18


def bundled() -> dict[str, Path]:
    """Return the files of the bundled scenarios by name, in alphabetical order."""
    return {path.stem: path for path in sorted(FOLDER.glob("*.yaml"))}


def bundled_assays() -> dict[str, Path]:
    """Return the files of the bundled assays by name, in alphabetical order."""
    return {path.stem: path for path in sorted(ASSAYS.glob("*.yaml"))}


def bundled_cohorts() -> dict[str, Path]:
    """Return the files of the bundled cohorts by name, in alphabetical order."""
    return {path.stem: path for path in sorted(COHORTS.glob("*.yaml"))}


def bundled_screens() -> dict[str, Path]:
    """Return the files of the bundled sensitivity analyses by name, in alphabetical order."""
    return {path.stem: path for path in sorted(SCREENS.glob("*.yaml"))}


def protocol_lines() -> list[tuple[str, str]]:
    """Return id and title, with its mark and source, of every protocol of treatment.

    From a file that ``tools/make_tables.py`` writes, since the protocols themselves need numpy.
    """
    lines = PROTOCOLS.read_text(encoding="utf-8").splitlines()
    return [(line.partition("\t")[0], line.partition("\t")[2]) for line in lines]


def find(name: str | Path) -> Path:
    """Return the file of a scenario or assay: bundled unless it ends in .yaml or has a slash.

    Raises ScenarioError that proposes the nearest bundled names.
    """
    _refuse_others(str(name))
    return find_among(bundled() | bundled_assays(), name, "scenario or assay")


def find_scenario(name: str | Path) -> Path:
    """Return the file of a scenario; as :func:`find`, but an assay is none."""
    if str(name) in bundled_assays():
        raise ScenarioError(f"'{name}': is an assay, no scenario: asnsim run {name}")
    _refuse_others(str(name))
    return find_among(bundled(), name, "scenario")


def _refuse_others(name: str) -> None:
    """Raise ScenarioError for the name of something bundled that another command takes."""
    for kind, command, others in (
        ("cohort", "cohort", bundled_cohorts), ("screen", "sensitivity", bundled_screens),
    ):  # fmt: skip
        if name in others():
            raise ScenarioError(f"'{name}': is a {kind}: asnsim {command} {name} --out FOLDER")
    if name not in bundled() and name in dict(protocol_lines()):
        raise ScenarioError(
            f"'{name}': is a protocol of treatment: a scenario names it, "
            f"treatment: {{protocol: {name}}}"
        )


def find_among(known: Mapping[str, Path], name: str | Path, kind: str) -> Path:
    """Return one of the bundled files ``known``, unless ``name`` ends in .yaml or has a slash.

    ``kind`` is what the message of the ScenarioError calls it; it proposes the nearest names.
    """
    text = str(name)
    if isinstance(name, Path) or text.endswith((".yaml", ".yml")) or "/" in text or "\\" in text:
        return Path(name)
    if text not in known:
        raise ScenarioError(
            f"'{text[:80]}': there is no bundled {kind} of this name"
            f"{did_you_mean(text, known)}; a file needs .yaml or a slash in its name"
        )
    return known[text]


def is_assay(name: str | Path) -> bool:
    """Tell whether a name or file is that of an assay: it has a key ``assay`` at the top.

    A file that cannot be read is none; whoever loads it says why. Raises ScenarioError as
    :func:`find`.
    """
    path = find(name)
    try:
        with path.open("rb") as file:
            text = file.read(_LARGEST_LOOK).decode("utf-8", errors="replace")
    except (OSError, ValueError):
        return False
    return any(line.startswith(_ASSAY) for line in text.splitlines())


def description(path: Path) -> str:
    """Return the text after ``description:`` in the first lines of a bundled file."""
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith(_DESCRIPTION):
            return line.removeprefix(_DESCRIPTION).strip().strip("\"'")
    return ""
