"""What belongs to one visitor of the page: simulation, settings, and what is looked at."""

import base64
import dataclasses
from collections.abc import Callable
from enum import Enum
from typing import Any

import solara

from abm.errors import ScenarioError
from abm.record import layout
from abm.record.reader import Frame
from abm.units import HOURS_PER_DAY
from analysis.clones import muller_bands
from analysis.plots.muller import clone_colours
from scenarios.app.colouring import Colouring
from scenarios.app.controls import Controls, Schedule, dosed_now, stopped_now
from scenarios.app.limits import LARGEST_FILE, check_size, read_upload
from scenarios.app.map_picture import Scales, Window
from scenarios.app.planes import Look
from scenarios.app.player import Player
from scenarios.app.serve import start_scenario
from scenarios.app.session import Arm, Simulation
from scenarios.catalogue import bundled, find
from scenarios.load import loads
from scenarios.load_text import read_file
from scenarios.schema import Scenario

SMALL_CLONE = 0.01
_LARGEST_IN_FULL = 10_000_000
_LONGEST_IN_HOURS = 96.0
"""Later times are told in days."""


class Second(Enum):
    """What a second arm is, from the start on."""

    NONE = "none"
    NO_DRUG = "the same without the drug"
    WRITTEN = "the scenario as written"


class Speed(Enum):
    """Steps between two pictures, at most; a picture comes sooner where they take long."""

    SINGLE = 1
    SLOW = 10
    FAST = 40
    FASTEST = 1000


class Visit:
    """One visitor. Counters that start with ``at_`` go up when a part is to be drawn anew."""

    def __init__(self) -> None:
        self.simulation = Simulation()
        self.at_status, self.at_picture, self.at_charts = (solara.reactive(0) for _ in range(3))
        self.player = Player(
            self.simulation,
            on_picture=lambda: _count(self.at_picture),
            on_charts=lambda: _count(self.at_charts),
            on_status=lambda: _count(self.at_status),
        )
        self.base: Scenario | None = None
        """The scenario as it was chosen."""
        self.controls: Any = solara.reactive(None)
        self.second = solara.reactive(Second.NONE)
        self.speed = solara.reactive(Speed.SLOW)
        self.colouring = solara.reactive(Colouring.ASNS)
        self.species = solara.reactive("asn")
        self.window = solara.reactive(Window())
        self.look = solara.reactive(Look())
        self.selected: Any = solara.reactive(None)
        """Index of the arm and id of the cell that is looked at."""
        self.refused = solara.reactive("")
        self.film: Any = solara.reactive(None)
        """Name and bytes of the film that was made last."""
        self.scales = Scales()
        self.started_with: Controls | None = None
        """Settings of the arms that run."""

    def open(self, name: str) -> None:
        """Take a bundled scenario, or the file that the server was started with; no other."""
        if name not in bundled() and name != start_scenario():
            return
        self.player.do("reading the scenario", lambda: self._take(read_file(find(name)), name))

    def upload(self, sent: dict[str, Any]) -> None:
        """Take the file that a visitor sent; ``refused`` says why not."""
        try:
            data = base64.b64decode(str(sent.get("data", "")))
            name = str(sent.get("name", ""))
            text = read_upload(name, data)
        except (ScenarioError, ValueError) as error:
            self.refused.set(str(error))
            return
        stem = name.replace("\\", "/").rpartition("/")[2]
        self.player.do("reading the scenario", lambda: self._take(text, stem, is_upload=True))

    def refuse_size(self, sent: dict[str, Any]) -> None:
        """Say that a file is too large; it was not sent."""
        self.refused.set(
            f"{str(sent.get('name'))[:80]}: has {int(sent.get('size', 0)):,} bytes: at most "
            f"{LARGEST_FILE:,} (256 KiB)"
        )

    def reset(self) -> None:
        """Build the arms anew with the settings of the page."""
        self.player.is_playing = False
        self.player.do(_BUILDING, self._start)

    def branch(self, product: str, amount: float, unit: str) -> None:
        """Let a second arm get one more dose now."""
        self._branch(
            f"dose at {self.now()}",
            lambda arm: dosed_now(
                arm.text, arm.scenario.name, self.simulation.hours, product, amount, unit
            ),
        )

    def branch_without(self) -> None:
        """Let a second arm get no further dose."""
        self._branch(
            f"no dose after {self.now()}",
            lambda arm: stopped_now(arm.text, arm.scenario.name, arm.model.clock.hours),
        )

    def make_film(self, number: int, part: int = 0) -> None:
        """Make the film of an arm, or of its lesion as part 1; ``film`` holds it when done."""

        def make() -> None:
            from scenarios.app.export import FILM_SUFFIX, film, slug

            shown = self.simulation.arms[number].parts[part]
            self.film.set((f"{slug(shown.name)}{FILM_SUFFIX}", film(shown)))

        self.player.pause()
        self.player.do("making the film", make)

    def frames(self) -> list[Frame]:
        """Return the present frame of what is mapped of each arm."""
        with self.simulation.lock:
            frames = [arm.mapped.frame() for arm in self.simulation.arms]
        for frame in frames:
            self.scales.see(frame)
        return frames

    def clone_colours(self, number: int) -> dict[int, Any]:
        """Return the colours of the large clones of an arm, those of the clone areas."""
        with self.simulation.lock:
            clones = self.simulation.arms[number].mapped.history.table(layout.CLONES)
        if not len(clones):
            return {}
        return dict(clone_colours(clones, muller_bands(clones, SMALL_CLONE)))

    def now(self) -> str:
        """Return the present time as text."""
        return as_time(self.simulation.hours)

    def close(self) -> None:
        """Let everything go."""
        self.player.close()
        self.film.set(None)

    def _take(self, text: str, name: str, *, is_upload: bool = False) -> None:
        try:
            scenario = loads(text, name)
            check_size(scenario)
        except ScenarioError as error:
            if is_upload:
                self.refused.set(str(error))
                return
            raise
        self.refused.set("")
        self.base = scenario
        self.controls.set(Controls.of(scenario))
        self.second.set(Second.NONE)
        self.player.doing = _BUILDING
        _count(self.at_status)
        self._start()

    def _start(self) -> None:
        assert self.base is not None
        base, controls = self.base, self.controls.value
        name = base.name
        text = controls.applied(base)
        makers: list[Callable[[], Arm]] = [lambda: Arm.start(text, name, name)]
        if self.second.value is Second.NO_DRUG:
            other = dataclasses.replace(controls, schedule=Schedule.NONE).applied(base)
            makers.append(lambda: Arm.start(other, name, "no drug"))
        if self.second.value is Second.WRITTEN:
            written = Controls.of(base).applied(base)
            makers.append(lambda: Arm.start(written, name, "as written"))
        self.simulation.start(makers)
        self.started_with = controls
        self.scales = Scales()
        self.window.set(Window())
        self.selected.set(None)
        self.film.set(None)

    def _branch(self, name: str, change: Callable[[Arm], str]) -> None:
        if self.simulation.arms:
            self.player.do(
                "branching", lambda: self.simulation.branch(change(self.simulation.arms[0]), name)
            )


_BUILDING = (
    "preparing the cells; the first start on a machine compiles the model, which takes minutes"
)


def as_time(hours: float) -> str:
    """Return a time as text, such as "12.1 h" or "5.25 d"."""
    return f"{hours:.1f} h" if hours < _LONGEST_IN_HOURS else f"{hours / HOURS_PER_DAY:.2f} d"


def as_length(hours: float) -> str:
    """Return how long a simulation takes, such as "24 h" or "60 d"."""
    in_days = hours >= _LONGEST_IN_HOURS
    return f"{hours / HOURS_PER_DAY:g} d" if in_days else f"{hours:g} h"


def as_count(n: int) -> str:
    """Return a number of cells as text, such as "23,667" or "3.50e11"."""
    if n < _LARGEST_IN_FULL:
        return f"{n:,}"
    digits, _, power = f"{n:.2e}".partition("e")
    return f"{digits}e{int(power)}"


def _count(counter: Any) -> None:
    counter.set(counter.value + 1)
