"""Small scenarios of mechanistic cells, and what tests compare of their models."""

import copy
import json
from typing import Any

import numpy as np

from abm.model import PopulationModel
from scenarios.build import build
from scenarios.load import loads
from scenarios.schema import Scenario

BLASTS = {
    "type": "blast", "line": "default-blast", "number": 60, "doubling_time": "24 h",
    "methylated_alleles": {"0": 0.1, "2": 0.9},
}  # fmt: skip
STROMA = {"type": "stroma", "line": "marrow-msc", "number": 3}
COURSE = {
    "patient": {"bsa": "0.79 m2", "age": "6 yr", "sex": "f"},
    "doses": [{"product": "pegaspargase", "amount": "2500 IU/m2", "route": "iv", "at": ["1 h"]}],
}
_TISSUE: dict[str, Any] = {
    "asnsim": 1,
    "description": "a small tissue",
    "environment": {
        "kind": "tissue", "size": ["200 um", "200 um"], "spacing": "20 um", "thickness": "10 um",
        "extracellular_fraction": 0.3, "medium": "human-plasma", "species": ["asn", "gln", "glu"],
        "edges": "no-flux", "vessels": {"fraction": 0.05, "exchange_rate": "0.5 1/s"},
    },
    "cells": [BLASTS],
    "time": {"end": "12 h", "record": "6 h"},
    "stop": [],
    "seed": 1,
}  # fmt: skip
_WELL: dict[str, Any] = {
    "asnsim": 1,
    "description": "a small well",
    "environment": {
        "kind": "well", "volume": "1 nL", "medium": "RPMI-1640",
        "serum": {"fraction": 0.1, "dialysed": True}, "species": ["asn", "gln", "glu"],
    },
    "cells": [BLASTS],
    "time": {"end": "12 h", "record": "6 h"},
    "stop": [],
    "seed": 1,
}  # fmt: skip
_NOT_OF_THE_RUN = ("asns_recorded", "genotypic_recorded")
"""Columns that belong to the recorder."""


def tissue(changes: dict[str, Any] | None = None, **top: Any) -> Scenario:
    """Return a tissue of 10 x 10 voxels; ``changes`` maps dotted paths to new values."""
    return _scenario(_TISSUE, changes, top)


def cube(changes: dict[str, Any] | None = None, **top: Any) -> Scenario:
    """Return a tissue of 5 x 4 x 3 voxels with capillaries, 80 um apart from each other."""
    spatial = {
        "environment.size": ["100 um", "80 um", "60 um"], "environment.thickness": None,
        "environment.vessels": {"spacing": "80 um", "exchange_rate": "0.5 1/s"},
    }  # fmt: skip
    return _scenario(_TISSUE, spatial | (changes or {}), top)


def well(changes: dict[str, Any] | None = None, **top: Any) -> Scenario:
    """Return a well of 1 nL; ``changes`` maps dotted paths to new values."""
    return _scenario(_WELL, changes, top)


def _scenario(
    base: dict[str, Any], changes: dict[str, Any] | None, top: dict[str, Any]
) -> Scenario:
    tree = copy.deepcopy(base) | top
    for path, value in (changes or {}).items():
        *folders, last = path.split(".")
        place = tree
        for name in folders:
            place = place.setdefault(name, {})
        if value is None:
            place.pop(last, None)
        else:
            place[last] = value
    return loads(json.dumps(tree))


def finished(scenario: Scenario) -> PopulationModel:
    """Build a scenario and run it to its end."""
    return run_on(build(scenario))


def run_on(model: PopulationModel, hours: float = float("inf")) -> PopulationModel:
    """Step a model up to a time [h] or to its end."""
    while model.running and model.hours < hours - 1e-9:
        model.step()
    return model


def bits(model: PopulationModel) -> dict[str, np.ndarray]:
    """Return all that a run depends on, by name: columns, states, sites, counters, clock."""
    found = {"tick": np.array(model.clock.tick), "drug": np.array(model.state.drug)}
    for population in model.state.populations:
        for name, values in population.snapshot().items():
            if name not in _NOT_OF_THE_RUN:
                found[f"{population.name}.{name}"] = values
    sites = model.state.sites
    for name in ("concentration", "defect", "activity", "dead"):
        found[f"sites.{name}"] = getattr(sites, name).copy()
    for name, values in sites.corpses.items():
        found[f"sites.corpses.{name}"] = values.copy()
    for name, values in vars(model.state.counters).items():
        found[f"counters.{name}"] = values.copy()
    return found


def differing(left: dict[str, np.ndarray], right: dict[str, np.ndarray]) -> list[str]:
    """Return the names whose bits differ."""
    assert left.keys() == right.keys()
    return [name for name in left if left[name].tobytes() != right[name].tobytes()]
