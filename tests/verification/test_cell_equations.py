"""The table of the cell against the cell written by hand, and the SBML made from it against both.

The table (abm/processes/cell_equations.py) gives the numbered equations and the SBML; the naive
cell is written by hand from the equations; the kernel is held against the naive cell elsewhere.
"""

import dataclasses

import libsbml
import numpy as np
import pytest
import roadrunner
import sympy

from abm.processes import cell_equations as table
from abm.processes.cell_lines import cell_line
from abm.processes.cell_parameters import CellParameters
from abm.processes.cell_vector import CellSwitches, parameter_vector
from abm.processes.equilibrium import (
    FAST_INTERVAL_H,
    FAST_PHASE_H,
    INTERVAL_H,
    RPMI_1640,
    equilibrated_state,
    run_clamped,
    solve_translation_rate,
)
from abm.state.sites import Species
from scenarios.sbml import STATE_OF, sbml_text
from tests.naive import cell as naive
from tests.naive.cell_bench import NAIVE_PARAMETERS, PLASMA, kernel_line, random_states
from tools.generate_cell import read, symbols

SWITCHED = {
    "none": ({}, {}),
    "all": (
        {
            "gcn2": 0.4, "chloroquine": 0.3, "asns_inhibitor": 0.5, "akt_inhibitor": 0.7,
            "mek_inhibitor": 0.6, "mso": 0.2, "glutaminase_inhibitor": 0.8, "etc_block": 0.4,
            "rapamycin": 0.1, "rag": 0.6, "arf": 0.9, "growth_factor": 0.8, "basal_message": 0.5,
            "induced_message": 0.4, "threshold_divisor": 1.6, "er_stress": 0.3,
        },
        {
            "gcn2": 0.4, "cq": 0.3, "asnsi": 0.5, "akti": 0.7, "meki": 0.6, "mso": 0.2, "gls": 0.8,
            "etc": 0.4, "rapa": 0.1, "rag": 0.6, "arf": 0.9, "GF": 0.8, "kd": 0.5,
            "kd_induced": 0.4, "theta_divisor": 1.6, "er": 0.3,
        },
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def right_hand_side():
    """The rates of the table as one function of a dict of numbers."""
    known = symbols()
    assigned = {}
    for rule in table.RULES:
        assigned[known[rule.symbol]] = read(rule.expression, known).xreplace(assigned)
    rates = {}
    for pool in table.POOLS:
        rates[pool.symbol] = sum(
            reaction.change[pool.symbol] * read(reaction.rate, known)
            for reaction in table.REACTIONS
            if pool.symbol in reaction.change
        )
    rates |= {rate.symbol: read(rate.expression, known) for rate in table.RATES}
    expressions = [rates[name].xreplace(assigned) for name in STATE_OF]
    expressions += [assigned[known["mu"]], assigned[known["h"]]]
    names = sorted({str(one) for expression in expressions for one in expression.free_symbols})
    function = sympy.lambdify([known[name] for name in names], expressions, cse=True)
    return lambda values: np.array(function(*(values[name] for name in names)), dtype=float)


@pytest.mark.parametrize("name", SWITCHED)
@pytest.mark.parametrize("line", [naive.BLAST | {"M": 1}, naive.A549], ids=["blast", "a549"])
def test_table_is_the_cell_written_by_hand(right_hand_side, line, name):
    """Every derivative, growth and hazard agree to round-off from random states."""
    ours, theirs = SWITCHED[name]
    package_line = kernel_line(line).replaced({"methylated_alleles": line["M"]})
    switches = CellSwitches(**ours)
    values = {one.symbol: one.value(CellParameters(**NAIVE_PARAMETERS), package_line, switches)
              for one in table.CONSTANTS}  # fmt: skip
    values |= {"k_s": line["k_s"], "f_c": 0.3, "M": 1.0}
    outside = {"No": "asn", "Qo": "gln", "Go": "glu", "Eo": "eaa"}
    values |= {ours_: 1e3 * PLASMA[theirs_] for ours_, theirs_ in outside.items()}
    values |= {"So": 40.0, "g": 900.0, "o": 60.0}
    serine, perk = naive.serine_factor(0.04), naive.perk_input(0.9, 0.06)
    for state in random_states(np.random.default_rng(5), 40):
        values |= dict(zip([name for name in STATE_OF if name != "M"], state, strict=True))
        found = right_hand_side(values)
        mm = state.copy()
        mm[:4] *= 1e-3
        rates, mu, h, growth = naive.evaluate(
            mm, PLASMA, line, naive.SWITCHES | theirs, crowding=0.7, serine=serine, perk=perk
        )
        expected = np.array([*rates, growth, mu, h])
        expected[:4] = 1e3 * (expected[:4] - growth * mm[:4])
        scale = np.abs(expected) + 1e-3 * np.abs([*state, 1.0, 1.0, 1.0])
        assert np.max(np.abs(found - expected) / scale) < 1e-9


def unit_problems(text):
    """Messages of libsbml on units that contradict each other (not: that it cannot tell)."""
    document = libsbml.readSBMLFromString(text)
    document.setConsistencyChecks(libsbml.LIBSBML_CAT_UNITS_CONSISTENCY, True)
    found = [document.getError(i) for i in range(document.checkConsistency())]
    cannot_tell = 99505
    return [error.getMessage() for error in found if error.getErrorId() != cannot_tell]


CASES = {
    "replete": ("default-blast", 0, {}, {}),
    "asn_starved_m2": ("default-blast", 2, {"asn": 0.0}, {}),
    "asn_starved_m0": ("default-blast", 0, {"asn": 0.0}, {}),
    "gln_starved_a549": ("a549", 0, {"gln": 0.0}, {}),
    "gcn2_inhibited": ("default-blast", 0, {"asn": 0.0}, {"gcn2": 0.1}),
}


@pytest.mark.parametrize("case", CASES)
def test_roadrunner_and_kernel_agree(case):
    """Five contrasted cells over 48 h in a clamped medium: within 1 %, 3 % in the first hour."""
    name, alleles, missing, changed = CASES[case]
    line = cell_line(name).replaced({"methylated_alleles": alleles})
    switches = CellSwitches(**changed)
    medium = dataclasses.replace(RPMI_1640, **missing)
    outside = np.zeros(len(Species))
    for species in ("asn", "gln", "glu", "eaa", "ser", "glucose", "o2"):
        outside[Species[species.upper()]] = getattr(medium, species)
    runner = roadrunner.RoadRunner(sbml_text(line, outside, switches=switches))
    runner.integrator.relative_tolerance, runner.integrator.absolute_tolerance = 1e-8, 1e-10
    names = [name for name in STATE_OF if name != "M"]
    columns = [f"[{name}]" if name in "NQDE" else name for name in names]
    expected = np.array(runner.simulate(0, 48, 49, columns))
    rate = solve_translation_rate(line)
    state = equilibrated_state(line, rate, alleles)
    vector = parameter_vector(CellParameters(), line, rate, switches)
    rows = [int(STATE_OF[name]) for name in names]
    found = [state[rows, 0].copy()]
    for hour in range(48):
        interval = FAST_INTERVAL_H if hour < FAST_PHASE_H else INTERVAL_H
        run_clamped(state, vector, medium, 1.0, alleles, 1.0, interval_h=interval)
        found.append(state[rows, 0].copy())
    error = np.abs(np.array(found) - expected) / np.abs(expected).max(axis=0)
    assert error[:2].max() <= 0.03
    assert error[2:].max() <= 0.01


def test_sbml_is_level_3_version_2_with_consistent_units():
    """The document reads back without an error, and no unit contradicts another."""
    text = sbml_text("a549")
    document = libsbml.readSBMLFromString(text)
    assert (document.getLevel(), document.getVersion()) == (3, 2)
    assert document.getNumErrors(libsbml.LIBSBML_SEV_ERROR) == 0
    assert document.getModel().getNumReactions() == len(table.REACTIONS)
    assert unit_problems(text) == []
