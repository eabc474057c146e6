"""The largest clones as Mesa agents, renewed whenever the run is recorded."""

from collections.abc import Callable, Iterator
from operator import attrgetter
from typing import Any

import mesa
import numpy as np

from abm.kernels.cell_layout import CellState
from abm.state.columns import Group

MAX_CLONE_AGENTS = 200


class _PerModelIds:
    """Ids counted on the model itself: Mesa 3.3 keeps them in a class, which leaks every model."""

    def __getitem__(self, model: Any) -> Iterator[int]:
        while True:
            model.last_agent_id = getattr(model, "last_agent_id", 0) + 1
            yield model.last_agent_id


class CloneAgent(mesa.Agent):
    """One clone: its genotype and how many cells it has now."""

    _ids = _PerModelIds()

    def __init__(self, model: Any, clone_id: int) -> None:
        super().__init__(model)
        clones = model.state.clones
        self.clone_id = clone_id
        self.parent_clone_id = int(clones.parent[clone_id])
        self.methylated_alleles = int(clones.methylated_alleles[clone_id])
        self.gain = float(clones.gain[clone_id])
        self.n_cells = 0
        self.asns_mean = float("nan")


def clone_table(model: Any, least_share: float = 0.0) -> dict[str, np.ndarray]:
    """Return the clones that have living tumour cells: id, parent, cells, mean ASNS, genotype.

    Of clones that are counted in rows, those below ``least_share`` of the cells of their replicate
    are left out; pools stay.
    """
    clones = model.state.clones
    n_cells = np.zeros(len(clones), np.int64)
    asns = np.zeros(len(clones))
    for population in model.state.tumour():
        rows: np.ndarray | slice = slice(0, population.n)
        ids, weights = population.live("clone_id"), None
        if population.tallies is not None:
            rows, ids = population.tallies.row, population.tallies.clone_id
            weights = population.tallies.n_cells
        n_cells += np.bincount(ids, weights=weights, minlength=len(clones)).astype(np.int64)
        if population.has(Group.MECHANISTIC):
            values = population.state[CellState.ASNS, rows]
            values = values if weights is None else values * weights
            asns += np.bincount(ids, weights=values, minlength=len(clones))
        else:
            asns[ids] = np.nan
    is_present = n_cells > 0
    if least_share > 0.0 and any(p.tallies is not None for p in model.state.tumour()):
        total = np.bincount(clones.replicate + 1, weights=n_cells)
        is_present &= clones.is_pool | (n_cells >= least_share * total[clones.replicate + 1])
    present = np.flatnonzero(is_present)
    return {
        "clone_id": present,
        "parent_clone_id": clones.parent[present],
        "n_cells": n_cells[present],
        "asns_mean": asns[present] / n_cells[present],
        "methylated_alleles": clones.methylated_alleles[present],
        "gain": clones.gain[present],
    }


def renew_clone_agents(model: Any) -> None:
    """Register the largest clones as agents and update their counts; drop those that fell out."""
    table = clone_table(model)
    largest = np.argsort(-table["n_cells"], kind="stable")[:MAX_CLONE_AGENTS]
    wanted = {int(table["clone_id"][i]): i for i in largest}
    known = {agent.clone_id: agent for agent in model.agents if isinstance(agent, CloneAgent)}
    for clone_id, agent in known.items():
        if clone_id not in wanted:
            agent.remove()
    for clone_id, i in wanted.items():
        agent = known.get(clone_id) or CloneAgent(model, clone_id)
        agent.n_cells = int(table["n_cells"][i])
        agent.asns_mean = float(table["asns_mean"][i])


CLONE_REPORTERS: dict[str, Callable[[CloneAgent], Any]] = {
    name: attrgetter(name) for name in ("clone_id", "n_cells", "asns_mean")
}
"""What the data collector keeps of each clone (functions that can be pickled)."""


class RunCollector(mesa.DataCollector):
    """Collects the model reporters at each step, as ``mesa.batch_run`` expects, and the clones only
    where the run is recorded."""

    def collect(self, model: Any) -> None:
        """Append the present values."""
        kept: dict[Any, Any] = vars(self)["agenttype_reporters"]
        self.agenttype_reporters = kept if model.is_record_due() else {}
        super().collect(model)
        self.agenttype_reporters = kept
