"""Sorting cells by site against Python's own stable sort."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from abm.kernels import sort
from tests.naive import mechanics as naive


def sorted_rows(site, is_kept, n_site):
    permutation = np.full(len(site), -1, np.int64)
    start = np.full(n_site + 1, -1, np.int64)
    n_kept = sort.sort_by_site(
        np.array(site, np.int32), np.array(is_kept, np.bool_), n_site, permutation, start
    )
    return n_kept, permutation, start


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 9), st.booleans()), max_size=60))
def test_sort_is_stable_and_keeps_each_kept_row_once(rows):
    site, is_kept = [r[0] for r in rows], [r[1] for r in rows]
    n_kept, permutation, start = sorted_rows(site, is_kept, 10)
    expected = sorted((i for i in range(len(rows)) if is_kept[i]), key=lambda i: site[i])
    assert n_kept == len(expected)
    assert permutation[:n_kept].tolist() == expected
    assert start.tolist() == [sum(site[i] < s for i in expected) for s in range(11)]


@pytest.mark.parametrize("bad", [-1, 10])
def test_site_out_of_range_is_refused_unless_the_row_goes(bad):
    assert sorted_rows([0, bad], [True, True], 10)[0] == -1
    assert sorted_rows([0, bad], [True, False], 10)[0] == 1


@settings(max_examples=60, deadline=None)
@given(st.floats(-20.0, 120.0), st.floats(-20.0, 120.0), st.integers(1, 6), st.integers(1, 6))
def test_voxel_of_any_place(x, y, rows, columns):
    site = np.full(2, -7, np.int32)
    sort.voxel_of(np.array([x]), np.array([y]), np.empty(0), 10.0, (rows, columns), site)
    assert site.tolist() == [naive.voxel((x, y), 10.0, (rows, columns)), -7]


def test_voxel_boundary_belongs_to_the_upper_voxel_and_the_far_wall_to_the_last():
    site = np.zeros(3, np.int32)
    sort.voxel_of(
        np.array([0.0, 10.0, 30.0]), np.array([0.0, 0.0, 20.0]), np.empty(0), 10.0, (2, 3), site
    )
    assert site.tolist() == [0, 1, 5]


def test_permute_rows_and_columns():
    rng = np.random.default_rng(3)
    state = rng.random((5, 40))
    permutation = rng.permutation(40)[:33]
    target = np.full((5, 40), -1.0)
    sort.permute_rows(state, permutation, 33, target)
    np.testing.assert_array_equal(target[:, :33], state[:, permutation])
    assert (target[:, 33:] == -1.0).all()


@pytest.mark.parametrize("dtype", ["f8", "u8", "i8", "i4", "u2", "u1", "bool"])
def test_permute_column_of_any_dtype(dtype):
    rng = np.random.default_rng(4)
    column = (rng.random(30) * 2e4 - 5e3).astype(dtype) if dtype != "u8" else np.arange(
        2**63, 2**63 + 30, dtype="u8"
    )  # fmt: skip
    before, permutation = column.copy(), rng.permutation(30)[:20]
    sort.permute_column(column, permutation, 20, np.empty(30, np.uint64))
    np.testing.assert_array_equal(column[:20], before[permutation])
    np.testing.assert_array_equal(column[20:], before[20:])


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(0, 6), max_size=50))
def test_sum_by_site_adds_in_storage_order(site):
    site = np.sort(np.array(site, np.int32))
    n_kept, _, start = sorted_rows(site, np.ones(len(site), np.bool_), 7)
    assert n_kept == len(site)
    values = np.random.default_rng(5).lognormal(0, 5, (4, len(site) + 3))
    out = np.full((4, 7), np.nan)
    sort.sum_by_site(values, start, out)
    for kind in range(4):
        for s in range(7):
            total = 0.0
            for value in values[kind, : len(site)][site == s]:
                total += value
            assert out[kind, s] == total
