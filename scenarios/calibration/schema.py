"""What a calibration file may hold: parameters, targets and settings of the search."""

from typing import Annotated, Any, Literal

import pydantic

from abm.kernels.cell_layout import CellState
from abm.observe_wells import STATE_COLUMNS
from abm.processes.cell_vector import CellSwitches
from abm.units import did_you_mean
from scenarios.schema import names
from scenarios.schema.base import (
    Boolean,
    Count,
    Duration,
    Model,
    Name,
    Quantity,
    Time,
    Volume,
    problem,
    shorten,
    written,
)
from scenarios.schema.cells import Genotype, Line
from scenarios.schema.document import Document, Problem, contradictions
from scenarios.schema.environment import Medium, Serum
from scenarios.studies.schema import Activities, Activity

LARGEST_SEED = 2**31 - 1
COUNTS = ("count", "viability", "net_growth", "growth", "hazard", "ic50")
"""What a culture gives beside the means of its cell states."""
QUANTITIES = (*COUNTS, *(STATE_COLUMNS[row] for row in CellState))
REFERENCES = ("nothing", "start", "untreated", "parental", "loss")
"""What a reading is divided by; ``loss`` is the share of a loss that the last phase restores."""
_SWITCHES = tuple(row.name for row in CellSwitches.rows())

Number = Annotated[float, Quantity("", -1e12, 1e12, "-1e12", "1e12")]
Positive = Annotated[float, Quantity("", 0.0, 1e12, "0", "1e12", is_open=True)]
Factor = Annotated[float, Quantity("", 1.0, 1e3, "1", "1000", is_open=True)]
DoublingTime = Annotated[float, Quantity("hour", 1.0, 87_660.0, "1 h", "10 yr")]
Gain = Annotated[float, Quantity("", 1.0, 1e3, "1", "1000")]


def _read_text_or_number(value: Any) -> str | float:
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        raise problem(f"{shorten(value)}: must be a number, with its unit where it has one")
    return value if isinstance(value, str) else float(value)


Amount = Annotated[str | float, pydantic.PlainValidator(_read_text_or_number)]
"""A number in the unit of a parameter, read when the parameter is known."""


class Parameter(Model):
    """One parameter that varies, on a log scale."""

    prior: Amount | None = None
    """Centre of the prior; the default of the package if not given."""
    start: Amount | None = None
    """Where the search begins; the default of the package, kept within the bounds, if not given."""
    spread: Factor | None = None
    """Standard deviation of the prior as a factor; flat within ``bounds`` if not given."""
    bounds: tuple[Amount, Amount] | None = None
    """Least and largest value; three standard deviations of the prior if not given."""


class Phase(Model):
    """A stretch of time in one medium."""

    hours: Duration
    medium: Medium
    serum: Serum = written({"fraction": 0.0})


def _check_switches(value: dict[str, float]) -> dict[str, float]:
    for name in value:
        if name not in _SWITCHES:
            raise problem(f"{shorten(name)}: is no known switch{did_you_mean(name, _SWITCHES)}")
    return value


class Culture(Model):
    """A mean cell of one genotype, in media that do not change or in a closed well."""

    line: Line
    doubling_time: DoublingTime | None = None
    """Doubling time in RPMI-1640 [h] to which the translation rate is solved; that of the line if
    not given."""
    methylated_alleles: Annotated[int, Count(0, 2)] | None = None
    gain: Gain = 1.0
    """Copies of the ASNS gene over those of the line."""
    genotype: Genotype = written({})
    switches: Annotated[
        dict[str, Annotated[float, Quantity("", 0.0, 10.0, "0", "10")]],
        pydantic.AfterValidator(_check_switches),
    ] = written({})
    """Inhibitors from time 0 on; the cells stood without them before."""
    medium: Medium = written("RPMI-1640")
    """In which the cells stood before time 0, and stay where no phase is given."""
    serum: Serum = written({"fraction": 0.0})
    phases: tuple[Phase, ...]
    """Media one after the other from time 0 on."""
    closed: Boolean = False
    """Whether cells and enzyme use the medium up; else it stays as it is."""
    cells_per_well: Annotated[int, Count(1, 100_000_000)] = 7500
    well_volume: Volume = written("100 uL")
    product: Annotated[str, Name("product", names.PRODUCTS)] = "e-coli"
    enzyme: Activity | None = None
    """Activity in a closed well [IU/mL]."""
    doses: Activities | None = None
    """Activities of a dose series in closed wells [IU/mL]."""

    def problems(self) -> list[Problem]:
        """Return what contradicts itself."""
        found: list[Problem] = []
        if not self.phases:
            found.append((("phases",), "is empty: give at least one phase with hours and medium"))
        if self.enzyme is not None and self.doses is not None:
            found.append((("enzyme",), "does not go with doses: leave one out"))
        if not self.closed and (self.enzyme is not None or self.doses is not None):
            key = "enzyme" if self.enzyme is not None else "doses"
            found.append(((key,), "acts in a closed well only: add closed: true"))
        if self.closed and len(self.phases) > 1:
            found.append((("phases",), "a closed well has one phase: its medium is used up"))
        return found

    @property
    def hours(self) -> float:
        """Time of the last phase's end [h]."""
        return sum(phase.hours for phase in self.phases)


class FromTable(Model):
    """A run of a bundled or own assay or scenario, and the number that is read from its table."""

    name: str
    """Bundled name or file, as of ``asnsim run``."""
    settings: Annotated[tuple[str, ...], pydantic.Field(alias="set")] = ()
    """Texts ``path=value`` as of ``--set``."""
    column: str
    """Column of the results of the assay, or of the readings of the wells of the scenario."""
    where: dict[str, str | float | int] = written({})
    """Values that other columns must have."""
    at: Time | None = None
    """When the wells of a scenario are read [h]; at the end if not given."""


class Read(Model):
    """Which number a culture gives."""

    quantity: Annotated[str, Name("quantity", QUANTITIES)]
    at: Time | None = None
    """Time after the start [h]; the end if not given."""
    relative_to: Annotated[str, Name("reference", REFERENCES)] = "nothing"


class Target(Model):
    """One published number and the experiment that must give it."""

    id: str
    row: str = ""
    """Row of the validation table that the number belongs to."""
    culture: Culture | None = None
    read: Read | None = None
    assay: FromTable | None = None
    scenario: FromTable | None = None
    value: Number | None = None
    """Published value."""
    at_least: Number | None = None
    at_most: Number | None = None
    sd: Positive
    """Standard deviation of the value, or how far beyond a bound counts as one; of the natural
    logarithm where ``scale`` is log."""
    scale: Literal["linear", "log"] = "linear"
    source: str

    def problems(self) -> list[Problem]:
        """Return what contradicts itself."""
        found: list[Problem] = []
        n_ways = sum(one is not None for one in (self.culture, self.assay, self.scenario))
        if n_ways != 1:
            found.append((("id",), f"{self.id}: needs one of culture, assay or scenario"))
        if (self.culture is None) != (self.read is None):
            found.append((("read",), "goes with culture, and a culture needs it"))
        if self.culture is not None:
            found += [(("culture", *path), text) for path, text in self.culture.problems()]
        return found + self._check_numbers() + ([] if found else self._check_reading())

    def _check_numbers(self) -> list[Problem]:
        numbers = (self.value, self.at_least, self.at_most)
        if all(number is None for number in numbers):
            return [(("id",), f"{self.id}: has no value: give value, at_least or at_most")]
        if self.value is not None and (self.at_least is not None or self.at_most is not None):
            return [(("value",), "does not go with at_least or at_most: leave one out")]
        if self.at_least is not None and self.at_most is not None and self.at_least > self.at_most:
            text = f"{self.at_least:g} lies above at_most, {self.at_most:g}: swap them"
            return [(("at_least",), text)]
        if self.scale == "log" and any(number is not None and number <= 0.0 for number in numbers):
            return [(("scale",), "log needs published numbers above 0")]
        return []

    def _check_reading(self) -> list[Problem]:
        if self.culture is None or self.read is None:
            return []
        found: list[Problem] = []
        end = self.culture.hours
        if self.read.at is not None and self.read.at > end + 1e-9:
            text = f"{self.read.at:g} h is after the end of the phases, {end:g} h"
            found.append((("read", "at"), text))
        is_series = self.culture.doses is not None
        if (self.read.quantity == "ic50") != is_series:
            found.append((("read", "quantity"), "ic50 goes with doses, and doses with ic50"))
        if self.read.quantity == "ic50" and self.read.relative_to not in ("nothing", "parental"):
            text = "an ic50 is relative to nothing or to parental cells"
            found.append((("read", "relative_to"), text))
        if self.read.relative_to == "loss" and len(self.culture.phases) < 2:
            found.append((("read", "relative_to"), "loss needs a phase before the last one"))
        return found


class Optimiser(Model):
    """Settings of the search."""

    trials: Annotated[int, Count(1, 1_000_000)] = 100
    """Sampled points, the start among them."""
    startup: Annotated[int, Count(1, 100_000)] = 16
    """Of these, drawn from the prior around the start before the sampler learns."""
    batch: Annotated[int, Count(1, 1000)] = 4
    """Points that are drawn together; at most so many workers have something to do."""
    refinements: Annotated[int, Count(0, 100)] = 4
    """Gauss-Newton steps from the best point when the sampled points are done."""
    step: Annotated[float, Quantity("", 1e-4, 0.2, "1e-4", "0.2")] = 0.02
    """Half distance of the central differences, on the log scale."""


class Calibration(Document):
    """A whole calibration file."""

    asnsim: Literal[1]
    calibration: str
    """Name of the calibration."""
    description: str = ""
    sources: tuple[str, ...] = ()
    seed: Annotated[int, Count(0, LARGEST_SEED)] = 1
    parameters: dict[str, Parameter]
    targets: tuple[Target, ...]
    optimiser: Optimiser = written({})

    @pydantic.model_validator(mode="after")
    def _check(self) -> "Calibration":
        found: list[Problem] = []
        if not self.parameters:
            found.append((("parameters",), "is empty: name at least one parameter to vary"))
        if not self.targets:
            found.append((("targets",), "is empty: give at least one target"))
        seen: set[str] = set()
        for index, target in enumerate(self.targets):
            problems = target.problems()
            if target.id in seen:
                problems.append((("id",), f"'{target.id}' is given twice: rename one"))
            seen.add(target.id)
            found += [(("targets", index, *path), text) for path, text in problems]
        if found:
            raise contradictions(found)
        return self
