"""What a sensitivity file may hold."""

from typing import Annotated, Literal

import pydantic

from scenarios.schema.base import Count, Model, written
from scenarios.schema.document import Document, Problem, Seed, contradictions
from scenarios.sweep.schema import Range, Value

LOGARITHM = "log10 "
"""What stands before an outcome whose decimal logarithm is taken, of each run."""


class Screening(Model):
    """Morris: one parameter after the other moves through a grid of ``levels``."""

    trajectories: Annotated[int, Count(2, 1000)] = 8
    """Each costs one run more than there are parameters."""
    levels: Annotated[int, Count(2, 100)] = 4


class Indices(Model):
    """Sobol indices of first order and in total, of the parameters that screening ranks first."""

    points: Annotated[int, Count(2, 1 << 20)] = 64
    """A power of two; each costs two runs more than there are parameters."""
    parameters: Annotated[int, Count(1, 100)] = 4
    """How many of the parameters are taken, the first by screening for any outcome."""


class SensitivityFile(Document):
    """A checked sensitivity file; the base is read together with it."""

    asnsim: Literal[1]
    """Version of the format."""
    sensitivity: str
    """Bundled scenario or assay, or a file, that every run starts from."""
    description: str = ""
    changes: dict[str, Value] = written({})
    """Values of all runs by dotted path."""
    vary: dict[str, Range]
    """Dotted path -> range of the parameter."""
    outcomes: tuple[str, ...]
    """What the parameters are screened for; see the sweeps. ``log10 NAME`` takes the logarithm."""
    replicates: Annotated[int, Count(1, 1000)] = 1
    """Runs per point, averaged."""
    morris: Screening = written({})
    sobol: Indices | None = None
    """Left out: screening only."""
    seed: Seed = 1

    @pydantic.model_validator(mode="after")
    def _check_contradictions(self) -> "SensitivityFile":
        found: list[Problem] = []
        if len(self.vary) < 2:
            found.append((("vary",), "needs at least two parameters"))
        if not self.outcomes:
            found.append((("outcomes",), "is empty: name at least one"))
        if self.sobol is not None and self.sobol.points & (self.sobol.points - 1):
            found.append((("sobol", "points"), f"{self.sobol.points} is no power of two"))
        if found:
            raise contradictions(found)
        return self
