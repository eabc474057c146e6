"""What cells offer is summed per site and what sites give is handed out, cell by cell."""

import numba
import numpy as np
import pytest

from abm.kernels.exchange import SERIAL_CELLS, add_at_sites, hand_out, is_even

N_SITE = 40


def crowd(n, seed=1):
    """Cells that stand in no order of sites, some sites empty; columns longer than the cells."""
    random = np.random.default_rng(seed)
    length = n + 7
    site = random.integers(0, N_SITE - 3, length).astype(np.int32)
    return site, random.random((4, length)), random.random(length), random.random(length)


@pytest.mark.parametrize("n", [0, 1, 300, SERIAL_CELLS + 500])
def test_a_site_gets_the_sum_of_its_cells_and_the_cells_owe_nothing(n):
    site, capacity, owed_asn, owed_gln = crowd(n)
    offered = np.vstack([capacity, owed_asn, owed_gln])
    beyond = owed_asn[n:].copy()
    random = np.random.default_rng(2)
    site_capacity, release = random.random((4, N_SITE)), random.random((3, N_SITE))
    expected = np.vstack([site_capacity, release[:2]])
    untouched = release[2].copy()
    for cell in range(n):
        for kind in range(6):
            expected[kind, site[cell]] += offered[kind, cell]
    add_at_sites(site, n, capacity, owed_asn, owed_gln, site_capacity, release)
    assert np.array_equal(np.vstack([site_capacity, release[:2]]), expected)
    assert np.array_equal(release[2], untouched)
    assert not owed_asn[:n].any() and not owed_gln[:n].any()
    assert np.array_equal(owed_asn[n:], beyond)


@pytest.mark.parametrize("n", [0, 1, 300, SERIAL_CELLS + 500])
def test_cells_take_together_what_the_sites_gave(n):
    site, capacity, _, _ = crowd(n)
    exposure = np.random.default_rng(3).random((4, N_SITE))
    uptake, saturation = np.full_like(capacity, -1.0), np.full(site.size, -1.0)
    hand_out(n, site, capacity, exposure, 0.1, uptake, saturation)
    for cell in range(n):
        assert np.array_equal(uptake[:, cell], capacity[:, cell] * exposure[:, site[cell]])
    assert np.allclose(saturation[:n], exposure[3, site[:n]] / 0.1, rtol=1e-15)
    assert (uptake[:, n:] == -1.0).all() and (saturation[n:] == -1.0).all()
    total = np.zeros((4, N_SITE))
    add_at_sites(site, n, capacity, np.zeros(n), np.zeros(n), total, np.zeros((2, N_SITE)))
    assert np.allclose((total * exposure).sum(axis=1), uptake[:, :n].sum(axis=1))


def test_sums_have_the_same_bits_for_any_number_of_threads():
    n = 5 * SERIAL_CELLS
    sums = []
    before = numba.get_num_threads()
    for threads in (1, min(2, numba.config.NUMBA_NUM_THREADS)):
        numba.set_num_threads(threads)
        site, capacity, owed_asn, owed_gln = crowd(n)
        total, release = np.zeros((4, N_SITE)), np.zeros((2, N_SITE))
        add_at_sites(site, n, capacity, owed_asn, owed_gln, total, release)
        sums.append(np.vstack([total, release]))
    numba.set_num_threads(before)
    assert np.array_equal(sums[0], sums[1])


def test_one_other_site_makes_a_field_uneven():
    field = np.full(1001, 28.0)
    assert is_even(field) and is_even(field[:1])
    for site in (0, 500, 1000):
        uneven = field.copy()
        uneven[site] = np.nextafter(28.0, 0.0)
        assert not is_even(uneven)
