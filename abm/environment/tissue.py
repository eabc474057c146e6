"""A tissue: square voxels that diffusion joins, vessels, faces, and the solver of its field."""

from dataclasses import dataclass
from enum import IntEnum
from typing import NamedTuple

import numpy as np

from abm.environment.reactions import SECONDS_PER_HOUR, Reactions, enzyme_constants
from abm.errors import NumericalError, ScenarioError
from abm.kernels import field, field_steps, multigrid
from abm.state.sites import N_UPTAKE, Drug, Species
from abm.units import FMOL_PER_UM_PL

PL_PER_CUBIC_UM = 1e-3

DEFAULT_VESSEL_EXCHANGE = 0.5
"""Exchange rate of a vessel voxel in units of D / spacing^2 (assumption A36)."""

MOST_VESSEL_EXCHANGE = 4.0
"""Above this the voxel is a fixed value in effect, and the linear solver degrades (A36)."""


class Flux(IntEnum):
    """Columns of the amounts of an interval; positive numbers, EDGE positive when it brings in."""

    VESSEL_IN = field.VESSEL_IN
    VESSEL_OUT = field.VESSEL_OUT
    EDGE = field.EDGE
    SUPPLY = field.SUPPLY
    DECAY = field.DECAY
    UPTAKE = field.UPTAKE
    ENZYME = field.ENZYME
    PRODUCT = field.PRODUCT
    RELEASE = field.RELEASE


SIGN = np.array([1.0, -1.0, 1.0, 1.0, -1.0, -1.0, -1.0, 1.0, 1.0])
"""What a flux does to the content, per column of Flux."""


class IntervalResult(NamedTuple):
    """What one interval moved.

    exposure : float64[4, n_site] [h], time integral of u / (Km_eff + u) for asn, gln, glu, eaa;
        a view that the next call overwrites
    amount : float64[n_species, len(Flux)] [fmol], summed over the sites in a fixed order
    defect : float64[n_species] [fmol], summed over the sites, after the interval
    n_steps : implicit steps that were kept
    n_rough_steps : those of the least length whose error was above the tolerance
    n_iterations : linear iterations of all species together
    """

    exposure: np.ndarray
    amount: np.ndarray
    defect: np.ndarray
    n_steps: int
    n_rough_steps: int
    n_iterations: int


class Edges(NamedTuple):
    """Faces of the domain: None = no flux, else float64[n_species] [uM], the value at the face."""

    x_low: np.ndarray | None = None
    x_high: np.ndarray | None = None
    y_low: np.ndarray | None = None
    y_high: np.ndarray | None = None


@dataclass(frozen=True)
class Tissue:
    """Geometry of a 2-D tissue of ``n_y`` rows and ``n_x`` columns of voxels.

    spacing, thickness : um
    extracellular_fraction : share of a voxel that the field fills
    is_vessel : bool[n_y, n_x] or None
    exchange_rate : k_v of a vessel voxel [1/h]; None = half of D / spacing^2 of each species
    is_fixed : bool[n_y, n_x] or None, voxels that keep their concentration (a connected region
        outside the tissue; for vessels use ``is_vessel``)
    """

    n_x: int
    n_y: int
    spacing: float
    thickness: float
    extracellular_fraction: float = 1.0
    edges: Edges = Edges()
    is_vessel: np.ndarray | None = None
    exchange_rate: float | None = None
    is_fixed: np.ndarray | None = None

    def __post_init__(self) -> None:
        if self.n_x < 1 or self.n_y < 1:
            raise ScenarioError(f"tissue: {self.n_x} x {self.n_y} voxels; needs at least one")
        if not (self.spacing > 0.0 and self.thickness > 0.0):
            raise ScenarioError(f"tissue: spacing {self.spacing} um and thickness "
                                f"{self.thickness} um must be positive")  # fmt: skip
        if not 0.0 < self.extracellular_fraction <= 1.0:
            raise ScenarioError(
                f"tissue: extracellular_fraction {self.extracellular_fraction} not in (0, 1]"
            )
        for name in ("is_vessel", "is_fixed"):
            mask = getattr(self, name)
            if mask is not None and mask.shape != (self.n_y, self.n_x):
                raise ScenarioError(
                    f"tissue: {name} has shape {mask.shape}, not {(self.n_y, self.n_x)}"
                )

    @property
    def n_site(self) -> int:
        """Number of voxels."""
        return self.n_x * self.n_y

    @property
    def volume(self) -> float:
        """Extracellular volume of a voxel, pL."""
        whole = self.spacing**2 * self.thickness
        return whole * self.extracellular_fraction * PL_PER_CUBIC_UM

    def site_volume(self) -> np.ndarray:
        """Return float64[n_site], pL."""
        return np.full(self.n_site, self.volume)

    def site_of(self, x: np.ndarray, y: np.ndarray) -> np.ndarray:
        """Return the site of points [um], int32; points outside belong to the nearest voxel."""
        column = np.clip(np.floor(np.asarray(x) / self.spacing), 0, self.n_x - 1)
        row = np.clip(np.floor(np.asarray(y) / self.spacing), 0, self.n_y - 1)
        return (row * self.n_x + column).astype(np.int32)

    def centers(self) -> tuple[np.ndarray, np.ndarray]:
        """Return x and y of the voxel centres, float64[n_site], um."""
        y, x = np.mgrid[0 : self.n_y, 0 : self.n_x]
        return (x.ravel() + 0.5) * self.spacing, (y.ravel() + 0.5) * self.spacing

    def neighbours(self) -> np.ndarray:
        """Return int32[n_site, 4]: site at x-1, x+1, y-1, y+1, or -1 beyond the border."""
        site = np.full((self.n_y + 2, self.n_x + 2), -1, dtype=np.int32)
        site[1:-1, 1:-1] = np.arange(self.n_site, dtype=np.int32).reshape(self.n_y, self.n_x)
        around = (site[1:-1, :-2], site[1:-1, 2:], site[:-2, 1:-1], site[2:, 1:-1])
        return np.stack([a.ravel() for a in around], axis=1)

    def vessel_rates(self, exchange: np.ndarray) -> np.ndarray:
        """Return k_v per species, 1/h, for D / spacing^2 given as ``exchange`` [1/h].

        Raises ScenarioError where k_v is above 4 D / spacing^2.
        """
        if self.exchange_rate is None:
            return DEFAULT_VESSEL_EXCHANGE * exchange
        most = MOST_VESSEL_EXCHANGE * float(exchange.min())
        if not 0.0 <= self.exchange_rate <= most:
            per_second = self.exchange_rate / SECONDS_PER_HOUR
            raise ScenarioError(
                f"vessels: exchange rate {per_second:g} 1/s must lie between 0 and 4 D/spacing^2 = "
                f"{most / SECONDS_PER_HOUR:g} 1/s; lower it or take smaller voxels"
            )
        return np.full(exchange.shape, self.exchange_rate)


class TissueSolver:
    """Advances the concentrations of a tissue; holds work arrays and the remembered step length.

    ``medium`` (float64[n_species], uM) is what the vessels carry unless a call says otherwise.
    ``step_length`` (h) belongs to a checkpoint; concentrations and defect are the caller's.
    """

    def __init__(self, tissue: Tissue, reactions: Reactions, medium: np.ndarray) -> None:
        self.tissue, self.reactions = tissue, reactions
        self.medium = np.asarray(medium, dtype=float).copy()
        self.step_length = np.inf
        self._build()

    def __getstate__(self) -> dict:
        """Pickle the definition only; work arrays are made anew."""
        return {name: self.__dict__[name] for name in _DEFINITION}

    def __setstate__(self, state: dict) -> None:
        self.__dict__.update(state)
        self._build()

    def _build(self) -> None:
        tissue, reactions = self.tissue, self.reactions
        faces = [np.zeros(len(Species)) if e is None else np.asarray(e) for e in tissue.edges]
        is_fixed = [edge is not None for edge in tissue.edges]
        exchange = reactions.diffusion.as_array() / tissue.spacing**2
        solver = reactions.solver
        self._grid = multigrid.build_grid(tissue.n_x, tissue.n_y, tuple(is_fixed))  # type: ignore[arg-type]
        self._linear = multigrid.linear_work(self._grid, len(Species))
        self._rules = field.Rules(
            solved=reactions.solved(),
            is_solved=reactions.is_solved(),
            is_open=any(is_fixed) or tissue.is_fixed is not None,
            exchange=exchange,
            decay=np.array(reactions.decay, dtype=float),
            supply=np.array(reactions.supply, dtype=float),
            vessel_rate=tissue.vessel_rates(exchange),
            edge_link=np.where(is_fixed, 2.0, 0.0),
            edge_value=np.ascontiguousarray(np.stack(faces, axis=1), dtype=float),
            half_saturation=reactions.transport.as_array(),
            enzyme=enzyme_constants(reactions.drug),
            tolerance=np.array(
                [solver.defect, solver.change, solver.step_error, solver.outer_iterations,
                 solver.inner_iterations, solver.least_step / SECONDS_PER_HOUR]
            ),
            floor=reactions.floor(self.medium),
        )  # fmt: skip
        self._work = field.field_work(self._grid, len(Species))
        self._vessel = self._padded(tissue.is_vessel)
        self._free = 1.0 - self._padded(tissue.is_fixed)
        self._exposure = np.zeros((N_UPTAKE, tissue.n_site))
        self._amount = np.zeros((len(Species), len(Flux)))

    def _padded(self, mask: np.ndarray | None) -> np.ndarray:
        tissue = self.tissue
        result = np.zeros((tissue.n_y + 2, tissue.n_x))
        if mask is not None:
            result[1:-1] = mask
        return result.ravel()

    def advance(
        self,
        concentration: np.ndarray,
        defect: np.ndarray,
        capacity: np.ndarray,
        release: np.ndarray,
        activity: np.ndarray,
        dt: float,
        drug: Drug | None = None,
        plasma: np.ndarray | None = None,
    ) -> IntervalResult:
        """Advance the field by ``dt`` hours.

        concentration, defect : float64[n_species, n_site] [uM], changed in place
        capacity : float64[4, n_site] [fmol/h], uptake at saturation summed over the cells
        release : float64[n_species, n_site] [fmol], given off evenly over the interval
        activity : float64[n_site] [IU/mL]; ``drug`` gives the constants of the enzyme
        plasma : float64[n_species] [uM], in the vessels

        Raises NumericalError with species, site and value where a solve does not converge; the
        arrays then hold the state before the call.
        """
        if drug is not None:
            self._rules.enzyme[:] = enzyme_constants(drug)
        per_amount = 1.0 / (FMOL_PER_UM_PL * self.tissue.volume)
        sites = field.Sites(
            self._vessel, self._free, self.medium if plasma is None else plasma,
            capacity, activity, release, np.array([per_amount, per_amount / dt]),
        )  # fmt: skip
        work, n_x, n_site = self._work, self.tissue.n_x, self.tissue.n_site
        inside = slice(n_x, n_x + n_site)
        work.now[:, inside] = concentration
        work.defect[:, inside] = defect
        control = np.array([self.step_length, 0.0, 0.0])
        status = field_steps.advance(
            self._grid, self._linear, self._rules, sites, work, dt, control,
            self._exposure, self._amount,
        )  # fmt: skip
        if status != field.DONE:
            self._fail(status, dt)
        self.step_length = control[0]
        concentration[:] = work.now[:, inside]
        defect[:] = work.defect[:, inside]
        to_amount = FMOL_PER_UM_PL * self.tissue.volume
        return IntervalResult(
            self._exposure, self._amount * to_amount, defect.sum(axis=1) * to_amount,
            int(control[1]), int(control[2]), int(work.status[:, 4].sum()),
        )  # fmt: skip

    def _fail(self, status: int, dt: float) -> None:
        work = self._work
        solved = self._rules.solved
        size = np.nan_to_num(np.abs(work.defect[solved]), nan=np.inf)
        row, padded = np.unravel_index(int(size.argmax()), size.shape)
        species = Species(int(solved[row]))
        site = int(padded) - self.tissue.n_x
        what = "did not converge" if status == field.NOT_CONVERGED else "left the finite numbers"
        raise NumericalError(
            f"the field of {species.name.lower()} {what} in an interval of {dt * 3600:g} s: site "
            f"{site} holds {work.now[species, padded]:g} uM with a defect of "
            f"{work.defect[species, padded]:g} uM"
        )


_DEFINITION = ("tissue", "reactions", "medium", "step_length")
