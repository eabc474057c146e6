"""What the documents tell users to type is understood: commands, scenarios, Python."""

import ast
import re
import shlex
from pathlib import Path

import pytest

from scenarios.catalogue import is_assay
from scenarios.cli import app
from scenarios.load import load, loads
from scenarios.studies.load import load_assay

ROOT = Path(__file__).resolve().parents[2]
GUIDES = (
    "README.md",
    "docs/how-to.md",
    "docs/output-format.md",
    "docs/parameters.md",
    "docs/assays.md",
)


def _blocks(name, language):
    text = (ROOT / name).read_text(encoding="utf-8")
    return re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)


def _commands():
    for name in GUIDES:
        for block in _blocks(name, "sh"):
            for line in block.splitlines():
                words = shlex.split(line, comments=True)
                if words and words[0].endswith("asnsim"):
                    yield words[1 : words.index(">")] if ">" in words else words[1:]


COMMANDS = list(_commands())


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_commands_are_understood(words):
    command, bound, _ = app.parse_args(words, print_error=False, exit_on_error=False)
    if command.__name__ in ("run", "show") and not words[1].endswith(".yaml"):
        read = load_assay if is_assay(words[1]) else load
        assert read(words[1], bound.arguments.get("set_") or ())


def test_the_guides_have_commands():
    assert {words[0] for words in COMMANDS} >= {"list", "show", "run", "plot", "animate"}


@pytest.mark.parametrize("name", GUIDES)
def test_scenarios_load_and_python_parses(name):
    for block in _blocks(name, "yaml"):
        if block.startswith("asnsim:"):
            assert loads(block, name).cells
    for block in _blocks(name, "python"):
        ast.parse(block)
