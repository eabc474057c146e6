"""A scenario in a few lines, for notebooks."""

from typing import TYPE_CHECKING

from scenarios.schema.cells import FixedRateCells

if TYPE_CHECKING:
    from scenarios.schema.scenario import Scenario


def summary_rows(scenario: "Scenario") -> list[tuple[str, str]]:
    """Return names and values: place, cells, treatment and time of a scenario."""
    cells = [
        f"{entry.number:g} {entry.type}, "
        + ("fixed rates" if isinstance(entry, FixedRateCells) else entry.line)
        for entry in scenario.cells
    ]
    treatment = scenario.treatment
    doses = [
        f"{dose.product} at {', '.join(f'{hours:g}' for hours in dose.at)} h"
        for dose in treatment.doses
    ]
    if treatment.protocol is not None:
        doses.insert(0, f"protocol {treatment.protocol}")
    return [
        ("description", scenario.description),
        ("environment", f"{scenario.environment.kind}, replicates: {scenario.replicates}"),
        ("cells", "; ".join(cells) or "none"),
        ("asparaginase", "; ".join(doses) or "none"),
        ("end", f"{scenario.time.end:g} h, recorded every {scenario.time.record:g} h"),
        ("seed", str(scenario.seed)),
    ]
