"""The treatment of many patients at once: doses planned, decisions dose by dose, activity.

A plan is one for all patients; who gets which dose is decided at its time, in order of time, from
what has happened to the patient so far: allergy, silent inactivation, toxicity, monitoring, rules
of the run. The activity is that of the doses given (:mod:`abm.pharmacology.held`). Every random
number is a function of (seed, stream, occasion, key of the patient), so that arms share patients.
Times are in hours from the start of the run.
"""

import heapq
from collections.abc import Mapping, Sequence
from enum import IntEnum
from typing import Any

import numpy as np

from abm import units
from abm.pharmacology.cohort import Cohort
from abm.pharmacology.held import Given, HeldDoses, PatientMixture
from abm.pharmacology.monitoring import Action, MonitoringRule
from abm.pharmacology.partners import PartnerCourse, PartnerKill
from abm.pharmacology.plan import SUBSTITUTES, TRAITS, Family, PlannedDose, replacement
from abm.pharmacology.products import find_product
from abm.pharmacology.sensitisation import Sensitisation
from abm.pharmacology.therapy_log import EventKind, EventLog
from abm.pharmacology.therapy_options import Observed, TherapyOptions
from abm.pharmacology.toxicity import Toxicity, ToxicityClock
from abm.streams import Stream

_DAY = units.HOURS_PER_DAY
_TIE = 1e-9
_LARGEST_PLAN = 1 << 40


class _Kind(IntEnum):
    """What is due; the order of things at the same hour."""

    TOXICITY = 0
    DRAW = 1
    DOSE = 2


_Item = tuple[float, int, int, list[Any]]


class Therapy:
    """Doses, decisions and activity of the patients of a cohort.

    plan       : doses in order of time
    is_off     : bool[2, n], family that a patient gets no more (allergy, inactivation found)
    is_silent  : bool[2, n], family that is inactivated in a patient, seen or not
    toxicity   : who gets no dose because of it
    factor     : float64[n] per product, dose over the planned one (monitoring)
    n_replans  : rises whenever doses were added to the plan of a patient
    """

    def __init__(
        self,
        cohort: Cohort,
        doses: Sequence[PlannedDose],
        *,
        end_hour: float,
        options: TherapyOptions | None = None,
        partners: Sequence[PartnerCourse] = (),
        monitoring: Sequence[MonitoringRule] = (),
    ) -> None:
        """Plan everything; nothing is given yet. Doses at or after ``end_hour`` are left out."""
        self.cohort, self.end_hour = cohort, end_hour
        self.options = options = options or TherapyOptions()
        self.monitoring, self._first_rule = tuple(monitoring), 0
        self.plan = tuple(
            sorted((d for d in doses if d.hour < end_hour), key=lambda dose: dose.hour)
        )
        self.held = HeldDoses(cohort, is_drawn=options.is_drawn, end_hour=end_hour)
        if self.plan:
            self.held.default = find_product(self.plan[0].product).enzyme
        self.sensitisation = Sensitisation(cohort, options.immunity, options.exposure)
        self.partners = PartnerKill(partners, cohort, options.partners, is_drawn=options.is_drawn)
        self.toxicity = ToxicityClock(cohort, options.toxicities, is_on=options.toxicity)
        self.events = EventLog()
        n = cohort.n_patients
        self.is_off = np.zeros((len(Family), n), np.bool_)
        self.is_silent = np.zeros((len(Family), n), np.bool_)
        self.substitute = np.full(n, -1, np.int64)
        self.factor: dict[str, np.ndarray] = {}
        self.n_given: dict[str, np.ndarray] = {}
        self.n_replans = 0
        self._n_items = 0
        self._queue: list[_Item] = []
        self._stops: set[float] = set()
        for index, dose in enumerate(self.plan):
            self._plan_dose(index, dose)

    @property
    def n_patients(self) -> int:
        """Number of patients."""
        return self.cohort.n_patients

    @property
    def stops(self) -> tuple[float, ...]:
        """Hours of doses and ends of infusions; no interval should step over one."""
        return tuple(sorted(self._stops))

    def is_due(self, end: float) -> bool:
        """Tell whether a dose, a draw or a toxicity waits before ``end``."""
        return bool(self._queue) and self._queue[0][0] < end - _TIE

    def advance_to(self, hour: float, observed: Observed | None = None) -> bool:
        """Settle everything before ``hour``, in order of time; tell whether a dose was given."""
        has_given = False
        while self.is_due(hour):
            at, kind, _, payload = heapq.heappop(self._queue)
            if kind == _Kind.DOSE:
                has_given |= self._settle_dose(at, payload, observed or Observed())
            elif kind == _Kind.DRAW:
                self._settle_draw(at, payload)
            else:
                self._settle_toxicity(at, payload)
        return has_given

    def activity(self, hour: float) -> np.ndarray:
        """Return the true activity at ``hour``, float64[n] [IU/mL], of the doses settled so far."""
        return self.held.at(hour)

    def mixture(self, start: float, end: float) -> PatientMixture:
        """Return the mean activity and the constants over ``[start, end]``, Eq. (P14).

        Doses up to ``end`` must be settled (:meth:`advance_to`). Doses of which nothing is left at
        ``start`` are forgotten, so that intervals must be asked for in order of time.
        """
        self.held.drop_before(start)
        return self.held.mixture(start, end)

    def partner_hazard(self, start: float, end: float) -> np.ndarray:
        """Return the mean death rate by partner drugs, float64[n] [1/h]."""
        return self.partners.hazard(start, end, self.has_antibodies(start))

    def has_antibodies(self, hour: float) -> np.ndarray:
        """Tell whose titre against E. coli enzyme is above the threshold, bool[n]."""
        if not self.options.antibodies:
            return np.zeros(self.n_patients, np.bool_)
        titre = self.sensitisation.titre(Family.E_COLI, hour)
        return np.asarray(titre > self.options.immunity.threshold)

    def snapshot(self) -> dict[str, Any]:
        """Return what a checkpoint must hold: plain numbers, text and lists."""
        names = ("is_off", "is_silent", "substitute")
        return {
            **{name: getattr(self, name).tolist() for name in names},
            "factor": {name: values.tolist() for name, values in self.factor.items()},
            "n_given": {name: values.tolist() for name, values in self.n_given.items()},
            "queue": [list(item) for item in sorted(self._queue)],
            "n_items": self._n_items,
            "n_replans": self.n_replans,
            "stops": sorted(self._stops),
            "held": self.held.snapshot(),
            "sensitisation": self.sensitisation.snapshot(),
            "toxicity": self.toxicity.snapshot(),
            "events": self.events.snapshot(),
        }

    def restore(self, snapshot: Mapping[str, Any]) -> None:
        """Return to a snapshot; activities have the same bits as before."""
        for name in ("is_off", "is_silent"):
            setattr(self, name, np.array(snapshot[name], np.bool_))
        self.substitute = np.array(snapshot["substitute"], np.int64)
        self.factor = {name: np.array(v, float) for name, v in snapshot["factor"].items()}
        self.n_given = {name: np.array(v, np.int64) for name, v in snapshot["n_given"].items()}
        self._queue = [(h, k, i, payload) for h, k, i, payload in snapshot["queue"]]
        self._n_items, self.n_replans = snapshot["n_items"], snapshot["n_replans"]
        self._stops = set(snapshot["stops"])
        self.held.restore(snapshot["held"])
        self.sensitisation.restore(snapshot["sensitisation"])
        self.toxicity.restore(snapshot["toxicity"])
        self.events.restore(snapshot["events"])

    def forget_before(self, hour: float) -> None:
        """Leave out what was planned before ``hour``; nothing was given yet."""
        self.plan = tuple(dose for dose in self.plan if dose.hour >= hour)
        self._queue, self._stops = [], set()
        self.partners = self.partners.part(hour, np.inf)
        for index, dose in enumerate(self.plan):
            self._plan_dose(index, dose)

    def follow(self, before: "Therapy", hour: float) -> None:
        """Take over what happened before ``hour`` and what it has set off (draws, toxicity).

        Later doses are those of the own plan; a therapy that follows itself gives none.
        """
        own = () if before is self else tuple(d for d in self.plan if d.hour >= hour)
        past, snapshot = tuple(d for d in before.plan if d.hour < hour), before.snapshot()
        queue = [one for one in snapshot["queue"] if one[1] != _Kind.DOSE or one[3][2] is not None]
        self.restore({**snapshot, "queue": queue, "stops": []})
        self.plan = past + own
        self.partners = self.partners.after(before.partners, hour)
        if self.monitoring != before.monitoring:
            self._first_rule = len(before.monitoring)
            self.monitoring = before.monitoring + self.monitoring
        for one in (item[3] for item in queue if item[1] == _Kind.DOSE):
            self._note_stops(PlannedDose.from_list(one[2]))
        for index, dose in enumerate(own, len(past)):
            self._plan_dose(index, dose)

    def _plan_dose(self, index: int, dose: PlannedDose) -> None:
        """Queue a dose of the plan, ahead of what else is due then."""
        item = (dose.hour, int(_Kind.DOSE), index - _LARGEST_PLAN, [index, 0, None, None])
        heapq.heappush(self._queue, item)
        self._note_stops(dose)

    def _push(self, hour: float, kind: _Kind, payload: list[Any]) -> None:
        heapq.heappush(self._queue, (hour, int(kind), self._n_items, payload))
        self._n_items += 1

    def _note_stops(self, dose: PlannedDose) -> None:
        self._stops.add(dose.hour)
        if 0.0 < dose.hour + dose.infusion_hours < self.end_hour:
            self._stops.add(dose.hour + dose.infusion_hours)

    def _settle_dose(self, hour: float, payload: list[Any], observed: Observed) -> bool:
        """Decide for every patient on one dose of the plan, or on one that replaces it."""
        index, part, values, rows = payload
        dose = self.plan[index] if values is None else PlannedDose.from_list(values)
        is_wanted = np.ones(self.n_patients, np.bool_)
        if rows is not None:
            is_wanted[:] = False
            is_wanted[rows] = True
        is_wanted = self._refuse(dose, is_wanted, observed)
        family = TRAITS[dose.product].family
        is_closed = is_wanted & self.is_off[family]
        if family is Family.E_COLI:
            is_replaced = is_closed & (self.substitute >= 0)
            self._replace(index, dose, is_replaced, hour)
            is_closed &= ~is_replaced
            is_wanted &= ~is_replaced
        closed = np.flatnonzero(is_closed)
        self.events.add(EventKind.WITHHELD, hour, closed, dose.product, "reaction")
        is_wanted &= ~is_closed
        if self.options.antibodies:
            is_wanted &= ~self._react(index, dose, is_wanted)
        rows = np.flatnonzero(is_wanted)
        if rows.size:
            self._give(index, part, dose, rows)
        return bool(rows.size)

    def _refuse(self, dose: PlannedDose, is_wanted: np.ndarray, observed: Observed) -> np.ndarray:
        """Return who remains after rules of the run, MRD and toxicity."""
        reasons: list[tuple[str, np.ndarray]] = []
        if observed.is_withheld is not None:
            reasons.append(("rule", observed.is_withheld))
        if dose.only_if_mrd_at_least > 0.0:
            mrd = np.full(self.n_patients, np.nan) if observed.mrd is None else observed.mrd
            reasons.append(("mrd", ~(mrd >= dose.only_if_mrd_at_least)))
        reasons.append(("toxicity", self.toxicity.is_stopped(dose.hour)))
        for note, is_refused in reasons:
            rows = np.flatnonzero(is_wanted & is_refused)
            self.events.add(EventKind.WITHHELD, dose.hour, rows, dose.product, note)
            is_wanted = is_wanted & ~is_refused
        return is_wanted

    def _react(self, index: int, dose: PlannedDose, is_wanted: np.ndarray) -> np.ndarray:
        """Let those react whose titre is high; return who does so with symptoms, bool[n]."""
        family, hour = TRAITS[dose.product].family, dose.hour
        is_high = is_wanted & ~self.is_silent[family]
        is_high &= self.sensitisation.is_high(dose.product, hour)
        if not is_high.any():
            return is_high
        titre = self.sensitisation.titre(family, hour)
        is_silent = is_high & self.sensitisation.is_silent_type[family]
        is_allergic = is_high & ~is_silent
        self.held.neutralise(is_high, family, hour)
        self.is_silent[family] |= is_silent
        self.is_off[family] |= is_allergic
        for kind, is_hit in ((EventKind.SILENT, is_silent), (EventKind.ALLERGY, is_allergic)):
            rows = np.flatnonzero(is_hit)
            self.events.add(kind, hour, rows, dose.product, value=titre[rows])
        if family is Family.E_COLI and self.options.switch_to:
            self._switch(index, dose, is_allergic, self.options.switch_to, hour)
        return is_allergic

    def _switch(
        self, index: int, dose: PlannedDose, is_hit: np.ndarray, product: str, hour: float
    ) -> None:
        """Give ``product`` from now on and replace the dose that was lost."""
        self.substitute[is_hit] = SUBSTITUTES.index(product)
        self.events.add(EventKind.SWITCH, hour, np.flatnonzero(is_hit), dose.product, product)
        self._replace(index, dose, is_hit, hour + self.options.course.switch_days * _DAY)

    def _replace(self, index: int, dose: PlannedDose, is_hit: np.ndarray, start: float) -> None:
        """Plan what replaces ``dose``, until the next dose of its family is due."""
        later = (
            one.hour
            for one in self.plan[index + 1 :]
            if TRAITS[one.product].family is Family.E_COLI and one.hour > dose.hour
        )
        end = min(next(later, np.inf), self.end_hour)
        for number in np.unique(self.substitute[is_hit]).tolist():
            rows = np.flatnonzero(is_hit & (self.substitute == number))
            for part, one in enumerate(replacement(dose, SUBSTITUTES[number], start)):
                if one.hour < end - _TIE:
                    self._push(
                        one.hour, _Kind.DOSE, [index, part + 1, one.to_list(), rows.tolist()]
                    )
                    self._note_stops(one)
                    self.n_replans += 1

    def _give(self, index: int, part: int, dose: PlannedDose, rows: np.ndarray) -> None:
        traits = TRAITS[dose.product]
        total = self.cohort.totals(dose.amount)
        total = (total * self.factor.get(dose.product, 1.0))[rows]
        if traits.is_pegylated and np.isfinite(self.options.dose_cap):
            is_cut = total > self.options.dose_cap
            self.events.add(
                EventKind.CAP, dose.hour, rows[is_cut], dose.product, value=total[is_cut]
            )
            total = np.minimum(total, self.options.dose_cap)
        self.events.add(EventKind.DOSE, dose.hour, rows, dose.product, dose.phase, total)
        spread = find_product(dose.product).variability(dose.preset)
        if self.options.is_drawn and spread.inactivated_share > 0.0:
            total = np.where(self.cohort.is_inactivated(spread)[rows], 0.0, total)
        clearance = self._clearance(index, part, dose)[rows]
        later = self.options.course.later_volume if self._is_later(dose) else 1.0
        self.held.give(Given(dose, rows, total, clearance, np.full(rows.shape, later)))
        self.sensitisation.expose(dose.product, rows, dose.hour)
        for hour, row, kind in self.toxicity.expose(rows, dose.hour, traits.exposure_days):
            self._push(hour, _Kind.TOXICITY, [row, kind])
        self._plan_draws(index, part, dose, rows)

    def _is_later(self, dose: PlannedDose) -> bool:
        is_affected = self.options.phase_effect and dose.product == "pegaspargase"
        return is_affected and dose.phase not in ("", "induction")

    def _clearance(self, index: int, part: int, dose: PlannedDose) -> np.ndarray:
        """Return the clearance at this dose over the patient's own, float64[n]."""
        factor = np.ones(self.n_patients)
        spread = find_product(dose.product).variability(dose.preset)
        if self.options.is_drawn and spread.occasion_sd_log > 0.0:
            occasion = index + 4096 * part
            normal = self.cohort.normals(Stream.PATIENT_OCCASIONS, occasion)[0]
            factor *= np.exp(spread.occasion_sd_log * normal)
        if self._is_later(dose):
            factor *= self.options.course.later_clearance
        family = TRAITS[dose.product].family
        factor[self.is_silent[family]] *= self.options.immunity.inactivated_clearance_factor
        return factor

    def _settle_toxicity(self, hour: float, payload: list[Any]) -> None:
        row, kind = payload
        if not self.toxicity.is_ended[row]:
            is_final = self.toxicity.strike(row, kind, hour)
            event = EventKind[Toxicity(kind).name]
            self.events.add(event, hour, np.array([row]), value=float(is_final))

    def _plan_draws(self, index: int, part: int, dose: PlannedDose, rows: np.ndarray) -> None:
        given = self.n_given.setdefault(dose.product, np.zeros(self.n_patients, np.int64))
        given[rows] += 1
        for number, rule in enumerate(self.monitoring):
            if number >= self._first_rule and rule.after == dose.product:
                drawn = rows[given[rows] % rule.every == 0]
                hour = dose.hour + rule.hours
                if drawn.size and hour < self.end_hour:
                    payload = [number, index, part, dose.to_list(), drawn.tolist()]
                    self._push(hour, _Kind.DRAW, payload)

    def _settle_draw(self, hour: float, payload: list[Any]) -> None:
        """Measure, then do what the rule says in those whose value is outside the limits."""
        number, index, part, values, listed = payload
        rule, dose = self.monitoring[number], PlannedDose.from_list(values)
        family = TRAITS[dose.product].family
        rows = np.array(listed, np.int64)
        rows = rows[~self.is_off[family, rows]]
        true = self.held.at(hour)
        spread = find_product(dose.product).variability(dose.preset)
        measured = np.where(true < spread.quantification_limit, 0.0, true)
        if self.options.is_drawn:
            occasion = (index * 64 + part) * 64 + number
            measured = self.cohort.measured_at(true, spread, occasion)
        self.events.add(
            EventKind.DRAW, hour, rows, dose.product, value=true[rows], measured=measured[rows]
        )
        is_hit = np.zeros(self.n_patients, np.bool_)
        is_hit[rows] = rule.is_outside(measured[rows])
        hit = np.flatnonzero(is_hit)
        if rule.action is Action.ADJUST:
            self._adjust(rule, hour, hit, measured)
        elif rule.action is not Action.NOTE and hit.size:
            self.is_off[family] |= is_hit
            self.events.add(
                EventKind.FOUND, hour, hit, dose.product, value=true[hit], measured=measured[hit]
            )
            if rule.action is Action.SWITCH:
                self._switch(index, dose, is_hit, rule.to, hour)

    def _adjust(
        self, rule: MonitoringRule, hour: float, hit: np.ndarray, measured: np.ndarray
    ) -> None:
        factor = self.factor.setdefault(rule.after, np.ones(self.n_patients))
        changed = rule.adjusted(factor, measured)
        hit = hit[changed[hit] != factor[hit]]
        factor[hit] = changed[hit]
        self.events.add(EventKind.ADJUST, hour, hit, rule.after, value=factor[hit])
