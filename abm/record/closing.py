"""What is written once, at the end of a run: genealogy, and the tables of the patients."""

from typing import Any

import numpy as np

from abm.clone_lineage import clone_edges, clone_trees
from abm.processes.cohort_merge import MergeReport
from abm.processes.fate import Fate
from abm.record.writer import RunWriter
from abm.state.columns import Group
from abm.watch.tables import course_table, mrd_table, outcome, patient_table


def close(writer: RunWriter, model: Any, arm: str = "") -> dict[str, Any]:
    """Write what belongs to the end of a run; return what it adds to run.json.

    A run leaves the founder events of its clones. The tree is one of cells where each is an agent
    of its own, and one of clones where an agent stands for many cells. A run of bodies leaves
    patients, residual disease and courses.
    """
    state = model.state
    clones = living_clones(model)
    edges = _edges(writer, model, clones)
    if len(state.clones):
        writer.clone_edges(edges)
    if model.lineage is not None:
        living = np.concatenate([p.live("node") for p in state.populations])
        writer.lineage(model.lineage.tree_sequence(living, model.clock.hours))
    elif any(p.has(Group.WEIGHTED) for p in state.tumour()):
        writer.lineage(clone_trees(edges, clones, model.clock.hours))
    found = {"merging": merging} if (merging := describe_merging(model)) else {}
    if model.watch is None:
        return found
    writer.patients(patient_table(model.watch, arm))
    writer.mrd(mrd_table(model.watch))
    writer.courses(course_table(model.watch))
    for process in model.processes:
        if hasattr(process, "therapy"):
            writer.events(_events(process.therapy.events.table(), model.watch.patients))
    return found | {"outcome": outcome(model.watch)}


def describe_merging(model: Any) -> dict[str, Any]:
    """Return what merging of rows has cost each weighted population, by name."""
    reports: dict[str, MergeReport] = {}
    for process in model.processes:
        if isinstance(process, Fate) and process.weighted is not None:
            reports |= process.weighted.reports
    return {name: report.describe() for name, report in reports.items()}


def living_clones(model: Any) -> dict[int, int]:
    """Return the living tumour cells of each clone that has some."""
    counts = np.zeros(len(model.state.clones), np.int64)
    for population in model.state.tumour():
        tallies = population.tallies
        if tallies is None:
            np.add.at(counts, population.live("clone_id"), population.weights())
        else:
            np.add.at(counts, tallies.clone_id, tallies.n_cells)
    present = np.flatnonzero(counts)
    return dict(zip(present.tolist(), counts[present].tolist(), strict=True))


def _events(table: dict[str, Any], patients: np.ndarray) -> dict[str, Any]:
    """Name the patients by their own number in place of that in the batch."""
    return table | {"patient": patients[np.asarray(table["patient"], np.int64)]}


def _edges(writer: RunWriter, model: Any, living: dict[int, int]) -> dict[str, np.ndarray]:
    """Return the founder events of all clones that live or were recorded, and their ancestors."""
    ids = np.array(sorted({*living, *writer.recorded_clones()}), np.int64)
    return clone_edges(model.state.clones, ids, model.clock.to_hours(1))
