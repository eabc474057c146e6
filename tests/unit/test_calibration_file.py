"""Calibration files: what is refused, and with which words."""

import pytest

from abm.errors import ScenarioError
from abm.processes import fitted
from abm.processes.cell_lines import cell_line
from abm.processes.cell_parameters import CellParameters
from scenarios.calibration.evaluate import Problem, evaluate
from scenarios.calibration.load import load_calibration, loads_calibration
from scenarios.calibration.report import parameters_text

GOOD = """asnsim: 1
calibration: small
parameters:
  cell.asn_leak: {spread: 1.5}
  line.MOLT-4.asns_set_point: {bounds: [2e4, 1e5]}
targets:
  - id: fold
    culture: {line: default-blast, phases: [{hours: 2 h, medium: {base: DMEM, without: [gln]}}]}
    read: {quantity: asns_mrna, at: 1 h, relative_to: start}
    value: 3.5
    sd: 0.5
    source: a paper
"""

MOLT4_COPIES = cell_line("molt-4").asns_set_point


def _refused(old, new):
    assert GOOD.count(old) == 1
    with pytest.raises(ScenarioError) as caught:
        Problem.of(loads_calibration(GOOD.replace(old, new), "f.yaml"))
    message = str(caught.value)
    assert "\n" not in message
    return message


def test_good_file_takes_prior_and_bounds_from_the_package():
    leak, copies = Problem.of(loads_calibration(GOOD)).space.varied
    default = CellParameters().asn_leak
    assert leak.prior == leak.start == leak.default == default
    assert (leak.low, leak.high) == pytest.approx((default / 1.5**3, default * 1.5**3))
    assert (copies.name, copies.default) == ("line.molt-4.asns_set_point", MOLT4_COPIES)
    assert not copies.has_prior


def test_search_begins_at_the_default_and_not_at_another_prior():
    text = GOOD.replace("{spread: 1.5}", "{prior: 1.5 1/h, spread: 1.5}")
    leak = Problem.of(loads_calibration(text)).space.varied[0]
    assert (leak.prior, leak.start) == (1.5, CellParameters().asn_leak)
    far = GOOD.replace("{spread: 1.5}", "{prior: 15 1/h, spread: 1.5}")
    leak = Problem.of(loads_calibration(far)).space.varied[0]
    assert leak.start == leak.low > CellParameters().asn_leak


@pytest.mark.parametrize("name", ["cell", "dish"])
def test_bundled_files_begin_at_the_defaults(name):
    problem = Problem.of(load_calibration(name))
    assert problem.space.start() == {one.name: one.default for one in problem.space.varied}


def test_larger_bundled_file_gives_the_numbers_that_the_package_takes_as_defaults():
    problem = Problem.of(load_calibration("cell"))
    written = [
        line.partition("#")[0].strip()
        for line in parameters_text(problem, problem.space.start()).splitlines()
    ]
    shipped = [line.partition("#")[0].strip() for line in fitted.FILE.read_text().splitlines()]
    assert shipped == written


def test_larger_bundled_file_varies_what_all_cells_share():
    space = Problem.of(load_calibration("cell")).space
    assert {one.line for one in space.varied} == {
        None, "default-blast", "molt-4", "a549", "786-o", "ovcar-8", "gln-independent",
    }  # fmt: skip


def test_number_that_the_fit_does_not_hold_is_named():
    with pytest.raises(ScenarioError, match=r"fitted.yaml: line.a548.volume: is missing"):
        fitted.fitted("line.a548.volume", "pL")
    with pytest.raises(ScenarioError, match=r"line.a549.volume: is in 'pL', must be in 'uM'"):
        fitted.fitted("line.a549.volume", "uM")


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("cell.asn_leak", "cell.asn_leek", ["line 4", "no such parameter", "'cell.asn_leak'"]),
        ("line.MOLT-4.", "line.MOLT-5.", ["line 5", "unknown cell line", "'molt-4'"]),
        ("[2e4, 1e5]", "[1e5, 2e4]", ["line 5", "bounds", "swap"]),
        ("[2e4, 1e5]", "[9e4, 1e5]", ["line 5", f"prior {MOLT4_COPIES:g} lies outside"]),
        ("{spread: 1.5}", "{}", ["line 4", "give spread"]),
        ("{spread: 1.5}", "{spread: 0.5}", ["line 4", "spread", "> 1"]),
        ("{spread: 1.5}", "{prior: 2, spread: 1.5}", ["line 4", "has no unit", "1/h"]),
        ("{spread: 1.5}", "{prior: 2 uM, spread: 1.5}", ["line 4", "cannot convert"]),
        ("    value: 3.5\n", "", ["line 7", "fold: has no value", "at_least"]),
        ("    sd: 0.5\n", "", ["sd", "is missing"]),
        ("sd: 0.5", "sd: 0", ["line 11", "sd", "> 0"]),
        ("value: 3.5", "at_least: 3\n    at_most: 2", ["line 10", "at_least", "swap"]),
        ("value: 3.5", "value: -1\n    scale: log", ["log needs", "above 0"]),
        ("asns_mrna", "asns_mrn", ["line 9", "no known quantity", "'asns_mrna'"]),
        ("at: 1 h", "at: 3 h", ["line 9", "after the end"]),
        ("line: default-blast", "line: a548", ["line 8", "no known line", "'a549'"]),
        ("2 h, medium", "-2 h, medium", ["line 8", "hours", "> 0 h"]),
        ("relative_to: start", "relative_to: loss", ["line 9", "a phase before"]),
        ("culture: {line", "culture: {enzyme: 1 IU/mL, line", ["line 8", "closed: true"]),
        ("culture: {line", "culture: {gain: 0.5, line", ["line 8", "gain", ">= 1"]),
        ("culture: {line", "culture: {gain: two, line", ["line 8", "gain", "'two'"]),
        ("culture: {line", "culture: {doubling_time: 30, line", ["line 8", "no unit", "6 h"]),
        ("culture: {line", "culture: {doubling_time: 0 h, line", ["line 8", ">= 1 h"]),
        ("asns_mrna, at: 1 h, relative_to: start", "ic50", ["line 9", "ic50 goes with doses"]),
    ],
)  # fmt: skip
def test_wrong_file_is_refused_with_place_and_remedy(old, new, words):
    message = _refused(old, new)
    assert message.startswith("f.yaml: line ")
    for word in words:
        assert word in message


@pytest.mark.parametrize("key", ["parameters", "targets"])
def test_nothing_to_vary_or_to_meet_is_refused(key):
    head, parameters, targets = GOOD.partition("parameters:\n")[0], "{}", "[]"
    kept = {
        "parameters": f"parameters: {parameters}\n" + GOOD[GOOD.index("targets:") :],
        "targets": GOOD[GOOD.index("parameters:") : GOOD.index("targets:")] + f"targets: {targets}",
    }
    with pytest.raises(ScenarioError, match=f"{key}: is empty"):
        loads_calibration(head + kept[key], "f.yaml")


def test_unknown_bundled_name_proposes_a_known_one():
    with pytest.raises(ScenarioError, match="did you mean 'dish'"):
        load_calibration("dihs")


def test_a_target_that_cannot_run_is_listed_and_the_others_count():
    text = (
        GOOD
        + "  - {id: lost, scenario: {name: no-such, column: n_live}, value: 1, sd: 1, source: x}\n"
    )
    problem = Problem.of(loads_calibration(text))
    found = evaluate(problem, problem.space.start())
    assert list(found.errors) == ["lost"]
    assert "no bundled scenario" in found.message
    assert found.simulated[0] > 0.5
    assert found.objective == float("inf")
