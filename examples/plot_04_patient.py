"""
In the patient: a course, and what comes back
=============================================

A child with a million million blasts, one in five of them unmethylated, under pegaspargase in a
disease that grows fast: the bundled course ``course-fast``, with fewer strata and only its first
260 days, so that it takes seconds. When is remission, what does residual disease read, and when do
the blasts come back?
"""

from analysis.plots.course import course_figure
from asnsim import run

course = run(
    "course-fast",
    out="runs/course",
    overwrite=True,
    overrides=[
        "cells.0.strata={asns: 3, threshold: 2}",
        "cells.1.strata={asns: 1, threshold: 1}",
        "time={end: 260 d, coupling: 12 h, fate: 12 h, record: 1 d, checkpoint: 260 d}",
    ],
)
course_figure(course)

# %%
# What a clinic would read off this patient. All of it is defined in
# :doc:`what is read off a patient </clinic>`.

patient = course.patients.iloc[0]
patient[["remission_d", "time_to_relapse_d", "relapsed", "days_asn_depleted"]]

# %%
course.mrd
