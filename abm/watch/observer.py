"""The watch over the patients of a model: reads, accumulates, changes nothing but itself."""

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np

from abm.clock import Clock
from abm.environment.body import Compartment
from abm.observe import is_asns_high, is_resistant
from abm.pharmacology.asparagine import SampleHandling
from abm.state.columns import CellType
from abm.state.population import Population
from abm.state.sites import Species
from abm.state.state import State
from abm.streams import Stream, Streams
from abm.watch.composition import Composition, View, composition
from abm.watch.plan import WatchParameters, WatchPlan
from abm.watch.readings import CourseReading, Place, Reading, Readings
from abm.watch.samples import AsparagineSample, read_residual_disease

_PL_PER_UL = 1e6
_TINY = np.finfo(float).tiny
_LEAST_CHANGE = 1e-9
"""Below it a quantity counts as constant over an interval."""
_N = len(Compartment)


class Watch:
    """Reads every patient of a model of bodies; replicate r is patient r of the batch.

    :meth:`start` looks at the state before the first step, :meth:`observe` after every interval.
    Between two looks times above and below a limit are interpolated, so that they do not hang on
    the length of the intervals, Eq. (V4). Random numbers are keyed by patient (``keys``,
    uint64[R]), never by place in the batch. A replicate that a stop rule has ended is left alone.
    """

    def __init__(
        self,
        plan: WatchPlan,
        parameters: WatchParameters,
        handling: SampleHandling,
        facts: Any,
        streams: Streams,
        keys: np.ndarray,
        *,
        patients: Sequence[int] | None = None,
    ) -> None:
        n = keys.shape[0]
        self.plan, self.parameters = plan, parameters
        self.patients = np.arange(n) if patients is None else np.asarray(patients, np.int64)
        self.readings = Readings.empty(n)
        self.mrd_readings: list[Reading] = []
        self.course_readings: list[CourseReading] = []
        self.compositions: dict[int, Composition] = {}
        self.sample = AsparagineSample(handling)
        self._facts, self._streams, self._keys = facts, streams, keys
        self._courses = plan.course_readings()
        self._n_mrd_done = self._n_courses_done = 0
        self._activity = np.zeros(n)
        self._hours_before = 0.0
        self._asn = self._csf_asn = self._margin = np.full(n, np.inf)

    @property
    def n(self) -> int:
        """Number of patients."""
        return self._keys.shape[0]

    @property
    def has_relapsed(self) -> np.ndarray:
        """Whether each patient has relapsed in the marrow, bool[R]."""
        return ~np.isnan(self.readings.relapse)

    def start(self, state: State, clock: Clock) -> None:
        """Look at the state before the first step."""
        self._asn, self._csf_asn, self._margin, self._activity = self._levels(state)
        self._look(state, clock)

    def observe(self, state: State, clock: Clock, ticks: int) -> None:
        """Account for the interval of ``ticks`` that ends now; count cells at fate ticks."""
        self._accumulate(state, clock.to_hours(ticks))
        self.readings.followed[~state.is_stopped] = clock.hours
        if clock.is_fate_tick():
            self._look(state, clock)

    def snapshot(self) -> dict[str, Any]:
        """Return all that a checkpoint must hold."""
        return {
            "readings": self.readings.snapshot(),
            "mrd": [dataclasses.astuple(reading) for reading in self.mrd_readings],
            "courses": [dataclasses.astuple(reading) for reading in self.course_readings],
            "compositions": {k: dataclasses.astuple(v) for k, v in self.compositions.items()},
            "done": [self._n_mrd_done, self._n_courses_done],
            "before": [self._activity, self._asn, self._csf_asn, self._margin],
            "hours_before": self._hours_before,
        }

    def restore(self, snapshot: dict[str, Any]) -> None:
        """Return to a snapshot; the arrays of ``readings`` stay the same objects."""
        for name, values in snapshot["readings"].items():
            getattr(self.readings, name)[...] = values
        self.mrd_readings = [Reading(*row) for row in snapshot["mrd"]]
        self.course_readings = [CourseReading(*row) for row in snapshot["courses"]]
        self.compositions = {int(k): Composition(*v) for k, v in snapshot["compositions"].items()}
        self._n_mrd_done, self._n_courses_done = snapshot["done"]
        before = [np.array(values, float) for values in snapshot["before"]]
        self._activity, self._asn, self._csf_asn, self._margin = before
        self._hours_before = float(snapshot["hours_before"])

    def adopt(self, before: "Watch", clock: Clock) -> None:
        """Go on from ``before``, the watch of a run that branches here."""
        self.restore(before.snapshot())
        self._n_mrd_done = sum(due <= clock.hours for _, due in self.plan.mrd)
        self._n_courses_done = sum(due <= clock.hours for due, _, _ in self._courses)

    def _levels(self, state: State) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Return plasma Asn, Asn of the fluid, margin of the sample, activity, float64[R] each."""
        concentration = state.sites.concentration
        asn = concentration[Species.ASN, Compartment.PLASMA :: _N].copy()
        gln = concentration[Species.GLN, Compartment.PLASMA :: _N]
        activity = state.sites.activity[Compartment.PLASMA :: _N].copy()
        csf = concentration[Species.ASN, Compartment.CSF :: _N].copy()
        return asn, csf, self.sample.margin(asn, gln, activity, state.drug), activity

    def _accumulate(self, state: State, hours: float) -> None:
        """Add an interval to the times above and below limits, Eq. (V4)."""
        r, p = self.readings, self.parameters
        length = np.where(state.is_stopped, 0.0, hours)
        asn, csf, margin, activity = self._levels(state)
        r.activity_area += activity * length
        r.above_target += self._time_above(activity, length, hours)
        r.depleted += length * _share_below(self._asn, asn, p.depletion_limit)
        r.csf_depleted += length * _share_below(self._csf_asn, csf, p.csf_depletion_limit)
        r.undetected += length * _share_below(self._margin, margin, 0.0)
        self._asn, self._csf_asn, self._margin, self._activity = asn, csf, margin, activity
        self._hours_before = hours

    def _time_above(self, activity: np.ndarray, length: np.ndarray, hours: float) -> np.ndarray:
        """Return the time above the target in this interval, float64[R] [h].

        Activities are means over their intervals. Upwards they jump with a dose, where an interval
        begins; on the way down the crossing is put where a straight line of ln(activity) through
        the middles of both intervals meets the target.
        """
        target, before = self.parameters.activity_target, self._activity
        is_above = activity >= target
        time = np.where(is_above, length, 0.0)
        falls = np.flatnonzero((before >= target) & ~is_above & (length > 0.0))
        if falls.shape[0] and self._hours_before > 0.0:
            high, low = before[falls], np.maximum(activity[falls], _TINY)
            middle = 0.5 * (self._hours_before + hours)
            after_middle = middle * np.log(high / target) / np.log(high / low)
            time[falls] += after_middle - 0.5 * self._hours_before
        return time

    def _look(self, state: State, clock: Clock) -> None:
        """Count the cells and note what has come about."""
        r = self.readings
        hours = clock.hours
        is_followed = ~state.is_stopped
        r.cells[...] = count_by_site(state.tumour(), state.sites.n).reshape(-1, _N)
        r.normal[...] = self._normal_cells(state)
        marrow = r.cells[:, Compartment.MARROW]
        r.marrow_share[...] = marrow / np.maximum(marrow + r.normal, 1.0)
        total = r.cells.sum(axis=1)
        r.extinct[np.isnan(r.extinct) & (total == 0.0)] = hours
        if hours >= self.plan.treatment_start:
            self._look_at_disease(state, clock, is_followed, total)
        while self._n_mrd_done < len(self.plan.mrd):
            name, due = self.plan.mrd[self._n_mrd_done]
            if hours < due:
                break
            self._read_mrd(name, self._n_mrd_done, hours, is_followed)
            self._n_mrd_done += 1
        while self._n_courses_done < len(self._courses):
            due, course, is_after = self._courses[self._n_courses_done]
            if hours < due:
                break
            self._read_course(state, course, is_after, hours, is_followed)
            self._n_courses_done += 1

    def _look_at_disease(
        self, state: State, clock: Clock, is_followed: np.ndarray, total: np.ndarray
    ) -> None:
        """Note remission, relapse and the fewest blasts, Eq. (V1) and (V2)."""
        r, p, hours = self.readings, self.parameters, clock.hours
        is_lower = is_followed & (total < r.lowest)
        r.lowest[is_lower] = total[is_lower]
        r.lowest_time[is_lower] = hours
        is_below = r.marrow_share < p.blast_limit
        r.remission[is_followed & is_below & np.isnan(r.remission)] = hours
        limit = p.csf_limit * state.sites.volume[Compartment.CSF :: _N] / _PL_PER_UL
        is_clear = r.cells[:, Compartment.CSF] < limit
        r.csf_clear[is_followed & is_clear & np.isnan(r.csf_clear)] = hours
        back = is_followed & ~is_clear & ~np.isnan(r.csf_clear) & np.isnan(r.csf_relapse)
        r.csf_relapse[back] = hours
        relapsing = is_followed & ~is_below & ~np.isnan(r.remission) & np.isnan(r.relapse)
        if not relapsing.any():
            return
        r.relapse[relapsing] = hours
        r.origin[relapsing] = state.descent[relapsing, Compartment.MARROW].argmax(axis=1)
        view = View(state, self._facts)
        for patient in np.flatnonzero(relapsing).tolist():
            site = _N * patient + Compartment.MARROW
            self.compositions[patient] = composition(view, site, clock.to_hours(1))

    def _normal_cells(self, state: State) -> np.ndarray:
        normal = [p for p in state.populations if p.cell_type is CellType.NORMAL]
        if not normal:
            return np.full(self.n, self.parameters.normal_marrow_cells)
        return count_by_site(normal, state.sites.n)[Compartment.MARROW :: _N]

    def _read_mrd(self, name: str, number: int, hours: float, is_followed: np.ndarray) -> None:
        """Read a sample of the marrow of every patient who is still followed, Eq. (V3)."""
        p, share = self.parameters, self.readings.marrow_share
        # Keyed by the number of the reading, so that arms with other schedules share their samples.
        uniform = self._streams.uniforms(Stream.PATIENT_MRD, number, self._keys)
        flow = read_residual_disease(uniform[0], share, p.flow_cells, p.flow_limit)
        pcr = read_residual_disease(uniform[1], share, p.pcr_cells, p.pcr_limit)
        self.readings.latest_mrd[is_followed] = flow[is_followed]
        self.mrd_readings += [
            Reading(patient, name, hours, float(share[patient]), float(flow[patient]),
                    float(pcr[patient]))
            for patient in np.flatnonzero(is_followed).tolist()
        ]  # fmt: skip

    def _read_course(
        self, state: State, course: int, is_after: bool, hours: float, is_followed: np.ndarray
    ) -> None:
        view = View(state, self._facts)
        shares = []
        total = self.readings.cells.sum(axis=1)
        for mask in (is_asns_high(view), is_resistant(view)):
            counts = count_by_site(state.tumour(), state.sites.n, mask).reshape(-1, _N)
            with np.errstate(invalid="ignore"):
                shares.append(counts.sum(axis=1) / total)
        self.course_readings += [
            CourseReading(patient, course, is_after, hours, float(total[patient]),
                          float(shares[0][patient]), float(shares[1][patient]))
            for patient in np.flatnonzero(is_followed).tolist()
        ]  # fmt: skip

    def places(self) -> list[Place]:
        """Return where relapse showed first, marrow or cerebrospinal fluid, for each patient."""
        r = self.readings
        found = []
        for marrow, csf in zip(r.relapse.tolist(), r.csf_relapse.tolist(), strict=True):
            if np.isnan(marrow) and np.isnan(csf):
                found.append(Place.NONE)
            else:
                is_csf = np.isnan(marrow) or csf < marrow
                found.append(Place.CSF if is_csf else Place.MARROW)
        return found


def count_by_site(
    populations: list[Population], n_site: int, masks: dict[str, np.ndarray] | None = None
) -> np.ndarray:
    """Return the cells of populations at each site, float64[n_site] of whole numbers.

    Exact: numbers of cells stay below 2^53. ``masks`` tells which rows count, by population.
    """
    total = np.zeros(n_site)
    for population in populations:
        weights = population.weights()
        if masks is not None:
            weights = weights * masks[population.name]
        total += np.bincount(population.live("site"), weights=weights, minlength=n_site)
    return total


def _share_below(before: np.ndarray, now: np.ndarray, limit: float) -> np.ndarray:
    """Return the share of an interval below ``limit`` of a straight line, float64[R]."""
    low, high = np.minimum(before, now), np.maximum(before, now)
    return np.clip((limit - low) / np.maximum(high - low, _LEAST_CHANGE), 0.0, 1.0)
