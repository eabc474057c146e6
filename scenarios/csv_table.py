"""Tables that users bring as CSV: read whole or refused with one line."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from abm.errors import ScenarioError

_LARGEST_FILE = 10 << 20
_LONGEST_REASON = 120


def read_csv(path: Path, text_columns: Sequence[str] = ()) -> pd.DataFrame:
    """Return the rows of a file; ``text_columns`` are not read as numbers.

    Raises ScenarioError for a file that is missing, above 10 MiB, no CSV, or without rows.
    """
    if not path.is_file():
        raise ScenarioError(f"{path}: there is no such file")
    if path.stat().st_size > _LARGEST_FILE:
        raise ScenarioError(f"{path}: is larger than 10 MiB")
    try:
        table = pd.read_csv(path, skipinitialspace=True, dtype=dict.fromkeys(text_columns, str))
    except (ValueError, UnicodeDecodeError) as error:
        reason = " ".join(str(error).split())[:_LONGEST_REASON]
        raise ScenarioError(f"{path}: is no CSV table: {reason}") from None
    table.columns = [str(name).strip() for name in table.columns]
    if table.empty:
        raise ScenarioError(f"{path}: has no rows below its header")
    return table


def numbers_within(
    path: Path, column: pd.Series, low: float, high: float, rule: str, is_required: bool
) -> pd.Series:
    """Return a column as numbers from ``low`` to ``high``, empty cells as NaN unless required.

    Raises ScenarioError with the line of the first cell that is none; ``rule`` says what it is to
    be.
    """
    values = pd.to_numeric(column, errors="coerce").to_numpy(float)
    with np.errstate(invalid="ignore"):
        is_bad = ~((values >= low) & (values <= high))
    is_bad &= ~column.isna().to_numpy() | is_required
    if is_bad.any():
        row = int(np.flatnonzero(is_bad)[0])
        where = f"{path}: line {row + 2}: {column.name}: {column.iloc[row]}"
        raise ScenarioError(f"{where}: must be {rule}")
    return pd.Series(values, index=column.index)
