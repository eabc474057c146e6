"""The site of the documents: every page is in it, ids lead to one place, links are checked."""

import ast
import re
from collections import Counter
from pathlib import Path

import pytest

from tools import check_site

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
TAG = re.compile(r"\\qquad\(\\mathrm\{([A-Z]\d+)\}\)|^ {4}\(([A-Z]\d+)\)", re.MULTILINE)
EXAMPLES = sorted((ROOT / "examples").glob("plot_*.py"))


def navigation():
    for node in ast.parse((DOCS / "conf.py").read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "NAVIGATION":
            return [page for pages in ast.literal_eval(node.value).values() for page in pages]
    raise LookupError("docs/conf.py has no NAVIGATION")


def test_every_page_stands_once_in_the_side_bar():
    written = [page for page in navigation() if "/" not in page]
    assert sorted([*written, "index"]) == sorted(path.stem for path in DOCS.glob("*.md"))
    for page in navigation():
        if page.startswith("project/"):
            assert (ROOT / f"{page.removeprefix('project/')}.md").exists()


def test_every_page_is_named_in_the_index():
    text = (DOCS / "index.md").read_text(encoding="utf-8")
    assert not [page for page in navigation() if "/" not in page and f"({page}.md)" not in text]


def test_no_two_equations_have_one_number():
    tags = Counter(
        first or second
        for path in DOCS.glob("*.md")
        for first, second in TAG.findall(path.read_text(encoding="utf-8"))
    )
    assert len(tags) > 100
    assert not [tag for tag, number in tags.items() if number > 1]


@pytest.mark.parametrize("path", EXAMPLES, ids=[path.stem for path in EXAMPLES])
def test_an_example_has_a_title_and_imports_what_is_there(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    title, line = (ast.get_docstring(tree) or "").splitlines()[:2]
    assert title and set(line) == {"="} and len(line) == len(title)
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module.split(".")[0] in (
            "abm", "analysis", "scenarios",
        ):  # fmt: skip
            file = ROOT.joinpath(*node.module.split("."))
            source = file.with_suffix(".py").read_text(encoding="utf-8")
            assert all(f"def {name.name}(" in source or f"class {name.name}" in source
                       for name in node.names)  # fmt: skip


def test_each_question_of_the_readme_has_an_example():
    text = " ".join(path.read_text(encoding="utf-8") for path in EXAMPLES)
    for words in ("In the dish", "In the tissue", "In the patient", "sweep(", "branch(", "mesa."):
        assert words in text


def test_a_dead_link_and_an_outside_asset_are_found(tmp_path):
    other = '<a id="here"></a>'
    page = (
        '<a href="other.html#here">good</a> <a href="https://example.org">good</a>'
        '<a href="other.html#gone">no anchor</a> <a href="gone.html">no page</a>'
        '<script src="https://example.org/x.js"></script> <img src="data:,">'
    )
    (tmp_path / "page.html").write_text(page)
    (tmp_path / "other.html").write_text(other)
    assert check_site.problems(tmp_path) == [
        "page.html: links to gone.html, which is not there",
        "page.html: links to other.html#gone, which has no such anchor",
        "page.html: loads https://example.org/x.js",
    ]
    assert check_site.main([str(tmp_path / "nothing")]) == 1
