"""The simulation behind the page: the same as a run, branches, limits, and what is shown of it."""

import dataclasses
import gc
import io
import time
import weakref
import zipfile

import numpy as np
import pandas as pd
import pytest

from abm.errors import NumericalError, ScenarioError
from abm.record import layout
from abm.record.reader import RunReader
from analysis.plots import FIGURES
from scenarios.app import export, limits
from scenarios.app.controls import Controls, Schedule, dosed_now, stopped_now
from scenarios.app.history import History
from scenarios.app.player import Player
from scenarios.app.session import Arm, Simulation
from scenarios.app.visitors import Visitors
from scenarios.catalogue import bundled
from scenarios.load import dump_resolved, load, loads
from scenarios.run import run_scenario
from tests import small

TREATED = {"time.end": "6 h", "time.record": "1 h"}


@pytest.fixture(scope="module")
def text():
    return dump_resolved(small.tissue(TREATED, treatment=small.COURSE))


def simulation(*texts):
    made = Simulation()
    made.start([lambda t=t, i=i: Arm.start(t, "patch", f"arm {i}") for i, t in enumerate(texts)])
    return made


def steps(made, n=None):
    while made.is_running and n != 0:
        made.step()
        n = None if n is None else n - 1


def test_tables_and_frames_are_those_of_a_run(text, tmp_path):
    made = simulation(text)
    steps(made)
    (arm,) = made.arms
    run_scenario(loads(text, "patch"), tmp_path / "run")
    run = RunReader(tmp_path / "run")
    records = arm.records()
    for name in ("timeseries", "clones", "price"):
        pd.testing.assert_frame_equal(getattr(records, name), getattr(run, name))
    np.testing.assert_array_equal(records.frame_times, run.frame_times)
    last = len(run.frame_times) - 1
    ours, theirs = records.frame(last), run.frame(last)
    assert ours.extent_um == theirs.extent_um and set(ours.cells) == set(theirs.cells)
    for part in ("cells", "fields"):
        for name, values in getattr(theirs, part).items():
            # The file rounds to its own precision.
            np.testing.assert_allclose(getattr(ours, part)[name], values, rtol=1e-3, atol=1e-6)
    assert records.doses == run.doses


def test_a_branch_without_change_goes_on_as_the_first_arm(text):
    made = simulation(text)
    steps(made, 25)
    made.branch(made.arms[0].text, "copy")
    steps(made)
    first, second = made.arms
    assert first.model.clock.tick == second.model.clock.tick
    assert not small.differing(small.bits(first.model), small.bits(second.model))
    pd.testing.assert_frame_equal(first.records().timeseries, second.records().timeseries)


def test_a_dose_today_changes_the_future_of_the_second_arm_only(text):
    alone, made = simulation(text), simulation(text)
    steps(alone)
    steps(made, 25)
    now = made.hours
    made.branch(dosed_now(text, "patch", now, "e-coli", 5000.0, "IU/m2"), "today")
    steps(made)
    first, second = (arm.records().timeseries.set_index("time_h") for arm in made.arms)
    assert first["asparaginase_IU_per_mL"][now] == second["asparaginase_IU_per_mL"][now]
    assert second["asparaginase_IU_per_mL"][3.0] > 1.5 * first["asparaginase_IU_per_mL"][3.0]
    times = alone.arms[0].records().timeseries["time_h"]
    np.testing.assert_array_equal(
        first.loc[times, "n_cells"], alone.arms[0].records().timeseries["n_cells"]
    )
    assert made.arms[1].records().info["past"][0]["until_h"] == now


def test_no_further_dose(text):
    written = loads(stopped_now(text, "patch", 0.5), "patch")
    assert written.treatment.doses == ()
    assert loads(stopped_now(text, "patch", 2.0), "patch") == loads(text, "patch")


def test_arms_of_one_seed_are_the_same_until_the_dose(text):
    none = dataclasses.replace(Controls.of(loads(text, "patch")), schedule=Schedule.NONE)
    made = simulation(text, none.applied(loads(text, "patch")))
    steps(made, 10)
    treated, untreated = (arm.model.state for arm in made.arms)
    assert made.hours == 1.0
    np.testing.assert_array_equal(treated.sites.concentration, untreated.sites.concentration)
    steps(made)
    asn = [arm.records().timeseries["asn_uM"].iloc[-1] for arm in made.arms]
    assert asn[0] < 0.1 * asn[1]


def test_a_branch_cannot_change_the_past(text):
    made = simulation(text)
    with pytest.raises(ScenarioError, match="past"):
        made.branch(text.replace("spacing: 20 um", "spacing: 10 um"), "other")
    assert len(made.arms) == 1


@pytest.mark.parametrize("name", sorted(bundled()))
def test_controls_that_are_not_touched_change_nothing(name):
    scenario = load(name)
    assert loads(Controls.of(scenario).applied(scenario), name) == scenario
    limits.check_size(scenario)


def test_controls_reach_the_cells_and_the_drug():
    scenario = load("relapse")
    controls = dataclasses.replace(
        Controls.of(scenario), schedule=Schedule.REGULAR, product="erwinaze", amount=25000.0,
        first_d=2.0, interval_d=3.0, n_doses=30, resistant_fraction=0.25, n_stroma=7,
        glutaminase=0.0,
    )  # fmt: skip
    changed = loads(controls.applied(scenario), "relapse")
    blasts, stroma = changed.cells
    assert blasts.methylated_alleles == {0: 0.25, 2: 0.75} and stroma.number == 7
    (dose,) = changed.treatment.doses
    assert dose.product == "erwinaze" and dose.amount.value == 25000.0
    assert dose.at[:2] == (48.0, 120.0) and max(dose.at) < changed.time.end
    assert Controls.of(changed).glutaminase == 0.0


def test_an_enzyme_without_glutaminase_leaves_glutamine_alone():
    dish = small.well({"time.end": "2 h", "time.record": "1 h"}, cells=[], treatment={
        "doses": [{"product": "erwinaze", "amount": "1 IU/mL", "at": ["0 h"]}]
    })  # fmt: skip
    left = {}
    for factor in (1.0, 0.0):
        controls = dataclasses.replace(Controls.of(dish), glutaminase=factor)
        made = simulation(controls.applied(dish))
        steps(made)
        table = made.arms[0].records().timeseries
        left[factor] = table["gln_uM"].iloc[-1] / table["gln_uM"].iloc[0]
        assert table["asn_uM"].iloc[-1] < 1.0
    assert left[0.0] == pytest.approx(1.0, rel=1e-9) and left[1.0] < 0.5


@pytest.mark.parametrize(
    ("change", "message"),
    [({"amount": -1.0}, "dose"), ({"interval_d": 0.0}, "interval"), ({"n_doses": 0}, "doses"),
     ({"resistant_fraction": 1.5}, "resistant"), ({"glutaminase": float("nan")}, "glutaminase")],
)  # fmt: skip
def test_impossible_settings_are_refused(change, message):
    scenario = load("relapse")
    with pytest.raises(ScenarioError, match=message):
        dataclasses.replace(Controls.of(scenario), **change).applied(scenario)


def test_scenarios_that_are_too_large_are_refused():
    for override in ("cells.0.number=60000", "environment.spacing=5 um", "time.record=12 min"):
        changes = [override]
        if override.startswith("time"):
            changes = ["time.end=10 yr", "time.record=6 min"]
        with pytest.raises(ScenarioError, match="the page takes at most"):
            limits.check_size(load("relapse", changes))


@pytest.mark.parametrize(
    ("data", "message"),
    [(b"#" * (256 * 1024 + 1), "256 KiB"), (b"\xff\xfe\x00", "UTF-8"), (b"a: [1", "no YAML"),
     (b"a: &x 1\nb: *x", "anchor"), (b"asnsim: 1\ndescription: /ok\nscenario: ../x.yaml",
                                    "line 3: scenario: .* names a file"),
     (b"a: {b: [c, table.csv]}", "a.b.1")],
)  # fmt: skip
def test_uploads_are_refused_before_they_are_a_scenario(data, message):
    with pytest.raises(ScenarioError, match=message):
        limits.read_upload("C:\\folder\\my.yaml", data)


def test_a_good_upload_is_read_as_it_is(text):
    assert limits.read_upload("x.yaml", text.encode()) == text


def test_a_solver_that_fails_stops_its_arm_and_says_so(text, monkeypatch):
    made = simulation(text, text)
    steps(made, 2)

    def fail():
        raise NumericalError("the field did not converge")

    monkeypatch.setattr(made.arms[0].model, "step", fail)
    steps(made, 3)
    assert made.errors() == ["arm 0: the field did not converge"]
    assert made.arms[1].model.steps == 5 and made.is_running


def test_history_is_bounded_and_keeps_both_ends():
    history = History("x", largest=50_000)
    for k in range(200):
        history.cells(float(k), {"asns": np.full(1000, float(k))})
    times = [frame.time_h for frame in history.frames]
    assert history.n_bytes() <= 50_000
    assert times[0] == 0.0 and times[-1] == 199.0 and times == sorted(set(times))


def test_a_copy_of_a_history_goes_its_own_way():
    history = History("x")
    history.clones(0.0, {"clone_id": 1, "parent_clone_id": -1, "n_cells": 5, "asns_mean": 1.0,
                         "methylated_alleles": 2, "gain": 1.0})  # fmt: skip
    copy = history.copy()
    copy.clones(1.0, {"clone_id": 1, "parent_clone_id": -1, "n_cells": 9, "asns_mean": 1.0,
                      "methylated_alleles": 2, "gain": 1.0})  # fmt: skip
    assert len(history.table(layout.CLONES)) == 1 and len(copy.table(layout.CLONES)) == 2


def test_figures_of_run_folders_can_be_drawn_of_a_simulation(text):
    made = simulation(text)
    steps(made, 25)
    records = made.arms[0].records(made.arms[0].frame())
    assert records.timeseries["time_h"].iloc[-1] == 2.5
    of_fields = ("maps.png", "slices.png")
    drawn = [name for name, draw in FIGURES.items() if name not in of_fields and draw(records)]
    assert {"population.png", "nutrients.png", "distributions.png", "clones.png"} <= set(drawn)


def test_patients_have_their_course_and_no_map():
    scenario = load("virtual-patient", ["time.end=4 d", "cells.0.strata={asns: 1, threshold: 1}"])
    made = simulation(dump_resolved(scenario))
    steps(made)
    records = made.arms[0].records()
    assert not made.is_spatial and records.is_body and FIGURES["course.png"](records) is not None
    assert records.info["outcome"]["days_above_0p1_IU_per_mL"] > 3.0


def test_what_is_taken_home_can_be_read_again(text, tmp_path):
    made = simulation(text)
    steps(made, 25)
    with zipfile.ZipFile(io.BytesIO(export.tables(made.arms))) as archive:
        archive.extractall(tmp_path)
    run = RunReader(tmp_path / "1-arm-0")
    assert run.info["exit_reason"] == "paused" and run.info["end_h"] == 2.5
    text_table = pd.read_csv(tmp_path / "1-arm-0" / "timeseries.csv")
    assert text_table["n_cells"].tolist() == run.timeseries["n_cells"].tolist()
    assert loads((tmp_path / "1-arm-0" / "scenario.yaml").read_text()) == made.arms[0].scenario
    export.write_run(made.arms[0], tmp_path / "whole", has_frames=True)
    whole = RunReader(tmp_path / "whole")
    assert whole.frame_times.tolist() == [0.0, 1.0, 2.0] and whole.fields.asn.shape == (3, 10, 10)


def test_the_player_plays_to_the_end_and_tells(text):
    heard = []
    made = Simulation()
    player = Player(made, lambda: heard.append("picture"), lambda: heard.append("charts"))
    player.do("preparing", lambda: made.start([lambda: Arm.start(text, "patch", "patch")]))
    player.steps_per_picture = 7
    player.play()
    player.wait(120.0)
    assert not made.is_running and made.hours == 6.0
    assert heard.count("picture") > 4 and heard[-1] == "charts"
    player.do("failing", lambda: made.branch("nonsense", "x"))
    player.wait(60.0)
    assert "must be a mapping" in player.problem and len(made.arms) == 1
    player.close()
    assert made.arms == []


def test_what_fails_unexpectedly_is_told_on_the_page_and_the_player_goes_on(text, caplog):
    made, heard = Simulation(), []
    player = Player(made, on_status=lambda: heard.append(player.problem))
    player.do("preparing", lambda: made.start([lambda: Arm.start(text, "patch", "patch")]))
    player.wait(120.0)
    step = made.arms[0].model.step
    made.arms[0].model.step = lambda: {}["lost"]
    player.play()
    player.wait(60.0)
    assert heard[-1] == "unexpected error (KeyError: 'lost')" and not player.is_playing
    made.arms[0].model.step = step
    player.step()
    player.wait(60.0)
    assert made.arms[0].model.steps == 1 and player.problem == heard[-1] == ""
    assert [record.exc_info[0] for record in caplog.records] == [KeyError]
    player.close()


def test_a_figure_that_fails_is_told_to_the_player(text):
    made = Simulation()
    player = Player(made, on_picture=lambda: [].pop())
    player.do("preparing", lambda: made.start([lambda: Arm.start(text, "patch", "patch")]))
    player.wait(120.0)
    assert "IndexError" in player.problem and len(made.arms) == 1
    player.close()


def test_a_closed_visit_lets_its_models_go(text):
    made = Simulation()
    player = Player(made)
    player.do("preparing", lambda: made.start([lambda: Arm.start(text, "patch", "patch")]))
    player.play()
    while not made.arms:
        time.sleep(0.01)
    model, history = (weakref.ref(one) for one in (made.arms[0].model, made.arms[0].history))
    player.close()
    assert player.ends(60.0)
    gc.collect()
    assert model() is None and history() is None


BODY = """
asnsim: 1
environment:
  kind: body
  patch:
    {kind: tissue, size: [100 um, 100 um], spacing: 20 um, thickness: 10 um,
     vessels: {fraction: 0.1, exchange_rate: 0.5 1/s}, interstitial_activity: 0.2,
     cells: [{type: blast, line: default-blast, number: 20, doubling_time: 24 h}]}
treatment:
  patient: {bsa: 0.79 m2}
  doses: [{product: pegaspargase, amount: 2500 IU/m2, route: iv, at: [2 h]}]
time: {end: 8 h, coupling: 1 h, fate: 1 h, record: 4 h}
stop: []
"""


def test_the_lesion_of_a_body_is_mapped_recorded_and_taken_home_as_in_a_run(tmp_path):
    made = simulation(BODY)
    steps(made)
    (arm,) = made.arms
    assert made.is_spatial and arm.mapped is arm.lesion
    frame = arm.mapped.frame()
    assert frame.extent_um == (0.0, 100.0, 0.0, 100.0) and frame.cells["x_um"].shape[0] >= 20
    assert frame.time_h == made.hours == 8.0
    run_scenario(loads(BODY, "patch"), tmp_path / "run")
    with zipfile.ZipFile(io.BytesIO(export.tables(made.arms))) as archive:
        archive.extractall(tmp_path)
    for place in (".", "patch"):
        ours, theirs = (RunReader(tmp_path / run / place).timeseries for run in ("1-arm-0", "run"))
        pd.testing.assert_frame_equal(ours, theirs)
    assert arm.mapped.records(frame).has(layout.CELLS)


def test_a_branch_takes_a_copy_of_the_lesion_along():
    made = simulation(BODY)
    steps(made, 3)
    made.branch(stopped_now(made.arms[0].text, "patch", 0.0), "no dose")
    first, second = made.arms
    second.step()
    assert first.lesion.model is not second.lesion.model
    assert second.lesion.model.clock.hours == 4.0 and first.lesion.model.clock.hours == 3.0
    steps(made)
    tables = [arm.lesion.records().timeseries for arm in made.arms]
    assert [table["time_h"].tolist() for table in tables] == [[0.0, 3.0, 4.0, 8.0]] * 2


def test_a_lesion_that_is_too_large_is_refused():
    big = BODY.replace("number: 20", "number: 60000")
    with pytest.raises(ScenarioError, match="60,000 single cells: the page takes at most"):
        limits.check_size(loads(big, "patch"))


def test_visitors_are_limited():
    visitors, people = Visitors(2), [object() for _ in range(3)]
    assert [visitors.enter(one) for one in people] == [True, True, False]
    visitors.leave(people[0])
    assert visitors.enter(people[2]) and visitors.enter(people[2])
