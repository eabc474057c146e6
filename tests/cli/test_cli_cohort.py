"""The commands `cohort` and, for one patient, `fit`: what they print, refuse and leave behind."""

import os

import pytest

from scenarios import cli

PATIENT = "time_d,activity_IU_per_mL,dose_IU_per_m2\n0,,2500\n7,0.95,\n14,0.55,2500\n21,1.2,\n"
OPTIONS = ("--product", "pegaspargase", "--bsa", "0.79", "--age", "6", "--sex", "f")
COHORT = """
asnsim: 1
cohort: one dose
base: virtual-patient
patients: {number: 3, disease: {median_blasts: 1e8}}
changes: {cells.0.strata: {asns: 1, threshold: 1}}
arms: {full: {}, low: {changes: {doses.0.amount: 250 IU/m2}}}
end: 5 d
"""


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv(cli.DEBUG, raising=False)


def _refused(capsys, *arguments):
    status = cli.main(arguments)
    captured = capsys.readouterr()
    assert status == cli.BAD_INPUT and captured.out == ""
    (line,) = captured.err.splitlines()
    return line


def test_a_cohort_leaves_its_folder_and_is_finished_by_the_same_command(tmp_path, capsys):
    (tmp_path / "trial.yaml").write_text(COHORT)
    arguments = ["cohort", "trial.yaml", "--out", "trial", "--workers", "1"]
    assert cli.main(arguments) == cli.DONE
    assert capsys.readouterr().out == "trial\n"
    assert {"patients.parquet", "summary.parquet", "failures.csv", "report.html"} <= set(
        os.listdir("trial")
    )
    table = (tmp_path / "trial" / "patients.parquet").read_bytes()
    (tmp_path / "trial" / "patients.parquet").unlink()
    assert cli.main(arguments) == cli.DONE
    assert (tmp_path / "trial" / "patients.parquet").read_bytes() == table


def test_unknown_cohort(capsys):
    assert "did you mean 'cohort-tdm'" in _refused(capsys, "cohort", "cohort-tmd", "--out", "x")
    assert os.listdir() == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--patients", "0"), "--patients 0: must be at least 1"),
        (("--workers", "0"), "--workers 0: must be at least 1"),
        (("--workers", "2", "--scheduler", "tcp://a:1"), "--workers: the scheduler has its own"),
    ],
)
def test_options_of_a_cohort(capsys, arguments, message):
    assert message in _refused(capsys, "cohort", "cohort-tdm", "--out", "x", *arguments)


def test_csv_without_a_column(tmp_path, capsys):
    (tmp_path / "trial.yaml").write_text(COHORT.replace("{number: 3, ", "{csv: who.csv, "))
    (tmp_path / "who.csv").write_text("patient,age_yr\nA,4\n")
    line = _refused(capsys, "cohort", "trial.yaml", "--out", "x")
    assert line.startswith("asnsim: who.csv: columns sex, weight_kg or bsa_m2 missing")


def test_list_and_show_know_cohorts(capsys):
    assert cli.main(["list"]) == cli.DONE
    assert "cohort-products" in capsys.readouterr().out
    assert cli.main(["show", "cohort-asns"]) == cli.DONE
    assert "by: asns" in capsys.readouterr().out


def test_fit_of_a_patient(tmp_path, capsys):
    (tmp_path / "one.csv").write_text(PATIENT)
    assert cli.main(["fit", "one.csv", *OPTIONS, "--out", "fit"]) == cli.DONE
    captured = capsys.readouterr()
    assert "clearance" in captured.out and "k_tr" in captured.out
    assert "next trough, day 28" in captured.out
    assert "not for decisions on a patient" in captured.err
    assert set(os.listdir("fit")) == {
        "parameters.csv", "predictions.csv", "curve.csv", "trough.csv", "activity.png",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (OPTIONS[:4], "--age and --sex: missing"),
        (OPTIONS[:2] + OPTIONS[4:], "--bsa or --weight: missing"),
        (("--product", "pegaspargase", "--bsa", "-1", "--age", "6", "--sex", "f"), "must lie in"),
        ((*OPTIONS[:-1], "x"), "--sex: 'x' is not known; write f or m"),
        ((*OPTIONS, "--line", "MOLT-4"), "does not go with activities of a patient"),
        ((*OPTIONS, "--preset", "bmf"), "did you mean 'bfm'"),
        ((*OPTIONS[:5], "90", *OPTIONS[6:]), "age: 90 yr is outside the covariate model"),
    ],
)
def test_options_of_a_patient(tmp_path, capsys, options, message):
    (tmp_path / "one.csv").write_text(PATIENT)
    assert message in _refused(capsys, "fit", "one.csv", *options)


@pytest.mark.parametrize(
    ("text", "options", "message"),
    [
        (None, (), "one.csv: there is no such file"),
        (None, OPTIONS, "one.csv: there is no such file"),
        (None, ("--line", "MOLT-4"), "one.csv: there is no such file"),
        ("", (), "one.csv: is empty"),
        (PATIENT.replace("_IU_per_mL", "", 1), (), "column activity_IU_per_mL missing"),
        (PATIENT.replace("activity_IU_per_mL", "level"), OPTIONS, "activity_IU_per_mL missing"),
    ],
)
def test_what_is_wrong_with_the_file_comes_first(tmp_path, capsys, text, options, message):
    if text is not None:
        (tmp_path / "one.csv").write_text(text)
    assert message in _refused(capsys, "fit", "one.csv", *options)


def test_a_patient_whom_the_model_misses_gets_no_probability(tmp_path, capsys):
    (tmp_path / "one.csv").write_text(PATIENT.replace("21,1.2,", "25,<0.025,"))
    assert cli.main(["fit", "one.csv", *OPTIONS]) == cli.DONE
    captured = capsys.readouterr()
    assert "with probability" not in captured.out and "no probability" in captured.out
    assert "asnsim: day 25: <0.025 measured, 0.794 fitted: the model does" in captured.err


def test_dish_data_still_need_a_line(tmp_path, capsys):
    (tmp_path / "dish.csv").write_text("dose_IU_per_mL,viability\n1,0.5\n")
    assert "--line" in _refused(capsys, "fit", "dish.csv")
