"""Motion in three dimensions against physics: relaxation, diffusion, walls, packing, adhesion."""

import math
import pickle

import numba
import numpy as np
import pytest
from scipy.integrate import solve_ivp
from scipy.optimize import brentq

from abm.founders import Placement
from abm.processes.cell_lines import CELL_LINES
from abm.processes.motion import NOTHING, Bodies, Motion, MotionParameters, radius_of

HOURS = 0.1


def bodies(place, radius, motility=None, adhesion=None):
    """Bodies at ``place`` [2 or 3, n]."""
    n_axis, n = place.shape
    axes = [np.array(row, float) for row in place]
    return Bodies(
        x=axes[0], y=axes[1], z=axes[2] if n_axis == 3 else NOTHING, radius=np.asarray(radius),
        mobility=np.ones(n),
        motility=np.zeros((n_axis, n)) if motility is None else motility,
        adhesion=NOTHING if adhesion is None else np.full(n, adhesion),
    )  # fmt: skip


def places(cells):
    return np.stack([cells.x, cells.y, cells.z] if cells.z.shape[0] else [cells.x, cells.y])


def tissue(seed, n, filled, steps=20):
    """A relaxed packing of cells with the size density 2/M^2 on [1, 2]; and the side of its box."""
    rng = np.random.default_rng(seed)
    radius = radius_of(0.6 * 2.0 / (2.0 - rng.random(n)))
    side = float(np.cbrt(4 / 3 * math.pi * (radius**3).sum() / filled))
    cells = bodies(rng.uniform(0, side, (3, n)), radius)
    motion = Motion(MotionParameters(n_steps_in_space=48), (side,) * 3)
    for _ in range(steps):
        motion.move(cells, HOURS)
    return cells, side


def rate(t, stiffness=20.0):
    return stiffness * (t / 2 + 3 * t**2 / 8 + 5 * t**3 / 16)


@pytest.mark.parametrize("direction", [(0.6, 0.8), (1.0, 0.0), (2 / 3, 1 / 3, 2 / 3), (0, 0, 1.0)])
def test_two_cells_head_on_relax_along_their_axis_as_the_law_says(direction):
    """d(distance)/dt = 2 g(t) distance; the default steps within 3 % of the overlap at the start,
    96 steps within 0.4 %, and the axis stays."""
    axis, start = np.array(direction), 7.5
    times = HOURS * np.arange(1, 6)
    law = solve_ivp(
        lambda _, d: 2 * rate(np.maximum(1 - d**2 / 100.0, 0.0)) * d, (0, times[-1]), [start],
        t_eval=times, rtol=1e-10, atol=1e-12,
    ).y[0]  # fmt: skip
    for parameters, error in (
        (MotionParameters(), 0.03),
        (MotionParameters(n_steps=96, n_steps_in_space=96), 0.004),
    ):
        cells = bodies(50.0 + np.outer(axis, [-start / 2, start / 2]), [5.0, 5.0])
        motion, found = Motion(parameters, (100.0,) * len(axis)), []
        for _ in times:
            motion.move(cells, HOURS)
            apart = places(cells)[:, 1] - places(cells)[:, 0]
            found.append(np.linalg.norm(apart))
            np.testing.assert_allclose(apart / found[-1], axis, rtol=0, atol=1e-13)
        assert np.abs(np.array(found) - law).max() < error * (10.0 - start)
        np.testing.assert_allclose(places(cells).mean(axis=1), 50.0, rtol=1e-14)


@pytest.mark.parametrize("n_axis", [2, 3])
def test_cells_driven_against_each_other_rest_where_push_equals_drive(n_axis):
    """mobility g(t) d = drive, for two cells that are driven head-on for hours."""
    drive = 12.0  # um/h
    t = brentq(lambda t: rate(t) * 10.0 * math.sqrt(1 - t) - drive, 0.0, 0.5)
    place = np.full((n_axis, 2), 50.0)
    place[-1] = [42.0, 58.0]
    motility = np.zeros((n_axis, 2))
    motility[-1] = [drive * HOURS, -drive * HOURS]
    cells = bodies(place, [5.0, 5.0], motility)
    motion = Motion(MotionParameters(), (100.0,) * n_axis)
    for _ in range(30):
        motion.move(cells, HOURS)
    rest = places(cells)
    assert rest[-1, 1] - rest[-1, 0] == pytest.approx(10.0 * math.sqrt(1 - t), rel=1e-9)
    assert (rest[:-1] == 50.0).all()


def test_free_motility_is_diffusion_along_each_axis():
    """Variance 2 D t per axis, no mean, no correlation; within 4 standard errors."""
    n, n_calls, parameters = 1000, 10, MotionParameters(diffusivity=3.0)
    grid = np.stack(np.meshgrid(*[np.arange(10) * 100.0 + 50.0] * 3)).reshape(3, -1)
    cells, motion = bodies(grid, np.full(n, 5.0)), Motion(parameters, (1000.0,) * 3)
    rng = np.random.default_rng(11)
    for _ in range(n_calls):
        motion.move(
            cells._replace(motility=motion.motility(rng.standard_normal((3, n)), HOURS)), HOURS
        )
    way = places(cells) - grid
    expected = 2 * parameters.diffusivity * HOURS * n_calls
    assert (np.abs(way.mean(axis=1)) < 4 * math.sqrt(expected / n)).all()
    covariance = way @ way.T / n / expected
    assert (np.abs(np.diag(covariance) - 1.0) < 4 * math.sqrt(2 / n)).all()
    assert (np.abs(covariance[np.triu_indices(3, 1)]) < 4 / math.sqrt(n)).all()


def test_walls_keep_wanderers_evenly_spread():
    """Small cells that wander from one corner fill the box: mean L/2, variance L^2/12 per axis."""
    rng, n, size = np.random.default_rng(5), 400, (30.0, 20.0, 25.0)
    parameters = MotionParameters(diffusivity=5.0, stiffness=0.1, displacement_cap=0.5)
    motion, cells = Motion(parameters, size), bodies(rng.uniform(0, 10, (3, n)), np.full(n, 0.6))
    for _ in range(400):
        wander = motion.motility(rng.standard_normal((3, n)), HOURS)
        assert motion.move(cells._replace(motility=wander), HOURS).capped_share < 0.01
    for row, length in zip(places(cells), size, strict=True):
        assert row.min() >= 0.0 and row.max() <= length
        assert abs(row.mean() - length / 2) < 4 * length / math.sqrt(12 * n)
        assert row.var() == pytest.approx(length**2 / 12, rel=4 * math.sqrt(0.8 / n))


@pytest.mark.parametrize("filled", [0.64, 0.9])
def test_default_steps_agree_with_fine_ones_in_a_full_tissue(filled):
    """Overlap pressure (mean, 90th and 99th percentile), displacement, density: 2 % of 96 steps."""
    found, last = [], []
    start, side = tissue(9, 800, filled)
    for n_steps in (MotionParameters().n_steps_in_space, 96):
        cells = bodies(places(start), start.radius)
        motion = Motion(MotionParameters(n_steps_in_space=n_steps), (side,) * 3)
        rng, pressures, counts = np.random.default_rng(1), [], []
        for call in range(30):
            wander = motion.motility(rng.standard_normal((3, 800)), HOURS)
            report = motion.move(cells._replace(motility=wander), HOURS)
            assert report.capped_share < 1e-3
            pressures.append(report.pressure.copy())
            counts.append(np.histogramdd(places(cells).T, 4, [(0, side)] * 3)[0].var())
            if call == 0:
                last.append(places(cells))
        squared = ((places(cells) - places(start)) ** 2).sum(axis=0)
        found.append(
            [np.mean(pressures), *np.quantile(pressures, [0.9, 0.99]), squared.mean(),
             np.mean(counts)]
        )  # fmt: skip
    assert found[0] == pytest.approx(found[1], rel=0.02)
    off = math.sqrt(((last[0] - last[1]) ** 2).sum(axis=0).mean())
    assert 0.0 < off < 0.02 * start.radius.mean()


@pytest.mark.parametrize("n_axis", [2, 3])
def test_default_steps_agree_with_fine_ones_in_a_spreading_colony(n_axis):
    """Radius of gyration and outermost cells of a crowded colony that spreads: 2 % of 96 steps."""
    rng, n = np.random.default_rng(4), 400
    radius = radius_of(0.6 * 2.0 / (2.0 - rng.random(n)))
    direction = rng.standard_normal((n_axis, n))
    direction *= rng.random(n) ** (1 / n_axis) / np.linalg.norm(direction, axis=0)
    start = 250.0 + direction * (75.0 if n_axis == 2 else 36.0)
    found = []
    for parameters in (MotionParameters(), MotionParameters(n_steps=96, n_steps_in_space=96)):
        cells, motion = bodies(start, radius), Motion(parameters, (500.0,) * n_axis)
        for _ in range(20):
            motion.move(cells, HOURS)
        distance = np.linalg.norm(places(cells) - 250.0, axis=0)
        found.append([math.sqrt((distance**2).mean()), np.quantile(distance, 0.95)])
    assert found[1][0] > 1.1 * math.sqrt(((start - 250.0) ** 2).sum(axis=0).mean())
    assert found[0] == pytest.approx(found[1], rel=0.02)


def test_same_bits_on_any_number_of_threads_and_after_pickling():
    threads, results = numba.get_num_threads(), []
    start, side = tissue(3, 700, 0.8, steps=2)
    try:
        most = numba.config.NUMBA_NUM_THREADS
        for n_threads in sorted({1, min(2, most), most}):
            numba.set_num_threads(n_threads)
            wander = np.random.default_rng(0).normal(0, 1, (3, 700))
            cells = bodies(places(start), start.radius, wander, adhesion=0.4)
            motion = Motion(MotionParameters(), (side,) * 3)
            for call in range(3):
                if n_threads == 1 and call == 1:
                    motion = pickle.loads(pickle.dumps(motion))
                pressure = motion.move(cells, HOURS).pressure
            results.append(places(cells).tobytes() + pressure.tobytes())
    finally:
        numba.set_num_threads(threads)
    assert len(results) > 1 and len(set(results)) == 1


@pytest.mark.parametrize("n_axis", [2, 3])
def test_adhesion_holds_carcinoma_together_and_lets_leukaemia_go(n_axis):
    """A day of wandering: with the adhesion of a carcinoma line a spheroid keeps its radius and all
    its cells, without (leukaemia) it falls apart."""
    lines = CELL_LINES["hct-116"], CELL_LINES["default-blast"]
    rng = np.random.default_rng(2)
    cube = rng.standard_normal((n_axis, 150))
    start = 150.0 + cube / np.linalg.norm(cube, axis=0) * rng.random(150) ** (1 / n_axis) * (
        75.0 if n_axis == 2 else 42.0
    )
    gyration, lonely = [], []
    for line in lines:
        noise = np.random.default_rng(3)
        radius = radius_of(2.0 * 2.0 / (2.0 - np.random.default_rng(1).random(150)))
        cells = bodies(start, radius, adhesion=line.adhesion)
        motion, wander = Motion(MotionParameters(), (300.0,) * n_axis), np.zeros((n_axis, 150))
        for call in range(340):
            if call >= 100:  # relaxed
                wander = motion.motility(noise.standard_normal((n_axis, 150)), HOURS)
            if call == 100:
                before = math.sqrt(places(cells).var(axis=1).sum())
            motion.move(cells._replace(motility=wander), HOURS)
        now = places(cells)
        gap = np.linalg.norm(now[:, :, None] - now[:, None], axis=0) / (radius + radius[:, None])
        np.fill_diagonal(gap, np.inf)
        lonely.append((gap.min(axis=0) > 1.2).mean())
        gyration.append(math.sqrt(now.var(axis=1).sum()) / before)
    assert abs(gyration[0] - 1.0) < 0.05 and lonely[0] == 0.0
    assert gyration[1] > 1.1 and lonely[1] > 0.02
    assert lines[0].adhesion > 0.0 == lines[1].adhesion


def test_pairs_attract_with_the_mean_of_their_adhesions():
    """Two cells in reach approach with the geometric mean of their adhesions; 0 beside any is 0."""

    def approach(first, second):
        cells = bodies(np.array([[50.0, 61.0]] + [[50.0, 50.0]] * 2), [5.0, 5.0])
        cells = cells._replace(adhesion=np.array([first, second]))
        Motion(MotionParameters(), (100.0,) * 3).move(cells, 1e-4)
        return 11.0 - (cells.x[1] - cells.x[0])

    same = approach(0.4, 0.4)
    assert same > 0.0 and approach(0.4, 0.0) == 0.0
    assert approach(0.1, 1.6) == pytest.approx(same, rel=1e-3)
    assert approach(0.4, 0.1) == pytest.approx(same / 2, rel=1e-3)


def test_placement_names_stay():
    assert [one.name for one in Placement] == ["RANDOM", "CENTER", "DISC", "SPHEROID"]
