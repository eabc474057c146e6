"""Let the gallery show a figure that is the value of the last line of a block.

The figures of asnsim are plain ``Figure`` objects that pyplot does not know; the scraper that the
gallery brings sees those of pyplot only, and saves each of them at the end of its block.
"""

from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
from matplotlib.figure import Figure
from sphinx_gallery.scrapers import figure_rst


def scrape(block: Any, variables: dict[str, Any], settings: dict[str, Any]) -> str:
    """Save the figure and return the text that shows it; without one an empty text."""
    shown = variables["example_globals"].get("___")
    is_drawn_by_pyplot = plt.get_fignums()
    if not isinstance(shown, Figure) or is_drawn_by_pyplot:
        return ""
    path = Path(next(variables["image_path_iterator"]))
    shown.savefig(path, dpi=110, bbox_inches="tight")
    return str(figure_rst([str(path)], settings["src_dir"]))
