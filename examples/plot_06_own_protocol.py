"""
In the patient: a protocol of your own
======================================

Doses, partner drugs, drug monitoring and a switch of product are keys of ``treatment``. This is a
whole scenario; as a file it goes to ``asnsim run ./my-protocol.yaml``. The :doc:`how-to </how-to>`
says more of the keys.
"""

from analysis.plots.course import course_figure
from asnsim import run
from scenarios.load import loads

MY_PROTOCOL = """
asnsim: 1
description: Three doses of pegaspargase at half the usual amount, measured, and more where too low
environment: {kind: body, medium: human-plasma}
cells:
  - type: blast
    line: default-blast
    number: 1e12
    doubling_time: 158.4 h
    methylated_alleles: {0: 1e-5, 2: 0.99999}
    background_death: 0.04 1/d
    kill_factor: 0.12
    strata: {asns: 3, threshold: 2}
treatment:
  patient: {bsa: 1.2 m2, age: 12 yr, sex: m}
  doses:
    - {product: pegaspargase, amount: 1250 IU/m2, route: iv, at: [3 d, 17 d, 31 d]}
  partners:
    - {drug: prednisone, at: [0 d], until: 28 d}
    - {drug: vincristine, at: [0 d, 7 d, 14 d, 21 d]}
  monitoring:
    - {draw: 7 d, after: pegaspargase, below: 0.5 IU/mL, above: 0.8 IU/mL, do: adjust}
time: {end: 60 d, coupling: 12 h, fate: 12 h, record: 1 d, checkpoint: 60 d}
stop: []
"""
scenario = loads(MY_PROTOCOL, "my-protocol")
scenario

# %%
course = run(scenario, out="runs/my-protocol", overwrite=True)
course_figure(course)

# %%
# Every dose that was given and every measurement is an event. The first level is below 0.5 IU/mL,
# so that the next dose is raised.

course.events
