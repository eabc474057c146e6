"""A short table for notebooks: what ``_repr_html_`` of models, cells, runs and scenarios return."""

import html
from collections.abc import Iterable, Sequence


def html_table(title: str, rows: Iterable[Sequence[object]], header: Sequence[str] = ()) -> str:
    """Return a table as HTML, one cell for each value; all text is escaped.

    Without a ``header`` the first value of each row is its name.
    """
    lines = [f"<table><caption>{html.escape(title)}</caption>"]
    if header:
        lines.append(_row(("th",) * len(header), header))
    for row in rows:
        first = "td" if header else "th"
        lines.append(_row((first, *("td",) * (len(row) - 1)), row))
    return "".join([*lines, "</table>"])


def _row(tags: Sequence[str], values: Sequence[object]) -> str:
    cells = (
        f"<{tag}>{html.escape(str(value))}</{tag}>" for tag, value in zip(tags, values, strict=True)
    )
    return f"<tr>{''.join(cells)}</tr>"
