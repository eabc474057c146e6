"""One founder more, or one birth suppressed, changes only its own descendants; threads nothing."""

import numba
import numpy as np
import pytest

from scenarios.build import build
from scenarios.load import loads

SCENARIO = """
asnsim: 1
description: engine alone
environment: {{kind: well, volume: 100 uL, species: []}}
cells:
  - {{type: cell, model: fixed-rates, number: {number}, birth_rate: 1 1/d, death_rate: 0.3 1/d,
     clock: {{erlang: 3}}, mutation_probability: 0.01}}
time: {{end: 4 d, record: 4 d, checkpoint: 4 d}}
barcodes: true
seed: {seed}
"""


def start(number=40, seed=1):
    return build(loads(SCENARIO.format(number=number, seed=seed)))


def run(model, until=4 * 1440):
    while model.running and model.clock.tick < until:
        model.step()
    return model


def facts_by_key(model):
    """Everything that a cell is, but its number and row."""
    population = model.state.populations[0]
    names = ("birth_tick", "next_event", "dies_next", "mutations")
    columns = [population.live(name).tolist() for name in names]
    keys = population.live("random_key").tolist()
    return dict(zip(keys, zip(*columns, strict=True), strict=True))


def founder_of(model):
    population = model.state.populations[0]
    clones, ids = model.state.clones, population.live("clone_id").copy()
    for row, clone in enumerate(ids):
        while clones.parent[clone] >= 0:
            clone = clones.parent[clone]
        ids[row] = clone
    return dict(zip(population.live("random_key").tolist(), ids.tolist(), strict=True))


def test_one_founder_more_changes_only_its_own_descendants():
    few, more = run(start(40)), run(start(41))
    before, after = facts_by_key(few), facts_by_key(more)
    assert {key: after.get(key) for key in before} == before
    founders = founder_of(more)
    assert {founders[key] for key in after.keys() - before.keys()} == {40}


def test_one_birth_suppressed_changes_only_its_own_descendants():
    untouched, model = start(40), run(start(40), until=1440)
    population = model.state.populations[0]
    youngest = int(np.argmax(population.live("birth_tick")))
    mother = run(start(40), until=1440)
    founder = founder_of(model)[int(population.live("random_key")[youngest])]
    population.is_dead[youngest] = True
    population.compact()
    run(model)
    run(untouched)
    run(mother)
    before, after = facts_by_key(untouched), facts_by_key(model)
    assert {key: before.get(key) for key in after} == after
    founders = founder_of(untouched)
    assert {founders[key] for key in before.keys() - after.keys()} <= {founder}


@pytest.mark.parametrize("threads", [1, 2, 4])
def test_the_bits_do_not_depend_on_the_number_of_threads(threads):
    most = numba.config.NUMBA_NUM_THREADS
    numba.set_num_threads(most)
    reference = run(start(200)).state.populations[0].snapshot()
    numba.set_num_threads(min(threads, most))
    other = run(start(200)).state.populations[0].snapshot()
    numba.set_num_threads(most)
    assert reference.keys() == other.keys()
    for name, values in reference.items():
        assert np.array_equal(values, other[name]), name


def test_ids_are_never_used_twice_and_seeds_matter():
    model = start(40)
    seen, alive = set(), set(model.state.populations[0].live("cell_id").tolist())
    while model.running:
        model.step()
        now = set(model.state.populations[0].live("cell_id").tolist())
        assert not (now - alive) & seen
        seen |= alive
        alive = now
    assert facts_by_key(run(start(40, seed=2))) != facts_by_key(model)
