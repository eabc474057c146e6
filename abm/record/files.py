"""Files that are either whole or not there: temporary file, fsync, rename."""

import contextlib
import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

TEMPORARY_SUFFIX = ".tmp"
_WRITERS = 8
"""Files that are brought to the disk at the same time."""
_Item = TypeVar("_Item")


def replace_file(path: Path, write: Callable[[Path], object], *, is_durable: bool = True) -> None:
    """Call ``write`` with a temporary sibling of ``path`` and rename that onto ``path``.

    With ``is_durable`` the content reaches the disk before the rename. Whatever fails goes up
    unchanged (a full disk as OSError); then ``path`` is as it was and no temporary file stays.
    """
    temporary = path.with_name(path.name + TEMPORARY_SUFFIX)
    try:
        write(temporary)
        if is_durable:
            sync(temporary)
        os.replace(temporary, path)
    except BaseException:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise
    if is_durable:
        sync(path.parent)


def replace_bytes(path: Path, content: bytes, *, is_durable: bool = True) -> None:
    """Write ``content`` to ``path`` as :func:`replace_file` does."""
    replace_file(path, lambda temporary: temporary.write_bytes(content), is_durable=is_durable)


def replace_text(path: Path, text: str) -> None:
    """Write ``text`` as UTF-8 to ``path`` as :func:`replace_file` does."""
    replace_bytes(path, text.encode())


def together(write: Callable[[_Item], object], items: Iterable[_Item]) -> None:
    """Call ``write`` for every item in threads and wait for all; raises what the first one raises.

    Writing mostly waits for the disk, which serves requests that come together faster.
    """
    with ThreadPoolExecutor(_WRITERS) as writers:
        list(writers.map(write, items))


def sync(path: Path) -> None:
    """Wait until a file, or the entries of a folder, are on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
