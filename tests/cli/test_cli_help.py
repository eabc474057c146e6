"""What answers without a run: help, list, show, schema, info; and what must not load for it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from abm.pharmacology.protocols import protocols as protocols_of_the_engine
from scenarios import cli
from scenarios.catalogue import bundled, bundled_assays, bundled_cohorts, bundled_screens
from scenarios.load import load, loads

ROOT = Path(__file__).resolve().parents[2]
HEAVY = ("numba", "mesa", "matplotlib", "pandas", "pint", "pydantic", "scipy", "xarray", "zarr")
REGISTERED = (
    "list", "show", "schema", "info", "run", "plot", "animate", "validate", "fit", "calibrate",
    "sbml", "resume", "rerun", "sweep", "sensitivity", "cohort",
    "attribute", "report", "app",
)  # fmt: skip


def start(*arguments, code=None):
    """Run the command in a process of its own, outside the checkout."""
    command = ["-c", code] if code else ["-m", "asnsim", *arguments]
    return subprocess.run(
        [sys.executable, *command],
        env={**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "100"},
        capture_output=True,
        text=True,
        timeout=120,
        cwd="/",
    )


@pytest.mark.parametrize("arguments", [["--help"], ["run", "--help"], ["--version"], ["list"]])
def test_nothing_heavy_loads_for_help(arguments):
    code = (
        "import sys; from scenarios.cli import main; "
        f"assert main({arguments!r}) == 0; "
        f"sys.exit(', '.join(name for name in {HEAVY!r} if name in sys.modules) or 0)"
    )
    done = start(code=code)
    assert done.returncode == 0, done.stderr
    assert done.stdout and done.stderr == ""


def test_importing_the_package_is_light_and_lazy():
    code = (
        "import sys, asnsim; assert set(dir(asnsim)) >= {'load', 'build', 'run'}; "
        f"heavy = [name for name in {HEAVY!r} if name in sys.modules]; "
        "assert not heavy, heavy; "
        "assert asnsim.load('dish').seed == 1; assert asnsim.__version__"
    )
    done = start(code=code)
    assert done.returncode == 0, done.stderr


def test_unknown_name_of_the_package():
    import asnsim

    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        getattr(asnsim, "noth" + "ing")


def test_help_lists_the_commands_that_exist(capsys):
    assert cli.main(["--help"]) == cli.DONE
    text = capsys.readouterr().out
    words = text.split()
    assert all(name in words for name in REGISTERED)


def test_run_help_names_its_options(capsys):
    cli.main(["run", "--help"])
    text = capsys.readouterr().out
    for option in ("--out", "--seed", "--set", "--threads", "--overwrite"):
        assert option in text
    assert "--no-overwrite" not in text and "--empty-set" not in text


def test_list_names_and_describes_all(capsys):
    assert cli.main(["list"]) == cli.DONE
    lines = capsys.readouterr().out.splitlines()
    entries = [line for line in lines if line.startswith("  ")]
    protocols = {name: protocol.label for name, protocol in protocols_of_the_engine().items()}
    names = [*bundled(), *bundled_assays(), *bundled_cohorts(), *bundled_screens(), *protocols]
    assert [line.split()[0] for line in entries] == names
    assert {"relapse", "courses", "dish", "field-only", "birth-death"} <= set(bundled())
    assert all(len(line.split()) > 3 for line in entries)
    for name, label in protocols.items():
        assert any(line.split()[0] == name and label in line for line in entries)
    marked = [name for name, one in protocols_of_the_engine().items() if one.is_from_memory]
    assert marked and all("from memory" in protocols[name] for name in marked)


def test_show_prints_a_scenario_that_can_be_read_again(capsys):
    assert cli.main(["show", "dish", "--set", "cells.0.number=100"]) == cli.DONE
    text = capsys.readouterr().out
    assert loads(text) == load("dish", ["cells.0.number=100"])


def test_schema_is_the_committed_one(capsys):
    assert cli.main(["schema"]) == cli.DONE
    assert capsys.readouterr().out == (ROOT / "scenarios/scenario.schema.json").read_text()


def test_info_says_versions_threads_and_cache(capsys, monkeypatch):
    monkeypatch.setenv("NUMBA_NUM_THREADS", "7")
    assert cli.main(["info"]) == cli.DONE
    lines = dict(line.split(": ", 1) for line in capsys.readouterr().out.splitlines())
    assert lines["threads"] == "7"
    assert {"asnsim", "python", "numba", "numpy", "mesa", "cpu", "cache"} <= set(lines)
    assert Path(lines["cache"]).is_dir()


def test_closed_pipe_is_no_traceback():
    done = subprocess.run(
        f"{sys.executable} -m asnsim schema | true",
        shell=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert "Traceback" not in done.stderr and "Exception" not in done.stderr
