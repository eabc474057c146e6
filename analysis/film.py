"""Frames into MP4 and GIF files, one at a time, through the ffmpeg that imageio-ffmpeg brings."""

import os
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

import numpy as np

from abm.errors import ScenarioError

MP4_SUFFIX, GIF_SUFFIX = ".mp4", ".gif"
_GIF_WIDTH = 640
_GIF_SHAPE = 1.6
"""A film that is wider than this for its height, such as two arms, gets a wider GIF."""
_GIF_FRAMES = 60
"""Most frames of a GIF, at equal steps over the film."""
_GIF_SLOWEST = 6.0
"""Frames per second of a GIF, at least; a long film is shown faster."""
_GIF_COLOURS = 128
_GIF_LARGEST = 3_000_000
_GIF_SMALLER = 0.8
"""A GIF that has more bytes is written again at this share of its width, and so on."""
_GIF_NARROWEST = 240
_MP4_OPTIONS = ["-crf", "21", "-preset", "veryfast", "-movflags", "+faststart"]


class Film:
    """One film file; add frames, then leave the ``with`` block.

    The file appears under its name only when it is whole. A GIF has at most 60 frames, 128 colours
    and 3 MB, for which it is made narrower where that must be. Raises ScenarioError for another
    suffix than .mp4 or .gif; OSError, such as a full disk, goes up.
    """

    def __init__(
        self, path: Path, size: tuple[int, int], frames_per_second: float, n_frames: int
    ) -> None:
        if path.suffix not in (MP4_SUFFIX, GIF_SUFFIX):
            raise ScenarioError(f"{path}: a film is written as .mp4 or .gif")
        path.parent.mkdir(parents=True, exist_ok=True)
        self._path = path
        self._temporary = path.with_name(f".{path.stem}.part{path.suffix}")
        self._stride = 1
        self._n_added = 0
        if path.suffix == GIF_SUFFIX:
            self._stride = -(-n_frames // _GIF_FRAMES)
            self._sink: _Sink = _Gif(
                self._temporary, size, max(frames_per_second / self._stride, _GIF_SLOWEST)
            )
        else:
            self._sink = _Mp4(self._temporary, size, frames_per_second)

    def __enter__(self) -> Self:
        self._sink.send(None)
        return self

    def add(self, image: np.ndarray) -> None:
        """Append ``image``, contiguous uint8[height, width, 3]."""
        if self._n_added % self._stride == 0:
            self._sink.send(image)
        self._n_added += 1

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is not None:
            self._sink.abandon()
        self._sink.close()
        if kind is None:
            os.replace(self._temporary, self._path)
        else:
            self._temporary.unlink(missing_ok=True)


class _Sink(Protocol):
    def send(self, image: np.ndarray | None, /) -> None:
        """Take a frame; None opens the file."""

    def abandon(self) -> None:
        """Take note that the film will be thrown away."""

    def close(self) -> None:
        """Close the file."""


class _Mp4:
    """An MP4 that is written frame by frame."""

    def __init__(self, path: Path, size: tuple[int, int], frames_per_second: float) -> None:
        import imageio_ffmpeg

        self._writer = imageio_ffmpeg.write_frames(
            str(path), size, fps=frames_per_second, codec="libx264", pix_fmt_out="yuv420p",
            quality=None, macro_block_size=2, ffmpeg_log_level="error",
            output_params=_MP4_OPTIONS,
        )  # fmt: skip

    def send(self, image: np.ndarray | None, /) -> None:
        self._writer.send(image)

    def abandon(self) -> None:
        """Closing is all."""

    def close(self) -> None:
        self._writer.close()


class _Gif:
    """A GIF that is written when all of its frames are known, so that it can be made to fit."""

    def __init__(self, path: Path, size: tuple[int, int], frames_per_second: float) -> None:
        self._path, self._rate = path, frames_per_second
        self._width = min(_GIF_WIDTH * max(1.0, size[0] / size[1] / _GIF_SHAPE), size[0])
        self._frames: list[np.ndarray] = []

    def send(self, image: np.ndarray | None, /) -> None:
        if image is not None:
            self._frames.append(image)

    def abandon(self) -> None:
        self._frames.clear()

    def close(self) -> None:
        width = self._width
        while self._frames:
            self._write(2 * round(width / 2))
            if self._path.stat().st_size <= _GIF_LARGEST or width <= _GIF_NARROWEST:
                break
            width *= _GIF_SMALLER

    def _write(self, width: int) -> None:
        import imageio_ffmpeg

        height, full_width, _ = self._frames[0].shape
        palette = (
            f"scale={width}:-2:flags=lanczos,split[a][b];"
            f"[a]palettegen=max_colors={_GIF_COLOURS}:stats_mode=full[p];"
            "[b][p]paletteuse=dither=none:diff_mode=rectangle"
        )
        writer = imageio_ffmpeg.write_frames(
            str(self._path), (full_width, height), fps=self._rate, codec="gif",
            pix_fmt_out="pal8", quality=None, macro_block_size=1, ffmpeg_log_level="error",
            output_params=["-filter_complex", palette],
        )  # fmt: skip
        writer.send(None)
        for image in self._frames:
            writer.send(image)
        writer.close()
