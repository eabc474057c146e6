"""A cohort folder: the same bits however it came about, the same patients in every arm."""

import json
import os
import re
import signal
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from abm.errors import RunFolderError, ScenarioError
from scenarios.cohort.load import loads_cohort
from scenarios.cohort.run import run_cohort
from tests.cohort_stand_in import FILE, Killing, failing, stand_in

ROOT = Path(__file__).resolve().parents[2]
CONTRACT = [
    "arm", "patient", "time_to_relapse_d", "relapsed", "mrd_end_induction_flow",
    "mrd_end_induction_pcr", "days_above_0p1_IU_per_mL", "days_asn_depleted",
]  # fmt: skip


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    folder = tmp_path_factory.mktemp("cohort") / "whole"
    return run_cohort(loads_cohort(FILE), folder, runner=stand_in)


def _patients(folder):
    return pd.read_parquet(folder / "patients.parquet")


def _run_and_die(folder, counter):
    """Run in another interpreter that kills itself at the fourth batch; return its exit status."""
    command = (
        "from pathlib import Path; from tests.cohort_stand_in import FILE, Killing;"
        "from scenarios.cohort.load import loads_cohort;"
        "from scenarios.cohort.run import run_cohort;"
        f"run_cohort(loads_cohort(FILE), Path({str(folder)!r}),"
        f" runner=Killing(4, Path({str(counter)!r})))"
    )
    return subprocess.run([sys.executable, "-c", command], cwd=ROOT, check=False).returncode


def test_files_of_the_contract(whole):
    names = {path.name for path in whole.folder.iterdir()}
    assert {"runs", "failures.csv", "summary.parquet", "patients.parquet", "report.html"} <= names
    assert len(list((whole.folder / "runs").glob("*.parquet"))) == 9
    table = _patients(whole.folder)
    assert list(table.columns[:8]) == CONTRACT
    assert table.groupby("arm", sort=False)["patient"].apply(list).to_dict() == {
        name: list(range(12)) for name in ("full", "same", "low")
    }
    info = json.loads((whole.folder / "cohort.json").read_text())
    assert info["patients_sha256"] == whole.checksum and info["n_patients"] == 12


def test_arms_share_their_patients(whole):
    """Covariates are the same in all arms, and all outcomes where the treatment is the same."""
    table = _patients(whole.folder).set_index("patient")
    full, same, low = (table[table["arm"] == name] for name in ("full", "same", "low"))
    covariates = ["age_yr", "sex", "bsa_m2", "asns_factor", "subtype", "blasts_at_diagnosis"]
    assert full[covariates].equals(low[covariates])
    assert full.drop(columns=["arm", "group"]).equals(same.drop(columns=["arm", "group"]))
    assert (low["days_above_0p1_IU_per_mL"] < full["days_above_0p1_IU_per_mL"]).all()


def test_killed_in_the_middle_and_finished(whole, tmp_path):
    """SIGKILL at the fourth of nine batches; the same command then runs only the six missing."""
    folder, counter = tmp_path / "killed", tmp_path / "batches"
    assert _run_and_die(folder, counter) == -signal.SIGKILL
    assert not (folder / "patients.parquet").exists()
    assert len(list((folder / "runs").glob("*.parquet"))) == 3
    again = run_cohort(loads_cohort(FILE), folder, runner=Killing(100, counter))
    assert counter.stat().st_size == 4 + 6
    assert again.checksum == whole.checksum
    for name in ("patients.parquet", "summary.parquet", "report.html"):
        assert (folder / name).read_bytes() == (whole.folder / name).read_bytes()


def test_a_finished_folder_runs_nothing(whole, tmp_path):
    def never(job):
        raise AssertionError("ran again")

    assert run_cohort(loads_cohort(FILE), whole.folder, runner=never).checksum == whole.checksum


@pytest.mark.parametrize("size", [1, 7, 100])
def test_size_of_batches_does_not_matter(whole, tmp_path, size):
    cohort = loads_cohort(FILE, overrides=[f"batch={size}"])
    assert run_cohort(cohort, tmp_path / "out", runner=stand_in).checksum == whole.checksum


def test_worker_processes_give_the_same_bits(whole, tmp_path):
    found = run_cohort(loads_cohort(FILE), tmp_path / "out", runner=stand_in, workers=2)
    assert found.checksum == whole.checksum


def test_fewer_patients_are_the_first_ones(whole, tmp_path):
    run_cohort(loads_cohort(FILE), tmp_path / "few", n_patients=5, runner=stand_in)
    few, many = _patients(tmp_path / "few"), _patients(whole.folder)
    assert few.equals(many[many["patient"] < 5].reset_index(drop=True))


def test_more_patients_in_the_same_folder(whole, tmp_path):
    """Batches that are there stay; only those of the new patients are run."""
    folder, counter = tmp_path / "out", tmp_path / "batches"
    run_cohort(loads_cohort(FILE), folder, n_patients=10, runner=Killing(100, counter))
    found = run_cohort(loads_cohort(FILE), folder, runner=Killing(100, counter))
    assert counter.stat().st_size == 6 + 3
    assert found.checksum == whole.checksum


def test_failed_batches_are_listed_and_do_not_end_the_others(tmp_path):
    found = run_cohort(loads_cohort(FILE), tmp_path / "out", runner=failing)
    failures = pd.read_csv(tmp_path / "out" / "failures.csv")
    assert found.n_failed == 1
    assert failures.to_dict("records") == [
        {"arm": "low", "first_patient": 5, "n_patients": 5,
         "error": "ValueError: a patient without a body"}
    ]  # fmt: skip
    table = _patients(tmp_path / "out")
    left = [0, 1, 2, 3, 4, 10, 11]
    assert all(own["patient"].tolist() == left for _, own in table.groupby("arm"))


def test_failed_batches_are_tried_again(whole, tmp_path):
    run_cohort(loads_cohort(FILE), tmp_path / "out", runner=failing)
    found = run_cohort(loads_cohort(FILE), tmp_path / "out", runner=stand_in)
    assert found.n_failed == 0 and found.checksum == whole.checksum


def test_a_truncated_batch_is_run_again(whole, tmp_path):
    run_cohort(loads_cohort(FILE), tmp_path / "out", runner=stand_in)
    one = tmp_path / "out" / "runs" / "low-0000005-5.parquet"
    one.write_bytes(one.read_bytes()[:200])
    counter = tmp_path / "batches"
    found = run_cohort(loads_cohort(FILE), tmp_path / "out", runner=Killing(100, counter))
    assert counter.stat().st_size == 1 and found.checksum == whole.checksum


def test_folder_of_another_cohort_is_refused(whole, tmp_path):
    with pytest.raises(RunFolderError, match="holds another cohort"):
        run_cohort(loads_cohort(FILE, seed=9), whole.folder, runner=stand_in)
    (tmp_path / "letter.txt").write_text("dear")
    with pytest.raises(RunFolderError, match="holds no cohort"):
        run_cohort(loads_cohort(FILE), tmp_path, runner=stand_in)


def test_patients_outside_the_kinetics_of_an_arm_are_counted(tmp_path):
    """Once for all arms, and in the report as well."""
    text = FILE.replace("{number: 12}", "{number: 12, demographics: {median_age: 0.7 yr}}")
    found = run_cohort(loads_cohort(text), tmp_path / "out", runner=stand_in)
    lines = [line for line in found.warnings if line.startswith("pegaspargase: ")]
    assert lines and all(" of 12 patients are outside the " in line for line in lines)
    assert len(set(found.warnings)) == len(found.warnings)
    assert lines[0].split(": ")[1] in (found.folder / "report.html").read_text()


def test_scheduler_that_is_not_there(tmp_path):
    with pytest.raises(ScenarioError, match="--scheduler"):
        run_cohort(
            loads_cohort(FILE), tmp_path / "out", runner=stand_in, scheduler="tcp://127.0.0.1:9"
        )


def test_progress_counts_patients(tmp_path):
    seen = []
    cohort = loads_cohort(FILE)
    run_cohort(cohort, tmp_path / "out", runner=stand_in, progress=lambda *at: seen.append(at))
    assert seen[0] == (5.0, 36.0) and seen[-1] == (36.0, 36.0)


def test_curves_are_percentiles_of_the_patients(whole):
    curves = pd.read_parquet(whole.folder / "curves.parquet")
    start = curves[curves["day"] == 0.0].set_index("arm")
    kill = _patients(whole.folder).query("arm == 'full'")["kill_factor"]
    expected = np.percentile((1.0 / kill).astype(np.float32), [5, 50, 95])
    columns = [f"activity_IU_per_mL_p{p:02d}" for p in (5, 50, 95)]
    assert np.allclose(start.loc["full", columns].astype(float), expected, rtol=1e-6)
    assert (start["n_followed"] == 12).all()


def test_events_and_survival_of_the_summary(whole):
    summary = pd.read_parquet(whole.folder / "summary.parquet").set_index("group")
    table = _patients(whole.folder)
    for arm, own in table.groupby("arm"):
        assert summary.loc[arm, "n_relapses"] == own["relapsed"].sum()
        assert summary.loc[arm, "survival"] == pytest.approx(
            1.0 - (own["time_to_relapse_d"] <= 365.25).mean()
        )
    assert summary.loc["same", "hazard_ratio"] == pytest.approx(1.0)
    assert summary.loc["low", "hazard_ratio_low"] > 1.0
    events = pd.read_parquet(whole.folder / "events.parquet")
    assert set(events["patient"]) == {0, 3, 6, 9} and set(events["kind"]) == {"allergy"}


class _Checker(HTMLParser):
    """Counts open tags, and keeps whatever a page would fetch."""

    VOID = frozenset({"meta", "br", "wbr", "img", "link", "hr", "input"})

    def __init__(self):
        super().__init__()
        self.open, self.fetched, self.words = [], [], []

    def handle_starttag(self, tag, attributes):
        if tag not in self.VOID:
            self.open.append(tag)
        for name, value in attributes:
            if name in ("src", "href", "xlink:href", "srcset") and not value.startswith("#"):
                self.fetched.append(value)
        assert tag not in ("script", "link", "iframe")

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_startendtag(self, tag, attributes):
        self.handle_starttag(tag, attributes)
        if tag not in self.VOID:
            self.open.pop()

    def handle_data(self, data):
        self.words.append(data)


def test_report_is_one_page_that_fetches_nothing(whole):
    text = (whole.folder / "report.html").read_text()
    checker = _Checker()
    checker.feed(text)
    assert checker.open == [] and checker.fetched == []
    assert not re.search(r"url\((?!#)|@import", text)
    assert 'name="viewport"' in text and "@media print" in text
    shown = " ".join(checker.words)
    for words in ("two doses", "Not for decisions on a patient", "allergy", "Assumptions", "low"):
        assert words in shown


def test_report_has_every_id_once(whole):
    ids = re.findall(r'\bid="([^"]+)"', (whole.folder / "report.html").read_text())
    assert len(ids) == len(set(ids)) > 20


def test_text_of_the_author_cannot_become_html(tmp_path):
    cohort = loads_cohort(FILE.replace("cohort: two doses", "cohort: <script>x</script> & co"))
    found = run_cohort(cohort, tmp_path / "out", runner=stand_in)
    text = (found.folder / "report.html").read_text()
    assert "<script>" not in text and "&lt;script&gt;x&lt;/script&gt; &amp; co" in text


def test_nothing_is_left_of_temporary_files(whole):
    assert not list(whole.folder.rglob("*.tmp"))
    assert os.stat(whole.folder / "report.html").st_size < 3_000_000
