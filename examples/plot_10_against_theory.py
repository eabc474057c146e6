"""
The engine against theory
=========================

With the biology switched off (``model: fixed-rates``) a population divides and dies at fixed rates,
and Kendall's exact law says how its number is distributed. Does the program keep to it?
"""

import matplotlib.pyplot as plt
import numpy as np

from asnsim import run

birth, death, days, n_runs = 1.0, 0.4, 5.0, 5000
result = run("birth-death", out="runs/kendall", overwrite=True, overrides=[f"replicates={n_runs}"])
table = result.timeseries
counts = table[table.time_h == days * 24].n_cells.to_numpy()

# %%
# From one cell the number after a time is zero with probability alpha, and geometric otherwise
# (Kendall 1948, doi:10.1214/aoms/1177730285).

growth = np.exp((birth - death) * days)
alpha = death * (growth - 1) / (birth * growth - death)
beta = birth * (growth - 1) / (birth * growth - death)
print(f"mean     {counts.mean():6.2f} cells, theory {growth:.2f}")
print(f"extinct  {np.mean(counts == 0):6.3f}, theory {alpha:.3f}")

sizes = np.arange(1, 121)
figure, axes = plt.subplots(figsize=(5.5, 3.2), layout="constrained")
axes.hist(counts, bins=np.arange(0.5, 121), density=False, color="0.75",
          weights=np.full(n_runs, 1 / n_runs), label=f"{n_runs} simulated cultures")  # fmt: skip
axes.plot(sizes, (1 - alpha) * (1 - beta) * beta ** (sizes - 1), color="C3", label="theory")
axes.set(xlabel="cells after 5 days", ylabel="probability")
axes.legend()
