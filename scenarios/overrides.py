"""Parameter overrides of a scenario: ``parameters: {cell.half_charging: 60 uM}``."""

from collections.abc import Mapping
from typing import Any, TypeVar

from abm.errors import ScenarioError
from abm.parameters import ParameterSet
from abm.units import did_you_mean

P = TypeVar("P", bound=ParameterSet)


class Overrides:
    """Values by dotted path ``group.name``, handed out group by group.

    Raises ScenarioError for a path without a group, for a group or name that nothing asked for.
    """

    def __init__(self, values: Mapping[str, Any]) -> None:
        self._by_group: dict[str, dict[str, Any]] = {}
        self._known: set[str] = set()
        for path, value in values.items():
            group, dot, name = path.rpartition(".")
            if not dot or not group or not name:
                raise ScenarioError(
                    f"parameters.{path}: write group.name, e.g. cell.half_charging: 60 uM"
                )
            self._by_group.setdefault(group, {})[name] = value

    def apply(self, group: str, defaults: P) -> P:
        """Return the parameters of a group with the overrides in place."""
        self._known.add(group)
        try:
            return defaults.replaced(self._by_group.get(group, {}))
        except ScenarioError as error:
            raise ScenarioError(f"parameters.{group}: {error}") from None

    def refuse_unused(self) -> None:
        """Raise ScenarioError for the first group that no part of the model has."""
        for group in self._by_group:
            if group not in self._known:
                raise ScenarioError(
                    f"parameters: no group '{group}'{did_you_mean(group, self._known)}"
                )
