"""Which file runs which family of assays; the files load when they are asked for."""

import importlib
from collections.abc import Callable
from typing import Any, NamedTuple

from abm.errors import ScenarioError
from abm.units import did_you_mean
from scenarios.studies.schema import Assay

_HOMES = {
    "mtt": "mtt",
    "annexin": "annexin",
    "dropout": "dropout",
    "mtorc1": "mtorc1",
    "expression": "expression",
    "enzyme-activity": "enzyme_activity",
    "knock-down": "knock_down",
    "coculture": "coculture",
    "stress": "stress",
    "rescue": "rescue",
    "motility": "motility",
    "combination": "combination",
}
FAMILIES = tuple(_HOMES)


class Family(NamedTuple):
    """The model of an assay file and the function that runs it."""

    model: type[Assay]
    run: Callable[..., Any]


def family(name: str) -> Family:
    """Return a family by the name that files give as ``assay``; raises ScenarioError."""
    if name not in _HOMES:
        raise ScenarioError(f"'{name[:80]}': is no known assay{did_you_mean(name, FAMILIES)}")
    home = importlib.import_module(f"scenarios.studies.{_HOMES[name]}")
    return Family(home.MODEL, home.run)
