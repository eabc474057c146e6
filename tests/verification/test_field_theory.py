"""The tissue solver against exact solutions: cases C10, C11a-c and C12a-b of theory_cases.json."""

import json
from pathlib import Path

import numpy as np
import pytest
from scipy.optimize import minimize_scalar

from abm.environment.field_solver import TissueSolver
from abm.environment.fluxes import Flux
from abm.environment.reactions import (
    DiffusionParameters,
    Reactions,
    SolverParameters,
    TransportParameters,
)
from abm.environment.tissue import Edges, Tissue
from abm.state.sites import Drug, Species

CASES = json.loads(
    (Path(__file__).parents[1] / "reference" / "theory_cases.json").read_text(encoding="utf-8")
)["cases"]
CASE = {case["id"]: case for case in CASES}
N_SPECIES = len(Species)
SER, EAA, ASN = Species.SER, Species.EAA, Species.ASN
EXACT = SolverParameters(defect=1e-14, change=1e-12, step_error=1e30)
STEADY = 1e6
"""Hours: one backward Euler step of this length is the steady state."""


def values(of_species, value):
    array = np.zeros(N_SPECIES)
    array[of_species] = value
    return array


class Bench:
    """One species of a tissue without drug; concentrations in the shape of the tissue."""

    def __init__(self, tissue, species, diffusion, decay=0.0, solver=EXACT, start=0.0, **constants):
        reactions = Reactions(
            (species,),
            TransportParameters(**constants),
            DiffusionParameters(amino_acid=diffusion),
            solver,
            decay=tuple(values(species, decay)),
        )
        self.tissue, self.species = tissue, species
        self.solver = TissueSolver(tissue, reactions, np.zeros(N_SPECIES))
        self.u = np.zeros((N_SPECIES, tissue.n_site))
        self.u[species] = np.broadcast_to(start, tissue.shape).ravel()
        self.defect = np.zeros_like(self.u)
        self.capacity = np.zeros((4, tissue.n_site))
        self.release = np.zeros_like(self.u)

    def advance(self, hours):
        activity = np.zeros(self.tissue.n_site)
        return self.solver.advance(
            self.u, self.defect, self.capacity, self.release, activity, hours
        )

    @property
    def field(self):
        return self.u[self.species].reshape(self.tissue.shape)


def test_c10_fisher_front_speed():
    """Growth r u (1 - u) enters explicitly, diffusion implicitly.

    A front exp(-l (x - c t)) of the linearised scheme has
    exp(l c dt) (1 - dt S(l)) = 1 + r dt with S(l) = 2 D (cosh(l h) - 1) / h^2; the front takes the
    least c. Bramson: it lags by 3/(2 l) ln t.
    """
    rate, spacing, dt, diffusion = 1.0, 0.5, 0.05, 400.0
    unit = np.sqrt(diffusion * 3600.0 / rate)
    n_x = 560

    def speed(steepness):
        spread = 2.0 * (np.cosh(steepness * spacing) - 1.0) / spacing**2
        return np.log((1.0 + rate * dt) / (1.0 - dt * spread)) / (steepness * dt)

    best = minimize_scalar(speed, bounds=(0.3, 2.0), method="bounded")
    bench = Bench(Tissue(n_x, 1, spacing * unit, 10.0), SER, diffusion)
    bench.u[SER, :20] = 1.0
    scale, position = 1e-3 * bench.tissue.volume, {}
    for step in range(1, round(100 / dt) + 1):
        u = bench.u[SER]
        bench.release[SER] = scale * dt * rate * u * (1.0 - u)
        bench.advance(dt)
        if step in (round(40 / dt), round(100 / dt)):
            last = int(np.flatnonzero(bench.u[SER] >= 0.5)[-1])
            low, high = bench.u[SER, last : last + 2]
            position[round(step * dt)] = (last + (low - 0.5) / (low - high)) * spacing
    measured = (position[100] - position[40]) / 60.0
    expected = best.fun - 1.5 / best.x * np.log(100.0 / 40.0) / 60.0
    assert abs(best.fun - CASE["C10"]["expected"]["v_semidiscrete_h0.5"]) < 0.15
    assert measured == pytest.approx(expected, rel=0.01)


def test_c11a_point_source_with_decay():
    case = CASE["C11a"]
    length, spacing = case["expected"]["L"], 10.0
    decay = case["params"]["k_per_s"] * 3600.0
    n = 101
    bench = Bench(Tissue(n, n, spacing, 1.0), SER, case["params"]["D_um2_s"], decay)
    seconds = STEADY * 3600.0
    per_site = case["params"]["S"] / spacing**2 * seconds
    bench.release[SER, (n // 2) * n + n // 2] = per_site * 1e-3 * bench.tissue.volume
    bench.advance(STEADY)
    assert n * spacing > 8 * length
    for distance in (50, 100, 200):
        found = bench.field[n // 2, n // 2 + distance // 10]
        assert found == pytest.approx(case["expected"][f"c2d_r{distance}"], rel=0.02)


def slab(phi, n):
    """Return centre, value at half depth and effectiveness; half-thickness 1000 um, D 500 um2/s."""
    half, diffusion = 1000.0, 500.0
    edge = values(SER, 1.0)
    tissue = Tissue(n, 1, 2 * half / n, 10.0, edges=Edges(x_low=edge, x_high=edge))
    decay = phi**2 * diffusion / half**2 * 3600.0
    bench = Bench(tissue, SER, diffusion, decay, start=1.0)
    result = bench.advance(STEADY)
    x = (np.arange(n) + 0.5) * tissue.spacing - half
    full = decay * STEADY * n * 1e-3 * tissue.volume
    u = bench.field[0]
    assert result.amount[SER, Flux.EDGE] == pytest.approx(result.amount[SER, Flux.DECAY], rel=1e-5)
    effectiveness = result.amount[SER, Flux.EDGE] / full
    return np.array([u[n // 2], np.interp(0.5 * half, x, u), effectiveness])


@pytest.mark.parametrize("phi", [0.5, 1, 2, 5])
def test_c11b_slab(phi):
    expected = CASE["C11b"]["expected"][f"slab_phi{phi}"]
    exact = np.array([expected[k] for k in ("center", "x_half", "effectiveness")])
    coarse, fine = np.abs(slab(phi, 51) - exact), np.abs(slab(phi, 101) - exact)
    assert np.all(fine <= 0.02 * exact)
    assert fine[0] <= 0.3 * coarse[0]


def disc_mask(n, radius):
    """Voxels outside: their value stands at their centre, so the edge lies half a voxel inwards."""
    y, x = np.mgrid[0:n, 0:n] - (n - 1) / 2
    return np.hypot(x, y) > radius - 0.5


@pytest.mark.parametrize(("phi", "radius"), [(0.5, 50), (1, 50), (2, 50), (5, 100)])
def test_c11b_disc(phi, radius):
    expected = CASE["C11b"]["expected"][f"disc_phi{phi}"]
    n, spacing, diffusion = 2 * radius + 5, 10.0, 500.0
    decay = phi**2 * diffusion / (radius * spacing) ** 2 * 3600.0
    tissue = Tissue(n, n, spacing, 10.0, is_fixed=disc_mask(n, radius))
    bench = Bench(tissue, SER, diffusion, decay, start=1.0)
    bench.advance(STEADY)
    inside = bench.field[~tissue.is_fixed]
    assert bench.field[n // 2, n // 2] == pytest.approx(expected["center"], rel=0.02)
    assert bench.field[n // 2, n // 2 + radius // 2] == pytest.approx(
        expected["rho_half"], rel=0.02
    )
    assert inside.mean() == pytest.approx(expected["effectiveness"], rel=0.02)


@pytest.mark.parametrize("ratio", ["1p5", "2"])
def test_c11c_starved_core_of_a_disc(ratio):
    case, spacing = CASE["C11c"], 20.0
    radius = float(ratio.replace("p", ".")) * case["expected"]["Rcrit_disc"]
    n = 2 * int(radius / spacing) + 7
    medium, half = case["params"]["C0_uM"], 0.01
    mask = disc_mask(n, radius / spacing)
    tissue = Tissue(n, n, spacing, 10.0, is_fixed=mask)
    solver = SolverParameters(step_error=1e30)
    bench = Bench(
        tissue, EAA, case["params"]["D_um2_s"], 0.0, solver, medium, half_saturation_eaa=half
    )
    most = case["params"]["q_uM_s"] * 3600.0 * 1e-3 * tissue.volume
    bench.capacity[3] = np.where(mask.ravel(), 0.0, most)
    bench.advance(STEADY)
    assert half <= medium / 500
    n_starved = int((bench.field < half).sum())
    core = np.sqrt(n_starved / np.pi) * spacing
    assert abs(core - case["expected"][f"disc_rn_over_R_at_{ratio}"] * radius) <= spacing


@pytest.mark.parametrize("wavelength", [100, 200, 400])
def test_c12a_amplitude_factor_of_one_step(wavelength):
    case = CASE["C12a"]
    spacing, seconds = case["params"]["h_um"], case["params"]["dt_s"]
    n = round(wavelength / spacing)
    wave = np.cos(2 * np.pi * (np.arange(n) + 0.5) / n)
    decay = case["params"]["lambda_per_s"] * 3600.0
    bench = Bench(
        Tissue(n, 1, spacing, 10.0), SER, case["params"]["D_um2_s"], decay, start=1.0 + 0.5 * wave
    )
    amplitude = []
    for _ in range(5):
        amplitude.append(2.0 * (bench.field[0] @ wave) / n)
        bench.advance(seconds / 3600.0)
    factors = np.array(amplitude[1:]) / np.array(amplitude[:-1])
    expected = case["expected"][f"wavelength_{wavelength}"]
    exact = 1.0 / (1.0 + seconds * expected["rate_grid"])
    k = 2 * np.pi / wavelength
    exact = 1.0 / (
        1.0 + seconds * (decay / 3600.0 + 4 * 500.0 / spacing**2 * np.sin(k * spacing / 2) ** 2)
    )
    assert np.abs(factors - exact).max() <= 1e-10
    assert factors[0] == pytest.approx(expected["BE_factor"], abs=1e-9)


def biofvm_error(n, minutes, t=0.05):
    diffusion = CASE["C12b"]["params"]["D_um2_min"] / 60.0
    x = (np.arange(n) + 0.5) * 1000.0 / n - 500.0
    mode = np.cos(np.pi * x / 500.0)
    bench = Bench(Tissue(n, 1, 1000.0 / n, 10.0), SER, diffusion, start=1.0 + mode)
    for _ in range(round(t / minutes)):
        bench.advance(minutes / 60.0)
    decay = np.exp(-diffusion * 60.0 * np.pi**2 * t / 500.0**2)
    return np.abs(bench.field[0] - 1.0 - mode * decay).max()


def test_c12b_orders_of_convergence():
    in_space = [biofvm_error(n, 0.01 * (20 / n) ** 2) for n in (20, 40, 80)]
    in_time = [biofvm_error(250, dt) for dt in (0.01, 0.005, 0.0025)]
    assert np.log2(in_space[0] / in_space[1]) == pytest.approx(2.0, abs=0.1)
    assert np.log2(in_space[1] / in_space[2]) == pytest.approx(2.0, abs=0.1)
    assert np.log2(in_time[0] / in_time[1]) == pytest.approx(1.0, abs=0.1)
    assert np.log2(in_time[1] / in_time[2]) == pytest.approx(1.0, abs=0.1)


def test_c12b_value_at_the_middle_with_step_control():
    """The default step control keeps the front-door error within its own tolerance."""
    bench = Bench(
        Tissue(50, 1, 20.0, 10.0), SER, CASE["C12b"]["params"]["D_um2_min"] / 60.0,
        solver=SolverParameters(least_step=0.01),
        start=1.0 + np.cos(np.pi * ((np.arange(50) + 0.5) * 20.0 - 500.0) / 500.0),
    )  # fmt: skip
    bench.advance(0.1 / 60.0)
    middle = bench.field[0, 24:26].mean()
    assert middle == pytest.approx(CASE["C12b"]["expected"]["u_x0_t0.1"], rel=0.02)


def test_field_stays_positive_when_the_drug_comes():
    """1 IU/mL at once on a field of plasma: the scheme that overshoots fails here."""
    random = np.random.default_rng(11)
    n = 24
    tissue = Tissue(n, n, 10.0, 10.0, 0.3, is_vessel=random.random((n, n)) < 0.02)
    medium = np.array([50.0, 550.0, 80.0, 20.0, 380.0, 150.0, 35.0, 5000.0, 0.0])
    reactions = Reactions(
        (Species.ASN, Species.GLN, Species.GLU), drug=Drug(1.0, 15.0, 3500.0, 0.02)
    )
    solver = TissueSolver(tissue, reactions, medium)
    u = np.repeat(medium[:, None], n * n, axis=1)
    defect, release = np.zeros_like(u), np.zeros_like(u)
    capacity = random.random((4, n * n)) * np.array([[10.0], [30.0], [5.0], [0.0]])
    for hours in (1.0 / 3600.0, 1.0 / 60.0, 0.1):
        solver.advance(u, defect, capacity, release, np.ones(n * n), hours)
        assert u.min() >= 0.0
    far = ~tissue.is_vessel.ravel()
    assert np.median(u[ASN, far]) < 0.1 * medium[ASN]
