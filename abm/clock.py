"""Time as an integer tick, and the lengths of the intervals into which a run is cut."""

from dataclasses import dataclass

from abm.errors import ScenarioError
from abm.units import MINUTES_PER_HOUR

FINE_HOURS_AFTER_JUMP = 2.0
"""How long every tick is a coupling interval of its own after a jump of drug or medium."""


@dataclass
class Clock:
    """Where a run stands in time. All lengths are in ticks.

    An interval is the span over which exchange, nutrients and metabolism are coupled once: one
    ``coupling`` long, one tick for two hours after a jump, and cut short where a dose, a change of
    medium or the end falls inside. Divisions and deaths take effect at multiples of ``fate``.
    """

    end: int
    coupling: int = 6
    fate: int = 6
    record: int = 360
    tick_minutes: float = 1.0
    stops: tuple[int, ...] = ()
    """Ticks that an interval may not step over (doses, changes of medium), in order."""
    tick: int = 0
    fine_until: int = 0

    def __post_init__(self) -> None:
        if self.coupling < 1 or self.fate < 1 or self.end < 0:
            raise ScenarioError("time: tick, coupling and fate must be at least one tick")
        self.stops = tuple(sorted(set(self.stops)))

    @property
    def hours(self) -> float:
        """Time since the start [h]."""
        return self.to_hours(self.tick)

    def to_hours(self, ticks: int) -> float:
        """Convert ticks to hours."""
        return ticks * self.tick_minutes / MINUTES_PER_HOUR

    def note_jump(self) -> None:
        """Couple at every tick for the next two hours."""
        self.fine_until = self.tick + round(
            FINE_HOURS_AFTER_JUMP * MINUTES_PER_HOUR / self.tick_minutes
        )

    def next_interval(self) -> int:
        """Return the length in ticks of the interval that starts now."""
        step = 1 if self.tick < self.fine_until else self.coupling
        target = (self.tick // step + 1) * step
        target = min(target, (self.tick // self.fate + 1) * self.fate, self.end)
        for stop in self.stops:
            if stop > self.tick:
                target = min(target, stop)
                break
        return target - self.tick

    def is_record_tick(self) -> bool:
        """Tell whether the state is to be recorded at the present tick."""
        return self.tick % self.record == 0 or self.tick >= self.end

    def is_fate_tick(self) -> bool:
        """Tell whether divisions and deaths are due at the present tick."""
        return self.tick % self.fate == 0 or self.tick >= self.end
