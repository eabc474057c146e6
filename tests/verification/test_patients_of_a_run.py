"""The watch in whole runs of bodies: exact kinetics, books of cells, stop rule, attribution."""

import json

import numpy as np
import pytest

from analysis.lineages import ancestry, founder_events, largest_clones
from analysis.plots import plot_run
from analysis.summary import course_summary
from scenarios.attribution.run import attribute
from scenarios.build import build
from scenarios.load import loads
from scenarios.run import run
from scenarios.therapy import make_therapy

DAY = 24.0
SCENARIO = {
    "asnsim": 1,
    "environment": {"kind": "body", "medium": "human-plasma"},
    "cells": [
        {"type": "blast", "line": "default-blast", "number": 4_000_000_000,
         "doubling_time": "36 h", "methylated_alleles": {"0": 0.01, "2": 0.99}, "asns_cv": 0,
         "strata": {"asns": 1, "threshold": 2}},
        {"type": "normal", "line": "normal-lymphocyte", "number": 10_000_000_000, "asns_cv": 0,
         "threshold_cv": 0, "strata": {"asns": 1, "threshold": 1}},
    ],
    "inheritance": {"demethylation": 1e-7},
    "treatment": {
        "patient": {"bsa": "0.79 m2", "age": "6 yr", "sex": "f"},
        "doses": [{"product": "pegaspargase", "amount": "2500 IU/m2", "route": "iv",
                   "at": ["1 d"]}],
    },
    "time": {"end": "40 d", "coupling": "4 h", "fate": "4 h", "record": "2 d",
             "checkpoint": "40 d"},
    "stop": ["extinct", "relapse"],
    "seed": 1,
}  # fmt: skip


def scenario(**top):
    return loads(json.dumps(SCENARIO | top), "small-course")


@pytest.fixture(scope="module")
def relapse(tmp_path_factory):
    return run(scenario(), out=tmp_path_factory.mktemp("body") / "run")


def test_resistant_cells_that_were_there_relapse_under_the_drug(relapse):
    row = relapse.patients.iloc[0]
    assert relapse.info["exit_reason"] == "relapse"
    assert row["relapsed"]
    assert 1.0 < row["remission_d"] < row["time_to_relapse_d"] == row["followed_d"] < 40.0
    assert row["share_resistant_at_relapse"] > 0.9
    assert row["largest_clone_methylated_alleles"] == 0
    assert row["relapse_compartment"] == row["relapse_origin"] == "marrow"


def test_compartments_add_up_to_all_cells(relapse):
    table = relapse.timeseries
    parts = table[["n_plasma", "n_marrow", "n_csf", "n_tissue"]].sum(axis=1)
    assert (parts == table["n_cells"]).all()
    share = table["n_marrow"] / (table["n_marrow"] + table["n_normal"])
    assert table["marrow_blast_share"].to_numpy() == pytest.approx(share.to_numpy())


def test_a_sample_shows_less_asparagine_than_there_is(relapse):
    table = relapse.timeseries
    assert (table["asn_measured_uM"] <= table["asn_uM"] * (1.0 + 1e-9)).all()
    on_drug = table["asparaginase_IU_per_mL"] > 0.02
    assert on_drug.any()
    assert (table.loc[on_drug, "asn_measured_uM"] == 0.0).all()


def test_the_relapse_traces_to_its_founders(relapse):
    events, largest = founder_events(relapse), largest_clones(relapse)
    assert largest["share"].sum() > 0.9
    for clone in largest["clone_id"]:
        assert events.at[ancestry(events, clone)[0], "parent_clone_id"] == -1
    samples = relapse.lineage.samples()
    counted = sum(relapse.lineage.node(u).metadata["n_cells"] for u in samples)
    assert counted == relapse.timeseries["n_cells"].iloc[-1]


def test_figure_and_summary_of_the_run(relapse, tmp_path):
    assert tmp_path / "course.png" in plot_run(relapse.folder, tmp_path)
    day = relapse.patients["time_to_relapse_d"].iloc[0]
    assert f"relapse               day {day:.1f}" in course_summary(relapse)


def test_events_are_those_of_the_therapy(relapse):
    events = relapse.events
    assert events["kind"].tolist() == ["dose"]
    assert events["day"].tolist() == [1.0]


def test_days_above_the_target_are_those_of_the_exact_kinetics():
    text = SCENARIO | {"cells": [], "time": SCENARIO["time"] | {"end": "50 d"}, "stop": []}
    chosen = loads(json.dumps(text), "no-cells")
    model = build(chosen)
    while model.running:
        model.step()
    therapy = make_therapy(chosen)
    therapy.advance_to(50 * DAY)
    step = 0.25
    activity = np.array([therapy.activity(hour)[0] for hour in np.arange(0.0, 50 * DAY, step)])
    exact = (activity >= 0.1).sum() * step / DAY
    found = model.watch.readings
    assert found.above_target[0] / DAY == pytest.approx(exact, abs=1.1 * step / DAY)
    assert found.activity_area[0] == pytest.approx(activity.sum() * step, rel=2e-3)
    assert exact < found.depleted[0] / DAY < found.undetected[0] / DAY < 40.0


def test_without_the_stop_rule_the_patient_is_followed_to_the_end():
    model = build(scenario(time=SCENARIO["time"] | {"end": "20 d"}, stop=[]))
    while model.running:
        model.step()
    assert model.watch.has_relapsed[0]
    assert model.watch.readings.followed[0] == 20 * DAY


def test_attribution_of_a_run_folder_begins_with_that_run(relapse):
    found = attribute(relapse.folder, only=("asns-spread",))
    assert found.seed == relapse.info["seed"]
    assert found.table["mechanism"].tolist() == ["as it was"]
    day = relapse.patients["time_to_relapse_d"].iloc[0]
    assert found.table["relapse_d"].iloc[0] == pytest.approx(day, rel=1e-12)


def test_attribution_finds_the_mechanism_that_made_this_relapse():
    found = attribute(scenario(), only=("pre-existing", "demethylation", "gcn2"))
    verdicts = found.table.set_index("mechanism")["verdict"]
    assert verdicts["pre-existing"] in ("prevented", "delayed")
    assert verdicts["demethylation"] == "no effect"
    row = found.table.set_index("mechanism")
    assert row.at["pre-existing", "lowest_cells"] < row.at["as it was", "lowest_cells"]
