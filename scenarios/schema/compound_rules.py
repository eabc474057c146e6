"""Rules that join the compounds of a treatment with the cells and the times of a scenario."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from abm.units import MINUTES_PER_HOUR
from scenarios.schema.base import show_time

if TYPE_CHECKING:
    from scenarios.schema.scenario import Scenario

Path = tuple[str | int, ...]


def find_compound_contradictions(scenario: "Scenario") -> Iterator[tuple[Path, str]]:
    """Yield the path and message of everything about compounds that cannot be."""
    time = scenario.time
    if scenario.treatment.compounds and not scenario.mechanistic_cells:
        yield (
            ("treatment", "compounds"),
            "act on targets inside of mechanistic cells, and this scenario has none: add such "
            "cells, or leave the compounds out",
        )
    for index, one in enumerate(scenario.treatment.compounds):
        path: Path = ("treatment", "compounds", index)
        if one.at >= time.end:
            yield (
                (*path, "at"),
                f"{one.compound} at {show_time(one.at)} comes after the end of the run, "
                f"{show_time(time.end)}: must be earlier, or set a later time.end",
            )
        if one.until is not None and one.until <= one.at:
            yield (
                (*path, "until"),
                f"{show_time(one.until)} is not after at, {show_time(one.at)}: write a later "
                f"time, or leave it out where {one.compound} stays",
            )
        for name, hours in (("at", one.at), ("until", one.until)):
            if hours is not None and not time.is_on_grid(hours):
                n = max(round(hours / time.tick_hours), 1)
                yield (
                    (*path, name),
                    f"{hours * MINUTES_PER_HOUR:g} min is not on the tick of {time.tick} min: "
                    f"write {n * time.tick} min",
                )
