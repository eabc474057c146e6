"""Evaluate points one after the other or in worker processes; the numbers are the same."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from scenarios.calibration.evaluate import Evaluation, Problem, evaluate

Progress = Callable[[float, float], None]
"""Called with (points done, points expected)."""

_ROUNDS = 4
"""Points for each worker between two calls of progress."""


class Workers:
    """Evaluates points of one problem on ``n`` processes and tells ``progress`` of each few."""

    def __init__(self, problem: Problem, n: int, progress: Progress | None = None) -> None:
        self._problem, self.n = problem, n
        self._progress = progress
        self._n_done, self.n_expected = 0, 1
        self._known: dict[tuple[float, ...], Evaluation] = {}
        self._pool: Any = None

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
        for first in range(0, len(points), _ROUNDS * self.n):
            found += self._run_some(points[first : first + _ROUNDS * self.n])
            self._n_done += len(found) - first
            if self._progress is not None:
                self._progress(min(self._n_done, self.n_expected), self.n_expected)
        return found

    def _run_some(self, points: Sequence[dict[str, float]]) -> list[Evaluation]:
        if self.n == 1 or len(points) < 2:
            return [_evaluate(self._problem, point) for point in points]
        from joblib import Parallel, delayed

        if self._pool is None:
            self._pool = Parallel(n_jobs=self.n)
        found: list[Evaluation] = self._pool(
            delayed(_evaluate)(self._problem, point) for point in points
        )
        return found


def _evaluate(problem: Problem, values: dict[str, float]) -> Evaluation:
    from scenarios.run import set_threads

    set_threads(1)
    return evaluate(problem, values)
