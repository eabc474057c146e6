"""Measured activities and doses of one patient from a CSV, with clear words for what is wrong.

One row is a sample, a dose, or both; a sample at the time of a dose is taken before it.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from abm import units
from abm.errors import ScenarioError
from abm.pharmacology.patient import Patient
from abm.pharmacology.products import find_product
from abm.pharmacology.regimen import Route
from abm.units import did_you_mean
from scenarios.csv_table import numbers_within, read_csv

ACTIVITY = "activity_IU_per_mL"
TIME_D, TIME_H = "time_d", "time_h"
AREA_DOSE, TOTAL_DOSE = "dose_IU_per_m2", "dose_IU"
PRODUCT, ROUTE, INFUSION = "product", "route", "infusion_h"
COLUMNS = (TIME_D, TIME_H, ACTIVITY, AREA_DOSE, TOTAL_DOSE, PRODUCT, ROUTE, INFUSION)
_OF_PATIENTS = frozenset(COLUMNS) - {TIME_H}
_OF_DISHES = {"dose_IU_per_mL", "viability", "n_cells"}
_ROUTES = {"iv": Route.IV, "im": Route.IM}
_HIGHEST_ACTIVITY, _HIGHEST_DOSE, _LONGEST_DAYS, _LONGEST_INFUSION = 50.0, 1e6, 3650.0, 24.0


class Given(NamedTuple):
    """One dose: hour, amount [IU], route, length of the infusion [h]."""

    hour: float
    amount: float
    route: Route
    infusion_hours: float


class Measurements(NamedTuple):
    """Doses and samples of one patient under one product, in order of time.

    hours    : float64[n], times of the samples [h]
    activity : float64[n] [IU/mL]; 0 where the assay reported none
    limit    : float64[n], "below this" where the file says so with ``<``, else 0
    """

    product: str
    doses: tuple[Given, ...]
    hours: np.ndarray
    activity: np.ndarray
    limit: np.ndarray


def is_patient_table(path: Path) -> bool:
    """Tell whether a CSV holds activities of a patient, by the name of a column."""
    return ACTIVITY in _header(path)


def check_is_patient_table(path: Path, *, is_told: bool) -> bool:
    """Tell whether a CSV is of a patient, and refuse a file that is neither that nor of a dish.

    ``is_told``: options say that it is a patient. Raises ScenarioError for a file that is missing
    or empty, and for a table of a patient without the column of activities.
    """
    if not path.is_file():
        raise ScenarioError(f"{path}: {'is no file' if path.exists() else 'there is no such file'}")
    if path.stat().st_size == 0:
        raise ScenarioError(f"{path}: is empty: needs a header and rows")
    names = _header(path)
    if ACTIVITY in names:
        return True
    looks_so = any(name.startswith("activity") or name in _OF_PATIENTS for name in names)
    if is_told or (looks_so and not _OF_DISHES & set(names)):
        raise _without_activity(path, names)
    return False


def _without_activity(path: Path, names: Sequence[str]) -> ScenarioError:
    return ScenarioError(
        f"{path}: column {ACTIVITY} missing: activities of the samples (columns there: "
        f"{', '.join(names)[:120]})"
    )


def _header(path: Path) -> list[str]:
    try:
        with path.open(encoding="utf-8-sig") as file:
            header = file.readline(1000)
    except (OSError, UnicodeDecodeError):
        return []
    return [name.strip().strip('"') for name in header.split(",")]


def read_measurements(
    data: Path,
    patient: Patient,
    doses: Path | None = None,
    *,
    product: str | None = None,
    route: str | None = None,
) -> Measurements:
    """Return doses and samples; ``doses`` is a second file where the first has samples only.

    ``product`` and ``route`` hold for rows that do not say them. Raises ScenarioError that names
    the file, the line or the column, the rule and the remedy.
    """
    samples = _checked(data, needs_activity=True)
    given = samples if doses is None else _checked(doses, needs_activity=False)
    source = data if doses is None else doses
    if doses is not None and {AREA_DOSE, TOTAL_DOSE} & set(samples):
        raise ScenarioError(f"{data}: has doses itself: leave them out, or leave out --doses")
    taken = tuple(sorted(_doses(source, given, patient, route)))
    is_sample = samples[ACTIVITY].notna().to_numpy()
    hours = _hours(samples)[is_sample]
    activity, limit = _activities(data, samples, is_sample)
    order = np.argsort(hours, kind="stable")
    if not (hours > min(dose.hour for dose in taken)).any():
        raise ScenarioError(f"{data}: {ACTIVITY}: no sample after the first dose: nothing to fit")
    names = given[PRODUCT].dropna().unique().tolist() if PRODUCT in given else []
    return Measurements(
        _product(source, names, product), taken, hours[order], activity[order], limit[order]
    )


def _product(path: Path, names: Sequence[str], otherwise: str | None) -> str:
    if len(names) > 1:
        raise ScenarioError(
            f"{path}: {PRODUCT}: {', '.join(map(str, names))}: one product at a time: "
            f"give the rows of one"
        )
    name = names[0] if names else otherwise
    if name is None:
        raise ScenarioError(
            f"{path}: which product? add a column {PRODUCT}, or --product pegaspargase"
        )
    return find_product(name, where=f"{path}: {PRODUCT}").id


def _doses(path: Path, table: pd.DataFrame, patient: Patient, route: str | None) -> list[Given]:
    column = next((name for name in (AREA_DOSE, TOTAL_DOSE) if name in table), None)
    if column is None:
        raise ScenarioError(
            f"{path}: no doses: add a column {AREA_DOSE} or {TOTAL_DOSE}, or a file with --doses"
        )
    size = patient.surface_area if column == AREA_DOSE else 1.0
    found = []
    for row, hour in zip(table.to_dict("records"), _hours(table).tolist(), strict=True):
        if np.isnan(row[column]):
            continue
        way = row.get(ROUTE)
        name = way if isinstance(way, str) else route or "iv"
        infusion = row.get(INFUSION, 0.0)
        length = 0.0 if np.isnan(infusion) else float(infusion)
        found.append(Given(hour, float(row[column]) * size, _ROUTES[name], length))
    if not found:
        raise ScenarioError(f"{path}: {column}: no row has a dose")
    return found


def _hours(table: pd.DataFrame) -> np.ndarray:
    if TIME_D in table:
        return table[TIME_D].to_numpy(float) * units.HOURS_PER_DAY
    return table[TIME_H].to_numpy(float)


def _activities(
    path: Path, table: pd.DataFrame, is_sample: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return values and limits; ``<0.025`` is a sample below 0.025."""
    values, limits = [], []
    for line in np.flatnonzero(is_sample).tolist():
        text = str(table[ACTIVITY].iloc[line]).strip()
        is_below = text.startswith("<")
        try:
            number = float(text.removeprefix("<"))
        except ValueError:
            number = float("nan")
        if not 0.0 <= number <= _HIGHEST_ACTIVITY:
            raise ScenarioError(
                f"{path}: line {line + 2}: {ACTIVITY}: {text!r}: must be a number from 0 to "
                f"{_HIGHEST_ACTIVITY:g} IU/mL (100 IU/L is 0.1), or below a limit such as <0.025"
            )
        values.append(0.0 if is_below else number)
        limits.append(number if is_below else 0.0)
    return np.array(values), np.array(limits)


def _checked(path: Path, *, needs_activity: bool) -> pd.DataFrame:
    table = read_csv(path)
    if needs_activity and ACTIVITY not in table:
        raise _without_activity(path, list(table.columns))
    for name in table.columns:
        if name not in COLUMNS:
            raise ScenarioError(
                f"{path}: column {name!r} is not known{did_you_mean(name, COLUMNS)}"
            )
    if (TIME_D in table) == (TIME_H in table):
        raise ScenarioError(f"{path}: needs one column of times: {TIME_D} or {TIME_H}")
    if AREA_DOSE in table and TOTAL_DOSE in table:
        raise ScenarioError(f"{path}: give {AREA_DOSE} or {TOTAL_DOSE}, not both")
    ranges = {TIME_D: _LONGEST_DAYS, TIME_H: _LONGEST_DAYS * units.HOURS_PER_DAY,
              AREA_DOSE: _HIGHEST_DOSE, TOTAL_DOSE: _HIGHEST_DOSE,
              INFUSION: _LONGEST_INFUSION}  # fmt: skip
    for name, high in ranges.items():
        if name in table:
            table[name] = _numbers(path, table[name], high, name in (TIME_D, TIME_H))
    if ROUTE in table:
        for line, way in enumerate(table[ROUTE], start=2):
            if isinstance(way, str) and way not in _ROUTES:
                raise ScenarioError(f"{path}: line {line}: {ROUTE}: {way!r}: must be iv or im")
    return table


def _numbers(path: Path, column: pd.Series, high: float, is_required: bool) -> pd.Series:
    rule = f"a number from 0 to {high:g}"
    return numbers_within(path, column, 0.0, high, rule, is_required)
