"""Captions of the figures of a run: what is drawn, how, and in which units."""

from abm.record.reader import RunReader
from analysis.plots.common import doses_of, is_replicated, run_title, withheld_doses

CAPTIONS = {
    "course": (
        "Course of a patient. From above: activity of asparaginase in plasma with the target of "
        "0.1 IU/mL; asparagine in plasma, as it is and as an assay would report it after the tube, "
        "and in the cerebrospinal fluid, with the levels that count as depleted; ammonia in plasma "
        "and partner drugs, where there are some; living cells of each compartment; blasts over "
        "the nucleated cells of the marrow with the readings of minimal residual disease; share of "
        "each ASNS genotype. Lines break where a dose makes the plasma jump between two records."
    ),
    "population": (
        "Tumour cells and those of a resistant genotype (logarithmic axis), and the resistant "
        "share. A genotype is resistant when it grows at 0.02 uM asparagine."
    ),
    "nutrients": (
        "Activity of asparaginase, asparagine and glutamine over time: of the well, the mean of "
        "the tissue, or the plasma. The line of the activity breaks at doses into the blood."
    ),
    "distributions": (
        "Spread of ASNS, ATF4 and mTORC1 over the tumour cells: median, quartiles, 5 to 95 %."
    ),
    "clones": (
        "Shares of the clones over time, each inside the clone from which it arose. Colour: "
        "methylated ASNS alleles, or a heritable gain of ASNS."
    ),
    "asns_rise": (
        "Why mean ASNS of the tumour cells has changed since the start: by birth and death of "
        "different cells (selection), inside a genotype (induction) and by heritable change "
        "(mutation), after Price 1970, doi:10.1038/227520a0."
    ),
    "maps": (
        "Asparagine and cells in the tissue at turning points of the course. Cells are coloured by "
        "ASNS; those of a resistant genotype have a red outline; stroma and normal cells are grey. "
        "Of a 3-D tissue: a slice across z, and all cells along z as the mean ASNS of the tumour "
        "cells of each column of 10 um; there a red line goes around columns with a cell of a "
        "resistant genotype, and columns with other cells only are light grey."
    ),
    "slices": (
        "Asparagine and cells in slices of the tissue across z, y and x, with the cells that a "
        "slice cuts, at turning points of the course. Colours as in the maps."
    ),
}
"""Name of a figure -> what it shows."""


def caption(name: str, run: RunReader) -> str:
    """Return the caption of a figure of a run, with scenario, seed and doses."""
    parts = [CAPTIONS[name]]
    if is_replicated(run.timeseries):
        number = run.timeseries["replicate"].nunique()
        parts.append(f"{number} replicates.")
    if doses_of(run):
        parts.append("Triangles and dotted lines: doses.")
    withheld = withheld_doses(run)
    if withheld:
        parts.append(f"Rules withheld {len(withheld)} of {len(run.doses)} planned doses.")
    return " ".join([*parts, f"Simulated: {run_title(run)}."])
