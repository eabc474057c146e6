"""What an assay file may hold: frozen models with units, strict like those of scenarios.

This file has what assays share; each family adds its own keys in its own file.
"""

from typing import Annotated, Any, Literal

import pydantic

from scenarios.schema import names
from scenarios.schema.base import (
    Boolean,
    Count,
    Duration,
    Name,
    Quantity,
    Time,
    Volume,
    problem,
    shorten,
    written,
)
from scenarios.schema.cells import Line
from scenarios.schema.document import Document, Seed, contradictions
from scenarios.schema.environment import Medium, Serum
from scenarios.schema.treatment import Amount, read_amount

FEWEST_DOSES = 4
"""A curve of four parameters needs as many doses above zero."""


def one_or_several(value: Any) -> Any:
    """Take one value for a list of one."""
    return value if isinstance(value, (list, tuple)) else (value,)


def _distinct(values: tuple[Any, ...]) -> tuple[Any, ...]:
    if not values:
        raise problem("is empty: give at least one")
    if len(set(map(repr, values))) < len(values):
        raise problem("names something twice: name each once")
    return values


def _read_activity(value: Any) -> float:
    if isinstance(value, float):
        return value
    amount: Amount = read_amount(value)
    if amount.unit != "IU/mL":
        raise problem(f"{shorten(value)}: must be an activity in IU/mL, e.g. 1 IU/mL")
    return amount.value


def _read_positive_activity(value: Any) -> float:
    number = _read_activity(value)
    if number <= 0.0:
        raise problem(f"{shorten(value)}: must be > 0 IU/mL")
    return number


_WRAP = pydantic.BeforeValidator(one_or_several)
_DISTINCT = pydantic.AfterValidator(_distinct)

Lines = Annotated[tuple[Line, ...], _WRAP, _DISTINCT]
Product = Annotated[str, Name("product", names.PRODUCTS)]
Products = Annotated[tuple[Product, ...], _WRAP, _DISTINCT]
Activity = Annotated[float, pydantic.PlainValidator(_read_activity, json_schema_input_type=str)]
"""Enzyme activity in the well [IU/mL]."""
PositiveActivity = Annotated[
    float, pydantic.PlainValidator(_read_positive_activity, json_schema_input_type=str)
]
Activities = Annotated[tuple[Activity, ...], _WRAP, _DISTINCT]
Hours = Annotated[tuple[Duration, ...], _WRAP, _DISTINCT]
"""Reading times after treatment [h]."""
Times = Annotated[tuple[Time, ...], _WRAP, _DISTINCT]
_Alleles = Annotated[int, Count(0, 2)]
Alleles = Annotated[tuple[_Alleles, ...], _WRAP, _DISTINCT]
_Concentration = Annotated[float, Quantity("uM", 0.0, 1e6, "0 uM", "1 M")]
Concentrations = Annotated[tuple[_Concentration, ...], _WRAP, _DISTINCT]


class Assay(Document):
    """What every assay has."""

    asnsim: Literal[1]
    """Version of the format."""
    assay: str
    """Family of the assay."""
    description: str = ""
    sources: tuple[str, ...] = ()
    seed: Seed = 1

    _name: str = pydantic.PrivateAttr("assay")


class CultureAssay(Assay):
    """An assay on cells in a plate: line, medium, density, wells, reading times."""

    line: Lines
    medium: Medium = written("RPMI-1640")
    serum: Serum = written({"fraction": 0.1})
    cells_per_well: Annotated[int, Count(1, 100_000_000)] = 7500
    """Cells seeded into a real well."""
    well_volume: Volume = written("100 uL")
    """Medium of a real well [pL]."""
    agents_per_well: Annotated[int, Count(10, 100_000)] = 200
    """Cells that are simulated; the volume of the simulated well keeps the density."""
    replicates: Annotated[int, Count(1, 1000)] = 3
    """Wells of each condition."""
    hours: Hours
    """Reading times after the start of treatment [h]."""
    has_noise: Boolean = True
    """Whether seeding and instruments have noise."""
    parameters: dict[str, str | int | float] = written({})

    @property
    def simulated_volume(self) -> float:
        """Volume of the simulated well [pL]."""
        return self.well_volume * self.agents_per_well / self.cells_per_well

    @property
    def cells_per_agent(self) -> float:
        """Real cells that one agent stands for in a reading."""
        return self.cells_per_well / self.agents_per_well


class DoseSeries(CultureAssay):
    """A serial dilution of asparaginase with vehicle wells."""

    product: Products = written(["e-coli"])
    highest_dose: PositiveActivity = written("10 IU/mL")
    """Activity in the first well of the dilution [IU/mL]."""
    dilution_factor: Annotated[float, Quantity("", 1.0, 1e3, "1", "1000", is_open=True)] = 4.0
    n_doses: Annotated[int, Count(1, 48)] = 12
    """Doses beside the vehicle."""

    @pydantic.model_validator(mode="after")
    def _check_series(self) -> "DoseSeries":
        if self.n_doses < FEWEST_DOSES:
            text = (
                f"{self.n_doses}: a dose series of {self.n_doses} "
                f"point{'s' * (self.n_doses > 1)} gives no curve: at least {FEWEST_DOSES}"
            )
            raise contradictions([(("n_doses",), text)])
        return self

    @property
    def dose_factors(self) -> tuple[float, ...]:
        """Vehicle first, then the doses from lowest to highest, over the highest dose."""
        powers = range(self.n_doses - 1, -1, -1)
        return (0.0, *(self.dilution_factor**-power for power in powers))
