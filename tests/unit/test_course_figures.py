"""Figures, film and summary of a patient."""

import json

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from abm.errors import RunFolderError
from abm.record import layout
from abm.record.reader import RunReader
from abm.record.writer import RunWriter
from analysis.animate import animate_run
from analysis.body_film import BodyFilm
from analysis.genotypes import genotype_shares
from analysis.plots import plot_run
from analysis.plots.common import broken, doses_of, jumps_of, protocol_of
from analysis.plots.course import course_figure
from analysis.plots.distributions import QUANTILES, weighted_quantiles
from analysis.style import draw_line, new_figure
from analysis.summary import course_summary
from tests.body_run import DAY, DOSES, course, write_body_run


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return RunReader(write_body_run(tmp_path_factory.mktemp("body") / "course"))


@pytest.fixture(scope="module")
def many(tmp_path_factory):
    return RunReader(write_body_run(tmp_path_factory.mktemp("body") / "many", replicates=9))


def texts(figure):
    found = [text.get_text() for axes in figure.axes for text in axes.texts]
    return [*found, figure.get_suptitle()]


def line(axes, label):
    (found,) = [one for one in axes.get_lines() if one.get_label() == label]
    return np.asarray(found.get_xdata(), float), np.asarray(found.get_ydata(), float)


class TestCourseFigure:
    def test_the_mark_of_a_protocol_from_memory_is_in_the_title(self, run):
        assert "AIEOP-BFM ALL 2009 [from memory]" in course_figure(run).get_suptitle()

    def test_a_mark_that_the_label_lacks_is_added(self, run, tmp_path):
        found = RunReader(run.folder)
        found.info = found.info | {"protocol": {"title": "COG AALL0932", "is_from_memory": True}}
        assert protocol_of(found) == "COG AALL0932 [from memory]"
        found.info = found.info | {"protocol": {"title": "COG AALL1231", "mark": ""}}
        assert protocol_of(found) == "COG AALL1231"
        found.info = found.info | {"protocol": {"title": "UKALL", "mark": "from memory"}}
        assert "from memory" in protocol_of(found)

    def test_panels_reach_from_activity_to_genotypes(self, run):
        figure = course_figure(run)
        labels = [axes.get_ylabel().replace("\n", " ") for axes in figure.axes]
        assert labels == [
            "Asparaginase (IU/mL)", "Asparagine (uM)", "Cells", "Blasts in the marrow",
            "Share of the blasts",
        ]  # fmt: skip
        assert [axes.get_yscale() for axes in figure.axes] == ["log"] * 4 + ["linear"]

    def test_the_axis_of_cells_ends_below_one_cell_and_above_all(self, run):
        low, high = course_figure(run).axes[2].get_ylim()
        assert 0.5 < low < 1.0
        assert high > run.timeseries["n_marrow"].max()

    def test_true_and_measured_asparagine_differ_where_the_tube_lies(self, run):
        axes = course_figure(run).axes[1]
        days, true = line(axes, "plasma, true")
        _, measured = line(axes, "plasma, as measured")
        assert np.isnan(measured[days == 10]).all()
        assert true[days == 10] == pytest.approx(course(10.0)["asn"])
        assert measured[days == 200] == true[days == 200]

    def test_what_was_not_detected_hangs_at_the_limit(self, run):
        axes = course_figure(run).axes[3]
        days, read = line(axes, "MRD, flow: not detected")
        assert (days.tolist(), read.tolist()) == ([33.0], [1e-4])
        days, read = line(axes, "MRD, PCR")
        assert days.tolist() == [15.0, 33.0, 78.0]
        assert read == pytest.approx([0.0049, 3.3e-5, 1.9e-4])

    def test_events_and_relapse_are_named(self, run):
        shown = " ".join(texts(course_figure(run)))
        assert "allergy" in shown
        assert "switch to rylaze" in shown
        assert "relapse, day 178" in shown

    def test_many_patients_are_a_median_and_a_band(self, many):
        figure = course_figure(many)
        assert "9 patients" in figure.get_suptitle()
        days, activity = line(figure.axes[0], "activity")
        assert activity[days == 0] == pytest.approx(1.0)
        assert figure.axes[0].collections
        assert not any("relapse, day" in text for text in texts(figure))

    def test_other_runs_have_no_course(self, tmp_path):
        writer = RunWriter(tmp_path / "none")
        writer.finish({"name": "x"})
        assert course_figure(RunReader(tmp_path / "none")) is None

    def test_asnsim_plot_writes_it(self, run, tmp_path):
        files = plot_run(run.folder, tmp_path)
        assert files[0].name == "course.png"
        with Image.open(files[0]) as image:
            assert np.asarray(image.convert("L")).std() > 5.0

    def test_an_unfinished_run_is_drawn_as_far_as_it_went(self, tmp_path):
        folder = write_body_run(tmp_path / "part", is_finished=False)
        figure = course_figure(RunReader(folder))
        assert "unfinished run" in figure.get_suptitle()


def test_doses_are_those_given(run, many):
    assert [time_h / DAY for time_h, _ in doses_of(run)] == list(DOSES)
    assert doses_of(run)[0][1] == "pegaspargase 2500 IU/m2 iv"
    assert doses_of(many) == many.doses


def test_a_dose_of_another_amount_is_named_by_what_was_given(run):
    adjusted = RunReader(run.folder)
    events = run.events.copy()
    last = events.index[events["kind"] == "dose"][-1]
    events.loc[last, "value"] = 3750.0
    adjusted.__dict__["events"] = events
    labels = [label for _, label in doses_of(adjusted)]
    assert labels[:-1] == ["pegaspargase 2500 IU/m2 iv"] * (len(DOSES) - 1)
    assert labels[-1] == "pegaspargase 3750 IU"


def test_doses_that_rules_may_withhold_are_planned_ones(many):
    ruled = RunReader(many.folder)
    ruled.info = ruled.info | {"has_rules": True}
    assert {label for _, label in doses_of(ruled)} == {"planned: pegaspargase 2500 IU/m2 iv"}
    ruled.__dict__["timeseries"] = many.timeseries.assign(asparaginase_IU_per_mL=0.0)
    assert doses_of(ruled) == []


class TestBetweenTwoRecords:
    def test_a_value_between_two_gaps_is_a_dot_and_one_below_the_axis_is_not(self):
        axes = new_figure(2.0, 2.0).subplots()
        values = np.array([1e-9, np.nan, 1.13])
        draw_line(axes, np.array([0.0, 24.0, 26.0]), values, 1e-4)
        curve, dots = axes.get_lines()
        assert curve.get_ydata()[0] < 1e-4
        assert (dots.get_xdata().tolist(), dots.get_ydata().tolist()) == ([26.0], [1.13])

    def test_a_dose_into_a_vein_breaks_the_line_and_draws_no_slope(self, run):
        days, activity = line(course_figure(run).axes[0], "activity")
        assert all(np.isnan(activity[days == dose]).any() for dose in DOSES)
        assert np.isnan(activity).sum() == len(DOSES)

    def test_a_dose_into_a_muscle_rises_and_keeps_its_line(self, run):
        slow = RunReader(run.folder)
        slow.info["slow_doses_h"] = [dose * DAY for dose in DOSES[1:]]
        assert jumps_of(slow) == [0.0]
        assert np.isnan(line(course_figure(slow).axes[0], "activity")[1]).sum() == 1

    def test_nothing_is_broken_where_there_is_no_jump(self):
        hours, values = broken(np.arange(3.0), np.ones(3), [2.0, 7.0])
        assert (hours.tolist(), values.tolist()) == ([0.0, 1.0, 2.0], [1.0, 1.0, 1.0])


class TestWhatElseWasGiven:
    def test_partner_drugs_have_a_row_each_with_their_days(self, run):
        treated = RunReader(run.folder)
        treated.info["partners"] = [
            {"drug": "prednisone", "start_h": 0.0, "end_h": 28 * DAY},
            {"drug": "vincristine", "at_h": [0.0, 7 * DAY]},
            {"drug": "maintenance", "start_h": 900 * DAY, "end_h": 990 * DAY},
        ]
        figure = course_figure(treated)
        (axes,) = [one for one in figure.axes if one.get_ylabel() == "Partner\ndrugs"]
        named = [text.get_text().strip() for text in axes.texts]
        assert named == ["prednisone", "vincristine"]
        assert [(bar.get_x(), bar.get_width()) for bar in axes.patches] == [(0.0, 28.0)]
        assert [0.0, 7.0] in [list(one.get_xdata()) for one in axes.get_lines()]

    def test_ammonia_has_a_panel_where_it_was_recorded(self, tmp_path):
        folder = write_body_run(tmp_path / "run")
        rows = [(0.0, "plasma", "nh3", 35.0), (240.0, "plasma", "nh3", 120.0),
                (240.0, "csf", "nh3", 60.0), (0.0, "plasma", "asn", 50.0)]  # fmt: skip
        columns = ["time_h", "site", "species", "concentration_uM"]
        pd.DataFrame(rows, columns=columns).to_parquet(folder / layout.SITES)
        figure = course_figure(RunReader(folder))
        (axes,) = [one for one in figure.axes if one.get_ylabel() == "NH3\n(uM)"]
        days, ammonia = line(axes, "plasma")
        assert ammonia[days == 10.0].tolist() == [120.0]

    def test_the_level_of_depletion_of_the_csf_is_a_line(self, run):
        axes = course_figure(run).axes[1]
        assert set(line(axes, "CSF depleted < 1 uM")[1]) == {1.0}
        assert set(line(axes, "depleted < 0.5 uM")[1]) == {0.5}


class TestGenotypes:
    def test_shares_add_up_and_colours_are_distinct(self, run):
        shares = genotype_shares(run)
        assert list(shares.columns) == [
            "2 methylated", "1 methylated", "0 methylated", "0 methylated, gain 2"
        ]  # fmt: skip
        assert shares.sum(axis=1).to_numpy() == pytest.approx(1.0, abs=1e-6)
        assert len(set(shares.attrs["colours"].values())) == 4

    def test_beyond_the_largest_are_others(self, run):
        shares = genotype_shares(run, most=2)
        assert list(shares.columns) == ["2 methylated", "0 methylated, gain 2", "other"]
        assert shares["other"].iloc[-1] == pytest.approx(0.5, abs=1e-3)


class TestFilm:
    def test_frames_change_and_have_the_size_of_the_film(self, run):
        film = BodyFilm(run)
        frames = [frame.copy() for _, frame in zip(range(3), film.frames(), strict=False)]
        assert film.n_frames == len(run.timeseries)
        assert frames[0].shape == (720, 1280, 3)
        assert (frames[0] != frames[2]).any()

    def test_a_long_run_is_thinned_and_keeps_its_end(self, run, monkeypatch):
        monkeypatch.setattr("analysis.body_film.MOST_FRAMES", 10)
        film = BodyFilm(run)
        assert film.n_frames <= 11
        assert BodyFilm.times_of(run)[-1] == run.timeseries["time_h"].iloc[-1]

    def test_one_line_says_what_to_do_with_many_patients(self, many, tmp_path):
        with pytest.raises(RunFolderError, match="9: `asnsim plot"):
            animate_run(many.folder, [tmp_path / "a.mp4"])
        assert not (tmp_path / "a.mp4").exists()


class TestSummary:
    def test_one_patient(self, run):
        text = course_summary(run)
        for part in ("from memory", "day 178", "flow not detected, PCR 3.3e-05", "47.0 days",
                     "402 resistant founders"):  # fmt: skip
            assert part in text
        assert len(text.splitlines()) < 20

    def test_many_patients(self, run, tmp_path):
        outcome = {
            "n_patients": 200, "n_relapsed": 50, "n_in_remission": 140, "n_extinct": 60,
            "n_csf_relapsed": 3, "relapse_day_percentiles": {"5": 90.0, "50": 300.0, "95": 600.0},
        }  # fmt: skip
        (tmp_path / layout.RUN_INFO).write_text(json.dumps({"outcome": outcome}))
        assert "50 (25%), day 300 (90-600)" in course_summary(RunReader(tmp_path))

    def test_nothing_to_say_of_other_runs(self, tmp_path):
        (tmp_path / layout.RUN_INFO).write_text("{}")
        assert course_summary(RunReader(tmp_path)) == ""


def test_quantiles_count_cells_and_not_rows():
    values, weights = np.array([3.0, 1.0, 2.0]), np.array([1, 98, 1])
    assert weighted_quantiles(values, weights).tolist() == [1.0] * len(QUANTILES)
    alike = weighted_quantiles(values, np.array([5, 5, 5]))
    assert alike == pytest.approx(np.quantile(values, QUANTILES))
