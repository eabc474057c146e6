"""Cells that push, sort and touch, in plain Python from the equations; slow and obvious."""

import math


def push(place, radius, stiffness, adhesion=0.0, adhesion_reach=0.2, grip=None):
    """Return [velocity] at mobility 1 [um/h] of all cells; every pair is looked at.

    Places are tuples of two or three coordinates, velocities likewise.
    """
    t_reach = 1.0 - (1.0 + adhesion_reach) ** 2
    grip = [1.0] * len(place) if grip is None else grip
    speeds = []
    for i, here in enumerate(place):
        speed = [0.0] * len(here)
        for j, other in enumerate(place):
            if i == j:
                continue
            apart = [a - b for a, b in zip(here, other, strict=True)]
            t = 1.0 - sum(a**2 for a in apart) / (radius[i] + radius[j]) ** 2
            g = 0.0
            if t > 0.0:
                g = stiffness * (t / 2 + 3 * t**2 / 8 + 5 * t**3 / 16)
            elif t > t_reach:
                g = -4.0 * adhesion * grip[i] * grip[j] * t * (t_reach - t) / t_reach**2
            speed = [v + g * a for v, a in zip(speed, apart, strict=True)]
        speeds.append(tuple(speed))
    return speeds


def reflect(coordinate, size):
    """Mirror a coordinate at 0 and at the far wall."""
    if coordinate < 0.0:
        coordinate = -coordinate
    if coordinate > size:
        coordinate = 2.0 * size - coordinate
    return coordinate


def move(
    place, radius, mobility, motility, box, duration, n_step, stiffness, *, cap=0.1, share=0.01,
    adhesion=0.0, adhesion_reach=0.2, grip=None,
):  # fmt: skip
    """Return (places, steps taken).

    A step takes at most as many ticks (8, 4, 2, 1) as the speeds at its own start and at the start
    of the step before it allow under the cap, and fits into the base step.
    """

    def longest(speeds, done):
        ticks = 8
        while ticks > 1 and share * len(place) < sum(
            math.hypot(*v) * ticks * tick > cap * r for v, r in zip(speeds, radius, strict=True)
        ):
            ticks //= 2
        while done < 8 * n_step and done % ticks:
            ticks //= 2
        return ticks

    place, tick, done, taken, ticks = list(place), duration / n_step / 8, 0, 0, 8
    while done < 8 * n_step:
        speeds = [
            tuple(m * v + w / duration for v, w in zip(pushed, wander, strict=True))
            for pushed, m, wander in zip(
                push(place, radius, stiffness, adhesion, adhesion_reach, grip), mobility, motility,
                strict=True,
            )
        ]  # fmt: skip
        ticks = min(ticks, longest(speeds, done))
        for i, speed in enumerate(speeds):
            way = math.hypot(*speed) * ticks * tick
            factor = min(1.0, cap * radius[i] / way) if way > 0.0 else 1.0
            place[i] = tuple(
                reflect(coordinate + factor * v * ticks * tick, length)
                for coordinate, v, length in zip(place[i], speed, box, strict=True)
            )
        done += ticks
        taken += 1
        ticks = longest(speeds, done)
    return place, taken


def pressure(place, radius):
    """Return the sum of overlaps over the radius, of all cells."""
    return [
        sum(
            max(0.0, radius[i] + radius[j] - math.dist(place[i], place[j]))
            for j in range(len(place))
            if j != i
        )
        / radius[i]
        for i in range(len(place))
    ]


def neighbour_pairs(place, span):
    """Return the set of (i, j), i < j, with a distance below the sum of the spans."""
    return {
        (i, j)
        for j in range(len(place))
        for i in range(j)
        if sum((a - b) ** 2 for a, b in zip(place[i], place[j], strict=True))
        < (span[i] + span[j]) ** 2
    }


def voxel(place, spacing, shape):
    """Return the voxel of one place; shape is (ny, nx) or (nz, ny, nx)."""
    site = 0
    for coordinate, n in zip(reversed(place), shape, strict=True):
        site = site * n + min(max(math.floor(coordinate / spacing), 0), n - 1)
    return site


def transfer_at_contact(providers, receivers, exported, share, largest, tolerance):
    """Return (given, received); providers and receivers are lists of (place..., radius)."""
    given, received = [0.0] * len(providers), [0.0] * len(receivers)
    for p, (*place, radius) in enumerate(providers):
        touching = [
            r
            for r, (*other_place, other_radius) in enumerate(receivers)
            if math.dist(place, other_place) < (radius + other_radius) * (1 + tolerance)
        ]
        if touching and exported[p] > 0.0:
            given[p] = min(share * exported[p], largest)
            for r in touching:
                received[r] += given[p] / len(touching)
    return given, received
