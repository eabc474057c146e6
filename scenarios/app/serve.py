"""Serve the page: one process, this machine only unless told otherwise."""

import os
import socket
import sys
import threading
import time
import warnings
import webbrowser
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from abm.errors import ScenarioError
from scenarios.app import limits

_START = "ASNSIM_APP_SCENARIO"
"""Environment variable with the scenario that every visitor starts with."""
_DEFAULT_SCENARIO = "relapse"
_NO_FRAME = "Cookies with samesite=none require https"
"""Beginning of a warning to those who put the page into a frame of another, which nobody can."""
_LOOPBACK = ("127.0.0.1", "localhost", "::1")
_SETTINGS = {
    "SOLARA_TELEMETRY_MIXPANEL_ENABLE": "False",
    "SOLARA_THEME_TITLE": "asnsim",
    "SOLARA_THEME_LOADER": "plain",
    "SOLARA_THEME_SHOW_BANNER": "False",
    "SOLARA_ASSETS_FONTAWESOME_ENABLED": "False",
    "SOLARA_KERNEL_CULL_TIMEOUT": limits.LONGEST_ABSENCE,
    "SOLARA_KERNEL_MAX_COUNT": str(4 * limits.LARGEST_NUMBER_OF_VISITORS),
    "SOLARA_APP": "scenarios.app.page",
}
"""What the server library reads when it is loaded. Kernels are those of pages that still wait."""


def serve(
    scenario: str, host: str, port: int, *, opens_browser: bool, tell: Callable[[str], None]
) -> None:
    """Serve the page until interrupted; ``tell`` is given its address once it answers.

    ``port`` 0 takes a free one. Raises ScenarioError where the address cannot be had.
    """
    listening = _listen(host, port)
    address = _address(host, listening.getsockname()[1])
    os.environ.update(_SETTINGS)
    os.environ[_START] = scenario
    warnings.filterwarnings("ignore", _NO_FRAME, UserWarning, "solara")
    import uvicorn
    from solara.server.starlette import app
    from starlette.middleware.trustedhost import TrustedHostMiddleware

    # Pages of other sites are turned away, also where they reach this port by a name of their own.
    guarded: Any = SameOrigin(app)
    if host in _LOOPBACK:
        guarded = TrustedHostMiddleware(
            guarded, allowed_hosts=[*_LOOPBACK, "[::1]"], www_redirect=False
        )
    config = uvicorn.Config(
        guarded, log_level="error", ws_max_size=limits.LARGEST_MESSAGE, lifespan="on",
        timeout_graceful_shutdown=2,
    )  # fmt: skip
    server = uvicorn.Server(config)
    threading.Thread(
        target=_announce, args=(server, address, opens_browser, tell), daemon=True
    ).start()
    try:
        server.run(sockets=[listening])
    except KeyboardInterrupt:
        return


def start_scenario() -> str:
    """Return the name or file that the server was started with."""
    return os.environ.get(_START, _DEFAULT_SCENARIO)


class SameOrigin:
    """Turns away what a browser sends on behalf of a page of another address."""

    def __init__(self, app: Any) -> None:
        self._app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Hand on what comes from our own page, from no page at all, or belongs to the server."""
        headers = dict(scope.get("headers", ()))
        origin = headers.get(b"origin", b"").decode("latin-1")
        if not origin or urlsplit(origin).netloc == headers.get(b"host", b"").decode("latin-1"):
            await self._app(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
        else:
            await send({"type": "http.response.start", "status": 403, "headers": []})
            await send({"type": "http.response.body", "body": b"another origin"})


def has_browser() -> bool:
    """Tell whether a window could be opened here: a display, and a browser that uses it."""
    if sys.platform.startswith("linux") and not (
        os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    ):
        return False
    try:
        webbrowser.get()
    except webbrowser.Error:
        return False
    return True


def _listen(host: str, port: int) -> socket.socket:
    try:
        family, kind, protocol, _, place = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[
            0
        ]
        listening = socket.socket(family, kind, protocol)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(place)
    except (OSError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise ScenarioError(
            f"--host {host} --port {port}: cannot be had ({str(reason).lower()}): choose another "
            "--port, or 0 for any that is free"
        ) from None
    return listening


def _address(host: str, port: int) -> str:
    shown = "127.0.0.1" if host in ("0.0.0.0", "::") else host
    return f"http://[{shown}]:{port}/" if ":" in shown else f"http://{shown}:{port}/"


def _announce(server: Any, address: str, opens_browser: bool, tell: Callable[[str], None]) -> None:
    while not server.started:
        if server.should_exit:
            return
        time.sleep(0.05)
    tell(address)
    if opens_browser and has_browser():
        webbrowser.open(address)
