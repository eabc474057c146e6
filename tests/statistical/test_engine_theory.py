"""The engine alone, through the front door: scenarios of fixed rates against exact theory."""

import numpy as np
import pytest
from scipy import stats

from scenarios.studies.validation.theory_population import engine
from scenarios.studies.validation.theory_population import finished as to_the_end
from tests.theory import case


def finished(**numbers):
    """A model of the engine alone (:func:`engine`), run to its end."""
    return to_the_end(engine(**numbers))


def count_by_replicate(model):
    """Living cells of each replicate, counted one by one (the engine counts events)."""
    counts = np.bincount(model.state.populations[0].live("site"), minlength=model.state.n_replicate)
    assert np.array_equal(counts, model.state.n_cells_by_replicate())
    return counts


def mutants_by_replicate(model):
    population = model.state.populations[0]
    mutant = population.live("mutations") > 0
    return np.bincount(population.live("site")[mutant], minlength=model.state.n_replicate)


@pytest.mark.parametrize(("case_id", "tick"), [("C01a", "60 min"), ("C01c", "6 min")])
def test_birth_death_process_has_the_moments_of_kendall(case_id, tick):
    """Mean, variance and extinction do not depend on the tick: waiting times are exact inside."""
    theory = case(case_id)
    params, expected = theory["params"], theory["expected"]
    n = 10_000 if case_id == "C01a" else 4_000
    model = finished(
        number=params["N0"], birth=params["b"], death=params["d"], end=f"{params['t']:g} d",
        tick=tick, replicates=n, seed=11,
    )  # fmt: skip
    counts = count_by_replicate(model)
    z = np.sqrt(n) * (counts.mean() - expected["mean"]) / expected["sd"]
    y = np.sqrt(n / 2.0) * (counts.var(ddof=1) / expected["variance"] - 1.0)
    assert abs(z) < 3.0
    assert abs(y) < 5.0
    p = expected["p_extinct_by_t"]
    assert abs((counts == 0).mean() - p) < 4.0 * np.sqrt(p * (1.0 - p) / n)
    if "pmf_0_to_5" in expected:
        observed = np.bincount(np.minimum(counts, 6), minlength=7)
        pmf = np.array(expected["pmf_0_to_5"])
        assert stats.chisquare(observed, n * np.append(pmf, 1.0 - pmf.sum())).pvalue > 0.01


def test_mutants_follow_luria_and_delbrueck():
    """S8: resistance that is there before the drug, C04 (m = 2), 5000 cultures."""
    expected = case("C04_m2")["expected"]
    model = finished(
        number=20, birth=1.0, mutation=1e-3, end="8 d", stop="{n_cells: 2020}", replicates=5000,
        seed=5,
    )  # fmt: skip
    mutants = mutants_by_replicate(model)
    p = np.array(expected["p0_to_10"])
    observed = np.bincount(np.minimum(mutants, 11), minlength=12)
    assert stats.chisquare(observed, 5000 * np.append(p, 1.0 - p.sum())).pvalue > 0.01
    assert np.median(mutants) == expected["median"]


@pytest.mark.parametrize("death_over_birth", [0.0, 0.5])
def test_a_resistant_cell_is_there_as_often_as_iwasa_says(death_over_birth):
    """C05: probability of a living mutant when the clone reaches 10,000 cells, 1500 clones."""
    theory = case(f"C05_M10000_u1e-05_q{death_over_birth:g}_a1")
    expected = theory["expected"]["P"]
    found = total = 0
    for seed in range(1, 4):
        model = finished(
            number=1, birth=1.0, death=death_over_birth, mutation=1e-5, end="60 d",
            tick="60 min", stop="extinct, {n_cells: 10000}",
            replicates=int(500 / (1.0 - death_over_birth)), seed=seed,
        )  # fmt: skip
        survived = count_by_replicate(model) >= 10_000
        found += int((mutants_by_replicate(model)[survived] > 0).sum())
        total += int(survived.sum())
    assert total > 1250
    assert abs(found / total - expected) < 4.0 * np.sqrt(expected * (1.0 - expected) / total)


@pytest.mark.parametrize("stages", [1, 2, 4, 10, 25])
def test_growth_of_erlang_clocks_solves_euler_lotka(stages):
    """C20: slope of ln N from an asynchronous start; the mean cycle is 24 h for every clock."""
    expected = case("C20")["expected"][f"erlang_k{stages}"]["growth_per_h"]
    number = 400 if stages == 1 else 2000
    model = engine(number=number, birth=1.0, stages=stages, end="8 d", stop="", seed=3)
    hours, count = [], []
    while model.running:
        model.step()
        if model.clock.hours >= 72.0:
            hours.append(model.clock.hours)
            count.append(model.state.n_cells())
    assert np.polyfit(hours, np.log(count), 1)[0] == pytest.approx(expected, rel=0.01)
