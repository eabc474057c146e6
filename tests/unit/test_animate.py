"""The film of a run: right number of frames, readable files, the cursor at the right time."""

import imageio_ffmpeg
import numpy as np
import pytest
from PIL import Image

from abm.errors import RunFolderError, ScenarioError
from abm.record.reader import RunReader
from abm.record.writer import RunWriter
from analysis.animate import animate_arms, animate_run, arm_frames, film_frames
from analysis.film import Film
from tests.tissue_run import write_tissue_run

N_FRAMES = 6
COUNTS = ("n_agents", "n_asns_high", "births", "deaths", "mutations")


def make_run(folder, *, is_spatial):
    """Write a run whose field falls tenfold and whose cells move to the right."""
    writer = RunWriter(folder)
    rng = np.random.default_rng(2)
    for k in range(N_FRAMES):
        n_cells = 60 - 5 * k
        columns = {
            "cell_type": np.full(n_cells, 1),
            "asns": rng.lognormal(10.0 + 0.4 * k, 0.3, n_cells),
            "is_resistant": np.arange(n_cells) < 5,
        }
        if is_spatial:
            columns["x_um"] = rng.uniform(0, 60, n_cells) + 20.0 * k
            columns["y_um"] = rng.uniform(0, 100, n_cells)
            columns["radius_um"] = np.full(n_cells, 5.0)
            field = np.full((10, 20), 45.0 * 0.1**k)
            writer.fields(6.0 * k, {"asn": field}, spacing_um=10.0)
        writer.cells(6.0 * k, columns)
        writer.timeseries(
            {"time_h": 6.0 * k, "n_cells": n_cells, "n_resistant": 5, **dict.fromkeys(COUNTS, 0)}
        )
    writer.finish({"name": "short", "seed": 1, "doses": [[6.0, "e-coli 1 IU/mL"]]})
    return folder


@pytest.fixture(scope="module")
def tissue(tmp_path_factory):
    return make_run(tmp_path_factory.mktemp("film") / "tissue", is_spatial=True)


@pytest.fixture(scope="module")
def well(tmp_path_factory):
    return make_run(tmp_path_factory.mktemp("film") / "well", is_spatial=False)


def test_mp4_and_gif_have_the_frames_and_nothing_else_is_left(tissue, tmp_path):
    seen = []
    out = [tmp_path / "films" / "a.mp4", tmp_path / "films" / "a.gif"]
    written = animate_run(tissue, out, progress=lambda done, total: seen.append((done, total)))
    assert written == out
    assert seen == [(k + 1, N_FRAMES) for k in range(N_FRAMES)]
    assert sorted(path.name for path in (tmp_path / "films").iterdir()) == ["a.gif", "a.mp4"]
    n_frames, _ = imageio_ffmpeg.count_frames_and_secs(str(out[0]))
    assert n_frames == N_FRAMES
    reader = imageio_ffmpeg.read_frames(str(out[0]))
    facts = next(reader)
    reader.close()
    assert facts["codec"] == "h264"
    assert facts["pix_fmt"].startswith("yuv420p")
    assert (facts["size"][0] % 2, facts["size"][1] % 2) == (0, 0)
    with Image.open(out[1]) as gif:
        assert gif.format == "GIF"
        assert gif.width == 640
        assert gif.n_frames == N_FRAMES


def test_field_and_cells_change_from_frame_to_frame_and_the_labels_do_not(tissue):
    first, *_, last = [frame.astype(int) for frame in film_frames(RunReader(tissue))]
    height, width, _ = first.shape
    changed = np.abs(last - first).max(axis=2) > 20
    left, right = changed[: height // 2, : width // 2], changed[: height // 2, width // 2 :]
    assert left.sum() > 10_000  # the field fell over the whole left panel
    assert right.sum() > 500
    assert not changed[: height // 20].any()  # title


def test_cursor_moves_by_equal_steps_of_time(well):
    frames = list(film_frames(RunReader(well)))
    strip = slice(int(0.85 * frames[0].shape[0]), int(0.88 * frames[0].shape[0]))
    places = []
    background = np.median([frame[strip] for frame in frames], axis=0)
    for frame in frames[1:-1]:
        fresh = np.median((background - frame[strip]).min(axis=2), axis=0) > 100
        places.append(np.flatnonzero(fresh[: int(0.77 * frame.shape[1])]).mean())
    assert np.allclose(np.diff(places), np.diff(places)[0], atol=1.5)
    assert places[0] < places[-1]


def test_without_places_the_histogram_moves(well):
    first, *_, last = [frame.astype(int) for frame in film_frames(RunReader(well))]
    upper = slice(0, first.shape[0] // 2)

    def centre_of_blue(image):
        is_blue = (image[upper, :, 2] > 150) & (image[upper, :, 0] < 30)
        return np.nonzero(is_blue)[1].mean()

    assert centre_of_blue(last) > centre_of_blue(first) + 50


def test_a_run_without_frames_has_no_film(tmp_path):
    writer = RunWriter(tmp_path / "run")
    writer.finish({})
    with pytest.raises(RunFolderError, match="neither cells nor fields"):
        animate_run(tmp_path / "run", [tmp_path / "a.mp4"])


def test_another_kind_of_file_is_refused_and_leaves_nothing(tissue, tmp_path):
    with pytest.raises(ScenarioError, match=r"a.avi: a film is written as .mp4 or .gif"):
        animate_run(tissue, [tmp_path / "a.mp4", tmp_path / "a.avi"])
    assert list(tmp_path.iterdir()) == []


def test_a_film_that_fails_half_way_leaves_no_file(tissue, tmp_path):
    def fail(done, total):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        animate_run(tissue, [tmp_path / "a.mp4"], progress=fail)
    assert list(tmp_path.iterdir()) == []


@pytest.fixture(scope="module")
def arms(tmp_path_factory):
    place = tmp_path_factory.mktemp("arms")
    return [
        write_tissue_run(place / "as-it-was"),
        write_tissue_run(place / "moved", shift_um=300.0),
    ]


class TestTwoArms:
    def test_both_arms_stand_side_by_side_on_one_clock(self, arms, tmp_path):
        out = [tmp_path / "arms.mp4", tmp_path / "arms.gif"]
        animate_arms(arms, out)
        reader = imageio_ffmpeg.read_frames(str(out[0]))
        facts = next(reader)
        width, height = facts["size"]
        *_, last = [np.frombuffer(one, np.uint8).reshape(height, width, 3) for one in reader]
        assert (width, height) == (2 * 1280, 820)
        cells = slice(60, 480), slice(700, 1170)
        is_red = [
            np.abs(half.astype(int)[cells] - (213, 94, 0)).max(axis=2) < 60
            for half in (last[:, :1280], last[:, 1280:])
        ]
        places = [np.flatnonzero(one.any(axis=0)).mean() for one in is_red]
        assert places[1] > places[0] + 100  # outlines of the resistant cells, which were moved
        assert out[1].stat().st_size < 3_000_000

    def test_colours_and_axes_are_those_of_both(self, arms):
        runs = [RunReader(folder) for folder in arms]
        times = runs[0].frame_times[:1]
        one, other = (
            next(iter(arm_frames(run, times, [rest], "same")))
            for run, rest in ((runs[0], runs[1]), (runs[1], runs[0]))
        )
        assert (one[60:520, 560:700] == other[60:520, 560:700]).all()  # scale of asparagine
        assert (one[620:] == other[620:]).all()  # axes of the numbers

    def test_an_arm_that_ended_stands_still(self, arms):
        run = RunReader(arms[0])
        last, later = arm_frames(run, np.array([216.0, 900.0]), (), "ended")
        assert (last == later).all()

    def test_arms_of_another_kind_or_too_many_are_refused(self, arms, well, tmp_path):
        with pytest.raises(RunFolderError, match="another kind of run"):
            animate_arms([arms[0], well], [tmp_path / "a.mp4"])
        with pytest.raises(RunFolderError, match="one run or two"):
            animate_arms([*arms, well], [tmp_path / "a.mp4"])
        assert list(tmp_path.iterdir()) == []


def test_a_solid_tissue_is_shown_as_slices_and_a_projection(tmp_path):
    folder = write_tissue_run(tmp_path / "solid", depth_um=100.0)
    first, *_, last = [frame.astype(int) for frame in film_frames(RunReader(folder))]
    changed = np.abs(last - first).max(axis=2) > 20
    upper, lower = changed[60:300], changed[370:590]
    for k in range(4):
        part = slice(70 + 284 * k, 270 + 284 * k)
        assert upper[:, part].any(), f"asparagine, picture {k}"
        assert lower[:, part].any(), f"cells, picture {k}"
    animate_run(folder, [tmp_path / "solid.gif"])
    assert (tmp_path / "solid.gif").stat().st_size < 3_000_000


def test_a_gif_that_would_be_too_large_is_made_narrower(tmp_path, monkeypatch):
    monkeypatch.setattr("analysis.film._GIF_LARGEST", 300_000)
    rng = np.random.default_rng(5)
    with Film(tmp_path / "noise.gif", (800, 400), 10, 4) as film:
        for _ in range(4):
            film.add(rng.integers(0, 255, (400, 800, 3), np.uint8))
    assert (tmp_path / "noise.gif").stat().st_size < 300_000
    with Image.open(tmp_path / "noise.gif") as gif:
        assert 240 <= gif.width < 640
        assert gif.n_frames == 4
