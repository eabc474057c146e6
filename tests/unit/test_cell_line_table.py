"""The lines as data: sources, names, doubling times, and what sets normal cells apart."""

import dataclasses
import pickle
import re
from pathlib import Path

import numpy as np
import pytest

from abm.environment import media
from abm.errors import ScenarioError
from abm.kernels.cell import advance_clamped
from abm.kernels.cell_layout import N_CONDITION, N_FLUX, CellCondition, CellFlux, CellState
from abm.processes import equilibrium
from abm.processes.cell_lines import ALIASES, CELL_LINES, CellLine, cell_line, find_line_id
from abm.processes.cell_parameters import CellParameters
from abm.processes.cell_vector import CellSwitches, parameter_vector
from abm.processes.equilibrium import (
    HUMAN_PLASMA,
    RPMI_1640,
    equilibrated_state,
    net_growth,
    run_clamped,
    solve_translation_rate,
)
from abm.state.sites import Species
from scenarios.calibration.evaluate import Problem
from scenarios.calibration.load import load_calibration
from tests.naive.cell_bench import NAIVE_PARAMETERS
from tests.small import well
from tools import line_table

ROOT = Path(__file__).resolve().parents[2]
OWN_LOSS = ("proteolysis_basal", "proteolysis_starved")
TREATED = dataclasses.replace(HUMAN_PLASMA, asn=0.02)
"""Plasma under asparaginase."""

NCI60_HOURS = {
    "molt-4": 27.9, "k-562": 19.6, "a549": 22.9, "786-o": 22.4, "mda-mb-231": 41.9,
    "ovcar-8": 26.1, "ovcar-8-adr": 34.0, "hct-116": 17.4, "colon-kras-wild-type": 23.8,
}  # fmt: skip
"""Doubling times of the NCI-60 table."""

JOINT_FIT = {
    "default-blast": (0.0394, 0.6, 4.4e4, 0.3, 500.0, 1.00, 0.0, 1.0),
    "molt-4": (0.0468, 0.9, 5.0e4, 0.3, 500.0, 0.80, 0.0, 1.0),
    "jurkat": (0.0466, 0.9, 4.2e4, 0.3, 500.0, 0.80, 0.0, 1.0),
    "a549": (0.0546, 2.5, 1.4e6, 0.915, 200.0, 1.38, 0.5, 1.0),
    "786-o": (0.0556, 2.2, 1.0e6, 0.86, 200.0, 1.38, 0.0, 0.0),
    "mda-mb-231": (0.0360, 2.2, 3.0e5, 0.957, 200.0, 1.38, 0.0, 0.0),
    "ovcar-8": (0.0492, 2.0, 5.0e5, 0.7, 200.0, 1.38, 0.0, 0.0),
    "ovcar-8-adr": (0.0409, 2.0, 5.0e5, 0.7, 200.0, 1.38, 0.0, 0.0),
}
"""Lines of the joint fit: translation rate, then FIELDS."""
FIELDS = (
    "volume", "asns_set_point", "gln_addiction", "gs_capacity", "death_threshold", "ras_gain",
    "p53_wild_type",
)  # fmt: skip
FOLLOWS = {
    ("jurkat", "death_threshold"): "molt-4",
    ("786-o", "death_threshold"): "a549",
    ("mda-mb-231", "death_threshold"): "a549",
    ("ovcar-8", "death_threshold"): "a549",
    ("ovcar-8-adr", "death_threshold"): "a549",
    ("ovcar-8-adr", "asns_set_point"): "ovcar-8",
}
"""Numbers that a line takes over from one that was fitted."""


@pytest.mark.parametrize("name", JOINT_FIT)
def test_lines_of_the_joint_fit_have_its_translation_rates_with_its_numbers(name):
    rate, *numbers = JOINT_FIT[name]
    line = dataclasses.replace(cell_line(name), **dict(zip(FIELDS, numbers, strict=True)))
    found = solve_translation_rate(line, CellParameters(**NAIVE_PARAMETERS), dilution=False)
    assert found == pytest.approx(rate, abs=6e-5)


@pytest.mark.parametrize("name", JOINT_FIT)
def test_numbers_of_a_line_that_were_not_fitted_again_are_those_of_the_joint_fit(name):
    varied = Problem.of(load_calibration("cell")).space.names
    for field, number in zip(FIELDS, JOINT_FIT[name][1:], strict=True):
        owner = FOLLOWS.get((name, field), name)
        if f"line.{owner}.{field}" in varied:
            number = getattr(cell_line(owner), field)
        assert getattr(cell_line(name), field) == number


def test_doubling_times_are_those_of_the_table():
    found = {
        name: line.doubling_time
        for name, line in CELL_LINES.items()
        if "NCI-60" in line.source_of("doubling_time") and "as MOLT-4" not in line.sources[
            "doubling_time"]
    }  # fmt: skip
    assert found == NCI60_HOURS
    assert {CELL_LINES[name].serum_fraction for name in NCI60_HOURS} == {0.05}


@pytest.mark.parametrize("name", CELL_LINES)
def test_every_line_doubles_in_its_own_medium(name):
    """A26, within 5 %: with its serum and its methylation, though k_s was solved without either."""
    line = cell_line(name)
    values = media.medium(line.medium, line.serum_fraction, is_dialysed=False)
    medium = dataclasses.replace(
        RPMI_1640, **{s: float(values[Species[s.upper()]]) for s in ("asn", "gln", "glu", "eaa")}
    )
    rate = solve_translation_rate(line)
    growth = net_growth(line, rate, line.methylated_alleles, medium=medium, hours=400.0)[0]
    assert np.log(2.0) / growth == pytest.approx(line.doubling_time, rel=0.05)
    if line.doubling_time < 1000.0:
        assert np.log(2.0) / growth == pytest.approx(line.doubling_time, rel=0.01)


def test_a_line_is_solved_once(monkeypatch):
    """A second line with equal numbers, and the same line again, start no cell."""
    line = cell_line("jurkat").replaced({"doubling_time": "29 h"})
    rate = solve_translation_rate(line)

    def refuse(*arguments, **options):
        raise AssertionError("a cell was run")

    monkeypatch.setattr(equilibrium, "run_clamped", refuse)
    again = cell_line("jurkat").replaced({"doubling_time": "29 h"})
    assert solve_translation_rate(again, CellParameters()) == rate
    with pytest.raises(AssertionError, match="a cell was run"):
        solve_translation_rate(again, CellParameters(asn_leak=1.7))


@pytest.mark.parametrize("name", CELL_LINES)
def test_every_number_of_a_line_has_a_source(name):
    """A citation, a table or an assumption that is listed."""
    listed = "".join(
        path.read_text(encoding="utf-8")
        for path in [ROOT / "docs" / "assumptions.md", *ROOT.glob("docs/assumptions.d/*.md")]
    )
    line = cell_line(name)
    for field in line_table.WORDS:
        if getattr(line, field) is None:
            continue
        source = line.source_of(field)
        assert re.search(r"assumption A\d+|NCI-60|\b(19|20)\d\d\b|normal cell|status", source), (
            field
        )
        for number in re.findall(r"assumption (A\d+)", source):
            assert f"**{number}**" in listed, f"{field}: {number} is not listed"


def test_the_tables_show_every_number_of_a_line():
    names = {row.name for row in CellLine.rows()} | {"methylated_alleles", *OWN_LOSS}
    assert set(line_table.WORDS) == names
    assert line_table.sources().count("### ") == len(CELL_LINES)
    assert line_table.overview().count("\n| `") == len(CELL_LINES)


@pytest.mark.parametrize(
    ("written", "line_id"),
    [
        ("MOLT-4", "molt-4"), ("OVCAR-8/ADR", "ovcar-8-adr"), ("ovcar-8 adr", "ovcar-8-adr"),
        ("NCI/ADR-RES", "ovcar-8-adr"), ("786-O", "786-o"), ("786-0", "786-o"),
        ("K-562", "k-562"), ("COLO_205", "colon-kras-wild-type"), (" HCT-116 ", "hct-116"),
    ],
)  # fmt: skip
def test_lines_are_found_by_the_names_people_write(written, line_id):
    assert find_line_id(written) == line_id
    assert cell_line(written) is CELL_LINES[line_id]


@pytest.mark.parametrize(
    ("written", "line_id"),
    [("OVCAR-8/ADR", "ovcar-8-adr"), ("K562", "k-562"), ("786-0", "786-o"), ("MOLT-4", "molt-4")],
)
def test_a_scenario_takes_a_line_by_the_names_people_write(written, line_id):
    cells = [{"type": "blast", "line": written, "number": 1}]
    assert well({"cells": cells}).mechanistic_cells[0].line == line_id


def test_a_line_goes_to_worker_processes_whole():
    line = cell_line("a549")
    copied = pickle.loads(pickle.dumps(line))
    assert copied == line
    assert copied.source_of("ras_gain") == line.source_of("ras_gain")


def test_aliases_lead_to_lines_and_hide_none():
    assert set(ALIASES.values()) <= set(CELL_LINES)
    assert not set(ALIASES) & set(CELL_LINES)
    with pytest.raises(ScenarioError, match="unknown cell line 'HTC-116'; did you mean 'hct-116'"):
        cell_line("HTC-116")


def test_s9_copies_do_not_follow_the_message():
    """S9: the probe ranks MDA-MB-231 above A549 and K-562 first; protein per volume does not."""
    ratio = {name: line.mrna_ratio_to_molt4 for name, line in CELL_LINES.items()}
    dense = {name: line.asns_set_point / line.volume for name, line in CELL_LINES.items()}
    assert ratio["mda-mb-231"] > ratio["a549"] and dense["mda-mb-231"] < 0.5 * dense["a549"]
    assert ratio["k-562"] == max(r for r in ratio.values() if r is not None)
    assert dense["k-562"] < dense["786-o"] and ratio["k-562"] > 5.0 * ratio["786-o"]
    assert ratio["jurkat"] is None


def test_s12_kras_raises_the_synthetase_through_akt():
    """S12: HCT-116 holds more ASNS than the wild-type line; only its message needs AKT."""
    rest = {}
    for name in ("hct-116", "colon-kras-wild-type"):
        line = cell_line(name)
        rate = solve_translation_rate(line)
        state = [
            equilibrated_state(line, rate, switches=CellSwitches(akt_inhibitor=akt))[:, 0]
            for akt in (0.0, 1.0)
        ]
        left = state[1][CellState.ASNS_MRNA] / state[0][CellState.ASNS_MRNA]
        rest[name] = (state[0][CellState.ASNS] / line.volume, left)
    assert rest["hct-116"][0] > 3.0 * rest["colon-kras-wild-type"][0]
    assert rest["hct-116"][1] < 0.9
    assert rest["colon-kras-wild-type"][1] == pytest.approx(1.0, abs=1e-6)


def _survival(line, alleles=0, **switches):
    """Share alive and net growth [1/h] after 14 d of plasma without Asn, and the rise of ASNS."""
    rate = solve_translation_rate(line)
    switched = CellSwitches(**switches)
    vector = parameter_vector(CellParameters(), line, rate, switched)
    state = equilibrated_state(line, rate, alleles, medium=HUMAN_PLASMA, switches=switched)
    before = state[CellState.ASNS, 0]
    log_left = 0.0
    for _ in range(14):
        growth, hazard = run_clamped(state, vector, TREATED, 24.0, alleles, 1.0)
        log_left -= 24.0 * hazard[0]
    return np.exp(log_left), growth[0] - hazard[0], state[CellState.ASNS, 0] / before


def test_s22_a_normal_lymphocyte_lives_on_the_synthetase_that_it_induces():
    """S22: alive after 14 d without Asn; methylated, or without the induction, it is lost."""
    line = cell_line("normal-lymphocyte")
    alive, growth, fold = _survival(line)
    assert alive > 0.7 and growth > 0.0 and fold > 1.5
    assert _survival(line, alleles=2)[0] < 1e-3
    assert _survival(line, induced_message=0.0)[0] < 0.1
    assert line.doubling_time > 3.0 * cell_line("default-blast").doubling_time


def _exports(name, medium):
    """Asn and Gln [fmol/h] that one settled cell gives off in a medium."""
    line = cell_line(name)
    rate = solve_translation_rate(line)
    vector = parameter_vector(CellParameters(), line, rate)
    state = equilibrated_state(line, rate, medium=medium)
    conditions = np.zeros((N_CONDITION, 1))
    conditions[[CellCondition.CROWDING, CellCondition.SYNTHESIS]] = 1.0
    fluxes = np.zeros((N_FLUX, 1))
    status = advance_clamped(
        state, 1, np.array([medium.asn, medium.gln, medium.glu, medium.eaa]), conditions,
        np.zeros(1, np.uint8), np.ones(1), np.ones(1), np.ones(1, np.uint8), vector, 0.1, 1,
        fluxes, np.zeros(1), np.zeros(1),
    )  # fmt: skip
    assert status == 0
    return 10.0 * fluxes[[CellFlux.EXPORTED_ASN, CellFlux.EXPORTED_GLN], 0]


def test_an_adipocyte_feeds_its_neighbours_and_keeps_its_number():
    """Ehsanipour 2013: without Asn and Gln outside it gives off more of both than ten blasts.

    It lives through the drug with basal death alone, and in RPMI replaces it: 30 d change 6 %.
    """
    line = cell_line("adipocyte")
    rate = solve_translation_rate(line)
    month = 30.0 * 24.0 * net_growth(line, rate, medium=RPMI_1640, hours=400.0)[0]
    assert 0.0 < month < 0.06
    basal = np.exp(-14.0 * 24.0 * CellParameters().death_basal)
    assert _survival(line)[0] == pytest.approx(basal, rel=1e-3)
    bare = dataclasses.replace(HUMAN_PLASMA, asn=0.0, gln=0.0)
    adipocyte, blast = _exports("adipocyte", bare), _exports("default-blast", bare)
    assert np.all(adipocyte > 10.0 * blast)
    assert np.all(adipocyte > 1.0)
