"""A sweep file with its base scenario, checked; every run as a scenario."""

import copy
import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from abm.errors import ScenarioError
from abm.units import did_you_mean
from scenarios import catalogue, load_text
from scenarios.load import Locator, checked, loads, overridden, resolve, to_yaml
from scenarios.schema import Scenario
from scenarios.sources import sources_digest
from scenarios.studies.load import loads_assay
from scenarios.studies.schema import Assay
from scenarios.sweep.outcomes import OUTCOMES
from scenarios.sweep.points import Point, points_of
from scenarios.sweep.schema import SweepFile
from scenarios.vessel_table import read_vessels

_SEED_BYTES = 7


class Job(NamedTuple):
    """One run of a sweep: what a worker needs, and no more.

    base, name : text of the base scenario and what messages call it
    overrides  : texts ``path=value``
    outcomes   : names of what is told
    """

    point: int
    arm: str
    replicate: int
    base: str
    name: str
    overrides: tuple[str, ...]
    seed: int
    outcomes: tuple[str, ...]
    fingerprint: str

    @property
    def is_assay(self) -> bool:
        """Whether the base is an assay."""
        return any(line.startswith("assay:") for line in self.base.splitlines())

    @property
    def file_name(self) -> str:
        """Name of its file."""
        return f"p{self.point:06d}-{self.arm}-r{self.replicate:04d}.parquet"

    def document(self) -> Scenario | Assay:
        """Return the scenario or assay; raises ScenarioError where a value does not fit."""
        read = loads_assay if self.is_assay else loads
        return read(self.base, self.name, self.overrides, seed=self.seed)


@dataclass(frozen=True)
class Sweep:
    """A checked sweep: its file, the text of the base scenario, the points."""

    file: SweepFile
    base: str
    base_name: str
    points: tuple[Point, ...]

    @property
    def name(self) -> str:
        """Name of the sweep file."""
        return self.file.name

    @property
    def fingerprint(self) -> str:
        """Hash of all that the results depend on: files, points, code."""
        parts = [dump_sweep(self), self.base, self.points, sources_digest()]
        return hashlib.blake2b(json.dumps(parts).encode(), digest_size=16).hexdigest()

    def jobs(self) -> list[Job]:
        """Return all runs; those of one point and replicate have one seed in all arms.

        With ``shared_seeds`` all points of a replicate have one, too.
        """
        return list(self._jobs())

    def _jobs(self) -> Iterator[Job]:
        fingerprint = self.fingerprint
        for index, point in enumerate(self.points):
            for replicate in range(self.file.replicates):
                own = {} if self.file.shared_seeds else point
                seed = seed_of(self.file.seed, own, replicate)
                for arm, changes in self.file.arms.items():
                    values = {**self.file.changes, **point, **changes}
                    overrides = tuple(f"{k}={json.dumps(v)}" for k, v in values.items())
                    yield Job(
                        index, arm, replicate, self.base, self.base_name, overrides, seed,
                        self.file.outcomes, fingerprint,
                    )  # fmt: skip


def seed_of(root: int, point: Point, replicate: int) -> int:
    """Return the seed of a run, a hash of what the run is and not of where it stands in a list."""
    text = json.dumps([root, sorted(point.items()), replicate])
    digest = hashlib.blake2b(text.encode(), digest_size=_SEED_BYTES).digest()
    return int.from_bytes(digest, "little")


def load_sweep(path: str | Path) -> Sweep:
    """Return the sweep in a file, with the points and the base scenario read.

    The first point of every arm is checked as a scenario. Raises ScenarioError whose text has one
    line per problem.
    """
    file = Path(path)
    tree = load_text.parse_text(load_text.read_file(file), str(path))
    where = overridden(tree, str(path))
    return _complete(checked(SweepFile, where), where, file)


def make_sweep(keys: dict[str, Any], file: Path, points: tuple[Point, ...]) -> Sweep:
    """Return the sweep of ``keys`` over given points, as if it stood in ``file``."""
    tree = load_text.parse_text(json.dumps(keys), str(file))
    where = overridden(tree, str(file))
    return _complete(checked(SweepFile, where), where, file, points)


def _complete(
    sweep_file: SweepFile, where: Locator, file: Path, points: tuple[Point, ...] | None = None
) -> Sweep:
    sweep_file._name = file.stem
    sweep_file._locate = where
    base = sweep_file.sweep
    base_path = file.parent / base if base.endswith((".yaml", ".yml")) else catalogue.find(base)
    if points is None:
        points = tuple(points_of(sweep_file, file.parent))
    found = Sweep(sweep_file, _with_tables(base_path, base), base, points)
    jobs = found.jobs()
    if not jobs[0].is_assay:
        _check_outcomes(sweep_file)
    for job in jobs[: len(sweep_file.arms)]:
        job.document()
    return found


def _with_tables(path: Path, name: str) -> str:
    """Return the text of a base; where it names a table of vessels, with its numbers instead."""
    text = load_text.read_file(path)
    contents = load_text.parse_text(text, name).contents
    before = copy.deepcopy(contents)
    read_vessels(contents, path.parent)
    return text if contents == before else to_yaml(contents)


def _check_outcomes(sweep_file: SweepFile) -> None:
    for i, name in enumerate(sweep_file.outcomes):
        if name not in OUTCOMES:
            where = sweep_file.located(f"outcomes.{i}")
            raise ScenarioError(f"{where}: '{name}' is no outcome{did_you_mean(name, OUTCOMES)}")


def dump_sweep(sweep: Sweep) -> str:
    """Return the sweep file as YAML with every default filled in."""
    return to_yaml(resolve(sweep.file, sweep.file._author))


def contents(sweep: Sweep) -> dict[str, Any]:
    """Return what ``sweep.json`` says of the sweep."""
    return {
        "name": sweep.name,
        "base": sweep.base_name,
        "description": sweep.file.description,
        "seed": sweep.file.seed,
        "arms": list(sweep.file.arms),
        "n_points": len(sweep.points),
        "replicates": sweep.file.replicates,
        "fingerprint": sweep.fingerprint,
    }
