"""What the mechanistic cells can take up per hour."""

from numba import prange

from abm.kernels._jit import kernel, parallel_kernel
from abm.kernels.cell_layout import (
    BLOCK,
    FMOL_PER_UM_PL,
    SERIAL_BLOCKS,
    CellParameter,
    CellState,
    CellUptake,
)


@kernel
def _block_capacity(state, first, last, parameters, out):  # type: ignore[no-untyped-def]
    volume = parameters[CellParameter.VOLUME] * FMOL_PER_UM_PL
    asn_capacity = parameters[CellParameter.ASN_UPTAKE_CAPACITY] * volume
    gln_capacity = parameters[CellParameter.GLN_UPTAKE_CAPACITY] * volume
    glu_capacity = parameters[CellParameter.GLU_UPTAKE_CAPACITY] * volume
    facilitated = (
        parameters[CellParameter.EAA_UPTAKE_CAPACITY]
        * parameters[CellParameter.EAA_FACILITATED_SHARE]
        * volume
    )
    exchanged = (
        parameters[CellParameter.EAA_PER_EXCHANGE]
        * parameters[CellParameter.EXCHANGE_CAPACITY]
        * volume
    )
    exchange_half = parameters[CellParameter.EXCHANGE_HALF_SATURATION]
    gln_weight = parameters[CellParameter.GLN_EXCHANGE_WEIGHT]
    inverse_asn = 1.0 / parameters[CellParameter.ASN_TRANS_INHIBITION]
    inverse_gln = 1.0 / parameters[CellParameter.GLN_TRANS_INHIBITION]
    for cell in range(first, last):
        asn = state[CellState.ASN, cell]
        gln = state[CellState.GLN, cell]
        size = state[CellState.SIZE, cell]
        inside = asn + gln_weight * gln
        out[CellUptake.ASN, cell] = asn_capacity * size / (1.0 + asn * inverse_asn)
        out[CellUptake.GLN, cell] = gln_capacity * size / (1.0 + gln * inverse_gln)
        out[CellUptake.GLU, cell] = glu_capacity * size
        out[CellUptake.EAA, cell] = size * (
            facilitated + exchanged * inside / (exchange_half + inside)
        )


@parallel_kernel
def _capacity_blocks(state, n, parameters, out):  # type: ignore[no-untyped-def]
    for block in prange((n + BLOCK - 1) // BLOCK):
        first = block * BLOCK
        _block_capacity(state, first, min(first + BLOCK, n), parameters, out)


def uptake_capacity(state, n, parameters, out):  # type: ignore[no-untyped-def]
    """Write what each cell can take up per hour from a saturated medium.

    Asn: V_N V M / (1 + N/K_iN), Gln alike, Glu: V_Gl V M, essential amino acids:
    V M [share V_E + s_E V_ex (N + w_Q Q)/(K_ex + N + w_Q Q)].

    state      : float64[N_STATE, capacity]; n : cells in use
    parameters : float64[N_PARAMETER]
    out        : float64[4, capacity]  [fmol/h], columns below n overwritten (asn, gln, glu, eaa)
    """
    if n <= SERIAL_BLOCKS * BLOCK:
        _block_capacity(state, 0, n, parameters, out)
    else:
        _capacity_blocks(state, n, parameters, out)
