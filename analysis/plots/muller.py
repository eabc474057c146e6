"""Clone areas over time (Muller plot)."""

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from abm.record import layout
from abm.record.reader import RunReader
from analysis import colours as palette
from analysis import style
from analysis.clones import OTHERS, MullerBands, muller_bands
from analysis.plots.common import doses_of, run_title, time_axis

_SMALL = 0.01
_LEGEND_ROWS = 12


def muller_figure(run: RunReader) -> Figure | None:
    """Draw the shares of the clones, nested by descent.

    None where no two of them, small ones taken together, ever hold 1 % of the cells.
    """
    if not run.has(layout.CLONES) or run.clones["clone_id"].nunique() < 2:
        return None
    bands = muller_bands(run.clones, _SMALL)
    seen = set(bands.clone_id[bands.share.max(axis=1, initial=0.0) >= _SMALL].tolist())
    if bands.time_h.size < 2 or len(seen) < 2:
        return None
    colours = clone_colours(run.clones, bands)
    time = time_axis(run.clones)
    figure = style.new_figure(9.0, 4.4)
    axes = figure.subplots()
    axes.stackplot(
        time(bands.time_h),
        bands.share,
        colors=[colours[int(clone)] for clone in bands.clone_id],
        linewidth=0.25,
        edgecolor="white",
    )
    axes.set_ylim(0.0, 1.0)
    axes.set_ylabel("Share of the tumour cells")
    style.tidy(axes, has_grid=False)
    time.apply(axes)
    style.mark_doses(axes, time, doses_of(run), has_labels=True)
    style.legend_right(axes, handles=_legend(run.clones, bands, colours))
    style.set_title(figure, "Clones", run_title(run))
    return figure


def clone_colours(clones: pd.DataFrame, bands: MullerBands) -> dict[int, str]:
    """Return a colour for each clone: hue by genotype, lightness by order within the genotype."""
    first = clones.drop_duplicates("clone_id").set_index("clone_id")
    families: dict[str, list[int]] = {}
    for clone in sorted(set(bands.clone_id.tolist()) - {OTHERS}):
        row = first.loc[clone]
        base = palette.genotype(int(row["methylated_alleles"]), float(row["gain"]))
        families.setdefault(base, []).append(clone)
    colours = {OTHERS: palette.OTHERS}
    for base, members in families.items():
        colours.update(zip(members, palette.shades(base, len(members)), strict=True))
    return colours


def _legend(clones: pd.DataFrame, bands: MullerBands, colours: dict[int, str]) -> list[Patch]:
    first = clones.drop_duplicates("clone_id").set_index("clone_id")
    kept = list(dict.fromkeys(clone for clone in bands.clone_id.tolist() if clone != OTHERS))
    largest = {clone: bands.share[bands.clone_id == clone].sum(axis=0).max() for clone in kept}
    named = sorted(kept, key=lambda clone: -largest[clone])[:_LEGEND_ROWS]
    handles = [
        Patch(color=colours[clone], label=_clone_label(clone, first.loc[clone]))
        for clone in sorted(named)
    ]
    if len(kept) > len(named):
        handles.append(Patch(color="none", label=f"and {len(kept) - len(named)} more"))
    if bands.share[-1].any():
        handles.append(Patch(color=colours[OTHERS], label=f"each below {_SMALL:.0%}"))
    return handles


def _clone_label(clone: int, row: pd.Series) -> str:
    notes = []
    if row["methylated_alleles"] >= 0:
        notes.append(f"{int(row['methylated_alleles'])} methylated")
    if row["gain"] > 1.0:
        notes.append(f"gain {row['gain']:g}")
    return f"clone {clone}" + (f" ({', '.join(notes)})" if notes else "")
