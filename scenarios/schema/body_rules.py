"""Rules of the body of a patient that join several fields."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from abm.environment.media import MEDIA
from abm.state.sites import Species
from scenarios.schema.environment import Body, Recipe

if TYPE_CHECKING:
    from scenarios.schema.scenario import Scenario

Path = tuple[str | int, ...]
_HERE = "environment"


def find_body_contradictions(scenario: "Scenario") -> Iterator[tuple[Path, str]]:
    """Yield the path and message of everything about a body that cannot be."""
    body = scenario.environment
    if not isinstance(body, Body):
        return
    if len(set(body.species)) < len(body.species):
        yield (_HERE, "species"), "names a species twice: name each once"
    if "o2" in body.species:
        path: Path = (_HERE, "species", body.species.index("o2"))
        yield path, "o2: is held by breathing, cells take none up: leave it out"
    missing = [name for name in body.species if name != "o2" and not _is_held(body.medium, name)]
    if missing:
        added = ", ".join(f"{name}: 20 uM" for name in missing)
        yield (
            (_HERE, "medium"),
            f"{body.medium.base} holds no {', '.join(missing)}, and plasma rests at its medium: "
            f"use human-plasma, add: {{{added}}}, or leave it out of the species",
        )
    if body.proteolysis > 0.0 and body.reach_lag == 0.0:
        yield (
            (_HERE, "proteolysis"),
            "acts on the way into the marrow, which reach_lag 0 h makes infinitely short: "
            "set reach_lag, e.g. 6 h, or lower tissue_reach instead",
        )
    if body.patch is not None:
        if body.patch.vessels is None:
            yield (
                (_HERE, "patch", "vessels"),
                "is missing: a lesion gets plasma by its vessels, e.g. vessels: {fraction: 0.03}",
            )
        if scenario.replicates > 1:
            yield (
                (_HERE, "patch"),
                f"goes with one patient, not with {scenario.replicates} replicates: "
                "write 1 and run several seeds",
            )


def _is_held(medium: Recipe, name: str) -> bool:
    held = 0.0 if name in medium.without else MEDIA[medium.base].get(Species[name.upper()], 0.0)
    return held + medium.add.get(name, 0.0) > 0.0
