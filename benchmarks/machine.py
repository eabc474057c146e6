"""What machine this is, how busy it is, and how much of it others use."""

import os
import platform
import time
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple

from abm.record.provenance import cpu_name

_IDLE_COLUMNS = (3, 4)
"""Columns ``idle`` and ``iowait`` of the line ``cpu`` in /proc/stat."""
_N_COLUMNS = 8
"""user, nice, system, idle, iowait, irq, softirq, steal; guest time is in user already."""
_POLL_S = 0.5


class CpuTimes(NamedTuple):
    """A reading of the clocks, all in seconds: wall, used by all processes, used by us."""

    wall: float
    busy: float
    own: float


def read_times() -> CpuTimes:
    """Read the clocks; ``busy`` counts all CPUs and time stolen from a virtual machine."""
    wall = time.perf_counter()
    own = os.times()
    used = own.user + own.system + own.children_user + own.children_system
    try:
        fields = Path("/proc/stat").read_text().split("\n", 1)[0].split()[1 : 1 + _N_COLUMNS]
    except OSError:  # no Linux: what others use stays unknown
        return CpuTimes(wall, used, used)
    ticks = sum(int(value) for i, value in enumerate(fields) if i not in _IDLE_COLUMNS)
    return CpuTimes(wall, ticks / os.sysconf("SC_CLK_TCK"), used)


def foreign_share(before: CpuTimes, after: CpuTimes) -> float:
    """Return the share of all CPUs that other processes used between two readings, at least 0."""
    wall = max(after.wall - before.wall, 1e-9)
    others = (after.busy - before.busy) - (after.own - before.own)
    return max(others, 0.0) / (wall * n_cpu())


def n_cpu() -> int:
    """Return the number of CPUs of the machine."""
    return os.cpu_count() or 1


def wait_for_idle(limit_s: float, most_foreign: float) -> str:
    """Wait until others leave the CPUs alone; return a remark, empty where that was at once."""
    started = time.perf_counter()
    for share in _shares():
        waited = time.perf_counter() - started
        if share <= most_foreign:
            return f"waited {waited:.0f} s for idle CPUs" if waited > 2.0 * _POLL_S else ""
        if waited >= limit_s:
            return f"CPUs not idle after {waited:.0f} s: others use {100 * share:.0f} % of them"
    return ""


def _shares() -> Iterator[float]:
    while True:
        before = read_times()
        time.sleep(_POLL_S)
        yield foreign_share(before, read_times())


def describe() -> str:
    """Return the machine line: cpu, cores, threads, versions, load average."""
    import numba

    packages = ("numpy", "numba", "llvmlite", "scipy", "mesa")
    versions = ", ".join(f"{name} {version(name)}" for name in packages)
    load = " ".join(f"{value:.2f}" for value in os.getloadavg())
    return (
        f"{cpu_name()}, {n_cpu()} cores, {numba.config.NUMBA_NUM_THREADS} threads, "
        f"Python {platform.python_version()}, {versions}, load average {load}"
    )
