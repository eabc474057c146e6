"""The thread that carries a visitor's simulation on, so that the page stays alive meanwhile."""

import contextlib
import logging
import queue
import threading
import time
from collections.abc import Callable

from abm.errors import AsnsimError
from scenarios.app.session import Simulation

_log = logging.getLogger(__name__)

LONGEST_PICTURE_S = 0.06
"""Wall time of stepping after which a picture is shown, however far the steps have come."""
CHARTS_EVERY_S = 1.0
CHARTS_SHARE, CHARTS_SHARE_WITHOUT_MAP = 0.1, 0.5
"""While it plays the charts, which cost several maps each, are drawn at least so long apart, and
take at most this share of the time."""
_BREATH_S = 0.005
"""Pause after each picture in which other visitors get their turn."""

_FIRST_STEP = (
    "taking the first step; where a machine has not done it before it compiles, which takes minutes"
)
Job = Callable[[], None]


class Player:
    """Plays a simulation: everything that takes time is done here, one thing after the other.

    ``on_picture`` is called from the player's thread when the state has moved on, ``on_charts``
    when the curves are worth another drawing, ``on_status`` when it begins or ends something.
    """

    def __init__(
        self,
        simulation: Simulation,
        on_picture: Job = lambda: None,
        on_charts: Job = lambda: None,
        on_status: Job = lambda: None,
    ) -> None:
        self.simulation = simulation
        self.steps_per_picture = 1
        self.is_playing = False
        self.doing = ""
        """What takes its time now, for the visitor; empty while it waits or plays."""
        self.problem = ""
        """Why the last thing could not be done; lines of text."""
        self._on_picture, self._on_charts, self._on_status = map(
            self._while_open, (on_picture, on_charts, on_status)
        )
        self._jobs: queue.Queue[tuple[str, Job] | None] = queue.Queue()
        self._thread: threading.Thread | None = None
        self._is_closed = False

    def do(self, what: str, job: Job) -> None:
        """Let the thread do ``job`` after what it has been given before; ``what`` is shown."""
        if self._is_closed:
            return
        self._jobs.put((what, job))
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, daemon=True, name="asnsim player")
            self._thread.start()

    def step(self) -> None:
        """Take one step."""
        if self.is_playing:
            self.pause()
        self.do(self._first_step(), self.simulation.step)

    def play(self) -> None:
        """Go on until paused, or to the end."""
        self.is_playing = True
        self._on_status()
        first = self._first_step()
        self.do(first, self.simulation.step if first else lambda: None)

    def pause(self) -> None:
        """Stop after the step in progress."""
        self.is_playing = False
        self._on_status()

    def close(self) -> None:
        """End the thread after the step in progress and let the simulation go."""
        self._is_closed, self.is_playing = True, False
        self._jobs.put(None)
        self.simulation.arms = []

    def ends(self, timeout_s: float) -> bool:
        """Wait for the thread of a closed player; False where it is still at it."""
        if self._thread is not None:
            self._thread.join(timeout_s)
        return self._thread is None or not self._thread.is_alive()

    def wait(self, timeout_s: float = 600.0) -> None:
        """Return when all that was given is done, or raise TimeoutError."""
        end = time.monotonic() + timeout_s
        while self._jobs.unfinished_tasks or self.is_playing:
            if time.monotonic() > end:
                raise TimeoutError(f"the player is still at it after {timeout_s:g} s")
            time.sleep(_BREATH_S)

    def _first_step(self) -> str:
        """Return what to say of the first step, empty after it: it may take minutes."""
        return _FIRST_STEP if self.simulation.hours == 0.0 else ""

    def _while_open(self, tell: Job) -> Job:
        """Return ``tell`` such that nobody is told after the page has closed."""

        def told() -> None:
            if not self._is_closed:
                tell()

        return told

    def _work(self) -> None:
        while not self._is_closed:
            job = self._jobs.get()
            try:
                if job is not None:
                    self._do(*job)
                self._play()
            except Exception as error:  # nobody above this thread could tell the visitor
                self._fail(error)
            finally:
                self._jobs.task_done()
        self.simulation.arms = []  # those of a job that ended after the page had closed

    def _fail(self, error: Exception) -> None:
        """Stop, say why on the page, and leave the traceback to whoever runs the server."""
        if self._is_closed:
            return
        _log.exception("a run of the page failed")
        self.doing, self.is_playing = "", False
        self.problem = f"unexpected error ({type(error).__name__}: {str(error)[:200]})"
        with contextlib.suppress(Exception):  # the page itself may be what failed
            self._on_status()

    def _do(self, what: str, job: Job) -> None:
        before = self._status()
        self.doing, self.problem = what, ""
        if what:
            self._on_status()
        try:
            job()
        except AsnsimError as error:
            self.problem, self.is_playing = str(error), False
        except MemoryError:
            self.problem, self.is_playing = "the memory of this machine is used up", False
        self.doing = ""
        if what or self._status() != before:
            self._on_status()
        if self._jobs.empty():
            self._show()

    def _status(self) -> tuple[bool, bool, str, list[str]]:
        """Return what the buttons and messages of the page depend on."""
        simulation = self.simulation
        return self.is_playing, simulation.is_running, self.problem, simulation.errors()

    def _show(self) -> None:
        self._on_picture()
        if self._jobs.empty() and not self.is_playing:
            self._on_charts()

    def _play(self) -> None:
        next_charts = time.monotonic() + CHARTS_EVERY_S
        was_playing = self.is_playing
        while self.is_playing and self._jobs.empty() and not self._is_closed:
            self._take_steps()
            if not self.simulation.is_running:
                self.is_playing = False
                break
            self._on_picture()
            started = time.monotonic()
            if started > next_charts:
                self._on_charts()
                taken = time.monotonic() - started
                share = CHARTS_SHARE if self.simulation.is_spatial else CHARTS_SHARE_WITHOUT_MAP
                next_charts = time.monotonic() + max(CHARTS_EVERY_S, taken * (1.0 / share - 1.0))
            time.sleep(_BREATH_S)
        if was_playing and not self._is_closed:
            self._on_status()
            self._show()

    def _take_steps(self) -> None:
        end = time.monotonic() + LONGEST_PICTURE_S
        for _ in range(self.steps_per_picture):
            self.simulation.step()
            if time.monotonic() > end or not self.is_playing:
                return
