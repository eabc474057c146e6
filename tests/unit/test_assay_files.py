"""Assay files: the bundled ones load and print themselves; bad ones are refused line by line."""

import pytest

from abm.errors import ScenarioError
from scenarios.catalogue import bundled, bundled_assays, description, is_assay
from scenarios.load import load
from scenarios.studies.families import FAMILIES
from scenarios.studies.load import dump_assay, load_assay, loads_assay

MTT = "asnsim: 1\nassay: mtt\nline: MOLT-4\nhours: [48 h, 72 h]\n"


@pytest.mark.parametrize("name", sorted(bundled_assays()))
def test_bundled_assays_load_and_are_printed_so_that_they_load_again(name):
    assay = load_assay(name)
    again = loads_assay(dump_assay(assay), name)
    assert again.model_dump() == assay.model_dump()
    assert len(description(bundled_assays()[name]).split()) > 4
    assert is_assay(name)


def test_an_assay_is_not_taken_for_a_scenario():
    with pytest.raises(ScenarioError, match="mtt: is an assay, no scenario"):
        load("mtt")


def test_every_family_has_a_bundled_assay():
    assert {load_assay(name).assay for name in bundled_assays()} == set(FAMILIES)
    assert not any(map(is_assay, bundled()))


def test_one_value_is_a_list_of_one_and_names_may_be_in_any_case():
    assay = loads_assay(MTT)
    assert assay.line == ("molt-4",)
    assert load_assay("mtt", ["line=[A549, jurkat]"]).line == ("a549", "jurkat")


def test_a_dilution_series_has_vehicle_and_doses_in_order():
    assay = loads_assay(MTT + "highest_dose: 1 IU/mL\ndilution_factor: 10\nn_doses: 4\n")
    assert assay.dose_factors == pytest.approx((0.0, 1e-3, 1e-2, 0.1, 1.0))


def test_the_simulated_well_has_the_density_of_the_real_one():
    assay = loads_assay(MTT + "cells_per_well: 5000\nagents_per_well: 250\n")
    assert assay.simulated_volume == pytest.approx(assay.well_volume / 20.0)
    assert assay.cells_per_agent == 20.0


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (MTT.replace("mtt", "mtx"), "'mtx': is no known assay; did you mean 'mtt'?"),
        (MTT.replace("assay: mtt\n", ""), "assay: is missing"),
        (
            MTT.replace("MOLT-4", "MOLT-5"),
            "line 3: line.0: 'MOLT-5': is no known line; did you mean 'molt-4'?",
        ),
        (MTT + "n_doses: 1\n", "line 5: n_doses: 1: a dose series of 1 point gives no curve"),
        (MTT + "highest_dose: -1 IU/mL\n", "highest_dose: '-1 IU/mL': must be >= 0 IU/mL"),
        (MTT + "highest_dose: 0 IU/mL\n", "must be > 0 IU/mL"),
        (MTT + "highest_dose: 1 mg\n", "highest_dose"),
        (MTT + "dilution_factor: 1\n", "dilution_factor: 1: must be > 1"),
        (MTT + "product: aspirin\n", "is no known product"),
        (MTT.replace("[48 h, 72 h]", "[48 h, 48 h]"), "names something twice"),
        (MTT.replace("hours: [48 h, 72 h]\n", ""), "hours: is missing"),
        (MTT + "wavelength: 570\n", "wavelength: is an unknown key"),
        (
            "asnsim: 1\nassay: combination\nline: jurkat\nhours: 72 h\npartner_doses: [-1 uM]\n",
            "partner_doses.0: '-1 uM': must be >= 0 uM",
        ),
    ],
)
def test_bad_files_are_refused_with_one_line(text, message):
    with pytest.raises(ScenarioError) as caught:
        loads_assay(text, "my.yaml")
    (line,) = str(caught.value).splitlines()
    assert line.startswith("my.yaml: ") and message in line
