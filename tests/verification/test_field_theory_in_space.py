"""The 3-D tissue against exact solutions: cases C11a-c of theory_cases.json."""

import numpy as np
import pytest

from abm.environment.fluxes import Flux
from abm.environment.reactions import SolverParameters
from abm.environment.tissue import Tissue
from abm.state.sites import Species
from tests.theory import case
from tests.verification.test_field_theory import STEADY, Bench

SER, EAA = Species.SER, Species.EAA


def octant_mask(n, radius):
    """Voxels outside a sphere about a corner (three mirrors); see ``disc_mask`` for the edge."""
    z, y, x = np.mgrid[0:n, 0:n, 0:n] + 0.5
    return np.sqrt(x**2 + y**2 + z**2) > radius - 0.5


def test_c11a_point_source_in_space():
    """A voxel in the middle of a cube; the same value on axis and in a plane at 100 um."""
    entry = case("C11a")
    params, expected, spacing, n = entry["params"], entry["expected"], 10.0, 81
    tissue = Tissue(n, n, spacing, spacing, n_z=n)
    bench = Bench(tissue, SER, params["D_um2_s"], params["k_per_s"] * 3600.0)
    middle = n // 2
    site = (middle * n + middle) * n + middle
    seconds = STEADY * 3600.0
    bench.release[SER, site] = params["S"] / spacing**3 * seconds * 1e-3 * tissue.volume
    result = bench.advance(STEADY)
    assert n * spacing > 8 * expected["L"] >= 80 * spacing
    assert result.amount[SER, Flux.DECAY] == pytest.approx(bench.release[SER, site], rel=1e-6)
    for step in ((0, 0, 10), (0, 10, 0), (10, 0, 0), (0, 6, 8), (6, 0, -8), (-6, 8, 0)):
        found = bench.field[tuple(middle + s for s in step)]
        assert found == pytest.approx(expected["c3d_r100"], rel=0.02)


@pytest.mark.parametrize("phi", [1, 5])
def test_c11b_sphere(phi):
    expected = case("C11b")["expected"][f"sphere_phi{phi}"]
    radius, spacing, diffusion = 50, 10.0, 500.0
    n = radius + 3
    decay = phi**2 * diffusion / (radius * spacing) ** 2 * 3600.0
    tissue = Tissue(n, n, spacing, spacing, is_fixed=octant_mask(n, radius), n_z=n)
    bench = Bench(tissue, SER, diffusion, decay, start=1.0)
    bench.advance(STEADY)
    assert bench.field[0, 0, 0] == pytest.approx(expected["center"], rel=0.02)
    half = bench.field[0, 0, radius // 2 - 1 : radius // 2 + 1].mean()
    assert half == pytest.approx(expected["rho_half"], rel=0.02)
    inside = bench.field[~tissue.is_fixed]
    assert inside.mean() == pytest.approx(expected["effectiveness"], rel=0.02)


@pytest.mark.parametrize("ratio", ["1p5", "2"])
def test_c11c_starved_core_of_a_sphere(ratio):
    entry, spacing, half = case("C11c"), 20.0, 0.01
    params, expected = entry["params"], entry["expected"]
    radius = float(ratio.replace("p", ".")) * expected["Rcrit_sphere"]
    n = int(radius / spacing) + 4
    mask = octant_mask(n, radius / spacing)
    tissue = Tissue(n, n, spacing, spacing, is_fixed=mask, n_z=n)
    solver = SolverParameters(step_error=1e30)
    bench = Bench(
        tissue, EAA, params["D_um2_s"], 0.0, solver, params["C0_uM"], half_saturation_eaa=half
    )
    most = params["q_uM_s"] * 3600.0 * 1e-3 * tissue.volume
    bench.capacity[3] = np.where(mask.ravel(), 0.0, most)
    bench.advance(STEADY)
    n_starved = int((bench.field < half).sum())
    core = (6.0 * n_starved / np.pi) ** (1.0 / 3.0) * spacing
    assert abs(core - expected[f"sphere_rn_over_R_at_{ratio}"] * radius) <= spacing
    assert half <= params["C0_uM"] / 500
