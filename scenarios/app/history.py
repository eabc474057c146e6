"""What one arm of a simulation has recorded, in memory: the tables and frames of a run folder."""

import copy
import functools
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from abm.record import layout
from abm.record.reader import Frame, RunReader
from abm.record.tables import Table
from abm.record.writer import RunWriter
from scenarios.app.limits import LARGEST_HISTORY

_COLUMNS = {column.name: column for column in layout.CELLS_COLUMNS}
NOWHERE = Frame(0.0, {}, {}, (0.0, 0.0, 0.0, 0.0))
"""A frame of nothing, of a well or a body."""


class History(RunWriter):
    """Takes what a recorder writes and keeps it; nothing goes to the disk.

    Tables are kept whole; of the frames every second one goes when they pass ``largest`` bytes,
    the first one and the newest stay.
    """

    def __init__(
        self, name: str, place: Frame | None = None, largest: int = LARGEST_HISTORY
    ) -> None:
        """``place``: an empty frame with the extent of the tissue."""
        self.frames: list[Frame] = []
        self._place = place or NOWHERE
        self.whole: dict[str, pd.DataFrame] = {}
        """Tables that are written once, by name of their file."""
        self._largest = largest
        self._waiting: dict[str, np.ndarray] = {}
        self._attach(Path(name), {"format": layout.FORMAT_VERSION})

    def copy(self) -> "History":
        """Return a history of its own with the same past; arrays are shared, never changed."""
        other = copy.copy(self)
        other.frames, other.whole = list(self.frames), dict(self.whole)
        other._info = dict(self._info)
        tables = self.snapshot()
        other._make_tables()
        for table in other._tables:
            table.restore(tables[table.path.name])
        return other

    def table(self, name: str) -> pd.DataFrame:
        """Return a table by the name of its file; empty where nothing was recorded."""
        if name in self.whole:
            return self.whole[name]
        return pd.DataFrame(self.snapshot().get(name, {}))

    def ends_at(self, time_h: float) -> bool:
        """Tell whether the newest row of the time series is that of a time."""
        hours = self._timeseries.values(layout.TIME)
        return bool(hours.shape[0]) and float(hours[-1]) == time_h

    def n_bytes(self) -> int:
        """Return the size of all frames kept."""
        return sum(_size(frame) for frame in self.frames)

    def describe(self, info: Mapping[str, Any]) -> None:
        """Keep what is known of the run."""
        self._info |= info

    def scenario(self, text: str) -> None:
        """Nothing to keep: the arm has its scenario."""

    def cells(self, time_h: float, columns: Mapping[str, np.ndarray]) -> None:
        """Keep the cells of a time, as a new frame or with the fields of the same time."""
        self._add(time_h, cells=as_recorded(columns))

    def fields(
        self, time_h: float, concentration: Mapping[str, np.ndarray], *, spacing_um: float
    ) -> None:
        """Keep the fields of a time, as a new frame or with the cells of the same time."""
        self._add(time_h, fields=single(concentration))

    def lineage(self, tree_sequence: Any) -> None:
        """Leave out the genealogy: the page does not show it."""

    def checkpoint_tables(self) -> None:
        """Nothing to bring to the disk."""

    def finish(self, run_info: Mapping[str, Any]) -> None:
        """Keep what is known at the end."""
        self.describe(run_info)

    def _write_whole(
        self, name: str, contract: Sequence[layout.Column], columns: Mapping[str, np.ndarray]
    ) -> None:
        if any(len(values) for values in columns.values()):
            table = Table(self.folder / name, contract)
            table.append(columns)
            self.whole[name] = pd.DataFrame(table.snapshot())

    def _make_tables(self) -> None:
        frames, whole, info = self.frames, self.whole, self._info
        self._attach(self.folder, info)
        self.frames, self.whole = frames, whole

    def _add(self, time_h: float, **parts: Any) -> None:
        if self.frames and self.frames[-1].time_h == time_h:
            self.frames[-1] = self.frames[-1]._replace(**parts)
            return
        self.frames.append(self._place._replace(time_h=time_h, **parts))
        if self.n_bytes() > self._largest and len(self.frames) > 2:
            self.frames = [*self.frames[:-1:2], self.frames[-1]]


class Records(RunReader):
    """A history with the face of a run folder's reader, for the functions that draw one.

    ``now`` is a row of the time series at the present time, ``frame`` the present frame; both are
    shown behind what was recorded.
    """

    def __init__(
        self,
        history: History,
        info: Mapping[str, Any],
        now: Mapping[str, np.ndarray] | None = None,
        frame: Frame | None = None,
    ) -> None:
        self.folder = history.folder
        self.info = dict(info)
        self.is_finished = True
        self._history = history
        self._now = now
        frames = history.frames
        if frame is not None and not (frames and frames[-1].time_h >= frame.time_h):
            frames = [*frames, frame]
        self._frames = [one for one in frames if one.cells or one.fields]

    @functools.cached_property
    def timeseries(self) -> Any:
        """The time series and, behind it, the present."""
        table = self._history.table(layout.TIMESERIES)
        if self._now is None or (
            len(table) and float(table[layout.TIME].iloc[-1]) >= float(self._now[layout.TIME][0])
        ):
            return table
        now = pd.DataFrame(self._now)
        return pd.concat([table, now[[name for name in table if name in now]]], ignore_index=True)

    @property
    def is_body(self) -> bool:
        """Whether the run follows patients."""
        return layout.BODY_MARK in self.timeseries

    def has(self, name: str) -> bool:
        """Whether this was recorded."""
        if name == layout.CELLS:
            return bool(self._frames and self._frames[0].cells)
        if name == layout.FIELDS:
            return bool(self._frames and self._frames[0].fields)
        return len(self._table(name)) > 0

    @functools.cached_property
    def frame_times(self) -> np.ndarray:
        """Times [h] of the frames."""
        return np.array([frame.time_h for frame in self._frames])

    @functools.cached_property
    def cell_columns(self) -> tuple[str, ...]:
        """Names of the columns of the cells."""
        return tuple(self._frames[0].cells) if self._frames else ()

    def cell_arrays(self, k: int, columns: tuple[str, ...] | None = None) -> dict[str, np.ndarray]:
        """Return the cells of frame ``k``."""
        cells = self._frames[k].cells
        return {name: cells[name] for name in (columns or cells)}

    def frame(self, k: int, columns: tuple[str, ...] | None = None) -> Frame:
        """Return frame ``k``."""
        return self._frames[k]._replace(cells=self.cell_arrays(k, columns))

    def _table(self, name: str) -> Any:
        return self._history.table(name)


def as_recorded(columns: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Return copies of the columns of cells in the types of a run folder."""
    return {name: np.array(values, _COLUMNS[name].dtype) for name, values in columns.items()}


def single(concentration: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Return copies of fields in the type of a run folder."""
    return {name: np.array(values, np.float32) for name, values in concentration.items()}


def _size(frame: Frame) -> int:
    return sum(array.nbytes for part in (frame.fields, frame.cells) for array in part.values())
