"""Blasts between the compartments of a body."""

import numpy as np
import pytest

from abm.clock import Clock
from abm.environment.body import Compartment
from abm.errors import ScenarioError
from abm.kernels.cell_layout import CellState
from abm.processes.arrivals import join_rows
from abm.processes.traffic import Traffic, TrafficParameters
from abm.state.clones import Clones
from abm.state.columns import CellType, Group
from abm.state.population import Population
from abm.state.sites import Sites, Species
from abm.state.state import State
from abm.state.tallies import Tallies
from abm.streams import Streams

MECHANISTIC = frozenset({Group.CORE, Group.MECHANISTIC, Group.WEIGHTED})
PLAIN = frozenset({Group.CORE, Group.WEIGHTED})
HALF_A_DAY = 720


def body_with(counts, n_stages=1, groups=PLAIN, n_replicate=1, kind=CellType.BLAST):
    """A state in which row i stands at site i and holds counts[i] cells of clone i."""
    counts = np.asarray(counts, np.int64)
    population = Population("blast", kind, groups, counts.shape[0], unit_volume=0.6)
    population.n = counts.shape[0]
    if population.has(Group.MECHANISTIC):
        population.state[CellState.SIZE] = 1.0
    population["site"][: population.n] = np.arange(counts.shape[0])
    population.tallies = Tallies.empty(n_stages)
    by_stage = np.zeros((n_stages, counts.shape[0]), np.int64)
    by_stage[0] = counts
    keys = Streams(5).founder_keys(0, 0, counts.shape[0])
    population.tallies.add(
        np.arange(counts.shape[0]), np.arange(counts.shape[0]), keys, by_stage
    )  # fmt: skip
    population.weigh()
    sites = Sites.filled(np.zeros(len(Species)), np.ones(4 * n_replicate))
    return State(sites, [population], Clones(), n_replicate=n_replicate, sites_per_replicate=4)


def move(state, n_steps, parameters=None, seed=1, ticks=HALF_A_DAY):
    """Run traffic and compaction for n_steps; return the cells of each site afterwards."""
    traffic = Traffic(parameters or TrafficParameters(), Streams(seed))
    clock = Clock(end=10**9, fate=ticks, coupling=ticks)
    for _ in range(n_steps):
        clock.tick += ticks
        traffic.advance(state, clock, ticks)
        state.populations[0].compact()
        state.populations[0].tallies.join()
    return cells_at(state)


def cells_at(state):
    population = state.populations[0]
    at = np.zeros(state.sites.n, np.int64)
    np.add.at(at, population.live("site"), population.live("weight"))
    return at


def test_a_body_at_rest_keeps_its_shares():
    parameters = TrafficParameters()
    shares = parameters.shares()
    assert shares.sum() == pytest.approx(1.0, abs=1e-15)
    assert np.allclose(shares @ parameters.rates(), 0.0, atol=1e-18)
    flow = shares[:, None] * parameters.rates()
    assert np.allclose(flow, flow.T, rtol=1e-12, atol=1e-18)  # each way as much as back
    assert np.allclose(shares @ parameters.probabilities(24.0), shares, rtol=1e-12)


def test_blasts_leave_blood_and_csf_after_the_stated_times():
    rates = TrafficParameters(csf_share=0.0).rates()
    assert -1.0 / rates[Compartment.PLASMA, Compartment.PLASMA] == pytest.approx(48.0)
    assert -1.0 / TrafficParameters().rates()[Compartment.CSF, Compartment.CSF] == 2400.0
    assert rates[Compartment.MARROW, Compartment.CSF] == 0.0
    assert rates[Compartment.MARROW, Compartment.TISSUE] == 0.0


def test_the_length_of_the_interval_does_not_matter():
    parameters = TrafficParameters()
    halves = parameters.probabilities(6.0) @ parameters.probabilities(6.0)
    assert np.allclose(parameters.probabilities(12.0), halves, rtol=1e-10)


def test_a_tumour_that_starts_in_the_marrow_spreads_to_the_stated_shares_without_loss():
    state = body_with([0, 10**12, 0, 0])
    at = move(state, 1000, ticks=1440)
    assert at.sum() == 10**12
    shares = TrafficParameters().shares()
    assert at / 1e12 == pytest.approx(shares, rel=2e-3)
    assert state.populations[0].tallies.n == 4  # one clone in four places
    state.populations[0].check()


def test_single_cells_move_with_the_probabilities_of_the_rates():
    """Chi-square over 4000 single blood cells, one half day."""
    n = 4000
    state = body_with([1, 0, 0, 0] * n, n_replicate=n)
    at = move(state, 1, TrafficParameters(csf_share=0.01, time_in_csf=24.0)).reshape(n, 4)
    assert (at.sum(axis=1) == 1).all()
    expected = n * TrafficParameters(csf_share=0.01, time_in_csf=24.0).probabilities(12.0)[0]
    chi_square = ((at.sum(axis=0) - expected) ** 2 / expected).sum()
    assert chi_square < 16.3  # 99.9 % of chi-square with 3 degrees


def test_clones_and_stages_of_the_cycle_move_unmixed():
    state = body_with([10**6, 10**6, 0, 0], n_stages=3)
    population = state.populations[0]
    population.tallies.counts[:] = [[700_000, 10, 0, 0], [200_000, 20, 0, 0], [100_000, 30, 0, 0]]
    population.weigh()
    move(state, 5)
    tallies = population.tallies
    for clone, wanted in ((0, [700_000, 200_000, 100_000]), (1, [10, 20, 30])):
        assert tallies.counts[:, tallies.clone_id == clone].sum(axis=1).tolist() == wanted


def test_cells_of_many_stages_move_independently():
    """Sixty stages need more numbers than one key has: no place and stage shares another's."""
    n, stages = 400, (0, 8)
    state = body_with([1, 0, 0, 0] * n, n_stages=60, n_replicate=n)
    population = state.populations[0]
    tallies = population.tallies
    tallies.counts[:] = 0
    for stage in stages:
        tallies.counts[stage, tallies.row % 4 == 0] = 20
    population.weigh()
    move(state, 1, TrafficParameters(blood_share=0.1, tissue_share=0.4))
    left = np.zeros((2, n))
    for i, (place, stage) in enumerate(
        zip((Compartment.MARROW, Compartment.TISSUE), stages, strict=True)
    ):
        sites = population["site"][tallies.row]
        here = sites % 4 == place
        np.add.at(left[i], sites[here] // 4, tallies.counts[stage, here])
    assert left.sum(axis=1).min() > n
    assert abs(np.corrcoef(left)[0, 1]) < 4.0 / np.sqrt(n)


def test_bodies_do_not_mix_and_a_stopped_one_rests():
    state = body_with([0, 10**6, 0, 0, 0, 10**7, 0, 0], n_replicate=2)
    state.is_stopped[1] = True
    at = move(state, 20).reshape(2, 4)
    assert at.sum(axis=1).tolist() == [10**6, 10**7]
    assert at[0, Compartment.PLASMA] > 0
    assert at[1, Compartment.MARROW] == 10**7


def test_normal_cells_stay_where_they_are():
    state = body_with([0, 10**6, 0, 0], kind=CellType.NORMAL)
    assert move(state, 10)[Compartment.MARROW] == 10**6


def test_arrivals_share_the_state_of_their_row_and_keep_what_they_hold():
    state = body_with([300, 100, 0, 0], groups=MECHANISTIC)
    population = state.populations[0]
    population.state[CellState.ASN, :2] = [100.0, 900.0]
    population.state[CellState.SIZE, :2] = [1.2, 1.6]
    population["owed_asn"][:2] = [0.0, 4.0]
    before = 300 * population.amounts(np.array([0])) + 100 * population.amounts(np.array([1]))
    population.tallies.counts[0, 0] = 0
    target = join_rows(population, np.array([0]), np.array([1]), np.array([300]))
    assert target.tolist() == [1]
    assert 400 * population.amounts(np.array([1])) == pytest.approx(before, rel=1e-13)
    assert population.state[CellState.SIZE, 1] == pytest.approx(1.3)
    assert population["owed_asn"][1] == pytest.approx(1.0)


def test_moles_follow_the_cells():
    state = body_with([10**6, 10**7, 0, 10**5], groups=MECHANISTIC)
    population = state.populations[0]
    population.state[CellState.ASN, :4] = [100.0, 900.0, 0.0, 20.0]
    population.state[CellState.SIZE, :4] = [1.2, 1.4, 1.0, 1.8]
    population.state[CellState.BOUND_GLN, :4] = [3e4, 5e4, 0.0, 7e4]

    def held():
        return population.amounts(slice(0, population.n)) @ population.live("weight")

    before = held()
    move(state, 50)
    assert held() == pytest.approx(before, rel=1e-12)


def test_another_genotype_or_stratum_gets_a_row_of_its_own():
    state = body_with([300, 100, 50, 0], groups=MECHANISTIC)
    population = state.populations[0]
    population["methylated_alleles"][:3] = [2, 1, 2]
    population["stratum"][:3] = [0, 0, 1]
    targets = join_rows(population, np.array([0, 2, 0]), np.array([1, 1, 3]), np.array([1, 1, 1]))
    assert len(set(targets.tolist()) - {0, 1, 2}) == 3
    assert targets[2] == 3
    assert population["site"][targets].tolist() == [1, 1, 3]
    assert population["stratum"][targets].tolist() == [0, 1, 0]


def test_shares_that_leave_nothing_for_the_marrow_are_refused():
    with pytest.raises(ScenarioError, match="marrow"):
        TrafficParameters(blood_share=0.5, tissue_share=0.6)


def test_descent_follows_those_who_move():
    """A marrow that is refilled from elsewhere descends from there; at rest all mix, Eq. (B26)."""
    state = body_with([0, 0, 10**9, 0])
    move(state, 40)
    at = cells_at(state)
    assert at[Compartment.MARROW] > 0
    csf = state.descent[0, :, Compartment.CSF]
    assert csf[at > 0] == pytest.approx(1.0)
    state = body_with([0, 10**9, 10**9, 0])
    move(state, 200)
    shares = state.descent[0]
    assert shares.sum(axis=1) == pytest.approx(1.0)
    cells = cells_at(state).astype(float)
    # Every cell was in one of two places; what came from each is as many as there were.
    assert cells @ shares == pytest.approx([0, 1e9, 1e9, 0], rel=1e-9)
