"""Left side of the page: scenario, settings, branch, downloads."""

import dataclasses
from typing import Any

import solara

from scenarios.app.controls import Schedule
from scenarios.app.limits import LARGEST_FILE
from scenarios.app.visit import Second, Visit
from scenarios.app.widgets import Upload
from scenarios.catalogue import bundled


@solara.component
def ScenarioPart(visit: Visit) -> None:
    """Choose a bundled scenario or send one."""
    visit.at_status.get()
    name = visit.base.name if visit.base is not None else ""
    names = list(bundled())
    solara.Select(
        "Scenario",
        values=names if name in names or not name else [name, *names],
        value=name,
        on_value=visit.open,
    )
    Upload(largest=LARGEST_FILE, event_take=visit.upload, event_refuse=visit.refuse_size)
    if visit.refused.value:
        with solara.Error(dense=True, icon=False):
            solara.Text("Refused. " + visit.refused.value, classes=["asn-lines", "asn-refused"])
    if visit.base is not None and visit.base.description:
        solara.Text(visit.base.description, classes=["asn-small"])


@solara.component
def ControlsPart(visit: Visit) -> None:
    """Settings that act at the next reset."""
    controls = visit.controls.value
    visit.at_status.get()
    if controls is None:
        return

    def change(**values: Any) -> None:
        visit.controls.set(dataclasses.replace(visit.controls.value, **values))

    solara.Select(
        "Schedule",
        values=[one.value for one in Schedule],
        value=controls.schedule.value,
        on_value=lambda text: change(schedule=Schedule(text)),
    )
    if controls.schedule is Schedule.REGULAR:
        solara.Select("Product", values=list(controls.products), value=controls.product,
                      on_value=lambda product: change(product=product))  # fmt: skip
        _number(f"Dose ({controls.unit})", controls.amount, lambda v: change(amount=v))
        with solara.Row(gap="8px"):
            _number("First (day)", controls.first_d, lambda v: change(first_d=v))
            _number("Every (days)", controls.interval_d, lambda v: change(interval_d=v))
            _number("Doses", controls.n_doses, lambda v: change(n_doses=v))
    if controls.resistant_fraction is not None:
        _number(
            "Initial resistant fraction (%)", 100.0 * controls.resistant_fraction,
            lambda v: change(resistant_fraction=v / 100.0),
        )  # fmt: skip
    if controls.n_stroma is not None:
        _number("Stroma cells", controls.n_stroma, lambda v: change(n_stroma=v))
    _number(
        "Glutaminase (1 = that of the product, 0 = none)", controls.glutaminase,
        lambda v: change(glutaminase=v),
    )  # fmt: skip
    solara.Select(
        "Second arm, same seed",
        values=[one.value for one in Second],
        value=visit.second.value.value,
        on_value=lambda text: visit.second.set(Second(text)),
    )
    if controls != visit.started_with and visit.started_with is not None:
        solara.Text("Changed: takes effect at a reset.", classes=["asn-small", "asn-changed"])
    solara.Button(
        "Apply and reset", on_click=visit.reset, color="primary", outlined=True, block=True
    )


@solara.component
def BranchPart(visit: Visit) -> None:
    """What if I dose today?"""
    visit.at_status.get()
    controls = visit.controls.value
    amount: Any = solara.use_reactive(0.0)
    product: Any = solara.use_reactive("")

    def prefill() -> None:
        if controls is not None:
            amount.set(controls.amount)
            product.set(controls.product)

    solara.use_effect(prefill, [visit.base])
    if controls is None or product.value not in controls.products:
        return
    solara.Text("A copy goes on from this moment as second arm.", classes=["asn-small"])
    solara.Select("Product now", values=list(controls.products), value=product)
    _number(f"Dose now ({controls.unit})", amount.value, amount.set)
    solara.Button(
        "Dose today",
        on_click=lambda: visit.branch(product.value, amount.value, controls.unit),
        outlined=True, block=True,
    )  # fmt: skip
    solara.Button("No further dose", on_click=visit.branch_without, text=True, block=True)


@solara.component
def DownloadPart(visit: Visit) -> None:
    """Scenario, tables and film."""
    visit.at_status.get()
    arms = visit.simulation.arms
    if not arms:
        return
    from scenarios.app import export

    def zipped() -> bytes:
        with visit.simulation.lock:
            return export.tables(visit.simulation.arms)

    with solara.Column(gap="4px"):
        for arm in arms:
            solara.FileDownload(
                arm.text, f"{export.slug(arm.name)}.yaml", label=f"Scenario: {arm.name}"
            )
        solara.FileDownload(zipped, f"{export.slug(arms[0].name)}-tables.zip", label="Tables (zip)")
        for number, arm in enumerate(arms):
            for place, part in enumerate(arm.parts):
                solara.Button(
                    f"Make film: {part.name}", icon_name="mdi-movie-outline", outlined=True,
                    on_click=lambda number=number, place=place: visit.make_film(number, place),
                    disabled=bool(visit.player.doing),
                )  # fmt: skip
        if visit.film.value is not None:
            name, data = visit.film.value
            solara.FileDownload(data, name, label=f"Film: {name}", mime_type="video/mp4")


def _number(label: str, value: float, set_: Any) -> None:
    """Show a field for a number, whole where the value is an int."""
    if isinstance(value, int):
        solara.InputInt(label, value=value, on_value=set_, continuous_update=False)
    else:
        solara.InputFloat(label, value=value, on_value=set_, continuous_update=False)
