"""Run the benchmarks and print a table of ratios; exit status 1 where a floor is missed."""

import argparse
import dataclasses
import importlib
import sys
import time
from pathlib import Path

import abm.kernels._jit  # noqa: F401  (thread options, before numba is used)
from benchmarks import machine
from benchmarks.rows import Row, table, to_json
from benchmarks.timing import MOST_FOREIGN, QUICK, Effort

PARTS = {
    "cell": "benchmarks.cell",
    "pass": "benchmarks.cell_pass",
    "cell-accuracy": "benchmarks.cell_accuracy",
    "mesa": "benchmarks.peer",
    "field": "benchmarks.field",
    "field-alone": "benchmarks.field_alone",
    "field-large": "benchmarks.field_alone:large",
    "mechanics": "benchmarks.mechanics",
    "mechanics-large": "benchmarks.mechanics:large",
    "scaling": "benchmarks.whole:scaling",
    "depth": "benchmarks.depth",
    "depth-large": "benchmarks.depth:large",
    "threads": "benchmarks.whole:threads",
    "memory": "benchmarks.whole:memory",
    "huge": "benchmarks.whole:huge",
    "leak": "benchmarks.endurance:leak",
    "recording": "benchmarks.endurance:recording",
    "sweeps": "benchmarks.sweeps",
    "install": "benchmarks.install",
    "startup": "benchmarks.startup",
    "cold": "benchmarks.startup:cold",
}
"""Name of a part -> module, and the function where it is not ``measure``."""
HEAVY = ("huge", "depth-large", "field-large", "mechanics-large")
"""Parts that run only when named or with --heavy."""


def main(arguments: list[str] | None = None) -> int:
    """Measure, print the table; return 1 if an undisturbed ratio misses its floor."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="small sizes, a few minutes")
    parser.add_argument("--only", action="append", choices=sorted(PARTS), help="may be repeated")
    parser.add_argument("--heavy", action="store_true", help=f"also {', '.join(HEAVY)}")
    parser.add_argument("--json", type=Path, help="write rows and machine line to this file, too")
    options = parser.parse_args(arguments)
    given = sys.argv[1:] if arguments is None else arguments
    command = " ".join(["python -m benchmarks", *_without_file(given)])
    effort = QUICK if options.quick else Effort()
    names = options.only or [name for name in PARTS if options.heavy or name not in HEAVY]
    machine_line = machine.describe()
    sys.stdout.write(f"machine: {machine_line}\n")
    rows: list[Row] = []
    started = time.perf_counter()
    for name in names:
        rows += _measure(name, effort)
    sys.stdout.write(f"in all {time.perf_counter() - started:.0f} s\n\n{table(rows)}\n")
    if options.json is not None:
        options.json.write_text(to_json(rows, machine_line, command) + "\n")
    return 1 if any(row.is_failure for row in rows) else 0


def _measure(name: str, effort: Effort) -> list[Row]:
    module, _, function = PARTS[name].partition(":")
    remark = machine.wait_for_idle(effort.idle_limit_s, MOST_FOREIGN)
    started = time.perf_counter()
    rows: list[Row] = getattr(importlib.import_module(module), function or "measure")(effort)
    seconds = time.perf_counter() - started
    sys.stdout.write(f"{name}: {seconds:.0f} s{'; ' if remark else ''}{remark}\n")
    sys.stdout.flush()
    return [dataclasses.replace(row, part=name) for row in rows]


def _without_file(arguments: list[str]) -> list[str]:
    """Return the arguments less the file that the rows go to."""
    if "--json" not in arguments:
        return arguments
    place = arguments.index("--json")
    return arguments[:place] + arguments[place + 2 :]


if __name__ == "__main__":
    sys.exit(main())
