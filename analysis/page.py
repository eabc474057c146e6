"""One HTML file that needs no network: text, tables and figures drawn into it, fit for a phone."""

import html
import io
import re
from collections.abc import Callable, Iterable, Mapping, Sequence

import matplotlib
import pandas as pd
from matplotlib.figure import Figure

from analysis import publication

_STYLE = """
:root{color-scheme:light}
body{font:16px/1.5 system-ui,sans-serif;color:#222;background:#fff;margin:0 auto;max-width:52rem;
padding:1rem}
h1{font-size:1.5rem;line-height:1.2;margin:.2rem 0}
h2{font-size:1.15rem;margin:2rem 0 .4rem;border-bottom:1px solid #ddd}
h3{font-size:1rem;margin:1.2rem 0 .3rem}
.scroll{overflow-x:auto;background:linear-gradient(90deg,#fff 40%,#fff0) local,
linear-gradient(270deg,#fff 40%,#fff0) 100% 0 local,linear-gradient(90deg,#0003,#0000) scroll,
linear-gradient(270deg,#0003,#0000) 100% 0 scroll;background-repeat:no-repeat;
background-size:2.5rem 100%,2.5rem 100%,.8rem 100%,.8rem 100%}
.many{width:min(94vw,78rem);margin-left:calc(50% - min(47vw,39rem))}
table{border-collapse:collapse;font-size:.85rem;min-width:100%}
th,td{padding:.3rem .6rem;border-bottom:1px solid #e4e4e4;text-align:right}
td{white-space:nowrap}
.many td{white-space:normal;min-width:3.2rem}.many th{min-width:3.6rem}
.many th,.many td{padding:.3rem .35rem}
th:first-child,td:first-child{text-align:left}
th.words,td.words,td.text{text-align:left}
td.text{white-space:normal;min-width:9rem;overflow-wrap:anywhere}
.facts td{text-align:left}.facts thead{display:none}
td.pass{background:#e4f1e4}td.fail{background:#fbe3dc}
pre{font-size:.8rem;background:#f6f6f6;padding:.6rem;white-space:pre-wrap;overflow-wrap:anywhere}
a{color:#0072b2;overflow-wrap:anywhere}
figure{margin:.5rem 0}
figure svg{width:100%;height:auto;display:block}
figure .narrow{display:none}
@media screen and (max-width:560px){figure .wide{display:none}figure .narrow{display:block}}
figcaption,.small{font-size:.85rem;color:#555}
.note{background:#fff6df;border-left:4px solid #e69f00;padding:.5rem .8rem;margin:.6rem 0}
li{margin:.2rem 0}
@media print{body{max-width:none;font-size:10pt;padding:0}h2,h3{break-after:avoid}
figure,tr,.note{break-inside:avoid}
.scroll{overflow:visible;background:none}.many{width:auto;margin:0}table{font-size:7.5pt}
th,td,td.text,.many th,.many td{white-space:normal;min-width:0;overflow-wrap:anywhere;
padding:.15rem .3rem}
.facts td:first-child{white-space:nowrap;overflow-wrap:normal}pre{font-size:7.5pt}}
"""
_PROLOGUE = re.compile(r"^.*?(?=<svg)", re.DOTALL)
_METADATA = re.compile(r"<metadata>.*?</metadata>", re.DOTALL)
_ID = re.compile(r'(\bid="|url\(#|href="#)')
_SALT = "asnsim"
_LINK = re.compile(r"(?P<url>https?://[^\s<>\"']+)|\bdoi:\s*(?P<doi>10\.\S+)|\b(?P<pmc>PMC\d+)\b")
_PLACES = {"doi": "https://doi.org/", "pmc": "https://pmc.ncbi.nlm.nih.gov/articles/"}
_TRAILING = ".,;)]"
LONG_TEXT = 28
"""Cells of a table that are longer are wrapped."""
MANY_COLUMNS = 6
"""Tables of more columns are wider than the text and wrap all their cells."""
_NUMBER = re.compile(r"^(?:[-<]?\s*[\d.]|-$|$|nan$)")


def escape(text: object) -> str:
    """Return text that HTML shows as it is."""
    return html.escape(str(text))


def heading(text: str, level: int = 2) -> str:
    """Return the heading of a section, or of a part of one with ``level`` 3."""
    return f"<h{level}>{escape(text)}</h{level}>"


def linked(text: object) -> str:
    """Return text with links at addresses, DOIs and PubMed Central numbers; nothing is loaded."""
    plain, parts, end = str(text), [], 0
    for found in _LINK.finditer(plain):
        kind = str(found.lastgroup)
        name = found[kind].rstrip(_TRAILING)
        shown = plain[found.start() : found.end() - (len(found[kind]) - len(name))]
        address = _PLACES.get(kind, "") + name
        parts += [escape(plain[end : found.start()]), f'<a href="{escape(address)}">']
        parts += [escape(shown), "</a>"]
        end = found.start() + len(shown)
    return "".join([*parts, escape(plain[end:])])


def preformatted(text: str) -> str:
    """Return text as it stands, such as a file or a command."""
    return f"<pre>{escape(text.strip())}</pre>"


def facts(pairs: Mapping[str, object]) -> str:
    """Return a table of names and values, long values wrapped."""
    rows = pd.DataFrame(list(pairs.items()), columns=["", " "])
    return f'<div class="facts">{table(rows)}</div>'


def paragraph(text: str, kind: str = "") -> str:
    """Return a paragraph; ``kind`` is ``note`` or ``small``."""
    return f'<p class="{kind}">{escape(text)}</p>' if kind else f"<p>{escape(text)}</p>"


def bullets(texts: Iterable[str]) -> str:
    """Return a list, with links."""
    return "<ul>" + "".join(f"<li>{linked(text)}</li>" for text in texts) + "</ul>"


def table(rows: pd.DataFrame) -> str:
    """Return a table that scrolls on a narrow screen; every cell is shown as its text.

    A shade at an edge tells that there is more behind it. Many columns take more room than text.
    Columns of numbers are set to the right, words to the left.
    """
    are_words = [
        not all(_NUMBER.match(str(value)) for value in rows.iloc[:, place])
        for place in range(rows.shape[1])
    ]
    head = "".join(
        f'<th class="words">{_head(name)}</th>' if is_words else f"<th>{_head(name)}</th>"
        for name, is_words in zip(rows.columns, are_words, strict=True)
    )
    body = "".join(
        "<tr>" + "".join(map(_cell, row, are_words)) + "</tr>"
        for row in rows.itertuples(index=False)
    )
    kind = "scroll many" if rows.shape[1] > MANY_COLUMNS else "scroll"
    return (
        f'<div class="{kind}"><table><thead><tr>{head}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>"
    )


def _head(name: object) -> str:
    """Return the name of a column, which may be parted behind dots and underscores."""
    return re.sub(r"(?<=[._])(?=\w)", "<wbr>", escape(name))


def _cell(value: object, is_words: bool) -> str:
    text = str(value)
    if text in ("pass", "fail"):
        kind = f"words {text}"
    else:
        kind = "text" if len(text) > LONG_TEXT else "words" if is_words else ""
    return f'<td class="{kind}">{linked(text)}</td>' if kind else f"<td>{escape(text)}</td>"


def drawing(make: Callable[[str], Figure], caption: str, name: str) -> str:
    """Return a figure as SVG inside the page, twice: for screen and paper, and for a phone.

    ``make`` draws the figure anew for a width as of :mod:`analysis.publication`, to which it is
    then fitted; ``name`` keeps its ids apart from other figures.
    """
    wide, narrow = (
        _svg(publication.fit(make(width), width), caption, f"{name}-{width}")
        for width in ("two-column", "one-column")
    )
    return (
        f'<figure><div class="wide">{wide}</div><div class="narrow">{narrow}</div>'
        f"<figcaption>{linked(caption)}</figcaption></figure>"
    )


def _svg(figure: Figure, caption: str, name: str) -> str:
    stream = io.StringIO()
    with matplotlib.rc_context({"svg.hashsalt": _SALT, "svg.fonttype": "none"}):
        figure.savefig(stream, format="svg", metadata={"Date": None, "Creator": None})
    svg = _METADATA.sub("", _PROLOGUE.sub("", stream.getvalue()))
    svg = _ID.sub(lambda found: f"{found[1]}{name}-", svg)
    return svg.replace("<svg ", f'<svg role="img" aria-label="{escape(caption)}" ', 1)


def page(title: str, parts: Sequence[str]) -> str:
    """Return the whole document."""
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head>\n<body>\n"
        + "\n".join(parts)
        + "\n</body></html>\n"
    )
