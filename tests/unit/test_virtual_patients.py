"""Virtual patients: the same by seed, spread as told, and a course equal to a regimen."""

import dataclasses

import numpy as np
import pytest

from abm.errors import ScenarioError
from abm.pharmacology.cohort import virtual_patients
from abm.pharmacology.course import Course, course_activity
from abm.pharmacology.patient import Sex
from abm.pharmacology.populations import Factors
from abm.pharmacology.products import PRODUCTS
from abm.pharmacology.regimen import Dose, Regimen, Route, parse_amount
from abm.pharmacology.variability import Demographics, Variability
from abm.streams import Stream

MANY = virtual_patients(4000, 5)
WIDE = Variability(
    clearance_sd_log=0.4, volume_sd_log=0.2, peripheral_volume_sd_log=0.7, transit_sd_log=0.1,
    bioavailability_sd_log=0.5, absorption_sd_log=0.3, occasion_sd_log=0.13,
)  # fmt: skip


def test_a_larger_cohort_begins_with_the_smaller_one():
    few = virtual_patients(40, 5)
    assert few.patients == MANY.patients[:40]
    assert few.factors(WIDE) == MANY.factors(WIDE)[:40]
    assert np.array_equal(few.occasion_factors(WIDE, 3), MANY.occasion_factors(WIDE, 3)[:40])
    assert virtual_patients(40, 6).patients != few.patients


def test_streams_of_patients_are_clear_of_those_of_cells():
    of_patients = [one for one in Stream if one.name.startswith("PATIENT_")]
    assert all(64 <= int(one) < 80 for one in of_patients)
    assert len({int(one) for one in Stream}) == len(Stream.__members__)


def test_children_look_like_children():
    """Ages within bounds, 10 kg at one year and about 63 kg at 18, more boys than girls."""
    ages = np.array([p.age for p in MANY.patients])
    areas = np.array([p.surface_area for p in MANY.patients])
    assert ages.min() == 1.0 and ages.max() == 18.0
    assert np.median(ages) == pytest.approx(5.5, rel=0.05)
    boys = np.mean([p.sex is Sex.MALE for p in MANY.patients])
    assert boys == pytest.approx(0.56, abs=0.025)
    assert 0.3 < areas.min() < 0.5 and 1.5 < areas.max() < 2.3
    for low, high, kilograms in ((1.0, 1.001, 9.7), (17.9, 18.0, 62.7)):
        weights = [p.weight for p in MANY.patients if low <= p.age <= high]
        assert np.median(weights) == pytest.approx(kilograms, rel=0.05)


def test_grown_patients_no_longer_gain_weight():
    adults = virtual_patients(500, 1, Demographics(lowest_age=18.0, highest_age=60.0))
    assert np.median([p.weight for p in adults.patients]) == pytest.approx(62.7, rel=0.03)


def test_spreads_are_lognormal_and_independent():
    """Eq. (P16): medians 1, standard deviations of logarithms as told, no correlation."""
    logs = np.log(np.array(MANY.factors(WIDE)))
    told = [0.4, 0.2, 0.7, 0.1, 0.5, 0.3]
    assert logs.std(axis=0) == pytest.approx(told, rel=0.04)
    assert np.abs(logs.mean(axis=0) / told).max() < 0.05
    correlation = np.corrcoef(np.vstack([logs.T, np.log(MANY.occasion_factors(WIDE, 2)).T]))
    assert np.abs(correlation - np.eye(8)).max() < 0.06


def test_share_absorbed_never_exceeds_the_dose():
    kinetics = PRODUCTS["pegaspargase"].kinetics()
    assert kinetics.scaled(Factors(bioavailability=3.0)).bioavailability == 1.0
    faster = kinetics.scaled(Factors(absorption=2.0))
    assert faster.absorption_rate == pytest.approx(2.0 * kinetics.absorption_rate)


def test_volume_leaves_the_rate_of_ageing_alone():
    """Eq. (P16): a larger volume dilutes and slows removal; the passage rate has its own factor."""
    kinetics, child = PRODUCTS["pegaspargase"].kinetics(), MANY.patients[0]
    base = kinetics.disposition(child)
    large = kinetics.scaled(Factors(volume=2.0)).disposition(child)
    assert large.transit_rate == pytest.approx(base.transit_rate)
    assert large.removal_rate == pytest.approx(0.5 * base.removal_rate)


@pytest.mark.parametrize(
    ("product", "route"),
    [("pegaspargase", Route.IV), ("rylaze", Route.IM), ("e-coli", Route.IM), ("rasnase", Route.IV)],
)
def test_course_of_a_patient_is_the_regimen_with_the_same_kinetics(product, route):
    """Both superpose the same closed forms; samples lie between doses."""
    cohort = virtual_patients(3, 11)
    found = PRODUCTS[product]
    course = Course(product=product, amount="5000 IU/m2", hours=(0.0, 48.0, 96.0), route=route)
    hours = np.array([1.0, 47.0, 60.0, 200.0])
    got = course_activity(course, cohort, hours)
    owned = cohort.individuals(found.kinetics(), found.variability())
    for row, patient, own in zip(got, cohort.patients, owned, strict=True):
        personal = dataclasses.replace(found, presets={"own": own}, default_preset="own")
        doses = [
            Dose(product=personal, amount=parse_amount("5000 IU/m2"), route=route, tick=day * 2880)
            for day in range(3)
        ]
        regimen = Regimen(doses, n_ticks=12_000, patient=patient).give_all()
        wanted = [regimen.activity(int(hour * 60)) for hour in hours]
        assert row == pytest.approx(wanted, rel=1e-12)


def test_clearance_differs_between_doses_where_published():
    """Eq. (P17), Erwinia by vein: after equal times the log ratio of two doses varies."""
    course = Course(product="erwinaze", preset="sassen", amount="20000 IU/m2", hours=(0.0, 168.0))
    cohort = virtual_patients(1500, 3)
    first, second = course_activity(course, cohort, np.array([12.0, 180.0])).T
    ratio = np.log(second / first)
    slope = np.log(2.0) / 6.4 * 12.0
    own = np.exp(0.33 * 0.33 / 2.0) * slope  # mean of the clearance over its median
    assert ratio.std() == pytest.approx(own * 0.13 * np.sqrt(2.0), rel=0.12)
    assert abs(ratio.mean()) < 0.03


def test_assay_scatters_and_reports_nothing_below_its_limit():
    """Eq. (P18): proportional plus additive error, then the limit of quantification."""
    assay = Variability(proportional_error=0.1, additive_error=0.01, quantification_limit=0.05)
    true = np.column_stack([np.full(4000, 1.0), np.full(4000, 0.02)])
    seen = MANY.measured(true, assay)
    assert seen[:, 0].mean() == pytest.approx(1.0, abs=0.01)
    assert seen[:, 0].std() == pytest.approx(np.hypot(0.1, 0.01), rel=0.05)
    assert set(np.unique(seen[:, 1] >= 0.05)) == {False, True}
    assert (seen[:, 1] == 0.0).mean() > 0.99


def test_bad_cohorts_and_courses_are_refused():
    with pytest.raises(ScenarioError, match="0 patients"):
        virtual_patients(0, 1)
    with pytest.raises(ScenarioError, match="lowest_age"):
        virtual_patients(3, 1, Demographics(lowest_age=20.0))
    with pytest.raises(ScenarioError, match="2 amounts for 1 doses"):
        Course(product="rylaze", amount=("1 IU", "2 IU"), hours=(0.0,)).amounts()
    nobody = Course(product="glutaminase-free", amount="1 IU", hours=(0.0,))
    with pytest.raises(ScenarioError, match="dish"):
        course_activity(nobody, virtual_patients(1, 1), np.ones(1))
