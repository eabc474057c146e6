"""Virtual patients of a cohort and those of a CSV: who they are, and what is refused."""

import numpy as np
import pytest

from abm.errors import ScenarioError
from abm.pharmacology.cohort import virtual_patients
from abm.pharmacology.variability import CHILDREN
from scenarios.cohort.disease import SUBTYPES, Disease, draw_diseases
from scenarios.cohort.patients import sample_patients
from scenarios.cohort.table import extrapolations, read_patients

FREQUENCIES = {name: one.frequency for name, one in SUBTYPES.items()}
CSV = """patient,age_yr,sex,weight_kg,subtype,asns_relative,blasts_at_diagnosis,mrd_end_induction
A7,4.5,f,17,t-all,2.5,5e11,0.001
B2,11,m,40,,,,
C9,6,m,21,ph,0.4,1e12,0
"""


def _sample(n, **changes):
    return sample_patients(n, 3, CHILDREN, Disease(**changes), FREQUENCIES)


def _read(tmp_path, text, **options):
    path = tmp_path / "patients.csv"
    path.write_text(text)
    return read_patients(path, 3, Disease(), FREQUENCIES, **options)


def test_more_patients_begin_with_the_same_ones():
    few, many = _sample(30).table(), _sample(200).table()
    assert few.equals(many.iloc[:30])


def test_a_part_is_what_it_was_in_the_whole():
    whole, part = _sample(50), _sample(50).part(20, 10)
    assert part.table().equals(whole.table().iloc[20:30].reset_index(drop=True))
    assert np.array_equal(part.cohort.keys, whole.cohort.keys[20:30])


def test_medians_and_spreads_are_those_asked_for():
    table = _sample(4000).table()
    for column, spread in (("asns_factor", 0.78), ("growth_factor", 0.3), ("kill_factor", 0.3)):
        logs = np.log(table[column])
        assert logs.median() == pytest.approx(0.0, abs=4 * 1.25 * spread / 4000**0.5)
        assert logs.std() == pytest.approx(spread, rel=0.05)
    assert table["blasts_at_diagnosis"].median() == pytest.approx(1e12, rel=0.05)
    assert table["blasts_at_diagnosis"].max() <= 1.5e12


def test_upper_half_has_as_much_more_asns_as_resistant_patients():
    """Stams 2005: 3.5-fold between resistant and sensitive patients (geometric means)."""
    logs = np.sort(np.log(_sample(4000).table()["asns_factor"]))
    assert np.exp(logs[2000:].mean() - logs[:2000].mean()) == pytest.approx(3.5, rel=0.05)


def test_draws_are_independent():
    table = _sample(4000).table()
    columns = ["asns_factor", "growth_factor", "kill_factor", "blasts_at_diagnosis", "age_yr"]
    correlation = np.corrcoef(np.log(table[columns].to_numpy(float).T))
    assert np.abs(correlation - np.eye(5)).max() < 4.5 / 4000**0.5


def test_methylation_goes_with_the_subtype():
    table = _sample(6000).table()
    is_methylated = table["methylated_share"] > 0.5
    by_subtype = is_methylated.groupby(table["subtype"]).mean()
    assert by_subtype["tel-aml1"] == pytest.approx(0.8, abs=0.05)
    assert by_subtype["kmt2a"] == pytest.approx(0.15, abs=0.1)
    shares = table["subtype"].value_counts(normalize=True)
    assert shares["t-all"] == pytest.approx(0.14, abs=0.02)


def test_every_patient_has_a_minority_of_the_other_kind():
    shares = draw_diseases(virtual_patients(500, 1), Disease(), FREQUENCIES).methylated
    assert np.allclose(shares.sum(axis=1), 1.0)
    assert (shares.min(axis=1) == 0.0).all() and (np.sort(shares)[:, 1] > 0.0).all()


def test_only_subtypes_that_are_asked_for():
    patients = sample_patients(300, 3, CHILDREN, Disease(), {"t-all": 3.0, "ph": 1.0, "kmt2a": 0.0})
    counts = {name: patients.diseases.subtype.count(name) for name in SUBTYPES}
    assert set(patients.diseases.subtype) == {"t-all", "ph"}
    assert counts["t-all"] == pytest.approx(225, abs=35)


def test_csv_gives_what_it_knows_and_draws_the_rest(tmp_path):
    found = _read(tmp_path, CSV)
    table, drawn = found.table(), _sample(3).table()
    assert table["label"].tolist() == ["A7", "B2", "C9"]
    assert table["weight_kg"].tolist() == [17.0, 40.0, 21.0]
    assert table["bsa_m2"].iloc[0] == pytest.approx((4 * 17 + 7) / (17 + 90))
    assert table["subtype"].tolist() == ["t-all", drawn["subtype"].iloc[1], "ph"]
    assert table["asns_factor"].tolist() == [2.5, drawn["asns_factor"].iloc[1], 0.4]
    assert table["blasts_at_diagnosis"].iloc[0] == 500_000_000_000
    observed = table["observed_mrd_end_induction"]
    assert observed.iloc[0] == 0.001 and np.isnan(observed.iloc[1]) and observed.iloc[2] == 0.0


def test_csv_methylation(tmp_path):
    text = "patient,age_yr,sex,bsa_m2,methylated_share\nA,5,f,0.8,0.25\n"
    assert _read(tmp_path, text).diseases.methylated.tolist() == [[0.75, 0.0, 0.25]]


def test_fewer_patients_than_the_csv_has(tmp_path):
    assert _read(tmp_path, CSV, n=2).labels == ("A7", "B2")
    with pytest.raises(ScenarioError, match="has 3 patients: asked for 4"):
        _read(tmp_path, CSV, n=4)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("patient,sex\nA,f\n", "columns age_yr, weight_kg or bsa_m2 missing"),
        ("patient,age_yr,sex\nA,5,f\n", "column weight_kg or bsa_m2 missing"),
        ("patient,age_yr,sex,bsa_m2\nA,5,f,0.8\nB,5,f,-0.8\n",
         r"line 3: bsa_m2: -0.8: must be a number in \[0.15, 3\] m2"),
        ("patient,age_yr,sex,bsa_m2\nA,,f,0.8\n", "line 2: age_yr: nan: must be a number"),
        ("patient,age_yr,sex,bsa_m2\nA,old,f,0.8\n", "line 2: age_yr: old: must be a number"),
        ("patient,age_yr,sex,bsa_m2\nA,5,girl,0.8\n", "line 2: sex: 'girl': must be f or m"),
        ("patient,age_yr,sex,bsa_m2\nA,5,f,0.8\nA,6,f,0.8\n", "line 3: patient: 'A' is there"),
        ("patient,age_yr,sex,bsa_m2,subtype\nA,5,f,0.8,tall\n", "line 2: subtype: 'tall' is not"),
        ("patient,age_yr,sex,bsa_m2,asns\nA,5,f,0.8,1\n", "column 'asns' is not known"),
        ("patient,age_yr,sex,weight_kg,bsa_m2\nA,5,f,,\n", "line 2: needs weight_kg or bsa_m2"),
        ("patient,age_yr,sex,bsa_m2\n", "has no rows below its header"),
    ],
)  # fmt: skip
def test_csv_is_refused_with_line_and_reason(tmp_path, text, message):
    with pytest.raises(ScenarioError, match=message):
        _read(tmp_path, text)


def test_ages_outside_of_the_kinetics_are_told(tmp_path):
    old = _read(tmp_path, "patient,age_yr,sex,bsa_m2\nA,44,f,1.8\nB,9,m,1.1\n")
    (warning,) = extrapolations(old)
    assert warning.startswith("1 of 2 patients are younger than 1 or older than 18 years")
    assert extrapolations(_read(tmp_path, CSV)) == []
