"""
In the tissue: where cells survive, and whose descendants they are
==================================================================

A patch of marrow, smaller than in the bundled scenario ``relapse``, with one dose of pegaspargase
after a day. One blast in fifty has unmethylated ASNS alleles. Where are the cells that are left,
and which clones do they belong to?
"""

from analysis.plots.maps import maps_figure
from analysis.plots.muller import muller_figure
from asnsim import run

patch = run(
    "relapse",
    seed=4,
    out="runs/patch",
    overwrite=True,
    overrides=[
        "environment.size=[400 um, 400 um]",
        "cells.0.number=800",
        "cells.0.methylated_alleles={0: 0.02, 2: 0.98}",
        "cells.1.number=4",
        "treatment.doses.0.at=[1 d]",
        "time={end: 14 d, record: 12 h}",
    ],
)
patch

# %%
# Asparagine above, cells below, at the turning points of the course. The same figure comes from
# ``asnsim plot runs/patch``, and ``asnsim animate runs/patch`` makes the film.

maps_figure(patch)

# %%
# The clones, stacked by the number of their cells. A clone is a genotype at the start or the
# descendants of one heritable change.

muller_figure(patch)

# %%
# The genealogy is a tskit tree sequence, and every table is pandas.

last = patch.clones[patch.clones.time_h == patch.clones.time_h.max()]
last.sort_values("n_cells", ascending=False).head().round(1)
