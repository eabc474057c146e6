"""Patient, doses, rules, and compounds of the dish."""

import dataclasses
import difflib
import re
from typing import Annotated, Any

import pydantic

from abm import units
from abm.pharmacology.compounds import COMPOUNDS
from abm.pharmacology.products import BRANDS
from scenarios.schema import names, treatment_names
from scenarios.schema.base import (
    Boolean,
    Count,
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

_SLIP = 0.85
"""Likeness of two names from which one is taken for a slip in the other."""
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


@dataclasses.dataclass(frozen=True)
class ProductName(Name):
    """Annotation: a product; spelling never chooses another drug, a brand is translated."""

    def read(self, value: Any) -> str:
        """Return the id or raise PydanticCustomError with that of the brand, or with all ids."""
        if isinstance(value, str) and value.lower() in self.allowed:
            return value.lower()
        text = str(value).lower()
        if text in BRANDS:
            raise problem(f"{shorten(value)}: is {BRANDS[text]!r} here")
        # Only a slip of the pen: asnase is not rasnase.
        near = difflib.get_close_matches(text, self.allowed, 1, _SLIP)
        is_slip = bool(near) and near[0][0] == text[0]
        tail = f"; did you mean {near[0]!r}?" if is_slip else f": {', '.join(self.allowed)}"
        raise problem(f"{shorten(value)}: is no known product{tail}")


class Dose(Model):
    """One product in one amount at one or several times."""

    product: Annotated[str, ProductName("product", names.PRODUCTS)]
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


Activity = Annotated[float, Quantity("IU/mL", 0.0, 100.0, "0 IU/mL", "100 IU/mL")]
"""Activity of the enzyme in plasma [IU/mL]."""


class Partner(Model):
    """A partner drug: ``{drug: vincristine, at: [1 d, 8 d]}`` or one that lasts.

    Steroids, antimetabolites and maintenance go from the one time in ``at`` to ``until``.
    """

    drug: Annotated[str, Name("partner drug", treatment_names.PARTNERS)]
    at: tuple[Time, ...]
    """Times of the doses [h], or the one time at which the drug starts."""
    until: Duration | None = None
    """Time at which it ends [h]; only for drugs that last."""


class Monitoring(Model):
    """A draw after each dose of a product, and what follows from its value.

    ``{draw: 7 d, after: pegaspargase, below: 0.1 IU/mL, do: switch, to: rylaze}``, or a published
    rule by name: ``{use: consensus}``.
    """

    use: Annotated[str, Name("rule of monitoring", treatment_names.MONITORING_RULES)] | None = None
    draw: Duration | None = None
    """Time from the dose to the draw [h]."""
    after: Annotated[str, Name("product", treatment_names.MONITORED)] | None = None
    below: Activity | None = None
    """Act on values below this [IU/mL]; with ``above`` the range that an adjusted dose aims at."""
    above: Activity | None = None
    """Act on values above this [IU/mL]."""
    do: Annotated[str, Name("action", treatment_names.MONITORING_ACTIONS)] = "note"
    to: Annotated[str, Name("product", treatment_names.SUBSTITUTES)] | None = None
    """Product after a switch."""
    every: Annotated[int, Count(1, 100)] = 1
    """Draw after every so many doses."""


class Treatment(Model):
    """Patient, doses, compounds and rules; all may be absent.

    What follows ``rules`` is for the body of a patient only.
    """

    patient: Patient | None = None
    doses: tuple[Dose, ...] = ()
    compounds: tuple[CompoundAddition, ...] = ()
    rules: tuple[Rule, ...] = ()
    protocol: Annotated[str, Name("protocol", tuple(treatment_names.PROTOCOLS))] | None = None
    """Published protocol whose doses and partner drugs come before those given here."""
    arm: str | None = None
    """Arm of the protocol; without it the first."""
    partners: tuple[Partner, ...] = ()
    variability: Annotated[str, Name("variability", treatment_names.VARIABILITIES)] = "typical"
    """Whether kinetics, assay and partner drugs are those of the typical patient, or drawn."""
    antibodies: Boolean = False
    """Whether exposure raises antibodies, with allergy and silent inactivation."""
    toxicity: Boolean = False
    """Whether toxicities interrupt or end the enzyme."""
    dose_cap: Annotated[float, Quantity("IU", 1.0, 1e9, "1 IU", "1e9 IU")] | None = None
    """Largest single dose of pegylated enzyme [IU], e.g. 3750 IU (one vial)."""
    monitoring: tuple[Monitoring, ...] = ()
    switch_to: Annotated[str, Name("product", (*treatment_names.SUBSTITUTES, "none"))] = "none"
    """Product after an allergy or a found inactivation."""
    phase_effect: Boolean = False
    """Whether pegaspargase is removed more slowly after induction (extended BFM model)."""
