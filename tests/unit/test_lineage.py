"""Genealogy: a table of births that becomes a tskit tree sequence and forgets the dead."""

import itertools

import numpy as np
import pytest

from abm.lineage import Lineage
from scenarios.build import build
from scenarios.load import loads

SCENARIO = """
asnsim: 1
description: engine alone
environment: {kind: well, volume: 100 uL, species: []}
cells:
  - {type: cell, model: fixed-rates, number: 6, birth_rate: 1 1/d, death_rate: 0.4 1/d}
time: {end: 8 d, record: 8 d, checkpoint: 8 d}
stop: []
seed: 4
"""


class Colony:
    """A toy birth-death process that knows the whole genealogy, beside the lineage under test."""

    def __init__(self, seed=0, n=3):
        self.generator = np.random.default_rng(seed)
        self.lineage = Lineage()
        self.now = 0.0
        self.parent, self.time = [-1] * n, [0.0] * n
        self.names = list(range(n))
        self.nodes = self.lineage.add(np.full(n, -1, np.int32), np.zeros(n))

    def grow(self, n_event):
        for _ in range(n_event):
            self.now += self.generator.exponential(1.0 / len(self.names))
            i = int(self.generator.integers(len(self.names)))
            if self.generator.random() < 0.3 and len(self.names) > 3:
                self.names.pop(i)
                self.nodes = np.delete(self.nodes, i)
                continue
            mother, node = self.names[i], self.nodes[i]
            first = len(self.parent)
            self.parent += [mother, mother]
            self.time += [self.now, self.now]
            added = self.lineage.add(np.full(2, node, np.int32), np.full(2, self.now))
            self.names[i] = first
            self.names.append(first + 1)
            self.nodes[i] = added[0]
            self.nodes = np.append(self.nodes, added[1])

    def split_time(self, a, b):
        """Return when the lines of two cells parted [h], nan for different founders."""
        above = {}
        while a >= 0:
            above[self.parent[a]] = self.time[a]
            a = self.parent[a]
        while b >= 0:
            if self.parent[b] in above and self.parent[b] >= 0:
                return self.time[b]
            b = self.parent[b]
        return float("nan")


def mrca_ages(trees):
    """Return the age of the youngest common ancestor of each pair of samples, nan without one."""
    tree, samples = trees.first(), trees.samples()
    ages = []
    for a, b in itertools.combinations(samples, 2):
        ancestor = tree.mrca(a, b)
        ages.append(float("nan") if ancestor == -1 else tree.time(ancestor))
    return np.array(ages)


def assert_sound(trees, n):
    assert trees.num_samples == n
    assert trees.num_trees == 1
    assert trees.time_units == "hours"
    time = trees.tables.nodes.time
    edges = trees.tables.edges
    assert (time[edges.parent] > time[edges.child]).all()
    assert (time[trees.samples()] == 0.0).all()


def test_samples_are_the_living_and_parents_are_older():
    colony = Colony(seed=1)
    colony.grow(150)
    trees = colony.lineage.tree_sequence(colony.nodes, colony.now + 0.5)
    assert_sound(trees, len(colony.names))


@pytest.mark.parametrize("seed", range(4))
def test_ancestry_is_that_of_the_births(seed):
    """The common ancestor of two cells is the mother at whose division their lines parted.

    Its node carries the time of the mother's own birth, its age at least the time since the split.
    """
    colony = Colony(seed)
    colony.grow(60)
    now = colony.now + 0.25
    ages = mrca_ages(colony.lineage.tree_sequence(colony.nodes, now))
    pairs = list(itertools.combinations(range(len(colony.names)), 2))
    for age, (a, b) in zip(ages, pairs, strict=True):
        split = colony.split_time(colony.names[a], colony.names[b])
        assert np.isnan(age) == np.isnan(split)
        if not np.isnan(split):
            mother = colony.parent[_child_at(colony, colony.names[a], split)]
            assert age == pytest.approx(now - colony.time[mother], abs=1e-12)


def _child_at(colony, name, split):
    while colony.time[name] != split:
        name = colony.parent[name]
    return name


@pytest.mark.parametrize("seed", range(4))
def test_simplifying_keeps_the_ancestry_of_the_living(seed):
    colony = Colony(seed)
    colony.grow(120)
    now = colony.now + 1.0
    before = colony.lineage.tree_sequence(colony.nodes, now)
    n_before = colony.lineage.n
    colony.nodes = colony.lineage.simplify(colony.nodes)
    assert colony.lineage.n < n_before
    after = colony.lineage.tree_sequence(colony.nodes, now)
    assert_sound(after, len(colony.names))
    np.testing.assert_allclose(mrca_ages(after), mrca_ages(before), rtol=0, atol=1e-12)


def test_simplifying_in_between_changes_nothing_in_the_end():
    whole, thinned = Colony(seed=9), Colony(seed=9)
    for colony in (whole, thinned):
        for _ in range(5):
            colony.grow(40)
            if colony is thinned:
                colony.nodes = colony.lineage.simplify(colony.nodes)
    assert whole.names == thinned.names
    now = whole.now + 0.1
    ages = [mrca_ages(c.lineage.tree_sequence(c.nodes, now)) for c in (whole, thinned)]
    np.testing.assert_allclose(ages[1], ages[0], rtol=0, atol=1e-10)


def test_memory_is_proportional_to_the_living():
    colony = Colony(seed=2)
    colony.grow(60)
    for _ in range(20):
        colony.grow(50)
        while len(colony.names) > 20:
            colony.names.pop(0)
            colony.nodes = colony.nodes[1:]
        colony.nodes = colony.lineage.simplify(colony.nodes)
        assert colony.lineage.n <= 3 * len(colony.names)


def test_cells_born_at_this_very_moment_are_samples():
    lineage = Lineage()
    root = lineage.add(np.array([-1], np.int32), np.zeros(1))
    daughters = lineage.add(np.repeat(root, 2).astype(np.int32), np.full(2, 3.0))
    trees = lineage.tree_sequence(daughters, 3.0)
    assert_sound(trees, 2)
    assert mrca_ages(trees).tolist() == [3.0]


def test_nobody_alive_is_an_empty_tree_sequence():
    lineage = Lineage()
    lineage.add(np.full(3, -1, np.int32), np.zeros(3))
    nobody = np.empty(0, np.int32)
    assert lineage.tree_sequence(nobody, 5.0).num_samples == 0
    assert lineage.simplify(nobody).shape == (0,)
    assert lineage.n == 0
    assert lineage.add(np.array([-1], np.int32), np.ones(1)).tolist() == [0]


def test_founders_at_the_start_are_samples_without_edges():
    lineage = Lineage()
    founders = lineage.add(np.full(3, -1, np.int32), np.zeros(3))
    trees = lineage.tree_sequence(founders, 0.0)
    assert trees.num_samples == 3
    assert trees.num_edges == 0


def test_a_run_gives_a_tree_with_a_sample_for_each_cell():
    """Eight days of births and deaths, simplified every day; cells of one clone share a founder."""
    model = build(loads(SCENARIO.replace("seed: 4", "barcodes: true\nseed: 4")))
    population = model.state.populations[0]
    while model.running:
        model.step()
    assert population.n > 20
    nodes = population.live("node")
    assert np.unique(nodes).shape[0] == population.n
    trees = model.lineage.tree_sequence(nodes, model.clock.hours)
    assert_sound(trees, population.n)
    tree, clone = trees.first(), population.live("clone_id")
    for a, b in itertools.combinations(range(population.n), 2):
        assert (tree.mrca(a, b) >= 0) == (clone[a] == clone[b])
    assert trees.tables.nodes.time.max() <= model.clock.hours
