"""Contact transfer: who touches gets, nothing is lost."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from abm.kernels import sort
from abm.processes.contact import ContactParameters, ContactTransfer, Spheres
from tests.naive import mechanics as naive

SPACING, SHAPE = 10.0, (6, 8)
HOURS = 0.1


def spheres(rows):
    return Spheres(*(np.ascontiguousarray(c) for c in np.array(rows, float).reshape(-1, 3).T))


def by_voxel(rows):
    """Sort receivers by voxel; return them and the first row of each voxel."""
    rows = np.array(rows, float).reshape(-1, 3)
    n_site = SHAPE[0] * SHAPE[1]
    site = np.zeros(len(rows), np.int32)
    sort.voxel_of(rows[:, 0].copy(), rows[:, 1].copy(), np.empty(0), SPACING, SHAPE, site)
    order, start = np.zeros(len(rows), np.int64), np.zeros(n_site + 1, np.int64)
    sort.sort_by_site(site, np.ones(len(rows), np.bool_), n_site, order, start)
    return rows[order], start


def run(providers, receivers, exported, **changes):
    receivers, start = by_voxel(receivers)
    process = ContactTransfer(ContactParameters(**changes), SPACING, SHAPE)
    asparagine = np.full(len(receivers), 100.0)
    volume = np.full(len(receivers), 0.6)
    left = np.array(exported, float)
    report = process.transfer(
        spheres(providers), spheres(receivers), start, left, asparagine, volume, HOURS
    )
    return receivers, report, left, asparagine, volume


def random_rows(rng, n):
    return np.column_stack([rng.uniform(0, 80, n), rng.uniform(0, 60, n), rng.uniform(4, 9, n)])


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 12), st.integers(0, 60), st.integers(0, 10**6))
def test_same_as_naive_and_conserved(n_provider, n_receiver, seed):
    rng = np.random.default_rng(seed)
    providers, exported = random_rows(rng, n_provider), rng.uniform(-0.05, 1.0, n_provider)
    receivers, report, left, asparagine, volume = run(
        providers, random_rows(rng, n_receiver), exported
    )
    given_, received = naive.transfer_at_contact(
        providers.tolist(), receivers.tolist(), exported, 0.5, 3.0 * HOURS, 0.1
    )
    np.testing.assert_allclose(report.given, given_, rtol=1e-14)
    np.testing.assert_allclose(report.received, received, rtol=1e-13)
    np.testing.assert_array_equal(left, exported - report.given)
    gained = 1e-3 * ((asparagine - 100.0) * volume).sum()
    assert gained == pytest.approx(report.total, rel=1e-12, abs=1e-12)
    assert report.received.sum() == pytest.approx(report.given.sum(), rel=1e-13, abs=1e-300)


def test_equal_shares_to_those_who_touch():
    receivers, report, left, *_ = run(
        [(40.0, 30.0, 8.0)],
        [(53.0, 30.0, 5.0), (40.0, 17.0, 5.0), (40.0, 50.0, 5.0), (27.5, 30.0, 5.0)],
        [0.2],
    )
    is_far = receivers[:, 1] == 50.0
    np.testing.assert_allclose(report.received, np.where(is_far, 0.0, 0.1 / 3), rtol=1e-15)
    assert left[0] == pytest.approx(0.1, rel=1e-15)


def test_no_more_than_the_largest_rate():
    _, report, left, *_ = run([(40.0, 30.0, 8.0)], [(45.0, 30.0, 5.0)], [10.0])
    assert report.given[0] == pytest.approx(3.0 * HOURS)
    assert left[0] == pytest.approx(10.0 - 3.0 * HOURS)


def test_touch_ends_at_the_tolerance():
    distance = 13.0 * 1.1
    inside = run([(20.0, 30.0, 8.0)], [(20.0 + distance - 1e-9, 30.0, 5.0)], [0.2])[1]
    outside = run([(20.0, 30.0, 8.0)], [(20.0 + distance + 1e-9, 30.0, 5.0)], [0.2])[1]
    assert inside.total > 0.0 and outside.total == 0.0


def test_alone_or_switched_off_keeps_all():
    assert run([(20.0, 30.0, 8.0)], [(70.0, 30.0, 5.0)], [0.2])[2][0] == 0.2
    assert run([(20.0, 30.0, 8.0)], [(25.0, 30.0, 5.0)], [0.2], share=0.0)[2][0] == 0.2


def test_receiver_of_two_providers_gets_both():
    _, report, *_ = run([(30.0, 30.0, 8.0), (50.0, 30.0, 8.0)], [(40.0, 30.0, 5.0)], [0.2, 0.3])
    assert report.received[0] == pytest.approx(0.25, rel=1e-15)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 12), st.integers(0, 120), st.integers(0, 10**6))
def test_in_space_same_as_naive(n_provider, n_receiver, seed):
    """Voxels of 10 um in a box of 4 x 5 x 3: touch counts in all three directions."""
    rng, shape = np.random.default_rng(seed), (3, 5, 4)
    rows = [
        np.column_stack([rng.uniform(0, 1, (n, 3)) * [40.0, 50.0, 30.0], rng.uniform(4, 9, n)])
        for n in (n_provider, n_receiver)
    ]
    exported = rng.uniform(-0.05, 1.0, n_provider)
    site, order = np.zeros(n_receiver, np.int32), np.zeros(n_receiver, np.int64)
    start = np.zeros(61, np.int64)
    sort.voxel_of(*(rows[1][:, axis].copy() for axis in range(3)), SPACING, shape, site)
    sort.sort_by_site(site, np.ones(n_receiver, np.bool_), 60, order, start)
    providers, receivers = (
        Spheres(*(np.ascontiguousarray(part[:, column]) for column in (0, 1, 3, 2)))
        for part in (rows[0], rows[1][order])
    )
    report = ContactTransfer(ContactParameters(), SPACING, shape).transfer(
        providers, receivers, start, exported.copy(), np.zeros(n_receiver), np.ones(n_receiver),
        HOURS,
    )  # fmt: skip
    given_, received = naive.transfer_at_contact(
        rows[0].tolist(), rows[1][order].tolist(), exported, 0.5, 3.0 * HOURS, 0.1
    )
    np.testing.assert_allclose(report.given, given_, rtol=1e-14)
    np.testing.assert_allclose(report.received, received, rtol=1e-13)
