"""Cells that push, sort and touch, in plain Python from the equations; slow and obvious."""

import math


def push(place, radius, stiffness, adhesion=0.0, adhesion_reach=0.2):
    """Return [(vx, vy)] at mobility 1 [um/h] of all cells; every pair is looked at."""
    t_reach = 1.0 - (1.0 + adhesion_reach) ** 2
    speeds = []
    for i, (xi, yi) in enumerate(place):
        vx = vy = 0.0
        for j, (xj, yj) in enumerate(place):
            if i == j:
                continue
            dx, dy = xi - xj, yi - yj
            t = 1.0 - (dx**2 + dy**2) / (radius[i] + radius[j]) ** 2
            g = 0.0
            if t > 0.0:
                g = stiffness * (t / 2 + 3 * t**2 / 8 + 5 * t**3 / 16)
            elif t > t_reach:
                g = -4.0 * adhesion * t * (t_reach - t) / t_reach**2
            vx += g * dx
            vy += g * dy
        speeds.append((vx, vy))
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
    adhesion=0.0, adhesion_reach=0.2,
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
            (m * vx + wx / duration, m * vy + wy / duration)
            for (vx, vy), m, (wx, wy) in zip(
                push(place, radius, stiffness, adhesion, adhesion_reach), mobility, motility,
                strict=True,
            )
        ]  # fmt: skip
        ticks = min(ticks, longest(speeds, done))
        for i, (vx, vy) in enumerate(speeds):
            way = math.hypot(vx, vy) * ticks * tick
            factor = min(1.0, cap * radius[i] / way) if way > 0.0 else 1.0
            place[i] = (
                reflect(place[i][0] + factor * vx * ticks * tick, box[0]),
                reflect(place[i][1] + factor * vy * ticks * tick, box[1]),
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
        if (place[i][0] - place[j][0]) ** 2 + (place[i][1] - place[j][1]) ** 2
        < (span[i] + span[j]) ** 2
    }


def voxel(x, y, spacing, shape):
    """Return the voxel of one place."""
    rows, columns = shape
    column = min(max(math.floor(x / spacing), 0), columns - 1)
    row = min(max(math.floor(y / spacing), 0), rows - 1)
    return row * columns + column


def transfer_at_contact(providers, receivers, exported, share, largest, tolerance):
    """Return (given, received); providers and receivers are lists of (x, y, radius)."""
    given, received = [0.0] * len(providers), [0.0] * len(receivers)
    for p, (x, y, radius) in enumerate(providers):
        touching = [
            r
            for r, (other_x, other_y, other_radius) in enumerate(receivers)
            if math.dist((x, y), (other_x, other_y)) < (radius + other_radius) * (1 + tolerance)
        ]
        if touching and exported[p] > 0.0:
            given[p] = min(share * exported[p], largest)
            for r in touching:
                received[r] += given[p] / len(touching)
    return given, received
