"""Zarr 3 arrays that grow along their first axis by plain file writes.

One append through the zarr library costs 3-5 ms per array, most of it bookkeeping. Arrays are
therefore created, and read, by zarr, while the chunks are encoded and put in place here: one file
per chunk, then, at a commit, the new length in ``zarr.json``. No file stays open between calls.
"""

import json
import threading
from pathlib import Path
from typing import Any, Final

import numpy as np

from abm.errors import RunFolderError
from abm.record.files import replace_bytes, sync

METADATA = "zarr.json"
KEPT_BITS = 15
"""Stored bits of the fraction of a float32: relative rounding error 2**-16 = 1.5e-5 at most."""
_FLOAT32_BITS = 23
_EXPONENT = np.uint32(0x7F800000)
_COMPRESSOR: Final = "lz4"
_LEVEL: Final = 1
_SHUFFLE: Final = "bitshuffle"


def rounded(values: np.ndarray) -> np.ndarray:
    """Return float32 values rounded to ``KEPT_BITS`` (nearest, ties to even), other types as given.

    Zeroed bits compress away, which shortens the files by about a third; integers, zero, NaN and
    infinity are kept as they are.
    """
    if values.dtype != np.float32:
        return values
    cut = _FLOAT32_BITS - KEPT_BITS
    bits = np.ascontiguousarray(values).view(np.uint32)
    result = bits >> np.uint32(cut)
    result &= np.uint32(1)  # whether the last bit kept is odd
    result += bits
    result += np.uint32((1 << (cut - 1)) - 1)
    result &= np.uint32(0xFFFFFFFF ^ ((1 << cut) - 1))
    is_special = (bits & _EXPONENT) == _EXPONENT  # NaN and infinity
    np.copyto(result, bits, where=is_special)
    return result.view(np.float32)


class GrowingArray:
    """One array of a zarr group, to which blocks are appended along the first axis.

    Full chunks are written at once, the last, partial one by :meth:`commit`, which also declares
    the new length; until then readers see the array as it was at the commit before.
    """

    def __init__(self, path: Path, *, length: int | None = None) -> None:
        """Open an existing array; ``length`` cuts it (None: as declared)."""
        import numcodecs

        self.path = path
        metadata_path = path / METADATA
        if not metadata_path.exists():
            raise RunFolderError(f"{path}: array is missing")
        self._metadata = json.loads(metadata_path.read_text())
        declared = self._metadata["shape"][0]
        self.length = declared if length is None else length
        if self.length > declared:
            raise RunFolderError(f"{path}: has {declared} entries, {self.length} are needed")
        self._committed = self.length
        self.item_shape = tuple(self._metadata["shape"][1:])
        self.dtype = np.dtype(self._metadata["data_type"])
        self.chunk_length = self._metadata["chunk_grid"]["configuration"]["chunk_shape"][0]
        self._compressor = numcodecs.Blosc(
            cname=_COMPRESSOR, clevel=_LEVEL, shuffle=numcodecs.Blosc.BITSHUFFLE
        )
        self._tail = np.zeros((self.chunk_length, *self.item_shape), self.dtype)
        self._dirty: set[Path] = set()
        if self.length % self.chunk_length:
            self._load_tail()
        self._declare()
        self._drop_chunks()

    @classmethod
    def create(
        cls,
        path: Path,
        dtype: str,
        *,
        item_shape: tuple[int, ...] = (),
        chunk_length: int,
        dimensions: tuple[str, ...],
        attributes: dict[str, Any],
    ) -> "GrowingArray":
        """Create an empty array whose names of dimensions are ``dimensions``."""
        create_array(
            path,
            dtype,
            shape=(0, *item_shape),
            chunks=(chunk_length, *item_shape),
            dimensions=dimensions,
            attributes=attributes,
        )
        return cls(path)

    def append(self, block: np.ndarray) -> None:
        """Append ``block[n, *item_shape]``."""
        block = rounded(np.asarray(block, dtype=self.dtype))
        done = 0
        while done < block.shape[0]:
            chunk_index, offset = divmod(self.length, self.chunk_length)
            n_taken = min(self.chunk_length - offset, block.shape[0] - done)
            self._tail[offset : offset + n_taken] = block[done : done + n_taken]
            if offset + n_taken == self.chunk_length:
                self._write_chunk(chunk_index)
            self.length += n_taken
            done += n_taken

    def commit(self) -> None:
        """Write the partial chunk, wait for the disk, then declare the length."""
        if self.length == self._committed:
            return
        chunk_index, offset = divmod(self.length, self.chunk_length)
        if offset:
            self._tail[offset:] = 0
            self._write_chunk(chunk_index)
        for path in sorted(self._dirty):
            sync(path)
        self._dirty.clear()
        self._declare()
        self._committed = self.length

    def _write_chunk(self, chunk_index: int) -> None:
        path = self._chunk_path(chunk_index)
        content = encoded(self._compressor, self._tail)
        if chunk_index * self.chunk_length >= self._committed:
            path.write_bytes(content)  # nothing committed is in it, so that no rename is needed
        else:
            replace_bytes(path, content, is_durable=False)
        self._dirty.add(path)

    def _declare(self) -> None:
        shape = [self.length, *self.item_shape]
        if self._metadata["shape"] == shape:
            return
        text = json.dumps(self._metadata | {"shape": shape})
        replace_bytes(self.path / METADATA, text.encode())
        self._metadata["shape"] = shape

    def _chunk_path(self, chunk_index: int) -> Path:
        return self.path / ".".join(["c", str(chunk_index), *("0" for _ in self.item_shape)])

    def _drop_chunks(self) -> None:
        kept = -(-self.length // self.chunk_length)
        for path in self.path.glob("c.*"):
            if int(path.name.split(".")[1]) >= kept:
                path.unlink()

    def _load_tail(self) -> None:
        raw = self._compressor.decode(
            self._chunk_path(self.length // self.chunk_length).read_bytes()
        )
        stored = np.frombuffer(raw, self.dtype).reshape(self._tail.shape)
        offset = self.length % self.chunk_length
        self._tail[:offset] = stored[:offset]


def encoded(codec: Any, values: np.ndarray) -> bytes:
    """Return ``values`` as the Blosc codec ``codec`` writes them, on the calling thread alone.

    A chunk is small, and the helpers of Blosc, which it uses on the main thread, would wait for
    processors that the threads of the kernels still hold.
    """
    content: bytes
    if threading.current_thread() is not threading.main_thread():
        content = codec.encode(values)  # without helpers as it is
        return content
    from numcodecs import blosc

    before, blosc.use_threads = blosc.use_threads, False
    try:
        content = codec.encode(values)
    finally:
        blosc.use_threads = before
    return content


def create_group(path: Path, attributes: dict[str, Any]) -> None:
    """Create an empty zarr 3 group."""
    import zarr

    zarr.create_group(store=path, zarr_format=3, attributes=attributes)


def create_array(
    path: Path,
    dtype: str,
    *,
    shape: tuple[int, ...],
    chunks: tuple[int, ...],
    dimensions: tuple[str, ...],
    attributes: dict[str, Any],
) -> Any:
    """Create a zarr 3 array whose chunks are single files in one folder, and return it."""
    import zarr
    from zarr.codecs import BloscCodec

    codec = BloscCodec(
        cname=_COMPRESSOR, clevel=_LEVEL, shuffle=_SHUFFLE, typesize=np.dtype(dtype).itemsize
    )
    return zarr.create_array(
        store=path,
        shape=shape,
        chunks=chunks,
        dtype=dtype,
        compressors=codec,
        fill_value=0,
        dimension_names=dimensions,
        attributes=attributes,
        chunk_key_encoding={"name": "default", "separator": "."},
        zarr_format=3,
    )
