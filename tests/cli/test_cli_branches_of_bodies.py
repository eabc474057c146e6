"""A body that is continued or branched: drug, partner drugs, lesion and readings go on rightly."""

import json

import numpy as np
import pytest

from abm.record.reader import RunReader
from scenarios import cli
from scenarios.rerun import differences

BLASTS = {
    "type": "blast", "line": "default-blast", "number": 100000000, "doubling_time": "158.4 h",
    "methylated_alleles": {"0": 0.2, "2": 0.8}, "background_death": "0.04 1/d",
    "kill_factor": 0.06, "strata": {"asns": 1, "threshold": 2},
}  # fmt: skip
PEG = {"product": "pegaspargase", "amount": "2500 IU/m2", "route": "iv"}
CHILD = {"bsa": "0.79 m2", "age": "6 yr", "sex": "f"}
ACTIVITY = "asparaginase_IU_per_mL"


def written(folder, treatment, **environment):
    """Write a scenario of a body of four days; return its file."""
    path = folder / "body.yaml"
    contents = {
        "asnsim": 1,
        "environment": {"kind": "body", **environment},
        "cells": [BLASTS],
        "inheritance": {"demethylation": 1e-4},
        "treatment": {"patient": CHILD, **treatment},
        "time": {
            "end": "4 d", "coupling": "1 h", "fate": "6 h", "record": "6 h", "checkpoint": "12 h"
        },
        "stop": [],
        "seed": 3,
    }  # fmt: skip
    path.write_text(json.dumps(contents))
    return path


def run(*arguments):
    """Run a command that must succeed."""
    assert cli.main([str(one) for one in arguments]) == cli.DONE


def same(one, other):
    """Return where two run folders differ."""
    return list(differences(RunReader(one), RunReader(other)))


def test_body_goes_on_and_branches_with_the_same_bits(tmp_path):
    doses = [{**PEG, "at": ["0 d", "2 d"]}]
    partners = [{"drug": "vincristine", "at": ["0 d", "3 d"]}]
    path = written(tmp_path, {"doses": doses, "partners": partners})
    whole = tmp_path / "whole"
    run("run", path, "--out", whole)
    run("resume", whole, "--at", "30 h", "--out", tmp_path / "part", "--until", "54 h")
    run("resume", tmp_path / "part", "--threads", 1)
    assert same(whole, tmp_path / "part") == []


def test_longer_end_is_the_longer_run(tmp_path):
    path = written(tmp_path, {"doses": [{**PEG, "at": ["0 d"]}]})
    run("run", path, "--out", tmp_path / "long")
    run("run", path, "--out", tmp_path / "short", "--set", "time.end=2 d")
    run("resume", tmp_path / "short", "--until", "4 d")
    assert same(tmp_path / "long", tmp_path / "short") == []
    run("rerun", tmp_path / "short")


def test_new_treatment_gives_nothing_for_the_time_before(tmp_path):
    path = written(tmp_path, {})
    run("run", path, "--out", tmp_path / "none")
    at = ["resume", tmp_path / "none", "--at", "1 d", "--out"]
    for name, times in (("late", "[2 d]"), ("early", "[0 d, 12 h, 2 d]")):
        dose = f"{{product: pegaspargase, amount: 2500 IU/m2, route: iv, at: {times}}}"
        run(*at, tmp_path / name, "--set", f"treatment.doses=[{dose}]")
    late, early = (RunReader(tmp_path / name).timeseries for name in ("late", "early"))
    assert np.array_equal(late[ACTIVITY], early[ACTIVITY])
    assert (late[ACTIVITY][late["time_h"] <= 48.0] == 0.0).all()
    assert late[ACTIVITY].iloc[-1] > 0.5


def test_no_more_treatment_means_no_more_partner_drugs(tmp_path):
    once = [{"drug": "vincristine", "at": ["0 d"]}]
    twice = [{"drug": "vincristine", "at": ["0 d", "36 h"]}]
    run("run", written(tmp_path, {"partners": twice}), "--out", tmp_path / "twice")
    run("run", written(tmp_path, {"partners": once}), "--out", tmp_path / "once")
    run("resume", tmp_path / "twice", "--at", "1 d", "--out", tmp_path / "stopped", "--set",
        "treatment.partners=[]")  # fmt: skip
    cells = {name: RunReader(tmp_path / name).timeseries["n_cells"].iloc[-1]
             for name in ("once", "twice", "stopped")}  # fmt: skip
    assert cells["stopped"] == pytest.approx(cells["once"], rel=0.01)
    assert cells["twice"] < 0.8 * cells["once"]


def test_branch_may_shorten_the_monitoring(tmp_path):
    watched = {
        "doses": [{**PEG, "at": ["0 d", "2 d"]}],
        "monitoring": [
            {"draw": "2 d", "after": "pegaspargase", "below": "0.1 IU/mL", "do": "note"}
        ],
    }
    run("run", written(tmp_path, watched), "--out", tmp_path / "watched")
    run("resume", tmp_path / "watched", "--at", "1 d", "--out", tmp_path / "fewer", "--set",
        "treatment.monitoring=[]")  # fmt: skip
    events = {name: RunReader(tmp_path / name).events for name in ("watched", "fewer")}
    drawn = {name: (table["kind"] == "draw").sum() for name, table in events.items()}
    assert drawn["watched"] == drawn["fewer"] == 1  # that of the dose before the branch


def test_lesion_goes_on_and_branches(tmp_path):
    patch = {
        "kind": "tissue", "size": ["100 um", "100 um"], "spacing": "20 um", "thickness": "20 um",
        "vessels": {"fraction": 0.2},
        "cells": [{"type": "blast", "line": "default-blast", "number": 40}],
    }  # fmt: skip
    path = written(tmp_path, {}, patch=patch)
    run("run", path, "--out", tmp_path / "long", "--set", "time.end=2 d")
    run("run", path, "--out", tmp_path / "short", "--set", "time.end=1 d")
    run("resume", tmp_path / "short", "--until", "2 d")
    assert same(tmp_path / "long" / "patch", tmp_path / "short" / "patch") == []
    run("resume", tmp_path / "long", "--at", "1 d", "--out", tmp_path / "same")
    assert same(tmp_path / "long" / "patch", tmp_path / "same" / "patch") == []
    run("resume", tmp_path / "long", "--at", "1 d", "--out", tmp_path / "slow",
        "--set", "parameters={cell.translation_half_asn: 200 uM}")  # fmt: skip
    grown = {name: RunReader(tmp_path / name / "patch").timeseries for name in ("long", "slow")}
    is_past = grown["long"]["time_h"] <= 24.0
    assert grown["long"][is_past].equals(grown["slow"][is_past])
    assert grown["slow"]["n_cells"].iloc[-1] < grown["long"]["n_cells"].iloc[-1]
