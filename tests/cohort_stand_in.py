"""A batch of a cohort without any simulation, for tests of everything around it."""

import math
import os
import signal
from pathlib import Path

import numpy as np
import pandas as pd

from scenarios.cohort.batches import ACTIVITY, ASPARAGINE, Job, Result

DAYS = np.arange(0.0, 31.0)
BASE = """
  asnsim: 1
  environment: {kind: body}
  cells: [{type: blast, line: default-blast, number: 1000000}]
  treatment:
    doses: [{product: pegaspargase, amount: 2500 IU/m2, route: iv, at: [0 d]}]
  time: {end: 30 d, coupling: 4 h, fate: 4 h}
"""
FILE = f"""
asnsim: 1
cohort: two doses
description: One dose, or the same at a tenth.
base:{BASE}
patients: {{number: 12}}
arms:
  full: {{description: 2500 IU/m2}}
  same: {{description: 2500 IU/m2 again}}
  low: {{changes: {{doses.0.amount: 250 IU/m2}}}}
end: 400 d
stop: []
compare: {{at: 1 yr}}
batch: 5
"""


def stand_in(job: Job) -> Result:
    """Return outcomes that follow from the patients and the dose by a formula."""
    patients = job.patients
    dose = float(str(job.scenario["treatment"]["doses"][0]["amount"]).split()[0])
    table = patients.table().drop(columns="label")
    diseases = patients.diseases
    day = np.rint(300.0 / diseases.growth_factor * math.log10(dose) / 2.0)
    relapsed = day < 400.0
    activity = dose / 2500.0 * np.exp(-0.1 * DAYS)[None, :] / diseases.kill_factor[:, None]
    mrd = 1e-3 * diseases.asns_factor * 250.0 / dose
    table = table.assign(
        time_to_relapse_d=np.where(relapsed, day, np.nan),
        relapsed=relapsed,
        remission_d=30.0,
        followed_d=np.where(relapsed, day, 400.0),
        mrd_end_induction_flow=np.where(mrd > 1e-4, mrd, 0.0),
        mrd_end_induction_pcr=mrd,
        days_above_0p1_IU_per_mL=(activity >= 0.1).sum(axis=1).astype(float),
        days_asn_depleted=(activity >= 0.02).sum(axis=1).astype(float),
    )
    index = patients.index.tolist()
    events = pd.DataFrame(
        [{"patient": i, "day": 15.0, "kind": "allergy", "product": "pegaspargase"}
         for i in index if i % 3 == 0]
    )  # fmt: skip
    clones = pd.DataFrame(
        [{"patient": i, "clone_id": 1, "genotype": "unmethylated", "share": 1.0}
         for i, late in zip(index, relapsed, strict=True) if late]
    )  # fmt: skip
    curves = {
        ACTIVITY: activity.astype(np.float32),
        ASPARAGINE: (0.01 / activity).astype(np.float32),
    }
    return Result(table, DAYS, curves, events, clones)


def failing(job: Job) -> Result:
    """Fail for the second batch of the arm ``low``."""
    if job.batch.arm == "low" and job.batch.first == 5:
        raise ValueError("a patient without a body")
    return stand_in(job)


class Killing:
    """Kills its own process at the n-th batch, as an operator would."""

    def __init__(self, n: int, counter: Path) -> None:
        self.n, self.counter = n, counter

    def __call__(self, job: Job) -> Result:
        with self.counter.open("a") as file:
            file.write("x")
        if self.counter.stat().st_size == self.n:
            os.kill(os.getpid(), signal.SIGKILL)
        return stand_in(job)
