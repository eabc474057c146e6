"""The mechanistic cell over one coupling interval: advance, clamped driver.

Cells are worked on in blocks of 64, copied into a scratch block; a block is advanced in sub-steps
whose length each lane chooses for itself, so that a cell's result depends on nothing but the cell.
Equations: docs/model.md, the mechanistic cell; sub-step: :mod:`abm.kernels.cell_steps`.
"""

import numpy as np
from numba import prange

from abm.kernels._jit import inline_kernel, kernel, parallel_kernel
from abm.kernels.cell_layout import (
    BLOCK,
    FMOL_PER_UM_PL,
    N_FLUX,
    N_RELAXING,
    N_SCRATCH,
    N_STATE,
    N_UPTAKE,
    SERIAL_BLOCKS,
    CellCondition,
    CellParameter,
    CellUptake,
    Scratch,
)
from abm.kernels.cell_order import order_of_blocks
from abm.kernels.cell_predictor import predict_pools, predict_rest
from abm.kernels.cell_rates import all_rates, relate_to_size
from abm.kernels.cell_relaxation import fill_relaxation
from abm.kernels.cell_steps import (
    accept,
    correct_asn,
    correct_asp_eaa,
    correct_gln,
    correct_rest,
)
from abm.kernels.uptake import uptake_capacity

STATUS_OK = 0
STATUS_NOT_FINITE = 1
STATUS_TOO_MANY_STEPS = 2

MAXIMAL_LEVEL = 7
"""At most 2^7 sub-steps in one interval (the counts are uint8)."""


@kernel
def finest_level(dt_h, step_floor):  # type: ignore[no-untyped-def]
    """Return l such that dt_h / 2^l is the shortest sub-step that is not below step_floor."""
    level = 0
    while level < MAXIMAL_LEVEL and dt_h / (2 << level) >= step_floor * (1.0 - 1e-9):
        level += 1
    return level


@inline_kernel
def _load(  # type: ignore[no-untyped-def]
    scratch, state, cells, count, uptake, eaa_saturation, conditions, methylated_alleles,
    asns_gain, threshold_factor, parameters, dt_h,
):  # fmt: skip
    """Fill the scratch block; lanes from ``count`` on repeat the first cell and stay inactive."""
    per_amount = 1.0 / (parameters[CellParameter.VOLUME] * FMOL_PER_UM_PL * dt_h)
    set_point = parameters[CellParameter.ASNS_SET_POINT]
    threshold = parameters[CellParameter.DEATH_THRESHOLD]
    er_stress = parameters[CellParameter.ER_STRESS]
    for row in range(N_STATE):
        for lane in range(count):
            scratch[row, lane] = state[row, cells[lane]]
    for row in range(N_UPTAKE):
        for lane in range(count):
            scratch[Scratch.UPTAKE + row, lane] = uptake[row, cells[lane]] * per_amount
    for lane in range(count):
        cell = cells[lane]
        alleles = methylated_alleles[cell]
        scratch[Scratch.EAA_SATURATION, lane] = eaa_saturation[cell]
        scratch[Scratch.CROWDING, lane] = conditions[CellCondition.CROWDING, cell]
        scratch[Scratch.SYNTHESIS, lane] = conditions[CellCondition.SYNTHESIS, cell]
        scratch[Scratch.PERK, lane] = max(er_stress, conditions[CellCondition.PERK, cell])
        scratch[Scratch.BASAL_MESSAGE, lane] = parameters[CellParameter.BASAL_MESSAGE + alleles]
        scratch[Scratch.INDUCED_MESSAGE, lane] = parameters[CellParameter.INDUCED_MESSAGE + alleles]
        scratch[Scratch.ASNS_SET_POINT, lane] = set_point * asns_gain[cell]
        scratch[Scratch.INVERSE_THRESHOLD, lane] = 1.0 / (threshold * threshold_factor[cell])
        scratch[Scratch.IS_ACTIVE, lane] = 1.0
    relate_to_size(scratch, count, parameters, dt_h)
    for lane in range(count, BLOCK):
        scratch[Scratch.IS_ACTIVE, lane] = 0.0
        for row in range(N_STATE):
            scratch[row, lane] = scratch[row, 0]
        for row in range(Scratch.UPTAKE, Scratch.STEP):
            scratch[row, lane] = scratch[row, 0]
    for row in range(Scratch.FLUX, Scratch.AMOUNT):
        for lane in range(BLOCK):
            scratch[row, lane] = 0.0


@inline_kernel
def _set_steps(scratch, level, finest, table, dt_h):  # type: ignore[no-untyped-def]
    """Write length, weights and the last-resort mark of the next sub-step of every lane."""
    for lane in range(BLOCK):
        scratch[Scratch.STEP, lane] = dt_h / (1 << level[lane])
        scratch[Scratch.IS_FORCED, lane] = 1.0 if level[lane] == finest else 0.0
    for row in range(N_RELAXING):
        for lane in range(BLOCK):
            scratch[Scratch.RELAXATION + row, lane] = table[level[lane], row]


@inline_kernel
def _choose_steps(  # type: ignore[no-untyped-def]
    scratch, level, first_level, position, finest, is_refused, may_refuse
):
    """Advance the clock of every lane and choose its next level; return (lanes left, changed).

    ``position`` counts the shortest sub-steps done. A refused sub-step is halved, or ends the lane
    where ``may_refuse``; a calm one is doubled where the doubled one would begin on its own grid.
    ``first_level`` gets the level for the start of the next interval: what the first sub-step of
    this one allowed, as uptake jumps at the start of every interval and later ones are calmer.
    """
    n_active = 0
    n_changed = 0
    end = 1 << finest
    for lane in range(BLOCK):
        if scratch[Scratch.IS_ACTIVE, lane] == 0.0:
            continue
        width = 1 << (finest - level[lane])
        if scratch[Scratch.TAKEN, lane] > 0.0:
            is_calm = scratch[Scratch.UNREST, lane] <= 0.0 and level[lane] > 0
            if position[lane] == 0:
                first_level[lane] = level[lane] - 1 if is_calm else level[lane]
            position[lane] += width
            if is_calm and position[lane] % (2 * width) == 0:
                level[lane] -= 1
                n_changed += 1
            if position[lane] == end:
                scratch[Scratch.IS_ACTIVE, lane] = 0.0
            else:
                n_active += 1
        elif may_refuse:
            is_refused[lane] = True
            first_level[lane] = level[lane] + 1
            scratch[Scratch.IS_ACTIVE, lane] = 0.0
        else:
            level[lane] += 1
            n_changed += 1
            n_active += 1
    return n_active, n_changed


@inline_kernel
def _store(  # type: ignore[no-untyped-def]
    scratch, state, cells, level, is_refused, parameters, dt_h, substeps, fluxes, growth, hazard
):
    """Copy the lanes that are done back; return how many states are not finite.

    A refused lane keeps its state; the sign of its hazard, -1, says that it is still to be done.
    """
    count = cells.shape[0]
    per_flux = parameters[CellParameter.VOLUME] * FMOL_PER_UM_PL
    n_bad = 0
    for lane in range(count):
        if is_refused[lane]:
            for row in range(N_STATE):
                scratch[row, lane] = state[row, cells[lane]]
    for row in range(N_STATE):
        for lane in range(count):
            n_bad += 0 if abs(scratch[row, lane]) < 1e300 else 1
    for row in range(N_STATE):
        for lane in range(count):
            state[row, cells[lane]] = scratch[row, lane]
    for row in range(N_FLUX):
        for lane in range(count):
            fluxes[row, cells[lane]] = scratch[Scratch.FLUX + row, lane] * per_flux
    for lane in range(count):
        growth[cells[lane]] = scratch[Scratch.GROWTH_SUM, lane] / dt_h
        hazard[cells[lane]] = -1.0 if is_refused[lane] else scratch[Scratch.HAZARD_SUM, lane] / dt_h
        substeps[cells[lane]] = 1 << level[lane]
    return n_bad


@kernel
def advance_block(  # type: ignore[no-untyped-def]
    cells, state, uptake, eaa_saturation, conditions, methylated_alleles, asns_gain,
    threshold_factor, substeps, parameters, table, dt_h, fluxes, growth, hazard, may_refuse,
):  # fmt: skip
    """Advance the cells in the columns ``cells``, uint64[<= 64]; see :func:`advance_cells`.

    table : float64[n_level, 13] of :func:`fill_relaxation` for this dt_h and these parameters
    may_refuse : leave a cell whose first length of sub-step is refused as it was, hazard -1
    """
    scratch = np.empty((N_SCRATCH, BLOCK))
    level = np.zeros(BLOCK, np.int64)
    first_level = np.zeros(BLOCK, np.int64)
    position = np.zeros(BLOCK, np.int64)
    is_refused = np.zeros(BLOCK, np.bool_)
    finest = table.shape[0] - 1
    count = cells.shape[0]
    _load(
        scratch, state, cells, count, uptake, eaa_saturation, conditions, methylated_alleles,
        asns_gain, threshold_factor, parameters, dt_h,
    )  # fmt: skip
    for lane in range(count):
        while level[lane] < finest and (1 << level[lane]) < substeps[cells[lane]]:
            level[lane] += 1
    _set_steps(scratch, level, finest, table, dt_h)
    n_active = count
    for _ in range(4 << finest):
        all_rates(scratch, Scratch.STATE, Scratch.RATE_START, parameters)
        predict_pools(scratch, parameters)
        predict_rest(scratch)
        all_rates(scratch, Scratch.PREDICTED, Scratch.RATE_END, parameters)
        correct_gln(scratch, parameters)
        correct_asn(scratch, parameters)
        correct_asp_eaa(scratch, parameters)
        correct_rest(scratch, parameters)
        accept(scratch, parameters)
        n_active, n_changed = _choose_steps(
            scratch, level, first_level, position, finest, is_refused, may_refuse
        )
        if n_active == 0:
            break
        if n_changed > 0:
            _set_steps(scratch, level, finest, table, dt_h)
    n_bad = _store(
        scratch, state, cells, first_level, is_refused, parameters, dt_h, substeps, fluxes,
        growth, hazard,
    )  # fmt: skip
    if n_bad > 0:
        return STATUS_NOT_FINITE
    return STATUS_OK if n_active == 0 else STATUS_TOO_MANY_STEPS


@parallel_kernel
def _advance_blocks(  # type: ignore[no-untyped-def]
    order, state, uptake, eaa_saturation, conditions, methylated_alleles, asns_gain,
    threshold_factor, substeps, parameters, table, dt_h, fluxes, growth, hazard, may_refuse, status,
):  # fmt: skip
    for block in prange(status.shape[0]):
        status[block] = advance_block(
            order[block * BLOCK : (block + 1) * BLOCK], state, uptake, eaa_saturation, conditions,
            methylated_alleles, asns_gain, threshold_factor, substeps, parameters, table, dt_h,
            fluxes, growth, hazard, may_refuse,
        )  # fmt: skip


def advance_cells(  # type: ignore[no-untyped-def]
    state, n, uptake, eaa_saturation, conditions, methylated_alleles, asns_gain, threshold_factor,
    substeps, parameters, dt_h, fluxes, growth, hazard,
):  # fmt: skip
    """Advance cells over one coupling interval and return a status (0: done).

    state              : float64[N_STATE, capacity], columns below n changed in place
    n                  : cells in use
    uptake             : float64[4, capacity]  [fmol per interval], taken at a constant rate
    eaa_saturation     : float64[capacity], Eo/(K_Eo + Eo)
    conditions         : float64[N_CONDITION, capacity], rows of CellCondition: room for growth, 0
                         to 1; factor of synthesis; input of PERK from glucose and
                         oxygen, 0 to 1 (the ER stress of ``parameters`` counts where it is larger)
    methylated_alleles : uint8[capacity]
    asns_gain          : float64[capacity], multiplies the set-point of the synthetase
    threshold_factor   : float64[capacity], multiplies the threshold of death
    substeps           : uint8[capacity], sub-steps to begin with (power of two, 0 = 1); overwritten
                         by those to begin the next interval with
    parameters         : float64[N_PARAMETER]
    dt_h               : length of the interval [h]
    fluxes             : float64[N_FLUX, capacity]  [fmol per interval], overwritten
    growth, hazard     : float64[capacity], mean mu and mean h of the interval [1/h], overwritten

    Status 1: a state is not finite; 2: a cell did not reach the end of the interval.
    """
    n_level = finest_level(dt_h, parameters[CellParameter.STEP_FLOOR]) + 1
    table = np.empty((n_level, N_RELAXING))
    fill_relaxation(parameters, dt_h, table)
    # Cells that need more sub-steps than expected are left over for blocks of their own.
    # Unsigned columns need no test for negative ones at each access.
    cells = order_of_blocks(substeps, n)
    worst = STATUS_OK
    for may_refuse in (True, False):
        status = np.zeros((cells.size + BLOCK - 1) // BLOCK, np.int64)
        if status.size > SERIAL_BLOCKS:
            _advance_blocks(
                cells, state, uptake, eaa_saturation, conditions, methylated_alleles, asns_gain,
                threshold_factor, substeps, parameters, table, dt_h, fluxes, growth, hazard,
                may_refuse, status,
            )  # fmt: skip
        else:
            for block in range(status.size):
                status[block] = advance_block(
                    cells[block * BLOCK : (block + 1) * BLOCK], state, uptake, eaa_saturation,
                    conditions, methylated_alleles, asns_gain, threshold_factor, substeps,
                    parameters, table, dt_h, fluxes, growth, hazard, may_refuse,
                )  # fmt: skip
        worst = max(worst, int(status.max(initial=STATUS_OK)))
        cells = np.flatnonzero(hazard[:n] < 0.0).view(np.uint64)
    return worst


def advance_clamped(  # type: ignore[no-untyped-def]
    state, n, medium, conditions, methylated_alleles, asns_gain, threshold_factor, substeps,
    parameters, dt_h, n_interval, fluxes, growth, hazard,
):  # fmt: skip
    """Advance cells over many coupling intervals in a medium that stays as it is.

    Each interval reads the uptake capacity at its start and takes capacity times saturation, with
    the outside half-saturations of ``parameters``: Asn K_N (1 + Qo/K_Q), Gln K_Q (1 + No/K_N).

    medium : float64[4]  [uM], order of CellUptake
    fluxes : float64[N_FLUX, capacity]  [fmol], overwritten with the sum over all intervals
    growth, hazard : float64[capacity]  [1/h], overwritten with the mean over all intervals

    The other arguments and the status are those of :func:`advance_cells`.
    """
    half_asn = parameters[CellParameter.ASN_HALF_SATURATION]
    half_gln = parameters[CellParameter.GLN_HALF_SATURATION]
    asn = medium[CellUptake.ASN]
    gln = medium[CellUptake.GLN]
    glu = medium[CellUptake.GLU]
    eaa = medium[CellUptake.EAA]
    saturation = np.empty(N_UPTAKE)
    saturation[CellUptake.ASN] = asn / (asn + half_asn * (1.0 + gln / half_gln))
    saturation[CellUptake.GLN] = gln / (gln + half_gln * (1.0 + asn / half_asn))
    saturation[CellUptake.GLU] = glu / (glu + parameters[CellParameter.GLU_HALF_SATURATION])
    saturation[CellUptake.EAA] = eaa / (eaa + parameters[CellParameter.EAA_HALF_SATURATION])
    eaa_saturation = np.full(n, saturation[CellUptake.EAA])
    per_interval = saturation[:, None] * dt_h
    uptake = np.empty((N_UPTAKE, n))
    flux = np.empty((N_FLUX, n))
    mean_growth = np.empty(n)
    mean_hazard = np.empty(n)
    for total in (fluxes[:, :n], growth[:n], hazard[:n]):
        total[...] = 0.0
    worst = STATUS_OK
    for _ in range(n_interval):
        uptake_capacity(state, n, parameters, uptake)
        uptake *= per_interval
        status = advance_cells(
            state, n, uptake, eaa_saturation, conditions, methylated_alleles, asns_gain,
            threshold_factor, substeps, parameters, dt_h, flux, mean_growth, mean_hazard,
        )  # fmt: skip
        worst = max(worst, status)
        growth[:n] += mean_growth
        hazard[:n] += mean_hazard
        fluxes[:, :n] += flux
    growth[:n] /= n_interval
    hazard[:n] /= n_interval
    return worst
