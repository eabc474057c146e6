"""Patient, doses, rules, and compounds of the dish."""

import re
from typing import Annotated, Any

import pydantic

from abm import units
from abm.pharmacology.compounds import COMPOUNDS
from scenarios.schema import names
from scenarios.schema.base import (
    Duration,
    Model,
    Name,
    Quantity,
    Time,
    is_quantity,
    problem,
    shorten,
    spell_powers,
)

_AMOUNT_UNITS = ("IU/m2", "IU/kg", "IU/mL", "IU")
_CONDITION = re.compile(r"\s*([A-Za-z_]+)\s*(<=|>=|<|>)\s*([0-9.]+(?:[eE][+-]?\d{1,3})?)\s*")


class Patient(Model):
    """Whom the doses are given to."""

    bsa: Annotated[float, Quantity("m**2", 0.15, 3.0, "0.15 m2", "3 m2")] | None = None
    """Body surface area [m2]."""
    weight: Annotated[float, Quantity("kg", 2.0, 250.0, "2 kg", "250 kg")] | None = None
    """Body weight [kg]."""
    age: Annotated[float, Quantity("year", 0.0, 120.0, "0 yr", "120 yr")] | None = None
    """Age [yr]."""
    sex: Annotated[str, Name("sex", ("f", "m"))] | None = None


class Amount(Model):
    """An amount of enzyme; ``unit`` is one of IU/m2, IU/kg, IU, IU/mL."""

    value: float
    unit: str


def read_amount(value: Any) -> Amount:
    """Read an amount of enzyme as text with its unit; raises PydanticCustomError."""
    if isinstance(value, Amount):
        return value
    hint = f"write one of {', '.join(_AMOUNT_UNITS)}, e.g. 2500 IU/m2"
    if not isinstance(value, str):
        raise problem(f"{shorten(value)}: has no unit: {hint}")
    if not is_quantity(value):
        raise problem(f"{shorten(value)}: is not one number with a unit: {hint}")
    registry = units.registry()
    try:
        parsed = registry.Quantity(spell_powers(value))
        unit = next(u for u in _AMOUNT_UNITS if parsed.is_compatible_with(spell_powers(u)))
    except Exception:  # the parser of the unit library raises many kinds
        raise problem(f"{shorten(value)}: is no dose in a known unit: {hint}") from None
    number = float(parsed.to(spell_powers(unit)).magnitude)
    if not 0.0 <= number <= 1e9:
        raise problem(f"{shorten(value)}: must be >= 0 {unit} and <= 1e9 {unit}")
    return Amount(value=number, unit=unit)


DoseAmount = Annotated[
    Amount,
    pydantic.PlainValidator(read_amount, json_schema_input_type=str),
    pydantic.PlainSerializer(lambda amount: f"{amount.value!r} {amount.unit}", return_type=str),
]


class Dose(Model):
    """One product in one amount at one or several times."""

    product: Annotated[str, Name("product", names.PRODUCTS)]
    preset: str | None = None
    """Kinetics of the product by name; without it the product's default."""
    amount: DoseAmount
    route: Annotated[str, Name("route", names.ROUTES)] | None = None
    at: tuple[Time, ...]
    """Times of the doses [h]."""
    infusion: Duration | None = None
    """Duration over which each dose runs in [h]; without it the dose is at once."""


class CompoundAddition(Model):
    """One compound in the medium from a time on: ``{compound: mso, concentration: 1 mM, at: 0 h}``.

    It stays until the end of the run unless ``until`` says when it is taken out; changes of medium
    in between dilute it.
    """

    compound: Annotated[str, Name("compound", tuple(COMPOUNDS))]
    concentration: Annotated[float, Quantity("uM", 0.0, 1e6, "0 uM", "1 M")]
    """Concentration around the cells just after the addition [uM]."""
    at: Time
    """Time of the addition [h]; the founders were brought to rest without it."""
    until: Duration | None = None
    """Time at which it is gone at once [h]."""


class Condition(Model):
    """A count compared with a number, e.g. ``n_cells < 1000``."""

    text: str
    count: str
    comparison: str
    value: float


def _read_condition(value: Any) -> Condition:
    if isinstance(value, Condition):
        return value
    match = _CONDITION.fullmatch(value) if isinstance(value, str) and len(value) < 80 else None
    if match is None:
        raise problem(f"{shorten(value)}: must be COUNT < NUMBER, e.g. n_cells < 1000")
    if match[1] not in names.COUNTS:
        tail = units.did_you_mean(match[1], names.COUNTS)
        raise problem(f"{shorten(value)}: '{match[1]}' is no count{tail}")
    try:
        number = float(match[3])
    except ValueError:
        raise problem(f"{shorten(value)}: '{match[3]}' is no number") from None
    return Condition(text=value, count=match[1], comparison=match[2], value=number)


class Rule(Model):
    """What to do with doses while a condition holds: pause, resume or skip them."""

    when: Annotated[
        Condition,
        pydantic.PlainValidator(_read_condition, json_schema_input_type=str),
        pydantic.PlainSerializer(lambda condition: condition.text, return_type=str),
    ]
    do: Annotated[str, Name("action", names.ACTIONS)]


class Treatment(Model):
    """Patient, doses, compounds and rules; all may be absent."""

    patient: Patient | None = None
    doses: tuple[Dose, ...] = ()
    compounds: tuple[CompoundAddition, ...] = ()
    rules: tuple[Rule, ...] = ()
