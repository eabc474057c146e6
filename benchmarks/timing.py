"""Measures sides by turns (A, B, A, B ...) and says what disturbed the measurement."""

import os
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import numba
import numpy as np

import abm.kernels._jit  # noqa: F401  (sets the thread options before numba starts threads)
from benchmarks import machine

LEAST_CPU_PER_THREAD = 0.95
"""CPU time over wall time and threads below which threads shared a CPU or had to wait."""
MOST_FOREIGN = 0.05
"""Share of all CPUs that others may use during a measurement."""
_SPIN_S = 0.3
_SPIN_BLOCKS = 64


@dataclass(frozen=True)
class Effort:
    """How hard to measure: rounds, least length of a timed run, tries per run, wait for idle."""

    is_quick: bool = False
    rounds: int = 3
    least_wall_s: float = 0.5
    tries: int = 4
    idle_limit_s: float = 60.0

    def with_rounds(self, rounds: int) -> "Effort":
        """Return the same with another number of rounds."""
        return replace(self, rounds=rounds)


QUICK = Effort(is_quick=True, least_wall_s=0.25, tries=2, idle_limit_s=5.0)


@dataclass(frozen=True)
class Side:
    """One side of a comparison.

    ``run`` does the work once and returns how many units that was; ``prepare`` comes before each
    call and is not timed. ``is_gated``: all threads work all the time, so that CPU time over wall
    time tells whether each had a CPU; a side with serial parts has the probe of :func:`has_cpus`.
    """

    name: str
    run: Callable[[], float]
    prepare: Callable[[], None] | None = None
    threads: int = 1
    is_gated: bool = True


@dataclass
class Samples:
    """What the rounds of one side gave."""

    seconds: list[float] = field(default_factory=list)
    """Seconds per unit, one per round."""
    cpu_per_wall: list[float] = field(default_factory=list)
    foreign: list[float] = field(default_factory=list)
    disturbances: list[str] = field(default_factory=list)
    """Empty strings where nothing disturbed."""

    @property
    def median(self) -> float:
        """Median seconds per unit."""
        return statistics.median(self.seconds)


@dataclass(frozen=True)
class Ratio:
    """Ratio of two medians; least and largest ratio of a round; what disturbed."""

    value: float
    low: float
    high: float
    disturbance: str


@numba.njit(parallel=True, cache=True)
def _spin(n_turns, out):  # type: ignore[no-untyped-def]
    for block in numba.prange(out.size):
        x = 1.0 + block
        for _ in range(n_turns):
            x = x * 0.999999 + 1e-6
        out[block] = x


def has_cpus(threads: int, tries: int = 4) -> bool:
    """Tell whether ``threads`` threads get a CPU each, by a parallel loop."""
    numba.set_num_threads(threads)
    out = np.empty(_SPIN_BLOCKS)
    _spin(1, out)
    for _ in range(tries):
        started, used, n_turns = time.perf_counter(), time.process_time(), 100_000
        while time.perf_counter() - started < _SPIN_S:
            _spin(n_turns, out)
        share = (time.process_time() - used) / (time.perf_counter() - started)
        if share >= LEAST_CPU_PER_THREAD * threads:
            return True
    return False


def compare(sides: Sequence[Side], effort: Effort, warm_up: bool = True) -> dict[str, Samples]:
    """Measure the sides by turns; each is called once before, so that nothing compiles later.

    A disturbed run is repeated; when no try was undisturbed, the last one counts and is marked.
    """
    samples = {side.name: Samples() for side in sides}
    for side in sides if warm_up else ():
        _time(side, 0.0)
    for _ in range(effort.rounds):
        for side in sides:
            _measure(side, effort, samples[side.name])
    return samples


def ratio(samples: dict[str, Samples], above: str, below: str, factor: float = 1.0) -> Ratio:
    """Return ``factor`` times the time of ``above`` over that of ``below``."""
    first, second = samples[above], samples[below]
    by_round = [factor * a / b for a, b in zip(first.seconds, second.seconds, strict=True)]
    return Ratio(
        factor * first.median / second.median, min(by_round), max(by_round),
        summarise(first, second),
    )  # fmt: skip


def summarise(*samples: Samples) -> str:
    """Return in words what disturbed these samples, empty where nothing did."""
    all_runs = [text for one in samples for text in one.disturbances]
    bad = [text for text in all_runs if text]
    if not bad:
        return ""
    return f"{len(bad)} of {len(all_runs)} runs disturbed, e.g. {bad[0]}"


def _measure(side: Side, effort: Effort, samples: Samples) -> None:
    for _ in range(effort.tries):
        seconds, share, foreign = _time(side, effort.least_wall_s)
        disturbance = _judge(side, share, foreign)
        if not disturbance:
            break
    samples.seconds.append(seconds)
    samples.cpu_per_wall.append(share)
    samples.foreign.append(foreign)
    samples.disturbances.append(disturbance)


def _judge(side: Side, share: float, foreign: float) -> str:
    if side.is_gated and share < LEAST_CPU_PER_THREAD * side.threads:
        return f"{side.name}: cpu/wall {share:.2f} with {side.threads} thread(s)"
    if foreign > MOST_FOREIGN:
        return f"{side.name}: others used {100 * foreign:.0f} % of the CPUs"
    if not side.is_gated and side.threads > 1 and not has_cpus(side.threads, tries=1):
        return f"{side.name}: {side.threads} threads did not get a CPU each"
    return ""


def _cpu_seconds() -> float:
    """Return what this process and its ended children used so far."""
    ended = os.times()
    return time.process_time() + ended.children_user + ended.children_system


def _time(side: Side, least_wall_s: float) -> tuple[float, float, float]:
    """Call until the runs add up to ``least_wall_s``; return s/unit, cpu/wall, foreign share."""
    numba.set_num_threads(side.threads)
    wall = cpu = units = 0.0
    before = machine.read_times()
    while True:
        if side.prepare is not None:
            side.prepare()
        started, used = time.perf_counter(), _cpu_seconds()
        units += side.run()
        cpu += _cpu_seconds() - used
        wall += time.perf_counter() - started
        if wall >= least_wall_s:
            break
    return wall / units, cpu / wall, machine.foreign_share(before, machine.read_times())
