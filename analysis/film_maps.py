"""The maps of a film: asparagine and cells of a tissue, filled pixel by pixel.

A 2-D tissue has one map of each; a 3-D one has the three slices and the projection of each.
"""

from typing import Any

import numpy as np
from matplotlib.figure import Figure

from abm.record import layout
from abm.record.reader import Frame, RunReader, is_tumour
from analysis import scales
from analysis.planes import Plane, is_solid, planes
from analysis.plots.maps import image_shape
from analysis.scale_bar import PixelBar

DOTS_PER_INCH = 100
FLAT_SIZE, SOLID_SIZE = (1280, 820), (1280, 880)
"""Pixels of the film of a 2-D and of a 3-D tissue, all even, as yuv420p needs."""
TIMELINE_BOTTOM, TIMELINE_HEIGHT = 62, 128
_FLAT_SIDE, _FLAT_BOTTOM = 455, 291
_SOLID_SIDE, _SOLID_BOTTOMS = 218, (590, 296)
_SOLID_LEFT, _SOLID_STEP = 66, 284
_KEYS_ABOVE_TIMELINE = 50


class PixelMap:
    """Axes whose inside is filled pixel by pixel, which takes a tenth of matplotlib's time."""

    def __init__(self, figure: Figure, plane: Plane, left: int, bottom: int, side: int) -> None:
        width, height = (round(inch * DOTS_PER_INCH) for inch in figure.get_size_inches())
        extent = plane.frame.extent_um
        self.shape = image_shape(extent, side)
        self._column = left + (side - self.shape[1]) // 2
        self._row = bottom + (side - self.shape[0]) // 2
        self.axes = figure.add_axes(
            (self._column / width, self._row / height,
             self.shape[1] / width, self.shape[0] / height)
        )  # fmt: skip
        self.axes.set_xlim(extent[0], extent[1])
        self.axes.set_ylim(extent[2], extent[3])
        self.axes.set_xticks([])
        self.axes.set_yticks([])
        self.axes.set_xlabel(plane.across, fontsize=10)
        self.axes.set_ylabel(plane.up, fontsize=10, rotation=0, labelpad=8)
        self._bar = PixelBar(self.shape, extent[1] - extent[0], DOTS_PER_INCH)
        self._shown = np.full((*self.shape, 3), 255, np.uint8)

    def show(self, image: np.ndarray) -> None:
        """Take the picture of the next frame, row 0 at the lower edge."""
        self._bar.lay_over(image)
        self._shown = image

    def paste(self, image: np.ndarray) -> None:
        """Fill the axes and draw their frame, one pixel wide."""
        n_y, n_x = self.shape
        first_row = image.shape[0] - self._row - n_y
        part = image[first_row : first_row + n_y, self._column : self._column + n_x]
        part[:] = self._shown[::-1]
        part[[0, -1]] = 0
        part[:, [0, -1]] = 0

    def add_scale(self, figure: Figure, mappable: Any, label: str) -> None:
        """Put a colour bar to the right of the axes."""
        left, bottom, width, height = self.axes.get_position().bounds
        bar = figure.colorbar(
            mappable, cax=figure.add_axes((left + width + 0.012, bottom, 0.012, height))
        )
        bar.set_label(label, fontsize=10)
        bar.ax.tick_params(labelsize=9)


class TissueMaps:
    """All maps of one tissue, in the colours of ``shared``, ``raised`` pixels above their place."""

    artists: tuple[Any, ...] = ()
    """Nothing that matplotlib draws changes from frame to frame."""

    def __init__(
        self, figure: Figure, run: RunReader, shared: scales.Scales, raised: int = 0
    ) -> None:
        self._shared, self._raised = shared, raised
        self._columns = scales.drawn_columns(run)
        first = run.frame(0, self._columns)
        kinds = ["asn"] if shared.asn is not None else []
        kinds += ["cells"] if self._columns else []
        place = self._place_solid if is_solid(first) else self._place_flat
        self._maps: dict[str, list[PixelMap]] = place(figure, planes(first), kinds)
        if shared.asn is not None:
            last = self._maps["asn"][-1]
            last.add_scale(figure, scales.field_mappable(shared.asn), "Asparagine (uM)")
        if self._columns:
            self._add_keys(figure, first)

    def update(self, frame: Frame) -> None:
        """Draw a frame; a field that was not recorded at this time stays as it was."""
        for place, plane in enumerate(planes(frame)):
            if "asn" in plane.frame.fields and "asn" in self._maps:
                assert self._shared.asn is not None
                shown = self._maps["asn"][place]
                field = plane.frame.fields["asn"]
                shown.show(scales.field_image(field, self._shared.asn, shown.shape))
            if "cells" in self._maps:
                shown = self._maps["cells"][place]
                shown.show(scales.plane_image(plane, self._shared.asns, shown.shape))

    def paste(self, image: np.ndarray) -> None:
        """Put the pictures into the drawn frame."""
        for shown in (one for row in self._maps.values() for one in row):
            shown.paste(image)

    def _place_flat(
        self, figure: Figure, of: list[Plane], kinds: list[str]
    ) -> dict[str, list[PixelMap]]:
        lefts = (83, 710) if len(kinds) > 1 else (371,)
        titles = {"asn": "Asparagine in the tissue", "cells": "Cells"}
        found = {}
        for kind, left in zip(kinds, lefts, strict=True):
            bottom = _FLAT_BOTTOM + self._raised
            found[kind] = [PixelMap(figure, of[0], left, bottom, _FLAT_SIDE)]
            found[kind][0].axes.set_title(titles[kind], fontsize=11)
        return found

    def _place_solid(
        self, figure: Figure, of: list[Plane], kinds: list[str]
    ) -> dict[str, list[PixelMap]]:
        titles = {"asn": "Asparagine", "cells": "Cells"}
        found = {}
        for kind, bottom in zip(kinds, _SOLID_BOTTOMS, strict=False):
            found[kind] = [
                PixelMap(
                    figure, plane, _SOLID_LEFT + k * _SOLID_STEP, bottom + self._raised, _SOLID_SIDE
                )
                for k, plane in enumerate(of)
            ]
            for shown, plane in zip(found[kind], of, strict=True):
                what = "mean, " if kind == "asn" and plane is of[-1] else ""
                shown.axes.set_title(f"{titles[kind]}, {what}{plane.title}", fontsize=9.5)
        return found

    def _add_keys(self, figure: Figure, first: Frame) -> None:
        if self._shared.asns is not None:
            mappable = scales.asns_mappable(self._shared.asns)
            self._maps["cells"][-1].add_scale(figure, mappable, f"ASNS ({layout.ASNS_UNIT})")
        keys = scales.cell_keys(self._columns, has_others=not is_tumour(first.cells).all())
        height = figure.get_size_inches()[1] * DOTS_PER_INCH
        above = (TIMELINE_BOTTOM + TIMELINE_HEIGHT + _KEYS_ABOVE_TIMELINE + self._raised) / height
        figure.legend(
            handles=keys, loc="center", bbox_to_anchor=(0.5, above), ncols=3, frameon=False,
            fontsize=10,
        )  # fmt: skip
