"""Stroma protects by contact, not through the field; normal cells protect themselves."""

import numpy as np
import pytest

from abm.kernels.cell_layout import CellState
from abm.processes.contact import ContactParameters
from abm.processes.motion import radius_of
from abm.state.sites import Species
from scenarios.build import build
from tests.small import BLASTS, COURSE, finished, run_on, tissue, well

HOURS = 8
SENSITIVE = BLASTS | {"number": 100, "methylated_alleles": {"2": 1.0}}
STROMA = {"type": "stroma", "line": "marrow-msc", "number": 2}


def niche(share, stroma=True):
    """Return blasts by key [Asn, growth], and which of them touch a stromal cell."""
    scenario = tissue(
        {"time.end": f"{HOURS} h"}, cells=[SENSITIVE, STROMA] if stroma else [SENSITIVE],
        treatment=COURSE, parameters={"contact.share": share, "motion.diffusivity": "0 um**2/h"},
    )  # fmt: skip
    model = finished(scenario)
    blasts = model.state.populations[0]
    n = blasts.n
    asn = dict(zip(blasts.live("random_key").tolist(), blasts.state[CellState.ASN, :n].tolist(),
                   strict=True))  # fmt: skip
    touching = set(blasts.live("random_key")[is_touching(model)].tolist()) if stroma else set()
    return model, asn, touching


def is_touching(model):
    blasts, stroma = model.state.populations
    tolerance = 1.0 + ContactParameters().tolerance
    radii = [radius_of(p.unit_volume * p.state[CellState.SIZE, : p.n]) for p in (blasts, stroma)]
    distance = np.hypot(*(np.subtract.outer(blasts.live(a), stroma.live(a)) for a in ("x", "y")))
    return (distance <= tolerance * np.add.outer(*radii)).any(axis=1)


@pytest.fixture(scope="module")
def without_contact():
    return niche(0)


@pytest.fixture(scope="module")
def with_contact():
    return niche(0.5)


def test_without_contact_stroma_protects_nobody(without_contact):
    """What it exports is spread and destroyed: the blasts' Asn is the same within a percent."""
    _, asn, touching = without_contact
    _, alone, _ = niche(0, stroma=False)
    assert touching
    shared = asn.keys() & alone.keys()
    assert len(shared) > 80
    mean = np.mean([asn[key] for key in shared]) / np.mean([alone[key] for key in shared])
    assert mean == pytest.approx(1.0, abs=0.02)
    assert len(asn) == pytest.approx(len(alone), rel=0.05)
    touching &= shared
    near = np.mean([asn[key] for key in touching]) / np.mean([alone[key] for key in touching])
    assert near == pytest.approx(1.0, abs=0.05)


def test_asparagine_of_touching_blasts_rises(without_contact, with_contact):
    """S26, Iwamoto 2007: bone-marrow stroma feeds the blasts that it touches, no others."""
    _, before, touching_before = without_contact
    model, after, touching_after = with_contact
    shared = before.keys() & after.keys()
    fed = touching_before & touching_after & shared
    far = shared - touching_before - touching_after
    assert len(fed) >= 2
    assert len(far) > 50
    assert np.mean([after[key] / before[key] for key in fed]) > 1.5
    assert np.median([after[key] / before[key] for key in far]) == pytest.approx(1.0, abs=0.02)
    contact = next(process for process in model.processes if process.name == "contact")
    assert contact.total > 0.0


def test_what_is_handed_over_is_in_the_books(with_contact):
    model, _, _ = with_contact
    closure = model.ledger.closure(model.state, Species.ASN)
    assert closure.relative < 1e-9


def test_normal_cells_outlive_the_drug_with_their_own_synthetase():
    """S22: cells that can induce ASNS go on making Asn at 1 IU/mL, silenced blasts starve."""
    cells = [
        BLASTS | {"number": 60, "methylated_alleles": {"2": 1.0}},
        {"type": "normal", "line": "marrow-msc", "number": 40},
    ]
    treatment = {"doses": [{"product": "e-coli", "amount": "1 IU/mL", "at": ["0 h"]}]}
    model = build(
        well({"environment.volume": "10 uL", "time.end": "72 h", "time.record": "24 h"},
             cells=cells, treatment=treatment)
    )  # fmt: skip
    blasts, normal = model.state.populations
    start = float(normal.state[CellState.ASNS, : normal.n].mean())
    run_on(model)
    assert normal.state[CellState.ASNS, : normal.n].mean() > 1.2 * start
    assert normal.n >= 36
    assert blasts.n < 0.5 * 60
    assert normal.state[CellState.ASN, : normal.n].mean() > 3.0 * (
        blasts.state[CellState.ASN, : blasts.n].mean()
    )
