"""Trees of scenarios for the experiments of the rows: wells as they stand in the incubator.

Unless a row says otherwise: 7500 cells in 100 uL, RPMI-1640 with 10 % foetal bovine serum, cells
that were brought to rest in the medium of the start. A few hundred agents stand for a well; the
simulated volume keeps the density.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from abm.environment import media
from abm.state.sites import Species
from scenarios.studies.validation.context import Tree

CELLS_PER_WELL = 7500
"""Middle of the 5,000 to 10,000 cells in 100 uL that the assays are seeded with (S16)."""
WELL_UL = 100.0
N_AGENTS = 200
SERUM: Mapping[str, Any] = {"fraction": 0.1, "dialysed": False}
DIALYSED: Mapping[str, Any] = {"fraction": 0.1, "dialysed": True}
SOLVED = ("asn", "gln", "glu", "nh3")
AMINO_ACIDS = ("asn", "gln", "glu", "asp", "eaa", "ser")
N_WASHES = 2
NATIVE, GLUTAMINASE_FREE = "e-coli", "glutaminase-free"


def cells(line: str, number: int = N_AGENTS, **changes: Any) -> Tree:
    """Return one population of a line; ``changes`` are keys of a ``cells`` entry."""
    return {"type": "blast", "line": line, "number": number, **changes}


def medium(base: str, without: Sequence[str] = (), **add_uM: float) -> Tree:
    """Return a recipe: a medium, what is left out, and what is added [uM]."""
    recipe: Tree = {"base": base}
    if without:
        recipe["without"] = list(without)
    added = {name: f"{value:g} uM" for name, value in add_uM.items() if value > 0.0}
    if added:
        recipe["add"] = added
    return recipe


def well(
    *populations: Tree,
    hours: float,
    fill: str | Tree = "RPMI-1640",
    serum: Mapping[str, Any] = SERUM,
    n_wells: int = 1,
    events: Sequence[Tree] = (),
    clamp: Sequence[str] = (),
    solved: Sequence[str] = SOLVED,
    density: float = CELLS_PER_WELL,
    parameters: Mapping[str, Any] | None = None,
    compounds: Sequence[Tree] = (),
    seed: int = 1,
    **environment: Any,
) -> Tree:
    """Return a culture without enzyme.

    ``density`` is in cells per 100 uL; it fixes the volume of the simulated well.
    """
    n_agents = sum(entry["number"] for entry in populations)
    tree: Tree = {
        "asnsim": 1,
        "environment": {
            "kind": "well",
            "volume": f"{n_agents / density * WELL_UL!r} uL",
            "medium": fill,
            "serum": dict(serum),
            "species": list(solved),
            "clamp": list(clamp),
            "events": list(events),
            **environment,
        },
        "cells": [dict(entry) for entry in populations],
        "treatment": {"compounds": list(compounds)},
        "time": {"end": f"{hours:g} h", "record": f"{hours:g} h"},
        "stop": [],
        "replicates": n_wells,
        "parameters": dict(parameters or {}),
        "seed": seed,
    }
    return tree


def dosed(tree: Tree, doses: Sequence[float], product: str = NATIVE) -> Tree:
    """Return a culture as a dilution series of the enzyme: each well of it at each dose [IU/mL]."""
    n = len(doses)
    return {
        **tree,
        "environment": {**tree["environment"], "dose_factors": [float(dose) for dose in doses]},
        "treatment": {
            **tree["treatment"],
            "doses": [{"product": product, "amount": "1 IU/mL", "at": ["0 h"]}],
        },
        "replicates": n * tree["replicates"],
    }


def compound(name: str, concentration: str, at: str = "0 h") -> Tree:
    """Return one addition of a small molecule."""
    return {"compound": name, "concentration": concentration, "at": at}


def refill(
    fill: Tree | str, at_h: float = 0.0, washes: int | None = N_WASHES,
    serum: Mapping[str, Any] = DIALYSED,
) -> Tree:  # fmt: skip
    """Return a change of medium, with ``washes`` rinses before (None: without)."""
    event: Tree = {"at": f"{at_h:g} h", "medium": fill, "serum": dict(serum)}
    if washes is not None:
        event["wash"] = washes
    return event


def asn_of(base: str) -> float:
    """Return the Asn of a medium with 10 % dialysed serum [uM]."""
    return float(media.medium(base, 0.1)[Species.ASN])
