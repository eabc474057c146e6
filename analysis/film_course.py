"""The course of a body under the pictures of a film: drug and asparagine, and the cells."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from abm.record import layout
from abm.record.reader import Frame, RunReader
from analysis import colours, style
from analysis.film_maps import TIMELINE_BOTTOM
from analysis.film_panels import Drawn, Timeline, add_row, cursor_in
from analysis.plots.common import broken, doses_of, jumps_of
from analysis.plots.course import draw_cells

ROW_HEIGHT, _ROW_GAP = 96, 16
_N_ROWS = 2
COURSE_HEIGHT = _N_ROWS * (ROW_HEIGHT + _ROW_GAP)
"""Pixels by which the course raises all that stands above it, even, as yuv420p needs."""

_ACTIVITY, _ASN = "asparaginase_IU_per_mL", "asn_uM"
_LEAST_ACTIVITY, _TARGET = 1e-3, 0.1
_ASN_LIMITS = (1e-2, 150.0)
_ABOVE_ZERO = 1e-9
"""Stands for none on a log axis, far below its end."""
_LABEL_SIZE, _TICK_SIZE = 9.5, 9.0
_CLOSE_LINES = 0.1
"""Between the entries of a legend, so that six of them stand beside one row [font sizes]."""


class BodyCourse(Drawn):
    """Under the timeline of a lesion the cells, the drug and the plasma Asn of its body.

    The rows have the time axis of ``timeline`` and a cursor each. ``beside`` are the bodies of the
    other arms of the film, over which the axes reach.
    """

    def __init__(
        self, figure: Figure, timeline: Timeline, body: RunReader, beside: Sequence[RunReader] = ()
    ) -> None:
        self._time = timeline.time
        drug = add_row(figure, TIMELINE_BOTTOM, ROW_HEIGHT)
        cells = add_row(figure, TIMELINE_BOTTOM + ROW_HEIGHT + _ROW_GAP, ROW_HEIGHT)
        draw_cells(cells, self._time, body.timeseries, [one.timeseries for one in beside])
        cells.set_ylabel("Cells of\nthe body")
        style.tidy(cells)
        if cells.get_legend_handles_labels()[0]:
            style.legend_right(cells, labelspacing=_CLOSE_LINES)
        cells.tick_params(labelbottom=False)
        front = draw_drug(drug, self._time, body, beside)
        for axes in (cells, drug):
            style.mark_doses(axes, self._time, doses_of(body), has_marks=False)
        self._time.apply(cells, has_label=False)
        self._time.apply(drug)
        figure.align_ylabels([timeline.axes, cells, drug])
        self.artists = [cursor_in(cells), cursor_in(front)]

    def update(self, frame: Frame) -> None:
        """Move the cursors."""
        for cursor in self.artists:
            cursor.set_xdata([float(self._time(frame.time_h))] * 2)


def draw_drug(
    axes: Axes, time: style.TimeAxis, run: RunReader, beside: Sequence[RunReader] = ()
) -> Axes:
    """Draw the activity of one patient and, on axes of its own in front, plasma Asn; return those.

    ``beside`` are other runs, over which the axis of the activity reaches.
    """
    table, jumps = run.timeseries, jumps_of(run)
    front: Axes = axes.twinx()
    hours = table[layout.TIME].to_numpy(float)
    for one, column, colour in ((axes, _ACTIVITY, colours.ACTIVITY), (front, _ASN, colours.ASN)):
        values = np.maximum(table[column].to_numpy(float), _ABOVE_ZERO)
        x, y = broken(hours, values, jumps)
        one.set_yscale("log")
        one.plot(time(x), y, color=colour, linewidth=1.8)
    axes.axhline(_TARGET, color=style.VERMILION, linewidth=0.9, linestyle=(0, (4, 2)))
    highest = max(float(one.timeseries[_ACTIVITY].max()) for one in (run, *beside))
    axes.set_ylim(_LEAST_ACTIVITY, max(3.0 * highest, 1.0))
    axes.set_ylabel("Asparaginase\n(IU/mL)", color=colours.ACTIVITY)
    style.tidy(axes)
    front.set_ylim(*_ASN_LIMITS)
    front.set_ylabel("Plasma Asn (uM)", color=colours.ASN, fontsize=_LABEL_SIZE)
    front.tick_params(labelsize=_TICK_SIZE)
    front.spines[["top"]].set_visible(False)
    return front
