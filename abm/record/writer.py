"""Write a run folder so that nothing half-written passes for a result.

The folder carries the marker ``UNFINISHED`` from its creation until :meth:`RunWriter.finish`.
Tables are kept in memory and replaced whole at each checkpoint; frames go to the zarr groups as
they come and are committed at each checkpoint, the times last: a reader cuts everything to them.
"""

import json
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np

from abm.errors import RunFolderError, StateError
from abm.record import layout, provenance
from abm.record.files import replace_file, replace_text, sync, together
from abm.record.frames import (
    FrameGroup,
    create_cells,
    create_fields,
    reopen_cells,
    reopen_fields,
)
from abm.record.tables import Table


class RunWriter:
    """The one writer of a run folder.

    ``folder`` must not exist, unless ``overwrite`` is set and it is a run folder, which is then
    deleted. ``info`` is what is known from the start, as :meth:`describe` takes it. Raises
    RunFolderError otherwise. An OSError, such as a full disk, goes up unchanged from every method;
    what was committed before stays readable, and no file is left open.
    """

    folder: Path
    _cells: FrameGroup | None
    _fields: FrameGroup | None

    def __init__(
        self, folder: Path | str, overwrite: bool = False, info: Mapping[str, Any] | None = None
    ) -> None:
        folder = Path(folder)
        if folder.exists():
            clear(folder, overwrite)
        (folder / layout.CHECKPOINTS).mkdir(parents=True)
        known = {"format": layout.FORMAT_VERSION, **provenance.describe(), **(info or {})}
        self._attach(folder, known)

    @classmethod
    def resume(
        cls, folder: Path | str, until_h: float, tables: Mapping[str, dict[str, np.ndarray]]
    ) -> Self:
        """Continue in a run folder with the rows of ``tables`` (see :meth:`snapshot`).

        Frames after ``until_h`` [h] are cut away. The folder is unfinished again; what run.json
        held is kept for the next ``finish``.
        """
        folder = Path(folder)
        writer = cls.__new__(cls)
        writer._attach(folder, read_info(folder))
        (folder / layout.RUN_INFO).unlink(missing_ok=True)
        for table in writer._tables:
            table.restore(tables.get(table.path.name, {}))
        writer._cells = reopen_cells(folder / layout.CELLS, until_h)
        writer._fields = reopen_fields(folder / layout.FIELDS, until_h)
        return writer

    def snapshot(self) -> dict[str, dict[str, np.ndarray]]:
        """Return the rows of all tables so far, by name of the file."""
        return {table.path.name: table.snapshot() for table in self._tables}

    @property
    def info(self) -> dict[str, Any]:
        """What run.json is going to say, as far as it is known."""
        return self._info

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
            self._cells = create_cells(self.folder / layout.CELLS, columns)
        self._cells.append(time_h, columns)

    def fields(
        self, time_h: float, concentration: Mapping[str, np.ndarray], *, spacing_um: float
    ) -> None:
        """Append a frame of the fields: ``{species: float[ny, nx]}``, or [nz, ny, nx], in uM."""
        if self._fields is None:
            path = self.folder / layout.FIELDS
            self._fields = create_fields(path, concentration, spacing_um)
        self._fields.append(time_h, concentration)

    def lineage(self, tree_sequence: Any) -> None:
        """Write a tskit tree sequence, replacing an earlier one."""
        replace_file(self.folder / layout.LINEAGE, tree_sequence.dump)

    def patients(self, columns: Mapping[str, np.ndarray]) -> None:
        """Write one row per patient (``layout.PATIENTS_COLUMNS``), replacing earlier ones."""
        self._write_whole(layout.PATIENTS, layout.PATIENTS_COLUMNS, columns)

    def mrd(self, columns: Mapping[str, np.ndarray]) -> None:
        """Write the readings of residual disease (``layout.MRD_COLUMNS``)."""
        self._write_whole(layout.MRD, layout.MRD_COLUMNS, columns)

    def courses(self, columns: Mapping[str, np.ndarray]) -> None:
        """Write the readings before and after each course (``layout.COURSES_COLUMNS``)."""
        self._write_whole(layout.COURSES, layout.COURSES_COLUMNS, columns)

    def events(self, columns: Mapping[str, np.ndarray]) -> None:
        """Write what happened to the patients (``layout.EVENTS_COLUMNS``)."""
        self._write_whole(layout.EVENTS, layout.EVENTS_COLUMNS, columns)

    def clone_edges(self, columns: Mapping[str, np.ndarray]) -> None:
        """Write the founder events of the clones (``layout.CLONE_EDGES_COLUMNS``)."""
        self._write_whole(layout.CLONE_EDGES, layout.CLONE_EDGES_COLUMNS, columns)

    def recorded_clones(self) -> set[int]:
        """Return the ids of all clones that were recorded so far."""
        return set(map(int, np.unique(self._clones.values("clone_id"))))

    def checkpoint_tables(self) -> None:
        """Bring everything recorded so far to the disk: frames first, then tables, each whole."""
        FrameGroup.commit(group for group in (self._cells, self._fields) if group is not None)
        together(Table.write, self._tables)

    def finish(self, run_info: Mapping[str, Any]) -> None:
        """Write what is left, then run.json, and take the marker away: the run is a result."""
        self.checkpoint_tables()
        self._info |= run_info
        replace_text(self.folder / layout.RUN_INFO, _json_text(self._info))
        (self.folder / layout.UNFINISHED).unlink()
        sync(self.folder)

    def _write_whole(
        self, name: str, contract: Sequence[layout.Column], columns: Mapping[str, np.ndarray]
    ) -> None:
        """Write a table that has no rows of its own over time; nothing where it is empty."""
        if not any(len(values) for values in columns.values()):
            return
        table = Table(self.folder / name, contract)
        table.append(columns)
        table.write()

    def _attach(self, folder: Path, info: dict[str, Any]) -> None:
        self.folder = folder
        self._info = info
        self._timeseries = Table(
            folder / layout.TIMESERIES, layout.TIMESERIES_COLUMNS, layout.TIMESERIES_OPTIONAL
        )
        self._sites = Table(folder / layout.SITES, layout.SITES_COLUMNS)
        self._clones = Table(folder / layout.CLONES, layout.CLONES_COLUMNS)
        self._price = Table(folder / layout.PRICE, layout.PRICE_COLUMNS)
        self._tables = (self._timeseries, self._sites, self._clones, self._price)
        self._cells = None
        self._fields = None
        self.describe({})


def clear(folder: Path, overwrite: bool) -> None:
    """Delete a run folder; RunFolderError without ``overwrite`` or where it is something else."""
    if not overwrite:
        raise RunFolderError(
            f"{folder} exists already; give another folder, or --overwrite to replace it"
        )
    marks = (layout.RUN_INFO, layout.UNFINISHED)
    if not folder.is_dir() or not any((folder / mark).exists() for mark in marks):
        raise RunFolderError(
            f"{folder} is not a run folder (no {' or '.join(marks)}), so it is not overwritten; "
            "give another folder"
        )
    shutil.rmtree(folder)


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
