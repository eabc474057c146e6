"""Numbers read off each well: what its assays measure. Observers never change anything."""

from collections.abc import Collection
from typing import TYPE_CHECKING, Any

import numpy as np

from abm.kernels.cell_layout import CellState
from abm.state.columns import Group
from abm.state.population import Population
from abm.state.sites import Corpse, Species
from abm.state.state import State

if TYPE_CHECKING:
    import pandas

_SOLUTES = {species.name for species in Species}


def _name_of(row: CellState) -> str:
    if row.name in _SOLUTES:
        return f"{row.name.lower()}_inside_uM"
    return "asns_copies" if row is CellState.ASNS else row.name.lower()


STATE_COLUMNS = {row: _name_of(row) for row in CellState}
"""Column of the mean of each row of the cell state; free pools are ``asn_inside_uM`` and alike."""


def read_wells(model: Any) -> "pandas.DataFrame":
    """Return one row for each population in each well of a model at its present time.

    Columns: ``well``, ``population``, ``time_h``; ``n_live``; ``n_early`` and ``n_late``, expected
    dead cells that take up annexin V alone or propidium iodide too; ``biomass_pL``, the volume of
    all living cells; the means over living cells of each row of the cell state
    (:data:`STATE_COLUMNS`), ``growth_per_h`` and ``hazard_per_h``; what is dissolved,
    ``asn_uM``, ``gln_uM`` and alike for every species, and ``asparaginase_IU_per_mL``, the mean
    activity over the last interval. Means are nan without cells, and nan with biomass for cells
    of fixed rates. A species that the model does not solve is nan: what it holds does not follow
    from the cells. A tissue counts as one well, its fluid as mixed; a body too, its fluid is
    plasma. Without any population there is one row for each well, of population "".
    """
    import pandas

    state: State = model.state
    n_well = state.n_replicate
    fluid = _fluid(state, model.facts.species)
    frames = []
    for population in state.populations:
        columns = {
            "well": np.arange(n_well),
            "population": population.name,
            "time_h": model.clock.hours,
            **_cells(state, population),
            **fluid,
        }
        frames.append(pandas.DataFrame(columns))
    if not frames:
        columns = {"well": np.arange(n_well), "population": "", "time_h": model.clock.hours}
        return pandas.DataFrame({**columns, "n_live": 0, "n_early": 0.0, "n_late": 0.0, **fluid})
    return pandas.concat(frames, ignore_index=True)


def _cells(state: State, population: Population) -> dict[str, np.ndarray]:
    n_well, n = state.n_replicate, population.n
    wells = state.replicate_of(population, slice(0, n))
    weights = population.weights()
    n_live = np.bincount(wells, weights=weights, minlength=n_well).astype(np.int64)
    corpses = _corpses(state, population)
    found: dict[str, np.ndarray] = {
        "n_live": n_live,
        "n_early": corpses[Corpse.EARLY],
        "n_late": corpses[Corpse.LATE],
    }
    is_mechanistic = population.has(Group.MECHANISTIC)
    nothing = np.full(n_well, np.nan)

    def total(values: np.ndarray) -> np.ndarray:
        if population.has(Group.WEIGHTED):
            values = values * weights
        return np.bincount(wells, weights=values, minlength=n_well)

    def mean(values: np.ndarray) -> np.ndarray:
        with np.errstate(invalid="ignore"):
            return total(values) / n_live

    size = population.state[CellState.SIZE, :n] if is_mechanistic else None
    found["biomass_pL"] = nothing if size is None else population.unit_volume * total(size)
    for row, name in STATE_COLUMNS.items():
        found[name] = mean(population.state[row, :n]) if is_mechanistic else nothing
    for name, column in (("growth_per_h", "growth"), ("hazard_per_h", "hazard")):
        found[name] = mean(population.live(column)) if is_mechanistic else nothing
    return found


def _corpses(state: State, population: Population) -> np.ndarray:
    """Return the expected dead cells of a population, float64[2, n_well]."""
    corpses = state.sites.corpses.get(population.name)
    if corpses is None:
        return np.zeros((len(Corpse), state.n_replicate))
    return corpses.reshape(len(Corpse), state.n_replicate, -1).sum(axis=2)


def _fluid(state: State, solved: Collection[Species]) -> dict[str, np.ndarray]:
    sites = state.sites
    unknown = np.full(sites.volume.shape[0], np.nan)
    dissolved = {
        f"{one.name.lower()}_uM": sites.concentration[one] if one in solved else unknown
        for one in Species
    }
    dissolved["asparaginase_IU_per_mL"] = sites.activity
    if state.has_first_sites:
        step = state.sites_per_replicate
        return {name: values[::step].copy() for name, values in dissolved.items()}
    share = sites.volume / float(sites.volume.sum())
    return {name: np.array([float(np.dot(v, share))]) for name, v in dissolved.items()}
