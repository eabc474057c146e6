"""When relapse would have come with one mechanism switched off."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from analysis import style

_COLOURS = {
    "prevented": style.BLUE,
    "delayed": style.SKY,
    "fewer relapses": style.SKY,
    "no effect": style.GREY,
    "hastened": style.VERMILION,
    "caused": style.VERMILION,
    "no remission": style.VERMILION,
    "more relapses": style.VERMILION,
    "no relapse either way": style.GREY,
}

_ROOM = 0.85
"""Part of the axis up to which a number fits on the right of a bar."""


def attribution_figure(table: pd.DataFrame, end_d: float, title: str) -> Figure:
    """Draw a bar per mechanism from the relapse as it was to that without it.

    ``table`` as of ``scenarios.attribution``; its first row is the run as it was. No relapse until
    ``end_d`` is drawn as an arrow to the edge.
    """
    shown = table[~table["verdict"].isin(("refused", "failed"))].reset_index(drop=True)
    reference = shown["relapse_d"].iloc[0]
    start = end_d if np.isnan(reference) else float(reference)
    rows = shown.iloc[1:].sort_values("change_d", kind="stable", ascending=False)
    figure = style.new_figure(8.5, 0.42 * max(len(rows), 1) + 1.9)
    axes = figure.subplots()
    for place, (_, row) in enumerate(rows.iterrows()):
        _bar(axes, place, row, start, end_d)
    axes.axvline(start, color=style.BLACK, linewidth=1.3)
    axes.set_yticks(np.arange(len(rows)), list(rows["title"]))
    axes.invert_yaxis()
    axes.set_xlim(0.0, end_d)
    axes.set_xlabel("Relapse of the marrow (d)")
    style.tidy(axes)
    axes.grid(False, axis="y")
    seen = {_key(verdict): _COLOURS[_key(verdict)] for verdict in rows["verdict"]}
    handles = [Patch(color=colour, label=verdict) for verdict, colour in seen.items()]
    as_it_was = "no relapse" if np.isnan(reference) else f"day {reference:.0f}"
    handles.append(Patch(color=style.BLACK, label=f"as it was: {as_it_was}"))
    figure.legend(
        handles=handles, loc="outside lower center", ncols=len(handles), frameon=False, fontsize=9.0
    )
    style.set_title(figure, "One mechanism switched off", title)
    return figure


def _key(verdict: str) -> str:
    return "prevented" if verdict.startswith("prevented") else verdict


def _bar(axes: Axes, place: int, row: pd.Series, start: float, end_d: float) -> None:
    colour = _COLOURS[_key(row["verdict"])]
    relapse = row["relapse_d"]
    has_none = bool(np.isnan(relapse))
    stop = end_d if has_none else float(relapse)
    axes.barh(place, stop - start, left=start, height=0.62, color=colour)
    if row["verdict"] == "no effect":
        axes.plot([start], [place], "o", color=colour, markersize=6, zorder=4)
    text = row["verdict"] if has_none or stop == 0.0 else f"day {stop:.0f}"
    # Beside the bar where there is room; else on the other side of the line of the run as it was.
    is_left = max(stop, start) > _ROOM * end_d
    x = min(stop, start) if is_left else max(stop, start)
    axes.text(x, place, f"  {text}  ", va="center", fontsize=8.5, color="#333333",
              ha="right" if is_left else "left")  # fmt: skip
