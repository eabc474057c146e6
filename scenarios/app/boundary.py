"""What a part of the page shows where it cannot be drawn."""

import logging
from collections.abc import Callable

import solara

_log = logging.getLogger(__name__)


@solara.component
def Guarded(what: str, part: Callable[[], object]) -> None:
    """Show ``part``; where it fails say so in its place, and leave the rest of the page alone."""
    error, clear = solara.use_exception()
    if error is None:
        part()
        return
    _log.error("%s cannot be drawn", what, exc_info=error)
    with solara.Error(dense=True, icon=False):
        solara.Text(
            f"{what} cannot be drawn ({type(error).__name__}: {str(error)[:200]})",
            classes=["asn-lines", "asn-problem"],
        )
        solara.Button("Try again", on_click=clear, text=True)
