"""Curves that are known come back; what is no curve is called so instead of given a number."""

import math

import numpy as np
import pytest

from analysis.dose_curves import (
    area_under_curve,
    fit_dose_curve,
    flat_doses,
    four_parameters,
    growth_rate_inhibition,
    passing_dose,
    response_at,
)

DOSES = np.repeat(np.append(0.0, 10.0 / 4.0 ** np.arange(11, -1, -1)), 3)
NOISE = 0.02 * np.sin(1e4 * np.arange(DOSES.shape[0]) ** 1.5)


def test_a_known_curve_comes_back_with_its_ic50_inside_the_interval():
    top, bottom, half, slope = 1.0, 0.1, 0.02, 1.4
    curve = fit_dose_curve(DOSES, four_parameters(DOSES, top, bottom, half, slope) + NOISE)
    ic50 = half * ((top - 0.5) / (0.5 - bottom)) ** (1.0 / slope)
    assert curve.is_converged and not curve.has_shoulder
    assert curve.low < ic50 < curve.high
    assert curve.level_dose == pytest.approx(ic50, rel=0.1)
    assert curve(curve.level_dose) == pytest.approx(0.5, abs=1e-9)
    assert curve.bottom == pytest.approx(bottom, abs=0.02)


def test_a_shoulder_between_two_falls_does_not_move_the_ic50():
    first = four_parameters(DOSES, 0.3, 0.0, 2e-4, 2.0)
    response = first + four_parameters(DOSES, 0.7, 0.1, 0.2, 1.5) + NOISE
    curve = fit_dose_curve(DOSES, response)
    exact = 0.2 * (0.2 / 0.4) ** (1.0 / 1.5)
    assert curve.has_shoulder
    assert curve.shoulder == pytest.approx(0.7, abs=0.03)
    assert curve.low < exact < curve.high
    assert curve.high < 2.0 * curve.low


def test_a_plateau_above_half_gives_no_number_and_says_where_it_lies():
    curve = fit_dose_curve(DOSES, four_parameters(DOSES, 1.0, 0.63, 0.01, 2.0) + NOISE)
    assert math.isnan(curve.level_dose)
    assert curve.message == "no half dose below the highest dose: 0.63 left at 10"


def test_a_half_beyond_the_doses_is_not_called_a_failure_to_converge():
    """The response has begun to fall, but the doses end above a half."""
    response = four_parameters(DOSES, 1.0, 0.0, 200.0, 0.6)
    curve = fit_dose_curve(DOSES, response + NOISE)
    assert curve.is_converged and math.isnan(curve.level_dose)
    assert curve.message == f"no half dose below the highest dose: {curve(10.0):.2f} left at 10"
    assert curve(10.0) == pytest.approx(response.min(), abs=0.02)
    strict = fit_dose_curve(DOSES, response + NOISE, level=0.3)
    assert strict.message.startswith("never falls to 0.3: 0.8")


def test_a_plateau_near_a_half_is_found():
    plateau = four_parameters(DOSES, 0.5, 0.0, 1e-4, 3.0) + four_parameters(DOSES, 0.5, 0.0, 1.0, 3)
    first, last = flat_doses(DOSES, plateau, 0.1)
    tested = np.unique(DOSES)
    assert tested[3] < 1e-3 and first in tested and last in tested
    assert 1e-4 < first < 1e-3 and 0.1 < last < 1.0
    assert flat_doses(DOSES, 0.15 + plateau, 0.1) is None
    assert flat_doses(DOSES, four_parameters(DOSES, 1.0, 0.0, 0.02, 1.0), 0.1) is None
    assert flat_doses([0.0, 0.1, 1.0], [1.0, 0.52, 0.48], 0.1) == (0.1, 1.0)


def test_no_effect_is_no_curve():
    curve = fit_dose_curve(DOSES, np.ones_like(DOSES) + NOISE)
    assert not curve.is_converged and math.isnan(curve.level_dose)
    assert "hardly changes" in curve.message


def test_a_fall_at_once_has_the_doses_around_it_as_interval():
    response = np.where(DOSES > 0.1, 0.05, 1.0) + NOISE
    curve = fit_dose_curve(DOSES, response)
    around = np.unique(DOSES)
    below, above = around[around <= 0.1].max(), around[around > 0.1].min()
    assert curve.low <= below and above <= curve.high
    assert "between two doses" in curve.message


def test_kill_at_the_lowest_dose_is_said():
    curve = fit_dose_curve(DOSES, np.where(DOSES > 0.0, 0.1, 1.0) + NOISE)
    assert math.isnan(curve.level_dose) and curve.message


def test_three_doses_are_refused():
    with pytest.raises(ValueError, match="4 doses"):
        fit_dose_curve([0.0, 0.1, 1.0, 10.0], [1.0, 0.9, 0.5, 0.1])


def test_gr_values_of_growth_arrest_and_loss():
    """Hafner 2016: 1 as the vehicle, 0 as seeded, -1 when all is lost; half growth rate at 0.41."""
    values = growth_rate_inhibition([8.0, 1.0, 0.0, math.sqrt(8.0)], start=1.0, control=8.0)
    assert values == pytest.approx([1.0, 0.0, -1.0, math.sqrt(2.0) - 1.0], abs=1e-12)
    with pytest.raises(ValueError, match="control that grows"):
        growth_rate_inhibition([1.0], start=1.0, control=1.0)


def test_interpolation_and_area_without_a_model():
    dose, response = [0.01, 0.1, 1.0, 10.0], [1.0, 0.8, 0.2, 0.0]
    assert passing_dose(dose, response) == pytest.approx(10**-0.5)
    assert response_at(dose, response, 10**0.5) == pytest.approx(0.1)
    assert math.isnan(response_at(dose, response, 100.0))
    assert area_under_curve(dose, response) == pytest.approx((0.9 + 0.5 + 0.1) / 3.0)
    assert math.isnan(passing_dose(dose, [0.9, 0.9, 0.8, 0.7]))
