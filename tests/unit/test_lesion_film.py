"""The film of a lesion: its tissue, and under it the course of its body on the same clock."""

import json

import imageio_ffmpeg
import numpy as np
import pytest
from matplotlib.colors import to_rgb

from abm.record.reader import RunReader
from analysis import colours, style
from analysis.animate import animate_arms, film_frames
from scenarios import cli
from scenarios.load import loads
from scenarios.run import run
from tests.body_run import write_body_run
from tests.small import BLASTS, COURSE
from tests.text_boxes import overlaps
from tests.tissue_run import write_tissue_run

LESION = {
    "kind": "tissue", "size": ["100 um", "100 um"], "spacing": "20 um", "thickness": "10 um",
    "vessels": {"fraction": 0.2, "exchange_rate": "0.5 1/s"}, "interstitial_activity": 0.2,
    "cells": [BLASTS | {"number": 20}],
}  # fmt: skip
BODY_BLASTS = BLASTS | {"number": 1_000_000_000, "strata": {"asns": 1, "threshold": 2}}
END_H, DOSE_H, RECORD_H = 12, 5, 4
TREATMENT = COURSE | {"doses": [COURSE["doses"][0] | {"at": [f"{DOSE_H} h"]}]}
PATIENT_SIZE, LESION_SIZE = (1280, 720), (1280, 1044)
HEIGHT = LESION_SIZE[1]
ROWS = {
    "lesion": slice(HEIGHT - 405, HEIGHT - 300),
    "cells": slice(HEIGHT - 265, HEIGHT - 180),
    "drug": slice(HEIGHT - 150, HEIGHT - 70),
}
"""Inside of the rows of axes, in pixels from the top."""
DRUG_BOTTOM, DRUG_HEIGHT = 62, 96
ALMOST_ALL = 0.8
"""Of a column of pixels: the marker is as black as the line of the activity that it crosses."""
LEFT, RIGHT = 0.065 * 1280, 0.765 * 1280


def scenario(patch):
    """A body of 12 h with one dose, with a lesion or without."""
    environment = {"kind": "body"} | ({} if patch is None else {"patch": patch})
    time = {"end": f"{END_H} h", "coupling": "1 h", "fate": "1 h", "record": f"{RECORD_H} h"}
    tree = {
        "asnsim": 1, "environment": environment, "cells": [BODY_BLASTS], "treatment": TREATMENT,
        "time": time, "stop": [],
    }  # fmt: skip
    return loads(json.dumps(tree))


@pytest.fixture(scope="module")
def with_lesion(tmp_path_factory):
    return run(scenario(LESION), out=tmp_path_factory.mktemp("film") / "with").folder


def size_of(path):
    """Return width and height of a film and how many frames it has."""
    reader = imageio_ffmpeg.read_frames(str(path))
    size = tuple(next(reader)["size"])
    return size, sum(1 for _ in reader)


def is_near(image, colour):
    """Return where an image has a colour, bool[height, width]."""
    wanted = np.round(255.0 * np.array(to_rgb(colour)))
    return np.abs(image.astype(int) - wanted).max(axis=-1) < 40


def column_at(hour, end_h=END_H):
    """Return the column of a time."""
    return LEFT + (RIGHT - LEFT) * hour / end_h


def test_the_film_of_a_body_with_a_lesion_is_that_of_the_lesion(with_lesion, capsys):
    assert cli.main(["animate", str(with_lesion)]) == cli.DONE
    files = capsys.readouterr().out.split()
    assert files == [str(with_lesion / name) for name in ("film.mp4", "film.gif")]
    assert size_of(files[0]) == (LESION_SIZE, END_H // RECORD_H + 1)


def test_a_time_marker_moves_through_all_rows_at_once(with_lesion):
    first, *frames = [frame.astype(int) for frame in film_frames(RunReader(with_lesion))]
    for number, frame in enumerate(frames[:-1], start=1):
        for name, row in ROWS.items():
            is_new = (np.abs(frame[row] - first[row]).max(axis=2) > 80).mean(axis=0) > ALMOST_ALL
            found = np.flatnonzero(is_new[int(LEFT) + 4 : int(RIGHT) - 2]) + int(LEFT) + 4
            assert found.size, name
            assert found.mean() == pytest.approx(column_at(number * RECORD_H), abs=1.5), name


def test_under_the_lesion_stand_drug_asparagine_and_blasts_of_its_body(with_lesion):
    """Plasma Asn is where the table of the body has it, before the dose and after it."""
    frame = next(iter(film_frames(RunReader(with_lesion))))
    table = RunReader(with_lesion).timeseries.set_index("time_h")
    for hour in (2, 10):
        values = table.asn_uM.loc[[hour - 2, hour + 2]]
        expected = HEIGHT - DRUG_BOTTOM - DRUG_HEIGHT * np.log(values / 1e-2).mean() / np.log(15e3)
        found = np.flatnonzero(is_near(frame[:, int(column_at(hour))], colours.ASN))
        assert found[found > HEIGHT // 2].mean() == pytest.approx(expected, abs=2.0)
        has_drug = is_near(frame[ROWS["drug"]][:, int(column_at(hour))], colours.ACTIVITY).any()
        assert has_drug == (hour > DOSE_H)
    within = slice(int(LEFT) + 5, int(RIGHT) - 5)
    assert is_near(frame[ROWS["cells"]][:, within], colours.MARROW).any(axis=0).all()
    dose = int(column_at(DOSE_H))
    for name, row in ROWS.items():  # the dotted line of the dose
        is_dotted = is_near(frame[row][:, dose - 2 : dose + 3], style.GREY).any(axis=1)
        assert is_dotted.sum() > 30, name


def test_the_pictures_are_those_of_the_lesion(with_lesion):
    """Asparagine and cells are drawn pixel by pixel as in the film of the lesion alone."""
    alone = list(film_frames(RunReader(with_lesion / "patch")))
    together = list(film_frames(RunReader(with_lesion)))
    for left in (83, 710):
        inside = slice(74, 529), slice(left, left + 455)
        for one, other in zip(alone, together, strict=True):
            assert (one[inside] == other[inside]).all()
        assert (together[0][inside] != together[-1][inside]).any()


def test_a_body_without_a_lesion_keeps_the_film_of_its_course(tmp_path):
    folder = write_body_run(tmp_path / "body")
    animate_arms([folder], [tmp_path / "body.mp4"])
    assert size_of(tmp_path / "body.mp4")[0] == PATIENT_SIZE


class TestTwoArms:
    def test_lesions_stand_side_by_side(self, arms, tmp_path):
        animate_arms(arms, [tmp_path / "arms.mp4"])
        width, height = LESION_SIZE
        assert size_of(tmp_path / "arms.mp4")[0] == (2 * width, height)

    def test_where_only_one_arm_has_a_lesion_both_show_the_course(self, arms, tmp_path):
        plain = write_body_run(tmp_path / "plain")
        animate_arms([arms[0], plain], [tmp_path / "arms.mp4"])
        width, height = PATIENT_SIZE
        assert size_of(tmp_path / "arms.mp4")[0] == (2 * width, height)

    @pytest.fixture
    def arms(self, tmp_path):
        folders = [tmp_path / "one", tmp_path / "two"]
        for folder in folders:
            write_body_run(folder)
            write_tissue_run(folder / "patch")
        return folders


@pytest.mark.parametrize("depth_um", [0.0, 100.0])
def test_no_words_of_the_film_lie_on_one_another(depth_um, tmp_path, monkeypatch):
    """All legends: six kinds of cells in the body, stroma in the lesion, flat and solid."""
    figures = []
    attach = style.attach_canvas
    monkeypatch.setattr(style, "attach_canvas", lambda one: figures.append(one) or attach(one))
    folder = write_body_run(tmp_path / "body")
    write_tissue_run(folder / "patch", depth_um=depth_um)
    next(iter(film_frames(RunReader(folder))))
    assert overlaps(figures[0]) == []
