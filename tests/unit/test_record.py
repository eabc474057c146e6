"""Run folder: what is written is read back; what was committed survives."""

import itertools
import json
import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import tskit
import xarray

from abm.errors import RunFolderError, StateError
from abm.record import files, layout, provenance
from abm.record.growing import GrowingArray, create_group, rounded
from abm.record.reader import RunReader, is_tumour
from abm.record.writer import RunWriter
from abm.state.columns import CellType

SPACING = 10.0


def row(time_h, **changes):
    """One row of the timeseries with every required count."""
    counts = ("n_agents", "n_cells", "n_resistant", "n_asns_high", "births", "deaths", "mutations")
    return {"time_h": time_h, **dict.fromkeys(counts, 0), **changes}


def snapshot(n_cells, first_id=0):
    """Cells whose values can be told apart: x is the id, y half of it (exact in float32)."""
    cell_id = np.arange(first_id, first_id + n_cells)
    return {
        "cell_id": cell_id,
        "x_um": cell_id % 1024 + 0.0,
        "y_um": cell_id % 512 / 2.0,
        "is_resistant": cell_id % 2 == 0,
    }


def write_frames(writer, sizes, start=0):
    """Write one frame per size at 6 h steps, every value a function of its number."""
    for k, n_cells in enumerate(sizes, start):
        writer.cells(6.0 * k, snapshot(n_cells, first_id=1000 * k))
        field = np.full((3, 4), float(k)) + np.arange(4) / 4.0
        writer.fields(6.0 * k, {"asn": field, "gln": 2.0 * field}, spacing_um=SPACING)
        writer.timeseries(row(6.0 * k, n_cells=n_cells))


class TestTables:
    def test_rows_come_back_with_contract_columns_types_and_nan_for_what_is_absent(self, tmp_path):
        writer = RunWriter(tmp_path / "run")
        writer.timeseries(row(0.0, n_cells=5, asn_uM=45.0))
        writer.timeseries(row(6.0, n_cells=7, asn_uM=0.1))
        writer.finish({})
        table = RunReader(tmp_path / "run").timeseries
        assert list(table.columns) == [column.name for column in layout.TIMESERIES_COLUMNS]
        assert table["n_cells"].tolist() == [5, 7]
        assert table["n_cells"].dtype == np.int64
        assert table["asn_uM"].tolist() == [45.0, 0.1]
        assert table["asns_mean"].isna().all()

    def test_arrays_make_one_row_per_replicate(self, tmp_path):
        writer = RunWriter(tmp_path / "run")
        writer.timeseries(row(0.0, n_cells=np.array([1, 4, 9]), replicate=np.arange(3)))
        writer.finish({})
        table = RunReader(tmp_path / "run").timeseries
        assert table["replicate"].tolist() == [0, 1, 2]
        assert table["n_cells"].tolist() == [1, 4, 9]
        assert table["time_h"].tolist() == [0.0, 0.0, 0.0]

    def test_sites_are_long_and_every_pair_keeps_its_value(self, tmp_path):
        writer = RunWriter(tmp_path / "run")
        writer.sites(2.0, ["plasma", "csf"], ["asn", "gln"], np.array([[1.0, 2.0], [3.0, 4.0]]))
        writer.finish({})
        table = RunReader(tmp_path / "run").sites
        found = table.set_index(["site", "species"])["concentration_uM"].to_dict()
        assert found == {
            ("plasma", "asn"): 1.0,
            ("csf", "asn"): 2.0,
            ("plasma", "gln"): 3.0,
            ("csf", "gln"): 4.0,
        }

    def test_sites_of_another_shape_are_refused(self, tmp_path):
        writer = RunWriter(tmp_path / "run")
        with pytest.raises(StateError, match="2 species and 1 sites"):
            writer.sites(0.0, ["well"], ["asn", "gln"], np.zeros((1, 1)))

    def test_a_missing_count_a_changed_column_and_unequal_lengths_are_refused(self, tmp_path):
        writer = RunWriter(tmp_path / "run")
        with pytest.raises(StateError, match=r"timeseries.parquet: row without .*births"):
            writer.timeseries({"time_h": 0.0, "n_cells": 1})
        writer.timeseries(row(0.0))
        with pytest.raises(StateError, match="not in every row: n_stroma"):
            writer.timeseries(row(6.0, n_stroma=3))
        with pytest.raises(StateError, match="lengths"):
            writer.timeseries(row(6.0, births=np.arange(2), deaths=np.arange(3)))

    def test_columns_carry_units_in_the_file(self, tmp_path):
        import pyarrow.parquet

        writer = RunWriter(tmp_path / "run")
        writer.price(
            {"time_h": 0.0, "asns_mean": 1.0, "selection": 0.0, "induction": 0.0, "mutation": 0.0}
        )
        writer.finish({})
        schema = pyarrow.parquet.read_schema(tmp_path / "run" / layout.PRICE)
        assert schema.field("selection").metadata[b"unit"] == layout.ASNS_UNIT.encode()


class TestFrames:
    def test_ragged_snapshots_come_back_each_with_its_own_cells(self, tmp_path):
        sizes = [5, 0, 40_000, 3]  # empty, and across chunks
        writer = RunWriter(tmp_path / "run")
        write_frames(writer, sizes)
        writer.finish({})
        run = RunReader(tmp_path / "run")
        assert run.frame_times.tolist() == [0.0, 6.0, 12.0, 18.0]
        for k, n_cells in enumerate(sizes):
            expected = pd.DataFrame(snapshot(n_cells, first_id=1000 * k))
            pd.testing.assert_frame_equal(run.cells_at(k), expected, check_dtype=False)
        assert run.cells_at(-1)["cell_id"].tolist() == [3000, 3001, 3002]
        with pytest.raises(RunFolderError, match="snapshot 4 of 4"):
            run.cells_at(4)

    def test_xarray_reads_both_groups_by_itself(self, tmp_path):
        writer = RunWriter(tmp_path / "run")
        write_frames(writer, [5, 4])
        writer.finish({})
        cells = xarray.open_zarr(tmp_path / "run" / layout.CELLS, consolidated=False)
        assert cells["n_cells"].dims == ("time",)
        assert cells["x_um"].dims == ("row",)
        assert cells.sizes == {"time": 2, "row": 9}
        fields = xarray.open_zarr(tmp_path / "run" / layout.FIELDS, consolidated=False)
        assert fields["asn"].dims == ("time", "y", "x")
        assert fields["asn"].attrs["units"] == "uM"
        assert fields.coords["x_um"].values.tolist() == [5.0, 15.0, 25.0, 35.0]
        assert fields.coords["time_h"].values.tolist() == [0.0, 6.0]

    def test_fields_are_found_by_time_and_place(self, tmp_path):
        writer = RunWriter(tmp_path / "run")
        write_frames(writer, [1, 1, 1])
        writer.finish({})
        fields = RunReader(tmp_path / "run").fields
        assert float(fields["asn"].sel(time_h=12.0, x_um=25.0, y_um=5.0)) == 2.5
        assert float(fields["gln"].sel(time_h=6.0, x_um=5.0, y_um=5.0)) == 2.0

    def test_frames_pair_cells_and_fields_of_one_time(self, tmp_path):
        writer = RunWriter(tmp_path / "run")
        write_frames(writer, [2, 3])
        writer.cells(12.0, snapshot(1))
        writer.finish({})
        frames = list(RunReader(tmp_path / "run").frames())
        assert [frame.time_h for frame in frames] == [0.0, 6.0, 12.0]
        assert frames[1].cells["cell_id"].tolist() == [1000, 1001, 1002]
        assert frames[1].fields["asn"][0].tolist() == [1.0, 1.25, 1.5, 1.75]
        assert frames[2].fields == {}
        assert frames[0].extent_um == (0.0, 40.0, 0.0, 30.0)

    def test_three_dimensional_fields_come_back_whole_with_their_depth(self, tmp_path):
        writer = RunWriter(tmp_path / "run")
        field = np.arange(5.0)[:, None, None] * np.ones((5, 2, 3))
        writer.fields(0.0, {"asn": field}, spacing_um=SPACING)
        writer.finish({})
        run = RunReader(tmp_path / "run")
        assert run.fields["asn"].dims == ("time", "z", "y", "x")
        frame = run.frame(0)
        assert np.array_equal(frame.fields["asn"], field)
        assert frame.extent_um == (0.0, 30.0, 0.0, 20.0) and frame.depth_um == 50.0

    def test_frames_with_other_columns_or_lengths_are_refused(self, tmp_path):
        writer = RunWriter(tmp_path / "run")
        with pytest.raises(StateError, match="unknown column 'asms'; did you mean 'asns'"):
            writer.cells(0.0, {"asms": np.zeros(2)})
        writer.cells(0.0, {"cell_id": np.arange(2), "asns": np.ones(2)})
        with pytest.raises(StateError, match="not in every frame: asns"):
            writer.cells(6.0, {"cell_id": np.arange(2)})
        with pytest.raises(StateError, match="shapes"):
            writer.cells(6.0, {"cell_id": np.arange(2), "asns": np.ones(3)})


class TestRounding:
    def test_relative_error_is_at_most_two_to_the_minus_16_and_specials_stay(self):
        rng = np.random.default_rng(5)
        values = (rng.lognormal(0.0, 20.0, 20_000) * rng.choice([-1, 1], 20_000)).astype("f4")
        values = values[np.isfinite(values) & (np.abs(values) > 1e-30)]
        error = np.abs(rounded(values).astype(float) / values.astype(float) - 1.0)
        assert error.max() <= 2.0**-16
        assert error.max() > 2.0**-17
        special = np.array([0.0, -0.0, 1.0, 1024.5, np.inf, -np.inf, np.nan], dtype="f4")
        assert np.array_equal(rounded(special), special, equal_nan=True)

    def test_a_nan_with_any_payload_stays_nan(self):
        payload = np.array([0x7FFFFFFF, 0x7F800001, 0xFFFFFFFF], dtype=np.uint32).view(np.float32)
        assert np.isnan(rounded(payload)).all()

    def test_integers_are_left_alone(self):
        values = np.array([2**40 + 1], dtype=np.int64)
        assert rounded(values) is values


class TestGrowingArray:
    def test_any_sequence_of_appends_and_commits_is_the_concatenation(self, tmp_path):
        create_group(tmp_path / "g", {})
        array = GrowingArray.create(
            tmp_path / "g" / "a", "int32", chunk_length=7, dimensions=("row",), attributes={}
        )
        rng = np.random.default_rng(3)
        parts = []
        for _ in range(40):
            parts.append(rng.integers(0, 99, rng.integers(0, 17)))
            array.append(parts[-1])
            if rng.random() < 0.3:
                array.commit()
                stored = xarray.open_zarr(tmp_path / "g", consolidated=False)["a"].values
                assert np.array_equal(stored, np.concatenate(parts))

    def test_a_cut_array_goes_on_from_the_cut_and_leaves_no_chunk_behind(self, tmp_path):
        create_group(tmp_path / "g", {})
        path = tmp_path / "g" / "a"
        array = GrowingArray.create(
            path, "int32", chunk_length=4, dimensions=("row",), attributes={}
        )
        array.append(np.arange(23))
        array.commit()
        cut = GrowingArray(path, length=6)
        assert sorted(p.name for p in path.glob("c.*")) == ["c.0", "c.1"]
        cut.append(np.arange(100, 105))
        cut.commit()
        stored = xarray.open_zarr(tmp_path / "g", consolidated=False)["a"].values
        assert stored.tolist() == [0, 1, 2, 3, 4, 5, 100, 101, 102, 103, 104]

    def test_more_than_there_is_cannot_be_kept(self, tmp_path):
        create_group(tmp_path / "g", {})
        path = tmp_path / "g" / "a"
        GrowingArray.create(path, "int32", chunk_length=4, dimensions=("row",), attributes={})
        with pytest.raises(RunFolderError, match="has 0 entries, 3 are needed"):
            GrowingArray(path, length=3)


class TestFinished:
    def test_marker_stands_until_finish_and_run_json_comes_last(self, tmp_path):
        writer = RunWriter(tmp_path / "run")
        writer.scenario("asnsim: 1\n")
        writer.describe({"name": "relapse", "seed": 3})
        assert (tmp_path / "run" / layout.UNFINISHED).exists()
        assert not (tmp_path / "run" / layout.RUN_INFO).exists()
        writer.finish({"doses": [(24.0, "pegaspargase 2500 IU/m2")], "wall_s": np.float64(1.5)})
        assert not (tmp_path / "run" / layout.UNFINISHED).exists()
        info = json.loads((tmp_path / "run" / layout.RUN_INFO).read_text())
        assert (info["name"], info["seed"], info["wall_s"]) == ("relapse", 3, 1.5)
        assert info["versions"]["numpy"] == np.__version__
        run = RunReader(tmp_path / "run")
        assert run.is_finished
        assert run.doses == [(24.0, "pegaspargase 2500 IU/m2")]
        assert list(tmp_path.rglob("*.tmp")) == []

    def test_unfinished_run_is_read_up_to_the_checkpoint_and_says_so(self, tmp_path, caplog):
        writer = RunWriter(tmp_path / "run")
        writer.describe({"name": "relapse", "doses": [[1.0, "drug"]]})
        write_frames(writer, [5, 4])
        writer.checkpoint_tables()
        write_frames(writer, [3], start=2)  # lost with the process
        run = RunReader(tmp_path / "run")
        assert not run.is_finished
        assert "unfinished run" in caplog.text
        assert run.frame_times.tolist() == [0.0, 6.0]
        assert run.cells_at(1).shape[0] == 4
        assert run.fields.sizes["time"] == 2
        assert run.timeseries["n_cells"].tolist() == [5, 4]
        assert run.doses == [(1.0, "drug")]

    def test_rows_without_their_time_are_cut_off(self, tmp_path):
        writer = RunWriter(tmp_path / "run")
        write_frames(writer, [5])
        writer.checkpoint_tables()
        write_frames(writer, [4], start=1)
        for array in writer._cells._arrays.values():
            array.commit()  # the process dies before n_cells and the time
        run = RunReader(tmp_path / "run")
        assert run.frame_times.tolist() == [0.0]
        assert [frame.cells["cell_id"].size for frame in run.frames()] == [5]

    def test_lineage_comes_back(self, tmp_path):
        tables = tskit.TableCollection(sequence_length=1.0)
        tables.nodes.add_row(time=2.0)
        tables.nodes.add_row(flags=tskit.NODE_IS_SAMPLE, time=0.0)
        tables.edges.add_row(0.0, 1.0, 0, 1)
        writer = RunWriter(tmp_path / "run")
        writer.lineage(tables.tree_sequence())
        writer.finish({})
        assert RunReader(tmp_path / "run").lineage.first().parent(1) == 0


class TestFolder:
    def test_existing_folder_is_refused_and_overwrite_replaces_a_run_only(self, tmp_path):
        folder = tmp_path / "run"
        RunWriter(folder).scenario("old")
        with pytest.raises(RunFolderError, match=r"exists already.*--overwrite"):
            RunWriter(folder)
        RunWriter(folder, overwrite=True)
        assert not (folder / layout.SCENARIO).exists()
        precious = tmp_path / "thesis"
        precious.mkdir()
        (precious / "chapter.txt").write_text("mine")
        with pytest.raises(RunFolderError, match="not a run folder"):
            RunWriter(precious, overwrite=True)
        assert (precious / "chapter.txt").read_text() == "mine"

    def test_missing_folder_file_and_foreign_folder_are_told_apart(self, tmp_path):
        with pytest.raises(RunFolderError, match="no such run folder"):
            RunReader(tmp_path / "nothing")
        with pytest.raises(RunFolderError, match="not a run folder"):
            RunReader(tmp_path)
        RunWriter(tmp_path / "run").finish({})
        with pytest.raises(RunFolderError, match=r"clones.parquet: not there \(the run does not"):
            _ = RunReader(tmp_path / "run").clones

    def test_unreadable_info_and_another_format_are_refused(self, tmp_path):
        RunWriter(tmp_path / "run").finish({"format": 99})
        with pytest.raises(RunFolderError, match="format 99"):
            RunReader(tmp_path / "run")
        (tmp_path / "run" / layout.RUN_INFO).write_text("{")
        with pytest.raises(RunFolderError, match="not readable as JSON"):
            RunReader(tmp_path / "run")


class TestResume:
    def test_resumed_run_equals_one_that_was_never_stopped(self, tmp_path):
        sizes = [5, 4, 33_000, 2, 7]
        whole = RunWriter(tmp_path / "whole")
        write_frames(whole, sizes)
        whole.finish({})
        stopped = RunWriter(tmp_path / "stopped")
        write_frames(stopped, sizes[:4])
        stopped.finish({})
        until_then = RunWriter(tmp_path / "until then")
        write_frames(until_then, sizes[:2])
        tables = until_then.snapshot()
        resumed = RunWriter.resume(tmp_path / "stopped", 6.0, tables)
        assert not RunReader(tmp_path / "stopped").is_finished
        write_frames(resumed, sizes[2:], start=2)
        resumed.finish({})
        one, other = RunReader(tmp_path / "whole"), RunReader(tmp_path / "stopped")
        pd.testing.assert_frame_equal(one.timeseries, other.timeseries)
        xarray.testing.assert_identical(one.fields, other.fields)
        for k in range(len(sizes)):
            pd.testing.assert_frame_equal(one.cells_at(k), other.cells_at(k))
        names = {p.relative_to(one.folder) for p in one.folder.rglob("*")}
        assert names == {p.relative_to(other.folder) for p in other.folder.rglob("*")}

    def test_resume_of_a_run_without_frames_starts_them(self, tmp_path):
        writer = RunWriter(tmp_path / "run")
        writer.timeseries(row(0.0))
        writer.checkpoint_tables()
        resumed = RunWriter.resume(tmp_path / "run", 0.0, writer.snapshot())
        write_frames(resumed, [3], start=1)
        resumed.finish({})
        run = RunReader(tmp_path / "run")
        assert run.timeseries["time_h"].tolist() == [0.0, 6.0]
        assert run.frame_times.tolist() == [6.0]


class TestFullDisk:
    def test_error_goes_up_and_what_was_committed_stays(self, tmp_path, monkeypatch):
        writer = RunWriter(tmp_path / "run")
        write_frames(writer, [5, 4])
        writer.checkpoint_tables()
        before = (tmp_path / "run" / layout.TIMESERIES).read_bytes()
        write_frames(writer, [3], start=2)

        def no_space(path, content):
            raise OSError(28, "No space left on device")

        monkeypatch.setattr("pathlib.Path.write_bytes", no_space)
        with pytest.raises(OSError, match="No space left"):
            writer.checkpoint_tables()
        with pytest.raises(OSError, match="No space left"):
            writer.finish({})
        monkeypatch.undo()
        assert (tmp_path / "run" / layout.TIMESERIES).read_bytes() == before
        run = RunReader(tmp_path / "run")
        assert not run.is_finished
        assert run.frame_times.tolist() == [0.0, 6.0]
        assert run.cells_at(1)["cell_id"].tolist() == [1000, 1001, 1002, 1003]

    def test_no_frame_follows_one_that_was_written_half(self, tmp_path, monkeypatch):
        writer = RunWriter(tmp_path / "run")
        # So large that each frame is a chunk of its own and is written at once.
        frame = {"asn": np.ones((200, 200)), "gln": np.ones((200, 200))}
        writer.fields(0.0, frame, spacing_um=SPACING)
        writer.checkpoint_tables()

        def no_space(path, content):
            raise OSError(28, "No space left on device")

        monkeypatch.setattr("pathlib.Path.write_bytes", no_space)
        with pytest.raises(OSError, match="No space left"):
            writer.fields(6.0, frame, spacing_um=SPACING)
        monkeypatch.undo()
        with pytest.raises(RunFolderError, match="resume from the checkpoint"):
            writer.fields(12.0, frame, spacing_um=SPACING)
        writer.checkpoint_tables()
        assert RunReader(tmp_path / "run").fields.sizes["time"] == 1

    def test_failed_replacement_keeps_the_old_file_and_no_temporary_one(self, tmp_path):
        path = tmp_path / "table"
        files.replace_text(path, "old")

        def fail(temporary):
            temporary.write_text("half")
            raise OSError(28, "No space left on device")

        with pytest.raises(OSError, match="No space left"):
            files.replace_file(path, fail)
        assert path.read_text() == "old"
        assert os.listdir(tmp_path) == ["table"]


def test_tumour_types_are_those_of_the_cell_types():
    cells = {"cell_type": np.array([CellType.BLAST, CellType.STROMA, CellType.NORMAL, 0])}
    assert is_tumour(cells).tolist() == [True, False, False, True]
    assert is_tumour({"asns": np.ones(2)}).tolist() == [True, True]


def test_provenance_names_packages_and_processor(tmp_path):
    table = tmp_path / "cpuinfo"
    table.write_text("processor : 0\nmodel name\t: Abacus 9000\n")
    assert provenance.cpu_name(table) == "Abacus 9000"
    assert provenance.cpu_name(tmp_path / "absent")
    assert set(provenance.versions()) == {"python", *provenance.PACKAGES}


def test_the_page_on_the_output_format_has_every_file_and_column():
    page = (Path(__file__).parents[2] / "docs" / "output-format.md").read_text()
    tables = (
        layout.TIMESERIES_COLUMNS,
        layout.TIMESERIES_OPTIONAL,
        layout.SITES_COLUMNS,
        layout.CLONES_COLUMNS,
        layout.PRICE_COLUMNS,
        layout.CELLS_COLUMNS,
        layout.PATIENTS_COLUMNS,
        layout.MRD_COLUMNS,
        layout.COURSES_COLUMNS,
        layout.EVENTS_COLUMNS,
        layout.CLONE_EDGES_COLUMNS,
    )
    for column in itertools.chain(*tables):
        assert f"| `{column.name}` | {column.dtype.replace('str', 'text')} |" in page
        assert column.meaning in page
    for name in (layout.CELLS, layout.FIELDS, layout.LINEAGE, layout.RUN_INFO, layout.UNFINISHED):
        assert f"`{name}`" in page
