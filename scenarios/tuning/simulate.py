"""Runs of points: the numbers of their targets, and what they are off by."""

import io
import math
import pickle
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pyarrow.parquet as pq
from numpy.typing import NDArray

from scenarios.sweep.load import Job
from scenarios.sweep.one_run import simulate
from scenarios.tuning.load import Tuning
from scenarios.tuning.targets import Aim, averaged, of_assay, of_scenario, residuals
from scenarios.workers import Crew, Finished

Floats = NDArray[np.float64]


class Task(NamedTuple):
    """One run and the targets that are read from it."""

    job: Job
    aims: tuple[Aim, ...]


class Evaluation(NamedTuple):
    """What the runs of a point gave.

    simulated : numbers of the targets, mean over replicates; nan where there is none
    off       : the same less the targets, in standard deviations
    message   : why runs failed; then the whole point has no numbers
    """

    simulated: Floats
    off: Floats
    message: str = ""

    @property
    def objective(self) -> float:
        """Sum of the squared residuals."""
        return float(np.dot(self.off, self.off))


def numbers(task: Task) -> Floats:
    """Run a job and return the numbers of the targets; raises ScenarioError as the run does."""
    table = pq.read_table(io.BytesIO(simulate(task.job))).to_pandas()
    read = of_assay if task.job.is_assay else of_scenario
    return read(task.aims, table)


def packed(task: Task) -> bytes:
    """Do :func:`numbers` for the workers."""
    return pickle.dumps(numbers(task).tolist())


def combined(aims: Sequence[Aim], rows: Sequence[Floats | None], message: str = "") -> Evaluation:
    """Return the evaluation of a point from the numbers of its runs, None where one failed."""
    simulated = np.full(len(aims), math.nan)
    if not message:
        simulated = averaged([row for row in rows if row is not None])
    return Evaluation(simulated, residuals(aims, simulated), message)


class Bench:
    """Evaluates points with a crew; the numbers do not depend on it."""

    def __init__(self, tuning: Tuning, crew: Crew) -> None:
        self._tuning, self._crew = tuning, crew

    def evaluate(
        self, points: Sequence[Mapping[str, float]], seeds: Sequence[int]
    ) -> Iterator[tuple[int, Evaluation]]:
        """Yield points with their places as soon as all runs of each are there."""
        aims = self._tuning.aims
        tasks = [
            Task(job, aims)
            for place, point in enumerate(points)
            for job in self._tuning.jobs(point, list(seeds), place)
        ]
        came: dict[int, list[Finished]] = {}
        for found in self._crew.completed(packed, tasks):
            place = tasks[found.place].job.point
            came.setdefault(place, []).append(found)
            if len(came[place]) == len(seeds):
                yield place, self._of_runs(came.pop(place))

    def _of_runs(self, runs: Sequence[Finished]) -> Evaluation:
        in_order = sorted(runs, key=lambda one: one.place)
        failed = [one.error for one in in_order if one.content is None]
        rows = [np.array(pickle.loads(one.content)) for one in in_order if one.content is not None]
        return combined(self._tuning.aims, rows, failed[0] if failed else "")
