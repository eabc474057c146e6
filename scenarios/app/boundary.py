"""What a part of the page shows where it cannot be drawn."""

from collections.abc import Callable

import solara


@solara.component
def Guarded(what: str, part: Callable[[], object]) -> None:
    """Show the component that ``part`` makes; where it fails say so in its place.

    The rest of the page goes on; the traceback is in the log of the server.
    """
    error, clear = solara.use_exception()
    if error is None:
        part()
        return
    with solara.Error(dense=True, icon=False):
        solara.Text(
            f"{what} cannot be drawn ({type(error).__name__}: {str(error)[:200]})",
            classes=["asn-lines", "asn-problem"],
        )
        solara.Button("Try again", on_click=clear, text=True)
