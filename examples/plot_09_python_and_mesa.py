"""
Python and Mesa
===============

The model is a ``mesa.Model``: it steps, collects data and goes through ``mesa.batch_run``. Cells
are rows of arrays and not agents; the largest clones are the registered agents. This page is also a
notebook, see the link at its end.
"""

from functools import partial

import matplotlib.pyplot as plt
import mesa

from asnsim import PopulationModel, build, load
from scenarios.build import assemble

scenario = load("dish", ["cells.0.number=400", "time.end=24 h", "barcodes=true"], seed=3)
scenario

# %%
# ``build`` makes a model that has not run yet. A step is one fate step, six minutes by default.

model = build(scenario)
while model.running and model.hours < 12:
    model.step()
model

# %%
# ``model.cells`` shows columns and states of all cells by name. ``select`` takes a condition on
# columns and gives the cells for which it holds.

stressed = model.cells.select(lambda cells: cells["commitment"] > 0.5)
stressed

# %%
# Columns are numpy arrays, one value for each cell.

figure, axes = plt.subplots(figsize=(5, 3), layout="constrained")
axes.scatter(model.cells["asns"], model.cells["commitment"], s=6)
axes.set_xlabel("ASNS [copies per newborn volume]")
axes.set_ylabel("commitment to death")

# %%
# The data collector holds the model's counts at every step, and the largest clones are agents. With
# ``barcodes: true`` every founder is a clone of its own.

model.datacollector.get_model_vars_dataframe().tail(3)

# %%
model.agents.agg("n_cells", max), len(model.agents)

# %%
# ``mesa.batch_run`` needs a function of the seed that puts the model together. For more than a few
# runs use ``asnsim sweep``: it finishes what is missing after a kill.

small = ["cells.0.number=100", "time.end=12 h"]
arms = [
    partial(assemble, load("dish", [*small, f"treatment.doses.0.amount={dose}"]))
    for dose in ("0.001 IU/mL", "1 IU/mL")
]
rows = mesa.batch_run(
    PopulationModel,
    {"assemble": arms, "rng": [1, 2]},
    number_processes=1,
    max_steps=10**9,
    display_progress=False,
)
for row in rows:
    print(f"run {row['RunId']}, seed {row['rng']}: {row['n_cells']} cells")
