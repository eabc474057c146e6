"""What a sweep file may hold: a base scenario, what varies, arms and replicates."""

from typing import Annotated, Any, Literal

import pydantic

from scenarios.schema.base import Count, Model, Name, problem, shorten, written
from scenarios.schema.document import Document, Problem, Seed, contradictions

DESIGNS = ("grid", "list", "latin-hypercube", "sobol")
SAMPLED = ("latin-hypercube", "sobol")
SCALES = ("linear", "log")
_LARGEST_NUMBER_OF_POINTS = 1_000_000
_UNIT_INTERVAL = "{low: 30 uM, high: 120 uM, scale: log}"

Value = str | int | float | list[Any] | dict[str, Any]


class Range(Model):
    """A number that is drawn between two ends, with their unit."""

    low: str | int | float
    high: str | int | float
    scale: Annotated[str, Name("scale", SCALES)] = "linear"


def _read_variation(value: Any) -> Any:
    if isinstance(value, (Range, tuple)):
        return value
    if isinstance(value, dict) and "low" in value:
        return Range.model_validate(value)
    if isinstance(value, (list, tuple)) and value:
        return tuple(value)
    raise problem(f"{shorten(value)}: must be a list of values, or a range {_UNIT_INTERVAL}")


Variation = Annotated[
    tuple[Any, ...] | Range,
    pydantic.PlainValidator(_read_variation, json_schema_input_type=list[Any] | dict[str, Any]),
]


class SweepFile(Document):
    """A checked sweep file; the base scenario is read together with it."""

    asnsim: Literal[1]
    """Version of the format."""
    sweep: str
    """Bundled scenario or file that every run starts from."""
    description: str = ""
    changes: dict[str, Value] = written({})
    """Values of all runs by dotted path, e.g. ``{time.end: 20 d}``."""
    vary: dict[str, Variation] = written({})
    """Dotted path -> values, or a range for a sampled design."""
    design: Annotated[str, Name("design", DESIGNS)] = "grid"
    """``grid`` combines all values, ``list`` takes the first of each, then the second ..."""
    points: Annotated[int, Count(1, _LARGEST_NUMBER_OF_POINTS)] | None = None
    """Number of points of a sampled design."""
    csv: str | None = None
    """File beside this one whose columns are dotted paths and whose rows are points."""
    arms: dict[str, dict[str, Value]] = written({"all": {}})
    """Name -> values by dotted path; arms share points and random numbers."""
    replicates: Annotated[int, Count(1, 100_000)] = 1
    """Runs of every point in every arm, each with a seed of its own."""
    shared_seeds: bool = False
    """Whether all points of a replicate have one seed, hence the same random numbers."""
    outcomes: tuple[str, ...] = ()
    """What is told of every run, all that is known if not given; of an assay columns of its
    results."""
    seed: Seed = 1

    @pydantic.model_validator(mode="after")
    def _check_contradictions(self) -> "SweepFile":
        found = list(_problems(self))
        if found:
            raise contradictions(found)
        return self


def _problems(sweep: SweepFile) -> list[Problem]:
    found: list[Problem] = []
    is_sampled = sweep.design in SAMPLED
    if sweep.csv is not None and (sweep.vary or is_sampled):
        found.append((("csv",), "holds the points: leave out vary and design"))
    if is_sampled and sweep.points is None:
        found.append((("points",), f"is missing: how many points {sweep.design} draws"))
    if not is_sampled and sweep.points is not None:
        found.append((("points",), f"belongs to a sampled design, not to {sweep.design}"))
    if not sweep.arms:
        found.append((("arms",), "is empty: leave it out, or name one arm"))
    lengths = set()
    for path, variation in sweep.vary.items():
        if is_sampled and not isinstance(variation, Range):
            found.append((("vary", path), f"{sweep.design} needs a range {_UNIT_INTERVAL}"))
        if not is_sampled and isinstance(variation, Range):
            found.append((("vary", path), f"a range needs the design {' or '.join(SAMPLED)}"))
        if isinstance(variation, tuple):
            lengths.add(len(variation))
    if sweep.design == "list" and len(lengths) > 1:
        found.append((("vary",), f"list takes values side by side, but there are {lengths}"))
    for arm in sweep.arms:
        if not arm.replace("-", "").replace("_", "").isalnum():
            found.append((("arms", arm), "must be letters, digits, - and _"))
    return found
