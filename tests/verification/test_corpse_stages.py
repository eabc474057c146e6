"""Dead cells pass two annexin stages; counts follow the chain of two exponential steps."""

import dataclasses

import numpy as np
import pytest
from scipy.integrate import quad

from abm.kernels.corpses import age
from abm.observe_wells import read_wells
from abm.processes.fate import CorpseParameters
from abm.processes.nutrients import DeadMatterParameters
from abm.state.sites import Corpse
from scenarios.build import build
from tests.small import run_on, well

TIMES = [0.1, 1.0, 8.0, 24.0, 100.0]


def chain(first, second, t):
    """Shares early and late at age t of cells that stay ``first`` and ``second`` hours [h]."""
    a, b = 1.0 / first, 1.0 / second
    early = np.exp(-a * t)
    if a == b:
        return early, a * t * np.exp(-a * t)
    return early, a / (b - a) * (np.exp(-a * t) - np.exp(-b * t))


@pytest.mark.parametrize(("first", "second"), [(8.0, 16.0), (20.0, 3.0), (6.0, 6.0), (8.0, 0.01)])
@pytest.mark.parametrize("t", TIMES)
def test_shares_at_an_age(first, second, t):
    stages = CorpseParameters(early_time=first, late_time=second)
    early, late = stages.aged(np.array([[1.0], [0.0]]), t)[:, 0]
    assert (early, late) == pytest.approx(chain(first, second, t), rel=1e-12)


def test_rates_that_are_nearly_equal_lose_no_digits():
    equal = CorpseParameters(early_time=6.0, late_time=6.0)
    near = dataclasses.replace(equal, late_time=6.0 * (1.0 + 1e-12))
    start = np.array([[3.0], [1.0]])
    assert near.aged(start, 5.0) == pytest.approx(equal.aged(start, 5.0), rel=1e-11)


def test_two_half_intervals_are_one_interval():
    stages, start = CorpseParameters(), np.array([[5.0, 0.0], [2.0, 7.0]])
    halves = stages.aged(stages.aged(start, 3.0), 3.0)
    assert halves == pytest.approx(stages.aged(start, 6.0), rel=1e-14)


def test_corpses_last_as_long_as_dead_matter_in_the_mean():
    stages = CorpseParameters()
    total = stages.early_time + stages.late_time
    assert total == DeadMatterParameters().lysis_time
    found = quad(lambda t: stages.aged(np.array([[1.0], [0.0]]), t).sum(), 0.0, 40.0 * total)[0]
    assert found == pytest.approx(total, rel=1e-6)


def dying(**changes):
    """Return a model of cells that only die."""
    cells = {"model": "fixed-rates", "type": "cell", "number": 2000, "birth_rate": "0 1/h",
             "death_rate": "0.05 1/h"}  # fmt: skip
    timing = {"time.end": "24 h", "time.record": "24 h"} | changes
    return build(well({"environment.species": [], **timing}, cells=[cells], replicates=5))


def test_number_of_corpses_of_a_dying_culture():
    """Deaths at rate d n0 e^-dt, each ageing along the chain; within five standard errors."""
    model = run_on(dying())
    table = read_wells(model)
    stages, n, rate, end = CorpseParameters(), 2000, 0.05, 24.0
    means = stages.early_time, stages.late_time
    for stage, name in zip(Corpse, ("n_early", "n_late"), strict=True):

        def density(t, stage=stage):
            return rate * np.exp(-rate * t) * chain(*means, end - t)[stage]

        share = quad(density, 0.0, end)[0]
        error = np.sqrt(n * share * (1.0 - share) / len(table))
        assert table[name].mean() == pytest.approx(n * share, abs=5.0 * error)
    assert (table["n_live"] + table["n_early"] + table["n_late"] < n).all()


def test_length_of_the_fate_step_changes_no_corpse():
    """Cells of fixed rates die at times of their own, between the steps."""
    fine = read_wells(run_on(dying(**{"time.fate": "3 min", "time.coupling": "3 min"})))
    coarse = read_wells(run_on(dying(**{"time.fate": "1 h", "time.coupling": "1 h"})))
    assert fine["n_live"].tolist() == coarse["n_live"].tolist()
    for name in ("n_early", "n_late"):
        assert fine[name].to_numpy() == pytest.approx(coarse[name].to_numpy(), rel=1e-10)


def test_kernel_ages_corpses_as_the_formula_does():
    """One step of all sites at once, bit for bit."""
    stages = CorpseParameters()
    corpses = np.random.default_rng(1).uniform(0.0, 50.0, (2, 40))
    assert np.array_equal(age(corpses, *stages.shares(0.1)), stages.aged(corpses, 0.1))
