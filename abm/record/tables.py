"""Tables that grow by rows or blocks of rows in memory and are written whole to Parquet."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from abm.errors import StateError
from abm.record.files import replace_file
from abm.record.layout import TIME, Column


class Table:
    """Append-only columns with the types of a contract.

    A value may be a scalar or a 1-D array; scalars are repeated to the length of the arrays, so
    that one call can append the rows of all replicates or clones. Columns beyond the contract are
    kept as they come, but every call must bring the same ones.
    """

    def __init__(self, path: Path, contract: Sequence[Column], optional: Sequence[Column] = ()):
        self.path = path
        self._contract = tuple(contract)
        self._known = {column.name: column for column in (*contract, *optional)}
        self._blocks: list[dict[str, np.ndarray]] = []
        self._written_blocks = 0

    def __len__(self) -> int:
        return sum(block[TIME].shape[0] for block in self._blocks)

    def append(self, values: Mapping[str, Any]) -> None:
        """Append one row, or several when some values are arrays of one length.

        Raises StateError where a required column is missing, lengths differ, or the columns are
        not those of the rows before.
        """
        names = self._names(values)
        arrays = {name: self._convert(name, values.get(name)) for name in names}
        lengths = {array.shape[0] for array in arrays.values() if array.ndim == 1}
        if len(lengths) > 1:
            raise StateError(f"{self.path.name}: columns of lengths {sorted(lengths)} in one call")
        length = lengths.pop() if lengths else 1
        self._blocks.append(
            {
                name: array.copy() if array.ndim else np.repeat(array, length)
                for name, array in arrays.items()
            }
        )

    def values(self, name: str) -> np.ndarray:
        """Return a column over all rows so far; empty without rows."""
        blocks = [block[name] for block in self._blocks]
        return np.concatenate(blocks) if blocks else np.zeros(0)

    def write(self) -> None:
        """Replace the file by all rows so far; nothing is done when none came since the last."""
        if self._written_blocks == len(self._blocks):
            return
        import pyarrow.parquet

        replace_file(self.path, lambda path: pyarrow.parquet.write_table(self._arrow(), path))
        self._written_blocks = len(self._blocks)

    def snapshot(self) -> dict[str, np.ndarray]:
        """Return all rows so far as columns."""
        if not self._blocks:
            return {}
        return {
            name: np.concatenate([block[name] for block in self._blocks])
            for name in self._blocks[0]
        }

    def restore(self, columns: dict[str, np.ndarray]) -> None:
        """Take the rows of a snapshot as the rows so far."""
        self._blocks = [columns] if columns else []
        self._written_blocks = 0

    def _names(self, values: Mapping[str, Any]) -> list[str]:
        missing = [c.name for c in self._contract if c.is_required and c.name not in values]
        if missing:
            raise StateError(f"{self.path.name}: row without {', '.join(missing)}")
        names = [column.name for column in self._contract]
        names += [name for name in values if name not in names]
        if self._blocks and set(names) != set(self._blocks[0]):
            changed = sorted(set(names) ^ set(self._blocks[0]))
            raise StateError(f"{self.path.name}: not in every row: {', '.join(changed)}")
        return names

    def _convert(self, name: str, value: Any) -> np.ndarray:
        if value is None:
            value = np.nan
        column = self._known.get(name)
        if column is None:
            return np.asarray(value)
        return np.asarray(value, dtype=object if column.dtype == "str" else column.dtype)

    def _arrow(self) -> Any:
        import pyarrow

        names = list(self._blocks[0])
        arrays, fields = [], []
        for name in names:
            array = pyarrow.array(np.concatenate([block[name] for block in self._blocks]))
            column = self._known.get(name)
            notes = {"unit": column.unit, "meaning": column.meaning} if column else None
            arrays.append(array)
            fields.append(pyarrow.field(name, array.type, metadata=notes))
        return pyarrow.Table.from_arrays(arrays, schema=pyarrow.schema(fields))
