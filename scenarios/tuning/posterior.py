"""The posterior: pyABC's ABC-SMC, every finished population in an SQLite file.

Sequential Monte Carlo by Toni et al. 2009 (doi:10.1098/rsif.2008.0172) with the program of
Schaelte et al. 2022 (doi:10.21105/joss.04304). To what a run gives is added the error of the
measurement, normal with the deviation of each target, so that the distribution that is drawn from
has it (Wilkinson 2013, doi:10.1515/sagmb-2013-0010) and does not shrink to a point.

pyABC draws from the one generator of numpy and stops when enough points are accepted. Here every
draw has a seed from its number, and the first accepted ones by number are taken, so that neither
the number of workers nor a kill between two populations changes the result.
"""

import contextlib
import logging
import pickle
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from abm.errors import RunFolderError, ScenarioError
from scenarios.sweep.load import seed_of
from scenarios.tuning.load import Tuning
from scenarios.tuning.search import Progress, refuse_target
from scenarios.tuning.simulate import Evaluation, Task, combined, packed
from scenarios.workers import Crew, run_one

HISTORY = "history.db"
_OF_SQLITE = ("", "-journal")
"""A journal that a kill left would be laid over a new file."""
FAILURES = "failures.csv"
OFF, SIMULATED = "off", "simulated"
_NO_PYABC = "method abc-smc needs pyABC: python -m pip install 'asnsim[calib]'"
_SEEDS_OF_NUMPY = 2**32
_PER_WORKER = 4
"""Draws handed out to each worker at a time."""

_failed: list[tuple[dict[str, float], str]] = []
"""Points of this process whose runs failed, until they are fetched."""


class Model(NamedTuple):
    """What pyABC calls with shares of the ranges (each flat from 0 to 1) as a model."""

    tuning: Tuning

    def __call__(self, shares: Mapping[str, float]) -> dict[str, np.ndarray]:
        """Return the numbers of the targets, and by how much they are off with an error added."""
        values = self.tuning.values(shares)
        found = evaluated(self.tuning, values)
        if found.message:
            _failed.append((values, found.message))
        seed = seed_of(self.tuning.file.seed, {**values, "error": 1}, 0)
        error = np.random.default_rng(seed).standard_normal(len(self.tuning.aims))
        return {SIMULATED: found.simulated, OFF: found.off + error}


def evaluated(tuning: Tuning, values: Mapping[str, float]) -> Evaluation:
    """Run all replicates of a point here, with random numbers of its own."""
    rows, message = [], ""
    for job in tuning.jobs(values, tuning.seeds(values)):
        run = run_one(packed, 0, Task(job, tuning.aims), None)
        if run.content is None:
            message = message or run.error
        else:
            rows.append(pickle.loads(run.content))
    return combined(tuning.aims, rows, message)


def distance(one: Mapping[str, Any], other: Mapping[str, Any]) -> float:
    """Return the root of the mean squared residual."""
    return float(np.sqrt(np.mean((one[OFF] - other[OFF]) ** 2)))


def _draw(job: tuple[int, bytes]) -> bytes:
    """Make draw of a seed: propose a point, run it, compare it; return it with its failures."""
    seed, simulate_one = job
    _failed.clear()
    with _seeded(seed):
        particle = pickle.loads(simulate_one)()
    return pickle.dumps((particle, list(_failed)))


@contextlib.contextmanager
def _seeded(seed: int) -> Iterator[None]:
    """Seed the one generator of numpy that pyABC draws from, and put it back."""
    before = np.random.get_state()
    np.random.seed(seed)
    try:
        yield
    finally:
        np.random.set_state(before)


def _pyabc() -> Any:
    try:
        import pyabc
    except ModuleNotFoundError:
        raise ScenarioError(_NO_PYABC) from None
    logging.getLogger("ABC").setLevel(logging.WARNING)
    return pyabc


def _sampler(tuning: Tuning, crew: Crew, done: Callable[[int], None]) -> Any:
    """Return a sampler of pyABC whose draws do not depend on who makes them.

    ``failures`` of it are points that failed among the draws that were needed.
    """
    import cloudpickle

    pyabc = _pyabc()

    class ByNumber(pyabc.sampler.Sampler):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.failures: list[tuple[dict[str, float], str]] = []

        def sample_until_n_accepted(self, n: int, simulate_one: Any, t: int, **options: Any) -> Any:
            sample = self._create_empty_sample()
            n_draws, n_at_once = 0, _size(crew.hands)
            payload = cloudpickle.dumps(simulate_one)
            while sample.n_accepted < n:
                jobs = [(self._seed(t, n_draws + i), payload) for i in range(n_at_once)]
                for particle, failures in _in_order(jobs, crew):
                    n_draws += 1
                    self.failures += failures
                    sample.append(particle)
                    if particle.accepted:
                        done(sample.n_accepted)
                    if sample.n_accepted == n:
                        break
            self.nr_evaluations_ = n_draws
            return sample

        def _seed(self, t: int, number: int) -> int:
            key = {"population": t, "draw": number}
            return seed_of(tuning.file.seed, key, 0) % _SEEDS_OF_NUMPY

    return ByNumber()


def _size(hands: int) -> int:
    return 1 if hands == 1 else _PER_WORKER * hands


def _in_order(jobs: Sequence[tuple[int, bytes]], crew: Crew) -> list[Any]:
    """Make draws and return them by number; an error of pyABC goes up."""
    found = sorted(crew.completed(_draw, jobs), key=lambda one: one.place)
    for one in found:
        if one.content is None:
            raise ScenarioError(f"method abc-smc: a draw failed: {one.error}")
    return [pickle.loads(one.content) for one in found if one.content]


class Posterior:
    """One run of pyABC on disk, begun or continued."""

    def __init__(self, tuning: Tuning, folder: Path, crew: Crew) -> None:
        self._pyabc = _pyabc()
        self._tuning, self._crew = tuning, crew
        self._failures = folder / FAILURES
        self._path = folder / HISTORY
        self._url = f"sqlite:///{self._path.resolve()}"
        self.history: Any = None

    def run(self, progress: Progress | None = None) -> None:
        """Draw populations until there are enough; those of an earlier call count.

        Each begins from what the file holds, and so as it would after a kill. Raises ScenarioError
        for a target that no run can have.
        """
        file = self._tuning.file
        while (done := self._n_populations()) < file.populations and not self._is_stuck():
            before = done * file.particles

            def tell(n: int, before: int = before) -> None:
                if progress is not None:
                    progress(before + n, file.populations * file.particles)

            self._advance(done, tell)

    def _advance(self, t: int, tell: Callable[[int], None]) -> None:
        pyabc, file = self._pyabc, self._tuning.file
        names = list(self._tuning.ends)
        sampler = _sampler(self._tuning, self._crew, tell)
        abc = pyabc.ABCSMC(
            pyabc.FunctionModel(Model(self._tuning), name="runs"),
            pyabc.Distribution(**{name: pyabc.RV("uniform", 0.0, 1.0) for name in names}),
            distance,
            population_size=file.particles,
            eps=pyabc.MedianEpsilon(),
            sampler=sampler,
        )
        if t:
            abc.load(self._url, self.history.id)
        else:
            for ending in _OF_SQLITE:
                self._path.with_name(HISTORY + ending).unlink(missing_ok=True)
            self._refuse_targets()
            measured = np.array([aim.value for aim in self._tuning.aims])
            abc.new(self._url, {OFF: np.zeros(measured.size), SIMULATED: measured})
        self._list(t, [])
        self.history = abc.run(max_nr_populations=1)
        self._list(t, sampler.failures)

    def _refuse_targets(self) -> None:
        """Raise ScenarioError for a target that the results of an assay cannot have."""
        if self._tuning.base.jobs()[0].is_assay:
            middle = dict.fromkeys(self._tuning.ends, 0.5)
            refuse_target(evaluated(self._tuning, self._tuning.values(middle)))

    def _list(self, t: int, failures: Sequence[tuple[dict[str, float], str]]) -> None:
        """Write the failures of population ``t`` behind those of the ones before."""
        from abm.record.files import replace_file

        table = self.failures()
        rows = [{"population": t, **values, "error": error} for values, error in failures]
        columns = ["population", *self._tuning.ends, "error"]
        table = pd.concat(
            [part for part in (table[table["population"] < t], pd.DataFrame(rows)) if len(part)]
            or [pd.DataFrame(columns=columns)]
        )
        replace_file(self._failures, lambda path: table.to_csv(path, index=False))

    def failures(self) -> pd.DataFrame:
        """Return the points whose runs failed."""
        if self._failures.exists():
            return pd.read_csv(self._failures)
        return pd.DataFrame(columns=["population", *self._tuning.ends, "error"])

    def _n_populations(self) -> int:
        """Return how many populations are on disk."""
        if not self._path.exists():
            return 0
        try:
            history = self._pyabc.History(self._url)
            last = history.max_t
        except Exception as error:
            text = " ".join(str(error).split())[:120]
            raise RunFolderError(
                f"{self._path}: the populations cannot be read ({text}): choose another --out"
            ) from None

        if last is None:  # begun, and ended before pyABC had entered its run
            return 0
        self.history = history
        return int(last) + 1

    def _is_stuck(self) -> bool:
        """Tell whether the last population accepted too few."""
        table = self.populations()
        return len(table) > 0 and bool(
            table["acceptance"].iloc[-1] < self._tuning.file.least_acceptance
        )

    def populations(self) -> pd.DataFrame:
        """Return one row for each population: draws, accepted ones, largest distance, size."""
        if self.history is None or self.history.max_t < 0:
            return pd.DataFrame(columns=["population", "draws", "particles", "epsilon",
                                         "acceptance", "effective_size"])  # fmt: skip
        table = self.history.get_all_populations()
        table = table[table["t"] >= 0]
        weights = [self.history.get_distribution(t=int(t))[1] for t in table["t"]]
        return pd.DataFrame(
            {
                "population": table["t"].to_numpy(int),
                "draws": table["samples"].to_numpy(int),
                "particles": table["particles"].to_numpy(int),
                "epsilon": table["epsilon"].to_numpy(float),
                "acceptance": (table["particles"] / table["samples"]).to_numpy(float),
                "effective_size": [float(1.0 / np.sum(np.square(w))) for w in weights],
            }
        )

    def particles(self) -> pd.DataFrame:
        """Return the points of all populations: weight, distance, values, numbers of targets."""
        tables = [self._of_population(t) for t in range(self.history.max_t + 1)]
        return pd.concat(tables, ignore_index=True)

    def _of_population(self, t: int) -> pd.DataFrame:
        table = self.history.get_population_extended(t=t).sort_values("particle_id")
        names = list(self._tuning.ends)
        values = [
            self._tuning.values(dict(zip(names, row, strict=True)))
            for row in table[[f"par_{name}" for name in names]].to_numpy(float)
        ]
        simulated = np.array(list(table[f"sumstat_{SIMULATED}"]))
        return pd.DataFrame(
            {
                "population": t,
                "weight": (table["w"] / table["w"].sum()).to_numpy(float),
                "distance": table["distance"].to_numpy(float),
                **{name: [one[name] for one in values] for name in names},
                **{
                    f"target {aim.name}": simulated[:, i] for i, aim in enumerate(self._tuning.aims)
                },
            }
        )
