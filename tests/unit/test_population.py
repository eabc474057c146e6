"""The struct of arrays: staging, compaction with holes, order, growth, the rules of the columns."""

import numpy as np
import pytest

from abm.errors import StateError
from abm.kernels.cell_layout import CellState
from abm.state.columns import COLUMNS, SPLIT_STATE, AtDivision, CellType, Group, columns_of
from abm.state.population import Population
from abm.units import FMOL_PER_UM_PL

ALL_GROUPS = frozenset(Group)


def filled(n=10, groups=ALL_GROUPS, capacity=0, seed=0):
    """Return a population whose every column and state row differs from row to row."""
    population = Population("blast-0", CellType.BLAST, groups, capacity or n, unit_volume=0.6)
    population.n = n
    generator = np.random.default_rng(seed)
    for column in population.table:
        values = generator.integers(1, 200, n) if n <= 199 else np.arange(n) % 200 + 1
        population[column.name][:n] = values.astype(column.dtype)
    population.state[:, :n] = generator.uniform(1.0, 2.0, (population.state.shape[0], n))
    return population


def rows_of(population):
    """Return all living rows as tuples: every column, then every state."""
    columns = [population.live(column.name).tolist() for column in population.table]
    return list(zip(*columns, *population.state[:, : population.n].tolist(), strict=True))


def test_a_population_has_the_columns_of_its_groups_and_no_others():
    groups = frozenset({Group.CORE, Group.CLOCK})
    population = Population("cell-0", CellType.CELL, groups, 4)
    assert {column.name for column in population.table} == {
        column.name for column in COLUMNS if column.group in groups
    }
    assert population.table == columns_of(groups)
    assert "next_event" in population
    assert "gain" not in population
    assert population.state.shape == (0, population.capacity)
    for column in population.table:
        assert population[column.name].dtype == column.dtype
        assert (population[column.name] == np.asarray(column.default, column.dtype)).all()


def test_names_of_columns_are_unique():
    names = [column.name for column in COLUMNS]
    assert len(set(names)) == len(names)


def test_staged_rows_join_at_compaction_only():
    population = filled(5)
    before = rows_of(population)
    daughters = population.stage_daughters(np.array([1, 3]))
    assert daughters.tolist() == [5, 6]
    assert (population.n, population.n_staged) == (5, 2)
    assert len(population.live("cell_id")) == 5
    untouched = [0, 2, 4]
    assert [rows_of(population)[row] for row in untouched] == [before[row] for row in untouched]
    population.compact()
    assert (population.n, population.n_staged) == (7, 0)


@pytest.mark.parametrize("column", COLUMNS, ids=lambda column: column.name)
def test_each_column_obeys_its_rule_at_division(column):
    population = filled(6)
    values = population[column.name]
    mothers = np.array([4, 0])
    before = values[: population.n].copy()
    daughters = population.stage_daughters(mothers)
    after = population[column.name]
    expected = {
        AtDivision.COPY: before[mothers],
        AtDivision.RENEW: before[mothers],
        AtDivision.RESET: np.full(2, column.default, column.dtype),
        AtDivision.SPLIT: 0.5 * before[mothers],
    }[column.at_division]
    assert after[mothers].tolist() == expected.tolist()
    assert after[daughters].tolist() == expected.tolist()
    others = [1, 2, 3, 5]
    assert after[others].tolist() == before[others].tolist()


@pytest.mark.parametrize("row", CellState, ids=lambda row: row.name)
def test_amounts_of_the_state_are_halved_and_concentrations_copied(row):
    population = filled(4)
    before = population.state[row, 2]
    daughters = population.stage_daughters(np.array([2]))
    share = 0.5 if row in SPLIT_STATE else 1.0
    assert population.state[row, 2] == share * before
    assert population.state[row, daughters].tolist() == [share * before]


def test_a_division_keeps_the_moles():
    population = filled(8)
    mothers = np.array([0, 5, 7])
    before = population.amounts(mothers).sum(axis=1)
    owed = population["owed_asn"][mothers].sum()
    both = np.concatenate([mothers, population.stage_daughters(mothers)])
    assert population.amounts(both).sum(axis=1) == pytest.approx(before, rel=1e-15)
    assert population["owed_asn"][both].sum() == owed


def test_amounts_are_free_and_bound_molecules():
    population = filled(3)
    state = population.state[:, 1]
    free = state[CellState.ASN] * state[CellState.SIZE]
    expected = FMOL_PER_UM_PL * 0.6 * (free + state[CellState.BOUND_ASN])
    assert population.amounts(np.array([1]))[0, 0] == pytest.approx(expected, rel=1e-15)


@pytest.mark.parametrize(
    "dead",
    [[], [0], [9], [9, 8], [0, 9], [3, 4, 5], list(range(10)), [0, 2, 4, 6, 8], [1, 10], [10, 11]],
)
def test_compaction_fills_holes_and_keeps_every_survivor_whole(dead):
    """Rows 10 and 11 are born in the same tick; a newborn may die in it as well."""
    population = filled(10)
    population.stage_daughters(np.array([2, 7]))
    population["cell_id"][10:12] = (901, 902)
    population.n += 2
    everyone = rows_of(population)
    population.n -= 2
    population.is_dead[dead] = True
    population.compact()
    survivors = [row for i, row in enumerate(everyone) if i not in dead]
    assert sorted(rows_of(population)) == sorted(survivors)
    assert population.n == 12 - len(dead)
    assert population.n_staged == 0
    assert not population.is_dead.any()
    kept = min(dead, default=12)
    assert rows_of(population)[: min(kept, population.n)] == everyone[: min(kept, population.n)]


def test_compaction_is_the_same_whatever_lies_beyond_the_living():
    first, second = filled(10), filled(10, capacity=40)
    for population in (first, second):
        population.is_dead[[1, 4]] = True
        population.stage_daughters(np.array([6]))
        population.compact()
    assert rows_of(first) == rows_of(second)


def test_a_row_left_by_a_dead_cell_is_clean_for_the_next():
    population = filled(4)
    population.is_dead[3] = True
    population.compact()
    daughters = population.stage_daughters(np.array([0]))
    assert daughters.tolist() == [3]
    assert not population.is_dead[3]
    assert population["clone_id"][3] == population["clone_id"][0]
    assert population.state[CellState.ASNS, 3] == population.state[CellState.ASNS, 0]


def test_reorder_permutes_whole_cells():
    population = filled(7)
    before = rows_of(population)
    order = np.array([6, 0, 5, 1, 4, 2, 3])
    population.reorder(order)
    assert rows_of(population) == [before[i] for i in order]


def test_growth_keeps_contents_and_gives_defaults_to_new_rows():
    population = filled(16)
    population.is_dead[5] = True
    before = rows_of(population)
    population.reserve(17)
    assert population.capacity > 17  # and some to spare
    assert rows_of(population) == before
    assert np.flatnonzero(population.is_dead).tolist() == [5]
    for column in population.table:
        fresh = population[column.name][16:]
        assert fresh.shape[0] == population.capacity - 16
        assert (fresh == np.asarray(column.default, column.dtype)).all()
    assert population.state.shape[1] == population.capacity
    assert population.state.flags.c_contiguous
    capacity = population.capacity
    population.reserve(capacity)
    assert population.capacity == capacity


def test_staging_beyond_the_capacity_grows_the_arrays():
    population = filled(16)
    before = rows_of(population)
    ids = population.live("cell_id").copy()
    daughters = population.stage_daughters(np.arange(16))
    daughters = np.concatenate([daughters, population.stage_daughters(daughters)])
    assert daughters.tolist() == list(range(16, 48))
    population.compact()
    assert population.n == 48
    assert population.live("cell_id").tolist() == ids.tolist() * 3
    gain = [column.name for column in population.table].index("gain")
    assert [row[gain] for row in rows_of(population)[:16]] == [row[gain] for row in before]


@pytest.mark.parametrize("name", ["gain", "hazard_left", "x"])
def test_check_names_the_column_and_row_that_is_not_finite(name):
    population = filled(5)
    population.check()
    population[name][3] = np.nan
    with pytest.raises(StateError, match=rf"blast-0.*{name}.*row 3"):
        population.check()
    population[name][3] = 1.0
    population.state[CellState.ASN, 2] = np.inf
    with pytest.raises(StateError, match=r"blast-0.*state.*row 2"):
        population.check()


def test_check_looks_at_living_cells_only():
    population = filled(5)
    population["gain"][5:] = np.nan
    population.state[:, 5:] = np.nan
    population.check()


def test_a_snapshot_is_a_copy_of_the_living():
    population = filled(5)
    taken = population.snapshot()
    assert set(taken) == {column.name for column in population.table} | {"state"}
    population["gain"][:] = -1.0
    population.state[:] = -1.0
    assert (taken["gain"] > 0.0).all()
    assert (taken["state"] > 0.0).all()
    assert taken["gain"].shape == (5,)
