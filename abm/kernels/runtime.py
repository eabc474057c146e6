"""Threads and compile time of the kernels, for whoever runs them."""

from contextlib import AbstractContextManager
from typing import Any

import numba
from numba.core import event


def n_threads() -> int:
    """Return the number of threads that parallel kernels use now."""
    return int(numba.get_num_threads())


def thread_limit() -> int:
    """Return the most threads that this process may use (NUMBA_NUM_THREADS)."""
    return int(getattr(numba.config, "NUMBA_NUM_THREADS"))  # noqa: B009  (not in its stubs)


def set_threads(threads: int) -> None:
    """Let parallel kernels use ``threads`` threads, 1 to :func:`thread_limit`."""
    numba.set_num_threads(threads)


class CompileTimer(AbstractContextManager["CompileTimer"]):
    """Adds up the seconds that the compiler takes inside the ``with`` block."""

    def __enter__(self) -> "CompileTimer":
        self._recording = event.install_recorder("numba:compile")
        self._records = self._recording.__enter__()
        return self

    def __exit__(self, *error: Any) -> None:
        self._recording.__exit__(*error)

    @property
    def seconds(self) -> float:
        """Seconds so far, compilations that have ended; those of callees are in their callers'."""
        depth, since, seconds = 0, 0.0, 0.0
        for moment, record in self._records.buffer:
            if record.is_start:
                since = moment if depth == 0 else since
                depth += 1
            elif record.is_end:
                depth -= 1
                seconds += moment - since if depth == 0 else 0.0
        return seconds
