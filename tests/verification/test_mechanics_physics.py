"""Motion against physics: diffusion, relaxation, step length, threads."""

import math

import numba
import numpy as np
import pytest

from abm.errors import NumericalError
from abm.processes.motion import Bodies, Motion, MotionParameters, radius_of

HOURS = 0.1


def bodies(x, y, radius, motility=None):
    n = len(radius)
    return Bodies(
        x.copy(), y.copy(), radius, np.ones(n), np.zeros((2, n)) if motility is None else motility
    )


def tissue(seed, n, area_fraction):
    """Cells of the size density 2/M^2 on [1, 2] at random places; return them and the box side."""
    rng = np.random.default_rng(seed)
    radius = radius_of(0.6 * 2.0 / (2.0 - rng.random(n)))
    side = math.sqrt(math.pi * (radius**2).sum() / area_fraction)
    return bodies(rng.uniform(0, side, n), rng.uniform(0, side, n), radius), side


def relax(cells, side, n_calls, **changes):
    motion = Motion(MotionParameters(**changes), (side, side))
    return [motion.move(cells, HOURS) for _ in range(n_calls)]


def deepest_overlap(cells):
    """Largest overlap over contact distance."""
    deepest = 0.0
    for i in range(len(cells.radius)):
        distance = np.hypot(cells.x - cells.x[i], cells.y - cells.y[i])
        distance[i] = np.inf
        deepest = max(deepest, (1 - distance / (cells.radius + cells.radius[i])).max())
    return deepest


def test_free_motility_is_diffusion():
    """Mean squared displacement of cells that do not meet = 4 D t, within 4 standard errors."""
    n, n_calls = 400, 20
    parameters = MotionParameters(diffusivity=3.0)
    side = 20 * 200.0
    motion = Motion(parameters, (side, side))
    x = np.repeat(np.arange(20) * 200.0 + 100.0, 20)
    y = np.tile(np.arange(20) * 200.0 + 100.0, 20)
    cells = bodies(x, y, np.full(n, 5.0))
    rng = np.random.default_rng(11)
    for _ in range(n_calls):
        wander = motion.motility(rng.standard_normal((2, n)), HOURS)
        report = motion.move(cells._replace(motility=wander), HOURS)
        assert report.capped_share == 0.0
    squared = (cells.x - x) ** 2 + (cells.y - y) ** 2
    expected = 4 * parameters.diffusivity * HOURS * n_calls
    # A sum of two squared normals of equal variance is exponential: its sd equals its mean.
    assert abs(squared.mean() - expected) < 4 * expected / math.sqrt(n)
    assert abs((cells.x - x).mean()) < 4 * math.sqrt(expected / 2 / n)


def test_dense_packing_relaxes_and_keeps_its_centre_of_mass():
    cells, side = tissue(2, 300, 0.6)
    middle = Bodies(cells.x + side, cells.y + side, *cells[2:])  # far from all walls
    centre = middle.x.mean(), middle.y.mean()
    before = deepest_overlap(middle)
    relax(middle, 3 * side, 60)
    assert before > 0.5 and deepest_overlap(middle) < 0.02
    assert (middle.x.mean(), middle.y.mean()) == pytest.approx(centre, abs=0.02)


def test_step_length_hardly_changes_a_relaxed_colony():
    """Radius of gyration of a spreading colony with half and a quarter of the step: below 1 %."""
    rng = np.random.default_rng(4)
    radius = radius_of(0.6 * 2.0 / (2.0 - rng.random(250)))
    angle, distance = rng.uniform(0, 2 * math.pi, 250), 60.0 * np.sqrt(rng.random(250))
    gyration = []
    for n_steps in (MotionParameters().n_steps, 18, 36):
        cells = bodies(200 + distance * np.cos(angle), 200 + distance * np.sin(angle), radius)
        relax(cells, 400.0, 30, n_steps=n_steps)
        gyration.append(math.sqrt(cells.x.var() + cells.y.var()))
    assert gyration[0] > 1.15 * math.sqrt((distance**2).mean())
    assert gyration[1] == pytest.approx(gyration[2], rel=0.01)
    assert gyration[0] == pytest.approx(gyration[1], rel=0.01)


def test_default_steps_agree_with_fine_ones_in_a_wandering_tissue():
    """Overlap pressure (mean and 90th percentile) and displacement within 2 % of 96 steps (A48)."""
    found = []
    for n_steps in (MotionParameters().n_steps, 96):
        cells, side = tissue(9, 1000, 0.8)
        motion = Motion(MotionParameters(n_steps=n_steps), (side, side))
        relax(cells, side, 20, n_steps=96)  # the same start for both
        rng, start, pressures = np.random.default_rng(1), (cells.x.copy(), cells.y.copy()), []
        for _ in range(30):
            wander = motion.motility(rng.standard_normal((2, 1000)), HOURS)
            report = motion.move(cells._replace(motility=wander), HOURS)
            assert report.n_steps == n_steps and report.capped_share < 1e-3
            pressures.append(report.pressure.copy())
        squared = (cells.x - start[0]) ** 2 + (cells.y - start[1]) ** 2
        found.append([np.mean(pressures), np.quantile(pressures, 0.9), squared.mean()])
    assert found[0] == pytest.approx(found[1], rel=0.02)
    assert found[0] != found[1]


def test_same_bits_on_any_number_of_threads():
    threads = numba.get_num_threads()
    results = []
    try:
        most = numba.config.NUMBA_NUM_THREADS
        for n_threads in {1, min(2, most), most}:
            numba.set_num_threads(n_threads)
            cells, side = tissue(3, 1500, 0.9)
            wander = np.random.default_rng(0).normal(0, 1, (2, 1500))
            cells = cells._replace(motility=wander)
            pressure = relax(cells, side, 3)[-1].pressure
            results.append((cells.x.tobytes(), cells.y.tobytes(), pressure.tobytes()))
    finally:
        numba.set_num_threads(threads)
    assert len(set(results)) == 1


def test_pressure_rises_with_density():
    means = []
    for area_fraction in (0.7, 0.9, 1.1):
        cells, side = tissue(6, 400, area_fraction)
        means.append(relax(cells, side, 60)[-1].pressure.mean())
    assert means[0] < 0.01 < means[1] < 0.25 * means[2]
    motion = Motion(MotionParameters(pressure_limit=2.0), (10.0, 10.0))
    assert motion.crowding(np.array([0.0, 1.0, 2.0, 5.0])).tolist() == [1.0, 0.5, 0.0, 0.0]


def test_list_grows_for_a_clump_and_a_wrong_number_is_refused():
    rng = np.random.default_rng(8)
    clump = bodies(rng.uniform(50, 60, 200), rng.uniform(50, 60, 200), np.full(200, 5.0))
    assert relax(clump, 110.0, 1)[0].n_steps > MotionParameters().n_steps
    clump.x[7] = math.nan
    with pytest.raises(NumericalError, match="not finite"):
        relax(clump, 110.0, 1)


def test_asparagine_speeds_carcinoma_cells_up():
    """S23: the speed is half of the reference plus a saturating share of intracellular Asn."""
    motion = Motion(MotionParameters(), (10.0, 10.0))
    half = motion.parameters.motility_half_saturation
    factor = motion.asparagine_factor(np.array([0.0, half, 1e9]))
    assert factor == pytest.approx([0.5, 1.0, 1.5])
