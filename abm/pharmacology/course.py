"""One course of doses in many virtual patients: activity at the times of the samples.

Times are in hours, activities in IU/mL. All curves are closed forms, so only the times that are
asked for are computed.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from abm import units
from abm.errors import ScenarioError
from abm.pharmacology.cohort import Cohort
from abm.pharmacology.immunity import Reaction, Reactions
from abm.pharmacology.patient import Patient
from abm.pharmacology.populations import AbstractKinetics, Factors
from abm.pharmacology.products import find_product
from abm.pharmacology.regimen import Amount, Route, activity_per_amount, parse_amount


@dataclass(frozen=True, kw_only=True)
class Course:
    """Doses of one product: ``amounts`` at ``hours`` (both float-like, same length).

    ``amount`` is text such as ``"2500 IU/m2"``, one for all doses or one per dose.
    """

    product: str
    amount: str | Sequence[str]
    hours: tuple[float, ...]
    route: Route = Route.IV
    infusion_hours: float = 0.0
    preset: str | None = None

    def amounts(self) -> list[Amount]:
        """Return one amount per dose; ScenarioError where the numbers differ."""
        texts = [self.amount] * len(self.hours) if isinstance(self.amount, str) else self.amount
        if len(texts) != len(self.hours):
            raise ScenarioError(f"course: {len(texts)} amounts for {len(self.hours)} doses")
        return [parse_amount(text, where="course.amount") for text in texts]


def course_activity(
    course: Course, cohort: Cohort, hours: np.ndarray, reactions: Reactions | None = None
) -> np.ndarray:
    """Return the true activity of every patient at ``hours``, float64[n, n_times] [IU/mL].

    Doses superpose, Eq. (P8). What a dose left behind keeps the clearance of its own occasion
    (assumption A187). Patients inactivated from the first dose on have none. A sample at the time
    of a dose is taken before it. ``reactions`` (days count from the same zero) end the activity at
    their onset: what earlier doses left is neutralised, later ones are not given (allergy) or
    removed faster (silent). Raises ScenarioError for a product or route without data.
    """
    product = find_product(course.product, where="course.product")
    spread = product.variability(course.preset)
    hours = np.asarray(hours, dtype=np.float64)
    dose_hours = np.asarray(course.hours, dtype=np.float64)
    since = hours[None, :] - dose_hours[:, None]
    clearances = cohort.occasion_factors(spread, len(course.hours))
    acts = np.broadcast_to(since > 0.0, (cohort.n_patients, *since.shape))
    if reactions is not None:
        is_late, acts = _react(reactions, dose_hours, hours, acts)
        clearances = np.where(is_late, clearances * reactions.clearance_factor, clearances)
    amounts = course.amounts()
    out = np.zeros((cohort.n_patients, hours.shape[0]))
    individuals = cohort.individuals(product.kinetics(course.preset), spread)
    for index, (patient, own) in enumerate(zip(cohort.patients, individuals, strict=True)):
        totals = np.array([amount.total(patient) for amount in amounts])
        curve = _curves(course, own, patient, since, clearances[index])
        out[index] = totals @ np.where(acts[index], curve, 0.0)
    out[cohort.is_inactivated(spread)] = 0.0
    return out


def _curves(
    course: Course,
    own: AbstractKinetics,
    patient: Patient,
    since: np.ndarray,
    clearances: np.ndarray,
) -> np.ndarray:
    """Return activity per amount, float64[n_doses, n_times], each dose with its own clearance."""
    if np.all(clearances == 1.0):
        return activity_per_amount(own, patient, course.route, since, course.infusion_hours)
    curve = np.empty_like(since)
    for dose, factor in enumerate(clearances.tolist()):
        changed = own.scaled(Factors(clearance=factor))
        curve[dose] = activity_per_amount(
            changed, patient, course.route, since[dose], course.infusion_hours
        )
    return curve


def _react(
    reactions: Reactions, dose_hours: np.ndarray, hours: np.ndarray, acts: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return who has which dose at or after the onset, and which dose acts at which time."""
    onset = reactions.onset * units.HOURS_PER_DAY
    is_late = dose_hours[None, :] >= onset[:, None]
    is_silent = (reactions.kinds == Reaction.SILENT)[:, None]
    is_after = hours[None, :] > onset[:, None]
    acts = acts & (~is_after[:, None, :] | (is_late & is_silent)[:, :, None])
    return is_late, acts
