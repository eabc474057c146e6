"""Runs of weighted cells through the front door, held against exact theory and single cells."""

import numba
import numpy as np
import pytest
from scipy import integrate, stats

from abm.streams import Stream, Streams
from scenarios.build import build
from scenarios.load import loads
from tests.sampler_loops import draw_poissons, draw_transitions
from tests.theory import case

_SCENARIO = """
asnsim: 1
environment: {{kind: well, volume: 100 uL, species: []}}
cells:
  - {{type: cell, model: fixed-rates, weighted: {weighted}{more}, number: {number},
     birth_rate: {birth} 1/d, death_rate: {death} 1/d, clock: {{erlang: {stages}}},
     mutation_probability: {mutation}}}
inheritance: {{fitness_cost: {cost}}}
time: {{end: {end}, tick: {tick}, coupling: {fate}, fate: {fate}, record: {end}, checkpoint: {end}}}
stop: [{stop}]
replicates: {replicates}
seed: {seed}
"""


def engine(
    *, number, birth, end, death=0.0, stages=1, mutation=0.0, tick="60 min", stop="extinct",
    replicates=1, seed=1, weighted="true", cost=0.0,
    fate=None, more="",
):  # fmt: skip
    """A model of cells with fixed rates [1/d], not yet run; events are drawn once per ``fate``."""
    fate = fate or tick
    return build(loads(_SCENARIO.format(**locals())))


def finished(**numbers):
    model = engine(**numbers)
    while model.running:
        model.step()
    return model


def counts_of(model, which=None):
    """Cells (or those of the rows ``which``) of each replicate, counted from the rows."""
    population = model.state.populations[0]
    rows = np.ones(population.n, bool) if which is None else which(population)
    total = np.zeros(model.state.n_replicate, np.int64)
    np.add.at(total, population.live("site")[rows], population.weights()[rows])
    return total


def mutants_of(model):
    return counts_of(model, lambda population: population.live("mutations") > 0)


def assert_kendall(counts, weight, birth, death, days):
    """Mean and variance of a birth-death process from ``weight`` cells, bounds of the DSMTS.

    The bound on the variance is widened by the excess of the fourth moment that the counts show.
    """
    n, r = counts.shape[0], birth - death
    growth = np.exp(r * days)
    mean, variance = weight * growth, weight * (birth + death) / r * growth * (growth - 1.0)
    deviation = counts - mean
    assert abs(np.sqrt(n) * deviation.mean() / np.sqrt(variance)) < 3.0
    spread = max(np.std(deviation**2) / variance, np.sqrt(2.0))
    assert abs(np.sqrt(n) * (deviation.var(ddof=1) / variance - 1.0)) < 5.0 * spread


@pytest.mark.parametrize("case_id", ["C01a", "C01c"])
@pytest.mark.parametrize("fate", ["60 min", "1 d"])
def test_weighted_birth_and_death_have_kendalls_law_for_short_and_long_steps(case_id, fate):
    theory = case(case_id)
    p, expected = theory["params"], theory["expected"]
    n = 10_000 if case_id == "C01a" else 4_000
    model = finished(
        number=p["N0"], birth=p["b"], death=p["d"], end=f"{p['t']:g} d", fate=fate, replicates=n,
        seed=13,
    )  # fmt: skip
    counts = counts_of(model)
    assert np.array_equal(counts, model.state.n_cells_by_replicate())
    assert_kendall(counts, p["N0"], p["b"], p["d"], p["t"])
    dead = expected["p_extinct_by_t"]
    assert abs((counts == 0).mean() - dead) < 4.0 * np.sqrt(dead * (1.0 - dead) / n)
    if "pmf_0_to_5" in expected:
        pmf = np.array(expected["pmf_0_to_5"])
        observed = np.bincount(np.minimum(counts, 6), minlength=7)
        assert stats.chisquare(observed, n * np.append(pmf, 1.0 - pmf.sum())).pvalue > 0.01


@pytest.mark.parametrize("weight", [1, 1000, 10**6, 10**12])
@pytest.mark.parametrize(("birth", "death"), [(0.7, 0.2), (0.3, 0.9)])
def test_moments_of_a_run_hold_from_one_cell_to_1e12(weight, birth, death):
    model = finished(
        number=weight, birth=birth, death=death, end="3 d", fate="6 h", replicates=3000, seed=5
    )
    assert_kendall(counts_of(model), weight, birth, death, 3.0)
    counters = model.state.counters
    assert counts_of(model).sum() - 3000 * weight == counters.births.sum() - counters.deaths.sum()
    divisions = birth * weight * np.expm1((birth - death) * 3.0) / (birth - death)
    error = counters.births.std() / np.sqrt(3000)
    assert abs(counters.births.mean() - divisions) < 4.0 * error


@pytest.mark.parametrize(("stages", "death"), [(1, 0.4), (4, 0.3)])
def test_weighted_and_single_cells_have_the_same_law(stages, death):
    """Counts and mutants of 3000 replicates each, by chi-square; extinction by its proportion."""
    found = []
    for weighted in ("true", "false"):
        model = finished(
            number=3, birth=1.0, death=death, stages=stages, mutation=0.02, end="2 d",
            weighted=weighted, replicates=3000, seed=21 if weighted == "true" else 22,
        )  # fmt: skip
        found.append((counts_of(model), mutants_of(model)))
    for ours, theirs, most in ((found[0][0], found[1][0], 18), (found[0][1], found[1][1], 2)):
        table = [np.bincount(np.minimum(x, most), minlength=most + 1) for x in (ours, theirs)]
        observed = np.array(table)
        observed = observed[:, observed.sum(axis=0) > 0]
        assert stats.chi2_contingency(observed).pvalue > 0.005
    extinct = [int((counts == 0).sum()) for counts, _ in found]
    assert stats.fisher_exact([[e, 3000 - e] for e in extinct]).pvalue > 0.005


def test_weighted_mutants_follow_luria_and_delbrueck():
    """C04 (m = 2), 5000 cultures."""
    expected = case("C04_m2")["expected"]
    model = finished(
        number=20, birth=1.0, mutation=1e-3, end="8 d", stop="{n_cells: 2020}", tick="30 min",
        replicates=5000, seed=4,
    )  # fmt: skip
    mutants = mutants_of(model)
    p = np.array(expected["p0_to_10"])
    observed = np.bincount(np.minimum(mutants, 11), minlength=12)
    assert stats.chisquare(observed, 5000 * np.append(p, 1.0 - p.sum())).pvalue > 0.01
    assert np.median(mutants) == expected["median"]


def test_mutants_of_a_huge_culture_follow_luria_and_delbrueck():
    """The same law from 1e7 to 1e9 cells with u = 2e-9: single cells could not do it."""
    expected = case("C04_m2")["expected"]
    mutation = 2.0 / (1e7 * np.expm1(110.0 / 24.0))
    model = finished(
        number=10**7, birth=1.0, mutation=mutation, end="110 h", tick="30 min", replicates=3000,
        seed=4,
    )  # fmt: skip
    p = np.array(expected["p0_to_10"])
    observed = np.bincount(np.minimum(mutants_of(model), 11), minlength=12)
    assert stats.chisquare(observed, 3000 * np.append(p, 1.0 - p.sum())).pvalue > 0.01


def test_founders_with_a_history_hold_the_mutants_of_luria_and_delbrueck():
    """C04 at the start of a run: 1e9 founders grown from one cell, u = 2e-9."""
    expected = case("C04_m2")["expected"]
    model = engine(
        number=10**9, birth=1.0, mutation=2e-9, end="1 d", replicates=3000, seed=7,
        more=", history: grown",
    )  # fmt: skip
    assert (counts_of(model) == 10**9).all()
    mutants = mutants_of(model)
    p = np.array(expected["p0_to_10"])
    observed = np.bincount(np.minimum(mutants, 11), minlength=12)
    assert stats.chisquare(observed, 3000 * np.append(p, 1.0 - p.sum())).pvalue > 0.01
    clones = model.state.clones
    assert (clones.origin_tick[clones.mutations > 0] <= 0).all()


@pytest.mark.parametrize(("fate", "death"), [("1 h", 0.0), ("6 h", 0.0), ("6 h", 0.5)])
def test_mean_number_of_mutants_is_off_by_the_square_of_the_step_at_most(fate, death):
    """Unmutated lines shrink by exp(-u b t); mutants take half of their step: (b step)^2 / 24."""
    number, u, days = 10**9, 1e-3, 4.0
    model = finished(
        number=number, birth=1.0, death=death, mutation=u, end="4 d", fate=fate, replicates=20,
        seed=3,
    )  # fmt: skip
    expected = number * np.exp((1.0 - death) * days) * (1.0 - np.exp(-u * days))
    step = int(fate.split()[0]) / 24.0
    noise = 4.0 / np.sqrt(20 * u * number)
    assert mutants_of(model).mean() == pytest.approx(expected, rel=step**2 / 20.0 + noise)


def test_a_replicate_does_not_depend_on_others_nor_on_threads():
    before = numba.get_num_threads()
    found = []
    for threads, replicates in ((1, 60), (2, 30), (4, 30)):
        numba.set_num_threads(min(threads, numba.config.NUMBA_NUM_THREADS))
        model = finished(
            number=2, birth=1.0, death=0.3, stages=3, mutation=0.02, end="6 d",
            replicates=replicates, seed=6,
        )  # fmt: skip
        found.append((counts_of(model)[:30].tolist(), mutants_of(model)[:30].tolist()))
    numba.set_num_threads(before)
    assert sum(found[0][1]) > 0
    assert found[0] == found[1] == found[2]


@pytest.mark.parametrize("death_over_birth", [0.0, 0.5])
def test_a_weighted_mutant_is_there_as_often_as_iwasa_says(death_over_birth):
    """C05: probability of a living mutant when the clone reaches 10,000 cells."""
    expected = case(f"C05_M10000_u1e-05_q{death_over_birth:g}_a1")["expected"]["P"]
    model = finished(
        number=1, birth=1.0, death=death_over_birth, mutation=1e-5, end="60 d",
        stop="extinct, {n_cells: 10000}", replicates=int(4000 / (1.0 - death_over_birth)), seed=2,
    )  # fmt: skip
    survived = counts_of(model) >= 10_000
    total = survived.sum()
    assert total > 3500
    found = (mutants_of(model)[survived] > 0).mean()
    assert abs(found - expected) < 4.0 * np.sqrt(expected * (1.0 - expected) / total)


@pytest.mark.parametrize("stages", [1, 2, 4, 10, 25])
@pytest.mark.parametrize("fate", ["1 h", "4 h"])
def test_weighted_erlang_clocks_grow_as_euler_and_lotka_say(stages, fate):
    """C20: slope of ln N of 1e12 cells over days 3 to 8, mean cycle 24 h."""
    expected = case("C20")["expected"][f"erlang_k{stages}"]["growth_per_h"]
    model = engine(number=10**12, birth=1.0, stages=stages, end="8 d", stop="", seed=3, fate=fate)
    hours, count = [], []
    while model.running:
        model.step()
        if model.clock.hours >= 72.0:
            hours.append(model.clock.hours)
            count.append(float(model.state.n_cells()))
    assert np.polyfit(hours, np.log(count), 1)[0] == pytest.approx(expected, rel=0.01)


def test_mutants_of_a_declining_population_outlive_it_as_often_as_theory_says():
    """1e10 cells that decline; P(a mutant lives at T) = 1 - exp(-int u b N(s) S(T - s) ds)."""
    number, birth, death, cost, u, end = 10**10, 0.3, 1.3, 0.3, 3e-10, 6.0
    own = birth * (1.0 - cost)

    def alive(age):
        growth = np.exp((own - death) * age)
        return 1.0 - death * (growth - 1.0) / (own * growth - death)

    mean, _ = integrate.quad(
        lambda s: u * birth * number * np.exp((birth - death) * s) * alive(end - s), 0.0, end
    )
    mean *= 40.0
    expected, n = 1.0 - np.exp(-mean), 6000
    model = finished(
        number=number, birth=birth, death=death, mutation=40.0 * u, cost=cost, end="6 d",
        fate="2 h", replicates=n, seed=9,
    )  # fmt: skip
    found = (mutants_of(model) > 0).mean()
    assert 0.05 < expected < 0.95
    assert abs(found - expected) < 4.0 * np.sqrt(expected * (1.0 - expected) / n)


def test_rescue_by_mutants_that_grow_is_as_frequent_as_theory_says():
    """P = 1 - exp(-N u b / (d - b) (1 - d_m / b_m)): sources decline, mutants found lines.

    Transitions and mutant numbers alone (the fixed rates of a scenario know no gain by mutation).
    """
    number, birth, death, mutant_birth, mutant_death, u, n = 10**9, 0.2, 0.9, 0.9, 0.5, 4e-9, 5000
    streams = Streams(5)
    keys = np.stack([streams.founder_keys(i, 0, n) for i in range(2)])
    cells, out, new = np.zeros((2, n), np.int64), np.empty((3, n), np.int64), np.empty(n, np.int64)
    cells[0] = number
    for tick in range(700):
        for i, (b, d) in enumerate(((birth, death), (mutant_birth, mutant_death))):
            rates = np.full((2, n), [[b], [d]])
            seed, stream = streams.seed, int(Stream.LIFE)
            draw_transitions(seed, stream, tick, keys[i], cells[i], *rates, 0.1, out)
            cells[i] = np.minimum(out[0], 10**9)
            if i == 0:
                births = out[1].astype(float)
        draw_poissons(streams.seed, int(Stream.MUTATION), tick, keys[0], 0, u * births, new)
        cells[1] += new
    assert cells[0].max() == 0 and not ((cells[1] > 0) & (cells[1] < 100)).any()
    mean = number * u * birth / (death - birth) * (1.0 - mutant_death / mutant_birth)
    expected = 1.0 - np.exp(-mean)
    found = (cells[1] > 0).mean()
    assert abs(found - expected) < 4.0 * np.sqrt(expected * (1.0 - expected) / n)
