"""Reference cases of the PerMedCoE benchmark: cell cycle of fixed and of stochastic duration
(github.com/PerMedCoE/observatory_benchmark, Appendix 1; doi:10.1101/2025.07.16.664358).

Published: one cell, G0/G1 7 h, S 6 h, G2 3 h, M 2 h, so 18 h; steps of 6 min, 48 h, no death; in
the stochastic case a Gaussian deviation of 10 % of the time. Our cells have no phases, only the
whole cycle: a mechanistic cell divides at twice its size, a cell of fixed rates by an Erlang clock.
"""

import json

import numpy as np
import pytest
from scipy import stats

from abm.kernels.cell_layout import CellState
from scenarios.build import build
from scenarios.load import loads

CYCLE = 18.0  # h
PUBLISHED_RATIO = 4887.637454 / 2450.339319
"""Volume at the end of M over that of a daughter: Flow Cytometry Cell Cycle volume dynamics.txt."""
PUBLISHED_DEATH = 5.31667e-05 * 60.0  # 1/h, of the spheroid cases


def fixed_cycle():
    """One carcinoma cell in a well whose medium does not change; the size at division is exact."""
    return build(loads(json.dumps({
        "asnsim": 1, "description": "cycle of fixed duration",
        "environment": {
            "kind": "well", "volume": "100 uL", "medium": "RPMI-1640",
            "serum": {"fraction": 0.1, "dialysed": True}, "clamp": ["asn", "gln", "glu"],
        },
        "cells": [{"type": "carcinoma", "line": "hct-116", "number": 1, "doubling_time": "18 h"}],
        "parameters": {"inheritance.division_size_cv": 0},
        "time": {"end": "60 h"}, "stop": [], "seed": 1,
    })))  # fmt: skip


def erlang(stages, end, number=100, death=0.0, replicates=1, seed=1, step="6 min"):
    """Cells of fixed rates with a mean cycle of 18 h."""
    return build(loads(json.dumps({
        "asnsim": 1, "description": "cycle of stochastic duration",
        "environment": {"kind": "well", "species": []},
        "cells": [{
            "type": "cell", "model": "fixed-rates", "number": number,
            "birth_rate": f"{1 / CYCLE!r} 1/h", "death_rate": f"{death!r} 1/h",
            "clock": {"erlang": stages},
        }],
        "time": {"end": end, "record": end, "checkpoint": end, "fate": step, "coupling": step},
        "replicates": replicates,
        "stop": [], "seed": seed,
    })))  # fmt: skip


@pytest.fixture(scope="module")
def course():
    """Hour, number of cells and sum of their sizes every 6 min; and the sizes at each division."""
    model, rows, pairs = fixed_cycle(), [], []
    before = None
    while model.running:
        model.step()
        cells = model.state.populations[0]
        size = cells.state[CellState.SIZE, : cells.n].copy()
        if before is not None and size.shape[0] > before.shape[0]:
            pairs.append((before.max(), size))
        before = size
        rows.append((model.hours, cells.n, size.sum()))
    return np.array(rows), pairs


def test_fixed_cycle_divides_every_eighteen_hours_for_all_cells_at_once(course):
    """Newborn at the first division; then 1, 2, 4 cells at 9, 27 and 45 h of each daughter."""
    hours, n_cells, _ = course[0].T
    at = hours[np.flatnonzero(np.diff(n_cells)) + 1]
    assert at.shape[0] == 4
    assert np.diff(at) == pytest.approx([CYCLE] * 3, rel=0.02)
    for age, expected in ((9.0, 1), (27.0, 2), (45.0, 4)):
        assert np.interp(at[0] + age, hours, n_cells) / 2 == expected


def test_volume_doubles_in_a_fixed_cycle_and_is_halved_at_division(course):
    """The published ratio of 1.995; growth is exponential, which the benchmark does not ask for."""
    rows, pairs = course
    hours, _, total = rows.T
    slope = np.polyfit(hours, np.log2(total), 1)[0]
    assert 1.0 / slope == pytest.approx(CYCLE, rel=0.02)
    for mother, daughters in pairs[1:]:
        assert np.ptp(daughters) == 0.0
        assert mother / daughters[0] == pytest.approx(PUBLISHED_RATIO, rel=0.01)


def cycle_times(model):
    """Time from birth to division [h] of every cell born in the run, dividing within it or not."""
    found = {}
    while model.running:
        model.step()
        cells = model.state.populations[0]
        born = cells.live("birth_tick")
        wait = cells.live("next_event") - model.clock.to_hours(born)
        found |= {
            i: w for i, w, b in zip(cells.live("cell_id").tolist(), wait, born, strict=True) if b
        }
    return np.array(list(found.values()))


def test_stochastic_cycle_has_the_published_mean_and_spread():
    """An Erlang clock of 100 stages: a deviation of 10 % of 18 h.

    Where 10 % is meant for each phase by itself, as in the code of Chaste, the whole has 5.5 %,
    which is beyond our clock (at most 100 stages).
    """
    found = cycle_times(erlang(100, "48 h", number=400, step="1 min"))
    n, expected = found.shape[0], 0.1 * CYCLE
    assert n > 1000
    assert abs(found.mean() - CYCLE) < 4 * expected / np.sqrt(n)
    assert found.std(ddof=1) == pytest.approx(expected, rel=4 / np.sqrt(2 * n))
    clock = stats.gamma(100, scale=CYCLE / 100)
    assert stats.kstest(found, clock.cdf).pvalue > 0.01
    # An Erlang clock is skewed, a Gaussian is not: their distributions differ by this at most.
    t = np.linspace(10, 30, 2001)
    assert np.abs(clock.cdf(t) - stats.norm(CYCLE, expected).cdf(t)).max() < 0.014


def test_hundred_cells_grow_in_four_days_as_euler_and_lotka_say():
    """The numbers of the spheroid without diffusion: 100 cells, 96 h, 5.31667e-5 deaths per min.

    r = k b (2^(1/k) - 1) - d with b = 1/18 h; 30 copies, 4 standard errors of their mean.
    """
    stages, n = 100, 30
    model = erlang(stages, "96 h", death=PUBLISHED_DEATH, replicates=n)
    while model.running:
        model.step()
    counts = model.state.n_cells_by_replicate()
    growth = stages / CYCLE * (2 ** (1 / stages) - 1) - PUBLISHED_DEATH
    expected = 100 * np.exp(growth * 96.0)
    assert expected == pytest.approx(3006, abs=2)
    assert abs(counts.mean() - expected) < 4 * counts.std(ddof=1) / np.sqrt(n)
    assert counts.std(ddof=1) < 0.06 * expected
