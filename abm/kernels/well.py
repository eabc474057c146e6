"""Well-mixed sites without transport: the reactions of the field, each site with its own sub-steps.

Every implicit step solves, per species, ``u + h (decay u + sum V u / (K + u)) = known`` by Newton's
method. The left side is increasing and concave, so that the iterates rise to the root from a start
below it: the root with every saturable loss replaced by its slope at zero. Asparagine and
glutamine, which compete, take turns until neither moves. A step is made once whole and once in two
halves; where they agree, the result is twice the halves minus the whole (Richardson), of second
order, and the same combination of exposures and amounts keeps the balance exact.

A record is ``float64[N_RECORD]``: concentrations, defects [uM], exposures [h] and amounts
[uM] (species by species, a column per flux).
"""

from typing import NamedTuple

import numpy as np
from numba import prange

from abm.kernels._jit import kernel, parallel_kernel
from abm.kernels.field import rival_of, transport_row
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
from abm.kernels.step_control import accept_step

N_SPECIES = 9
N_UPTAKE = 4
EXPOSURE = 2 * N_SPECIES
AMOUNT = EXPOSURE + N_UPTAKE
N_RECORD = AMOUNT + N_SPECIES * N_FLUX
"""Length of a record, and where exposures and amounts begin in it."""

MOST_NEWTON = 100
MOST_TURNS = 200
ROUND_OFF = 1e-13
SETTLED = 1e-11

SMALLEST = 1e-200
"""uM; below it uptake is linear and numbers lose their digits, so that nothing settles."""


class WellRules(NamedTuple):
    """What reacts and how fast; the fields are as in ``Rules`` and, of the enzyme, ``Sites`` of
    :mod:`abm.kernels.field_arrays`."""

    is_solved: np.ndarray
    """bool[N_SPECIES]."""
    decay: np.ndarray
    """float64[N_SPECIES], 1/h."""
    supply: np.ndarray
    """float64[N_SPECIES], uM/h."""
    half_saturation: np.ndarray
    """float64[N_UPTAKE], uM."""
    enzyme: np.ndarray
    """float64[3]: Km of asparagine, Km of glutamine (uM), glutaminase share."""
    floor: np.ndarray
    """float64[N_SPECIES], uM."""


@kernel
def root(known, linear, first_most, first_half, second_most, second_half):
    """Solve ``u (1 + linear) + first u / (K1 + u) + second u / (K2 + u) = known`` for u >= 0.

    All in uM; returns -1 where Newton's method does not settle, which it does but for non-finite
    input.
    """
    if known <= 0.0:
        return 0.0
    slope = 1.0 + linear + first_most / first_half + second_most / second_half
    u = known / slope
    if known < SMALLEST:
        return u
    for _ in range(MOST_NEWTON):
        first, second = 1.0 / (first_half + u), 1.0 / (second_half + u)
        value = u * (1.0 + linear + first_most * first + second_most * second) - known
        slope = 1.0 + linear + first_most * first_half * first * first
        slope += second_most * second_half * second * second
        following = min(max(u - value / slope, 0.0), known)
        if abs(following - u) <= ROUND_OFF * following:
            return following
        u = following
    return -1.0


@kernel
def losses(rules, site, species, u, most, half):
    """Fill maximal rates (uM/h) and half-saturations (uM) of uptake and hydrolysis at a site.

    ``site``: float64[N_UPTAKE + 1], maximal uptake of the four species [uM/h] and activity [IU/mL].
    """
    most[:] = 0.0
    half[:] = 1.0
    row, rival = transport_row(species), u[rival_of(species)]
    if row >= 0:
        most[0], half[0] = site[row], rules.half_saturation[row]
    if species in (ASN, GLN):
        half[0] *= 1.0 + rival / rules.half_saturation[1 - species]
        share = 1.0 if species == ASN else rules.enzyme[2]
        most[1] = TURNOVER * share * site[N_UPTAKE]
        half[1] = rules.enzyme[species] * (1.0 + rival / rules.enzyme[1 - species])


@kernel
def solve_species(rules, site, species, known, step, u, most, half):
    """Solve one species implicitly; return the relative change, or -1 where it failed."""
    losses(rules, site, species, u, most, half)
    value = root(
        known, step * rules.decay[species], step * most[0], half[0], step * most[1], half[1]
    )
    change = abs(value - u[species])
    if value > SMALLEST:
        change /= value
    u[species] = value
    return change if value >= 0.0 else -1.0


@kernel
def hydrolysis(rules, site, species, u, most, half):
    """Return the rate at which the enzyme splits asparagine or glutamine, uM/h."""
    losses(rules, site, species, u, most, half)
    return most[1] * u[species] / (half[1] + u[species])


@kernel
def gain_of(rules, site, species, u, most, half):
    """Return what the enzyme makes of a species, uM/h."""
    gain = 0.0
    if species in (ASP, NH3):
        gain += hydrolysis(rules, site, ASN, u, most, half)
    if species in (GLU, NH3):
        gain += hydrolysis(rules, site, GLN, u, most, half)
    return gain


@kernel
def solve_site(rules, site, release, step, record, result, most, half):
    """One implicit step of a site from ``record``: set the concentrations of ``result``.

    ``release``: float64[N_SPECIES], uM/h. Returns a status.
    """
    u = result[:N_SPECIES]
    u[:] = record[:N_SPECIES]
    is_settled = False
    for _ in range(MOST_TURNS):
        largest = 0.0
        for species in (GLN, ASN):
            if rules.is_solved[species]:
                known = record[species] + record[N_SPECIES + species]
                known += step * (rules.supply[species] + release[species])
                change = solve_species(rules, site, species, known, step, u, most, half)
                if change < 0.0:
                    return NOT_FINITE
                largest = max(largest, change)
        is_settled = largest <= SETTLED
        if is_settled:
            break
    for species in range(GLU, N_SPECIES):
        if rules.is_solved[species]:
            gain = gain_of(rules, site, species, u, most, half)
            known = record[species] + record[N_SPECIES + species]
            known += step * (rules.supply[species] + release[species] + gain)
            if solve_species(rules, site, species, known, step, u, most, half) < 0.0:
                return NOT_FINITE
    return DONE if is_settled else NOT_CONVERGED


@kernel
def book_site(rules, site, release, step, record, result, most, half):
    """Add exposures and amounts of a step to ``result`` and set its defects."""
    for species in range(N_SPECIES):
        now = result[species]
        losses(rules, site, species, result[:N_SPECIES], most, half)
        taken, split = step * now / (half[0] + now), step * most[1] * now / (half[1] + now)
        row = transport_row(species)
        if row >= 0:
            result[EXPOSURE + row] += taken
        taken *= most[0]
        if not rules.is_solved[species]:
            continue
        gain = step * gain_of(rules, site, species, result[:N_SPECIES], most, half)
        supplied, decayed = step * rules.supply[species], step * rules.decay[species] * now
        given = step * release[species]
        at = AMOUNT + species * N_FLUX
        result[at + UPTAKE] += taken
        result[at + ENZYME] += split
        result[at + PRODUCT] += gain
        result[at + SUPPLY] += supplied
        result[at + DECAY] += decayed
        result[at + RELEASE] += given
        change = (supplied + given + gain) - (taken + split + decayed)
        result[N_SPECIES + species] = (record[species] - now) + record[N_SPECIES + species] + change


@kernel
def step_site(rules, site, release, step, record, result, scratch):
    """One implicit step from ``record``; amounts and exposures are added to ``result``."""
    most, half = scratch[:2], scratch[2:4]
    result[N_SPECIES:EXPOSURE] = record[N_SPECIES:EXPOSURE]
    status = solve_site(rules, site, release, step, record, result, most, half)
    book_site(rules, site, release, step, record, result, most, half)
    return status


@kernel
def try_step(rules, site, release, step, records, scratch):
    """Make one whole and two half steps from ``records[0]`` into rows 1 and 2.

    Row 3 is the point between the halves. Returns (status, relative difference).
    """
    records[1:3, EXPOSURE:] = 0.0
    status = step_site(rules, site, release, step, records[0], records[1], scratch)
    first = step_site(rules, site, release, 0.5 * step, records[0], records[2], scratch)
    records[3] = records[2]
    second = step_site(rules, site, release, 0.5 * step, records[3], records[2], scratch)
    error = 0.0
    for species in range(N_SPECIES):
        difference = abs(records[2, species] - records[1, species])
        error = max(error, difference / (records[2, species] + rules.floor[species]))
    return max(status, first, second), error


@kernel
def advance_site(rules, site, release, dt, tolerance, records, scratch, control):
    """Advance ``records[0]`` by ``dt`` hours; return a status.

    ``tolerance``: float64[2], relative difference of whole and half steps, least step (h).
    ``control``: float64[2], the step that is tried first (h, updated), number of steps (set).
    """
    records[0, EXPOSURE:] = 0.0
    remaining, control[1] = dt, 0.0
    while remaining > 1e-9 * dt:
        step = min(control[0], remaining)
        if step < remaining < 2.0 * step:
            step = 0.5 * remaining
        status, error = try_step(rules, site, release, step, records, scratch)
        if status != DONE or not np.isfinite(error):
            return max(status, NOT_CONVERGED)
        factor = 4.0
        if error > 0.0:
            factor = min(4.0, max(0.2, 0.9 * np.sqrt(tolerance[0] / error)))
        if error <= tolerance[0] or step <= tolerance[1]:
            accept_step(records, N_SPECIES, EXPOSURE)
            remaining -= step
            control[1] += 1.0
            control[0] = max(step * factor, min(control[0], step))
        else:
            control[0] = max(step * min(factor, 0.5), tolerance[1])
    return DONE


@parallel_kernel
def advance_sites(rules, sites, releases, dt, tolerance, records, scratch, control, statuses):
    """Advance all sites, each for itself; shapes [n_site, ...] of the arrays of a site."""
    for k in prange(statuses.size):
        statuses[k] = advance_site(
            rules, sites[k], releases[k], dt, tolerance, records[k], scratch[k], control[k]
        )
