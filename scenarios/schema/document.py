"""What every file that an author writes has: its own text, a name, and places for messages."""

from collections.abc import Callable, Sequence
from typing import Annotated, Any

import pydantic
from pydantic_core import PydanticCustomError

from scenarios.schema.base import Count, Model

Problem = tuple[tuple[str | int, ...], str]
"""Where a file contradicts itself, and how."""
Seed = Annotated[int, Count(0, 2**63 - 1)]


def contradictions(found: Sequence[Problem]) -> PydanticCustomError:
    """Return one error for contradictions at several places of a file."""
    text = "; ".join(f"{'.'.join(map(str, path))}: {message}" for path, message in found)
    return PydanticCustomError("contradictions", "{text}", {"text": text, "found": list(found)})


class Document(Model):
    """A file of an author, checked; whoever loads it sets its name and how to find its lines."""

    _author: dict[str, Any] = pydantic.PrivateAttr(default_factory=dict)
    _name: str = pydantic.PrivateAttr("document")
    _locate: Callable[[str], str] | None = pydantic.PrivateAttr(None)

    @pydantic.model_validator(mode="wrap")
    @classmethod
    def _keep_author(cls, value: Any, handler: Callable[[Any], Any]) -> Any:
        if isinstance(value, dict):
            value = cls.completed(value)
        document = handler(value)
        if isinstance(value, dict):
            document._author = value
        return document

    @classmethod
    def completed(cls, value: dict[str, Any]) -> dict[str, Any]:
        """Return what the author wrote with the defaults that hang on it."""
        return value

    @property
    def name(self) -> str:
        """Name of the bundled file, or stem of the author's."""
        return self._name

    def located(self, path: str) -> str:
        """Return ``FILE: line N: path`` for a dotted path, as a prefix of a later error."""
        return self._locate(path) if self._locate else path
