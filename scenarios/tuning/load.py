"""A file that calibrates a scenario or assay, checked, with its base and its targets."""

import hashlib
import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from abm.errors import ScenarioError
from abm.observe import timeseries_rows
from scenarios import load_text
from scenarios.build import build
from scenarios.load import checked, overridden, resolve, to_yaml
from scenarios.schema import Scenario
from scenarios.sweep.load import Job, Sweep, make_sweep, seed_of
from scenarios.sweep.points import Ends, between, ends_of
from scenarios.tuning.schema import TuningFile
from scenarios.tuning.targets import Aim, aims_of, check, read_csv

KEY = "calibrate"
_DIGITS = 10
_ARM = "all"
_MAY_GROW = ("trials", "populations", "least_acceptance")
"""Keys that a folder which was begun may be given other values of."""


@dataclass(frozen=True)
class Tuning:
    """A checked file.

    base : its scenario or assay with ``changes``, as a sweep without points
    base_name : what `asnsim run` calls that
    ends : dotted path -> range
    aims : the targets
    """

    file: TuningFile
    base: Sweep
    base_name: str
    ends: Mapping[str, Ends]
    aims: tuple[Aim, ...]

    @property
    def name(self) -> str:
        """Name of the file."""
        return self.file.name

    @property
    def units(self) -> dict[str, str]:
        """Dotted path -> unit of its range."""
        return {name: ends.unit for name, ends in self.ends.items()}

    @property
    def fingerprint(self) -> str:
        """Hash of all that the result depends on and that must not change between two calls."""
        keys = self.file.model_dump(mode="json", exclude=set(_MAY_GROW))
        keys["aims"] = [aim._asdict() for aim in self.aims]
        text = json.dumps([keys, self.base.fingerprint], sort_keys=True)
        return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()

    def shares(self, values: Mapping[str, float]) -> dict[str, float]:
        """Return how far each value is from the low to the high end of its prior, 0 to 1."""
        return {name: _share(self.ends[name], value) for name, value in values.items()}

    def values(self, shares: Mapping[str, float]) -> dict[str, float]:
        """Return the values at shares of the way from the low to the high ends."""
        return {
            name: float(str(between(ends, min(max(shares[name], 0.0), 1.0))).split(" ")[0])
            for name, ends in self.ends.items()
        }

    def point(self, values: Mapping[str, float]) -> dict[str, Any]:
        """Return ``changes`` and values as they would be written, by dotted path."""
        written: dict[str, Any] = dict(self.file.changes)
        for name, ends in self.ends.items():
            text = f"{values[name]:.{_DIGITS}g}"
            written[name] = f"{text} {ends.unit}" if ends.unit else float(text)
        return written

    def seeds(self, key: Mapping[str, Any]) -> list[int]:
        """Return the seeds of the replicates; those of another ``key`` are others."""
        return [seed_of(self.file.seed, dict(key), one) for one in range(self.file.replicates)]

    def jobs(self, values: Mapping[str, float], seeds: list[int], place: int = 0) -> Iterator[Job]:
        """Yield the runs of a point."""
        overrides = tuple(f"{k}={json.dumps(v)}" for k, v in self.point(values).items())
        for replicate, seed in enumerate(seeds):
            yield Job(
                place, _ARM, replicate, self.base.base, self.base.base_name, overrides, seed, (), ""
            )  # fmt: skip


def _share(ends: Ends, value: float) -> float:
    if ends.is_log:
        return math.log(value / ends.low) / math.log(ends.high / ends.low)
    return (value - ends.low) / (ends.high - ends.low)


def is_tuning(name: str | Path) -> bool:
    """Tell whether a file calibrates a scenario or assay: it has the key ``calibrate`` at the top.

    A bundled name, or a file that cannot be read, is none; whoever loads it says why.
    """
    path = Path(name)
    try:
        text = load_text.read_file(path)
    except ScenarioError:
        return False
    return any(line.startswith(f"{KEY}:") for line in text.splitlines()) or (
        text.lstrip().startswith("{") and f'"{KEY}"' in text
    )


def load_tuning(path: str | Path, *, seed: int | None = None) -> Tuning:
    """Return the calibration in a file; ``seed`` replaces its seed.

    The base is read with each value in the middle of its range. Raises ScenarioError whose text
    has one line per problem.
    """
    file = Path(path)
    tree = load_text.parse_text(load_text.read_file(file), str(path))
    where = overridden(tree, str(path), seed=seed)
    found = checked(TuningFile, where)
    found._name = file.stem
    found._locate = where
    try:
        ends = {name: ends_of(name, given) for name, given in found.vary.items()}
        targets = found.targets if found.csv is None else read_csv(file.parent / found.csv)
    except ScenarioError as error:
        raise ScenarioError(f"{path}: {error}") from None
    middle = {name: between(one, 0.5) for name, one in ends.items()}
    keys = {"asnsim": 1, "sweep": found.calibrate, "changes": found.changes, "seed": found.seed}
    base = make_sweep(keys, file, (middle,))
    tuning = Tuning(found, base, _base_name(found.calibrate, file), ends, aims_of(targets))
    document = base.jobs()[0].document()
    if isinstance(document, Scenario):
        try:
            columns = tuple(timeseries_rows(build(document)))
            check(tuning.aims, columns, document.time.end)
        except ScenarioError as error:
            raise ScenarioError(f"{path}: {error}") from None
    return tuning


def _base_name(base: str, file: Path) -> str:
    return str(file.parent / base) if base.endswith((".yaml", ".yml")) else base


def dump(tuning: Tuning) -> str:
    """Return the file as YAML with every default filled in."""
    return to_yaml(resolve(tuning.file, tuning.file._author))
