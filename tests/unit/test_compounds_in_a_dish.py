"""Compounds in short runs of a well: each target does what it is named for."""

import copy
import pickle
from typing import Any

import numpy as np
import pytest

from abm.kernels.cell_layout import CellState
from abm.ledger import BOOKED
from abm.model import PopulationModel
from abm.state.sites import Species
from scenarios.build import build
from tests.small import bits, differing, run_on, well

BLAST = {"type": "blast", "line": "default-blast", "number": 40, "methylated_alleles": 0}
FED = {"environment.clamp": ["asn", "gln", "glu"], "environment.medium": "RPMI-1640"}
WITHOUT_ASN = FED | {"environment.initial": {"asn": "0 uM"}}
NOTHING: list[dict[str, Any]] = []


def added(compound, concentration, at="0 h", **until):
    return [{"compound": compound, "concentration": concentration, "at": at, **until}]


def dish(compounds, hours=6, medium=FED, **cell) -> PopulationModel:
    changes = medium | {
        "cells": [BLAST | cell], "treatment.compounds": compounds, "time.end": f"{hours} h",
        "time.record": "1 h",
    }  # fmt: skip
    return build(well(changes))


def mean(model, state):
    population = model.state.populations[0]
    return float(population.state[state, : population.n].mean())


def after(hours, compounds, medium=FED, **cell):
    return run_on(dish(compounds, hours, medium, **cell))


def booked(model, species, name):
    return model.ledger.flux[species, name]


def test_a_gcn2_inhibitor_keeps_atf4_from_rising_without_asn():
    fed = after(6, NOTHING)
    starved = after(6, NOTHING, WITHOUT_ASN)
    inhibited = after(6, added("gcn2-inhibitor", "10 uM"), WITHOUT_ASN)
    assert mean(starved, CellState.ATF4) > 3.0 * mean(fed, CellState.ATF4)
    assert mean(inhibited, CellState.ATF4) < 2.0 * mean(fed, CellState.ATF4)
    assert mean(inhibited, CellState.EIF2A_P) < 0.5 * mean(starved, CellState.EIF2A_P)


def test_rapamycin_takes_mtorc1_down_in_full_medium_by_its_hill_curve():
    fed = mean(after(6, NOTHING), CellState.MTORC1)
    assert mean(after(6, added("rapamycin", "1 uM")), CellState.MTORC1) < 0.02 * fed
    half = mean(after(6, added("rapamycin", "1 nM")), CellState.MTORC1)
    assert half == pytest.approx(0.5 * fed, rel=0.05)


def test_mso_stops_glutamine_synthetase_and_nothing_else_of_glutamine():
    untreated, treated = after(1, NOTHING), after(1, added("mso", "10 mM"))
    name = "glutamine synthetase"
    made = [booked(model, Species.GLN, name) for model in (untreated, treated)]
    assert made[1] == pytest.approx(made[0] / 101.0, rel=0.02)
    used = [booked(model, Species.GLN, "catabolism") for model in (untreated, treated)]
    assert used[1] == pytest.approx(used[0], rel=0.3)


def test_an_asns_inhibitor_stops_synthesis_and_leaves_the_enzyme_where_it_was():
    """S13."""
    untreated = after(1, NOTHING, methylated_alleles=0)
    treated = after(1, added("asns-inhibitor", "10 mM"))
    made = [booked(model, Species.ASN, "synthetase") for model in (untreated, treated)]
    assert made[1] == pytest.approx(made[0] / 101.0, rel=0.05)
    copies = [mean(model, CellState.ASNS) for model in (untreated, treated)]
    assert copies[1] == pytest.approx(copies[0], rel=0.01)


def test_chloroquine_cuts_what_autophagy_gives_back_but_saves_no_protein():
    starved = after(4, NOTHING, WITHOUT_ASN)
    blocked = after(4, added("chloroquine", "1 mM"), WITHOUT_ASN)
    assert mean(blocked, CellState.ASN) < 0.7 * mean(starved, CellState.ASN)
    # Were the loss of protein blocked as well, cells in full medium would grow faster.
    growth = [
        float(model.state.populations[0].live("growth").mean())
        for model in (after(4, NOTHING), after(4, added("chloroquine", "1 mM")))
    ]
    assert 0.9 * growth[0] < growth[1] <= growth[0]


@pytest.mark.parametrize(
    ("compound", "concentration"), [("metformin", "26 mM"), ("rotenone", "2 uM")]
)
def test_a_block_of_electron_transport_lowers_asp(compound, concentration):
    fed = mean(after(6, NOTHING), CellState.ASP)
    assert mean(after(6, added(compound, concentration)), CellState.ASP) < 0.3 * fed


def test_an_akt_inhibitor_removes_the_ras_gain_of_atf4_and_does_nothing_to_it_without_ras():
    """S13."""
    inhibitor = added("akt-inhibitor", "5 uM")
    ras = {"line": "a549"}
    assert mean(after(6, NOTHING, **ras), CellState.ATF4) == pytest.approx(1.5, rel=0.05)
    assert mean(after(6, inhibitor, **ras), CellState.ATF4) == pytest.approx(1.0, rel=0.05)
    blasts = [mean(after(6, one), CellState.ATF4) for one in (NOTHING, inhibitor)]
    assert blasts[1] == pytest.approx(blasts[0], rel=0.05)


def test_venetoclax_lowers_the_threshold_and_changes_nothing_that_is_measured():
    # Blasts do without MAPK, so a MEK inhibitor alters no more than the length of the intervals.
    untreated = after(2, added("mek-inhibitor", "1 uM"), WITHOUT_ASN)
    treated = after(2, added("venetoclax", "10 uM"), WITHOUT_ASN)
    one, two = (model.state.populations[0] for model in (untreated, treated))
    assert one.n == two.n
    for state in CellState:
        # One reciprocal serves several quotients of the kernel: the last digit is shared.
        is_same = np.allclose(one.state[state, : one.n], two.state[state, : two.n], 1e-12, 0.0)
        assert is_same == (state is not CellState.COMMITMENT), state.name
    assert mean(treated, CellState.COMMITMENT) > mean(untreated, CellState.COMMITMENT)
    assert two.live("hazard").mean() > one.live("hazard").mean()


def test_an_er_stressor_raises_eif2a_p_in_full_medium():
    fed = mean(after(6, NOTHING), CellState.EIF2A_P)
    assert mean(after(6, added("thapsigargin", "1 uM")), CellState.EIF2A_P) > 5.0 * fed


def test_a_glutaminase_inhibitor_spares_glutamine():
    untreated, treated = after(1, NOTHING), after(1, added("cb-839", "10 uM"))
    used = [booked(model, Species.GLN, "catabolism") for model in (untreated, treated)]
    assert used[0] < 0.0 and used[1] > 0.5 * used[0]
    assert mean(treated, CellState.GLN) > mean(untreated, CellState.GLN)


def test_a_compound_added_at_24_h_leaves_the_first_24_h_bit_for_bit():
    plain = run_on(dish(NOTHING, 26), 24)
    treated = run_on(dish(added("rapamycin", "1 uM", "24 h"), 26), 24)
    assert differing(bits(plain), bits(treated)) == []
    assert differing(bits(run_on(plain)), bits(run_on(treated)))


def test_the_founders_are_brought_to_rest_without_the_compound():
    plain, treated = dish(NOTHING), dish(added("rapamycin", "1 uM"))
    assert differing(bits(plain), bits(treated)) == []


def test_a_concentration_of_zero_is_the_untreated_well_bit_for_bit():
    zero = added("mso", "0 uM", "63 min", until="91 min")
    assert differing(bits(after(3, NOTHING)), bits(after(3, zero))) == []


def test_a_compound_acts_from_its_own_minute_on_with_an_interval_per_minute():
    model = dish(added("rapamycin", "1 uM", "63 min"))
    run_on(model, 1.0)
    before = mean(model, CellState.MTORC1)
    run_on(model, 1.1)
    assert model.clock.tick == 66 and model.clock.fine_until == 63 + 120
    # Three minutes at a time constant of 0.4 h.
    assert mean(model, CellState.MTORC1) / before == pytest.approx(np.exp(-0.05 / 0.4), rel=0.02)


def test_mtorc1_comes_back_when_rapamycin_is_taken_out_or_washed_away():
    out = after(10, added("rapamycin", "1 uM", "0 h", until="4 h"))
    wash = {"environment.events": [{"at": "4 h", "wash": 3}]}
    washed = after(10, added("rapamycin", "10 nM"), FED | wash)
    fed = mean(after(10, NOTHING, FED | wash), CellState.MTORC1)
    assert mean(out, CellState.MTORC1) == pytest.approx(fed, rel=0.02)
    assert mean(washed, CellState.MTORC1) == pytest.approx(fed, rel=0.02)


def test_a_wash_leaves_as_much_compound_as_medium():
    """One exchange leaves 5 %: 20 nM becomes 1 nM, which is half of what mTORC1 has."""
    change = {"environment.events": [{"at": "2 h", "medium": "RPMI-1640"}]}
    left = after(8, added("rapamycin", "20 nM"), FED | change)
    as_much = after(8, added("rapamycin", "1 nM"))
    state = CellState.MTORC1
    assert mean(left, state) == pytest.approx(mean(as_much, state), rel=0.02)


@pytest.mark.parametrize("again", [lambda m: pickle.loads(pickle.dumps(m)), copy.deepcopy])
def test_a_copy_in_mid_run_goes_on_bit_for_bit(again):
    compounds = added("rapamycin", "1 uM", "1 h", until="4 h") + added("mso", "1 mM", "3 h")
    model = run_on(dish(compounds), 2)
    twin = again(model)
    assert differing(bits(run_on(model)), bits(run_on(twin))) == []


def test_the_vectors_of_a_run_are_found_again_from_its_tick():
    compounds = added("rapamycin", "1 uM", "1 h", until="4 h") + added("mso", "1 mM", "3 h")
    model = run_on(dish(compounds), 3.5)
    fresh = dish(compounds)
    process = next(one for one in fresh.processes if one.name == "compounds")
    running = next(one for one in model.processes if one.name == "compounds")
    process.adopt(running, model.state, model.clock)
    for name, vector in running.vectors.items():
        assert np.array_equal(process.vectors[name], vector)


def test_the_run_tells_what_was_given_when():
    compounds = added("gcn2-inhibitor", "0.5 uM", "1 h", until="4 h") + added("mso", "2000 uM")
    assert dish(compounds).facts.notes["compounds"] == [
        (1.0, 4.0, "gcn2-inhibitor 500 nM"),
        (0.0, None, "mso 2 mM"),
    ]


def test_the_books_of_asn_and_gln_close_while_compounds_come_and_go():
    compounds = (
        added("asns-inhibitor", "1 mM", "1 h", until="3 h")
        + added("mso", "1 mM", "2 h")
        + added("cb-839", "1 uM", "90 min")
        + added("chloroquine", "100 uM")
    )
    open_well = {"environment.events": [{"at": "3 h", "wash": 1}]}
    model = after(5, compounds, open_well)
    for species in BOOKED:
        closure = model.ledger.closure(model.state, species)
        assert closure.throughput > 0.0
        assert closure.relative < 1e-9
