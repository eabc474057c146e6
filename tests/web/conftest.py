"""A served page and a real browser; the tests are left out where there is no Chromium."""

import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from scenarios.load import dump_resolved
from tests import small

ROOT = Path(__file__).resolve().parents[2]
HOW_TO_GET_IT = "the web tests are left out: no Chromium here; say: apt-get install chromium"
FLAGS = [
    "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
NOWHERE = "http://127.0.0.1:9"
"""A proxy that answers nobody: the server cannot reach the internet, as on a machine without."""


def chromium() -> str:
    """Return the browser, or skip."""
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    if found is None:
        pytest.skip(HOW_TO_GET_IT)
    for package in ("playwright", "solara"):
        if importlib.util.find_spec(package) is None:
            pytest.skip(f"the web tests are left out: pip install '.[web,dev]' ({package} missing)")
    return found


@pytest.fixture(scope="module")
def scenario_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the file of a tissue so full of cells that a click often meets one."""
    path = tmp_path_factory.mktemp("page") / "patch.yaml"
    cells = [{**small.BLASTS, "number": 250}]
    path.write_text(dump_resolved(small.tissue({"time.end": "24 h"}, cells=cells)))
    return path


@pytest.fixture(scope="module")
def server_errors(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the file of what the server of :func:`address` writes to standard error."""
    return tmp_path_factory.mktemp("server") / "errors.txt"


@pytest.fixture(scope="module")
def address(scenario_file: Path, server_errors: Path) -> Iterator[str]:
    """Serve the page as a user does, on any free port, and return where."""
    chromium()
    with server_errors.open("w") as errors:
        server = subprocess.Popen(
            [sys.executable, "-m", "asnsim", "app", str(scenario_file), "--port", "0"],
            cwd=ROOT, stdout=subprocess.PIPE, stderr=errors, text=True,
            env={**os.environ, "http_proxy": NOWHERE, "https_proxy": NOWHERE,
                 "PYTHONPATH": str(ROOT)},
        )  # fmt: skip
    try:
        assert server.stdout is not None
        yield server.stdout.readline().strip()
    finally:
        server.terminate()
        server.wait(20)


@pytest.fixture(scope="module")
def browser() -> Iterator[object]:
    """Start one headless Chromium."""
    path = chromium()
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=path, headless=True, chromium_sandbox=False, args=FLAGS
        )
        yield browser
        browser.close()
