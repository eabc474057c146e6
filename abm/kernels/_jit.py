"""The one place where compile options stand.

``fastmath`` is off and nothing may contract to a fused multiply-add: results must be the same
bits on any number of threads and after a restart. ``error_model="numpy"`` lets divisions
vectorise; kernels therefore never rely on ``ZeroDivisionError``.

Numba's cache does not notice a change in a *called* kernel of another file, so each kernel file
has a cache folder keyed by a hash of its source and of all kernel files that it imports.
"""

import functools
import hashlib
import os
import re
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, cast

_IDLE_SHARE = 0.25
"""Share of the processors that others may use on a machine that counts as idle."""

_LEAST_WINDOW = 0.1
"""Seconds below which the use of the processors cannot be told from their clock ticks."""

_SPINS = 100_000
"""Rounds that a waiting thread spins, some milliseconds: as long as what lies between two parallel
loops of a step. Ten times as many are 6 % faster on an idle machine, but take the processors from
whoever starts beside the run, and from its own other threads then."""


def _use_of_processors() -> tuple[float, float]:
    """Return (seconds of all processors that others have used, wall seconds), since some moment."""
    ticks = Path("/proc/stat").read_text(encoding="ascii").split("\n", 1)[0].split()[1:9]
    idle = int(ticks[3]) + int(ticks[4])
    used = (sum(map(int, ticks)) - idle) / os.sysconf("SC_CLK_TCK")
    return used - time.process_time(), time.monotonic()


def _choose_waiting(before: tuple[float, float] | None) -> None:
    """Let waiting threads spin for a while on an idle machine, and sleep at once on a busy one.

    Sleeping threads cost a quarter of the speed of a whole step, spinning ones make a busy machine
    several times slower. ``before``: use of the processors a moment ago, None where the system does
    not tell. What the user has set in the environment stays; results do not change.
    """
    if "OMP_WAIT_POLICY" in os.environ or "GOMP_SPINCOUNT" in os.environ:
        return
    busy = 0.0
    if before is not None:
        used, now = _use_of_processors()
        if now - before[1] >= _LEAST_WINDOW:
            busy = (used - before[0]) / (now - before[1])
        else:
            # Somebody has loaded numba already: ask who runs at this moment, but for ourselves.
            running = Path("/proc/loadavg").read_text(encoding="ascii").split()[3]
            busy = int(running.split("/")[0]) - 1.0
    if busy < _IDLE_SHARE * (os.cpu_count() or 1):
        os.environ["GOMP_SPINCOUNT"] = f"{_SPINS}"
    else:
        os.environ["OMP_WAIT_POLICY"] = "passive"


_before = _use_of_processors() if Path("/proc/stat").exists() else None

import numba  # noqa: E402  (takes long enough to see what others do)

# The library of the threads reads the environment when the first of them starts.
_choose_waiting(_before)

F = TypeVar("F", bound=Callable[..., Any])


_IMPORT = re.compile(r"^\s*from abm\.kernels(?:\.(\w+))? import ([^#\n(]*|\([^)]*\))", re.MULTILINE)
_HERE = Path(__file__).parent


def _imports(module: str) -> set[str]:
    """Return the kernel files that a kernel file imports."""
    found: set[str] = set()
    for name, listed in _IMPORT.findall((_HERE / f"{module}.py").read_text(encoding="utf-8")):
        names = [name] if name else re.findall(r"\w+", listed)
        found.update(one for one in names if (_HERE / f"{one}.py").is_file())
    return found


@functools.cache
def _cache_folder(module: str) -> Path:
    """Return the cache folder of one kernel file."""
    known, waiting = {"_jit"}, {module}
    while waiting:
        one = waiting.pop()
        known.add(one)
        waiting |= _imports(one) - known
    digest = hashlib.blake2b(digest_size=6)
    for one in sorted(known):
        digest.update((_HERE / f"{one}.py").read_bytes())
    name = f"{module}-{digest.hexdigest()}"
    folder = cache_root() / name
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        folder = Path(tempfile.gettempdir()) / f"asnsim-{name}"
        folder.mkdir(parents=True, exist_ok=True)
    return folder


def cache_root() -> Path:
    """Return the folder of compiled kernels: NUMBA_CACHE_DIR where it is set."""
    root = os.environ.get("NUMBA_CACHE_DIR") or os.path.join(
        os.environ.get("XDG_CACHE_HOME", os.path.join(os.path.expanduser("~"), ".cache")), "asnsim"
    )
    return Path(root)


def _cached(function: F, **options: Any) -> F:
    """Compile with a cache; numba reads the folder at the moment of decoration."""
    config: Any = numba.config
    before = config.CACHE_DIR
    config.CACHE_DIR = str(_cache_folder(function.__module__.rpartition(".")[2]))
    try:
        return cast(F, numba.njit(cache=True, error_model="numpy", **options)(function))
    finally:
        config.CACHE_DIR = before


def kernel(function: F) -> F:
    """Compile a serial kernel."""
    return _cached(function)


def inline_kernel(function: F) -> F:
    """Compile a helper whose body is pasted into its callers: scalar ones, so that loops vectorise,
    and those of one caller, since each level of calls is compiled again with all below it."""
    return cast(F, numba.njit(inline="always", error_model="numpy")(function))


def parallel_kernel(function: F) -> F:
    """Compile a kernel whose ``prange`` iterations write disjoint elements only."""
    return _cached(function, parallel=True)


def start_threads() -> None:
    """Start numba's threads.

    A serial kernel from the cache that calls a parallel one, also from the cache, crashes the
    process where nothing has started the threads before (numba 0.68). So whoever owns such a
    kernel calls this first.
    """
    numba.get_num_threads()
