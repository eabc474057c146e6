"""What a body has where its author says nothing: intervals of hours, strata of the bundled courses.

Cells of a body change within days; the intervals of a dish would take a hundred times as long for
the same numbers (docs/marrow.md, intervals and strata). They are written into what the author wrote
before it is checked, so that ``asnsim show`` prints them.
"""

from collections.abc import Callable
from typing import Any

from pydantic_core import PydanticCustomError

from scenarios.schema.base import quantity

_FATE, _COUPLING = (12.0, 6.0, 4.0, 2.0, 1.0), (4.0, 2.0, 1.0)
"""Intervals [h], the first that fits."""
_DAILY_FROM = 96.0
"""Length of a run [h] from which it is recorded once a day."""
_STRATA = {"asns": 8, "threshold": 4}
_STRATA_OF_NORMAL = {"asns": 1, "threshold": 4}


def with_body_defaults(value: dict[str, Any]) -> dict[str, Any]:
    """Return the contents of a scenario with the defaults of a body; others as they are.

    Only where no lesion shares the plasma. Contents that make no sense are left to the checks.
    """
    environment, cells = value.get("environment"), value.get("cells", [])
    if not isinstance(environment, dict) or environment.get("kind") != "body":
        return value
    is_list = isinstance(cells, list) and all(isinstance(entry, dict) for entry in cells)
    if environment.get("patch") or not is_list:
        return value
    found = dict(value)
    found["cells"] = [_with_strata(entry) for entry in cells]
    if isinstance(value.get("time"), dict):
        found["time"] = _with_intervals(value["time"])
    return found


def _with_strata(entry: dict[str, Any]) -> dict[str, Any]:
    if "strata" in entry or entry.get("model", "mechanistic") != "mechanistic":
        return entry
    is_normal = entry.get("type") == "normal"
    return {**entry, "strata": dict(_STRATA_OF_NORMAL if is_normal else _STRATA)}


def _with_intervals(time: dict[str, Any]) -> dict[str, Any]:
    """Add record, fate and coupling, each a whole part of the one before."""
    found = dict(time)
    try:
        end = quantity(time["end"], "hour")
        if "record" not in time and end >= _DAILY_FROM:
            found["record"] = "1 d"
        record, checkpoint = (
            quantity(found.get(name, default), "hour")
            for name, default in (("record", "6 h"), ("checkpoint", "1 d"))
        )
        if "fate" not in time:
            _add(found, "fate", _FATE, lambda h: h <= end and not (record % h or checkpoint % h))
        if "coupling" not in time and "fate" in found:
            fate = quantity(found["fate"], "hour")
            _add(found, "coupling", _COUPLING, lambda h: h <= min(fate, end) and not fate % h)
    except (PydanticCustomError, KeyError, TypeError, ZeroDivisionError):
        return time  # the checks refuse it, with its line
    return found


def _add(
    time: dict[str, Any], name: str, hours: tuple[float, ...], fits: Callable[[float], bool]
) -> None:
    """Write the first interval that fits; without one the schema's own default stays."""
    chosen = next((one for one in hours if fits(one)), None)
    if chosen is not None:
        time[name] = f"{chosen:g} h"
