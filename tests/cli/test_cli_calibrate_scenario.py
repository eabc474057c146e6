"""`asnsim calibrate` on any scenario: what is found, resumed, refused, written."""

import json
import os
import re
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from abm.errors import RunFolderError, ScenarioError
from scenarios import cli
from scenarios.load_text import parse_text
from scenarios.tuning import simulate
from scenarios.tuning.load import load_tuning
from scenarios.tuning.run import tune

ROOT = Path(__file__).resolve().parents[2]
BIRTH, DEATH, N, DAYS = 1.0, 0.4, 400, 1.0
BASE = {
    "asnsim": 1,
    "environment": {"kind": "well", "species": []},
    "cells": [
        {"model": "fixed-rates", "number": N, "birth_rate": f"{BIRTH} 1/d",
         "death_rate": "1 1/d", "clock": {"erlang": 1}}
    ],
    "time": {"end": f"{DAYS} d", "record": f"{DAYS} d", "tick": "30 min", "coupling": "30 min",
             "fate": "30 min"},
    "stop": [],
}  # fmt: skip
GROWN = np.exp((BIRTH - DEATH) * DAYS)
CELLS = N * GROWN
DEATHS = DEATH * N * (GROWN - 1.0) / (BIRTH - DEATH)
"""Means of the linear birth-death process."""
VARY = {"cells.0.death_rate": {"low": "0.1 1/d", "high": "2 1/d", "scale": "log"}}
TARGETS = [
    {"outcome": "n_cells_end", "value": CELLS, "sd": 40, "scale": "log"},
    {"time": f"{DAYS} d", "column": "deaths", "value": DEATHS, "sd": 20},
]


def written(folder, base=None, **keys):
    """Write a calibration of a small scenario; return its file."""
    (folder / "base.yaml").write_text(json.dumps(base or BASE))
    path = folder / "fit.yaml"
    keys = {"asnsim": 1, "calibrate": "base.yaml", "vary": VARY, "targets": TARGETS, **keys}
    path.write_text(json.dumps({key: value for key, value in keys.items() if value is not None}))
    return path


def rate_of(task):
    """Return the death rate of a job [1/d]."""
    (text,) = (one for one in task.job.overrides if "death_rate" in one)
    return float(re.search(r'"([-+.\de]+) ', text)[1])


@pytest.fixture
def stand_in(monkeypatch):
    """Replace runs by their expected numbers; count them."""
    calls = []

    def expected(task):
        calls.append(task)
        rate = rate_of(task)
        grown = np.exp((BIRTH - rate) * DAYS)
        growth = grown - 1.0 if rate == BIRTH else (grown - 1.0) / (BIRTH - rate)
        return np.array([N * grown, rate * N * growth])[: len(task.aims)]

    monkeypatch.setattr(simulate, "numbers", expected)
    return calls


def interrupt_after(monkeypatch, n):
    """Interrupt run number ``n`` from now on."""
    work = simulate.numbers
    left = [n]

    def interrupted(task):
        left[0] -= 1
        if left[0] < 0:
            raise KeyboardInterrupt
        return work(task)

    monkeypatch.setattr(simulate, "numbers", interrupted)


class TestOptuna:
    def test_death_rate_is_found_and_the_printed_command_runs_it(self, tmp_path, capsys):
        path, out = written(tmp_path, trials=24, replicates=2), tmp_path / "out"
        assert cli.main(["calibrate", str(path), "--out", str(out)]) == cli.DONE
        captured = capsys.readouterr()
        assert captured.out.strip() == str(out)
        (row,) = pd.read_csv(out / "parameters.csv").itertuples()
        assert row.low_95 <= DEATH <= row.high_95
        assert 0.3 < row.best < 0.5
        targets = pd.read_csv(out / "targets.csv")
        assert (np.abs(targets["simulated"] - targets["value"]) < 2.5 * targets["sd"]).all()
        assert {"fit.png", "objective.png", "slices.png", "best.yaml", "report.md",
                "calibration.yaml", "calibration.json", "trials.csv"} <= names(out)  # fmt: skip
        words = shlex.split(captured.err.strip().removeprefix("asnsim: "))
        assert words[:2] == ["asnsim", "run"]
        assert cli.main([*words[1:], "--out", str(tmp_path / "run")]) == cli.DONE
        best = parse_text((out / "best.yaml").read_text(), "best").contents
        rate = best["changes"]["cells.0.death_rate"]
        assert rate.endswith(" 1/d") and float(rate[:-4]) == pytest.approx(row.best)

    @pytest.mark.parametrize("n", [1, 5, 10, 15])
    def test_interrupted_search_ends_as_if_nothing_had_been(
        self, stand_in, tmp_path, monkeypatch, n
    ):
        path = written(tmp_path, trials=14, startup=6)
        whole = tune(path, tmp_path / "whole").points
        with monkeypatch.context() as patch:
            interrupt_after(patch, n)
            if n < 15:
                with pytest.raises(KeyboardInterrupt):
                    tune(path, tmp_path / "cut")
        n_before = len(stand_in)
        cut = tune(path, tmp_path / "cut").points
        pd.testing.assert_frame_equal(whole, cut)
        assert len(stand_in) - n_before == 14 + 1 - (n if n < 15 else 0)

    def test_more_trials_add_to_those_that_are_there(self, stand_in, tmp_path):
        path = written(tmp_path, trials=8)
        first = tune(path, tmp_path / "out").points
        second = tune(path, tmp_path / "out", trials=12).points
        assert len(second) == 12
        pd.testing.assert_frame_equal(first, second.iloc[:8])

    def test_failed_points_are_listed_and_end_nothing(self, stand_in, tmp_path, monkeypatch):
        work = simulate.numbers

        def fails_above(task):
            if rate_of(task) > 0.8:
                raise ScenarioError("rate is too high")
            return work(task)

        monkeypatch.setattr(simulate, "numbers", fails_above)
        result = tune(written(tmp_path, trials=16), tmp_path / "out")
        failed = result.points[result.points["message"] != ""]
        assert 0 < result.n_failed == len(failed) < 16
        assert (failed["cells.0.death_rate"] > 0.8).all()
        assert failed["objective"].min() > result.points.drop(failed.index)["objective"].max()
        report = (tmp_path / "out" / "report.md").read_text()
        assert f"- {len(failed)} x rate is too high" in report

    def test_killed_command_is_finished_by_the_same_command(self, tmp_path):
        path = written(tmp_path, trials=8, changes={"cells.0.number": 40})
        arguments = ["calibrate", str(path), "--workers", "2", "--out"]
        line = [sys.executable, "-m", "asnsim", *arguments]
        process = subprocess.Popen(
            [*line, str(tmp_path / "cut")], cwd=ROOT, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip
        journal = tmp_path / "cut" / "trials.journal"
        while process.poll() is None and (
            not journal.exists() or journal.read_text().count('"simulated"') < 1
        ):
            time.sleep(0.01)
        os.killpg(process.pid, signal.SIGKILL)
        assert process.wait() == -signal.SIGKILL
        cut = tune(path, tmp_path / "cut").points
        pd.testing.assert_frame_equal(cut, tune(path, tmp_path / "whole").points)


@pytest.mark.parametrize("method", [{"trials": 8}, {"method": "abc-smc", "populations": 2,
                                                    "particles": 10}])  # fmt: skip
def test_cluster_finds_what_one_process_finds(tmp_path, method):
    from distributed import LocalCluster

    path = written(tmp_path, **method)
    with LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None
    ) as cluster:
        address = cluster.scheduler_address
        line = ["calibrate", str(path), "--scheduler", address, "--out", str(tmp_path / "far")]
        assert cli.main(line) == cli.DONE
    tune(path, tmp_path / "here")
    tables = [pd.read_csv(tmp_path / folder / "parameters.csv") for folder in ("far", "here")]
    pd.testing.assert_frame_equal(*tables)


def names(folder):
    """Return the names of the files in a folder."""
    return {path.name for path in folder.iterdir()}


ABC = {"method": "abc-smc", "populations": 3, "particles": 30}


class TestPosterior:
    def test_it_holds_the_truth_and_is_written(self, tmp_path, capsys):
        path, out = written(tmp_path, **ABC), tmp_path / "out"
        assert cli.main(["calibrate", str(path), "--out", str(out)]) == cli.DONE
        (row,) = pd.read_csv(out / "parameters.csv").itertuples()
        assert row.low_95 < DEATH < row.high_95
        assert row.low_95 > 0.2 and row.high_95 < 0.8
        table = pd.read_parquet(out / "posterior.parquet")
        assert np.allclose(table.groupby("population")["weight"].sum(), 1.0)
        assert table.groupby("population").size().tolist() == [30, 30, 30]
        assert (table.groupby("population")["distance"].max().diff().dropna() < 0).all()
        assert {"fit.png", "populations.png", "posterior.png", "history.db"} <= names(out)
        assert "asnsim run" in capsys.readouterr().err

    def test_it_is_as_wide_as_the_error_of_the_measurement(self, stand_in, tmp_path):
        """Without chance in the runs the posterior of log rate is that of the linear model."""
        keys = {**ABC, "populations": 5, "particles": 150}
        table = tune(written(tmp_path, targets=TARGETS[:1], **keys), tmp_path / "out").points
        last = table[table["population"] == 4]
        # log10 n = const - rate / ln 10, and sd / value / ln 10 for the target: sd of the rate.
        exact = TARGETS[0]["sd"] / CELLS / DAYS
        mean = np.average(last["cells.0.death_rate"], weights=last["weight"])
        spread = np.sqrt(
            np.average((last["cells.0.death_rate"] - mean) ** 2, weights=last["weight"])
        )
        assert abs(mean - DEATH) < 0.35 * exact
        assert 0.75 * exact < spread < 1.35 * exact

    @pytest.mark.parametrize("n", [10, 100, 200])
    def test_interrupted_it_ends_as_if_nothing_had_been(self, stand_in, tmp_path, monkeypatch, n):
        path = written(tmp_path, **ABC)
        whole = tune(path, tmp_path / "whole").points
        n_whole = len(stand_in)
        with monkeypatch.context() as patch:
            interrupt_after(patch, n)
            with pytest.raises(KeyboardInterrupt):
                tune(path, tmp_path / "cut")
        pd.testing.assert_frame_equal(whole, tune(path, tmp_path / "cut").points)
        assert n < n_whole

    def test_history_that_is_no_database_is_refused_and_an_empty_one_begun(
        self, stand_in, tmp_path
    ):
        path, out = written(tmp_path, **ABC), tmp_path / "out"
        whole = tune(path, out).points
        (out / "history.db").write_text("junk")
        with pytest.raises(RunFolderError, match=r"history\.db: the populations cannot be read"):
            tune(path, out)
        (out / "history.db").write_text("")
        pd.testing.assert_frame_equal(whole, tune(path, out).points)

    def test_workers_change_nothing(self, tmp_path):
        keys = {**ABC, "populations": 1, "particles": 12}
        base = json.loads(json.dumps(BASE))
        base["cells"][0]["number"] = 20
        path = written(tmp_path, base, **keys)
        one = tune(path, tmp_path / "one", workers=1).points
        pd.testing.assert_frame_equal(one, tune(path, tmp_path / "two", workers=2).points)

    def test_failed_points_are_listed(self, stand_in, tmp_path, monkeypatch):
        work = simulate.numbers

        def fails_above(task):
            if rate_of(task) > 1.0:
                raise ScenarioError("rate is too high")
            return work(task)

        monkeypatch.setattr(simulate, "numbers", fails_above)
        result = tune(written(tmp_path, **ABC), tmp_path / "out")
        failures = pd.read_csv(tmp_path / "out" / "failures.csv")
        assert result.n_failed == len(failures) > 0
        assert (failures["cells.0.death_rate"] > 1.0).all()
        assert set(failures["error"]) == {"rate is too high"}

    def test_without_pyabc_the_command_says_what_to_install(self, tmp_path, monkeypatch, capsys):
        monkeypatch.setitem(sys.modules, "pyabc", None)
        path = written(tmp_path, **ABC)
        assert cli.main(["calibrate", str(path), "--out", str(tmp_path / "o")]) == cli.BAD_INPUT
        assert "pip install 'asnsim[calib]'" in capsys.readouterr().err


class TestCsv:
    def test_table_in_place_of_targets(self, tmp_path):
        (tmp_path / "t.csv").write_text(
            "outcome,time,column,value,sd,scale\nn_cells_end,,,700,40,log\n,24 h,deaths,200,20,\n"
        )
        aims = load_tuning(written(tmp_path, targets=None, csv="t.csv")).aims
        assert [aim.name for aim in aims] == ["n_cells_end", "deaths at 24 h"]
        assert [aim.is_log for aim in aims] == [True, False]

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ("outcome,value,sd\n", "needs a line of column names and a line per target"),
            ("outcome,value\nn_cells_end,3\n", "line 1: the column 'sd' is missing"),
            ("outcom,value,sd\nx,1,1\n", "; did you mean 'outcome'?"),
            ("outcome,value,sd\nn_cells_end,3\n", "line 2: has 2 values for 3 columns"),
            ("outcome,value,sd\nn_cells_end,much,3\n", "line 2: value: 'much'"),
            ("outcome,value,sd\nn_cells_end,3,0\n", "line 2: sd: '0': must be > 0"),
            ("outcome,value,sd\nn_cells_end,3,\n", "line 2: sd: is missing"),
            ("time,value,sd\n3 h,3,1\n", "line 2: time: goes with column"),
        ],
    )
    def test_bad_table_is_refused_with_its_line(self, text, message, tmp_path, capsys):
        (tmp_path / "t.csv").write_text(text)
        path = written(tmp_path, targets=None, csv="t.csv")
        assert cli.main(["calibrate", str(path), "--out", str(tmp_path / "o")]) == cli.BAD_INPUT
        error = capsys.readouterr().err
        assert message in error and "t.csv" in error and error.count("\n") == 1, error
        assert not (tmp_path / "o").exists()


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"targets": []}, "targets: is empty"),
        ({"vary": {}}, "vary: is empty"),
        ({"csv": "t.csv"}, "csv: holds the targets: leave out targets"),
        ({"csv": "none.csv", "targets": None}, "none.csv: cannot be read"),
        ({"method": "optun"}, "did you mean 'optuna'"),
        ({"calibrate": "birth-deth"}, "did you mean"),
        ({"changes": {"cells.0.death_rate": "1 1/d"}}, "stands in changes as well"),
        ({"vary": {"cells.0.deth_rate": {"low": 1, "high": 2}}}, "did you mean 'death_rate'"),
        ({"vary": {"cells.0.death_rate": {"low": "2 1/d", "high": "1 1/d"}}}, "must be below high"),
        ({"targets": [{"outcome": "n_cels_end", "value": 1, "sd": 1}]},
         "; did you mean 'n_cells_end'?"),
        ({"targets": [{"time": "1 d", "column": "n_cels", "value": 1, "sd": 1}]},
         "targets.0.column: the time series has no 'n_cels'; did you mean 'n_cells'"),
        ({"targets": [{"time": "3 d", "column": "n_cells", "value": 1, "sd": 1}]},
         "targets.0.time: 3 d is after the end of the run, 24 h"),
        ({"targets": [{"value": 1, "sd": 1}]}, "needs either outcome, or time and column"),
        ({"targets": [{"outcome": "n_cells_end", "value": 0, "sd": 1, "scale": "log"}]},
         "must be above 0 on a log scale"),
        ({"trials": 0}, "trials"),
        ({"trails": 5}, "did you mean 'trials'"),
    ],
)  # fmt: skip
def test_bad_file_is_refused_with_one_clear_line(keys, message, tmp_path, capsys):
    path = written(tmp_path, **keys)
    assert cli.main(["calibrate", str(path), "--out", str(tmp_path / "out")]) == cli.BAD_INPUT
    error = capsys.readouterr().err
    assert message in error, error
    assert error.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_folder_of_another_calibration_is_not_touched(stand_in, tmp_path):
    out = tmp_path / "out"
    tune(written(tmp_path, trials=4), out)
    before = (out / "trials.csv").read_text()
    with pytest.raises(RunFolderError, match="begun with another"):
        tune(written(tmp_path, trials=4), out, seed=9)
    assert (out / "trials.csv").read_text() == before
    with pytest.raises(RunFolderError, match="holds no calibration"):
        tune(written(tmp_path), tmp_path)


ENZYME = {
    "calibrate": "asns-enzyme",
    "changes": {"course": ["30 min"], "enzyme_series_ug": [0.1], "asn": ["0 uM"]},
    "vary": {"enzyme_ug": {"low": 0.03, "high": 0.3, "scale": "log"}},
}  # fmt: skip


def test_assay_is_fitted_to_a_row_of_its_results(tmp_path):
    where = {"series": "time", "time_h": 0.5}
    target = {"outcome": "amp_uM", "where": where, "value": 65, "sd": 5}
    path = written(tmp_path, **{**ENZYME, "targets": [target], "trials": 14})
    (row,) = tune(path, tmp_path / "out").parameters.itertuples()
    assert row.best == pytest.approx(0.1, rel=0.2)


@pytest.mark.parametrize("method", ["optuna", "abc-smc"])
@pytest.mark.parametrize(
    ("target", "message"),
    [
        ({"outcome": "amp_um"}, "targets.0.outcome: the results have no 'amp_um'"),
        ({"outcome": "amp_uM", "where": {"serie": "asn"}}, "the results have no column 'serie'"),
        ({"outcome": "amp_uM", "where": {"series": "asx"}}, "no row of the results is so"),
        ({"time": "3 h", "column": "amp_uM"}, "an assay has no time series"),
    ],
)
def test_target_that_an_assay_cannot_have_is_refused(target, message, method, tmp_path, capsys):
    targets = [{**target, "value": 1, "sd": 1}]
    path = written(tmp_path, **{**ENZYME, "targets": targets, "method": method})
    assert cli.main(["calibrate", str(path), "--out", str(tmp_path / "out")]) == cli.BAD_INPUT
    error = capsys.readouterr().err
    assert message in error and error.count("\n") == 1, error
