"""Targets: from a CSV, their numbers in the table of a run, and how far off those are."""

import csv
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pydantic
from numpy.typing import NDArray

from abm.errors import ScenarioError
from abm.units import did_you_mean
from scenarios.load_errors import explain
from scenarios.schema.base import show_time
from scenarios.sweep.one_run import REPLICATE, outcome
from scenarios.sweep.outcomes import OUTCOMES
from scenarios.tuning.schema import Target

FARTHEST = 1e4
"""No residual is larger; a target without a number has this one (assumption A450)."""
_LEAST_SHARE = 1e-6
"""On a log scale, what is smaller than this share of the target counts as it (A451)."""
_WHERE = "where."
_COLUMNS = ("outcome", "time", "column", "value", "sd", "scale")
_NEEDED = ("value", "sd")
_SAME = 1e-9

Floats = NDArray[np.float64]


class Aim(NamedTuple):
    """A target as the workers need it.

    name   : how tables call it
    column : outcome, or column of the table of a run
    time_h : when a time series is read; nan for outcomes
    where  : what other columns of an assay's row hold
    """

    name: str
    column: str
    time_h: float
    where: tuple[tuple[str, Any], ...]
    value: float
    sd: float
    is_log: bool

    @property
    def is_of_series(self) -> bool:
        """Whether it is a point of the time series."""
        return not math.isnan(self.time_h)


def aims_of(targets: Sequence[Target]) -> tuple[Aim, ...]:
    """Return targets as the workers need them, each with a name of its own."""
    aims: list[Aim] = []
    for target in targets:
        name = target.outcome or f"{target.column} at {target.time:g} h"
        if target.where:
            name += " where " + ", ".join(f"{key} = {value}" for key, value in target.where.items())
        n_before = sum(aim.name == name or aim.name.startswith(f"{name} (") for aim in aims)
        aims.append(
            Aim(
                f"{name} ({n_before + 1})" if n_before else name,
                target.outcome or target.column or "",
                math.nan if target.time is None else target.time,
                tuple(target.where.items()),
                target.value,
                target.sd,
                target.scale == "log",
            )
        )
    return tuple(aims)


def read_csv(path: Path) -> tuple[Target, ...]:
    """Return the targets in a CSV; cells may be empty, ``where.NAME`` holds what NAME must be.

    Raises ScenarioError that names the line.
    """
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            rows = [row for row in csv.reader(file) if any(cell.strip() for cell in row)]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ScenarioError(f"csv: {path}: cannot be read ({error})") from None
    if len(rows) < 2:
        raise ScenarioError(f"csv: {path}: needs a line of column names and a line per target")
    names = [name.strip() for name in rows[0]]
    for name in names:
        if name not in _COLUMNS and not name.startswith(_WHERE):
            raise ScenarioError(
                f"csv: {path}: line 1: '{name}' is no column of targets "
                f"({', '.join(_COLUMNS)}, {_WHERE}NAME){did_you_mean(name, _COLUMNS)}"
            )
    for name in _NEEDED:
        if name not in names:
            raise ScenarioError(f"csv: {path}: line 1: the column '{name}' is missing")
    return tuple(_of_row(path, number, names, row) for number, row in enumerate(rows[1:], 2))


def _of_row(path: Path, number: int, names: Sequence[str], row: Sequence[str]) -> Target:
    where = f"csv: {path}: line {number}"
    if len(row) != len(names):
        raise ScenarioError(f"{where}: has {len(row)} values for {len(names)} columns")
    cells = {name: cell.strip() for name, cell in zip(names, row, strict=True) if cell.strip()}
    keys: dict[str, Any] = {name: cell for name, cell in cells.items() if name in _COLUMNS}
    conditions = {
        name.removeprefix(_WHERE): _plain(cell)
        for name, cell in cells.items()
        if name.startswith(_WHERE)
    }
    if conditions:
        keys["where"] = conditions
    try:
        target = Target.model_validate(keys)
    except pydantic.ValidationError as error:
        first = explain(error, keys, Target)[0]
        raise ScenarioError(f"{where}: {'.'.join(map(str, first.path))}: {first.message}") from None
    for place, text in target.problems():
        raise ScenarioError(f"{where}: {'.'.join(map(str, place))}: {text}")
    return target


def _plain(text: str) -> str | float:
    try:
        return float(text)
    except ValueError:
        return text


def check(aims: Sequence[Aim], columns: Sequence[str], end_h: float) -> None:
    """Raise ScenarioError for targets that no run of a scenario can have.

    columns : those of its time series
    end_h   : its end [h]
    """
    for index, aim in enumerate(aims):
        where = f"targets.{index}"
        if aim.where:
            raise ScenarioError(f"{where}.where: belongs to the results of an assay: leave it out")
        if not aim.is_of_series:
            if aim.column not in OUTCOMES:
                hint = did_you_mean(aim.column, OUTCOMES)
                known = ", ".join(OUTCOMES)
                raise ScenarioError(
                    f"{where}.outcome: '{aim.column}' is no outcome ({known}){hint}"
                )
        elif aim.column not in columns:
            hint = did_you_mean(aim.column, columns)
            raise ScenarioError(f"{where}.column: the time series has no '{aim.column}'{hint}")
        elif aim.time_h > end_h * (1.0 + _SAME):
            raise ScenarioError(
                f"{where}.time: {show_time(aim.time_h)} is after the end of the run, "
                f"{show_time(end_h)}"
            )


def of_scenario(aims: Sequence[Aim], table: pd.DataFrame) -> Floats:
    """Return the numbers of all targets in the time series of a run, nan where there is none.

    Several wells are averaged.
    """
    parts = (
        [part for _, part in table.groupby(REPLICATE, sort=True)] if REPLICATE in table else [table]
    )
    return np.array(
        [
            float(np.mean([_at(part, aim) for part in parts]))
            if aim.is_of_series
            else outcome(aim.column, table)
            for aim in aims
        ]
    )


def _at(table: pd.DataFrame, aim: Aim) -> float:
    """Return a column at a time, on a straight line between rows.

    A run that ended before, because no cell was left, has no cell later either.
    """
    time_h = table["time_h"].to_numpy(float)
    values = table[aim.column].to_numpy(float)
    if aim.time_h > time_h[-1] * (1.0 + _SAME):
        is_empty = aim.column.startswith("n_") and values[-1] == 0.0
        return 0.0 if is_empty else math.nan
    return float(np.interp(aim.time_h, time_h, values))


def of_assay(aims: Sequence[Aim], results: pd.DataFrame) -> Floats:
    """Return the numbers of all targets in the results of an assay.

    Raises ScenarioError for columns or rows that are not there; it begins with ``targets.``.
    """
    return np.array([_in_row(f"targets.{i}", aim, results) for i, aim in enumerate(aims)])


def _in_row(where: str, aim: Aim, results: pd.DataFrame) -> float:
    if aim.is_of_series:
        raise ScenarioError(f"{where}.time: an assay has no time series: name an outcome")
    numbers = results.select_dtypes("number")
    if aim.column not in numbers:
        hint = did_you_mean(aim.column, numbers.columns)
        raise ScenarioError(f"{where}.outcome: the results have no '{aim.column}'{hint}")
    rows = results
    for name, wanted in aim.where:
        if name not in results:
            hint = did_you_mean(name, results.columns)
            raise ScenarioError(f"{where}.where: the results have no column '{name}'{hint}")
        rows = rows[_is_like(rows[name], wanted)]
    if rows.empty:
        raise ScenarioError(f"{where}.where: no row of the results is so: {dict(aim.where)}")
    return float(rows[aim.column].iloc[0])


def _is_like(column: pd.Series, wanted: Any) -> Any:
    if isinstance(wanted, str) or not pd.api.types.is_numeric_dtype(column):
        return column.astype(str) == str(wanted)
    return np.isclose(column.to_numpy(float), float(wanted), rtol=1e-6, atol=0.0)


def averaged(rows: Sequence[Floats]) -> Floats:
    """Return the mean of the numbers of several runs; what some of them have not is left out."""
    values = np.array(rows)
    is_there = np.isfinite(values)
    n_there = is_there.sum(axis=0)
    total = np.where(is_there, values, 0.0).sum(axis=0)
    return np.where(n_there > 0, total / np.maximum(n_there, 1), math.nan)


def residuals(aims: Sequence[Aim], simulated: Floats) -> Floats:
    """Return simulated less measured in standard deviations, one number for each target.

    On a log scale it is log10(simulated / value) over sd / (value ln 10).
    """
    off = [_residual(aim, number) for aim, number in zip(aims, simulated.tolist(), strict=True)]
    return np.array(off)


def _residual(aim: Aim, number: float) -> float:
    if not math.isfinite(number):
        return FARTHEST
    off = (number - aim.value) / aim.sd
    if aim.is_log:
        share = max(number / aim.value, _LEAST_SHARE)
        off = math.log10(share) / (aim.sd / (aim.value * math.log(10.0)))
    return min(max(off, -FARTHEST), FARTHEST)
