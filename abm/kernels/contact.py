"""Asparagine handed from cell to cell at contact.

Each provider p gives

    given_p = min(share * exported_p, largest_rate * duration)

in equal parts to the receivers that it touches, distance < (radius_p + radius_r) (1 + tolerance),
and keeps all where it touches none. Serial, providers in storage order:
a receiver's amount is a sum in that order whatever the number of threads.
"""

from abm.kernels._jit import kernel
from abm.kernels.vicinity import voxels_in_reach


@kernel
def touches(provider, receiver, own_places, other_places, shape, tolerance):
    """Tell whether a provider and a receiver touch."""
    x, y, radius, z = own_places
    other_x, other_y, other_radius, other_z = other_places
    dx = x[provider] - other_x[receiver]
    dy = y[provider] - other_y[receiver]
    square = dx * dx + dy * dy
    if len(shape) == 3:
        dz = z[provider] - other_z[receiver]
        square += dz * dz
    limit = (radius[provider] + other_radius[receiver]) * (1.0 + tolerance)
    return square < limit * limit


@kernel
def transfer_at_contact(
    provider_place, receiver_place, receiver_start, spacing, shape, law, exported, given, received
):
    """Share out what the providers hand over; return the total [fmol].

    provider_place, receiver_place : (x, y, radius, z), float64[m] and float64[n] each [um], z empty
        in two dimensions; the receivers sorted by voxel
    receiver_start : int64[n_site + 1], first receiver of each voxel
    spacing, shape : of the voxels, [um] and (ny, nx) or (nz, ny, nx)
    law            : (share, largest amount of one provider in the interval [fmol], tolerance)
    exported       : float64[m] [fmol in the interval], reduced by what is given
    given          : float64[m] [fmol], overwritten
    received       : float64[n] [fmol], overwritten

    Negative or zero exports give nothing. sum(given) = sum(received) up to round-off.
    """
    x, y, radius, z = provider_place
    other_radius = receiver_place[2]
    rows, columns = shape[-2], shape[-1]
    share, largest, tolerance = law
    largest_radius = 0.0
    for receiver in range(other_radius.shape[0]):
        received[receiver] = 0.0
        largest_radius = max(largest_radius, other_radius[receiver])
    total = 0.0
    for provider in range(radius.shape[0]):
        given[provider] = 0.0
        amount = min(share * exported[provider], largest)
        if not amount > 0.0:
            continue
        reach = (radius[provider] + largest_radius) * (1.0 + tolerance)
        left, right, low, high, bottom, top = voxels_in_reach(
            provider, x, y, z, reach, spacing, shape
        )
        n_row = high + 1 - low
        part = 0.0
        # First pass counts the touching receivers, the second gives each its part.
        n_touching = 0
        for is_giving in (False, True):
            if is_giving:
                if n_touching == 0:
                    break
                part = amount / n_touching
            for index in range((top + 1 - bottom) * n_row):
                row = (bottom + index // n_row) * rows + low + index % n_row
                first = receiver_start[row * columns + left]
                last = receiver_start[row * columns + right + 1]
                for receiver in range(first, last):
                    if touches(
                        provider, receiver, provider_place, receiver_place, shape, tolerance
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
