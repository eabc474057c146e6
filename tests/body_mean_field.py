"""Blasts of a body in mean field: what one dose does to each genotype, without the engine.

Each column is one stratum of one genotype. The cell kernel runs in the plasma (or CSF) that the
closed forms of the pharmacology give; numbers follow from growth and hazard afterwards. Run
``python -m tests.body_mean_field`` for the tables of docs/marrow.md.
"""

import dataclasses
import math

import numpy as np
from scipy import stats

from abm.environment.body import BodyParameters
from abm.kernels.cell import advance_clamped
from abm.kernels.cell_layout import N_CONDITION, N_FLUX, CellCondition, CellState
from abm.pharmacology.asparagine import TURNOVERS, steady_asparagine
from abm.pharmacology.patient import Patient
from abm.pharmacology.products import find_product
from abm.pharmacology.regimen import Route, activity_per_amount
from abm.processes.cell_lines import CellLine, cell_line
from abm.processes.cell_parameters import CellParameters
from abm.processes.cell_vector import parameter_vector
from abm.processes.equilibrium import (
    HUMAN_PLASMA,
    ClampedMedium,
    equilibrated_state,
    solve_translation_rate,
)
from abm.processes.microenvironment import serine_factor
from abm.units import HOURS_PER_DAY, UM_PER_HOUR_PER_IU_PER_ML

IN_VIVO_DOUBLING_H = 158.4
BACKGROUND_DEATH = 0.04 / HOURS_PER_DAY
KILL_FACTOR = 0.06
THRESHOLD_CV = 0.25
BSA = 0.79
CSF = ClampedMedium(asn=6.1, gln=500.0, glu=5.0, eaa=47.0)
_STEP_H = 1.0
_COUPLING_H = 0.1


def blast() -> CellLine:
    return cell_line("default-blast").replaced({"doubling_time": f"{IN_VIVO_DOUBLING_H} h"})


def quantile_means(cv: float, n: int) -> np.ndarray:
    """Means of a lognormal with mean 1 within n equally likely classes."""
    sigma = math.sqrt(math.log1p(cv * cv))
    borders = stats.norm.ppf(np.linspace(0.0, 1.0, n + 1))
    return n * np.diff(stats.norm.cdf(borders - sigma))


@dataclasses.dataclass
class Blood:
    """Plasma after doses of pegaspargase at ``days``; ``asparagine_input`` low or high."""

    asparagine_input: str = "low"
    days: tuple[float, ...] = (0.0,)
    dose_per_m2: float = 2500.0
    preset: str | None = None

    def __post_init__(self) -> None:
        product = find_product("pegaspargase", where="test")
        self.enzyme = product.enzyme
        self.kinetics = product.kinetics(self.preset)
        self.turnover = TURNOVERS[self.asparagine_input]

    def activity(self, hours: float) -> float:
        since = hours - HOURS_PER_DAY * np.asarray(self.days)
        patient = Patient(bsa=BSA, age=5.0)
        each = activity_per_amount(self.kinetics, patient, Route.IV, since, 0.0)
        return float(np.where(since > 0.0, each, 0.0).sum() * self.dose_per_m2 * BSA)

    def __call__(self, hours: float) -> np.ndarray:
        """Asn, Gln, Glu and essential amino acids [uM]; Asn and Gln at their steady state."""
        activity = self.activity(hours)
        asn = float(steady_asparagine(np.array([activity]), self.enzyme, self.turnover)[0])
        fullest = activity * UM_PER_HOUR_PER_IU_PER_ML * self.enzyme.glutaminase_share
        half = self.enzyme.half_saturation_gln * (1.0 + asn / self.enzyme.half_saturation_asn)
        clearance, normal = 2.18, HUMAN_PLASMA.gln
        b = clearance * (half - normal) + fullest
        gln = (math.sqrt(b * b + 4.0 * clearance * clearance * normal * half) - b) / (
            2.0 * clearance
        )
        return np.array([asn, gln, HUMAN_PLASMA.glu + normal - gln, HUMAN_PLASMA.eaa])


@dataclasses.dataclass
class Fluid:
    """CSF over such plasma, with ``contact`` uM of Asn that cells feel on top of it."""

    blood: Blood
    enzyme_share: float
    contact: float
    asn: float = CSF.asn
    _hour: float = 0.0

    def __call__(self, hours: float) -> np.ndarray:
        p, enzyme = BodyParameters(), self.blood.enzyme
        half = enzyme.half_saturation_asn * (1.0 + CSF.gln / enzyme.half_saturation_gln)
        dt = 0.05
        while self._hour < hours - 1e-9:
            self._hour += dt
            fullest = self.blood.activity(self._hour) * self.enzyme_share
            source = p.csf_share_asn * self.blood(self._hour)[0] + p.csf_source_asn
            loss = p.csf_turnover + fullest * UM_PER_HOUR_PER_IU_PER_ML / (half + self.asn)
            self.asn = (self.asn + dt * p.csf_turnover * source) / (1.0 + dt * loss)
        return np.array([self.asn + self.contact, CSF.gln, CSF.glu, CSF.eaa])


@dataclasses.dataclass
class Rates:
    """Growth (as cells divide) and hazard of every column, float64[n_hours, n] [1/h]."""

    growth: np.ndarray
    hazard: np.ndarray
    state: np.ndarray

    def log10(self, day: float, kill: float = KILL_FACTOR, rest: float = BACKGROUND_DEATH) -> float:
        """log10 of the number of all columns together on a day over that at the start."""
        hours = round(day * HOURS_PER_DAY / _STEP_H)
        each = ((self.growth - rest - kill * self.hazard)[:hours] * _STEP_H).sum(axis=0)
        return float(np.log10(np.exp(each).mean()))

    def lowest(self, kill: float = KILL_FACTOR) -> float:
        each = np.cumsum((self.growth - BACKGROUND_DEATH - kill * self.hazard) * _STEP_H, axis=0)
        return float(np.log10(np.exp(each).mean(axis=1)).min())


def run(medium, days, alleles=2, gain=1.0, start=HUMAN_PLASMA, line=None, thresholds=None) -> Rates:
    """Run cells of one genotype over ``days`` in ``medium(hours)``, one column for a threshold."""
    line = line or blast()
    factors = quantile_means(THRESHOLD_CV, 8) if thresholds is None else np.asarray(thresholds)
    n, n_steps = factors.shape[0], round(days * HOURS_PER_DAY / _STEP_H)
    rate = solve_translation_rate(line)
    vector = parameter_vector(CellParameters(), line, rate)
    state = equilibrated_state(
        line, rate, np.full(n, alleles), np.full(n, gain), start, hours=240.0,
        threshold_factor=factors,
    )  # fmt: skip
    conditions = np.ones((N_CONDITION, n))
    conditions[CellCondition.PERK] = 0.0
    conditions[CellCondition.SYNTHESIS] = serine_factor(vector, start.ser)
    number, gains, substeps = np.full(n, alleles, np.uint8), np.full(n, gain), np.ones(n, np.uint8)
    fluxes, growth, hazard = np.empty((N_FLUX, n)), np.zeros(n), np.zeros(n)
    found = Rates(np.empty((n_steps, n)), np.empty((n_steps, n)), state)
    for step in range(n_steps):
        if step % round(HOURS_PER_DAY / _STEP_H) == 0:
            _renew(state)
        status = advance_clamped(
            state, n, medium((step + 0.5) * _STEP_H), conditions, number, gains, factors, substeps,
            vector, _COUPLING_H, round(_STEP_H / _COUPLING_H), fluxes, growth, hazard,
        )  # fmt: skip
        assert status == 0
        found.growth[step] = np.maximum(growth, 0.0) * np.minimum(
            1.0, state[CellState.RESERVE] / 0.9
        )
        found.hazard[step] = hazard
    return found


def _renew(state: np.ndarray) -> None:
    """Set size 1 and keep the share of its protein that the cell still has."""
    for row in (CellState.BOUND_ASN, CellState.BOUND_GLN, CellState.SIZE):
        state[row] /= state[CellState.SIZE]


def in_csf(blood: Blood, days: float, enzyme_share=None, contact=None, alleles=2) -> Rates:
    """Blasts of the CSF; what is not given is that of the body."""
    p = BodyParameters()
    fluid = Fluid(
        blood,
        p.csf_enzyme if enzyme_share is None else enzyme_share,
        p.csf_contact_asn if contact is None else contact,
    )
    felt = dataclasses.replace(CSF, asn=CSF.asn + fluid.contact)
    return run(fluid, days, alleles=alleles, start=felt)


def main() -> None:
    marrow = {name: run(Blood(name), 45.0) for name in TURNOVERS}
    print("kill factor: log10 on day 28, lowest; low and high input of Asn")
    for kill in (0.03, 0.04, 0.05, 0.06, 0.08, 0.1, 0.2, 1.0):
        row = [f(one) for one in marrow.values() for f in
               (lambda r, k=kill: r.log10(28.0, k), lambda r, k=kill: r.lowest(k))]  # fmt: skip
        print(kill, " ".join(f"{x:.2f}" for x in row))
    print("genotype: growth, hazard, net on day 14 [1/d]; day 0.9 before the drug is in")
    for alleles, gain in ((2, 1), (1, 1), (0, 1), (0, 2), (0, 4), (1, 2), (1, 4), (2, 4)):
        row = []
        for medium in (Blood("low"), Blood("high"), Blood("low", days=())):
            one = run(medium, 14.0, alleles, float(gain), thresholds=[1.0])
            growth, hazard = HOURS_PER_DAY * one.growth[-1, 0], HOURS_PER_DAY * one.hazard[-1, 0]
            row.append((growth, hazard, growth - 0.04 - KILL_FACTOR * hazard))
        print(alleles, gain, " | ".join("{:.4f} {:.4f} {:+.4f}".format(*one) for one in row))
    print("CSF: enzyme share, contact; log10 of day 28, over that of marrow")
    for share in (1e-3, 1e-4, 2e-5, 0.0):
        for contact in (0.0, 1.0, 2.0, 3.0, 4.0, 5.0):
            row = []
            for name, reference in marrow.items():
                one = in_csf(Blood(name), 28.0, share, contact).log10(28.0)
                row.append((one, one / reference.log10(28.0)))
            print(share, contact, " | ".join("{:.2f} {:.2f}".format(*one) for one in row))
    line = cell_line("normal-lymphocyte")
    print("normal: growth, hazard [1/d], copies")
    for medium in (Blood("low", days=()), Blood("low"), Blood("high")):
        one = run(medium, 14.0, 0, line=line, thresholds=[1.0])
        copies = one.state[CellState.ASNS, 0]
        print(f"{24 * one.growth[-1, 0]:.4f} {24 * one.hazard[-1, 0]:.4f} {copies:.0f}")


if __name__ == "__main__":
    main()
