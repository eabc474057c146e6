"""The maps of the arms and the cell that is looked at."""

from typing import Any

import solara

from abm.record.reader import Frame
from scenarios.app.cell_state import describe_cell
from scenarios.app.colouring import LEVELS, Colouring, bar, key
from scenarios.app.map_picture import SPECIES_NAMES, Window, draw_map, field_bar, nearest_cell
from scenarios.app.planes import Axis, Look, edge_um, flat, is_solid, names
from scenarios.app.visit import Visit
from scenarios.app.widgets import MapView

_PIXELS, _PIXELS_PLAYING = {1: 720, 2: 560}, {1: 480, 2: 360}
"""Pixels of the longer side of a map by number of arms, at rest and while it plays."""
_NO_SPECIES = "none"
_PLACES = 32
"""Steps of the slider that places a slice."""


@solara.component
def MapsPart(visit: Visit) -> None:
    """One map per arm with the keys to its colours."""
    visit.at_picture.get()
    if not visit.simulation.is_spatial:
        if visit.simulation.arms:
            solara.Text(
                "No map: in a well or a body without a lesion cells have no places.",
                classes=["asn-small"],
            )
        return
    frames = visit.frames()
    edge = edge_um(frames[0], visit.look.value.axis) if is_solid(frames[0]) else 0.0
    _Choices(visit, tuple(frames[0].fields), bool(frames[0].cells), edge)
    with solara.Div(classes=["asn-maps"]):
        for number, frame in enumerate(frames):
            _Map(visit, number, frame, len(frames))
        with solara.Column(gap="8px", classes=["asn-side"]):
            _Key(visit, frames)
            _CellTable(visit, frames)


@solara.component
def _Choices(visit: Visit, species: tuple[str, ...], has_cells: bool, edge: float) -> None:
    """``edge``: length [um] of a 3-D tissue in the direction of view, 0 of a flat one."""
    with solara.Row(style="flex-wrap: wrap", gap="16px", classes=["asn-choices"]):
        if has_cells:
            solara.Select(
                "Cells coloured by", values=[one.value for one in Colouring],
                value=visit.colouring.value.value,
                on_value=lambda text: visit.colouring.set(Colouring(text)),
            )  # fmt: skip
        known = {SPECIES_NAMES[name]: name for name in species} | {_NO_SPECIES: ""}
        shown = {name: text for text, name in known.items()}.get(visit.species.value, _NO_SPECIES)
        solara.Select(
            "Nutrient under them" if has_cells else "Nutrient",
            values=list(known),
            value=shown,
            on_value=lambda text: visit.species.set(known[text]),
        )
        if visit.window.value.zoom > 1.0:
            solara.Button("Whole tissue", text=True,
                          on_click=lambda: visit.window.set(Window()))  # fmt: skip
    if edge:
        _Looks(visit, edge)


@solara.component
def _Looks(visit: Visit, edge: float) -> None:
    look = visit.look.value
    with solara.Row(style="flex-wrap: wrap", gap="16px", classes=["asn-choices"]):
        solara.Select(
            "Seen along", values=[one.value for one in Axis], value=look.axis.value,
            on_value=lambda text: visit.look.set(look._replace(axis=Axis(text))),
        )  # fmt: skip
        solara.Select(
            "Shown", values=["slice", "projection"],
            value="projection" if look.place is None else "slice",
            on_value=lambda text: visit.look.set(
                look._replace(place=None if text == "projection" else 0.5)
            ),
        )  # fmt: skip
        if look.place is not None:
            cut_um = look.place * edge
            solara.SliderFloat(
                f"Slice at {look.axis.value} = {cut_um:g} um", value=cut_um, min=0.0, max=edge,
                step=edge / _PLACES, thumb_label=False,
                on_value=lambda um: visit.look.set(Look(look.axis, um / edge)),
            )  # fmt: skip


@solara.component
def _Map(visit: Visit, number: int, frame: Frame, n_arms: int) -> None:
    window, look = visit.window.value, visit.look.value
    seen = flat(frame, look)
    colouring = visit.colouring.value
    colours = visit.clone_colours(number) if colouring is Colouring.CLONE else {}
    selected = visit.selected.value
    marked = selected[1] if selected is not None and selected[0] == number else None
    is_playing = visit.player.is_playing
    picture = draw_map(
        seen, window, visit.scales, colouring, visit.species.value, colours,
        n_pixels=(_PIXELS_PLAYING if is_playing else _PIXELS)[n_arms], marked=marked,
        is_fast=is_playing,
    )  # fmt: skip

    def select(place: dict[str, Any]) -> None:
        found = nearest_cell(seen, visit.window.value, float(place["x"]), float(place["y"]))
        visit.selected.set(None if found is None else (number, found))

    def zoom(place: dict[str, Any]) -> None:
        visit.window.set(
            visit.window.value.zoomed(
                float(place["factor"]), float(place["x"]), 1.0 - float(place["y"])
            )
        )

    def move(by: dict[str, Any]) -> None:
        visit.window.set(visit.window.value.moved(float(by["x"]), float(by["y"])))

    across, up = names(frame, look)
    with solara.Column(gap="2px", classes=["asn-one"]):
        arm = visit.simulation.arms[number]
        if n_arms > 1 or arm.lesion is not None:
            solara.Text(arm.mapped.name, classes=["asn-arm"])
        MapView(
            source=picture.source, aspect=picture.aspect, bar_share=picture.bar_share,
            title=f"Map of the tissue, {across} to the right and {up} upwards",
            bar_label=picture.bar_label, mark=None if picture.mark is None else [*picture.mark],
            event_select=select, event_zoom=zoom, event_move=move,
        )  # fmt: skip


@solara.component
def _Key(visit: Visit, frames: list[Frame]) -> None:
    colouring, species = visit.colouring.value, visit.species.value
    parts = []
    if frames[0].cells:
        if colouring in LEVELS:
            parts.append(bar(visit.scales.levels[colouring]))
        colours = visit.clone_colours(0) if colouring is Colouring.CLONE else {}
        parts.append(f"<div>{key(frames[0].cells, colouring, colours)}</div>")
    if species in frames[0].fields:
        parts.insert(
            -1 if parts else 0,
            field_bar(species, visit.scales.fields[species].norm(), bool(frames[0].cells)),
        )
    solara.HTML(tag="div", unsafe_innerHTML="".join(parts), classes=["asn-keys"])


@solara.component
def _CellTable(visit: Visit, frames: list[Frame]) -> None:
    if visit.selected.value is None:
        if frames[0].cells:
            solara.Text(
                "Click a cell to see its state; wheel or + to zoom, drag to move.",
                classes=["asn-small"],
            )
        return
    number, cell_id = visit.selected.value
    found = describe_cell(frames[number], cell_id) if number < len(frames) else None
    if found is None:
        solara.Text(f"Cell {cell_id} has died or divided away.", classes=["asn-small"])
        return
    rows = "".join(f"<tr><th>{name}</th><td>{value}</td></tr>" for name, value in found)
    solara.HTML(tag="table", unsafe_innerHTML=rows, classes=["asn-cell"])
