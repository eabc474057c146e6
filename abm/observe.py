"""Numbers read off the state: the row of the time series. Observers never change anything."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from abm.kernels.cell_layout import CellState
from abm.kernels.rows import reach
from abm.state.columns import CellType, Group
from abm.state.population import Population
from abm.state.sites import Species
from abm.state.state import State


def timeseries_rows(model: Any) -> dict[str, np.ndarray]:
    """Return the columns of the time series at the present tick, one value for each replicate.

    Counts and means are over tumour populations; means are weighted by cells and nan where there
    is no mechanistic cell. ``births``, ``deaths`` and ``mutations`` count from the start.
    """
    state: State = model.state
    n_replicate = state.n_replicate
    tumour = state.tumour()
    count = _count(state, tumour)
    rows: dict[str, Any] = {
        "time_h": np.full(n_replicate, model.clock.hours),
        "n_agents": _agents(state, tumour),
        "n_cells": count,
        "n_resistant": _count(state, tumour, is_resistant(model)),
        "n_asns_high": _count(state, tumour, is_asns_high(model)),
        "births": state.counters.births.copy(),
        "deaths": state.counters.deaths.copy(),
        "mutations": state.counters.mutations.copy(),
        "asparaginase_IU_per_mL": _activity(state),
    }
    for name, species in (("asn_uM", Species.ASN), ("gln_uM", Species.GLN)):
        rows[name] = _site_mean(state, species)
    means = {
        "asns_mean": lambda p: p.state[CellState.ASNS],
        "atf4_mean": lambda p: p.state[CellState.ATF4],
        "mtorc1_mean": lambda p: p.state[CellState.MTORC1],
        "growth_per_h": lambda p: p["growth"],
        "death_per_h": lambda p: p["hazard"],
    }
    mechanistic = [p for p in tumour if p.has(Group.MECHANISTIC)]
    rows |= _means(state, mechanistic, means)
    for name, kind in (("n_stroma", CellType.STROMA), ("n_normal", CellType.NORMAL)):
        rows[name] = _count(state, [p for p in state.populations if p.cell_type is kind])
    if n_replicate > 1:
        rows["replicate"] = np.arange(n_replicate)
    return rows


def is_resistant(model: Any) -> dict[str, np.ndarray]:
    """Return, for each tumour population, which cells carry a resistant genotype.

    With the mechanistic cell: the number of methylated alleles and gain for which the net growth
    at 0.02 uM Asn was found positive at build; with fixed rates: any mutation.
    """
    found = {}
    for population in model.state.tumour():
        if population.has(Group.MECHANISTIC):
            needed = model.facts.resistance_gain[population.name]
            alleles = population.live("methylated_alleles")
            found[population.name] = reach(population.live("gain"), needed, alleles)
        else:
            found[population.name] = population.live("mutations") > 0
    return found


def is_asns_high(model: Any) -> dict[str, np.ndarray]:
    """Return, for each tumour population, which cells hold more ASNS than the stated threshold."""
    found = {}
    for population in model.state.tumour():
        if population.has(Group.MECHANISTIC):
            threshold = model.facts.asns_high_copies[population.name]
            found[population.name] = population.state[CellState.ASNS, : population.n] > threshold
        else:
            found[population.name] = np.zeros(population.n, np.bool_)
    return found


def _count(
    state: State, populations: list[Population], masks: dict[str, np.ndarray] | None = None
) -> np.ndarray:
    total = np.zeros(state.n_replicate, np.int64)
    for population in populations:
        if state.n_replicate == 1:
            total += population.n_cells(None if masks is None else masks[population.name])
            continue
        replicate = state.replicate_of(population, slice(0, population.n))
        weights = _weights(population)
        if masks is not None:
            mask = masks[population.name]
            replicate = replicate[mask]
            weights = None if weights is None else weights[mask]
        counted = np.bincount(replicate, weights=weights, minlength=state.n_replicate)
        total += counted.astype(np.int64)
    return total


def _weights(population: Population) -> np.ndarray | None:
    """Return the cells of each row, None where each row is one cell."""
    return population.weights() if population.has(Group.WEIGHTED) else None


def _agents(state: State, populations: list[Population]) -> np.ndarray:
    """Return the number of agents: of cells, or of entries where rows stand for many cells."""
    total = np.zeros(state.n_replicate, np.int64)
    for population in populations:
        rows = slice(0, population.n) if population.tallies is None else population.tallies.row
        replicate = state.replicate_of(population, rows)
        total += np.bincount(replicate, minlength=state.n_replicate)
    return total


def _means(
    state: State,
    populations: list[Population],
    readings: Mapping[str, Callable[[Population], np.ndarray]],
) -> dict[str, np.ndarray]:
    """Return the mean of each reading over the cells of each replicate, nan without cells."""
    totals = {name: np.zeros(state.n_replicate) for name in readings}
    count = np.zeros(state.n_replicate)
    for population in populations:
        # Of the type that bincount takes, which otherwise converts at every call.
        replicate = state.replicate_of(population, slice(0, population.n)).astype(np.intp)
        weights = _weights(population)
        count += np.bincount(replicate, weights=weights, minlength=state.n_replicate)
        for name, values in readings.items():
            summands = values(population)[: population.n]
            if weights is not None:
                summands = summands * weights
            totals[name] += np.bincount(replicate, weights=summands, minlength=state.n_replicate)
    with np.errstate(invalid="ignore"):
        return {name: total / count for name, total in totals.items()}


def _site_mean(state: State, species: Species) -> np.ndarray:
    concentration = state.sites.concentration[species]
    if state.has_first_sites:
        return concentration[:: state.sites_per_replicate].copy()
    volume = state.sites.volume
    return np.array([float(np.dot(concentration, volume)) / float(volume.sum())])


def _activity(state: State) -> np.ndarray:
    """Return the activity in each well, or in plasma [IU/mL]."""
    if state.has_first_sites:
        return state.sites.activity[:: state.sites_per_replicate].copy()
    return np.full(1, state.drug.activity)


def _total(model: Any) -> int:
    return int(model.state.n_cells())


def _resistant(model: Any) -> int:
    masks = is_resistant(model)
    return sum(p.n_cells(masks[p.name]) for p in model.state.tumour())


def _hours(model: Any) -> float:
    return float(model.clock.hours)


REPORTERS: dict[str, Callable[[Any], Any]] = {
    "time_h": _hours,
    "n_cells": _total,
    "n_resistant": _resistant,
}
"""Model reporters of the Mesa data collector; the full row is :func:`timeseries_rows`."""
