"""What a file may hold that calibrates any scenario or assay."""

from typing import Annotated, Literal

import pydantic

from scenarios.schema.base import Count, Model, Name, Quantity, Time, written
from scenarios.schema.document import Document, Problem, contradictions
from scenarios.sweep.schema import Range, Value

OPTUNA, ABC_SMC = "optuna", "abc-smc"
METHODS = (OPTUNA, ABC_SMC)
SCALES = ("linear", "log")
LARGEST_SEED = 2**31 - 1

Number = Annotated[float, Quantity("", -1e15, 1e15, "-1e15", "1e15")]
Positive = Annotated[float, Quantity("", 0.0, 1e15, "0", "1e15", is_open=True)]
Share = Annotated[float, Quantity("", 0.0, 1.0, "0", "1")]


class Target(Model):
    """A measured number, and which number of a run must be like it."""

    outcome: str | None = None
    """Outcome of a scenario as in a sweep, or column of the results of an assay."""
    where: dict[str, str | int | float] = written({})
    """Of an assay: what other columns of the row hold; the first row if not given."""
    time: Time | None = None
    """Of a scenario: when the column of the time series is read [h]."""
    column: str | None = None
    """Column of the time series, e.g. ``n_cells``."""
    value: Number
    sd: Positive
    """Standard deviation of the value, in its unit."""
    scale: Annotated[str, Name("scale", SCALES)] = "linear"
    """``log`` compares logarithms; the deviation becomes sd / value."""

    def problems(self) -> list[Problem]:
        """Return what contradicts itself."""
        found: list[Problem] = []
        if (self.outcome is None) == (self.time is None and self.column is None):
            found.append((("outcome",), "needs either outcome, or time and column"))
        elif (self.time is None) != (self.column is None):
            found.append((("time",), "goes with column, and column with time"))
        if self.scale == "log" and self.value <= 0.0:
            found.append((("value",), f"{self.value:g} must be above 0 on a log scale"))
        return found


class TuningFile(Document):
    """A checked file; the base scenario or assay is read together with it."""

    asnsim: Literal[1]
    """Version of the format."""
    calibrate: str
    """Bundled scenario or assay, or a file beside this one, whose values are sought."""
    description: str = ""
    changes: dict[str, Value] = written({})
    """Values of all runs by dotted path."""
    vary: dict[str, Range]
    """Dotted path -> range. It is the prior: flat, or flat in the logarithm."""
    targets: tuple[Target, ...] = ()
    csv: str | None = None
    """In place of ``targets``: a file beside this one with a target in each line."""
    replicates: Annotated[int, Count(1, 10_000)] = 1
    """Runs of each point, averaged."""
    method: Annotated[str, Name("method", METHODS)] = OPTUNA
    """``optuna`` seeks the best point, ``abc-smc`` draws from the posterior."""
    trials: Annotated[int, Count(1, 1_000_000)] = 50
    """Of optuna: points that are tried."""
    startup: Annotated[int, Count(1, 100_000)] = 10
    """Of optuna: points that are drawn from the prior before the sampler learns."""
    batch: Annotated[int, Count(1, 1000)] = 4
    """Of optuna: points drawn together; with one replicate at most so many workers are busy."""
    populations: Annotated[int, Count(1, 1000)] = 5
    """Of abc-smc: populations, one closer to the targets than the other."""
    particles: Annotated[int, Count(10, 1_000_000)] = 100
    """Of abc-smc: points in each population."""
    least_acceptance: Share = 0.01
    """Of abc-smc: after a population that accepted a smaller share there is no further one."""
    seed: Annotated[int, Count(0, LARGEST_SEED)] = 1

    @pydantic.model_validator(mode="after")
    def _check_contradictions(self) -> "TuningFile":
        found: list[Problem] = []
        if not self.vary:
            found.append((("vary",), "is empty: name at least one path with its range"))
        if self.csv is None and not self.targets:
            found.append((("targets",), "is empty: give targets, or csv with a table of them"))
        if self.csv is not None and self.targets:
            found.append((("csv",), "holds the targets: leave out targets"))
        for path in self.vary:
            if path in self.changes:
                found.append((("vary", path), "stands in changes as well: leave one out"))
        for index, target in enumerate(self.targets):
            found += [(("targets", index, *path), text) for path, text in target.problems()]
        if found:
            raise contradictions(found)
        return self
