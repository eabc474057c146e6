"""How ASNS is spread over the tumour cells at one time."""

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import EngFormatter, LogLocator, NullFormatter

from abm.record import layout
from abm.record.reader import Frame, is_tumour
from analysis import style

_N_BINS = 48
_MARGIN = 0.05
"""Room at both ends of the axis, as a share of its decades."""


def asns_figure(frame: Frame, *, width: float = 8.0) -> Figure | None:
    """Draw the histogram of ASNS, resistant genotypes in front; None without tumour cells.

    A row that stands for many cells counts as many. ``width`` in inches.
    """
    cells = frame.cells
    if "asns" not in cells:
        return None
    tumour = is_tumour(cells)
    asns = cells["asns"][tumour]
    if not (asns > 0.0).any():
        return None
    low, high = np.log10([asns[asns > 0.0].min(), asns.max()])
    room = max(_MARGIN * (high - low), 0.02)
    edges = np.logspace(low - room, high + room, _N_BINS + 1)
    weights = cells["weight"][tumour].astype(float) if "weight" in cells else np.ones(asns.shape[0])
    weights /= weights.sum()
    figure = style.new_figure(width, 2.9)
    axes = figure.subplots()
    shares = np.histogram(asns, edges, weights=weights)[0]
    axes.stairs(100.0 * shares, edges, fill=True, color=style.BLUE, label="tumour cells")
    resistant = cells["is_resistant"][tumour] if "is_resistant" in cells else None
    if resistant is not None and resistant.any():
        shares = np.histogram(asns[resistant], edges, weights=weights[resistant])[0]
        axes.stairs(100.0 * shares, edges, fill=True, color=style.VERMILION,
                    label="of a resistant genotype")  # fmt: skip
    axes.set_xscale("log")
    axes.xaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
    axes.xaxis.set_major_formatter(EngFormatter(sep=""))
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.set_xlim(edges[0], edges[-1])
    axes.set_xlabel(f"ASNS ({layout.ASNS_UNIT})")
    axes.set_ylabel("Tumour cells (%)")
    style.tidy(axes)
    figure.legend(loc="outside upper center", ncols=2, frameon=False, fontsize=9.0)
    return figure
