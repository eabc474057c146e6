"""The kernel of a body against its naive twin and against LSODA."""

import pickle

import numba
import numpy as np
import pytest
from scipy.integrate import solve_ivp

from abm.environment.body import Body, BodyParameters, Consumption
from abm.environment.body_solver import BodySolver
from abm.environment.fluxes import SIGN, Flux
from abm.environment.media import medium
from abm.environment.reactions import Reactions
from abm.kernels import body as kernel
from abm.kernels import body_step
from abm.state.sites import Drug, Species
from tests.naive import body as naive

NORMAL = medium("human-plasma", oxygen=40.0)
SPECIES = tuple(Species(s) for s in naive.Problem.solved)
WEIGHT = 20.0


def make(parameters=None, *, n=1, consumption=Consumption.HOST, species=SPECIES):
    body = Body(np.full(n, WEIGHT), NORMAL, parameters)
    solver = BodySolver(body, Reactions(species), consumption)
    u = body.initial()
    return body, solver, u, np.zeros_like(u), np.zeros((4, 4 * n)), np.zeros_like(u)


@pytest.mark.parametrize("step", [1e-4, 0.1, 4.0])
@pytest.mark.parametrize("is_host", [True, False])
def test_one_implicit_step_is_that_of_the_naive_twin(step, is_host):
    """From concentrations far from rest, with enzyme everywhere and hungry cells."""
    random = np.random.default_rng(1)
    parameters = BodyParameters(asparagine_input=3.0, marrow_input=2.0)
    body = Body(np.array([WEIGHT]), NORMAL, parameters)
    solver = BodySolver(
        body, Reactions(SPECIES), Consumption.HOST if is_host else Consumption.PLASMA
    )
    old = body.initial() * random.uniform(0.05, 2.0, (9, 4))
    problem = naive.Problem(
        parameters, NORMAL, activity=np.array([0.7, 0.2, 0.001, 0.0]), is_host=is_host,
        uptake=random.uniform(0.0, 300.0, (4, 4)), release=random.uniform(0.0, 20.0, (9, 4)),
    )  # fmt: skip
    interval = body_step.Interval(
        problem.uptake, problem.release, np.array(problem.enzyme), problem.activity,
        body.site_volume(),
    )  # fmt: skip
    record, result = np.zeros((2, body_step.N_RECORD))
    record[: body_step.DEFECT] = old.ravel()
    scratch = np.zeros((body_step.N_SCRATCH, 4))
    status = body_step.step_body(
        solver._rules, interval, step, record, result, np.zeros((9, 4)), scratch
    )
    assert status == 0
    expected = naive.implicit_step(problem, old, step)
    found = result[: body_step.DEFECT].reshape(9, 4)
    assert found == pytest.approx(expected, rel=1e-8, abs=1e-12)
    exposures = result[body_step.EXPOSURE : body_step.AMOUNT].reshape(4, 4)
    for row, species in enumerate((naive.ASN, naive.GLN, naive.GLU, naive.EAA)):
        for c in range(4):
            share = naive.saturation(problem, expected, species, c)
            assert exposures[row, c] == pytest.approx(step * share, rel=1e-7)
    assert found.min() >= 0.0


def course(hour):
    """Activity [IU/mL] of a dose at 24 h that is gone after ten days."""
    return 0.0 if hour < 24.0 else 1.1 * np.exp(-(hour - 24.0) / 24.0)


def by_lsoda(problem, u, hours, reach, rtol=1e-9):
    rows = list(problem.solved)

    def change(_, values):
        full = u.copy()
        full[rows] = values.reshape(len(rows), 4)
        return naive.rates(problem, full)[rows].ravel()

    problem.activity = reach
    found = solve_ivp(
        change, (0.0, hours), u[rows].ravel(), method="LSODA", rtol=rtol, atol=0.01 * rtol
    )
    assert found.success
    after = u.copy()
    after[rows] = found.y[:, -1].reshape(len(rows), 4)
    return after


def test_whole_halves_and_thirds_make_a_step_of_third_order():
    """Halving the step leaves 1/8 of the error of second order and 1/16 of that of third."""
    parameters = BodyParameters(asparagine_input=0.75)
    _, solver, u, *_ = make(parameters)
    u[:, 1:] *= 0.5
    reach = np.array([2e-4, 1e-4, 0.0, 0.0])
    problem = naive.Problem(parameters, NORMAL, activity=reach)
    interval = body_step.Interval(
        np.zeros((4, 4)), np.zeros((9, 4)), np.array(problem.enzyme), reach,
        solver.body.site_volume(),
    )  # fmt: skip
    rows = list(problem.solved)
    second, third = [], []
    for step in (0.002, 0.001):
        expected = by_lsoda(problem, u, step, reach, rtol=1e-11)[rows]
        records = np.zeros((kernel.N_ROW, body_step.N_RECORD))
        for order, accept, errors in (
            (2, lambda r: kernel.accept_step(r, body_step.DEFECT, body_step.EXPOSURE), second),
            (3, kernel.accept_third_order, third),
        ):
            records[0] = 0.0
            records[0, : body_step.DEFECT] = u.ravel()
            for n, row in ((1, kernel.WHOLE), (2, kernel.HALVES), (3, kernel.THIRDS))[:order]:
                kernel.take_steps(
                    solver._rules, interval, n, step, records, row, np.zeros((9, 4)),
                    np.zeros((body_step.N_SCRATCH, 4)),
                )  # fmt: skip
            accept(records)
            errors.append(np.abs(records[0, : body_step.DEFECT].reshape(9, 4)[rows] - expected))
    # Asn in plasma and marrow, which move most.
    moved = np.s_[rows.index(Species.ASN), :2]
    assert second[0][moved] / second[1][moved] == pytest.approx(8.0, rel=0.1)
    assert third[0][moved] / third[1][moved] == pytest.approx(16.0, rel=0.1)
    assert np.all(third[0][moved] < 0.1 * second[0][moved])


@pytest.mark.parametrize("asparagine_input", [0.75, 8.0])
def test_a_dose_and_the_recovery_are_those_of_lsoda(asparagine_input):
    """Intervals of 4 h; every compartment and every species within 1e-3 at the end of each."""
    parameters = BodyParameters(asparagine_input=asparagine_input, tissue_reach=0.3, reach_lag=3.0)
    body, solver, u, defect, capacity, release = make(parameters)
    problem = naive.Problem(parameters, NORMAL, activity=np.zeros(4))
    expected = u.copy()
    lowest = np.inf
    for i in range(72):
        activity = course(4.0 * i + 2.0)
        reach = body.site_activity(activity, 4.0)
        expected = by_lsoda(problem, expected, 4.0, reach)
        solver.advance(u, defect, capacity, release, reach, 4.0, Drug(activity, *problem.enzyme))
        assert u == pytest.approx(expected, rel=1e-3, abs=1e-6)
        lowest = min(lowest, u[Species.ASN, 0])
    assert lowest < 0.2
    assert u[Species.ASN, 0] > 40.0


def test_short_intervals_find_the_same():
    """6 min against 4 h through the first day of a dose, while Asn falls by three decades."""
    ends = []
    for dt in (0.1, 4.0):
        _, solver, u, defect, capacity, release = make()
        drug, activity = Drug(1.0, 15.0, 3500.0, 0.02), np.array([1.0, 1.0, 2e-5, 0.0])
        for _ in range(round(24.0 / dt)):
            solver.advance(u, defect, capacity, release, activity, dt, drug)
        ends.append(u)
    assert ends[0] == pytest.approx(ends[1], rel=1e-3)


def busy(n):
    """A number of bodies that differ in all that they are given."""
    random = np.random.default_rng(7)
    body = Body(random.uniform(8.0, 90.0, n), NORMAL)
    solver = BodySolver(body, Reactions(SPECIES), Consumption.PLASMA)
    solver.is_warned = True
    u = body.initial()
    capacity = random.uniform(0.0, 1e14, (4, 4 * n))
    release = random.uniform(0.0, 1e10, u.shape)
    drug = Drug(0.0, random.uniform(10, 50, n), random.uniform(300, 4000, n), np.full(n, 0.05))
    activity = body.site_activity(random.uniform(0.0, 2.0, n), 1.0)
    return body, solver, u, np.zeros_like(u), capacity, release, activity, drug


@pytest.mark.parametrize("threads", [1, 2, 4])
def test_bits_do_not_depend_on_threads(threads):
    n = 3 * kernel.SERIAL_BODIES
    most, ends = numba.config.NUMBA_NUM_THREADS, []
    for wanted in (1, threads):
        numba.set_num_threads(min(wanted, most))
        _, solver, u, defect, capacity, release, activity, drug = busy(n)
        for dt in (0.1, 1.0, 4.0):
            result = solver.advance(u, defect, capacity, release, activity, dt, drug)
        ends.append((u.tobytes(), defect.tobytes(), *(part.tobytes() for part in result[:3])))
    numba.set_num_threads(most)
    assert ends[0] == ends[1]


def test_a_body_alone_is_the_same_bits_as_among_others():
    """So that a patient does not depend on the batch; constants of the enzyme by patient."""
    n, one = 3 * kernel.SERIAL_BODIES, 5
    body, solver, u, defect, capacity, release, activity, drug = busy(n)
    here = slice(4 * one, 4 * one + 4)
    single = BodySolver(
        Body(body.weights[one : one + 1], NORMAL), Reactions(SPECIES), Consumption.PLASMA
    )
    single.is_warned = True
    v, e = u[:, here].copy(), defect[:, here].copy()
    own = Drug(0.0, *(float(values[one]) for values in drug[1:]))
    for dt in (0.1, 4.0):
        solver.advance(u, defect, capacity, release, activity, dt, drug)
        single.advance(
            v, e, capacity[:, here].copy(), release[:, here].copy(), activity[here], dt, own
        )
    assert np.array_equal(u[:, here], v)
    assert np.array_equal(defect[:, here], e)


@pytest.mark.parametrize("consumption", list(Consumption))
def test_amounts_account_for_every_mole(consumption):
    """What came minus what went is the change of content plus defect, for every species."""
    body, _, u, defect, capacity, release, activity, drug = busy(6)
    solver = BodySolver(body, Reactions(SPECIES), consumption)
    solver.is_warned = True
    volume = body.site_volume()
    before = 1e-3 * u @ volume
    for dt in (0.1, 4.0, 4.0):
        start = 1e-3 * (u + defect) @ volume
        result = solver.advance(u, defect, capacity, release, activity, dt, drug)
        net = result.amount @ SIGN
        for species in SPECIES:
            throughput = result.amount[species].sum()
            gained = 1e-3 * float((u + defect)[species] @ volume) - start[species]
            assert gained == pytest.approx(net[species], abs=1e-12 * throughput)
            assert abs(result.defect[species]) < 1e-7 * throughput
        taken = (capacity * result.exposure).sum(axis=1)
        assert result.amount[Species.ASN, Flux.UPTAKE] == pytest.approx(taken[0], rel=1e-9)
        assert result.amount[Species.GLN, Flux.RELEASE] == pytest.approx(
            release[Species.GLN].sum(), rel=1e-12
        )
    assert not np.allclose(1e-3 * u @ volume, before)


def test_a_pickled_solver_continues_with_the_same_bits():
    """So that a checkpoint may hold it: steps are remembered, work arrays made anew."""
    body, solver, u, defect, capacity, release = make(BodyParameters(reach_lag=6.0))
    drug = Drug(1.0, 15.0, 3500.0, 0.02)
    for _ in range(3):
        solver.advance(u, defect, capacity, release, body.site_activity(1.0, 4.0), 4.0, drug)
    other = pickle.loads(pickle.dumps(solver))
    v, e = u.copy(), defect.copy()
    solver.advance(u, defect, capacity, release, body.site_activity(0.9, 4.0), 4.0, drug)
    other.advance(v, e, capacity, release, other.body.site_activity(0.9, 4.0), 4.0, drug)
    assert np.array_equal(u, v)
    assert np.array_equal(defect, e)
