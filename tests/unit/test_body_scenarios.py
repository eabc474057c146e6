"""Scenarios of kind ``body``: what a user writes, gets on disk and is warned of."""

import json
import warnings

import numpy as np
import pytest

from abm.environment.body import Compartment
from abm.observe import timeseries_rows
from abm.state.sites import Species
from scenarios.build import build
from scenarios.load import dump_resolved, loads
from scenarios.run import run
from scenarios.schema.environment import Body
from tests.small import finished

CHILD = {"bsa": "0.79 m2", "age": "6 yr", "sex": "f"}
PEGASPARGASE = [{"product": "pegaspargase", "amount": "2500 IU/m2", "route": "iv", "at": ["1 d"]}]
BLASTS = {
    "type": "blast", "line": "default-blast", "number": 10**12, "doubling_time": "158.4 h",
    "methylated_alleles": {"2": 1.0}, "compartments": {"marrow": 1.0},
}  # fmt: skip


def body(environment=None, **top):
    """Return a scenario of a body without cells; ``environment`` adds keys to ``kind: body``."""
    tree = {
        "asnsim": 1,
        "environment": {"kind": "body", **(environment or {})},
        "time": {"end": "4 h", "coupling": "1 h", "fate": "1 h", "record": "2 h"},
        "stop": [],
        **top,
    }
    return loads(json.dumps(tree))


def test_kind_alone_is_enough():
    scenario = body()
    assert scenario.environment == Body.model_validate(
        {"kind": "body", "asparagine_input": "0.75 uM/min", "consumption": "host",
         "medium": "human-plasma", "csf_enzyme": 2e-5}
    )  # fmt: skip
    assert body({"asparagine_input": "high"}).environment.asparagine_input == 8.0
    assert body({"asparagine_input": "60 uM/h"}).environment.asparagine_input == pytest.approx(1.0)
    assert loads(dump_resolved(scenario)) == scenario


@pytest.mark.parametrize(
    ("patient", "weight"),
    [(None, 20.0), ({"bsa": "0.79 m2"}, 20.0), ({"weight": "70 kg", "bsa": "1.8 m2"}, 70.0)],
)
def test_volumes_are_those_of_the_patient(patient, weight):
    """45 mL of plasma and 0.55 L of tissue per kg; a child of 0.79 m2 weighs 20 kg."""
    treatment = {} if patient is None else {"patient": patient}
    litres = build(body(treatment=treatment)).state.sites.volume * 1e-12
    assert litres[Compartment.PLASMA] == pytest.approx(0.045 * weight, rel=2e-3)
    assert litres[Compartment.TISSUE] == pytest.approx(0.55 * weight, rel=2e-3)


def test_several_patients_have_four_sites_each_and_one_row_each():
    model = finished(body({"asparagine_input": "high"}, replicates=3))
    assert model.state.sites.n == 12
    assert model.state.sites_per_replicate == 4
    rows = timeseries_rows(model)
    assert rows["asn_uM"] == pytest.approx(np.full(3, 50.0))
    assert rows["asparaginase_IU_per_mL"].shape == (3,)


def test_sites_on_disk_bear_the_names_of_the_compartments(tmp_path):
    treatment = {"patient": CHILD, "doses": PEGASPARGASE}
    time = {"end": "3 d", "coupling": "4 h", "fate": "4 h", "record": "1 d"}
    result = run(body(treatment=treatment, time=time), out=tmp_path / "one")
    import pandas

    sites = pandas.read_parquet(result.folder / "sites.parquet")
    last = sites[sites.time_h == 72.0].pivot(
        index="site", columns="species", values="concentration_uM"
    )
    assert set(last.index) == {"plasma", "marrow", "csf", "tissue"}
    assert last.loc["plasma", "asn"] < 0.05 < last.loc["csf", "asn"] < 2.0
    assert last.loc["tissue", "asn"] > 45.0
    assert last.loc["plasma", "nh3"] > 80.0
    series = result.timeseries
    assert series.asn_uM.iloc[-1] == pytest.approx(last.loc["plasma", "asn"])
    assert 0.9 < series.asparaginase_IU_per_mL.iloc[-1] < 1.3
    fluxes = json.loads((result.folder / "run.json").read_text())["ledger"]["asn"]["fluxes_fmol"]
    assert set(fluxes) == {"host supply", "host clearance", "enzyme"}
    run(body(replicates=2), out=tmp_path / "two")
    names = pandas.read_parquet(tmp_path / "two" / "sites.parquet").site.unique()
    assert list(names[3:5]) == ["patient 0 tissue", "patient 1 plasma"]


def test_a_species_that_is_not_listed_stays():
    treatment = {"patient": CHILD, "doses": [PEGASPARGASE[0] | {"at": ["0 h"]}]}
    model = finished(body({"species": ["asn"]}, treatment=treatment))
    plasma = model.state.sites.concentration[:, Compartment.PLASMA]
    assert plasma[Species.ASN] < 0.1
    assert plasma[[Species.GLN, Species.NH3]].tolist() == [550.0, 35.0]


def assert_books_close(model):
    for species in (Species.ASN, Species.GLN):
        closure = model.ledger.closure(model.state, species)
        assert closure.relative < 1e-9
        assert closure.relative_without_defect < 1e-5


def test_a_trillion_untreated_blasts_leave_plasma_to_the_host():
    """Within 20 % of 50 uM; what they take is booked as supply by the host."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model = finished(body(cells=[BLASTS], time={"end": "26 h", "coupling": "1 h"}))
    asn = model.state.sites.concentration[Species.ASN]
    assert asn[Compartment.PLASMA] == pytest.approx(50.0, rel=0.2)
    assert asn[Compartment.MARROW] == pytest.approx(50.0, rel=0.2)
    empty = finished(body(time={"end": "26 h", "coupling": "1 h"}))
    flux = (Species.ASN, "host supply")
    umol = 1e-9 * (model.ledger.flux[flux] - empty.ledger.flux[flux])
    assert umol > 26 * 500.0
    assert_books_close(model)


def test_consumption_from_plasma_runs_it_down_and_warns_once():
    time = {"end": "26 h", "coupling": "1 h"}
    scenario = body({"consumption": "plasma"}, cells=[BLASTS], time=time)
    with pytest.warns(UserWarning, match="the host brings at most") as caught:
        model = finished(scenario)
    assert sum("the host brings at most" in str(one.message) for one in caught) == 1
    asn = model.state.sites.concentration[Species.ASN]
    assert asn[Compartment.MARROW] < 10.0
    assert asn[Compartment.MARROW] < asn[Compartment.PLASMA] < 25.0
    assert asn[Compartment.TISSUE] > 45.0
    assert_books_close(model)


def test_a_few_blasts_do_not_warn():
    few = BLASTS | {"number": 10**7}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model = finished(body({"consumption": "plasma"}, cells=[few]))
    assert model.state.sites.concentration[Species.ASN, 0] == pytest.approx(50.0, rel=1e-3)
    assert_books_close(model)


@pytest.mark.parametrize("asparagine_input", ["low", "high"])
def test_books_of_a_course_close(asparagine_input):
    treatment = {"patient": CHILD, "doses": PEGASPARGASE}
    time = {"end": "40 d", "coupling": "4 h", "fate": "4 h", "record": "10 d"}
    model = finished(body({"asparagine_input": asparagine_input}, treatment=treatment, time=time))
    assert_books_close(model)


def test_depletion_lasts_about_four_weeks_and_ends():
    """Plasma below 0.7 uM while activity is above 0.025 IU/mL, and back when the drug is gone."""
    treatment = {"patient": CHILD, "doses": [PEGASPARGASE[0] | {"preset": "dfci-11001"}]}
    time = {"end": "60 d", "coupling": "4 h", "fate": "4 h", "record": "1 d"}
    model = build(body(treatment=treatment, time=time))
    asn, activity, hours = [], [], []
    while model.running:
        model.step()
        asn.append(model.state.sites.concentration[Species.ASN, 0])
        activity.append(model.state.sites.activity[0])
        hours.append(model.hours)
    asn, activity, hours = np.array(asn), np.array(activity), np.array(hours)
    is_depleted = asn < 0.7
    assert is_depleted[(activity > 0.025) & (hours > 30.0)].all()
    assert 22.0 <= is_depleted.sum() * 4.0 / 24.0 <= 32.0
    assert asn[-1] > 45.0


def intervals(time, cells=(BLASTS,), environment=None):
    """Coupling, fate and record [h] of a body of which the author says so much."""
    tree = {"asnsim": 1, "environment": {"kind": "body", **(environment or {})}, "time": time,
            "cells": list(cells)}  # fmt: skip
    found = loads(json.dumps(tree)).time
    return found.coupling, found.fate, found.record


def test_a_body_has_the_intervals_of_a_course_where_its_author_gives_none():
    assert intervals({"end": "100 d"}) == (4.0, 12.0, 24.0)
    assert intervals({"end": "2 d"}) == (2.0, 6.0, 6.0)
    assert intervals({"end": "100 d", "record": "8 h"}) == (4.0, 4.0, 8.0)
    assert intervals({"end": "100 d", "fate": "1 h"}) == (1.0, 1.0, 24.0)
    assert intervals({"end": "2 h", "record": "1 h"}) == (1.0, 1.0, 1.0)
    assert intervals({"end": "100 d", "coupling": "1 h", "fate": "3 h"}) == (1.0, 3.0, 24.0)


def test_a_body_has_the_strata_of_a_course_where_its_author_gives_none():
    own = {**BLASTS, "strata": {"asns": 2}}
    normal = {"type": "normal", "line": "normal-lymphocyte", "number": 10**11}
    scenario = body(cells=[BLASTS, own, normal])
    strata = [(entry.strata.asns, entry.strata.threshold) for entry in scenario.cells]
    assert strata == [(8, 4), (2, 8), (1, 4)]
    assert "strata: {asns: 8, threshold: 4}" in dump_resolved(scenario)
