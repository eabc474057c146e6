"""Weighted runs: the same bits for any threads, recording and restart, and books that close."""

import pickle

import numba
import numpy as np
import pytest

from abm.ledger import BOOKED
from abm.record.recorder import Recorder
from abm.record.writer import RunWriter
from scenarios.build import build
from tests.small import BLASTS, bits, differing, finished, run_on, well

MANY = BLASTS | {
    "weighted": True, "number": 5_000_000, "strata": {"asns": 3, "threshold": 2}, "erlang": 2,
    "methylated_alleles": {"1": 0.2, "2": 0.8}, "pool_above": 200,
}  # fmt: skip
CHANGES = {
    "environment.volume": "1 uL", "environment.clamp": ["asn", "gln", "glu"], "time.end": "60 h",
    "treatment": {"doses": [{"product": "e-coli", "amount": "1 IU/mL", "at": ["6 h"]}]},
    "inheritance": {"demethylation": 1e-3, "methylation": 1e-4, "amplification": 1e-4},
}  # fmt: skip
SCENARIO = well(CHANGES, cells=[MANY])


@pytest.fixture(scope="module")
def reference():
    """The run at its end, on one thread, with pooled and single mutants and merged rows in it."""
    before = numba.get_num_threads()
    numba.set_num_threads(1)
    model = finished(SCENARIO)
    numba.set_num_threads(before)
    state = model.state
    state.populations[0].check()
    assert state.counters.deaths.sum() > 10_000
    assert state.clones.is_pool.any()
    assert (state.clones.n_founders[1:] == 1).sum() > 50
    return bits(model)


@pytest.mark.parametrize("number", [1, 2, 4])
def test_bits_do_not_depend_on_threads(reference, number):
    most = numba.config.NUMBA_NUM_THREADS
    numba.set_num_threads(min(number, most))
    try:
        assert differing(bits(finished(SCENARIO)), reference) == []
    finally:
        numba.set_num_threads(most)


def test_bits_do_not_depend_on_the_recording(reference, tmp_path):
    model = build(well(CHANGES | {"time.record": "1 h"}, cells=[MANY]))
    recorder = Recorder(RunWriter(tmp_path / "run"), model)
    while model.running:
        model.step()
        recorder.record()
    assert differing(bits(model), reference) == []


def test_bits_do_not_depend_on_a_restart(reference):
    model = run_on(build(SCENARIO), 20.3)
    again = run_on(pickle.loads(pickle.dumps(model)))
    assert differing(bits(again), reference) == []
    assert len(again.state.clones) == len(run_on(model).state.clones)


@pytest.mark.parametrize("clamp", [["asn", "gln", "glu"], []])
def test_the_books_of_moles_close(clamp):
    """S1: what the cells of all rows hold, take and give is the sum over all cells."""
    model = build(well(CHANGES | {"environment.clamp": clamp, "time.end": "30 h"}, cells=[MANY]))
    closure = {one: [] for one in BOOKED}
    while model.running:
        model.step()
        for one in BOOKED:
            closure[one].append(model.ledger.closure(model.state, one).relative)
    for one in BOOKED:
        assert max(closure[one]) < 1e-9
    noise = [abs(model.ledger.flux[one, "division noise"]) for one in BOOKED]
    gross = [model.ledger.gross[one] for one in BOOKED]
    assert np.all(np.array(noise) < 1e-3 * np.array(gross))


def test_two_hundred_cells_in_rows_have_the_books_of_two_hundred_single_cells():
    """Moles that cells make, use and leave to the enzyme agree, up to the luck of few cells."""
    changes = {key: CHANGES[key] for key in ("treatment",)} | {
        "environment.volume": "100 nL", "time.end": "48 h"
    }  # fmt: skip
    flux = []
    for weighted in (False, True):
        cells = [BLASTS | {"number": 200, "weighted": weighted}]
        totals = {}
        for seed in range(1, 5):
            model = finished(well(changes, cells=cells, seed=seed))
            for one in BOOKED:
                assert model.ledger.closure(model.state, one).relative < 1e-9
            for key, amount in model.ledger.flux.items():
                totals[key] = totals.get(key, 0.0) + amount / 4.0
        flux.append(totals)
    single, many = flux
    assert set(many) - set(single) == {(one, "division noise") for one in BOOKED}
    for key, amount in single.items():
        assert many[key] == pytest.approx(amount, rel=0.1)


@pytest.mark.parametrize(
    ("number", "demethylation", "kinds"), [(20_000, 1e-3, 30), (1_000, 3e-3, 30)]
)
def test_a_replicate_lives_the_same_life_in_any_company(number, demethylation, kinds):
    """Keys and sums of a replicate depend on nothing in the others: cohorts may run in batches.

    With few cells, mutants come now here, now there, beside rows that are still drifting together.
    """
    entry = MANY | {"number": number, "pool_above": 5_000}
    found = []
    for replicates in (2, 5):
        changes = CHANGES | {
            "environment.clamp": [], "treatment": {}, "inheritance.demethylation": demethylation,
        }  # fmt: skip
        model = finished(well(changes, cells=[entry], replicates=replicates))
        population = model.state.populations[0]
        chosen = population.live("site") < 2
        found.append({
            "state": population.state[:, : population.n][:, chosen],
            "weight": population.weights()[chosen],
            "keys": population.tallies.random_key[chosen[population.tallies.row]],
            "counts": population.tallies.counts[:, chosen[population.tallies.row]],
            "medium": model.state.sites.concentration[:, :2],
            "deaths": model.state.counters.deaths[:2],
        })  # fmt: skip
    assert found[0]["counts"].shape[1] > kinds
    assert [name for name in found[0] if found[0][name].tobytes() != found[1][name].tobytes()] == []


def test_a_replicate_that_has_stopped_keeps_its_cells():
    """Wells stop for themselves; their rows neither divide nor die any more, and books close."""
    entry = BLASTS | {"number": 5_000, "weighted": True}
    changes = {"environment.volume": "1 uL", "time.end": "40 h", "stop": [{"n_cells": 8_000}]}
    model = build(well(changes, cells=[entry], replicates=3))
    at_stop = {}
    while model.running:
        model.step()
        for r in np.flatnonzero(model.state.is_stopped):
            at_stop.setdefault(int(r), int(model.state.n_cells_by_replicate()[r]))
    assert len(at_stop) == 3
    population = model.state.populations[0]
    counted = np.bincount(population.live("site"), weights=population.weights())
    assert counted.tolist() == [at_stop[r] for r in range(3)]
    for one in BOOKED:
        assert model.ledger.closure(model.state, one).relative < 1e-9
