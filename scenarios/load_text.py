"""Scenario text to plain dicts and lists, with the line of every key; the only place with YAML.

Refused before anything is built: files that are too large or too deep, aliases, anchors, tags,
directives, several documents, keys given twice, and nulls.
"""

import dataclasses
import stat
from pathlib import Path
from typing import Any

from abm.errors import ScenarioError

LARGEST_FILE = 256 * 1024
GREATEST_DEPTH = 20
KeyPath = tuple[str | int, ...]


@dataclasses.dataclass(frozen=True)
class Tree:
    """Plain contents of a file and the line of each path in it."""

    file: str
    contents: dict[str, Any]
    lines: dict[KeyPath, int]

    def line(self, path: KeyPath) -> int:
        """Return the line of ``path`` or of the nearest thing around it that is written."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)


def read_file(path: Path) -> str:
    """Return the text of a scenario file.

    Raises ScenarioError where there is no such file, or no plain, small file of UTF-8 text.
    """
    try:
        status = path.stat()
    except FileNotFoundError:
        raise ScenarioError(f"{path}: there is no such file{_neighbours(path)}") from None
    except NotADirectoryError:
        raise ScenarioError(f"{path}: there is no such file") from None
    except (OSError, ValueError) as error:
        raise ScenarioError(f"{path!s:.200}: cannot be read: {_reason(error)}") from None
    if not stat.S_ISREG(status.st_mode):
        raise ScenarioError(f"{path}: is no file: give the path of a .yaml file")
    if status.st_size > LARGEST_FILE:
        raise ScenarioError(
            f"{path}: has {status.st_size:,} bytes: at most {LARGEST_FILE:,} (256 KiB)"
        )
    try:
        return path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ScenarioError(f"{path}: byte {error.start}: is no UTF-8 text") from None
    except OSError as error:
        raise ScenarioError(f"{path}: cannot be read: {_reason(error)}") from None


def _neighbours(path: Path) -> str:
    from abm.units import did_you_mean

    try:
        names = sorted(file.name for file in path.parent.glob("*.yaml"))[:50]
    except OSError:
        names = []
    return did_you_mean(path.name, names) if names else "; `asnsim list` shows the bundled ones"


def _reason(error: Exception) -> str:
    return (getattr(error, "strerror", None) or str(error)).lower()


def parse_text(text: str, file: str) -> Tree:
    """Read YAML text; ``file`` is the name that messages begin with.

    Raises ScenarioError that names the file, the line and what is wrong there.
    """
    if len(text.encode("utf-8", errors="replace")) > LARGEST_FILE:
        raise ScenarioError(f"{file}: is larger than {LARGEST_FILE:,} bytes (256 KiB)")
    from ruamel.yaml import YAML
    from ruamel.yaml.error import MarkedYAMLError, YAMLError

    yaml = YAML(typ="rt")
    try:
        _refuse_by_event(yaml.parse(text), file)
        root = YAML(typ="rt").load(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = f" line {mark.line + 1}:" if mark else ""
        problem = " ".join(str(error.problem or error.context).split())
        raise ScenarioError(f"{file}:{line} is no YAML: {_explain(problem)}") from None
    except (YAMLError, ValueError, RecursionError) as error:
        raise ScenarioError(f"{file}: is no YAML: {' '.join(str(error).split())[:200]}") from None
    if root is None:
        raise ScenarioError(f"{file}: is empty: `asnsim show relapse` prints a whole scenario")
    if not isinstance(root, dict):
        raise ScenarioError(
            f"{file}: line {_first_line(root)}: must be a mapping that begins with asnsim: 1"
        )
    lines: dict[KeyPath, int] = {}
    problems: list[str] = []
    contents = _plain(root, (), 1, _Walk(file, lines, problems))
    if problems:
        raise ScenarioError("\n".join(problems))
    return Tree(file, contents, lines)


def parse_value(text: str, where: str) -> Any:
    """Read the value of a ``--set``: one YAML value, refused by the same rules."""
    tree = parse_text("value: " + text, where)
    if set(tree.contents) != {"value"}:
        raise ScenarioError(f"{where}: is not one value")
    return tree.contents["value"]


def _first_line(root: Any) -> int:
    return root.lc.line + 1 if hasattr(root, "lc") else 1


def _explain(problem: str) -> str:
    if problem.startswith("found duplicate key"):
        return f"the key {problem.split()[3]} is given twice: leave one out"
    if "'\\t'" in problem or "tab" in problem:
        return f"{problem}: indent with spaces"
    return problem


def _refuse_by_event(events: Any, file: str) -> None:
    from ruamel.yaml import events as kinds

    depth, n_documents = 0, 0
    for event in events:
        line = event.start_mark.line + 1
        what = None
        if isinstance(event, kinds.AliasEvent):
            what = f"the alias *{event.anchor} is not allowed: write the value out"
        elif getattr(event, "anchor", None) is not None:
            what = f"the anchor &{event.anchor} is not allowed: leave it out"
        elif isinstance(event, kinds.DocumentStartEvent):
            n_documents += 1
            if n_documents > 1:
                what = "a second document begins: one file holds one scenario"
            elif event.version or event.tags:
                what = "directives (%YAML, %TAG) are not allowed: leave them out"
        elif getattr(event, "tag", None) is not None and str(event.tag) not in ("None", ""):
            what = f"the tag {event.tag} is not allowed: leave it out"
        elif isinstance(event, kinds.CollectionStartEvent):
            depth += 1
            if depth > GREATEST_DEPTH:
                what = f"is nested deeper than {GREATEST_DEPTH} levels"
        elif isinstance(event, kinds.CollectionEndEvent):
            depth -= 1
        if what:
            raise ScenarioError(f"{file}: line {line}: {what}")


@dataclasses.dataclass(frozen=True)
class _Walk:
    file: str
    lines: dict[KeyPath, int]
    problems: list[str]

    def refuse(self, path: KeyPath, line: int, message: str) -> None:
        where = ".".join(map(str, path)) or "file"
        self.problems.append(f"{self.file}: line {line}: {where}: {message}")


def _plain(node: Any, path: KeyPath, line: int, walk: _Walk) -> Any:
    walk.lines[path] = line
    if isinstance(node, dict):
        return _plain_mapping(node, path, walk)
    if isinstance(node, list):
        marks: Any = node
        return [
            _plain(item, (*path, index), marks.lc.key(index)[0] + 1, walk)
            for index, item in enumerate(node)
        ]
    if node is None:
        walk.refuse(path, line, "null is not allowed: give a value or leave the key out")
    elif isinstance(node, bool):
        return bool(node)
    elif isinstance(node, int):
        return bool(node) if type(node).__name__ == "ScalarBoolean" else int(node)
    elif isinstance(node, float):
        return float(node)
    elif isinstance(node, str):
        return str(node)
    else:
        walk.refuse(path, line, f"'{node}' is read as a {type(node).__name__}: put it in quotes")
    return None


def _plain_mapping(node: Any, path: KeyPath, walk: _Walk) -> dict[str | int, Any]:
    found: dict[str | int, Any] = {}
    if getattr(node, "merge", None):
        walk.refuse(path, walk.lines[path], "merge keys (<<) are not allowed: write the keys out")
    for key in list(node.keys()):
        line = node.lc.key(key)[0] + 1 if key in node.lc.data else walk.lines[path]
        plain_key = int(key) if isinstance(key, int) and not isinstance(key, bool) else key
        if not isinstance(plain_key, (str, int)) or isinstance(plain_key, bool):
            walk.refuse(path, line, f"the key {str(key)[:40]!r} is neither text nor a number")
            continue
        plain_key = str(plain_key) if isinstance(plain_key, str) else plain_key
        found[plain_key] = _plain(node[key], (*path, plain_key), line, walk)
    return found
