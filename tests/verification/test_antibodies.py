"""The titre against its differential equation, and what a reaction does to the activity."""

import dataclasses

import numpy as np
import pytest
from scipy import integrate, stats

from abm.errors import ScenarioError
from abm.pharmacology.cohort import virtual_patients
from abm.pharmacology.course import Course, course_activity
from abm.pharmacology.immunity import (
    Exposure,
    ImmunityParameters,
    Reaction,
    draw_reactions,
    remembered_exposure,
)

PARAMETERS = ImmunityParameters()
NATIVE = Exposure(0.0, 24.0, 1.0)
PEGYLATED = Exposure(120.0, 330.0, PARAMETERS.pegylated_rise)
DOSES = 120.0 + 14.0 * np.arange(15)


def test_remembered_exposure_solves_its_differential_equation():
    """Eq. (P23): two exposures that overlap, before, during and after them."""
    exposures = (Exposure(2.0, 24.0, 1.0), Exposure(20.0, 60.0, 0.3))

    def change(day, memory):
        rise = sum(rise for start, end, rise in exposures if start <= day < end)
        return rise - np.log(2.0) / 90.0 * memory

    days = np.array([1.0, 10.0, 22.0, 40.0, 60.0, 300.0])
    result = integrate.solve_ivp(
        change, (0.0, 300.0), [0.0], t_eval=days, max_step=0.01, rtol=1e-8, method="RK23"
    )
    assert remembered_exposure(exposures, days, 90.0) == pytest.approx(
        result.y[0], rel=1e-3, abs=1e-12
    )
    with pytest.raises(ScenarioError, match="before it starts"):
        remembered_exposure((Exposure(5.0, 4.0, 1.0),), days, 90.0)


def test_share_that_reacts_is_that_of_the_lognormal_response():
    """Eq. (P24): P = Phi(ln(a T/threshold)/sd), with and without priming."""
    cohort = virtual_patients(4000, 2)
    shares = []
    for exposures in ((NATIVE, PEGYLATED), (PEGYLATED,)):
        reactions = draw_reactions(cohort, exposures, DOSES, PARAMETERS)
        highest = remembered_exposure(exposures, DOSES, PARAMETERS.titre_half_life).max()
        ratio = PARAMETERS.titre_rise * highest / PARAMETERS.threshold
        wanted = stats.norm.cdf(np.log(ratio) / PARAMETERS.rise_sd_log)
        shares.append((reactions.kinds != Reaction.NONE).mean())
        assert shares[-1] == pytest.approx(wanted, abs=0.02)
        assert (np.isfinite(reactions.onset) == (reactions.kinds != Reaction.NONE)).all()
    assert shares[0] > 2.0 * shares[1]


def test_enzymes_that_do_not_cross_react_have_their_own_response():
    cohort = virtual_patients(2000, 2)
    first = draw_reactions(cohort, (NATIVE,), np.array([24.0]), PARAMETERS).kinds
    same = draw_reactions(cohort, (NATIVE,), np.array([24.0]), PARAMETERS).kinds
    other = draw_reactions(
        cohort, (NATIVE,), np.array([24.0]), PARAMETERS, silent_share=0.0, enzyme_index=1
    ).kinds
    assert np.array_equal(first, same)
    assert abs(np.corrcoef(first > 0, other > 0)[0, 1]) < 0.07
    assert not (other == Reaction.SILENT).any()


def test_a_reaction_ends_the_activity_at_its_onset():
    """Allergy: nothing from there on. Silent: doses go on and are gone within two weeks."""
    cohort = virtual_patients(60, 8)
    course = Course(
        product="pegaspargase", preset="dfci-11001", amount="2500 IU/m2",
        hours=tuple((14.0 * 24.0 * np.arange(4)).tolist()),
    )  # fmt: skip
    hours = 24.0 * np.array([1.0, 13.9, 28.5, 41.9])
    plain = course_activity(course, cohort, hours)
    drawn = draw_reactions(cohort, (NATIVE,), np.array([28.0]), PARAMETERS)
    for kind in Reaction:
        all_alike = drawn._replace(
            kinds=np.full(60, kind, np.int8),
            onset=np.full(60, np.inf if kind is Reaction.NONE else 28.0),
        )
        got = course_activity(course, cohort, hours, all_alike)
        assert np.array_equal(got[:, :2], plain[:, :2])
        if kind is Reaction.NONE:
            assert np.array_equal(got, plain)
        elif kind is Reaction.ALLERGY:
            assert not got[:, 2:].any()
        else:
            assert (got[:, 2] > 0.3).all()
            assert (got[:, 3] < 0.1).mean() > 0.95


def test_parameters_out_of_range_are_refused():
    with pytest.raises(ScenarioError, match="silent_share"):
        dataclasses.replace(PARAMETERS, silent_share=1.5)
