"""Check the built documents: every link inside leads somewhere, and nothing is loaded from outside.

Usage: python tools/check_site.py FOLDER. Prints what is wrong and leaves with status 1.
"""

import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

_LOADED = {"script": "src", "img": "src", "link": "href", "iframe": "src", "source": "src"}
_NOT_LOADED = {"canonical", "alternate", "author", "license", "next", "prev", "search", "index"}


class Page(HTMLParser):
    """The links, the assets and the anchors of one page."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.links: list[str] = []
        self.assets: list[str] = []
        self.anchors: set[str] = set()
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note what a tag links to, loads, and is called."""
        values = {name: value or "" for name, value in attrs}
        self.anchors |= {values[name] for name in ("id", "name") if name in values}
        if tag == "a" and "href" in values:
            self.links.append(values["href"])
        source = _LOADED.get(tag)
        if source in values and not _NOT_LOADED & set(values.get("rel", "").split()):
            self.assets.append(values[source])


def problems(folder: Path) -> list[str]:
    """Return one line for each link or asset that is wrong."""
    pages = {path.resolve(): Page(path) for path in sorted(folder.rglob("*.html"))}
    found = []
    for path, page in pages.items():
        name = path.relative_to(folder.resolve())
        for target in {*page.links, *page.assets}:
            parts = urlsplit(target)
            if parts.scheme or parts.netloc:
                if target in page.assets and parts.scheme != "data":
                    found.append(f"{name}: loads {target}")
                continue
            goal = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            anchor = unquote(parts.fragment)
            if not goal.exists():
                found.append(f"{name}: links to {target}, which is not there")
            elif anchor and goal in pages and anchor not in pages[goal].anchors:
                found.append(f"{name}: links to {target}, which has no such anchor")
    return sorted(found) if pages else [f"{folder}: has no pages"]


def main(arguments: list[str]) -> int:
    """Check the folder that is named."""
    if len(arguments) != 1:
        sys.stderr.write("usage: python tools/check_site.py FOLDER\n")
        return 2
    found = problems(Path(arguments[0]))
    sys.stderr.write("".join(f"{line}\n" for line in found))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
