"""Knock-downs, knock-outs and overexpression: from the start, on the parent's translation rate."""

import numpy as np
import pytest

from abm.errors import ScenarioError
from abm.kernels.cell_layout import CellParameter, CellState
from scenarios import biology
from scenarios.build import build
from tests.small import run_on, well

BLAST = {"type": "blast", "line": "default-blast", "number": 30, "methylated_alleles": 0}
SAME = {"asns_cv": 0.0, "threshold_cv": 0.0}
FED = {"environment.clamp": ["asn", "gln", "glu"], "time.end": "8 h", "time.record": "1 h"}
WITHOUT_ASN = FED | {"environment.initial": {"asn": "0 uM"}}


def dish(*genotypes, medium=FED):
    cells = [BLAST | SAME | ({"genotype": genotype} if genotype else {}) for genotype in genotypes]
    return build(well(medium | {"cells": cells}))


def mean(model, state, population=0):
    found = model.state.populations[population]
    return float(found.state[state, : found.n].mean())


def test_a_knock_down_holds_from_the_start():
    model = dish(None, {"asns_knock_down": 0.1})
    for state in (CellState.ASNS, CellState.ASNS_MRNA):
        assert mean(model, state, 1) == pytest.approx(0.1 * mean(model, state), rel=0.02)


def test_the_induced_message_can_be_cut_without_the_basal_and_the_other_way_round():
    wild, basal_only, induced_only = range(3)
    model = dish(None, {"asns_induced_message": 0}, {"asns_basal_message": 0}, medium=WITHOUT_ASN)
    message = [mean(model, CellState.ASNS_MRNA, i) for i in range(3)]
    assert message[basal_only] == pytest.approx(message[wild], rel=0.02)
    assert message[induced_only] < 0.05 * message[wild]
    run_on(model)
    message = [mean(model, CellState.ASNS_MRNA, i) for i in range(3)]
    assert message[wild] > 2.0 and message[induced_only] > 1.0
    assert message[basal_only] == pytest.approx(1.0, abs=0.1)


def test_overexpression_multiplies_the_copies():
    model = dish(None, {"asns_expression": 8})
    copies = [mean(model, CellState.ASNS, i) for i in range(2)]
    assert copies[1] == pytest.approx(8.0 * copies[0], rel=0.02)
    high = model.facts.asns_high_copies
    assert high["blast-0"] == high["blast-1"], "both are measured against the parent line"


def test_arms_of_mtorc1_are_off_before_the_first_minute():
    wild, rag, arf, both = range(4)
    model = dish(None, {"rag": 0}, {"arf1": 0}, {"rag": 0, "arf1": 0})
    level = [mean(model, CellState.MTORC1, i) for i in range(4)]
    assert level[both] < 0.02
    assert 0.02 < level[rag] < 0.9 * level[wild]
    assert 0.02 < level[arf] < 0.9 * level[wild]


def test_a_cell_without_gcn2_does_not_raise_atf4_without_asn():
    model = run_on(dish(None, {"gcn2": 0}, medium=WITHOUT_ASN))
    assert mean(model, CellState.ATF4) > 3.0
    assert mean(model, CellState.ATF4, 1) < 1.2


def test_the_translation_rate_is_that_of_the_parent_line():
    model = dish(None, {"asns_knock_down": 0.1, "gcn2": 0, "rag": 0, "asns_expression": 20})
    rates = model.facts.notes["translation_rate_per_h"]
    assert rates["blast-0"] == rates["blast-1"]


def test_a_compound_acts_on_each_population_on_top_of_its_own_genes():
    changes = FED | {
        "cells": [BLAST, BLAST | {"genotype": {"gcn2": 0.5}}],
        "treatment.compounds": [
            {"compound": "gcn2-inhibitor", "concentration": "0.1 uM", "at": "1 h"}
        ],
    }
    model = build(well(changes))
    vectors = next(one for one in model.processes if one.name == "compounds").vectors
    activity = [vectors[f"blast-{i}"][CellParameter.GCN2] for i in range(2)]
    assert activity == [1.0, 0.5]
    run_on(model, 1.2)
    activity = [vectors[f"blast-{i}"][CellParameter.GCN2] for i in range(2)]
    assert activity == pytest.approx([0.55, 0.275], rel=1e-12)


def test_resistance_is_that_of_the_genotype():
    """No gain makes a cell resistant of whose ASNS message nothing is left."""
    model = dish(None, {"asns_knock_down": 0})
    gains = model.facts.resistance_gain
    assert np.isfinite(gains["blast-0"][0])
    assert not np.isfinite(gains["blast-1"]).any()


@pytest.mark.parametrize("time", ["30 min", "6 h"])
def test_a_doubling_time_that_no_cell_reaches_is_bad_input_with_its_place(time):
    with pytest.raises(ScenarioError, match=r"cells\.0\.doubling_time: .* write another time"):
        build(well({"cells": [BLAST | {"doubling_time": time}]}))
    of_line = {"line.default-blast.doubling_time": "6 h"}
    with pytest.raises(ScenarioError, match=r"cells\.0\.line: .* double in 6 h: write another"):
        build(well({"cells": [BLAST], "parameters": of_line}))


def test_resistance_of_the_same_cells_is_worked_out_once_whatever_the_medium(monkeypatch):
    first = dish(None)
    monkeypatch.setattr(biology, "net_growth", None)
    second = dish(None, medium=FED | {"environment.medium": "DMEM"})
    assert second.facts.resistance_gain["blast-0"].tolist() == (
        first.facts.resistance_gain["blast-0"].tolist()
    )
