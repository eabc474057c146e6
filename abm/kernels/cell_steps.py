"""One sub-step of the mechanistic cell: second-order quasi-steady-state (predictor, corrector).

Each state obeys dx/dt = P - L x. With R = L h and the rational approximation of order (2, 4)
of exp(-R), phi = (1 - exp(-R))/R and alpha = psi/phi, psi = (1 - phi)/R, are quotients of
polynomials, positive for every R, so that pools stay positive and a steady state stays where it is
for any h (alpha-QSS, Mott, Oran and van Leer 2000, doi:10.1006/jcph.2000.6605).
"""

from abm.kernels._jit import inline_kernel
from abm.kernels.cell_layout import (
    BLOCK,
    N_FLUX,
    N_RELAXING,
    Amount,
    CellParameter,
    CellState,
    CellUptake,
    Rate,
    Scratch,
)

ASNS_ROW = CellState.ASNS - CellState.EIF2A_P
"""Place of the synthetase among the relaxing states; its loss varies, so it has its own formula."""

ASN_SCALE, GLN_SCALE, ASP_SCALE, EAA_SCALE = 5.0, 20.0, 20.0, 20.0
"""Pools [uM] below which the tolerance of a sub-step is absolute."""

SIGNAL_SCALE = 0.1
"""The same for the dimensionless states."""

CALM = 6.0
"""A difference this much below the tolerance allows a sub-step of twice the length."""


@inline_kernel
def _phi(r):  # type: ignore[no-untyped-def]
    """(1 - exp(-r)) / r."""
    return (360.0 + r * (60.0 + r * (12.0 + r))) / (
        360.0 + r * (240.0 + r * (72.0 + r * (12.0 + r)))
    )


@inline_kernel
def _slow_phi(r):  # type: ignore[no-untyped-def]
    """(1 - exp(-r)) / r for the slow states, r < 0.1, without a division."""
    return 1.0 - r * (0.5 - r * (1.0 / 6.0 - r * (1.0 / 24.0 - r / 120.0)))


@inline_kernel
def predict_pools(scratch, parameters):  # type: ignore[no-untyped-def]
    """Write the predicted pools from the rates at the start of the sub-step."""
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
        loss = loss + to_asn + catabolism
        supply = (
            scratch[Scratch.UPTAKE + CellUptake.GLN, lane] * inverse_size
            + synthetase * scratch[CellState.GS, lane]
            + gln_in_protein * returned
        )
        scratch[out + CellState.GLN, lane] = gln + (supply - loss * gln) * step * _phi(loss * step)
        loss = scratch[rate + Rate.ASN_TRANSLATION, lane] + scratch[rate + Rate.ASN_EXPORT, lane]
        supply = (
            scratch[Scratch.UPTAKE + CellUptake.ASN, lane] * inverse_size
            + asn_in_protein * returned
            + to_asn * gln
        )
        scratch[out + CellState.ASN, lane] = asn + (supply - loss * asn) * step * _phi(loss * step)
        loss = scratch[rate + Rate.ASP_LOSS, lane]
        supply = scratch[rate + Rate.ASP_SUPPLY, lane]
        scratch[out + CellState.ASP, lane] = asp + (supply - loss * asp) * step * _phi(loss * step)
        loss = scratch[rate + Rate.EAA_LOSS, lane]
        supply = (
            scratch[Scratch.UPTAKE + CellUptake.EAA, lane] * inverse_size
            + eaa_in_protein * returned
        )
        scratch[out + CellState.EAA, lane] = eaa + (supply - loss * eaa) * step * _phi(loss * step)


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
        scratch[out + CellState.ASNS, lane] = asns + (supply - loss * asns) * step * _slow_phi(
            loss * step
        )
        reserve = scratch[CellState.RESERVE, lane]
        loss = scratch[rate + Rate.RESERVE_LOSS, lane]
        supply = scratch[rate + Rate.RESERVE_SUPPLY, lane]
        scratch[out + CellState.RESERVE, lane] = reserve + (
            supply - loss * reserve
        ) * step * _slow_phi(loss * step)
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


@inline_kernel
def _over(r):  # type: ignore[no-untyped-def]
    """Numerator of phi."""
    return 360.0 + r * (60.0 + r * (12.0 + r))


@inline_kernel
def _late(r):  # type: ignore[no-untyped-def]
    """Numerator of psi; the common denominator of phi and psi is over + r late."""
    return 180.0 + r * (60.0 + r * (11.0 + r))


@inline_kernel
def correct_gln(scratch, parameters):  # type: ignore[no-untyped-def]
    """Correct Gln into the predicted row and leave every named amount of the sub-step.

    Gln goes first: what the synthetase takes from it is what Asn gains. With mean loss L and
    supply P of the sub-step the mean pool is (P h - dx)/(L h), so that the amounts of all named
    losses and dx add up to the supply to round-off.
    """
    gln_in_protein = parameters[CellParameter.GLN_IN_PROTEIN]
    catabolism = parameters[CellParameter.GLN_CATABOLISM]
    synthetase = parameters[CellParameter.GS_CAPACITY]
    tolerance = parameters[CellParameter.STEP_TOLERANCE]
    start = Scratch.RATE_START
    end = Scratch.RATE_END
    guess = Scratch.PREDICTED
    for lane in range(BLOCK):
        step = scratch[Scratch.STEP, lane]
        inverse_size = scratch[Scratch.INVERSE_SIZE, lane]
        returned = scratch[start + Rate.RETURN, lane]
        more_returned = scratch[end + Rate.RETURN, lane] - returned
        old = scratch[CellState.GLN, lane]
        translation = 0.5 * (
            scratch[start + Rate.GLN_TRANSLATION, lane] + scratch[end + Rate.GLN_TRANSLATION, lane]
        )
        export = 0.5 * (
            scratch[start + Rate.GLN_EXPORT, lane] + scratch[end + Rate.GLN_EXPORT, lane]
        )
        to_asn = 0.5 * (
            scratch[start + Rate.GLN_TO_ASN, lane] + scratch[end + Rate.GLN_TO_ASN, lane]
        )
        loss = translation + export + to_asn + catabolism
        r = loss * step
        over = _over(r)
        late = _late(r)
        under = over + r * late
        inverse = 1.0 / (over * under * loss)
        weight = late * loss * over * inverse
        back = gln_in_protein * (returned + weight * more_returned)
        before = synthetase * scratch[CellState.GS, lane]
        made = before + weight * (synthetase * scratch[guess + CellState.GS, lane] - before)
        supply = scratch[Scratch.UPTAKE + CellUptake.GLN, lane] * inverse_size + back + made
        change = (supply - loss * old) * step * (over * over * loss * inverse)
        held = (supply * step - change) * (over * under * inverse)
        new = old + change
        difference = abs(new - scratch[guess + CellState.GLN, lane])
        allowed = tolerance * (new + GLN_SCALE)
        scratch[Scratch.EXCESS, lane] = difference - allowed
        scratch[Scratch.UNREST, lane] = CALM * difference - allowed
        scratch[guess + CellState.GLN, lane] = new
        scratch[Scratch.AMOUNT + Amount.GLN_BOUND, lane] = translation * held - back * step
        scratch[Scratch.AMOUNT + Amount.GLN_EXPORTED, lane] = export * held
        scratch[Scratch.AMOUNT + Amount.GLN_MADE, lane] = made * step
        scratch[Scratch.AMOUNT + Amount.GLN_CATABOLISED, lane] = catabolism * held
        scratch[Scratch.AMOUNT + Amount.ASN_MADE, lane] = to_asn * held


@inline_kernel
def correct_asn(scratch, parameters):  # type: ignore[no-untyped-def]
    """Correct Asn as :func:`correct_gln` does Gln, with what the synthetase took from it."""
    asn_in_protein = parameters[CellParameter.ASN_IN_PROTEIN]
    tolerance = parameters[CellParameter.STEP_TOLERANCE]
    start = Scratch.RATE_START
    end = Scratch.RATE_END
    guess = Scratch.PREDICTED
    for lane in range(BLOCK):
        step = scratch[Scratch.STEP, lane]
        returned = scratch[start + Rate.RETURN, lane]
        more_returned = scratch[end + Rate.RETURN, lane] - returned
        old = scratch[CellState.ASN, lane]
        translation = 0.5 * (
            scratch[start + Rate.ASN_TRANSLATION, lane] + scratch[end + Rate.ASN_TRANSLATION, lane]
        )
        export = 0.5 * (
            scratch[start + Rate.ASN_EXPORT, lane] + scratch[end + Rate.ASN_EXPORT, lane]
        )
        loss = translation + export
        r = loss * step
        over = _over(r)
        late = _late(r)
        under = over + r * late
        inverse = 1.0 / (over * under * loss)
        back = asn_in_protein * (returned + late * loss * over * inverse * more_returned)
        gained = back + (
            scratch[Scratch.UPTAKE + CellUptake.ASN, lane] * scratch[Scratch.INVERSE_SIZE, lane]
        )
        gained = gained * step + scratch[Scratch.AMOUNT + Amount.ASN_MADE, lane]
        change = (gained - r * old) * (over * over * loss * inverse)
        held = (gained - change) * (over * under * inverse)
        new = old + change
        difference = abs(new - scratch[guess + CellState.ASN, lane])
        allowed = tolerance * (new + ASN_SCALE)
        scratch[Scratch.EXCESS, lane] = max(scratch[Scratch.EXCESS, lane], difference - allowed)
        scratch[Scratch.UNREST, lane] = max(
            scratch[Scratch.UNREST, lane], CALM * difference - allowed
        )
        scratch[guess + CellState.ASN, lane] = new
        scratch[Scratch.AMOUNT + Amount.ASN_BOUND, lane] = translation * held - back * step
        scratch[Scratch.AMOUNT + Amount.ASN_EXPORTED, lane] = export * held


@inline_kernel
def correct_asp_eaa(scratch, parameters):  # type: ignore[no-untyped-def]
    """Correct Asp and the essential amino acids into the predicted rows."""
    eaa_in_protein = parameters[CellParameter.EAA_IN_PROTEIN]
    tolerance = parameters[CellParameter.STEP_TOLERANCE]
    start = Scratch.RATE_START
    end = Scratch.RATE_END
    guess = Scratch.PREDICTED
    for lane in range(BLOCK):
        step = scratch[Scratch.STEP, lane]
        old = scratch[CellState.ASP, lane]
        loss = 0.5 * (scratch[start + Rate.ASP_LOSS, lane] + scratch[end + Rate.ASP_LOSS, lane])
        r = loss * step
        over = _over(r)
        late = _late(r)
        inverse = 1.0 / (over * (over + r * late))
        supply = scratch[start + Rate.ASP_SUPPLY, lane]
        more = scratch[end + Rate.ASP_SUPPLY, lane] - supply
        change = over * (supply - loss * old) + late * more
        new = old + change * step * over * inverse
        difference = abs(new - scratch[guess + CellState.ASP, lane])
        allowed = tolerance * (new + ASP_SCALE)
        excess = max(scratch[Scratch.EXCESS, lane], difference - allowed)
        unrest = max(scratch[Scratch.UNREST, lane], CALM * difference - allowed)
        scratch[guess + CellState.ASP, lane] = new
        old = scratch[CellState.EAA, lane]
        loss = 0.5 * (scratch[start + Rate.EAA_LOSS, lane] + scratch[end + Rate.EAA_LOSS, lane])
        r = loss * step
        over = _over(r)
        late = _late(r)
        inverse = 1.0 / (over * (over + r * late))
        returned = scratch[start + Rate.RETURN, lane]
        supply = (
            scratch[Scratch.UPTAKE + CellUptake.EAA, lane] * scratch[Scratch.INVERSE_SIZE, lane]
            + eaa_in_protein * returned
        )
        more = eaa_in_protein * (scratch[end + Rate.RETURN, lane] - returned)
        change = over * (supply - loss * old) + late * more
        new = old + change * step * over * inverse
        difference = abs(new - scratch[guess + CellState.EAA, lane])
        allowed = tolerance * (new + EAA_SCALE)
        scratch[Scratch.EXCESS, lane] = max(excess, difference - allowed)
        scratch[Scratch.UNREST, lane] = max(unrest, CALM * difference - allowed)
        scratch[guess + CellState.EAA, lane] = new


@inline_kernel
def correct_rest(scratch, parameters):  # type: ignore[no-untyped-def]
    """Correct the signalling states, the synthetase and the reserve; complete the error."""
    tolerance = parameters[CellParameter.STEP_TOLERANCE]
    start = Scratch.RATE_START
    end = Scratch.RATE_END
    guess = Scratch.PREDICTED
    for row in range(N_RELAXING):
        if row == ASNS_ROW:
            continue
        for lane in range(BLOCK):
            target = scratch[start + Rate.TARGET + row, lane]
            change = (0.5 * scratch[Scratch.RELAXATION + row, lane]) * (
                scratch[end + Rate.TARGET + row, lane] - target
            )
            new = scratch[guess + CellState.EIF2A_P + row, lane] + change
            allowed = tolerance * (new + SIGNAL_SCALE)
            size = abs(change)
            scratch[Scratch.EXCESS, lane] = max(scratch[Scratch.EXCESS, lane], size - allowed)
            scratch[Scratch.UNREST, lane] = max(
                scratch[Scratch.UNREST, lane], CALM * size - allowed
            )
            scratch[guess + CellState.EIF2A_P + row, lane] = new
    for lane in range(BLOCK):
        step = scratch[Scratch.STEP, lane]
        loss = 0.5 * (scratch[start + Rate.ASNS_LOSS, lane] + scratch[end + Rate.ASNS_LOSS, lane])
        supply = 0.5 * (
            scratch[start + Rate.TARGET + ASNS_ROW, lane]
            + scratch[end + Rate.TARGET + ASNS_ROW, lane]
        )
        old = scratch[CellState.ASNS, lane]
        scratch[guess + CellState.ASNS, lane] = old + (supply - loss * old) * step * _slow_phi(
            loss * step
        )
        loss = 0.5 * (
            scratch[start + Rate.RESERVE_LOSS, lane] + scratch[end + Rate.RESERVE_LOSS, lane]
        )
        supply = 0.5 * (
            scratch[start + Rate.RESERVE_SUPPLY, lane] + scratch[end + Rate.RESERVE_SUPPLY, lane]
        )
        old = scratch[CellState.RESERVE, lane]
        scratch[guess + CellState.RESERVE, lane] = old + (supply - loss * old) * step * _slow_phi(
            loss * step
        )


@inline_kernel
def accept(scratch, parameters):  # type: ignore[no-untyped-def]
    """Take the corrected states and amounts over in the lanes whose error is small, then dilute.

    Size grows as M' = M exp(g h), approximated to order (2, 2); the pools are divided by the same
    number, so that amounts stay. A lane that is not taken keeps its states bit for bit.
    """
    dilution = parameters[CellParameter.DILUTION]
    start = Scratch.RATE_START
    end = Scratch.RATE_END
    for lane in range(BLOCK):
        step = scratch[Scratch.STEP, lane]
        size = scratch[CellState.SIZE, lane]
        is_good = scratch[Scratch.EXCESS, lane] <= 0.0 or scratch[Scratch.IS_FORCED, lane] > 0.0
        taken = scratch[Scratch.IS_ACTIVE, lane] if is_good else 0.0
        scratch[Scratch.TAKEN, lane] = taken
        kept = 1.0 - taken
        growth = (
            (0.5 * dilution * taken)
            * step
            * (scratch[start + Rate.SIZE_GROWTH, lane] + scratch[end + Rate.SIZE_GROWTH, lane])
        )
        even = 1.0 + growth * growth * (1.0 / 12.0)
        factor = (even + 0.5 * growth) / (even - 0.5 * growth)
        shrink = taken / factor
        for pool in range(4):
            scratch[pool, lane] = (
                kept * scratch[pool, lane] + shrink * scratch[Scratch.PREDICTED + pool, lane]
            )
        amount = taken * size
        bound = amount * scratch[Scratch.AMOUNT + Amount.ASN_BOUND, lane]
        scratch[CellState.BOUND_ASN, lane] = scratch[CellState.BOUND_ASN, lane] + bound
        bound = amount * scratch[Scratch.AMOUNT + Amount.GLN_BOUND, lane]
        scratch[CellState.BOUND_GLN, lane] = scratch[CellState.BOUND_GLN, lane] + bound
        for flux in range(N_FLUX):
            scratch[Scratch.FLUX + flux, lane] = (
                scratch[Scratch.FLUX + flux, lane]
                + amount * scratch[Scratch.AMOUNT + Amount.FLUX + flux, lane]
            )
        half = 0.5 * taken * step
        scratch[Scratch.GROWTH_SUM, lane] = scratch[Scratch.GROWTH_SUM, lane] + half * (
            scratch[start + Rate.GROWTH, lane] + scratch[end + Rate.GROWTH, lane]
        )
        scratch[Scratch.HAZARD_SUM, lane] = scratch[Scratch.HAZARD_SUM, lane] + half * (
            scratch[start + Rate.HAZARD, lane] + scratch[end + Rate.HAZARD, lane]
        )
        size = size * factor
        scratch[CellState.SIZE, lane] = size
        scratch[Scratch.INVERSE_SIZE, lane] = 1.0 / size
    for row in range(CellState.EIF2A_P, CellState.SIZE):
        for lane in range(BLOCK):
            taken = scratch[Scratch.TAKEN, lane]
            scratch[row, lane] = (1.0 - taken) * scratch[row, lane] + taken * scratch[
                Scratch.PREDICTED + row, lane
            ]
