"""Activity of one patient: samples, the fitted curve with its band, the next trough."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from analysis import style

_TARGET = 0.1
_FLOOR = 1e-3


def patient_figure(
    curve: pd.DataFrame, samples: pd.DataFrame, trough: Mapping[str, float], warning: str
) -> Figure:
    """Draw samples, curve with its 90 % band and the predicted trough on a log scale.

    A trough without a probability (NaN), of a model that misses a sample, is not drawn.
    """
    figure = style.new_figure(6.8, 3.8)
    axes = figure.subplots()
    day = curve["time_d"].to_numpy()
    low, middle, high = (
        style.floor_positive(curve[name].to_numpy(float), _FLOOR)
        for name in ("low", "activity", "high")
    )
    axes.fill_between(day, low, high, color=style.BLUE, alpha=0.18, linewidth=0)
    axes.plot(day, middle, color=style.BLUE, linewidth=1.3, label="fitted, 90 %")
    is_below = samples["is_below_limit"].to_numpy(bool)
    values = np.maximum(samples["measured"].to_numpy(), _FLOOR)
    axes.plot(samples["time_d"][~is_below], values[~is_below], "o", color=style.BLACK,
              markersize=4.5, label="measured")  # fmt: skip
    if is_below.any():
        axes.plot(samples["time_d"][is_below], values[is_below], "v", color=style.BLACK,
                  markersize=5.5, fillstyle="none", label="below the limit")  # fmt: skip
    if not np.isnan(trough["is_enough"]):
        at = max(trough["activity"], _FLOOR)
        ends = [[at - max(trough["low"], _FLOOR)], [max(trough["high"], _FLOOR) - at]]
        axes.errorbar([trough["day"]], [at], yerr=np.maximum(ends, 0.0), fmt="D", markersize=5,
                      color=style.VERMILION, capsize=3, label="next trough, 90 %")  # fmt: skip
    axes.axhline(_TARGET, color=style.GREY, linewidth=0.8, linestyle=(0, (2, 2)))
    axes.set_yscale("log")
    axes.set_ylim(bottom=_FLOOR)
    axes.set_xlabel("Days")
    axes.set_ylabel("Activity (IU/mL)")
    style.legend_right(axes)
    style.tidy(axes)
    style.set_title(figure, warning, "")
    return figure
