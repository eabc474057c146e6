"""The treatment of a body in a scenario: what is read, refused, warned of, and done in a run."""

import numpy as np
import pytest

from abm.clock import Clock
from abm.errors import ScenarioError
from abm.pharmacology.cohort import Cohort
from abm.pharmacology.monitoring import RULES, Action
from abm.pharmacology.partners import PARTNERS, Span
from abm.pharmacology.patient import Patient
from abm.pharmacology.plan import SUBSTITUTES, TRAITS, interval_warnings
from abm.pharmacology.protocols import (
    FROM_MEMORY,
    find_protocol,
    memory_comments,
    protocol_lines,
    protocols,
)
from abm.processes.dosing import DosingParameters
from abm.state.sites import Sites
from abm.state.state import Clones, State
from scenarios.load import dump_resolved, loads
from scenarios.schema import treatment_names as names
from scenarios.therapy import (
    cohort_warnings,
    describe_therapy,
    make_dosing,
    make_therapy,
    monitoring_rules,
    stop_ticks,
    treatment_warnings,
)

HEAD = """
asnsim: 1
environment: {kind: body}
cells: [{type: blast, line: default-blast, number: 1e6}]
time: {end: 40 d, coupling: 1 h, fate: 1 h}
"""
WELL = """
asnsim: 1
environment: {kind: well, medium: RPMI-1640}
cells: [{type: blast, line: molt-4, number: 100}]
time: {end: 2 d}
"""


def scenario(treatment, head=HEAD):
    """Return the scenario with a treatment, given as YAML in flow style."""
    return loads(f"{head}\ntreatment: {treatment}\n")


def refusal(treatment, head=HEAD):
    """Return the message that refuses a treatment."""
    with pytest.raises(ScenarioError) as caught:
        scenario(treatment, head)
    return str(caught.value)


DOSE = "{product: pegaspargase, amount: 2500 IU/m2, route: iv, at: [1 d]}"
CHILD = "patient: {bsa: 0.79 m2, age: 6 yr}"


def test_names_are_those_of_the_engine():
    assert {one.id: tuple(one.arms) for one in protocols().values()} == names.PROTOCOLS
    dosed = tuple(name for name, drug in PARTNERS.items() if drug.span is Span.DOSE)
    assert set(dosed) == set(names.DOSED_PARTNERS)
    assert set(PARTNERS) == set(names.PARTNERS)
    assert tuple(names.SUBSTITUTES) == SUBSTITUTES
    assert set(names.MONITORED) == set(TRAITS)
    assert set(names.MONITORING_ACTIONS) == {action.name.lower() for action in Action}
    assert set(names.MONITORING_RULES) == {"consensus", *RULES}


@pytest.mark.parametrize("name", list(names.PROTOCOLS))
def test_every_arm_can_be_given(name):
    """Doses in order from day 1 on, within the treatment, at the intervals of the labels."""
    protocol = find_protocol(name)
    for arm in protocol.arms:
        doses = protocol.doses(arm)
        assert doses and doses[0].hour >= 0.0
        assert doses[-1].hour < protocol.end_day * 24.0
        assert interval_warnings(doses) == []
        read = scenario(f"{{{CHILD}, protocol: {name}, arm: {arm}}}")
        assert treatment_warnings(read) == []
        assert make_therapy(read).plan == tuple(d for d in doses if d.hour < 40 * 24.0)


def test_the_mark_of_memory_shows_wherever_a_protocol_is_named():
    """COG trials and UKALL 2003 rest on memory; the others do not."""
    marked = {name for name, label in protocol_lines() if f"[{FROM_MEMORY}]" in label}
    assert marked == {"aall0232", "aall1131", "aall0932", "aall1731", "ukall-2003"}
    assert FROM_MEMORY in find_protocol("aall0232").label
    assert memory_comments(["aall0232", "dfci-00-01", "aall0232"]).count("\n") == 1
    assert memory_comments(["aall0232"]).startswith(
        "# protocol aall0232: COG AALL0232 [from memory]"
    )
    told = describe_therapy(scenario(f"{{{CHILD}, protocol: aall0932}}"))
    assert told["protocol"]["mark"] == FROM_MEMORY
    assert FROM_MEMORY in told["protocol"]["title"]


@pytest.mark.parametrize(
    ("name", "arm", "number", "amount"),
    [
        ("pog-8866", "native", 12, 10000.0), ("pog-8866", "pegaspargase", 2, 2500.0),
        ("dfci-11-001", "pegaspargase", 16, 2500.0), ("dfci-11-001", "calaspargase", 11, 2500.0),
        ("dfci-05-001", "native", 31, 25000.0), ("nopho-all2008", "every-2-weeks", 15, 1000.0),
        ("nopho-all2008", "every-6-weeks", 8, 1000.0), ("dcog-all-10", "standard", 23, 2500.0),
        ("ukall-2003", "regimen-a", 4, 1000.0), ("ukall-2003", "regimen-c", 12, 1000.0),
        ("ccg-1962", "native", 21, 6000.0), ("eortc-58881", "erwinia", 12, 10000.0),
        ("aieop-bfm-2009", "standard", 3, 2500.0), ("rylaze-label", "mon-wed-fri", 6, 25000.0),
    ],
)  # fmt: skip
def test_doses_of_the_published_arms(name, arm, number, amount):
    doses = find_protocol(name).doses(arm)
    assert len(doses) == number
    assert doses[-1].amount.value == amount or name == "rylaze-label"


def test_doses_of_aieop_bfm_2009_fall_on_days_12_and_26():
    doses = find_protocol("aieop-bfm-2009").doses()
    assert [dose.hour / 24.0 + 1.0 for dose in doses[:2]] == [12.0, 26.0]


@pytest.mark.parametrize(
    ("treatment", "words"),
    [
        (f"{{{CHILD}, doses: [{{product: calaspargase, amount: 9 IU, route: im, at: [1 d]}}]}}",
         ("doses.0.route", "no data into muscle")),
        (f"{{{CHILD}, doses: [{{product: glutaminase-free, amount: 9 IU, route: iv, at: [1 d]}}]}}",
         ("doses.0.product", "for a well")),
        (f"{{{CHILD}, doses: [{{product: pegaspargase, amount: 9 IU/m2, at: [1 d]}}]}}",
         ("doses.0.route", "is missing")),
        (f"{{{CHILD}, doses: [{{product: pegaspargase, amount: 9 IU/m2, route: iv, at: [50 d]}}]}}",
         ("doses.0.at.0", "after the end", "40 d")),
        (f"{{{CHILD}, doses: [{{product: pegaspargase, amount: 9 IU/m2, route: iv, at: [-1 d]}}]}}",
         ("doses.0.at.0", ">= 0 h")),
        (f"{{{CHILD}, doses: [{{product: pegaspargase, amount: 9 IU/m2, route: iv, at: [30 s]}}]}}",
         ("doses.0.at.0", "not on the tick")),
        (f"{{patient: {{bsa: -0.7 m2}}, doses: [{DOSE}]}}", ("patient.bsa", "0.15 m2")),
        (f"{{patient: {{bsa: 0.2 m2}}, doses: [{DOSE}]}}", ("patient.bsa", "0.28 m2")),
        (f"{{patient: {{bsa: 1.8 m2, age: 70 yr}}, doses: [{DOSE}]}}",
         ("patient.age", "70 yr is outside the covariate model")),
        ("{protocol: aall0932}", ("patient", "size of the patient is missing")),
        (f"{{{CHILD}, protocol: aall0932, arm: hd-mtx}}", ("arm", "no such arm", "standard")),
        (f"{{{CHILD}, protocol: aall9932}}", ("protocol", "aall0932")),
        (f"{{{CHILD}, arm: standard}}", ("arm", "no protocol")),
        ("{partners: [{drug: vincristine, at: [50 d]}]}", ("partners.0.at.0", "after the end")),
        ("{partners: [{drug: vincristine, at: [1 d], until: 3 d}]}", ("until", "single doses")),
        ("{partners: [{drug: prednisone, at: [1 d, 3 d]}]}", ("partners.0", "lasts")),
        ("{partners: [{drug: prednisone, at: [9 d], until: 3 d}]}", ("until", "not after")),
        ("{partners: [{drug: thalidomide, at: [1 d]}]}", ("partners.0.drug", "partner drug")),
        ("{monitoring: [{use: consensus, draw: 7 d}]}", ("monitoring.0", "whole rule")),
        ("{monitoring: [{draw: 7 d}]}", ("monitoring.0", "after missing")),
        ("{monitoring: [{draw: 7 d, after: pegaspargase, below: 0.1 IU/mL, do: switch}]}",
         ("monitoring.0.to", "is missing")),
        ("{monitoring: [{draw: 7 d, after: pegaspargase, below: 0.1 IU/mL, do: adjust}]}",
         ("monitoring.0", "below and above")),
        ("{monitoring: [{draw: 7 d, after: pegaspargase, below: 0.1 IU, do: stop}]}",
         ("monitoring.0.below", "an enzyme activity")),
        ("{dose_cap: 3750}", ("dose_cap", "3750 IU")),
        ("{switch_to: e-coli}", ("switch_to", "erwinaze")),
        ("{variability: some}", ("variability", "typical")),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_with_its_place(treatment, words):
    message = refusal(treatment)
    assert "line" in message
    for word in words:
        assert word in message, message


@pytest.mark.parametrize(
    "key", ["protocol: aall0932", "antibodies: true", "toxicity: true", "variability: drawn",
            "dose_cap: 3750 IU", "switch_to: rylaze", "phase_effect: true",
            "partners: [{drug: vincristine, at: [1 h]}]", "monitoring: [{use: consensus}]"],
)  # fmt: skip
def test_a_dish_has_none_of_it(key):
    message = refusal(f"{{{key}}}", WELL)
    assert f"treatment.{key.split(':')[0]}" in message
    assert "body of a patient" in message


def test_extrapolation_warns_and_gives_a_number():
    """An infant and a grown-up: the range of the model is named."""
    infant = scenario(f"{{patient: {{bsa: 0.4 m2, age: 0.5 yr}}, doses: [{DOSE}]}}")
    lines = treatment_warnings(infant)
    assert any("0.5 yr is outside the 1 to 18 yr" in line for line in lines)
    assert any("0.4 m2 is outside the 0.42 to 2.3 m2" in line for line in lines)
    therapy = make_therapy(infant)
    therapy.advance_to(48.0)
    assert therapy.activity(48.0)[0] > 0.5
    grown = scenario(f"{{patient: {{bsa: 1.8 m2, age: 40 yr}}, doses: [{DOSE}]}}")
    assert len(treatment_warnings(grown)) == 1
    assert treatment_warnings(scenario(f"{{{CHILD}, doses: [{DOSE}]}}")) == []


def test_patients_of_a_cohort_outside_the_model_are_counted_or_refused():
    """One line per reason; whoever cannot be computed at all is named."""
    read = scenario(f"{{{CHILD}, doses: [{DOSE}]}}")
    who = (Patient(bsa=0.8), Patient(bsa=1.9, age=30.0), Patient(bsa=2.5, age=20.0))
    keys = np.arange(3, dtype=np.uint64)
    lines = cohort_warnings(read, Cohort(1, who, keys))
    assert [line.split(" are ")[0] for line in lines] == [
        "pegaspargase: 2 of 3 patients", "pegaspargase: 1 of 3 patients",
    ]  # fmt: skip
    tiny = Cohort(1, (*who[:2], Patient(bsa=0.2, age=0.1)), keys)
    with pytest.raises(ScenarioError, match=r"patient C: .*0\.28 m2"):
        cohort_warnings(read, tiny, labels=("A", "B", "C"))


def test_doses_too_close_for_the_label_warn():
    close = DOSE.replace("[1 d]", "[1 d, 8 d]")
    (line,) = treatment_warnings(scenario(f"{{{CHILD}, doses: [{close}]}}"))
    assert "7 d after the dose before" in line


def test_rules_of_monitoring_are_read():
    read = scenario(
        f"{{{CHILD}, doses: [{DOSE}], switch_to: rylaze, monitoring: [{{use: consensus}}, "
        "{draw: 14 d, after: pegaspargase, below: 0.1 IU/mL, above: 0.25 IU/mL, do: adjust}]}"
    )
    rules = monitoring_rules(read)
    assert {rule.to for rule in rules if rule.action is Action.SWITCH} == {"rylaze"}
    assert (rules[-1].action, rules[-1].hours, rules[-1].low, rules[-1].high) == (
        Action.ADJUST, 336.0, 0.1, 0.25,
    )  # fmt: skip


def test_overrides_reach_antibodies_and_partner_drugs():
    read = loads(
        f"{HEAD}\ntreatment: {{{CHILD}, protocol: dcog-all-10, antibodies: true}}\n",
        overrides=["parameters={immunity.titre_rise: 5 1/d, partners.vincristine: 0.5}"],
    )
    from scenarios.overrides import Overrides

    overrides = Overrides(read.parameters)
    therapy = make_therapy(read, overrides=overrides)
    overrides.refuse_unused()
    assert therapy.options.immunity.titre_rise == 5.0
    assert therapy.partners.parameters.vincristine == 0.5


def state_of(n_replicate):
    """Return a state of bodies without cells."""
    sites = Sites.filled(np.zeros(9), np.ones(4 * n_replicate))
    return State(sites, [], Clones(), n_replicate=n_replicate, sites_per_replicate=4)


def step(dosing, state, clock):
    """Do one interval as the model does, with dosing alone; return its length."""
    dosing.begin(state, clock)
    ticks = clock.next_interval()
    clock.tick += ticks
    dosing.advance(state, clock, ticks)
    return ticks


def reach(activity, hours):
    """Enzyme at the four sites of each body: all in plasma and marrow."""
    assert hours > 0.0
    return (activity[:, None] * np.array([1.0, 1.0, 0.0, 0.0])).ravel()


def test_process_sets_sites_drug_and_partner_drugs():
    """In bodies each replicate has its own activity and constants."""
    read = scenario(
        f"{{{CHILD}, doses: [{DOSE}], variability: drawn, "
        "partners: [{drug: prednisone, at: [0 d], until: 28 d}]}"
    )
    read = read.model_copy(update={"replicates": 3})
    therapy = make_therapy(read)
    dosing = make_dosing(read, therapy, DosingParameters(), reach)
    state, clock = state_of(3), Clock(end=40 * 1440, coupling=240, fate=240)
    clock.stops = stop_ticks(read, therapy)
    while clock.tick < 2 * 1440:
        step(dosing, state, clock)
    assert state.drug.activity.shape == (3,)
    assert np.unique(state.drug.activity).size == 3
    assert np.array_equal(state.sites.activity.reshape(3, 4)[:, 1], state.drug.activity)
    assert np.all(state.drug.half_saturation_asn == 15.0)
    wanted = 0.08 * np.log(10.0) / 24.0 * therapy.partners.factor
    assert state.partner_hazard == pytest.approx(wanted)


def test_one_patient_couples_finely_after_a_dose_and_many_do_not():
    """No patient of a batch may change the intervals of the others."""
    for replicates, is_fine in ((1, True), (2, False)):
        read = scenario(f"{{{CHILD}, doses: [{DOSE}]}}").model_copy(
            update={"replicates": replicates}
        )
        therapy = make_therapy(read)
        dosing = make_dosing(read, therapy, DosingParameters(), reach)
        state, clock = state_of(replicates), Clock(end=40 * 1440, coupling=240, fate=240)
        clock.stops = stop_ticks(read, therapy)
        lengths = []
        while clock.tick < 3 * 1440:
            lengths.append(step(dosing, state, clock))
        assert (min(lengths) == 1) is is_fine


def test_rules_on_cells_act_patient_by_patient():
    """skip where fewer than 1000 cells are left."""
    read = scenario(f"{{{CHILD}, doses: [{DOSE}], rules: [{{when: n_cells < 1000, do: skip}}]}}")
    read = read.model_copy(update={"replicates": 2})
    therapy = make_therapy(read)
    dosing = make_dosing(read, therapy, DosingParameters(), reach)
    state, clock = state_of(2), Clock(end=40 * 1440, coupling=240, fate=240)
    state.counters.founders[:] = (10, 5000)
    clock.stops = stop_ticks(read, therapy)
    while clock.tick < 2 * 1440:
        step(dosing, state, clock)
    assert (state.drug.activity > 0.0).tolist() == [False, True]
    assert therapy.events.table()["note"].tolist()[0] == "rule"


def test_doses_given_are_named_as_planned_or_by_what_was_given():
    """An adjusted dose has another amount than the plan; among several patients none is told."""
    two = DOSE.replace("[1 d]", "[1 d, 15 d]")
    draw = "{draw: 7 d, after: pegaspargase, below: 5 IU/mL, above: 9 IU/mL, do: adjust}"
    for replicates in (1, 2):
        read = scenario(f"{{{CHILD}, doses: [{two}], monitoring: [{draw}]}}")
        read = read.model_copy(update={"replicates": replicates})
        therapy = make_therapy(read)
        dosing = make_dosing(read, therapy, DosingParameters(), reach)
        state, clock = state_of(replicates), Clock(end=40 * 1440, coupling=240, fate=240)
        clock.stops = stop_ticks(read, therapy)
        while clock.tick < 16 * 1440:
            step(dosing, state, clock)
        if replicates > 1:
            assert dosing.given() is None
            continue
        first, second = dosing.given()
        assert first == describe_therapy(read)["doses"][0]
        table = therapy.events.table()
        amount = table["value"][table["kind"] == "dose"][1]
        assert second == (360.0, f"pegaspargase {amount:.0f} IU")
        assert amount != pytest.approx(first_amount(therapy))


def first_amount(therapy):
    """IU of the first dose of the first patient."""
    table = therapy.events.table()
    return float(table["value"][table["kind"] == "dose"][0])


def test_checkpoint_of_the_process_goes_on_with_the_same_bits():
    read = scenario(f"{{{CHILD}, doses: [{DOSE}], variability: drawn}}")
    first = make_dosing(read, make_therapy(read), DosingParameters(), reach)
    second = make_dosing(read, make_therapy(read), DosingParameters(), reach)
    state, clock = state_of(1), Clock(end=40 * 1440, coupling=240, fate=240)
    while clock.tick < 5 * 1440:
        step(first, state, clock)
    second.adopt(first, state, clock)
    other, later = state_of(1), Clock(end=40 * 1440, coupling=240, fate=240, tick=clock.tick)
    for _ in range(20):
        step(first, state, clock)
        step(second, other, later)
        assert np.array_equal(state.sites.activity, other.sites.activity)


def test_all_keys_survive_a_round_trip():
    read = scenario(
        f"{{{CHILD}, protocol: dfci-00-01, arm: individual, doses: [{DOSE}], variability: drawn, "
        "antibodies: true, toxicity: true, dose_cap: 3750 IU, switch_to: erwinaze, "
        "phase_effect: true, partners: [{drug: dexamethasone, at: [0 d], until: 5 d}], "
        "monitoring: [{use: consensus}, {draw: 7 d, after: erwinaze, above: 2 IU/mL, do: stop}]}"
    )
    assert loads(dump_resolved(read)) == read
