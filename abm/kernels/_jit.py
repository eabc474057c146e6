"""The one place where compile options stand.

``fastmath`` is off and nothing may contract to a fused multiply-add: results must be the same
bits on any number of threads and after a restart. ``error_model="numpy"`` lets divisions
vectorise; kernels therefore never rely on ``ZeroDivisionError``.

Numba's cache does not notice a change in a *called* kernel of another file, so the cache folder
is keyed by a hash of all kernel sources.
"""

import hashlib
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, cast

_IDLE_LOAD = 0.5
"""Load per processor below which a machine counts as idle."""


def _choose_waiting() -> None:
    """Let waiting threads spin for a moment on an idle machine, and sleep at once on a busy one.

    Sleeping threads cost a quarter of the speed of a whole step, spinning ones make a busy machine
    several times slower. What the user has set in the environment stays; results do not change.
    """
    if "OMP_WAIT_POLICY" in os.environ or "GOMP_SPINCOUNT" in os.environ:
        return
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0
    if load < _IDLE_LOAD * (os.cpu_count() or 1):
        os.environ["GOMP_SPINCOUNT"] = "100000"
    else:
        os.environ["OMP_WAIT_POLICY"] = "passive"


_choose_waiting()

import numba  # noqa: E402  (reads the environment when it loads)

F = TypeVar("F", bound=Callable[..., Any])


def _cache_folder() -> Path:
    digest = hashlib.blake2b(digest_size=6)
    for source in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(source.read_bytes())
    root = os.environ.get("NUMBA_CACHE_DIR") or os.path.join(
        os.environ.get("XDG_CACHE_HOME", os.path.join(os.path.expanduser("~"), ".cache")), "asnsim"
    )
    folder = Path(root) / f"kernels-{digest.hexdigest()}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        folder = Path(tempfile.gettempdir()) / f"asnsim-kernels-{digest.hexdigest()}"
        folder.mkdir(parents=True, exist_ok=True)
    return folder


setattr(numba.config, "CACHE_DIR", str(_cache_folder()))  # noqa: B010  (not in its stubs)


def kernel(function: F) -> F:
    """Compile a serial kernel."""
    return cast(F, numba.njit(cache=True, error_model="numpy")(function))


def inline_kernel(function: F) -> F:
    """Compile a scalar helper whose body is pasted into its callers, so that loops vectorise."""
    return cast(F, numba.njit(inline="always", error_model="numpy")(function))


def parallel_kernel(function: F) -> F:
    """Compile a kernel whose ``prange`` iterations write disjoint elements only."""
    return cast(F, numba.njit(cache=True, parallel=True, error_model="numpy")(function))


def start_threads() -> None:
    """Start numba's threads.

    A serial kernel from the cache that calls a parallel one, also from the cache, crashes the
    process where nothing has started the threads before (numba 0.68). So whoever owns such a
    kernel calls this first.
    """
    numba.get_num_threads()
