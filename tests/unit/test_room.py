"""Room in the compartments of a body."""

import numpy as np
import pytest

from abm.clock import Clock
from abm.environment.body import Compartment
from abm.kernels.cell_layout import CellCondition
from abm.processes.room import Room, RoomParameters, room_left
from abm.state.clones import Clones
from abm.state.columns import CellType, Group
from abm.state.exchange import Exchange
from abm.state.population import Population
from abm.state.sites import Sites, Species
from abm.state.state import State

GROUPS = frozenset({Group.CORE, Group.MECHANISTIC, Group.WEIGHTED})


def crowding(blasts, normal, n_replicate=1, parameters=None):
    """Room of blasts (float64[n_site], one row each) and of the normal cells of each body."""
    tumour = Population("blast", CellType.BLAST, GROUPS, len(blasts))
    tumour.n = len(blasts)
    tumour["site"][: tumour.n] = np.arange(len(blasts))
    tumour["weight"][: tumour.n] = blasts
    healthy = Population("normal", CellType.NORMAL, GROUPS, n_replicate)
    healthy.n = n_replicate
    healthy["site"][: healthy.n] = 4 * np.arange(n_replicate) + Compartment.MARROW
    healthy["weight"][: healthy.n] = normal
    sites = Sites.filled(np.zeros(len(Species)), np.ones(4 * n_replicate))
    state = State(
        sites, [tumour, healthy], Clones(), n_replicate=n_replicate, sites_per_replicate=4
    )
    exchanges = {"blast": Exchange(), "normal": Exchange()}
    Room(parameters or RoomParameters(), exchanges).advance(state, Clock(end=10), 1)
    return tuple(
        exchanges[one.name].conditions[CellCondition.CROWDING, : one.n] for one in (tumour, healthy)
    )


def test_growth_falls_in_a_straight_line_and_stops_at_the_capacity():
    found = room_left(np.array([0.0, 5e11, 2e12, 3e12]), 2e12)
    assert found.tolist() == [1.0, 0.75, 0.0, 0.0]


def test_blasts_and_normal_cells_share_the_marrow():
    blasts, normal = crowding([0, 5 * 10**11, 0, 0], [10**11])
    assert blasts[Compartment.MARROW] == pytest.approx(1.0 - 6e11 / 2e12)
    assert normal[0] == pytest.approx(1.0 - 6e11 / 7e11)


def test_a_marrow_full_of_blasts_makes_no_normal_cells_while_blasts_still_grow():
    blasts, normal = crowding([0, 85 * 10**10, 0, 0], [10**11])
    assert normal[0] == 0.0
    assert blasts[Compartment.MARROW] > 0.5


def test_each_compartment_has_its_own_capacity():
    numbers = RoomParameters()
    blasts, _ = crowding([10**10, 10**10, 10**8, 10**10], [0])
    for place, capacity in zip(Compartment, numbers.capacities(), strict=True):
        held = 1e8 if place is Compartment.CSF else 1e10
        assert blasts[place] == pytest.approx(1.0 - held / capacity)


def test_bodies_of_one_model_do_not_crowd_each_other():
    blasts, normal = crowding([0, 10**12, 0, 0, 0, 10**6, 0, 0], [10**11, 10**11], 2)
    assert blasts[Compartment.MARROW] < 0.5 < blasts[4 + Compartment.MARROW]
    assert normal[0] == 0.0 < normal[1]
