"""Counterfactual runs of one scenario and seed, each with one mechanism switched off."""

import copy
import functools
import json
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
import pandas as pd

from abm.errors import AsnsimError, RunFolderError, ScenarioError
from abm.record import layout
from abm.units import HOURS_PER_DAY, did_you_mean
from scenarios.attribution.mechanisms import MECHANISMS, Mechanism
from scenarios.load import dump_resolved, load, loads, to_yaml
from scenarios.load_text import parse_text
from scenarios.schema import Scenario
from scenarios.workers import completed

Progress = Callable[[float, float], None]
"""Called with (runs done, runs in all)."""

AS_IT_WAS = "as it was"
REFUSED, FAILED = "refused", "failed"
"""Verdicts of a run without numbers."""
_LEAST_CHANGE_D, _LEAST_SHARE = 1.0, 0.02
"""A relapse that moves by less than a day and by less than 2 % has not moved (assumption A406)."""
TABLE = "attribution.csv"
FIGURE = "attribution.png"
NO_REMISSION = "no remission"
_NO_RELAPSE = (
    "has no relapse that could be attributed: choose one that relapses, or follow it for longer "
    "(--set time.end=...)"
)


@dataclass(frozen=True)
class Attribution:
    """The table of a scenario: one row per mechanism, the run as it was first.

    Columns: mechanism, title, n_patients, n_relapsed, relapse_d (median over patients, NaN where
    not even half relapsed), change_d (median over patients of the shift, who does not relapse
    counts as at the end), n_extinct, lowest_cells (median), verdict, note. A run that
    was refused or failed has no numbers, and the reason as note.
    """

    name: str
    seed: int
    end_d: float
    table: pd.DataFrame

    def write(self, folder: Path, overwrite: bool = False) -> list[Path]:
        """Write the table as CSV and its figure into ``folder``; return the files.

        Raises RunFolderError where a table is there already, unless ``overwrite`` is set.
        """
        from analysis import style
        from analysis.plots.attribution import attribution_figure

        path = folder / TABLE
        if path.exists() and not overwrite:
            raise RunFolderError(f"{path}: is there already: choose another folder, or --overwrite")
        folder.mkdir(parents=True, exist_ok=True)
        self.table.to_csv(path, index=False)
        figure = attribution_figure(self.table, self.end_d, f"{self.name}, seed {self.seed}")
        return [path, style.save(figure, folder / FIGURE)]


def attribute(
    source: str | Path | Scenario,
    overrides: Sequence[str] = (),
    *,
    seed: int | None = None,
    only: Sequence[str] = (),
    workers: int = 1,
    progress: Progress | None = None,
    needs_relapse: bool = False,
) -> Attribution:
    """Run a scenario as it is, and with each mechanism that applies switched off.

    ``source`` is a scenario, its name or file, or a run folder, which gives scenario and seed.
    All runs have the same seed, hence the same random numbers. ``only`` names mechanisms. Runs are
    spread over ``workers`` processes with an equal share of the threads each. A run without a
    mechanism that fails is listed with its error and ends no other. Raises ScenarioError for an
    unknown mechanism or a scenario that cannot be used and, with ``needs_relapse``, where the run
    as it was has no relapse (of a finished run folder, before anything is run); AsnsimError where
    the run as it was fails.
    """
    if needs_relapse and not overrides and seed is None and isinstance(source, (str, Path)):
        _check_outcome(Path(source))
    scenario = _read(source, overrides, seed)
    texts = {AS_IT_WAS: to_yaml(_contents(scenario))}
    chosen = _chosen(only)
    for mechanism in chosen:
        tree = copy.deepcopy(_contents(scenario))
        if mechanism.switch_off(tree):
            texts[mechanism.id] = to_yaml(tree)
    results = _run_all(scenario, texts, workers, progress, needs_relapse)
    end, reference = scenario.time.end, results[AS_IT_WAS]
    rows = [_row(AS_IT_WAS, AS_IT_WAS, reference, reference, end)]
    for mechanism in chosen:
        if mechanism.id in results:
            found = results[mechanism.id]
            rows.append(_row(mechanism.id, mechanism.title, found, reference, end))
    return Attribution(scenario.name, scenario.seed, end / HOURS_PER_DAY, pd.DataFrame(rows))


@dataclass(frozen=True)
class Course:
    """How a run went: hours of relapse (NaN: none), extinction, fewest cells, for each patient.

    Without patients it was refused or, where ``has_failed``, broke off; the note says why.
    """

    relapse: np.ndarray
    is_extinct: np.ndarray
    lowest: np.ndarray
    note: str = ""
    has_failed: bool = False

    def to_bytes(self) -> bytes:
        """Return the course as a worker hands it back; no digit is lost."""
        fields = (self.relapse, self.is_extinct, self.lowest)
        return json.dumps([*(field.tolist() for field in fields), self.note]).encode()

    @classmethod
    def from_bytes(cls, content: bytes) -> Self:
        """Return the course that :meth:`to_bytes` wrote."""
        relapse, is_extinct, lowest, note = json.loads(content)
        return cls(
            np.array(relapse, float), np.array(is_extinct, np.bool_), np.array(lowest, float), note
        )

    @classmethod
    def without_patients(cls, note: str, has_failed: bool) -> Self:
        """Return the course of a run that came to nothing."""
        nothing = np.zeros(0)
        return cls(nothing, nothing, nothing, note, has_failed)


def run_course(text: str, name: str) -> Course:
    """Run a scenario given as text without writing anything, and say how it went.

    In bodies relapse is that of the marrow, hour 0 where there was no remission; elsewhere a
    quarter of the start after a tenfold fall.
    A scenario that is refused gives a course without patients and the reason as note.
    """
    from scenarios.build import build

    try:
        model = build(loads(text, name))
    except ScenarioError as error:
        return Course.without_patients(str(error).splitlines()[0], False)
    hours, counts = [model.hours], [model.state.n_cells_by_replicate().astype(float)]
    while model.running:
        model.step()
        hours.append(model.hours)
        counts.append(model.state.n_cells_by_replicate().astype(float))
    series = np.array(counts)
    if model.watch is not None:
        readings = model.watch.readings
        lowest = np.where(np.isfinite(readings.lowest), readings.lowest, series.min(axis=0))
        # Who never comes into remission has not been spared a relapse (assumption A428).
        relapse = np.where(np.isnan(readings.remission), 0.0, readings.relapse)
        return Course(relapse, series[-1] == 0.0, lowest)
    return Course(_regrown(np.array(hours), series), series[-1] == 0.0, series.min(axis=0))


def _regrown(hours: np.ndarray, series: np.ndarray) -> np.ndarray:
    """Return when each replicate was back at a quarter of its start after a tenfold fall [h]."""
    from analysis.clones import turning_points

    found = np.full(series.shape[1], np.nan)
    for replicate in range(series.shape[1]):
        relapse = turning_points(hours, series[:, replicate], []).relapse
        if relapse is not None:
            found[replicate] = hours[relapse]
    return found


def _read(source: str | Path | Scenario, overrides: Sequence[str], seed: int | None) -> Scenario:
    if isinstance(source, Scenario):
        return source
    folder = Path(source)
    if (folder / layout.SCENARIO).is_file():
        text = (folder / layout.SCENARIO).read_text(encoding="utf-8")
        return loads(text, folder.name, tuple(overrides), seed=seed)
    return load(source, tuple(overrides), seed=seed)


def _contents(scenario: Scenario) -> dict[str, Any]:
    """Return the resolved scenario as plain contents, without rules that end it too soon."""
    contents: dict[str, Any] = parse_text(dump_resolved(scenario), scenario.name).contents
    is_body = contents["environment"]["kind"] == "body"
    contents["stop"] = ["extinct", "relapse"] if is_body else ["extinct"]
    return contents


def _chosen(only: Sequence[str]) -> tuple[Mechanism, ...]:
    known = {mechanism.id: mechanism for mechanism in MECHANISMS}
    for name in only:
        if name not in known:
            raise ScenarioError(f"--only {name}: no such mechanism{did_you_mean(name, known)}")
    return tuple(known[name] for name in known if not only or name in only)


def _check_outcome(folder: Path) -> None:
    """Refuse the folder of a finished run of patients of whom none relapsed."""
    path = folder / layout.RUN_INFO
    if not path.is_file():
        return
    outcome = json.loads(path.read_text(encoding="utf-8")).get("outcome") or {}
    if "n_patients" in outcome:
        has_none = outcome["n_in_remission"] + outcome["n_extinct"] > 0 == outcome["n_relapsed"]
    else:
        has_none = outcome.get("remission_d") is not None and not outcome.get("relapsed")
    if has_none:
        raise ScenarioError(f"{folder}: {_NO_RELAPSE}")


def _run_all(
    scenario: Scenario,
    texts: dict[str, str],
    workers: int,
    progress: Progress | None,
    needs_relapse: bool,
) -> dict[str, Course]:
    keys, jobs = list(texts), list(texts.values())
    found: dict[str, Course] = {}
    work = functools.partial(_course_bytes, scenario.name)
    for done, one in enumerate(completed(work, jobs, workers=max(workers, 1)), start=1):
        course = (
            Course.without_patients(one.error, True)
            if one.content is None
            else Course.from_bytes(one.content)
        )
        if keys[one.place] == AS_IT_WAS and course.note:
            raise (AsnsimError if course.has_failed else ScenarioError)(course.note)
        if needs_relapse and keys[one.place] == AS_IT_WAS and np.isnan(course.relapse).all():
            raise ScenarioError(f"{scenario.name}, seed {scenario.seed}: {_NO_RELAPSE}")
        found[keys[one.place]] = course
        if progress is not None:
            progress(done, len(texts))
    return found


def _course_bytes(name: str, text: str) -> bytes:
    return run_course(text, name).to_bytes()


def _row(
    mechanism: str, title: str, course: Course, reference: Course, end: float
) -> dict[str, Any]:
    """Return a row of the table; who does not relapse counts as at ``end`` [h] of the scenario."""
    n = course.relapse.shape[0]
    row: dict[str, Any] = {"mechanism": mechanism, "title": title, "n_patients": n}
    if n == 0:
        return row | {"verdict": FAILED if course.has_failed else REFUSED, "note": course.note}
    days = course.relapse / HOURS_PER_DAY
    end_d = end / HOURS_PER_DAY
    change = _filled(days, end_d) - _filled(reference.relapse / HOURS_PER_DAY, end_d)
    return row | {
        "n_relapsed": int((~np.isnan(days)).sum()),
        "relapse_d": _median_of_relapse(days),
        "change_d": float(np.median(change)),
        "n_extinct": int(course.is_extinct.sum()),
        "lowest_cells": float(np.median(course.lowest)),
        "verdict": "" if mechanism == AS_IT_WAS else _verdict(course, reference, change),
        "note": course.note,
    }


def _filled(days: np.ndarray, end: float) -> np.ndarray:
    return np.where(np.isnan(days), end, days)


def _median_of_relapse(days: np.ndarray) -> float:
    if 2 * int((~np.isnan(days)).sum()) < days.shape[0] or np.isnan(days).all():
        return math.nan
    return float(np.median(np.where(np.isnan(days), np.inf, days)))


def _verdict(course: Course, reference: Course, change: np.ndarray) -> str:
    """Say in a word or two what the mechanism did to the relapse."""
    n_before = int((~np.isnan(reference.relapse)).sum())
    n_after = int((~np.isnan(course.relapse)).sum())
    if (course.relapse == 0.0).all() and not (reference.relapse == 0.0).all():
        return NO_REMISSION
    if n_before and not n_after:
        return "prevented, cured" if course.is_extinct.all() else "prevented"
    if n_after and not n_before:
        return "caused"
    if not n_before:
        return "no relapse either way"
    shift = float(np.median(change))
    least = max(_LEAST_CHANGE_D, _LEAST_SHARE * _middle(reference.relapse))
    if abs(shift) < least:
        return "no effect" if n_after == n_before else _by_number(n_after, n_before)
    return "delayed" if shift > 0.0 else "hastened"


def _middle(hours: np.ndarray) -> float:
    return float(np.nanmedian(hours)) / HOURS_PER_DAY


def _by_number(n_after: int, n_before: int) -> str:
    return "fewer relapses" if n_after < n_before else "more relapses"
