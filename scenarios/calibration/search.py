"""The search for the best point: optuna's sampler, then Gauss-Newton steps, all trials on disk.

Every point that is tried is a trial of one optuna study whose journal lies in the folder. Points
are drawn in batches of a fixed size and evaluated afterwards, and every draw has its own seed, so
that neither the number of workers nor a kill changes which points are tried.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from abm.errors import NumericalError, RunFolderError
from abm.record.files import replace_bytes
from scenarios.calibration.evaluate import Evaluation, Problem
from scenarios.calibration.jacobian import Jacobian, jacobian
from scenarios.calibration.workers import Workers

JOURNAL = "trials.journal"
KIND, MESSAGE, PARTS = "kind", "message", "parts"
SAMPLED, REFINED = "sampled", "refined"
_REFINED_AT = "refined at trial"
_STEPS = (1.0, 0.5, 0.2, 0.05)
"""Shares of a Gauss-Newton step that are tried together."""
_LEAST_GAIN = 1e-3
"""A step that lowers the objective by less than this is the last one."""
_LONGEST_STEP = 2.0
"""In standard deviations of the prior."""
_SEED_STRIDE = 1_000_003


class Search:
    """One optuna study on disk, begun or continued."""

    def __init__(self, problem: Problem, folder: Path, n_trials: int, workers: Workers) -> None:
        import optuna
        from optuna.storages import JournalStorage
        from optuna.storages.journal import JournalFileBackend, JournalFileOpenLock

        optuna.logging.set_verbosity(optuna.logging.ERROR)
        self._optuna = optuna
        self._problem = problem
        self._settings = problem.calibration.optimiser
        self._n_trials = n_trials
        self._workers = workers
        self._distributions: dict[str, Any] = {
            one.name: optuna.distributions.FloatDistribution(one.low, one.high, log=True)
            for one in problem.space.varied
        }
        path = str(folder / JOURNAL)
        drop_torn_line(folder / JOURNAL)
        try:
            storage = JournalStorage(JournalFileBackend(path, JournalFileOpenLock(path)))
            self.study = optuna.create_study(
                study_name="calibration", storage=storage, load_if_exists=True
            )
        except (OSError, ValueError, KeyError) as error:
            raise RunFolderError(
                f"{path}: the trials cannot be read ({error}): choose another --out"
            ) from None

    def run(self) -> None:
        """Try points until there are enough, and refine the best one."""
        self._workers.n_expected = self._n_expected()
        self._finish_begun()
        while (done := len(self._of_kind(SAMPLED))) < self._n_trials:
            self._evaluate(self._draw(min(self._settings.batch, self._n_trials - done)))
        self._refine()

    def _n_expected(self) -> int:
        """Return how many points are still to be evaluated, at most."""
        n_slopes = 2 * len(self._problem.space.varied) + 1
        n_left = self._n_trials - sum(trial.state.is_finished() for trial in self._of_kind(SAMPLED))
        return max(n_left, 0) + self._settings.refinements * (n_slopes + len(_STEPS)) + n_slopes

    def best(self) -> Any | None:
        """Return the best trial, None where none could be evaluated."""
        done = self.study.get_trials(deepcopy=False, states=(self._state.COMPLETE,))
        return min(done, key=lambda trial: (trial.value, trial.number), default=None)

    def trials(self) -> list[Any]:
        """Return all finished trials in order."""
        states = (self._state.COMPLETE, self._state.FAIL)
        return list(self.study.get_trials(deepcopy=False, states=states))

    @property
    def _state(self) -> Any:
        return self._optuna.trial.TrialState

    def _of_kind(self, kind: str) -> list[Any]:
        """Return all trials of a kind that were drawn, finished or not."""
        trials = self.study.get_trials(deepcopy=False)
        is_drawn = (self._state.RUNNING, self._state.COMPLETE, self._state.FAIL)
        return [t for t in trials if t.state in is_drawn and t.user_attrs.get(KIND) == kind]

    def _draw(self, n: int) -> list[Any]:
        """Draw points one after the other, before any of them is evaluated."""
        drawn = []
        for number in range(first := len(self._of_kind(SAMPLED)), first + n):
            seed = (self._problem.calibration.seed * _SEED_STRIDE + number) % (2**32)
            self.study.sampler = self._optuna.samplers.TPESampler(
                seed=seed, multivariate=True, n_startup_trials=1
            )
            if number < self._settings.startup:
                self._enqueue(self._first_point(number, seed), SAMPLED)
            trial = self.study.ask(self._distributions)
            trial.set_user_attr(KIND, SAMPLED)
            drawn.append(trial)
        return drawn

    def _first_point(self, number: int, seed: int) -> dict[str, float]:
        """Return the start, then points around it as wide as the prior."""
        space = self._problem.space
        logs = space.logs(space.start())
        if number:
            logs = logs + space.log_sd() * np.random.default_rng(seed).standard_normal(logs.size)
        return space.values(logs)

    def _enqueue(self, values: dict[str, float], kind: str) -> None:
        waiting = self.study.get_trials(deepcopy=False, states=(self._state.WAITING,))
        if not waiting:
            self.study.enqueue_trial(values, user_attrs={KIND: kind})

    def _finish_begun(self) -> None:
        """Evaluate the points that an earlier call drew and did not get to.

        A batch of which a kill left only the first points is drawn to its end before.
        """
        states = (self._state.RUNNING,)
        begun = []
        for trial in self.study.get_trials(deepcopy=False, states=states):
            if len(trial.params) == len(self._distributions) and KIND in trial.user_attrs:
                begun.append(self._optuna.trial.Trial(self.study, trial._trial_id))
            else:
                self.study.tell(trial.number, state=self._state.FAIL)
        if any(trial.user_attrs[KIND] == SAMPLED for trial in begun):
            done = len(self._of_kind(SAMPLED))
            begun += self._draw(max(min(-done % self._settings.batch, self._n_trials - done), 0))
        self._evaluate(begun)

    def _evaluate(self, trials: Sequence[Any]) -> None:
        points = [dict(trial.params) for trial in trials]
        for trial, found in zip(trials, self._workers.evaluate(points), strict=True):
            tell(self.study, trial, found, self._state)

    def _refine(self) -> None:
        """Take Gauss-Newton steps from the best point until they gain nothing."""
        last = max(trial.number for trial in self._of_kind(SAMPLED))
        while True:
            best = self.best()
            n_tried = sum(trial.number > last for trial in self._of_kind(REFINED))
            is_spent = n_tried >= self._settings.refinements * len(_STEPS)
            if best is None or is_spent or self.study.user_attrs.get(_REFINED_AT) == best.number:
                return
            try:
                slopes = jacobian(
                    self._problem, dict(best.params), self._workers, self._settings.step
                )
            except NumericalError:
                return
            self._evaluate([self._draw_refined(point) for point in self._candidates(slopes)])
            after = self.best() or best
            if best.value - after.value < _LEAST_GAIN:
                self.study.set_user_attr(_REFINED_AT, after.number)

    def _draw_refined(self, point: dict[str, float]) -> Any:
        self._enqueue(point, REFINED)
        trial = self.study.ask(self._distributions)
        trial.set_user_attr(KIND, REFINED)
        return trial

    def _candidates(self, slopes: Jacobian) -> Iterator[dict[str, float]]:
        """Yield points along the step to the minimum of the fitted parabola."""
        space = self._problem.space
        logs: NDArray[np.float64] = space.logs(slopes.values)
        step = slopes.newton_step()
        longest = float(np.max(np.abs(step) / space.log_sd(), initial=0.0))
        step = step * min(1.0, _LONGEST_STEP / longest) if longest > 0.0 else step
        for share in _STEPS:
            yield space.values(logs + share * step)


def tell(study: Any, trial: Any, found: Evaluation, state: Any) -> None:
    """Book the result of a trial; one whose targets failed is a failed trial."""
    if found.errors:
        trial.set_user_attr(MESSAGE, found.message)
        study.tell(trial, state=state.FAIL)
        return
    trial.set_user_attr(PARTS, [found.misfit, found.prior, *found.simulated.tolist()])
    study.tell(trial, found.objective)


def drop_torn_line(journal: Path) -> None:
    """Cut off a last line that a kill has left without its end; the file may be missing."""
    if not journal.exists():
        return
    content = journal.read_bytes()
    if not content.endswith(b"\n"):
        replace_bytes(journal, content[: content.rfind(b"\n") + 1])
