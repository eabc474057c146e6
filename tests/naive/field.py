"""The nutrient equations written out for a handful of voxels, solved densely.

All species at once, one backward Euler step: Newton's method with a numerical Jacobian on the
whole system. Slow and obvious; judges the kernels of the field and of the wells.
"""

from dataclasses import dataclass, field

import numpy as np

ASN, GLN, GLU, ASP, EAA, NH3, N_SPECIES = 0, 1, 2, 3, 4, 6, 9


@dataclass
class Problem:
    """One implicit step; arrays [n_species, n_y, n_x] or [n_y, n_x], units uM, h, uM/h."""

    old: np.ndarray
    step: float
    exchange: np.ndarray
    capacity: np.ndarray
    activity: np.ndarray
    supply: np.ndarray
    vessel: np.ndarray
    vessel_rate: np.ndarray
    plasma: np.ndarray
    solved: tuple[int, ...]
    transport: np.ndarray
    enzyme: tuple[float, float, float]
    decay: np.ndarray = field(default_factory=lambda: np.zeros(N_SPECIES))
    edges: tuple = (None, None, None, None)


def saturation(problem, u, species):
    """u / (K_eff + u) of transport."""
    k_asn, k_gln, k_glu, k_eaa = problem.transport
    if species == ASN:
        return u[ASN] / (k_asn * (1 + u[GLN] / k_gln) + u[ASN])
    if species == GLN:
        return u[GLN] / (k_gln * (1 + u[ASN] / k_asn) + u[GLN])
    return u[species] / ((k_glu if species == GLU else k_eaa) + u[species])


def hydrolysis(problem, u):
    """Loss of asparagine and of glutamine by the enzyme, uM/h; 1 IU/mL = 60000 uM/h."""
    km, km_gln, share = problem.enzyme
    asn = problem.activity * 60000 * u[ASN] / (km * (1 + u[GLN] / km_gln) + u[ASN])
    gln = share * problem.activity * 60000 * u[GLN] / (km_gln * (1 + u[ASN] / km) + u[GLN])
    return asn, gln


def rates(problem, u):
    """du/dt of every species, uM/h."""
    asn_split, gln_split = hydrolysis(problem, u)
    result = np.zeros_like(u)
    for s in range(N_SPECIES):
        result[s] += problem.supply[s] - problem.decay[s] * u[s]
        result[s] += problem.vessel_rate[s] * problem.vessel * (problem.plasma[s] - u[s])
        edges = [None if e is None else e[s] for e in problem.edges]
        result[s] += problem.exchange[s] * spread(u[s], edges)
    for row, s in enumerate((ASN, GLN, GLU, EAA)):
        result[s] -= problem.capacity[row] * saturation(problem, u, s)
    result[ASN] -= asn_split
    result[GLN] -= gln_split
    result[ASP] += asn_split
    result[GLU] += gln_split
    result[NH3] += asn_split + gln_split
    return result


def spread(u, edges):
    """Sum over the faces of each voxel of (neighbour - voxel); edges: None or value at the face."""
    n_y, n_x = u.shape
    result = np.zeros_like(u)
    for j in range(n_y):
        for i in range(n_x):
            around = ((j, i - 1, 0), (j, i + 1, 1), (j - 1, i, 2), (j + 1, i, 3))
            for row, column, face in around:
                if 0 <= row < n_y and 0 <= column < n_x:
                    result[j, i] += u[row, column] - u[j, i]
                elif edges[face] is not None:
                    result[j, i] += 2 * (edges[face] - u[j, i])
    return result


def implicit_step(problem):
    """Return the concentrations after one backward Euler step."""
    solved = list(problem.solved)
    shape = problem.old[solved].shape

    def residual(x):
        u = problem.old.copy()
        u[solved] = x.reshape(shape)
        change = u - problem.old - problem.step * rates(problem, u)
        return change[solved].ravel()

    x = problem.old[solved].ravel() + 1e-3
    for _ in range(200):
        value = residual(x)
        jacobian = np.empty((x.size, x.size))
        for k in range(x.size):
            bump = 1e-6 * (abs(x[k]) + 1e-3)
            shifted = x.copy()
            shifted[k] += bump
            jacobian[:, k] = (residual(shifted) - value) / bump
        correction = np.linalg.solve(jacobian, -value)
        x = np.maximum(x + correction, 0.0)
        if np.abs(correction).max() <= 1e-11 * (1.0 + np.abs(x).max()):
            break
    u = problem.old.copy()
    u[solved] = x.reshape(shape)
    return u


def matrix(n_x, n_y, reaction, is_fixed):
    """Dense matrix of the linear system of the multigrid, face by face."""
    n = n_x * n_y
    result = np.diag(np.asarray(reaction, dtype=float).ravel())
    for j in range(n_y):
        for i in range(n_x):
            here = j * n_x + i
            around = ((j, i - 1, 0), (j, i + 1, 1), (j - 1, i, 2), (j + 1, i, 3))
            for row, column, face in around:
                if 0 <= row < n_y and 0 <= column < n_x:
                    result[here, here] += 1
                    result[here, row * n_x + column] -= 1
                elif is_fixed[face]:
                    result[here, here] += 2
    assert result.shape == (n, n)
    return result
