"""Asparagine handed from cell to cell at contact.

Each provider p gives

    given_p = min(share * exported_p, largest_rate * duration)

in equal parts to the receivers that it touches, distance < (radius_p + radius_r) (1 + tolerance),
and keeps all where it touches none. Serial, providers in storage order:
a receiver's amount is a sum in that order whatever the number of threads.
"""

import math

from abm.kernels._jit import kernel


@kernel
def voxel_range(place, reach, spacing, n):
    """Return (first, last) voxel index along one axis that ``place`` +- ``reach`` can meet."""
    low = math.floor((place - reach) / spacing)
    high = math.floor((place + reach) / spacing)
    return max(0, min(n - 1, low)), max(0, min(n - 1, high))


@kernel
def touches(provider, receiver, x, y, radius, other_x, other_y, other_radius, tolerance):
    """Tell whether a provider and a receiver touch."""
    dx = x[provider] - other_x[receiver]
    dy = y[provider] - other_y[receiver]
    limit = (radius[provider] + other_radius[receiver]) * (1.0 + tolerance)
    return dx * dx + dy * dy < limit * limit


@kernel
def transfer_at_contact(
    provider_place, receiver_place, receiver_start, grid, law, exported, given, received
):
    """Share out what the providers hand over; return the total [fmol].

    provider_place, receiver_place : (x, y, radius), float64[m] and float64[n] each [um]; the
        receivers sorted by voxel
    receiver_start : int64[ny * nx + 1], first receiver of each voxel
    grid           : (spacing [um], ny, nx)
    law            : (share, largest amount of one provider in the interval [fmol], tolerance)
    exported       : float64[m] [fmol in the interval], reduced by what is given
    given          : float64[m] [fmol], overwritten
    received       : float64[n] [fmol], overwritten

    Negative or zero exports give nothing. sum(given) = sum(received) up to round-off.
    """
    x, y, radius = provider_place
    other_x, other_y, other_radius = receiver_place
    spacing, rows, columns = grid
    share, largest, tolerance = law
    largest_radius = 0.0
    for receiver in range(other_x.shape[0]):
        received[receiver] = 0.0
        largest_radius = max(largest_radius, other_radius[receiver])
    total = 0.0
    for provider in range(x.shape[0]):
        given[provider] = 0.0
        amount = min(share * exported[provider], largest)
        if not amount > 0.0:
            continue
        reach = (radius[provider] + largest_radius) * (1.0 + tolerance)
        left, right = voxel_range(x[provider], reach, spacing, columns)
        low, high = voxel_range(y[provider], reach, spacing, rows)
        part = 0.0
        # First pass counts the touching receivers, the second gives each its part.
        n_touching = 0
        for is_giving in (False, True):
            if is_giving:
                if n_touching == 0:
                    break
                part = amount / n_touching
            for row in range(low, high + 1):
                first = receiver_start[row * columns + left]
                last = receiver_start[row * columns + right + 1]
                for receiver in range(first, last):
                    if touches(
                        provider, receiver, x, y, radius, other_x, other_y, other_radius, tolerance
                    ):
                        if is_giving:
                            received[receiver] += part
                        else:
                            n_touching += 1
        if n_touching > 0:
            given[provider] = amount
            exported[provider] -= amount
            total += amount
    return total
