"""Where the time of a run went: what run.json holds and what the user is told."""

import pytest

from abm.record.reader import RunReader
from scenarios import cli
from scenarios.load import dump_resolved
from tests.small import well

N_CELLS, N_STEPS = 20, 240
HARDLY_GROWING = [{"model": "fixed-rates", "number": N_CELLS, "birth_rate": "1e-12 1/d"}]


@pytest.fixture
def scenario_file(tmp_path):
    """A scenario whose number of cells stays what it is, for 240 fate steps."""
    time = {"end": "24 h", "record": "6 h", "checkpoint": "6 h"}
    environment = {"kind": "well", "species": []}
    scenario = well({"time": time}, cells=HARDLY_GROWING, environment=environment, replicates=1)
    path = tmp_path / "steady.yaml"
    path.write_text(dump_resolved(scenario))
    return path


def test_run_tells_where_the_time_went(scenario_file, tmp_path, capsys):
    out = tmp_path / "run"
    assert cli.main(["run", str(scenario_file), "--out", str(out)]) == cli.DONE
    captured = capsys.readouterr()
    assert captured.out.strip() == str(out)
    lines = captured.err.splitlines()
    assert all(line.startswith("asnsim: ") for line in lines)
    assert any("recording" in line and "%" in line for line in lines)
    assert "cells x steps per second" in lines[-1] and "compiling took" in lines[-1]
    info = RunReader(out).info
    assert info["cell_steps"] == N_CELLS * N_STEPS
    parts = [*info["seconds_per_process"].values(), info["build_s"], info["record_s"]]
    assert all(seconds >= 0.0 for seconds in parts)
    assert 0.0 < sum(parts) < info["wall_s"]
    assert 0.0 <= info["compile_s"] < info["wall_s"]
    assert info["record_share"] == pytest.approx(info["record_s"] / info["wall_s"])
    busy = info["wall_s"] - info["compile_s"]
    assert info["cell_steps_per_s"] == pytest.approx(N_CELLS * N_STEPS / busy)


def test_a_run_in_two_parts_counts_both(scenario_file, tmp_path, capsys):
    whole, part = tmp_path / "whole", tmp_path / "part"
    assert cli.main(["run", str(scenario_file), "--out", str(whole)]) == cli.DONE
    branch = ["resume", str(whole), "--at", "12 h", "--until", "18 h", "--out", str(part)]
    assert cli.main(branch) == cli.DONE
    capsys.readouterr()
    assert cli.main(["resume", str(part)]) == cli.DONE
    assert "cells x steps per second" in capsys.readouterr().err
    first, both = RunReader(whole).info, RunReader(part).info
    assert both["cell_steps"] == first["cell_steps"] == N_CELLS * N_STEPS
    assert sum(both["seconds_per_process"].values()) < both["wall_s"]


def test_compile_time_is_what_the_compiler_took():
    import numba

    from abm.kernels.runtime import CompileTimer

    @numba.njit
    def half(x):
        return 0.5 * x

    with CompileTimer() as timer:
        assert timer.seconds == 0.0
        half(1.0)
        within = timer.seconds
        half(2.0)
    assert 0.0 < within == timer.seconds
