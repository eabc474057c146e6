"""A tissue: square or cubic voxels that diffusion joins, vessels and faces. Geometry only."""

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from abm.environment.reactions import SECONDS_PER_HOUR
from abm.errors import ScenarioError

PL_PER_CUBIC_UM = 1e-3

DEFAULT_VESSEL_EXCHANGE = 0.5
"""Exchange rate of a vessel voxel in units of D / spacing^2 (assumptions A36 and A460)."""

MOST_VESSEL_EXCHANGE = 4.0
"""Above this the voxel is a fixed value in effect, and the linear solver degrades (A36)."""


def largest_vessel_exchange(exchange: np.ndarray) -> float:
    """Return the largest k_v [1/h] for D / spacing^2 [1/h] of the species that are solved.

    That of the slowest of them; infinite where none is solved.
    """
    return MOST_VESSEL_EXCHANGE * float(exchange.min(initial=math.inf))


class Edges(NamedTuple):
    """Faces of the domain: None = no flux, else float64[n_species] [uM], the value at the face."""

    x_low: np.ndarray | None = None
    x_high: np.ndarray | None = None
    y_low: np.ndarray | None = None
    y_high: np.ndarray | None = None
    z_low: np.ndarray | None = None
    z_high: np.ndarray | None = None


CLOSED = Edges()
"""No flux through any face."""


@dataclass(frozen=True)
class Tissue:
    """Geometry of a tissue of ``n_y`` rows and ``n_x`` columns of voxels, and of ``n_z`` planes.

    spacing : um
    thickness : um, height of the voxels of a 2-D tissue; those of a 3-D tissue are cubes
    extracellular_fraction : share of a voxel that the field fills
    is_vessel : bool[shape] or None
    exchange_rate : k_v of a vessel voxel [1/h], the same for all species that are solved
        (assumption A39); None = half of D / spacing^2 of each species
    is_fixed : bool[shape] or None, voxels that keep their concentration (a connected region
        outside the tissue; for vessels use ``is_vessel``)
    n_z : number of planes of a 3-D tissue, None for a 2-D one

    A site is ``(iz n_y + iy) n_x + ix``. Raises ScenarioError where the parts do not fit.
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

    n_z: int | None = None

    def __post_init__(self) -> None:
        if min(self.shape) < 1:
            size = " x ".join(str(n) for n in reversed(self.shape))
            raise ScenarioError(f"tissue: {size} voxels; needs at least one along each axis")
        if not (self.spacing > 0.0 and self.thickness > 0.0):
            raise ScenarioError(f"tissue: spacing {self.spacing} um and thickness "
                                f"{self.thickness} um must be positive")  # fmt: skip
        if not 0.0 < self.extracellular_fraction <= 1.0:
            raise ScenarioError(
                f"tissue: extracellular_fraction {self.extracellular_fraction} not in (0, 1]"
            )
        if self.n_z is None and (self.edges.z_low is not None or self.edges.z_high is not None):
            raise ScenarioError("tissue: faces along z need the number of planes n_z")
        for name in ("is_vessel", "is_fixed"):
            mask = getattr(self, name)
            if mask is not None and mask.shape != self.shape:
                raise ScenarioError(f"tissue: {name} has shape {mask.shape}, not {self.shape}")

    @property
    def shape(self) -> tuple[int, ...]:
        """Number of voxels along the axes: (n_y, n_x), or (n_z, n_y, n_x) of a 3-D tissue."""
        plane = (self.n_y, self.n_x)
        return plane if self.n_z is None else (self.n_z, *plane)

    @property
    def size(self) -> tuple[float, ...]:
        """Length of the sides: (x, y), or (x, y, z) of a 3-D tissue, um."""
        return tuple(n * self.spacing for n in reversed(self.shape))

    @property
    def n_site(self) -> int:
        """Number of voxels."""
        return math.prod(self.shape)

    @property
    def volume(self) -> float:
        """Extracellular volume of a voxel, pL."""
        height = self.thickness if self.n_z is None else self.spacing
        return self.spacing**2 * height * self.extracellular_fraction * PL_PER_CUBIC_UM

    def site_volume(self) -> np.ndarray:
        """Return float64[n_site], pL."""
        return np.full(self.n_site, self.volume)

    def site_of(self, x: np.ndarray, y: np.ndarray, z: np.ndarray | None = None) -> np.ndarray:
        """Return the site of points [um], int32; points outside belong to the nearest voxel.

        ``z`` is needed in a 3-D tissue and ignored in a 2-D one.
        """
        site = np.zeros(np.shape(x))
        for place, n_voxel in zip((z, y, x)[-len(self.shape) :], self.shape, strict=True):
            index = np.clip(np.floor(np.asarray(place) / self.spacing), 0, n_voxel - 1)
            site = site * n_voxel + index
        return site.astype(np.int32)

    def centers(self) -> tuple[np.ndarray, ...]:
        """Return x, y and in a 3-D tissue z of the voxel centres, each float64[n_site], um."""
        return tuple((i.ravel() + 0.5) * self.spacing for i in reversed(np.indices(self.shape)))

    def neighbours(self) -> np.ndarray:
        """Return int32[n_site, 4 or 6]: site at x-1, x+1, y-1, y+1 (z-1, z+1), -1 = none."""
        site = np.arange(self.n_site, dtype=np.int32).reshape(self.shape)
        padded = np.pad(site, 1, constant_values=-1)
        inside = (slice(1, -1),) * site.ndim
        around = []
        for axis in reversed(range(site.ndim)):
            for shifted in (slice(None, -2), slice(2, None)):
                around.append(padded[(*inside[:axis], shifted, *inside[axis + 1 :])].ravel())
        return np.stack(around, axis=1)

    def vessel_rates(self, exchange: np.ndarray, solved: np.ndarray) -> np.ndarray:
        """Return k_v per species, 1/h, for D / spacing^2 given as ``exchange`` [1/h].

        ``solved`` : rows of the species that are solved. Raises ScenarioError where k_v is above
        :func:`largest_vessel_exchange`.
        """
        if self.exchange_rate is None:
            return DEFAULT_VESSEL_EXCHANGE * exchange
        most = largest_vessel_exchange(exchange[solved])
        if not 0.0 <= self.exchange_rate <= most:
            per_second = self.exchange_rate / SECONDS_PER_HOUR
            raise ScenarioError(
                f"vessels: exchange rate {per_second:g} 1/s must lie between 0 and 4 D/spacing^2 = "
                f"{most / SECONDS_PER_HOUR:g} 1/s, with the smallest D of the species that are "
                f"solved; lower it or take smaller voxels"
            )
        return np.full(exchange.shape, self.exchange_rate)
