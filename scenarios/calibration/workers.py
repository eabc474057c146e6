"""Evaluate points here, in worker processes or on a cluster; the numbers are the same."""

import pickle
from collections.abc import Callable, Mapping, Sequence

from abm.errors import NumericalError
from scenarios.calibration.evaluate import Evaluation, Problem, evaluate
from scenarios.workers import Crew

Progress = Callable[[float, float], None]
"""Called with (points done, points expected)."""

_ROUNDS = 4
"""Points for each worker between two calls of progress."""


class Workers:
    """Evaluates points of one problem with a crew and tells ``progress`` of each few."""

    def __init__(self, problem: Problem, crew: Crew, progress: Progress | None = None) -> None:
        self._problem, self._crew = problem, crew
        self._progress = progress
        self._n_done, self.n_expected = 0, 1
        self._known: dict[tuple[float, ...], Evaluation] = {}

    @property
    def n(self) -> int:
        """Return how many processes there are."""
        return self._crew.hands

    def evaluate(self, points: Sequence[Mapping[str, float]]) -> list[Evaluation]:
        """Return the evaluations of points in their order; none is evaluated twice."""
        names = self._problem.space.names
        keys = [tuple(point[name] for name in names) for point in points]
        new = [key for key in dict.fromkeys(keys) if key not in self._known]
        found = self._run([dict(zip(names, key, strict=True)) for key in new])
        self._known.update(zip(new, found, strict=True))
        return [self._known[key] for key in keys]

    def _run(self, points: Sequence[dict[str, float]]) -> list[Evaluation]:
        found: list[Evaluation] = []
        n = _ROUNDS * self.n
        for first in range(0, len(points), n):
            found += self._run_some(points[first : first + n])
            self._n_done += len(found) - first
            if self._progress is not None:
                self._progress(min(self._n_done, self.n_expected), self.n_expected)
        return found

    def _run_some(self, points: Sequence[dict[str, float]]) -> list[Evaluation]:
        jobs = [(self._problem, point) for point in points]
        found = sorted(self._crew.completed(_evaluate, jobs), key=lambda one: one.place)
        for one in found:
            if one.content is None:
                raise NumericalError(f"a point could not be evaluated: {one.error}")
        return [pickle.loads(one.content) for one in found if one.content is not None]


def _evaluate(job: tuple[Problem, dict[str, float]]) -> bytes:
    from scenarios.run import set_threads

    set_threads(1)
    return pickle.dumps(evaluate(*job))
