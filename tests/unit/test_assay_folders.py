"""Folders of assays: nothing of the user's is lost, and what cannot end well does not begin."""

import os
from pathlib import Path

import pytest

from abm.errors import RunFolderError, ScenarioError
from scenarios.studies import run as studies
from scenarios.studies.load import load_assay

QUICK = ["replicates=1", "course=[5 min]", "enzyme_series_ug=[0.1]", "asn=[0 uM]"]


@pytest.fixture
def forbid_running(monkeypatch):
    def refuse(name):
        raise AssertionError("the assay has run")

    monkeypatch.setattr(studies, "family", refuse)


def enzyme():
    return load_assay("asns-enzyme", QUICK)


def test_a_folder_of_the_user_with_the_name_of_the_temporary_one_is_kept(tmp_path):
    mine = tmp_path / "out.unfinished"
    mine.mkdir()
    (mine / "notes.txt").write_text("precious")
    studies.run_assay(enzyme(), tmp_path / "out", has_figures=False)
    assert (mine / "notes.txt").read_text() == "precious"
    assert {path.name for path in tmp_path.iterdir()} == {"out", "out.unfinished"}


def test_a_run_that_is_overwritten_is_replaced_as_a_whole(tmp_path):
    out = tmp_path / "out"
    studies.run_assay(enzyme(), out, has_figures=False)
    (out / "old.txt").write_text("of the run before")
    studies.run_assay(enzyme(), out, overwrite=True, has_figures=False)
    assert not (out / "old.txt").exists() and (out / "run.json").exists()


def test_a_folder_that_holds_something_else_is_refused_before_the_run(tmp_path, forbid_running):
    (tmp_path / "notes.txt").write_text("precious")
    with pytest.raises(RunFolderError, match="is not a run folder"):
        studies.run_assay(enzyme(), tmp_path, overwrite=True)
    with pytest.raises(RunFolderError, match="exists already"):
        studies.run_assay(enzyme(), tmp_path)


def test_the_working_folder_is_refused_by_name(tmp_path, monkeypatch, forbid_running):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(RunFolderError, match="is not a run folder"):
        studies.run_assay(enzyme(), Path("."), overwrite=True)


def test_a_place_that_cannot_be_written_is_refused_before_the_run(
    tmp_path, monkeypatch, forbid_running
):
    (tmp_path / "file").write_text("")
    with pytest.raises(RunFolderError, match="file is a file: give another folder"):
        studies.run_assay(enzyme(), tmp_path / "file" / "out")
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    with pytest.raises(RunFolderError, match="cannot be written to: give another folder"):
        studies.run_assay(enzyme(), tmp_path / "new" / "out")


@pytest.mark.parametrize("name", ["dropout", "combination", "mtorc1", "er-stress", "etc-rescue"])
def test_methylated_alleles_are_refused_where_they_would_be_ignored(name):
    with pytest.raises(ScenarioError, match="methylated_alleles"):
        load_assay(name, ["methylated_alleles=2"])
