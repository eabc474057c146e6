"""How long a run lasts, how often its parts are called, and what ends it early."""

import math
from typing import Annotated, Any

import pydantic

from abm.units import MINUTES_PER_HOUR
from scenarios.schema import names
from scenarios.schema.base import Count, Duration, Model, problem, quantity, shorten, written

_LONGEST_TICK_MIN = 60
_GRID_TOLERANCE = 1e-6


def _read_tick(value: Any) -> int:
    minutes = quantity(value, "hour") * MINUTES_PER_HOUR
    whole = round(minutes)
    if abs(minutes - whole) > _GRID_TOLERANCE or not 1 <= whole <= _LONGEST_TICK_MIN:
        raise problem(
            f"{shorten(value)}: must be whole minutes from 1 min to {_LONGEST_TICK_MIN} min"
        )
    return whole


class Timing(Model):
    """End, tick and intervals; durations in h, ``tick`` in minutes."""

    end: Duration
    """Length of the run [h]."""
    tick: Annotated[int, pydantic.PlainValidator(_read_tick, json_schema_input_type=str)] = written(
        "1 min"
    )
    """Step of the clock [min]."""
    coupling: Duration = written("6 min")
    """Interval of exchange, nutrients and metabolism [h]."""
    fate: Duration = written("6 min")
    """Interval of division, death and motion [h]."""
    record: Duration = written("6 h")
    """Interval of the rows that are written [h]."""
    checkpoint: Duration = written("1 d")
    """Interval of checkpoints [h]."""

    def ticks(self, hours: float) -> int:
        """Convert a time or duration [h] that lies on the grid to ticks."""
        return round(hours * MINUTES_PER_HOUR / self.tick)

    def is_on_grid(self, hours: float) -> bool:
        """Tell whether a time [h] is a whole number of ticks."""
        exact = hours * MINUTES_PER_HOUR / self.tick
        return math.isclose(exact, round(exact), rel_tol=0.0, abs_tol=_GRID_TOLERANCE)

    @property
    def tick_hours(self) -> float:
        """Step of the clock [h]."""
        return self.tick / MINUTES_PER_HOUR

    @property
    def end_ticks(self) -> int:
        """Length of the run in ticks."""
        return self.ticks(self.end)

    @property
    def coupling_ticks(self) -> int:
        """Interval of exchange, nutrients and metabolism in ticks."""
        return self.ticks(self.coupling)

    @property
    def fate_ticks(self) -> int:
        """Interval of division, death and motion in ticks."""
        return self.ticks(self.fate)

    @property
    def record_ticks(self) -> int:
        """Interval of the rows that are written, in ticks."""
        return self.ticks(self.record)

    @property
    def checkpoint_ticks(self) -> int:
        """Interval of checkpoints in ticks."""
        return self.ticks(self.checkpoint)


class StopAtCells(Model):
    """End a run (a replicate, in wells) that has reached so many tumour cells."""

    n_cells: Annotated[int, Count(1, names.LARGEST_NUMBER_OF_CELLS)]


def _read_stop(value: Any) -> str | StopAtCells:
    if value in names.STOPS or isinstance(value, StopAtCells):
        return value  # type: ignore[no-any-return]
    if isinstance(value, dict) and set(value) == {"n_cells"}:
        return StopAtCells.model_validate(value)
    raise problem(
        f"{shorten(value)}: must be {' or '.join(names.STOPS)}, or a mapping such as "
        "{n_cells: 10000}"
    )


Stop = Annotated[
    str | StopAtCells,
    pydantic.PlainValidator(_read_stop, json_schema_input_type=str | StopAtCells),
]
