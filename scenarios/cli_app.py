"""The command that serves the page in the browser."""

import importlib.util
import sys
from typing import Annotated

from cyclopts import Parameter

from abm.errors import ScenarioError
from scenarios.cli_support import DONE, FAILED, tell, write

_DEFAULT_SCENARIO = "relapse"
_LARGEST_PORT = 65535


def app(
    scenario: Annotated[
        str, Parameter(help="Bundled scenario or file that the page starts with.")
    ] = _DEFAULT_SCENARIO,
    /,
    *,
    port: Annotated[int, Parameter(help="Port; 0 takes a free one.")] = 8765,
    host: Annotated[
        str, Parameter(help="Address to listen at; any other than this one lets others in.")
    ] = "127.0.0.1",
    open_: Annotated[
        bool, Parameter(name="--open", help="Open a browser where there is one.")
    ] = True,
) -> int:
    """Serve a page in the browser: run scenarios, look at the cells, dose them, compare arms."""
    if not 0 <= port <= _LARGEST_PORT:
        raise ScenarioError(f"--port {port}: must be 0 to {_LARGEST_PORT}")
    missing = [name for name in ("solara", "ipyvuetify") if not importlib.util.find_spec(name)]
    if missing:
        return tell(
            f"the page needs packages that are not installed ({', '.join(missing)}): "
            'pip install "asnsim[web]"', FAILED,
        )  # fmt: skip
    from scenarios.catalogue import find_scenario, is_assay
    from scenarios.load import load

    find_scenario(scenario)
    if is_assay(scenario):
        raise ScenarioError(f"{scenario}: is an assay, no scenario: `asnsim run` takes it")
    from scenarios.app.limits import check_size

    check_size(load(scenario))
    from scenarios.app.serve import serve

    if host not in ("127.0.0.1", "localhost", "::1"):
        tell(f"warning: everybody who reaches {host} can use the page and this machine", DONE)
    serve(scenario, host, port, opens_browser=open_, tell=_tell_address)
    return DONE


def _tell_address(address: str) -> None:
    write(address)
    sys.stdout.flush()
    tell("the page is served until Ctrl-C", DONE)
