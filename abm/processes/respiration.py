"""Oxygen in a tissue: it diffuses, and the cells use it up.

    do/dt = D (o_next - o)/h^2 + k_v m_v (o_vessel - o) - (1/h^3) sum_cells q V M o / (K + o)

Oxygen passes through cells, so that it fills the whole of a voxel and not only the extracellular
share (assumption A472). Vessels have an exchange and a concentration of their own for it
(assumptions A475 and A476). Switched on by ``o2`` among the species of a tissue; elsewhere oxygen
is read by the cells and not used up (assumption A87).
"""

import dataclasses
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from abm.clock import Clock
from abm.environment.field_solver import TissueSolver
from abm.environment.fluxes import SIGN, Flux, IntervalResult
from abm.environment.reactions import DiffusionParameters, Reactions, SolverParameters
from abm.environment.tissue import MOST_VESSEL_EXCHANGE, Edges, Tissue
from abm.kernels.cell_layout import CellState
from abm.ledger import Ledger
from abm.parameters import ParameterSet, parameter
from abm.processes.process import AbstractProcess
from abm.state.columns import Group
from abm.state.sites import N_UPTAKE, Drug, Species
from abm.state.state import State
from abm.units import FMOL_PER_UM_PL

_ROW = Species.EAA
_UPTAKE_ROW = 3
"""The solver knows saturable uptake of four species. One of its own that solves only the last of
them, with the constants of oxygen, advances oxygen with the same machine code."""
_FLUXES = {
    Flux.VESSEL_IN: "vessel in",
    Flux.VESSEL_OUT: "vessel out",
    Flux.EDGE: "edge",
    Flux.UPTAKE: "respiration",
}
"""What the ledger calls the fluxes of oxygen; there are no others."""


@dataclass(frozen=True, kw_only=True)
class RespirationParameters(ParameterSet):
    """Use of oxygen by all cells of a tissue."""

    consumption: float = parameter(
        1e5, unit="uM/h", high=1e6,
        source="22 mmHg/s in DLD-1 spheroids, Grimes 2014 doi:10.1098/rsif.2013.1124, from memory; "
        "assumption A471",
    )  # fmt: skip
    """Oxygen that a volume of cells uses at saturation, over that volume."""
    half_saturation: float = parameter(
        1.0, unit="uM", low=0.05, high=1000.0, source="assumption A473"
    )
    """Oxygen at half of the full use."""
    vessel_exchange: float = parameter(
        MOST_VESSEL_EXCHANGE, high=MOST_VESSEL_EXCHANGE, source="assumption A475"
    )
    """Exchange rate of a vessel voxel with blood, in units of D / spacing^2 of oxygen."""
    blood_oxygen: float = parameter(
        85.0, unit="uM", high=1000.0,
        source="67 mmHg at 1.26 uM/mmHg, midway from artery to vein; assumption A476",
    )  # fmt: skip
    """Oxygen dissolved in the blood of vessels, whose haemoglobin keeps it there."""


class _Constants(NamedTuple):
    """Constants of oxygen where the solver has those of other species, which have other ranges."""

    values: np.ndarray

    def as_array(self) -> np.ndarray:
        """Return them as :class:`abm.environment.reactions.Constants`."""
        return self.values


class Respiration(AbstractProcess):
    """Advance oxygen with the volumes of the cells frozen over the interval.

    Changes row O2 of concentration and defect of the sites; no cell gets anything, they read what
    is left.
    """

    name = "respiration"

    def __init__(
        self,
        parameters: RespirationParameters,
        tissue: Tissue,
        diffusion: DiffusionParameters,
        solver: SolverParameters,
        oxygen: float,
        ledger: Ledger,
    ) -> None:
        """``oxygen`` [uM] is what fixed faces hold; ``ledger`` books oxygen from now on."""
        self.parameters = parameters
        self.ledger = ledger
        ledger.room[Species.O2] = 1.0 / tissue.extracellular_fraction
        face, blood = np.zeros((2, len(Species)))
        face[_ROW], blood[_ROW] = oxygen, parameters.blood_oxygen
        coefficient = float(diffusion.as_array()[Species.O2])
        whole = dataclasses.replace(
            tissue,
            extracellular_fraction=1.0,
            edges=Edges(*(None if edge is None else face for edge in tissue.edges)),
            exchange_rate=parameters.vessel_exchange * (coefficient / tissue.spacing**2),
        )
        self.solver = TissueSolver(
            whole,
            Reactions(
                species=(_ROW,),
                transport=_Constants(np.full(N_UPTAKE, parameters.half_saturation)),
                diffusion=_Constants(np.full(len(Species), coefficient)),
                solver=solver,
            ),
            blood,
        )

    def advance(self, state: State, clock: Clock, ticks: int) -> None:
        """Advance and book the oxygen of all sites; raises NumericalError as the solver."""
        result = self.exchange(state, clock.to_hours(ticks))
        self.ledger.rough_steps += result.n_rough_steps
        for flux, name in _FLUXES.items():
            amount = float(result.amount[_ROW, flux])
            if amount != 0.0:
                self.ledger.book(Species.O2, name, SIGN[flux] * amount)

    def exchange(self, state: State, hours: float) -> IntervalResult:
        """Advance the oxygen of all sites; return what the cells used and the vessels gave.

        They stand in the rows of the essential amino acids.
        """
        sites = state.sites
        capacity = np.zeros((N_UPTAKE, sites.n))
        for population in state.populations:
            assert not population.has(Group.WEIGHTED), "the cells of a tissue are single ones"
            if population.has(Group.MECHANISTIC) and population.n:
                size = population.state[CellState.SIZE, : population.n]
                capacity[_UPTAKE_ROW] += np.bincount(
                    population.live("site"), weights=size, minlength=sites.n
                ) * (FMOL_PER_UM_PL * population.unit_volume * self.parameters.consumption)
        concentration, defect = np.zeros((2, len(Species), sites.n))
        concentration[_ROW] = sites.concentration[Species.O2]
        defect[_ROW] = sites.defect[Species.O2]
        result = self.solver.advance(
            concentration, defect, capacity, np.zeros_like(concentration), np.zeros(sites.n),
            hours, Drug(),
        )  # fmt: skip
        sites.concentration[Species.O2] = concentration[_ROW]
        sites.defect[Species.O2] = defect[_ROW]
        return result

    def adopt(self, before: AbstractProcess, state: State, clock: Clock) -> None:
        """Keep the step length of the solver."""
        assert isinstance(before, Respiration)
        self.solver.follow(before.solver)
