"""What cells offer to their sites, summed; what sites give to their cells, handed out.

Rows need not be in the order of sites. A site adds its cells in storage order, whatever the number
of threads, since one thread sums a quantity over all cells.
"""

from numba import prange

from abm.kernels._jit import kernel, parallel_kernel

CELL_BLOCK = 1024
"""Cells that one iteration of a parallel loop serves."""

SERIAL_CELLS = 2048
"""Up to this many cells the threads would cost more than they save; the bits are the same."""

_EAA = 3


@kernel
def is_even(values):  # type: ignore[no-untyped-def]
    """Tell whether all of float64[n] are equal."""
    n_other = 0  # without an early end, so that the loop runs on vectors
    for site in range(values.shape[0]):
        n_other += values[site] != values[0]
    return n_other == 0


@kernel
def settle(hours, hazard, exported_asn, exported_gln, hazard_left, owed_asn, owed_gln):  # type: ignore[no-untyped-def]
    """Take the hazard of an interval from what is left of it, and owe the site what was exported.

    All float64[n]: hazard [1/h]; exported, owed [fmol]. The last three are changed in place.
    """
    for cell in range(hazard.shape[0]):
        hazard_left[cell] -= hazard[cell] * hours
    for cell in range(hazard.shape[0]):
        owed_asn[cell] += exported_asn[cell]
    for cell in range(hazard.shape[0]):
        owed_gln[cell] += exported_gln[cell]


@kernel
def _add_three(site, n, first, second, third, first_sum, second_sum, third_sum):  # type: ignore[no-untyped-def]
    for cell in range(n):
        here = site[cell]
        first_sum[here] += first[cell]
        second_sum[here] += second[cell]
        third_sum[here] += third[cell]


@kernel
def _add_part(part, site, n, capacity, owed_asn, owed_gln, site_capacity, release):  # type: ignore[no-untyped-def]
    """Sum one half of the quantities; the halves share no array."""
    if part == 0:
        _add_three(
            site, n, capacity[0], capacity[1], capacity[2], site_capacity[0], site_capacity[1],
            site_capacity[2],
        )  # fmt: skip
    else:
        _add_three(
            site, n, capacity[_EAA], owed_asn, owed_gln, site_capacity[_EAA], release[0], release[1]
        )
        owed_asn[:n] = 0.0
        owed_gln[:n] = 0.0


@parallel_kernel
def _add_parts(site, n, capacity, owed_asn, owed_gln, site_capacity, release):  # type: ignore[no-untyped-def]
    for part in prange(2):
        _add_part(part, site, n, capacity, owed_asn, owed_gln, site_capacity, release)


def add_at_sites(site, n, capacity, owed_asn, owed_gln, site_capacity, release):  # type: ignore[no-untyped-def]
    """Add the capacities of the cells to their sites and move what they owe to ``release``.

    site : int32[>= n], values in [0, n_site); n : cells in use
    capacity : float64[4, >= n] [fmol/h], uptake at saturation (asn, gln, glu, eaa)
    owed_asn, owed_gln : float64[>= n] [fmol]; the first n become 0
    site_capacity : float64[4, n_site] [fmol/h] and release : float64[>= 2, n_site] [fmol] (rows asn
    and gln), added to
    """
    if n <= SERIAL_CELLS:
        for part in range(2):
            _add_part(part, site, n, capacity, owed_asn, owed_gln, site_capacity, release)
    else:
        _add_parts(site, n, capacity, owed_asn, owed_gln, site_capacity, release)


@kernel
def _serve(first, last, site, capacity, exposure, per_hour, uptake, eaa_saturation):  # type: ignore[no-untyped-def]
    for row in range(_EAA + 1):
        offered, given, taken = capacity[row], exposure[row], uptake[row]
        for cell in range(first, last):
            taken[cell] = offered[cell] * given[site[cell]]
    given = exposure[_EAA]
    for cell in range(first, last):
        eaa_saturation[cell] = given[site[cell]] * per_hour


@parallel_kernel
def _serve_blocks(n, site, capacity, exposure, per_hour, uptake, eaa_saturation):  # type: ignore[no-untyped-def]
    for block in prange((n + CELL_BLOCK - 1) // CELL_BLOCK):
        first = block * CELL_BLOCK
        last = min(first + CELL_BLOCK, n)
        _serve(first, last, site, capacity, exposure, per_hour, uptake, eaa_saturation)


def hand_out(n, site, capacity, exposure, hours, uptake, eaa_saturation):  # type: ignore[no-untyped-def]
    """Give each cell its capacity times the exposure of its site.

    site : int32[>= n]; capacity : float64[4, >= n] [fmol/h]; exposure : float64[4, n_site] [h]
    uptake : float64[4, >= n] [fmol] and eaa_saturation : float64[>= n] (exposure to the essential
    amino acids over ``hours``), overwritten below n; uptake may be the array of the capacities
    """
    if n <= SERIAL_CELLS:
        _serve(0, n, site, capacity, exposure, 1.0 / hours, uptake, eaa_saturation)
    else:
        _serve_blocks(n, site, capacity, exposure, 1.0 / hours, uptake, eaa_saturation)
