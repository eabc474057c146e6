"""Simulate tumour and leukaemia cells under L-asparaginase; everything here loads on first use."""

import importlib
from typing import Any

_HOMES = {
    "load": "scenarios.load",
    "build": "scenarios.build",
    "run": "scenarios.run",
    "assay": "scenarios.studies.run",
    "sweep": "scenarios.sweep.run",
    "PopulationModel": "abm.model",
}
__all__ = ["PopulationModel", "assay", "build", "load", "run", "sweep"]


def __getattr__(name: str) -> Any:
    if name == "__version__":
        return importlib.import_module("abm").__version__
    if name not in _HOMES:
        raise AttributeError(f"module 'asnsim' has no attribute '{name}'")
    return getattr(importlib.import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
