"""Print which tests bear the id of which biological statement (S1-S27, docs/biology-map.md).

Usage: python tools/mechanism_tests.py [--check]. A test bears an id when it stands in the docstring
of its function, its class or its file; S6K or S51 are not ids. With ``--check`` the exit status is
1 when an id has no test, and only the missing ones are written.
"""

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
N_STATEMENTS = 27
_ID = re.compile(r"\bS(\d{1,2})\b")


def ids_in(text: str) -> set[int]:
    """Return the numbers of the statements named in ``text``."""
    return {number for number in map(int, _ID.findall(text)) if 1 <= number <= N_STATEMENTS}


def docstrings(source: str) -> Iterator[tuple[str, str]]:
    """Yield (name, docstring) of the file ('' as name) and of each test function and class."""
    tree = ast.parse(source)
    yield "", ast.get_docstring(tree) or ""
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and _is_test(node.name):
            yield node.name, ast.get_docstring(node) or ""


def _is_test(name: str) -> bool:
    return name.lower().startswith("test")


def tests_by_id(folder: Path) -> dict[int, list[str]]:
    """Return for every statement the tests that bear its id, ``folder/file.py::name``, sorted."""
    found: dict[int, list[str]] = {number: [] for number in range(1, N_STATEMENTS + 1)}
    for path in sorted(folder.rglob("test_*.py")):
        place = path.relative_to(folder.parent).as_posix()
        for name, text in docstrings(path.read_text(encoding="utf-8")):
            for number in ids_in(text):
                found[number].append(f"{place}::{name}" if name else place)
    return {number: sorted(places) for number, places in found.items()}


def main(arguments: list[str]) -> int:
    """Write the map, or with ``--check`` what is missing; returns the exit status."""
    if arguments not in ([], ["--check"]):
        sys.stderr.write("usage: python tools/mechanism_tests.py [--check]\n")
        return 2
    found = tests_by_id(ROOT / "tests")
    missing = [f"S{number}" for number, places in found.items() if not places]
    if arguments:
        if missing:
            sys.stderr.write(f"no test bears {', '.join(missing)}\n")
        return 1 if missing else 0
    for number, places in found.items():
        sys.stdout.write(f"S{number}: {', '.join(places) or '-'}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
