"""The points of a sweep: every combination of values that is run, as dotted paths with values."""

import csv
import itertools
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from abm.errors import ScenarioError
from scenarios.sweep.schema import SAMPLED, Range, SweepFile

Point = dict[str, Any]
"""Dotted path -> value, as it would be written in a scenario."""
_NUMBER = re.compile(r"\s*([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)\s*(.*?)\s*")
_DIGITS = 10


def points_of(sweep: SweepFile, folder: Path) -> list[Point]:
    """Return the points in order; one empty point where nothing varies.

    ``folder`` is where a CSV lies. Raises ScenarioError for a CSV or a range that cannot be read.
    """
    if sweep.csv is not None:
        return _from_csv(folder / sweep.csv)
    names = list(sweep.vary)
    if sweep.design in SAMPLED:
        return _sampled(sweep, names)
    values = [sweep.vary[name] for name in names]
    combined: Iterator[tuple[Any, ...]]
    if sweep.design == "list":
        combined = zip(*values, strict=True) if values else iter([()])  # type: ignore[arg-type]
    else:
        combined = itertools.product(*values)  # type: ignore[arg-type]
    return [dict(zip(names, row, strict=True)) for row in combined]


def _sampled(sweep: SweepFile, names: list[str]) -> list[Point]:
    from scipy.stats import qmc

    assert sweep.points is not None
    if sweep.design == "sobol":
        sampler: Any = qmc.Sobol(len(names), rng=np.random.default_rng(sweep.seed))
    else:
        sampler = qmc.LatinHypercube(len(names), rng=np.random.default_rng(sweep.seed))
    unit = sampler.random(sweep.points)
    ends = [ends_of(name, sweep.vary[name]) for name in names]  # type: ignore[arg-type]
    return [
        {name: between(end, u) for name, end, u in zip(names, ends, row, strict=True)}
        for row in unit.tolist()
    ]


class Ends:
    """Both ends of a range and the unit that they share."""

    def __init__(self, low: float, high: float, unit: str, is_log: bool) -> None:
        self.low, self.high, self.unit, self.is_log = low, high, unit, is_log


def ends_of(name: str, given: Range) -> Ends:
    """Return the ends of a range; ScenarioError where they do not go together."""
    low, unit = _split(name, given.low)
    high, other = _split(name, given.high)
    where = f"vary.{name}"
    if unit != other:
        raise ScenarioError(f"{where}: low is in '{unit}' and high in '{other}': use one unit")
    if not low < high:
        raise ScenarioError(f"{where}: low {low:g} must be below high {high:g}")
    if given.scale == "log" and not low > 0.0:
        raise ScenarioError(f"{where}: low {low:g} must be above 0 on a log scale")
    return Ends(low, high, unit, given.scale == "log")


def _split(name: str, value: str | int | float) -> tuple[float, str]:
    found = _NUMBER.fullmatch(str(value))
    if found is None:
        raise ScenarioError(
            f"vary.{name}: {value!r}: must be a number, with its unit if it has one"
        )
    return float(found[1]), found[2]


def between(ends: Ends, u: float) -> str | float:
    """Return the value at a share ``u`` of the way from the low end to the high one."""
    if ends.is_log:
        value = ends.low * (ends.high / ends.low) ** u
    else:
        value = ends.low + (ends.high - ends.low) * u
    text = f"{value:.{_DIGITS}g}"
    return f"{text} {ends.unit}" if ends.unit else float(text)


def _from_csv(path: Path) -> list[Point]:
    try:
        with path.open(newline="", encoding="utf-8") as file:
            rows = list(csv.reader(file))
    except (OSError, UnicodeDecodeError) as error:
        raise ScenarioError(f"csv: {path}: cannot be read ({error})") from None
    if len(rows) < 2:
        raise ScenarioError(f"csv: {path}: needs a line of dotted paths and a line per point")
    names = [name.strip() for name in rows[0]]
    points = []
    for number, row in enumerate(rows[1:], 2):
        if len(row) != len(names):
            raise ScenarioError(
                f"csv: {path}: line {number}: has {len(row)} values for {len(names)} paths"
            )
        points.append({n: _plain(v.strip()) for n, v in zip(names, row, strict=True)})
    return points


def _plain(text: str) -> str | float:
    try:
        return float(text)
    except ValueError:
        return text


def described(point: Mapping[str, Any]) -> str:
    """Return a point as one line of text."""
    return ", ".join(f"{name} = {value}" for name, value in point.items()) or "as it is"
