"""What a run ran on: versions of the packages, CPU, platform. Goes into run.json."""

import functools
import importlib.metadata
import os
import platform
import sys
from pathlib import Path

PACKAGES = (
    "asnsim",
    "numpy",
    "scipy",
    "numba",
    "llvmlite",
    "mesa",
    "pandas",
    "zarr",
    "numcodecs",
    "pyarrow",
    "tskit",
)
"""Packages on which the bits of a result, or of its files, may depend."""

NOT_INSTALLED = "not installed"


@functools.cache
def versions() -> dict[str, str]:
    """Return the version of Python and of every package in ``PACKAGES``."""
    found = {"python": platform.python_version()}
    for name in PACKAGES:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            found[name] = NOT_INSTALLED
    return found


def cpu_name(cpu_table: Path = Path("/proc/cpuinfo")) -> str:
    """Return the model of the processor; the architecture where the system does not tell more."""
    try:
        for line in cpu_table.read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def describe() -> dict[str, object]:
    """Return ``versions``, ``cpu``, ``n_cpus`` and ``platform`` as plain values for run.json."""
    return {
        "versions": versions(),
        "cpu": cpu_name(),
        "n_cpus": os.cpu_count(),
        "platform": f"{platform.system()}-{platform.machine()}-{sys.byteorder}",
    }
