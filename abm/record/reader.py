"""Read a run folder: tables for pandas, fields for xarray, snapshots as frames of arrays."""

import functools
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from abm.errors import RunFolderError
from abm.html_table import html_table
from abm.record import layout
from abm.record.writer import read_info
from abm.state.columns import CellType

_log = logging.getLogger(__name__)


class Frame(NamedTuple):
    """Fields and cells at one time."""

    time_h: float
    fields: dict[str, np.ndarray]
    """float32[ny, nx], 3-D tissue [nz, ny, nx], [uM] for each species; empty without fields."""
    cells: dict[str, np.ndarray]
    """1-D arrays for the recorded columns of ``layout.CELLS_COLUMNS``; empty without cells."""
    extent_um: tuple[float, float, float, float]
    """left, right, bottom, top of the tissue [um]; all 0 without fields and positions."""
    depth_um: float = 0.0
    """Extent in z [um]; 0 in 2-D."""


class RunReader:
    """A run folder, finished or not; only what is asked for is read.

    An unfinished run is readable up to its last checkpoint (tables) and last committed frame;
    this is logged as a warning and told by ``is_finished``. Raises RunFolderError for a folder or
    file that is missing.
    """

    body: "RunReader | None" = None
    """The run of the body, of a lesion that was opened through :attr:`lesion`."""

    def __init__(self, folder: Path | str) -> None:
        self.folder = Path(folder)
        self.info: dict[str, Any] = read_info(self.folder)
        self.is_finished = not (self.folder / layout.UNFINISHED).exists()
        version = self.info.get("format", layout.FORMAT_VERSION)
        if version != layout.FORMAT_VERSION:
            raise RunFolderError(
                f"{self.folder}: format {version}, but this version of asnsim reads "
                f"{layout.FORMAT_VERSION}"
            )
        if not self.is_finished:
            _log.warning("%s: unfinished run; it is read up to what was committed", self.folder)

    def __repr__(self) -> str:
        state = self.info.get("exit_reason") if self.is_finished else "unfinished"
        return f"<RunReader of {self.folder}, {state}>"

    def _repr_html_(self) -> str:
        """Return what a notebook shows: what run.json says, and what there is to read."""
        kept = ("name", "description", "seed", "replicates", "end_h", "exit_reason", "wall_s")
        rows = [(key, self.info[key]) for key in kept if key in self.info]
        names = sorted(path.name for path in self.folder.glob("*"))
        return html_table(repr(self)[1:-1], [*rows, ("files", ", ".join(names))])

    @property
    def doses(self) -> list[tuple[float, str]]:
        """Times [h] and labels of the doses, from run.json."""
        return [(float(time_h), str(label)) for time_h, label in self.info.get("doses", [])]

    @functools.cached_property
    def timeseries(self) -> Any:
        """timeseries.parquet as a pandas DataFrame."""
        return self._table(layout.TIMESERIES)

    @functools.cached_property
    def sites(self) -> Any:
        """sites.parquet as a pandas DataFrame."""
        return self._table(layout.SITES)

    @functools.cached_property
    def clones(self) -> Any:
        """clones.parquet as a pandas DataFrame."""
        return self._table(layout.CLONES)

    @functools.cached_property
    def price(self) -> Any:
        """price.parquet as a pandas DataFrame."""
        return self._table(layout.PRICE)

    @functools.cached_property
    def patients(self) -> Any:
        """patients.parquet as a pandas DataFrame."""
        return self._table(layout.PATIENTS)

    @functools.cached_property
    def mrd(self) -> Any:
        """mrd.parquet as a pandas DataFrame."""
        return self._table(layout.MRD)

    @functools.cached_property
    def courses(self) -> Any:
        """courses.parquet as a pandas DataFrame."""
        return self._table(layout.COURSES)

    @functools.cached_property
    def events(self) -> Any:
        """events.parquet as a pandas DataFrame."""
        return self._table(layout.EVENTS)

    @functools.cached_property
    def clone_edges(self) -> Any:
        """clone_edges.parquet as a pandas DataFrame."""
        return self._table(layout.CLONE_EDGES)

    @property
    def is_body(self) -> bool:
        """Whether the run follows patients."""
        if "outcome" in self.info:
            return True
        return self.has(layout.TIMESERIES) and layout.BODY_MARK in self.timeseries

    @functools.cached_property
    def lesion(self) -> "RunReader | None":
        """The run of the lesion of this body; None without one."""
        if not self.has(layout.LESION):
            return None
        lesion = RunReader(self.folder / layout.LESION)
        lesion.body = self
        return lesion

    @functools.cached_property
    def lineage(self) -> Any:
        """The tskit tree sequence of lineage.trees."""
        import tskit

        return tskit.load(self._existing(layout.LINEAGE))

    @functools.cached_property
    def fields(self) -> Any:
        """fields.zarr as an xarray Dataset, cut to the committed frames.

        Dimensions (time, [z,] y, x); ``time_h``, ``x_um``, ``y_um`` are indexed coordinates, so
        that ``fields.asn.sel(time_h=24, method="nearest")`` works.
        """
        import xarray

        times = self._times(layout.FIELDS)
        variables: dict[str, Any] = {}
        for name, array in self._arrays(layout.FIELDS).items():
            dimensions = array.metadata.dimension_names
            values = array[: times.shape[0]] if dimensions[0] == layout.TIME_DIMENSION else array[:]
            variables[name] = xarray.Variable(dimensions, values, dict(array.attrs))
        coordinates = {layout.TIME, *layout.POSITION.values()} & set(variables)
        dataset = xarray.Dataset(variables).set_coords(sorted(coordinates))
        for name in sorted(coordinates):
            dataset = dataset.set_xindex(name)
        return dataset

    def has(self, name: str) -> bool:
        """Whether the folder has a file or group of this name (see abm.record.layout)."""
        return (self.folder / name).exists()

    @functools.cached_property
    def frame_times(self) -> np.ndarray:
        """Times [h] of the frames: those of the cells, else those of the fields."""
        return self._times(layout.CELLS if self.has(layout.CELLS) else layout.FIELDS)

    @functools.cached_property
    def cell_columns(self) -> tuple[str, ...]:
        """Names of the recorded columns of the cells."""
        self._existing(layout.CELLS)
        return tuple(c.name for c in layout.CELLS_COLUMNS if c.name in self._arrays(layout.CELLS))

    def cell_arrays(self, k: int, columns: tuple[str, ...] | None = None) -> dict[str, np.ndarray]:
        """Return the cells of snapshot ``k``, all recorded columns or the named ones."""
        ends = self._row_ends
        first = int(ends[k - 1]) if k > 0 else 0
        arrays = self._arrays(layout.CELLS)
        names = self.cell_columns if columns is None else columns
        return {name: np.asarray(arrays[name][first : int(ends[k])]) for name in names}

    def cells_at(self, k: int) -> Any:
        """Return the cells of snapshot ``k`` (negative: from the end) as a pandas DataFrame."""
        import pandas

        n_frames = self._times(layout.CELLS).shape[0]
        if not -n_frames <= k < n_frames:
            raise RunFolderError(f"{self.folder}: snapshot {k} of {n_frames}")
        return pandas.DataFrame(self.cell_arrays(k % n_frames))

    def frame(self, k: int, columns: tuple[str, ...] | None = None) -> Frame:
        """Return frame ``k``; cells and fields are matched by time."""
        time_h = float(self.frame_times[k])
        cells = self.cell_arrays(k, columns) if self.has(layout.CELLS) else {}
        return Frame(time_h, self._fields_at(time_h), cells, self.extent_um, self.depth_um)

    def frames(self) -> Iterator[Frame]:
        """Yield all frames in order of time, one in memory at a time."""
        for k in range(self.frame_times.shape[0]):
            yield self.frame(k)

    @functools.cached_property
    def extent_um(self) -> tuple[float, float, float, float]:
        """left, right, bottom, top of the tissue [um], from the fields, else from the cells."""
        if self.has(layout.FIELDS):
            arrays = self._arrays(layout.FIELDS)
            spacing = float(self._group(layout.FIELDS).attrs["spacing_um"])
            return (0.0, arrays["x_um"].shape[0] * spacing, 0.0, arrays["y_um"].shape[0] * spacing)
        if "x_um" not in self.cell_columns or not self._row_ends[-1:].any():
            return (0.0, 0.0, 0.0, 0.0)
        arrays = self._arrays(layout.CELLS)
        n_rows = int(self._row_ends[-1])
        x, y = (np.asarray(arrays[name][:n_rows]) for name in ("x_um", "y_um"))
        return (float(x.min()), float(x.max()), float(y.min()), float(y.max()))

    @functools.cached_property
    def depth_um(self) -> float:
        """Extent of the tissue in z [um], from the fields, else from the cells; 0 in 2-D."""
        if self.has(layout.FIELDS):
            arrays = self._arrays(layout.FIELDS)
            if "z_um" not in arrays:
                return 0.0
            return float(arrays["z_um"].shape[0] * self._group(layout.FIELDS).attrs["spacing_um"])
        if "z_um" not in self.cell_columns or not self._row_ends[-1:].any():
            return 0.0
        return float(np.ptp(self._arrays(layout.CELLS)["z_um"][: int(self._row_ends[-1])]))

    @functools.cached_property
    def _row_ends(self) -> np.ndarray:
        n_cells = np.asarray(self._arrays(layout.CELLS)[layout.N_CELLS][:])
        return np.cumsum(n_cells[: self._times(layout.CELLS).shape[0]])

    def _fields_at(self, time_h: float) -> dict[str, np.ndarray]:
        if not self.has(layout.FIELDS):
            return {}
        times = self._times(layout.FIELDS)
        k = int(np.searchsorted(times, time_h))
        if k == times.shape[0] or times[k] != time_h:
            return {}
        fixed = {layout.TIME, *layout.POSITION.values()}
        arrays = self._arrays(layout.FIELDS)
        return {name: np.asarray(array[k]) for name, array in arrays.items() if name not in fixed}

    def _table(self, name: str) -> Any:
        import pandas

        return pandas.read_parquet(self._existing(name))

    def _times(self, group_name: str) -> np.ndarray:
        self._existing(group_name)
        return np.asarray(self._arrays(group_name)[layout.TIME][:])

    def _group(self, name: str) -> Any:
        import zarr

        return zarr.open_group(self._existing(name), mode="r", use_consolidated=False)

    @functools.cached_property
    def _open_arrays(self) -> dict[str, dict[str, Any]]:
        return {}

    def _arrays(self, group_name: str) -> dict[str, Any]:
        if group_name not in self._open_arrays:
            self._open_arrays[group_name] = dict(self._group(group_name).arrays())
        return self._open_arrays[group_name]

    def _existing(self, name: str) -> Path:
        path = self.folder / name
        if path.exists():
            return path
        reason = "the run does not record it" if self.is_finished else "the run is unfinished"
        raise RunFolderError(f"{path}: not there ({reason})")


def is_tumour(cells: dict[str, np.ndarray]) -> np.ndarray:
    """Return bool[n_cells]: cells of a tumour type; all where the type is not recorded."""
    if "cell_type" not in cells:
        n_cells = next(iter(cells.values())).shape[0] if cells else 0
        return np.ones(n_cells, dtype=bool)
    codes = [cell_type.value for cell_type in CellType if cell_type.is_tumour]
    return np.isin(cells["cell_type"], codes)
