"""How large the core install is: files of the package's dependencies, extras left out."""

import re
import sys
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

from benchmarks.rows import Row
from benchmarks.timing import Effort

ROOT = Path(__file__).resolve().parents[1]
_NAME = re.compile(r"[A-Za-z0-9._-]+")


def measure(effort: Effort) -> list[Row]:
    """Return the bytes of all files of the core dependencies in GB."""
    del effort
    found: dict[str, int] = {}
    missing: list[str] = []
    _add("asnsim", found, missing)
    own = sum(
        path.stat().st_size for name in ("abm", "analysis", "scenarios", "asnsim")
        for path in (ROOT / name).rglob("*") if path.is_file() and "__pycache__" not in path.parts
    )  # fmt: skip
    found["asnsim"] = own
    total = sum(found.values())
    largest = sorted(found.items(), key=lambda item: -item[1])[:6]
    told = ", ".join(f"{name} {size / 1e6:.0f}" for name, size in largest)
    lacking = f"; not installed here: {', '.join(missing)}" if missing else ""
    return [
        Row("", "files of the core install / 1 GB", total / 1e9,
            remark=f"{total / 1e6:.0f} MB in {len(found)} packages for Python "
            f"{sys.version_info.major}.{sys.version_info.minor}, byte code included, interpreter "
            f"and pip not; MB: {told}{lacking}"),
    ]  # fmt: skip


def _add(name: str, found: dict[str, int], missing: list[str]) -> None:
    """Add a package and what it requires without extras; markers are taken as pip does."""
    key = re.sub(r"[-_.]+", "-", name).lower()
    if key in found or name in missing:
        return
    try:
        package = distribution(name)
    except PackageNotFoundError:
        missing.append(name)
        return
    found[key] = _size(package)
    for requirement in package.requires or ():
        wanted, _, marker = requirement.partition(";")
        if _applies(marker):
            match = _NAME.match(wanted.strip())
            if match is not None:
                _add(match.group(), found, missing)


def _applies(marker: str) -> bool:
    """Tell whether a requirement holds here, with no extra wanted."""
    from packaging.markers import Marker

    return not marker.strip() or Marker(marker).evaluate({"extra": ""})


def _size(package: Distribution) -> int:
    paths = (Path(str(package.locate_file(file))) for file in package.files or ())
    return sum(path.stat().st_size for path in paths if path.is_file())
