"""Rules that join the stop rules with the rest of a scenario."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from scenarios.schema.scenario import Scenario

Path = tuple[str | int, ...]


def find_stop_contradictions(scenario: "Scenario") -> Iterator[tuple[Path, str]]:
    """Yield the path and message of a stop rule that has no meaning in this environment."""
    if scenario.stops_at_relapse and scenario.environment.kind != "body":
        yield (
            ("stop", scenario.stop.index("relapse")),
            f"relapse: a {scenario.environment.kind} has no marrow that could relapse; write "
            "extinct or {n_cells: N}, or use environment.kind: body",
        )
