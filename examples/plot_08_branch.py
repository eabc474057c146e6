"""
Many runs: branches of one past
===============================

What if the drug had come later? A branch starts from a checkpoint of a run, so that the arms share
their past and their random numbers and differ by the treatment alone. On the command line:
``asnsim resume runs/untreated --at 24h --out runs/late --set 'treatment.doses=[...]'``.
"""

from pathlib import Path

from abm.record.reader import RunReader
from analysis.plots.arms import arms_figure
from asnsim import run
from scenarios.resume import branch

untreated = run(
    "dish",
    out="runs/untreated",
    overwrite=True,
    overrides=[
        "cells.0.number=400",
        "environment.volume=5 uL",
        "treatment.doses=[]",
        "time={end: 72 h, record: 1 h, checkpoint: 12 h}",
    ],
)
runs = [untreated]
for at_h in (12, 36):
    folder = Path(f"runs/dosed-at-{at_h}-h")
    doses = f"treatment.doses=[{{product: e-coli, amount: 1 IU/mL, at: [{at_h} h]}}]"
    branch(untreated.folder, folder, at_h=at_h, overrides=[doses], overwrite=True)
    runs.append(RunReader(folder))
arms_figure(runs)

# %%
# A branch knows its past, so that ``asnsim rerun`` can repeat it without the run it came from.

[part["until_h"] for part in runs[-1].info["past"]]
