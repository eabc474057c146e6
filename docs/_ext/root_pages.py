"""Show the documents that lie beside docs/ (architecture, changes ...) as pages of the site.

They are copied to docs/project, which git ignores, with their relative links turned to fit; links
to them from the other pages are turned as well. A link that shows the name of a file shows the
title of its page. On GitHub all links work as they are written.
"""

import re
from pathlib import Path

from sphinx.application import Sphinx
from sphinx.util.typing import ExtensionMetadata

FOLDER = "project"
PAGES = ("ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md")
NAMED_BY_FILE = re.compile(r"\[(?:[\w-]+/|\.\./)*[\w-]+\.md\](?=\([^)]+\.md[)#])")
LINK = re.compile(r"\]\((?!https?:|#)([^)\s]+)\)")


def copy_pages(app: Sphinx) -> None:
    """Write the copies; one that is up to date is left alone."""
    docs = Path(app.srcdir)
    (docs / FOLDER).mkdir(exist_ok=True)
    for name in PAGES:
        text = (docs.parent / name).read_text(encoding="utf-8")
        copy, turned = docs / FOLDER / name, LINK.sub(_from_root, text)
        if not copy.exists() or copy.read_text(encoding="utf-8") != turned:
            copy.write_text(turned, encoding="utf-8")


def _from_root(found: re.Match[str]) -> str:
    target = found[1]
    if target.partition("#")[0] in PAGES:
        return found[0]
    return f"](../{target.removeprefix('docs/')})" if target.startswith("docs/") else "](#)"


def turn_links(app: Sphinx, page: str, content: list[str]) -> None:
    """Let links of the pages in docs/ lead to the copies, and show titles."""
    for name in PAGES:
        content[0] = content[0].replace(f"](../{name}", f"]({FOLDER}/{name}")
    content[0] = NAMED_BY_FILE.sub("[]", content[0])


def setup(app: Sphinx) -> ExtensionMetadata:
    """Copy before pages are looked for, turn links when a page is read."""
    app.connect("builder-inited", copy_pages)
    app.connect("source-read", turn_links)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
