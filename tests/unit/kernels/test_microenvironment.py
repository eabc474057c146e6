"""Serine, glucose and oxygen outside the cell: translation, PERK, and what follows from them."""

import dataclasses

import numpy as np
import pytest

from abm.kernels.cell_layout import CellCondition, CellParameter, CellState
from abm.processes.cell_lines import cell_line
from abm.processes.cell_parameters import CellParameters
from abm.processes.cell_vector import CellSwitches, parameter_vector
from abm.processes.equilibrium import HUMAN_PLASMA, RPMI_1640, equilibrated_state, run_clamped
from abm.processes.metabolism import Metabolism
from abm.processes.microenvironment import perk_input, serine_factor
from abm.state.sites import Species
from scenarios.build import build
from tests.naive import cell as naive
from tests.small import tissue

LINE = cell_line("default-blast")
RATE = naive.BLAST["k_s"]


def vector_of(parameters=None, **switches):
    return parameter_vector(parameters or CellParameters(), LINE, RATE, CellSwitches(**switches))


def run(medium, hours=24.0, parameters=None, **switches):
    """State, growth and hazard of a cell that came from RPMI."""
    state = equilibrated_state(LINE, RATE, parameters=parameters)
    vector = vector_of(parameters, **switches)
    growth, hazard = run_clamped(state, vector, medium, hours, 0, 1.0)
    return state[:, 0], growth[0], hazard[0]


@pytest.mark.parametrize("serine", [0.0, 5.0, 30.0, 149.0, 286.0])
def test_serine_factor_is_the_hand_written_one(serine):
    """(S/(K+S) + s) over its value in plasma, at most one (S5)."""
    assert serine_factor(vector_of(), serine) == pytest.approx(naive.serine_factor(serine / 1e3))


@pytest.mark.parametrize(("glucose", "oxygen"), [(0.0, 200.0), (800.0, 28.0), (11111.0, 3.0)])
def test_perk_input_is_the_hand_written_one(glucose, oxygen):
    """Falls in a straight line to nothing at twice the half-point (S18)."""
    ours = perk_input(vector_of(), glucose, oxygen)
    assert ours == pytest.approx(naive.perk_input(glucose / 1e3, oxygen / 1e3))


def test_media_and_plasma_do_not_drive_perk():
    """Replete surroundings leave eIF2a-P where GCN2 puts it."""
    for medium in (RPMI_1640, HUMAN_PLASMA):
        assert perk_input(vector_of(), medium.glucose, 28.0) == 0.0


def test_growth_falls_without_serine_and_goes_on():
    """Serine drop-out slows the cell, it does not kill it (S20)."""
    _, fed, _ = run(RPMI_1640)
    _, starved, hazard = run(dataclasses.replace(RPMI_1640, ser=0.0), 72.0)
    assert 0.2 * fed < starved < 0.7 * fed
    assert hazard < 0.002


@pytest.mark.parametrize("change", [{"glucose": 0.0}, {"o2": 1.0}])
def test_hypoxia_and_glucose_withdrawal_raise_asns(change):
    """PERK feeds the same eIF2a-P, ATF4 and ASNS as GCN2, also in a cell without GCN2 (S18)."""
    rest, _, _ = run(RPMI_1640, gcn2=0.0)
    stressed, _, _ = run(dataclasses.replace(RPMI_1640, **change), gcn2=0.0)
    for state in (CellState.ATF4, CellState.ASNS_MRNA, CellState.ASNS):
        assert stressed[state] > 1.5 * rest[state]


def test_unfolded_protein_response_stabilises_the_synthetase():
    """The same stress leaves more protein where PERK slows its decay (S25)."""
    with_it, _, _ = run(RPMI_1640, er_stress=1.0)
    without = CellParameters(upr_stabilisation=0.0)
    no_more, _, _ = run(RPMI_1640, parameters=without, er_stress=1.0)
    assert with_it[CellState.ASNS] > 1.05 * no_more[CellState.ASNS]


def test_gln_on_rag_switch_moves_the_gln_response():
    """With Gln on Rag the arm without Arf1 answers to Gln, by default it does not (X1, S27)."""
    starved = dataclasses.replace(RPMI_1640, asn=0.0, eaa=0.0, gln=0.0)
    refed = dataclasses.replace(starved, gln=RPMI_1640.gln)

    def response(parameters):
        state = equilibrated_state(LINE, RATE, parameters=parameters)
        vector = vector_of(parameters, arf=0.0)
        run_clamped(state, vector, starved, 2.0, 0, 1.0)
        before = float(state[CellState.MTORC1, 0])
        run_clamped(state, vector, refed, 2.0, 0, 1.0)
        return float(state[CellState.MTORC1, 0]) - before

    on_rag = CellParameters(rag_gln_weight=0.2, arf_gln_weight=0.0)
    assert response(CellParameters()) < 0.0
    assert response(on_rag) > 0.05


def test_glutaminase_inhibitor_spares_gln_and_costs_asp():
    """CB-839 acts on the Gln-to-Glu flux, not on growth as such."""
    rest, _, _ = run(RPMI_1640)
    blocked, _, _ = run(RPMI_1640, glutaminase_inhibitor=0.9)
    assert blocked[CellState.GLN] > 1.3 * rest[CellState.GLN]
    assert blocked[CellState.ASP] < rest[CellState.ASP]
    assert np.all(np.isfinite(blocked))


def test_cells_of_an_even_medium_notice_when_it_or_their_line_changes():
    """What all cells are told once is told again when serine or a number of the line changes."""
    model = build(tissue())
    metabolism = next(one for one in model.processes if isinstance(one, Metabolism))
    population = model.state.populations[0]
    name = population.name
    vector, exchange = metabolism.parameters[name], metabolism.exchanges[name]

    def factors():
        model.step()
        return exchange.conditions[CellCondition.SYNTHESIS, : population.n]

    assert np.all(factors() == 1.0)
    model.state.sites.concentration[Species.SER] = 5.0
    expected = serine_factor(vector, 5.0)
    assert expected < 0.9
    for _ in range(2):
        assert np.all(factors() == expected)
    vector[CellParameter.SERINE_SYNTHESIS] *= 0.5
    assert np.all(factors() == serine_factor(vector, 5.0))
    assert serine_factor(vector, 5.0) != expected
