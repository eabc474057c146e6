"""Rules of weighted cells that join several fields."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from scenarios.schema import names
from scenarios.schema.cells import POOL_ABOVE, Strata

if TYPE_CHECKING:
    from scenarios.schema.scenario import Scenario

Path = tuple[str | int, ...]
_OF_WEIGHTED = {
    "strata": Strata(),
    "erlang": None,
    "background_death": 0.0,
    "kill_factor": 1.0,
    "pool_above": POOL_ABOVE,
    "compartments": None,
    "history": None,
}
"""Keys that say nothing of single cells, with the value that a resolved scenario writes."""


def find_weight_contradictions(scenario: "Scenario") -> Iterator[tuple[Path, str]]:
    """Yield the path and message of everything about weighted cells that cannot be."""
    in_body = scenario.environment.kind == "body"
    for index, entry in enumerate(scenario.cells):
        here: Path = ("cells", index)
        if entry.weighted and scenario.is_tissue:
            yield (
                (*here, "weighted"),
                "true: the cells of a tissue have places and are single agents: leave it out, or "
                "use a well or a body",
            )
        if entry.weighted is False and in_body:
            yield (
                (*here, "weighted"),
                "false: the cells of a body are counted in rows: leave it out, or use a well",
            )
        if scenario.is_weighted(entry):
            if scenario.barcodes and entry.number > names.LARGEST_NUMBER_OF_BARCODES:
                yield (
                    (*here, "number"),
                    f"{entry.number:,} founders with a barcode each: at most "
                    f"{names.LARGEST_NUMBER_OF_BARCODES:,}: lower it, or set barcodes: false",
                )
            if entry.compartments is not None and not in_body:
                yield (*here, "compartments"), "only a body has compartments: leave it out"
            continue
        for name, default in _OF_WEIGHTED.items():
            if getattr(entry, name, default) != default:
                yield (
                    (*here, name),
                    "matters only where one agent stands for many cells: leave it out, or set "
                    "weighted: true",
                )
        if entry.number > names.LARGEST_NUMBER_OF_CELLS:
            yield (
                (*here, "number"),
                f"{entry.number}: must be at most {names.LARGEST_NUMBER_OF_CELLS:,}"
                + ("" if scenario.is_tissue else " single cells: lower it, or set weighted: true"),
            )
