"""
Many runs: a sweep
==================

How does the fate of a culture depend on the dose and on how many cells use up the medium? A sweep
file names a scenario and what varies. ``asnsim sweep doses.yaml --out runs/doses`` does the same,
and given again after a kill it makes what is missing.
"""

from pathlib import Path

import matplotlib.pyplot as plt

from asnsim import sweep

SWEEP = """
asnsim: 1
sweep: dish
changes: {time.end: 48 h, environment.volume: 2 uL}
vary:
  treatment.doses.0.amount: [0.0001 IU/mL, 0.0003 IU/mL, 0.001 IU/mL, 0.01 IU/mL]
  cells.0.number: [50, 2000]
replicates: 2
outcomes: [n_cells_end, asn_end_uM]
seed: 1
"""
Path("runs").mkdir(exist_ok=True)
Path("runs/doses.yaml").write_text(SWEEP)
result = sweep("runs/doses.yaml", "runs/doses", workers=1)

# %%
# ``summary`` has one row per run: what was varied, and what came of it.

dose, number = "treatment.doses.0.amount", "cells.0.number"
summary = result.summary.assign(growth=lambda table: table.n_cells_end / table[number])
summary[["replicate", dose, number, "n_cells_end", "asn_end_uM"]].round(3)

# %%
figure, axes = plt.subplots(figsize=(5.5, 3.2), layout="constrained")
for cells, of_number in summary.groupby(number):
    mean = of_number.groupby(dose, sort=False).growth.mean()
    axes.plot(range(len(mean)), mean, "o-", label=f"{cells} cells in 2 uL")
axes.set_xticks(range(len(mean)), mean.index)
axes.set_xlabel("E. coli asparaginase")
axes.set_ylabel("cells after 48 h over cells at start")
axes.set_ylim(0)
axes.legend()
