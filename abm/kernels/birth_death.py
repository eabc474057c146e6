"""Linear birth-death transition of a weighted entry over an interval with frozen rates.

With birth rate b, death rate d, r = b - d and g = (exp(r t) - 1) / r (Kendall 1948,
doi:10.1214/aoms/1177730285; written so that nothing cancels at b = d, b = 0 or d = 0):

    alpha = d g / (1 + b g)      a line has died out,
    w'    = k + NegativeBinomial(k, 1 / (1 + b g)),   k = w - Binomial(w, alpha).

Erlang clocks (several stages before each division) have no such law; theirs is stated at
:func:`draw_staged_transitions`.
"""

import numpy as np
from numba import prange

from abm.kernels._jit import kernel, parallel_kernel
from abm.kernels.elementary import exp
from abm.kernels.philox import exponential, uniform_pair
from abm.kernels.samplers import binomial, expm1, negative_binomial, poisson

_EVENTS_ONE_BY_ONE = 8.0
"""Expected events up to which an interval is drawn event by event."""

_RATE_TIMES_STEP = 0.25
"""Largest (stage rate + death rate) x sub-step of Erlang clocks."""

_LEAST_TERM = 1.0e-18


@kernel
def growth_integral(rate: float, hours: float) -> float:
    """Return the integral of exp(rate s) for s in 0 .. hours [h]."""
    x = rate * hours
    return hours if x == 0.0 else expm1(x) / rate


@kernel
def hidden_births(birth: float, death: float, hours: float) -> tuple[float, float, float]:
    """Return (alpha, h0, h1): births that leave no trace in the number of lines at the end.

    h0 is their mean in a line that has died out, h1 in one that has not. A line has b g births in
    the mean, of which (1 - alpha) b g are visible; so alpha b g = alpha h0 + (1 - alpha) h1. For
    f = alpha h0: f' = b alpha^2 + (2 b alpha - b - d) f, solved by
    f = b d^2 E / (1 + b g)^2 2 (sinh(r t) - r t) / r^3 with E = exp(r t).
    """
    rate = birth - death
    x = rate * hours
    g = growth_integral(rate, hours)
    spread = 1.0 + birth * g
    alpha = death * g / spread
    if alpha <= 0.0 or birth <= 0.0:
        return alpha, 0.0, 0.0
    growth = exp(x)
    if abs(x) < 1.0:
        z = x * x
        s = 1.0 + z / 72.0 * (1.0 + z / 110.0 * (1.0 + z / 156.0))
        s = growth * hours * hours * hours / 3.0 * (1.0 + z / 20.0 * (1.0 + z / 42.0 * s))
    else:
        s = (growth * growth - 1.0 - 2.0 * x * growth) / (rate * rate * rate)
    lost = birth * death * death * s / (spread * spread)
    kept = growth / spread
    of_kept = max(alpha * birth * g - lost, 0.0) / kept if kept > 0.0 else 0.0
    return alpha, lost / alpha, of_kept


@kernel
def _one_by_one(
    seed: np.uint64,
    stream: int,
    tick: int,
    key: np.uint64,
    draw: int,
    weight: np.int64,
    birth: float,
    death: float,
    hours: float,
) -> tuple[np.int64, np.int64, np.int64, int]:
    """Draw the waiting times from event to event: new weight, births, deaths, next draw."""
    births = np.int64(0)
    deaths = np.int64(0)
    now = 0.0
    while weight > 0:
        u, v = uniform_pair(seed, stream, tick, key, draw)
        draw += 1
        now += exponential(u) / (weight * (birth + death))
        if now > hours:
            break
        if v * (birth + death) < birth:
            births += 1
            weight += 1
        else:
            deaths += 1
            weight -= 1
    return weight, births, deaths, draw


@kernel
def transition(
    seed: np.uint64,
    stream: int,
    tick: int,
    key: np.uint64,
    draw: int,
    weight: np.int64,
    birth: float,
    death: float,
    hours: float,
) -> tuple[np.int64, np.int64, np.int64, int]:
    """Return new weight, births, deaths and the next unused draw of one entry.

    The new weight has the exact law for any weight, rates [1/h] and interval [h]. While at most
    eight events are expected the events are drawn one by one, so that births and deaths are exact
    as well (a weight of 1, for instance). Above, births = visible ones + H and deaths = lines lost
    + H, where H is Poisson with the mean of :func:`hidden_births` for the lines lost and kept:
    births and deaths are exact in the mean, births - deaths = change of weight always, and their
    variance is off by O((b t)^2 + (d t)^2) of itself. Failure (a rate that is no number, more than
    4e18 cells) gives a weight of -1.
    """
    if not birth + death < np.inf or birth < 0.0 or death < 0.0:
        return np.int64(-1), np.int64(0), np.int64(0), draw
    if weight <= 0 or birth + death <= 0.0 or hours <= 0.0:
        return np.int64(weight), np.int64(0), np.int64(0), draw
    g = growth_integral(birth - death, hours)
    if weight * (birth + death) * g <= _EVENTS_ONE_BY_ONE:
        return _one_by_one(seed, stream, tick, key, draw, np.int64(weight), birth, death, hours)
    alpha, of_lost, of_kept = hidden_births(birth, death, hours)
    lost, draw = binomial(seed, stream, tick, key, draw, weight, alpha)
    kept = weight - lost
    extra, draw = negative_binomial(seed, stream, tick, key, draw, kept, birth * g)
    hidden, draw = poisson(seed, stream, tick, key, draw, lost * of_lost + kept * of_kept)
    if lost < 0 or extra < 0 or hidden < 0:
        return np.int64(-1), np.int64(0), np.int64(0), draw
    return kept + extra, extra + hidden, lost + hidden, draw


@kernel
def _staged_one_by_one(
    seed: np.uint64,
    stream: int,
    tick: int,
    key: np.uint64,
    counts: np.ndarray,
    i: int,
    stage_rate: float,
    death: float,
    hours: float,
) -> tuple[np.int64, np.int64]:
    """Move column ``i`` of ``counts`` from event to event; return births and deaths."""
    births = np.int64(0)
    deaths = np.int64(0)
    last = counts.shape[0] - 1
    total = np.int64(0)
    for stage in range(last + 1):
        total += counts[stage, i]
    now = 0.0
    draw = 0
    while total > 0:
        u, v = uniform_pair(seed, stream, tick, key, draw)
        draw += 1
        now += exponential(u) / (total * (stage_rate + death))
        if now > hours:
            break
        place = v * total * (stage_rate + death)
        moves = place < total * stage_rate
        place = place / stage_rate if moves else (place - total * stage_rate) / death
        stage = 0
        while stage < last and (place >= counts[stage, i] or counts[stage, i] == 0):
            place -= counts[stage, i]
            stage += 1
        while counts[stage, i] == 0:  # a place on the far edge, by rounding
            stage -= 1
        counts[stage, i] -= 1
        if not moves:
            deaths += 1
            total -= 1
        elif stage < last:
            counts[stage + 1, i] += 1
        else:
            counts[0, i] += 2
            births += 1
            total += 1
    return births, deaths


@kernel
def _thin(
    seed: np.uint64,
    stream: int,
    tick: int,
    key: np.uint64,
    draw: int,
    counts: np.ndarray,
    i: int,
    p: float,
) -> tuple[np.int64, int]:
    """Let each cell of column ``i`` die with probability ``p``; return deaths and next draw."""
    deaths = np.int64(0)
    for stage in range(counts.shape[0]):
        dead, draw = binomial(seed, stream, tick, key, draw, counts[stage, i], p)
        counts[stage, i] -= dead
        deaths += dead
    return deaths, draw


@kernel
def _advance(
    seed: np.uint64,
    stream: int,
    tick: int,
    key: np.uint64,
    draw: int,
    counts: np.ndarray,
    scratch: np.ndarray,
    i: int,
    x: float,
) -> tuple[np.int64, int]:
    """Let each cell of column ``i`` make Poisson(x) moves; return births and next draw.

    The number of moves is drawn from hazards: of those that make at least j, the share that makes
    more is (s - 1) / s, s = 1 + x / (j + 1) + x^2 / ((j + 1) (j + 2)) + ...
    """
    n_stages = counts.shape[0]
    births = np.int64(0)
    for stage in range(n_stages):
        scratch[stage, i] = counts[stage, i]
        counts[stage, i] = 0
    for stage in range(n_stages):
        left = scratch[stage, i]
        place = stage
        copies = np.int64(1)
        moved = 0
        while left > 0:
            term = x / (moved + 1.0)
            rest = term
            further = moved + 1.0
            while term > _LEAST_TERM * rest:
                further += 1.0
                term *= x / further
                rest += term
            on, draw = binomial(seed, stream, tick, key, draw, left, rest / (1.0 + rest))
            counts[place, i] += copies * (left - on)
            births += (copies - 1) * (left - on)
            left = on
            moved += 1
            place += 1
            if place == n_stages:
                place = 0
                copies *= 2
    return births, draw


@parallel_kernel
def draw_staged_transitions(
    seed: np.uint64,
    stream: int,
    tick: int,
    keys: np.ndarray,
    counts: np.ndarray,
    scratch: np.ndarray,
    stage_rate: np.ndarray,
    death: np.ndarray,
    hours: float,
    out: np.ndarray,
) -> None:
    """Draw the transition of cells that pass k stages before they divide and may die in each.

    While at most eight events are expected they are drawn one by one, exact in every respect. One
    stage is :func:`transition`. Else the interval h is cut into equal steps with (stage rate +
    death rate) x step <= 0.25: each cell makes a Poisson number of moves, its daughters make the
    rest of them, and the cells are thinned for half a step before and after (whole steps between).
    Mean counts are exact for every step, as both daughters move and die with the same law alone as
    together; mean births and deaths are off by less than ((stage rate + death rate) x step)^2 / 12
    of themselves (0.5 %), and the spread by O((rate x step)^2), because sisters born in one step
    land in the same stage.

    keys              : uint64[m]
    counts            : int64[k, m], cells in each stage; changed in place
    scratch           : int64[k, m], overwritten
    stage_rate, death : float64[m] [1/h], not negative and finite (else out is -1)
    hours             : interval [h]
    out               : int64[2, m], overwritten: births, deaths
    """
    n_stages = counts.shape[0]
    for i in prange(keys.shape[0]):
        rate = stage_rate[i] + death[i]
        out[0, i] = 0
        out[1, i] = 0
        total = np.int64(0)
        for stage in range(n_stages):
            total += counts[stage, i]
        if not rate < np.inf or stage_rate[i] < 0.0 or death[i] < 0.0:
            out[0, i] = -1
            out[1, i] = -1
        elif total == 0 or rate == 0.0:
            continue
        elif n_stages == 1:
            counts[0, i], out[0, i], out[1, i], _ = transition(
                seed, stream, tick, keys[i], 0, total, stage_rate[i], death[i], hours
            )
        elif max(total, 2) * rate * hours <= _EVENTS_ONE_BY_ONE:
            out[0, i], out[1, i] = _staged_one_by_one(
                seed, stream, tick, keys[i], counts, i, stage_rate[i], death[i], hours
            )
        else:
            n_steps = np.int64(np.ceil(rate * hours / _RATE_TIMES_STEP))
            step = hours / n_steps
            half = -expm1(-0.5 * death[i] * step)
            whole = -expm1(-death[i] * step)
            draw = 0
            for n in range(n_steps):
                p = half if n == 0 else whole
                died, draw = _thin(seed, stream, tick, keys[i], draw, counts, i, p)
                out[1, i] += died
                born, draw = _advance(
                    seed, stream, tick, keys[i], draw, counts, scratch, i, stage_rate[i] * step
                )
                out[0, i] += born
            died, draw = _thin(seed, stream, tick, keys[i], draw, counts, i, half)
            out[1, i] += died
