"""The only place where the number of rows changes; it also puts cells in the order of sites."""

import numpy as np

from abm.clock import Clock
from abm.kernels.sort import sort_by_site
from abm.lineage import Lineage
from abm.processes.process import AbstractProcess
from abm.state.columns import Group
from abm.state.state import State

_REORDER_EVERY = 10
"""Fate steps between two physical sorts by site; in between only the site index is rebuilt, so
this moves nothing but memory locality and the order of equal summands."""


class Compaction(AbstractProcess):
    """Drop dead rows, admit newborn ones, keep neighbours in space near each other in memory."""

    name = "compaction"
    at_fate_ticks = True

    def __init__(self, lineage: Lineage | None, simplify_every: int) -> None:
        self.lineage = lineage
        self.simplify_every = simplify_every

    def advance(self, state: State, clock: Clock, ticks: int) -> None:
        """Compact every population; simplify the lineage at its own fixed ticks."""
        for population in state.populations:
            population.compact()
            if population.has(Group.SPATIAL) and clock.tick % (_REORDER_EVERY * clock.fate) == 0:
                population.reorder(_order_of_sites(population.live("site")))
        if self.lineage is not None and clock.tick % self.simplify_every == 0:
            self._simplify(state, self.lineage)

    def _simplify(self, state: State, lineage: Lineage) -> None:
        living = [population.live("node") for population in state.populations]
        nodes = lineage.simplify(np.concatenate(living))
        first = 0
        for population in state.populations:
            population["node"][: population.n] = nodes[first : first + population.n]
            first += population.n


def _order_of_sites(site: np.ndarray) -> np.ndarray:
    """Return the rows in the order of their sites, rows of one site as they stood."""
    n_site = int(site.max(initial=0)) + 1
    order, start = np.empty(site.shape[0], np.int64), np.empty(n_site + 1, np.int64)
    sort_by_site(site, np.ones(site.shape[0], np.bool_), n_site, order, start)
    return order
