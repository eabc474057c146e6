"""Clones and founders: the tree of a pooled run, largest clones, barcodes."""

import numpy as np
import pytest

from abm.clone_lineage import clone_edges, clone_trees, with_ancestors
from abm.errors import RunFolderError
from abm.record.closing import close
from abm.record.reader import RunReader
from abm.record.recorder import Recorder
from abm.record.writer import RunWriter
from abm.state.clones import Clones
from analysis.lineages import (
    ancestry,
    barcode_shares,
    clone_tree,
    clones_at,
    founder_events,
    largest_clones,
)
from scenarios.build import build
from scenarios.load import loads

ENGINE = """
asnsim: 1
environment: {kind: well, volume: 100 uL, species: []}
cells:
  - {type: cell, model: fixed-rates, number: 30, birth_rate: 1 1/d, death_rate: 0.3 1/d,
     mutation_probability: 0.02}
time: {end: 6 d, record: 1 d, checkpoint: 6 d}
stop: []
barcodes: true
seed: 3
"""


@pytest.fixture
def clones():
    """Two founders; 0 has the children 2 and 3, and 3 the child 4, a pool of 17 founders."""
    table = Clones()
    table.add(-1, 0, 2, 1.0, 0)
    table.add(-1, 0, 0, 1.0, 0)
    table.add(0, 60, 1, 1.0, 1)
    table.add(0, 120, 2, 2.0, 1)
    table.add_many(np.array([3]), 600, 1, 2.0, 2, 17, -1, True)
    return table


def test_ancestors_come_along(clones):
    assert with_ancestors(clones, np.array([4])).tolist() == [0, 3, 4]
    assert with_ancestors(clones, np.array([], np.int64)).tolist() == []


def test_edges_keep_founders_and_times(clones):
    edges = clone_edges(clones, np.array([4, 1]), 1.0 / 60.0)
    assert edges["clone_id"].tolist() == [0, 1, 3, 4]
    assert edges["parent_clone_id"].tolist() == [-1, -1, 0, 3]
    assert edges["origin_h"].tolist() == [0.0, 0.0, 2.0, 10.0]
    assert edges["n_founders"].tolist() == [1, 1, 1, 17]
    assert edges["is_pool"].tolist() == [False, False, False, True]


def test_the_tree_of_clones_has_the_right_ancestors(clones):
    living = {0: 1000, 2: 10, 4: 7}
    edges = clone_edges(clones, np.array(list(living)), 1.0 / 60.0)
    trees = clone_trees(edges, living, 24.0)
    tree = trees.first()
    assert trees.num_samples == 3
    assert trees.time_units == "hours"
    leaf = {trees.node(u).metadata["clone_id"]: u for u in trees.samples()}
    assert {clone: trees.node(leaf[clone]).metadata["n_cells"] for clone in living} == living
    common = tree.mrca(leaf[2], leaf[4])
    assert trees.node(common).metadata["clone_id"] == 0
    assert tree.time(common) == 24.0
    pool = trees.node(tree.parent(leaf[4]))
    assert pool.metadata["n_founders"] == 17
    assert pool.time == pytest.approx(14.0)


def test_clones_of_one_moment_still_make_a_tree():
    """A history before the start gives founders and their mutants the same time."""
    table = Clones()
    for parent in (-1, 0, 1, 2):
        table.add(parent, 0, 2, 1.0, 0)
    edges = clone_edges(table, np.arange(4), 1.0)
    trees = clone_trees(edges, {3: 5, 0: 2}, 0.0)
    time, rows = trees.tables.nodes.time, trees.tables.edges
    assert (time[rows.parent] > time[rows.child]).all()


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    model = build(loads(ENGINE))
    writer = RunWriter(tmp_path_factory.mktemp("clones") / "run")
    recorder = Recorder(writer, model)
    while model.running:
        model.step()
        if model.is_record_due():
            recorder.record()
    writer.finish(close(writer, model))
    return RunReader(writer.folder)


class TestOfARun:
    def test_every_clone_traces_to_a_founder(self, run):
        events = founder_events(run)
        table = clones_at(run)
        assert (events["parent_clone_id"] >= 0).any()
        for clone in table["clone_id"]:
            path = ancestry(events, int(clone))
            assert events.at[path[0], "parent_clone_id"] == -1
            origins = events.loc[path, "origin_h"].to_numpy()
            assert (np.diff(origins) >= 0.0).all()

    def test_largest_clones_are_sorted_and_complete(self, run):
        found = largest_clones(run, share=0.05)
        table = clones_at(run)
        expected = (table["n_cells"] >= 0.05 * table["n_cells"].sum()).sum()
        assert len(found) == expected > 0
        assert found["share"].is_monotonic_decreasing
        assert largest_clones(run, share=0.0)["share"].sum() == pytest.approx(1.0)

    def test_barcodes_count_every_descendant_once(self, run):
        shares = barcode_shares(run)
        assert shares["n_cells"].sum() == clones_at(run)["n_cells"].sum()
        assert len(shares) <= 30
        at_start = barcode_shares(run, 0.0)
        assert at_start["n_cells"].tolist() == [1] * 30

    def test_the_graph_is_a_forest(self, run):
        import networkx

        graph = clone_tree(run)
        assert networkx.is_forest(graph.to_undirected())
        assert set(graph.nodes) == set(founder_events(run).index)

    def test_before_the_first_record_there_is_nothing(self, run):
        with pytest.raises(RunFolderError, match="no record of clones"):
            clones_at(run, -1.0)
