"""What the figures of a run share."""

import math
from collections.abc import Sequence

import numpy as np
import pandas as pd

from abm.record import layout
from abm.record.reader import RunReader
from abm.units import HOURS_PER_DAY
from analysis.style import TimeAxis

_SAME = 0.005
"""Relative difference up to which an amount is the planned one."""
_ACTIVITY = "asparaginase_IU_per_mL"


def run_title(run: RunReader) -> str:
    """Return scenario, seed and, where it applies, that the run is unfinished."""
    parts = [str(run.info.get("name", run.folder.name))]
    if "seed" in run.info:
        parts.append(f"seed {run.info['seed']}")
    if _memory_mark(run):
        parts.append(f"protocol {_memory_mark(run)}")
    if not run.is_finished:
        parts.append("unfinished run")
    return ", ".join(parts)


def protocol_of(run: RunReader) -> str:
    """Return the protocol of a run as it is shown, with its mark where it is from memory."""
    protocol = run.info.get("protocol")
    if not protocol:
        return ""
    if not isinstance(protocol, dict):
        return str(protocol)
    text = str(protocol.get("label") or protocol.get("title") or protocol.get("id", ""))
    mark = _memory_mark(run)
    return text if not mark or mark in text else f"{text} [{mark}]"


def _memory_mark(run: RunReader) -> str:
    """Return "from memory" where the protocol of a run was written down so, else nothing."""
    protocol = run.info.get("protocol")
    if not isinstance(protocol, dict):
        return ""
    mark = str(protocol.get("mark") or "").strip(" []")
    return mark or ("from memory" if protocol.get("is_from_memory") else "")


def doses_of(run: RunReader) -> list[tuple[float, str]]:
    """Return times [h] and labels of the doses that were given, where the run tells, else planned.

    run.json tells it of a finished run, a table of events of a run that an earlier version has
    written; there a dose of another product or amount than planned is named by what was given.
    Where rules may withhold doses and nothing tells which, the labels say "planned"; where there
    never was any activity there are none.
    """
    given = given_doses(run)
    if given is not None:
        return given
    if not run.has(layout.EVENTS) or is_replicated(run.timeseries):
        return _planned_doses(run)
    return _doses_of_events(run)


def given_doses(run: RunReader) -> list[tuple[float, str]] | None:
    """Return times [h] and labels of the doses given, from run.json; None where it does not say."""
    given = run.info.get("doses_given")
    if given is None or not run.is_finished:
        return None
    return [(float(time_h), str(label)) for time_h, label in given]


def withheld_doses(run: RunReader) -> list[tuple[float, str]]:
    """Return the planned doses of a well or tissue that rules withheld; empty where none tells.

    A branch tells of the plan after it only, so that nothing is said of one.
    """
    given = given_doses(run)
    if given is None or run.is_body or run.info.get("past"):
        return []
    hours = {round(time_h, 3) for time_h, _ in given}
    end_h = float(run.info.get("end_h", math.inf))
    return [one for one in run.doses if one[0] < end_h and round(one[0], 3) not in hours]


def _doses_of_events(run: RunReader) -> list[tuple[float, str]]:
    given = run.events[run.events["kind"] == "dose"]
    planned = {round(time_h, 3): label for time_h, label in run.doses}
    hours = given["day"].to_numpy(float) * HOURS_PER_DAY
    labels: list[str] = []
    amounts: dict[str, float] = {}
    for hour, product, amount in zip(hours, given["product"], given["value"], strict=True):
        label = planned.get(round(float(hour), 3), "")
        first = amounts.setdefault(label, amount)
        is_as_planned = label.startswith(str(product)) and not abs(amount / first - 1.0) > _SAME
        own = str(product) if np.isnan(amount) else f"{product} {amount:.0f} IU"
        labels.append(label if is_as_planned else own)
    return list(zip(hours.tolist(), labels, strict=True))


def _planned_doses(run: RunReader) -> list[tuple[float, str]]:
    if not run.info.get("has_rules"):
        return run.doses
    if _ACTIVITY in run.timeseries and not (run.timeseries[_ACTIVITY] > 0.0).any():
        return []
    return [(hour, f"planned: {label}") for hour, label in run.doses]


def jumps_of(run: RunReader) -> list[float]:
    """Return the times [h] of doses after which the plasma jumps: all but those into a muscle."""
    slow = {round(float(hour), 3) for hour in run.info.get("slow_doses_h", [])}
    return [hour for hour, _ in doses_of(run) if round(hour, 3) not in slow]


def broken(
    time_h: np.ndarray, values: np.ndarray, jumps: Sequence[float]
) -> tuple[np.ndarray, np.ndarray]:
    """Return times and values with NaN between the rows before and after each jump.

    A row at the time of a dose was recorded before it. So no line leads over a jump that lies
    between two records, and nothing is drawn of a course that was not recorded.
    """
    inside = [jump for jump in jumps if time_h[0] <= jump < time_h[-1]]
    places = np.unique(np.searchsorted(time_h, inside, side="right"))
    return np.insert(time_h, places, time_h[places - 1]), np.insert(values, places, np.nan)


def time_axis(table: pd.DataFrame) -> TimeAxis:
    """Return the time axis of a table whose rows are in order of time."""
    return TimeAxis(table[layout.TIME].to_numpy(float))


def is_replicated(timeseries: pd.DataFrame) -> bool:
    """Whether the rows are those of several replicates."""
    return layout.REPLICATE in timeseries and timeseries[layout.REPLICATE].nunique() > 1


def has_values(table: pd.DataFrame, column: str) -> bool:
    """Whether a column is there and not all NaN."""
    return column in table and bool(table[column].notna().any())
