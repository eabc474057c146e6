"""The field and well kernels against dense solutions written by hand; the linear solver."""

import pickle

import numpy as np
import pytest

from abm.environment.field_solver import TissueSolver
from abm.environment.fluxes import SIGN, Flux
from abm.environment.reactions import Reactions, SolverParameters
from abm.environment.tissue import Edges, Tissue
from abm.environment.well import Well, WellSolver
from abm.errors import NumericalError, ScenarioError
from abm.kernels import field_arrays as field
from abm.kernels import grid as levels
from abm.kernels import multigrid
from abm.state.sites import Drug, Species
from tests.linear_solver import contraction, iterations
from tests.naive import field as naive

MEDIUM = np.array([50.0, 550.0, 80.0, 20.0, 380.0, 150.0, 35.0, 5000.0, 100.0])
DRUG = Drug(0.5, 15.0, 3500.0, 0.03)
ONE_STEP = SolverParameters(step_error=1e30, defect=1e-12, change=1e-10)
ALL = tuple(Species)
CLOSED = Edges()
FACES = [(False,) * 4, (True, False, True, False), (True,) * 4]


def one_species(grid, work):
    return levels.LinearWork(*[array[0] for array in work])


def linear_problem(n_x, n_y, is_fixed, vessel_share=0.0, vessel_rate=0.5, seed=1):
    grid = levels.build_grid(n_x, n_y, is_fixed)
    work = one_species(grid, levels.linear_work(grid, 1))
    random = np.random.default_rng(seed)
    reaction = np.full(n_x * n_y, 1e-3) + 0.02 * random.random(n_x * n_y)
    reaction[random.random(n_x * n_y) < vessel_share] += vessel_rate
    inside = slice(grid.start[0], grid.start[0] + n_x * n_y)
    work.diagonal[inside] = grid.link_sum[inside] + reaction
    multigrid.set_coefficients(grid, work)
    return grid, work, reaction, inside


@pytest.mark.parametrize("is_fixed", FACES)
@pytest.mark.parametrize("shape", [(8, 8), (7, 5), (1, 6), (9, 1), (13, 3)])
def test_linear_solution_equals_the_dense_one(shape, is_fixed):
    grid, work, reaction, inside = linear_problem(*shape, is_fixed, vessel_share=0.1)
    source = np.random.default_rng(2).standard_normal(shape[0] * shape[1])
    work.source[inside] = source
    multigrid.solve(grid, work, 1e-13 * np.abs(source).sum(), 60)
    dense = naive.matrix(shape[::-1], reaction, is_fixed).toarray()
    assert np.allclose(work.correction[inside], np.linalg.solve(dense, source), rtol=1e-10)


@pytest.mark.parametrize("size", [1e-70, 1e50])
def test_single_precision_of_the_cycle_bounds_no_magnitude(size):
    """What the cycle works on would be zero, or infinite, in single precision without scaling."""
    grid, work, reaction, inside = linear_problem(13, 9, FACES[1], vessel_share=0.1)
    source = size * np.random.default_rng(2).standard_normal(13 * 9)
    work.source[inside] = source
    multigrid.solve(grid, work, 1e-12 * np.abs(source).sum(), 60)
    expected = np.linalg.solve(naive.matrix((9, 13), reaction, FACES[1]).toarray(), source)
    assert np.allclose(work.correction[inside] / size, expected / size, rtol=1e-9)


@pytest.mark.parametrize("is_fixed", FACES)
@pytest.mark.parametrize("shape", [(8, 8), (7, 5), (6, 1)])
def test_cycle_is_a_positive_operator(shape, is_fixed):
    """So that each search direction leads downhill; symmetry is not asked for."""
    grid, work, _, inside = linear_problem(*shape, is_fixed)
    n = shape[0] * shape[1]
    operator = np.empty((n, n))
    for k in range(n):
        work.source[inside] = np.eye(n)[k]
        multigrid.cycle(grid, work, 1.0)
        operator[:, k] = work.solution[inside]
    assert np.linalg.eigvalsh(operator + operator.T).min() > 0.0


SIZES = [(96, 96), (97, 97), (127, 65), (200, 7), (33, 129), (61, 90)]


@pytest.mark.parametrize("shape", SIZES)
@pytest.mark.parametrize("is_fixed", FACES)
def test_linear_solver_needs_few_iterations(shape, is_fixed):
    """Coarse voxels that stay alone, where sides are odd, slow the cycle down."""
    grid, work, _, inside = linear_problem(*shape, is_fixed)
    assert contraction(grid, work, inside) <= (0.15 if shape == (96, 96) else 0.36)
    assert iterations(grid, work, inside) <= 8


@pytest.mark.parametrize("shape", SIZES)
@pytest.mark.parametrize("vessel_rate", [0.5, 1.0, 4.0])
def test_linear_solver_copes_with_vessels(shape, vessel_rate):
    grid, work, _, inside = linear_problem(*shape, FACES[0], 0.01, vessel_rate)
    assert iterations(grid, work, inside) <= 12


def tissue_case(n_x=5, n_y=3, edges=CLOSED, solver=ONE_STEP, species=ALL, decay=0.0):
    random = np.random.default_rng(5)
    is_vessel = np.zeros((n_y, n_x), dtype=bool)
    is_vessel[1, 2] = True
    tissue = Tissue(n_x, n_y, 10.0, 10.0, 0.3, edges, is_vessel)
    reactions = Reactions(species, solver=solver, drug=DRUG, decay=(decay,) * len(Species))
    n = tissue.n_site
    u = MEDIUM[:, None] * (0.5 + random.random((len(Species), n)))
    capacity = random.random((4, n)) * np.array([[10.0], [30.0], [5.0], [20.0]])
    release = 0.01 * random.random((len(Species), n))
    activity = 0.5 * random.random(n)
    return TissueSolver(tissue, reactions, MEDIUM), u, capacity, release, activity


@pytest.mark.parametrize("edges", [CLOSED, Edges(x_low=MEDIUM, y_high=0.5 * MEDIUM)])
@pytest.mark.parametrize("species", [ALL, (Species.GLN, Species.ASN, Species.NH3)])
def test_tissue_step_equals_the_naive_one(edges, species):
    solver, u, capacity, release, activity = tissue_case(edges=edges, species=species, decay=3.0)
    dt, shape = 0.02, (len(Species), 3, 5)
    per_amount = 1e3 / solver.tissue.volume
    exchange = solver.reactions.diffusion.as_array() / 100.0
    problem = naive.Problem(
        u.reshape(shape), dt, exchange, per_amount * capacity.reshape(4, 3, 5),
        activity.reshape(3, 5), per_amount / dt * release.reshape(shape),
        solver.tissue.is_vessel, 0.5 * exchange, MEDIUM, species,
        solver.reactions.transport.as_array(), (15.0, 3500.0, 0.03), np.full(9, 3.0), tuple(edges),
    )  # fmt: skip
    if species is not ALL:
        problem.supply[[s for s in Species if s not in species]] = 0.0
    expected = naive.implicit_step(problem)
    defect = np.zeros_like(u)
    result = solver.advance(u, defect, capacity, release, activity, dt)
    assert np.allclose(u.reshape(shape), expected, rtol=1e-7, atol=1e-9)
    for row, s in enumerate((Species.ASN, Species.GLN, Species.GLU, Species.EAA)):
        saturation = naive.saturation(problem, expected, s)
        assert np.allclose(result.exposure[row], dt * saturation.ravel(), rtol=1e-6)
    asn, gln = naive.hydrolysis(problem, expected)
    scale = 1e-3 * solver.tissue.volume * dt
    assert np.isclose(result.amount[Species.ASN, Flux.ENZYME], scale * asn.sum())
    assert np.isclose(result.amount[Species.NH3, Flux.PRODUCT], scale * (asn + gln).sum())


def test_well_step_approaches_the_naive_solution():
    """Many small naive steps and the adaptive extrapolated ones meet."""
    random = np.random.default_rng(6)
    reactions = Reactions(ALL, drug=DRUG, solver=SolverParameters(well_step_error=1e-6))
    solver = WellSolver(Well(2, 1e5), reactions, MEDIUM)
    u = MEDIUM[:, None] * (0.5 + random.random((len(Species), 2)))
    capacity = 1e3 * random.random((4, 2))
    activity, dt, n_step = np.array([0.001, 0.004]), 0.05, 24
    release = random.random(u.shape)
    errors = []
    for n in (n_step, 2 * n_step):
        x = u.reshape(9, 1, 2).copy()
        for _ in range(n):
            problem = naive.Problem(
                x, dt / n, np.zeros(9), 1e-2 * capacity.reshape(4, 1, 2), activity[None, :],
                1e-2 * release.reshape(9, 1, 2) / dt, np.zeros((1, 2)), np.zeros(9), MEDIUM, ALL,
                reactions.transport.as_array(), (15.0, 3500.0, 0.03),
            )  # fmt: skip
            x = naive.implicit_step(problem)
        errors.append(x[:, 0])
    solver.advance(u, np.zeros_like(u), capacity, release, activity, dt)
    assert np.allclose(u, 2.0 * errors[1] - errors[0], rtol=1e-4)


def test_amounts_close_with_the_logged_defect():
    solver, u, capacity, release, activity = tissue_case(
        12, 9, Edges(x_low=MEDIUM), SolverParameters(), decay=1.0
    )
    defect, scale = np.zeros_like(u), 1e-3 * solver.tissue.volume
    for dt in (0.1, 1.0 / 60.0, 0.1):
        before = (u + defect).sum(axis=1) * scale
        content = u.sum(axis=1) * scale
        result = solver.advance(u, defect, capacity, release, activity, dt)
        net = (result.amount * SIGN).sum(axis=1)
        moved = result.amount.sum(axis=1)
        assert np.all(np.abs((u + defect).sum(axis=1) * scale - before - net) <= 1e-9 * moved)
        without = np.abs(u.sum(axis=1) * scale - content - net)
        assert np.all(without <= 1e-5 * (moved + content))
        assert result.amount[Species.ASN, Flux.ENZYME] > 0.0
        uptake = (capacity * result.exposure).sum(axis=1)
        taken = result.amount[[0, 1, 2, 4], Flux.UPTAKE]
        assert np.allclose(uptake, taken, rtol=1e-12)


def test_fixed_voxels_keep_their_value_and_close_the_balance():
    fixed = np.zeros((9, 12), dtype=bool)
    fixed[:, :3] = True
    tissue = Tissue(12, 9, 10.0, 10.0, is_fixed=fixed)
    solver = TissueSolver(tissue, Reactions((Species.ASN,)), MEDIUM)
    u = np.repeat(MEDIUM[:, None], tissue.n_site, axis=1)
    defect, zeros = np.zeros_like(u), np.zeros_like(u)
    capacity = np.full((4, tissue.n_site), 2.0)
    before = u[0].sum()
    result = solver.advance(u, defect, capacity, zeros, np.zeros(tissue.n_site), 0.1)
    assert np.all(u[0].reshape(9, 12)[:, :3] == 50.0)
    assert u[0].reshape(9, 12)[:, 3:].max() < 50.0
    net = (result.amount[0] * SIGN).sum()
    closure = 1e-3 * tissue.volume * (u[0].sum() + defect[0].sum() - before) - net
    assert abs(closure) <= 1e-9 * result.amount[0].sum()


def test_release_of_the_whole_amount_is_in_the_field():
    tissue = Tissue(5, 4, 10.0, 10.0, 0.5)
    solver = TissueSolver(tissue, Reactions((Species.SER,)), np.zeros(9))
    u, release = np.zeros((9, 20)), np.zeros((9, 20))
    release[Species.SER, 7] = 3.0
    solver.advance(u, np.zeros_like(u), np.zeros((4, 20)), release, np.zeros(20), 0.1)
    assert np.isclose(u[Species.SER].sum() * 1e-3 * tissue.volume, 3.0, rtol=1e-6)


def test_threads_change_no_bit():
    import numba

    results = []
    for n_thread in (1, numba.config.NUMBA_NUM_THREADS):
        numba.set_num_threads(n_thread)
        solver, u, capacity, release, activity = tissue_case(20, 17, solver=SolverParameters())
        defect = np.zeros_like(u)
        for _ in range(2):
            result = solver.advance(u, defect, capacity, release, activity, 0.1)
        results.append((u, defect, result.amount, result.exposure.copy()))
    for a, b in zip(*results, strict=True):
        assert np.array_equal(a, b)


def test_pickled_solver_continues_bit_for_bit():
    solver, u, capacity, release, activity = tissue_case(12, 9, solver=SolverParameters())
    defect = np.zeros_like(u)
    solver.advance(u, defect, capacity, release, activity, 1.0 / 60.0)
    twin, v, e = pickle.loads(pickle.dumps(solver)), u.copy(), defect.copy()
    assert np.isfinite(twin.step_length)
    solver.advance(u, defect, capacity, release, activity, 0.1)
    twin.advance(v, e, capacity, release, activity, 0.1)
    assert np.array_equal(u, v) and np.array_equal(defect, e)


def test_a_solve_that_does_not_converge_is_an_error_and_changes_nothing():
    solver, u, capacity, release, activity = tissue_case(
        solver=SolverParameters(outer_iterations=1, inner_iterations=1)
    )
    before, defect = u.copy(), np.zeros_like(u)
    with pytest.raises(
        NumericalError, match=r"field of \w+ did not converge .* voxel \(y, x\) = \(\d, \d\), holds"
    ):
        solver.advance(u, defect, capacity, release, activity, 0.1)
    assert np.array_equal(u, before) and not defect.any()


def test_too_fast_vessels_are_refused():
    """The slowest of the species that are solved sets the limit."""
    diffusion = Reactions(ALL).diffusion.as_array() / 100.0
    for species in (ALL, (Species.ASN, Species.GLN)):
        slowest = diffusion[list(species)].min()
        TissueSolver(
            Tissue(3, 3, 10.0, 10.0, exchange_rate=3.99 * slowest), Reactions(species), MEDIUM
        )
        tissue = Tissue(3, 3, 10.0, 10.0, exchange_rate=4.01 * slowest)
        with pytest.raises(ScenarioError, match=r"exchange rate .* must lie between"):
            TissueSolver(tissue, Reactions(species), MEDIUM)
    assert slowest > diffusion.min()


def test_geometry():
    tissue = Tissue(3, 2, 10.0, 5.0, 0.4)
    assert np.allclose(tissue.site_volume(), 0.2)
    assert list(tissue.site_of([5.0, 29.0, 31.0], [5.0, 15.0, -1.0])) == [0, 5, 2]
    assert tissue.neighbours()[4].tolist() == [3, 5, 1, -1]
    x, y = tissue.centers()
    assert (x[4], y[4]) == (15.0, 15.0)


def test_kernel_rows_are_the_species_of_the_state():
    names = {"ASN": field.ASN, "GLN": field.GLN, "GLU": field.GLU, "ASP": field.ASP,
             "EAA": field.EAA, "NH3": field.NH3}  # fmt: skip
    assert all(Species[name] == row for name, row in names.items())
    assert len(Flux) == field.N_FLUX == len(SIGN)
