"""Dose-response theory against C15, C16 and C28."""

import json
import math
from pathlib import Path

import numpy as np
import pytest
from scipy import integrate

from abm.pharmacology.kinetics import one_compartment, rate_of_half_life
from analysis.dose_response import (
    bliss_effect,
    combination_index,
    cumulative_kill,
    dose_for_effect,
    fit_median_effect,
    fraction_affected,
    static_dose,
    time_above,
    viability_half_dose,
)

CASES = {
    case["id"]: case
    for case in json.loads(
        (Path(__file__).parents[1] / "reference" / "theory_cases.json").read_text()
    )["cases"]
}


def test_cumulative_kill_reaches_the_reference_table():
    """C15: nats after 14 d, 28 d and for ever, log10 kill, days above EC50."""
    params, expected = CASES["C15"]["params"], CASES["C15"]["expected"]
    rate = rate_of_half_life(params["t_half_d"])
    kill = cumulative_kill(
        [14.0, 28.0, math.inf], params["kmax_per_d"], rate, params["C0"], params["EC50"]
    )
    wanted = [expected["nats_14d"], expected["nats_28d"], expected["nats_inf"]]
    assert kill == pytest.approx(wanted, rel=1e-9)
    assert kill[2] / math.log(10.0) == pytest.approx(expected["log10_kill_inf"], rel=1e-9)
    days = time_above(params["C0"], params["EC50"], rate)
    assert days == pytest.approx(expected["days_above_EC50"], rel=1e-9)
    assert time_above(0.05, 0.1, rate) == 0.0


def test_cumulative_kill_follows_the_curve_of_the_kinetics():
    """C15: numerical integration over the activity that the one-compartment module gives."""
    params, expected = CASES["C15"]["params"], CASES["C15"]["expected"]
    body = one_compartment(clearance=rate_of_half_life(params["t_half_d"]), volume=1.0)
    days = np.linspace(0.0, 14.0, 14 * 240 + 1)
    activity = params["C0"] * body.bolus(days)
    rates = params["kmax_per_d"] * activity / (params["EC50"] + activity)
    assert integrate.trapezoid(rates, days) == pytest.approx(expected["nats_14d"], rel=1e-6)


def test_half_dose_falls_with_the_length_of_the_assay():
    """C16: five lengths, and the static concentration of cells that double in 48 h."""
    params, expected = CASES["C16"]["params"], CASES["C16"]["expected"]
    hours = [24, 48, 72, 96, 120]
    wanted = [expected[f"IC50_over_K_T{hour}h"] for hour in hours]
    half = viability_half_dose(hours, params["kmax_per_h"], params["K"])
    assert half == pytest.approx(wanted, rel=1e-9)
    static = static_dose(math.log(2.0) / 48.0, params["kmax_per_h"], params["K"])
    assert static == pytest.approx(expected["GR50_static_conc_over_K"], rel=1e-9)


def test_half_dose_halves_the_viability():
    """C16 put back into the law; too short an assay never reaches a half."""
    half = viability_half_dose(72.0, 0.05, 2.0)
    viability = math.exp(-0.05 * half * 72.0 / (2.0 + half))
    assert viability == pytest.approx(0.5, rel=1e-12)
    assert viability_half_dose(10.0, 0.05, 2.0) == math.inf
    assert static_dose(0.06, 0.05, 1.0) == math.inf


def test_sham_combination_has_index_one():
    """C28: a drug with itself; Bliss predicts another effect; IC50 and IC90."""
    params, expected = CASES["C28"]["params"], CASES["C28"]["expected"]
    median, slope = params["Dm"], params["m"]
    doses = (params["D1"], params["D2"])
    first, second = fraction_affected(doses, median, slope)
    assert first == pytest.approx(expected["fa_D1"], rel=1e-9)
    assert second == pytest.approx(expected["fa_D2"], rel=1e-9)
    together = float(fraction_affected(sum(doses), median, slope))
    assert together == pytest.approx(expected["fa_combined"], rel=1e-9)
    alone = float(dose_for_effect(together, median, slope))
    assert combination_index(doses, (alone, alone)) == pytest.approx(expected["CI"], abs=1e-6)
    assert bliss_effect(first, second) == pytest.approx(expected["Bliss_prediction"], rel=1e-9)
    levels = dose_for_effect([0.5, 0.9], median, slope)
    assert levels == pytest.approx([expected["IC50"], expected["IC90"]], rel=1e-9)


def test_combination_index_from_fitted_curves_is_one():
    """C28 on synthetic points: fit, invert, add; saturated and empty points are ignored."""
    dose = np.array([0.0, 0.02, 0.05, 0.15, 0.4, 1.0, 1e30])
    median, slope = fit_median_effect(dose, fraction_affected(dose, 0.15, 1.2))
    assert (median, slope) == pytest.approx((0.15, 1.2), rel=1e-9)
    affected = fraction_affected(0.12, 0.15, 1.2)
    alone = float(dose_for_effect(affected, median, slope))
    assert combination_index((0.05, 0.07), (alone, alone)) == pytest.approx(1.0, abs=1e-6)
    assert combination_index((0.05, 0.07), (2 * alone, alone)) < 1.0


def test_median_effect_needs_two_informative_doses():
    """One dose, or only 0 and 1, gives no line."""
    with pytest.raises(ValueError, match="two doses"):
        fit_median_effect([0.1, 0.1, 5.0], [0.3, 0.4, 1.0])
