"""The clones of a tumour at diagnosis against Luria-Delbrueck, with and without death."""

import numba
import numpy as np
import pytest
from scipy import stats

from abm.errors import ScenarioError
from abm.founding_growth import Growth, HistoryParameters, Mutation
from abm.founding_history import grow
from abm.streams import Streams
from tests.theory import case

STREAMS = Streams(31)
KEYS = STREAMS.founder_keys(0, 0, 6000)
ALL_RESOLVED = HistoryParameters(n_resolved=100_000)
FEW_RESOLVED = HistoryParameters(n_resolved=40)


def tumours(n, n_cells, mutation, death=0.0, keys=KEYS, parameters=None, mutant_death=None):
    growth = Growth(
        birth=(1.0, 1.0), death=(death, death if mutant_death is None else mutant_death),
        mutations=[Mutation(0, 1, mutation)], n_cells=n_cells,
    )  # fmt: skip
    return grow(growth, keys[:n], STREAMS, parameters)


def direct(n, n_cells, mutation, death, rng):
    """Luria-Delbrueck cultures drawn one mutant at a time: living clones, mutants, largest clone.

    The source grows as exp(r t) up to n_cells, mutants come as a Poisson process of its divisions,
    and each clone is a birth-death process of its own (Kendall's law).
    """
    r = 1.0 - death
    found = np.zeros((3, n))
    for i in range(n):
        age = rng.exponential(1.0 / r, rng.poisson(mutation * n_cells / r))
        odds = np.expm1(r * age) / r
        alive = rng.random(age.shape[0]) >= death * odds / (1.0 + odds)
        sizes = rng.geometric(1.0 / (1.0 + odds[alive]))
        found[:, i] = sizes.shape[0], sizes.sum(), sizes.max(initial=0)
    return found


def of_mutants(history):
    """Living clones, mutants and the largest clone of each replicate, float64[3, n]."""
    n = history.hours.shape[0]
    found = np.zeros((3, n))
    rows = np.flatnonzero((history.genotype == 1) & (history.n_cells > 0))
    of = history.replicate[rows]
    np.add.at(found[0], of, 1)
    np.add.at(found[1], of, history.n_cells[rows])
    np.maximum.at(found[2], of, history.n_cells[rows] * ~history.is_pool[rows])
    return found


def test_numbers_of_mutants_follow_lea_and_coulson():
    """C04, m = 2, from one cell."""
    expected = case("C04_m2")["expected"]
    mutants = tumours(5000, 1e6, 2e-6).cells(2)[:, 1]
    p = np.array(expected["p0_to_10"])
    observed = np.bincount(np.minimum(mutants, 11), minlength=12)
    assert stats.chisquare(observed, 5000 * np.append(p, 1.0 - p.sum())).pvalue > 0.01
    assert np.median(mutants) == expected["median"]


@pytest.mark.parametrize("death_over_birth", [0.0, 0.5])
def test_a_mutant_is_there_as_often_as_iwasa_says(death_over_birth):
    theory = case(f"C05_M10000_u1e-05_q{death_over_birth:g}_a1")
    expected, n = theory["expected"]["P"], 6000
    found = (tumours(n, 1e4, 1e-5, death_over_birth).cells(2)[:, 1] > 0).mean()
    assert abs(found - expected) < 4.0 * np.sqrt(expected * (1.0 - expected) / n)


@pytest.mark.parametrize("death", [0.0, 0.6])
@pytest.mark.parametrize(("n_cells", "mutation"), [(1e6, 5e-6), (1e9, 2e-7)])
def test_clones_and_the_largest_share_are_those_of_a_direct_simulation(n_cells, mutation, death):
    n = 1000
    own = of_mutants(tumours(n, n_cells, mutation, death, parameters=ALL_RESOLVED))
    other = direct(6000, n_cells, mutation, death, np.random.default_rng(8))
    z = (own[0].mean() - other[0].mean()) / np.sqrt(own[0].var() / n + other[0].var() / 6000)
    assert abs(z) < 4.0
    share = [found[2] / np.maximum(found[1], 1.0) for found in (own, other)]
    for ours, theirs in ((own[1], other[1]), (own[2], other[2]), share):
        assert stats.ks_2samp(ours, theirs).pvalue > 1e-3


def test_a_pool_of_late_mutants_leaves_the_largest_clones_as_they_were():
    """1e13 cells, 1e7 mutants: the largest clone and all mutants against the direct law.

    The direct simulation counts the mutants of the last decades of growth by their mean: with age
    a, N u exp(-a) clones older than a remain to be drawn one by one.
    """
    n, n_cells, mutation, oldest = 500, 1e13, 1e-6, 3000
    history = tumours(n, n_cells, mutation, parameters=FEW_RESOLVED)
    own = of_mutants(history)
    rng = np.random.default_rng(12)
    age = np.log(n_cells * mutation / np.cumsum(rng.exponential(1.0, (n, oldest)), axis=1))
    sizes = rng.exponential(np.exp(age))
    rest = n_cells * mutation * np.log(n_cells * mutation / oldest)
    for ours, theirs in ((own[2], sizes.max(axis=1)), (own[1], sizes.sum(axis=1) + rest)):
        assert stats.ks_2samp(ours, theirs).pvalue > 1e-3
    assert history.is_pool.sum() == n
    founders = np.zeros(n)
    np.add.at(founders, history.replicate, history.n_founders * (history.genotype == 1))
    assert founders.mean() == pytest.approx(n_cells * mutation, rel=0.01)
    assert (history.n_mutants[:, 1] >= founders).all()


def test_mutation_events_count_the_divisions():
    """Divisions from one cell to N with death over birth q: N/(1 - q)."""
    for death in (0.0, 0.5):
        history = tumours(300, 1e8, 1e-4, death, parameters=FEW_RESOLVED)
        assert history.n_mutants[:, 1].mean() == pytest.approx(1e4 / (1.0 - death), rel=0.01)


def test_growth_takes_as_long_as_theory_says():
    """Survivors reach N at (ln N + ln(1 - q) + gumbel) / r: mean and spread of the age."""
    death, n = 0.5, 2000
    hours = tumours(n, 1e8, 0.0, death).hours
    r = 1.0 - death
    mean = (np.log(1e8 * r) + np.euler_gamma) / r
    spread = np.pi / np.sqrt(6.0) / r
    assert abs(hours.mean() - mean) < 4.0 * spread / np.sqrt(n)
    assert hours.std() == pytest.approx(spread, rel=0.08)


def test_attempts_are_as_many_as_lines_die_out():
    attempts = tumours(2000, 1e3, 0.0, 0.75).n_attempts
    assert abs(attempts.mean() - 4.0) < 4.0 * np.sqrt(12.0 / 2000)


def test_second_mutations_come_from_first_ones():
    """Rows know their parent; sizes add up; pools keep their founders; fitter mutants win."""
    growth = Growth(
        birth=(1.0, 1.2, 1.2), death=(0.3, 0.3, 0.3),
        mutations=[Mutation(0, 1, 1e-4), Mutation(1, 2, 1e-3), Mutation(0, 2, 1e-5)], n_cells=1e9,
    )  # fmt: skip
    history = grow(growth, KEYS[:20], STREAMS, HistoryParameters(n_resolved=50))
    total = history.cells(3).sum(axis=1)
    assert (total >= 1e9).all() and total.max() < 1.001e9
    child = history.parent >= 0
    parent = history.parent[child]
    assert (history.replicate[parent] == history.replicate[child]).all()
    steps = set(zip(history.genotype[parent], history.genotype[child], strict=True))
    assert steps == {(0, 1), (1, 2), (0, 2)}
    assert (history.origin_hours[parent] <= history.origin_hours[child]).all()
    assert (history.origin_hours < history.hours[history.replicate]).all()
    assert (~child).sum() == 20 and (history.genotype[~child] == 0).all()
    assert (history.n_founders[~history.is_pool] == 1).all()
    assert history.is_pool.any() and (history.n_founders[history.is_pool] > 1).all()
    assert (
        history.cells(3)[:, 1].mean()
        > 10 * tumours(20, 1e9, 1e-4, 0.3, parameters=FEW_RESOLVED).cells(2)[:, 1].mean()
    )


@pytest.mark.parametrize("mutant_death", [0.3, 0.9])
def test_unfit_mutants_are_rarer(mutant_death):
    """Deterministic mean of the late clones: u N r-weighted integral of exp((s - r) age)."""
    history = tumours(60, 1e9, 1e-3, 0.0, mutant_death=mutant_death)
    mean = 1e-3 * 1e9 / (1.0 - (1.0 - mutant_death - 1e-3))
    assert np.median(history.cells(2)[:, 1]) == pytest.approx(mean, rel=0.05)


def test_a_key_gives_the_same_history_in_any_company_and_on_any_thread():
    growth = Growth(birth=(1.0, 1.0), death=(0.4, 0.2), mutations=[Mutation(0, 1, 1e-4)],
                    n_cells=1e7)  # fmt: skip
    parameters = HistoryParameters(n_resolved=20)
    before = numba.get_num_threads()
    found = []
    for threads, keys in ((1, KEYS[:30]), (2, KEYS[10:40]), (4, KEYS[10:30])):
        numba.set_num_threads(min(threads, numba.config.NUMBA_NUM_THREADS))
        history = grow(growth, keys, STREAMS, parameters)
        low = {30: 10 if threads == 1 else 0, 20: 0}[keys.shape[0]]
        here = (history.replicate >= low) & (history.replicate < low + 20)
        found.append([
            (history.replicate[here] - low).tobytes(), history.n_cells[here].tobytes(),
            history.origin_hours[here].tobytes(), history.n_founders[here].tobytes(),
            history.hours[low : low + 20].tobytes(),
        ])  # fmt: skip
    numba.set_num_threads(before)
    assert found[0] == found[1] == found[2]


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"death": (1.0, 0.0)}, "exceed"),
        ({"death": (0.1,)}, "each genotype"),
        ({"birth": (1.0, -1.0)}, "below 0"),
        ({"mutations": [Mutation(0, 2, 0.1)]}, "outside"),
        ({"mutations": [Mutation(0, 1, 1.0)]}, "probabilities"),
        ({"n_cells": 1e18}, "n_cells"),
    ],
)
def test_senseless_growth_is_refused_in_one_line(change, word):
    good = {"birth": (1.0, 1.0), "death": (0.1, 0.1), "mutations": [], "n_cells": 100}
    with pytest.raises(ScenarioError, match=word) as refusal:
        grow(Growth(**(good | change)), KEYS[:1], STREAMS)
    assert "\n" not in str(refusal.value)
