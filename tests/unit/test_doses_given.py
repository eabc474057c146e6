"""What run.json says of the doses that were given, and what figures make of it."""

import pytest

from abm.record.reader import RunReader
from analysis.plots.captions import caption
from analysis.plots.common import doses_of, withheld_doses
from scenarios.report.run_page import summary
from scenarios.resume import branch, resume
from scenarios.run import run_scenario
from tests.small import well

LABEL = "e-coli 1 IU/mL"
CELLS = [{"model": "fixed-rates", "number": 20, "birth_rate": "1e-12 1/d"}]


def scenario(rules, at=("0 h", "10 h"), number=20):
    """A well whose number of cells stays what it is."""
    treatment = {
        "doses": [{"product": "e-coli", "amount": "1 IU/mL", "at": list(at)}],
        "rules": rules,
    }
    return well(
        {"time": {"end": "24 h", "record": "6 h", "checkpoint": "6 h"}},
        cells=[CELLS[0] | {"number": number}], treatment=treatment,
    )  # fmt: skip


@pytest.fixture(scope="module")
def withheld(tmp_path_factory):
    """All doses withheld, since there are never a million cells."""
    folder = tmp_path_factory.mktemp("doses") / "withheld"
    run_scenario(scenario([{"when": "n_cells < 1e6", "do": "skip"}]), folder)
    return RunReader(folder)


@pytest.fixture(scope="module")
def given(tmp_path_factory):
    """Both doses given: the rule never holds."""
    folder = tmp_path_factory.mktemp("doses") / "given"
    run_scenario(scenario([{"when": "n_cells > 1e6", "do": "skip"}]), folder)
    return RunReader(folder)


def test_a_dose_that_a_rule_withheld_is_in_no_figure(withheld):
    assert withheld.info["doses_given"] == []
    assert doses_of(withheld) == []
    assert withheld_doses(withheld) == [(0.0, LABEL), (10.0, LABEL)]
    told = caption("population", withheld)
    assert "Rules withheld 2 of 2 planned doses" in told and "Triangles" not in told
    assert summary(withheld)["doses given"] == "0 of 2 planned"


def test_doses_given_are_shown_without_the_word_planned(given):
    assert given.info["doses_given"] == [[0.0, LABEL], [10.0, LABEL]]
    assert doses_of(given) == [(0.0, LABEL), (10.0, LABEL)]
    assert withheld_doses(given) == []
    assert summary(given)["doses given"] == "2 of 2 planned"


def test_a_run_in_two_parts_tells_the_same(given, tmp_path):
    branch(given.folder, tmp_path / "part", at_h=6.0, until_h=12.0)
    unfinished = RunReader(tmp_path / "part")
    assert doses_of(unfinished) == [(0.0, f"planned: {LABEL}"), (10.0, f"planned: {LABEL}")]
    resume(tmp_path / "part")
    assert RunReader(tmp_path / "part").info["doses_given"] == given.info["doses_given"]


def test_a_branch_has_the_doses_of_its_past_and_its_own(given, tmp_path):
    later = ["treatment.doses.0.at=[0 h, 20 h]", "treatment.doses.0.amount=0.5 IU/mL"]
    branch(given.folder, tmp_path / "branch", at_h=12.0, overrides=later)
    found = RunReader(tmp_path / "branch")
    assert doses_of(found) == [(0.0, LABEL), (10.0, LABEL), (20.0, "e-coli 0.5 IU/mL")]
    assert withheld_doses(found) == []
