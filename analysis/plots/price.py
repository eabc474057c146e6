"""Why mean ASNS rises: selection, induction or mutation."""

from matplotlib.figure import Figure
from matplotlib.ticker import EngFormatter

from abm.record import layout
from abm.record.reader import RunReader
from analysis import colours, style
from analysis.clones import cumulative_price
from analysis.plots.common import doses_of, run_title

_LINES = (
    ("total", "total change", style.BLACK, 2.2, "-"),
    ("selection", "selection", colours.SELECTION, 1.8, "-"),
    ("induction", "induction", colours.INDUCTION, 1.8, "--"),
    ("mutation", "mutation", colours.MUTATION, 1.8, "-."),
)


def price_figure(run: RunReader) -> Figure | None:
    """Draw the cumulative split of the change of mean ASNS; None where it was not recorded."""
    if not run.has(layout.PRICE):
        return None
    table = cumulative_price(run.price)
    if len(table) < 2:
        return None
    time = style.TimeAxis(run.price["time_h"].to_numpy(float))
    figure = style.new_figure(8.0, 4.0)
    axes = figure.subplots()
    axes.axhline(0.0, color=style.GREY, linewidth=0.8)
    for column, label, colour, width, dash in _LINES:
        axes.plot(
            time(table["time_h"]), table[column], dash, color=colour, linewidth=width, label=label
        )
    axes.set_ylabel(f"Change of mean ASNS since the start\n({layout.ASNS_UNIT})")
    axes.yaxis.set_major_formatter(EngFormatter(sep=""))
    style.tidy(axes)
    time.apply(axes)
    style.mark_doses(axes, time, doses_of(run), has_labels=True)
    style.legend_right(axes)
    style.set_title(figure, "Why mean ASNS changes", run_title(run))
    return figure
