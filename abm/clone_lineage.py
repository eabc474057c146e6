"""Who descends from whom where cells are counted by clone: founders and counted edges.

A pooled run has no node per cell. Its genealogy is that of the clones: each is one founder event,
or a pool of so many, with the clone from which it arose and the time.
"""

from typing import Any

import numpy as np

from abm.state.clones import Clones

EDGE_FIELDS = (
    "methylated_alleles",
    "gain",
    "mutations",
    "n_founders",
    "is_pool",
    "pool",
    "replicate",
)
_ROOM = 1e-9
"""Least length of an edge [h]; clones that were there at the start may share their time."""


def with_ancestors(clones: Clones, ids: np.ndarray) -> np.ndarray:
    """Return ``ids`` and all their ancestors, int64[n], sorted."""
    parents = clones.parent
    kept = np.zeros(parents.shape[0], np.bool_)
    ahead = np.unique(np.asarray(ids, np.int64))
    while ahead.shape[0]:
        kept[ahead] = True
        ahead = np.unique(parents[ahead])
        ahead = ahead[ahead >= 0]
        ahead = ahead[~kept[ahead]]
    return np.flatnonzero(kept)


def clone_edges(clones: Clones, ids: np.ndarray, hours_per_tick: float) -> dict[str, np.ndarray]:
    """Return one row for each clone of ``ids`` and each of its ancestors.

    Columns: ``clone_id``, ``parent_clone_id`` (-1: founder), ``origin_h``, and ``EDGE_FIELDS``.
    """
    kept = with_ancestors(clones, ids)
    columns = {
        "clone_id": kept,
        "parent_clone_id": clones.parent[kept],
        "origin_h": clones.origin_tick[kept] * hours_per_tick,
    }
    for name in EDGE_FIELDS:
        columns[name] = getattr(clones, name)[kept]
    return columns


def clone_trees(edges: dict[str, np.ndarray], living: dict[int, int], now: float) -> Any:
    """Return a tskit tree sequence of clones at ``now`` [h].

    ``edges`` as of :func:`clone_edges`; ``living`` maps clone ids to numbers of cells. Each clone
    is a node at its age; each living one has a leaf at time 0 besides, which is a sample. Metadata
    of a node (JSON): clone_id, n_founders, is_pool, methylated_alleles, gain; of a leaf: clone_id,
    n_cells.
    """
    import tskit

    ids, parents = edges["clone_id"].tolist(), edges["parent_clone_id"].tolist()
    place = {clone: row for row, clone in enumerate(ids)}
    ages = (now - edges["origin_h"]).tolist()
    for clone in living:
        ages[place[clone]] = max(ages[place[clone]], _ROOM)
    # A clone comes after its parent in the table, so that one pass from the end is enough.
    for row in range(len(ids) - 1, -1, -1):
        if parents[row] >= 0:
            mother = place[parents[row]]
            ages[mother] = max(ages[mother], ages[row] + _ROOM)
    tables = tskit.TableCollection(sequence_length=1.0)
    tables.time_units = "hours"
    tables.nodes.metadata_schema = tskit.MetadataSchema({"codec": "json"})
    for row, clone in enumerate(ids):
        notes = {"clone_id": clone} | {
            name: edges[name][row].item()
            for name in ("n_founders", "is_pool", "methylated_alleles", "gain")
        }
        tables.nodes.add_row(time=ages[row], metadata=notes)
        if parents[row] >= 0:
            tables.edges.add_row(0.0, 1.0, place[parents[row]], row)
    for clone, n_cells in living.items():
        notes = {"clone_id": clone, "n_cells": int(n_cells)}
        leaf = tables.nodes.add_row(flags=tskit.NODE_IS_SAMPLE, time=0.0, metadata=notes)
        tables.edges.add_row(0.0, 1.0, place[clone], leaf)
    tables.sort()
    return tables.tree_sequence()
