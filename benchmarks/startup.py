"""G16-G18: processes that start, over what they cannot avoid; cold runs over warm ones."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from benchmarks.rows import Row, timed
from benchmarks.timing import Effort, Ratio, Samples, Side, compare, ratio
from benchmarks.whole import tissue_text

ROOT = Path(__file__).resolve().parents[1]
N_CELLS = 16
SMALLEST = """asnsim: 1
description: one cell with fixed rates for one hour, for the benchmarks
environment: {kind: well, volume: 100 uL, species: []}
cells:
  - {type: cell, model: fixed-rates, number: 1, birth_rate: 1 1/d}
time: {end: 1 h, record: 1 h, checkpoint: 1 h}
seed: 1
"""
_SHORT = ("--set", "time.end=12 min", "--set", "time.record=6 min", "--set",
          "time.checkpoint=12 min")  # fmt: skip
_LIST_MODULES = """
import json, sys
before = set(sys.modules)
from scenarios.cli import main
try:
    main(sys.argv[2:])
except SystemExit:
    pass
loaded = [name for name in sys.modules if name not in before and not name.startswith("__")]
with open(sys.argv[1], "w") as file:
    json.dump(loaded, file)
"""
_IMPORT_MODULES = """
import contextlib, importlib, json, sys
for name in json.load(open(sys.argv[1])):
    with contextlib.suppress(Exception):
        importlib.import_module(name)
"""
HELP_LIMIT_S = 1.0


def measure(effort: Effort) -> list[Row]:
    """Return G16 (help) and G17 (smallest warm runs over their imports)."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        plain, tissue = _run_arguments(place, "smallest"), _run_arguments(place, "tissue")
        _python(["-m", "asnsim", *tissue])  # kernels into the cache
        sides = [
            _side("nothing", ["-c", "pass"]),
            _side("cyclopts", ["-c", "import cyclopts"]),
            _side("help", ["-m", "asnsim", "--help"]),
            _side("smallest run", ["-m", "asnsim", *plain]),
            _side("its imports", _imports_of(place, "smallest", plain)),
            _side("tissue run", ["-m", "asnsim", *tissue]),
            _side("its imports too", _imports_of(place, "tissue", tissue)),
        ]
        if effort.is_quick:
            effort = replace(effort, rounds=2, tries=1)
        samples = compare(sides, effort)
    return _rows(samples)


def cold(effort: Effort) -> list[Row]:
    """Return G18: the first run of a small tissue, kernels compiled, over a warm one."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        arguments = ["-m", "asnsim", *_run_arguments(place, "tissue")]
        sides = [
            Side("cold", partial(_cold_run, arguments, place), is_gated=False),
            Side("warm", partial(_run_once, arguments), is_gated=False),
        ]
        _python(arguments)
        samples = compare(sides, replace(effort, rounds=1, tries=1), warm_up=False)
    return [
        timed("G18", f"first run (compiles) / warm run, tissue of {N_CELLS} cells, 12 min",
              ratio(samples, "cold", "warm"), floor=25, goal=15, is_more_better=False,
              remark=_seconds(samples))
    ]  # fmt: skip


def _rows(samples: dict[str, Samples]) -> list[Row]:
    help_s = samples["help"].median
    return [
        timed("G16", "asnsim --help / import cyclopts", ratio(samples, "help", "cyclopts"),
              floor=2.5, is_more_better=False, remark=_seconds(samples)),
        timed("G16", f"asnsim --help / {HELP_LIMIT_S:g} s",
              Ratio(help_s / HELP_LIMIT_S, min(samples["help"].seconds) / HELP_LIMIT_S,
                    max(samples["help"].seconds) / HELP_LIMIT_S,
                    "; ".join(filter(None, samples["help"].disturbances[:1]))),
              floor=1.0, is_more_better=False),
        timed("G16", "asnsim --help / python -c pass", ratio(samples, "help", "nothing")),
        timed("G17", "smallest warm run (one cell, fixed rates, 1 h) / all it imports",
              ratio(samples, "smallest run", "its imports"), floor=1.3, is_more_better=False),
        timed("G17", f"warm run, tissue of {N_CELLS} mechanistic cells, 12 min / all it imports",
              ratio(samples, "tissue run", "its imports too")),
    ]  # fmt: skip


def _run_arguments(place: Path, name: str) -> list[str]:
    """Write the scenario and return the arguments of ``asnsim`` that run it."""
    path = place / f"{name}.yaml"
    path.write_text(SMALLEST if name == "smallest" else tissue_text(N_CELLS))
    short = () if name == "smallest" else _SHORT
    return ["run", str(path), "--out", str(place / name), "--overwrite", *short]


def _imports_of(place: Path, name: str, arguments: Sequence[str]) -> list[str]:
    """Run once, note what was imported, and return the arguments that import just that."""
    listed = place / f"{name}.json"
    _python(["-c", _LIST_MODULES, str(listed), *arguments])
    if not json.loads(listed.read_text()):
        raise AssertionError("nothing was imported")
    return ["-c", _IMPORT_MODULES, str(listed)]


def _side(name: str, arguments: Sequence[str]) -> Side:
    return Side(name, partial(_run_once, arguments), is_gated=False)


def _run_once(arguments: Sequence[str]) -> float:
    _python(arguments)
    return 1.0


def _cold_run(arguments: Sequence[str], place: Path) -> float:
    with tempfile.TemporaryDirectory(dir=place) as cache:
        _python(arguments, {"NUMBA_CACHE_DIR": cache})
    return 1.0


def _python(arguments: Sequence[str], environment: Mapping[str, str] | None = None) -> None:
    """Run this interpreter from the root of the repository; raises where it fails."""
    done = subprocess.run(
        [sys.executable, *arguments], cwd=ROOT, env=os.environ | dict(environment or {}),
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode != 0:
        raise RuntimeError(f"python {' '.join(arguments[:3])} failed: {done.stderr[-2000:]}")


def _seconds(samples: dict[str, Samples]) -> str:
    return "s: " + ", ".join(f"{name} {one.median:.2f}" for name, one in samples.items())
