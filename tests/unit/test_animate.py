"""The film of a run: right number of frames, readable files, the cursor at the right time."""

import imageio_ffmpeg
import numpy as np
import pytest
from PIL import Image

from abm.errors import RunFolderError, ScenarioError
from abm.record.reader import RunReader
from abm.record.writer import RunWriter
from analysis.animate import animate_run, film_frames

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
        assert gif.width == 480
        assert gif.n_frames == N_FRAMES // 2


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
        fresh = (background - frame[strip]).min(axis=2).min(axis=0) > 100
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
