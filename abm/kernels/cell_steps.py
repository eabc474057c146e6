"""One sub-step of the mechanistic cell: second-order quasi-steady-state (predictor, corrector).

Each state obeys dx/dt = P - L x. With R = L h and the rational approximation of order (2, 4)
of exp(-R), phi = (1 - exp(-R))/R and alpha = psi/phi, psi = (1 - phi)/R, are quotients of
polynomials, positive for every R, so that pools stay positive and a steady state stays where it is
for any h (alpha-QSS, Mott, Oran and van Leer 2000, doi:10.1006/jcph.2000.6605).

Pools are diluted by growth. So x is here the amount in the cell over its size at the start of the
sub-step: sources in the cell grow with it, uptake does not, losses are in proportion to x, and the
division by the growth of size at the end gives the concentration.
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
from abm.kernels.cell_phi import late_of, over_of, slow_phi
from abm.kernels.cell_predictor import ASNS_ROW

ASN_SCALE, GLN_SCALE, ASP_SCALE, EAA_SCALE = 5.0, 20.0, 20.0, 20.0
"""Pools [uM] below which the tolerance of a sub-step is absolute."""

EAA_EASE = 3.0
"""Tolerance of the essential amino acids over that of the other states: their pool follows supply
and translation within minutes, so that an error is forgotten, and the difference is twice it."""

SIGNAL_SCALE = 0.1
"""The same for the dimensionless states."""

CALM = 6.0
"""A difference this much below the tolerance allows a sub-step of twice the length."""


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
        grown = scratch[Scratch.GROWN, lane]
        inverse_size = scratch[Scratch.INVERSE_SIZE, lane]
        returned = scratch[start + Rate.RETURN, lane]
        more_returned = scratch[end + Rate.RETURN, lane] * grown - returned
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
        over = over_of(r)
        late = late_of(r)
        under = over + r * late
        inverse = 1.0 / (over * under * loss)
        weight = late * loss * over * inverse
        back = gln_in_protein * (returned + weight * more_returned)
        before = synthetase * scratch[CellState.GS, lane]
        after = synthetase * scratch[guess + CellState.GS, lane] * grown
        made = before + weight * (after - before)
        supply = scratch[Scratch.UPTAKE + CellUptake.GLN, lane] * inverse_size + back + made
        change = (supply - loss * old) * step * (over * over * loss * inverse)
        held = (supply * step - change) * (over * under * inverse)
        new = old + change
        difference = abs(new * scratch[Scratch.SHRINK, lane] - scratch[guess + CellState.GLN, lane])
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
        more_returned = scratch[end + Rate.RETURN, lane] * scratch[Scratch.GROWN, lane] - returned
        old = scratch[CellState.ASN, lane]
        translation = 0.5 * (
            scratch[start + Rate.ASN_TRANSLATION, lane] + scratch[end + Rate.ASN_TRANSLATION, lane]
        )
        export = 0.5 * (
            scratch[start + Rate.ASN_EXPORT, lane] + scratch[end + Rate.ASN_EXPORT, lane]
        )
        loss = translation + export
        r = loss * step
        over = over_of(r)
        late = late_of(r)
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
        difference = abs(new * scratch[Scratch.SHRINK, lane] - scratch[guess + CellState.ASN, lane])
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
        grown = scratch[Scratch.GROWN, lane]
        shrink = scratch[Scratch.SHRINK, lane]
        asp = scratch[CellState.ASP, lane]
        loss = 0.5 * (scratch[start + Rate.ASP_LOSS, lane] + scratch[end + Rate.ASP_LOSS, lane])
        r = loss * step
        over_asp = over_of(r)
        late = late_of(r)
        under_asp = over_asp + r * late
        supply = scratch[start + Rate.ASP_SUPPLY, lane]
        more = scratch[end + Rate.ASP_SUPPLY, lane] * grown - supply
        change_asp = over_asp * (supply - loss * asp) + late * more
        eaa = scratch[CellState.EAA, lane]
        loss = 0.5 * (scratch[start + Rate.EAA_LOSS, lane] + scratch[end + Rate.EAA_LOSS, lane])
        r = loss * step
        over_eaa = over_of(r)
        late = late_of(r)
        under_eaa = over_eaa + r * late
        returned = scratch[start + Rate.RETURN, lane]
        supply = (
            scratch[Scratch.UPTAKE + CellUptake.EAA, lane] * scratch[Scratch.INVERSE_SIZE, lane]
            + eaa_in_protein * returned
        )
        more = eaa_in_protein * (scratch[end + Rate.RETURN, lane] * grown - returned)
        change_eaa = over_eaa * (supply - loss * eaa) + late * more
        inverse = step / (under_asp * under_eaa)
        asp = asp + change_asp * (under_eaa * inverse)
        eaa = eaa + change_eaa * (under_asp * inverse)
        difference = abs(asp * shrink - scratch[guess + CellState.ASP, lane])
        allowed = tolerance * (asp + ASP_SCALE)
        excess = max(scratch[Scratch.EXCESS, lane], difference - allowed)
        unrest = max(scratch[Scratch.UNREST, lane], CALM * difference - allowed)
        difference = abs(eaa * shrink - scratch[guess + CellState.EAA, lane])
        allowed = EAA_EASE * tolerance * (eaa + EAA_SCALE)
        scratch[Scratch.EXCESS, lane] = max(excess, difference - allowed)
        scratch[Scratch.UNREST, lane] = max(unrest, CALM * difference - allowed)
        scratch[guess + CellState.ASP, lane] = asp
        scratch[guess + CellState.EAA, lane] = eaa


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
        scratch[guess + CellState.ASNS, lane] = old + (supply - loss * old) * step * slow_phi(
            loss * step
        )
        loss = 0.5 * (
            scratch[start + Rate.RESERVE_LOSS, lane] + scratch[end + Rate.RESERVE_LOSS, lane]
        )
        supply = 0.5 * (
            scratch[start + Rate.RESERVE_SUPPLY, lane] + scratch[end + Rate.RESERVE_SUPPLY, lane]
        )
        old = scratch[CellState.RESERVE, lane]
        scratch[guess + CellState.RESERVE, lane] = old + (supply - loss * old) * step * slow_phi(
            loss * step
        )


@inline_kernel
def accept(scratch, parameters):  # type: ignore[no-untyped-def]
    """Take the corrected states and amounts over in the lanes whose error is small.

    Size grows as M' = M exp(g h), g the mean of start and end, approximated to order (2, 2); the
    pools are divided by the same number, so that amounts stay. A lane that is not taken keeps its
    states bit for bit.
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
        grown = even + 0.5 * growth
        shrunk = even - 0.5 * growth
        inverse = 1.0 / (grown * shrunk)
        factor = grown * grown * inverse
        inverse_factor = shrunk * shrunk * inverse
        shrink = taken * inverse_factor
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
        scratch[CellState.SIZE, lane] = size * factor
        scratch[Scratch.INVERSE_SIZE, lane] = scratch[Scratch.INVERSE_SIZE, lane] * inverse_factor
    for row in range(CellState.EIF2A_P, CellState.SIZE):
        for lane in range(BLOCK):
            taken = scratch[Scratch.TAKEN, lane]
            scratch[row, lane] = (1.0 - taken) * scratch[row, lane] + taken * scratch[
                Scratch.PREDICTED + row, lane
            ]
