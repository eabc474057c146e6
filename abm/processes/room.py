"""Room: cells of a body grow the slower the fuller their compartment is.

    r = max(0, 1 - N/K)

N are all cells of the compartment, K is its capacity, for normal haematopoiesis in the marrow a
smaller one of its own: that is what holds the healthy marrow at its number, lets blasts crowd it
out, and lets it come back when they are gone. Eq. (B22) and (B23) of docs/marrow.md.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from abm.clock import Clock
from abm.environment.body import Compartment
from abm.kernels.cell_layout import CellCondition
from abm.parameters import ParameterSet, parameter
from abm.processes.process import AbstractProcess
from abm.state.columns import CellType, Group
from abm.state.exchange import Exchange
from abm.state.state import State


@dataclass(frozen=True, kw_only=True)
class RoomParameters(ParameterSet):
    """How many cells a compartment holds before growth stops there."""

    marrow_capacity: float = parameter(
        2e12, low=1.0, source="biology of the body model: logistic room, assumption A352"
    )
    """Cells of all kinds in the marrow."""
    blood_capacity: float = parameter(1e11, low=1.0, source="assumption A353")
    """Blasts in blood."""
    csf_capacity: float = parameter(1e9, low=1.0, source="assumption A353")
    """Blasts in the cerebrospinal fluid and on the leptomeninges."""
    tissue_capacity: float = parameter(3e11, low=1.0, source="assumption A353")
    """Blasts in liver, spleen and nodes."""
    normal_capacity: float = parameter(7e11, low=1.0, source="assumption A354")
    """Cells of all kinds in the marrow at which normal haematopoiesis makes none."""

    def capacities(self) -> NDArray[np.float64]:
        """Return the capacity for blasts of each compartment, float64[4]."""
        capacity = np.empty(len(Compartment))
        capacity[Compartment.PLASMA] = self.blood_capacity
        capacity[Compartment.MARROW] = self.marrow_capacity
        capacity[Compartment.CSF] = self.csf_capacity
        capacity[Compartment.TISSUE] = self.tissue_capacity
        return capacity


def room_left(
    n_cells: NDArray[np.float64], capacity: float | NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the share of growth that ``n_cells`` leave, in [0, 1], Eq. (B22)."""
    return np.maximum(0.0, 1.0 - n_cells / capacity)


class Room(AbstractProcess):
    """Writes the room of each compartment into the conditions of its mechanistic cells.

    The cells are counted at the start of the interval. It runs after ``nutrients``, which fits the
    work arrays to the population, and before ``metabolism``, which reads them.
    """

    name = "room"

    def __init__(self, parameters: RoomParameters, exchanges: dict[str, Exchange]) -> None:
        """``exchanges`` are the work arrays of each population, those of metabolism."""
        self.parameters = parameters
        self.exchanges = exchanges

    def advance(self, state: State, clock: Clock, ticks: int) -> None:
        """Set ``exchange.conditions[CROWDING]`` of every mechanistic population, in place."""
        del clock, ticks
        n_cells = cells_at_sites(state)
        blasts = room_left(n_cells, np.tile(self.parameters.capacities(), state.n_replicate))
        normal = room_left(n_cells, self.parameters.normal_capacity)
        for population in state.populations:
            if not population.has(Group.MECHANISTIC):
                continue
            room = normal if population.cell_type is CellType.NORMAL else blasts
            exchange = self.exchanges[population.name].fit(population)
            n = population.n
            exchange.conditions[CellCondition.CROWDING, :n] = room[population.live("site")]


def cells_at_sites(state: State) -> NDArray[np.float64]:
    """Return the living cells of all populations at each site, float64[n_site], exact."""
    total = np.zeros(state.sites.n)
    for population in state.populations:
        site, weights = population.live("site"), population.weights()
        total += np.bincount(site, weights=weights, minlength=state.sites.n)
    return total
