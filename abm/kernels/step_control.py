"""What wells and bodies share when a step is compared with its two halves."""

from abm.kernels._jit import kernel


@kernel
def accept_step(records, defect, exposure):
    """Advance ``records[0]`` by the extrapolated step, or by the halves if that is negative.

    ``records``: float64[4, n], rows: before, whole step, halves, work; concentrations stand before
    ``defect``, defects from there to ``exposure``, sums over the interval from there on.
    """
    n_record = records.shape[1]
    is_positive = True
    for k in range(n_record):
        is_defect = defect <= k < exposure
        is_positive = is_positive and (is_defect or 2.0 * records[2, k] >= records[1, k])
    weight = 1.0 if is_positive else 0.0
    for k in range(n_record):
        value = records[2, k] + weight * (records[2, k] - records[1, k])
        records[0, k] = value if k < exposure else records[0, k] + value
