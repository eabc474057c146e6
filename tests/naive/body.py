"""The equations of a body written out compartment by compartment, for one body.

``rates`` is the right-hand side of Eq. (B1)-(B9) of docs/body.md, ``implicit_step`` solves one
backward Euler step of it densely with a numerical Jacobian. Slow and obvious; judges the kernel.
"""

from dataclasses import dataclass, field

import numpy as np

from abm.environment.body import BodyParameters

ASN, GLN, GLU, ASP, EAA, SER, NH3, GLUCOSE, O2 = range(9)
PLASMA, MARROW, CSF, TISSUE = range(4)


@dataclass
class Problem:
    """One body: uM, h; ``uptake`` [4, 4] uM/h at saturation, ``release`` [9, 4] uM/h."""

    parameters: BodyParameters
    normal: np.ndarray
    activity: np.ndarray
    enzyme: tuple[float, float, float] = (15.0, 3500.0, 0.02)
    transport: tuple[float, float, float, float] = (97.0, 97.0, 1400.0, 20.0)
    is_host: bool = True
    solved: tuple[int, ...] = (ASN, GLN, GLU, ASP, NH3)
    uptake: np.ndarray = field(default_factory=lambda: np.zeros((4, 4)))
    release: np.ndarray = field(default_factory=lambda: np.zeros((9, 4)))


def clearance(problem, s):
    """Clearance from plasma, 1/h."""
    p = problem.parameters
    if s == ASN:
        return 60.0 * p.asparagine_input / problem.normal[ASN]
    if s == GLN:
        return 60.0 * p.glutamine_input / problem.normal[GLN]
    if s == GLU:
        return p.glutamate_clearance
    if s == ASP:
        return p.aspartate_clearance
    return p.ammonia_clearance if s == NH3 else p.other_clearance


def csf_share(problem, s):
    """What the CSF holds of plasma."""
    p = problem.parameters
    return {
        ASN: p.csf_share_asn, GLN: p.csf_share_gln, GLU: p.csf_share_glu, ASP: p.csf_share_asp,
        EAA: p.csf_share_eaa, SER: p.csf_share_ser, NH3: p.csf_share_nh3,
        GLUCOSE: p.csf_share_glucose, O2: 1.0,
    }[s]  # fmt: skip


def felt_asn(problem, u, c):
    """What a cell feels of Asn."""
    return u[ASN, c] + (problem.parameters.csf_contact_asn if c == CSF else 0.0)


def saturation(problem, u, s, c, from_contact=0.0):
    """Share of its capacity at which a cell takes up a species, less what comes by contact."""
    k_asn, k_gln, k_glu, k_eaa = problem.transport
    if s == ASN:
        felt = felt_asn(problem, u, c)
        return (felt - from_contact) / (k_asn * (1 + u[GLN, c] / k_gln) + felt)
    if s == GLN:
        return u[GLN, c] / (k_gln * (1 + felt_asn(problem, u, c) / k_asn) + u[GLN, c])
    return u[s, c] / ((k_glu if s == GLU else k_eaa) + u[s, c])


def hydrolysis(problem, u, c):
    """Loss of Asn and of Gln by the enzyme, uM/h."""
    km, km_gln, share = problem.enzyme
    most = 60_000.0 * problem.activity[c]
    asn = most * u[ASN, c] / (km * (1 + u[GLN, c] / km_gln) + u[ASN, c])
    gln = share * most * u[GLN, c] / (km_gln * (1 + u[ASN, c] / km) + u[GLN, c])
    return asn, gln


def rates(problem, u):
    """du/dt, float64[9, 4], uM/h."""
    p, n = problem.parameters, problem.normal
    v_plasma, v_marrow, v_tissue = p.plasma_volume, p.marrow_volume, p.tissue_volume
    du = np.zeros((9, 4))
    for s in problem.solved:
        k, h = clearance(problem, s), p.tissue_homeostasis
        conductance = k * v_plasma / (1.0 - k * v_plasma / (h * v_tissue))
        to_tissue = conductance * (u[s, PLASMA] - u[s, TISSUE])
        to_marrow = p.marrow_exchange * v_marrow * (u[s, PLASMA] - u[s, MARROW])
        du[s, PLASMA] = -(to_tissue + to_marrow) / v_plasma
        du[s, TISSUE] = to_tissue / v_tissue + h * (n[s] - u[s, TISSUE])
        du[s, MARROW] = to_marrow / v_marrow + p.marrow_input * k * (n[s] - u[s, MARROW])
        du[s, CSF] = p.csf_turnover * (csf_share(problem, s) * u[s, PLASMA] - u[s, CSF])
        if s == ASN:
            du[s, CSF] += p.csf_turnover * p.csf_source_asn
        for c in range(4):
            asn, gln = hydrolysis(problem, u, c)
            du[s, c] += {ASN: -asn, GLN: -gln, GLU: gln, ASP: asn, NH3: asn + gln}.get(s, 0.0)
            if problem.is_host:
                continue
            du[s, c] += problem.release[s, c]
            row = {ASN: 0, GLN: 1, GLU: 2, EAA: 3}.get(s)
            if row is not None:
                contact = felt_asn(problem, u, c) - u[ASN, c] if s == ASN else 0.0
                du[s, c] -= problem.uptake[row, c] * saturation(problem, u, s, c, contact)
    return du


def implicit_step(problem, old, step):
    """Solve u = old + step rates(u), float64[9, 4]."""
    rows = list(problem.solved)
    u = old.copy()

    def residual(values):
        trial = old.copy()
        trial[rows] = values.reshape(len(rows), 4)
        return (trial - old - step * rates(problem, trial))[rows].ravel()

    for _ in range(200):
        values = u[rows].ravel()
        now = residual(values)
        jacobian = np.empty((values.size, values.size))
        for j in range(values.size):
            shifted = values.copy()
            delta = 1e-7 * max(values[j], 1e-6)
            shifted[j] += delta
            jacobian[:, j] = (residual(shifted) - now) / delta
        following = np.maximum(values - np.linalg.solve(jacobian, now), 0.0)
        u[rows] = following.reshape(len(rows), 4)
        if np.all(np.abs(following - values) <= 1e-13 * following):
            return u
    return u
