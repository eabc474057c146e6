"""Write a run folder so that nothing half-written passes for a result.

The folder carries the marker ``UNFINISHED`` from its creation until :meth:`RunWriter.finish`.
Tables are kept in memory and replaced whole at each checkpoint; zarr groups grow frame by frame,
the time of a frame written last, as its commit mark.
"""

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

import numpy as np

from abm.errors import RunFolderError, StateError
from abm.record import layout, provenance
from abm.record.files import replace_file, replace_text, sync
from abm.record.growing import GrowingArray, create_array, create_group
from abm.record.tables import Table
from abm.units import did_you_mean

_ROWS_PER_CHUNK = 32_768
_TIMES_PER_CHUNK = 4_096
_FIELD_DTYPE = "float32"


class RunWriter:
    """The one writer of a run folder.

    ``folder`` must not exist, unless ``overwrite`` is set and it is a run folder, which is then
    deleted. Raises RunFolderError otherwise. An OSError, such as a full disk, goes up unchanged
    from every method; what was committed before stays readable, and no file is left open.
    """

    def __init__(self, folder: Path | str, overwrite: bool = False) -> None:
        self.folder = Path(folder)
        if self.folder.exists():
            self._clear(overwrite)
        (self.folder / layout.CHECKPOINTS).mkdir(parents=True)
        self._begin({"format": layout.FORMAT_VERSION, **provenance.describe()})

    @classmethod
    def resume(cls, folder: Path | str, until_h: float) -> Self:
        """Continue in a run folder: everything recorded after ``until_h`` [h] is cut away.

        The folder is unfinished again; what run.json held is kept for the next ``finish``.
        """
        writer = cls.__new__(cls)
        writer.folder = Path(folder)
        info = read_info(writer.folder)
        writer._begin(info)
        (writer.folder / layout.RUN_INFO).unlink(missing_ok=True)
        for table in writer._tables:
            table.load(until_h)
        writer._cells = _reopen_cells(writer.folder / layout.CELLS, until_h)
        writer._fields = _reopen_fields(writer.folder / layout.FIELDS, until_h)
        return writer

    def describe(self, info: Mapping[str, Any]) -> None:
        """Tell what is known before the end (name, seed, doses ...), so that an unfinished run
        can be read and drawn; ``finish`` carries it over to run.json."""
        self._info |= info
        replace_text(self.folder / layout.UNFINISHED, _json_text(self._info))

    def scenario(self, text: str) -> None:
        """Write the resolved scenario."""
        replace_text(self.folder / layout.SCENARIO, text)

    def timeseries(self, row: Mapping[str, Any]) -> None:
        """Append a row of ``layout.TIMESERIES_COLUMNS``; arrays make one row per replicate."""
        self._timeseries.append(row)

    def sites(
        self,
        time_h: float,
        site_names: list[str],
        species_names: list[str],
        concentration: np.ndarray,
    ) -> None:
        """Append ``concentration[n_species, n_site]`` [uM] of named sites."""
        n_species, n_site = len(species_names), len(site_names)
        if concentration.shape != (n_species, n_site):
            raise StateError(
                f"{layout.SITES}: {n_species} species and {n_site} sites, but concentrations "
                f"of shape {concentration.shape}"
            )
        self._sites.append(
            {
                layout.TIME: time_h,
                "site": np.tile(np.array(site_names, dtype=object), n_species),
                "species": np.repeat(np.array(species_names, dtype=object), n_site),
                "concentration_uM": np.ravel(concentration),
            }
        )

    def clones(self, time_h: float, rows: Mapping[str, Any]) -> None:
        """Append one row for each clone: arrays for ``layout.CLONES_COLUMNS`` but the time."""
        self._clones.append({layout.TIME: time_h, **rows})

    def price(self, row: Mapping[str, Any]) -> None:
        """Append a row of ``layout.PRICE_COLUMNS``, changes since the previous row."""
        self._price.append(row)

    def cells(self, time_h: float, columns: Mapping[str, np.ndarray]) -> None:
        """Append a snapshot of the cells: 1-D arrays of one length for ``layout.CELLS_COLUMNS``.

        The first call fixes which columns the run has.
        """
        if self._cells is None:
            self._cells = _create_cells(self.folder / layout.CELLS, columns)
        self._cells.append(time_h, columns)

    def fields(
        self, time_h: float, concentration: Mapping[str, np.ndarray], *, spacing_um: float
    ) -> None:
        """Append a frame of the fields: ``{species: float[ny, nx]}``, or [nz, ny, nx], in uM."""
        if self._fields is None:
            path = self.folder / layout.FIELDS
            self._fields = _create_fields(path, concentration, spacing_um)
        self._fields.append(time_h, concentration)

    def lineage(self, tree_sequence: Any) -> None:
        """Write a tskit tree sequence, replacing an earlier one."""
        replace_file(self.folder / layout.LINEAGE, tree_sequence.dump)

    def checkpoint_tables(self) -> None:
        """Bring everything recorded so far to the disk: frames first, then tables, each whole."""
        for group in (self._cells, self._fields):
            if group is not None:
                group.sync()
        for table in self._tables:
            table.write()

    def finish(self, run_info: Mapping[str, Any]) -> None:
        """Write what is left, then run.json, and take the marker away: the run is a result."""
        for group in (self._cells, self._fields):
            if group is not None:
                group.trim()
        self.checkpoint_tables()
        self._info |= run_info
        replace_text(self.folder / layout.RUN_INFO, _json_text(self._info))
        (self.folder / layout.UNFINISHED).unlink()
        sync(self.folder)

    def _begin(self, info: dict[str, Any]) -> None:
        self._info = info
        replace_text(self.folder / layout.UNFINISHED, _json_text(info))
        self._timeseries = Table(
            self.folder / layout.TIMESERIES, layout.TIMESERIES_COLUMNS, layout.TIMESERIES_OPTIONAL
        )
        self._sites = Table(self.folder / layout.SITES, layout.SITES_COLUMNS)
        self._clones = Table(self.folder / layout.CLONES, layout.CLONES_COLUMNS)
        self._price = Table(self.folder / layout.PRICE, layout.PRICE_COLUMNS)
        self._tables = (self._timeseries, self._sites, self._clones, self._price)
        self._cells: _FrameGroup | None = None
        self._fields: _FrameGroup | None = None

    def _clear(self, overwrite: bool) -> None:
        if not overwrite:
            raise RunFolderError(
                f"{self.folder} exists already; give another folder, or --overwrite to replace it"
            )
        marks = (layout.RUN_INFO, layout.UNFINISHED)
        if not self.folder.is_dir() or not any((self.folder / mark).exists() for mark in marks):
            raise RunFolderError(
                f"{self.folder} is not a run folder (no {' or '.join(marks)}), "
                "so it is not overwritten; give another folder"
            )
        shutil.rmtree(self.folder)


class _FrameGroup:
    """Arrays of a zarr group that grow together; the time is appended last."""

    def __init__(
        self, arrays: dict[str, GrowingArray], time: GrowingArray, n_cells: GrowingArray | None
    ) -> None:
        self._arrays = arrays
        self._n_cells = n_cells
        self._time = time

    def append(self, time_h: float, values: Mapping[str, np.ndarray]) -> None:
        if set(values) != set(self._arrays):
            changed = ", ".join(sorted(set(values) ^ set(self._arrays)))
            raise StateError(f"{self._time.path.parent.name}: not in every frame: {changed}")
        shapes = {np.shape(value) for value in values.values()}
        if len(shapes) > 1:
            raise StateError(
                f"{self._time.path.parent.name}: arrays of shapes {sorted(shapes)} in one frame"
            )
        for name, array in self._arrays.items():
            block = np.asarray(values[name])
            array.append(block if self._n_cells is not None else block[None])
        if self._n_cells is not None:
            self._n_cells.append(np.array(shapes.pop()))
        self._time.append(np.array([time_h]))

    def trim(self) -> None:
        for array in self._arrays.values():
            array.trim()

    def sync(self) -> None:
        for array in self._arrays.values():
            array.sync()
        if self._n_cells is not None:
            self._n_cells.sync()
        self._time.sync()


def _create_cells(path: Path, columns: Mapping[str, np.ndarray]) -> _FrameGroup:
    known = {column.name: column for column in layout.CELLS_COLUMNS}
    for name in columns:
        if name not in known:
            raise StateError(f"{layout.CELLS}: unknown column '{name}'{did_you_mean(name, known)}")
    create_group(path, {"coordinates": layout.TIME})
    arrays = {
        column.name: GrowingArray.create(
            path / column.name,
            column.dtype,
            chunk_length=_ROWS_PER_CHUNK,
            dimensions=(layout.ROW_DIMENSION,),
            attributes={"units": column.unit, "long_name": column.meaning},
            length_step=_ROWS_PER_CHUNK,
        )
        for column in layout.CELLS_COLUMNS
        if column.name in columns
    }
    n_cells = GrowingArray.create(
        path / layout.N_CELLS,
        "int64",
        chunk_length=_TIMES_PER_CHUNK,
        dimensions=(layout.TIME_DIMENSION,),
        attributes={"long_name": "rows of the snapshot; snapshots follow each other"},
    )
    return _FrameGroup(arrays, _create_time(path), n_cells)


def _create_fields(
    path: Path, concentration: Mapping[str, np.ndarray], spacing_um: float
) -> _FrameGroup:
    shape = np.shape(next(iter(concentration.values())))
    space = layout.SPACE_DIMENSIONS[-len(shape) :]
    coordinates = [layout.POSITION[dimension] for dimension in space]
    create_group(
        path, {"coordinates": " ".join([layout.TIME, *coordinates]), "spacing_um": spacing_um}
    )
    for name, dimension, n in zip(coordinates, space, shape, strict=True):
        array = create_array(
            path / name,
            "float64",
            shape=(n,),
            chunks=(n,),
            dimensions=(dimension,),
            attributes={"units": "um", "long_name": f"{dimension} of the centre of the voxel"},
        )
        array[:] = (np.arange(n) + 0.5) * spacing_um
    arrays = {
        species: GrowingArray.create(
            path / species,
            _FIELD_DTYPE,
            item_shape=shape,
            chunk_length=1,
            dimensions=(layout.TIME_DIMENSION, *space),
            attributes={"units": "uM", "long_name": f"{species} outside the cells"},
        )
        for species in concentration
    }
    return _FrameGroup(arrays, _create_time(path), None)


def _create_time(path: Path) -> GrowingArray:
    return GrowingArray.create(
        path / layout.TIME,
        "float64",
        chunk_length=_TIMES_PER_CHUNK,
        dimensions=(layout.TIME_DIMENSION,),
        attributes={"units": "h", "long_name": "time since the start"},
    )


def _reopen_cells(path: Path, until_h: float) -> _FrameGroup | None:
    n_frames = _count_frames(path, until_h)
    if n_frames is None:
        return None
    import zarr

    n_cells = zarr.open_array(path / layout.N_CELLS, mode="r")[:n_frames]
    n_rows = int(np.sum(n_cells))
    arrays = {
        column.name: GrowingArray(
            path / column.name, length=n_rows, length_step=_ROWS_PER_CHUNK
        )
        for column in layout.CELLS_COLUMNS
        if (path / column.name).exists()
    }
    time = GrowingArray(path / layout.TIME, length=n_frames)
    return _FrameGroup(arrays, time, GrowingArray(path / layout.N_CELLS, length=n_frames))


def _reopen_fields(path: Path, until_h: float) -> _FrameGroup | None:
    n_frames = _count_frames(path, until_h)
    if n_frames is None:
        return None
    time = GrowingArray(path / layout.TIME, length=n_frames)
    fixed = {layout.TIME, *layout.POSITION.values()}
    species = sorted(p.name for p in path.iterdir() if p.is_dir() and p.name not in fixed)
    arrays = {name: GrowingArray(path / name, length=n_frames) for name in species}
    return _FrameGroup(arrays, time, None)


def _count_frames(path: Path, until_h: float) -> int | None:
    if not path.exists():
        return None
    import zarr

    times = zarr.open_array(path / layout.TIME, mode="r")[:]
    return int(np.searchsorted(times, until_h, side="right"))


def read_info(folder: Path) -> dict[str, Any]:
    """Return what run.json says, or, for an unfinished run, what is known so far.

    Raises RunFolderError for a folder that is missing or is not a run folder.
    """
    if not folder.is_dir():
        raise RunFolderError(f"{folder}: no such run folder")
    for name in (layout.UNFINISHED, layout.RUN_INFO):
        path = folder / name
        if path.exists():
            try:
                found: dict[str, Any] = json.loads(path.read_text())
            except ValueError as error:
                raise RunFolderError(f"{path}: not readable as JSON ({error})") from None
            return found
    raise RunFolderError(
        f"{folder}: not a run folder (neither {layout.RUN_INFO} nor {layout.UNFINISHED})"
    )


def _json_text(info: Mapping[str, Any]) -> str:
    return json.dumps(info, indent=2, default=_plain) + "\n"


def _plain(value: Any) -> Any:
    if isinstance(value, np.ndarray | np.generic):
        return value.tolist()
    if isinstance(value, Path):
        return str(value)
    raise TypeError(f"{type(value).__name__} cannot go into {layout.RUN_INFO}: {value!r}")
