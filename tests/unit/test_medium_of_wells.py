"""What is in a well: recipes of media, serum, oxygen, changes of medium, dilution series."""

import numpy as np
import pytest

from abm.environment import media
from abm.processes.medium_change import MediumChangeParameters
from abm.state.sites import Species
from scenarios.build import build
from scenarios.load import dump_resolved, loads
from tests.small import run_on, tissue, well

S = Species
RESCUE = {"base": "RPMI-1640", "without": ["asn", "Gln"], "add": {"asn": "0.1 mM"}}


def fluid(changes=None, **top):
    """Return concentrations [uM] at the start of a well without cells, by species."""
    return build(
        well({"time.end": "1 h", "time.record": "1 h"} | (changes or {}), cells=[], **top)
    ).state.sites


def test_a_rescue_holds_what_is_added_and_nothing_of_what_is_left_out():
    start = fluid({"environment.medium": RESCUE}).concentration[:, 0]
    assert start[S.ASN] == pytest.approx(100.0) and start[S.GLN] == 0.0
    plain = fluid().concentration[:, 0]
    others = [one for one in S if one not in (S.ASN, S.GLN)]
    assert np.array_equal(start[others], plain[others])


def test_serum_that_is_not_dialysed_brings_back_what_the_medium_was_made_without():
    start = fluid({"environment.medium": RESCUE, "environment.serum.dialysed": False})
    assert start.concentration[S.ASN] == pytest.approx(100.0 + 0.1 * media.SERUM[S.ASN])
    assert start.concentration[S.GLN] == pytest.approx(0.1 * media.SERUM[S.GLN])


def test_additions_come_on_top_undiluted():
    added = {"base": "DMEM", "add": {"asn": "50 uM", "gln": "1 mM"}}
    start = fluid({"environment.medium": added}).concentration
    assert start[S.ASN] == pytest.approx(50.0)
    assert start[S.GLN] == pytest.approx(0.9 * media.MEDIA["DMEM"][S.GLN] + 1000.0)


def test_a_name_and_its_mapping_are_the_same_medium_and_survive_a_round_trip():
    by_name, by_mapping = well(), well({"environment.medium": {"base": "rpmi-1640"}})
    assert by_name.environment == by_mapping.environment
    scenario = well({"environment.medium": RESCUE, "environment.oxygen": "1 %"})
    text = dump_resolved(scenario)
    assert loads(text) == scenario and "0.1 mM" in text


def test_oxygen_follows_the_law_of_henry_in_the_culture_and_after_a_change_of_medium():
    air = fluid().concentration[S.O2, 0]
    # Air-saturated medium at 37 C holds 180 to 210 uM.
    assert 180.0 < air < 210.0
    assert fluid({"environment.oxygen": "1 %"}).concentration[S.O2, 0] == pytest.approx(air / 21)
    assert fluid({"environment.oxygen": 0}).concentration[S.O2, 0] == 0.0
    event = {"at": "30 min", "wash": 1, "medium": "DMEM"}
    model = build(
        well(
            {
                "environment.oxygen": "2 %",
                "environment.events": [event],
                "time.end": "1 h",
                "time.record": "1 h",
            },
            cells=[],
        )
    )
    run_on(model)
    assert model.state.sites.concentration[S.O2] == pytest.approx(air * 2 / 21)
    thin = fluid(parameters={"gas.oxygen_solubility": "0.63 uM/mmHg"})
    assert thin.concentration[S.O2, 0] == pytest.approx(air / 2)


def test_tissue_holds_oxygen_everywhere():
    oxygen = build(tissue({"environment.oxygen": 0.1}, cells=[])).state.sites.concentration[S.O2]
    assert np.ptp(oxygen) == 0.0
    assert oxygen[0] == pytest.approx(fluid().concentration[S.O2, 0] * 0.1 / 0.21)


def test_change_of_medium_leaves_the_residual_share_of_every_species():
    """A well washed twice and filled keeps r**3 of the old: Eq. (N2)."""
    fresh = {"base": "DMEM", "without": ["gln"], "add": {"asn": "20 uM"}}
    event = {
        "at": "30 min", "wash": 2, "medium": fresh, "serum": {"fraction": 0.2, "dialysed": False},
    }  # fmt: skip
    model = build(
        well({"environment.events": [event], "time.end": "1 h", "time.record": "1 h"}, cells=[])
    )
    before = model.state.sites.concentration[:, 0].copy()
    run_on(model)
    kept = MediumChangeParameters().residual ** 3
    new = np.zeros(len(S))
    for species in (S.ASP, S.EAA, S.SER, S.GLUCOSE):
        new[species] = 0.8 * media.MEDIA["DMEM"][species] + 0.2 * media.SERUM.get(species, 0.0)
    new[S.ASN] = 20.0 + 0.2 * media.SERUM[S.ASN]
    new[S.GLN] = 0.2 * media.SERUM[S.GLN]
    new[S.O2] = before[S.O2]
    expected = kept * before + (1.0 - kept) * new
    assert model.state.sites.concentration[:, 0] == pytest.approx(expected, rel=1e-9)


def test_factors_of_a_dilution_series_go_round_the_wells():
    plate = well(
        {"environment.dose_factors": [0, 0.5, 2], "time.end": "1 h", "time.record": "1 h",
         "treatment.doses": [{"product": "e-coli", "amount": "0.1 IU/mL", "at": ["0 h"]}]},
        cells=[], replicates=7,
    )  # fmt: skip
    model = run_on(build(plate))
    factors = np.array([0, 0.5, 2, 0, 0.5, 2, 0])
    assert model.state.sites.activity == pytest.approx(0.1 * factors)
    assert model.facts.notes["dose_factors"] == [0, 0.5, 2]
