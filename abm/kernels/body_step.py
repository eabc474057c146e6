"""One implicit step of a body: reactions in its compartments and flows between them.

A body is a star: marrow, CSF and tissue exchange with plasma alone. Per species and compartment c,
with p the plasma, Eq. (B1) of docs/body.md::

    leaf    du_c/dt = source_c + entry_c u_p - loss_c u_c - uptake - enzyme + gain + release
    plasma  du_p/dt = source_p + sum of back_c u_c - loss_p u_p - uptake - enzyme + gain + release

One implicit step is Newton's method on all four compartments of a species at once. The matrix is an
M-matrix and every loss is increasing and concave, so that the iterates, cut off at zero, rise to
the solution from below whatever the start (Ortega & Rheinboldt 1970, 13.3). The leaves are
eliminated first, which leaves one equation for plasma. Asparagine and glutamine, which compete,
take turns until neither moves.

A record is ``float64[N_RECORD]``: concentrations, defects [uM] (species by species, a column per
compartment), exposures [h] (alike) and amounts [fmol] (species by species, a column per flux).
"""

from typing import NamedTuple

import numpy as np

from abm.kernels._jit import kernel
from abm.kernels.field import transport_row
from abm.kernels.field_arrays import (
    ASN,
    ASP,
    DECAY,
    DONE,
    ENZYME,
    GLN,
    GLU,
    N_FLUX,
    NH3,
    NOT_CONVERGED,
    NOT_FINITE,
    PRODUCT,
    RELEASE,
    SUPPLY,
    TURNOVER,
    UPTAKE,
)

N_SPECIES, N_UPTAKE, N_PLACE = 9, 4, 4
PLASMA = 0
DEFECT = N_SPECIES * N_PLACE
EXPOSURE = 2 * DEFECT
AMOUNT = EXPOSURE + N_UPTAKE * N_PLACE
N_RECORD = AMOUNT + N_SPECIES * N_FLUX
"""Length of a record, and where defects, exposures and amounts begin in it."""
N_SCRATCH = 9
"""Rows of the scratch of a body, each a number per compartment."""

MOST_NEWTON = 100
MOST_TURNS = 200
ROUND_OFF = 1e-13
SETTLED = 1e-11
FMOL_PER_UM_PL = 1e-3


class BodyRules(NamedTuple):
    """What flows and reacts; the same for all bodies, since all their volumes scale with weight.

    Arrays [N_SPECIES, N_PLACE] but for the first and the last two.
    """

    is_solved: np.ndarray
    """bool[N_SPECIES]."""
    source: np.ndarray
    """uM/h that come in whatever is there."""
    loss: np.ndarray
    """1/h, all that leaves a compartment: to others and for good."""
    entry: np.ndarray
    """1/h, what a leaf gains per uM of plasma; 0 for plasma."""
    back: np.ndarray
    """1/h, what plasma gains per uM of the leaf; 0 for plasma."""
    cleared: np.ndarray
    """1/h, the part of ``loss`` that leaves the model."""
    drawn: np.ndarray
    """1/h, the part of ``entry`` that does not come out of plasma."""
    contact: np.ndarray
    """float64[N_PLACE], asparagine that cells feel on top of the fluid, uM."""
    half_saturation: np.ndarray
    """float64[N_UPTAKE], transport, uM."""
    floor: np.ndarray
    """float64[N_SPECIES], concentration below which errors count as absolute, uM."""
    is_host: bool
    """Whether uptake and release of cells are the host's business (consumption ``host``)."""


class Interval(NamedTuple):
    """What an interval brings to one body; the first three [row, N_PLACE]."""

    uptake: np.ndarray
    """Uptake of all cells at saturation, uM/h (asn, gln, glu, eaa)."""
    release: np.ndarray
    """uM/h, of all species."""
    enzyme: np.ndarray
    """float64[3]: Km of asparagine, Km of glutamine (uM), glutaminase share."""
    activity: np.ndarray
    """float64[N_PLACE], IU/mL."""
    volume: np.ndarray
    """float64[N_PLACE], pL."""


@kernel
def losses(rules, interval, species, u, most, half):
    """Fill maximal rates (uM/h) and half-saturations (uM) of uptake and hydrolysis.

    ``u``: float64[N_SPECIES, N_PLACE]; ``most``, ``half``: float64[2, N_PLACE]. The rate of uptake
    is what the cells take, from the fluid and by contact; see ``from_fluid``.
    """
    row = transport_row(species)
    enzyme = interval.enzyme
    km, km_gln, share = enzyme[0], enzyme[1], enzyme[2]
    for c in range(N_PLACE):
        most[0, c], most[1, c], half[0, c], half[1, c] = 0.0, 0.0, 1.0, 1.0
        if row >= 0:
            most[0, c], half[0, c] = interval.uptake[row, c], rules.half_saturation[row]
        if species == ASN:
            half[0, c] *= 1.0 + u[GLN, c] / rules.half_saturation[GLN]
            half[0, c] += rules.contact[c]
            most[1, c] = TURNOVER * interval.activity[c]
            half[1, c] = km * (1.0 + u[GLN, c] / km_gln)
        elif species == GLN:
            felt = u[ASN, c] + rules.contact[c]
            half[0, c] *= 1.0 + felt / rules.half_saturation[ASN]
            most[1, c] = TURNOVER * share * interval.activity[c]
            half[1, c] = km_gln * (1.0 + u[ASN, c] / km)


@kernel
def solve_star(rules, species, step, u, scratch):
    """Solve one species in all compartments; return the largest relative change, -1 on failure.

    ``scratch``: float64[N_SCRATCH, N_PLACE], rows 0-1 maximal rates and 2-3 half-saturations of the
    losses, row 4 the known part [uM]; rows 5-6 are overwritten. ``u``: float64[N_PLACE].
    """
    most, half, known = scratch[0:2], scratch[2:4], scratch[4]
    slope, residual = scratch[5], scratch[6]
    entry, back, loss = rules.entry[species], rules.back[species], rules.loss[species]
    largest = 0.0
    for _ in range(MOST_NEWTON):
        for c in range(N_PLACE):
            first, second = 1.0 / (half[0, c] + u[c]), 1.0 / (half[1, c] + u[c])
            taken = most[0, c] * first * u[c] + most[1, c] * second * u[c]
            slope[c] = most[0, c] * half[0, c] * first * first
            slope[c] += most[1, c] * half[1, c] * second * second
            slope[c] = 1.0 + step * (loss[c] + slope[c])
            residual[c] = (known[c] - u[c]) + step * (entry[c] * u[PLASMA] - loss[c] * u[c] - taken)
        for c in range(1, N_PLACE):
            residual[PLASMA] += step * back[c] * (u[c] + residual[c] / slope[c])
            slope[PLASMA] -= step * back[c] * (step * entry[c] / slope[c])
        move = residual[PLASMA] / slope[PLASMA]
        of_plasma = residual[PLASMA] / slope[PLASMA]
        if not np.isfinite(of_plasma):
            return -1.0
        is_settled = True
        for c in range(N_PLACE):
            move = of_plasma
            if c != PLASMA:
                move = (residual[c] + step * entry[c] * of_plasma) / slope[c]
            following = max(u[c] + move, 0.0)
            difference = abs(following - u[c])
            is_settled = is_settled and difference <= ROUND_OFF * following
            if following > 0.0:
                largest = max(largest, difference / following)
            u[c] = following
        if is_settled:
            return largest
    return -1.0


@kernel
def prepare(rules, interval, species, step, record, u, scratch):
    """Fill the losses and the known part of one species for ``solve_star``."""
    losses(rules, interval, species, u, scratch[0:2], scratch[2:4])
    for c in range(N_PLACE):
        at = species * N_PLACE + c
        scratch[4, c] = record[at] + record[DEFECT + at] + step * rules.source[species, c]
        if rules.is_host:
            scratch[0, c] = 0.0
        else:
            scratch[4, c] += step * interval.release[species, c]


@kernel
def hydrolysis(rules, interval, species, u, scratch, out):
    """Set ``out`` to the rate at which the enzyme splits asparagine or glutamine, uM/h."""
    losses(rules, interval, species, u, scratch[0:2], scratch[2:4])
    for c in range(N_PLACE):
        out[c] = scratch[1, c] * u[species, c] / (scratch[3, c] + u[species, c])


@kernel
def gain_of(species, scratch, c):
    """Return what the enzyme makes of a species, uM/h; rows 7-8 hold the hydrolysis."""
    gain = 0.0
    if species in (ASP, NH3):
        gain += scratch[7, c]
    if species in (GLU, NH3):
        gain += scratch[8, c]
    return gain


@kernel
def solve_body(rules, interval, step, record, u, scratch):
    """One implicit step from ``record``: set ``u``, float64[N_SPECIES, N_PLACE]; return a status.

    Leaves the hydrolysis of asparagine and of glutamine in rows 7 and 8 of ``scratch``.
    """
    is_settled = False
    for _ in range(MOST_TURNS):
        largest = 0.0
        for species in (GLN, ASN):
            if rules.is_solved[species]:
                prepare(rules, interval, species, step, record, u, scratch)
                change = solve_star(rules, species, step, u[species], scratch)
                if change < 0.0:
                    return NOT_FINITE
                largest = max(largest, change)
        is_settled = largest <= SETTLED
        if is_settled:
            break
    hydrolysis(rules, interval, ASN, u, scratch, scratch[7])
    hydrolysis(rules, interval, GLN, u, scratch, scratch[8])
    for species in range(GLU, N_SPECIES):
        if rules.is_solved[species]:
            prepare(rules, interval, species, step, record, u, scratch)
            for c in range(N_PLACE):
                scratch[4, c] += step * gain_of(species, scratch, c)
            if solve_star(rules, species, step, u[species], scratch) < 0.0:
                return NOT_FINITE
    return DONE if is_settled else NOT_CONVERGED


@kernel
def book_place(rules, interval, species, step, record, u, scratch, result, c):
    """Add the amounts of a step in one compartment to ``result`` and set its defect."""
    now, volume = u[species, c], FMOL_PER_UM_PL * interval.volume[c]
    flow = rules.entry[species, c] * u[species, PLASMA]
    if c == PLASMA:
        for leaf in range(1, N_PLACE):
            flow += rules.back[species, leaf] * u[species, leaf]
    contact = rules.contact[c] if species == ASN else 0.0
    share = step * scratch[0, c] / (scratch[2, c] + now)
    taken, from_fluid = share * (now + contact), share * now
    split = step * scratch[1, c] * now / (scratch[3, c] + now)
    gain, given = step * gain_of(species, scratch, c), step * interval.release[species, c]
    sourced = step * rules.source[species, c]
    supplied = sourced + step * rules.drawn[species, c] * u[species, PLASMA]
    cleared = step * rules.cleared[species, c] * now
    change = sourced + step * (flow - rules.loss[species, c] * now) + gain - split
    if rules.is_host:
        supplied, cleared = supplied + taken, cleared + given
    else:
        supplied, change = supplied + (taken - from_fluid), change + given - from_fluid
    at = species * N_PLACE + c
    result[DEFECT + at] = (record[at] - now) + record[DEFECT + at] + change
    at = AMOUNT + species * N_FLUX
    result[at + UPTAKE] += volume * taken
    result[at + ENZYME] += volume * split
    result[at + PRODUCT] += volume * gain
    result[at + SUPPLY] += volume * supplied
    result[at + DECAY] += volume * cleared
    result[at + RELEASE] += volume * given


@kernel
def book(rules, interval, step, record, u, scratch, result):
    """Add exposures and amounts of a step to ``result`` and set its concentrations and defects."""
    for species in range(N_SPECIES):
        losses(rules, interval, species, u, scratch[0:2], scratch[2:4])
        row = transport_row(species)
        for c in range(N_PLACE):
            now = u[species, c]
            result[species * N_PLACE + c] = now
            if row >= 0:
                felt = now + (rules.contact[c] if species == ASN else 0.0)
                result[EXPOSURE + row * N_PLACE + c] += step * felt / (scratch[2, c] + now)
            if rules.is_solved[species]:
                book_place(rules, interval, species, step, record, u, scratch, result, c)


@kernel
def step_body(rules, interval, step, record, result, u, scratch):
    """One implicit step from ``record``; amounts and exposures are added to ``result``."""
    for k in range(DEFECT):
        u[k // N_PLACE, k % N_PLACE] = record[k]
        result[DEFECT + k] = record[DEFECT + k]
    status = solve_body(rules, interval, step, record, u, scratch)
    book(rules, interval, step, record, u, scratch, result)
    return status
