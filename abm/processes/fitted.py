"""Numbers that ``asnsim calibrate cell`` found: the defaults of what it varies.

They are constants that all cells share (``cell.NAME``) and numbers of lines (``line.ID.NAME``).

``fitted.yaml`` beside this file is the ``parameters.yaml`` of that command as it wrote it;
docs/calibration.md says how it is made again.
"""

import functools
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from abm.errors import ScenarioError

FILE = Path(__file__).with_name("fitted.yaml")


def fitted(name: str, unit: str = "") -> float:
    """Return one number of the file, in ``unit`` as it is written there ("uM/h"; empty: none).

    Raises ScenarioError if the name is missing or has another unit.
    """
    if name not in _numbers():
        raise ScenarioError(f"{FILE.name}: {name}: is missing")
    number, written = _numbers()[name]
    if written != unit:
        raise ScenarioError(f"{FILE.name}: {name}: is in '{written}', must be in '{unit}'")
    return number


@functools.cache
def _numbers() -> Mapping[str, tuple[float, str]]:
    """Return number and unit by name."""
    from ruamel.yaml import YAML

    tree = YAML(typ="safe", pure=True).load(FILE.read_text(encoding="utf-8")) or {}
    found = {}
    for name, value in tree.get("parameters", {}).items():
        number, _, unit = str(value).partition(" ")
        found[name] = (float(number), unit)
    return MappingProxyType(found)
