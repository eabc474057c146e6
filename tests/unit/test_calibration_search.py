"""The search on a cheap stand-in for the cells: minimum, widths, resumption, failures."""

import math
import shutil

import numpy as np
import pandas as pd
import pytest

from abm.errors import RunFolderError, ScenarioError
from scenarios.calibration import workers
from scenarios.calibration.evaluate import Evaluation, residual
from scenarios.calibration.run import calibrate
from scenarios.calibration.search import JOURNAL

TEXT = """asnsim: 1
calibration: stand-in
parameters:
  cell.asn_leak: {prior: 2.4 1/h, spread: 2}
  cell.asns_half_atf4: {prior: 4.2, spread: 2}
  cell.eaa_loss: {spread: 1.5}
targets:
  - {id: product, scenario: {name: dish, column: x}, value: 4.48, sd: 0.05, scale: log, source: x}
  - {id: ratio, scenario: {name: dish, column: x}, value: 1.75, sd: 0.05, scale: log, source: x}
  - {id: kept, scenario: {name: dish, column: x}, at_most: 100, sd: 1, source: x}
optimiser: {trials: 10, startup: 6, batch: 4, refinements: 4}
"""
TRUE = {"cell.asn_leak": 1.6, "cell.asns_half_atf4": 2.8}


def _stand_in(problem, values):
    """Two power laws whose solution is ``TRUE``; the third parameter plays no part."""
    leak, half = values["cell.asn_leak"], values["cell.asns_half_atf4"]
    simulated = np.array([leak * half, half / leak, 1.0])
    residuals = np.array(
        [residual(t, float(x)) for t, x in zip(problem.targets, simulated, strict=True)]
    )
    penalty = problem.space.prior_residuals(problem.space.logs(values))
    return Evaluation(simulated, residuals, penalty, {})


@pytest.fixture
def file(tmp_path, monkeypatch):
    monkeypatch.setattr(workers, "evaluate", _stand_in)
    path = tmp_path / "stand-in.yaml"
    path.write_text(TEXT)
    return path


def test_finds_the_solution_with_the_width_of_the_normal_theory(file, tmp_path, capsys):
    assert calibrate(file, tmp_path / "out") == 0
    assert capsys.readouterr().out == f"{tmp_path / 'out'}\n"
    table = pd.read_csv(tmp_path / "out" / "posterior.csv").set_index("parameter")
    # ln leak = (a - b)/2 and ln half = (a + b)/2 of two readings with sd 0.05, before the prior.
    narrow = 1.0 / math.sqrt(2.0 / 0.05**2 + 1.0 / math.log(2.0) ** 2)
    for name, true in TRUE.items():
        assert table.loc[name, "low_95"] < true < table.loc[name, "high_95"]
        assert math.log(table.loc[name, "posterior_factor"]) == pytest.approx(narrow, rel=1e-3)
    idle = table.loc["cell.eaa_loss"]
    assert idle["width_over_prior"] == pytest.approx(1.0)
    assert idle["verdict"].startswith("not identified")
    assert idle["value"] == pytest.approx(idle["prior"], rel=1e-3)


def test_parameter_file_is_a_block_that_a_scenario_takes(file, tmp_path):
    from scenarios.load import loads
    from scenarios.load_text import parse_text

    calibrate(file, tmp_path / "out")
    text = (tmp_path / "out" / "parameters.yaml").read_text()
    assert "# prior 2.4 1/h, x " in text
    block = parse_text(text, "parameters.yaml").contents
    assert set(block["parameters"]) == {*TRUE, "cell.eaa_loss"}
    scenario = loads(
        "asnsim: 1\nenvironment: {kind: well, medium: RPMI-1640}\n"
        "cells: [{type: blast, line: molt-4, number: 5}]\ntime: {end: 6 h}\n" + text
    )
    assert scenario.parameters["cell.asn_leak"] == block["parameters"]["cell.asn_leak"]


@pytest.mark.parametrize("last", [1, 6, 14])
def test_interrupted_search_goes_on_as_if_nothing_had_been(file, tmp_path, monkeypatch, last):
    calibrate(file, tmp_path / "whole")
    n_left = [last]

    def interrupted(problem, values):
        n_left[0] -= 1
        if n_left[0] < 0:
            raise KeyboardInterrupt
        return _stand_in(problem, values)

    monkeypatch.setattr(workers, "evaluate", interrupted)
    with pytest.raises(KeyboardInterrupt):
        calibrate(file, tmp_path / "cut")
    with (tmp_path / "cut" / JOURNAL).open("ab") as journal:
        journal.write(b'{"op_code":4,"work')
    monkeypatch.setattr(workers, "evaluate", _stand_in)
    calibrate(file, tmp_path / "cut")
    whole, cut = (pd.read_csv(tmp_path / name / "trials.csv") for name in ("whole", "cut"))
    pd.testing.assert_frame_equal(whole, cut)


def test_more_trials_add_to_those_that_are_there(file, tmp_path):
    out = tmp_path / "out"
    calibrate(file, out, trials=4)
    first = pd.read_csv(out / "trials.csv")
    calibrate(file, out, trials=8)
    second = pd.read_csv(out / "trials.csv")
    assert (second["kind"] == "sampled").sum() == 8
    pd.testing.assert_frame_equal(second.iloc[: len(first)], first)


def test_points_where_a_target_fails_are_listed_and_left(file, tmp_path, monkeypatch):
    def fails_above(problem, values):
        found = _stand_in(problem, values)
        if values["cell.asn_leak"] < 2.9:
            return found
        return Evaluation(found.simulated, found.residuals, found.penalty, {"ratio": "no curve"})

    monkeypatch.setattr(workers, "evaluate", fails_above)
    assert calibrate(file, tmp_path / "out") == 0
    trials = pd.read_csv(tmp_path / "out" / "trials.csv")
    failed = trials[trials["state"] == "fail"]
    assert 0 < len(failed) < len(trials)
    assert (failed["cell.asn_leak"] >= 2.9).all()
    assert (failed["message"] == "ratio: no curve").all()
    assert "ratio: no curve" in (tmp_path / "out" / "report.md").read_text()


def test_nothing_that_runs_is_a_failure_that_names_the_target(file, tmp_path, monkeypatch, capsys):
    def fails(problem, values):
        found = _stand_in(problem, values)
        return Evaluation(found.simulated, found.residuals, found.penalty, {"ratio": "no curve"})

    monkeypatch.setattr(workers, "evaluate", fails)
    assert calibrate(file, tmp_path / "out", trials=2) == 1
    assert "no trial could be evaluated: ratio: no curve" in capsys.readouterr().err


def test_folder_of_another_problem_is_not_touched(file, tmp_path):
    out = tmp_path / "out"
    calibrate(file, out, trials=2)
    before = (out / "trials.csv").read_text()
    with pytest.raises(RunFolderError, match="begun with other"):
        calibrate(file, out, trials=2, seed=7)
    assert (out / "trials.csv").read_text() == before
    shutil.rmtree(out)
    out.mkdir()
    (out / "mine.txt").write_text("x")
    with pytest.raises(RunFolderError, match="something else"):
        calibrate(file, out, trials=2)


def test_numbers_of_the_command_are_checked(file, tmp_path):
    with pytest.raises(ScenarioError, match="--trials 0"):
        calibrate(file, tmp_path / "out", trials=0)
    with pytest.raises(ScenarioError, match="--workers 0"):
        calibrate(file, tmp_path / "out", workers=0)
    assert not (tmp_path / "out").exists()


def test_residual_of_a_bound_is_zero_where_it_is_kept(file):
    from scenarios.calibration.load import load_calibration

    kept = load_calibration(file).targets[2]
    assert residual(kept, 100.0) == 0.0
    assert residual(kept, 102.0) == pytest.approx(2.0)
