"""What is looked at in a body, and when: limits of remission, relapse, residual disease, depletion.

docs/clinic.md defines the readings, Eq. (V1) to (V7).
"""

from collections.abc import Sequence
from dataclasses import dataclass

from abm.parameters import ParameterSet, parameter
from abm.units import HOURS_PER_DAY

COURSE_GAP_D = 16.0
"""Doses further apart begin a new course (assumption A407)."""
COURSE_WAIT_D = 21.0
"""A course is read at the latest so long after its last dose (assumption A407)."""


@dataclass(frozen=True, kw_only=True)
class WatchParameters(ParameterSet):
    """Limits of the readings of a body."""

    blast_limit: float = parameter(
        0.05, low=1e-6, high=1.0, source="morphological remission, AALL1231 (PMC10122105)"
    )
    """Share of blasts in the marrow below which there is remission, from which relapse."""
    normal_marrow_cells: float = parameter(1e12, low=0.0, source="assumption A400")
    """Normal nucleated cells of the marrow where the scenario has no normal cells."""
    csf_limit: float = parameter(5.0, unit="1/uL", low=1e-9, source="assumption A401")
    """Blasts in the cerebrospinal fluid from which it counts as involved."""
    flow_cells: float = parameter(1e6, low=1.0, high=1e9, source="assumption A402")
    """Nucleated cells of the marrow that flow cytometry reads."""
    flow_limit: float = parameter(1e-4, high=1.0, source="AALL1231 (PMC10122105)")
    """Smallest share of blasts that flow cytometry reports."""
    pcr_cells: float = parameter(3e5, low=1.0, high=1e9, source="assumption A403")
    """Nucleated cells of the marrow whose DNA goes into the PCR."""
    pcr_limit: float = parameter(1e-5, high=1.0, source="assumption A403")
    """Smallest share of blasts that the PCR reports."""
    activity_target: float = parameter(
        0.1, unit="IU/mL", low=1e-6, source="Schore 2019; van der Sluis 2016"
    )
    """Plasma activity that a course of treatment aims at."""
    depletion_limit: float = parameter(
        0.5, unit="uM", low=1e-6, source="Schore 2019, PMC6594900 (undetectable below 0.5 uM)"
    )
    """True plasma Asn below which it counts as depleted."""
    csf_depletion_limit: float = parameter(1.0, unit="uM", low=1e-6, source="assumption A404")
    """Asn of the cerebrospinal fluid below which it counts as depleted."""


@dataclass(frozen=True)
class WatchPlan:
    """When to look; all times in hours since the start of the run.

    treatment_start  : first dose; no remission before it, infinite without treatment
    mrd              : name and time of each reading of residual disease, in order of time
    end_of_induction : the name of the reading that ends induction, "" for none
    courses          : first and last dose of each course, in order of time
    """

    treatment_start: float
    mrd: tuple[tuple[str, float], ...] = ()
    end_of_induction: str = ""
    courses: tuple[tuple[float, float], ...] = ()

    def course_readings(self) -> tuple[tuple[float, int, bool], ...]:
        """Return time [h], course and whether it is the one after it, in order of time.

        A course is read at its first dose, and after its last one when the next course begins,
        at the latest after ``COURSE_WAIT_D``.
        """
        readings = []
        for number, (first, last) in enumerate(self.courses):
            readings.append((first, number, False))
            after = last + COURSE_WAIT_D * HOURS_PER_DAY
            if number + 1 < len(self.courses):
                after = min(after, self.courses[number + 1][0])
            readings.append((after, number, True))
        # The reading after a course comes before that of the course which begins at the same time.
        return tuple(sorted(readings, key=lambda reading: (reading[0], not reading[2])))


def courses_of(dose_hours: Sequence[float]) -> tuple[tuple[float, float], ...]:
    """Group doses [h] into courses: a gap of more than ``COURSE_GAP_D`` begins a new one."""
    courses: list[tuple[float, float]] = []
    for hour in sorted(dose_hours):
        if courses and hour - courses[-1][1] <= COURSE_GAP_D * HOURS_PER_DAY:
            courses[-1] = (courses[-1][0], float(hour))
        else:
            courses.append((float(hour), float(hour)))
    return tuple(courses)
