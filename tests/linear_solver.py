"""How well the linear solver of the field does: contraction of its cycle, iterations."""

import numpy as np

from abm.kernels import multigrid


def contraction(grid, work, inside, n_cycle=15):
    """Factor of the residual in the last of ``n_cycle`` cycles, without conjugate gradients."""
    error, product = np.zeros_like(work.source), np.zeros_like(work.source)
    error[inside] = np.random.default_rng(3).standard_normal(inside.stop - inside.start)
    norms = []
    for _ in range(n_cycle):
        multigrid.multiply(grid, work.diagonal, error, product)
        norms.append(np.linalg.norm(product[inside]))
        work.source[inside] = -product[inside]
        multigrid.cycle(grid, work, multigrid.absolute_sum(grid, work.source, work.column))
        error[inside] += work.solution[inside]
    return norms[-1] / norms[-2]


def iterations(grid, work, inside):
    """Conjugate-gradient iterations to a residual of 1e-6 from a random source."""
    source = np.random.default_rng(4).standard_normal(inside.stop - inside.start)
    work.source[inside] = source
    return multigrid.solve(grid, work, 1e-6 * np.abs(source).sum(), 60)[0]
