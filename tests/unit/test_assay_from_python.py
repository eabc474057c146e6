"""Assays from Python: ``from asnsim import assay``."""

import os

import pytest

import asnsim
from abm.errors import ScenarioError

SMALL = ("line=A549", "agents_per_well=20", "n_doses=4", "hours=[24 h]", "replicates=1")


def test_an_assay_gives_tables_and_writes_nothing(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    outcome = asnsim.assay("mtt", seed=3, overrides=SMALL)
    assert set(outcome.results["line"]) == {"a549"}
    assert {"ic50", "plateau", "gr50"} <= set(outcome.results.columns)
    assert set(outcome.readings["well"]) == set(range(5))
    assert os.listdir(tmp_path) == []


def test_a_wrong_name_is_refused_with_a_proposal():
    with pytest.raises(ScenarioError, match="dropout"):
        asnsim.assay("dropuot")
