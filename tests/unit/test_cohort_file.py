"""Cohort files: what the arms become, and what is refused with line and reason."""

import pytest

from abm.errors import ScenarioError
from scenarios.catalogue import bundled_cohorts
from scenarios.cohort.load import (
    dump_cohort,
    is_cohort,
    load_cohort,
    loads_cohort,
)
from tests.cohort_stand_in import FILE


def _replaced(old, new):
    assert old in FILE
    return FILE.replace(old, new)


def test_arms_differ_in_their_treatment_only():
    arms = loads_cohort(FILE).arms
    assert set(arms) == {"full", "same", "low"}
    amounts = [arms[name]["treatment"]["doses"][0]["amount"] for name in ("full", "same", "low")]
    assert amounts == ["2500 IU/m2", "2500 IU/m2", "250 IU/m2"]
    rest = [{key: own[key] for key in own if key != "treatment"} for own in arms.values()]
    assert rest[0] == rest[1] == rest[2]


def test_follow_up_stop_and_seed_are_those_of_the_cohort():
    cohort = loads_cohort(FILE, seed=7)
    scenario = cohort.scenarios["low"]
    assert scenario.time.end == 400 * 24.0 and scenario.seed == 7 and scenario.stop == ()
    assert scenario.treatment.variability == "drawn"
    assert scenario.time.coupling == 4.0


def test_typical_patients_where_a_treatment_says_so():
    text = _replaced(
        "same: {description: 2500 IU/m2 again}", "same: {changes: {variability: typical}}"
    )
    treatments = {name: own.treatment for name, own in loads_cohort(text).scenarios.items()}
    assert treatments["same"].variability == "typical"
    assert treatments["full"].variability == "drawn"


def test_changes_of_the_base_hold_for_all_arms():
    text = FILE + "changes: {cells.0.number: 5000, time.fate: 8 h}\n"
    for scenario in loads_cohort(text).scenarios.values():
        assert scenario.cells[0].number == 5000 and scenario.time.fate == 8.0


def test_whole_treatment_of_an_arm():
    arm = "{treatment: {protocol: aieop-bfm-2009, antibodies: true}}"
    cohort = loads_cohort(_replaced("same: {description: 2500 IU/m2 again}", f"same: {arm}"))
    assert cohort.scenarios["same"].treatment.protocol == "aieop-bfm-2009"
    assert cohort.scenarios["same"].treatment.doses == ()


def test_base_in_a_file_beside_it(tmp_path):
    inner = FILE.split("base:")[1].split("patients:")[0]
    (tmp_path / "child.yaml").write_text("\n".join(line[2:] for line in inner.splitlines()))
    (tmp_path / "trial.yaml").write_text(FILE.replace(inner, " child.yaml\n"))
    cohort = load_cohort(tmp_path / "trial.yaml")
    assert cohort.name == "trial"
    assert cohort.arms == loads_cohort(FILE).arms


def test_fingerprint_follows_what_results_depend_on():
    first = loads_cohort(FILE).fingerprint()
    same = ("batch=3", "patients.number=40", "compare.at='2 yr'", "description=other")
    other = ("end='300 d'", "arms.low.changes.doses.0.amount='100 IU/m2'",
             "patients.disease.kill_sd_log=0.1", "seed=2")  # fmt: skip
    assert all(loads_cohort(FILE, overrides=[one]).fingerprint() == first for one in same)
    assert all(loads_cohort(FILE, overrides=[one]).fingerprint() != first for one in other[3:])
    text = _replaced(
        "patients: {number: 12}", "patients: {number: 12, disease: {kill_sd_log: 0.1}}"
    )
    assert loads_cohort(text).fingerprint() != first
    assert loads_cohort(FILE, overrides=["end=300 d"]).fingerprint() != first
    assert loads_cohort(_replaced("250 IU/m2", "100 IU/m2")).fingerprint() != first


def test_dump_has_every_default():
    text = dump_cohort(loads_cohort(FILE))
    assert "asns: 0" not in text and "tel-aml1: 0.22" in text and "batch: 5" in text
    assert loads_cohort(text).fingerprint() == loads_cohort(FILE).fingerprint()


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("number: 12", "number: 0", "patients.number: 0: must be at least 1"),
        ("{number: 12}", "{}", "patients.number: is missing: how many patients"),
        ("{number: 12}", "{number: 12, demographics: {median_age: 6 kg}}", "median_age"),
        ("{number: 12}", "{number: 12, disease: {asns_sd_log: -1}}", "asns_sd_log: -1.0 must lie"),
        ("{number: 12}", "{number: 12, disease: {asns: 1}}", "has no parameter 'asns'"),
        ("{number: 12}", "{number: 12, subtypes: {tall: 1}}", "is no subtype"),
        ("{number: 12}", "{number: 12, subtypes: {t-all: 0}}", "all shares are 0"),
        ("{number: 12}", "{csv: a.csv, demographics: {median_age: 6 yr}}", "does not go with csv"),
        ("low: {changes: {doses.0.amount: 250 IU/m2}}", "low: {changes: {patient.bsa: 1 m2}}",
         "arms.low.changes.patient.bsa: arms share their patients"),
        ("low: {changes: {doses.0.amount: 250 IU/m2}}",
         "low: {treatment: {patient: {bsa: 1 m2}}}", "arms.low.treatment.patient: arms share"),
        ("low: {changes: {doses.0.amount: 250 IU/m2}}", "low: {patients: {number: 3}}",
         "arms.low.patients: is an unknown key"),
        ("low: {changes: {doses.0.amount: 250 IU/m2}}", "low: {changes: {doses.3.amount: 1 IU}}",
         "'3' is no entry: a number from 0 to 0"),
        ("low: {changes", "'low dose': {changes", "the name must be letters, digits"),
        ("250 IU/m2", "250 mg", "line 17: treatment.doses.0.amount: '250 mg'"),
        ("doses.0.amount: 250 IU/m2", "doses.0.at: [500 d]", "after the end"),
        ("doses.0.amount: 250 IU/m2", "protocol: aieop", "is no known protocol"),
        ("{at: 1 yr}", "{reference: hgih}", "compare.reference: 'hgih': is no group"),
        ("{at: 1 yr}", "{by: age}", "compare.by"),
        ("kind: body", "kind: cave", "patients are bodies"),
        ("end: 400 d", "end: 400", "has no unit"),
        ("batch: 5", "batch: 5\nbatsh: 5", "batsh: is an unknown key"),
    ],
)  # fmt: skip
def test_refused_with_line_and_reason(old, new, message):
    with pytest.raises(ScenarioError) as caught:
        loads_cohort(_replaced(old, new), "trial.yaml")
    assert message in str(caught.value)
    assert str(caught.value).startswith("trial.yaml: line ")


def test_unknown_names():
    with pytest.raises(ScenarioError, match="did you mean 'cohort-asns'"):
        load_cohort("cohort-asn")
    with pytest.raises(ScenarioError, match="line 5: base: 'nowhere'"):
        inner = FILE.split("base:")[1].split("patients:")[0]
        loads_cohort(FILE.replace(inner, " nowhere\n"))


def test_bundled_cohorts_are_those_of_the_documents():
    names = ("asns", "erwinia-vs-ecoli", "products", "schedule", "tdm")
    assert list(bundled_cohorts()) == [f"cohort-{name}" for name in names]
    assert is_cohort("cohort-asns") and not is_cohort("relapse")


@pytest.mark.parametrize("name", ["cohort-asns", "cohort-erwinia-vs-ecoli", "cohort-products",
                                  "cohort-schedule", "cohort-tdm"])  # fmt: skip
def test_bundled_cohorts_are_sound(name):
    cohort = load_cohort(name)
    assert cohort.patients(3).n == 3
    assert cohort.file.description and cohort.file.sources
    assert all(own.treatment.variability == "drawn" for own in cohort.scenarios.values())
