"""Published protocols by name: asparaginase and partner drugs by day, per arm, with their source.

Day 1 is the first day of treatment, hour 0 of a run. What a source does not state is an assumption
that the entry names in ``basis``; protocols that rest on memory carry the mark
:data:`FROM_MEMORY` wherever they are shown.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from abm import units
from abm.errors import ScenarioError
from abm.pharmacology.monitoring import RULES, MonitoringRule
from abm.pharmacology.partners import PARTNERS, PartnerCourse, Span
from abm.pharmacology.plan import PlannedDose
from abm.pharmacology.regimen import Route, parse_amount

FROM_MEMORY = "from memory"
"""The mark of protocols whose source was not read."""
_DAY = units.HOURS_PER_DAY


class EnzymeCourse(NamedTuple):
    """One product in one amount on several days; ``basis``: empty where the source states them."""

    product: str
    amount: str
    days: tuple[float, ...]
    phase: str
    route: Route = Route.IV
    infusion_hours: float = 1.0
    preset: str | None = None
    only_if_mrd_at_least: float = 0.0
    basis: str = ""

    def doses(self) -> list[PlannedDose]:
        """Return the doses in hours."""
        return [
            PlannedDose(
                product=self.product,
                amount=parse_amount(self.amount),
                route=self.route,
                hour=(day - 1.0) * _DAY,
                preset=self.preset,
                infusion_hours=self.infusion_hours if self.route is Route.IV else 0.0,
                phase=self.phase,
                only_if_mrd_at_least=self.only_if_mrd_at_least,
            )
            for day in self.days
        ]


class PartnerPlan(NamedTuple):
    """One partner drug on single ``days``, or from the first of two days to the end of the other.

    Which of the two follows from the drug.
    """

    drug: str
    days: tuple[float, ...]
    phase: str = ""

    def course(self) -> PartnerCourse:
        """Return the same in hours."""
        if PARTNERS[self.drug].span is Span.DOSE:
            hours = tuple((day - 1.0) * _DAY for day in self.days)
            return PartnerCourse(drug=self.drug, hours=hours, phase=self.phase)
        first, last = self.days
        return PartnerCourse(
            drug=self.drug, start=(first - 1.0) * _DAY, end=last * _DAY, phase=self.phase
        )


@dataclass(frozen=True, kw_only=True)
class Arm:
    """One arm: doses, partner drugs, and rules of monitoring by name."""

    title: str
    enzymes: tuple[EnzymeCourse, ...]
    partners: tuple[PartnerPlan, ...] = ()
    monitoring: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Protocol:
    """One protocol: arms by name (the first is the default), days of MRD by name.

    basis   : assumptions that fill what the source leaves open
    end_day : last day of treatment
    """

    id: str
    title: str
    source: str
    arms: Mapping[str, Arm]
    is_from_memory: bool = False
    mrd_days: Mapping[str, float] = field(default_factory=dict)
    basis: str = ""
    end_day: float = 730.0

    @property
    def default_arm(self) -> str:
        """The arm of a scenario that names none."""
        return next(iter(self.arms))

    @property
    def mark(self) -> str:
        """``from memory`` where the source was not read, else empty."""
        return FROM_MEMORY if self.is_from_memory else ""

    @property
    def label(self) -> str:
        """Title, mark and source, as lists, reports and plots show them."""
        mark = f" [{FROM_MEMORY}]" if self.is_from_memory else ""
        return f"{self.title}{mark} ({self.source})"

    def arm(self, name: str | None = None) -> Arm:
        """Return an arm; raises ScenarioError that names the nearest."""
        if name is None:
            return self.arms[self.default_arm]
        if name not in self.arms:
            raise ScenarioError(
                f"protocol {self.id}: no arm '{name}'{units.did_you_mean(name, self.arms)}"
            )
        return self.arms[name]

    def doses(self, arm: str | None = None) -> tuple[PlannedDose, ...]:
        """Return the doses of an arm in order of time."""
        found = [dose for course in self.arm(arm).enzymes for dose in course.doses()]
        return tuple(sorted(found, key=lambda dose: dose.hour))

    def partners(self, arm: str | None = None) -> tuple[PartnerCourse, ...]:
        """Return the partner drugs of an arm."""
        return tuple(plan.course() for plan in self.arm(arm).partners)

    def monitoring(self, arm: str | None = None) -> tuple[MonitoringRule, ...]:
        """Return the rules of monitoring of an arm."""
        return tuple(RULES[name] for name in self.arm(arm).monitoring)

    def mrd_hours(self) -> tuple[tuple[str, float], ...]:
        """Return name and hour of every MRD."""
        return tuple((name, (day - 1.0) * _DAY) for name, day in self.mrd_days.items())


def protocols() -> Mapping[str, Protocol]:
    """Return all protocols by id."""
    from abm.pharmacology.protocol_data import PROTOCOLS

    return PROTOCOLS


def find_protocol(name: object, *, where: str = "protocol") -> Protocol:
    """Return the protocol called ``name``; raises ScenarioError that names the nearest."""
    known = protocols()
    if not isinstance(name, str) or name not in known:
        raise ScenarioError(
            f"{where}: no protocol {str(name)[:60]!r}{units.did_you_mean(str(name)[:60], known)}"
        )
    return known[name]


def memory_comments(names: Iterable[str]) -> str:
    """Return a YAML comment for each protocol that was written down from memory, else nothing."""
    found = [find_protocol(name) for name in dict.fromkeys(names)]
    return "".join(
        f"# protocol {one.id}: {one.label}, check it before you rely on it\n"
        for one in found
        if one.is_from_memory
    )


def protocol_lines() -> list[tuple[str, str]]:
    """Return id and label of every protocol, for lists; the mark is part of the label."""
    return [(one.id, one.label) for one in protocols().values()]
