"""A focal lesion of a body: a scenario of its own, made from the key ``environment.patch``."""

import json
from collections.abc import Callable
from typing import Any

import numpy as np

from abm.errors import ScenarioError
from abm.model import Parts, PopulationModel
from abm.processes.nutrients import Nutrients
from abm.processes.patch import Patch, PlasmaPort, PortDosing
from abm.record import layout
from scenarios.load import loads
from scenarios.schema import Scenario
from scenarios.schema.environment import Body

_SEEDS_APART = 2**32
"""The lesion draws other numbers than the body."""
_NOT_OF_A_CELL = ("cells", "coupling", "fate")
_GROUPS_OF_BODIES = ("body", "course", "immunity", "exposure", "toxicity", "partners")
"""Groups of ``parameters`` that a tissue does not have."""

Assemble = Callable[[Scenario, int], Parts]


def make_patch(scenario: Scenario, seed: int, assemble: Assemble) -> Patch | None:
    """Return the process that takes the lesion of a body along, None where there is none.

    ``assemble`` puts the parts of a scenario together. Raises ScenarioError where the lesion alone
    would be no scenario.
    """
    environment = scenario.environment
    if not isinstance(environment, Body) or environment.patch is None:
        return None
    own = derived(scenario)
    port = PlasmaPort(np.zeros(0))

    def parts(its_seed: int) -> Parts:
        made = assemble(own, its_seed)
        nutrients = next(p for p in made.processes if isinstance(p, Nutrients))
        assert nutrients.plasma is not None
        port.concentration = nutrients.plasma.concentration.copy()
        nutrients.plasma = port
        made.processes.append(PortDosing(port, own.environment.interstitial_activity))  # type: ignore[union-attr]
        return made

    return Patch(PopulationModel(parts, rng=(seed + _SEEDS_APART) % 2**63), port)


def lesion_in(model: PopulationModel) -> PopulationModel | None:
    """Return the model of the lesion that a body takes along; None without one."""
    found: list[Any] = [one.model for one in model.processes if isinstance(one, Patch)]
    return found[0] if found else None


def derived(scenario: Scenario) -> Scenario:
    """Return the scenario of the lesion: the keys of the patch as the author wrote them.

    End, tick, records, inheritance, compounds and parameters of the cell are those of the body.
    """
    author: dict[str, Any] = scenario._author
    patch = dict(author["environment"]["patch"])
    time = {"coupling": "6 min", "fate": "6 min"}
    time |= {name: patch[name] for name in time if name in patch}
    tree: dict[str, Any] = {
        "asnsim": 1,
        "description": f"the lesion of {scenario.name}",
        "environment": {"medium": author["environment"].get("medium", "human-plasma")}
        | {name: value for name, value in patch.items() if name not in _NOT_OF_A_CELL},
        "cells": patch.get("cells", []),
        "time": {k: v for k, v in author["time"].items() if k not in time} | time,
        "stop": [],
        "parameters": {
            name: value
            for name, value in author.get("parameters", {}).items()
            if name.partition(".")[0] not in _GROUPS_OF_BODIES
        },
        "seed": scenario.seed,
    }
    if "inheritance" in author:
        tree["inheritance"] = author["inheritance"]
    if "compounds" in author.get("treatment", {}):
        tree["treatment"] = {"compounds": author["treatment"]["compounds"]}
    try:
        return loads(json.dumps(tree), f"{scenario.name}-{layout.LESION}")
    except ScenarioError as error:
        raise ScenarioError(f"{scenario.located('environment.patch')}: {error}") from None
