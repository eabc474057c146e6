"""Small flat tissues for what a well without places cannot show: contact and motion."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from abm.errors import ScenarioError
from scenarios.load import loads
from scenarios.schema import Scenario

SPACING_UM, THICKNESS_UM = 20.0, 10.0
_PATIENT = {"bsa": "0.79 m2", "age": "6 yr", "sex": "f"}


def patch(
    name: str,
    *,
    edge: float,
    cells: Sequence[Mapping[str, Any]],
    medium: Mapping[str, Any] | str,
    end: float,
    seed: int,
    has_vessels: bool = True,
    dose: Mapping[str, Any] | None = None,
    compounds: Sequence[Mapping[str, Any]] = (),
    parameters: Mapping[str, Any] | None = None,
) -> Scenario:
    """Return a square patch [um] of cells that lie on the dish or in the marrow.

    With vessels 5 % of the voxels are kept at the medium, or at what the drug leaves of it.
    ``dose`` is a dose into the plasma that feeds them. Raises ScenarioError.
    """
    environment: dict[str, Any] = {
        "kind": "tissue",
        "size": [f"{edge!r} um", f"{edge!r} um"],
        "spacing": f"{SPACING_UM!r} um",
        "thickness": f"{THICKNESS_UM!r} um",
        "extracellular_fraction": 0.3,
        "medium": medium,
        "species": ["asn", "gln", "glu"],
    }
    if has_vessels:
        environment["vessels"] = {"fraction": 0.05, "exchange_rate": "0.5 1/s"}
    treatment: dict[str, Any] = {"compounds": [dict(one) for one in compounds]}
    if dose is not None:
        treatment |= {"patient": _PATIENT, "doses": [dict(dose)]}
    tree = {
        "asnsim": 1,
        "environment": environment,
        "cells": [dict(one) for one in cells],
        "treatment": treatment,
        "time": {"end": f"{end!r} h", "record": f"{end!r} h"},
        "stop": [],
        "parameters": dict(parameters or {}),
        "seed": seed,
    }
    try:
        return loads(json.dumps(tree), name)
    except ScenarioError as error:
        raise ScenarioError(str(error).replace(f"{name}: line 1: ", f"{name}: ")) from None
