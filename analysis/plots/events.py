"""Partner drugs, reactions, switches and toxicities of a patient, over time."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patheffects import withStroke

from abm.record import layout
from abm.record.reader import RunReader
from abm.units import HOURS_PER_DAY
from analysis import style
from analysis.plots.common import is_replicated

_MARKED = {
    "allergy": "allergy",
    "found": "silent inactivation found",
    "switch": "switch",
    "pancreatitis": "pancreatitis",
    "thrombosis": "thrombosis",
    "hepatotoxicity": "liver toxicity",
}
_MOST_MARKS = 6
_BAR_HEIGHT, _BAR_BELOW = 0.22, 0.18
"""A bar lies this far below the middle of its row, its name above it."""
_LATE = 0.7
"""From this part of the run on a note stands left of its line."""


def partner_drugs(run: RunReader) -> dict[str, list[dict[str, Any]]]:
    """Return the courses of each partner drug that began: at_h, or start_h and end_h."""
    found: dict[str, list[dict[str, Any]]] = {}
    end_h = float(run.timeseries[layout.TIME].max())
    for course in run.info.get("partners", []):
        if min(course.get("at_h", [course.get("start_h", 0.0)])) < end_h:
            found.setdefault(str(course["drug"]), []).append(course)
    return found


def draw_partners(
    axes: Axes, time: style.TimeAxis, partners: dict[str, list[dict[str, Any]]]
) -> None:
    """Draw a row for each partner drug: a bar while it is given, a mark for each dose."""
    for row, (drug, courses) in enumerate(partners.items()):
        axes.text(0.0, row - 0.06, f" {drug}", fontsize=7.5, va="bottom", color=style.BLACK,
                  transform=axes.get_yaxis_transform(), zorder=5,
                  path_effects=[withStroke(linewidth=2.0, foreground="white")])  # fmt: skip
        for course in courses:
            if "at_h" in course:
                hours = np.array(course["at_h"], float)
                rows = np.full(hours.shape, row + _BAR_BELOW)
                axes.plot(time(hours), rows, "|", color=style.BLACK, markersize=5.0,
                          markeredgewidth=1.4)  # fmt: skip
            else:
                start, end = (float(time(course[name])) for name in ("start_h", "end_h"))
                axes.barh(row + _BAR_BELOW, end - start, left=start, height=_BAR_HEIGHT,
                          color=style.BLACK)  # fmt: skip
    axes.set_yticks([])
    axes.set_ylim(len(partners) - 0.4, -0.75)
    axes.set_ylabel("Partner\ndrugs")


def mark_events(axes: Axes, time: style.TimeAxis, run: RunReader, *, has_labels: bool) -> None:
    """Mark reactions, switches and toxicities by lines; name them in the uppermost panel."""
    if not run.has(layout.EVENTS) or is_replicated(run.timeseries):
        return
    shown = run.events[run.events["kind"].isin(list(_MARKED))].head(_MOST_MARKS)
    days = shown["day"].to_numpy(float)
    for row, (day, kind, note) in enumerate(zip(days, shown["kind"], shown["note"], strict=True)):
        x = float(time(day * HOURS_PER_DAY))
        axes.axvline(x, color=style.VERMILION, linewidth=1.0, alpha=0.8, zorder=1)
        if has_labels:
            text = _MARKED[kind] + (f" to {note}" if kind == "switch" and note else "")
            is_late = x > _LATE * float(time(time.end_h))
            axes.text(x, 0.93 - 0.17 * (row % 5), f" {text} ", fontsize=7.5, color=style.VERMILION,
                      transform=axes.get_xaxis_transform(), va="top",
                      ha="right" if is_late else "left")  # fmt: skip
