"""A cell that stands in a medium that does not change: its translation rate, start and growth.

No line states its translation rate k_s; it is solved so that the unmethylated line doubles in its
doubling time in clamped RPMI-1640, death included. Clones and knock-downs inherit it.
"""

import dataclasses
import functools
import math
from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from abm.errors import NumericalError
from abm.kernels.cell import advance_clamped
from abm.kernels.cell_layout import (
    N_CONDITION,
    N_FLUX,
    N_STATE,
    CellCondition,
    CellParameter,
    CellState,
)
from abm.processes.cell_lines import CellLine
from abm.processes.cell_parameters import CellParameters
from abm.processes.cell_vector import CellSwitches, parameter_vector
from abm.processes.microenvironment import perk_input, serine_factor
from abm.state.sites import Species

FAST_INTERVAL_H = 1.0 / 60.0
INTERVAL_H = 0.1
FAST_PHASE_H = 2.0
"""Coupling of the engine: 1 min for 2 h after a jump of the medium, else 6 min."""

SETTLING_H = 240.0
"""Time for which each trial of the translation rate is run on from the trial before."""

MEASURED_H = 24.0
"""Last part of a run over which settled growth is averaged."""

RATE_TOLERANCE = 1e-7
"""Relative error of the solved translation rate."""

MAXIMAL_TRIALS = 20


@dataclasses.dataclass(frozen=True, kw_only=True)
class ClampedMedium:
    """What a cell feels of its medium, all in uM."""

    asn: float
    gln: float
    glu: float
    eaa: float
    ser: float = 150.0
    glucose: float = 5000.0
    o2: float = 200.0

    @classmethod
    def of(cls, concentration: NDArray[np.float64]) -> Self:
        """Return what a cell feels of ``concentration``, float64[n_species] [uM]."""
        return cls(
            **{one.name: float(concentration[Species[one.name.upper()]])
               for one in dataclasses.fields(cls)}
        )  # fmt: skip


RPMI_1640 = ClampedMedium(asn=379.0, gln=2055.0, glu=136.0, eaa=1630.0, ser=285.7, glucose=11111.0)
"""RPMI-1640 (Gibco 11875); essential amino acids are Leu, Arg and His."""

HUMAN_PLASMA = ClampedMedium(asn=50.0, gln=550.0, glu=80.0, eaa=380.0)
"""Human plasma-like medium (Cantor 2017)."""


def solve_translation_rate(
    line: CellLine, parameters: CellParameters | None = None, *, dilution: bool = True
) -> float:
    """Return k_s [1/h] at which mu - h = ln2/Td in clamped RPMI-1640 without methylation.

    Secant on the settled net growth; each trial runs on from the state of the one before. Lines
    with equal numbers are solved once per process. ``dilution=False`` leaves the dilution of the
    pools by growth out, as in the reference file. Raises NumericalError if no rate is found.
    """
    return _solve_translation_rate(line, parameters or CellParameters(), dilution)


@functools.lru_cache(maxsize=1024)
def _solve_translation_rate(line: CellLine, parameters: CellParameters, dilution: bool) -> float:
    switches = CellSwitches(dilution=float(dilution))
    wanted = math.log(2.0) / line.doubling_time
    state = rough_state(line, parameters, [0], [1.0])

    def missed(rate: float) -> float:
        vector = parameter_vector(parameters, line, rate, switches)
        growth, hazard = run_clamped(state, vector, RPMI_1640, SETTLING_H, [0], [1.0])
        return float(growth[0] - hazard[0]) - wanted

    before = 1.5 * wanted + 0.01
    missed(before)
    error_before = missed(before)
    rate = before - error_before
    for _ in range(MAXIMAL_TRIALS):
        error = missed(rate)
        slope = (error - error_before) / (rate - before) if rate != before else 1.0
        step = -error / slope if slope > 0.0 else -error
        before, error_before = rate, error
        rate = max(rate + step, 0.1 * rate)
        if abs(step) < RATE_TOLERANCE * rate:
            return rate
    raise NumericalError(
        f"line {line.line_id}: no translation rate gives a doubling time of "
        f"{line.doubling_time} h (last {rate:g} 1/h, net growth off by {error_before:g} 1/h)"
    )


def equilibrated_state(
    line: CellLine,
    translation_rate: float,
    methylated_alleles: ArrayLike = 0,
    gain: ArrayLike = 1.0,
    medium: ClampedMedium = RPMI_1640,
    *,
    hours: float = 96.0,
    parameters: CellParameters | None = None,
    switches: CellSwitches | None = None,
    threshold_factor: ArrayLike = 1.0,
) -> NDArray[np.float64]:
    """Return ``state[N_STATE, n]`` of newborn cells (size 1) that stood ``hours`` in a medium.

    ``methylated_alleles``, ``gain`` (of the set-point of the synthetase) and ``threshold_factor``
    are numbers or arrays of n genotypes.
    """
    parameters = parameters or CellParameters()
    alleles, gains, factors = np.broadcast_arrays(
        np.atleast_1d(methylated_alleles), np.atleast_1d(gain), np.atleast_1d(threshold_factor)
    )
    state = rough_state(line, parameters, alleles, gains)
    vector = parameter_vector(parameters, line, translation_rate, switches)
    run_clamped(state, vector, medium, hours, alleles, gains, threshold_factor=factors)
    make_newborn(state, vector)
    return state


def net_growth(
    line: CellLine,
    translation_rate: float,
    methylated_alleles: ArrayLike = 0,
    gain: ArrayLike = 1.0,
    medium: ClampedMedium = HUMAN_PLASMA,
    asn: float | None = None,
    *,
    hours: float = 336.0,
    parameters: CellParameters | None = None,
    switches: CellSwitches | None = None,
    kill_factor: float = 1.0,
) -> NDArray[np.float64]:
    """Return growth minus death [1/h] of n genotypes on the last day of ``hours`` in a medium.

    ``asn`` [uM] replaces that of the medium. The cells come from RPMI-1640 equilibrium; a genotype
    counts as resistant when this is positive in human plasma with 0.02 uM Asn. ``kill_factor``
    scales the death, as it does for weighted cells.
    """
    parameters = parameters or CellParameters()
    alleles, gains = np.broadcast_arrays(np.atleast_1d(methylated_alleles), np.atleast_1d(gain))
    if asn is not None:
        medium = dataclasses.replace(medium, asn=asn)
    state = equilibrated_state(
        line, translation_rate, alleles, gains, parameters=parameters, switches=switches
    )
    vector = parameter_vector(parameters, line, translation_rate, switches)
    run_clamped(state, vector, medium, FAST_PHASE_H, alleles, gains, interval_h=FAST_INTERVAL_H)
    run_clamped(state, vector, medium, hours - FAST_PHASE_H - MEASURED_H, alleles, gains)
    growth, hazard = run_clamped(state, vector, medium, MEASURED_H, alleles, gains)
    return growth - kill_factor * hazard


def rough_state(
    line: CellLine, parameters: CellParameters, methylated_alleles: ArrayLike, gain: ArrayLike
) -> NDArray[np.float64]:
    """Return ``state[N_STATE, n]`` from which a cell settles: near a replete one."""
    alleles = np.atleast_1d(methylated_alleles).astype(np.int64)
    message = np.array([1.0, parameters.message_one_methylated, parameters.message_two_methylated])[
        alleles
    ]
    state = np.empty((N_STATE, alleles.size))
    start = {
        CellState.ASN: 700.0,
        CellState.GLN: 3000.0,
        CellState.ASP: 2000.0,
        CellState.EAA: 1500.0,
        CellState.EIF2A_P: 0.06,
        CellState.ATF4: 1.0 + line.ras_gain,
        CellState.MTORC1: 0.7,
        CellState.AMPK: 0.2,
        CellState.P53: 0.15 * line.p53_wild_type,
        CellState.AUTOPHAGY: parameters.autophagy_basal,
        CellState.CHOP: 1.05,
        CellState.SURVIVAL: 1.0,
        CellState.ANAPLEROTIC_STRESS: 0.05,
        CellState.COMMITMENT: 0.1,
        CellState.GS: 1.1,
        CellState.RESERVE: 1.0,
        CellState.SIZE: 1.0,
        CellState.BOUND_ASN: parameters.asn_in_protein,
        CellState.BOUND_GLN: parameters.gln_in_protein,
    }
    for row, value in start.items():
        state[row] = value
    state[CellState.ASNS_MRNA] = message
    state[CellState.ASNS] = line.asns_set_point * message * np.asarray(gain)
    return state


def make_newborn(state: NDArray[np.float64], vector: NDArray[np.float64]) -> None:
    """Set size 1 and the protein that belongs to it, in place."""
    state[CellState.SIZE] = 1.0
    state[CellState.BOUND_ASN] = vector[CellParameter.ASN_IN_PROTEIN]
    state[CellState.BOUND_GLN] = vector[CellParameter.GLN_IN_PROTEIN]


def run_clamped(
    state: NDArray[np.float64],
    vector: NDArray[np.float64],
    medium: ClampedMedium,
    hours: float,
    methylated_alleles: ArrayLike,
    gain: ArrayLike,
    *,
    threshold_factor: ArrayLike = 1.0,
    interval_h: float = INTERVAL_H,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Advance ``state[N_STATE, n]`` in place; return growth and hazard of the last day [1/h].

    Cells are made newborn again every day, so that size stays in range. Raises NumericalError if
    the kernel does.
    """
    n = state.shape[1]
    alleles = np.broadcast_to(np.asarray(methylated_alleles, np.uint8), n).copy()
    gains = np.broadcast_to(np.asarray(gain, np.float64), n).copy()
    factors = np.broadcast_to(np.asarray(threshold_factor, np.float64), n).copy()
    outside = np.array([medium.asn, medium.gln, medium.glu, medium.eaa])
    conditions = np.ones((N_CONDITION, n))
    conditions[CellCondition.SYNTHESIS] = serine_factor(vector, medium.ser)
    conditions[CellCondition.PERK] = perk_input(vector, medium.glucose, medium.o2)
    substeps = np.ones(n, np.uint8)
    fluxes = np.empty((N_FLUX, n))
    growth = np.zeros(n)
    hazard = np.zeros(n)
    left = round(hours / interval_h)
    per_day = round(MEASURED_H / interval_h)
    while left > 0:
        n_interval = left % per_day or per_day
        make_newborn(state, vector)
        status = advance_clamped(
            state, n, outside, conditions, alleles, gains, factors, substeps, vector,
            interval_h, n_interval, fluxes, growth, hazard,
        )  # fmt: skip
        if status != 0:
            raise NumericalError(
                f"cells in a clamped medium ({medium}): status {status} of the cell kernel"
            )
        left -= n_interval
    return growth, hazard
