"""Predictor of a sub-step of the mechanistic cell: constant supply and loss; see cell_steps."""

from abm.kernels._jit import inline_kernel
from abm.kernels.cell_layout import (
    BLOCK,
    N_RELAXING,
    CellParameter,
    CellState,
    CellUptake,
    Rate,
    Scratch,
)
from abm.kernels.cell_phi import over_of, slow_phi, under_of

ASNS_ROW = CellState.ASNS - CellState.EIF2A_P
"""Place of the synthetase among the relaxing states; its loss varies, so it has its own formula."""


@inline_kernel
def predict_pools(scratch, parameters):  # type: ignore[no-untyped-def]
    """Write predicted size and pools from the rates at the start of the sub-step.

    exp(g h) and exp(-g h) are series here; the size that counts is that of :func:`accept`.
    """
    dilution = parameters[CellParameter.DILUTION]
    asn_in_protein = parameters[CellParameter.ASN_IN_PROTEIN]
    gln_in_protein = parameters[CellParameter.GLN_IN_PROTEIN]
    eaa_in_protein = parameters[CellParameter.EAA_IN_PROTEIN]
    catabolism = parameters[CellParameter.GLN_CATABOLISM]
    synthetase = parameters[CellParameter.GS_CAPACITY]
    rate = Scratch.RATE_START
    out = Scratch.PREDICTED
    for lane in range(BLOCK):
        step = scratch[Scratch.STEP, lane]
        inverse_size = scratch[Scratch.INVERSE_SIZE, lane]
        asn = scratch[CellState.ASN, lane]
        gln = scratch[CellState.GLN, lane]
        asp = scratch[CellState.ASP, lane]
        eaa = scratch[CellState.EAA, lane]
        returned = scratch[rate + Rate.RETURN, lane]
        to_asn = scratch[rate + Rate.GLN_TO_ASN, lane]
        loss = scratch[rate + Rate.GLN_TRANSLATION, lane] + scratch[rate + Rate.GLN_EXPORT, lane]
        growth = dilution * step * scratch[rate + Rate.SIZE_GROWTH, lane]
        shrink = 1.0 - growth * (1.0 - 0.5 * growth)
        scratch[Scratch.SHRINK, lane] = shrink
        grown = 1.0 + growth * (1.0 + 0.5 * growth)
        scratch[Scratch.GROWN, lane] = grown
        scratch[out + CellState.SIZE, lane] = scratch[CellState.SIZE, lane] * grown
        loss_gln = loss + to_asn + catabolism
        gain_gln = (
            scratch[Scratch.UPTAKE + CellUptake.GLN, lane] * inverse_size
            + synthetase * scratch[CellState.GS, lane]
            + gln_in_protein * returned
            - loss_gln * gln
        )
        loss_asn = scratch[rate + Rate.ASN_TRANSLATION, lane]
        loss_asn = loss_asn + scratch[rate + Rate.ASN_EXPORT, lane]
        gain_asn = (
            scratch[Scratch.UPTAKE + CellUptake.ASN, lane] * inverse_size
            + asn_in_protein * returned
            + to_asn * gln
            - loss_asn * asn
        )
        loss_asp = scratch[rate + Rate.ASP_LOSS, lane]
        gain_asp = scratch[rate + Rate.ASP_SUPPLY, lane] - loss_asp * asp
        loss_eaa = scratch[rate + Rate.EAA_LOSS, lane]
        gain_eaa = (
            scratch[Scratch.UPTAKE + CellUptake.EAA, lane] * inverse_size
            + eaa_in_protein * returned
            - loss_eaa * eaa
        )
        under_gln = under_of(loss_gln * step)
        under_asn = under_of(loss_asn * step)
        under_asp = under_of(loss_asp * step)
        under_eaa = under_of(loss_eaa * step)
        pair = under_gln * under_asn
        other = under_asp * under_eaa
        inverse = step / (pair * other)
        inverse_pair = other * inverse
        inverse_other = pair * inverse
        gln = gln + gain_gln * over_of(loss_gln * step) * (under_asn * inverse_pair)
        asn = asn + gain_asn * over_of(loss_asn * step) * (under_gln * inverse_pair)
        asp = asp + gain_asp * over_of(loss_asp * step) * (under_eaa * inverse_other)
        eaa = eaa + gain_eaa * over_of(loss_eaa * step) * (under_asp * inverse_other)
        scratch[out + CellState.GLN, lane] = gln * shrink
        scratch[out + CellState.ASN, lane] = asn * shrink
        scratch[out + CellState.ASP, lane] = asp * shrink
        scratch[out + CellState.EAA, lane] = eaa * shrink


@inline_kernel
def predict_rest(scratch):  # type: ignore[no-untyped-def]
    """Write the predicted synthetase, reserve and relaxing states."""
    rate = Scratch.RATE_START
    out = Scratch.PREDICTED
    for lane in range(BLOCK):
        step = scratch[Scratch.STEP, lane]
        asns = scratch[CellState.ASNS, lane]
        loss = scratch[rate + Rate.ASNS_LOSS, lane]
        supply = scratch[rate + Rate.TARGET + ASNS_ROW, lane]
        scratch[out + CellState.ASNS, lane] = asns + (supply - loss * asns) * step * slow_phi(
            loss * step
        )
        reserve = scratch[CellState.RESERVE, lane]
        loss = scratch[rate + Rate.RESERVE_LOSS, lane]
        supply = scratch[rate + Rate.RESERVE_SUPPLY, lane]
        scratch[out + CellState.RESERVE, lane] = reserve + (
            supply - loss * reserve
        ) * step * slow_phi(loss * step)
    for row in range(N_RELAXING):
        if row == ASNS_ROW:
            continue
        for lane in range(BLOCK):
            value = scratch[CellState.EIF2A_P + row, lane]
            scratch[out + CellState.EIF2A_P + row, lane] = (
                value
                + (scratch[rate + Rate.TARGET + row, lane] - value)
                * scratch[Scratch.RELAXATION + row, lane]
            )
