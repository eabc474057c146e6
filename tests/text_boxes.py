"""Which texts of a figure lie on one another."""

from itertools import combinations
from unittest.mock import patch

from matplotlib.figure import Figure
from matplotlib.text import Text

_TOUCH = 1.0
"""Pixels by which boxes may overlap: they are a little larger than their letters."""


def overlaps(figure: Figure) -> list[tuple[str, str]]:
    """Return pairs of drawn texts whose boxes overlap, and texts that leave the figure."""
    drawn: dict[int, Text] = {}
    draw = Text.draw

    def remember(text: Text, renderer: object) -> None:
        drawn[id(text)] = text
        draw(text, renderer)

    with patch.object(Text, "draw", remember):
        figure.canvas.draw()
    texts = [text for text in drawn.values() if text.get_text().strip() and text.get_visible()]
    boxes = [(text.get_text(), text.get_window_extent()) for text in texts]
    width, height = figure.bbox.width, figure.bbox.height
    found = [
        (words, "edge of the figure")
        for words, box in boxes
        if box.x0 < -_TOUCH or box.y0 < -_TOUCH or box.x1 > width + _TOUCH
        or box.y1 > height + _TOUCH
    ]  # fmt: skip
    for (one, a), (other, b) in combinations(boxes, 2):
        across = min(a.x1, b.x1) - max(a.x0, b.x0)
        up = min(a.y1, b.y1) - max(a.y0, b.y0)
        if across > _TOUCH and up > _TOUCH:
            found.append((one, other))
    return found
