"""What the figures of a run share."""

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
    """Return times [h] and labels of the doses: of one patient those given, else those planned.

    A dose of another product or amount than planned is named by what was given. Where rules may
    withhold doses and no table tells which, the labels say "planned"; where there never was any
    activity there are none.
    """
    if not run.has(layout.EVENTS) or is_replicated(run.timeseries):
        return _planned_doses(run)
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
