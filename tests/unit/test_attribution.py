"""Attribution of a relapse: switches, verdicts, table and figure."""

import copy
import dataclasses
import math

import numpy as np
import pandas as pd
import pytest

from abm.errors import AsnsimError, NumericalError, RunFolderError, ScenarioError
from abm.pharmacology.partners import PartnerParameters
from analysis.plots.attribution import attribution_figure
from scenarios.attribution import run as attribution
from scenarios.attribution.mechanisms import MECHANISMS
from scenarios.attribution.run import (
    AS_IT_WAS,
    Attribution,
    Course,
    _row,
    attribute,
    run_course,
)
from scenarios.load import loads, to_yaml
from tests.small import COURSE, tissue

DAY = 24.0
SWITCH = {mechanism.id: mechanism.switch_off for mechanism in MECHANISMS}
TREE = {
    "asnsim": 1,
    "environment": {"kind": "body"},
    "cells": [
        {"type": "blast", "line": "default-blast", "number": 1000,
         "methylated_alleles": {"0": 0.1, "2": 0.9}, "compartments": {"marrow": 0.9, "csf": 0.1}},
        {"type": "normal", "line": "normal-lymphocyte", "number": 10},
        {"type": "stroma", "line": "marrow-msc", "number": 3},
    ],
    "inheritance": {"demethylation": 1e-5, "amplification": 0.0},
    "treatment": {"protocol": "aieop-bfm-2009", "antibodies": True, "toxicity": False},
}  # fmt: skip


def switched(name):
    tree = copy.deepcopy(TREE)
    assert SWITCH[name](tree)
    return tree


class TestSwitches:
    def test_no_resistant_cell_at_the_start(self):
        blast = switched("pre-existing")["cells"][0]
        assert blast["methylated_alleles"] == {"2": 1.0}
        assert blast["history"] == "none"

    def test_only_the_tumour_loses_its_induction(self):
        cells = switched("induction")["cells"]
        assert cells[0]["genotype"] == {"asns_induced_message": 0.0}
        assert "genotype" not in cells[1]
        assert "genotype" not in cells[2]

    def test_mutation_rates(self):
        assert switched("demethylation")["inheritance"]["demethylation"] == 0
        assert not SWITCH["amplification"](copy.deepcopy(TREE))  # it was off

    def test_without_the_sanctuary_nobody_starts_or_arrives_there(self):
        tree = switched("csf")
        assert tree["cells"][0]["compartments"] == {"marrow": 1.0}
        assert tree["parameters"]["traffic.csf_share"] == 0.0

    def test_treatment(self):
        assert switched("antibodies")["treatment"]["antibodies"] is False
        assert not SWITCH["toxicity"](copy.deepcopy(TREE))
        partners = switched("partners")
        assert partners["treatment"] == TREE["treatment"]
        kills = {field.name for field in dataclasses.fields(PartnerParameters)} - {
            "factor_sd_log", "acting_hours", "antibody_share",
        }  # fmt: skip
        assert {name.removeprefix("partners.") for name in partners["parameters"]} == kills

    def test_stroma_and_spread(self):
        assert [cell["type"] for cell in switched("stroma")["cells"]] == ["blast", "normal"]
        assert switched("threshold-spread")["cells"][0]["threshold_cv"] == 0.0

    def test_a_switch_that_was_made_has_nothing_left_to_do(self):
        for mechanism in MECHANISMS:
            tree = copy.deepcopy(TREE)
            if mechanism.switch_off(tree):
                assert not mechanism.switch_off(tree), mechanism.id

    def test_a_tissue_has_no_sanctuary(self):
        tree = copy.deepcopy(TREE) | {"environment": {"kind": "tissue"}}
        assert not SWITCH["csf"](tree)
        assert not SWITCH["csf-contact"](tree)


END = 700.0 * DAY


def course(*days, extinct=False):
    relapse = np.array([math.nan if day is None else day * DAY for day in days])
    n = len(days)
    return Course(relapse, np.full(n, extinct), np.full(n, 1e6))


@pytest.mark.parametrize(
    ("before", "after", "verdict", "change"),
    [
        (course(200.0), course(200.5), "no effect", 0.5),
        (course(200.0), course(203.9), "no effect", 3.9),  # below 2 %
        (course(200.0), course(260.0), "delayed", 60.0),
        (course(200.0), course(90.0), "hastened", -110.0),
        (course(200.0), course(None), "prevented", 500.0),
        (course(200.0), course(None, extinct=True), "prevented, cured", 500.0),
        (course(None), course(300.0), "caused", -400.0),
        (course(None), course(None), "no relapse either way", 0.0),
        (course(100.0, 200.0, 300.0), course(None, 200.0, 300.0), "fewer relapses", 0.0),
        (course(100.0, 200.0, None), course(100.0, 200.0, 300.0), "more relapses", 0.0),
    ],
)
def test_verdicts(before, after, verdict, change):
    row = _row("gcn2", "GCN2", after, before, END)
    assert row["verdict"] == verdict
    assert row["change_d"] == pytest.approx(change)


def test_the_median_counts_those_who_do_not_relapse():
    row = _row("gcn2", "GCN2", course(100.0, None, None), course(100.0, 100.0, 100.0), END)
    assert math.isnan(row["relapse_d"])
    assert row["n_relapsed"] == 1


def test_a_scenario_that_is_refused_is_a_row_and_not_the_end():
    found = run_course("asnsim: 1", "broken")
    row = _row("gcn2", "GCN2", found, course(1.0), END)
    assert row["verdict"] == "refused"
    assert "missing" in row["note"]


def test_relapse_outside_of_bodies_is_a_quarter_of_the_start_after_a_tenfold_fall():
    text = """
asnsim: 1
environment: {kind: well, volume: 100 uL, species: []}
cells:
  - {type: cell, model: fixed-rates, number: 3000, birth_rate: 0.2 1/d, death_rate: 2 1/d,
     mutation_probability: 0}
time: {end: 3 d, record: 1 d, checkpoint: 3 d}
stop: []
"""
    found = run_course(text, "shrinking")
    assert np.isnan(found.relapse).tolist() == [True]
    assert 0 < found.lowest[0] < 60


def test_a_run_that_breaks_off_is_a_row_and_not_the_end(monkeypatch):
    """A step that fails without one mechanism leaves the others; as it was, nothing is left."""
    real, bad = attribution.run_course, []

    def breaking(text, name):
        contents = loads(text, name)
        if contents.inheritance.demethylation in bad:
            raise NumericalError("uptake: no convergence at tick 3")
        return real(text, name)

    monkeypatch.setattr(attribution, "run_course", breaking)
    scenario = tissue({"time.end": "6 h"}, treatment=COURSE, inheritance={"demethylation": 1e-3})
    bad.append(0.0)
    rows = attribute(scenario, only=("demethylation", "gcn2")).table.set_index("mechanism")
    assert rows["verdict"].tolist()[1:] == ["failed", "no relapse either way"]
    assert rows.at["demethylation", "note"] == "uptake: no convergence at tick 3"
    bad.append(1e-3)
    with pytest.raises(AsnsimError, match="no convergence"):
        attribute(scenario, only=("gcn2",))


def test_a_course_comes_back_from_a_worker_as_it_went():
    went = course(0.1, None, 1.0 / 3.0, extinct=True)
    back = Course.from_bytes(went.to_bytes())
    assert np.array_equal(back.relapse, went.relapse, equal_nan=True)
    assert back.is_extinct.all() and back.lowest.tolist() == went.lowest.tolist()


@pytest.fixture(scope="module")
def small():
    """A tissue of a few cells for half a day: nothing can relapse, everything must run."""
    scenario = tissue({"time.end": "6 h"}, treatment=COURSE, inheritance={"demethylation": 1e-3})
    return attribute(scenario, only=("demethylation", "gcn2", "amplification"))


def test_only_what_applies_is_run_and_the_run_as_it_was_is_first(small):
    assert small.table["mechanism"].tolist() == [AS_IT_WAS, "demethylation", "gcn2"]
    assert small.table["verdict"].tolist()[1:] == ["no relapse either way"] * 2
    assert small.end_d == 0.25


def test_the_reference_is_the_scenario_itself(small):
    scenario = tissue({"time.end": "6 h"}, treatment=COURSE, inheritance={"demethylation": 1e-3})
    from tests.small import finished

    expected = finished(scenario).state.n_cells()
    assert small.table["lowest_cells"].iloc[0] <= expected


def test_writes_a_table_and_a_figure_once(small, tmp_path):
    files = small.write(tmp_path / "out")
    assert [path.name for path in files] == ["attribution.csv", "attribution.png"]
    assert pd.read_csv(files[0])["mechanism"].tolist() == small.table["mechanism"].tolist()
    with pytest.raises(RunFolderError, match="already"):
        small.write(tmp_path / "out")
    small.write(tmp_path / "out", overwrite=True)


def test_a_run_without_relapse_is_refused_before_anything_is_run(tmp_path, monkeypatch):
    monkeypatch.setattr(attribution, "run_course", None)
    (tmp_path / "run.json").write_text('{"outcome": {"remission_d": 14.5, "relapsed": false}}')
    with pytest.raises(ScenarioError, match="no relapse that could be attributed"):
        attribute(tmp_path, needs_relapse=True)


def test_a_scenario_without_relapse_is_refused_after_the_run_as_it_was(monkeypatch):
    ran = []

    def cured(text, name):
        ran.append(name)
        return course(None)

    monkeypatch.setattr(attribution, "run_course", cured)
    with pytest.raises(ScenarioError, match="has no relapse"):
        attribute(tissue({"time.end": "6 h"}, treatment=COURSE), needs_relapse=True)
    assert len(ran) == 1


def test_an_unknown_mechanism_is_refused_with_the_nearest():
    with pytest.raises(ScenarioError, match="did you mean 'gcn2'"):
        attribute(tissue(), only=("gcn3",))


def test_two_workers_give_the_table_of_one(small):
    scenario = tissue({"time.end": "6 h"}, treatment=COURSE, inheritance={"demethylation": 1e-3})
    again = attribute(loads(to_yaml(scenario._author)), only=("demethylation", "gcn2"), workers=2)
    pd.testing.assert_frame_equal(again.table, small.table)


def table_of(rows):
    first = {"mechanism": AS_IT_WAS, "title": AS_IT_WAS, "relapse_d": 200.0, "change_d": 0.0,
             "verdict": ""}  # fmt: skip
    columns = ("mechanism", "title", "relapse_d", "change_d", "verdict")
    return pd.DataFrame([first, *(dict(zip(columns, row, strict=True)) for row in rows)])


def test_figure_has_a_bar_per_mechanism():
    rows = [
        ("gcn2", "GCN2", 260.0, 60.0, "delayed"),
        ("csf", "CNS", math.nan, 500.0, "prevented"),
        ("partners", "partner drugs", 90.0, -110.0, "hastened"),
    ]
    figure = attribution_figure(table_of(rows), 700.0, "test")
    axes = figure.axes[0]
    assert [bar.get_x() + bar.get_width() for bar in axes.patches] == [700.0, 260.0, 90.0]
    assert {text.get_text().strip() for text in axes.texts} == {"prevented", "day 260", "day 90"}
    assert isinstance(Attribution("a", 1, 1.0, table_of([])).table, pd.DataFrame)
