"""One colour for each thing that is drawn, the same in every figure, film and page.

The colours are those of :mod:`analysis.style`; a figure takes them from here by what it shows.
"""

import colorsys
from collections.abc import Sequence

import numpy as np
from matplotlib.colors import to_hex, to_rgb

from analysis import style

TUMOUR, RESISTANT, STROMA, NORMAL = style.BLUE, style.VERMILION, style.GREEN, style.GREY
"""Kinds of cells."""
MARROW, TISSUE, BLOOD, CSF = style.BLUE, style.SKY, style.WINE, style.PURPLE
"""Compartments of a body."""
ACTIVITY, ASN, GLN, NH3 = style.BLACK, style.GREEN, style.ORANGE, style.WINE
"""The drug and what it splits and makes."""
ASNS, ATF4, MTORC1 = style.BLUE, style.PURPLE, style.GREEN
"""State of a cell, where one figure shows all three."""
SELECTION, INDUCTION, MUTATION = style.BLUE, style.ORANGE, style.PURPLE
LIVE, EARLY, LATE = style.GREEN, style.ORANGE, style.VERMILION
"""Stages of death."""
LIMIT = style.GREY
"""Levels to compare with."""
SERIES = (
    style.BLUE, style.VERMILION, style.GREEN, style.ORANGE, style.PURPLE, style.SKY, style.WINE,
    style.GREY,
)  # fmt: skip
"""Groups without a colour of their own, such as arms and lines, in their order."""
OTHERS = style.PALE

_BY_ALLELES = {2: style.BLUE, 1: style.GREEN, 0: style.ORANGE}
_AMPLIFIED, _WITHOUT_GENOTYPE = style.PURPLE, style.SKY
_LIGHTNESS = (0.34, 0.74)


def series(names: Sequence[str]) -> dict[str, str]:
    """Return a colour for each name in order; they repeat after eight."""
    return {name: SERIES[number % len(SERIES)] for number, name in enumerate(names)}


def genotype(methylated_alleles: int, gain: float = 1.0) -> str:
    """Return the colour of a genotype: by methylated ASNS alleles, one for all with a gain.

    ``methylated_alleles`` is -1 for cells without the mechanistic model.
    """
    if gain > 1.0:
        return _AMPLIFIED
    return _BY_ALLELES.get(int(methylated_alleles), _WITHOUT_GENOTYPE)


def shades(colour: str, number: int) -> list[str]:
    """Return ``number`` colours of one hue from dark to light; the colour itself for one."""
    if number == 1:
        return [to_hex(to_rgb(colour))]
    hue, _, saturation = colorsys.rgb_to_hls(*to_rgb(colour))
    steps = np.linspace(*_LIGHTNESS, number)
    return [to_hex(colorsys.hls_to_rgb(hue, float(step), saturation)) for step in steps]
