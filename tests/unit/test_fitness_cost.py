"""A heritable change can cost translation."""

import numpy as np
import pytest

from scenarios.build import build
from tests import small

COST = 0.5


def grown(fitness_cost):
    """A well in which half of the daughters gain a copy, after 60 h."""
    scenario = small.well(
        {"environment.volume": "100 nL", "time.end": "60 h"},
        inheritance={"amplification": 0.5, "fitness_cost": fitness_cost},
    )
    model = build(scenario)
    while model.running:
        model.step()
    (population,) = model.state.populations
    return population


def test_mutants_translate_less_and_others_as_before():
    """With k_s cut by half, synthesis v is half: growth falls by half of growth plus loss."""
    free, burdened = grown(0.0), grown(COST)
    is_mutant = burdened.live("mutations") > 0
    assert 0.1 < is_mutant.mean() < 0.9
    unchanged = burdened.live("growth")[~is_mutant].mean()
    wild = free.live("growth")[free.live("mutations") == 0].mean()
    assert unchanged == pytest.approx(wild, rel=0.05)
    proteolysis = 0.015
    expected = (1.0 - COST) * (unchanged + proteolysis) - proteolysis
    assert burdened.live("growth")[is_mutant].mean() == pytest.approx(expected, abs=0.004)
    mutants = free.live("mutations") > 0
    assert np.mean(free.live("growth")[mutants]) == pytest.approx(wild, rel=0.05)
