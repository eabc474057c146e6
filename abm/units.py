"""Units as text at the border, plain floats inside.

Internal units: uM (concentration, inside and outside a cell), h (rates), tick (time), um (length),
pL (volume), fmol (amount), IU/mL (enzyme activity; 1 IU/mL = 1000 uM/min at saturation).
"""

import difflib
import functools
from collections.abc import Iterable
from typing import Any

from abm.errors import ScenarioError

UM_PER_HOUR_PER_IU_PER_ML = 60_000.0
"""Turnover of 1 IU/mL: 1 umol/min/mL = 1000 uM/min."""

FMOL_PER_UM_PL = 1e-3
"""Amount in fmol of 1 uM in 1 pL."""

MINUTES_PER_HOUR = 60.0
HOURS_PER_DAY = 24.0


@functools.cache
def registry() -> Any:
    """Return the pint registry; IU is a dimension of its own, so IU/L never passes for 1/L."""
    import pint

    unit_registry: Any = pint.UnitRegistry(cache_folder=None)
    unit_registry.define("international_unit = [enzyme_activity] = IU")
    return unit_registry


def to_unit(value: Any, unit: str, *, where: str = "value") -> float:
    """Convert ``"60 uM"`` (text with a unit) to a float in ``unit``.

    A bare number is accepted only where ``unit`` is empty. Raises ScenarioError that names
    ``where``, the value and the unit that is expected.
    """
    import pint

    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        raise ScenarioError(f"{where}: expected a {_kind(unit)}, got {value!r}")
    if isinstance(value, (int, float)):
        if unit:
            raise ScenarioError(
                f"{where}: {value!r} has no unit; write it as text with one, e.g. '{value} {unit}'"
            )
        number = float(value)
    else:
        try:
            quantity = registry().Quantity(value)
            number = float(quantity.to(unit or "dimensionless").magnitude)
        except pint.DimensionalityError as error:
            raise ScenarioError(
                f"{where}: '{value}' is not a {_kind(unit)}: cannot convert "
                f"{error.units1} to {unit or 'a bare number'}"
            ) from None
        except Exception:  # the parser of the unit library raises many kinds
            raise ScenarioError(
                f"{where}: cannot read '{value}' as a {_kind(unit)}, e.g. '1 {unit}'".replace(
                    "1 '", "1'"
                )
            ) from None
    if number != number or number in (float("inf"), float("-inf")):
        raise ScenarioError(f"{where}: {value!r} is not a finite number")
    return number


def _kind(unit: str) -> str:
    return f"quantity in {unit}" if unit else "bare number"


def did_you_mean(name: str, allowed: Iterable[str]) -> str:
    """Return a tail for an error message: the nearest allowed name, else the list of all.

    The case of letters does not count.
    """
    spelled = {one.lower(): one for one in allowed}
    close = difflib.get_close_matches(name.lower(), spelled, n=1)
    if close:
        return f"; did you mean '{spelled[close[0]]}'?"
    return f"; allowed: {', '.join(sorted(spelled.values()))}"
