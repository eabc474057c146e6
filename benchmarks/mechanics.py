"""Mechanics alone: cost per cell over sizes, and a colony against one moved in fine steps."""

from collections.abc import Iterator

import numpy as np

from abm.processes.motion import Bodies, Motion, MotionParameters
from benchmarks.field_peers import TRIAD_BYTES, triad
from benchmarks.rows import Row, timed
from benchmarks.timing import Effort, Samples, Side, compare, ratio

HOURS = 0.1
RADIUS, SPREAD = 5.8, 0.08
"""Of the cells [um] and its coefficient of variation."""
ROOM = {2: 162.0, 3: 1500.0}
"""um2 per cell: the area fraction of the whole-step benchmarks; um3, a volume fraction of 0.55."""
UNIT_BALL = {2: np.pi, 3: 4.0 / 3.0 * np.pi}
"""Content of a disc and a ball of radius 1."""
WALK = 0.55
"""Motility [um] per axis in 6 min: diffusivity 1.5 um2/h."""
SETTLING = 10
FINE = {"n_steps": 96, "n_steps_in_space": 96, "displacement_cap": 0.01, "list_allowance": 2.5}
"""Ten times shorter steps than by default in a plane, five times in space."""
COLONY, COLONY_QUICK = 5_000, 1_000
GROWTH = 1.004
"""Factor of all volumes in an interval of 6 min: a doubling in 17 h."""
N_INTERVALS, N_INTERVALS_QUICK = 60, 10
LARGEST_DIFFERENCE = 0.02
"""What colony radius, density and overlaps may differ by."""
INNER = 0.7
"""Share of the radius of the colony inside which its density is taken."""
SIZES, SIZES_QUICK, LARGE_SIZES = (10_000, 100_000), (1_000, 10_000), (100_000, 1_000_000)
N_TRIAD = 1 << 24
QUANTILES = (0.25, 0.5, 0.75, 0.95)


def measure(effort: Effort) -> list[Row]:
    """Return cost for 1e4 and 1e5 cells and the error of a colony, in 2-D and 3-D."""
    return _rows(effort, SIZES_QUICK if effort.is_quick else SIZES)


def large(effort: Effort) -> list[Row]:
    """Return the same for 1e5 and 1e6 cells."""
    return _rows(effort, SIZES_QUICK if effort.is_quick else LARGE_SIZES)


def _rows(effort: Effort, numbers: tuple[int, ...]) -> list[Row]:
    rows = []
    for dimensions in (2, 3):
        found, error = colony(effort, dimensions)
        rows += [*found, *sizes(effort, dimensions, numbers, error)]
    return rows


def sizes(effort: Effort, dimensions: int, numbers: tuple[int, ...], error: str) -> list[Row]:
    """Return time per cell and interval over that of a triad, for tissue at rest."""
    a, b, c = (np.random.default_rng(1).random(N_TRIAD) for _ in range(3))
    tissues = {n: _Tissue(n, dimensions) for n in numbers}
    sides = [Side("triad", lambda: float(triad(a, b, 0.5, c) or N_TRIAD))]
    sides += [Side(f"{n:.0e}", one.move, threads=1) for n, one in tissues.items()]
    two = f"{numbers[-1]:.0e}"
    sides.append(Side("2 threads", tissues[numbers[-1]].move, threads=2, is_gated=False))
    samples = compare(sides, effort.with_rounds(3))
    rows = [_row(n, dimensions, tissues[n], samples, error) for n in numbers]
    rows.append(
        timed("", f"mechanics in {dimensions}-D: 1 thread / 2 threads, {two} cells",
              ratio(samples, two, "2 threads"), accuracy=error)
    )  # fmt: skip
    return rows


def _row(
    n: int, dimensions: int, tissue: "_Tissue", samples: dict[str, Samples], error: str
) -> Row:
    name = f"{n:.0e}"
    bandwidth = TRIAD_BYTES * 1e-9 / samples["triad"].median
    return timed(
        "", f"mechanics in {dimensions}-D: interval of 6 min per cell / triad per element, "
        f"{name} cells, 1 thread", ratio(samples, name, "triad"), accuracy=error,
        remark=f"{samples[name].median * 1e9:.0f} ns per cell, {tissue.steps} steps, "
        f"{tissue.listings} listings; {bandwidth:.1f} GB/s",
    )  # fmt: skip


def colony(effort: Effort, dimensions: int) -> tuple[list[Row], str]:
    """Return the rows of a growing disc or ball of cells, moved by default and in fine steps."""
    n = COLONY_QUICK if effort.is_quick else COLONY
    colonies = {
        "ours": _Colony(n, dimensions, MotionParameters()),
        "fine": _Colony(n, dimensions, MotionParameters(**FINE)),
    }
    for _ in range(N_INTERVALS_QUICK if effort.is_quick else N_INTERVALS):
        for one in colonies.values():
            one.grow()
    found, exact = (dict(one.readings()) for one in colonies.values())
    off = {name: abs(found[name] / value - 1.0) for name, value in exact.items()}
    overlaps = [one.pressure for one in colonies.values()]
    off["distribution of overlaps"] = _distance(*overlaps)
    worst = max(off, key=lambda name: off[name])
    levels = {f"at {share:g}": [float(np.quantile(o, share)) for o in overlaps]
              for share in QUANTILES} | {"mean": [float(o.mean()) for o in overlaps]}  # fmt: skip
    finer = ", ".join(f"{name} {100 * (a / b - 1.0):+.2g} %" for name, (a, b) in levels.items())
    sides = [Side(name, one.again) for name, one in colonies.items()]
    samples = compare(sides, effort.with_rounds(3))
    error = f"{100 * off[worst]:.2g} % in the {worst} of a {dimensions}-D colony against fine steps"
    told = ", ".join(f"{name} {100 * value:.2g} %" for name, value in off.items())
    return [
        Row("", f"colony of {n} cells in {dimensions}-D after growth: largest difference to fine "
            f"steps / {LARGEST_DIFFERENCE:g}", off[worst] / LARGEST_DIFFERENCE,
            floor=None if effort.is_quick else 1.0,
            is_more_better=False, remark=f"{told}; levels of the overlap itself: {finer}"),
        timed("", f"mechanics in {dimensions}-D: {FINE['n_steps']} steps, cap "
              f"{FINE['displacement_cap']} R / ours ({n} cells, 1 thread)",
              ratio(samples, "fine", "ours"), accuracy=error),
    ], error  # fmt: skip


def _distance(one: np.ndarray, other: np.ndarray) -> float:
    """Return the largest difference of the cumulative shares of two samples of one size."""
    levels = np.concatenate([one, other])
    shares = [np.searchsorted(np.sort(o), levels, side="right") / o.size for o in (one, other)]
    return float(np.abs(shares[0] - shares[1]).max())


def _bodies(rng: np.random.Generator, places: np.ndarray, radius: np.ndarray) -> Bodies:
    """Return cells at ``places``, float64[2 or 3, n] um, that wander."""
    axes = {name: row.copy() for name, row in zip("xyz", places, strict=False)}
    motility = WALK * rng.standard_normal(places.shape)
    return Bodies(**axes, radius=radius, mobility=np.ones(radius.size), motility=motility)


class _Tissue:
    """Cells at rest in a full box, in the order of their places as the model keeps them."""

    def __init__(self, n: int, dimensions: int) -> None:
        rng = np.random.default_rng(4)
        side = (n * ROOM[dimensions]) ** (1.0 / dimensions)
        places = rng.uniform(0.0, side, (dimensions, n))
        bins = np.floor(places / 20.0).astype(np.int64)
        places = np.ascontiguousarray(places[:, np.lexsort(bins)])
        radius = RADIUS * rng.lognormal(0.0, SPREAD, n)
        self.bodies = _bodies(rng, places, radius)
        self.motion = Motion(MotionParameters(), (side,) * dimensions)
        self.steps = self.listings = 0
        for _ in range(SETTLING):
            self.move()

    def move(self) -> float:
        """Move for one interval; return the number of cells."""
        report = self.motion.move(self.bodies, HOURS)
        self.steps, self.listings = report.n_steps, report.n_listings
        return float(self.bodies.radius.shape[0])


class _Colony:
    """A disc or ball of cells that grow, in the middle of a large box, without motility."""

    def __init__(self, n: int, dimensions: int, parameters: MotionParameters) -> None:
        rng = np.random.default_rng(5)
        self.radius = RADIUS * rng.lognormal(0.0, SPREAD, n)
        edge = (n * ROOM[dimensions] / UNIT_BALL[dimensions]) ** (1.0 / dimensions)
        self.middle = 3.0 * edge
        direction = rng.standard_normal((dimensions, n))
        direction /= np.linalg.norm(direction, axis=0)
        places = self.middle + edge * rng.random(n) ** (1.0 / dimensions) * direction
        self.bodies = _bodies(rng, places, self.radius)
        self.bodies.motility[:] = 0.0
        self.motion = Motion(parameters, (2.0 * self.middle,) * dimensions)
        self.pressure = self.move()

    def move(self) -> np.ndarray:
        """Move for one interval; return the pressure."""
        return np.array(self.motion.move(self.bodies, HOURS).pressure)

    def grow(self) -> None:
        """Let all cells grow by one interval and make room."""
        self.bodies.radius[:] *= GROWTH ** (1.0 / 3.0)
        self.pressure = self.move()

    def again(self) -> float:
        """Move for one interval without growth; return the number of cells."""
        self.move()
        return float(self.radius.shape[0])

    def readings(self) -> Iterator[tuple[str, float]]:
        """Yield radius of the colony and density inside INNER of it."""
        axes = [axis for axis in (self.bodies.x, self.bodies.y, self.bodies.z) if axis.size]
        away = np.linalg.norm(np.array(axes) - self.middle, axis=0)
        # The mean square distance in a full ball is d / (d + 2) of that of its edge.
        edge = float(np.sqrt((1.0 + 2.0 / len(axes)) * (away**2).mean()))
        yield "radius", edge
        yield "density", float((away < INNER * edge).sum()) / (INNER * edge) ** len(axes)
