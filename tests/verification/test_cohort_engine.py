"""Batches of real bodies: nobody depends on the batch, on the arm, or on who else is there."""

import numpy as np
import pandas as pd
import pytest

from scenarios.cohort.batches import ACTIVITY, ASPARAGINE, Batch, Job, to_bytes
from scenarios.cohort.engine import SHOWN_EVENTS, run_batch
from scenarios.cohort.load import loads_cohort
from scenarios.cohort.run import run_cohort

FILE = """
asnsim: 1
cohort: small bodies
base: virtual-patient
patients: {number: 6, disease: {median_blasts: 1e9, minor_share: 1e-3}}
changes: {cells.0.strata: {asns: 2, threshold: 1}}
arms:
  peg: {changes: {antibodies: true, doses.0.at: [0 d, 12 d]}}
  again: {changes: {antibodies: true, doses.0.at: [0 d, 12 d]}}
  native:
    changes:
      antibodies: true
      switch_to: erwinaze
      doses: [{product: e-coli, amount: 10000 IU/m2, route: iv, at: [0 d, 3 d, 6 d, 9 d, 12 d]}]
end: 20 d
"""


def _job(cohort, arm, first, n):
    return Job(Batch(arm, first, n), cohort.arms[arm], cohort.patients().part(first, n))


@pytest.fixture(scope="module")
def cohort():
    return loads_cohort(FILE)


@pytest.fixture(scope="module")
def whole(cohort):
    return {arm: run_batch(_job(cohort, arm, 0, 6)) for arm in cohort.arms}


@pytest.mark.parametrize(("arm", "first", "n"), [("peg", 0, 1), ("native", 2, 3), ("peg", 5, 1)])
def test_a_patient_does_not_depend_on_the_batch(cohort, whole, arm, first, n):
    """The same bits alone, in the middle of others, and among all."""
    part, all_of_them = run_batch(_job(cohort, arm, first, n)), whole[arm]
    here = slice(first, first + n)
    expected = all_of_them.patients.iloc[here].reset_index(drop=True)
    pd.testing.assert_frame_equal(part.patients, expected, check_exact=True)
    for name in (ACTIVITY, ASPARAGINE):
        assert np.array_equal(part.curves[name], all_of_them.curves[name][here], equal_nan=True)


def test_a_batch_is_the_same_twice(cohort, whole):
    again = run_batch(_job(cohort, "native", 0, 6))
    assert to_bytes(again, "x") == to_bytes(whole["native"], "x")


def test_arms_share_patients_and_random_numbers(whole):
    """Alike treatments give alike courses, to the last bit; others share what was before them."""
    peg, again, native = (whole[name] for name in ("peg", "again", "native"))
    pd.testing.assert_frame_equal(peg.patients, again.patients, check_exact=True)
    for name in (ACTIVITY, ASPARAGINE):
        assert np.array_equal(peg.curves[name], again.curves[name])
    assert peg.patients["weight_kg"].equals(native.patients["weight_kg"])
    assert not np.array_equal(peg.curves[ACTIVITY], native.curves[ACTIVITY])


def test_patients_differ_as_they_were_drawn(whole):
    """Activity spreads between patients; who grows faster has more blasts before treatment acts."""
    activity = whole["peg"].curves[ACTIVITY][:, 10]
    assert activity.std() / activity.mean() > 0.1
    assert whole["peg"].patients["blasts_at_diagnosis"].nunique() == 6


def test_curves_have_a_point_for_every_day(whole):
    assert whole["peg"].days.tolist() == list(range(21))
    assert np.isfinite(whole["peg"].curves[ASPARAGINE]).all()
    assert whole["peg"].curves[ASPARAGINE][:, 0] == pytest.approx(50.0, rel=0.05)
    assert whole["peg"].curves[ASPARAGINE][:, 5].max() < 1.0


def test_long_and_short_acting_enzyme(whole):
    """Two pegylated doses keep asparagine away for longer than five native ones."""
    depleted = [whole[name].patients["days_asn_depleted"] for name in ("peg", "native")]
    assert (depleted[0] > depleted[1] - 0.01).all()
    assert depleted[0].mean() > depleted[1].mean() + 0.5


def test_events_are_of_kinds_that_a_report_knows(whole):
    for result in whole.values():
        if len(result.events):
            assert set(result.events["kind"]) <= set(SHOWN_EVENTS)
            assert result.events["patient"].between(0, 5).all()


def test_workers_and_sizes_of_batches_give_the_same_file(tmp_path):
    one = run_cohort(loads_cohort(FILE), tmp_path / "one")
    two = run_cohort(loads_cohort(FILE, overrides=["batch=4"]), tmp_path / "two", workers=2)
    assert two.checksum == one.checksum
