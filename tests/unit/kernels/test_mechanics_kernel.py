"""Kernels of motion against the naive twin and against what two and three bodies must do."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from abm.kernels import mechanics, neighbours
from tests.naive import mechanics as naive

STIFFNESS = 20.0
HOURS = 0.1


def law(**changes):
    numbers = {
        "stiffness": STIFFNESS, "adhesion": 0.0, "adhesion_reach": 0.2, "displacement_cap": 0.1,
        "capped_share": 0.01, "allowance": 1.0,
    }  # fmt: skip
    return mechanics.Law(**(numbers | changes))


def move(
    place, radius, *, box=(100.0, 100.0), mobility=None, motility=None, n_step=12, hours=HOURS,
    entries=16, **changes,
):  # fmt: skip
    n = len(radius)
    cells = mechanics.Cells(
        x=np.array([p[0] for p in place], float),
        y=np.array([p[1] for p in place], float),
        radius=np.array(radius, float),
        mobility=np.ones(n) if mobility is None else np.array(mobility, float),
        motility=np.zeros((2, n)) if motility is None else np.array(motility, float),
        pressure=np.zeros(n),
    )
    report = mechanics.move_cells(
        cells, law(**changes), box, hours, n_step, mechanics.make_workspace(n, entries)
    )
    return cells, report


def random_cells(seed, n, size):
    rng = np.random.default_rng(seed)
    return rng.uniform(0, size, (n, 2)), rng.uniform(4.0, 7.0, n)


def make_list(place, radius, span, box):
    arrays = neighbours.make_list_arrays(len(radius), 128)
    x, y = np.ascontiguousarray(place[:, 0]), np.ascontiguousarray(place[:, 1])
    assert neighbours.build_list((x, y), radius, span, span.max(), box, arrays) == 0
    return arrays


def entries(arrays, n):
    """Yield (cell, lane of the block, entry) of all pairs, row by row."""
    for block in range((n + neighbours.BLOCK - 1) // neighbours.BLOCK):
        for row in range(arrays.n_row[block]):
            first, end = arrays.row_start[block, row : row + 2]
            for lane in range(end - first):
                cell = block * neighbours.BLOCK + int(arrays.lane_cell[block, lane])
                yield cell, block * neighbours.BLOCK + lane, first + lane


def listed_pairs(place, radius, span, box):
    arrays = make_list(place, radius, span, box)
    pairs = []
    for cell, slot, entry in entries(arrays, len(radius)):
        other = int(arrays.partner[entry])
        contact = radius[cell] + radius[other]
        assert arrays.inverse_square[entry] == pytest.approx(contact**-2.0, rel=1e-15)
        assert arrays.slot[cell] == slot
        pairs.append((cell, other))
    return pairs


@settings(max_examples=60, deadline=None)
@given(
    st.integers(1, 60), st.integers(0, 10**6), st.floats(5.0, 300.0), st.floats(5.0, 300.0),
    st.floats(0.0, 8.0),
)  # fmt: skip
def test_list_is_what_brute_force_finds(n, seed, width, height, allowance):
    rng = np.random.default_rng(seed)
    place = rng.uniform(0, 1, (n, 2)) * [width, height]
    place[rng.random(n) < 0.2] = np.round(place[0])  # coincident cells, and cells on the walls
    place = np.clip(place, 0.0, [width, height])
    radius = rng.uniform(1.0, 9.0, n)
    span = radius + rng.uniform(0.0, 1.0, n) * allowance
    pairs = listed_pairs(place, radius, span, (width, height))
    assert len(pairs) == len(set(pairs))
    assert {(i, j) for i, j in pairs if i < j} == naive.neighbour_pairs(place.tolist(), span)
    assert {(j, i) for i, j in pairs} == set(pairs)


def test_every_cell_has_one_lane_and_rows_grow_no_longer():
    """300 cells in three blocks: slots are a permutation, partners become slots of the same."""
    place, radius = random_cells(9, 300, 190.0)
    arrays = make_list(place, radius, radius + 2.0, (190.0, 190.0))
    assert sorted(arrays.slot[:300]) == list(range(300))
    for block in range(3):
        lengths = np.diff(arrays.row_start[block, : arrays.n_row[block] + 1])
        assert (np.diff(lengths) <= 0).all() and lengths[-1] > 0
    before = [int(arrays.partner[entry]) for _, _, entry in entries(arrays, 300)]
    for block in range(3):
        neighbours.use_slots(block, arrays)
    after = [int(arrays.partner[entry]) for _, _, entry in entries(arrays, 300)]
    assert after == arrays.slot[before].tolist()


def test_two_overlapping_cells_part_to_contact_along_their_axis():
    cells, _ = move([(50.0, 50.0), (53.0, 54.0)], [5.0, 5.0], hours=2.0, n_step=240)
    dx, dy = cells.x[1] - cells.x[0], cells.y[1] - cells.y[0]
    assert math.hypot(dx, dy) == pytest.approx(10.0, abs=1e-9)
    assert dy / dx == pytest.approx(4.0 / 3.0, rel=1e-12)
    assert (cells.x.sum(), cells.y.sum()) == pytest.approx((103.0, 104.0), rel=1e-14)


def test_small_overlap_decays_at_twice_the_stiffness():
    """d(overlap)/dt = -2 stiffness overlap for a spring between two free cells."""
    overlap = 1e-3
    cells, _ = move([(50.0, 50.0), (60.0 - overlap, 50.0)], [5.0, 5.0], n_step=2000)
    left = 10.0 - (cells.x[1] - cells.x[0])
    assert left == pytest.approx(overlap * math.exp(-2 * STIFFNESS * HOURS), rel=0.01)
    step = 1 - 2 * STIFFNESS * HOURS / 2000
    assert left == pytest.approx(overlap * step**2000, rel=1e-3)


def test_mobility_weighs_the_displacement():
    cells, _ = move([(50.0, 50.0), (58.0, 50.0)], [5.0, 5.0], mobility=[0.25, 1.0])
    assert (cells.x[1] - 58.0) / (50.0 - cells.x[0]) == pytest.approx(4.0, rel=1e-9)
    fixed, _ = move([(50.0, 50.0), (58.0, 50.0)], [5.0, 5.0], mobility=[0.0, 1.0])
    assert fixed.x[0] == 50.0 and fixed.x[1] > 58.0


def test_cells_apart_stay_exactly():
    cells, report = move([(20.0, 20.0), (31.0, 20.0)], [5.0, 5.0])
    assert cells.x.tolist() == [20.0, 31.0] and cells.y.tolist() == [20.0, 20.0]
    assert cells.pressure.tolist() == [0.0, 0.0]
    assert report == (0, 12, 0.0, 1, 0.0)


def test_adhesion_pulls_within_reach_only():
    near, _ = move([(50.0, 50.0), (61.0, 50.0)], [5.0, 5.0], adhesion=2.0)
    assert near.x[0] > 50.0 and near.x[1] < 61.0
    far, _ = move([(50.0, 50.0), (62.1, 50.0)], [5.0, 5.0], adhesion=2.0)
    assert far.x.tolist() == [50.0, 62.1]


@pytest.mark.parametrize("adhesion", [0.0, 1.5])
@pytest.mark.parametrize("n", [3, 25, 150])
def test_same_as_naive(n, adhesion):
    place, radius = random_cells(n, n, 12.0 * math.sqrt(n))
    rng = np.random.default_rng(1)
    motility, mobility = rng.normal(0, 1.0, (2, n)), rng.uniform(0.1, 1.0, n)
    box = (12.0 * math.sqrt(n), 13.0 * math.sqrt(n))
    cells, report = move(
        place, radius, box=box, mobility=mobility, motility=motility, adhesion=adhesion,
        allowance=0.3,
    )  # fmt: skip
    expected, taken = naive.move(
        [tuple(p) for p in place], radius, mobility, list(motility.T), box, HOURS, 12, STIFFNESS,
        adhesion=adhesion,
    )  # fmt: skip
    assert report[:2] == (0, taken)
    np.testing.assert_allclose(np.stack([cells.x, cells.y], 1), expected, rtol=0, atol=1e-9)
    np.testing.assert_allclose(cells.pressure, naive.pressure(expected, radius), rtol=0, atol=1e-9)


def test_list_allowance_does_not_change_the_result():
    place, radius = random_cells(5, 60, 70.0)
    results, n_listings = [], []
    for allowance in (0.05, 0.5, 20.0):
        cells, report = move(place, radius, box=(70.0, 70.0), allowance=allowance, entries=64)
        results.append(np.stack([cells.x, cells.y]))
        n_listings.append(report[3])
    np.testing.assert_allclose(results[0], results[2], rtol=0, atol=1e-10)
    np.testing.assert_allclose(results[1], results[2], rtol=0, atol=1e-10)
    assert n_listings[0] > n_listings[1] > n_listings[2] == 1


def test_no_cell_moves_farther_than_the_cap():
    """One deep pair: the step is cut to an eighth, and still no step exceeds 0.1 radius."""
    start = [(50.0, 50.0), (54.0, 50.0)]
    cells, report = move(start, [6.0, 6.0], stiffness=400.0, n_step=1, hours=1.0)
    status, n_taken, capped, _, worst = report
    assert (status, n_taken) == (0, 8)
    assert capped > 0.0 and worst == 1.0
    assert abs(cells.x[0] - 50.0) <= 8 * 0.6 + 1e-12
    one, _ = move(start, [6.0, 6.0], stiffness=400.0, n_step=8, hours=1.0, capped_share=1.0)
    first, _ = move(start, [6.0, 6.0], stiffness=400.0, n_step=1, hours=1 / 8, capped_share=1.0)
    assert 50.0 - first.x[0] == pytest.approx(0.6, rel=1e-12)
    np.testing.assert_allclose(one.x, cells.x, rtol=1e-12)


def test_steps_stay_whole_when_few_cells_are_capped():
    place = [(20.0 * i + 10.0, 10.0) for i in range(59)] + [(1195.0, 10.0)]
    motility = np.zeros((2, 60))
    motility[1, 3] = 30.0
    _, lenient = move(place, [5.0] * 60, box=(2000.0, 60.0), motility=motility, capped_share=0.02)
    _, strict = move(place, [5.0] * 60, box=(2000.0, 60.0), motility=motility, capped_share=0.01)
    assert lenient[1] == 12 and lenient[2] == pytest.approx(1 / 60)
    assert strict[1] == 96


def test_walls_mirror_and_hold():
    start = [(1.0, 99.5), (50.0, 0.0)]
    motility = [[-3.0, 0.0], [2.0, -1.5]]
    cells, _ = move(start, [5.0, 5.0], motility=motility, n_step=96)
    assert cells.x.min() >= 0.0 and cells.y.max() <= 100.0
    assert cells.x[0] == pytest.approx(0.0, abs=0.05)  # each part is mirrored, the drift goes on
    packed, report = move(
        np.random.default_rng(0).uniform(0, 30, (40, 2)), np.full(40, 6.0), box=(30.0, 30.0),
        entries=64,
    )  # fmt: skip
    assert report[0] == 0
    for values in (packed.x, packed.y):
        assert values.min() >= 0.0 and values.max() <= 30.0


def test_places_outside_are_put_on_the_wall():
    cells, _ = move([(-4.0, 50.0), (50.0, 130.0)], [5.0, 5.0])
    assert (cells.x[0], cells.y[1]) == (0.0, 100.0)


def test_full_list_is_a_status_and_changes_nothing():
    place = np.random.default_rng(0).uniform(0, 4, (60, 2))
    cells, report = move(place, np.full(60, 6.0), entries=1)
    assert report[0] == mechanics.LIST_FULL
    np.testing.assert_array_equal(cells.x, place[:, 0])


@pytest.mark.parametrize("spoil", ["x", "y", "radius", "mobility", "motility", "zero radius"])
def test_unusable_number_is_a_status(spoil):
    place, radius, mobility, motility = [[10.0, 10.0], [40.0, 40.0]], [5.0, 5.0], [1.0, 1.0], [
        [0.0, 0.0], [0.0, 0.0]
    ]  # fmt: skip
    if spoil in "xy":
        place[1]["xy".index(spoil)] = math.nan
    elif spoil == "motility":
        motility[1][0] = math.inf
    elif spoil == "mobility":
        mobility[0] = math.nan
    else:
        radius[1] = 0.0 if spoil == "zero radius" else math.nan
    _, report = move(place, radius, mobility=mobility, motility=motility)
    assert report[0] == mechanics.NOT_FINITE


def test_no_cells():
    assert move([], [])[1] == (0, 0, 0.0, 0, 0.0)


@settings(deadline=None)
@given(st.floats(1e-6, 1e6))
def test_sphere_radius(volume):
    radius = np.zeros(1)
    mechanics.sphere_radius(np.array([volume]), radius)
    assert 4 / 3 * math.pi * radius[0] ** 3 == pytest.approx(1000.0 * volume, rel=1e-14)


def test_sphere_radius_of_nothing_is_nan():
    radius = np.zeros(4)
    mechanics.sphere_radius(np.array([0.0, -1.0, math.inf, math.nan]), radius)
    assert np.isnan(radius).all()
