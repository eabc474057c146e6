"""Frames of cells and of fields in zarr groups; a frame exists once its time is committed."""

import math
from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np

from abm.errors import RunFolderError, StateError
from abm.record import layout
from abm.record.files import together
from abm.record.growing import GrowingArray, create_array, create_group
from abm.units import did_you_mean

_ROWS_PER_CHUNK = (32_768, 131_072)
"""Least and most rows of cells in a chunk."""
_SNAPSHOTS_PER_CHUNK = 8
"""As many snapshots as the first one go into a chunk, within these bounds: a file costs as much
time as its bytes do."""
_VOXELS_PER_CHUNK = 32_768
"""Frames of a field go into one chunk up to this number of voxels."""
_TIMES_PER_CHUNK = 4_096
_FIELD_DTYPE = "float32"


class FrameGroup:
    """Arrays of a zarr group that grow together; the times are committed last."""

    def __init__(
        self, arrays: dict[str, GrowingArray], time: GrowingArray, n_cells: GrowingArray | None
    ) -> None:
        self._arrays = arrays
        self._n_cells = n_cells
        self._time = time
        self._name = time.path.parent.name
        self._is_broken = False

    def append(self, time_h: float, values: Mapping[str, np.ndarray]) -> None:
        """Append one frame, in memory or on disk but not yet committed."""
        if self._is_broken:
            raise RunFolderError(
                f"{self._name}: an earlier frame could not be written; resume from the checkpoint"
            )
        if set(values) != set(self._arrays):
            changed = ", ".join(sorted(set(values) ^ set(self._arrays)))
            raise StateError(f"{self._name}: not in every frame: {changed}")
        shapes = {np.shape(value) for value in values.values()}
        if len(shapes) > 1:
            raise StateError(f"{self._name}: arrays of shapes {sorted(shapes)} in one frame")
        try:
            for name, array in self._arrays.items():
                block = np.asarray(values[name])
                array.append(block if self._n_cells is not None else block[None])
            if self._n_cells is not None:
                self._n_cells.append(np.array(shapes.pop()))
            self._time.append(np.array([time_h]))
        except OSError:
            self._is_broken = True
            raise

    @staticmethod
    def commit(groups: Iterable["FrameGroup"]) -> None:
        """Bring all frames to the disk; a frame that failed half-way is never committed."""
        whole = [group for group in groups if not group._is_broken]
        together(GrowingArray.commit, [array for group in whole for array in group._grown()])
        together(GrowingArray.commit, [group._time for group in whole])

    def _grown(self) -> list[GrowingArray]:
        """Return all arrays but the times."""
        return [*self._arrays.values(), *([] if self._n_cells is None else [self._n_cells])]


def create_cells(path: Path, columns: Mapping[str, np.ndarray]) -> FrameGroup:
    """Create the group for snapshots like ``columns``, the first; StateError for an unknown one."""
    known = {column.name: column for column in layout.CELLS_COLUMNS}
    for name in columns:
        if name not in known:
            raise StateError(f"{layout.CELLS}: unknown column '{name}'{did_you_mean(name, known)}")
    create_group(path, {"coordinates": layout.TIME})
    least, most = _ROWS_PER_CHUNK
    first = max((np.shape(values)[0] for values in columns.values()), default=0)
    arrays = {
        column.name: GrowingArray.create(
            path / column.name,
            column.dtype,
            chunk_length=min(max(_SNAPSHOTS_PER_CHUNK * first, least), most),
            dimensions=(layout.ROW_DIMENSION,),
            attributes={"units": column.unit, "long_name": column.meaning},
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
    return FrameGroup(arrays, _create_time(path), n_cells)


def create_fields(
    path: Path, concentration: Mapping[str, np.ndarray], spacing_um: float
) -> FrameGroup:
    """Create the group of fields with the coordinates of a grid of ``spacing_um``."""
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
            chunk_length=max(1, _VOXELS_PER_CHUNK // math.prod(shape)),
            dimensions=(layout.TIME_DIMENSION, *space),
            attributes={"units": "uM", "long_name": f"{species} outside the cells"},
        )
        for species in concentration
    }
    return FrameGroup(arrays, _create_time(path), None)


def _create_time(path: Path) -> GrowingArray:
    return GrowingArray.create(
        path / layout.TIME,
        "float64",
        chunk_length=_TIMES_PER_CHUNK,
        dimensions=(layout.TIME_DIMENSION,),
        attributes={"units": "h", "long_name": "time since the start"},
    )


def reopen_cells(path: Path, until_h: float) -> FrameGroup | None:
    """Open the group of snapshots and cut what came after ``until_h``; None where there is none."""
    n_frames = _count_frames(path, until_h)
    if n_frames is None:
        return None
    import zarr

    n_cells = zarr.open_array(path / layout.N_CELLS, mode="r")[:n_frames]
    n_rows = int(np.sum(n_cells))
    arrays = {
        column.name: GrowingArray(path / column.name, length=n_rows)
        for column in layout.CELLS_COLUMNS
        if (path / column.name).exists()
    }
    time = GrowingArray(path / layout.TIME, length=n_frames)
    return FrameGroup(arrays, time, GrowingArray(path / layout.N_CELLS, length=n_frames))


def reopen_fields(path: Path, until_h: float) -> FrameGroup | None:
    """Open the group of fields and cut what came after ``until_h``; None where there is none."""
    n_frames = _count_frames(path, until_h)
    if n_frames is None:
        return None
    time = GrowingArray(path / layout.TIME, length=n_frames)
    fixed = {layout.TIME, *layout.POSITION.values()}
    species = sorted(p.name for p in path.iterdir() if p.is_dir() and p.name not in fixed)
    arrays = {name: GrowingArray(path / name, length=n_frames) for name in species}
    return FrameGroup(arrays, time, None)


def _count_frames(path: Path, until_h: float) -> int | None:
    if not path.exists():
        return None
    import zarr

    times = zarr.open_array(path / layout.TIME, mode="r")[:]
    return int(np.searchsorted(times, until_h, side="right"))
