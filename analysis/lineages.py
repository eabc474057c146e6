"""Whose descendants they are: trees of clones, the largest clones, barcodes, frequency spectra.

Equations are numbered as in docs/clinic.md.
"""

from typing import Any

import numpy as np
import pandas as pd

from abm.errors import RunFolderError
from abm.record import layout
from abm.record.reader import RunReader
from abm.streams import Stream, Streams

_LONGEST_PATH = 10_000
_MAX_MUTATIONS = 60
"""More mutations on one branch than this are cut; with a mean below 10 their chance is 1e-25."""


def founder_events(run: RunReader) -> pd.DataFrame:
    """Return the clones of a run, indexed by clone_id: parent, origin, genotype, founders.

    Mutants of the growth before the start have a negative origin. Runs of earlier versions have no
    table of their own; there a clone arose before the record that shows it first, and its founders
    are one.
    """
    if run.has(layout.CLONE_EDGES):
        return run.clone_edges.set_index("clone_id").sort_index()
    if not run.has(layout.CLONES):
        raise RunFolderError(f"{run.folder}: no clones were recorded")
    first = run.clones.sort_values(layout.TIME).drop_duplicates("clone_id").set_index("clone_id")
    found = first[["parent_clone_id", layout.TIME, "methylated_alleles", "gain"]].copy()
    found = found.rename(columns={layout.TIME: "origin_h"})
    return found.assign(n_founders=1, is_pool=False, pool=-1, replicate=-1).sort_index()


def clone_tree(run: RunReader) -> Any:
    """Return the clones as a networkx DiGraph from parents to children.

    Nodes are clone ids with the columns of :func:`founder_events` as attributes.
    """
    import networkx

    events = founder_events(run)
    graph = networkx.DiGraph()
    for clone, row in events.iterrows():
        graph.add_node(int(clone), **{str(name): value for name, value in row.items()})
    for clone, parent in events["parent_clone_id"].items():
        if parent >= 0:
            graph.add_edge(int(parent), int(clone))
    return graph


def ancestry(events: pd.DataFrame, clone: int) -> list[int]:
    """Return a clone and its ancestors, the oldest first.

    Raises RunFolderError where the way up is broken or goes in a circle.
    """
    path = [clone]
    while True:
        if path[-1] not in events.index or len(path) > _LONGEST_PATH:
            raise RunFolderError(f"clones: clone {path[-1]} does not lead to a founder")
        parent = int(events.at[path[-1], "parent_clone_id"])
        if parent < 0:
            return path[::-1]
        path.append(parent)


def clones_at(run: RunReader, at_h: float | None = None) -> pd.DataFrame:
    """Return the rows of the clones at the last record not after ``at_h`` [h]; None: the end."""
    table = run.clones
    times = table[layout.TIME].to_numpy(float)
    known = times if at_h is None else times[times <= at_h]
    if known.size == 0:
        raise RunFolderError(f"{run.folder}: no record of clones up to {at_h} h")
    return table[times == known.max()]


def largest_clones(
    run: RunReader, at_h: float | None = None, share: float = 0.01, replicate: int | None = None
) -> pd.DataFrame:
    """Return the clones with at least ``share`` of the cells, largest first, and their origin.

    Columns: clone_id, n_cells, share, origin_h, n_founders, is_pool, parent_clone_id,
    founder_clone_id, path (ids from the founder down), methylated_alleles, gain.
    """
    events, table = founder_events(run), clones_at(run, at_h)
    if replicate is not None:
        own = events.index[events["replicate"].isin([replicate, -1])]
        table = table[table["clone_id"].isin(own)]
    total = float(table["n_cells"].sum())
    rows = []
    for clone, n_cells in zip(table["clone_id"], table["n_cells"], strict=True):
        if total > 0.0 and n_cells >= share * total:
            path, event = ancestry(events, int(clone)), events.loc[int(clone)]
            rows.append(
                {
                    "clone_id": int(clone),
                    "n_cells": int(n_cells),
                    "share": n_cells / total,
                    "origin_h": float(event["origin_h"]),
                    "n_founders": int(event["n_founders"]),
                    "is_pool": bool(event["is_pool"]),
                    "parent_clone_id": int(event["parent_clone_id"]),
                    "founder_clone_id": path[0],
                    "path": " > ".join(map(str, path)),
                    "methylated_alleles": int(event["methylated_alleles"]),
                    "gain": float(event["gain"]),
                }
            )
    columns = [
        "clone_id", "n_cells", "share", "origin_h", "n_founders", "is_pool", "parent_clone_id",
        "founder_clone_id", "path", "methylated_alleles", "gain",
    ]  # fmt: skip
    found = pd.DataFrame(rows, columns=columns)
    return found.sort_values("share", ascending=False, kind="stable", ignore_index=True)


def barcode_shares(run: RunReader, at_h: float | None = None) -> pd.DataFrame:
    """Return how many cells descend from each founder: founder_clone_id, n_cells, share.

    With ``barcodes: true`` every founder cell is a clone of its own; without, founders of one
    genotype are one.
    """
    events, table = founder_events(run), clones_at(run, at_h)
    founders = [ancestry(events, int(clone))[0] for clone in table["clone_id"]]
    summed = table.assign(founder_clone_id=founders).groupby("founder_clone_id")["n_cells"].sum()
    found = summed.reset_index()
    total = float(found["n_cells"].sum())
    found["share"] = found["n_cells"] / total if total > 0.0 else 0.0
    return found.sort_values("n_cells", ascending=False, kind="stable", ignore_index=True)


def clade_sizes(trees: Any) -> tuple[np.ndarray, np.ndarray]:
    """Return nodes with a parent and how many samples are below each, int64[m] both."""
    tree = trees.first()
    parent = tree.parent_array[:-1]
    below = np.zeros(parent.shape[0], np.int64)
    below[trees.samples()] = 1
    # Time grows towards the root, so children come before their parents.
    for node in np.argsort(trees.tables.nodes.time, kind="stable"):
        if parent[node] >= 0:
            below[parent[node]] += below[node]
    nodes = np.flatnonzero((parent >= 0) & (below > 0))
    return nodes, below[nodes]


def neutral_mutations(trees: Any, mean: float, seed: int) -> np.ndarray:
    """Return how many neutral mutations each branch of :func:`clade_sizes` carries, int64[m].

    Infinite sites, Poisson of ``mean`` on every branch, Eq. (V6). A branch is the life of one cell
    where every cell has living descendants (pure birth); with deaths it may be several lives.
    """
    nodes, _ = clade_sizes(trees)
    streams = Streams(seed)
    uniform = streams.uniforms(Stream.READING, 0, nodes.astype(np.uint64))[0]
    term = np.full(nodes.shape[0], np.exp(-mean))
    total, count = term.copy(), np.zeros(nodes.shape[0], np.int64)
    for k in range(1, _MAX_MUTATIONS + 1):
        count += uniform > total
        term = term * mean / k
        total = total + term
    return count


def site_frequency_spectrum(trees: Any, mutations: np.ndarray | None = None) -> np.ndarray:
    """Return how many mutations are in exactly k samples, int64[n + 1], Eq. (V7).

    ``mutations`` are counts for the branches of :func:`clade_sizes`; None: one on each branch, so
    that clades of size k are counted. Entry 0 is empty.
    """
    _, sizes = clade_sizes(trees)
    weights = np.ones(sizes.shape[0], np.int64) if mutations is None else mutations
    spectrum = np.zeros(trees.num_samples + 1, np.int64)
    np.add.at(spectrum, sizes, weights)
    return spectrum
