"""Dosing as a process: rules on the number of cells, jumps, the interstitium, checkpoints (S3)."""

import dataclasses
import pickle

import numpy as np
import pytest

from abm.clock import Clock
from abm.errors import ScenarioError
from abm.pharmacology.products import PRODUCTS, Patient
from abm.pharmacology.regimen import Dose, Regimen, Route, parse_amount
from abm.processes.dosing import Action, Dosing, DosingParameters, parse_rule
from abm.state.sites import Drug

DAY = 1440
CHILD = Patient(bsa=0.79, age=6.0)
PAUSE = {"when": "n_cells < 1000", "do": "pause"}
RESUME = {"when": "n_cells >= 5e3", "do": "resume"}


def make_dosing(ticks=(0,), rules=(), route=Route.IV, amount="2500 IU/m2", infusion=0, **values):
    """Make the process for pegaspargase at the given ticks."""
    doses = [
        Dose(product=PRODUCTS["pegaspargase"], amount=parse_amount(amount), route=route, tick=tick,
             infusion_ticks=infusion)
        for tick in ticks
    ]  # fmt: skip
    patient = None if route is Route.DISH else CHILD
    regimen = Regimen(doses, n_ticks=60 * DAY, patient=patient)
    return Dosing(regimen, DosingParameters(**values), [parse_rule(rule) for rule in rules])


@dataclasses.dataclass
class FakeSites:
    """The one array that dosing writes."""

    activity: np.ndarray


@dataclasses.dataclass
class FakeState:
    """Sites, a number of cells, and the drug of the interval."""

    sites: FakeSites
    cells: int
    drug: Drug | None = None

    def n_cells(self):
        """Return the number of living tumour cells."""
        return self.cells


@pytest.mark.parametrize(
    ("text", "below", "at", "above"),
    [
        ("n_cells < 1000", True, False, False),
        ("n_cells<=1e3", True, True, False),
        (" n_cells >  1000.0 ", False, False, True),
        ("n_cells >= 1E+3", False, True, True),
    ],
)
def test_conditions_compare_as_written(text, below, at, above):
    """Each operator at 999, 1000 and 1001 cells."""
    rule = parse_rule({"when": text, "do": "pause"})
    assert [rule.holds(n) for n in (999, 1000, 1001)] == [below, at, above]


@pytest.mark.parametrize(
    "text",
    ["n_cells", "n_cells < ", "n_cells == 5", "n_cells < -5", "n_agents < 5", "5 > n_cells",
     "n_cells < 1000 or True", "n_cells < __import__('os')", "n_cells < 1_000", "", None, 7, True,
     "n_cells < 1e999", "n_cells < nan", "n_cells << 5", "n_cells < " + "9" * 200,
     "n_cells < 5; pass", "n_cells <\x00 5", {"n_cells": 5}],
)  # fmt: skip
def test_other_conditions_are_refused(text):
    """Only n_cells, an operator and a number; the message shows an example."""
    with pytest.raises(ScenarioError, match=r"rules\.0\.when.*n_cells < 1000"):
        parse_rule({"when": text, "do": "pause"}, where="treatment.rules.0")


def test_other_keys_and_actions_are_refused():
    """Unknown keys and actions name the nearest that exists."""
    with pytest.raises(ScenarioError, match="did you mean 'pause'"):
        parse_rule({"when": "n_cells < 5", "do": "pauze"})
    with pytest.raises(ScenarioError, match="did you mean 'when'"):
        parse_rule({"wen": "n_cells < 5", "do": "pause"})
    with pytest.raises(ScenarioError):
        parse_rule({"when": "n_cells < 5"})


def test_pause_drops_doses_and_the_rest_decays():
    """After the pause no dose is given; the curve is that of the first dose alone."""
    dosing = make_dosing([0, 14 * DAY, 28 * DAY], [PAUSE])
    alone = make_dosing([0]).regimen.give_all()
    dosing.measure(0, 6, 20_000)
    state = dosing.measure(14 * DAY, 14 * DAY + 6, 999)
    assert state.is_paused
    assert state.plasma.activity == alone.mean_activity(14 * DAY, 14 * DAY + 6)
    dosing.measure(28 * DAY, 28 * DAY + 6, 20_000)
    assert np.array_equal(dosing.regimen.curve(), alone.curve())
    withheld = [d.dose_index for d in dosing.decisions if d.dose_index >= 0]
    assert withheld == [1, 2]


def test_resume_takes_up_the_plan_without_making_up_for_missed_doses():
    """The dose in the pause is lost, the one after resumption comes at its planned tick."""
    dosing = make_dosing([0, 100, 200], [PAUSE, RESUME])
    for start, n_cells in ((0, 9000), (96, 500), (150, 3000), (180, 5000), (198, 5000)):
        dosing.measure(start, start + 6, n_cells)
    wanted = make_dosing([0, 200]).regimen.give_all()
    assert np.array_equal(dosing.regimen.curve(), wanted.curve())
    changes = [(d.tick, d.action) for d in dosing.decisions if d.dose_index < 0]
    assert [action for _, action in changes] == [Action.PAUSE, Action.RESUME]


def test_skip_withholds_only_while_the_condition_holds():
    """Unlike a pause, skipping needs no resumption."""
    dosing = make_dosing([0, 100, 200], [{"when": "n_cells <= 10", "do": "skip"}])
    for start, n_cells in ((0, 11), (96, 10), (198, 11)):
        assert not dosing.measure(start, start + 6, n_cells).is_paused
    assert [change.dose_index for change in dosing.regimen.history] == [0, 2]


def test_of_contradicting_rules_the_last_wins():
    """Rules are applied in their order."""
    rules = [PAUSE, {"when": "n_cells < 1000", "do": "resume"}]
    assert not make_dosing([0], rules).measure(0, 6, 5).is_paused
    assert make_dosing([0], rules[::-1]).measure(0, 6, 5).is_paused


def test_condition_true_at_the_start_withholds_the_first_dose():
    """The rule is looked at before the dose at tick 0."""
    state = make_dosing([0], [PAUSE]).measure(0, 6, 10)
    assert state.plasma.activity == 0.0
    assert not state.is_jump


def test_interval_is_half_open():
    """A dose at the end of an interval belongs to the next one."""
    dosing = make_dosing([6])
    assert dosing.measure(0, 6, 1).plasma.activity == 0.0
    assert dosing.measure(6, 12, 1).plasma.activity > 1.0


def test_dose_inside_an_interval_counts_from_its_tick():
    """Three of six ticks see the dose."""
    dosing = make_dosing([3], route=Route.DISH, amount="1 IU/mL")
    state = dosing.measure(0, 6, 1)
    assert state.plasma.activity == pytest.approx(0.5)
    assert state.is_jump


@pytest.mark.parametrize(
    ("amount", "is_jump"),
    [("2500 IU/m2", True), ("90 IU/m2", True), ("70 IU/m2", False), ("0 IU", False)],
)
def test_a_jump_is_a_rise_of_more_than_five_per_cent(amount, is_jump):
    """Added to the trough of a first dose of 2500 IU/m2, 14 d before."""
    dosing = make_dosing([0])
    dosing.measure(0, 6, 1)
    second = make_dosing([14 * DAY], amount=amount).regimen.doses
    dosing.regimen = Regimen(
        [*dosing.regimen.doses, *second], n_ticks=dosing.regimen.n_ticks, patient=CHILD
    )
    dosing.regimen.give(0)
    assert dosing.measure(14 * DAY, 14 * DAY + 6, 1).is_jump is is_jump
    assert not dosing.measure(14 * DAY + 6, 14 * DAY + 12, 1).is_jump


def test_a_small_dose_does_not_hide_the_jump_of_a_large_one():
    """Two doses at one tick, the second below the threshold."""
    dosing = make_dosing([0])
    small = make_dosing([0], amount="1 IU").regimen.doses
    dosing.regimen = Regimen([*dosing.regimen.doses, *small], n_ticks=1000, patient=CHILD)
    assert dosing.measure(0, 6, 1).is_jump


@pytest.mark.parametrize(("route", "infusion"), [(Route.IM, 0), (Route.IV, 60), (Route.IV, 0)])
def test_slow_routes_are_jumps_from_nothing(route, infusion):
    """Into muscle and over an hour the activity is zero at the tick of the dose."""
    dosing = make_dosing([0], route=route, infusion=infusion)
    assert dosing.measure(0, 6, 1).is_jump


def test_decay_alone_is_no_jump():
    """Without a new dose nothing is reported, however far apart the looks are."""
    dosing = make_dosing([0])
    dosing.measure(0, 6, 1)
    assert not dosing.measure(40 * DAY, 40 * DAY + 6, 1).is_jump


def test_begin_makes_the_first_interval_short():
    """With begin, the interval that starts with the dose is one tick long, for two hours."""
    dosing = make_dosing([60])
    clock = Clock(end=1000, stops=dosing.regimen.stops)
    state = FakeState(FakeSites(np.zeros(3)), 10)
    lengths, jumps = {}, []
    while clock.tick < 240:
        dosing.begin(state, clock)
        ticks = clock.next_interval()
        lengths[clock.tick] = ticks
        clock.tick += ticks
        dosing.advance(state, clock, ticks)
        if dosing.current.is_jump:
            jumps.append(clock.tick)
    assert jumps == [61]
    assert [lengths[tick] for tick in (54, 60, 61, 179, 180)] == [6, 1, 1, 1, 6]
    assert state.sites.activity[0] > 1.0


def test_advance_alone_gives_the_same_doses():
    """Without begin the dose is given too, and the clock is told once."""
    dosing = make_dosing([0])
    clock = Clock(end=1000, tick=6)
    dosing.advance(FakeState(FakeSites(np.zeros(1)), 10), clock, 6)
    assert dosing.current.is_jump
    assert clock.fine_until == 126


def test_sites_see_a_share_of_plasma_and_a_dish_sees_all():
    """Eq. (P15): kappa acts on plasma doses; site shares multiply; plasma itself is unchanged."""
    dosing = make_dosing([0], interstitial_share=0.2)
    dosing.site_share = np.array([1.0, 0.5])
    state = FakeState(FakeSites(np.zeros(2)), 10)
    dosing.advance(state, Clock(end=100, tick=6), 6)
    plasma = dosing.current.plasma.activity
    assert plasma > 1.0
    assert state.sites.activity == pytest.approx([0.2 * plasma, 0.1 * plasma], rel=1e-15)
    assert state.drug == (plasma, 15.0, 3500.0, 0.019)
    dish = make_dosing([0], route=Route.DISH, amount="1 IU/mL", interstitial_share=0.2)
    assert dish.measure(0, 6, 1).site_activity == 1.0


def test_constants_of_the_enzyme_come_with_the_activity():
    """Glutaminase share and half-saturations are those of the product."""
    plasma = make_dosing([0]).measure(0, 6, 1).plasma
    assert plasma[1:] == (15.0, 3500.0, 0.019)


def test_no_doses_at_all_is_no_drug():
    """An empty regimen gives zero and finite constants."""
    dosing = Dosing(Regimen([], n_ticks=100), DosingParameters())
    state = dosing.measure(0, 6, 1)
    assert state.plasma.activity == state.site_activity == 0.0
    assert state.plasma.half_saturation_asn == 15.0


def test_restart_in_a_pause_is_identical():
    """The future is the same bits, as is the log."""
    looks = [(0, 9000), (96, 500), (150, 3000), (180, 5000), (198, 5000), (300, 400), (400, 9000)]
    whole = make_dosing([0, 100, 200, 300, 400], [PAUSE, RESUME])
    whole_states = [whole.measure(start, start + 6, n) for start, n in looks]
    first = make_dosing([0, 100, 200, 300, 400], [PAUSE, RESUME])
    for start, n in looks[:3]:
        first.measure(start, start + 6, n)
    second = pickle.loads(pickle.dumps(first))
    states = [second.measure(start, start + 6, n) for start, n in looks[3:]]
    assert states == whole_states[3:]
    assert second.decisions == whole.decisions
    assert np.array_equal(second.regimen.curve(), whole.regimen.curve())


def test_parameters_have_ranges():
    """A share above one is refused."""
    with pytest.raises(ScenarioError):
        DosingParameters(interstitial_share=1.5)


class TestDosesGiven:
    """What was given is told by the process that gave it, not by the plan (S3)."""

    def test_each_dose_given_has_its_hour_product_and_amount(self):
        dosing = make_dosing((0, DAY, 2 * DAY), [PAUSE])
        dosing.measure(0, DAY, 5000)
        dosing.measure(DAY, 2 * DAY, 10)
        dosing.measure(2 * DAY, 3 * DAY, 10)
        assert dosing.given() == [(0.0, "pegaspargase 2500 IU/m2")]

    def test_they_survive_a_checkpoint_and_a_branch(self):
        dosing = make_dosing((0, DAY))
        dosing.measure(0, DAY, 5000)
        again = pickle.loads(pickle.dumps(dosing))
        assert again.given() == dosing.given() == [(0.0, "pegaspargase 2500 IU/m2")]
        clock = Clock(end=60 * DAY)
        clock.tick = DAY
        after = make_dosing((3 * DAY,), amount="1000 IU/m2")
        after.adopt(again, FakeState(FakeSites(np.zeros(1)), 5000), clock)
        after.measure(DAY, 4 * DAY, 5000)
        assert after.given() == [
            (0.0, "pegaspargase 2500 IU/m2"),
            (72.0, "pegaspargase 1000 IU/m2"),
        ]
