"""The blocks that protocols are made of: courses of enzyme, and partner drugs phase by phase.

The partner drugs of a backbone stand in their usual outline (assumption A386), not drug by drug.
"""

from collections.abc import Iterable

from abm.pharmacology.protocols import EnzymeCourse, PartnerPlan
from abm.pharmacology.regimen import Route


def every(first: float, interval: float, number: int) -> tuple[float, ...]:
    """Return ``number`` days from ``first`` on."""
    return tuple(first + interval * i for i in range(number))


def from_start(start: float, days: Iterable[float]) -> tuple[float, ...]:
    """Return days of a phase as days of treatment; ``start`` is day 1 of the phase."""
    return tuple(start - 1.0 + day for day in days)


def peg(
    days: Iterable[float],
    phase: str,
    amount: str = "2500 IU/m2",
    *,
    route: Route = Route.IV,
    preset: str | None = None,
    basis: str = "",
) -> EnzymeCourse:
    """Return pegaspargase on ``days``."""
    return EnzymeCourse(
        "pegaspargase", amount, tuple(days), phase, route, preset=preset, basis=basis
    )


def native(
    days: Iterable[float], phase: str, amount: str, *, route: Route = Route.IV, basis: str = ""
) -> EnzymeCourse:
    """Return native E. coli enzyme on ``days``."""
    return EnzymeCourse("e-coli", amount, tuple(days), phase, route, basis=basis)


def induction(
    steroid: str, days: float, anthracycline: Iterable[float], vincristine: Iterable[float]
) -> tuple[PartnerPlan, ...]:
    """Return the partner drugs of an induction: a steroid for ``days``, and single doses."""
    drugs = [
        PartnerPlan(steroid, (1.0, days), "induction"),
        PartnerPlan("vincristine", tuple(vincristine), "induction"),
    ]
    doses = tuple(anthracycline)
    return (*drugs, PartnerPlan("daunorubicin", doses, "induction")) if doses else tuple(drugs)


def reinduction(start: float, phase: str = "reinduction") -> tuple[PartnerPlan, ...]:
    """Protocol II or delayed intensification: dexamethasone, vincristine, doxorubicin, then IB."""
    return (
        PartnerPlan("dexamethasone", from_start(start, (1.0, 7.0)), phase),
        PartnerPlan("dexamethasone", from_start(start, (15.0, 21.0)), phase),
        PartnerPlan("vincristine", from_start(start, (1.0, 8.0, 15.0)), phase),
        PartnerPlan("doxorubicin", from_start(start, (1.0, 8.0, 15.0)), phase),
        PartnerPlan("antimetabolites", from_start(start, (29.0, 42.0)), phase),
    )


def weeks(first: float, last: float, phase: str) -> PartnerPlan:
    """Return weeks of intensive antimetabolites."""
    return PartnerPlan("antimetabolites", (first, last), phase)


def rest(first: float, last: float = 730.0) -> PartnerPlan:
    """Return maintenance, by default to the end of two years."""
    return PartnerPlan("maintenance", (first, last), "maintenance")


WEEKS = (1.0, 8.0, 15.0, 22.0)
BFM_WEEKS = (8.0, 15.0, 22.0, 29.0)
BFM = (
    *induction("prednisone", 28.0, BFM_WEEKS, BFM_WEEKS),
    weeks(36.0, 63.0, "consolidation"),
    weeks(85.0, 140.0, "interim"),
    *reinduction(155.0),
    rest(218.0),
)
COG_FOUR = (
    *induction("prednisone", 28.0, WEEKS, WEEKS),
    weeks(36.0, 49.0, "consolidation"),
    weeks(64.0, 77.0, "consolidation"),
    PartnerPlan("vincristine", from_start(36.0, (15.0, 22.0, 43.0, 50.0)), "consolidation"),
    weeks(92.0, 147.0, "interim"),
    *reinduction(155.0),
    rest(211.0),
)
COG_THREE = (
    *induction("dexamethasone", 28.0, (), WEEKS),
    weeks(36.0, 63.0, "consolidation"),
    weeks(64.0, 119.0, "interim"),
    *reinduction(120.0),
    rest(176.0),
)
DFCI = (
    *induction("prednisone", 28.0, (1.0, 2.0), WEEKS),
    *(
        PartnerPlan(drug, days, "intensification")
        for start in every(50.0, 21.0, 10)
        for drug, days in (
            ("vincristine", (start,)),
            ("dexamethasone", (start, start + 4.0)),
            ("antimetabolites", (start, start + 13.0)),
        )
    ),
    rest(260.0),
)
NOPHO = (
    *induction("prednisone", 29.0, (1.0, 22.0), (1.0, 8.0, 15.0, 22.0, 29.0)),
    weeks(30.0, 85.0, "consolidation"),
    weeks(92.0, 147.0, "interim"),
    *reinduction(155.0),
    rest(218.0),
)
UKALL = (
    *induction("dexamethasone", 28.0, (), (2.0, 9.0, 16.0, 23.0, 30.0)),
    weeks(36.0, 63.0, "consolidation"),
    *reinduction(106.0),
    rest(155.0),
)
UKALL_FOURTH = (PartnerPlan("daunorubicin", (2.0, 9.0, 16.0, 23.0), "induction"),)
