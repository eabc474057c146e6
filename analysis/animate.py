"""The film of a run or of two arms side by side, over the course of the numbers.

A figure is drawn once; for each frame only the pictures, the time and the cursor are drawn over
the kept background.
"""

import contextlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from matplotlib.figure import Figure

from abm.errors import RunFolderError
from abm.record import layout
from abm.record.reader import Frame, RunReader
from analysis import scales, style
from analysis.body_film import BodyFilm
from analysis.film import Film
from analysis.film_course import COURSE_HEIGHT, BodyCourse
from analysis.film_maps import DOTS_PER_INCH, FLAT_SIZE, SOLID_SIZE, TissueMaps
from analysis.film_panels import Histogram, Timeline, histogram_columns
from analysis.planes import is_solid
from analysis.plots.common import protocol_of, run_title

Progress = Callable[[int, int], None]
"""Called with the frames done and the frames in all."""

_LENGTH_S = 20.0
_SLOWEST, _FASTEST = 4, 24
"""Frames per second are chosen between these for a film of about 20 s."""
_MOST_ARMS = 2
_TITLE_PLACE = 0.965


class _Panel(Protocol):
    """One part of the film that changes from frame to frame."""

    @property
    def artists(self) -> Sequence[Any]:
        """What matplotlib draws anew for each frame."""

    def update(self, frame: Frame) -> None:
        """Set the artists to a frame."""

    def paste(self, image: np.ndarray) -> None:
        """Put pixels into the drawn picture, uint8[height, width, 3]."""


def animate_run(run_folder: Path, out: list[Path], progress: Progress | None = None) -> list[Path]:
    """Write the film of a run to each path of ``out`` (.mp4 or .gif) and return the paths.

    With places of cells or fields: asparagine (logarithmic scale) beside the cells, coloured by
    ASNS, those of a resistant genotype outlined; of a 3-D tissue slices along the three axes and a
    projection. Without: the histogram of ASNS. Below, the numbers of cells with the doses and a
    moving cursor. A run of a patient shows the cells of each compartment, their genotypes and the
    marrow, over the drug and Asn; that of a body with a lesion the tissue of the lesion, over its
    cells and those, the drug and the Asn of the body. Raises RunFolderError for a run that recorded
    neither cells nor fields, and for one of several patients.
    """
    return animate_arms([run_folder], out, progress)


def animate_arms(
    run_folders: Sequence[Path], out: list[Path], progress: Progress | None = None
) -> list[Path]:
    """Write one film of one run, or of two side by side, to each path of ``out``.

    Two arms have one clock, one range of each axis and one scale of each colour; an arm that ends
    earlier stands still. Bodies show their lesions where each arm has one. Raises RunFolderError
    for runs that have no film, or not the same kind.
    """
    runs = _shown([RunReader(folder) for folder in run_folders])
    if len(runs) > _MOST_ARMS:
        raise RunFolderError(f"a film shows one run or two side by side, not {len(runs)}")
    times = max([_times(run) for run in runs], key=lambda one: float(one[-1]))
    if len({_kind(run) for run in runs}) > 1:
        raise RunFolderError(f"{runs[1].folder}: another kind of run than {runs[0].folder}")
    beside = [[other for other in runs if other is not run] for run in runs]
    arms = [
        arm_frames(run, times, others, _arm_title(run, runs))
        for run, others in zip(runs, beside, strict=True)
    ]
    return _write(out, arms, times.shape[0], progress)


def film_frames(run: RunReader) -> Iterator[np.ndarray]:
    """Yield the frames of the film of a run, uint8[height, width, 3]."""
    (shown,) = _shown([run])
    return arm_frames(shown, _times(shown), (), _arm_title(shown, [shown]))


def arm_frames(
    run: RunReader, times_h: np.ndarray, beside: Sequence[RunReader], title: str
) -> Iterator[np.ndarray]:
    """Yield the frames of one arm at times [h]; at each the last record not after it is shown.

    ``beside`` are the other arms, which share axes and colours with this one.
    """
    if run.is_body:
        return BodyFilm(run, beside, title).frames(times_h)
    return _panel_frames(run, times_h, beside, title)


def _panel_frames(
    run: RunReader, times_h: np.ndarray, beside: Sequence[RunReader], title: str
) -> Iterator[np.ndarray]:
    width, height = SOLID_SIZE if is_solid(run.frame(0, ())) else FLAT_SIZE
    raised = 0 if run.body is None else COURSE_HEIGHT
    figure = Figure(
        figsize=(width / DOTS_PER_INCH, (height + raised) / DOTS_PER_INCH),
        dpi=DOTS_PER_INCH, facecolor="white",
    )  # fmt: skip
    canvas = style.attach_canvas(figure)
    place = (_TITLE_PLACE * height + raised) / (height + raised)
    figure.text(0.5, place, title, fontsize=14, ha="center", va="center")
    timeline = Timeline(figure, run, beside, raised)
    panels = [*_upper_panels(figure, run, beside, raised), timeline]
    if run.body is not None:
        bodies = [one.body for one in beside if one.body is not None]
        panels.append(BodyCourse(figure, timeline, run.body, bodies))
    artists = [artist for panel in panels for artist in panel.artists]
    for artist in artists:
        artist.set_animated(True)
    canvas.draw()
    background = canvas.copy_from_bbox(figure.bbox)
    columns = tuple(dict.fromkeys((*scales.drawn_columns(run), *histogram_columns(run))))
    for k in np.maximum(np.searchsorted(run.frame_times, times_h, side="right") - 1, 0).tolist():
        frame = run.frame(k, columns)
        canvas.restore_region(background)
        for panel in panels:
            panel.update(frame)
        for artist in artists:
            figure.draw_artist(artist)
        image = np.ascontiguousarray(np.asarray(canvas.buffer_rgba())[:, :, :3])
        for panel in panels:
            panel.paste(image)
        yield image


def _upper_panels(
    figure: Figure, run: RunReader, beside: Sequence[RunReader], raised: int
) -> list[_Panel]:
    shared = scales.common_scales([run, *beside])
    if scales.is_spatial(run):
        return [TissueMaps(figure, run, shared, raised)]
    if "asns" in histogram_columns(run):
        return [Histogram(figure, run, shared.asns, beside)]
    return []


def _write(
    out: list[Path],
    arms: Sequence[Iterator[np.ndarray]],
    n_frames: int,
    progress: Progress | None,
) -> list[Path]:
    rate = int(np.clip(round(n_frames / _LENGTH_S), _SLOWEST, _FASTEST))
    with contextlib.ExitStack() as stack:
        films: list[Film] = []
        for k, images in enumerate(zip(*arms, strict=True)):
            image = images[0] if len(images) == 1 else np.hstack(images)
            if not films:
                size = (image.shape[1], image.shape[0])
                films = [stack.enter_context(Film(path, size, rate, n_frames)) for path in out]
            for film in films:
                film.add(image)
            if progress is not None:
                progress(k + 1, n_frames)
    return list(out)


def _shown(runs: Sequence[RunReader]) -> list[RunReader]:
    """Return the lesions of bodies where each has one whose places were recorded, else the runs."""
    lesions = [run.lesion for run in runs]
    shown = [one for one in lesions if one is not None and scales.is_spatial(one)]
    return shown if len(shown) == len(runs) else list(runs)


def _times(run: RunReader) -> np.ndarray:
    if run.is_body:
        return BodyFilm.times_of(run)
    if not any(run.has(name) for name in (layout.CELLS, layout.FIELDS)):
        raise RunFolderError(f"{run.folder}: neither cells nor fields were recorded, so no film")
    if run.frame_times.shape[0] == 0:
        raise RunFolderError(f"{run.folder}: no frame was recorded, so no film")
    return run.frame_times


def _kind(run: RunReader) -> tuple[bool, bool, bool]:
    """Return what decides how a film is laid out: body, places, depth."""
    if run.is_body:
        return (True, False, False)
    return (False, scales.is_spatial(run), is_solid(run.frame(0, ())))


def _arm_title(run: RunReader, runs: Sequence[RunReader]) -> str:
    own = run.body or run
    title = run_title(own)
    if run.body is not None:
        title = "  |  ".join(part for part in (f"Lesion of {title}", protocol_of(own)) if part)
    return title if len(runs) == 1 else f"{own.folder.name}  |  {title}"
