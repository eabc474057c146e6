"""What a row of the clinic returns: numbers of a trial beside those of the simulation."""

from dataclasses import dataclass

_MEAN_TOLERANCE = 0.25
_CONFIDENCE = 0.95


@dataclass(frozen=True)
class Quantity:
    """One number of a row: ``low`` to ``high`` is what passes; not gated: printed beside."""

    name: str
    simulated: float
    published: float
    low: float
    high: float
    rule: str
    is_gated: bool = True

    @property
    def verdict(self) -> str:
        """``pass``, ``fail``, or ``shown`` where it is not gated."""
        if not self.is_gated:
            return "shown"
        return "pass" if self.low <= self.simulated <= self.high else "fail"


@dataclass(frozen=True)
class ClinicResult:
    """One row: ``kind`` is calibration, validation or theory."""

    id: str
    title: str
    kind: str
    source: str
    n_patients: int
    seed: int
    quantities: tuple[Quantity, ...]

    @property
    def verdict(self) -> str:
        """``pass`` when every gated quantity passes."""
        return "fail" if any(q.verdict == "fail" for q in self.quantities) else "pass"

    def records(self) -> list[dict[str, object]]:
        """Return one flat record per quantity, for a table."""
        return [
            {
                "id": self.id, "kind": self.kind, "quantity": q.name, "simulated": q.simulated,
                "published": q.published, "low": q.low, "high": q.high, "rule": q.rule,
                "verdict": q.verdict, "source": self.source,
            }
            for q in self.quantities
        ]  # fmt: skip


def share(name: str, simulated: float, n_of: int, n_all: int, *, is_gated: bool = True) -> Quantity:
    """Hold a share against the exact binomial 95 % interval of ``n_of`` among ``n_all``."""
    from scipy import stats

    interval = stats.binomtest(n_of, n_all).proportion_ci(_CONFIDENCE, method="exact")
    rule = f"exact binomial 95 % of {n_of}/{n_all}"
    return Quantity(
        name, float(simulated), n_of / n_all, float(interval.low), float(interval.high), rule,
        is_gated,
    )  # fmt: skip


def mean(name: str, simulated: float, published: float, *, is_gated: bool = True) -> Quantity:
    """Hold a mean against the published one within 25 %."""
    low, high = (1.0 - _MEAN_TOLERANCE) * published, (1.0 + _MEAN_TOLERANCE) * published
    return Quantity(name, float(simulated), published, low, high, "within 25 %", is_gated)
