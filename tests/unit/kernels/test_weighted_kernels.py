"""Kernels of weighted cells against their plain twins, and draws against their law."""

import itertools

import numpy as np
import pytest
from scipy import stats

from abm.kernels.cell_layout import CellState
from abm.kernels.changes import child_keys, draw_changes, member_keys
from abm.kernels.merge import join_entries, merge_groups
from tests.naive import weighted

N_STATE = len(CellState)
SEED = np.uint64(7)


def merge(rows, starts, weight, state, limit, most_rows):
    columns = tuple(np.arange(weight.shape[0], dtype=float) + i for i in range(7))
    goes_to, report = np.arange(weight.shape[0]), np.zeros(4)
    merge_groups(
        rows.copy(), np.array(starts), weight, state, columns, limit, most_rows, goes_to, report
    )
    return goes_to, report, columns


@pytest.mark.parametrize("most_rows", [1, 2, 4, 9])
@pytest.mark.parametrize("limit", [0.0, 0.3, 0.8])
def test_groups_of_rows_merge_like_the_plain_twin(limit, most_rows):
    rng = np.random.default_rng(3)
    sizes = [1, 5, 2, 4]
    n = sum(sizes)
    state = rng.lognormal(0.0, 0.4, (N_STATE, n))
    weight = rng.integers(1, 10**12, n)
    rows, starts = rng.permutation(n), np.concatenate([[0], np.cumsum(sizes)])
    expected, error = [], 0.0
    for first, last in itertools.pairwise(starts):
        group = [(int(weight[r]), state[:, r].tolist()) for r in rows[first:last]]
        found, cost = weighted.merged(group, limit, most_rows)
        expected += found
        error += cost
    goes_to, report, _ = merge(rows, starts, weight, state, limit, most_rows)
    left = np.flatnonzero(weight)
    assert sorted(weight[left]) == sorted(w for w, _ in expected)
    for w, states in expected:
        row = left[np.flatnonzero(weight[left] == w)[0]]
        assert state[:, row] == pytest.approx(states, rel=1e-12)
    assert report[0] == n - len(expected)
    assert report[2] == pytest.approx(error, rel=1e-9)
    assert all(goes_to[goes_to[goes_to]] >= 0)


def test_rows_without_states_become_one():
    weight = np.array([3, 4, 5])
    _, report, columns = merge(np.array([0, 1, 2]), [0, 3], weight, np.zeros((0, 3)), 0.05, 2)
    assert sorted(weight.tolist()) == [0, 0, 12]
    assert report[2] == 0.0
    assert columns[0].tolist() == [0.0, 1.0, 2.0]


def test_entries_join_like_the_plain_twin():
    rng = np.random.default_rng(5)
    row, clone = rng.integers(0, 6, 60).astype(np.int32), rng.integers(0, 5, 60).astype(np.int32)
    counts = rng.integers(0, 10**12, (3, 60))
    expected = weighted.joined(zip(row.tolist(), clone.tolist(), counts.T.tolist(), strict=True))
    after = counts.copy()
    gone = join_entries(row, clone, after, np.full(5, -1))
    kept = np.flatnonzero(after[0] >= 0)
    assert kept.shape[0] == 60 - gone == len(expected)
    found = {(int(row[i]), int(clone[i])): after[:, i].tolist() for i in kept}
    assert found == expected
    assert kept[0] == 0


def changes(births, probability, kind, seed=SEED, tick=5):
    n = births.shape[0]
    keys = np.arange(1, n + 1).astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    room = n * probability.shape[1]
    entry, outcome, number = (np.empty(room, np.int64) for _ in range(3))
    key = np.empty(room, np.uint64)
    found = draw_changes(
        seed, 31, tick, keys, kind, births, probability, entry, outcome, number, key
    )
    return entry[:found], outcome[:found], number[:found], key[:found]


def test_changed_daughters_follow_a_multinomial_law():
    probability = np.array([[0.02, 0.0, 0.05], [0.0, 0.0, 0.0]])
    n = 3000
    kind = np.zeros(n, np.int64)
    kind[::10] = 1
    entry, outcome, number, key = changes(np.full(n, 20), probability, kind)
    assert not (kind[entry] == 1).any()
    assert set(outcome.tolist()) == {0, 2}
    assert np.all(np.diff(entry) >= 0)
    assert len(set(key.tolist())) == key.shape[0]
    for which, p in ((0, 0.02), (2, 0.05)):
        drawn = np.zeros(n, np.int64)
        drawn[entry[outcome == which]] = number[outcome == which]
        of_law = drawn[kind == 0]
        observed = np.bincount(np.minimum(of_law, 4), minlength=5)
        pmf = stats.binom.pmf(np.arange(4), 20, p)
        expected = of_law.shape[0] * np.append(pmf, 1.0 - pmf.sum())
        assert stats.chisquare(observed, expected).pvalue > 0.005


def test_certain_changes_take_all_births():
    entry, outcome, number, _ = changes(
        np.array([10**12, 0, 7]), np.array([[0.25, 0.75]]), np.zeros(3, np.int64)
    )
    totals = np.bincount(entry, weights=number, minlength=3)
    assert totals.tolist() == [1e12, 0.0, 7.0]
    assert outcome.shape[0] >= 3


def test_derived_keys_differ_and_the_first_member_has_that_of_its_group():
    keys = np.repeat(np.array([5, 6], np.uint64), 3)
    nth = np.array([0, 1, 2, 0, 1, 2])
    members, children = np.empty(6, np.uint64), np.empty(6, np.uint64)
    member_keys(keys, nth, members)
    child_keys(keys, nth, children)
    assert members[[0, 3]].tolist() == [5, 6]
    assert len({*members.tolist(), *children.tolist()}) == 12
