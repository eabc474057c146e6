"""Doses and a patient in, enzyme activity at every tick out.

A :class:`Regimen` keeps, per product, one curve on the grid of ticks and adds a dose to it when the
dose is given; asking for the activity is then a look-up, exact at ticks. Doses superpose, Eq. (P8).
A dose acts from its own tick on: a bolus at tick 0 is in the value at tick 0. Plasma doses follow
the kinetics of their product; a dish dose is a step that stays, or decays at first order.
"""

import math
import re
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, NamedTuple

import numpy as np

from abm import units
from abm.errors import ScenarioError, StateError
from abm.pharmacology.kinetics import rate_of_half_life
from abm.pharmacology.patient import Patient
from abm.pharmacology.populations import AbstractKinetics, EnzymeConstants
from abm.pharmacology.products import Product

_IU_PER_L_TO_IU_PER_ML = 1e-3
_AMOUNT = re.compile(r"\s*([-+]?\d+(?:_\d+)*(?:\.\d*)?(?:[eE][-+]?\d{1,2})?)\s*([A-Za-z/^*2]+)\s*")
_MAX_AMOUNT_LETTERS = 60


class Route(IntEnum):
    """How a dose is given."""

    IV = 0
    IM = 1
    DISH = 2


class AmountKind(IntEnum):
    """What the number of an amount counts."""

    ABSOLUTE = 0
    PER_SURFACE_AREA = 1
    PER_WEIGHT = 2
    PER_VOLUME = 3


_KINDS = {
    "IU": (AmountKind.ABSOLUTE, 1.0),
    "IU/m2": (AmountKind.PER_SURFACE_AREA, 1.0),
    "IU/m^2": (AmountKind.PER_SURFACE_AREA, 1.0),
    "IU/m**2": (AmountKind.PER_SURFACE_AREA, 1.0),
    "IU/kg": (AmountKind.PER_WEIGHT, 1.0),
    "IU/mL": (AmountKind.PER_VOLUME, 1.0),
    "IU/L": (AmountKind.PER_VOLUME, _IU_PER_L_TO_IU_PER_ML),
}
_UNITS = {
    AmountKind.ABSOLUTE: "IU",
    AmountKind.PER_SURFACE_AREA: "IU/m2",
    AmountKind.PER_WEIGHT: "IU/kg",
    AmountKind.PER_VOLUME: "IU/mL",
}


class Amount(NamedTuple):
    """A dose as it is prescribed: ``value`` in IU, IU/m2, IU/kg or IU/mL as ``kind`` says."""

    value: float
    kind: AmountKind

    def total(self, patient: Patient) -> float:
        """Return the dose in IU for ``patient``."""
        if self.kind is AmountKind.PER_SURFACE_AREA:
            return self.value * patient.surface_area
        if self.kind is AmountKind.PER_WEIGHT:
            return self.value * patient.body_weight
        return self.value

    @property
    def text(self) -> str:
        """The amount as it is prescribed, such as "2500 IU/m2"."""
        return f"{self.value:g} {_UNITS[self.kind]}"


def parse_amount(text: object, *, where: str = "amount") -> Amount:
    """Read ``"2500 IU/m2"``, ``"5000 IU"``, ``"200 IU/kg"`` or ``"1 IU/mL"``.

    Raises ScenarioError for anything else and for a negative amount.
    """
    is_short = isinstance(text, str) and len(text) <= _MAX_AMOUNT_LETTERS
    found = _AMOUNT.fullmatch(str(text)) if is_short else None
    if found is None or found[2] not in _KINDS:
        raise ScenarioError(
            f"{where}: cannot read {text!r} as an amount of enzyme; write a number and one of "
            "IU/m2, IU, IU/kg, or in a dish IU/mL, e.g. '2500 IU/m2'"
        )
    kind, factor = _KINDS[found[2]]
    value = float(found[1]) * factor
    if not 0.0 <= value < math.inf:
        raise ScenarioError(f"{where}: {text!r} must be zero or more and finite")
    return Amount(value, kind)


@dataclass(frozen=True, kw_only=True)
class Dose:
    """One dose at one tick. Raises ScenarioError where route, amount and product do not fit."""

    product: Product
    amount: Amount
    route: Route
    tick: int
    preset: str | None = None
    infusion_ticks: int = 0
    where: str = "dose"

    def __post_init__(self) -> None:
        if not 0.0 <= self.amount.value < math.inf:
            raise ScenarioError(f"{self.where}.amount: {self.amount.value!r} must be zero or more")
        if self.tick < 0 or self.infusion_ticks < 0:
            raise ScenarioError(f"{self.where}: time and infusion length must be zero or more")
        in_dish = self.route is Route.DISH
        if in_dish != (self.amount.kind is AmountKind.PER_VOLUME):
            unit = "IU/mL" if in_dish else "IU/m2, IU or IU/kg"
            raise ScenarioError(
                f"{self.where}.amount: route {self.route.name.lower()} needs an amount in {unit}"
            )
        if self.infusion_ticks and self.route is not Route.IV:
            raise ScenarioError(f"{self.where}.infusion: only a dose by route iv is infused")
        kinetics = self.product.kinetics(self.preset)
        if self.product.is_dish_only and not in_dish:
            raise ScenarioError(
                f"{self.where}.product: {self.product.id} was given to no patient; use it in a dish"
            )
        if self.route is Route.IM and kinetics.bioavailability == 0.0:
            raise ScenarioError(
                f"{self.where}.route: {self.product.id}, preset "
                f"{self.preset or self.product.default_preset}, has no intramuscular data; use iv"
            )


class Mixture(NamedTuple):
    """What all enzymes that are present do together; activity in IU/mL, constants in uM."""

    activity: float
    half_saturation_asn: float
    half_saturation_gln: float
    glutaminase_share: float


class Change(NamedTuple):
    """One entry of the history: a dose was given (``dose_index`` >= 0), or the dish diluted."""

    tick: int
    dose_index: int
    factor: float


class Regimen:
    """All doses of a run, those given so far, and the activity they make.

    doses   : in order of time; doses of one tick keep the order in which they were listed
    n_ticks : last tick that can be asked for
    history : what was given or diluted so far, in order; replaying it gives the same bits
    """

    def __init__(
        self,
        doses: Sequence[Dose],
        *,
        n_ticks: int,
        patient: Patient | None = None,
        tick_minutes: float = 1.0,
        dish_half_life: float = math.inf,
    ) -> None:
        """Sort the doses and prepare empty curves; ``dish_half_life`` is in hours.

        Raises ScenarioError for plasma doses without a patient or to one whom the kinetics of the
        product do not cover, and for a dish half-life <= 0.
        """
        if not dish_half_life > 0.0:
            raise ScenarioError(f"dish half-life: {dish_half_life:g} h must be positive")
        for dose in doses:
            if dose.route is not Route.DISH and patient is None:
                raise ScenarioError(f"{dose.where}: a dose to a patient needs treatment.patient")
            if dose.route is not Route.DISH and patient is not None:
                _check_covered(dose, patient)
        self.patient = patient
        self.n_ticks = n_ticks
        self.tick_minutes = tick_minutes
        self.dish_half_life = dish_half_life
        self.history: list[Change] = []
        self._responses: dict[tuple[Any, ...], np.ndarray] = {}
        self._plan(doses)

    def _plan(self, doses: Sequence[Dose]) -> None:
        """Sort the doses and make empty curves for their products."""
        self.doses = tuple(sorted(doses, key=lambda dose: dose.tick))
        self._ticks = [dose.tick for dose in self.doses]
        self._enzymes = {dose.product.id: dose.product.enzyme for dose in self.doses}
        self._grids = {name: np.zeros(self.n_ticks + 1) for name in self._enzymes}

    @property
    def is_dish(self) -> bool:
        """Tell whether the doses go into a dish, where activity is at the cells themselves."""
        return any(dose.route is Route.DISH for dose in self.doses)

    @property
    def stops(self) -> tuple[int, ...]:
        """Ticks at which a dose is planned or an infusion ends; intervals end there."""
        ends = {d.tick + d.infusion_ticks for d in self.doses if d.infusion_ticks}
        return tuple(sorted(ends.union(dose.tick for dose in self.doses)))

    def due(self, start: int, end: int) -> range:
        """Return the indices of the doses whose tick lies in ``[start, end)``."""
        return range(bisect_left(self._ticks, start), bisect_left(self._ticks, end))

    def give(self, dose_index: int) -> None:
        """Add one dose, from its own tick on; raises StateError if it was given before."""
        if any(change.dose_index == dose_index for change in self.history):
            raise StateError(f"dose {dose_index} was already given")
        change = Change(self.doses[dose_index].tick, dose_index, 1.0)
        self._apply(change)
        self.history.append(change)

    def give_all(self) -> "Regimen":
        """Give every dose in order of time; returns itself."""
        for index in range(len(self.doses)):
            self.give(index)
        return self

    def dilute(self, tick: int, factor: float) -> None:
        """Multiply the enzyme in the dish by ``factor`` in [0, 1] from ``tick`` on (wash, change).

        Doses given later are not touched. Raises StateError for a patient, for a factor out of
        range, and when a dose of a later tick was given already.
        """
        if not 0.0 <= factor <= 1.0 or self.patient is not None:
            raise StateError(f"dilution by {factor:g} at tick {tick}: only a dish, by 0 to 1")
        if any(change.tick > tick for change in self.history):
            raise StateError(f"dilution at tick {tick}: a later dose was given before it")
        change = Change(tick, -1, factor)
        self._apply(change)
        self.history.append(change)

    def extend(self, n_ticks: int) -> None:
        """Make later ticks available; values at earlier ticks keep their bits."""
        self.n_ticks = max(n_ticks, self.n_ticks)
        self.restore(self.history)

    def follow(self, before: "Regimen", tick: int) -> None:
        """Take over what ``before`` gave until ``tick``, in place of the own doses of that time.

        A regimen that follows itself gives nothing more.
        """
        given = {change.dose_index for change in before.history}
        past = [dose for i, dose in enumerate(before.doses) if i in given]
        numbers = {i: number for number, i in enumerate(sorted(given - {-1}))}
        own = [] if before is self else [dose for dose in self.doses if dose.tick >= tick]
        history = [
            change._replace(dose_index=numbers.get(change.dose_index, -1))
            for change in before.history
        ]
        self._plan([*past, *own])
        self.restore(history)

    def restore(self, history: Sequence[Change]) -> None:
        """Start anew and replay ``history`` (of a checkpoint)."""
        self.history = [Change(*change) for change in history]
        self._responses.clear()
        for name in self._grids:
            self._grids[name] = np.zeros(self.n_ticks + 1)
        for change in self.history:
            self._apply(change)

    def activity(self, tick: int) -> float:
        """Return the activity at ``tick`` [IU/mL], all products together."""
        self._check_tick(tick)
        total = 0.0
        for grid in self._grids.values():
            total += float(grid[tick])
        return total

    def mean_activity(self, start: int, end: int) -> float:
        """Return the mean over the ticks of ``[start, end)`` [IU/mL]."""
        return self.mixture(start, end).activity

    def window(self, start: int, end: int) -> np.ndarray:
        """Return a copy of the activity at the ticks of ``[start, end)`` that are prepared."""
        end = min(end, self.n_ticks + 1)
        total = np.zeros(max(end - start, 0))
        for grid in self._grids.values():
            total += grid[start:end]
        return total

    def curve(self) -> np.ndarray:
        """Return the activity at every tick, float64[n_ticks + 1] [IU/mL]."""
        return self.window(0, self.n_ticks + 1)

    def mixture(self, start: int, end: int) -> Mixture:
        """Return the mean activity over ``[start, end)`` and the constants of the mixture.

        Eq. (P14): exact where Asn is far below half-saturation, as it is under treatment. Without
        any enzyme the constants are those of the first product, and never zero.
        """
        self._check_tick(end - 1)
        present = [
            (enzyme, sum(self._grids[name][start:end].tolist()) / (end - start))
            for name, enzyme in self._enzymes.items()
        ]
        return mix(present)

    def _apply(self, change: Change) -> None:
        if change.dose_index < 0:
            for grid in self._grids.values():
                grid[change.tick :] *= change.factor
            return
        dose = self.doses[change.dose_index]
        n_left = self.n_ticks + 1 - dose.tick
        if n_left <= 0:
            return
        size = dose.amount.value if self.patient is None else dose.amount.total(self.patient)
        self._grids[dose.product.id][dose.tick :] += size * self._response(dose)[:n_left]

    def _response(self, dose: Dose) -> np.ndarray:
        """Return activity per amount at ticks since the dose; one array for all like doses."""
        key = (dose.product.id, dose.preset, dose.route, dose.infusion_ticks)
        if key not in self._responses:
            hours = np.arange(self.n_ticks + 1) * (self.tick_minutes / units.MINUTES_PER_HOUR)
            self._responses[key] = self._unit_curve(dose, hours)
        return self._responses[key]

    def _unit_curve(self, dose: Dose, hours: np.ndarray) -> np.ndarray:
        if dose.route is Route.DISH or self.patient is None:
            return np.exp(-rate_of_half_life(self.dish_half_life) * hours)
        kinetics = dose.product.kinetics(dose.preset)
        length = dose.infusion_ticks * self.tick_minutes / units.MINUTES_PER_HOUR
        return activity_per_amount(kinetics, self.patient, dose.route, hours, length)

    def _check_tick(self, tick: int) -> None:
        if not 0 <= tick <= self.n_ticks:
            raise StateError(f"activity at tick {tick}: only 0 to {self.n_ticks} are prepared")


def _check_covered(dose: Dose, patient: Patient) -> None:
    """Raise ScenarioError before the run, not when the dose falls due."""
    try:
        dose.product.kinetics(dose.preset).disposition(patient)
    except ScenarioError as error:
        raise ScenarioError(f"{dose.where}: {error}") from None


def activity_per_amount(
    kinetics: AbstractKinetics,
    patient: Patient,
    route: Route,
    hours: np.ndarray,
    infusion_hours: float = 0.0,
) -> np.ndarray:
    """Return the plasma activity at ``hours`` since a dose [IU/mL per IU], Eq. (P1)-(P8)."""
    disposition = kinetics.disposition(patient)
    if route is Route.IM:
        curve = disposition.absorbed(hours, kinetics.absorption_rate) * kinetics.bioavailability
    elif infusion_hours > 0.0:
        curve = disposition.infusion(hours, infusion_hours)
    else:
        curve = disposition.bolus(hours)
    return curve * _IU_PER_L_TO_IU_PER_ML


def mix(present: Sequence[tuple[EnzymeConstants, float]]) -> Mixture:
    """Combine enzymes and their activities [IU/mL] into one, Eq. (P14).

    Half-saturations are harmonic means weighted by the activity on that substrate, the glutaminase
    share is the mean weighted by activity. No enzyme at all gives those of the first, or E. coli.
    """
    if len(present) == 1:
        enzyme, activity = present[0]
        return _single(enzyme, activity)
    total = sum(activity for _, activity in present)
    on_gln = sum(enzyme.glutaminase_share * activity for enzyme, activity in present)
    if total <= 0.0:
        return _single(present[0][0] if present else EnzymeConstants(), 0.0)
    slope_asn = sum(activity / enzyme.half_saturation_asn for enzyme, activity in present)
    slope_gln = sum(
        enzyme.glutaminase_share * activity / enzyme.half_saturation_gln
        for enzyme, activity in present
    )
    gln = on_gln / slope_gln if on_gln > 0.0 else present[0][0].half_saturation_gln
    return Mixture(total, total / slope_asn, gln, on_gln / total)


def _single(enzyme: EnzymeConstants, activity: float) -> Mixture:
    return Mixture(
        activity, enzyme.half_saturation_asn, enzyme.half_saturation_gln, enzyme.glutaminase_share
    )
