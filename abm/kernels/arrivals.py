"""Rows that take in cells of other rows: the sums behind their new mean state."""

import numpy as np

from abm.kernels._jit import kernel


@kernel
def add_differences(
    values: np.ndarray,
    rows: np.ndarray,
    targets: np.ndarray,
    which: np.ndarray,
    share: np.ndarray,
    change: np.ndarray,
) -> None:
    """Add up by how much each target moves towards the rows from which cells come.

    change[s, which[i]] += share[i] (values[s, rows[i]] - values[s, targets[i]])

    values : float64[n_state, capacity]
    rows, targets : int64[m], where the cells come from and go to
    which : int64[m], column of ``change`` that belongs to ``targets[i]``
    share : float64[m], cells that come over all cells that the target will have
    change : float64[n_state, n_target], changed in place; summed in the order of i
    """
    for s in range(values.shape[0]):
        for i in range(rows.shape[0]):
            difference = values[s, rows[i]] - values[s, targets[i]]
            change[s, which[i]] += share[i] * difference
