"""Reports: which folder gets which page, what it says, and that it fetches nothing."""

import json
import re
from html.parser import HTMLParser

import pandas as pd
import pytest

from abm.errors import RunFolderError
from abm.record.reader import RunReader
from analysis import page
from asnsim import sweep
from scenarios import cli
from scenarios.cohort.load import loads_cohort
from scenarios.cohort.report import FEW, has_few_events
from scenarios.cohort.run import run_cohort
from scenarios.report import run_page
from scenarios.report.assumptions import assumptions_of, first_sentences
from scenarios.report.names import title
from scenarios.report.sweep_page import outcome_table, without_replaced
from scenarios.report.write import kind_of, write_report
from tests.body_run import write_body_run
from tests.cohort_stand_in import FILE, stand_in
from tests.tissue_run import write_tissue_run

VALIDATION = """id,title,kind,gated,published,simulated,low,high,tolerance,verdict,source
A1,Doubling,theory,yes,24 h,24.1,23.9,24.3,1 %,pass,exact
A2,Sign,ordering,yes,more,less,,,the sign,fail,doi:10.1000/x
"""


class _Page(HTMLParser):
    """Words, links, and whatever a browser would fetch."""

    def __init__(self, text):
        super().__init__()
        self.words, self.links, self.fetched = "", [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        found = dict(attributes)
        if tag == "a" and found.get("href", "").startswith("http"):
            self.links.append(found["href"])
        address = str(found.get("src") or (found.get("xlink:href") if tag == "image" else "data:"))
        if tag in ("script", "link", "iframe", "object") or not address.startswith("data:"):
            self.fetched.append(tag)

    def handle_data(self, data):
        self.words += " " + data


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """One small folder of each kind."""
    place = tmp_path_factory.mktemp("reports")
    base = {
        "asnsim": 1,
        "environment": {"kind": "well", "species": []},
        "cells": [
            {"model": "fixed-rates", "number": 9, "birth_rate": "1 1/d", "death_rate": "0.5 1/d"}
        ],
        "time": {"end": "2 d", "record": "1 d"},
    }
    (place / "base.yaml").write_text(json.dumps(base))
    many = {"cells.0.number": [9, 18], "cells.0.death_rate": ["0.5 1/d", "1e7 1/d"]}
    (place / "many.yaml").write_text(
        json.dumps({"asnsim": 1, "sweep": "base.yaml", "vary": many, "replicates": 2})
    )
    sweep(place / "many.yaml", place / "sweep", workers=1)
    run_cohort(loads_cohort(FILE), place / "cohort", runner=stand_in)
    (place / "validation").mkdir()
    (place / "validation" / "validation.csv").write_text(VALIDATION)
    write_tissue_run(place / "run")
    write_body_run(place / "patient")
    return place


@pytest.fixture(scope="module")
def texts(folders):
    """The page of each folder."""
    (folders / "sweep" / "failures.csv").write_text(
        "point,arm,replicate,error\n3,all,1,a cell without a body\n"
    )
    return {
        kind: write_report(folders / kind, folders / "pages" / f"{kind}.html").read_text()
        for kind in ("run", "patient", "sweep", "cohort", "validation")
    }


@pytest.mark.parametrize("kind", ["run", "patient", "sweep", "cohort", "validation"])
def test_every_kind_gets_one_page_that_fetches_nothing(texts, kind):
    text = texts[kind]
    found = _Page(text)
    assert found.fetched == []
    assert not re.search(r"url\((?!#)|@import", text)
    assert 'name="viewport"' in text and "@media print" in text
    assert "Repeat it" in found.words or "to repeat it" in found.words
    assert f"asnsim {'rerun' if kind in ('run', 'patient') else kind[:5]}" in found.words
    ids = re.findall(r'\bid="([^"]+)"', text)
    assert len(ids) == len(set(ids))


def test_a_run_says_what_it_was_and_what_came_of_it(texts):
    found = _Page(texts["run"])
    for words in (
        "A patch that relapses", "8 at 4 d", "clone", "0 methylated", "nutrients", "72 %",
        "the end of its time", "asnsim rerun run", "2500 IU/m2", "A01", "Scenario",
    ):  # fmt: skip
        assert words in found.words, words
    assert "https://doi.org/10.1007/s13318-021-00670-8" in found.links


def test_text_of_the_author_cannot_become_html(texts):
    text = texts["run"]
    assert "<script>" not in text and "&lt;script&gt;" in text


def test_a_patient_has_outcome_events_warning_and_residual_disease(texts):
    words = _Page(texts["patient"]).words
    for expected in ("Not for decisions on a patient", "day 178", "allergy", "day 33", "3.3e-05"):
        assert expected in words, expected


def test_an_unfinished_run_is_told_as_such(tmp_path):
    run = RunReader(write_body_run(tmp_path / "part", is_finished=False))
    assert "not finished" in run_page.warnings(run)[0]
    assert run_page.commands(run) == "asnsim resume part"


def test_a_sweep_tells_outcomes_by_point_and_failures(texts):
    words = _Page(texts["sweep"]).words
    for expected in ("cells.0.death_rate", "0.5 1/d, 1e7 1/d", "1 of 8 runs failed",
                     "a cell without a body", "tumour cells at the end"):  # fmt: skip
        assert expected in words, expected


def test_outcomes_are_means_with_their_range():
    summary = pd.DataFrame(
        {
            "point": [0, 0, 1], "arm": "all", "replicate": [0, 1, 0], "seed": 1,
            "time.end": ["1 d", "1 d", "2 d"], "n_cells_end": [10.0, 30.0, 5.0],
            "relapse_d": [float("nan")] * 3, "exit_reason": "end_time",
        }
    )  # fmt: skip
    table = outcome_table(summary)
    assert table["tumour cells at the end"].tolist() == ["20 (10 to 30)", "5"]
    assert table["time to relapse (d)"].tolist() == ["-", "-"]
    assert table["runs"].tolist() == [2, 1]


def test_an_arm_without_the_varied_value_is_told_once():
    """Doses that an arm takes away were given at no concentration."""
    summary = pd.DataFrame(
        {
            "point": [0, 1, 0, 1], "arm": ["enzyme", "enzyme", "vehicle", "vehicle"],
            "replicate": 0, "seed": 1, "treatment.doses.0.amount": ["1 IU/mL", "2 IU/mL"] * 2,
            "n_cells_end": [10.0, 30.0, 5.0, 7.0],
        }
    )  # fmt: skip
    arms = {"arms": {"enzyme": {}, "vehicle": {"treatment.doses": []}}}
    table = outcome_table(without_replaced(summary, arms))
    assert table["treatment.doses.0.amount"].tolist() == ["1 IU/mL", "2 IU/mL", "-"]
    assert table["tumour cells at the end"].tolist() == ["10", "30", "6 (5 to 7)"]


@pytest.mark.parametrize(
    ("column", "words"),
    [
        ("ic50", "IC50 (IU/mL)"),
        ("ic50_low", "IC50, 95 % from (IU/mL)"),
        ("s6k_p_high", "S6K p, 95 % to"),
        ("dose_IU_per_mL", "dose (IU/mL)"),
        ("net_growth_per_h", "net growth (1/h)"),
        ("n_tracked", "number of tracked"),
        ("cells.0.number", "cells.0.number"),
    ],
)
def test_columns_are_called_by_words_and_units(column, words):
    assert title(column) == words


def test_assumptions_come_with_what_is_assumed(folders):
    info = {"doses": [[0.0, "e-coli 1 IU/mL"]]}
    table = assumptions_of({"environment": {"kind": "well"}}, info)
    (said,) = table[table[""] == "A69"]["assumption"]
    assert said.startswith("A new dose counts as a step when it lifts the activity")


def test_first_sentences_end_behind_names_with_a_stop():
    text = "- **A01** The dose of native E. coli enzyme is 1. More. \n- **A02** Short; and long.\n"
    assert first_sentences(text)[0] == ("A01", "The dose of native E. coli enzyme is 1")
    assert first_sentences(text)[1] == ("A02", "Short; and long")


def test_a_validation_names_the_rows_that_must_pass_and_fail(texts):
    found = _Page(texts["validation"])
    assert "1 rows that must pass fail: A2" in found.words
    assert "24.1 [23.9 to 24.3]" in found.words
    assert "https://doi.org/10.1000/x" in found.links


def test_a_cohort_is_reported_again_as_it_was(folders, texts):
    assert texts["cohort"] == (folders / "cohort" / "report.html").read_text()


def test_a_hazard_ratio_of_few_events_is_not_shown():
    summary = pd.DataFrame(
        {"group": ["a", "b", "c"], "reference": "a", "n_events": [4, 5, 6]}
    )  # fmt: skip
    assert has_few_events(summary) == [False, True, False]
    assert FEW == "too few events"


class TestCommand:
    def test_it_prints_the_file(self, folders, tmp_path, capsys):
        out = tmp_path / "v.html"
        assert cli.main(["report", str(folders / "validation"), "--out", str(out)]) == 0
        assert capsys.readouterr().out == f"{out}\n"

    @pytest.mark.parametrize("name", ["absent", "empty"])
    def test_a_wrong_folder_is_one_line_and_status_2(self, name, tmp_path, capsys):
        (tmp_path / "empty").mkdir()
        assert cli.main(["report", str(tmp_path / name)]) == 2
        assert len(capsys.readouterr().err.splitlines()) == 1
        assert [path.name for path in tmp_path.rglob("*")] == ["empty"]

    def test_another_suffix_is_refused(self, folders, tmp_path, capsys):
        assert cli.main(["report", str(folders / "run"), "--out", str(tmp_path / "a.pdf")]) == 2
        assert ".html" in capsys.readouterr().err

    def test_kinds_are_told_apart(self, folders):
        for name in ("run", "sweep", "cohort", "validation"):
            assert kind_of(folders / name).name == name
        with pytest.raises(RunFolderError, match="nothing to report on"):
            kind_of(folders)


def test_links_keep_what_belongs_to_them():
    text = page.linked("(doi:10.1016/0895-4356(95)00048-8); PMC6594900, a <b> & https://x.org/y.")
    assert 'href="https://doi.org/10.1016/0895-4356(95)00048-8"' in text
    assert 'href="https://pmc.ncbi.nlm.nih.gov/articles/PMC6594900"' in text
    assert 'href="https://x.org/y"' in text
    assert "&lt;b&gt; &amp;" in text
