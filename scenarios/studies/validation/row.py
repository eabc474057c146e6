"""One row of the validation table, what it needs to run, and what came out."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from scenarios.studies.validation.context import Context


class Tier(StrEnum):
    """What a row is held against."""

    T1 = "T1"
    """Exact theory."""
    T2 = "T2"
    """Kinetics of the drug in patients."""
    T3 = "T3"
    """Biology of cells."""


class Kind(StrEnum):
    """What a pass of a row is worth."""

    THEORY = "theory"
    """A formula or a table that is exact."""
    CALIBRATION = "calibration"
    """The published number was used to choose a parameter; a pass shows that it can be met."""
    VALIDATION = "validation"
    """A published number that chose no parameter."""
    ORDERING = "ordering"
    """A published sign or order that chose no parameter."""


@dataclass(frozen=True)
class Outcome:
    """What a row gave.

    simulated : the number, or several in words
    low, high : interval of the number over seeds or wells; None where it has none
    is_met    : the verdict
    """

    simulated: str | float
    low: float | None
    high: float | None
    is_met: bool

    @property
    def verdict(self) -> str:
        """``pass`` or ``fail``."""
        return "pass" if self.is_met else "fail"

    @property
    def text(self) -> str:
        """The simulated value as it stands in tables."""
        return self.simulated if isinstance(self.simulated, str) else f"{self.simulated:.4g}"


@dataclass(frozen=True, kw_only=True)
class Row:
    """One published result and the experiment that is held against it.

    group   : rows of one group share cultures and are run one after the other
    is_long : takes more than a few seconds
    """

    id: str
    title: str
    tier: Tier
    kind: Kind
    is_gated: bool
    published: str
    tolerance: str
    source: str
    run: Callable[[Context], Outcome]
    group: str
    is_long: bool = False
    mechanisms: tuple[str, ...] = ()
    """Statements S1-S27 of the biology that the row tests."""


def unmet(checks: Mapping[str, bool]) -> list[str]:
    """Return the statements that do not hold, in order."""
    return [statement for statement, holds in checks.items() if not holds]


def ordering(simulated: str, checks: Mapping[str, bool]) -> Outcome:
    """Return the outcome of a row of statements: all must hold; those that do not are named."""
    failed = unmet(checks)
    text = simulated if not failed else f"{simulated}; not met: {', '.join(failed)}"
    return Outcome(text, None, None, not failed)
