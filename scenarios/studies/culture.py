"""Cultures in memory: one scenario, read at some times, as a table of wells."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import pandas as pd

from abm.errors import ScenarioError
from abm.kernels import runtime
from abm.observe_wells import read_wells
from scenarios.build import build
from scenarios.run import set_threads
from scenarios.schema import Scenario

Progress = Callable[[float, float], None]
"""Called with (simulated hours so far, hours in all)."""

_CLOSE_H = 1e-6


class Condition(NamedTuple):
    """One model of an assay: what it is called in the tables, and its scenario."""

    labels: dict[str, Any]
    """Columns that tell its rows from those of the other conditions."""
    scenario: Scenario
    dose: float = 0.0
    """Activity for a dose factor of 1 [IU/mL]; 0 without drug."""


def run_culture(
    scenario: Scenario,
    reading_times_h: Sequence[float],
    *,
    threads: int | None = None,
    progress: Progress | None = None,
) -> pd.DataFrame:
    """Run a scenario in memory and read its wells at the given times [h].

    Returns the rows of :func:`abm.observe_wells.read_wells` of all times, one below the other; a
    time of 0 is read before anything happens. Raises ScenarioError for times after the end.
    """
    times = sorted(set(map(float, reading_times_h)))
    if not times or times[0] < 0.0 or times[-1] > scenario.time.end + _CLOSE_H:
        raise ScenarioError(
            f"reading times {times}: must lie between 0 h and the end, {scenario.time.end:g} h"
        )
    if threads is not None:
        set_threads(threads)
    model = build(scenario)
    frames = []
    for time in times:
        while model.running and model.hours < time - _CLOSE_H:
            model.step()
            if progress is not None:
                progress(model.hours, times[-1])
        frames.append(read_wells(model).assign(time_h=time))
    return pd.concat(frames, ignore_index=True)


def run_conditions(
    conditions: Sequence[Condition],
    reading_times_h: Sequence[float],
    *,
    threads: int | None = None,
    progress: Progress | None = None,
) -> pd.DataFrame:
    """Run conditions one after the other and return one table with their labels.

    Adds ``condition``, its number; ``replicate``; and ``dose_IU_per_mL``: with dose factors well
    ``w`` belongs to dose ``w % n`` and replicate ``w // n``.
    """
    frames = []
    for number, condition in enumerate(conditions):

        def report(hours: float, end: float, number: int = number) -> None:
            if progress is not None:
                progress(number * end + hours, len(conditions) * end)

        table = run_culture(condition.scenario, reading_times_h, threads=threads, progress=report)
        frames.append(_labelled(table, condition, number))
    return pd.concat(frames, ignore_index=True)


def _labelled(table: pd.DataFrame, condition: Condition, number: int) -> pd.DataFrame:
    factors = getattr(condition.scenario.environment, "dose_factors", None) or (1.0,)
    wells = table["well"].to_numpy()
    columns: dict[str, Any] = {"condition": number, **condition.labels}
    columns["replicate"] = wells // len(factors)
    columns["dose_IU_per_mL"] = [condition.dose * factors[well % len(factors)] for well in wells]
    labels = pd.DataFrame(columns, index=table.index)
    return pd.concat([labels, table], axis=1)


def n_threads() -> int:
    """Return the number of threads in use, for run.json."""
    return runtime.n_threads()
