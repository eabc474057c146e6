"""Doses, amounts and the activity they make on the grid of ticks (S3)."""

import math

import numpy as np
import pytest

from abm.errors import ScenarioError, StateError
from abm.pharmacology.kinetics import one_compartment, two_compartments
from abm.pharmacology.products import PRODUCTS, EnzymeConstants, Patient, Sex, find_product
from abm.pharmacology.regimen import (
    Amount,
    AmountKind,
    Dose,
    Regimen,
    Route,
    mix,
    parse_amount,
)

TICKS_PER_DAY = 1440
CHILD = Patient(bsa=0.79, age=6.0, sex=Sex.FEMALE)


def plasma_dose(tick=0, amount="2500 IU/m2", product="pegaspargase", route=Route.IV, infusion=0):
    """Make a dose to a patient."""
    return Dose(
        product=PRODUCTS[product], amount=parse_amount(amount), route=route, tick=tick,
        infusion_ticks=infusion,
    )  # fmt: skip


def dish_dose(tick=0, amount="1 IU/mL", product="e-coli"):
    """Make a dose to a dish."""
    return Dose(product=PRODUCTS[product], amount=parse_amount(amount), route=Route.DISH, tick=tick)


@pytest.mark.parametrize(
    ("text", "value", "kind"),
    [
        ("2500 IU/m2", 2500.0, AmountKind.PER_SURFACE_AREA),
        ("2.5e3 IU/m^2", 2500.0, AmountKind.PER_SURFACE_AREA),
        ("1975IU", 1975.0, AmountKind.ABSOLUTE),
        (" 200 IU/kg ", 200.0, AmountKind.PER_WEIGHT),
        ("1 IU/mL", 1.0, AmountKind.PER_VOLUME),
        ("100 IU/L", 0.1, AmountKind.PER_VOLUME),
        ("0 IU/mL", 0.0, AmountKind.PER_VOLUME),
    ],
)
def test_amounts_are_read(text, value, kind):
    """Each spelling of an amount gives its number and kind."""
    amount = parse_amount(text)
    assert amount.value == pytest.approx(value, rel=1e-15)
    assert amount.kind is kind


@pytest.mark.parametrize(
    "text",
    ["2500", 2500, None, "IU/m2", "2500 mg/m2", "2500 IU/m3", "-1 IU", "1e999 IU", "nan IU",
     "inf IU", "1 IU IU", "1 U/mL", "1" * 100 + " IU", "1e99 99 IU", ["1 IU"]],
)  # fmt: skip
def test_other_amounts_are_refused(text):
    """Anything but a non-negative number with a known unit is a ScenarioError."""
    with pytest.raises(ScenarioError, match=r"doses\.0\.amount"):
        parse_amount(text, where="doses.0.amount")


def test_amounts_scale_with_the_patient():
    """Per m2 and per kg are multiplied by the patient's size, IU are not."""
    patient = Patient(bsa=0.79, weight=19.0)
    assert parse_amount("2500 IU/m2").total(patient) == pytest.approx(1975.0)
    assert parse_amount("100 IU/kg").total(patient) == pytest.approx(1900.0)
    assert parse_amount("500 IU").total(patient) == 500.0


@pytest.mark.parametrize(
    "change",
    [
        {"amount": Amount(-1.0, AmountKind.ABSOLUTE)},
        {"amount": Amount(math.nan, AmountKind.ABSOLUTE)},
        {"amount": Amount(1.0, AmountKind.PER_VOLUME)},
        {"route": Route.DISH},
        {"route": Route.IM, "infusion_ticks": 60},
        {"route": Route.IM, "product": PRODUCTS["calaspargase"]},
        {"tick": -1},
        {"infusion_ticks": -1},
        {"preset": "nobody"},
    ],
)
def test_doses_that_do_not_fit_are_refused(change):
    """Negative, dish amounts for patients, infused injections, routes without data."""
    good = {
        "product": PRODUCTS["e-coli"],
        "amount": Amount(1.0, AmountKind.ABSOLUTE),
        "route": Route.IV,
        "tick": 0,
    }
    Dose(**good)
    with pytest.raises(ScenarioError):
        Dose(**{**good, **change})


def test_dish_doses_need_no_patient_and_plasma_doses_do():
    """A patient is asked for, and a dish dose is refused where one is."""
    with pytest.raises(ScenarioError, match="patient"):
        Regimen([plasma_dose()], n_ticks=10)


def test_a_patient_whom_the_kinetics_do_not_cover_is_refused_before_the_first_dose():
    """A dose at the end of the run would otherwise fail after all the work was done."""
    dose = Dose(
        product=PRODUCTS["pegaspargase"], amount=parse_amount("2500 IU/m2"), route=Route.IV,
        tick=9, where="my.yaml: line 8: treatment.doses.0",
    )  # fmt: skip
    with pytest.raises(ScenarioError, match=r"my\.yaml: line 8: .*patient\.bsa: 0\.2 m2 is below"):
        Regimen([dose], n_ticks=10, patient=Patient(bsa=0.2))


def test_dose_at_the_first_and_at_the_last_tick():
    """A bolus is in the value at its own tick, at 0 and at the end."""
    regimen = Regimen([plasma_dose(0), plasma_dose(100)], n_ticks=100, patient=CHILD).give_all()
    peak = 2.5 * 0.79 / 1.74477
    assert regimen.activity(0) == pytest.approx(peak, rel=1e-12)
    assert regimen.activity(100) - regimen.activity(99) == pytest.approx(peak, rel=1e-3)
    late = Regimen([plasma_dose(101)], n_ticks=100, patient=CHILD).give_all()
    assert late.curve().max() == 0.0


def test_doses_superpose():
    """Eq. (P8): three doses are the sum of three regimens of one, on every tick."""
    doses = [plasma_dose(0), plasma_dose(3000, "4000 IU"), plasma_dose(9000, infusion=60)]
    whole = Regimen(doses, n_ticks=20_000, patient=CHILD).give_all().curve()
    parts = [Regimen([d], n_ticks=20_000, patient=CHILD).give_all().curve() for d in doses]
    assert whole == pytest.approx(sum(parts), rel=1e-14)
    double = Regimen([plasma_dose(0, "5000 IU/m2")], n_ticks=20_000, patient=CHILD).give_all()
    assert double.curve() == pytest.approx(2.0 * parts[0], rel=1e-14)


def test_grid_holds_the_closed_form_at_ticks():
    """Native enzyme by vein, over an hour and into muscle: the grid equals theory by hand."""
    patient = Patient(weight=70.0)
    body = two_compartments(0.135, 4.27, 0.83, 0.058)
    ticks = np.array([0, 1, 60, 61, 1440, 7200])
    hours = ticks / 60.0
    wanted = {
        (Route.IV, 0): body.bolus(hours),
        (Route.IV, 60): body.infusion(hours, 1.0),
        (Route.IM, 0): 0.5 * body.absorbed(hours, math.log(2.0) / 15.0),
    }
    for (route, infusion), curve in wanted.items():
        dose = plasma_dose(0, "5000 IU", "e-coli", route, infusion)
        regimen = Regimen([dose], n_ticks=7200, patient=patient).give_all()
        got = [regimen.activity(int(tick)) for tick in ticks]
        assert got == pytest.approx(5.0 * curve, rel=1e-12)


def test_other_tick_lengths_change_the_grid_and_not_the_curve():
    """A tick of 5 min sees the same activity at the same hour."""
    fine = Regimen([plasma_dose()], n_ticks=1440, patient=CHILD).give_all()
    coarse = Regimen([plasma_dose()], n_ticks=288, patient=CHILD, tick_minutes=5.0).give_all()
    assert coarse.activity(288) == pytest.approx(fine.activity(1440), rel=1e-13)


def test_dish_dose_stays_or_decays():
    """A step that stays; with a half-life of 12 h a quarter is left after a day."""
    steady = Regimen([dish_dose(10)], n_ticks=2000).give_all()
    assert steady.activity(9) == 0.0
    assert steady.activity(10) == steady.activity(2000) == 1.0
    decaying = Regimen([dish_dose(0)], n_ticks=2000, dish_half_life=12.0).give_all()
    assert decaying.activity(1440) == pytest.approx(0.25, rel=1e-12)
    with pytest.raises(ScenarioError):
        Regimen([dish_dose()], n_ticks=10, dish_half_life=0.0)


def test_washing_a_dish_dilutes_what_is_there_and_not_what_comes():
    """The enzyme falls with the wash; a dose at the same tick given after it is whole."""
    regimen = Regimen([dish_dose(0), dish_dose(50, "0.5 IU/mL")], n_ticks=100)
    regimen.give(0)
    regimen.dilute(50, 0.1)
    regimen.give(1)
    assert regimen.activity(49) == 1.0
    assert regimen.activity(50) == pytest.approx(0.6, rel=1e-14)
    with pytest.raises(StateError, match="later dose"):
        regimen.dilute(20, 0.1)
    with pytest.raises(StateError, match="0 to 1"):
        regimen.dilute(60, 1.5)


def test_due_is_half_open_and_sorted_in_time():
    """``[start, end)`` by tick; doses listed out of order are sorted, ties keep their order."""
    doses = [plasma_dose(60), plasma_dose(0), plasma_dose(60, "1 IU")]
    regimen = Regimen(doses, n_ticks=100, patient=CHILD)
    assert [dose.tick for dose in regimen.doses] == [0, 60, 60]
    assert regimen.doses[2].amount.value == 1.0
    assert list(regimen.due(0, 60)) == [0]
    assert list(regimen.due(60, 61)) == [1, 2]
    assert list(regimen.due(1, 60)) == []
    assert regimen.stops == (0, 60)
    infused = Regimen([plasma_dose(6, infusion=60)], n_ticks=100, patient=CHILD)
    assert infused.stops == (6, 66)


def test_a_dose_is_given_once_and_ticks_are_checked():
    """Giving twice and asking beyond the grid are mistakes of the caller."""
    regimen = Regimen([plasma_dose()], n_ticks=10, patient=CHILD)
    regimen.give(0)
    with pytest.raises(StateError):
        regimen.give(0)
    for tick in (-1, 11):
        with pytest.raises(StateError):
            regimen.activity(tick)


def test_replay_and_extension_give_the_same_bits():
    """After a restart, and with a longer grid, every earlier value is identical."""
    doses = [
        plasma_dose(0), plasma_dose(777, "6000 IU/m2", "e-coli"), plasma_dose(1500),
        plasma_dose(40, "100 IU/m2", "e-coli", Route.IM), plasma_dose(90, infusion=61),
    ]  # fmt: skip
    first = Regimen(doses, n_ticks=3001, patient=CHILD).give_all()
    second = Regimen(doses, n_ticks=3001, patient=CHILD)
    second.restore(first.history)
    assert np.array_equal(first.curve(), second.curve())
    before = first.curve()
    first.extend(5000)
    assert first.n_ticks == 5000
    assert np.array_equal(first.curve()[:3002], before)


def test_mean_activity_is_over_ticks():
    """The mean of an interval leaves out its end, where the next dose may lie."""
    regimen = Regimen([dish_dose(6)], n_ticks=20).give_all()
    assert regimen.mean_activity(0, 6) == 0.0
    assert regimen.mean_activity(3, 9) == pytest.approx(0.5)
    assert list(regimen.window(5, 8)) == [0.0, 1.0, 1.0]


def test_mixture_acts_like_its_parts_when_asparagine_is_low():
    """Eq. (P14): A/Km and g A/KmQ of the mixture are the sums over products; g is weighted."""
    coli = EnzymeConstants()
    erwinia = PRODUCTS["erwinaze"].enzyme
    mixture = mix([(coli, 0.3), (erwinia, 0.1)])
    assert mixture.activity == pytest.approx(0.4)
    slope = 0.3 / 15.0 + 0.1 / 48.0
    assert mixture.activity / mixture.half_saturation_asn == pytest.approx(slope, rel=1e-14)
    on_gln = 0.3 * 0.019 + 0.1 * 0.1
    assert mixture.glutaminase_share == pytest.approx(on_gln / 0.4, rel=1e-14)
    slope_gln = 0.3 * 0.019 / 3500.0 + 0.1 * 0.1 / 360.0
    assert on_gln / mixture.half_saturation_gln == pytest.approx(slope_gln, rel=1e-14)


def test_mixture_without_enzyme_or_glutaminase_is_finite():
    """No enzyme keeps the constants of the first product; no glutaminase keeps KmQ."""
    free = EnzymeConstants(glutaminase_share=0.0)
    assert mix([]).half_saturation_asn == 15.0
    assert mix([(free, 0.0), (free, 0.0)]).activity == 0.0
    assert mix([(free, 1.0), (free, 2.0)]).half_saturation_gln == 3500.0
    two = Regimen([dish_dose(0), dish_dose(0, product="erwinaze")], n_ticks=5)
    assert two.mixture(0, 5) == (0.0, 15.0, 3500.0, 0.019)
    two.give_all()
    assert two.mixture(0, 5).activity == 2.0


@pytest.mark.parametrize(
    "values", [{}, {"bsa": -1.0}, {"bsa": 79.0}, {"weight": 0.0}, {"bsa": 1.0, "age": 200.0}]
)
def test_impossible_patients_are_refused(values):
    """A size is needed, and everything must lie in a human range."""
    with pytest.raises(ScenarioError, match="patient"):
        Patient(**values)


def test_small_infants_are_outside_of_the_pegaspargase_model():
    """The linear covariates turn to nothing at 0.15 m2: refused, with the smallest size named."""
    with pytest.raises(ScenarioError, match=r"0\.28 m2"):
        Regimen([plasma_dose()], n_ticks=10, patient=Patient(bsa=0.2)).give_all()
    Regimen([plasma_dose()], n_ticks=10, patient=Patient(bsa=0.28)).give_all()


def test_names_are_checked():
    """Products and sexes are a closed list."""
    assert find_product("e-coli").id == "e-coli"
    for wrong in ("ecoli", None, 3):
        with pytest.raises(ScenarioError):
            find_product(wrong)
    assert Sex.parse("f") is Sex.FEMALE
    with pytest.raises(ScenarioError, match="f or m"):
        Sex.parse("female")


def test_every_product_is_complete():
    """Each has its default preset, sources, and a curve that starts high and ends low."""
    hours = np.array([0.0, 24.0, 100 * 24.0])
    for product in PRODUCTS.values():
        assert product.sources
        assert product.kinetics() is product.kinetics(product.default_preset)
        assert set(product.spreads) <= set(product.presets)
        for preset in () if product.is_dish_only else product.presets:
            start, day, late = product.kinetics(preset).disposition(CHILD).bolus(hours)
            assert start > day > late >= 0.0


def test_glutaminase_free_enzyme_is_for_dishes_only():
    """It takes Asn and leaves Gln, and no patient can be given it."""
    free = Regimen([dish_dose(0, product="glutaminase-free")], n_ticks=5).give_all()
    mixture = free.mixture(0, 5)
    assert mixture.activity == 1.0 and mixture.glutaminase_share == 0.0
    assert mixture.half_saturation_asn == PRODUCTS["e-coli"].enzyme.half_saturation_asn
    with pytest.raises(ScenarioError, match="use it in a dish"):
        plasma_dose(product="glutaminase-free")
    with pytest.raises(ScenarioError, match="use it in a dish"):
        PRODUCTS["glutaminase-free"].kinetics().disposition(CHILD)


def test_kinetics_refuse_impossible_sizes():
    """Zero or negative clearances and volumes have no meaning."""
    for clearance, volume in ((0.0, 1.0), (1.0, -1.0), (math.nan, 1.0)):
        with pytest.raises(ScenarioError):
            one_compartment(clearance, volume)
    with pytest.raises(ScenarioError):
        one_compartment(1.0, 1.0).infusion(np.zeros(1), 0.0)
