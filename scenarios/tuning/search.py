"""The best point: optuna's TPE sampler, every trial in a journal on disk.

Points are drawn in batches of a fixed size, each draw with a seed of its own, and evaluated
afterwards, so that neither the number of workers nor a kill changes which points are tried. All
points share the random numbers of their replicates.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from abm.errors import RunFolderError, ScenarioError
from scenarios.calibration.search import drop_torn_line
from scenarios.tuning.load import Tuning
from scenarios.tuning.simulate import Bench, Evaluation

JOURNAL = "trials.journal"
SIMULATED, MESSAGE = "simulated", "message"
_SEED_STRIDE = 1_000_003
_NO_OPTUNA = "calibrate needs optuna: python -m pip install 'asnsim[calib]'"

Progress = Callable[[float, float], None]
"""Called with (points done, points expected)."""


class Search:
    """One optuna study on disk, begun or continued."""

    def __init__(self, tuning: Tuning, folder: Path, bench: Bench) -> None:
        try:
            import optuna
            from optuna.storages import JournalStorage
            from optuna.storages.journal import JournalFileBackend, JournalFileOpenLock
        except ModuleNotFoundError:
            raise ScenarioError(_NO_OPTUNA) from None
        optuna.logging.set_verbosity(optuna.logging.ERROR)
        self._optuna, self._tuning, self._bench = optuna, tuning, bench
        self._seeds = tuning.seeds({})
        self._distributions: dict[str, Any] = {
            name: optuna.distributions.FloatDistribution(ends.low, ends.high, log=ends.is_log)
            for name, ends in tuning.ends.items()
        }
        path = str(folder / JOURNAL)
        drop_torn_line(folder / JOURNAL)
        try:
            storage = JournalStorage(JournalFileBackend(path, JournalFileOpenLock(path)))
            self.study = optuna.create_study(
                study_name=tuning.name, storage=storage, load_if_exists=True
            )
        except (OSError, ValueError, KeyError) as error:
            raise RunFolderError(
                f"{path}: the trials cannot be read ({error}): choose another --out"
            ) from None

    def run(self, n_trials: int, progress: Progress | None = None) -> None:
        """Try points until there are ``n_trials``; those of an earlier call count."""
        self._evaluate(self._begun(n_trials), n_trials, progress)
        while (done := len(self._drawn())) < n_trials:
            n = min(self._tuning.file.batch, n_trials - done)
            self._evaluate(self._draw(n), n_trials, progress)

    def trials(self) -> list[Any]:
        """Return all finished trials in order."""
        return list(self.study.get_trials(deepcopy=False, states=(self._state.COMPLETE,)))

    def best(self) -> Any | None:
        """Return the best trial whose runs did not fail, None where there is none."""
        done = [trial for trial in self.trials() if not trial.user_attrs[MESSAGE]]
        return min(done, key=lambda trial: (trial.value, trial.number), default=None)

    @property
    def _state(self) -> Any:
        return self._optuna.trial.TrialState

    def _drawn(self) -> list[Any]:
        states = (self._state.RUNNING, self._state.COMPLETE)
        return list(self.study.get_trials(deepcopy=False, states=states))

    def _draw(self, n: int) -> list[Any]:
        """Draw points one after the other, before any of them is evaluated."""
        drawn = []
        for number in range(first := len(self._drawn()), first + n):
            seed = (self._tuning.file.seed * _SEED_STRIDE + number) % 2**32
            self.study.sampler = self._optuna.samplers.TPESampler(
                seed=seed, multivariate=True, constant_liar=True,
                n_startup_trials=self._tuning.file.startup,
            )  # fmt: skip
            drawn.append(self.study.ask(self._distributions))
        return drawn

    def _begun(self, n_trials: int) -> list[Any]:
        """Return the trials that an earlier call drew and did not finish, their batch drawn whole.

        One that was cut off while it was drawn is given up; its number of draw is used again.
        """
        begun = []
        for trial in self.study.get_trials(deepcopy=False, states=(self._state.RUNNING,)):
            if len(trial.params) == len(self._distributions):
                begun.append(self._optuna.trial.Trial(self.study, trial._trial_id))
            else:
                self.study.tell(trial.number, state=self._state.FAIL)
        done = len(self._drawn())
        if begun and done < n_trials:
            begun += self._draw(min(-done % self._tuning.file.batch, n_trials - done))
        return begun

    def _evaluate(self, trials: Sequence[Any], n_trials: int, progress: Progress | None) -> None:
        points: list[Mapping[str, float]] = [dict(trial.params) for trial in trials]
        for place, found in self._bench.evaluate(points, self._seeds):
            refuse_target(found)
            self._tell(trials[place], found)
            if progress is not None:
                progress(min(len(self.trials()), n_trials), n_trials)

    def _tell(self, trial: Any, found: Evaluation) -> None:
        trial.set_user_attr(SIMULATED, found.simulated.tolist())
        trial.set_user_attr(MESSAGE, found.message)
        self.study.tell(trial, found.objective)


def refuse_target(found: Evaluation) -> None:
    """Raise ScenarioError for a target that the results of an assay cannot have."""
    if found.message.startswith("targets."):
        raise ScenarioError(found.message)
