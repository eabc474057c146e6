"""The cell kernel against the equations written by hand, conservation, and who it may depend on."""

import numba
import numpy as np
import pytest

from abm.errors import ScenarioError
from abm.kernels.cell import finest_level
from abm.kernels.cell_layout import CellCondition, CellFlux, CellParameter, CellState
from abm.kernels.uptake import uptake_capacity
from abm.processes.cell_lines import CELL_LINES, cell_line
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
from tests import theory
from tests.naive import cell as naive
from tests.naive.cell_bench import (
    NAIVE_PARAMETERS,
    PLASMA,
    Cells,
    kernel_line,
    kernel_vector,
    random_states,
)

BLAST_RATE = naive.BLAST["k_s"]

SWITCHED = {
    "none": ({}, {}),
    "gcn2": ({"gcn2": 0.1}, {"gcn2": 0.1}),
    "chloroquine": ({"chloroquine": 1.0}, {"cq": 1.0}),
    "asns": ({"asns_inhibitor": 0.9}, {"asnsi": 0.9}),
    "akt": ({"akt_inhibitor": 1.0}, {"akti": 1.0}),
    "mek": ({"mek_inhibitor": 1.0}, {"meki": 1.0}),
    "mso": ({"mso": 1.0}, {"mso": 1.0}),
    "etc": ({"etc_block": 0.6}, {"etc": 0.6}),
    "rapamycin": ({"rapamycin": 0.8}, {"rapa": 0.8}),
    "rag": ({"rag": 0.0}, {"rag": 0.0}),
    "arf": ({"arf": 0.0}, {"arf": 0.0}),
    "growth factor": ({"growth_factor": 0.5}, {"GF": 0.5}),
    "knock-down": ({"basal_message": 0.1, "induced_message": 0.3}, {"kd": 0.1, "kd_induced": 0.3}),
    "glutaminase": ({"glutaminase_inhibitor": 0.9}, {"gls": 0.9}),
    "ER stress": ({"er_stress": 0.6}, {"er": 0.6}),
    "venetoclax": ({"threshold_divisor": 1.7}, {"theta_divisor": 1.7}),
}


@pytest.mark.parametrize("name", SWITCHED)
@pytest.mark.parametrize("line", [naive.BLAST, naive.A549 | {"M": 1}], ids=["blast", "a549"])
def test_short_step_follows_hand_written_equations(name, line):
    """Over 1e-7 h every state moves by its derivative times the step, from random states."""
    ours, theirs = SWITCHED[name]
    rng = np.random.default_rng(11)
    states = random_states(rng, 70)
    crowding = rng.uniform(0.0, 1.0, 70)
    cells = Cells(states, alleles=line["M"])
    serine, perk = rng.uniform(0.3, 1.0, 70), rng.uniform(0.0, 1.0, 70)
    cells.conditions[:] = crowding, serine, perk
    vector = kernel_vector(line, ours, dilution=0.0)
    step = 1e-7
    assert cells.clamped(vector, PLASMA, step) == 0
    speed = (cells.state[:18] - states.T) / step
    for index in range(70):
        mm = states[index].copy()
        mm[:4] *= 1e-3
        rates, mu, h, _ = naive.evaluate(
            mm, PLASMA, line, naive.SWITCHES | theirs, crowding=crowding[index],
            serine=serine[index], perk=perk[index],
        )  # fmt: skip
        expected = np.array(rates)
        expected[:4] *= 1e3
        scale = np.abs(expected) + np.abs(states[index])
        assert np.max(np.abs(speed[:, index] - expected) / scale) < 2e-5
        assert cells.growth[index] == pytest.approx(mu, abs=1e-6)
        assert cells.hazard[index] == pytest.approx(h, rel=1e-5)


def test_mek_inhibitor_acts_on_the_mapk_share_only():
    """ATF4 of a starved cell falls under a MEK inhibitor where the line has a MAPK share."""
    line = cell_line("default-blast").replaced({"mapk_share": 0.7})
    atf4 = {}
    for dose in (0.0, 1.0):
        cells = Cells(random_states(np.random.default_rng(2), 1))
        vector = parameter_vector(
            CellParameters(), line, BLAST_RATE, CellSwitches(mek_inhibitor=dose, er_stress=1.0)
        )
        cells.clamped(vector, PLASMA, 0.1, 100)
        atf4[dose] = cells.state[CellState.ATF4, 0]
    assert atf4[1.0] - 1.0 < 0.4 * (atf4[0.0] - 1.0)


def test_uptake_capacity_is_the_naive_uptake_at_saturation():
    """Capacity times saturation is the uptake term of the equations, times the cell volume."""
    rng = np.random.default_rng(3)
    cells = Cells(random_states(rng, 5), size=rng.uniform(1.0, 2.0, 5), capacity=9)
    cells.capacity[:] = -1.0
    uptake_capacity(cells.state, 5, kernel_vector(naive.BLAST), cells.capacity)
    asn, gln = cells.state[CellState.ASN, :5], cells.state[CellState.GLN, :5]
    volume = 0.6e-3 * cells.state[CellState.SIZE, :5]
    inside = asn + 0.15 * gln
    assert np.allclose(cells.capacity[0, :5], 75000.0 * volume / (1 + asn / 1800.0), rtol=1e-13)
    assert np.allclose(cells.capacity[1, :5], 30000.0 * volume / (1 + gln / 20000.0), rtol=1e-13)
    assert np.allclose(cells.capacity[2, :5], 5000.0 * volume, rtol=1e-13)
    eaa = 0.5 * 20000.0 + 2.5 * 2600.0 * inside / (2000.0 + inside)
    assert np.allclose(cells.capacity[3, :5], eaa * volume, rtol=1e-13)
    assert np.all(cells.capacity[:, 5:] == -1.0)


@pytest.mark.parametrize("dt_h", [1.0 / 60.0, 0.1])
def test_asn_and_gln_are_conserved_to_round_off(dt_h):
    """Free and bound amounts change by uptake, synthesis and export only (S2)."""
    rng = np.random.default_rng(4)
    cells = Cells(random_states(rng, 150), alleles=rng.integers(0, 3, 150), size=1.3)
    cells.conditions[CellCondition.CROWDING] = rng.uniform(0.0, 1.0, 150)
    vector = kernel_vector(naive.BLAST, {"chloroquine": 0.5})
    fmol = vector[CellParameter.VOLUME] * 1e-3

    def held(pool, bound):
        return fmol * (cells.state[pool] * cells.state[CellState.SIZE] + cells.state[bound])

    for round_index in range(20):
        asn = held(CellState.ASN, CellState.BOUND_ASN)
        gln = held(CellState.GLN, CellState.BOUND_GLN)
        uptake, status = cells.interval(vector, [0.1 * (round_index % 3), 0.5, 0.1, 0.9], 0.9, dt_h)
        assert status == 0
        flux = cells.fluxes
        made = flux[CellFlux.ASN_SYNTHESISED]
        gained = uptake[0] + made - flux[CellFlux.EXPORTED_ASN]
        now = held(CellState.ASN, CellState.BOUND_ASN)
        assert np.max(np.abs(now - asn - gained) / now) < 1e-12
        gained = uptake[1] + flux[CellFlux.GLN_SYNTHESISED] - flux[CellFlux.EXPORTED_GLN]
        gained = gained - made - flux[CellFlux.GLN_CATABOLISED]
        now = held(CellState.GLN, CellState.BOUND_GLN)
        assert np.max(np.abs(now - gln - gained) / now) < 1e-12
        assert np.all(cells.state[:4] > 0.0) and np.all(flux >= 0.0)
    assert np.all(np.isfinite(cells.state))


def _mixture(n):
    rng = np.random.default_rng(5)
    cells = Cells(random_states(rng, n), alleles=rng.integers(0, 3, n), size=1.1)
    cells.gain[:] = rng.uniform(0.5, 8.0, n)
    cells.threshold[:] = rng.uniform(0.7, 1.4, n)
    return cells


def _advance(cells, vector):
    for asn in (0.0, 0.4, 0.0):
        assert cells.interval(vector, [asn, 0.4, 0.1, 0.9], 0.9, 0.1)[1] == 0
    return np.vstack([cells.state, cells.fluxes, cells.growth, cells.hazard, cells.substeps])


def test_same_bits_on_any_number_of_threads():
    """One and two threads, 701 cells (eleven blocks, the last one short)."""
    vector = kernel_vector(naive.BLAST)
    threads = numba.get_num_threads()
    results = []
    try:
        for count in (1, min(2, numba.config.NUMBA_NUM_THREADS)):
            numba.set_num_threads(count)
            results.append(_advance(_mixture(701), vector))
    finally:
        numba.set_num_threads(threads)
    assert np.array_equal(results[0], results[1])


def test_a_cell_does_not_depend_on_its_neighbours_in_memory():
    """Shuffled, alone, and among the first columns of a longer array: the same bits."""
    vector = kernel_vector(naive.BLAST)
    together = _advance(_mixture(701), vector)
    order = np.random.default_rng(6).permutation(701)
    assert np.array_equal(_advance(_mixture(701).take(order), vector), together[:, order])
    for index in (0, 63, 64, 700):
        alone = _advance(_mixture(701).take(np.array([index])), vector)
        assert np.array_equal(alone[:, 0], together[:, index])


def test_columns_beyond_n_are_untouched():
    """Only the first n columns are read and written."""
    cells = Cells(random_states(np.random.default_rng(7), 3), capacity=10)
    cells.fluxes[:] = -1.0
    cells.clamped(kernel_vector(naive.BLAST), PLASMA, 0.1)
    assert np.all(np.isnan(cells.state[:, 3:]))
    assert np.all(cells.fluxes[:, 3:] == -1.0) and np.all(cells.growth[3:] == 0.0)


def test_steady_state_does_not_depend_on_the_step():
    """A settled cell without dilution stays where it is for intervals of 1, 6 and 30 min."""
    cells = Cells(naive_start(), alleles=0)
    vector = kernel_vector(naive.BLAST, dilution=0.0)
    cells.clamped(vector, naive.RPMI, 0.1, 12000)
    settled = cells.state[:18].copy()
    for dt_h in (1.0 / 60.0, 0.1, 0.5):
        cells.clamped(vector, naive.RPMI, dt_h, 20)
        assert np.max(np.abs(cells.state[:18] / settled - 1.0)) < 1e-9
        assert cells.substeps[0] == 1


def naive_start():
    """Replete start of a default blast in kernel units."""
    state = np.array(naive.initial_state(naive.BLAST))
    state[:4] *= 1e3
    return state


def test_quiet_cell_takes_one_sub_step_and_a_jump_takes_more():
    """Sub-steps follow the cell: 1 when settled, several in the first interval without Asn."""
    cells = Cells(naive_start())
    vector = kernel_vector(naive.BLAST)
    cells.clamped(vector, naive.RPMI, 0.1, 960)
    assert cells.substeps[0] == 1
    cells.clamped(vector, naive.RPMI | {"asn": 0.0}, 0.1, 4)
    assert cells.substeps[0] > 1


def test_finest_level_keeps_sub_steps_above_the_floor():
    """6 min: 16 sub-steps of 0.375 min; 1 min: 4 of 0.25 min."""
    assert finest_level(0.1, 0.25 / 60.0) == 4
    assert finest_level(1.0 / 60.0, 0.25 / 60.0) == 2
    assert finest_level(1e-4, 0.25 / 60.0) == 0


def test_crowded_cell_stops_growing_without_dying():
    """Crowding 0 lets a cell replace what it loses: no growth, no stress, basal hazard."""
    cells = Cells(np.vstack([naive_start()] * 2))
    cells.conditions[CellCondition.CROWDING] = (1.0, 0.0)
    cells.clamped(kernel_vector(naive.BLAST), naive.RPMI, 0.1, 480)
    assert cells.growth[0] > 0.019 and abs(cells.growth[1]) < 1e-12
    assert cells.state[CellState.SIZE, 1] == pytest.approx(1.0, abs=1e-9)
    assert cells.hazard[1] == pytest.approx(5e-4, rel=1e-2)


def test_size_grows_with_the_mean_growth_rate():
    """ln(size) rises by mu t while the reserve is full."""
    cells = Cells(naive_start())
    vector = kernel_vector(naive.BLAST)
    cells.clamped(vector, naive.RPMI, 0.1, 200)
    before = cells.state[CellState.SIZE, 0]
    cells.clamped(vector, naive.RPMI, 0.1, 100)
    grown = np.log(cells.state[CellState.SIZE, 0] / before)
    assert grown == pytest.approx(10.0 * cells.growth[0], rel=1e-9)


def test_not_finite_uptake_is_reported():
    """A NaN that comes in is returned as status 1, not passed on silently."""
    cells = Cells(naive_start())
    assert cells.interval(kernel_vector(naive.BLAST), [np.nan, 0.5, 0.1, 0.9], 0.9, 0.1)[1] == 1


def test_two_stage_induction_c17():
    """Case C17: a step of the message's production, message and protein against the formula."""
    case = theory.case("C17")["expected"]
    line = cell_line("default-blast").replaced({"doubling_time": "1e9 h", "p53_wild_type": 0.0})
    numbers = CellParameters(
        asns_half_life=24.0, atf4_mtorc1_share=0.0, asns_translation_spared=1.0
    )
    switches = CellSwitches(gcn2=0.0, basal_message=3.5)
    vector = parameter_vector(numbers, line, 1e-12, switches)
    start = naive_start()
    start[[CellState.EIF2A_P, CellState.ATF4, CellState.ASNS_MRNA]] = 0.05, 1.0, 1.0
    start[[CellState.ASNS, CellState.P53]] = line.asns_set_point, 0.0
    cells = Cells(start)
    hours = 0
    for until in (3, 6, 12, 24, 48, 96):
        cells.clamped(vector, naive.RPMI, 0.1, 10 * (until - hours))
        hours = until
        if until < 96:
            message = cells.state[CellState.ASNS_MRNA, 0]
            assert message == pytest.approx(case[f"mRNA_{until}h"], rel=1e-3)
        protein = cells.state[CellState.ASNS, 0] / line.asns_set_point
        assert protein == pytest.approx(case[f"protein_{until}h"], rel=1e-3)


def test_translation_rate_reproduces_the_reference_values():
    """k_s without dilution: default blast and A549 of cell_trajectories.md."""
    for line in (naive.BLAST, naive.A549):
        found = solve_translation_rate(
            kernel_line(line), CellParameters(**NAIVE_PARAMETERS), dilution=False
        )
        assert found == pytest.approx(line["k_s"], rel=1e-7)


@pytest.mark.parametrize("name", sorted(CELL_LINES))
def test_every_line_doubles_in_its_doubling_time(name):
    """With dilution, settled in RPMI: mu - h = ln2/Td (A26)."""
    line = cell_line(name)
    rate = solve_translation_rate(line)
    growth = net_growth(line, rate, medium=RPMI_1640, hours=400.0)[0]
    assert np.log(2.0) / growth == pytest.approx(line.doubling_time, rel=1e-3)


def test_s7_methylation_gates_the_induction_of_the_synthetase():
    """S7, A5: after 12 h without Asn the message rises 3-fold with 0 or 1 allele, not with 2."""
    line = cell_line("default-blast")
    state = equilibrated_state(line, BLAST_RATE, [0, 1, 2])
    before = state[CellState.ASNS_MRNA].copy()
    vector = parameter_vector(CellParameters(), line, BLAST_RATE)
    starved = RPMI_1640.__class__(asn=0.0, gln=2055.0, glu=136.0, eaa=1630.0)
    run_clamped(state, vector, starved, 12.0, [0, 1, 2], [1.0] * 3)
    fold = state[CellState.ASNS_MRNA] / before
    assert fold[0] > 2.5 and fold[1] > 2.5 and fold[2] < 1.2


def test_s1_gcn2_is_needed_for_the_amino_acid_response():
    """S1: starved of Asn, eIF2a-P, ATF4 and message rise with GCN2 and hardly without."""
    line = cell_line("default-blast")
    starved = HUMAN_PLASMA.__class__(asn=0.0, gln=550.0, glu=80.0, eaa=380.0)
    found = {}
    for gcn2 in (1.0, 0.0):
        state = equilibrated_state(line, BLAST_RATE)
        vector = parameter_vector(CellParameters(), line, BLAST_RATE, CellSwitches(gcn2=gcn2))
        run_clamped(state, vector, starved, 8.0, 0, 1.0)
        found[gcn2] = state[[CellState.EIF2A_P, CellState.ATF4, CellState.ASNS_MRNA], 0]
    assert np.all(found[1.0] > [0.15, 2.5, 2.0])
    assert np.all(found[0.0] < [0.051, 1.05, 1.1])


def _mtorc1_after_refeed(switches, asn=0.0, gln=0.0, eaa=0.0):
    """mTORC1 after 2 h without amino acids and 1 h with the given ones, over that of fed cells."""
    line = cell_line("default-blast")
    medium = HUMAN_PLASMA.__class__
    state = equilibrated_state(line, BLAST_RATE, medium=medium(asn=0, gln=2055, glu=136, eaa=1400))
    fed = state[CellState.MTORC1, 0]
    vector = parameter_vector(CellParameters(), line, BLAST_RATE, CellSwitches(**switches))
    bare = medium(asn=0.0, gln=0.0, glu=0.0, eaa=0.0)
    run_clamped(state, vector, bare, 2.0, 0, 1.0, interval_h=1.0 / 60.0)
    starved = state[CellState.MTORC1, 0] / fed
    refed = medium(asn=asn, gln=gln, glu=0.0, eaa=eaa)
    run_clamped(state, vector, refed, 1.0, 0, 1.0, interval_h=1.0 / 60.0)
    return starved, state[CellState.MTORC1, 0] / fed


@pytest.mark.parametrize(
    ("switches", "food", "acts"),
    [
        ({}, {"eaa": 800.0}, True),
        ({}, {"gln": 4000.0}, True),
        ({}, {"asn": 500.0}, True),
        ({}, {"asn": 4000.0}, True),
        ({"rag": 0.0}, {"eaa": 800.0}, False),
        ({"rag": 0.0}, {"gln": 4000.0}, True),
        ({"rag": 0.0}, {"asn": 500.0}, True),
        ({"arf": 0.0}, {"eaa": 800.0}, True),
        ({"arf": 0.0}, {"gln": 4000.0}, False),
        ({"arf": 0.0}, {"asn": 500.0}, False),
    ],
)
def test_s4_s27_mtorc1_truth_table(switches, food, acts):
    """S4, S27, A20: 2 h starvation lowers mTORC1; Leu acts by the Rag arm, Asn and Gln by Arf1."""
    starved, refed = _mtorc1_after_refeed(switches, **food)
    assert starved < 0.6
    gain = (refed - starved) / (1.0 - starved)
    assert gain > 0.2 if acts else gain < 0.05


def test_s6_asn_depletion_raises_ampk_and_p53():
    """S6: without Asn LKB1 is free, AMPK and then p53 rise; without wild-type p53 only AMPK."""
    for wild_type in (1.0, 0.0):
        line = cell_line("default-blast").replaced({"p53_wild_type": wild_type})
        state = equilibrated_state(line, BLAST_RATE, 2)
        vector = parameter_vector(CellParameters(), line, BLAST_RATE)
        before = state[:, 0].copy()
        starved = HUMAN_PLASMA.__class__(asn=0.0, gln=550.0, glu=80.0, eaa=380.0)
        run_clamped(state, vector, starved, 12.0, 2, 1.0)
        assert state[CellState.AMPK, 0] > 3.0 * before[CellState.AMPK]
        assert (state[CellState.P53, 0] > 0.3) == (wild_type == 1.0)


def test_s8_more_synthetase_alone_makes_a_line_resistant():
    """S8: at 0.02 uM Asn MOLT-4 shrinks, with eight times the set-point it grows."""
    line = cell_line("molt-4")
    rate = solve_translation_rate(line)
    growth = net_growth(line, rate, 1, [1.0, 8.0], asn=0.02)
    assert growth[0] < 0.0 < growth[1]


def test_s9_protein_lags_behind_the_message():
    """S9: 24 h after the loss of Asn the message is past its peak, the protein still rises."""
    line = cell_line("default-blast")
    state = equilibrated_state(line, BLAST_RATE)
    vector = parameter_vector(CellParameters(), line, BLAST_RATE)
    starved = RPMI_1640.__class__(asn=0.0, gln=2055.0, glu=136.0, eaa=1630.0)
    message, protein = [], []
    for _ in range(3):
        run_clamped(state, vector, starved, 24.0, 0, 1.0)
        message.append(state[CellState.ASNS_MRNA, 0])
        protein.append(state[CellState.ASNS, 0])
    assert message[0] > message[2] and protein[0] < protein[2]


def test_bad_line_data_is_refused():
    """Unknown names and impossible alleles are named."""
    with pytest.raises(ScenarioError, match="did you mean 'molt-4'"):
        cell_line("molt4")
    with pytest.raises(ScenarioError, match="methylated_alleles"):
        cell_line("molt-4").replaced({"methylated_alleles": 3})


def test_parameters_are_declared_with_unit_range_and_source():
    """Every row has a meaning, a source and a default inside its range."""
    rows = list(CellParameters.rows())
    assert len({row.name for row in rows}) == len(rows) > 90
    for row in [*rows, *CellSwitches.rows()]:
        assert row.meaning and row.source and row.low <= row.value <= row.high
