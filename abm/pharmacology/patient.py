"""What of a patient the kinetics read, and how size follows from weight, Eq. (P10)."""

from dataclasses import dataclass
from enum import IntEnum

from abm.errors import ScenarioError


class Sex(IntEnum):
    """Sex as the population models code it."""

    FEMALE = 0
    MALE = 1

    @classmethod
    def parse(cls, text: object, *, where: str = "sex") -> "Sex":
        """Read ``f`` or ``m``; raises ScenarioError for anything else."""
        if text in ("f", "m"):
            return cls.FEMALE if text == "f" else cls.MALE
        raise ScenarioError(f"{where}: {text!r} is not known; write f or m")


@dataclass(frozen=True, kw_only=True)
class Patient:
    """What of a patient the kinetics read: body surface area [m2], age [yr], sex, weight [kg].

    One of ``bsa`` and ``weight`` may be left out (None) and follows from the other, Eq. (P10).
    Raises ScenarioError for a value out of range or when both are missing.
    """

    bsa: float | None = None
    weight: float | None = None
    age: float = 5.0
    sex: Sex = Sex.MALE

    def __post_init__(self) -> None:
        if self.bsa is None and self.weight is None:
            raise ScenarioError("patient: give bsa (e.g. '0.79 m2') or weight (e.g. '20 kg')")
        for name, value, low, high, unit in (
            ("bsa", self.bsa, 0.15, 3.0, "m2"),
            ("weight", self.weight, 2.0, 250.0, "kg"),
            ("age", self.age, 0.0, 120.0, "yr"),
        ):
            if value is not None and not low <= value <= high:
                raise ScenarioError(
                    f"patient.{name}: {value!r} must lie in [{low:g}, {high:g}] {unit}"
                )

    @property
    def surface_area(self) -> float:
        """Body surface area [m2], from the weight where not given, Eq. (P10)."""
        if self.bsa is not None:
            return self.bsa
        assert self.weight is not None
        return (4.0 * self.weight + 7.0) / (self.weight + 90.0)

    @property
    def body_weight(self) -> float:
        """Weight [kg], from the surface area where not given, Eq. (P10) solved for the weight."""
        if self.weight is not None:
            return self.weight
        assert self.bsa is not None
        return (90.0 * self.bsa - 7.0) / (4.0 - self.bsa)
