"""The books of Asn and Gln close in small random runs, and nothing leaves the numbers."""

import numpy as np
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from abm.ledger import BOOKED
from abm.state.columns import Group
from tests.small import BLASTS, COURSE, STROMA, finished, tissue, well

FEW = settings(
    derandomize=True, deadline=None, max_examples=12, database=None,
    suppress_health_check=list(HealthCheck), phases=[Phase.explicit, Phase.generate],
)  # fmt: skip
WITH_DEFECT, WITHOUT_DEFECT = 1e-9, 1e-5


def assert_books_close(model):
    for species in BOOKED:
        closure = model.ledger.closure(model.state, species)
        assert closure.throughput > 0.0
        assert closure.relative < WITH_DEFECT, (species.name, closure)
        assert closure.relative_without_defect < WITHOUT_DEFECT, (species.name, closure)


def assert_sound(model):
    sites = model.state.sites
    assert np.isfinite(sites.concentration).all()
    assert np.isfinite(sites.defect).all()
    assert (sites.concentration >= 0.0).all()
    assert (sites.dead >= 0.0).all()
    for population in model.state.populations:
        population.check()
        if population.has(Group.MECHANISTIC):
            assert (population.state[:, : population.n] >= 0.0).all()
            assert (population.live("owed_asn") >= 0.0).all()
            assert (population.live("owed_gln") >= 0.0).all()


@FEW
@given(
    seed=st.integers(1, 10_000),
    n_blast=st.integers(30, 150),
    n_stroma=st.integers(0, 6),
    dose_at=st.sampled_from([None, "0 h", "2 h"]),
    has_vessels=st.booleans(),
    edges=st.sampled_from(["no-flux", "fixed"]),
    medium=st.sampled_from(["human-plasma", "RPMI-1640"]),
    hours=st.sampled_from([2, 5]),
)
def test_books_of_a_tissue_close(
    seed, n_blast, n_stroma, dose_at, has_vessels, edges, medium, hours
):
    cells = [BLASTS | {"number": n_blast, "doubling_time": "18 h"}]
    if n_stroma:
        cells.append(STROMA | {"number": n_stroma})
    changes = {"environment.edges": edges, "environment.medium": medium,
               "time.end": f"{hours} h", "time.record": f"{hours} h"}  # fmt: skip
    if not has_vessels:
        changes["environment.vessels"] = None
    treatment = {}
    if dose_at is not None:
        treatment = COURSE | {"doses": [COURSE["doses"][0] | {"at": [dose_at]}]}
    model = finished(tissue(changes, cells=cells, treatment=treatment, seed=seed))
    assert_books_close(model)
    assert_sound(model)


def test_dead_cells_give_back_what_they_held():
    """All cells of a closed tissue die: their Asn is then in dead matter and in the field."""
    changes = {"environment.vessels": None, "time.end": "4 d", "time.record": "1 d",
               "environment.initial": {"asn": "0 uM", "gln": "0 uM"}}  # fmt: skip
    cells = [BLASTS | {"number": 40, "methylated_alleles": {"2": 1.0}}]
    model = finished(tissue(changes, cells=cells))
    assert model.state.counters.deaths.sum() > 10
    assert model.state.sites.dead.sum() > 0.0
    assert_books_close(model)
    assert_sound(model)


@FEW
@given(
    seed=st.integers(1, 10_000),
    n_blast=st.integers(5, 60),
    volume=st.sampled_from(["1 nL", "10 nL", "1 uL"]),
    dose=st.sampled_from([None, 0.01, 1.0]),
    clamp=st.sampled_from([[], ["asn"], ["gln"]]),
    species=st.sampled_from([["asn", "gln"], ["asn", "gln", "glu"], ["gln"]]),
    wash=st.sampled_from([None, 2]),
    change=st.sampled_from([None, "DMEM"]),
    replicates=st.sampled_from([1, 3]),
)
def test_books_of_wells_close(
    seed, n_blast, volume, dose, clamp, species, wash, change, replicates
):
    clamp = [one for one in clamp if one in species]
    event = {"at": "2 h"}
    if wash is not None:
        event["wash"] = wash
    if change is not None:
        event["medium"] = change
    changes = {"environment.volume": volume, "environment.clamp": clamp, "time.end": "5 h",
               "environment.events": [event] if len(event) > 1 else [],
               "environment.species": species, "time.record": "5 h"}  # fmt: skip
    treatment = {}
    if dose is not None:
        treatment = {"doses": [{"product": "e-coli", "amount": f"{dose} IU/mL", "at": ["0 h"]}]}
    cells = [BLASTS | {"number": n_blast, "doubling_time": "18 h"}]
    model = finished(
        well(changes, cells=cells, treatment=treatment, seed=seed, replicates=replicates)
    )
    assert_books_close(model)
    assert_sound(model)
