"""Documents agree with the code: tables, the order of a step, ids of equations, links."""

import ast
import re
from pathlib import Path

import pytest

from abm.order import ORDER
from abm.processes.cell_parameters import CellParameters
from tests.architecture.test_layers import LAYERS
from tools import generate_cell, make_tables, mechanism_tests

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").glob("*.md"))]
LINK = re.compile(r"(?<!!)\[[^\]]+\]\(([^)#:]+)(?:#[^)]*)?\)")
TAG = re.compile(r"\\qquad\(\\mathrm\{([A-Z]\d+)\}\)")
CITED = re.compile(r"Eqs?\. \(([A-Z]\d+)\)")


@pytest.mark.parametrize("name", make_tables.DOCUMENTS)
def test_tables_are_up_to_date(name):
    text = (ROOT / name).read_text(encoding="utf-8")
    renewed = make_tables.render(text, make_tables.DOCUMENTS[name], name)
    assert text == renewed, f"{name} is out of date; say: python tools/make_tables.py"


def test_equations_and_antimony_source_are_up_to_date():
    assert generate_cell.main(["--check"]) == 0, "say: python tools/generate_cell.py"


def test_every_biological_statement_has_a_test():
    found = mechanism_tests.tests_by_id(ROOT / "tests")
    assert not [f"S{number}" for number, names in found.items() if not names]


def test_every_parameter_class_is_in_the_tables():
    shown = {cls for _, _, classes in make_tables.SECTIONS for cls in classes}
    shown |= {cls for _, classes in make_tables.FROM_SCENARIO for cls in classes}
    shown |= set(make_tables.LINES_AND_PRODUCTS)
    missing = {
        cls.__qualname__
        for cls in make_tables.all_parameter_classes() - shown
        if not any(issubclass(other, cls) for other in shown)
    }
    assert not missing, f"tools/make_tables.py does not know {missing}"


def test_the_order_of_the_model_document_is_that_of_the_engine():
    text = (ROOT / "docs" / "model.md").read_text(encoding="utf-8")
    block = text.split("```python\n")[1].split("```")[0]
    statement = ast.parse(block).body[0]
    assert isinstance(statement, ast.AnnAssign) and statement.value is not None
    assert ast.literal_eval(statement.value) == ORDER
    # Its sections follow the same order.
    places = [text.index(f"(`{name}`)\n") for name in ORDER]
    assert places == sorted(places)


def test_equations_are_numbered_once_and_those_that_are_cited_exist():
    model = (ROOT / "docs" / "model.md").read_text(encoding="utf-8")
    tags = TAG.findall(model)
    assert len(tags) == model.count("$$") / 2 and len(tags) == len(set(tags))
    known = set(tags)
    for name in ("pharmacology.md", "clinic.md", "body.md", "marrow.md"):
        page = (ROOT / "docs" / name).read_text(encoding="utf-8")
        known |= set(re.findall(r"\(([PRVB]\d+)\)", page))
    for path in sorted((ROOT / "abm").rglob("*.py")):
        cited = set(CITED.findall(path.read_text(encoding="utf-8")))
        assert cited <= known, f"{path.relative_to(ROOT)} cites {cited - known}"


@pytest.mark.parametrize("path", DOCUMENTS, ids=[p.name for p in DOCUMENTS])
def test_links_lead_somewhere(path):
    for target in LINK.findall(path.read_text(encoding="utf-8")):
        assert (path.parent / target).exists(), f"{path.name} links to {target}"


def test_symbols_of_the_equations_lead_to_parameters():
    text = (ROOT / "docs" / "model.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`(\w+)`", text.split("## 15. Symbols")[1]))
    classes = make_tables.all_parameter_classes()
    assert named <= {row.name for cls in classes for row in cls.rows()}
    assert {row.name for row in CellParameters.rows()} - named <= {"step_tolerance", "step_floor"}


def test_layers_of_the_architecture_document_are_those_that_are_tested():
    text = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    block = next(part for part in text.split("```") if part.startswith("\nerrors, units"))
    told = [tuple(f"abm.{name}" for name in line.split(", ")) for line in block.split("\n")[1:-1]]
    inside = [layer for layer in LAYERS if layer[0].startswith("abm.")]
    assert [set(layer) for layer in told] == [set(layer) for layer in inside]
