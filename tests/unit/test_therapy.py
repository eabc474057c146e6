"""The therapy of patients: exact activity, caps, reactions, switches, draws, toxicity, rules."""

import dataclasses
import itertools
import json

import numpy as np
import pytest

from abm.errors import ScenarioError
from abm.pharmacology.cohort import Cohort, alike_patients, virtual_patients
from abm.pharmacology.course import Course, course_activity
from abm.pharmacology.immunity import ImmunityParameters
from abm.pharmacology.monitoring import Action, MonitoringRule, inactivation_rules
from abm.pharmacology.partners import PartnerCourse, PartnerParameters
from abm.pharmacology.patient import Patient
from abm.pharmacology.plan import PlannedDose, interval_warnings, replacement
from abm.pharmacology.products import find_product
from abm.pharmacology.regimen import Dose, Regimen, Route, mix, parse_amount
from abm.pharmacology.therapy import Therapy
from abm.pharmacology.therapy_log import EventKind
from abm.pharmacology.therapy_options import Observed, TherapyOptions
from abm.pharmacology.toxicity import ToxicityParameters

DAY = 24.0
CHILD = Patient(bsa=0.79, age=6.0)


def plan(product="pegaspargase", days=(0.0,), amount="2500 IU/m2", route=Route.IV, infusion=0.0,
         preset=None, phase=""):  # fmt: skip
    """Return the same dose on several days (0: the start of the run)."""
    return [
        PlannedDose(product=product, amount=parse_amount(amount), route=route, hour=day * DAY,
                    infusion_hours=infusion, preset=preset, phase=phase)
        for day in days
    ]  # fmt: skip


def one_child(doses, end=60.0, **given):
    """Return the therapy of one typical child."""
    return Therapy(alike_patients(CHILD, 1, 1), doses, end_hour=end * DAY, **given)


def rows_of(therapy, kind):
    """Return the rows of the table of events of one kind, as a list of dicts."""
    table = therapy.events.table()
    names = list(table)
    return [
        dict(zip(names, row, strict=True))
        for row in zip(*table.values(), strict=True)
        if row[names.index("kind")] == kind
    ]


@pytest.mark.parametrize(
    ("product", "amount", "route", "infusion", "days"),
    [
        ("pegaspargase", "2500 IU/m2", Route.IV, 0.0, (0.0, 14.0)),
        ("pegaspargase", "2500 IU/m2", Route.IV, 1.0, (0.0, 14.0)),
        ("pegaspargase", "1000 IU/m2", Route.IM, 0.0, (0.0, 14.0)),
        ("calaspargase", "2500 IU/m2", Route.IV, 1.0, (0.0, 21.0)),
        ("e-coli", "5000 IU/m2", Route.IV, 1.0, (0.0, 3.0, 6.0)),
        ("e-coli", "6000 IU/m2", Route.IM, 0.0, (0.0, 2.0, 4.0)),
        ("erwinaze", "25000 IU/m2", Route.IM, 0.0, (0.0, 2.0, 4.0)),
        ("rylaze", "25000 IU/m2", Route.IV, 2.0, (0.0, 2.0, 4.0)),
        ("rasnase", "200 IU/kg", Route.IV, 0.5, (0.0, 3.0)),
    ],
)
def test_typical_patient_has_the_activity_of_the_regimen(product, amount, route, infusion, days):
    """At instants to rounding, as means over 4 h to 1e-4; below 1e-5 a dose is dropped."""
    doses = [
        Dose(product=find_product(product), amount=parse_amount(amount), route=route,
             tick=round(day * 1440), infusion_ticks=round(infusion * 60))
        for day in days
    ]  # fmt: skip
    regimen = Regimen(doses, n_ticks=30 * 1440, patient=CHILD).give_all()
    therapy = one_child(plan(product, days, amount, route, infusion), end=30.0)
    for hour in range(0, 30 * 24, 4):
        therapy.advance_to(hour + 1 / 60)
        there = therapy.activity(float(hour))[0]
        wanted = regimen.activity(hour * 60)
        assert there == pytest.approx(wanted, rel=1e-9, abs=len(days) * 1e-5)
        if hour < days[1] * DAY:
            assert there == pytest.approx(wanted, rel=1e-9, abs=0.0)
        therapy.advance_to(hour + 4.0)
        mean = therapy.mixture(float(hour), hour + 4.0).activity[0]
        ticks = regimen.window(hour * 60, (hour + 4) * 60 + 1)
        trapezoid = (ticks.sum() - 0.5 * (ticks[0] + ticks[-1])) / 240.0
        if (hour + 4) / 24.0 not in days:
            assert mean == pytest.approx(trapezoid, rel=1e-4, abs=len(days) * 1e-5)


def test_means_of_parts_make_the_mean_of_the_whole():
    """Intervals of any length superpose: the table has no error that depends on the cut."""
    whole, parts = (one_child(plan(days=(0.0, 10.0), route=Route.IM)) for _ in range(2))
    whole.advance_to(40 * DAY)
    parts.advance_to(40 * DAY)
    cuts = np.cumsum(np.tile([0.1, 3.7, 1.2, 5.0], 90))
    total = sum(parts.mixture(a, b).activity[0] * (b - a) for a, b in itertools.pairwise(cuts))
    length = cuts[-1] - cuts[0]
    assert total / length == pytest.approx(whole.mixture(cuts[0], cuts[-1]).activity[0], rel=1e-11)


def test_drawn_patients_have_the_activity_of_the_clinical_rows():
    """The same patients as those of the trials: seed, key and occasion make the draws."""
    cohort = virtual_patients(30, 3)
    hours = (0.0, 336.0, 672.0)
    course = Course(product="pegaspargase", amount="2500 IU/m2", hours=hours, infusion_hours=1.0)
    wanted = course_activity(course, cohort, np.array([340.0, 900.0]))
    doses = plan(days=(0.0, 14.0, 28.0), infusion=1.0)
    therapy = Therapy(cohort, doses, end_hour=2000.0, options=TherapyOptions(is_drawn=True))
    for column, hour in enumerate((340.0, 900.0)):
        therapy.advance_to(hour)
        assert therapy.activity(hour) == pytest.approx(wanted[:, column], rel=1e-9)


def test_arms_and_batches_share_their_patients():
    """Patient 7 is the same alone, in a batch, in a larger cohort, and in another arm."""
    options = TherapyOptions(is_drawn=True, antibodies=True, toxicity=True)
    doses = plan(days=tuple(range(0, 120, 14)))
    partners = [PartnerCourse(drug="prednisone", start=0.0, end=100.0)]
    found = []
    alone = virtual_patients(9, 5).part(7, 8)
    for cohort in (virtual_patients(10, 5), virtual_patients(40, 5), alone):
        therapy = Therapy(cohort, doses, end_hour=150 * DAY, options=options, partners=partners)
        therapy.advance_to(100 * DAY)
        row = min(7, cohort.n_patients - 1)
        found.append((therapy.activity(100 * DAY)[row], therapy.partner_hazard(0.0, 4.0)[row],
                      therapy.sensitisation.response[:, row].tolist()))  # fmt: skip
    assert found[0] == found[1] == found[2]
    other = Therapy(virtual_patients(10, 5), doses[:3], end_hour=150 * DAY, options=options)
    other.advance_to(20 * DAY)
    again = Therapy(virtual_patients(10, 5), doses, end_hour=150 * DAY, options=options)
    again.advance_to(20 * DAY)
    assert np.array_equal(other.activity(20 * DAY), again.activity(20 * DAY))


def test_peak_and_half_life_of_products():
    """Label and trials: calaspargase 1.62 IU/mL after 1 h at 1.5 m2, Erwinia 6.4 h by vein."""
    adult = alike_patients(Patient(bsa=1.5, age=15.0), 1, 1)
    calaspargase = Therapy(adult, plan("calaspargase", infusion=1.0), end_hour=1000.0)
    calaspargase.advance_to(2.0)
    assert calaspargase.activity(1.0)[0] == pytest.approx(1.62, rel=0.02)
    erwinia = Therapy(adult, plan("erwinaze", amount="10000 IU/m2"), end_hour=1000.0)
    erwinia.advance_to(1.0)
    early, late = erwinia.activity(10.0)[0], erwinia.activity(16.4)[0]
    assert late / early == pytest.approx(0.5, rel=1e-9)


def test_no_dose_exceeds_the_cap():
    """3750 IU is one vial: reached from 1.5 m2 on at 2500 IU/m2; native enzyme has no cap."""
    cohort = Cohort(1, (Patient(bsa=1.2), Patient(bsa=1.9)), np.arange(2, dtype=np.uint64))
    doses = plan() + plan("e-coli", (20.0,), amount="5000 IU/m2")
    therapy = Therapy(cohort, doses, end_hour=900.0, options=TherapyOptions(dose_cap=3750.0))
    therapy.advance_to(900.0)
    given = [row["value"] for row in rows_of(therapy, "dose")]
    assert given == [3000.0, 3750.0, 6000.0, 9500.0]
    (cut,) = rows_of(therapy, "cap")
    assert (cut["patient"], cut["value"]) == (1, 4750.0)


SENSITIVE = ImmunityParameters(titre_rise=900.0, rise_sd_log=0.0, silent_share=0.0)
SILENT = dataclasses.replace(SENSITIVE, silent_share=1.0)


def test_allergy_ends_the_drug_and_the_switch_replaces_it():
    """Six Erwinia doses for every pegaspargase dose, from two days after the reaction on."""
    options = TherapyOptions(antibodies=True, switch_to="erwinaze", immunity=SENSITIVE)
    therapy = one_child(plan(days=(0.0, 14.0, 28.0, 42.0)), options=options)
    therapy.advance_to(60 * DAY)
    (allergy,) = rows_of(therapy, "allergy")
    assert allergy["day"] == 28.0
    given = [(row["day"], row["product"]) for row in rows_of(therapy, "dose")]
    erwinia = [day for day, product in given if product == "erwinaze"]
    first = [30.0, 32.0, 34.0, 37.0, 39.0, 41.0]
    assert erwinia == first + [42.0, 44.0, 46.0, 49.0, 51.0, 53.0]
    assert [day for day, product in given if product == "pegaspargase"] == [0.0, 14.0]


def test_allergy_neutralises_what_was_left():
    """Before the reaction there is activity, after it none, and the mean knows where it was."""
    options = TherapyOptions(antibodies=True, immunity=SENSITIVE)
    therapy = one_child(plan(days=(0.0, 28.5)), options=options)
    therapy.advance_to(28 * DAY)
    before = therapy.activity(28 * DAY)[0]
    assert before > 0.05
    therapy.advance_to(29 * DAY)
    assert therapy.activity(29 * DAY)[0] == 0.0
    whole = therapy.mixture(28 * DAY, 29 * DAY).activity[0]
    assert 0.4 * before < whole < 0.5 * before
    assert rows_of(therapy, "withheld") == []


def test_without_a_switch_later_doses_are_withheld():
    """The table says why."""
    therapy = one_child(plan(days=(0.0, 14.0, 28.0, 42.0)), options=TherapyOptions(
        antibodies=True, immunity=SENSITIVE))  # fmt: skip
    therapy.advance_to(60 * DAY)
    assert [(r["day"], r["note"]) for r in rows_of(therapy, "withheld")] == [(42.0, "reaction")]


def test_silent_inactivation_is_found_by_the_consensus_rule():
    """Unseen on day 28, below 0.1 IU/mL seven days later, Rylaze two days after that."""
    options = TherapyOptions(antibodies=True, switch_to="rylaze", immunity=SILENT)
    therapy = one_child(plan(days=(0.0, 14.0, 28.0, 42.0)), options=options,
                        monitoring=inactivation_rules("rylaze"))  # fmt: skip
    therapy.advance_to(60 * DAY)
    assert [row["day"] for row in rows_of(therapy, "silent")] == [28.0]
    (found,) = rows_of(therapy, "found")
    assert found["day"] == 35.0
    assert found["measured"] < 0.1
    rylaze = [(r["day"], r["value"]) for r in rows_of(therapy, "dose") if r["product"] == "rylaze"]
    assert rylaze[0] == (37.0, 25000 * 0.79)
    assert all(day < 42.0 for day, _ in rylaze[:3])
    assert rylaze[3] == (42.0, 25000 * 0.79)
    assert rylaze[5] == (46.0, 50000 * 0.79)


def test_nobody_is_monitored_without_a_rule():
    """Silent inactivation then stays unseen and pegaspargase goes on."""
    therapy = one_child(plan(days=(0.0, 14.0, 28.0, 42.0)),
                        options=TherapyOptions(antibodies=True, immunity=SILENT))  # fmt: skip
    therapy.advance_to(60 * DAY)
    assert len(rows_of(therapy, "dose")) == 4
    assert rows_of(therapy, "draw") == []
    assert therapy.activity(49 * DAY)[0] < 0.02


@pytest.mark.parametrize(
    ("old", "new", "number"),
    [("pegaspargase", "erwinaze", 6), ("pegaspargase", "rylaze", 6), ("e-coli", "erwinaze", 1),
     ("calaspargase", "rylaze", 9)],
)  # fmt: skip
def test_replacement_by_the_labels(old, new, number):
    doses = replacement(plan(old)[0], new, 0.0)
    assert len(doses) == number
    third = 50000.0 if new == "rylaze" else 25000.0
    assert all(d.amount.value == (third if i % 3 == 2 else 25000.0) for i, d in enumerate(doses))


def test_gaps_raise_the_titre_of_the_next_exposure():
    """The same number of doses: after a gap of 10 weeks the second course counts twice."""
    titres = []
    for days in ((0.0, 14.0), (0.0, 84.0)):
        therapy = one_child(plan(days=days), end=200.0, options=TherapyOptions(antibodies=True))
        therapy.advance_to(200 * DAY)
        titres.append(therapy.sensitisation.titre(0, (days[-1] + 14.0) * DAY)[0])
    assert titres[1] > 1.2 * titres[0]


def test_toxicity_stops_or_interrupts():
    """Certain pancreatitis ends the enzyme; a liver that reacts interrupts it for four weeks."""
    none = {"pancreatitis": 0.0, "thrombosis": 0.0, "hepatotoxicity": 0.0}
    sure = ToxicityParameters(**none | {"pancreatitis": 0.9}, course_days=2.0)
    therapy = one_child(plan(days=tuple(range(0, 140, 14))), end=150.0,
                        options=TherapyOptions(toxicity=True, toxicities=sure))  # fmt: skip
    therapy.advance_to(150 * DAY)
    (event,) = rows_of(therapy, "pancreatitis")
    given = [row["day"] for row in rows_of(therapy, "dose")]
    assert given == [day for day in range(0, 140, 14) if day <= event["day"]]
    assert {row["note"] for row in rows_of(therapy, "withheld")} == {"toxicity"}
    liver = ToxicityParameters(**none | {"hepatotoxicity": 0.9}, course_days=2.0)
    therapy = one_child(plan(days=tuple(range(0, 140, 14))), end=150.0,
                        options=TherapyOptions(toxicity=True, toxicities=liver))  # fmt: skip
    therapy.advance_to(150 * DAY)
    (event,) = rows_of(therapy, "hepatotoxicity")
    withheld = [row["day"] for row in rows_of(therapy, "withheld")]
    assert withheld == [d for d in range(0, 140, 14) if event["day"] < d < event["day"] + 28]
    assert withheld


def test_doses_by_mrd_and_rules_of_the_run():
    """A dose for MRD >= 1 % goes to those who have it; whom a rule withholds it from gets none."""
    dose = dataclasses.replace(plan()[0], only_if_mrd_at_least=0.01)
    therapy = Therapy(alike_patients(CHILD, 4, 1), [dose], end_hour=100.0)
    observed = Observed(np.array([False, False, True, False]),
                        np.array([0.02, 1e-4, 0.5, np.nan]))  # fmt: skip
    therapy.advance_to(10.0, observed)
    assert (therapy.activity(1.0) > 0.0).tolist() == [True, False, False, False]
    why = {row["patient"]: row["note"] for row in rows_of(therapy, "withheld")}
    assert why == {1: "mrd", 2: "rule", 3: "mrd"}


def test_monitoring_brings_troughs_into_range():
    """DCOG ALL-11: from 1500 IU/m2 every two weeks to 0.1-0.25 IU/mL within a few doses."""
    rule = MonitoringRule(after="pegaspargase", hours=14 * DAY, low=0.1, high=0.25,
                          action=Action.ADJUST)  # fmt: skip
    cohort = virtual_patients(200, 2)
    doses = plan(days=tuple(14.0 * i for i in range(14)), amount="1500 IU/m2", preset="dfci-11001")
    shares = []
    for rules in ((), (rule,)):
        therapy = Therapy(cohort, doses, end_hour=197 * DAY, monitoring=rules,
                          options=TherapyOptions(is_drawn=True))  # fmt: skip
        therapy.advance_to(196 * DAY)
        trough = therapy.activity(196 * DAY)
        shares.append(((trough > 0.09) & (trough < 0.28)).mean())
    assert shares[0] < 0.3
    assert shares[1] > 0.95
    assert np.median(therapy.factor["pegaspargase"]) < 0.7


def test_draws_show_the_assay():
    """Below the limit of quantification the assay reports none; the truth stands beside it."""
    rule = MonitoringRule(after="pegaspargase", hours=38 * DAY)
    therapy = one_child(plan(), monitoring=[rule])
    therapy.advance_to(60 * DAY)
    (draw,) = rows_of(therapy, "draw")
    assert 0.0 < draw["value"] < 0.025
    assert draw["measured"] == 0.0


def test_phase_effect_raises_later_activity_alone():
    """CL -60 %, V -30 % after induction: higher peak, higher trough; the first dose is the same."""
    doses = plan(phase="induction") + plan(days=(60.0,), phase="reinduction")
    with_it, without = (
        one_child(doses, end=100.0, options=TherapyOptions(phase_effect=on)) for on in (True, False)
    )
    for therapy in (with_it, without):
        therapy.advance_to(100 * DAY)
    assert np.array_equal(with_it.activity(14 * DAY), without.activity(14 * DAY))
    assert with_it.activity(60 * DAY)[0] == pytest.approx(without.activity(60 * DAY)[0] / 0.7)
    ratio = with_it.activity(74 * DAY)[0] / without.activity(74 * DAY)[0]
    assert 1.5 < ratio < 2.0


def test_two_products_act_as_their_mixture():
    """Eq. (P14), as in the regimen of one patient."""
    doses = plan() + plan("erwinaze", amount="10000 IU/m2")
    therapy = one_child(doses)
    therapy.advance_to(8.0)
    mixed = therapy.mixture(4.0, 8.0)
    alone = []
    for dose in doses:
        other = one_child([dose])
        other.advance_to(8.0)
        alone.append((find_product(dose.product).enzyme, other.mixture(4.0, 8.0).activity[0]))
    wanted = mix(alone)
    assert [column[0] for column in mixed] == pytest.approx(list(wanted), rel=1e-12)


def test_partner_drugs_kill_their_logarithms():
    """Four vincristine doses of 0.25 and 28 days of a steroid of 0.08: 3.24 decimal logarithms."""
    partners = [
        PartnerCourse(drug="vincristine", hours=(0.0, 168.0, 336.0, 504.0)),
        PartnerCourse(drug="prednisone", start=0.0, end=672.0),
    ]
    therapy = one_child([], end=60.0, partners=partners)
    kill = sum(4.0 * therapy.partner_hazard(h, h + 4.0)[0] for h in range(0, 60 * 24, 4))
    assert kill / np.log(10.0) == pytest.approx(4 * 0.25 + 28 * 0.08, rel=1e-12)
    assert therapy.partner_hazard(1000.0, 1004.0)[0] == 0.0


def test_antibodies_weaken_dexamethasone_alone():
    """Clearance 17.7 against 10.6 L/h/m2 (Yang 2012)."""
    options = TherapyOptions(antibodies=True, immunity=SILENT)
    for drug, share in (("dexamethasone", 10.6 / 17.7), ("prednisone", 1.0)):
        partners = [PartnerCourse(drug=drug, start=0.0, end=60 * DAY)]
        therapy = one_child(plan(days=(0.0, 14.0, 28.0)), options=options, partners=partners)
        before = therapy.partner_hazard(0.0, 4.0)[0]
        therapy.advance_to(50 * DAY)
        assert therapy.partner_hazard(50 * DAY, 50 * DAY + 4.0)[0] == pytest.approx(share * before)


def test_factor_of_partner_drugs_is_lognormal():
    cohort = virtual_patients(4000, 1)
    therapy = Therapy(cohort, [], end_hour=10.0, options=TherapyOptions(is_drawn=True))
    logs = np.log(therapy.partners.factor)
    assert logs.mean() == pytest.approx(0.0, abs=0.02)
    assert logs.std() == pytest.approx(PartnerParameters().factor_sd_log, rel=0.04)


def test_snapshot_goes_on_with_the_same_bits():
    """Through text, in the middle of reactions, draws and switches."""
    options = TherapyOptions(is_drawn=True, antibodies=True, toxicity=True, switch_to="rylaze")
    native = plan("e-coli", tuple(3.0 * i for i in range(8)), "5000 IU/m2", infusion=1.0)
    peg = plan(days=tuple(100.0 + 14.0 * i for i in range(8)), route=Route.IM)

    def start():
        return Therapy(virtual_patients(20, 4), native + peg, end_hour=230 * DAY, options=options,
                       monitoring=inactivation_rules("rylaze"))  # fmt: skip

    def run(therapy, first, last):
        return [
            column.tolist()
            for hour in range(first, last, 4)
            for column in (therapy.advance_to(hour + 4.0), therapy.mixture(hour, hour + 4.0))[1]
        ]

    whole, halves = start(), start()
    run(whole, 0, 116 * 24)
    wanted = run(whole, 116 * 24, 220 * 24)
    run(halves, 0, 116 * 24)
    text = json.dumps(halves.snapshot())
    again = start()
    again.restore(json.loads(text))
    assert run(again, 116 * 24, 220 * 24) == wanted
    assert json.dumps(again.snapshot()) == json.dumps(whole.snapshot())
    assert whole.events.count(EventKind.SWITCH, 20).sum() > 0


def test_intervals_below_those_of_the_labels_are_told():
    assert interval_warnings(plan(days=(0.0, 14.0, 28.0))) == []
    (line,) = interval_warnings(plan(days=(0.0, 10.0)))
    assert "10 d after the dose before" in line and "14 d" in line
    (line,) = interval_warnings(plan("calaspargase", (0.0, 14.0)))
    assert "21 d" in line
    assert interval_warnings(plan("e-coli", (0.0, 1.0), "6000 IU/m2")) == []


@pytest.mark.parametrize(
    ("product", "route", "amount", "words"),
    [
        ("calaspargase", Route.IM, "2500 IU/m2", "no intramuscular data"),
        ("glutaminase-free", Route.IV, "2500 IU/m2", "for a dish"),
        ("pegaspargase", Route.DISH, "1 IU/mL", "no route"),
        ("pegaspargase", Route.IV, "1 IU/mL", "is for wells"),
    ],
)
def test_products_without_a_route_are_refused(product, route, amount, words):
    with pytest.raises(ScenarioError, match=words):
        plan(product, (3.0,), amount, route)


def test_rules_of_monitoring_are_checked():
    with pytest.raises(ScenarioError, match="both limits"):
        MonitoringRule(after="pegaspargase", hours=24.0, low=0.1, action=Action.ADJUST)
    with pytest.raises(ScenarioError, match="switch to"):
        MonitoringRule(after="pegaspargase", hours=24.0, action=Action.SWITCH, to="e-coli")
    with pytest.raises(ScenarioError, match="after the dose"):
        MonitoringRule(after="pegaspargase", hours=0.0)


def test_infants_lose_the_drug_faster_and_faster():
    """Half-life 11.7 d just after the dose, 1.8 d on day 14 (Brigitha 2024)."""
    infant = alike_patients(Patient(bsa=0.35, age=0.4), 1, 1)
    therapy = Therapy(infant, plan(preset="infant"), end_hour=40 * DAY)
    therapy.advance_to(1.0)
    for day, half_life in ((0.5, 11.7), (14.0, 1.8)):
        early, late = (therapy.activity((day + step) * DAY)[0] for step in (-0.1, 0.1))
        assert 0.2 * np.log(2.0) / np.log(early / late) == pytest.approx(half_life, rel=0.01)


def test_nobody_depends_on_the_batch():
    """Every bit of a course with reactions, draws and switches is that of the patient alone."""
    options = TherapyOptions(is_drawn=True, antibodies=True, toxicity=True, switch_to="rylaze")
    native = plan("e-coli", tuple(3.0 * i for i in range(8)), "5000 IU/m2", infusion=1.0)
    peg = plan(days=tuple(100.0 + 14.0 * i for i in range(6)), infusion=1.0)
    dexamethasone = [PartnerCourse(drug="dexamethasone", start=0.0, end=200 * DAY)]

    def run(cohort):
        therapy = Therapy(
            cohort,
            native + peg,
            end_hour=200 * DAY,
            options=options,
            partners=dexamethasone,
            monitoring=inactivation_rules("rylaze"),
        )
        rows = []
        for hour in range(0, 200 * 24, 4):
            therapy.advance_to(hour + 4.0)
            mixed = therapy.mixture(hour, hour + 4.0)
            rows.append([*mixed, therapy.partner_hazard(hour, hour + 4.0)])
        return np.array(rows), therapy

    together, therapy = run(virtual_patients(24, 4))
    switched = np.flatnonzero(therapy.events.count(EventKind.SWITCH, 24))
    assert 0 < switched.size < 24
    for patient in (int(switched[0]), 0, 23):
        alone, _ = run(virtual_patients(24, 4).part(patient, patient + 1))
        assert np.array_equal(alone[:, :, 0], together[:, :, patient])
