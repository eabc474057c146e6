"""Parts of the page that run in the browser."""

from collections.abc import Callable
from typing import Any

import solara

Event = Callable[[dict[str, Any]], None]


@solara.component_vue("map.vue")
def MapView(
    source: str = "",
    title: str = "",
    aspect: float = 1.0,
    bar_share: float = 0.25,
    bar_label: str = "",
    mark: list[float] | None = None,
    event_select: Event | None = None,
    event_zoom: Event | None = None,
    event_move: Event | None = None,
) -> None:
    """A picture that can be zoomed and moved, and in which a cell can be chosen."""


@solara.component_vue("upload.vue")
def Upload(
    largest: int = 0,
    event_take: Event | None = None,
    event_refuse: Event | None = None,
) -> None:
    """A field for one small file; larger ones stay in the browser."""
