"""A focal lesion: a tissue that shares the plasma of a body (``environment.patch``)."""

import json

import numpy as np
import pytest

from abm.errors import ScenarioError
from abm.processes.patch import Patch
from abm.record.reader import RunReader
from abm.state.sites import Species
from scenarios.build import build
from scenarios.load import loads
from scenarios.run import run
from tests.small import BLASTS, bits, differing

LESION = {
    "kind": "tissue", "size": ["100 um", "100 um"], "spacing": "20 um", "thickness": "10 um",
    "vessels": {"fraction": 0.1, "exchange_rate": "0.5 1/s"}, "interstitial_activity": 0.2,
    "cells": [BLASTS | {"number": 20}],
}  # fmt: skip


def scenario(lesion=None, hours=8, **environment):
    patch = LESION | (lesion or {})
    tree = {
        "asnsim": 1,
        "environment": {
            "kind": "body",
            "patch": {name: value for name, value in patch.items() if value is not None},
            **environment,
        },
        "treatment": {
            "patient": {"bsa": "0.79 m2"},
            "doses": [
                {"product": "pegaspargase", "amount": "2500 IU/m2", "route": "iv", "at": ["2 h"]}
            ],
        },
        "time": {"end": f"{hours} h", "coupling": "1 h", "fate": "1 h", "record": "4 h"},
        "parameters": {"body.marrow_exchange": "25 1/h", "cell.half_charging": "60 uM"},
        "stop": [],
    }
    return loads(json.dumps(tree))


def lesion_of(model):
    return next(p for p in model.processes if isinstance(p, Patch))


def test_vessels_carry_the_plasma_and_its_enzyme():
    """Before the dose and after: Asn and Gln of the body's plasma, a fifth of its activity."""
    model = build(scenario())
    while model.running:
        model.step()
        patch = lesion_of(model)
        plasma = model.state.sites.concentration[:, 0]
        assert np.array_equal(patch.port.concentration, plasma)
        lesion = patch.model.state
        activity = float(model.state.sites.activity[0])
        # The lesion steps 6 min with what plasma held at their beginning.
        assert lesion.sites.activity == pytest.approx(0.2 * activity, rel=1e-3)
        assert patch.model.clock.tick == model.clock.tick
        if model.hours in (2.0, 8.0):
            is_fed = model.hours == 2.0
            assert (lesion.sites.concentration[Species.ASN].mean() > 10.0) == is_fed
    assert activity > 1.0


def test_the_body_does_not_feel_its_lesion():
    """It is a vanishing part: the same bits with and without."""
    ends = []
    for cells in ([], LESION["cells"]):
        model = build(scenario({"cells": cells}))
        while model.running:
            model.step()
        ends.append(model.state.sites.concentration.tobytes())
    assert ends[0] == ends[1]


def test_books_of_the_lesion_close():
    model = build(scenario())
    while model.running:
        model.step()
    lesion = lesion_of(model).model
    for species in (Species.ASN, Species.GLN):
        closure = lesion.ledger.closure(lesion.state, species)
        assert closure.relative < 1e-9
        assert closure.relative_without_defect < 1e-5


def test_two_runs_of_one_seed_are_the_same_bits_and_seeds_differ():
    def lesion(seed):
        model = build(scenario(hours=4).model_copy(update={"seed": seed}))
        while model.running:
            model.step()
        return bits(lesion_of(model).model)

    first = lesion(1)
    assert not differing(first, lesion(1))
    assert first["blast-0.random_key"][0] != lesion(2)["blast-0.random_key"][0]


def test_the_lesion_leaves_a_run_folder_inside_that_of_the_body(tmp_path):
    result = run(scenario(), out=tmp_path / "run")
    lesion = RunReader(result.folder / "patch")
    assert lesion.timeseries.time_h.tolist() == result.timeseries.time_h.tolist()
    assert lesion.timeseries.n_cells.iloc[0] == 20
    assert set(lesion.fields.data_vars) >= {"asn", "gln"}
    again = loads((result.folder / "patch" / "scenario.yaml").read_text())
    assert again.environment.kind == "tissue"
    assert again.parameters == {"cell.half_charging": "60 uM"}


@pytest.mark.parametrize(
    ("lesion", "message"),
    [({"vessels": None}, "patch.vessels: is missing"),
     ({"spacing": "30 um"}, "patch.size.0: 100 um is no whole multiple"),
     ({"vessels": {"fraction": 0.1, "exchange_rate": "90 1/s"}}, "patch.vessels.exchange_rate"),
     ({"medium": {"base": "DMEM", "without": ["asn", "asn"]}}, "patch.medium.without"),
     ({"kind": "well"}, "patch.kind")],
)  # fmt: skip
def test_a_lesion_that_cannot_be_is_refused(lesion, message):
    with pytest.raises(ScenarioError) as caught:
        scenario(lesion)
    assert f"environment.{message}" in str(caught.value)
    assert "line" in str(caught.value)


def test_what_only_the_engine_can_tell_names_the_patch():
    with pytest.raises(ScenarioError, match=r"environment\.patch: .*time"):
        build(scenario({"fate": "7 min"}))
