"""The page: what a visitor sees, put together from its parts."""

from pathlib import Path
from typing import Any

import solara
import solara.lab

from abm import __version__
from scenarios.app.boundary import Guarded
from scenarios.app.charts_view import ChartsPart
from scenarios.app.limits import LARGEST_NUMBER_OF_VISITORS
from scenarios.app.maps_view import MapsPart
from scenarios.app.serve import start_scenario
from scenarios.app.sidebar import BranchPart, ControlsPart, DownloadPart, ScenarioPart
from scenarios.app.visit import Speed, Visit, as_count, as_length, as_time
from scenarios.app.visitors import Visitors

_VISITORS = Visitors(LARGEST_NUMBER_OF_VISITORS)
"""Of this process: the one thing that visitors share, and it holds no more than their number."""
_SPEEDS = {
    "one step per picture": Speed.SINGLE,
    "up to 10 steps per picture": Speed.SLOW,
    "up to 40 steps per picture": Speed.FAST,
    "as fast as it goes": Speed.FASTEST,
}


@solara.component
def Layout(children: Any = None) -> None:
    """The frame of the page."""
    with solara.Div(classes=["asn-all"], children=children or []):
        pass


@solara.component
def Page() -> None:
    """The whole page of one visitor."""
    solara.Title("asnsim")
    solara.Style(Path(__file__).with_name("page.css"))
    attempt = solara.use_reactive(0)
    visit: Visit = solara.use_memo(Visit, [])
    has_place: bool = solara.use_memo(lambda: _VISITORS.enter(visit), [attempt.value])

    def begin() -> Any:
        if has_place:
            visit.open(start_scenario())
        return None

    def leave() -> Any:
        def closed() -> None:
            visit.close()
            _VISITORS.leave(visit)

        return closed

    solara.use_effect(begin, [has_place])
    solara.use_effect(leave, [])
    solara.HTML(
        tag="header",
        unsafe_innerHTML=f"<b>asnsim</b> {__version__}<span>cells under L-asparaginase; a model, "
        "no medical advice</span>",
        classes=["asn-header"],
    )
    if not has_place:
        with solara.Column(classes=["asn-page"]):
            solara.Warning(
                f"{_VISITORS.largest} visitors have a simulation here, more do not fit. Close "
                "another page of asnsim, then try again."
            )
            solara.Button("Try again", on_click=lambda: attempt.set(attempt.value + 1))
        return
    with solara.Div(classes=["asn-page"]):
        with solara.Column(classes=["asn-main"], gap="10px"):
            Transport(visit)
            Guarded("The map", lambda: MapsPart(visit))
            Guarded("The figure", lambda: ChartsPart(visit))
        with solara.Div(classes=["asn-settings"]):
            solara.HTML(tag="h2", unsafe_innerHTML="Scenario")
            ScenarioPart(visit)
            solara.HTML(tag="h2", unsafe_innerHTML="Controls")
            ControlsPart(visit)
            solara.HTML(tag="h2", unsafe_innerHTML="What if I dose today?")
            BranchPart(visit)
            solara.HTML(tag="h2", unsafe_innerHTML="Download")
            DownloadPart(visit)


@solara.component
def Transport(visit: Visit) -> None:
    """Play, pause, step, reset, speed; time and numbers; what went wrong."""
    visit.at_status.get()
    player, simulation = visit.player, visit.simulation
    player.steps_per_picture = visit.speed.value.value
    is_ready = bool(simulation.arms) and not player.doing
    can_go = is_ready and simulation.is_running
    with solara.Row(style="flex-wrap: wrap; align-items: center", gap="8px"):
        if player.is_playing:
            solara.Button("Pause", icon_name="mdi-pause", color="primary", on_click=player.pause)
        else:
            solara.Button("Play", icon_name="mdi-play", color="primary", on_click=player.play,
                          disabled=not can_go)  # fmt: skip
        solara.Button("Step", icon_name="mdi-step-forward", on_click=player.step,
                      disabled=not can_go)  # fmt: skip
        solara.Button("Reset", icon_name="mdi-skip-backward", on_click=visit.reset,
                      disabled=not is_ready)  # fmt: skip
        with solara.Div(style="width: 230px"):
            solara.Select(
                "Speed", values=list(_SPEEDS), dense=True,
                value=next(text for text, one in _SPEEDS.items() if one is visit.speed.value),
                on_value=lambda text: visit.speed.set(_SPEEDS[text]),
            )  # fmt: skip
    Clock(visit)
    if player.doing:
        solara.Text(f"{player.doing[0].upper()}{player.doing[1:]} ...", classes=["asn-doing"])
        solara.ProgressLinear(True)
    for text in [player.problem, *simulation.errors()]:
        if text:
            with solara.Error(dense=True, icon=False):
                solara.Text(text, classes=["asn-lines", "asn-problem"])


@solara.component
def Clock(visit: Visit) -> None:
    """Time, steps and number of tumour cells of each arm."""
    visit.at_picture.get()
    simulation = visit.simulation
    if not simulation.arms:
        return
    parts = []
    with simulation.lock:
        for arm in simulation.arms:
            model = arm.model
            count = f"{as_count(int(model.state.n_cells()))} tumour cells"
            if not model.state.populations:
                count = "no cells"
            ended = ""
            if model.exit_reason is not None:
                ended = f" (ended: {model.exit_reason.name.lower().replace('_', ' ')})"
            if arm.lesion is not None:
                count += f", {as_count(int(arm.lesion.model.state.n_cells()))} in the lesion"
            parts.append(f"{arm.name}: {count}{ended}")
        step = simulation.arms[0].model.steps
    time = f"{as_time(simulation.hours)} of {as_length(simulation.end_hours)}"
    solara.Text(f"{time}, step {step}", classes=["asn-time"])
    solara.Text("; ".join(parts), classes=["asn-counts"])
