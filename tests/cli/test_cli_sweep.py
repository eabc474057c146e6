"""Sweeps: every point is run once, whatever happens in between, and always to the same bytes."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from asnsim import sweep
from scenarios import cli
from scenarios.sweep.load import load_sweep
from scenarios.sweep.one_run import outcome, simulate

ROOT = Path(__file__).resolve().parents[2]
BASE = {
    "asnsim": 1,
    "environment": {"kind": "well", "species": []},
    "cells": [
        {"model": "fixed-rates", "number": 50, "birth_rate": "1 1/d", "death_rate": "0.9 1/d"}
    ],
    "time": {"end": "4 d", "record": "1 d"},
}  # fmt: skip


def written(folder, base=None, **keys):
    """Write a sweep of a small scenario; return its file."""
    (folder / "base.yaml").write_text(json.dumps(base or BASE))
    path = folder / "many.yaml"
    path.write_text(json.dumps({"asnsim": 1, "sweep": "base.yaml", **keys}))
    return path


@pytest.fixture
def small(tmp_path):
    """Four points, two arms, two replicates."""
    rates = {"cells.0.death_rate": ["0.5 1/d", "1.5 1/d"], "cells.0.number": [20, 40]}
    arms = {"as-it-is": {}, "fast": {"cells.0.birth_rate": "2 1/d"}}
    return written(tmp_path, vary=rates, arms=arms, replicates=2, seed=3)


def command(*arguments):
    """Return an ``asnsim`` command line of this interpreter."""
    return [sys.executable, "-m", "asnsim", *map(str, arguments)]


def test_table_has_one_row_per_run_with_its_values(small, tmp_path):
    result = sweep(small, tmp_path / "out", workers=1)
    table = result.summary
    assert len(table) == 4 * 2 * 2
    assert set(table["cells.0.number"]) == {20, 40}
    slow = table[table["cells.0.death_rate"] == "0.5 1/d"]
    quick = table[table["cells.0.death_rate"] == "1.5 1/d"]
    assert slow["n_cells_end"].mean() > 20 * quick["n_cells_end"].mean()
    assert (result.timeseries.groupby(["point", "arm", "run"])["time_h"].min() == 0.0).all()
    assert "4 points, 2 arms, 2 replicates, 0 failed" in repr(result)


def test_arms_share_seeds_and_replicates_do_not(small):
    jobs = load_sweep(small).jobs()
    of = {(job.point, job.arm, job.replicate): job.seed for job in jobs}
    assert all(of[p, "as-it-is", r] == of[p, "fast", r] for p, _, r in of)
    assert len(set(of.values())) == len(jobs) // 2


def test_points_share_seeds_if_asked_to(tmp_path):
    path = written(tmp_path, vary={"cells.0.number": [20, 40]}, replicates=2, shared_seeds=True)
    first, second, *others = load_sweep(path).jobs()
    assert [job.seed for job in others] == [first.seed, second.seed]
    assert first.seed != second.seed


def test_relapse_of_bodies_is_that_of_the_watch():
    """Counts that would be a relapse of a dish are none of the marrow; its own hours are told."""
    table = pd.DataFrame(
        {"replicate": [0, 0, 0, 1, 1, 1], "time_h": [0.0, 24.0, 48.0] * 2,
         "n_cells": [100, 1, 100] * 2}
    )  # fmt: skip
    assert outcome("relapse_d", table) == 2.0
    assert outcome("relapse_d", table, np.array([240.0, np.nan])) == 10.0
    assert np.isnan(outcome("relapse_d", table, np.array([np.nan, np.nan])))
    assert outcome("end_d", table, np.array([240.0, np.nan])) == 2.0


def test_seed_belongs_to_the_point_and_not_to_its_place(small, tmp_path):
    first = {json.dumps(load_sweep(small).points[job.point]): job.seed
             for job in load_sweep(small).jobs() if job.replicate == 0}  # fmt: skip
    fewer = written(tmp_path, vary={"cells.0.death_rate": ["1.5 1/d"], "cells.0.number": [40]},
                    seed=3)  # fmt: skip
    (job,) = load_sweep(fewer).jobs()
    assert job.seed == first[json.dumps(load_sweep(fewer).points[0])]


def test_workers_and_a_second_call_give_the_same_bytes(small, tmp_path):
    one = sweep(small, tmp_path / "one", workers=1)
    two = sweep(small, tmp_path / "two", workers=2)
    assert one.checksum == two.checksum
    files = {path.name: path.read_bytes() for path in (tmp_path / "one" / "runs").iterdir()}
    assert files == {p.name: p.read_bytes() for p in (tmp_path / "two" / "runs").iterdir()}
    again = sweep(small, tmp_path / "two", workers=2)
    assert again.info["n_run_now"] == 0 and again.checksum == one.checksum


def test_damaged_and_missing_runs_are_made_again(small, tmp_path):
    whole = sweep(small, tmp_path / "out", workers=1).checksum
    files = sorted((tmp_path / "out" / "runs").iterdir())
    files[0].unlink()
    files[1].write_bytes(files[1].read_bytes()[:-20])
    files[2].write_bytes(b"PAR1")
    again = sweep(small, tmp_path / "out", workers=1)
    assert again.info["n_run_now"] == 3
    assert again.checksum == whole


def kill_and_finish(path, out, rng, n_kills):
    """Start a sweep, kill it at random moments, finish it; return how often it was killed."""
    n_killed = 0
    for _ in range(n_kills):
        process = subprocess.Popen(
            command("sweep", path, "--out", out, "--workers", 2), cwd=ROOT,
            stdout=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip
        runs = out / "runs"
        before = len(list(runs.glob("*.parquet"))) if runs.is_dir() else 0
        while process.poll() is None and (
            not runs.is_dir() or len(list(runs.glob("*.parquet"))) <= before
        ):
            time.sleep(0.01)
        time.sleep(rng.uniform(0.0, 1.0))
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        n_killed += process.wait() == -signal.SIGKILL
    return n_killed, sweep(path, out, workers=2)


LONGER = {"cells.0.death_rate": {"low": "0.95 1/d", "high": "1.5 1/d"}}


def test_sweep_killed_three_times_ends_with_the_same_checksum(tmp_path):
    path = written(tmp_path, vary=LONGER, design="latin-hypercube", points=40,
                   changes={"cells.0.number": 100, "time.end": "20 d"})  # fmt: skip
    n_killed, result = kill_and_finish(path, tmp_path / "killed", random.Random(4), 3)
    assert n_killed >= 2
    assert result.info["n_run_now"] < 40
    assert result.checksum == sweep(path, tmp_path / "whole", workers=2).checksum
    assert not list((tmp_path / "killed").rglob("*.tmp"))


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(4))
def test_sweep_killed_twenty_times_ends_with_the_same_checksum(seed, tmp_path):
    path = written(tmp_path, vary=LONGER, design="latin-hypercube", points=100, seed=seed,
                   changes={"cells.0.number": 100, "time.end": "20 d"})  # fmt: skip
    n_killed, result = kill_and_finish(path, tmp_path / "killed", random.Random(seed), 5)
    assert n_killed >= 3
    assert result.checksum == sweep(path, tmp_path / "whole", workers=2).checksum


def test_dask_finishes_when_a_worker_dies(tmp_path):
    from distributed import Client, LocalCluster

    path = written(tmp_path, vary=LONGER, design="sobol", points=40, replicates=1,
                   arms={"a": {}}, changes={"cells.0.number": 100, "time.end": "20 d"})  # fmt: skip
    alone = sweep(path, tmp_path / "alone", workers=1)
    with LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None
    ) as cluster:
        killed = []

        def kill_half_way(done, total):
            if not killed and done >= total / 2:
                with Client(cluster) as client:
                    killed.extend(client.run(os.getpid).values())
                os.kill(killed[0], signal.SIGKILL)

        result = sweep(
            path, tmp_path / "cluster", scheduler=cluster.scheduler_address, progress=kill_half_way
        )
    assert killed
    assert len(result.summary) == 40 and result.info["n_failed"] == 0
    assert result.checksum == alone.checksum


def test_failed_points_are_listed_and_end_nothing(tmp_path, capsys):
    # The third value is refused only when its scenario is read.
    path = written(tmp_path, vary={"cells.0.number": [10, 20, -3]})
    assert cli.main(["sweep", str(path), "--out", str(tmp_path / "out")]) == cli.FAILED
    captured = capsys.readouterr()
    assert captured.out.strip() == str(tmp_path / "out")
    assert "1 runs failed" in captured.err
    failures = pd.read_csv(tmp_path / "out" / "failures.csv")
    assert failures["point"].tolist() == [2]
    assert "cells.0.number" in failures["error"][0]
    assert len(pd.read_parquet(tmp_path / "out" / "summary.parquet")) == 2


def test_dry_run_prints_the_plan_and_writes_nothing(small, tmp_path, capsys):
    before = set(tmp_path.iterdir())
    assert cli.main(["sweep", str(small), "--dry-run"]) == cli.DONE
    text = capsys.readouterr().out
    assert "16 runs of base.yaml: 4 points x 2 arms x 2 replicates" in text
    assert "min in all with" in text
    assert set(tmp_path.iterdir()) == before


class TestDesigns:
    def test_grid_and_list(self, tmp_path):
        vary = {"cells.0.number": [1, 2], "time.end": ["3 d", "4 d"]}
        assert len(load_sweep(written(tmp_path, vary=vary)).points) == 4
        points = load_sweep(written(tmp_path, vary=vary, design="list")).points
        assert points == (
            {"cells.0.number": 1, "time.end": "3 d"},
            {"cells.0.number": 2, "time.end": "4 d"},
        )

    @pytest.mark.parametrize("design", ["latin-hypercube", "sobol"])
    def test_samples_fill_the_ranges_on_their_scale(self, design, tmp_path):
        vary = {
            "cells.0.death_rate": {"low": "0.01 1/d", "high": "1 1/d", "scale": "log"},
            "parameters.x": {"low": 2, "high": 4},
        }
        path = written(tmp_path, vary=vary, design=design, points=64)
        points = load_sweep_points(path)
        rates = np.array([float(point["cells.0.death_rate"].split()[0]) for point in points])
        assert rates.min() >= 0.01 and rates.max() <= 1.0
        assert 28 <= (rates < 0.1).sum() <= 36  # half of them in the lower decade
        assert 2.9 < np.mean([point["parameters.x"] for point in points]) < 3.1

    def test_csv(self, tmp_path):
        (tmp_path / "points.csv").write_text("cells.0.number,time.end\n5,3 d\n7,4 d\n")
        sweep_file = load_sweep(written(tmp_path, csv="points.csv"))
        assert sweep_file.points[1] == {"cells.0.number": 7.0, "time.end": "4 d"}
        assert len(simulate(sweep_file.jobs()[0])) > 100


def load_sweep_points(path):
    """Return the points of a sweep file without checking them as scenarios."""
    from scenarios import load_text
    from scenarios.load import checked, overridden
    from scenarios.sweep.points import points_of
    from scenarios.sweep.schema import SweepFile

    tree = load_text.parse_text(load_text.read_file(path), str(path))
    return points_of(checked(SweepFile, overridden(tree, str(path))), path.parent)


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"vary": {"cells.0.number": 3}}, "vary.cells.0.number: 3: must be a list of values"),
        ({"design": "sobol", "vary": {"cells.0.number": [1]}}, "points: is missing"),
        ({"design": "grids"}, "did you mean 'grid'"),
        ({"vary": {"cells.0.nubmer": [1]}}, "did you mean 'number'"),
        ({"arms": {}}, "arms: is empty"),
        ({"arms": {"a/b": {}}}, "must be letters, digits, - and _"),
        ({"outcomes": ["n_cels_end"]}, "did you mean 'n_cells_end'"),
        ({"csv": "none.csv"}, "none.csv: cannot be read"),
        ({"replicates": 0}, "replicates"),
        ({"design": "sobol", "points": 4,
          "vary": {"time.end": {"low": "3 d", "high": "40 h"}}}, "use one unit"),
        ({"design": "sobol", "points": 4,
          "vary": {"time.end": {"low": "3 d", "high": "2 d"}}}, "must be below high"),
        ({"design": "list", "vary": {"seed": [1, 2], "cells.0.number": [1]}}, "side by side"),
    ],
)  # fmt: skip
def test_bad_file_is_refused_with_one_clear_line(keys, message, tmp_path, capsys):
    path = written(tmp_path, **keys)
    assert cli.main(["sweep", str(path), "--out", str(tmp_path / "out")]) == cli.BAD_INPUT
    captured = capsys.readouterr()
    assert message in captured.err, captured.err
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--workers", "0", "--out", "x"], "--workers 0: must be at least 1"),
        (["--workers", "2", "--scheduler", "tcp://a:1", "--out", "x"], "leave one of both out"),
        (["--scheduler", "tcp://127.0.0.1:9", "--out", "x"], "no scheduler answers there"),
        (["--scheduler", "nonsense", "--out", "x"], "no scheduler answers there"),
    ],
)
def test_bad_options_are_refused(arguments, message, small, capsys, monkeypatch):
    monkeypatch.setattr("scenarios.workers._CONNECT_SECONDS", 1)
    monkeypatch.chdir(small.parent)
    assert cli.main(["sweep", str(small), *arguments]) == cli.BAD_INPUT
    assert message in capsys.readouterr().err


def test_folder_of_another_sweep_is_refused(small, tmp_path, capsys):
    out = tmp_path / "out"
    sweep(small, out, workers=1)
    other = written(tmp_path, vary={"cells.0.number": [9]})
    assert cli.main(["sweep", str(other), "--out", str(out)]) == cli.BAD_INPUT
    assert "holds another sweep" in capsys.readouterr().err
