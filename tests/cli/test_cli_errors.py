"""Every bad input: one clear line on stderr, the right exit status, and nothing written."""

import errno
import os
import sys
import types
from pathlib import Path

import pytest

from abm.errors import NumericalError
from scenarios import cli

DISH = Path(__file__).resolve().parents[2] / "scenarios" / "library" / "dish.yaml"


@pytest.fixture(autouse=True)
def empty_folder(tmp_path, monkeypatch):
    """Let every command run in an empty folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv(cli.DEBUG, raising=False)


@pytest.fixture
def fake_run(monkeypatch):
    """Replace the runner by one that records its calls and does what a test tells it."""
    calls = []

    def run_scenario(scenario, out, **options):
        calls.append((scenario, out, options))
        action = module.action
        if isinstance(action, BaseException):
            raise action
        return types.SimpleNamespace(folder=out, exit_reason="end_time")

    module = types.ModuleType("scenarios.run")
    module.action = None
    module.calls = calls
    module.run_scenario = run_scenario
    module.default_folder = lambda scenario: Path("runs") / f"{scenario.name}-s{scenario.seed}"
    monkeypatch.setitem(sys.modules, "scenarios.run", module)
    monkeypatch.setattr(cli, "tell_profile", lambda folder: None)
    return module


def refused(capsys, *arguments):
    """Run a command that must be refused; return the one line that it prints."""
    status = cli.main(arguments)
    captured = capsys.readouterr()
    assert status == cli.BAD_INPUT, captured
    assert captured.out == ""
    (line,) = captured.err.splitlines()
    assert line.startswith("asnsim: ")
    assert os.listdir() == []
    return line


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["run", "relaps"], "did you mean 'relapse'"),
        (["show", "relaps"], "did you mean 'relapse'"),
        (["run", "absent.yaml"], "absent.yaml: there is no such file"),
        (["run", "some/where"], "some/where: there is no such file"),
        (["run"], "SCENARIO requires an argument"),
        (["rnu", "dish"], 'Did you mean "run"'),
        (["run", "dish", "--sed", "1"], "Did you mean --seed"),
        (["run", "dish", "--seed", "one"], "--seed"),
        (["run", "dish", "--seed", "-1"], "dish: --seed: -1: must be at least 0"),
        (["run", "dish", "extra"], "extra"),
        (["run", "dish", "--set"], "--set"),
        (["run", "dish", "--set", "time.end=3"], "dish: --set time.end: 3: has no unit"),
        (["run", "dish", "--set", "cells.0.number=0"], "must be at least 1"),
        (["run", "dish", "--set", "nothing"], "must be path=value"),
        (["run", "dish", "--threads", "0"], "--threads 0: must be from 1 to"),
        (["plot", "absent"], "absent: there is no such run folder"),
        (["animate", "absent"], "absent: there is no such run folder"),
        (["animate", ".", "--out", "film.avi"], "a film ends in .mp4 or .gif"),
        (["plot", "."], "is no run folder"),
        (["resume", "runs/x"], "runs/x: there is no such run folder"),
        (["run", "mtt", "--set", "line=A54"], "is no known line; did you mean 'a549'?"),
        (["run", "aieop-bfm-2009"], "is a protocol of treatment: a scenario names it"),
        (["sweep", "dish"], "dish: there is no such file: a sweep is a file, see docs/sweeps.md"),
        (["app", "nofile"], "there is no bundled scenario of this name"),
    ],
)
def test_bad_command_line(capsys, arguments, message):
    assert message in refused(capsys, *arguments)


def test_too_many_threads_names_the_limit(capsys, monkeypatch):
    monkeypatch.setenv("NUMBA_NUM_THREADS", "3")
    line = refused(capsys, "run", "dish", "--threads", "4")
    assert "--threads 4: must be from 1 to 3 on this machine (NUMBA_NUM_THREADS)" in line


def test_several_errors_are_one_line_each(capsys, tmp_path):
    bad = DISH.read_text().replace("volume", "volum").replace("72 h,", "72 kg,")
    Path("bad.yaml").write_text(bad)
    assert cli.main(["run", "bad.yaml"]) == cli.BAD_INPUT
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 2
    assert all(line.startswith("asnsim: bad.yaml: line ") for line in lines)
    assert "did you mean 'volume'" in lines[0] and "'72 kg': wrong unit" in lines[1]
    assert os.listdir() == ["bad.yaml"]


def test_folder_that_exists_is_refused_and_left_alone(capsys, fake_run):
    Path("out").mkdir()
    Path("out/precious").write_text("x")
    assert cli.main(["run", "dish", "--out", "out"]) == cli.BAD_INPUT
    (line,) = capsys.readouterr().err.splitlines()
    assert "--out out: is there already" in line and "--overwrite" in line
    assert fake_run.calls == [] and Path("out/precious").read_text() == "x"


def test_file_in_place_of_the_folder_is_refused(capsys, fake_run):
    Path("out").write_text("x")
    assert cli.main(["run", "dish", "--out", "out", "--overwrite"]) == cli.BAD_INPUT
    assert "is a file" in capsys.readouterr().err
    assert Path("out").read_text() == "x" and fake_run.calls == []


def test_run_hands_over_what_was_typed_and_prints_the_folder_only(capsys, fake_run):
    arguments = ["run", "dish", "--seed", "5", "--set", "cells.0.number=10", "--threads", "1"]
    assert cli.main([*arguments, "--set", "time.end=4 h", "--overwrite"]) == cli.DONE
    assert capsys.readouterr().out == f"{Path('runs/dish-s5')}\n"
    ((scenario, out, options),) = fake_run.calls
    assert (scenario.seed, scenario.cells[0].number, scenario.time.end) == (5, 10, 4.0)
    assert out == Path("runs/dish-s5")
    assert options["threads"] == 1 and options["overwrite"] is True


@pytest.mark.parametrize(
    ("error", "status", "message"),
    [
        (OSError(errno.ENOSPC, "No space left on device", "runs/a"), 1, "runs/a: the disk is full"),
        (OSError("[Errno 28] Error writing bytes to file"), 1, "the disk is full"),
        (PermissionError(errno.EACCES, "Permission denied", "runs"), 2, "runs: permission denied"),
        (NumericalError("the solver stopped at 12.3 h"), 1, "the solver stopped at 12.3 h"),
        (MemoryError(), 1, "the memory is used up"),
        (ModuleNotFoundError("x", name="duckdb"), 1, "the package 'duckdb' is missing"),
        (KeyboardInterrupt(), 130, "interrupted: nothing was written"),
        (ZeroDivisionError("float\ndivision"), 1, "(ZeroDivisionError: float division): set ASN"),
    ],
)
def test_failure_while_running_is_one_line(capsys, fake_run, error, status, message):
    fake_run.action = error
    assert cli.main(["run", "dish"]) == status
    captured = capsys.readouterr()
    assert captured.out == ""
    (line,) = captured.err.splitlines()
    assert line.startswith("asnsim: ") and message in line


def test_interrupted_run_names_its_unfinished_folder(capsys, fake_run):
    def begin(scenario, out, **options):
        out.mkdir(parents=True)
        raise KeyboardInterrupt

    fake_run.run_scenario = begin
    assert cli.main(["run", "dish"]) == cli.INTERRUPTED
    captured = capsys.readouterr()
    assert captured.out == "" and "asnsim resume runs/dish-s1 goes on" in captured.err


def test_debug_shows_the_whole_error(fake_run, monkeypatch):
    monkeypatch.setenv(cli.DEBUG, "1")
    fake_run.action = ZeroDivisionError("deep inside")
    with pytest.raises(ZeroDivisionError, match="deep inside"):
        cli.main(["run", "dish"])


@pytest.mark.parametrize(
    ("name", "kind", "command"),
    [("cohort-products", "cohort", "cohort"), ("screen-ic50", "screen", "sensitivity")],
)
def test_running_something_else_by_name_says_its_command(capsys, name, kind, command):
    assert f"is a {kind}: asnsim {command} {name} --out FOLDER" in refused(capsys, "run", name)
