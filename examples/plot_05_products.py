"""
In the patient: which product keeps asparagine away
===================================================

One course each of three products in the same child, without disease, and the true asparagine of
plasma. Doses are those of the labels and protocols that :doc:`/protocols` lists.
"""

import matplotlib.pyplot as plt

from asnsim import run

COURSES = {
    "pegaspargase 2500 IU/m2, once": ("pegaspargase", "2500 IU/m2", "iv", [0]),
    "native 10000 IU/m2, every 3 d": ("e-coli", "10000 IU/m2", "iv", [0, 3, 6, 9, 12, 15]),
    "Erwinia 25000 IU/m2, 3 a week": ("erwinaze", "25000 IU/m2", "im", [0, 2, 4, 7, 9, 11]),
}


def treated(number, product, amount, route, days):
    """Return the run of one course, thirty days in a child without disease."""
    at = ", ".join(f"{day} d" for day in days)
    dose = f"{{product: {product}, amount: {amount}, route: {route}, at: [{at}]}}"
    return run(
        "virtual-patient",
        out=f"runs/product-{number}",
        overwrite=True,
        overrides=[
            "cells=[]",
            f"treatment.doses=[{dose}]",
            "time={end: 30 d, coupling: 2 h, fate: 2 h, record: 2 h, checkpoint: 30 d}",
        ],
    )


runs = {label: treated(i, *course) for i, (label, course) in enumerate(COURSES.items())}
for label, course in runs.items():
    depleted = course.patients.days_asn_depleted.iloc[0]
    print(f"{label}: {depleted:.1f} of 30 days with Asn below 0.5 uM")

# %%
# Dashed: 0.1 IU/mL, the activity that is aimed at, and 0.5 uM, below which asparagine counts as
# depleted.

figure, (upper, lower) = plt.subplots(2, 1, figsize=(7, 5), sharex=True, layout="constrained")
for label, course in runs.items():
    table = course.timeseries
    upper.plot(table.time_h / 24, table.asparaginase_IU_per_mL, label=label)
    lower.plot(table.time_h / 24, table.asn_uM, label=label)
upper.axhline(0.1, color="0.5", linestyle="--", linewidth=1)
lower.axhline(0.5, color="0.5", linestyle="--", linewidth=1)
upper.set(yscale="log", ylim=(1e-3, 10), ylabel="activity in plasma [IU/mL]")
lower.set(yscale="log", ylabel="Asn in plasma [uM]", xlabel="days")
upper.legend(fontsize=8)
