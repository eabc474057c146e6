"""How Sphinx builds the documents: ``make docs`` writes docs/_build/html, without any network."""

import importlib.util
import logging
import sys
from pathlib import Path

from sphinx.application import Sphinx

DOCS = Path(__file__).resolve().parent
sys.path[:0] = [str(DOCS.parent), str(DOCS / "_ext")]

import abm  # noqa: E402

project = "asnsim"
author = copyright = "The asnsim developers"
version = release = abm.__version__

NAVIGATION = {
    "Use": (
        "tutorial", "gallery/index", "how-to", "scenario-format", "assays", "cell-lines",
        "compounds", "protocols", "cohorts", "sweeps", "restart", "output-format",
        "reports-and-figures", "web-page", "clinic", "faq",
    ),
    "Understand": (
        "model", "cell-equations", "numerics", "randomness", "pharmacology", "body", "marrow",
        "parameters", "assumptions", "biology-map", "conflicts", "glossary", "comparison",
    ),
    "Verify": (
        "validation", "validation-notes", "other-results", "ablation", "verification",
        "calibration", "screens", "scenarios", "performance",
    ),
    "Extend": (
        "extend", "api", "project/ARCHITECTURE", "project/CONTRIBUTING", "project/CHANGELOG",
    ),
}  # fmt: skip
"""Caption of the side bar -> pages. The index itself stays plain Markdown."""

extensions = [
    "myst_parser",
    "sphinx.ext.mathjax",
    "sphinx.ext.autodoc",
    "sphinx_gallery.gen_gallery",
    "asnsim_ids",
    "root_pages",
]
exclude_patterns = ["_build", "gallery/**.ipynb", "gallery/**.py", "gallery/**.md5"]

myst_enable_extensions = ["dollarmath"]
myst_heading_anchors = 4

highlight_language = "text"

autodoc_typehints = "description"
autodoc_member_order = "bysource"

html_theme = "furo"
html_title = f"asnsim {release}"
html_static_path = ["_static"]
html_css_files = ["asnsim.css"]
html_show_sphinx = False

# MathJax comes from a package and not from the network; one file holds scripts and letters.
_mathjax = importlib.util.find_spec("sphinx-mathjax-offline")
if _mathjax is None or _mathjax.origin is None:
    raise ImportError("sphinx-mathjax-offline is missing; say: pip install 'asnsim[docs]'")
html_static_path.append(
    str(Path(_mathjax.origin).parent / "static" / "mathjax" / "tex-svg-full.js")
)
mathjax_path = "tex-svg-full.js"
# Numbers stand on the left, where they are seen beside an equation that is too wide, too.
mathjax3_config = {"svg": {"mtextInheritFont": True, "scale": 0.85}, "tex": {"tagSide": "left"}}

logging.getLogger("MESA").setLevel(logging.WARNING)  # a line for every step is of no use here

sphinx_gallery_conf = {
    "examples_dirs": "../examples",
    "gallery_dirs": "gallery",
    "filename_pattern": "plot_",
    "within_subsection_order": "FileNameSortKey",
    "image_scrapers": ("matplotlib", "gallery_figures.scrape"),
    "abort_on_example_error": True,
    "download_all_examples": False,
    "show_signature": False,
    "show_memory": False,
    "write_computation_times": False,
    "capture_repr": ("_repr_html_", "__repr__"),
    "ignore_repr_types": r"matplotlib\.",
    "reset_modules": ("matplotlib",),
    "nested_sections": False,
}


def _add_navigation(app: Sphinx, page: str, content: list[str]) -> None:
    if page == "index":
        content[0] = content[0].replace("a gallery of", "a [gallery](gallery/index.rst) of")
        for caption, pages in NAVIGATION.items():
            lines = "\n".join(pages)
            content[0] += f"\n```{{toctree}}\n:hidden:\n:caption: {caption}\n\n{lines}\n```\n"


def setup(app: Sphinx) -> None:
    """Add the side bar to the index."""
    app.connect("source-read", _add_navigation)
