"""Cells counted in rows against single cells and theory: fixed rates, and the whole cell."""

import functools

import numpy as np
import pytest
from scipy import stats

from abm.kernels.cell_layout import CellState
from scenarios.build import build
from scenarios.load import loads
from tests.small import BLASTS, run_on, well

ENGINE = """
asnsim: 1
description: the engine alone, in rows or cell by cell
environment: {{kind: well, volume: 1 uL, species: []}}
cells: [{{type: cell, model: fixed-rates, number: {number}, birth_rate: {birth} 1/d,
          death_rate: {death} 1/d, clock: {{erlang: {erlang}}}, mutation_probability: {mutation},
          weighted: {weighted}, {more}}}]
time: {{end: {end} d, tick: 1 min, coupling: {fate} min, fate: {fate} min, record: {end} d}}
stop: []
replicates: {replicates}
seed: {seed}
"""


def engine(weighted, *, number=1, birth=1.0, death=0.4, erlang=1, mutation=0.0, end=4, fate=60,
           replicates=4000, seed=3, more=""):  # fmt: skip
    """The model of a scenario at its end."""
    return run_on(build(loads(ENGINE.format(
        weighted=str(weighted).lower(), number=number, birth=birth, death=death, erlang=erlang,
        mutation=mutation, end=end, fate=fate, replicates=replicates, seed=seed, more=more,
    ))))  # fmt: skip


def counts_of(model, mask=None):
    """Cells of each replicate, added up over rows."""
    population = model.state.populations[0]
    weights = population.weights() if mask is None else population.weights() * mask(population)
    site = population.live("site")
    return np.bincount(site, weights=weights, minlength=model.state.n_replicate)


def agree_in_mean_and_variance(a, b):
    """Two samples of one law: difference of means and ratio of variances within 3.5 errors."""
    error = np.sqrt(a.var(ddof=1) / a.shape[0] + b.var(ddof=1) / b.shape[0])
    assert abs(a.mean() - b.mean()) < 3.5 * error
    log_ratio = np.log(a.var(ddof=1) / b.var(ddof=1))
    kurtosis = [stats.kurtosis(x, fisher=False) for x in (a, b)]
    spread = sum((k - 1.0) / x.shape[0] for k, x in zip(kurtosis, (a, b), strict=True))
    assert abs(log_ratio) < 3.5 * np.sqrt(spread)


def agree_in_share(a, b):
    """Two binomial shares within 3.5 errors."""
    p = 0.5 * (a.mean() + b.mean())
    assert abs(a.mean() - b.mean()) < 3.5 * np.sqrt(p * (1 - p) * (1 / a.size + 1 / b.size)) + 1e-12


@pytest.mark.parametrize("erlang", [1, 4])
@pytest.mark.parametrize("number", [1, 30])
def test_numbers_are_those_of_single_cells(number, erlang):
    replicates = 4000 if number == 1 else 1000
    single, many = (
        engine(weighted, number=number, erlang=erlang, replicates=replicates, seed=seed)
        for weighted, seed in ((False, 5), (True, 6))
    )
    a, b = counts_of(single), counts_of(many)
    assert np.array_equal(b, many.state.n_cells_by_replicate())
    agree_in_mean_and_variance(a, b)
    agree_in_share(a == 0, b == 0)
    for name in ("births", "deaths"):
        agree_in_mean_and_variance(
            getattr(single.state.counters, name), getattr(many.state.counters, name)
        )


@pytest.mark.parametrize("fate", [6, 240])
@pytest.mark.parametrize("number", [10**3, 10**6, 10**12])
def test_any_weight_grows_as_kendall_says_for_any_step(number, fate):
    """C01a scaled to N0 cells: mean and variance, which are sums over independent founders."""
    n, r, t = 400, 0.6, 2.0
    found = counts_of(engine(True, number=number, end=2, fate=fate, replicates=n))
    growth = np.exp(r * t)
    mean, variance = number * growth, number * (1.4 / r) * growth * (growth - 1.0)
    # A double holds 1e12 to 1e-4 cells, a count to one.
    assert abs(found.mean() - mean) < 3.5 * np.sqrt((variance + 1.0) / n)
    assert abs(found.var(ddof=1) / variance - 1.0) < 3.5 * np.sqrt(2.0 / n)


def mutants_of(model):
    return counts_of(model, lambda population: population.live("mutations") > 0)


def test_mutants_of_small_cultures_are_those_of_single_cells():
    """S8: with rows the same Luria-Delbrueck numbers, clones of their own below the pool."""
    models = [
        engine(weighted, number=50, mutation=2e-3, death=0.2, end=3, replicates=1500, seed=seed)
        for weighted, seed in ((False, 7), (True, 8))
    ]
    a, b = (mutants_of(model) for model in models)
    top = 12
    table = np.array(
        [np.bincount(np.minimum(x, top).astype(int), minlength=top + 1) for x in (a, b)]
    )
    assert stats.chi2_contingency(table[:, table.sum(axis=0) > 0]).pvalue > 0.005
    changed = [model.state.counters.mutations for model in models]
    agree_in_mean_and_variance(*changed)
    clones = models[1].state.clones
    assert not clones.is_pool.any()
    assert (clones.n_founders[1:] == 1).all()
    assert len(clones) - 1 <= changed[1].sum()


@pytest.mark.parametrize(("fate", "tolerance"), [(60, 2e-3), (240, 5e-3)])
def test_pooled_mutants_have_the_expected_number(fate, tolerance):
    """With u per division, N0 u b t exp(r t) mutants after t; the step matters by (b dt)^2 only."""
    number, u, t = 10**11, 1e-5, 3.0
    model = engine(True, number=number, mutation=u, death=0.2, end=3, fate=fate, replicates=4)
    expected = number * u * 1.0 * t * np.exp((0.8 - u) * t)
    assert mutants_of(model) == pytest.approx(np.full(4, expected), rel=tolerance)
    assert model.state.populations[0].tallies.n == 8
    clones = model.state.clones
    assert clones.is_pool.sum() == 4
    assert clones.n_founders[clones.is_pool].sum() == model.state.counters.mutations.sum()


def test_clones_below_the_pool_keep_founders_that_matter():
    """Cells of clones and pools add up, and the largest early clone is no part of the pool."""
    model = engine(
        True, number=10**4, mutation=1e-3, death=0.0, end=6, replicates=1, more="pool_above: 500"
    )
    population, clones = model.state.populations[0], model.state.clones
    tallies = population.tallies
    of_clone = np.bincount(tallies.clone_id, weights=tallies.n_cells, minlength=len(clones))
    assert of_clone.sum() == population.weights().sum()
    pool = int(np.flatnonzero(clones.is_pool)[0])
    joined = clones.pool == pool
    assert (of_clone[joined] == 0).all()
    kept = np.flatnonzero((clones.parent == 0) & ~clones.is_pool & ~joined)
    assert kept.shape[0] > 50
    assert of_clone[kept].max() > 5 * np.median(of_clone[kept])


PULSE = {
    "environment.volume": "100 uL", "environment.events": [{"at": "84 h", "wash": 4}],
    "time.end": "120 h", "time.record": "120 h",
    "treatment": {"doses": [{"product": "e-coli", "amount": "1 IU/mL", "at": ["12 h"]}]},
}  # fmt: skip


@functools.cache
def pulsed(weighted, seed):
    """8 blasts in each of 150 wells under a pulse of drug that leaves the medium as it is."""
    entry = BLASTS | {"number": 8, "methylated_alleles": 2, "weighted": weighted}
    model = run_on(build(well(PULSE, cells=[entry], replicates=150, seed=seed)))
    population = model.state.populations[0]
    asns = np.log(population.state[CellState.ASNS, : population.n])
    return counts_of(model), np.repeat(asns, population.weights())


def test_a_row_of_whole_cells_lives_and_dies_under_drug_like_single_cells():
    """S1, S2: 1200 cells with all their states; mean, variance, extinction, spread of ASNS."""
    (single, asns), (many, of_rows) = pulsed(False, 1), pulsed(True, 2)
    assert 0.02 < (single == 0).mean() < 0.6
    agree_in_mean_and_variance(single, many)
    agree_in_share(single == 0, many == 0)
    assert of_rows.mean() == pytest.approx(asns.mean(), abs=0.06)
    assert of_rows.std() == pytest.approx(asns.std(), rel=0.15)


def test_results_do_not_depend_on_the_distance_of_merging():
    """Mutants that lose a methyl mark are merged as they come; their number and ASNS stay."""
    entry = BLASTS | {
        "number": 10**12, "methylated_alleles": 2, "weighted": True, "pool_above": 100,
        "strata": {"asns": 3, "threshold": 3},
    }  # fmt: skip
    without = {"base": "RPMI-1640", "without": ["asn"]}
    changes = {
        "environment.events": [
            {"at": "24 h", "wash": 4, "medium": without},
            {"at": "84 h", "wash": 4, "medium": "RPMI-1640"},
        ],
        "environment.clamp": ["asn", "gln", "glu"], "time.end": "120 h", "time.record": "120 h",
        "inheritance": {"demethylation": 1e-4, "amplification": 1e-5},
    }  # fmt: skip
    found, reports = [], []
    for distance, most_rows in ((0.05, 2), (0.01, 40)):
        scenario = well(changes, cells=[entry], parameters={
            "merging.distance": distance, "merging.most_rows": most_rows,
        })  # fmt: skip
        model = run_on(build(scenario))
        population = model.state.populations[0]
        population.check()
        weights, alleles = population.weights(), population.live("methylated_alleles")
        asns = population.state[CellState.ASNS, : population.n]
        of_alleles = [weights[alleles == a].sum() for a in range(3)]
        means = [np.average(asns[alleles == a], weights=weights[alleles == a]) for a in range(3)]
        found.append(np.array([*of_alleles, *means], float))
        fate = next(process for process in model.processes if process.name == "fate")
        reports.append(fate.weighted.reports[population.name].describe())
    assert found[0] == pytest.approx(found[1], rel=0.03)
    assert reports[1]["largest_distance"] <= reports[0]["largest_distance"]
    assert reports[1]["mean_distance"] < 0.02 < reports[0]["mean_distance"] < 1.0
