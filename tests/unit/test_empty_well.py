"""A well with enzyme and no cells: everything is split until nothing is left."""

import pytest

from scenarios.build import build
from scenarios.load import load


@pytest.mark.parametrize("product", ["e-coli", "erwinaze"])
def test_enzyme_without_cells_empties_the_well_and_goes_on(product):
    changes = ["cells=[]", "time.end=24 h", f"treatment.doses.0.product={product}"]
    model = build(load("dish", changes))
    while model.running:
        model.step()
    assert model.clock.hours == 24.0
    assert (model.state.sites.concentration[0] < 1e-6).all()
    assert (model.state.sites.concentration >= 0.0).all()
