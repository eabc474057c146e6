"""Assays from the command line: list, show, run, plot, fit; bad input in one line, status 2."""

import json

import pandas as pd
import pytest

from scenarios import cli
from scenarios.catalogue import bundled_assays
from scenarios.studies.load import load_assay, loads_assay

QUICK = [
    "--set", "agents_per_well=20", "--set", "replicates=1", "--set", "hours=6 h",
    "--set", "n_doses=4", "--set", "dilution_factor=20",
]  # fmt: skip


@pytest.fixture(autouse=True)
def empty_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv(cli.DEBUG, raising=False)
    return tmp_path


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    out = tmp_path_factory.mktemp("assay") / "run"
    assert cli.main(["run", "mtt", "--out", str(out), *QUICK]) == cli.DONE
    return out


def test_show_prints_an_assay_that_can_be_read_again(capsys):
    assert cli.main(["show", "mtt", "--set", "line=A549"]) == cli.DONE
    shown = loads_assay(capsys.readouterr().out)
    assert shown.model_dump() == load_assay("mtt", ["line=A549"]).model_dump()


def test_run_prints_the_folder_alone_and_the_table_beside(capsys, empty_folder):
    assert cli.main(["run", "asns-enzyme", "--seed", "4"]) == cli.DONE
    captured = capsys.readouterr()
    assert captured.out == "runs/asns-enzyme-s4\n"
    assert "linear_until_min" in captured.err
    assert (empty_folder / "runs" / "asns-enzyme-s4" / "run.json").exists()


def test_the_folder_holds_assay_readings_results_and_figures(folder):
    assert {path.name for path in folder.iterdir()} == {
        "assay.yaml", "readings.csv", "readings.parquet", "results.csv", "run.json", "plots",
    }  # fmt: skip
    info = json.loads((folder / "run.json").read_text())
    assert info["assay"] == "mtt" and info["seed"] == 1 and info["versions"]["python"]
    readings = pd.read_csv(folder / "readings.csv")
    # A vehicle and four doses, at 0 and at 6 h.
    assert len(readings) == 5 * 2
    assert {"absorbance", "viability_mtt", "n_live", "asn_uM"} <= set(readings)
    figures = {path.suffix for path in (folder / "plots").iterdir()}
    assert figures == {".png", ".pdf"}
    assert loads_assay((folder / "assay.yaml").read_text()).hours == (6.0,)


def test_plot_draws_an_assay_again(folder, capsys, empty_folder):
    assert cli.main(["plot", str(folder), "--out", "again"]) == cli.DONE
    drawn = capsys.readouterr().out.splitlines()
    assert len(drawn) == 4 and all((empty_folder / name).stat().st_size > 1000 for name in drawn)


def test_a_folder_that_is_there_is_kept(folder, capsys):
    assert cli.main(["run", "mtt", "--out", str(folder), *QUICK]) == cli.BAD_INPUT
    assert "is there already" in capsys.readouterr().err


@pytest.mark.parametrize("name", sorted(set(bundled_assays()) - {"coculture", "motility"}))
def test_every_bundled_assay_in_wells_runs_shortened_and_is_drawn(name, empty_folder):
    known = type(load_assay(name)).model_fields
    changes = {
        "agents_per_well": "20", "replicates": "2", "hours": "6 h", "n_doses": "4",
        "dilution_factor": "20", "line": "molt-4", "product": "e-coli",
    }  # fmt: skip
    words = [f"{key}={value}" for key, value in changes.items() if key in known]
    options = [word for change in words for word in ("--set", change)]
    assert cli.main(["run", name, "--out", "run", *options]) == cli.DONE
    results = pd.read_csv(empty_folder / "run" / "results.csv")
    assert len(results) > 0
    assert any(path.suffix == ".png" for path in (empty_folder / "run" / "plots").iterdir())


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["run", "mtx"], "did you mean 'mtt'?"),
        (["run", "mtt", "--set", "line=molt5"], "did you mean 'molt-4'?"),
        (["run", "mtt", "--set", "n_doses=1"], "a dose series of 1 point gives no curve"),
        (["run", "mtt", "--set", "highest_dose=-1 IU/mL"], "must be >= 0 IU/mL"),
        (["show", "mtt", "--set", "hours=0 h"], "hours.0: '0 h': must be > 0 h"),
        (["fit", "absent.csv", "--line", "molt-4"], "absent.csv: there is no such file"),
        (["fit", "absent.csv"], "absent.csv: there is no such file"),
        (["validate", "--only", "A99"], "A99"),
    ],
)
def test_bad_input_is_one_line_and_leaves_nothing(words, message, capsys, empty_folder):
    assert cli.main(words) == cli.BAD_INPUT
    captured = capsys.readouterr()
    (line,) = captured.err.splitlines()
    assert captured.out == "" and line.startswith("asnsim: ") and message in line
    assert not list(empty_folder.iterdir())


def test_an_assay_longer_than_its_medium_leaves_nothing(capsys, empty_folder):
    words = ["run", "mtt", *QUICK, "--set", "hours=72 h", "--set", "cells_per_well=300000"]
    assert cli.main(words) == cli.BAD_INPUT
    assert "ran out of Gln by" in capsys.readouterr().err
    assert not list(empty_folder.iterdir())


def test_fit_prints_the_values(capsys, empty_folder):
    rows = "".join(f"{hours},{7500 * 2 ** (hours / 30)}\n" for hours in (0, 12, 24))
    (empty_folder / "growth.csv").write_text("time_h,n_cells\n" + rows)
    assert cli.main(["fit", "growth.csv", "--line", "molt-4"]) == cli.DONE
    header, row = capsys.readouterr().out.splitlines()
    assert header.split()[:4] == ["parameter", "value", "low", "high"]
    assert row.split()[0] == "doubling_time"


def test_fit_of_dish_data_needs_a_line(capsys, empty_folder):
    (empty_folder / "growth.csv").write_text("time_h,n_cells\n0,7500\n12,9900\n24,13000\n")
    assert cli.main(["fit", "growth.csv"]) == cli.BAD_INPUT
    assert "--line" in capsys.readouterr().err


def test_fit_refuses_a_file_in_place_of_its_folder_before_it_runs(capsys, empty_folder):
    (empty_folder / "taken").write_text("")
    (empty_folder / "growth.csv").write_text("time_h,n_cells\n0,7500\n12,9900\n24,13000\n")
    words = ["fit", "growth.csv", "--line", "molt-4", "--out", "taken", "--overwrite"]
    assert cli.main(words) == cli.BAD_INPUT
    assert "--out taken: is a file: choose another name" in capsys.readouterr().err
