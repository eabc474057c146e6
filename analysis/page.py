"""One HTML file that needs no network: text, tables and figures drawn into it, fit for a phone."""

import html
import io
import re
from collections.abc import Iterable, Sequence

import matplotlib
import pandas as pd
from matplotlib.figure import Figure

_STYLE = """
:root{color-scheme:light}
body{font:16px/1.5 system-ui,sans-serif;color:#222;background:#fff;margin:0 auto;max-width:52rem;
padding:1rem}
h1{font-size:1.5rem;line-height:1.2;margin:.2rem 0}
h2{font-size:1.15rem;margin:2rem 0 .4rem;border-bottom:1px solid #ddd}
.scroll{overflow-x:auto}
table{border-collapse:collapse;font-size:.85rem;min-width:100%}
th,td{padding:.3rem .6rem;border-bottom:1px solid #e4e4e4;text-align:right;white-space:nowrap}
th:first-child,td:first-child{text-align:left}
figure{margin:.5rem 0}
figure svg{width:100%;height:auto;display:block}
figcaption,.small{font-size:.85rem;color:#555}
.note{background:#fff6df;border-left:4px solid #e69f00;padding:.5rem .8rem;margin:.6rem 0}
li{margin:.2rem 0}
@media print{body{max-width:none;font-size:11pt;padding:0}h2{break-after:avoid}
figure,table,.note{break-inside:avoid}.scroll{overflow:visible}}
"""
_PROLOGUE = re.compile(r"^.*?(?=<svg)", re.DOTALL)
_METADATA = re.compile(r"<metadata>.*?</metadata>", re.DOTALL)
_ID = re.compile(r'(\bid="|url\(#|href="#)')
_SALT = "asnsim"


def escape(text: object) -> str:
    """Return text that HTML shows as it is."""
    return html.escape(str(text))


def heading(text: str) -> str:
    """Return the heading of a section."""
    return f"<h2>{escape(text)}</h2>"


def paragraph(text: str, kind: str = "") -> str:
    """Return a paragraph; ``kind`` is ``note`` or ``small``."""
    return f'<p class="{kind}">{escape(text)}</p>' if kind else f"<p>{escape(text)}</p>"


def bullets(texts: Iterable[str]) -> str:
    """Return a list."""
    return "<ul>" + "".join(f"<li>{escape(text)}</li>" for text in texts) + "</ul>"


def table(rows: pd.DataFrame) -> str:
    """Return a table that scrolls on a narrow screen; every cell is shown as its text."""
    head = "".join(f"<th>{escape(name)}</th>" for name in rows.columns)
    body = "".join(
        "<tr>" + "".join(f"<td>{escape(value)}</td>" for value in row) + "</tr>"
        for row in rows.itertuples(index=False)
    )
    return (
        f'<div class="scroll"><table><thead><tr>{head}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>"
    )


def drawing(figure: Figure, caption: str, name: str) -> str:
    """Return a figure as SVG inside the page; ``name`` keeps its ids apart from other figures."""
    stream = io.StringIO()
    with matplotlib.rc_context({"svg.hashsalt": _SALT, "svg.fonttype": "none"}):
        figure.savefig(stream, format="svg", metadata={"Date": None, "Creator": None})
    svg = _METADATA.sub("", _PROLOGUE.sub("", stream.getvalue()))
    svg = _ID.sub(lambda found: f"{found[1]}{name}-", svg)
    svg = svg.replace("<svg ", f'<svg role="img" aria-label="{escape(caption)}" ', 1)
    return f"<figure>{svg}<figcaption>{escape(caption)}</figcaption></figure>"


def page(title: str, parts: Sequence[str]) -> str:
    """Return the whole document."""
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head>\n<body>\n"
        + "\n".join(parts)
        + "\n</body></html>\n"
    )
