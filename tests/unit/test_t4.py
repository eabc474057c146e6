"""The joint row of outcomes: what passes and what does not, with outcomes made up by a formula."""

import numpy as np
import pandas as pd
import pytest

from scenarios.cohort.batches import ACTIVITY, ASPARAGINE, Job, Result
from scenarios.studies.t4 import JointRow, t4

DAYS = np.arange(0.0, 3.0)


class Outcomes:
    """Relapse times that are exponential with a hazard by arm and by ASNS."""

    def __init__(self, hazards, of_asns=0.0):
        self.hazards, self.of_asns = hazards, of_asns

    def __call__(self, job: Job) -> Result:
        patients = job.patients
        # One number per patient, the same in all arms: quantiles of an exponential law.
        place = (patients.index * 0.6180339887498949 + 0.5) % 1.0
        hazard = self.hazards.get(job.batch.arm, 0.1)
        hazard = hazard * patients.diseases.asns_factor**self.of_asns
        day = np.maximum(np.rint(-np.log(place) / hazard * 365.25), 1.0)
        end = 2200.0
        relapsed = day < end
        table = patients.table().drop(columns="label").assign(
            relapsed=relapsed, time_to_relapse_d=np.where(relapsed, day, np.nan),
            remission_d=30.0, followed_d=np.where(relapsed, day, end),
            mrd_end_induction_flow=0.0, mrd_end_induction_pcr=1e-5,
            days_above_0p1_IU_per_mL=30.0, days_asn_depleted=30.0,
        )  # fmt: skip
        flat = np.ones((patients.n, 3), np.float32)
        curves = {ACTIVITY: flat, ASPARAGINE: flat}
        return Result(table, DAYS, curves, pd.DataFrame(), pd.DataFrame())


GOOD = {"e-coli": 0.05, "erwinia": 0.10, "every-2-weeks": 0.05, "every-6-weeks": 0.055,
        "five-doses": 0.10}  # fmt: skip


def _row(folder, hazards, of_asns=1.0, n=300) -> JointRow:
    return t4(n, folder, runner=Outcomes(hazards, of_asns))


def _verdicts(row):
    return [part.verdict for part in row.parts]


def test_all_three_hold(tmp_path):
    row = _row(tmp_path, GOOD)
    assert [part.id for part in row.parts] == ["B5c", "B5f", "B6a"]
    assert _verdicts(row) == ["pass", "pass", "pass"]
    quantities = {q.name: q.simulated for part in row.parts for q in part.quantities}
    assert quantities["5 years without event, every-2-weeks"] == pytest.approx(
        np.exp(-0.25), abs=0.06
    )


@pytest.mark.parametrize(
    ("changed", "of_asns", "expected"),
    [
        ({"erwinia": 0.05}, 1.0, ["fail", "pass", "pass"]),
        ({"every-6-weeks": 0.08}, 1.0, ["pass", "fail", "pass"]),
        ({"five-doses": 0.055}, 1.0, ["pass", "fail", "pass"]),
        ({}, -1.0, ["pass", "pass", "fail"]),
    ],
)
def test_each_part_can_fail(tmp_path, changed, of_asns, expected):
    assert _verdicts(_row(tmp_path, GOOD | changed, of_asns)) == expected


def test_few_patients_are_no_verdict(tmp_path):
    row = _row(tmp_path, GOOD)
    assert row.verdict == "too few patients"
    assert JointRow(row.parts, 1000).verdict == "pass"
