"""What pydantic found, as lines of ``FILE: line N: path: value: rule: remedy``."""

import types
import typing
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import pydantic

from abm.units import did_you_mean
from scenarios.load_text import KeyPath
from scenarios.schema import Scenario
from scenarios.schema.base import shorten

MOST_LINES = 20


class Found(NamedTuple):
    """One problem: where in the file, what, and how early it is told."""

    path: KeyPath
    message: str
    rank: int


_UNKNOWN, _STRUCTURE, _VALUE = 0, 1, 2


def explain(
    error: pydantic.ValidationError,
    contents: dict[str, Any],
    root: type[pydantic.BaseModel] = Scenario,
) -> list[Found]:
    """Return all problems of a ``root``, unknown and missing keys first as others follow from them.

    ``contents`` is what the author wrote.
    """
    found: list[Found] = []
    for entry in error.errors(include_url=False):
        if entry["type"] == "contradictions":
            found += [Found(path, text, _VALUE) for path, text in entry["ctx"]["found"]]
        else:
            found.append(_explain_one(dict(entry), contents, root))
    return sorted(dict.fromkeys(found), key=lambda problem: problem.rank)


def to_lines(found: Iterable[Found], locate: Callable[[KeyPath], str]) -> str:
    """Join the problems, one line each, and say how many were left out."""
    lines = []
    for path, message, _ in found:
        place = located(locate(path), ".".join(map(str, path)))
        lines.append(": ".join(part for part in (place, message) if part))
    if len(lines) > MOST_LINES:
        lines[MOST_LINES:] = [f"... and {len(lines) - MOST_LINES} more of this kind"]
    return "\n".join(lines)


def located(place: str, dotted: str) -> str:
    """Return the start of a message: place and path, the path once where the place ends in it."""
    if place.endswith((f"--set {dotted}", f"--{dotted}")):
        return place
    return ": ".join(part for part in (place, dotted) if part)


def _explain_one(
    entry: dict[str, Any], contents: dict[str, Any], root: type[pydantic.BaseModel]
) -> Found:
    path, models = _follow(entry["loc"], contents, root)
    kind, value = entry["type"], shorten(entry["input"])
    context = entry.get("ctx", {})
    if kind == "extra_forbidden":
        return Found(path, _unknown_key(str(path[-1]), models), _UNKNOWN)
    if kind == "missing":
        return Found(path, "is missing: this key is required", _STRUCTURE)
    if kind in ("union_tag_invalid", "union_tag_not_found"):
        return _wrong_tag(path, models, entry)
    if kind == "literal_error":
        return Found(path, f"{value}: must be {context['expected']}", _VALUE)
    if kind in ("model_type", "dict_type", "model_attributes_type"):
        return Found(path, f"{value}: must be a mapping of keys and values", _STRUCTURE)
    if kind in ("tuple_type", "list_type"):
        return Found(path, f"{value}: must be a list, e.g. [{_bare(entry['input'])}]", _STRUCTURE)
    if kind == "string_type":
        return Found(path, f"{value}: must be text: put it in quotes", _VALUE)
    if kind == "value_error":
        return Found(path, str(context.get("error", entry["msg"])), _VALUE)
    if kind == "scenario":
        return Found(path, entry["msg"], _VALUE)
    return Found(path, f"{value}: {entry['msg'][0].lower()}{entry['msg'][1:]}", _VALUE)


def _bare(value: Any) -> str:
    return str(value)[:30] if isinstance(value, (str, int, float)) else "..."


def _unknown_key(key: str, models: list[type[pydantic.BaseModel]]) -> str:
    if not models:
        return "is an unknown key"
    allowed, siblings = list(models[-1].model_fields), models[:-1]
    for sibling in siblings:
        if key in sibling.model_fields:
            return (
                f"does not go with {_tag_of(models[-1])}, only with {_tag_of(sibling)}: "
                f"leave it out"
            )
    return f"is an unknown key{did_you_mean(key, allowed)}"


def _tag_of(model: type[pydantic.BaseModel]) -> str:
    for name in ("kind", "model"):
        field = model.model_fields.get(name)
        if field is not None and typing.get_args(field.annotation):
            return f"{name}: {typing.get_args(field.annotation)[0]}"
    return model.__name__


def _wrong_tag(path: KeyPath, models: list[Any], entry: dict[str, Any]) -> Found:
    name = "model" if path and path[0] == "cells" else "kind"
    given = entry["input"].get(name) if isinstance(entry["input"], dict) else None
    allowed = ("mechanistic", "fixed-rates") if name == "model" else ("tissue", "well", "body")
    if not isinstance(entry["input"], dict):
        message = f"{shorten(entry['input'])}: must be a mapping of keys and values"
        return Found(path, message, _STRUCTURE)
    if given is None:
        return Found((*path, name), f"is missing: one of {', '.join(allowed)}", _STRUCTURE)
    message = f"{shorten(given)}: is no known {name}{did_you_mean(str(given)[:80], allowed)}"
    return Found((*path, name), message, _STRUCTURE)


def _follow(
    location: tuple[str | int, ...], contents: Any, root: type[pydantic.BaseModel]
) -> tuple[KeyPath, list[type[pydantic.BaseModel]]]:
    """Drop the union tags from a location; return the models around its last key.

    The last of the models is the one that was tried; those before it are its siblings in a union.
    """
    path: list[str | int] = []
    models: list[type[pydantic.BaseModel]] = [root]
    annotation: Any = root
    for part in location:
        if part == "[key]":
            continue
        candidates = _models_in(annotation)
        tagged = [model for model in candidates if _has_tag(model, part)]
        if len(candidates) > 1 and tagged:
            models = [model for model in candidates if model not in tagged] + tagged
            annotation = tagged[0]
            continue
        path.append(part)
        if len(candidates) == 1 and models[-1] is not candidates[0]:
            models = candidates
        annotation = _step_into(annotation, part)
    return tuple(path), models


def _has_tag(model: type[pydantic.BaseModel], tag: str | int) -> bool:
    return any(
        tag in typing.get_args(model.model_fields[name].annotation)
        for name in ("kind", "model")
        if name in model.model_fields
    )


def _models_in(annotation: Any) -> list[type[pydantic.BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, pydantic.BaseModel):
        return [annotation]
    origin = typing.get_origin(annotation)
    if origin in (typing.Union, types.UnionType, typing.Annotated):
        return [m for part in typing.get_args(annotation) for m in _models_in(part)]
    return []


def _step_into(annotation: Any, part: str | int) -> Any:
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin in (tuple, list):
        return arguments[0]
    if origin is dict:
        return arguments[1]
    if origin in (typing.Union, types.UnionType):
        inner = [a for a in arguments if a is not type(None)]
        return _step_into(inner[0], part) if len(inner) == 1 else None
    if origin is typing.Annotated:
        return _step_into(arguments[0], part)
    for model in _models_in(annotation):
        field = model.model_fields.get(str(part))
        if field is not None:
            return field.annotation
    return None
