"""Checkpoints: the whole of a run at one tick, from which it continues bit for bit.

A file holds one line of JSON (what wrote it, when, a checksum) and then the model with all rows of
all tables, pickled and compressed. It is written to a temporary file, synced and renamed, so a
killed run leaves whole checkpoints only. When it is read, nothing but the classes of the engine
and plain data are admitted: a checkpoint holds no code.
"""

import functools
import hashlib
import io
import json
import operator
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from abm.errors import RunFolderError
from abm.model import PopulationModel
from abm.record import layout, provenance
from abm.record.files import replace_file

FORMAT = 1
_PREFIX, _SUFFIX = "tick-", ".checkpoint"
_LEVEL = 1
_KEPT_AT_LEAST = 16
"""Above twice this number, every second of the older checkpoints goes."""
_NEWEST_KEPT = 2
"""The newest are never thinned: when the last one is damaged, the one before serves."""
_FORBIDDEN = "abm.record"
"""Its classes write and delete files."""
_DATA_NAMES = frozenset(
    {
        ("numpy", "dtype"), ("numpy", "ndarray"), ("numpy._core.multiarray", "scalar"),
        ("numpy._core.multiarray", "_reconstruct"), ("numpy._core.numeric", "_frombuffer"),
        ("numpy.random._pickle", "__generator_ctor"),
        ("numpy.random._pickle", "__bit_generator_ctor"), ("numpy.random._pcg64", "PCG64"),
        ("numpy.random.bit_generator", "SeedSequence"),
        ("numpy.random.bit_generator", "__pyx_unpickle_SeedSequence"),
        ("collections", "defaultdict"), ("collections", "OrderedDict"), ("random", "Random"),
        ("builtins", "set"), ("builtins", "frozenset"), ("builtins", "list"), ("builtins", "dict"),
        ("builtins", "range"), ("builtins", "slice"), ("types", "MappingProxyType"),
        ("weakref", "WeakKeyDictionary"),
    }
)  # fmt: skip


class Checkpoint(NamedTuple):
    """A run as it was: the model, what recorders and tables held, what it took so far.

    ``recorders`` and ``tables`` are by folder inside of the run folder, "" for itself.
    """

    model: PopulationModel
    recorders: dict[str, dict[str, Any]]
    tables: dict[str, dict[str, Any]]
    spent: dict[str, float]


class Packed(NamedTuple):
    """A checkpoint that no longer changes with its model: tick, hours, and the run, pickled."""

    tick: int
    time_h: float
    content: bytes


def pack(checkpoint: Checkpoint) -> Packed:
    """Return a run as it is now, to be written while it goes on."""
    clock = checkpoint.model.clock
    return Packed(clock.tick, clock.hours, pickle.dumps(tuple(checkpoint), protocol=5))


def write_checkpoint(
    folder: Path, packed: Packed, wait: Callable[[], object] = lambda: None
) -> Path:
    """Write a checkpoint into the run folder ``folder`` and return its file.

    ``wait`` returns when all that the checkpoint counts on is on the disk; until then it has no
    name. Older ones are thinned out. Raises OSError, such as a full disk, and what ``wait``
    raises; then nothing has changed.
    """
    import numcodecs

    body = numcodecs.Zstd(level=_LEVEL).encode(packed.content)
    header = {
        "format": FORMAT,
        "tick": packed.tick,
        "time_h": packed.time_h,
        "engine": engine_digest(),
        **provenance.describe(),
        "checksum": hashlib.blake2b(body).hexdigest(),
    }
    path = folder / layout.CHECKPOINTS / f"{_PREFIX}{packed.tick:012d}{_SUFFIX}"

    def write(temporary: Path) -> None:
        with temporary.open("wb") as file:
            file.writelines((json.dumps(header).encode(), b"\n", body))
        wait()

    replace_file(path, write)
    _thin(folder)
    return path


def find_checkpoints(folder: Path) -> dict[int, Path]:
    """Return the files of the checkpoints of a run folder by tick, in order of time."""
    paths = sorted((folder / layout.CHECKPOINTS).glob(f"{_PREFIX}*{_SUFFIX}"))
    return {int(path.name[len(_PREFIX) : -len(_SUFFIX)]): path for path in paths}


def drop_checkpoints_after(folder: Path, tick: int) -> None:
    """Delete checkpoints later than ``tick``, which belong to a future that is cut away."""
    for one, path in find_checkpoints(folder).items():
        if one > tick:
            path.unlink()


def read_checkpoint(path: Path) -> Checkpoint:
    """Read a checkpoint.

    Raises RunFolderError where the file is damaged or was written by another version of asnsim; a
    damaged one is a :class:`DamagedCheckpoint`.
    """
    import numcodecs

    try:
        line, _, body = path.read_bytes().partition(b"\n")
        header = json.loads(line)
        is_whole = hashlib.blake2b(body).hexdigest() == header["checksum"]
    except (ValueError, KeyError, TypeError):
        is_whole = False
    if not is_whole:
        raise DamagedCheckpoint(f"{path}: is damaged")
    _check_version(path, header)
    pickled = bytes(numcodecs.Zstd(level=_LEVEL).decode(body))
    try:
        return Checkpoint(*_Unpickler(io.BytesIO(pickled)).load())
    except pickle.UnpicklingError as error:
        raise RunFolderError(f"{path}: {error}") from None


class DamagedCheckpoint(RunFolderError):
    """A checkpoint that is not whole."""


@functools.cache
def engine_digest() -> str:
    """Return a hash of the sources of the engine: state is only handed to the code that made it."""
    return digest_of(Path(__file__).parents[1])


def digest_of(root: Path) -> str:
    """Return a hash of the Python sources below a folder."""
    digest = hashlib.blake2b(digest_size=8)
    for source in sorted(root.rglob("*.py")):
        digest.update(str(source.relative_to(root)).encode() + source.read_bytes())
    return digest.hexdigest()


def _check_version(path: Path, header: dict[str, Any]) -> None:
    written, here = header["versions"], provenance.versions()
    is_same = header["format"] == FORMAT and header["engine"] == engine_digest()
    changed = [
        f"{name} {written.get(name)} (here {version})"
        for name, version in here.items()
        if written.get(name) != version
    ]
    if is_same and not changed:
        return
    what = ", ".join(changed) or f"other sources of asnsim {written.get('asnsim')}"
    raise RunFolderError(
        f"{path}: was written by {what}: install that version to continue, or run "
        f"{path.parents[1] / layout.SCENARIO} anew"
    )


def _thin(folder: Path) -> None:
    """Delete every second of the older checkpoints when there are too many."""
    paths = list(find_checkpoints(folder).values())
    if len(paths) <= 2 * _KEPT_AT_LEAST:
        return
    for path in paths[1:-_NEWEST_KEPT:2]:
        path.unlink()


class _Unpickler(pickle.Unpickler):
    """Admits classes of the engine and plain data; refuses everything else."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) == ("builtins", "getattr"):
            return _method
        if (module, name) == ("operator", "attrgetter"):
            return _plain_attribute
        if (module, name) in _DATA_NAMES:
            return super().find_class(module, name)
        if module == "numpy" and issubclass(getattr(np, name, object), np.generic):
            return getattr(np, name)
        if _is_engine(module) and name.isidentifier():
            found = super().find_class(module, name)
            is_admitted = isinstance(found, type) or module == "abm.observe"
            if is_admitted and getattr(found, "__module__", None) == module:
                return found
        raise pickle.UnpicklingError(f"a checkpoint must not hold {module}.{name}")


def _method(owner: Any, name: str) -> Any:
    """Return a bound method of a part of the engine."""
    kind = type(owner)
    if _is_engine(kind.__module__) and not name.startswith("__") and callable(getattr(kind, name)):
        return getattr(owner, name)
    raise pickle.UnpicklingError(f"a checkpoint must not hold {kind.__name__}.{name}")


def _is_engine(module: str) -> bool:
    return module.startswith(("abm.", "mesa.")) and not module.startswith(_FORBIDDEN)


def _plain_attribute(name: str) -> Any:
    if not name.isidentifier() or name.startswith("_"):
        raise pickle.UnpicklingError(f"a checkpoint must not hold the attribute {name}")
    return operator.attrgetter(name)
