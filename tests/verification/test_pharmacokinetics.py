"""Concentration curves against theory: C14a-c, B1f, B1h, B1l, differential equations (S3)."""

import dataclasses
import json
import math
from pathlib import Path

import numpy as np
import pytest
from scipy import integrate, optimize

from abm.pharmacology.kinetics import (
    LN2,
    ExponentialDisposition,
    TransitDisposition,
    fitted_half_life,
    one_compartment,
    rate_of_half_life,
    two_compartments,
)
from abm.pharmacology.products import PRODUCTS, Patient, Sex
from abm.pharmacology.regimen import Amount, AmountKind, Dose, Regimen, Route

CASES = {
    case["id"]: case
    for case in json.loads(
        (Path(__file__).parents[1] / "reference" / "theory_cases.json").read_text()
    )["cases"]
}
DAY = 24.0
TICKS_PER_DAY = 1440
CHILD = Patient(bsa=0.79, age=6.0, sex=Sex.MALE)
ADULT = Patient(bsa=1.8, weight=70.0, age=30.0)
RELATIVE = 1e-3

TWO = two_compartments(0.135, 4.27, 0.83, 0.058)
TRANSIT = TransitDisposition(
    volume=1.7, removal_rate=0.03 / 24, transit_rate=0.63 / 24, n_stages=14
)


def test_bateman_reaches_the_reference_table():
    """C14a: absorption and elimination, peak, three days, area."""
    case = CASES["C14a"]
    expected = case["expected"]
    rate = rate_of_half_life(case["params"]["t_half_elim_d"])
    absorption = rate_of_half_life(case["params"]["t_half_abs_d"])
    disposition = one_compartment(clearance=rate, volume=1.0)
    days = np.array([expected["tmax_d"], 1.0, 2.0, 3.0])
    wanted = [expected[key] for key in ("cmax", "c_1d", "c_2d", "c_3d")]
    curve = disposition.absorbed(days, absorption)
    assert curve == pytest.approx(wanted, rel=RELATIVE)
    grid = np.linspace(0.0, 3.0, 300_001)
    peak = grid[np.argmax(disposition.absorbed(grid, absorption))]
    assert peak == pytest.approx(expected["tmax_d"], rel=RELATIVE)
    assert disposition.exposure() == pytest.approx(expected["auc"], rel=RELATIVE)


def test_infusion_and_superposition_reach_the_reference_table():
    """C14b: one hour of infusion, three doses 14 d apart, accumulation, area."""
    params, expected = CASES["C14b"]["params"], CASES["C14b"]["expected"]
    rate = rate_of_half_life(params["t_half_d"] * DAY)
    disposition = one_compartment(clearance=rate, volume=1.0)
    length, gap = params["infusion_h"], params["interval_d"] * DAY
    assert rate * DAY == pytest.approx(expected["k"], rel=RELATIVE)
    end, week, fortnight = disposition.infusion(np.array([length, 7 * DAY, gap]), length)
    assert end == pytest.approx(expected["c_end_inf"], rel=RELATIVE)
    assert week == pytest.approx(expected["c_7d"], rel=RELATIVE)
    assert fortnight == pytest.approx(expected["c_14d"], rel=RELATIVE)
    trough = disposition.infusion(gap * np.arange(1, 4), length).sum()
    assert trough == pytest.approx(expected["trough_after_3"], rel=RELATIVE)
    many = disposition.infusion(length + gap * np.arange(40), length).sum()
    assert many / end == pytest.approx(expected["accumulation_inf"], rel=RELATIVE)
    assert disposition.exposure() / DAY == pytest.approx(expected["auc_per_dose"], rel=RELATIVE)


def test_pegaspargase_reaches_the_reference_table():
    """C14c: every day of the table and both crossing times, preset bfm, through a regimen."""
    case = CASES["C14c"]
    dose = Dose(
        product=PRODUCTS["pegaspargase"],
        amount=Amount(2500.0, AmountKind.PER_SURFACE_AREA),
        route=Route.IV,
        tick=0,
    )
    regimen = Regimen([dose], n_ticks=36 * TICKS_PER_DAY, patient=CHILD).give_all()
    n_checked = 0
    for key, value in case["expected"].items():
        name, *rest = key.split("_")
        if rest[0].isdigit():
            got = regimen.activity(int(rest[0]) * TICKS_PER_DAY) * 1e3
            assert got == pytest.approx(value, rel=1e-8), key
        else:
            level = float(rest[1]) * 1e-3
            first_below = int(np.argmax(regimen.curve() < level))
            assert first_below / TICKS_PER_DAY == pytest.approx(value, rel=RELATIVE), name
        n_checked += 1
    assert n_checked == 13


def test_crossing_times_are_exact_without_a_grid():
    """C14c: the curve between ticks crosses 100 and 20 IU/L when the table says."""
    disposition = PRODUCTS["pegaspargase"].kinetics("bfm").disposition(CHILD)
    for level in (100, 20):
        crossing = optimize.brentq(
            lambda day, level=level: 1975.0 * disposition.bolus(np.array([day * DAY]))[0] - level,
            1.0,
            60.0,
            xtol=1e-10,
        )
        wanted = CASES["C14c"]["expected"][f"day_below_{level}_IU_L"]
        assert crossing == pytest.approx(wanted, rel=1e-8)


def _solve(rates, start, hours):
    """Integrate dx/dt = M x numerically; returns x at ``hours``."""
    result = integrate.solve_ivp(
        lambda _, x: rates @ x, (0.0, hours[-1]), start, t_eval=hours, rtol=1e-11, atol=1e-14,
        method="DOP853",
    )  # fmt: skip
    return result.y


def test_two_compartments_solve_their_differential_equations():
    """Eq. (P4), with and without a depot."""
    hours = np.array([0.0, 0.5, 3.0, 12.0, 50.0, 120.0])
    out, back, removal, absorption = 0.058 / 4.27, 0.058 / 0.83, 0.135 / 4.27, 0.05
    rates = np.array([[-absorption, 0, 0], [absorption, -out - removal, back], [0, out, -back]])
    bolus = _solve(rates, [0.0, 1.0, 0.0], hours)[1] / 4.27
    depot = _solve(rates, [1.0, 0.0, 0.0], hours)[1] / 4.27
    assert TWO.bolus(hours) == pytest.approx(bolus, rel=1e-7)
    assert TWO.absorbed(hours, absorption) == pytest.approx(depot, rel=1e-7, abs=1e-12)
    assert TWO.exposure() == pytest.approx(1.0 / 0.135, rel=1e-12)


@pytest.mark.parametrize("absorption", [0.003, 0.0274, 0.0275, 0.1, 3.0])
def test_transit_chain_solves_its_differential_equations(absorption):
    """Eq. (P5) and (P7) for absorption slower than, close to and faster than ageing."""
    hours = np.array([0.0, 1.0, 20.0, 120.0, 480.0, 900.0])
    n = TRANSIT.n_stages
    rates = np.zeros((n + 1, n + 1))
    rates[0, 0], rates[1, 0] = -absorption, absorption
    for stage in range(1, n + 1):
        rates[stage, stage] = -(TRANSIT.removal_rate + TRANSIT.transit_rate)
        if stage > 1:
            rates[stage, stage - 1] = TRANSIT.transit_rate
    bolus = _solve(rates, [0.0, 1.0] + [0.0] * (n - 1), hours)[1:].sum(axis=0) / TRANSIT.volume
    depot = _solve(rates, [1.0] + [0.0] * n, hours)[1:].sum(axis=0) / TRANSIT.volume
    assert TRANSIT.bolus(hours) == pytest.approx(bolus, rel=1e-6)
    assert TRANSIT.absorbed(hours, absorption) == pytest.approx(depot, rel=1e-6, abs=1e-12)


def test_transit_absorption_is_continuous_where_its_two_formulas_meet():
    """Eq. (P7): the incomplete gamma and the hypergeometric branch agree at their border."""
    loss = TRANSIT.removal_rate + TRANSIT.transit_rate
    border = 1.0 / (loss - 0.01)
    either = TRANSIT.absorbed(border * np.array([1.0 - 1e-9, 1.0 + 1e-9]), 0.01)
    assert either[0] == pytest.approx(either[1], rel=1e-8)
    same_rate = TRANSIT.absorbed(np.array([100.0, 100.0]), loss)
    close = TRANSIT.absorbed(np.array([100.0]), loss * (1.0 + 1e-10))
    assert same_rate[0] == pytest.approx(close[0], rel=1e-8)


@pytest.mark.parametrize("disposition", [TWO, TRANSIT, one_compartment(0.1, 2.0)])
def test_infusion_is_the_moving_mean_of_the_bolus(disposition):
    """Eq. (P2): against numerical integration; area is conserved; late values stay positive."""
    length = 5.0
    for hour in (0.0, 2.0, 5.0, 30.0, 300.0):
        low = max(hour - length, 0.0)
        area, _ = integrate.quad(
            lambda t: float(disposition.bolus(np.array([t]))[0]), low, hour, epsrel=1e-11
        )
        got = disposition.infusion(np.array([hour]), length)[0]
        assert got == pytest.approx(area / length, rel=1e-8, abs=1e-15)
    late = disposition.infusion(np.linspace(0.0, 5000.0, 501), length)
    assert (late >= 0.0).all()
    short = disposition.infusion(np.array([40.0]), 1e-4)[0]
    assert short == pytest.approx(disposition.bolus(np.array([40.0]))[0], rel=1e-4)


@pytest.mark.parametrize("disposition", [TWO, TRANSIT])
def test_remaining_exposure_is_the_area_that_is_left(disposition):
    """Eq. (P6): the tail from 0 and from 100 h against numerical integration."""
    for start in (0.0, 100.0):
        area, _ = integrate.quad(
            lambda t: float(disposition.bolus(np.array([t]))[0]), start, 4000.0, limit=500,
            epsrel=1e-11,
        )  # fmt: skip
        got = disposition.remaining_exposure(np.array([start]))[0]
        assert got == pytest.approx(area, rel=1e-7)


def test_bateman_with_equal_rates_and_flip_flop():
    """Eq. (P3): ka = ke gives k t e^(-k t); swapping the rates scales the curve by their ratio."""
    hours = np.array([0.5, 5.0, 40.0])
    body = ExponentialDisposition((1.0,), (0.1,))
    assert body.absorbed(hours, 0.1) == pytest.approx(0.1 * hours * np.exp(-0.1 * hours), rel=1e-14)
    near = body.absorbed(hours, 0.1 * (1 + 1e-13))
    assert near == pytest.approx(body.absorbed(hours, 0.1), rel=1e-12)
    slow = body.absorbed(hours, 0.02)
    swapped = ExponentialDisposition((1.0,), (0.02,)).absorbed(hours, 0.1)
    assert slow == pytest.approx(swapped * 0.02 / 0.1, rel=1e-13)
    tail = body.absorbed(np.array([300.0, 301.0]), 0.02)
    assert math.log(tail[0] / tail[1]) == pytest.approx(0.02, rel=1e-6)


def test_native_e_coli_half_life_lies_in_the_label_range():
    """Terminal fit over three days in an adult, and ln2 Vc/CL, lie in 22-26 h (to 0.5 h)."""
    disposition = PRODUCTS["e-coli"].kinetics().disposition(ADULT)
    hours = np.arange(6.0, 73.0, 6.0)
    assert 22.0 <= fitted_half_life(hours, disposition.bolus(hours)) <= 26.0
    volume = 1.0 / disposition.bolus(np.zeros(1))[0]
    assert LN2 * volume * disposition.exposure() == pytest.approx(22.0, abs=0.5)


@pytest.mark.parametrize(
    ("product", "preset", "days", "published"),
    [
        ("e-coli", "medac", np.arange(1.0, 6.0), 1.24),
        ("erwinaze", "erwinaze", np.arange(1.0, 3.5, 0.5), 0.65),
        ("pegaspargase", "dfci-11001", np.arange(4.0, 26.0), 5.73),
    ],
)
def test_intramuscular_half_lives(product, preset, days, published):
    """B1l: log-linear fits after an intramuscular dose in a child, within 25 %.

    The row of e-coli is a calibration of its depot (assumption A65).
    """
    kinetics = PRODUCTS[product].kinetics(preset)
    disposition = kinetics.disposition(CHILD)
    curve = disposition.absorbed(days * DAY, kinetics.absorption_rate)
    assert fitted_half_life(days * DAY, curve) / DAY == pytest.approx(published, rel=0.25)


def test_pegaspargase_half_life_depends_on_the_window():
    """The decay is slow first, fast later: preset bfm over days 0-14 and 4-25."""
    disposition = PRODUCTS["pegaspargase"].kinetics("bfm").disposition(CHILD)
    early, late = np.arange(0.0, 15.0) * DAY, np.arange(4.0, 26.0) * DAY
    assert fitted_half_life(early, disposition.bolus(early)) / DAY == pytest.approx(20.7, rel=0.05)
    assert fitted_half_life(late, disposition.bolus(late)) / DAY == pytest.approx(8.4, rel=0.05)


def test_depletion_lasts_as_long_as_each_preset_says():
    """Days above 20 IU/L after one dose: 33 (bfm), 28 (dfci-11001); dfci-0501 is shorter."""
    days = np.arange(0.0, 40.0, 0.01)
    last = {}
    for preset in ("bfm", "dfci-11001", "dfci-0501"):
        disposition = PRODUCTS["pegaspargase"].kinetics(preset).disposition(CHILD)
        last[preset] = days[1975.0 * disposition.bolus(days * DAY) > 20.0].max()
    assert last["bfm"] == pytest.approx(33.04, abs=0.02)
    assert last["dfci-11001"] == pytest.approx(28.0, abs=0.5)
    assert last["dfci-0501"] < last["dfci-11001"]


def test_recombinant_e_coli_has_the_published_sizes():
    """Voller 2018: CL 0.0592 L/h, V1 1.18 L in a child of 19.5 kg; half-life about 18 h."""
    disposition = PRODUCTS["rasnase"].kinetics().disposition(Patient(weight=19.5))
    assert disposition.exposure() == pytest.approx(1.0 / 0.0592, rel=1e-12)
    assert disposition.bolus(np.zeros(1))[0] == pytest.approx(1.0 / 1.18, rel=1e-12)
    assert LN2 / disposition.rates[1] == pytest.approx(18.0, abs=0.6)


def test_calaspargase_meets_its_label():
    """B1h: peak, area and half-life of the label within 15 % at 1.5 m2, one hour infusion."""
    patient = Patient(bsa=1.5, age=12.0)
    disposition = PRODUCTS["calaspargase"].kinetics().disposition(patient)
    peak = disposition.infusion(np.array([1.0]), 1.0)[0] * 3750.0 * 1e-3
    assert peak == pytest.approx(1.62, rel=0.15)
    whole = disposition.exposure()
    until_25 = whole - disposition.remaining_exposure(np.array([25.0 * DAY]))[0]
    assert until_25 * 3.75 / DAY == pytest.approx(16.9, rel=0.15)
    assert whole * 3.75 / DAY == pytest.approx(25.5, rel=0.15)
    assert LN2 / disposition.rates[1] / DAY == pytest.approx(16.1, rel=0.15)


def test_erwinaze_flip_flop_gives_its_troughs():
    """B1a (calibration of the typical patient): 0.38-0.44 at 48 h and 0.16 IU/mL at 72 h."""
    kinetics = PRODUCTS["erwinaze"].kinetics()
    disposition = kinetics.disposition(Patient(bsa=1.0))
    hours = np.array([48.0, 96.0, 72.0, 120.0, 168.0])
    given = 25.0 * kinetics.bioavailability
    first, second, *third = given * disposition.absorbed(hours, kinetics.absorption_rate)
    assert first == pytest.approx(0.384, abs=0.005)
    assert first + second == pytest.approx(0.434, abs=0.005)
    assert sum(third) == pytest.approx(0.16, abs=0.005)


def test_covariates_of_pegaspargase():
    """Eq. (P11): surface area on all three, age above 8 on removal only, girls 0.923 on removal."""
    kinetics = PRODUCTS["pegaspargase"].kinetics()
    base = kinetics.disposition(CHILD)
    old = kinetics.disposition(dataclasses.replace(CHILD, age=18.0))
    assert old.removal_rate / base.removal_rate == pytest.approx(1.21, rel=1e-12)
    assert old.transit_rate == base.transit_rate
    girl = kinetics.disposition(dataclasses.replace(CHILD, sex=Sex.FEMALE))
    assert girl.removal_rate / base.removal_rate == pytest.approx(0.923, rel=1e-12)
    assert girl.transit_rate == base.transit_rate
    large = kinetics.disposition(Patient(bsa=1.79, age=6.0))
    assert large.volume / base.volume == pytest.approx(2.56498, rel=1e-12)
    ratio = 2.44345 / 2.56498
    assert large.removal_rate / base.removal_rate == pytest.approx(ratio, rel=1e-12)
    assert large.transit_rate / base.transit_rate == pytest.approx(ratio, rel=1e-12)


def test_allometry_of_native_e_coli():
    """Eq. (P12): clearance by weight^0.75, volume by weight."""
    kinetics = PRODUCTS["e-coli"].kinetics()
    child, adult = kinetics.disposition(Patient(weight=17.5)), kinetics.disposition(ADULT)
    assert adult.exposure() / child.exposure() == pytest.approx(0.25**0.75, rel=1e-12)
    start = np.zeros(1)
    assert child.bolus(start)[0] / adult.bolus(start)[0] == pytest.approx(4.0, rel=1e-12)


def test_weight_and_surface_area_follow_from_each_other():
    """Eq. (P10): 20 kg is 0.79 m2 within 1 %, and the two formulas are inverse."""
    assert Patient(weight=20.0).surface_area == pytest.approx(0.79, rel=0.01)
    for area in (0.3, 0.79, 1.73, 2.3):
        weight = Patient(bsa=area).body_weight
        assert Patient(weight=weight).surface_area == pytest.approx(area, rel=1e-12)
