"""Kernels of motion in three dimensions against the naive twin and against physics."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from abm.kernels import mechanics, neighbours, sort
from tests.naive import mechanics as naive

STIFFNESS = 20.0
HOURS = 0.1


def move(
    place, radius, *, box, mobility=None, motility=None, n_step=12, hours=HOURS, grip=None,
    entries=64, **changes,
):  # fmt: skip
    """Move cells at ``place`` [n, 3]; return the new places [n, 3], pressures and the report."""
    n = len(radius)
    x, y, z = (np.array([p[axis] for p in place], float) for axis in range(3))
    numbers = {
        "stiffness": STIFFNESS, "adhesion": 0.0, "adhesion_reach": 0.2, "displacement_cap": 0.1,
        "capped_share": 0.01, "allowance": 1.0,
    }  # fmt: skip
    cells = mechanics.Cells(
        x=x, y=y, z=z,
        radius=np.array(radius, float),
        mobility=np.ones(n) if mobility is None else np.array(mobility, float),
        motility=np.zeros((3, n)) if motility is None else np.array(motility, float),
        pressure=np.zeros(n),
        grip=np.empty(0) if grip is None else np.array(grip, float),
    )  # fmt: skip
    report = mechanics.move_cells(
        cells, mechanics.Law(**(numbers | changes)), box, hours, n_step,
        mechanics.make_workspace(n, entries, n_axis=3),
    )  # fmt: skip
    return np.stack([x, y, z], axis=1), cells.pressure, report


def random_cells(seed, n, side):
    rng = np.random.default_rng(seed)
    return rng.uniform(0, side, (n, 3)), rng.uniform(4.0, 7.0, n)


@settings(max_examples=80, deadline=None)
@given(
    st.integers(1, 100), st.integers(0, 10**6), st.floats(5.0, 400.0), st.floats(5.0, 400.0),
    st.floats(5.0, 400.0), st.floats(0.0, 8.0), st.booleans(),
)  # fmt: skip
def test_list_is_what_brute_force_finds(n, seed, width, height, depth, allowance, are_equal):
    """Dense and sparse boxes, flat and long ones, cells on walls, edges and each other, and pairs
    that are just within or beyond reach along some axis."""
    rng = np.random.default_rng(seed)
    box = (width, height, depth)
    place = rng.uniform(0, 1, (n, 3)) * box
    radius = np.full(n, 7.0) if are_equal else rng.uniform(1.0, 9.0, n)
    span = radius + (1.0 if are_equal else rng.uniform(0.0, 1.0, n)) * allowance
    for cell in np.flatnonzero(rng.random(n) < 0.5)[1:]:
        share = rng.choice([-1, 1]) * rng.choice([0.98, 0.999, 1.001])
        place[cell] = place[cell - 1]
        place[cell, rng.integers(3)] += share * (span[cell] + span[cell - 1])
    place[rng.random(n) < 0.2] = np.round(place[0])
    on_wall = rng.random((n, 3))
    place[on_wall < 0.1] = 0.0
    place = np.where(on_wall > 0.9, box, np.clip(place, 0.0, box))
    arrays = neighbours.make_list_arrays(n, 128, n_axis=3)
    axes = tuple(np.ascontiguousarray(place[:, axis]) for axis in range(3))
    assert neighbours.build_list(axes, radius, span, span.max(), box, arrays) == 0
    pairs = []
    for row in range(arrays.n_row[0]):
        first, end = arrays.row_start[0, row : row + 2]
        cells = arrays.lane_cell[0, : end - first]
        pairs += zip(cells.tolist(), arrays.partner[first:end].tolist(), strict=True)
    assert len(pairs) == len(set(pairs))
    assert {(j, i) for i, j in pairs} == set(pairs)
    assert {(i, j) for i, j in pairs if i < j} == naive.neighbour_pairs(place.tolist(), span)


@pytest.mark.parametrize("adhesion", [0.0, 1.5])
@pytest.mark.parametrize("n", [3, 25, 140])
def test_same_as_naive(n, adhesion):
    place, radius = random_cells(n, n, 11.0 * n ** (1 / 3))
    rng = np.random.default_rng(1)
    motility, mobility = rng.normal(0, 1.0, (3, n)), rng.uniform(0.1, 1.0, n)
    grip = rng.uniform(0.0, 1.0, n)
    box = tuple(share * n ** (1 / 3) for share in (11.0, 12.0, 11.5))
    found, pressure, report = move(
        place, radius, box=box, mobility=mobility, motility=motility, adhesion=adhesion,
        grip=grip, allowance=0.3,
    )  # fmt: skip
    expected, taken = naive.move(
        [tuple(p) for p in place], radius, mobility, list(motility.T), box, HOURS, 12, STIFFNESS,
        adhesion=adhesion, grip=grip,
    )  # fmt: skip
    assert report[:2] == (0, taken)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-9)
    np.testing.assert_allclose(pressure, naive.pressure(expected, radius), rtol=0, atol=1e-9)


def test_axes_are_equal():
    """The problem with its axes exchanged has the answer with its axes exchanged."""
    place, radius = random_cells(3, 60, 40.0)
    motility = np.random.default_rng(2).normal(0, 1.0, (3, 60))
    box = (40.0, 43.0, 46.0)
    straight, _, _ = move(place, radius, box=box, motility=motility, adhesion=0.5)
    for turn in ([1, 2, 0], [2, 1, 0]):
        turned, _, _ = move(
            place[:, turn], radius, box=tuple(box[axis] for axis in turn), motility=motility[turn],
            adhesion=0.5,
        )  # fmt: skip
        np.testing.assert_allclose(turned, straight[:, turn], rtol=0, atol=1e-10)


def test_a_flat_problem_stays_flat_and_equals_the_plane():
    """Cells in one plane of a deep box move as in a box of two dimensions."""
    rng = np.random.default_rng(7)
    place, radius = rng.uniform(0, 60, (40, 2)), rng.uniform(4.0, 7.0, 40)
    in_space, pressure, _ = move(
        np.column_stack([place, np.full(40, 31.0)]), radius, box=(60.0, 60.0, 62.0)
    )
    expected, _ = naive.move(
        [tuple(p) for p in place], radius, np.ones(40), [(0.0, 0.0)] * 40, (60.0, 60.0), HOURS, 12,
        STIFFNESS,
    )  # fmt: skip
    assert (in_space[:, 2] == 31.0).all()
    np.testing.assert_allclose(in_space[:, :2], expected, rtol=0, atol=1e-9)
    np.testing.assert_allclose(pressure, naive.pressure(expected, radius), rtol=0, atol=1e-9)


def test_no_net_force():
    """What the cells do to each other leaves the sum of their places where it was."""
    place, radius = random_cells(11, 150, 60.0)
    found, _, report = move(
        place + 500.0, radius, box=(1000.0,) * 3, adhesion=1.0, displacement_cap=10.0, n_step=48
    )
    assert report[0] == 0 and report[2] == 0.0 and np.abs(found - place - 500.0).max() > 1.0
    np.testing.assert_allclose(found.sum(0), (place + 500.0).sum(0), rtol=1e-13)


@pytest.mark.parametrize("spoil", [0, 1, 2, "motility", "far wall"])
def test_unusable_number_is_a_status_and_places_outside_go_to_the_wall(spoil):
    place, motility = np.array([[10.0, 10.0, 10.0], [40.0, 40.0, 40.0]]), np.zeros((3, 2))
    if spoil == "far wall":
        place[1, 2] = 130.0
        found, _, report = move(place, [5.0, 5.0], box=(100.0, 100.0, 90.0))
        assert report[0] == 0 and found[1].tolist() == [40.0, 40.0, 90.0]
        return
    if spoil == "motility":
        motility[2, 1] = math.inf
    else:
        place[1, spoil] = math.nan
    *_, report = move(place, [5.0, 5.0], box=(100.0,) * 3, motility=motility)
    assert report[0] == mechanics.NOT_FINITE


def test_box_reflects_at_every_face():
    place = [[1.0, 50.0, 99.5], [50.0, 99.0, 0.5]]
    motility = [[-3.0, 0.0], [0.0, 3.0], [2.0, -2.0]]
    found, _, _ = move(place, [5.0, 5.0], box=(100.0,) * 3, motility=motility, n_step=96)
    assert found.min() >= 0.0 and found.max() <= 100.0
    packed, _, report = move(
        np.random.default_rng(0).uniform(0, 30, (90, 3)), np.full(90, 6.0), box=(30.0,) * 3
    )
    assert report[0] == 0 and packed.min() >= 0.0 and packed.max() <= 30.0


@settings(max_examples=60, deadline=None)
@given(
    st.tuples(st.floats(-20.0, 120.0), st.floats(-20.0, 120.0), st.floats(-20.0, 120.0)),
    st.tuples(st.integers(1, 6), st.integers(1, 6), st.integers(1, 6)),
)
def test_voxel_of_any_place(place, shape):
    site = np.full(1, -7, np.int32)
    sort.voxel_of(*(np.array([c]) for c in place), 10.0, shape, site)
    assert site.tolist() == [naive.voxel(place, 10.0, shape)]


def test_sorting_by_voxel_puts_cells_of_one_voxel_side_by_side():
    """Sorted by site, voxels come with x fastest, then y, then z, and no cell is lost."""
    rng = np.random.default_rng(5)
    place, shape = rng.uniform(0, 1, (500, 3)) * [50.0, 40.0, 30.0], (3, 4, 5)
    site = np.zeros(500, np.int32)
    sort.voxel_of(*(np.ascontiguousarray(c) for c in place.T), 10.0, shape, site)
    order, start = np.zeros(500, np.int64), np.zeros(61, np.int64)
    assert sort.sort_by_site(site, np.ones(500, np.bool_), 60, order, start) == 500
    assert sorted(order.tolist()) == list(range(500))
    voxel = np.floor(place[order] / 10.0).astype(int)
    assert (np.diff(voxel @ [1, 5, 20]) >= 0).all()
    for one in (0, 17, 59):
        rows = order[start[one] : start[one + 1]]
        assert (site[rows] == one).all() and len(rows) == (site == one).sum()
