"""Rows picked from columns, and the order of cells in blocks, against plain Python."""

import numba
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from abm.kernels.cell_order import FEW, PART, order_of_blocks
from abm.kernels.lanes import LANES, close_lanes
from abm.kernels.rows import reach, rows_at


def test_rows_at_marked_sites_come_in_storage_order():
    site = np.array([3, 0, 2, 3, 1, 0], np.int32)
    assert rows_at(site, np.array([False, False, True, True])).tolist() == [0, 2, 3]
    assert rows_at(site, np.zeros(4, np.bool_)).tolist() == []


def test_a_value_reaches_what_its_own_kind_needs():
    found = reach(
        np.array([1.0, 1.0, 4.0]), np.array([0.5, 2.0, 4.0]), np.array([0, 1, 2], np.uint8)
    )
    assert found.tolist() == [True, False, True]


@settings(max_examples=40, deadline=None)
@given(st.lists(st.sampled_from([0, 1, 2, 4, 8, 128]), max_size=60), st.integers(0, 3))
def test_blocks_take_each_cell_once_and_equal_cells_together(counts, n_full_part):
    substeps = np.array([1, 2] * (n_full_part * PART // 2) + counts, np.uint8)
    order = order_of_blocks(substeps, len(substeps)).tolist()
    few = [i for i in range(len(substeps)) if substeps[i] <= FEW]
    many = [i for i in range(len(substeps)) if substeps[i] > FEW]
    expected = sorted(few, key=lambda i: (i // PART, substeps[i]))
    assert order == expected + sorted(many, key=lambda i: substeps[i])


@numba.njit
def bits(x, y, reaches, first, here, own_reach):
    return close_lanes((x, y), reaches, first, here, own_reach)


def test_each_bit_tells_of_one_neighbour():
    rng = np.random.default_rng(4)
    x, y, reaches = rng.uniform(0.0, 3.0, (3, 20))
    for first in range(20 - LANES + 1):
        found = bits(x, y, reaches, np.uint64(first), (1.5, 1.2), 0.4)
        for lane in range(LANES):
            i = first + lane
            is_close = (1.5 - x[i]) ** 2 + (1.2 - y[i]) ** 2 < (0.4 + reaches[i]) ** 2
            assert (int(found) >> lane) & 1 == is_close
