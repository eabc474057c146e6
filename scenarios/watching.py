"""The watch over the patients of a model of bodies: when it looks, made from doses and protocol."""

from collections.abc import Sequence

import numpy as np

from abm.facts import Facts
from abm.pharmacology.asparagine import HANDLINGS
from abm.streams import Streams
from abm.units import HOURS_PER_DAY
from abm.watch.observer import Watch
from abm.watch.plan import WatchParameters, WatchPlan, courses_of
from scenarios.batch import Batch
from scenarios.schema import Scenario
from scenarios.surroundings import Surroundings
from scenarios.therapy import partner_courses, planned_doses, protocol_of

MRD_DAYS = (15.0, 33.0, 78.0)
"""Days after the start of treatment on which residual disease is read without a protocol
(assumption A405)."""
_LEAST_INDUCTION_D = 26.0
"""The first reading so long after the start of treatment ends induction (assumption A405)."""
_HANDLING = "quenched"


def plan_watch(
    start: float, dose_hours: Sequence[float], mrd_hours: Sequence[tuple[str, float]] = ()
) -> WatchPlan:
    """Return when to look, given the start of treatment and the hours of all planned doses.

    ``mrd_hours``: name and hour of each reading of a protocol; without any, those of ``MRD_DAYS``.
    """
    readings = sorted(mrd_hours, key=lambda reading: reading[1]) or [
        (f"day {day:g}", start + day * HOURS_PER_DAY) for day in MRD_DAYS
    ]
    late = start + _LEAST_INDUCTION_D * HOURS_PER_DAY
    ends = [name for name, hour in readings if hour >= late] or [readings[-1][0]]
    return WatchPlan(
        treatment_start=start,
        mrd=tuple(readings),
        end_of_induction=ends[0],
        courses=courses_of(dose_hours),
    )


def plan_of(scenario: Scenario) -> WatchPlan:
    """Return when to look at the patients of a scenario; no reading without a treatment."""
    doses = [dose.hour for dose in planned_doses(scenario)]
    protocol = protocol_of(scenario)
    starts = [*doses, *(0.0 for _ in [protocol] if protocol is not None)]
    for course in partner_courses(scenario):
        starts += course.hours or [course.start]
    if not starts:
        return WatchPlan(treatment_start=float("inf"))
    return plan_watch(min(starts), doses, () if protocol is None else protocol.mrd_hours())


def make_watch(
    scenario: Scenario,
    surroundings: Surroundings,
    parameters: WatchParameters,
    facts: Facts,
    streams: Streams,
    batch: Batch | None = None,
) -> Watch | None:
    """Return the watch of a model of bodies, None for other environments.

    The therapy is told of residual disease as flow cytometry reads it.
    """
    if surroundings.bodies is None:
        return None
    dosing = surroundings.dosing
    keys = np.arange(scenario.replicates, dtype=np.uint64)
    if dosing is not None:
        keys = dosing.therapy.cohort.keys
    elif batch is not None:
        keys = batch.index.astype(np.uint64)
    watch = Watch(
        plan_of(scenario), parameters, HANDLINGS[_HANDLING], facts, streams, keys,
        patients=None if batch is None else batch.index.tolist(),
    )  # fmt: skip
    if dosing is not None:
        dosing.mrd = watch.readings.latest_mrd
    return watch
