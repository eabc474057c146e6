"""Rows of the clinic: virtual patients against trials, the same by seed, and able to fail."""

import numpy as np
import pytest

from abm.pharmacology.cohort import virtual_patients
from abm.pharmacology.course import Course, course_activity
from scenarios.studies import clinic

CALIBRATIONS = {"B1a", "B1b", "B1f", "B1h", "B2a", "B3a"}


@pytest.mark.parametrize("row", list(clinic.ROWS))
def test_row_agrees_with_its_trial(row):
    result = clinic.ROWS[row](n_patients=1000, seed=1)
    failed = [q for q in result.quantities if q.verdict == "fail"]
    assert result.id == row and not failed, failed
    assert any(q.is_gated for q in result.quantities)
    assert (result.kind == "calibration") == (row in CALIBRATIONS)
    assert result.verdict == "pass"


def test_rows_are_the_same_by_seed_and_differ_between_seeds():
    one, again, other = (clinic.b1f(200, seed) for seed in (1, 1, 2))
    assert one == again
    assert [q.simulated for q in one.quantities] != [q.simulated for q in other.quantities]
    assert [q.low for q in one.quantities] == [q.low for q in other.quantities]


def test_share_uses_the_exact_binomial_interval():
    """Clopper-Pearson: 38 of 41 gives 0.801 to 0.985; 0 of 59 gives 0 to 1 - 0.025^(1/59)."""
    quantity = clinic.share("x", 0.9, 38, 41)
    assert (quantity.low, quantity.high) == pytest.approx((0.8008, 0.9846), abs=1e-4)
    none = clinic.share("x", 0.0, 0, 59)
    assert none.low == 0.0 and none.high == pytest.approx(1.0 - 0.025 ** (1.0 / 59.0), rel=1e-6)
    assert clinic.share("x", 0.99, 38, 41).verdict == "fail"
    assert clinic.mean("x", 1.26, 1.0).verdict == "fail"
    assert clinic.mean("x", 9.0, 1.0, is_gated=False).verdict == "shown"


def test_another_preset_fails_the_trial_of_dfci_0501():
    """The published share on day 25 tells the presets apart."""
    course = Course(
        product="pegaspargase", preset="bfm", amount="2500 IU/m2", hours=(0.0,),
        infusion_hours=1.0,
    )  # fmt: skip
    activity = course_activity(course, virtual_patients(1000, 1), np.array([25.0 * 24.0]))
    assert clinic.share("day 25", (activity > 0.1).mean(), 14, 197).verdict == "fail"


def test_supply_and_handling_decide_what_asparagine_shows():
    """B2a: high supply with quenched samples contradicts the trial, without quench it does not."""
    values = {q.name: q for q in clinic.b2a(300).quantities}
    name = "share undetectable above 0.02 IU/mL: dfci-11001, supply high, {}"
    quenched, unquenched = values[name.format("quenched")], values[name.format("unquenched")]
    assert quenched.simulated < quenched.low
    assert unquenched.simulated == pytest.approx(1.0, abs=0.01)
    true = values["mean days depleted: dfci-11001, supply high, true"]
    assert true.simulated < 22.0


def test_records_hold_what_a_table_needs():
    result = clinic.b1a(50)
    for record in result.records():
        assert record["id"] == "B1a" and record["verdict"] in {"pass", "fail", "shown"}
