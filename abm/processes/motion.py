"""Where cells are: they push each other apart, wander, and stay in the box."""

import dataclasses
import math
from typing import NamedTuple

import numpy as np

from abm.errors import NumericalError
from abm.kernels import mechanics
from abm.kernels.mechanics_blocks import NOTHING
from abm.parameters import ParameterSet, parameter

FULLEST_LIST = 512
"""Entries per cell of the neighbour list beyond which the packing is refused."""

FIRST_LIST = {2: 8, 3: 20}
"""Entries per cell at first by dimensions, half as many more where they do not suffice; tissue at
rest in 2-D has about 5 and in 3-D about 16, a random start more for a moment."""

MOST_KEPT = 32
"""Entries per cell that new scratch has at most from the start: a random start may need more."""

SPARE_SHARE = 8
"""One over the spare part of the scratch, so that few cells more need no new one."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class MotionParameters(ParameterSet):
    """Soft spheres: law, integration, motility, crowding."""

    stiffness: float = parameter(20.0, unit="1/h", low=0.1, high=40.0, source="assumption A46")
    """Speed of a cell over the overlap that causes it, at mobility 1."""
    adhesion: float = parameter(0.0, unit="1/h", high=10.0, source="assumption A47")
    """Largest attraction of two cells over their distance, beside that of their lines; 0 = none."""
    adhesion_reach: float = parameter(0.2, low=0.01, high=0.5, source="assumption A47")
    """Gap over the contact distance at which the attraction ends."""
    n_steps: float = parameter(9, low=1, high=96, source="assumption A48")
    """Base steps of one motion interval (6 min) in a plane."""
    n_steps_in_space: float = parameter(18, low=1, high=96, source="assumption A467")
    """The same in a tissue of three dimensions, where a cell has more neighbours."""
    displacement_cap: float = parameter(0.1, low=0.001, high=0.5, source="assumption A48")
    """Farthest that a cell moves in one step, over its radius."""
    capped_share: float = parameter(0.01, high=1.0, source="assumption A48")
    """Share of capped cells above which the step is halved, down to an eighth."""
    list_allowance: float = parameter(1.4, unit="um", low=0.05, high=20.0, source="assumption A49")
    """Push of a cell before neighbours are searched again; speed only, not the result."""
    list_allowance_at_division: float = parameter(
        3.5, unit="um", low=0.05, high=20.0, source="assumption A49"
    )
    """The same where daughters part."""
    diffusivity: float = parameter(1.5, unit="um**2/h", high=1e4, source="assumption A50")
    """Random motility of tumour cells, per axis: variance 2 D t."""
    stroma_mobility: float = parameter(0.1, high=1.0, source="assumption A51")
    """Mobility of stromal cells over that of blasts; they do not wander."""
    pressure_limit: float = parameter(0.5, low=0.01, high=20.0, source="assumption A52")
    """Overlap pressure at which growth stops; 0.5 is reached at an area fraction of 1.0."""
    motility_baseline: float = parameter(0.5, high=1.0, source="assumption A53")
    """Speed of carcinoma cells without Asn, over that at half-saturating Asn plus this (S23)."""
    motility_half_saturation: float = parameter(220.0, unit="uM", low=0.1, source="assumption A53")
    """Intracellular Asn at half of the Asn-dependent speed of carcinoma cells (S23)."""


class Bodies(NamedTuple):
    """All cells of all populations, one after the other; float64, C-contiguous.

    x, y [n] um (changed), radius [n] um, mobility [n], motility [2 or 3, n] um in the interval; z
    [n] um (changed) in a box of three dimensions, else empty; adhesion [n] 1/h that a cell brings
    beside that of the parameters, empty for none; unrest [n] um by which it is expected to be
    pushed, for the list of neighbours, empty where nothing is known.
    """

    x: np.ndarray
    y: np.ndarray
    radius: np.ndarray
    mobility: np.ndarray
    motility: np.ndarray
    z: np.ndarray = NOTHING
    adhesion: np.ndarray = NOTHING
    unrest: np.ndarray = NOTHING


class MotionReport(NamedTuple):
    """What one interval took."""

    pressure: np.ndarray
    """float64[n], overlap pressure of each cell at the end (a view, valid until the next call)."""
    n_steps: int
    capped_share: float
    """Capped cell-steps over all cell-steps."""
    n_listings: int
    worst_capped_share: float
    """Largest share of cells that one step capped."""


class Motion:
    """Moves all cells of a closed box; keeps only scratch memory between calls."""

    def __init__(self, parameters: MotionParameters, size: tuple[float, ...]) -> None:
        """``size`` = (x, y) or (x, y, z) of the box in um."""
        self.parameters = parameters
        self.size = tuple(float(length) for length in size)
        self._reserve(1, FIRST_LIST[self.n_axis])

    def __getstate__(self) -> tuple[MotionParameters, tuple[float, ...]]:
        return self.parameters, self.size

    def __setstate__(self, state: tuple[MotionParameters, tuple[float, ...]]) -> None:
        self.__init__(*state)  # type: ignore[misc]

    @property
    def n_axis(self) -> int:
        """Number of dimensions, 2 or 3."""
        return len(self.size)

    def _reserve(self, capacity: int, entries_per_cell: int) -> None:
        self._capacity, self._entries_per_cell = capacity, entries_per_cell
        self._workspace = mechanics.make_workspace(capacity, entries_per_cell, self.n_axis)
        self._pressure = np.zeros(capacity)

    @property
    def _n_steps(self) -> int:
        p = self.parameters
        return int(p.n_steps_in_space if self.n_axis == 3 else p.n_steps)

    def _law(self, adhesion: float) -> mechanics.Law:
        p = self.parameters
        return mechanics.Law(
            stiffness=float(p.stiffness),
            adhesion=float(adhesion),
            adhesion_reach=float(p.adhesion_reach),
            displacement_cap=float(p.displacement_cap),
            capped_share=float(p.capped_share),
            allowance=float(p.list_allowance),
        )

    def move(self, bodies: Bodies, duration: float) -> MotionReport:
        """Move ``bodies`` for ``duration`` [h]; x, y and z are changed in place.

        Two cells attract each other with the geometric mean of their adhesions. Raises
        NumericalError where a number is not finite, a radius is not positive, or cells are packed
        so densely that no list of neighbours holds them.
        """
        n_cell = bodies.radius.shape[0]
        if n_cell > self._capacity:
            entries = min(self._entries_per_cell, MOST_KEPT)
            self._reserve(n_cell + n_cell // SPARE_SHARE, entries)
        most = float(bodies.adhesion.max(initial=0.0))
        law = self._law(self.parameters.adhesion + most)
        grip = NOTHING
        if most > 0.0:
            grip = np.sqrt((self.parameters.adhesion + bodies.adhesion) / law.adhesion)
        while True:
            cells = mechanics.Cells(
                bodies.x, bodies.y, bodies.radius, bodies.mobility, bodies.motility,
                self._pressure[:n_cell], bodies.z, grip, bodies.unrest,
            )  # fmt: skip
            status, n_steps, capped, n_listings, worst = mechanics.move_cells(
                cells, law, self.size, float(duration), self._n_steps,
                self._workspace,
            )  # fmt: skip
            if status != mechanics.LIST_FULL:
                break
            if self._entries_per_cell >= FULLEST_LIST:
                box = " x ".join(f"{length:g}" for length in self.size)
                raise NumericalError(
                    f"motion: {n_cell} cells in {box} um overlap "
                    "too much; start with fewer cells or a larger box"
                )
            self._reserve(self._capacity, self._entries_per_cell + self._entries_per_cell // 2)
        if status == mechanics.NOT_FINITE:
            raise NumericalError(
                "motion: a position, radius or motility is not finite, or a radius is not positive"
            )
        return MotionReport(self._pressure[:n_cell], n_steps, capped, n_listings, worst)

    def motility(self, normals: np.ndarray, duration: float) -> np.ndarray:
        """Return the displacement [um] of a whole interval from standard normals, [n_axis, n]."""
        return normals * self.walk(duration)

    def walk(self, duration: float) -> float:
        """Return the root of the mean squared random displacement [um] per axis."""
        return math.sqrt(2.0 * self.parameters.diffusivity * duration)

    def asparagine_factor(self, asparagine: np.ndarray) -> np.ndarray:
        """Return the relative speed of carcinoma cells at an intracellular Asn [uM] (S23).

        baseline + N / (N + half-saturation); 1 at N = half-saturation with the default baseline.
        """
        half = self.parameters.motility_half_saturation
        return self.parameters.motility_baseline + asparagine / (asparagine + half)

    def crowding(self, pressure: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
        """Return max(0, 1 - pressure / limit), the factor of growth in crowded tissue."""
        room = np.empty_like(pressure) if out is None else out
        mechanics.room_at(pressure, float(self.parameters.pressure_limit), room)
        return room


def radius_of(volume: np.ndarray) -> np.ndarray:
    """Return the radius [um] of spheres of ``volume`` [pL], float64[n]."""
    radius = np.empty(volume.shape[0])
    mechanics.sphere_radius(np.ascontiguousarray(volume, np.float64), radius)
    return radius
