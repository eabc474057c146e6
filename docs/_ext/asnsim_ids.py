"""Link the short ids of the documents: equations, assumptions, statements, parameters, sources.

The pages stay plain Markdown: (M9), A20, S7, X1, `cell.half_charging`, doi:10... and PMID 1 are
written as text, and become links to the place that explains them when Sphinx reads the page. An
equation gets its tag at the margin and an anchor, ``model.html#eq-m9``.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util.nodes import make_refnode
from sphinx.util.typing import ExtensionMetadata

TAG = re.compile(r"\s*\\qquad\(\\mathrm\{([A-Z]\d+)\}\)\s*$")
CODE_TAG = re.compile(r"^(?: {4})?\(([A-Z]\d+)\)", re.MULTILINE)
ASSUMPTION = re.compile(r"^- \*\*(A\d{2,3})\*\* ", re.MULTILINE)
ROW = re.compile(r"^\| `?([\w.]+)`? \|", re.MULTILINE)
LISTS = {"biology-map": re.compile(r"S\d+$"), "conflicts": re.compile(r"[XY]\d$")}
PARAMETERS, ROWS_OF_THE_VALIDATION = "parameters", {"validation", "validation-notes", "ablation"}
MENTION = re.compile(
    r"(?P<equation>\([A-Z]\d+\))"
    r"|(?<!\bRow )(?<!\brow )\b(?P<id>A(?!549\b)\d{2,3}|S\d{1,2}|X[1-6]|Y[12])\b(?![-/])"
    r"|\bdoi:(?P<doi>10\.\d{4,9}/[^\s,;|]*[^\s,;|.)])"
    r"|\bPMID (?P<pmid>\d+)"
    r"|\b(?P<pmc>PMC\d{5,})"
    r"|\b(?P<trial>NCT\d{8})"
)
OUTSIDE = {
    "doi": "https://doi.org/{}",
    "pmid": "https://pubmed.ncbi.nlm.nih.gov/{}/",
    "pmc": "https://pmc.ncbi.nlm.nih.gov/articles/{}/",
    "trial": "https://clinicaltrials.gov/study/{}",
}


class Place(NamedTuple):
    """Where an id is explained."""

    page: str
    anchor: str


def known_places(docs: Path) -> dict[str, Place]:
    """Return where each id is explained: "(M9)" for equations, names of parameters, A01, S1, X1."""
    found: dict[str, Place] = {}
    for path in sorted(docs.glob("*.md")):
        text, page = path.read_text(encoding="utf-8"), path.stem
        tags = [tag for line in text.splitlines() for tag in TAG.findall(line)]
        for tag in [*tags, *CODE_TAG.findall(text)]:
            found.setdefault(f"({tag})", Place(page, f"eq-{tag.lower()}"))
        for number in ASSUMPTION.findall(text):
            found.setdefault(number, Place(page, number.lower()))
        for name in ROW.findall(text):
            if page in LISTS and LISTS[page].match(name):
                found.setdefault(name, Place(page, name.lower()))
            elif page == PARAMETERS:
                found.setdefault(name, Place(page, f"parameter-{name}"))
                found.setdefault(name.rpartition(".")[2], Place(page, f"parameter-{name}"))
    return found


def place_and_link(app: Sphinx, tree: nodes.document) -> None:
    """Put anchors where ids are explained, and make references of the mentions of ids."""
    places: dict[str, Place] = app.env.asnsim_places  # type: ignore[attr-defined]
    page = app.env.docname
    _number_equations(tree)
    _anchor_entries(tree, page, places)
    for text in list(tree.findall(nodes.Text)):
        parent = text.parent
        if isinstance(parent, nodes.literal):
            if isinstance(parent.parent, nodes.TextElement) and not _is_inside_link(parent):
                _link_parameter(parent, page, places)
        elif not _is_inside_link(text) and not isinstance(parent, _LEFT_ALONE):
            parts = list(_linked(text.astext(), page, places))
            if len(parts) > 1 or not isinstance(parts[0], nodes.Text):
                parent.replace(text, parts)


_LEFT_ALONE = (
    nodes.math, nodes.math_block, nodes.literal_block, nodes.title, nodes.raw, nodes.comment,
)  # fmt: skip


def _is_inside_link(node: nodes.Node) -> bool:
    while node.parent is not None:
        node = node.parent
        if isinstance(node, (nodes.reference, addnodes.pending_xref, nodes.title)):
            return True
    return False


def _number_equations(tree: nodes.document) -> None:
    for block in tree.findall(nodes.math_block):
        found = TAG.search(block.astext())
        if found is None:
            continue
        formula = TAG.sub("", block.astext())
        split = f"\\begin{{split}}{formula}\\end{{split}}" if "\\\\" in formula else formula
        block.clear()
        block += nodes.Text(f"\\begin{{equation}}{split}\\tag{{{found[1]}}}\\end{{equation}}")
        block["no-wrap"] = block["nowrap"] = True
        block["ids"].append(f"eq-{found[1].lower()}")
    for block in list(tree.findall(nodes.literal_block)):
        tags = CODE_TAG.findall(block.astext())
        if tags:
            names = [f"eq-{tag.lower()}" for tag in tags]
            block.parent.insert(block.parent.index(block), nodes.target("", "", ids=names))


def _anchor_entries(tree: nodes.document, page: str, places: dict[str, Place]) -> None:
    here = {name: place.anchor for name, place in places.items() if place.page == page}
    for item in tree.findall(nodes.list_item):
        strong = next(iter(item.findall(nodes.strong)), None)
        if strong is not None and strong.astext() in here:
            item["ids"].append(here[strong.astext()])
    for row in tree.findall(nodes.row):
        anchor = here.get(row[0].astext())
        if anchor is not None and not any(anchor in n["ids"] for n in tree.findall(nodes.row)):
            row["ids"].append(anchor)


def _link_parameter(literal: nodes.literal, page: str, places: dict[str, Place]) -> None:
    name = literal.astext()
    place = places.get(name)
    is_named = "." in name or page == "model"
    if place is None or place.page != PARAMETERS or page == PARAMETERS or not is_named:
        return
    literal.replace_self(_reference(name, literal.deepcopy()))


def _linked(text: str, page: str, places: dict[str, Place]) -> Iterator[nodes.Node]:
    end = 0
    for found in MENTION.finditer(text):
        kind, name, start = str(found.lastgroup), found[0], found.start()
        if kind == "equation" and name not in places:  # no equation, an id in parentheses
            kind, name, start = "id", name[1:-1], start + 1
        if kind in OUTSIDE:
            uri = OUTSIDE[kind].format(found[kind])
            link: nodes.Node = nodes.reference("", name, refuri=uri)
        elif name in places and not (name[0] == "A" and page in ROWS_OF_THE_VALIDATION):
            link = _reference(name, nodes.inline("", name))
        else:
            continue
        if start > end:
            yield nodes.Text(text[end:start])
        yield link
        end = start + len(name)
    if end < len(text) or not text:
        yield nodes.Text(text[end:])


def _reference(name: str, content: nodes.Node) -> addnodes.pending_xref:
    return addnodes.pending_xref("", content, refdomain="", reftype="asnsim-id", reftarget=name)


def resolve(
    app: Sphinx, env: BuildEnvironment, node: addnodes.pending_xref, content: nodes.TextElement
) -> nodes.reference | None:
    """Turn a mention into a link to the page and anchor of its id."""
    if node["reftype"] != "asnsim-id":
        return None
    place: Place = env.asnsim_places[node["reftarget"]]  # type: ignore[attr-defined]
    return make_refnode(app.builder, node["refdoc"], place.page, place.anchor, content)


def _refdoc(app: Sphinx, tree: nodes.document) -> None:
    place_and_link(app, tree)
    for node in tree.findall(addnodes.pending_xref):
        node.setdefault("refdoc", app.env.docname)


def _read_places(app: Sphinx) -> None:
    app.env.asnsim_places = known_places(Path(app.srcdir))  # type: ignore[attr-defined]


def setup(app: Sphinx) -> ExtensionMetadata:
    """Act after a page was read and when its references are resolved."""
    app.connect("builder-inited", _read_places)
    app.connect("doctree-read", _refdoc)
    app.connect("missing-reference", resolve)
    return {"env_version": 1, "parallel_read_safe": True, "parallel_write_safe": True}
