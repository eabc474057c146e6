"""The parameters that vary: by name, with prior and bounds, and what values make of the cells."""

import dataclasses
import math
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from abm import units
from abm.errors import ScenarioError
from abm.parameters import ParameterRow
from abm.processes.cell_lines import CELL_LINES, CellLine, find_line_id
from abm.processes.cell_parameters import CellParameters
from scenarios.calibration.schema import Calibration, Parameter

CELL, LINE = "cell", "line"
_SPREADS_OF_BOUNDS = 3.0
"""Bounds that are not given lie so many standard deviations from the prior."""
_FLAT_SD = 1.0 / math.sqrt(12.0)
"""Standard deviation of a flat prior as a share of its width."""


class Varied(NamedTuple):
    """One parameter that varies; numbers in its unit."""

    name: str
    line: str | None
    """Id of the line that owns it, None for ``cell``."""
    field: str
    unit: str
    default: float
    prior: float
    start: float
    log_sd: float
    """Standard deviation of the prior, of the natural logarithm."""
    has_prior: bool
    """Whether the prior is lognormal; else it is flat in the logarithm within the bounds."""
    low: float
    high: float

    def written(self, value: float) -> str | float:
        """Return a value as a scenario writes it."""
        number = float(f"{value:.6g}")
        return f"{number!r} {self.unit}" if self.unit else number


class Space(NamedTuple):
    """All parameters that vary, in the order of the file."""

    varied: tuple[Varied, ...]

    @property
    def names(self) -> list[str]:
        """Names in order."""
        return [one.name for one in self.varied]

    def logs(self, values: Mapping[str, float]) -> NDArray[np.float64]:
        """Return the natural logarithms of values by name, float64[n]."""
        return np.log([values[one.name] for one in self.varied])

    def values(self, logs: NDArray[np.float64]) -> dict[str, float]:
        """Return values by name from logarithms, kept within the bounds."""
        return {
            one.name: min(max(math.exp(log), one.low), one.high)
            for one, log in zip(self.varied, logs, strict=True)
        }

    def start(self) -> dict[str, float]:
        """Return where the search begins."""
        return {one.name: one.start for one in self.varied}

    def prior_residuals(self, logs: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return how many standard deviations each value lies off its prior; 0 for flat ones."""
        centre = np.log([one.prior for one in self.varied])
        is_counted = np.array([one.has_prior for one in self.varied])
        return np.where(is_counted, (logs - centre) / self.log_sd(), 0.0)

    def log_sd(self) -> NDArray[np.float64]:
        """Return the standard deviations of the priors, of the natural logarithm."""
        return np.array([one.log_sd for one in self.varied])

    def overrides(self, values: Mapping[str, float]) -> dict[str, str | float]:
        """Return what the ``parameters`` of a scenario would hold."""
        return {one.name: one.written(values[one.name]) for one in self.varied}


class Cells(NamedTuple):
    """What values of the parameters make of cells and lines."""

    parameters: CellParameters
    lines: Mapping[str, CellLine]


def make_cells(space: Space, values: Mapping[str, float]) -> Cells:
    """Return parameters and lines with values by name in place of the defaults."""
    shared: dict[str, float] = {}
    owned: dict[str, dict[str, float]] = {}
    for one in space.varied:
        (shared if one.line is None else owned.setdefault(one.line, {}))[one.field] = values[
            one.name
        ]
    lines = {
        name: dataclasses.replace(line, **owned[name]) if name in owned else line  # type: ignore[arg-type]
        for name, line in CELL_LINES.items()
    }
    return Cells(dataclasses.replace(CellParameters(), **shared), lines)


def read_space(calibration: Calibration) -> Space:
    """Return the parameters of a file; raises ScenarioError with the line of what is wrong."""
    return Space(
        tuple(
            _read(name, entry, calibration.located(f"parameters.{name}"))
            for name, entry in calibration.parameters.items()
        )
    )


def _rows() -> dict[str, ParameterRow]:
    return {row.name: row for row in CellParameters.rows()}


def _line_rows() -> dict[str, ParameterRow]:
    return {row.name: row for row in CellLine.rows()}


def _identify(name: str, where: str) -> tuple[str | None, str, ParameterRow, float]:
    group, _, rest = name.partition(".")
    rows = _rows()
    if group == CELL and rest in rows:
        return None, rest, rows[rest], rows[rest].value
    line_name, _, field = rest.rpartition(".")
    line_rows = _line_rows()
    if group == LINE and line_name and field in line_rows:
        try:
            line_id = find_line_id(line_name)
        except ScenarioError as error:
            raise ScenarioError(f"{where}: {error}") from None
        return line_id, field, line_rows[field], float(getattr(CELL_LINES[line_id], field))
    known = [f"{CELL}.{one}" for one in rows]
    known += [f"{LINE}.{line}.{one}" for line in CELL_LINES for one in line_rows]
    tail = units.did_you_mean(name, known)
    if tail.startswith("; allowed"):
        tail = f": a name begins with {CELL}. or {LINE}.<id>., see docs/parameters.md"
    raise ScenarioError(f"{where}: there is no such parameter{tail}")


def _read(name: str, entry: Parameter, where: str) -> Varied:
    line, field, row, default = _identify(name, where)

    def number(value: str | float | None, otherwise: float, key: str) -> float:
        if value is None:
            return otherwise
        return units.to_unit(value, row.unit, where=f"{where}.{key}")

    prior = number(entry.prior, default, "prior")
    if prior <= 0.0:
        raise ScenarioError(
            f"{where}: {prior:g} is no prior: the search is on a log scale: give prior above 0"
        )
    if entry.spread is None and entry.bounds is None:
        raise ScenarioError(f"{where}: give spread (a factor, e.g. 1.5), bounds, or both")
    low, high = _bounds(entry, prior, row, where)
    start = number(entry.start, min(max(default, low), high), "start")
    for what, value in (("prior", prior), ("start", start)):
        if not low <= value <= high:
            raise ScenarioError(f"{where}: {what} {value:g} lies outside of {low:g} to {high:g}")
    log_sd = math.log(entry.spread) if entry.spread else _FLAT_SD * math.log(high / low)
    canonical = f"{CELL}.{field}" if line is None else f"{LINE}.{line}.{field}"
    return Varied(
        canonical, line, field, row.unit, default, prior, start, log_sd,
        entry.spread is not None, low, high,
    )  # fmt: skip


def _bounds(entry: Parameter, prior: float, row: ParameterRow, where: str) -> tuple[float, float]:
    if entry.bounds is None:
        assert entry.spread is not None
        wide = entry.spread**_SPREADS_OF_BOUNDS
        low, high = max(prior / wide, row.low), min(prior * wide, row.high)
    else:
        low, high = (
            units.to_unit(value, row.unit, where=f"{where}.bounds") for value in entry.bounds
        )
        if low < row.low or high > row.high:
            raise ScenarioError(
                f"{where}.bounds: {low:g} to {high:g} goes beyond what the parameter may be, "
                f"{row.low:g} to {row.high:g}"
            )
    if low <= 0.0 or not low < high:
        raise ScenarioError(
            f"{where}.bounds: {low:g} to {high:g}: the first must be above 0 and below the "
            f"second: swap them"
        )
    return low, high
