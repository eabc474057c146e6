"""How a parameter is declared: value, unit, range and source in one place.

A parameter class is a frozen dataclass whose fields come from :func:`parameter`; it stands next to
the process that uses it. The documentation table is made from the same metadata.
"""

import dataclasses
import itertools
import math
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple, Self

from abm import units
from abm.errors import ScenarioError


def parameter(
    default: float, *, unit: str = "", low: float = 0.0, high: float = math.inf, source: str
) -> Any:
    """Declare one number of a parameter class.

    ``unit`` is text that :mod:`abm.units` reads, empty for a dimensionless number; the closed range
    ``[low, high]`` is checked when an object is made. ``source`` is a citation, or "assumption A7"
    for an entry of docs/assumptions.md.
    """
    return dataclasses.field(
        default=default, metadata={"unit": unit, "low": low, "high": high, "source": source}
    )


class ParameterRow(NamedTuple):
    """One line of the parameter table."""

    name: str
    value: float
    unit: str
    low: float
    high: float
    source: str
    meaning: str


@dataclasses.dataclass(frozen=True, kw_only=True)
class ParameterSet:
    """Base of the parameter classes: range check, rows for the docs, overrides by name."""

    def __post_init__(self) -> None:
        for field in dataclasses.fields(self):
            if "low" not in field.metadata:
                continue
            value = getattr(self, field.name)
            low, high = field.metadata["low"], field.metadata["high"]
            if not (isinstance(value, (int, float)) and low <= value <= high):
                raise ScenarioError(
                    f"{type(self).__name__}.{field.name}: {value!r} must lie in "
                    f"[{low:g}, {high:g}] {field.metadata['unit']}".rstrip()
                )

    @classmethod
    def rows(cls) -> Iterator[ParameterRow]:
        """Yield the declared parameters in order; the meaning is the string under the field."""
        meanings = _field_docstrings(cls)
        for field in dataclasses.fields(cls):
            if "low" in field.metadata:
                yield ParameterRow(
                    field.name,
                    _number(field.default),
                    field.metadata["unit"],
                    field.metadata["low"],
                    field.metadata["high"],
                    field.metadata["source"],
                    meanings.get(field.name, ""),
                )

    def replaced(self, overrides: Mapping[str, Any]) -> Self:
        """Return a copy with some values changed; text such as ``"60 uM"`` is converted.

        Raises ScenarioError for an unknown name, a wrong dimension or a value out of range.
        """
        fields = {f.name: f for f in dataclasses.fields(self) if "low" in f.metadata}
        values = {}
        for name, value in overrides.items():
            if name not in fields:
                raise ScenarioError(
                    f"{type(self).__name__} has no parameter '{name}'"
                    f"{units.did_you_mean(name, fields)}"
                )
            unit = fields[name].metadata["unit"]
            values[name] = units.to_unit(value, unit, where=name)
        return dataclasses.replace(self, **values)


def _number(value: Any) -> float:
    return float(value)


def _field_docstrings(cls: type) -> dict[str, str]:
    """Read the string literals that stand under the fields of a class."""
    import ast
    import inspect
    import textwrap

    body = ast.parse(textwrap.dedent(inspect.getsource(cls))).body[0].body  # type: ignore[attr-defined]
    found = {}
    for field, text in itertools.pairwise(body):
        if not (isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name)):
            continue
        if isinstance(text, ast.Expr) and isinstance(text.value, ast.Constant):
            found[field.target.id] = " ".join(str(text.value.value).split())
    return found
