"""Read a user's table of dose-response or growth, with clear words for what is wrong with it."""

from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from abm.errors import ScenarioError
from scenarios.csv_table import read_csv
from scenarios.studies.schema import FEWEST_DOSES

DOSE, VIABILITY, HOURS = "dose_IU_per_mL", "viability", "hours"
TIME, CELLS, REPLICATE = "time_h", "n_cells", "replicate"
_DOSE_TABLE = ((DOSE, VIABILITY), (HOURS, REPLICATE))
_GROWTH_TABLE = ((TIME, CELLS), (REPLICATE,))
_DEFAULT_HOURS = 72.0
_HIGHEST_VIABILITY = 3.0
_FEWEST_TIMES = 3


class Data(NamedTuple):
    """A checked table, and whether it is one of doses (else of growth)."""

    table: pd.DataFrame
    is_dose: bool


def read_data(path: Path) -> Data:
    """Return the table of a CSV file.

    Dose-response has columns dose_IU_per_mL and viability (share of the vehicle), and may have
    hours (72 if absent) and replicate; growth has time_h and n_cells. Raises ScenarioError that
    names the file, the column or row, the rule and the remedy.
    """
    table = read_csv(path)
    columns = set(table.columns)
    for required, optional in (_DOSE_TABLE, _GROWTH_TABLE):
        if set(required) <= columns and columns <= {*required, *optional}:
            is_dose = required == _DOSE_TABLE[0]
            table = _numbers(path, table)
            return Data(
                _check_doses(path, table) if is_dose else _check_growth(path, table), is_dose
            )
    raise ScenarioError(
        f"{path}: columns {', '.join(map(str, list(table.columns)[:8]))}: must be {DOSE}, "
        f"{VIABILITY} [, {HOURS}, {REPLICATE}] or {TIME}, {CELLS} [, {REPLICATE}]"
    )


def _numbers(path: Path, table: pd.DataFrame) -> pd.DataFrame:
    for name in table.columns:
        if name == REPLICATE:
            continue
        values = pd.to_numeric(table[name], errors="coerce")
        bad = ~np.isfinite(values.to_numpy(float))
        if bad.any():
            row = int(np.flatnonzero(bad)[0])
            raise ScenarioError(
                f"{path}: line {row + 2}: {name}: {table[name].iloc[row]!r}: must be a number"
            )
        if (values < 0.0).any():
            row = int(np.flatnonzero(values < 0.0)[0])
            raise ScenarioError(
                f"{path}: line {row + 2}: {name}: {values.iloc[row]:g}: must be >= 0"
            )
        table[name] = values.astype(float)
    return table


def _check_doses(path: Path, table: pd.DataFrame) -> pd.DataFrame:
    n_doses = table.loc[table[DOSE] > 0.0, DOSE].nunique()
    if n_doses < FEWEST_DOSES:
        raise ScenarioError(
            f"{path}: {DOSE}: {n_doses} dose{'s' * (n_doses != 1)} above zero: at least "
            f"{FEWEST_DOSES} for a fit"
        )
    if float(table[VIABILITY].max()) > _HIGHEST_VIABILITY:
        raise ScenarioError(
            f"{path}: {VIABILITY}: {table[VIABILITY].max():g}: must be a share of the vehicle, "
            f"1 without effect: divide per cent by 100"
        )
    if HOURS not in table:
        table[HOURS] = _DEFAULT_HOURS
    if (table[HOURS] <= 0.0).any():
        raise ScenarioError(f"{path}: {HOURS}: must be > 0")
    return table


def _check_growth(path: Path, table: pd.DataFrame) -> pd.DataFrame:
    if table[TIME].nunique() < _FEWEST_TIMES:
        raise ScenarioError(
            f"{path}: {TIME}: {table[TIME].nunique()} times: at least {_FEWEST_TIMES} for a fit"
        )
    if (table[CELLS] <= 0.0).any():
        raise ScenarioError(f"{path}: {CELLS}: must be > 0 in every row")
    return table
