"""One patient's measured activities: estimates and predictions cover the truth as often as told."""

import dataclasses

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from abm.errors import ScenarioError
from abm.pharmacology.cohort import virtual_patients
from abm.pharmacology.patient import Patient, Sex
from abm.pharmacology.populations import Factors
from abm.pharmacology.products import find_product
from abm.pharmacology.regimen import Route
from scenarios.studies.patient_data import Given, is_patient_table, read_measurements
from scenarios.studies.patient_fit import (
    NOT_FOR_DECISIONS,
    fit_patient,
    parameter_text,
    summary,
    write_patient_fit,
)
from scenarios.studies.patient_posterior import superposed, weighted_quantiles

CHILD = Patient(bsa=0.79, age=6.0, sex=Sex.MALE)
PLAIN = """time_d,activity_IU_per_mL,dose_IU_per_m2
0,,2500
7,0.95,
14,0.55,2500
21,1.2,
"""


def _write(path, text):
    path.write_text(text)
    return path


def _fit(tmp_path, text=PLAIN, **options):
    options = {"product": "pegaspargase", **options}
    return fit_patient(_write(tmp_path / "one.csv", text), CHILD, **options)


def _value(found, name, column="value"):
    return float(found.parameters.set_index("parameter").loc[name, column])


def _simulated(tmp_path, index, cohort, preset):
    """Write a table of a virtual patient; return its file, its own kinetics and doses."""
    product = find_product("pegaspargase")
    spread = dataclasses.replace(product.variability(preset), proportional_error=0.09)
    own = list(cohort.individuals(product.kinetics(preset), spread))[index]
    patient = cohort.patients[index]
    doses = tuple(
        Given(24.0 * day, 2500.0 * patient.surface_area, Route.IV, 0.0) for day in (0, 14)
    )
    hours = 24.0 * np.array([4.0, 11.0, 14.0, 18.0, 25.0])
    measured = cohort.measured(
        np.tile(superposed(own, patient, doses, hours), (cohort.n_patients, 1)), spread
    )[index]
    rows = [
        {"time_d": h / 24, "activity_IU_per_mL": a} for h, a in zip(hours, measured, strict=True)
    ]
    rows += [{"time_d": d.hour / 24, "dose_IU": d.amount} for d in doses]
    path = tmp_path / f"patient-{index}.csv"
    pd.DataFrame(rows).to_csv(path, index=False)
    return path, own, patient, doses


@pytest.fixture(scope="module")
def coverage(tmp_path_factory):
    """Sixty virtual patients of the preset dfci-11001, each fitted to five samples."""
    folder, n = tmp_path_factory.mktemp("patients"), 60
    cohort = virtual_patients(n, 11)
    rows = []
    for index in range(n):
        path, own, patient, doses = _simulated(folder, index, cohort, "dfci-11001")
        found = fit_patient(
            path, patient, product="pegaspargase", preset="dfci-11001", next_day=35.0
        )
        truth = own.disposition(patient)
        at = superposed(own, patient, doses, np.array([35.0 * 24.0]))[0]
        error = cohort.normals(67, 99)[0, index]
        rows.append(
            {
                "clearance": truth.removal_rate * truth.volume * 24.0,
                "k_tr": truth.transit_rate * 24.0,
                **{f"{name}_{end}": _value(found, name, end)
                   for name in ("clearance", "k_tr") for end in ("value", "low", "high")},
                "trough": at,
                "measured": at * (1.0 + 0.09 * error),
                **{name: getattr(found.trough, name)
                   for name in ("low", "high", "measured_low", "measured_high", "is_enough")},
            }
        )  # fmt: skip
    return pd.DataFrame(rows)


def n_covered(table, truth, low, high):
    """How many patients have the truth inside of their interval."""
    return int(table[truth].between(table[low], table[high]).sum())


LEAST = stats.binom.ppf(1e-3, 60, 0.9)
"""Of 60 intervals of 90 % fewer than this hold the truth with a probability below 1e-3."""


def test_intervals_cover_clearance_and_rate_of_ageing(coverage):
    assert len(coverage) == 60
    assert n_covered(coverage, "clearance", "clearance_low", "clearance_high") >= LEAST
    assert n_covered(coverage, "k_tr", "k_tr_low", "k_tr_high") >= LEAST


def test_intervals_cover_the_next_trough(coverage):
    assert n_covered(coverage, "trough", "low", "high") >= LEAST
    assert n_covered(coverage, "measured", "measured_low", "measured_high") >= LEAST
    assert (
        coverage["measured_high"] - coverage["measured_low"] > coverage["high"] - coverage["low"]
    ).all()


def test_estimates_follow_the_patient(coverage):
    """Samples tell more than the preset: both estimates go with the truth over patients."""
    for name in ("clearance", "k_tr"):
        truth, value = np.log(coverage[name]), np.log(coverage[f"{name}_value"])
        assert np.corrcoef(truth, value)[0, 1] > 0.6
    is_enough = coverage["trough"] >= 0.1
    assert coverage.loc[is_enough, "is_enough"].mean() > 0.75
    assert coverage.loc[~is_enough, "is_enough"].mean() < 0.35


def test_samples_on_the_typical_curve_give_the_typical_patient(tmp_path):
    kinetics = find_product("pegaspargase").kinetics("dfci-11001")
    dose = (Given(0.0, 2500.0 * 0.79, Route.IV, 0.0),)
    days = np.array([1.0, 4.0, 7.0, 11.0, 14.0, 18.0])
    values = superposed(kinetics, CHILD, dose, 24.0 * days)
    text = "time_d,activity_IU_per_mL,dose_IU_per_m2\n0,,2500\n"
    text += "".join(f"{d:g},{v:.9g},\n" for d, v in zip(days, values, strict=True))
    found = _fit(tmp_path, text, preset="dfci-11001", next_day=21.0)
    # The spread of the error grows with the activity, which draws the mode down by a little.
    assert _value(found, "k_tr") == pytest.approx(_value(found, "k_tr", "typical"), rel=0.02)
    assert found.predictions["predicted"].to_numpy() == pytest.approx(values, rel=0.05)
    expected = superposed(kinetics, CHILD, dose, np.array([21.0 * 24.0]))[0]
    assert found.trough.activity == pytest.approx(expected, rel=0.05)


def test_faster_clearance_is_found(tmp_path):
    kinetics = find_product("pegaspargase").kinetics("dfci-11001").scaled(Factors(clearance=2.0))
    dose = (Given(0.0, 2500.0 * 0.79, Route.IV, 0.0),)
    days = np.arange(1.0, 22.0)
    values = superposed(kinetics, CHILD, dose, 24.0 * days)
    text = "time_d,activity_IU_per_mL,dose_IU_per_m2\n0,,2500\n"
    text += "".join(f"{d:g},{v:.9g},\n" for d, v in zip(days, values, strict=True))
    found = _fit(tmp_path, text, preset="dfci-11001", next_day=25.0)
    ratio = _value(found, "clearance") / _value(found, "clearance", "typical")
    assert ratio == pytest.approx(2.0, rel=0.1)


def test_a_sample_below_the_limit_is_no_zero(tmp_path):
    """It draws the prediction below the limit, and no further than the rest of the data allow."""
    base = "time_d,activity_IU_per_mL,dose_IU_per_m2\n0,,2500\n7,0.9,\n"
    without = _fit(tmp_path, base, next_day=28.0)
    below = _fit(tmp_path, base + "25,<0.025,\n", next_day=28.0)
    zero = _fit(tmp_path, base + "25,0,\n", next_day=28.0)
    assert below.trough.activity < without.trough.activity
    assert below.trough.activity == pytest.approx(zero.trough.activity)
    assert below.predictions["is_below_limit"].tolist() == [False, True]
    assert below.predictions["predicted"].iloc[1] < 0.035


def test_activity_that_the_preset_cannot_explain_is_told(tmp_path):
    text = "time_d,activity_IU_per_mL,dose_IU_per_m2\n0,,2500\n4,<0.025,\n7,<0.025,\n"
    found = _fit(tmp_path, text, preset="dfci-11001", next_day=14.0)
    (note,) = found.notes
    assert "standard deviations of the preset" in note and "antibodies" in note


def test_a_looser_limit_tells_less(tmp_path):
    text = "time_d,activity_IU_per_mL,dose_IU_per_m2\n0,,2500\n25,<0.1,\n"
    tight = _fit(tmp_path, text.replace("<0.1", "<0.025"), next_day=28.0)
    loose = _fit(tmp_path, text, next_day=28.0)
    assert tight.trough.activity < loose.trough.activity


def test_without_information_the_interval_is_that_of_the_preset(tmp_path):
    """A sample an hour after the dose says nothing of ageing: 90 % of exp(0.12 z)."""
    text = "time_h,activity_IU_per_mL,dose_IU_per_m2\n0,,2500\n1,1.13,\n"
    found = _fit(tmp_path, text, next_day=21.0)
    width = np.log(_value(found, "k_tr", "high") / _value(found, "k_tr", "low"))
    assert width == pytest.approx(2 * 1.645 * 0.12, rel=0.05)


def test_next_trough_is_before_the_next_dose(tmp_path):
    assert _fit(tmp_path).trough.day == 28.0
    planned = PLAIN + "42,,2500\n"
    assert _fit(tmp_path, planned).trough.day == 42.0
    with pytest.raises(ScenarioError, match="one dose only: say when"):
        _fit(tmp_path, "time_d,activity_IU_per_mL,dose_IU_per_m2\n0,,2500\n7,0.9,\n")


def test_into_muscle_with_a_second_file(tmp_path):
    samples = _write(tmp_path / "s.csv", "time_h,activity_IU_per_mL\n48,0.5\n120,0.3\n")
    doses = _write(
        tmp_path / "d.csv",
        "time_h,dose_IU_per_m2,product,route\n0,25000,erwinaze,im\n72,25000,erwinaze,im\n",
    )
    found = fit_patient(samples, CHILD, doses=doses)
    assert found.product == "erwinaze" and found.trough.day == 6.0
    assert found.parameters["parameter"].tolist() == [
        "clearance", "volume", "half_life", "absorbed_share", "absorption_rate",
    ]  # fmt: skip
    # The preset has a spread of the share absorbed only.
    assert _value(found, "absorbed_share", "low") < _value(found, "absorbed_share")
    assert _value(found, "absorbed_share") < _value(found, "absorbed_share", "high")
    assert _value(found, "absorbed_share", "typical") == pytest.approx(0.27)
    lines = {line.split()[0]: line for line in parameter_text(found.parameters).splitlines()}
    for name in ("clearance", "volume", "half_life", "absorption_rate"):
        assert lines[name].count("not fitted") == 2
    assert "not fitted" not in lines["absorbed_share"]


def test_band_of_the_figure_is_the_interval_of_the_trough(tmp_path):
    for text in (PLAIN, PLAIN.replace("21,1.2,\n", "")):
        found = _fit(tmp_path, text)
        last = found.curve.iloc[-1]
        assert last["time_d"] == pytest.approx(found.trough.day)
        assert last["low"] == pytest.approx(found.trough.low, rel=0.03)
        assert last["high"] == pytest.approx(found.trough.high, rel=0.03)


@pytest.mark.parametrize("level", ["<0.025", "0.03", "0"])
def test_silent_inactivation_takes_the_prediction_away(tmp_path, level):
    text = PLAIN.replace("21,1.2,", f"25,{level},")
    found = _fit(tmp_path, text)
    note = found.notes[0]
    assert note.startswith(f"day 25: {'0.03' if level == '0.03' else '<0.025'} measured, 0.7")
    assert "does not describe this patient (inactivation after day 14?)" in note
    assert "do not use the trough" in note
    assert np.isnan(found.trough.activity) and np.isnan(found.trough.is_enough)
    assert "no probability" in summary(found.trough) and "0.1 IU" not in summary(found.trough)
    assert (tmp_path / "out" / "activity.png") in write_patient_fit(found, tmp_path / "out")


def test_activity_without_a_dose_takes_the_prediction_away(tmp_path):
    found = _fit(tmp_path, PLAIN.replace("21,1.2,", "21,1.2,\n45,2,"), preset="dfci-11001")
    assert "a dose or a time that the table does not have?" in found.notes[0]
    assert np.isnan(found.trough.is_enough)


def test_samples_of_the_model_are_no_misses(tmp_path):
    assert _fit(tmp_path).notes == ()
    cohort = virtual_patients(12, 5)
    for index in range(12):
        path, _, patient, _ = _simulated(tmp_path, index, cohort, "dfci-11001")
        found = fit_patient(
            path, patient, product="pegaspargase", preset="dfci-11001", next_day=35.0
        )
        assert not any("do not use" in note for note in found.notes)


def test_ages_have_the_limits_of_a_run(tmp_path):
    path = _write(tmp_path / "one.csv", PLAIN)
    old = Patient(bsa=1.8, age=90.0, sex=Sex.MALE)
    with pytest.raises(ScenarioError, match="90 yr is outside the covariate model"):
        fit_patient(path, old, product="pegaspargase")
    grown = fit_patient(path, Patient(bsa=1.8, age=30.0), product="pegaspargase")
    assert any("age 30 yr is outside the 1 to 18 yr" in note for note in grown.notes)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("oncaspar", "oncaspar is 'pegaspargase' here"),
        ("Asparlas", "Asparlas is 'calaspargase' here"),
        ("Crisantaspase", "Crisantaspase is 'erwinaze' here"),
        ("Rylaze", "Rylaze is 'rylaze' here"),
        ("aspargase", "there are pegaspargase, e-coli, rasnase, calaspargase"),
    ],
)
def test_a_brand_is_never_taken_for_a_drug_that_looks_alike(name, message):
    with pytest.raises(ScenarioError, match=message) as found:
        find_product(name)
    assert "did you mean" not in str(found.value)


def test_same_data_same_numbers(tmp_path):
    first, second = _fit(tmp_path), _fit(tmp_path)
    assert first.parameters.equals(second.parameters) and first.trough == second.trough


def test_files_and_the_warning(tmp_path):
    files = write_patient_fit(_fit(tmp_path), tmp_path / "out")
    assert {file.name for file in files} == {
        "parameters.csv", "predictions.csv", "curve.csv", "trough.csv", "activity.png",
    }  # fmt: skip
    assert all(file.stat().st_size > 0 for file in files)
    assert "not for decisions on a patient" in NOT_FOR_DECISIONS
    with pytest.raises(ScenarioError, match="is there already"):
        write_patient_fit(_fit(tmp_path), tmp_path / "out")


def test_quantiles_of_weighted_points():
    values = np.array([3.0, 1.0, 2.0, 4.0])
    assert weighted_quantiles(values, np.full(4, 0.25), [0.5]) == pytest.approx([2.5])
    heavy = weighted_quantiles(values, np.array([0.98, 0.01, 0.005, 0.005]), [0.5])
    assert heavy == pytest.approx([3.0], abs=0.05)


def test_columns_tell_a_patient_from_a_dose_response(tmp_path):
    assert is_patient_table(_write(tmp_path / "a.csv", PLAIN))
    assert not is_patient_table(_write(tmp_path / "b.csv", "dose_IU_per_mL,viability\n1,0.5\n"))
    assert not is_patient_table(tmp_path / "none.csv")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("time_d,activity_IU_per_mL\n7,0.5\n", "no doses: add a column dose_IU_per_m2 or dose_IU"),
        ("time_d,dose_IU\n0,2000\n", "column activity_IU_per_mL missing"),
        ("activity_IU_per_mL,dose_IU\n1,2000\n", "needs one column of times: time_d or time_h"),
        ("time_d,activity_IU_per_mL,dose_IU\n0,,2000\n7,high,\n", "line 3: activity_IU_per_mL"),
        ("time_d,activity_IU_per_mL,dose_IU\n0,,2000\n7,550,\n", "100 IU/L is 0.1"),
        ("time_d,activity_IU_per_mL,dose_IU\n0,,2000\n-7,0.5,\n", "line 3: time_d: -7"),
        ("time_d,activity_IU_per_mL,dose_IU\n9,,2000\n7,0.5,\n", "no sample after the first dose"),
        ("time_d,activity_IU_per_mL,dose_IU,route\n0,,2000,oral\n7,0.5,,\n", "must be iv or im"),
        ("time_d,activity_IU_per_mL,dose_IU,when\n0,,2000,1\n7,0.5,,\n", "column 'when' is not"),
    ],
)  # fmt: skip
def test_tables_that_cannot_be_used(tmp_path, text, message):
    with pytest.raises(ScenarioError, match=message):
        read_measurements(_write(tmp_path / "one.csv", text), CHILD, product="pegaspargase")


def test_product_must_be_told_and_have_the_route(tmp_path):
    path = _write(tmp_path / "one.csv", PLAIN)
    with pytest.raises(ScenarioError, match="which product"):
        read_measurements(path, CHILD)
    with pytest.raises(ScenarioError, match="no intramuscular data"):
        fit_patient(path, CHILD, product="calaspargase", route="im")
