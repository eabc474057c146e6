"""Fluency of the page: pictures per second that a browser shows while a simulation plays.

``python -m benchmarks.page`` serves the page, opens it in headless Chromium and plays ``relapse``
(20,000 blasts) on two cores. Exit status 1 below 5 pictures per second, where nobody disturbed.
"""

import argparse
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks import machine
from benchmarks.timing import MOST_FOREIGN

ROOT = Path(__file__).resolve().parents[1]
SCENARIO = "relapse"
FEWEST_PER_S = 5.0
"""Pictures per second below which the page is not fluent."""
_WARM_UP_S = 5.0
_PATIENCE_MS = 600_000
"""The first start on a machine compiles."""
_FLAGS = ["--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-sync"]
_COUNT = """() => {
  window.asnPictures = [];
  document.addEventListener('load', event => {
    if (event.target.closest('.asn-picture')) { window.asnPictures.push(performance.now()); }
  }, true);
}"""
"""A picture counts when the browser has decoded it; one that is replaced before does not."""
_SINCE = "start => window.asnPictures.filter(at => at >= start)"


class Fluency(NamedTuple):
    """What was seen during a measurement."""

    pictures_per_s: float
    steps_per_s: float
    longest_gap_s: float
    """Longest time between two pictures."""
    n_cells: int
    server_cpus: float
    """CPUs that the server and what it started used on average."""
    foreign: float
    """Share of all CPUs that neither the server nor the browser used."""


def main(arguments: list[str] | None = None) -> int:
    """Measure and print; return 1 where an undisturbed page is not fluent, 2 without a browser."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.page", description=__doc__)
    parser.add_argument("--seconds", type=float, default=20.0, help="length of the measurement")
    parser.add_argument("--scenario", default=SCENARIO)
    parser.add_argument("--arms", type=int, choices=(1, 2), default=1, help="two: without drug")
    options = parser.parse_args(arguments)
    browser = shutil.which("chromium") or shutil.which("chromium-browser")
    if browser is None or importlib.util.find_spec("playwright") is None:
        sys.stderr.write("the page needs Chromium and playwright: apt-get install chromium; "
                         "pip install playwright\n")  # fmt: skip
        return 2
    sys.stdout.write(f"machine: {machine.describe()}\n")
    remark = machine.wait_for_idle(60.0, MOST_FOREIGN)
    with _served(options.scenario) as (address, server):
        seen = measure(browser, address, server, options.seconds, options.arms)
    sys.stdout.write(
        f"{options.scenario}, {options.arms} arm(s), {seen.n_cells:,} tumour cells: "
        f"{seen.pictures_per_s:.1f} pictures/s (>= {FEWEST_PER_S:g}), {seen.steps_per_s:.1f} "
        f"steps/s, longest gap {seen.longest_gap_s:.2f} s, server {seen.server_cpus:.2f} CPUs, "
        f"others {100.0 * seen.foreign:.0f} % of all CPUs\n"
    )
    is_disturbed = bool(remark and "not idle" in remark) or seen.foreign > MOST_FOREIGN
    if seen.pictures_per_s >= FEWEST_PER_S:
        return 0
    sys.stdout.write("too slow, but disturbed\n" if is_disturbed else "too slow\n")
    return 0 if is_disturbed else 1


def measure(browser: str, address: str, server: int, seconds: float, n_arms: int) -> Fluency:
    """Play in a browser for ``seconds`` [s]; ``server`` is the process id of the page's server."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(
            executable_path=browser, headless=True, chromium_sandbox=False, args=_FLAGS
        )
        page = opened.new_page(viewport={"width": 1280, "height": 800})
        page.goto(address, wait_until="domcontentloaded")
        clock = page.get_by_text(re.compile(r"step 0$"))
        clock.wait_for(timeout=_PATIENCE_MS)
        if n_arms == 2:
            page.get_by_label("Second arm, same seed", exact=True).click(force=True)
            page.get_by_text("the same without the drug", exact=True).click()
            page.get_by_role("button", name="Apply and reset").click()
            page.locator(".asn-picture").nth(1).wait_for(timeout=_PATIENCE_MS)
        page.get_by_role("button", name="Play", exact=True).click()
        clock.wait_for(state="detached", timeout=_PATIENCE_MS)
        time.sleep(_WARM_UP_S)
        page.evaluate(_COUNT)
        before, used, tree = machine.read_times(), _cpu_s(server), _tree_cpu_s(os.getpid())
        start, first = page.evaluate("performance.now()"), _step(page)
        started = time.perf_counter()
        time.sleep(seconds)
        shown = page.evaluate(_SINCE, start)
        end, last = page.evaluate("performance.now()"), _step(page)
        wall = time.perf_counter() - started
        after = machine.read_times()
        ours = _tree_cpu_s(os.getpid()) - tree
        server_s = _cpu_s(server) - used
        text = page.locator(".asn-counts").inner_text()
        opened.close()
    gaps = [b - a for a, b in zip([start, *shown], [*shown, end], strict=True)]
    busy = after.busy - before.busy
    return Fluency(
        len(shown) / n_arms / (end - start) * 1e3, (last - first) / wall, max(gaps) / 1e3,
        int(re.findall(r"([\d,]+) tumour", text)[0].replace(",", "")), server_s / wall,
        max(busy - ours, 0.0) / (wall * machine.n_cpu()),
    )  # fmt: skip


@contextmanager
def _served(scenario: str) -> Iterator[tuple[str, int]]:
    """Serve the page on a free port; yields its address and the process id."""
    server = subprocess.Popen(
        [sys.executable, "-m", "asnsim", "app", scenario, "--port", "0", "--no-open"],
        cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    try:
        assert server.stdout is not None
        address = server.stdout.readline().strip()
        if not address:
            raise RuntimeError(f"asnsim app {scenario} does not serve (status {server.wait()})")
        yield address, server.pid
    finally:
        server.terminate()
        server.wait(20)


def _step(page: Any) -> int:
    return int(page.locator(".asn-time").inner_text().rpartition(" ")[2])


def _cpu_s(process: int) -> float:
    """Return the CPU time [s] of a process, 0 where it has gone or nothing tells."""
    try:
        stat = Path(f"/proc/{process}/stat").read_text()
    except OSError:
        return 0.0
    fields = stat.rpartition(")")[2].split()
    return sum(int(fields[k]) for k in (11, 12)) / os.sysconf("SC_CLK_TCK")


def _tree_cpu_s(root: int) -> float:
    """Return the CPU time [s] of a process and all of its descendants that still run."""
    parents: dict[int, list[int]] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
        parents.setdefault(parent, []).append(int(folder.name))
    total, waiting = 0.0, [root]
    while waiting:
        process = waiting.pop()
        total += _cpu_s(process)
        waiting += parents.get(process, [])
    return total


if __name__ == "__main__":
    sys.exit(main())
