"""The strict base of all scenario models, and number types that read units as text."""

import dataclasses
import re
from typing import Annotated, Any

import pydantic
from pydantic_core import PydanticCustomError, core_schema

from abm import units
from abm.errors import ScenarioError

_NUMBER = r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,3})?"
_UNIT = r"[A-Za-z%\u00b5\u03bc]+(?:(?:\^|\*\*)?-?[1-3])?"
_QUANTITY = re.compile(rf"\s*{_NUMBER}\s*(?:(?:1\s*/\s*)?{_UNIT}(?:\s*[*/ ]\s*{_UNIT})*)?\s*")
_POWER = re.compile(r"([A-Za-z])(-?[1-3])(?![0-9])")
_LONGEST_QUANTITY = 60
_MEANINGS = {
    "um": ("a length", "20 um"),
    "pL": ("a volume", "100 uL"),
    "hour": ("a time", "6 h"),
    "1/hour": ("a rate", "0.5 1/s"),
    "m**2": ("a body surface", "0.79 m2"),
    "year": ("an age", "6 yr"),
    "kg": ("a body weight", "20 kg"),
    "uM": ("a concentration", "50 uM"),
    "uM/minute": ("an input into plasma", "0.75 uM/min"),
    "IU/mL": ("an enzyme activity", "0.1 IU/mL"),
    "IU": ("an amount of enzyme", "3750 IU"),
    "": ("a bare number", "0.25"),
}


class Model(pydantic.BaseModel):
    """Frozen, without unknown keys; defaults are read like the author's own text."""

    model_config = pydantic.ConfigDict(frozen=True, extra="forbid", validate_default=True)


def written(default: Any) -> Any:
    """Declare a default as an author would write it; it is read like any other text."""
    return pydantic.Field(default)


def problem(message: str) -> PydanticCustomError:
    """Return an error whose text is shown as it stands, braces included."""
    return PydanticCustomError("scenario", "{text}", {"text": message})


def spell_powers(text: str) -> str:
    """Write ``m2`` as ``m**2``, which is what the unit library reads."""
    number = re.match(rf"\s*{_NUMBER}", text)
    start = number.end() if number else 0
    return text[:start] + _POWER.sub(r"\1**\2", text[start:])


def is_quantity(text: str) -> bool:
    """Tell whether ``text`` is one number with or without a unit, short and without arithmetic."""
    return len(text) <= _LONGEST_QUANTITY and _QUANTITY.fullmatch(text) is not None


def show_time(hours: float) -> str:
    """Write a time as an author would: in days from two days on, in minutes below an hour."""
    if abs(hours) >= 48.0:
        return f"{hours / 24.0:g} d"
    return f"{hours:g} h" if abs(hours) >= 1.0 or hours == 0.0 else f"{hours * 60.0:g} min"


def quantity(value: Any, unit: str) -> float:
    """Convert text such as ``"20 um"`` to a float in ``unit``.

    Only one number and one product of units get as far as the unit library, which would evaluate
    arithmetic such as ``9**9**9``. Raises PydanticCustomError.
    """
    meaning, example = _MEANINGS[unit]
    hint = f"write {meaning}, e.g. {example}"
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        raise problem(f"{shorten(value)}: is no number: {hint}")
    if isinstance(value, str) and not is_quantity(value):
        raise problem(f"{shorten(value)}: is not one number with a unit: {hint}")
    if not isinstance(value, str) and unit:
        raise problem(f"{shorten(value)}: has no unit: {hint}")
    try:
        text = spell_powers(value) if isinstance(value, str) else value
        return units.to_unit(text, unit, where="")
    except ScenarioError as error:
        cause = str(error).removeprefix(": ")
        if "cannot convert" in cause:
            cause = "wrong unit, cannot convert" + cause.split("cannot convert", 1)[1]
        elif "finite" in cause:
            cause = "must be finite"
        else:
            cause = "this unit is not known"
        raise problem(f"{shorten(value)}: {cause}: {hint}") from None
    except OverflowError:
        raise problem(f"{shorten(value)}: must be finite: {hint}") from None


def shorten(value: Any) -> str:
    """Show a value in an error message, at most 60 characters on one line."""
    if isinstance(value, dict):
        return "a mapping with " + ", ".join(str(key)[:20] for key in list(value)[:4])
    if isinstance(value, list):
        return f"a list of {len(value)}"
    try:
        text = repr(value)
    except ValueError:
        return "an integer of thousands of digits"
    return text if len(text) <= 60 else text[:56] + "..." + text[-1]


@dataclasses.dataclass(frozen=True)
class Quantity:
    """Annotation: text with a unit becomes a float in ``unit`` within ``[low, high]``.

    ``low_text`` and ``high_text`` state the bounds in the unit an author would use;
    ``is_open`` excludes the lower bound itself.
    """

    unit: str
    low: float = 0.0
    high: float = float("inf")
    low_text: str = "0"
    high_text: str = ""
    is_open: bool = False

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> core_schema.CoreSchema:
        return core_schema.no_info_plain_validator_function(self.read)

    def __get_pydantic_json_schema__(self, schema: Any, handler: Any) -> dict[str, Any]:
        if self.unit:
            return {"type": "string", "x-unit": self.unit, "examples": [_MEANINGS[self.unit][1]]}
        limits: dict[str, float] = {"exclusiveMinimum" if self.is_open else "minimum": self.low}
        if self.high != float("inf"):
            limits["maximum"] = self.high
        return {"anyOf": [{"type": "number", **limits}, {"type": "string"}], "x-unit": ""}

    def read(self, value: Any) -> float:
        """Return the float in the internal unit or raise PydanticCustomError."""
        number = quantity(value, self.unit)
        is_low = number <= self.low if self.is_open else number < self.low
        if is_low or number > self.high:
            raise problem(f"{shorten(value)}: must be {self.rule()}")
        return number

    def rule(self) -> str:
        """State the bounds in words."""
        low = f"{'>' if self.is_open else '>='} {self.low_text}"
        return f"{low} and <= {self.high_text}" if self.high_text else low


@dataclasses.dataclass(frozen=True)
class Count:
    """Annotation: a whole number in ``[low, high]``; 2e4 is taken, 2.5 and true are not."""

    low: int
    high: int
    remedy: str = ""
    """What to do instead of a number that is too small."""

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> core_schema.CoreSchema:
        return core_schema.no_info_plain_validator_function(self.read)

    def __get_pydantic_json_schema__(self, schema: Any, handler: Any) -> dict[str, Any]:
        return {"type": "integer", "minimum": self.low, "maximum": self.high}

    def read(self, value: Any) -> int:
        """Return the whole number or raise PydanticCustomError."""
        is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
        if not is_number or value != value or value in (float("inf"), -float("inf")):
            raise problem(f"{shorten(value)}: must be a whole number, e.g. {max(self.low, 1)}")
        if value != int(value):
            raise problem(f"{shorten(value)}: must be a whole number, e.g. {int(value)}")
        if not self.low <= value <= self.high:
            bound = f"least {self.low:,}" if value < self.low else f"most {self.high:,}"
            remedy = f": {self.remedy}" if self.remedy and value < self.low else ""
            raise problem(f"{shorten(value)}: must be at {bound}{remedy}")
        return int(value)


def _strict_bool(value: Any) -> bool:
    if not isinstance(value, bool):
        raise problem(f"{shorten(value)}: must be true or false")
    return value


@dataclasses.dataclass(frozen=True)
class Name:
    """Annotation: one of a few known names; the case of letters does not count."""

    kind: str
    allowed: tuple[str, ...]

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> core_schema.CoreSchema:
        return core_schema.no_info_plain_validator_function(self.read)

    def __get_pydantic_json_schema__(self, schema: Any, handler: Any) -> dict[str, Any]:
        return {"type": "string", "enum": list(self.allowed)}

    def read(self, value: Any) -> str:
        """Return the name or raise PydanticCustomError with the nearest or all allowed ones."""
        found = [name for name in self.allowed if name.lower() == str(value).lower()]
        if not isinstance(value, str) or not found:
            tail = units.did_you_mean(str(value)[:80], self.allowed)
            raise problem(f"{shorten(value)}: is no known {self.kind}{tail}")
        return found[0]


Boolean = Annotated[bool, pydantic.PlainValidator(_strict_bool, json_schema_input_type=bool)]
Fraction = Annotated[float, Quantity("", 0.0, 1.0, "0", "1")]
PositiveFraction = Annotated[float, Quantity("", 0.0, 1.0, "0", "1", is_open=True)]
Probability = Fraction
Variation = Annotated[float, Quantity("", 0.0, 2.0, "0", "2")]
Time = Annotated[float, Quantity("hour", 0.0, 87_660.0, "0 h", "10 yr")]
Duration = Annotated[float, Quantity("hour", 0.0, 87_660.0, "0 h", "10 yr", is_open=True)]
Rate = Annotated[float, Quantity("1/hour", 0.0, 1e6, "0 1/h", "1e6 1/h")]
Length = Annotated[float, Quantity("um", 0.0, 1e6, "0 um", "1 m", is_open=True)]
Volume = Annotated[float, Quantity("pL", 1e3, 1e12, "1 nL", "1 L")]
