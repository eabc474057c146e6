"""Cells of a tissue of three dimensions: columns, founders, daughters, motility."""

import math

import numpy as np
import pytest

from abm.clock import Clock
from abm.environment.tissue import Tissue
from abm.errors import ScenarioError
from abm.founders import Founders, Placement, found
from abm.kernels.cell_layout import CellState
from abm.processes.cell_contact import CellContact
from abm.processes.contact import ContactParameters, ContactTransfer
from abm.processes.fate import Fate
from abm.processes.inheritance import Inheritance, InheritanceParameters
from abm.processes.motion import radius_of
from abm.state.clones import Clones
from abm.state.columns import CellType, Group
from abm.state.population import Population
from abm.state.sites import Sites
from abm.state.state import State
from abm.streams import Stream, Streams
from abm.units import FMOL_PER_UM_PL
from tests.naive import mechanics as naive

FLAT = frozenset({Group.CORE, Group.MECHANISTIC, Group.SPATIAL})
DEEP = FLAT | {Group.DEPTH}
EXTENT = (800.0, 700.0, 600.0)
STREAMS = Streams(7)
INHERITANCE = Inheritance(InheritanceParameters(), STREAMS)


def empty_state():
    return State(Sites.filled(np.zeros(9), np.ones(1)), [], Clones())


def founded(placement, n_axis, number=3000):
    """Carcinoma of 0.6 pL in a box or in its ground plane: population, places, radii."""
    founders = Founders(
        name="cells", cell_type=CellType.CARCINOMA, number=number,
        groups=DEEP if n_axis == 3 else FLAT, unit_volume=0.6, adhesion=0.4,
        alleles={0: 0.5, 2: 0.5},
        start={0: np.ones(len(CellState)), 2: np.ones(len(CellState))}, placement=placement,
        extent=EXTENT[:n_axis],
    )  # fmt: skip
    population = found(empty_state(), founders, STREAMS, Fate({}, INHERITANCE, STREAMS))
    place = np.stack([population.live(axis) for axis in population.place_columns()])
    return population, place, radius_of(0.6 * population.state[CellState.SIZE, :number])


def content(radius, n_axis):
    """Area of discs or volume of spheres."""
    return (math.pi * radius**2).sum() if n_axis == 2 else (4 / 3 * math.pi * radius**3).sum()


def test_only_cells_in_space_have_a_depth():
    flat = Population("flat", CellType.BLAST, FLAT, 4)
    deep = Population("deep", CellType.BLAST, DEEP, 4)
    assert "z" not in flat and flat.place_columns() == ("x", "y")
    assert "z" in deep and deep.place_columns() == ("x", "y", "z")


def test_random_founders_fill_the_box_evenly():
    _, place, _ = founded(Placement.RANDOM, 3)
    for row, length in zip(place, EXTENT, strict=True):
        assert row.min() > 0.0 and row.max() < length
        assert abs(row.mean() - length / 2) < 4 * length / math.sqrt(12 * 3000)
        assert row.var() == pytest.approx(length**2 / 12, rel=4 * math.sqrt(0.8 / 3000))
    assert np.abs(np.corrcoef(place)[np.triu_indices(3, 1)]).max() < 4 / math.sqrt(3000)


def test_founders_in_the_centre():
    _, place, _ = founded(Placement.CENTER, 3, 5)
    np.testing.assert_array_equal(place, np.outer([400.0, 350.0, 300.0], np.ones(5)))


@pytest.mark.parametrize("n_axis", [2, 3])
def test_disc_is_the_disc_or_ball_that_the_cells_fill(n_axis):
    """Inside the radius of their content, with the mean square radius of an even one, no lean."""
    _, place, radius = founded(Placement.DISC, n_axis)
    total = content(radius, n_axis)
    size = math.sqrt(total / math.pi) if n_axis == 2 else (3 * total / 4 / math.pi) ** (1 / 3)
    offset = place - np.array(EXTENT[:n_axis])[:, None] / 2
    distance = np.linalg.norm(offset, axis=0) / size
    assert distance.max() < 1.0 + 1e-12
    assert (distance**n_axis).mean() == pytest.approx(0.5, abs=4 / math.sqrt(12 * 3000))
    assert np.abs(offset.mean(axis=1)).max() < 4 * size / math.sqrt(n_axis * 3000)
    assert offset.var(axis=1) == pytest.approx(offset.var(), rel=0.1)


@pytest.mark.parametrize(("n_axis", "filled"), [(2, 0.82), (3, 0.64)])
def test_spheroid_is_as_dense_as_poured_spheres(n_axis, filled):
    """Round, centred, at the density of random close packing, overlaps small, sizes and genotypes
    mixed."""
    population, place, radius = founded(Placement.SPHEROID, n_axis)
    offset = place - np.array(EXTENT[:n_axis])[:, None] / 2
    distance = np.linalg.norm(offset, axis=0)
    total = content(radius, n_axis) / filled
    size = math.sqrt(total / math.pi) if n_axis == 2 else (3 * total / 4 / math.pi) ** (1 / 3)
    for share in (0.5, 0.8, 0.95):
        assert (distance < share * size).mean() == pytest.approx(share**n_axis, rel=0.05)
    assert distance.max() < 1.05 * size
    assert np.abs(offset.mean(axis=1)).max() < 0.01 * size
    gap = np.linalg.norm(offset[:, :, None] - offset[:, None, :500], axis=0)
    gap /= radius[:, None] + radius[:500]
    gap[np.arange(500), np.arange(500)] = np.inf
    assert gap.min() > 0.7 and np.median(gap.min(axis=0)) > 0.9
    assert abs(np.corrcoef(distance, radius)[0, 1]) < 0.07
    alleles = population.live("methylated_alleles")
    assert distance[alleles == 0].mean() == pytest.approx(distance.mean(), rel=0.03)
    assert population.adhesion == 0.4


@pytest.mark.parametrize("number", [1, 2, 13])
def test_small_spheroids_have_all_their_cells_apart(number):
    _, place, radius = founded(Placement.SPHEROID, 3, number)
    gap = np.linalg.norm(place[:, :, None] - place[:, None], axis=0) + np.eye(number) * 1e3
    assert gap.min() > 1.4 * radius.min()


@pytest.mark.parametrize("placement", [Placement.DISC, Placement.SPHEROID])
def test_founders_that_do_not_fit_are_refused(placement):
    message = r"'cells': 250000 cells .* are \d+ um across, the tissue is \d+ um along [xyz]; take"
    with pytest.raises(ScenarioError, match=message):
        founded(placement, 3, 250_000)


def test_daughters_part_in_all_directions_alike():
    """Opposite, 0.8 of their radius from the mother; moments of a sphere to 4 standard errors."""
    population, before, _ = founded(Placement.RANDOM, 3)
    state = empty_state()
    daughters = INHERITANCE.divide(state, population, np.arange(3000), np.zeros(3000), 60)
    names = population.place_columns()
    mothers = np.stack([population[name][:3000] for name in names])
    others = np.stack([population[name][daughters] for name in names])
    np.testing.assert_allclose((mothers + others) / 2, before, rtol=0, atol=1e-9)
    way = others - before
    radius = radius_of(0.6 * population.state[CellState.SIZE, daughters])
    length = np.linalg.norm(way, axis=0)
    np.testing.assert_allclose(length, 0.8 * radius, rtol=1e-12)
    unit = way / length
    assert np.abs(unit.mean(axis=1)).max() < 4 / math.sqrt(3 * 3000)
    moments = unit @ unit.T / 3000
    # Var of the square of a coordinate on the sphere is 4/45, of a product of two 1/15.
    assert np.abs(np.diag(moments) - 1 / 3).max() < 4 * math.sqrt(4 / 45 / 3000)
    assert np.abs(moments[np.triu_indices(3, 1)]).max() < 4 / math.sqrt(15 * 3000)


def test_stroma_hands_over_to_the_blasts_it_touches_in_space():
    """The process against all pairs: amounts per blast, and the stroma owes less by as much."""
    rng, tissue = np.random.default_rng(3), Tissue(6, 5, 20.0, 20.0, n_z=4)
    state, size = empty_state(), np.array(tissue.size)
    for name, cell_type, n, volume in (
        ("stroma", CellType.STROMA, 8, 4.0), ("blasts", CellType.BLAST, 150, 0.6),
    ):  # fmt: skip
        population = Population(name, cell_type, DEEP, n, unit_volume=volume)
        population.n = n
        place = rng.uniform(0, 1, (3, n)) * size[:, None]
        for axis, row in zip("xyz", place, strict=True):
            population[axis][:n] = row
        population["site"][:n] = tissue.site_of(*place)
        population.state[CellState.SIZE, :n] = rng.uniform(1, 2, n)
        population["owed_asn"][:n] = rng.uniform(0, 1, n)
        state.populations.append(population)
    stroma, blasts = state.populations
    owed, hours = stroma.live("owed_asn").copy(), 0.1
    spheres = [
        [
            (p["x"][i], p["y"][i], p["z"][i],
             radius_of(p.unit_volume * p.state[CellState.SIZE, i : i + 1])[0])
            for i in range(p.n)
        ]
        for p in state.populations
    ]  # fmt: skip
    parameters = ContactParameters()
    given, received = naive.transfer_at_contact(
        *spheres, owed, parameters.share, parameters.largest_rate * hours, parameters.tolerance
    )
    process = CellContact(ContactTransfer(parameters, tissue.spacing, tissue.shape), tissue)
    process.advance(state, Clock(end=6), 6)
    volume = 0.6 * blasts.state[CellState.SIZE, :150]
    np.testing.assert_allclose(stroma.live("owed_asn"), owed - given, rtol=1e-13)
    np.testing.assert_allclose(
        blasts.state[CellState.ASN, :150] * volume * FMOL_PER_UM_PL, received, rtol=1e-12
    )
    assert process.total == pytest.approx(sum(given)) and sum(r > 0 for r in received) > 10


def test_two_draws_of_the_plane_are_the_first_two_of_space():
    """Three normal numbers per cell, standard and independent; in the plane as ever."""
    keys = STREAMS.founder_keys(0, 0, 4000)
    flat = STREAMS.normals_per_axis(Stream.MOTILITY, 6, keys, 2)
    deep = STREAMS.normals_per_axis(Stream.MOTILITY, 6, keys, 3)
    np.testing.assert_array_equal(flat, STREAMS.normals(Stream.MOTILITY, 6, keys))
    np.testing.assert_array_equal(deep[:2], flat)
    assert np.abs(deep @ deep.T / 4000 - np.eye(3)).max() < 4 * math.sqrt(2 / 4000)
