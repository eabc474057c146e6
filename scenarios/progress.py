"""Progress on stderr: nothing where nobody looks, and nothing for what is done at once."""

import sys
import time
from types import TracebackType
from typing import Any, Self

QUIET_SECONDS = 2.0
"""How long a piece of work may last before its bar is shown."""


class ProgressBar:
    """A context manager that is called with (done, total), e.g. hours of a run.

    It draws on stderr only, only when that is a terminal, and only after ``QUIET_SECONDS``.
    """

    def __init__(self, title: str, unit: str) -> None:
        self._title = title
        self._unit = unit
        self._started = time.monotonic()
        self._is_shown_to_anyone = sys.stderr.isatty()
        self._bar: Any = None
        self._task: Any = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._bar is not None:
            self._bar.stop()

    def __call__(self, done: float, total: float) -> None:
        """Show that ``done`` of ``total`` is behind us."""
        if not self._is_shown_to_anyone or time.monotonic() - self._started < QUIET_SECONDS:
            return
        if self._bar is None:
            self._start(total)
        self._bar.update(self._task, completed=done, total=total)

    def _start(self, total: float) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn(f"{{task.completed:.0f}} of {{task.total:.0f}} {self._unit}"),
            TimeRemainingColumn(),
            console=Console(stderr=True),
            transient=True,
        )
        self._task = self._bar.add_task(self._title, total=total)
        self._bar.start()
