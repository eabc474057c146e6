"""Reference case of the PerMedCoE benchmark: two cells pushed head-on
(github.com/PerMedCoE/observatory_benchmark, Appendix 1; doi:10.1101/2025.07.16.664358).

Published: box of 60 um, centres 30 um apart, cells of 10 um (taken as the diameter, as in the code
of Chaste and in the distances of TiSim), each driven at 10 um/min towards the other, positions
every 0.1 min for 10 min, no random force. Whether the drive goes on after contact is not said: in
TiSim it does, in Chaste it ends below 9 um. Both are here.
"""

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from abm.processes.motion import Bodies, Motion, MotionParameters

INTERVAL = 0.1 / 60.0  # h
SPEED = 600.0  # um/h
DIAMETER, START, BOX = 10.0, 30.0, 60.0
N_INTERVALS = 100
STOP_BELOW = 9.0
"""Distance at which the drive ends in the code of Chaste (TestMechanicsPushing, 0.9 diameters)."""

PUBLISHED_APPROACH = np.array([28.0, 26.0, 24.0, 22.0, 20.0, 18.0, 16.0, 14.0, 12.0, 10.0])
"""Distance every 0.1 min: BioDynaMo and TiSim, OpenEBench data, mechanics_pushing."""


def two_cells(axis):
    place = BOX / 2 + np.outer(axis, [-START / 2, START / 2])
    return Bodies(
        x=place[0].copy(), y=place[1].copy(), z=place[2].copy(),
        radius=np.full(2, DIAMETER / 2), mobility=np.ones(2), motility=np.zeros((3, 2)),
    )  # fmt: skip


def apart(cells):
    return np.array([cells.x[1] - cells.x[0], cells.y[1] - cells.y[0], cells.z[1] - cells.z[0]])


def run(parameters, axis, drive_ends):
    """Distances after each interval; the drive [um/h] of an interval is set at its begin."""
    cells, motion = two_cells(axis), Motion(parameters, (BOX,) * 3)
    found, is_driven = [], True
    for _ in range(N_INTERVALS):
        way = SPEED * INTERVAL if is_driven else 0.0
        motion.move(cells._replace(motility=np.outer(axis, [way, -way])), INTERVAL)
        between = apart(cells)
        found.append(float(between @ axis))
        assert np.linalg.norm(between - found[-1] * axis) < 1e-9
        assert cells.x.mean() == pytest.approx(BOX / 2, rel=1e-12)
        is_driven &= not (drive_ends and found[-1] < STOP_BELOW)
        if abs(found[-1]) < 1.0:
            break
    return np.array(found)


def law(stiffness, n, drive_ends):
    """The same from d' = 2 g(t) d - 2 drive, t = 1 - (d / diameter)^2, finely integrated."""

    def rate(d):
        t = max(1 - (d / DIAMETER) ** 2, 0.0)
        return stiffness * (t / 2 + 3 * t**2 / 8 + 5 * t**3 / 16)

    distance, found, speed = START, [], SPEED
    for _ in range(n):
        piece = solve_ivp(
            lambda _, d, speed=speed: 2 * rate(d[0]) * d - 2 * speed, (0, INTERVAL), [distance],
            rtol=1e-9, atol=1e-11, max_step=INTERVAL / 20,
        )  # fmt: skip
        distance = piece.y[0, -1]
        found.append(distance)
        if drive_ends and distance < STOP_BELOW:
            speed = 0.0
    return np.array(found)


AXES = [(1.0, 0.0, 0.0), (2 / 3, 1 / 3, 2 / 3)]


@pytest.mark.parametrize("axis", AXES)
def test_the_approach_is_that_of_the_benchmark(axis):
    found = run(MotionParameters(), np.array(axis), drive_ends=False)[:10]
    np.testing.assert_allclose(found, PUBLISHED_APPROACH, rtol=0, atol=1e-9)


@pytest.mark.parametrize("axis", AXES)
def test_cells_whose_drive_ends_at_contact_part_as_the_law_says(axis):
    """The whole course within 1 % of the overlap; 10 um is not crossed: no rebound."""
    found = run(MotionParameters(), np.array(axis), drive_ends=True)
    exact = law(MotionParameters().stiffness, N_INTERVALS, drive_ends=True)
    closest = exact.min()
    assert closest < STOP_BELOW
    assert np.abs(found - exact).max() < 0.01 * (DIAMETER - closest)
    after = found[int(found.argmin()) :]
    assert (np.diff(after) > 0).all() and after[-1] < DIAMETER
    assert after[-1] > 0.95 * DIAMETER


def test_a_drive_that_goes_on_presses_the_cells_together_as_the_law_says():
    """At the default stiffness the push is at most 1.2 um/min, which cannot bear 10 um/min: the
    cells pass each other, as those of Chaste do at its default; the way there is the law's."""
    found = run(MotionParameters(), np.array(AXES[1]), drive_ends=False)
    exact = law(MotionParameters().stiffness, found.shape[0], drive_ends=False)
    assert found.shape[0] < N_INTERVALS and abs(found[-1]) < 1.0
    assert np.abs(found - exact).max() < 0.002 * DIAMETER
    assert exact[14] > START - 2 * SPEED * INTERVAL * 15


def test_a_drive_that_the_law_can_bear_ends_in_rest():
    """A twentieth of the published speed: rest where push equals drive, and no rebound."""
    parameters, speed, distance = MotionParameters(), SPEED / 20, []

    def push(d):
        t = 1 - (d / DIAMETER) ** 2
        return parameters.stiffness * (t / 2 + 3 * t**2 / 8 + 5 * t**3 / 16) * d

    axis, cells = np.array(AXES[1]), two_cells(np.array(AXES[1]))
    motion = Motion(parameters, (BOX,) * 3)
    way = speed * INTERVAL
    for _ in range(6 * N_INTERVALS):
        motion.move(cells._replace(motility=np.outer(axis, [way, -way])), INTERVAL)
        distance.append(float(apart(cells) @ axis))
    assert push(distance[-1]) == pytest.approx(speed, rel=1e-3)
    assert (np.diff(distance) <= 1e-12).all()
