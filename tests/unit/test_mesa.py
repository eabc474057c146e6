"""The model behind Mesa's interface: batch runs, data, clones as agents, cells as rows."""

import copy
import gc
import pickle
import weakref
from functools import partial

import mesa
import numpy as np
import pytest

from abm.clone_agents import MAX_CLONE_AGENTS, CloneAgent, clone_table
from abm.model import PopulationModel
from scenarios.build import assemble, build
from scenarios.load import loads

SCENARIO = """
asnsim: 1
description: engine alone
environment: {{kind: well, volume: 100 uL, species: []}}
cells:
  - {{type: cell, model: fixed-rates, number: {number}, birth_rate: 1 1/d, death_rate: 0.3 1/d,
     clock: {{erlang: 3}}, mutation_probability: 0.05}}
time: {{end: {end}, record: 12 h, checkpoint: 1 d}}
barcodes: {barcodes}
stop: [{stop}]
seed: 3
"""


def scenario(number=40, end="3 d", barcodes="true", stop="extinct"):
    return loads(SCENARIO.format(**locals()))


def stepped(model, n):
    for _ in range(n):
        model.step()
    return model


def finished(model):
    while model.running:
        model.step()
    return model


def everything(model):
    """Return all that a run is, as plain values."""
    found = {p.name: p.snapshot() for p in model.state.populations}
    for columns in found.values():
        columns.update({name: values.tolist() for name, values in columns.items()})
    counters = vars(model.state.counters)
    return (
        found,
        model.clock.tick,
        copy.deepcopy(model.state.clones),
        {name: values.tolist() for name, values in counters.items()},
        model.exit_reason,
    )


def test_it_is_a_mesa_model_that_steps_and_stops():
    model = build(scenario(end="1 d"))
    assert isinstance(model, mesa.Model)
    assert model.running
    finished(model)
    assert not model.running
    assert model.hours == 24.0
    assert model.steps == 240
    frozen = everything(model)
    model.step()
    assert everything(model) == frozen


def test_batch_run_makes_one_run_for_each_seed():
    """Mesa 3.3 reads the value before the last step (it counts from the first collection on)."""
    make = partial(assemble, scenario(end="1 d"))
    rows = mesa.batch_run(
        PopulationModel, {"assemble": make, "rng": [1, 2, 3]}, max_steps=1000,
        display_progress=False,
    )  # fmt: skip
    assert [row["rng"] for row in rows] == [1, 2, 3]
    assert all(row["time_h"] == pytest.approx(24.0, abs=0.11) for row in rows)
    assert len({row["n_cells"] for row in rows}) > 1
    alone = finished(PopulationModel(make, rng=2))
    frame = alone.datacollector.get_model_vars_dataframe()
    same = frame[np.isclose(frame["time_h"], rows[1]["time_h"])]
    assert same["n_cells"].item() == rows[1]["n_cells"]


def test_the_collector_has_a_row_for_each_step():
    model = finished(build(scenario(end="1 d")))
    frame = model.datacollector.get_model_vars_dataframe()
    assert list(frame) == ["time_h", "n_cells", "n_resistant"]
    assert frame["time_h"].to_numpy() == pytest.approx(np.arange(241) * 0.1)
    assert frame["n_cells"].iloc[0] == 40
    assert frame["n_cells"].iloc[-1] == model.state.n_cells() == len(model.cells)
    assert frame["n_resistant"].iloc[-1] == (model.cells.get("mutations") > 0).sum()


def test_clones_are_collected_where_the_run_is_recorded():
    model = finished(build(scenario(end="1 d")))
    frame = model.datacollector.get_agenttype_vars_dataframe(CloneAgent).reset_index()
    assert frame["Step"].unique().tolist() == [0, 120, 240]
    last = frame[frame["Step"] == 240].set_index("clone_id")["n_cells"]
    table = clone_table(model)
    assert last.to_dict() == dict(zip(table["clone_id"], table["n_cells"], strict=True))


def test_at_most_200_clones_are_agents_and_they_are_the_largest():
    model = finished(build(scenario(number=320, end="2 d")))
    table = clone_table(model)
    assert table["clone_id"].shape[0] > MAX_CLONE_AGENTS
    agents = list(model.agents)
    assert len(agents) == MAX_CLONE_AGENTS
    assert len({agent.clone_id for agent in agents}) == MAX_CLONE_AGENTS
    largest = np.sort(table["n_cells"])[::-1][:MAX_CLONE_AGENTS]
    assert sorted((agent.n_cells for agent in agents), reverse=True) == largest.tolist()
    assert len({agent.unique_id for agent in agents}) == MAX_CLONE_AGENTS


def test_a_clone_that_died_out_is_no_agent_any_more():
    model = build(scenario(number=30))
    before = {agent.clone_id for agent in model.agents}
    finished(model)
    alive = set(model.cells.get("clone_id").tolist())
    assert before - alive
    assert {agent.clone_id for agent in model.agents} == alive


@pytest.mark.parametrize(
    "again",
    [lambda model: pickle.loads(pickle.dumps(model)), copy.deepcopy],
    ids=["pickle", "deepcopy"],
)
def test_a_copy_in_mid_run_goes_on_bit_for_bit(again):
    model = stepped(build(scenario()), 301)
    twin = again(model)
    assert everything(twin) == everything(model)
    left = finished(model)
    right = finished(twin)
    assert everything(left) == everything(right)
    frames = [m.datacollector.get_model_vars_dataframe() for m in (left, right)]
    assert frames[0].equals(frames[1])
    ids = [[(a.unique_id, a.clone_id, a.n_cells) for a in m.agents] for m in (left, right)]
    assert ids[0] == ids[1]
    nodes = left.state.populations[0].live("node")
    trees = [m.lineage.tree_sequence(nodes, m.hours) for m in (left, right)]
    assert trees[0].equals(trees[1], ignore_provenance=True)


def test_a_copy_is_independent():
    model = stepped(build(scenario()), 50)
    before = everything(model)
    finished(copy.deepcopy(model))
    assert everything(model) == before


def test_a_dropped_model_is_freed():
    """Mesa 3.3 keeps each model that ever had agents in a class attribute; ours must not."""
    model = stepped(build(scenario(end="1 d")), 10)
    assert len(model.agents) > 0
    seen = weakref.ref(model)
    del model
    gc.collect()
    assert seen() is None


@pytest.fixture(scope="module")
def view():
    return stepped(build(scenario(number=60)), 200).cells


def test_the_view_counts_and_reads_columns(view):
    assert len(view) == len(view.get("cell_id")) == len(list(view))
    assert len(np.unique(view["cell_id"])) == len(view)
    assert view.agg("mutations", np.sum) == view["mutations"].sum()


def test_cells_are_read_from_their_rows(view):
    for i, cell in enumerate(view):
        assert cell.cell_id == view["cell_id"][i]
        assert cell.birth_tick == view["birth_tick"][i]
    assert repr(cell) == f"<Cell {cell.cell_id} of cell-0>"
    assert copy.copy(cell).cell_id == cell.cell_id
    with pytest.raises(AttributeError, match="asns"):
        _ = cell.asns


def test_selection_takes_masks_over_columns(view):
    mutants = view.select(lambda cells: cells["mutations"] > 0)
    assert 0 < len(mutants) < len(view)
    assert len(mutants) == (view["mutations"] > 0).sum()
    assert (mutants["mutations"] > 0).all()
    young = mutants.select(lambda cells: cells["birth_tick"] > 600)
    both = (view["mutations"] > 0) & (view["birth_tick"] > 600)
    assert young["cell_id"].tolist() == view["cell_id"][both].tolist()
    assert [cell.cell_id for cell in young] == young["cell_id"].tolist()
    with pytest.raises(ValueError, match="shape"):
        view.select(lambda cells: True)


def test_the_view_is_read_only(view):
    for cell in view:
        with pytest.raises(AttributeError):
            cell.clone_id = 3
        break
    with pytest.raises(NotImplementedError, match="division only"):
        view.add(None)
    with pytest.raises(NotImplementedError):
        view.shuffle()
    whole = view.get("mutations")
    before = whole.copy()
    whole += 1
    assert view["mutations"].tolist() == before.tolist()


def test_a_column_that_no_cell_has_is_nan(view):
    assert np.isnan(view.get("asns")).all()
    assert view.get("asns").shape == (len(view),)
