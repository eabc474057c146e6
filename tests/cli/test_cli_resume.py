"""A run that was killed, stopped or branched goes on as if nothing had happened."""

import json
import os
import pickle
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from abm.record import layout
from abm.record.checkpoint import find_checkpoints
from abm.record.reader import RunReader
from scenarios import cli
from scenarios.load import dump_resolved
from scenarios.rerun import differences
from tests.small import COURSE, tissue, well

ROOT = Path(__file__).resolve().parents[2]
TISSUE_TIME = {"end": "4 d", "record": "6 h", "checkpoint": "6 h"}
FIXED = [
    {
        "model": "fixed-rates", "number": 20, "birth_rate": "1 1/d", "death_rate": "0.4 1/d",
        "clock": {"erlang": 3}, "mutation_probability": 0.01,
    }
]  # fmt: skip


def kinds():
    """One scenario of each kind that a checkpoint has to carry."""
    changes = {
        "inheritance.demethylation": 0.02, "treatment": COURSE,
        "time": {"end": "36 h", "record": "6 h", "checkpoint": "6 h"},
    }  # fmt: skip
    compounds = [
        {"compound": "gcn2-inhibitor", "concentration": "1 uM", "at": "6 h", "until": "20 h"}
    ]
    dose = {"product": "e-coli", "amount": "0.5 IU/mL", "at": ["3 h"]}
    dish = {
        "treatment": {"doses": [dose], "compounds": compounds},
        "environment.events": [{"at": "12 h", "wash": 1}],
        "time": {"end": "36 h", "record": "6 h", "checkpoint": "6 h"},
    }
    return {
        "tissue": tissue(changes),
        "well": well(dish),
        "engine": well(
            {"time": {"end": "5 d", "record": "1 d", "checkpoint": "12 h"}},
            cells=FIXED, replicates=3,
            environment={"kind": "well", "species": []},
        ),
    }  # fmt: skip


def written(scenario, folder, name="case.yaml"):
    """Write a scenario to a file that the command line takes."""
    path = folder / name
    path.write_text(dump_resolved(scenario))
    return path


def command(*arguments):
    """Return an ``asnsim`` command line of this interpreter."""
    return [sys.executable, "-m", "asnsim", *map(str, arguments)]


def same(one, other):
    """Return where two run folders differ."""
    return list(differences(RunReader(one), RunReader(other)))


@pytest.mark.parametrize("kind", ["tissue", "well", "engine"])
def test_paused_run_goes_on_bit_for_bit(kind, tmp_path, capsys):
    path = written(kinds()[kind], tmp_path)
    assert cli.main(["run", str(path), "--out", str(tmp_path / "whole")]) == cli.DONE
    # A branch that changes nothing and stops in between, then goes on in place.
    branch = ["resume", str(tmp_path / "whole"), "--at", "9 h", "--out", str(tmp_path / "part")]
    assert cli.main([*branch, "--until", "21 h"]) == cli.DONE
    assert "paused" in capsys.readouterr().err
    assert not RunReader(tmp_path / "part").is_finished
    assert cli.main(["resume", str(tmp_path / "part"), "--threads", "1"]) == cli.DONE
    assert same(tmp_path / "whole", tmp_path / "part") == []


def kill_and_resume(scenario, folder, rng, n_kills):
    """Run a scenario, kill it at random moments, finish it; return whether it was ever killed."""
    path = written(scenario, folder)
    out = folder / "killed"
    subprocess.run(command("run", path, "--out", folder / "whole"), check=True, cwd=ROOT)
    step = command("run", path, "--out", out)
    n_killed = 0
    for _ in range(n_kills):
        process = subprocess.Popen(step, cwd=ROOT, stdout=subprocess.DEVNULL)
        before = len(find_checkpoints(out)) if out.is_dir() else 0
        while process.poll() is None and len(find_checkpoints(out)) <= before:
            time.sleep(0.01)
        time.sleep(rng.uniform(0.0, 0.8))
        process.kill()
        n_killed += process.wait() == -signal.SIGKILL
        step = command("resume", out)
    subprocess.run(step, check=True, cwd=ROOT)
    assert same(folder / "whole", out) == []
    return n_killed


def test_run_killed_three_times_ends_with_the_same_bits(tmp_path):
    scenario = tissue({"treatment": COURSE, "time": TISSUE_TIME}, seed=5)
    assert kill_and_resume(scenario, tmp_path, random.Random(20), 3) >= 2


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(4))
def test_run_killed_twenty_times_ends_with_the_same_bits(seed, tmp_path):
    time_of = {"end": "30 d", "record": "6 h", "checkpoint": "6 h"}
    scenario = tissue({"treatment": COURSE, "time": time_of}, seed=seed)
    assert kill_and_resume(scenario, tmp_path, random.Random(seed), 5) >= 3


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_run_leaves_a_checkpoint_and_says_how_it_goes_on(number, tmp_path):
    scenario = tissue({"treatment": COURSE, "time": {**TISSUE_TIME, "end": "200 d"}})
    path, out = written(scenario, tmp_path), tmp_path / "run"
    process = subprocess.Popen(
        command("run", path, "--out", out), cwd=ROOT, stderr=subprocess.PIPE, text=True
    )
    while not (out.is_dir() and find_checkpoints(out)):
        time.sleep(0.01)
        assert process.poll() is None
    process.send_signal(number)
    _, said = process.communicate(timeout=60)
    assert process.returncode == cli.INTERRUPTED
    assert said.strip().splitlines()[-1] == f"asnsim: interrupted: asnsim resume {out} goes on"
    last = max(find_checkpoints(out))
    assert last % 360 != 0 or last > 360  # where it was stopped, not where one was due anyway
    assert not RunReader(out).is_finished
    assert os.listdir(out / layout.CHECKPOINTS)


def test_arms_that_branch_share_the_past_and_their_random_numbers(tmp_path):
    path = written(kinds()["tissue"], tmp_path)
    whole = tmp_path / "whole"
    assert cli.main(["run", str(path), "--out", str(whole)]) == cli.DONE
    branch = ["resume", str(whole), "--at", "18 h", "--out"]
    dose = "treatment.doses.0.at=[1 h, 24 h]"
    stop = "treatment.doses=[]"
    for name, change in (("same", ()), ("more", ("--set", dose)), ("no more", ("--set", stop))):
        assert cli.main([*branch, str(tmp_path / name), *change]) == cli.DONE
    assert same(whole, tmp_path / "same") == []
    assert same(whole, tmp_path / "no more") == []  # the one dose was given before
    one, other = RunReader(whole).timeseries, RunReader(tmp_path / "more").timeseries
    past = one["time_h"] <= 24.0
    assert one[past].equals(other[past])
    drug = "asparaginase_IU_per_mL"
    assert other[drug].iloc[-1] > 1.8 * one[drug].iloc[-1]
    # What run.json says of a branch is enough to repeat it.
    assert cli.main(["rerun", str(tmp_path / "more")]) == cli.DONE


def test_longer_end_continues_a_finished_run(tmp_path):
    scenario = kinds()["tissue"]
    path = written(scenario, tmp_path)
    out, longer = tmp_path / "run", tmp_path / "longer"
    assert cli.main(["run", str(path), "--out", str(longer), "--set", "time.end=42 h"]) == cli.DONE
    assert cli.main(["run", str(path), "--out", str(out)]) == cli.DONE
    assert cli.main(["resume", str(out), "--until", "42 h"]) == cli.DONE
    assert same(longer, out) == []
    assert cli.main(["rerun", str(out)]) == cli.DONE


def test_rerun_finds_a_changed_number(tmp_path, capsys):
    path = written(kinds()["engine"], tmp_path)
    out = tmp_path / "run"
    assert cli.main(["run", str(path), "--out", str(out)]) == cli.DONE
    assert cli.main(["rerun", str(out)]) == cli.DONE
    table = RunReader(out).timeseries
    table.loc[2, "births"] += 1
    table.to_parquet(out / layout.TIMESERIES)
    capsys.readouterr()
    assert cli.main(["rerun", str(out)]) == cli.FAILED
    assert "timeseries.parquet: births differs, first in row 2" in capsys.readouterr().out


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """Return the folder of a finished run."""
    folder = tmp_path_factory.mktemp("finished")
    path = written(kinds()["engine"], folder)
    assert cli.main(["run", str(path), "--out", str(folder / "run")]) == cli.DONE
    return folder / "run"


def test_finished_run_stays_as_it_is(finished, capsys):
    before = {path: path.read_bytes() for path in finished.rglob("*") if path.is_file()}
    assert cli.main(["resume", str(finished)]) == cli.DONE
    captured = capsys.readouterr()
    assert "is finished (end_time): nothing was done" in captured.err
    assert captured.out.strip() == str(finished)
    assert before == {path: path.read_bytes() for path in finished.rglob("*") if path.is_file()}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--at", "2 d"], "--at: makes another run: give it a folder with --out"),
        (["--set", "seed=3"], "--set: makes another run: give it a folder with --out"),
        (["--at", "2", "--out", "new"], "must be a time with its unit, e.g. 29d"),
        (["--at", "61 s", "--out", "new"], "must be a positive multiple of the fate step"),
        (["--at=-1 d", "--out", "new"], "must be a positive multiple of the fate step"),
        (["--at", "9 d", "--out", "new"], "--at: the run ends at 5 d: must be earlier"),
        (["--out", "new", "--set", "cells.0.number=3"], "belongs to the past of the run"),
        (["--out", "new", "--set", "time.fate=12 min"], "belongs to the past of the run"),
    ],
)
def test_refused_branch_writes_nothing(finished, arguments, message, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert cli.main(["resume", str(finished), *arguments]) == cli.BAD_INPUT
    (line,) = capsys.readouterr().err.splitlines()
    assert message in line
    assert os.listdir() == []


def copied(finished, folder):
    """Copy a run and mark it as unfinished, as a kill would leave it."""
    import shutil

    shutil.copytree(finished, folder)
    info = (folder / layout.RUN_INFO).read_text()
    (folder / layout.RUN_INFO).unlink()
    (folder / layout.UNFINISHED).write_text(info)
    return folder


def test_damaged_checkpoint_is_passed_over(finished, tmp_path):
    run = copied(finished, tmp_path / "run")
    files = list(find_checkpoints(run).values())
    files[-1].write_bytes(files[-1].read_bytes()[:-100])
    files[-2].write_bytes(b"nothing")
    (run / layout.TIMESERIES).write_bytes(b"PAR1 truncated")
    assert cli.main(["resume", str(run)]) == cli.DONE
    assert same(finished, run) == []


def test_all_checkpoints_damaged_is_one_clear_line(finished, tmp_path, capsys):
    run = copied(finished, tmp_path / "run")
    for path in find_checkpoints(run).values():
        path.write_bytes(b"nothing")
    assert cli.main(["resume", str(run)]) == cli.BAD_INPUT
    (line,) = capsys.readouterr().err.splitlines()
    assert "is damaged, and so is every earlier checkpoint: run the scenario anew" in line


def test_checkpoint_of_another_version_is_refused(finished, tmp_path, capsys):
    run = copied(finished, tmp_path / "run")
    for path in find_checkpoints(run).values():
        line, _, body = path.read_bytes().partition(b"\n")
        header = json.loads(line)
        header["versions"]["numpy"] = "1.0.0"
        path.write_bytes(json.dumps(header).encode() + b"\n" + body)
    assert cli.main(["resume", str(run)]) == cli.BAD_INPUT
    (line,) = capsys.readouterr().err.splitlines()
    assert "was written by numpy 1.0.0 (here" in line
    assert "install that version to continue, or run" in line


class Evil:
    """Runs a command when it is unpickled by a careless reader."""

    def __reduce__(self):
        return os.system, ("touch evil",)


BY_A_DETOUR = (
    b"\x80\x04\x8c\x0babm.observe\x8c\x1cnp.lib._npyio_impl.os.system\x93\x8c\x0atouch evil\x85R."
)
"""The same through the name of a name of a module that is admitted."""


@pytest.mark.parametrize("payload", [pickle.dumps((Evil(),)), BY_A_DETOUR])
def test_checkpoint_that_holds_code_is_refused(payload, finished, tmp_path, capsys, monkeypatch):
    import hashlib

    import numcodecs

    monkeypatch.chdir(tmp_path)
    run = copied(finished, tmp_path / "run")
    for path in find_checkpoints(run).values():
        header = json.loads(path.read_bytes().partition(b"\n")[0])
        body = bytes(numcodecs.Zstd(level=1).encode(payload))
        header["checksum"] = hashlib.blake2b(body).hexdigest()
        path.write_bytes(json.dumps(header).encode() + b"\n" + body)
    assert cli.main(["resume", str(run)]) == cli.BAD_INPUT
    assert "a checkpoint must not hold" in capsys.readouterr().err
    assert not (tmp_path / "evil").exists()


def test_arms_are_drawn_in_one_figure(finished, tmp_path, capsys):
    arms = [tmp_path / name for name in ("two", "three")]
    for number, arm in enumerate(arms):
        branch = ["resume", str(finished), "--at", "2 d", "--out", str(arm)]
        assert cli.main([*branch, "--set", f"seed={number + 7}"]) == cli.DONE
    capsys.readouterr()
    out = tmp_path / "figure"
    assert cli.main(["plot", str(finished), *map(str, arms), "--out", str(out)]) == cli.DONE
    assert capsys.readouterr().out.split() == [str(out / "arms.png")]
    assert (out / "arms.png").stat().st_size > 10_000
