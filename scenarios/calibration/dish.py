"""A mean cell in a clamped medium or a closed well: the engine's steps without single agents.

All cells of a culture are alike and out of step, so that their number grows like their size and
falls with their hazard, n' = (M'/M - h) n, where one agent per well stands for them all. The step
of the cell, the exchange and the solver of the well are those of the agents. Left out: the spread
between cells, chance, and what dead cells give back to the medium.
"""

import dataclasses
import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from abm.environment.reactions import Reactions, TransportParameters
from abm.environment.well import Well, WellSolver
from abm.errors import NumericalError
from abm.kernels.cell import advance_cells
from abm.kernels.cell_layout import (
    N_CONDITION,
    N_FLUX,
    CellCondition,
    CellFlux,
    CellState,
    CellUptake,
)
from abm.kernels.uptake import uptake_capacity
from abm.pharmacology.products import find_product
from abm.processes.cell_parameters import CellParameters
from abm.processes.equilibrium import (
    FAST_INTERVAL_H,
    FAST_PHASE_H,
    INTERVAL_H,
    ClampedMedium,
    make_newborn,
    run_clamped,
)
from abm.processes.fate import CorpseParameters
from abm.processes.inheritance import DIVISION_SIZE_MEAN, InheritanceParameters
from abm.processes.microenvironment import perk_input, serine_factor
from abm.state.sites import N_UPTAKE, Drug, Species

_SOLVED = (Species.ASN, Species.GLN, Species.GLU)
_CHUNK_H, _EARLY_CHUNK_H, _EARLY_H = 1.0, 0.25, 4.0
"""Clamped cells are read and made newborn again this often, and early in a new medium."""
_CLOSE_H = 1e-6


@dataclasses.dataclass(frozen=True)
class Course:
    """What one or several wells did.

    hours : float64[n_time], from 0 on
    state : float64[n_time, N_STATE, n_well]
    count : float64[n_time, n_well], living cells over those at the start
    dead  : float64[n_time, n_well], dead cells that are not lysed yet, in the same unit
    growth, hazard : float64[n_time, n_well], means of the interval before [1/h]
    """

    hours: NDArray[np.float64]
    state: NDArray[np.float64]
    count: NDArray[np.float64]
    dead: NDArray[np.float64]
    growth: NDArray[np.float64]
    hazard: NDArray[np.float64]

    def at(self, hour: float, values: NDArray[np.float64]) -> float:
        """Return ``values``, float64[n_time], at a time [h], linear between the records."""
        return float(np.interp(hour, self.hours, values))


@dataclasses.dataclass(frozen=True)
class Stretch:
    """Some hours in one medium, float64[n_species] [uM]."""

    hours: float
    medium: NDArray[np.float64]


class _Recorder:
    """Counts living and dead cells and keeps the course."""

    def __init__(self, state: NDArray[np.float64]) -> None:
        n = state.shape[1]
        self._count = np.ones(n)
        self._corpses = np.zeros((2, n))
        self._ageing = CorpseParameters()
        zero = np.zeros(n)
        self._rows = [(0.0, state.copy(), self._count, zero, zero, zero)]

    @property
    def count(self) -> NDArray[np.float64]:
        """Living cells over those at the start, float64[n]."""
        return self._count

    def add(
        self,
        state: NDArray[np.float64],
        growth: NDArray[np.float64],
        hazard: NDArray[np.float64],
        hours: float,
    ) -> None:
        """Book an interval at whose start all cells had size 1."""
        divided = self._count * state[CellState.SIZE]
        self._count = divided * np.exp(-hazard * hours)
        self._corpses = self._ageing.aged(self._corpses, hours)
        self._corpses[0] += divided - self._count
        row = (self._count, self._corpses.sum(axis=0), growth.copy(), hazard.copy())
        self._rows.append((self._rows[-1][0] + hours, state.copy(), *row))

    def course(self) -> Course:
        """Return what was booked."""
        return Course(*(np.array(column) for column in zip(*self._rows, strict=True)))


def clamped_course(
    state: NDArray[np.float64],
    vector: NDArray[np.float64],
    stretches: Sequence[Stretch],
    alleles: int,
    gain: float = 1.0,
) -> Course:
    """Run cells, ``state[N_STATE, n]`` changed in place, through media that do not change.

    ``gain`` is that of the ASNS gene. Raises NumericalError if the kernel does.
    """
    recorder = _Recorder(state)
    for stretch in stretches:
        medium = ClampedMedium.of(stretch.medium)
        done = 0.0
        while done < stretch.hours - _CLOSE_H:
            chunk = _EARLY_CHUNK_H if done < _EARLY_H - _CLOSE_H else _CHUNK_H
            hours = min(chunk, stretch.hours - done)
            interval = FAST_INTERVAL_H if done < FAST_PHASE_H - _CLOSE_H else INTERVAL_H
            make_newborn(state, vector)
            n_interval = max(round(hours / interval), 1)
            growth, hazard = run_clamped(
                state, vector, medium, hours, alleles, gain, interval_h=hours / n_interval
            )
            recorder.add(state, growth, hazard, hours)
            done += hours
    return recorder.course()


def closed_course(
    state: NDArray[np.float64],
    vector: NDArray[np.float64],
    parameters: CellParameters,
    stretch: Stretch,
    alleles: int,
    cells_per_pL: float,
    doses: Sequence[float],
    product: str,
    gain: float = 1.0,
) -> Course:
    """Run one well per dose [IU/mL], whose medium cells and enzyme use up.

    ``state[N_STATE, n_dose]`` is changed in place; ``gain`` is that of the ASNS gene.
    Raises NumericalError if a kernel does.
    """
    n = len(doses)
    wells = _Wells(vector, parameters, stretch.medium, product, np.asarray(doses, np.float64))
    recorder = _Recorder(state)
    cells = _Cells(state, vector, alleles, gain, stretch.medium)
    n_interval = max(round(stretch.hours / INTERVAL_H), 1)
    hours = stretch.hours / n_interval
    release = np.zeros((len(Species), n))
    per_cell = mean_size() * cells_per_pL
    for _ in range(n_interval):
        make_newborn(state, vector)
        capacity = cells.capacity()
        weight = per_cell * recorder.count
        exposure = wells.advance(capacity * weight, release, hours)
        cells.advance(capacity * exposure, exposure[CellUptake.EAA] / hours, hours)
        release[Species.ASN] = cells.fluxes[CellFlux.EXPORTED_ASN] * weight
        release[Species.GLN] = cells.fluxes[CellFlux.EXPORTED_GLN] * weight
        recorder.add(state, cells.growth, cells.hazard, hours)
    return recorder.course()


class _Wells:
    """One picolitre of medium for each dose."""

    def __init__(
        self,
        vector: NDArray[np.float64],
        parameters: CellParameters,
        medium: NDArray[np.float64],
        product: str,
        activity: NDArray[np.float64],
    ) -> None:
        enzyme = find_product(product).enzyme
        drug = Drug(
            0.0, enzyme.half_saturation_asn, enzyme.half_saturation_gln, enzyme.glutaminase_share
        )
        transport = TransportParameters(
            half_saturation_asn=parameters.asn_half_saturation,
            half_saturation_gln=parameters.gln_half_saturation,
            half_saturation_glu=parameters.glu_half_saturation,
            half_saturation_eaa=parameters.eaa_half_saturation,
        )
        n = activity.shape[0]
        reactions = Reactions(species=_SOLVED, transport=transport, drug=drug)
        self._solver = WellSolver(Well(n, 1.0), reactions, medium)
        self._concentration = np.repeat(medium[:, None], n, axis=1)
        self._defect = np.zeros_like(self._concentration)
        self._activity = activity

    def advance(
        self, capacity: NDArray[np.float64], release: NDArray[np.float64], hours: float
    ) -> NDArray[np.float64]:
        """Return the exposure [h] of the uptake species, float64[4, n]; fmol and fmol/h per pL."""
        result = self._solver.advance(
            self._concentration, self._defect, capacity, release, self._activity, hours
        )
        return result.exposure


class _Cells:
    """One cell of size 1 for each well."""

    def __init__(
        self,
        state: NDArray[np.float64],
        vector: NDArray[np.float64],
        alleles: int,
        gain: float,
        medium: NDArray[np.float64],
    ) -> None:
        n = state.shape[1]
        self._state, self._vector = state, vector
        self._alleles = np.full(n, alleles, np.uint8)
        self._gains = np.full(n, gain)
        self._ones = np.ones(n)
        self._substeps = np.ones(n, np.uint8)
        self._conditions = np.ones((N_CONDITION, n))
        self._conditions[CellCondition.SYNTHESIS] = serine_factor(vector, medium[Species.SER])
        self._conditions[CellCondition.PERK] = perk_input(
            vector, medium[Species.GLUCOSE], medium[Species.O2]
        )
        self._capacity = np.empty((N_UPTAKE, n))
        self.fluxes = np.zeros((N_FLUX, n))
        self.growth, self.hazard = np.zeros(n), np.zeros(n)

    def capacity(self) -> NDArray[np.float64]:
        """Return what a cell takes up from a saturated medium, float64[4, n] [fmol/h]."""
        uptake_capacity(self._state, self._state.shape[1], self._vector, self._capacity)
        return self._capacity

    def advance(
        self, uptake: NDArray[np.float64], eaa_saturation: NDArray[np.float64], hours: float
    ) -> None:
        """Advance the cells by an interval in which they take ``uptake`` [fmol]."""
        status = advance_cells(
            self._state, self._state.shape[1], uptake, eaa_saturation, self._conditions,
            self._alleles, self._gains, self._ones, self._substeps, self._vector, hours,
            self.fluxes, self.growth, self.hazard,
        )  # fmt: skip
        if status != 0:
            raise NumericalError(f"cells in a closed well: status {status} of the cell kernel")


def mean_size() -> float:
    """Return the mean size of cells that grow for long, none in step with another."""
    cv = InheritanceParameters().division_size_cv
    return DIVISION_SIZE_MEAN * math.log(2.0) / (1.0 + cv**2)
