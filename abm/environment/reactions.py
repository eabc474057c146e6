"""What reacts in a site: species, transport constants, diffusion, enzyme constants, tolerances."""

from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from abm.errors import ScenarioError
from abm.parameters import ParameterSet, parameter
from abm.state.sites import Drug, Species

SECONDS_PER_HOUR = 3600.0


@dataclass(frozen=True, kw_only=True)
class TransportParameters(ParameterSet):
    """Outside half-saturation of uptake, the same for every cell."""

    half_saturation_asn: float = parameter(
        97.0, unit="uM", low=1e-3, high=1e5, source="Pingitore 2013 (ASCT2)"
    )
    """Asparagine; glutamine competes."""
    half_saturation_gln: float = parameter(
        97.0, unit="uM", low=1e-3, high=1e5, source="Pingitore 2013 (ASCT2)"
    )
    """Glutamine; asparagine competes."""
    half_saturation_glu: float = parameter(
        1400.0, unit="uM", low=1e-3, high=1e6, source="assumption A04"
    )
    """Glutamate that feeds anaplerosis."""
    half_saturation_eaa: float = parameter(
        20.0, unit="uM", low=1e-3, high=1e5, source="from memory (LAT1)"
    )
    """Essential amino acids, lumped."""

    def as_array(self) -> np.ndarray:
        """Return the four constants, float64[4], uM, in the order asn, gln, glu, eaa."""
        return np.array(
            [self.half_saturation_asn, self.half_saturation_gln, self.half_saturation_glu,
             self.half_saturation_eaa]
        )  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class DiffusionParameters(ParameterSet):
    """Diffusion coefficients in tissue."""

    amino_acid: float = parameter(
        400.0, unit="um**2/s", low=1.0, high=2000.0, source="assumption A30"
    )
    """Asparagine, glutamine, glutamate, aspartate, serine and the essential amino acids."""
    ammonia: float = parameter(
        1500.0, unit="um**2/s", low=1.0, high=5000.0, source="assumption A31"
    )
    """Ammonia."""
    glucose: float = parameter(
        300.0, unit="um**2/s", low=1.0, high=2000.0,
        source="from memory (Casciari 1988)",
    )  # fmt: skip
    """Glucose."""
    oxygen: float = parameter(
        2000.0, unit="um**2/s", low=1.0, high=5000.0,
        source="from memory (Grote 1977)",
    )  # fmt: skip
    """Oxygen."""

    def as_array(self) -> np.ndarray:
        """Return the coefficients per species, float64[n_species], um2/h."""
        values = np.full(len(Species), self.amino_acid)
        values[Species.NH3] = self.ammonia
        values[Species.GLUCOSE] = self.glucose
        values[Species.O2] = self.oxygen
        return values * SECONDS_PER_HOUR


@dataclass(frozen=True, kw_only=True)
class SolverParameters(ParameterSet):
    """Tolerances of the implicit solves."""

    defect: float = parameter(1e-7, low=1e-15, high=1e-3, source="assumption A32")
    """Summed absolute defect that a solve may leave, as a share of content plus throughput."""
    change: float = parameter(1e-6, low=1e-15, high=1e-2, source="assumption A32")
    """Relative change that one more outer iteration may be expected to bring."""
    step_error: float = parameter(0.01, low=1e-9, high=1e30, source="assumption A33")
    """Relative error (and change) of concentrations that one implicit step may make."""
    least_step: float = parameter(1.0, unit="s", low=1e-9, high=3600.0, source="assumption A33")
    """Steps are not halved below this length."""
    error_floor: float = parameter(0.01, low=0.0, high=10.0, source="assumption A34")
    """Concentration below which errors count as absolute, as a share of the half-saturation of
    transport (of the medium's value for a species that cells do not take up)."""
    well_step_error: float = parameter(3e-4, low=1e-12, high=1.0, source="assumption A37")
    """Relative difference of one and two half steps in a well, before extrapolation."""
    well_error_floor: float = parameter(1e-5, low=0.0, high=10.0, source="assumption A37")
    """The floor of errors in a well, as a share of the same scale."""
    body_step_error: float = parameter(6e-4, low=1e-12, high=1.0, source="assumption A345")
    """Relative difference of one and two half steps in a body, or of the second and the third
    order of extrapolation."""
    outer_iterations: float = parameter(50, low=1, high=1000, source="assumption A32")
    """Most outer iterations of an implicit step."""
    inner_iterations: float = parameter(60, low=1, high=1000, source="assumption A35")
    """Most iterations of one linear solve."""


class Constants(Protocol):
    """Constants of the field: a parameter set above, or those of a species of another range."""

    def as_array(self) -> np.ndarray:
        """Return the constants in the order and unit of the parameter set."""
        ...


@dataclass(frozen=True)
class Reactions:
    """Species that are switched on, and all constants of their reactions.

    ``decay`` (1/h) and ``supply`` (uM/h) are per species and hold in every site; both default to
    none. A species that is not in ``species`` keeps its concentration.
    """

    species: tuple[Species, ...]
    transport: Constants = field(default_factory=TransportParameters)
    diffusion: Constants = field(default_factory=DiffusionParameters)
    solver: SolverParameters = field(default_factory=SolverParameters)
    drug: Drug = field(default_factory=Drug)
    decay: tuple[float, ...] = (0.0,) * len(Species)
    supply: tuple[float, ...] = (0.0,) * len(Species)

    def __post_init__(self) -> None:
        if len(set(self.species)) != len(self.species):
            raise ScenarioError(f"species: {[s.name for s in self.species]} names one twice")
        for name, values in (("decay", self.decay), ("supply", self.supply)):
            if len(values) != len(Species) or min(values) < 0.0:
                raise ScenarioError(f"{name}: needs {len(Species)} numbers >= 0, got {values}")

    def is_solved(self) -> np.ndarray:
        """Return which species are switched on, bool[n_species]."""
        mask = np.zeros(len(Species), dtype=np.bool_)
        mask[list(self.species)] = True
        return mask

    def groups(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the species that are switched on, and where their groups begin.

        int64[n_solved] rows, ordered so that a species reacts only with those of other groups, and
        int64[4] offsets into them.
        """
        products = [Species.ASP, Species.NH3]
        middle = [Species.ASN, Species.GLU]
        first = [species for species in Species if species not in products + middle]
        groups = [first, middle, products]
        chosen = [[s for s in group if s in self.species] for group in groups]
        offsets = np.cumsum([0] + [len(group) for group in chosen])
        rows = [species for group in chosen for species in group]
        return np.array(rows, dtype=np.int64), offsets.astype(np.int64)

    def error_scale(self, medium: np.ndarray) -> np.ndarray:
        """Return what the floors of errors are shares of, float64[n_species], uM."""
        scale = np.maximum(np.asarray(medium, dtype=float), 1.0)
        half = self.transport.as_array()
        scale[[Species.ASN, Species.GLN, Species.GLU, Species.EAA]] = half
        return scale


def enzyme_constants(drug: Drug) -> np.ndarray:
    """Return Km of asparagine, Km of glutamine [uM] and the glutaminase share, float64[3]."""
    values = (drug.half_saturation_asn, drug.half_saturation_gln, drug.glutaminase_share)
    if not (values[0] > 0.0 and values[1] > 0.0 and values[2] >= 0.0):
        raise ScenarioError(f"drug: half-saturations must be > 0 and the share >= 0, got {values}")
    return np.array(values, dtype=float)
