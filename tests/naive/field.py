"""The nutrient equations written out for a handful of voxels, solved densely.

All species at once, one backward Euler step: Newton's method with a numerical Jacobian on the
whole system. Slow and obvious; judges the kernels of the field and of the wells.
"""

from dataclasses import dataclass, field

import numpy as np
from scipy import sparse

ASN, GLN, GLU, ASP, EAA, NH3, N_SPECIES = 0, 1, 2, 3, 4, 6, 9


@dataclass
class Problem:
    """One implicit step; arrays [n_species, *shape] or [shape], units uM, h, uM/h.

    shape = (n_y, n_x) or (n_z, n_y, n_x); edges are x low, x high, y low, and so on.
    """

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
    edges: tuple = (None,) * 6
    is_fixed: np.ndarray | bool = False


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
    return result * ~np.asarray(problem.is_fixed)


def around(place, shape):
    """Return (neighbour or None, face) per face of a voxel: x low, x high, y low, and so on."""
    found = []
    for axis in reversed(range(len(shape))):
        for step in (-1, 1):
            other = list(place)
            other[axis] += step
            is_inside = 0 <= other[axis] < shape[axis]
            found.append((tuple(other) if is_inside else None, len(found)))
    return found


def spread(u, edges):
    """Sum over the faces of each voxel of (neighbour - voxel); edges: None or value at the face."""
    result = np.zeros_like(u)
    for here in np.ndindex(u.shape):
        for other, face in around(here, u.shape):
            if other is not None:
                result[here] += u[other] - u[here]
            elif edges[face] is not None:
                result[here] += 2 * (edges[face] - u[here])
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


def matrix(shape, reaction, is_fixed):
    """Matrix of the linear system of the multigrid, face by face; scipy's csc format."""
    result = sparse.diags(np.asarray(reaction, dtype=float).ravel()).tolil()
    site = np.arange(np.prod(shape)).reshape(shape)
    for here in np.ndindex(*shape):
        for other, face in around(here, shape):
            if other is not None:
                result[site[here], site[here]] += 1
                result[site[here], site[other]] -= 1
            elif is_fixed[face]:
                result[site[here], site[here]] += 2
    return result.tocsc()
