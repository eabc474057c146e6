"""Weights of the states of the mechanistic cell that relax to a target at a rate of their own."""

from abm.kernels._jit import kernel
from abm.kernels.cell_layout import N_RELAXING, CellParameter, CellState
from abm.kernels.cell_phi import over_of, under_of

LN2 = 0.6931471805599453


@kernel
def fill_relaxation(parameters, dt_h, out):  # type: ignore[no-untyped-def]
    """Write the share of the way to a constant target that each state goes in one sub-step.

    out : float64[n_level, 13], overwritten; row l is for sub-steps of dt_h / 2^l, columns are the
    states from EIF2A_P to GS (that of ASNS, whose loss varies, stays 0).
    """
    first = CellState.EIF2A_P
    for level in range(out.shape[0]):
        step = dt_h / (1 << level)
        out[level, CellState.EIF2A_P - first] = step / parameters[CellParameter.EIF2A_P_TIME]
        out[level, CellState.ATF4 - first] = LN2 * step / parameters[CellParameter.ATF4_HALF_LIFE]
        out[level, CellState.ASNS_MRNA - first] = (
            LN2 * step / parameters[CellParameter.ASNS_MRNA_HALF_LIFE]
        )
        out[level, CellState.ASNS - first] = 0.0
        out[level, CellState.MTORC1 - first] = step / parameters[CellParameter.MTORC1_TIME]
        out[level, CellState.AMPK - first] = step / parameters[CellParameter.AMPK_TIME]
        out[level, CellState.P53 - first] = LN2 * step / parameters[CellParameter.P53_HALF_LIFE]
        out[level, CellState.AUTOPHAGY - first] = step / parameters[CellParameter.AUTOPHAGY_TIME]
        out[level, CellState.CHOP - first] = LN2 * step / parameters[CellParameter.CHOP_HALF_LIFE]
        out[level, CellState.SURVIVAL - first] = step / parameters[CellParameter.SURVIVAL_TIME]
        out[level, CellState.ANAPLEROTIC_STRESS - first] = (
            step / parameters[CellParameter.ANAPLEROTIC_TIME]
        )
        out[level, CellState.COMMITMENT - first] = step / parameters[CellParameter.COMMITMENT_TIME]
        out[level, CellState.GS - first] = step / parameters[CellParameter.GS_TIME]
        for column in range(N_RELAXING):
            r = out[level, column]
            out[level, column] = r * over_of(r) / under_of(r)
