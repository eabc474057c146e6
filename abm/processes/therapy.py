"""Dosing of bodies: every replicate is a patient of one therapy.

Per interval the therapy gives each patient's mean activity and the constants of its enzymes; the
body says how much of it reaches each of its sites. Rules on the number of living tumour cells work
as in :mod:`abm.processes.dosing`, patient by patient.
"""

import math
from collections.abc import Callable, Sequence

import numpy as np

from abm.clock import Clock
from abm.pharmacology.held import PatientMixture
from abm.pharmacology.therapy import Therapy
from abm.pharmacology.therapy_log import EventKind
from abm.pharmacology.therapy_options import Observed
from abm.processes.dosing import Action, DosingParameters, Rule, scaled
from abm.processes.process import AbstractProcess
from abm.state.state import State
from abm.units import MINUTES_PER_HOUR

SiteActivity = Callable[[np.ndarray, float], np.ndarray]

_SAME_AMOUNT = 1e-9
"""Relative difference up to which an amount is the planned one: that of rounding."""


class TherapyDosing(AbstractProcess):
    """Settles the therapy and sets activity, drug and hazard of partner drugs.

    Call :meth:`begin` before the length of an interval is chosen and :meth:`advance` for it, as
    with :class:`abm.processes.dosing.Dosing`.

    therapy       : of as many patients as there are replicates
    site_activity : mean activity in plasma over an interval, float64[n_replicate], and its length
        [h], to activity at all sites [IU/mL]; called once per interval
    is_single     : one patient (by default where there is one): each tick is coupled for two hours
        after a dose that lifts the activity, and no interval steps over a dose that was planned on
        the way. Among several patients both would make one depend on the others, so that doses of
        single patients act inside intervals, as part of their mean.
    current       : the mixture over the last interval
    is_paused     : bool[n], patients whose doses a rule has paused
    mrd           : float64[n], last MRD of each patient; whoever measures it writes it here
    """

    name = "dosing"

    def __init__(
        self,
        therapy: Therapy,
        parameters: DosingParameters,
        rules: Sequence[Rule] = (),
        *,
        site_activity: SiteActivity,
        is_single: bool | None = None,
    ) -> None:
        """Start with nothing given and nobody paused."""
        self.therapy, self.parameters, self.rules = therapy, parameters, tuple(rules)
        self.site_activity = site_activity
        self.is_single = therapy.n_patients == 1 if is_single is None else is_single
        n = therapy.n_patients
        self.is_paused = np.zeros(n, np.bool_)
        self.mrd = np.full(n, np.nan)
        self.current: PatientMixture = therapy.held.mixture(0.0, 1.0)
        self._n_replans = -1
        self._has_jumped = False

    def begin(self, state: State, clock: Clock) -> None:
        """Give what is due at the present tick; tell the clock of jumps and of new doses."""
        self._has_jumped = self._settle(state, clock, clock.tick + 1)
        if self._has_jumped:
            clock.note_jump()
        self._tell_stops(clock)

    def advance(self, state: State, clock: Clock, ticks: int) -> None:
        """Set ``sites.activity``, ``drug`` and ``partner_hazard`` for the ``ticks`` that end now.

        What falls into the interval is settled first: among several patients that may be doses of
        single ones.
        """
        has_jumped = self._settle(state, clock, clock.tick) and not self._has_jumped
        if has_jumped:
            clock.note_jump()
        self._has_jumped = False
        start, end = clock.to_hours(clock.tick - ticks), clock.to_hours(clock.tick)
        self.current = self.therapy.mixture(start, end)
        state.sites.activity[:] = self.site_activity(self.current.activity, end - start)
        state.drug = scaled(self.current, self.parameters.glutaminase_factor)
        state.partner_hazard[:] = self.therapy.partner_hazard(start, end)
        self._tell_stops(clock)

    def adopt(self, before: AbstractProcess, state: State, clock: Clock) -> None:
        """Keep what happened before ``clock.tick``; later doses are those of this therapy."""
        assert isinstance(before, TherapyDosing)
        self.therapy.follow(before.therapy, clock.hours)
        self.is_paused = before.is_paused & bool(self.rules)
        self._n_replans = -1

    def begin_at(self, clock: Clock) -> None:
        """Leave out the doses of the time before."""
        self.therapy.forget_before(clock.hours)
        self._n_replans = -1

    def give_no_more(self, clock: Clock) -> None:
        """Give no further doses; what was given goes on acting."""
        self.therapy.follow(self.therapy, clock.hours)

    def given(self) -> list[tuple[float, str]] | None:
        """Return hour and label of each dose that the one patient was given; None among several.

        A dose as planned is named as in the plan, another one by its product and IU.
        """
        therapy = self.therapy
        if therapy.n_patients > 1:
            return None
        planned = {(dose.hour, dose.product): dose.amount for dose in therapy.plan}
        found = []
        for kind, hour, _, product, _, value, _ in therapy.events.entries:
            if kind == EventKind.DOSE:
                total, amount = float(value[0]), planned.get((hour, product))
                text = f"{total:.0f} IU"
                if amount is not None:
                    as_planned = float(therapy.cohort.totals(amount)[0])
                    if math.isclose(as_planned, total, rel_tol=_SAME_AMOUNT):
                        text = amount.text
                found.append((hour, f"{product} {text}"))
        return found

    def _settle(self, state: State, clock: Clock, end: int) -> bool:
        """Settle what is due before tick ``end``; tell whether a dose is a jump for anyone."""
        hour = clock.to_hours(end)
        if not self.therapy.is_due(hour):
            return False
        now = clock.to_hours(end - 1)
        before = self.therapy.activity(now)
        observed = Observed(is_withheld=self._apply_rules(state), mrd=self.mrd)
        if not self.therapy.advance_to(hour, observed):
            return False
        after = self.therapy.activity(now + 1.0)
        return self.is_single and bool(
            np.any(after - before > self.parameters.jump_threshold * before)
        )

    def _apply_rules(self, state: State) -> np.ndarray | None:
        """Pause or resume by the rules in their order, the last one wins; None without rules."""
        if not self.rules:
            return None
        n_cells = state.n_cells_by_replicate()
        is_skipped = np.zeros_like(self.is_paused)
        for rule in self.rules:
            holds = np.array([rule.holds(float(n)) for n in n_cells])
            if rule.action is Action.SKIP:
                is_skipped |= holds
            else:
                self.is_paused[holds] = rule.action is Action.PAUSE
        return self.is_paused | is_skipped

    def _tell_stops(self, clock: Clock) -> None:
        """Hand doses that were planned since to the clock."""
        if self.is_single and self._n_replans != self.therapy.n_replans:
            self._n_replans = self.therapy.n_replans
            per_hour = MINUTES_PER_HOUR / clock.tick_minutes
            new = {round(hour * per_hour) for hour in self.therapy.stops}
            clock.stops = tuple(sorted(new.union(clock.stops)))
