"""A tissue: square voxels that diffusion joins, vessels and faces. Geometry only."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from abm.environment.reactions import SECONDS_PER_HOUR
from abm.errors import ScenarioError

PL_PER_CUBIC_UM = 1e-3

DEFAULT_VESSEL_EXCHANGE = 0.5
"""Exchange rate of a vessel voxel in units of D / spacing^2 (assumption A36)."""

MOST_VESSEL_EXCHANGE = 4.0
"""Above this the voxel is a fixed value in effect, and the linear solver degrades (A36)."""


class Edges(NamedTuple):
    """Faces of the domain: None = no flux, else float64[n_species] [uM], the value at the face."""

    x_low: np.ndarray | None = None
    x_high: np.ndarray | None = None
    y_low: np.ndarray | None = None
    y_high: np.ndarray | None = None


CLOSED = Edges()
"""No flux through any face."""


@dataclass(frozen=True)
class Tissue:
    """Geometry of a 2-D tissue of ``n_y`` rows and ``n_x`` columns of voxels.

    spacing, thickness : um
    extracellular_fraction : share of a voxel that the field fills
    is_vessel : bool[n_y, n_x] or None
    exchange_rate : k_v of a vessel voxel [1/h], the same for all species (assumption A39); None =
        half of D / spacing^2 of each species
    is_fixed : bool[n_y, n_x] or None, voxels that keep their concentration (a connected region
        outside the tissue; for vessels use ``is_vessel``)
    """

    n_x: int
    n_y: int
    spacing: float
    thickness: float
    extracellular_fraction: float = 1.0
    edges: Edges = CLOSED
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
