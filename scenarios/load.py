"""A scenario by name or file, with overrides, checked and in internal units; and back to text."""

import dataclasses
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeVar

import pydantic

from abm.errors import ScenarioError
from scenarios import catalogue, load_text
from scenarios.load_errors import explain, located, to_lines
from scenarios.load_text import KeyPath, Tree
from scenarios.schema import Scenario
from scenarios.schema.document import Document
from scenarios.vessel_table import drop_replaced, read_vessels

D = TypeVar("D", bound=Document)

_NO_WRAPPING = 2**16


def load(name: str | Path, overrides: Sequence[str] = (), *, seed: int | None = None) -> Scenario:
    """Return the bundled scenario ``name``, or that of a file (ends in .yaml or has a slash).

    ``overrides`` are texts ``path=value`` as of ``--set``; ``seed`` replaces the seed. Raises
    ScenarioError whose text has one line per problem: FILE: line N: path: value: rule: remedy.
    """
    path = catalogue.find(name)
    text = load_text.read_file(path)
    return loads(text, str(name), overrides, seed=seed, folder=path.parent)


def loads(
    text: str,
    file: str = "scenario",
    overrides: Sequence[str] = (),
    *,
    seed: int | None = None,
    folder: Path | None = None,
) -> Scenario:
    """Return the scenario in ``text``; ``file`` is how messages call it. Raises as :func:`load`.

    ``folder`` is where tables that it names are looked for; without it none may be named.
    """
    tree = load_text.parse_text(text, file)
    if "assay" in tree.contents:
        raise ScenarioError(
            f"{file}: is an assay, no scenario: `asnsim run` takes it, "
            f"scenarios.studies.load.load_assay reads it"
        )
    where = overridden(tree, file, overrides, seed)
    drop_replaced(tree.contents, [path for path, _ in where.changed])
    if folder is not None:
        read_vessels(tree.contents, folder)
    scenario = checked(Scenario, where)
    scenario._name = Path(file).stem
    scenario._locate = where
    return scenario


@dataclasses.dataclass(frozen=True)
class Locator:
    """Says where a path of a scenario was written: a line of the file, or an option."""

    file: str
    tree: Tree
    changed: tuple[tuple[KeyPath, str], ...]

    def line(self, path: KeyPath) -> str:
        """Return ``FILE: line N`` or ``FILE: --set ...``."""
        for start, option in self.changed:
            n = min(len(start), len(path))
            if n and path[:n] == start[:n]:
                return f"{self.file}: {option}"
        return f"{self.file}: line {self.tree.line(path)}"

    def __call__(self, dotted: str) -> str:
        """Return the place of a dotted path, and the path, as the start of a message."""
        return located(self.line(_split(dotted)), dotted)


def overridden(
    tree: Tree, file: str, overrides: Sequence[str] = (), seed: int | None = None
) -> Locator:
    """Lay ``--set`` texts and a seed over ``tree``, in place; return where its paths come from."""
    changed = [override(tree, assignment) for assignment in overrides]
    if seed is not None:
        tree.contents["seed"] = seed
        changed.append((("seed",), "--seed"))
    return Locator(file, tree, tuple(changed))


def checked(model: type[D], where: Locator) -> D:
    """Return the contents of a tree as ``model``; ScenarioError with one line per problem."""
    tree = where.tree
    try:
        return model.model_validate(tree.contents)
    except pydantic.ValidationError as error:
        found = explain(error, tree.contents, model)
        found.sort(key=lambda problem: (problem.rank, tree.line(problem.path)))
        raise ScenarioError(to_lines(found, where.line)) from None


def dump_resolved(scenario: Scenario) -> str:
    """Return the scenario as YAML with every default filled in, in the units of the author."""
    return to_yaml(resolve(scenario, scenario._author))


def to_yaml(contents: dict[str, Any]) -> str:
    """Return plain contents as YAML text, one key per line at the top."""
    from ruamel.yaml import YAML
    from ruamel.yaml.comments import CommentedMap

    yaml = YAML(typ="rt")
    yaml.default_flow_style = None
    yaml.width = _NO_WRAPPING
    stream = io.StringIO()
    yaml.dump(CommentedMap(contents), stream)
    return stream.getvalue()


def resolve(value: Any, author: Any) -> Any:
    """Merge what the author wrote with the defaults of the models it became."""
    if isinstance(value, pydantic.BaseModel) and isinstance(author, dict):
        resolved = {}
        for name, field in type(value).model_fields.items():
            if getattr(value, name) is None:
                continue
            given = author[name] if name in author else _default(field)
            resolved[name] = resolve(getattr(value, name), given)
        return resolved
    if isinstance(value, tuple) and isinstance(author, (list, tuple)):
        return [resolve(*pair) for pair in zip(value, author, strict=True)]
    return author


def _default(field: Any) -> Any:
    default = field.get_default(call_default_factory=True)
    return list(default) if isinstance(default, tuple) else default


def _split(dotted: str) -> KeyPath:
    return tuple(int(part) if part.isdigit() else part for part in dotted.split("."))


def override(tree: Tree, assignment: str) -> tuple[KeyPath, str]:
    """Put one ``path=value`` into the tree and return its path and how a message calls it."""
    dotted, equals, text = assignment.partition("=")
    option = f"--set {dotted}"
    path = _split(dotted.strip())
    if not equals or "" in path or not text.strip():
        raise ScenarioError(
            f"--set {assignment[:80]!r}: must be path=value, e.g. --set time.end='30 d'"
        )
    value = load_text.parse_value(text, option)
    node: Any = tree.contents
    for depth, part in enumerate(path):
        is_last = depth == len(path) - 1
        part = _key_in(node, part, path[:depth], option)
        if isinstance(node, list):
            if is_last:
                node[part] = value  # type: ignore[index]
            else:
                node = node[part]  # type: ignore[index]
        elif path[0] == "parameters" and depth == 1:
            name = ".".join(map(str, path[1:]))  # names of parameters hold dots themselves
            node[name] = value
            return ("parameters", name), option
        elif is_last:
            node[part] = value
        else:
            node = node.setdefault(part, {})
    return path, option


def _key_in(node: Any, part: str | int, path: KeyPath, option: str) -> str | int:
    where = ".".join(map(str, path)) or "the scenario"
    if isinstance(node, list):
        if not isinstance(part, int) or part >= len(node):
            raise ScenarioError(
                f"{option}: '{part}' is no entry of {where}: a number from 0 to {len(node) - 1}"
            )
        return part
    if not isinstance(node, dict):
        raise ScenarioError(f"{option}: {where} has no keys below it: leave out '.{part}'")
    return str(part) if isinstance(part, int) and part not in node else part
