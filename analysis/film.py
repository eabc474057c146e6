"""Frames into MP4 and GIF files, one at a time, through the ffmpeg that imageio-ffmpeg brings."""

import os
from collections.abc import Generator
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np

from abm.errors import ScenarioError

MP4_SUFFIX, GIF_SUFFIX = ".mp4", ".gif"
_GIF_WIDTH = 480
_GIF_STRIDE = 2
"""Every other frame goes into a GIF, at half the rate."""
_GIF_COLOURS = 256
_MP4_OPTIONS = ["-crf", "21", "-preset", "veryfast", "-movflags", "+faststart"]


class Film:
    """One film file; add frames, then leave the ``with`` block.

    The file appears under its name only when it is whole. Raises ScenarioError for another suffix
    than .mp4 or .gif; OSError, such as a full disk, goes up.
    """

    def __init__(self, path: Path, size: tuple[int, int], frames_per_second: int) -> None:
        if path.suffix not in (MP4_SUFFIX, GIF_SUFFIX):
            raise ScenarioError(f"{path}: a film is written as .mp4 or .gif")
        path.parent.mkdir(parents=True, exist_ok=True)
        self._path = path
        self._temporary = path.with_name(f".{path.stem}.part{path.suffix}")
        self._is_gif = path.suffix == GIF_SUFFIX
        self._n_added = 0
        self._sink = self._open(size, frames_per_second)

    def __enter__(self) -> Self:
        self._sink.send(None)
        return self

    def add(self, image: np.ndarray) -> None:
        """Append ``image``, contiguous uint8[height, width, 3]."""
        if not self._is_gif or self._n_added % _GIF_STRIDE == 0:
            self._sink.send(image)
        self._n_added += 1

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._sink.close()
        if kind is None:
            os.replace(self._temporary, self._path)
        else:
            self._temporary.unlink(missing_ok=True)

    def _open(self, size: tuple[int, int], frames_per_second: int) -> Generator[None, Any, None]:
        import imageio_ffmpeg

        if self._is_gif:
            palette = (
                f"scale={_GIF_WIDTH}:-2:flags=lanczos,split[a][b];"
                f"[a]palettegen=max_colors={_GIF_COLOURS}:stats_mode=full[p];"
                "[b][p]paletteuse=dither=none:diff_mode=rectangle"
            )
            return imageio_ffmpeg.write_frames(
                str(self._temporary),
                size,
                fps=frames_per_second / _GIF_STRIDE,
                codec="gif",
                pix_fmt_out="pal8",
                quality=None,
                macro_block_size=1,
                ffmpeg_log_level="error",
                output_params=["-filter_complex", palette],
            )
        return imageio_ffmpeg.write_frames(
            str(self._temporary),
            size,
            fps=frames_per_second,
            codec="libx264",
            pix_fmt_out="yuv420p",
            quality=None,
            macro_block_size=2,
            ffmpeg_log_level="error",
            output_params=_MP4_OPTIONS,
        )
