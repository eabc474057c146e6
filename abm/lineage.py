"""Who descends from whom: one node for each cell, kept as arrays and thinned at fixed ticks."""

from typing import Any

import numpy as np

_FIRST_CAPACITY = 1024


class Lineage:
    """Forward-time record of cells: node ``i`` is a cell born at ``time[i]`` [h] of ``parent[i]``.

    Nodes without living descendants, and those with a single surviving line, are dropped by
    :meth:`simplify`, so that memory stays proportional to the living cells.
    """

    def __init__(self) -> None:
        self.n = 0
        self._parent = np.empty(_FIRST_CAPACITY, np.int32)
        self._time = np.empty(_FIRST_CAPACITY)

    def add(self, parents: np.ndarray, times: np.ndarray) -> np.ndarray:
        """Append cells born of ``parents`` (-1: founder) at ``times`` [h]; return their nodes."""
        first, last = self.n, self.n + parents.shape[0]
        if last > self._parent.shape[0]:
            capacity = max(2 * self._parent.shape[0], last)
            self._parent = np.resize(self._parent, capacity)
            self._time = np.resize(self._time, capacity)
        self._parent[first:last] = parents
        self._time[first:last] = times
        self.n = last
        return np.arange(first, last, dtype=np.int32)

    def simplify(self, living: np.ndarray) -> np.ndarray:
        """Keep the living nodes and their branchings; return the new nodes of ``living``."""
        end = float(self._time[: self.n].max(initial=0.0)) + 1.0
        tables = self._tables(end)
        tables.sort()
        tables.simplify(living, keep_input_roots=True)
        self.n = tables.nodes.num_rows
        self._parent = np.full(max(self.n, _FIRST_CAPACITY), -1, np.int32)
        self._parent[tables.edges.child] = tables.edges.parent
        self._time = np.zeros(max(self.n, _FIRST_CAPACITY))
        self._time[: self.n] = end - tables.nodes.time
        return np.arange(living.shape[0], dtype=np.int32)

    def tree_sequence(self, living: np.ndarray, now: float) -> Any:
        """Return a tskit tree sequence whose samples are the living cells at ``now`` [h]."""
        import tskit

        tables = self._tables(now)
        first = tables.nodes.num_rows
        tables.nodes.append_columns(
            flags=np.full(living.shape[0], tskit.NODE_IS_SAMPLE, np.uint32),
            time=np.zeros(living.shape[0]),
        )
        leaves = np.arange(first, first + living.shape[0], dtype=np.int32)
        # A cell born at this very moment has no length of its own: its leaf hangs on its mother.
        age = now - self._time[living]
        hooks = np.where(age > 0.0, living, self._parent[living])
        rooted = hooks >= 0
        _append_edges(tables, hooks[rooted], leaves[rooted])
        tables.sort()
        tables.simplify(leaves, keep_input_roots=True)
        return tables.tree_sequence()

    def _tables(self, now: float) -> Any:
        """Return nodes and edges, not sorted, with times before ``now`` [h]."""
        import tskit

        tables = tskit.TableCollection(sequence_length=1.0)
        tables.time_units = "hours"
        tables.nodes.set_columns(flags=np.zeros(self.n, np.uint32), time=now - self._time[: self.n])
        children = np.flatnonzero(self._parent[: self.n] >= 0).astype(np.int32)
        _append_edges(tables, self._parent[children], children)
        return tables


def _append_edges(tables: Any, parents: np.ndarray, children: np.ndarray) -> None:
    n = children.shape[0]
    tables.edges.append_columns(
        left=np.zeros(n), right=np.ones(n), parent=parents.astype(np.int32), child=children
    )
