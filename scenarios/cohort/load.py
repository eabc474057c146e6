"""A cohort by name or file: its patients, and one checked scenario for each arm."""

import copy
import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pydantic
from pydantic_core import PydanticCustomError

from abm import __version__
from abm.errors import ScenarioError
from scenarios import catalogue, load_text
from scenarios.cohort.patients import Patients, sample_patients
from scenarios.cohort.schema import CohortFile
from scenarios.cohort.table import extrapolations, read_patients
from scenarios.load import Locator, checked, overridden, resolve, to_yaml
from scenarios.load_errors import explain, to_lines
from scenarios.load_text import KeyPath, Tree
from scenarios.schema import Scenario
from scenarios.schema.base import quantity
from scenarios.sources import sources_digest
from scenarios.therapy import cohort_warnings

_KEY = "cohort:"
_LARGEST_LOOK = 1 << 16
_TREATMENT = "treatment"
_DRAWN = {"variability": "drawn"}
"""What every arm has unless its treatment says otherwise."""
TYPICAL = MappingProxyType({"bsa": "0.79 m2", "age": "6 yr", "sex": "f"})
"""Whom a scenario is checked with; the patients themselves come with each batch."""


@dataclass(frozen=True)
class Cohort:
    """A checked cohort file with the scenario of each arm, as contents and as checked object."""

    file: CohortFile
    arms: Mapping[str, dict[str, Any]]
    scenarios: Mapping[str, Scenario]
    folder: Path
    base_text: str

    @property
    def name(self) -> str:
        """Name of the bundled file, or stem of the author's."""
        return self.file.name

    def patients(self, n: int | None = None) -> Patients:
        """Return the first ``n`` patients, or as many as the file says.

        Raises ScenarioError for a CSV that cannot be used or has too few rows.
        """
        own = self.file.patients
        number = own.number if n is None else n
        if own.csv is not None:
            path = self.folder / own.csv
            return read_patients(path, self.file.seed, own.spreads, own.subtypes, number)
        assert number is not None
        return sample_patients(number, self.file.seed, own.who, own.spreads, own.subtypes)

    def warnings(self, patients: Patients) -> list[str]:
        """Return what a reader should know before trusting the result.

        Raises ScenarioError that names a patient for whom the kinetics of an arm give no number.
        """
        found = extrapolations(patients)
        for scenario in self.scenarios.values():
            found += cohort_warnings(scenario, patients.cohort, patients.labels)
        return list(dict.fromkeys(found))

    def fingerprint(self) -> str:
        """Return a hash of everything that a patient's result depends on, but for the patients.

        The number of patients, the size of batches and the comparison are left out, so that a
        finished folder may be enlarged.
        """
        own = self.file.patients
        parts = [
            __version__, sources_digest(), self.file.seed, own.demographics, own.disease,
            own.subtypes, self._csv_hash(), {name: self.arms[name] for name in sorted(self.arms)},
            self.file.record,
        ]  # fmt: skip
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()

    def _csv_hash(self) -> str:
        if self.file.patients.csv is None:
            return ""
        path = self.folder / self.file.patients.csv
        if not path.is_file():
            raise ScenarioError(f"{self.file.located('patients.csv')}: {path}: no such file")
        return hashlib.sha256(path.read_bytes()).hexdigest()


def find(name: str | Path) -> Path:
    """Return the file of a cohort: bundled unless it ends in .yaml or has a slash.

    Raises ScenarioError that proposes the nearest bundled name.
    """
    return catalogue.find_among(catalogue.bundled_cohorts(), name, "cohort")


def is_cohort(name: str | Path) -> bool:
    """Tell whether a name or file is that of a cohort: it has a key ``cohort`` at the top."""
    if str(name) in catalogue.bundled_cohorts():
        return True
    try:
        with Path(name).open("rb") as file:
            text = file.read(_LARGEST_LOOK).decode("utf-8", errors="replace")
    except (OSError, ValueError):
        return False
    return any(line.startswith(_KEY) for line in text.splitlines())


def load_cohort(
    name: str | Path, overrides: Sequence[str] = (), *, seed: int | None = None
) -> Cohort:
    """Return the bundled cohort ``name``, or that of a file (ends in .yaml or has a slash).

    ``overrides`` are texts ``path=value`` as of ``--set``. Raises ScenarioError whose text has one
    line per problem: FILE: line N: path: value: rule: remedy.
    """
    path = find(name)
    return loads_cohort(load_text.read_file(path), str(name), overrides, seed=seed, path=path)


def loads_cohort(
    text: str,
    file: str = "cohort",
    overrides: Sequence[str] = (),
    *,
    seed: int | None = None,
    path: Path | None = None,
) -> Cohort:
    """Return the cohort in ``text``; ``file`` is how messages call it, ``path`` where it lies."""
    tree = load_text.parse_text(text, file)
    where = overridden(tree, file, overrides, seed)
    contents = checked(CohortFile, where)
    contents._name = Path(file).stem
    contents._locate = where
    folder = Path() if path is None else path.parent
    base_text, base = _base(contents, folder, where)
    _refuse_other_kinds(base.contents, where)
    arms = {name: _arm(contents, name, base.contents, where) for name in contents.arms}
    scenarios = {name: _scenario(name, own, base, where) for name, own in arms.items()}
    return Cohort(contents, arms, scenarios, folder, base_text)


def dump_cohort(cohort: Cohort) -> str:
    """Return the cohort file as YAML with every default filled in, in the units of the author."""
    return to_yaml(resolve(cohort.file, cohort.file._author))


def _base(contents: CohortFile, folder: Path, where: Locator) -> tuple[str, Tree]:
    """Return the text and the tree of the base scenario."""
    if isinstance(contents.base, dict):
        inner = {
            path[1:]: line for path, line in where.tree.lines.items() if path and path[0] == "base"
        }
        return "", Tree(f"{where.file}: base", copy.deepcopy(contents.base), inner)
    name = contents.base
    try:
        path = catalogue.find(name)
        if not path.is_absolute() and not path.exists():
            path = folder / path
        text = load_text.read_file(path)
        return text, load_text.parse_text(text, name)
    except ScenarioError as error:
        raise ScenarioError(f"{where('base')}: {error}") from None


def _refuse_other_kinds(base: dict[str, Any], where: Locator) -> None:
    environment = base.get("environment")
    kind = environment.get("kind") if isinstance(environment, dict) else None
    if kind != "body":
        raise ScenarioError(f"{where('base')}: {kind}: patients are bodies: environment kind: body")


def _arm(contents: CohortFile, name: str, base: dict[str, Any], where: Locator) -> dict[str, Any]:
    """Return the contents of one arm's scenario."""
    arm = contents.arms[name]
    out = copy.deepcopy(base)
    author = contents._author
    out.setdefault("time", {})["end"] = author["end"]
    out["stop"] = list(contents.stop)
    out["seed"] = contents.seed
    for path, value in contents.changes.items():
        _assign(out, path, value, where(f"changes.{path}"))
    out["time"]["record"] = out["time"]["checkpoint"] = _rare(contents.end, out["time"])
    treatment = out.get(_TREATMENT, {}) if arm.treatment is None else copy.deepcopy(arm.treatment)
    treatment.pop("patient", None)
    out[_TREATMENT] = {**_DRAWN, **treatment}
    for path, value in arm.changes.items():
        place = where(f"arms.{name}.changes.{path}")
        _assign(out[_TREATMENT], path, value, place)
    return out


def _rare(end: float, time: dict[str, Any]) -> str:
    """Return the longest interval of records within ``end`` hours.

    The curves of a cohort are kept by its own clock; what a run records would only cost time.
    """
    try:
        step = quantity(time.get("fate", "6 min"), "hour")
    except PydanticCustomError:
        return f"{end!r} h"  # the check of the scenario tells what is wrong with it
    return f"{max(math.floor(end / step + 1e-9), 1) * step!r} h"


def _assign(contents: dict[str, Any], dotted: str, value: Any, place: str) -> None:
    """Put ``value`` at a dotted path; a number is the entry of a list."""
    parts = dotted.split(".")
    node: Any = contents
    for part in parts[:-1]:
        if isinstance(node, list):
            node = _entry(node, part, place)
        elif isinstance(node, dict):
            node = node.setdefault(part, {})
        else:
            raise ScenarioError(f"{place}: has no keys below it")
    if isinstance(node, list):
        _entry(node, parts[-1], place)
        node[int(parts[-1])] = copy.deepcopy(value)
    elif isinstance(node, dict):
        node[parts[-1]] = copy.deepcopy(value)
    else:
        raise ScenarioError(f"{place}: has no keys below it")


def _entry(node: list[Any], part: str, place: str) -> Any:
    if not part.isdigit() or int(part) >= len(node):
        raise ScenarioError(f"{place}: '{part}' is no entry: a number from 0 to {len(node) - 1}")
    return node[int(part)]


def _scenario(name: str, contents: dict[str, Any], base: Tree, where: Locator) -> Scenario:
    """Return the checked scenario of an arm; what is wrong is told where it was written.

    The patient of the check is a typical one, since the doses of a body need somebody.
    """
    whole = copy.deepcopy(contents)
    whole[_TREATMENT]["patient"] = dict(TYPICAL)
    try:
        scenario = Scenario.model_validate(whole)
    except pydantic.ValidationError as error:
        found = explain(error, whole, Scenario)

        def place(path: KeyPath) -> str:
            if path[:1] == (_TREATMENT,):
                return where.line(("arms", name, *path))
            return f"{where.line(('arms', name))}: base: line {base.line(path)}"

        raise ScenarioError(to_lines(found, place)) from None
    scenario._name = name
    return scenario
