"""The field of a 3-D tissue: against a direct solution, the equations written by hand, itself."""

import copy
import itertools

import numba
import numpy as np
import pytest
from scipy.sparse.linalg import splu
from scipy.special import lambertw

from abm.environment.field_solver import TissueSolver
from abm.environment.fluxes import SIGN, Flux
from abm.environment.reactions import Reactions, SolverParameters
from abm.environment.tissue import CLOSED, Edges, Tissue
from abm.errors import NumericalError, ScenarioError
from abm.kernels import grid as levels
from abm.kernels import multigrid
from abm.state.sites import Drug, Species
from tests.linear_solver import contraction, iterations
from tests.naive import field as naive

MEDIUM = np.array([50.0, 550.0, 80.0, 20.0, 380.0, 150.0, 35.0, 5000.0, 100.0])
DRUG = Drug(0.5, 15.0, 3500.0, 0.03)
ALL = tuple(Species)
TIGHT = SolverParameters(step_error=1e30, defect=1e-12, change=1e-10)
FACES = {
    "none": (False,) * 6,
    "mixed": (True, False, False, True, True, False),
    "fixed": (True,) * 6,
}
SHAPES = [(32, 32, 32), (33, 33, 33), (9, 100, 31), (48, 5, 48), (24, 25, 26)]


def linear_problem(shape, is_fixed, vessel_share=0.0, vessel_rate=0.5):
    """Uneven uptake of 0.001 to 0.021 and some vessels, in units of D / spacing^2."""
    grid = levels.build_grid(shape[2], shape[1], is_fixed, shape[0])
    work = levels.LinearWork(*[array[0] for array in levels.linear_work(grid, 1)])
    random, n = np.random.default_rng(1), int(np.prod(shape))
    reaction = 1e-3 + 0.02 * random.random(n)
    reaction[random.random(n) < vessel_share] += vessel_rate
    inside = slice(grid.start[0], grid.start[0] + n)
    work.diagonal[inside] = grid.link_sum[inside] + reaction
    multigrid.set_coefficients(grid, work)
    return grid, work, reaction, inside


@pytest.mark.parametrize("faces", FACES)
@pytest.mark.parametrize(
    "shape", [(4, 4, 4), (5, 7, 3), (1, 6, 9), (3, 1, 8), (2, 11, 1), (1, 1, 1)]
)
def test_linear_solution_equals_that_of_sparse_elimination(shape, faces):
    grid, work, reaction, inside = linear_problem(shape, FACES[faces], vessel_share=0.1)
    source = np.random.default_rng(2).standard_normal(len(reaction))
    work.source[inside] = source
    multigrid.solve(grid, work, 1e-13 * np.abs(source).sum(), 60)
    expected = splu(naive.matrix(shape, reaction, FACES[faces])).solve(source)
    assert np.allclose(work.correction[inside], expected, rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize("faces", FACES)
@pytest.mark.parametrize("shape", [(4, 4, 4), (3, 5, 2)])
def test_cycle_is_a_positive_operator(shape, faces):
    """So that each search direction leads downhill; symmetry is not asked for."""
    grid, work, reaction, inside = linear_problem(shape, FACES[faces])
    operator = np.empty((len(reaction),) * 2)
    for k in range(len(reaction)):
        work.source[inside] = np.eye(len(reaction))[k]
        multigrid.cycle(grid, work, 1.0)
        operator[:, k] = work.solution[inside]
    assert np.linalg.eigvalsh(operator + operator.T).min() > 0.0


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("faces", FACES)
def test_conjugate_gradients_need_few_iterations(shape, faces):
    grid, work, _, inside = linear_problem(shape, FACES[faces])
    assert contraction(grid, work, inside) <= (0.25 if shape == (32, 32, 32) else 0.45)
    assert iterations(grid, work, inside) <= 8


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(("share", "rate"), [(0.05, 0.5), (0.01, 4.0)])
def test_conjugate_gradients_cope_with_vessels(shape, share, rate):
    grid, work, _, inside = linear_problem(shape, FACES["none"], share, rate)
    assert iterations(grid, work, inside) <= 12


class Case:
    """A tissue with vessels, fixed voxels and the drug; arrays [n, *shape]."""

    def __init__(self, shape, edges=CLOSED, solver=TIGHT, species=ALL, decay=1.0, fixed=False):
        random = np.random.default_rng(5)
        n_z, n_y, n_x = shape
        is_vessel = random.random(shape) < 0.1
        is_fixed = np.zeros(shape, dtype=bool)
        is_fixed[:, 0] = fixed
        self.tissue = Tissue(
            n_x, n_y, 10.0, 10.0, 0.3, edges, is_vessel, is_fixed=is_fixed if fixed else None,
            n_z=n_z,
        )  # fmt: skip
        self.reactions = Reactions(species, solver=solver, drug=DRUG, decay=(decay,) * len(Species))
        self.u = MEDIUM[:, None, None, None] * (0.5 + random.random((len(Species), *shape)))
        most = np.array([10.0, 30.0, 5.0, 20.0])[:, None, None, None]
        self.capacity = random.random((4, *shape)) * most
        self.release = 0.01 * random.random(self.u.shape)
        self.activity = 0.5 * random.random(shape)
        self.defect = np.zeros_like(self.u)
        self.start()

    def start(self):
        self.solver = TissueSolver(self.tissue, self.reactions, MEDIUM)

    def advance(self, dt):
        """Advance ``u`` and ``defect``; return what the solver returns."""
        n = self.tissue.n_site
        arrays = [self.u, self.defect, self.capacity, self.release]
        flat = [np.ascontiguousarray(a).reshape(len(a), n) for a in arrays]
        result = self.solver.advance(*flat, np.ascontiguousarray(self.activity).ravel(), dt)
        self.u, self.defect = (a.reshape(self.u.shape) for a in flat[:2])
        return result


OPEN = Edges(x_low=MEDIUM, y_high=0.5 * MEDIUM, z_low=2.0 * MEDIUM)


@pytest.mark.parametrize(("edges", "fixed"), [(CLOSED, True), (OPEN, False)])
def test_step_equals_the_naive_one(edges, fixed):
    species = (Species.ASN, Species.GLN, Species.ASP, Species.NH3)
    case, dt = Case((2, 3, 3), edges, species=species, fixed=fixed), 0.02
    per_amount = 1e3 / case.tissue.volume
    exchange = case.reactions.diffusion.as_array() / 100.0
    problem = naive.Problem(
        case.u, dt, exchange, per_amount * case.capacity, case.activity,
        per_amount / dt * case.release, case.tissue.is_vessel, 0.5 * exchange, MEDIUM, species,
        case.reactions.transport.as_array(), (15.0, 3500.0, 0.03), np.ones(9), tuple(edges),
        case.tissue.is_fixed if fixed else False,
    )  # fmt: skip
    expected = naive.implicit_step(problem)
    result = case.advance(dt)
    assert np.allclose(case.u, expected, rtol=1e-7, atol=1e-9)
    saturation = naive.saturation(problem, expected, Species.ASN)
    assert np.allclose(result.exposure[0], dt * saturation.ravel(), rtol=1e-6)
    if fixed:
        assert np.array_equal(case.u[:, :, 0], problem.old[:, :, 0])
    else:
        scale = 1e-3 * case.tissue.volume * dt
        asn = naive.hydrolysis(problem, expected)[0]
        assert np.isclose(result.amount[Species.ASN, Flux.ENZYME], scale * asn.sum())


@pytest.mark.parametrize("edges", [CLOSED, OPEN])
@pytest.mark.parametrize("shape", [(5, 9, 12), (1, 6, 7)])
def test_amounts_close_with_the_logged_defect(shape, edges):
    case = Case(shape, edges, SolverParameters(), fixed=edges is OPEN)
    scale, axes = 1e-3 * case.tissue.volume, (1, 2, 3)
    for dt in (0.1, 1.0 / 60.0, 0.1):
        before, content = (case.u + case.defect).sum(axis=axes), case.u.sum(axis=axes) * scale
        result = case.advance(dt)
        net, moved = (result.amount * SIGN).sum(axis=1), result.amount.sum(axis=1)
        after = (case.u + case.defect).sum(axis=axes)
        assert np.all(np.abs((after - before) * scale - net) <= 1e-9 * moved)
        without = np.abs(case.u.sum(axis=axes) * scale - content - net)
        assert np.all(without <= 1e-5 * (moved + content))
        uptake = (case.capacity.reshape(4, -1) * result.exposure).sum(axis=1)
        assert np.allclose(uptake, result.amount[[0, 1, 2, 4], Flux.UPTAKE], rtol=1e-12)
    assert result.amount[Species.ASN, Flux.ENZYME] > 0.0
    assert result.amount[Species.ASN, [Flux.VESSEL_IN, Flux.VESSEL_OUT]].sum() > 0.0


def test_uniform_tissue_with_the_enzyme_is_a_batch():
    """Closed, without cells and vessels: every voxel follows the Lambert W solution."""
    half, start, activity = 15.0, 50.0, 0.001
    tissue = Tissue(5, 4, 10.0, 10.0, 0.3, n_z=3)
    reactions = Reactions((Species.ASN, Species.ASP, Species.NH3))
    solver, n = TissueSolver(tissue, reactions, np.zeros(9)), tissue.n_site
    u, zeros = np.zeros((9, n)), np.zeros((9, n))
    u[Species.ASN] = start
    for _ in range(10):
        solver.advance(
            u, np.zeros_like(u), np.zeros((4, n)), zeros, np.full(n, activity), 0.1,
            Drug(activity, half, 3500.0, 0.0),
        )  # fmt: skip
    used = activity * 60_000.0
    expected = half * lambertw(start / half * np.exp((start - used) / half)).real
    assert np.ptp(u[Species.ASN]) <= 1e-9 * start
    assert u[Species.ASN, 0] == pytest.approx(expected, rel=0.01)
    assert np.allclose(u[Species.ASP], start - u[Species.ASN])


def test_one_layer_is_the_flat_tissue_bit_for_bit():
    case = Case((1, 9, 14), Edges(x_low=MEDIUM), SolverParameters())
    flat = Tissue(14, 9, 10.0, 10.0, 0.3, case.tissue.edges, case.tissue.is_vessel[0])
    solver, u = TissueSolver(flat, case.reactions, MEDIUM), case.u.reshape(9, -1).copy()
    defect = np.zeros_like(u)
    capacity, release = case.capacity.reshape(4, -1), case.release.reshape(9, -1)
    for dt in (0.1, 0.05):
        result = case.advance(dt)
        expected = solver.advance(u, defect, capacity, release, case.activity.ravel(), dt)
        assert np.array_equal(result.amount, expected.amount)
    assert np.array_equal(case.u.reshape(9, -1), u)
    assert np.array_equal(case.defect.reshape(9, -1), defect)


@pytest.mark.parametrize("order", list(itertools.permutations(range(3)))[1:])
def test_a_turned_problem_has_the_turned_answer(order):
    """``order`` names for each new axis (z, y, x) the old one; no axis is special but by name."""
    straight, turned = Case((3, 6, 10), OPEN), Case((3, 6, 10), OPEN)
    for name in ("u", "defect", "capacity", "release"):
        axes = (0, *(1 + axis for axis in order))
        setattr(turned, name, getattr(straight, name).transpose(axes).copy())
    turned.activity = straight.activity.transpose(order)
    pairs = [OPEN[4:6], OPEN[2:4], OPEN[0:2]]
    z, y, x = (pairs[axis] for axis in order)
    n_z, n_y, n_x = (straight.tissue.shape[axis] for axis in order)
    turned.tissue = Tissue(
        n_x, n_y, 10.0, 10.0, 0.3, Edges(*x, *y, *z),
        np.ascontiguousarray(straight.tissue.is_vessel.transpose(order)), n_z=n_z,
    )  # fmt: skip
    turned.start()
    one, other = straight.advance(0.1), turned.advance(0.1)
    back = (0, *(1 + axis for axis in np.argsort(order)))
    assert np.allclose(turned.u.transpose(back), straight.u, rtol=1e-9, atol=1e-9)
    assert np.allclose(one.amount, other.amount, rtol=1e-9, atol=1e-9 * np.abs(one.amount).max())


def test_threads_change_no_bit():
    results = []
    for n_thread in (1, 2, 4):
        numba.set_num_threads(min(n_thread, numba.config.NUMBA_NUM_THREADS))
        case = Case((9, 17, 20), OPEN, SolverParameters())
        for _ in range(2):
            result = case.advance(0.1)
        results.append((case.u, case.defect, result.amount, result.exposure.copy()))
    for other in results[1:]:
        for a, b in zip(results[0], other, strict=True):
            assert np.array_equal(a, b)


def test_a_copied_solver_continues_bit_for_bit():
    """Copies go the way of a checkpoint: the definition and the length of the step."""
    case = Case((4, 7, 6), solver=SolverParameters(step_error=1e-4))
    case.advance(0.1)
    twin = copy.deepcopy(case)
    assert np.isfinite(twin.solver.step_length)
    case.advance(0.1)
    twin.advance(0.1)
    assert np.array_equal(case.u, twin.u) and np.array_equal(case.defect, twin.defect)


def test_an_error_names_the_voxel():
    case = Case((3, 4, 5), solver=SolverParameters(outer_iterations=1, inner_iterations=1))
    before = case.u.copy()
    with pytest.raises(NumericalError, match=r"voxel \(z, y, x\) = \([0-2], [0-3], [0-4]\), holds"):
        case.advance(0.1)
    assert np.array_equal(case.u, before)


def test_geometry():
    tissue = Tissue(4, 3, 10.0, 99.0, 0.4, n_z=2)
    assert (tissue.shape, tissue.size, tissue.n_site) == ((2, 3, 4), (40.0, 30.0, 20.0), 24)
    assert np.allclose(tissue.site_volume(), 0.4)
    assert tissue.site_of([5.0, 39.0, 41.0], [5.0, 15.0, -1.0], [5.0, 11.0, 99.0]).tolist() == [
        0, 19, 15,
    ]  # fmt: skip
    assert tissue.neighbours()[5].tolist() == [4, 6, 1, 9, -1, 17]
    assert [float(c[17]) for c in tissue.centers()] == [15.0, 15.0, 15.0]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"n_z": 0}, r"4 x 3 x 0 voxels"),
        ({"edges": Edges(z_low=MEDIUM)}, r"faces along z need the number of planes"),
        ({"n_z": 2, "is_vessel": np.zeros((3, 4), bool)}, r"shape \(3, 4\), not \(2, 3, 4\)"),
    ],
)
def test_a_tissue_that_does_not_fit_is_refused(changes, message):
    with pytest.raises(ScenarioError, match=message):
        Tissue(4, 3, 10.0, 10.0, **changes)
