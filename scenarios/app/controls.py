"""What a visitor can change without writing YAML: read from a scenario, written into one."""

import dataclasses
from enum import Enum
from typing import Any

from abm.errors import ScenarioError
from abm.units import HOURS_PER_DAY, MINUTES_PER_HOUR
from scenarios.load import dump_resolved, loads, to_yaml
from scenarios.load_text import parse_text
from scenarios.schema import Scenario
from scenarios.schema.names import PRODUCTS, TUMOUR_TYPES

_DISH_ONLY = "glutaminase-free"
_GLUTAMINASE = "dosing.glutaminase_factor"
_STROMA = {"type": "stroma", "line": "marrow-msc", "doubling_time": "1440 h"}
"""Stroma where the scenario has none of its own: it renews itself once in 60 days."""
_PATIENT = {"bsa": "1.73 m2"}
_OF_A_PROTOCOL = ("protocol", "arm", "monitoring", "switch_to", "rules")
MOST_DOSES = 200


class Schedule(Enum):
    """When the drug is given."""

    WRITTEN = "as the scenario says"
    NONE = "no drug"
    REGULAR = "one product at a fixed interval"


@dataclasses.dataclass(frozen=True)
class Controls:
    """Settings of the page.

    amount             : of each dose, in ``unit``
    first_d, interval_d: days
    resistant_fraction : share of the founders without methylated ASNS alleles; None: no such cells
    n_stroma           : None where the scenario can have none
    glutaminase        : factor of the glutaminase share of every product
    """

    schedule: Schedule
    product: str
    products: tuple[str, ...]
    amount: float
    unit: str
    first_d: float
    interval_d: float
    n_doses: int
    resistant_fraction: float | None
    n_stroma: int | None
    glutaminase: float

    @classmethod
    def of(cls, scenario: Scenario) -> "Controls":
        """Return the settings that leave a scenario as it is."""
        treatment, is_dish = scenario.treatment, scenario.environment.kind == "well"
        doses = treatment.doses
        first = doses[0] if doses else None
        times = sorted(at for dose in doses for at in dose.at)
        interval = times[1] - times[0] if len(times) > 1 else 14.0 * HOURS_PER_DAY
        products = PRODUCTS if is_dish else tuple(p for p in PRODUCTS if p != _DISH_ONLY)
        default = ("e-coli", 1.0, "IU/mL") if is_dish else ("pegaspargase", 2500.0, "IU/m2")
        shares = _resistant_shares(scenario)
        has_biology = bool(scenario.mechanistic_cells)
        is_placed = scenario.is_tissue or is_dish
        return cls(
            schedule=Schedule.WRITTEN,
            product=first.product if first else default[0],
            products=products,
            amount=first.amount.value if first else default[1],
            unit=first.amount.unit if first else default[2],
            first_d=(times[0] if times else 0.0) / HOURS_PER_DAY,
            interval_d=interval / HOURS_PER_DAY,
            n_doses=max(len(times), 1),
            resistant_fraction=shares[0] if shares else None,
            n_stroma=sum(c.number for c in scenario.cells if c.type == "stroma")
            if has_biology and is_placed
            else None,
            glutaminase=float(scenario.parameters.get(_GLUTAMINASE, 1.0)),
        )

    def applied(self, scenario: Scenario) -> str:
        """Return the scenario with these settings as YAML; what is unchanged stays as written.

        Raises ScenarioError where a setting is no number that could be meant.
        """
        self._check()
        before = Controls.of(scenario)
        contents = parse_text(dump_resolved(scenario), scenario.name).contents
        treatment = contents.setdefault("treatment", {})
        if self.schedule is not Schedule.WRITTEN:
            for name in _OF_A_PROTOCOL:
                treatment.pop(name, None)
            treatment["doses"] = []
            if self.schedule is Schedule.REGULAR:
                treatment["doses"].append(self._doses(scenario))
                _need_patient(scenario, treatment)
        if self.resistant_fraction is not None and (
            self.resistant_fraction != before.resistant_fraction
        ):
            _set_resistant(contents["cells"], self.resistant_fraction)
        if self.n_stroma is not None and self.n_stroma != before.n_stroma:
            _set_stroma(contents["cells"], self.n_stroma)
        if self.glutaminase != before.glutaminase:
            contents.setdefault("parameters", {})[_GLUTAMINASE] = self.glutaminase
        return to_yaml(contents)

    def _doses(self, scenario: Scenario) -> dict[str, Any]:
        end_d = scenario.time.end / HOURS_PER_DAY
        days = [self.first_d + k * self.interval_d for k in range(self.n_doses)]
        return dose(
            scenario, self.product, self.amount, self.unit,
            [day * HOURS_PER_DAY for day in days if day < end_d],
        )  # fmt: skip

    def _check(self) -> None:
        problems = [
            (not 0.0 <= self.amount <= 1e6, f"dose {self.amount:g}: 0 to 1e6 {self.unit}"),
            (not self.first_d >= 0.0, f"first dose on day {self.first_d:g}: 0 or later"),
            (not self.interval_d > 0.0, f"interval {self.interval_d:g} d: more than 0"),
            (not 1 <= self.n_doses <= MOST_DOSES, f"{self.n_doses} doses: 1 to {MOST_DOSES}"),
            (
                self.resistant_fraction is not None and not 0.0 <= self.resistant_fraction <= 1.0,
                "initial resistant fraction: 0 to 100 %",
            ),
            (self.n_stroma is not None and self.n_stroma < 0, "stroma cells: 0 or more"),
            (not 0.0 <= self.glutaminase <= 10.0, f"glutaminase {self.glutaminase:g}: 0 to 10"),
        ]
        found = [text for is_wrong, text in problems if is_wrong]
        if found:
            raise ScenarioError("\n".join(found))


def dose(
    scenario: Scenario, product: str, amount: float, unit: str, hours: list[float]
) -> dict[str, Any]:
    """Return an entry of ``treatment.doses`` at the ticks nearest to ``hours``."""
    tick = scenario.time.tick
    minutes = [round(hour * MINUTES_PER_HOUR / tick) * tick for hour in hours]
    entry: dict[str, Any] = {
        "product": product,
        "amount": f"{amount:.10g} {unit}",
        "at": [f"{minute} min" for minute in dict.fromkeys(minutes)],
    }
    if scenario.environment.kind != "well":
        entry["route"] = "iv"
    return entry


def dosed_now(text: str, name: str, at_h: float, product: str, amount: float, unit: str) -> str:
    """Return the scenario in ``text`` with one more dose at ``at_h`` [h]."""
    scenario = loads(text, name)
    contents = parse_text(text, name).contents
    treatment = contents.setdefault("treatment", {})
    doses = list(treatment.get("doses", []))
    treatment["doses"] = [*doses, dose(scenario, product, amount, unit, [at_h])]
    _need_patient(scenario, treatment)
    return to_yaml(contents)


def stopped_now(text: str, name: str, at_h: float) -> str:
    """Return the scenario in ``text`` without the doses at ``at_h`` [h] and later."""
    scenario = loads(text, name)
    contents = parse_text(text, name).contents
    treatment = contents.setdefault("treatment", {})
    kept = []
    for entry, given in zip(treatment.get("doses", []), scenario.treatment.doses, strict=True):
        times = [at for at, hour in zip(entry["at"], given.at, strict=True) if hour < at_h]
        if times:
            kept.append({**entry, "at": times})
    treatment["doses"] = kept
    return to_yaml(contents)


def _need_patient(scenario: Scenario, treatment: dict[str, Any]) -> None:
    """Give a dose somebody to go to, where the scenario names nobody (A483)."""
    if scenario.environment.kind != "well":
        treatment.setdefault("patient", dict(_PATIENT))


def _resistant_shares(scenario: Scenario) -> list[float]:
    """Return the share of founders without methylated alleles in each tumour population."""
    return [
        (entry.methylated_alleles or {}).get(0, 0.0)
        for entry in scenario.mechanistic_cells
        if entry.type in TUMOUR_TYPES
    ]


def _set_resistant(cells: list[dict[str, Any]], fraction: float) -> None:
    """Give a share of all tumour founders two open ASNS alleles, the rest none (A481)."""
    shares: dict[int, float] = {0: fraction, 2: 1.0 - fraction}
    for entry in cells:
        if entry["type"] in TUMOUR_TYPES and entry.get("model", "mechanistic") == "mechanistic":
            entry["methylated_alleles"] = {n: share for n, share in shares.items() if share > 0.0}


def _set_stroma(cells: list[dict[str, Any]], number: int) -> None:
    stroma = [entry for entry in cells if entry["type"] == "stroma"]
    for entry in stroma[1:] if number else stroma:
        cells.remove(entry)
    if number and stroma:
        stroma[0]["number"] = number
    elif number:
        cells.append({**_STROMA, "number": number})
