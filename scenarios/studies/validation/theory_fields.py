"""T1: the solvers of tissue and wells against exact solutions."""

import math
from typing import Any

import numpy as np
from scipy.optimize import minimize_scalar

from abm.environment.field_solver import TissueSolver
from abm.environment.reactions import (
    DiffusionParameters,
    Reactions,
    SolverParameters,
    TransportParameters,
)
from abm.environment.tissue import Edges, Tissue
from abm.environment.well import Well, WellSolver
from abm.state.sites import N_UPTAKE, Drug, Species
from abm.units import FMOL_PER_UM_PL
from scenarios.studies.validation.row import Outcome, Row, ordering
from scenarios.studies.validation.theory_cases import deviation, theory_row, worst

_N_SPECIES = len(Species)
_EXACT = SolverParameters(defect=1e-14, change=1e-12, step_error=1e30)
_ONE_STEP = SolverParameters(step_error=1e30)
_STEADY = 1e6
"""Hours: one backward Euler step of this length is the steady state."""
_PL_PER_ML = 1e9
_SECONDS_PER_HOUR = 3600.0


class Bench:
    """One species of a tissue without drug."""

    def __init__(
        self, tissue: Tissue, diffusion: float, decay: float = 0.0, *,
        solver: SolverParameters = _EXACT, start: Any = 0.0, species: Species = Species.SER,
        **constants: float,
    ) -> None:  # fmt: skip
        rates = np.zeros(_N_SPECIES)
        rates[species] = decay
        reactions = Reactions(
            (species,), TransportParameters(**constants), DiffusionParameters(amino_acid=diffusion),
            solver, decay=tuple(rates),
        )  # fmt: skip
        self.tissue, self.species = tissue, species
        self._solver = TissueSolver(tissue, reactions, np.zeros(_N_SPECIES))
        self.u = np.zeros((_N_SPECIES, tissue.n_site))
        self.u[species] = np.broadcast_to(start, tissue.shape).ravel()
        self._defect = np.zeros_like(self.u)
        self.capacity = np.zeros((N_UPTAKE, tissue.n_site))
        self.release = np.zeros_like(self.u)

    def advance(self, hours: float) -> None:
        """Advance the field by one interval."""
        activity = np.zeros(self.tissue.n_site)
        self._solver.advance(self.u, self._defect, self.capacity, self.release, activity, hours)

    @property
    def field(self) -> np.ndarray:
        """Concentrations in the shape of the tissue."""
        return self.u[self.species].reshape(self.tissue.shape)


def _c10(entry: dict[str, Any]) -> Outcome:
    """Growth r u (1 - u) explicit, diffusion implicit, h 0.5, dt 0.05, in units of sqrt(D/r).

    exp(l c dt)(1 - dt S(l)) = 1 + r dt with S(l) = 2 (cosh(l h) - 1)/h^2 gives the speed of each
    steepness l, the front takes the least; it lags by 3/(2 l) ln t (Bramson).
    """
    spacing, dt, diffusion, n_x = 0.5, 0.05, 400.0, 560

    def speed(steepness: float) -> float:
        spread = 2.0 * (math.cosh(steepness * spacing) - 1.0) / spacing**2
        return math.log((1.0 + dt) / (1.0 - dt * spread)) / (steepness * dt)

    best = minimize_scalar(speed, bounds=(0.3, 2.0), method="bounded")
    unit = math.sqrt(diffusion * _SECONDS_PER_HOUR)
    bench = Bench(Tissue(n_x, 1, spacing * unit, 10.0), diffusion)
    u = bench.u[Species.SER]
    u[:20] = 1.0
    position = {}
    for step in range(1, round(100 / dt) + 1):
        bench.release[Species.SER] = FMOL_PER_UM_PL * bench.tissue.volume * dt * u * (1.0 - u)
        bench.advance(dt)
        if step in (round(40 / dt), round(100 / dt)):
            last = int(np.flatnonzero(u >= 0.5)[-1])
            share = (u[last] - 0.5) / (u[last] - u[last + 1])
            position[round(step * dt)] = (last + share) * spacing
    measured = (position[100] - position[40]) / 60.0
    expected = best.fun - 1.5 / best.x * math.log(100.0 / 40.0) / 60.0
    name = "v_semidiscrete_h0.5"
    near = abs(best.fun - entry["expected"][name]) < 0.15
    text = f"{measured:.4f} (this scheme in theory {expected:.4f})"
    return Outcome(text, None, None, bool(near and abs(measured / expected - 1.0) <= 0.01))


def _c11a(entry: dict[str, Any]) -> Outcome:
    """A source in the middle of a square and of a cube; 4 voxels from it and farther."""
    params, expected, found = entry["params"], entry["expected"], {}
    for n, n_z, name, radii in ((101, None, "c2d_r", (50, 100, 200)), (81, 81, "c3d_r", (100,))):
        spacing, height = 10.0, 1.0 if n_z is None else 10.0
        tissue = Tissue(n, n, spacing, height, n_z=n_z)
        bench = Bench(tissue, params["D_um2_s"], params["k_per_s"] * _SECONDS_PER_HOUR)
        middle, released = tissue.n_site // 2, params["S"] * _STEADY * _SECONDS_PER_HOUR
        per_depth = spacing**2 if n_z is None else spacing**3
        amount = released / per_depth * FMOL_PER_UM_PL * tissue.volume
        bench.release[Species.SER, middle] = amount
        bench.advance(_STEADY)
        for r in radii:
            found[f"{name}{r}"] = float(bench.u[Species.SER, middle + r // 10])
    return deviation(found, expected, 0.02)


def _disc_mask(n: int, radius: float) -> np.ndarray:
    y, x = np.mgrid[0:n, 0:n] - (n - 1) / 2
    return np.hypot(x, y) > radius - 0.5


def _octant_mask(n: int, radius: float) -> np.ndarray:
    """Voxels outside a sphere about a corner; the closed faces there are mirrors."""
    z, y, x = np.mgrid[0:n, 0:n, 0:n] + 0.5
    return np.sqrt(x**2 + y**2 + z**2) > radius - 0.5


def _slab(phi: float) -> tuple[float, float]:
    half, diffusion, n = 1000.0, 500.0, 101
    edge = np.zeros(_N_SPECIES)
    edge[Species.SER] = 1.0
    tissue = Tissue(n, 1, 2 * half / n, 10.0, edges=Edges(x_low=edge, x_high=edge))
    bench = Bench(tissue, diffusion, phi**2 * diffusion / half**2 * _SECONDS_PER_HOUR, start=1.0)
    bench.advance(_STEADY)
    x = (np.arange(n) + 0.5) * tissue.spacing - half
    u = bench.field[0]
    return float(u[n // 2]), float(np.interp(0.5 * half, x, u))


def _disc(phi: float, radius: int) -> tuple[float, float]:
    n, spacing, diffusion = 2 * radius + 5, 10.0, 500.0
    decay = phi**2 * diffusion / (radius * spacing) ** 2 * _SECONDS_PER_HOUR
    tissue = Tissue(n, n, spacing, 10.0, is_fixed=_disc_mask(n, radius))
    bench = Bench(tissue, diffusion, decay, start=1.0)
    bench.advance(_STEADY)
    middle = bench.field[n // 2]
    return float(middle[n // 2]), float(middle[n // 2 + radius // 2])


def _sphere(phi: float, radius: int) -> tuple[float, float]:
    n, spacing, diffusion = radius + 3, 10.0, 500.0
    decay = phi**2 * diffusion / (radius * spacing) ** 2 * _SECONDS_PER_HOUR
    tissue = Tissue(n, n, spacing, spacing, is_fixed=_octant_mask(n, radius), n_z=n)
    bench = Bench(tissue, diffusion, decay, start=1.0)
    bench.advance(_STEADY)
    along, half = bench.field[0, 0], radius // 2
    return float(along[0]), float(along[half - 1 : half + 1].mean())


def _c11b(entry: dict[str, Any]) -> Outcome:
    """Slabs, discs and spheres (an eighth of each), centre and half depth."""
    found: dict[str, float] = {}
    expected: dict[str, float] = {}
    for phi in ("0.5", "1", "2", "5"):
        n = 100 if phi == "5" else 50
        for shape, half, values in (
            ("slab", "x_half", _slab(float(phi))),
            ("disc", "rho_half", _disc(float(phi), n)),
            ("sphere", "rho_half", _sphere(float(phi), n)),
        ):
            table = entry["expected"][f"{shape}_phi{phi}"]
            found |= {f"{shape} {phi} centre": values[0], f"{shape} {phi} half": values[1]}
            expected |= {
                f"{shape} {phi} centre": table["center"], f"{shape} {phi} half": table[half],
            }  # fmt: skip
    return deviation(found, expected, 0.02)


def _core(entry: dict[str, Any], mask: np.ndarray, spacing: float) -> int:
    """Return the number of starved voxels; those of the mask keep the concentration outside."""
    params, half = entry["params"], 0.01
    n, n_z = len(mask), len(mask) if mask.ndim == 3 else None
    tissue = Tissue(n, n, spacing, 10.0, is_fixed=mask, n_z=n_z)
    bench = Bench(
        tissue, params["D_um2_s"], solver=_ONE_STEP, start=params["C0_uM"],
        species=Species.EAA, half_saturation_eaa=half,
    )  # fmt: skip
    most = params["q_uM_s"] * _SECONDS_PER_HOUR * FMOL_PER_UM_PL * tissue.volume
    bench.capacity[3] = np.where(mask.ravel(), 0.0, most)
    bench.advance(_STEADY)
    return int((bench.field < half).sum())


def _c11c(entry: dict[str, Any]) -> Outcome:
    """Starved core under uptake of nearly zero order, to one voxel of 20 um; spheres by an eighth.

    The radius is that of the disc or sphere with as many voxels as have starved.
    """
    spacing, expected, errors = 20.0, entry["expected"], {}
    for ratio in ("1p5", "2"):
        factor, number = float(ratio.replace("p", ".")), ratio.replace("p", ".")
        radius = factor * expected["Rcrit_disc"]
        mask = _disc_mask(2 * int(radius / spacing) + 7, radius / spacing)
        core = math.sqrt(_core(entry, mask, spacing) / math.pi) * spacing
        errors[f"disc {number}"] = core - expected[f"disc_rn_over_R_at_{ratio}"] * radius
        radius = factor * expected["Rcrit_sphere"]
        mask = _octant_mask(int(radius / spacing) + 4, radius / spacing)
        core = math.cbrt(6.0 * _core(entry, mask, spacing) / math.pi) * spacing
        errors[f"sphere {number}"] = core - expected[f"sphere_rn_over_R_at_{ratio}"] * radius
    text = ", ".join(f"{name} Rcrit: {error:+.1f} um" for name, error in errors.items())
    return Outcome(text, None, None, all(abs(e) <= spacing for e in errors.values()))


def _c12a(entry: dict[str, Any]) -> Outcome:
    """Backward Euler: the factor of each step is that of the grid, to 1e-10."""
    spacing, seconds = entry["params"]["h_um"], entry["params"]["dt_s"]
    diffusion, decay = entry["params"]["D_um2_s"], entry["params"]["lambda_per_s"]
    found, expected = {}, {}
    for length in (100, 200, 400):
        n = round(length / spacing)
        wave = np.cos(2 * np.pi * (np.arange(n) + 0.5) / n)
        bench = Bench(
            Tissue(n, 1, spacing, 10.0), diffusion, decay * _SECONDS_PER_HOUR,
            start=1.0 + 0.5 * wave,
        )  # fmt: skip
        bench.advance(seconds / _SECONDS_PER_HOUR)
        before = 2.0 * (bench.field[0] @ wave) / n
        bench.advance(seconds / _SECONDS_PER_HOUR)
        found[f"{length}"] = float(2.0 * (bench.field[0] @ wave) / n / before)
        angle = math.pi * spacing / length
        rate = decay + 4 * diffusion / spacing**2 * math.sin(angle) ** 2
        expected[f"{length}"] = 1.0 / (1.0 + seconds * rate)
        table = entry["expected"][f"wavelength_{length}"]["BE_factor"]
        if abs(expected[f"{length}"] - table) > 1e-8:
            return ordering("the factor of the table is another", {"table": False})
    name, error = worst(found, expected)
    text = f"largest deviation {error:.1e} (wavelength {name} um)"
    return Outcome(text, None, None, error <= 1e-10)


def _c12b(entry: dict[str, Any]) -> Outcome:
    diffusion = entry["params"]["D_um2_min"] / 60.0

    def error(n: int, minutes: float, t: float = 0.05) -> float:
        x = (np.arange(n) + 0.5) * 1000.0 / n - 500.0
        mode = np.cos(np.pi * x / 500.0)
        bench = Bench(Tissue(n, 1, 1000.0 / n, 10.0), diffusion, start=1.0 + mode)
        for _ in range(round(t / minutes)):
            bench.advance(minutes / 60.0)
        decay = math.exp(-diffusion * 60.0 * math.pi**2 * t / 500.0**2)
        return float(np.abs(bench.field[0] - 1.0 - mode * decay).max())

    in_space = [error(n, 0.01 * (20 / n) ** 2) for n in (20, 40, 80)]
    in_time = [error(250, dt) for dt in (0.01, 0.005, 0.0025)]
    orders = [float(np.log2(e[1] / e[2])) for e in (in_space, in_time)]
    text = f"order {orders[0]:.2f} in space, {orders[1]:.2f} in time"
    return Outcome(text, None, None, abs(orders[0] - 2) <= 0.1 and abs(orders[1] - 1) <= 0.1)


def _c13a(entry: dict[str, Any]) -> Outcome:
    """The well solver, called over the intervals of the case."""
    half, start = entry["params"]["Km_uM"], entry["params"]["S0_uM"]
    reactions = Reactions((Species.ASN, Species.ASP, Species.NH3))
    found, expected = {}, {}
    for activity in (0.001, 0.01, 0.1, 1.0):
        table = entry["expected"][f"A_{activity:g}_IU_per_mL"]
        medium = np.zeros(_N_SPECIES)
        u, capacity = np.zeros((_N_SPECIES, 1)), np.zeros((N_UPTAKE, 1))
        u[Species.ASN] = start
        defect, release = np.zeros_like(u), np.zeros_like(u)
        solver, before = WellSolver(Well(1, 1e8), reactions, medium), 0.0
        for name, value in table["S_uM_at_frac"].items():
            share = float(name.split("=")[1].split("*")[0])
            minutes = share * start / table["Vmax_uM_per_min"]
            solver.advance(
                u, defect, capacity, release, np.array([activity]), (minutes - before) / 60.0,
                Drug(activity, half, 3500.0, 0.0),
            )  # fmt: skip
            before = minutes
            found[f"{activity:g} IU/mL {name}"] = float(u[Species.ASN, 0])
            expected[f"{activity:g} IU/mL {name}"] = value
    return deviation(found, expected, 1e-3)


def _c21(entry: dict[str, Any]) -> Outcome:
    """The well solver with the exact number of cells over each interval of 15 min."""
    params, dt = entry["params"], 0.25
    growth = math.log(2.0) / params["doubling_h"]
    medium = np.zeros(_N_SPECIES)
    medium[Species.ASN] = params["S0_uM"]
    transport = TransportParameters(half_saturation_asn=1e-3)
    solver = WellSolver(Well(1, _PL_PER_ML), Reactions((Species.ASN,), transport=transport), medium)
    u = medium[:, None].copy()
    defect, release = np.zeros_like(u), np.zeros_like(u)
    per_cell = params["q_uM_mL_per_cell_h"] * FMOL_PER_UM_PL * _PL_PER_ML
    grown = math.expm1(growth * dt) / (growth * dt)
    taken, found, n_interval, worst_loss = 0.0, {}, 0, 0.0
    while u[Species.ASN, 0] > 1e-3 and n_interval * dt < 200.0:
        capacity = np.zeros((N_UPTAKE, 1))
        capacity[0] = per_cell * params["N0_per_mL"] * math.exp(growth * n_interval * dt) * grown
        result = solver.advance(u, defect, capacity, release, np.zeros(1), dt)
        taken += float(capacity[0, 0] * result.exposure[0, 0])
        n_interval += 1
        held = float(u[Species.ASN, 0] + defect[Species.ASN, 0]) * FMOL_PER_UM_PL * _PL_PER_ML
        start = params["S0_uM"] * FMOL_PER_UM_PL * _PL_PER_ML
        worst_loss = max(worst_loss, abs(taken + held - start) / start)
        if n_interval * dt in (24.0, 72.0):
            found[f"S_{n_interval * dt:g}h"] = float(u[Species.ASN, 0])
    found["t_exhaust_h"] = n_interval * dt
    outcome = deviation(found, entry["expected"], 0.01)
    text = f"{outcome.text}; moles lost {worst_loss:.0e}"
    return Outcome(text, None, None, outcome.is_met and worst_loss <= 1e-6)


ROWS: tuple[Row, ...] = (
    theory_row("C10", _c10, "fields", published="least speed of the linearised scheme",
               tolerance="1 % less 3/(2 l t)", is_long=True),
    theory_row("C11a", _c11a, "fields",
               published="K0(r/L)/(2 pi D) at 50, 100, 200 um, exp(-r/L)/(4 pi D r) at 100 um",
               tolerance="2 %"),
    theory_row("C11b", _c11b, "fields", published="Thiele profiles of slab, disc and sphere",
               tolerance="2 %"),
    theory_row("C11c", _c11c, "fields",
               published="core at 1.5 and 2 Rcrit: disc 0.471 R, 0.618 R; sphere 0.537 R, 0.674 R",
               tolerance="one voxel (20 um)"),
    theory_row("C12a", _c12a, "fields", published="grid factor of backward Euler",
               tolerance="1e-10"),
    theory_row("C12b", _c12b, "fields", published="order 2 in space, 1 in time",
               tolerance="+- 0.1", is_long=True),
    theory_row("C13a", _c13a, "fields", published="Lambert W", tolerance="rel 1e-3"),
    theory_row("C21", _c21, "fields", published="S(72 h) 353.8 uM, exhausted at 162.8 h",
               tolerance="1 %; moles 1e-6"),
)  # fmt: skip
