"""From an assay to scenarios: one well, its medium, what is added to it and when."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from abm.errors import ScenarioError
from scenarios.load import loads
from scenarios.schema import Scenario
from scenarios.schema.environment import Recipe
from scenarios.studies.schema import CultureAssay

COUPLING = "6 min"


def recipe(medium: Recipe, **changes: Any) -> dict[str, Any]:
    """Return a medium as a scenario writes it; ``without`` and ``add`` [uM] come on top."""
    without = dict.fromkeys([*medium.without, *changes.get("without", ())])
    added = {**medium.add, **changes.get("add", {})}
    return {
        "base": medium.base,
        "without": list(without),
        "add": {species: f"{amount!r} uM" for species, amount in added.items()},
    }


def culture(
    assay: CultureAssay,
    line: str,
    *,
    end: float,
    n_wells: int | None = None,
    alleles: int | None = None,
    genotype: Mapping[str, float] | None = None,
    medium: Mapping[str, Any] | None = None,
    serum: Mapping[str, Any] | None = None,
    species: Sequence[str] = ("asn", "gln", "glu"),
    events: Sequence[Mapping[str, Any]] = (),
    product: str | None = None,
    dose: float = 0.0,
    dose_factors: Sequence[float] | None = None,
    compounds: Sequence[Mapping[str, Any]] = (),
    initial: Mapping[str, float] | None = None,
    others: Sequence[Mapping[str, Any]] = (),
    doubling_time: float | None = None,
    parameters: Mapping[str, Any] | None = None,
) -> Scenario:
    """Return the scenario of one condition: wells of one line under one treatment.

    The founders stand in ``medium`` (that of the assay if not given) until time 0; ``events`` are
    changes of medium, ``initial`` replaces concentrations [uM] at 0 h, ``dose`` [IU/mL] of
    ``product`` times ``dose_factors`` is given at 0 h, ``others`` are further populations.
    ``end`` [h] is the last reading. Raises ScenarioError, e.g. for a compound that does not exist.
    """
    environment: dict[str, Any] = {
        "kind": "well",
        "volume": f"{assay.simulated_volume!r} pL",
        "medium": medium or recipe(assay.medium),
        "serum": dict(serum) if serum is not None else assay.serum.model_dump(),
        "species": list(species),
        "events": [dict(event) for event in events],
    }
    if initial:
        environment["initial"] = {name: f"{amount!r} uM" for name, amount in initial.items()}
    treatment: dict[str, Any] = {"compounds": [dict(one) for one in compounds]}
    if product is not None and dose > 0.0:
        amount = f"{dose!r} IU/mL"
        treatment["doses"] = [{"product": product, "amount": amount, "at": ["0 h"]}]
        if dose_factors is not None:
            environment["dose_factors"] = list(dose_factors)
    cell: dict[str, Any] = {"type": "blast", "line": line, "number": assay.agents_per_well}
    if alleles is not None:
        cell["methylated_alleles"] = alleles
    if doubling_time is not None:
        cell["doubling_time"] = f"{doubling_time!r} h"
    if genotype:
        cell["genotype"] = dict(genotype)
    tree = {
        "asnsim": 1,
        "environment": environment,
        "cells": [cell, *(dict(one) for one in others)],
        "treatment": treatment,
        "time": {"end": f"{end!r} h", "coupling": COUPLING, "record": f"{end!r} h"},
        "stop": [],
        "replicates": n_wells or assay.replicates,
        "parameters": {**assay.parameters, **(parameters or {})},
        "seed": assay.seed,
    }
    try:
        return loads(json.dumps(tree), assay.name)
    except ScenarioError as error:
        raise ScenarioError(_without_lines(str(error), assay.name)) from None


def _without_lines(text: str, name: str) -> str:
    """The scenario is made here and has no lines that an author could look at."""
    return text.replace(f"{name}: line 1: ", f"{name}: ")
