"""Many independent jobs: here, in worker processes, or on a Dask cluster; the results are the same.

A job gives bytes, the content of its file. An error of one job becomes text and ends no other.
"""

import os
import traceback
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

from abm.errors import AsnsimError, ScenarioError

Work = Callable[[Any], bytes]
"""What is done with a job; can be pickled, as the jobs can."""
_CONNECT_SECONDS = 10
_RETRIES = 3
"""A job whose Dask worker died is given to another one so many times."""
_NO_DASK = "--scheduler needs Dask: python -m pip install 'asnsim[sweep]'"


class Finished(NamedTuple):
    """A job that came back: the content of its file, or why there is none."""

    place: int
    content: bytes | None
    error: str = ""
    trace: str = ""


def run_one(work: Work, index: int, job: Any, threads: int | None) -> Finished:
    """Do one job with so many threads (None: as many as are set)."""
    try:
        if threads is not None:
            from abm.kernels import runtime

            runtime.set_threads(min(threads, runtime.thread_limit()))
        return Finished(index, work(job))
    except AsnsimError as error:
        return Finished(index, None, " ".join(str(error).split()))
    except Exception as error:
        text = f"{type(error).__name__}: {' '.join(str(error).split())}"
        return Finished(index, None, text, traceback.format_exc())


class Crew:
    """Who does the jobs of one batch after the other.

    One worker computes in this process with all threads. Several have a process and an equal share
    of the threads each; the first job of all runs alone before them, so that kernels are compiled
    once. With a scheduler the jobs go to its Dask workers.
    """

    def __init__(self, workers: int = 1, scheduler: str | None = None) -> None:
        self.workers, self.scheduler = workers, scheduler
        self._has_kernels = False

    @property
    def hands(self) -> int:
        """Return how many jobs are worth handing out at a time; raises as :func:`completed`."""
        return self.workers if self.scheduler is None else _cluster_threads(self.scheduler)

    def completed(self, work: Work, jobs: Sequence[Any]) -> Iterator[Finished]:
        """Yield jobs as they finish, with their place in ``jobs``.

        Raises ScenarioError for a scheduler that cannot be used.
        """
        if self.scheduler is not None:
            yield from _on_cluster(work, jobs, self.scheduler)
        elif self.workers == 1 or len(jobs) < 2:
            for index, job in enumerate(jobs):
                yield run_one(work, index, job, None)
        else:
            if n_alone := int(not self._has_kernels):
                yield run_one(work, 0, jobs[0], None)
                self._has_kernels = True
            yield from _in_processes(work, jobs, self.workers, n_alone)


def completed(
    work: Work, jobs: Sequence[Any], *, workers: int = 1, scheduler: str | None = None
) -> Iterator[Finished]:
    """Yield the jobs of a single batch as they finish; see :meth:`Crew.completed`."""
    return Crew(workers, scheduler).completed(work, jobs)


def default_workers() -> int:
    """Return the number of processors that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _in_processes(work: Work, jobs: Sequence[Any], workers: int, first: int) -> Iterator[Finished]:
    from joblib import Parallel, delayed, parallel_config

    from abm.kernels import runtime

    threads = max(runtime.thread_limit() // workers, 1)
    with parallel_config(backend="loky", inner_max_num_threads=threads):
        pool = Parallel(
            n_jobs=workers, return_as="generator_unordered", batch_size=1, pre_dispatch="2*n_jobs"
        )
        yield from pool(
            delayed(run_one)(work, index, job, threads)
            for index, job in enumerate(jobs)
            if index >= first
        )


def connect(address: str) -> Any:
    """Return a client of the Dask scheduler at ``address``; ScenarioError where none answers."""
    try:
        from distributed import Client
    except ImportError:
        raise ScenarioError(_NO_DASK) from None
    try:
        return Client(address, timeout=_CONNECT_SECONDS)
    except (OSError, ValueError, TypeError) as error:
        reason = " ".join(str(error).split())[:120]
        raise ScenarioError(
            f"--scheduler {address}: no scheduler answers there ({reason}): start one with "
            f"`dask scheduler`, or leave the option out"
        ) from None


def _cluster_threads(address: str) -> int:
    client = connect(address)
    try:
        return max(sum(client.nthreads().values()), 1)
    finally:
        client.close()


def _on_cluster(work: Work, jobs: Sequence[Any], address: str) -> Iterator[Finished]:
    client = connect(address)
    from distributed import as_completed

    try:
        futures = [
            client.submit(run_one, work, index, job, 1, pure=False, retries=_RETRIES)
            for index, job in enumerate(jobs)
        ]
        places = {future.key: index for index, future in enumerate(futures)}
        for future in as_completed(futures):
            if future.status == "finished":
                yield future.result()
            else:
                yield Finished(places[future.key], None, f"worker lost: {future.exception()}")
            future.release()
    finally:
        client.close()
