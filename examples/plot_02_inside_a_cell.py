"""
In the dish: what happens inside a cell
=======================================

The drug takes asparagine out of the medium within seconds. What do cells do in the two days that
follow? A model can be stepped and looked into at any time; nothing is written to disk.
"""

import matplotlib.pyplot as plt
import pandas as pd

from asnsim import build, load

SHOWN = {
    "asn": "free Asn [uM]",
    "eif2a_p": "eIF2a-P, share",
    "atf4": "ATF4, fold",
    "asns": "ASNS [copies per newborn volume]",
    "mtorc1": "mTORC1 activity",
    "hazard": "hazard of death [1/h]",
}


def time_course(line):
    """Return the means over the cells of a line, every half hour for two days."""
    settings = [f"cells.0.line={line}", "cells.0.number=300", "time.end=48 h"]
    scenario = load("dish", settings)
    model, rows = build(scenario), []
    while model.running:
        means = {name: model.cells[name].mean() for name in SHOWN}
        rows.append(means | {"h": model.hours})
        for _ in range(5):  # steps of six minutes
            model.step()
    return pd.DataFrame(rows)


courses = {line: time_course(line) for line in ("molt-4", "a549")}

# %%
# Both lines lose most of their free asparagine, and eIF2a-P and ATF4 rise. A549 has some thirty
# times the synthetase of MOLT-4 and makes more of it under stress, so that it keeps more of its
# mTORC1, and its hazard of death stays at about a quarter.

figure, grid = plt.subplots(2, 3, figsize=(9, 4.8), sharex=True, layout="constrained")
for axes, (name, label) in zip(grid.flat, SHOWN.items(), strict=True):
    for line, course in courses.items():
        axes.plot(course["h"], course[name], label=line)
    axes.set_title(label, fontsize=10)
    if name == "asns":
        axes.set_yscale("log")
    else:
        axes.set_ylim(0)
for axes in grid[1]:
    axes.set_xlabel("hours under 1 IU/mL")
grid[0, 0].legend()
