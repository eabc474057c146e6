"""The mechanistic cell as one would write it at once, in one text: with numpy, with numba, scalar.

The equations are those of tests/naive/cell.py, in mM and h; :func:`make_rates` is given the
functions in which numpy and scalars differ. ``check`` compares all variants with that file.
"""

from collections import namedtuple
from collections.abc import Callable
from typing import Any

import numba
import numpy as np

from tests.naive import cell as naive

LN2 = naive.LN2
N_STATE = 19
"""The 18 states of tests/naive/cell.py and the size."""

EXPONENTS = {"two": 2.0, "three": 3.0, "four": 4.0, "five": 5.0}
"""Hill coefficients are parameters of a model, so they come as numbers at run time."""

MERGED = naive.NUMBERS | naive.SWITCHES | naive.BLAST
_DERIVED = {"beta": naive.BETA[naive.BLAST["M"]], "gamma": naive.GAMMA[naive.BLAST["M"]]}
Numbers = namedtuple("Numbers", sorted(MERGED | _DERIVED | EXPONENTS))  # type: ignore[misc]
NUMBERS = Numbers(**{k: float(v) for k, v in (MERGED | _DERIVED | EXPONENTS).items()})

MEDIUM = (naive.RPMI["asn"], naive.RPMI["gln"], naive.RPMI["glu"], naive.RPMI["eaa"])


def make_rates(least: Callable, most: Callable, power: Callable) -> Callable:
    """Return the right-hand side for states that are numbers or arrays, dilution included."""

    def rates(N, Q, D, E, P, A, m, Z, T, K, p, G, C, L, X, Y, GS, B, M, medium, c):  # type: ignore[no-untyped-def]
        asn, gln, glu, eaa = medium
        uptake_n = c.V_N * asn / (asn + c.K_N * (1 + gln / c.K_Q)) / (1 + N / c.K_iN)
        uptake_q = c.V_Q * gln / (gln + c.K_Q * (1 + asn / c.K_N)) / (1 + Q / c.K_iQ)
        saturation = eaa / (c.K_Eo + eaa)
        x = c.V_ex * saturation / (c.K_ex + N + c.w_Q * Q)
        uptake_e = 0.5 * c.V_E * saturation + c.s_E * x * (N + c.w_Q * Q)
        uptake_g = c.V_Gl * glu / (c.K_Gl + glu)

        u = power(c.K_t, c.two) / (power(c.K_t, c.two) + power(N, c.two))
        u_e = power(c.K_tE, c.two) / (power(c.K_tE, c.two) + power(E, c.two))
        tr = least(1.0, T / c.T_0)
        Pp = most(P - c.P_0, 0.0)
        v = c.k_s * N / (c.K_sN + N) * E / (c.K_sE + E) * Q / (c.K_sQ + Q) * D / (c.K_sD + D)
        v = v * (c.f_Tmin + (1 - c.f_Tmin) * tr) * (1 - c.b_P * Pp / (1 - c.P_0))
        v = v * (0.4 + 0.6 / (1 + power(p / 1.5, c.four)))
        k_d = 0.6 * c.k_d0 + (c.k_dmax - 0.6 * c.k_d0) * G
        k_r = 0.6 * c.k_d0 + (c.k_dmax - 0.6 * c.k_d0) * G * (1 - c.cq)
        vr = least(1.0, v / (LN2 / c.Td + c.k_d0))
        mu = v - k_d
        growth = most(mu, 0.0) * least(1.0, B / 0.9)

        z = Z / (6.022e23 * c.V * 1e-12) * 1e3
        made = c.kcat * z * c.f_ATP * (1 - c.asnsi) * D / (c.K_D + D) * Q / (c.K_Qa + Q)
        made = made / (1 + N / c.K_i)
        dN = uptake_n + made + c.P_N * (k_r - v) - (x + c.k_L + growth) * N
        dQ = uptake_q + c.V_GS * GS * (1 - c.mso) + c.P_Q * (k_r - v) - made
        dQ = dQ - (x * c.w_Q + c.k_Q * (1 - c.gls) + growth) * Q
        q_e = (1 - c.gls) * Q + uptake_g / c.k_Q
        share = (1 - c.a_Q) + c.a_Q * q_e / (c.K_DQ + q_e) * (c.K_DQ + 3.3) / 3.3
        dD = c.j_D * (1 - c.etc) * share - made - (c.k_D + growth) * D
        dE = uptake_e + c.P_E * (k_r - v) - (c.k_E + growth) * E

        a_b = 1 + c.ras
        charged = least(1.0, c.gcn2 * (u + u_e - u * u_e) + c.er)
        dP = (c.P_0 + (1 - c.P_0) * charged - P) / c.tau_P
        stress_2 = power(Pp, c.two)
        drive = 1 + c.F_A * (1 - c.mapk * c.meki) * stress_2 / (power(c.K_PA, c.two) + stress_2)
        drive = drive * (1 + c.ras * (1 - c.akti)) * (1 - c.w_mT * (1 - tr))
        dA = c.d_A * (drive - A)
        hill = c.F_m * power(A, c.two) / (power(c.K_A, c.two) + power(A, c.two))
        rest = c.F_m * power(a_b, c.two) / (power(c.K_A, c.two) + power(a_b, c.two))
        act = (1 + hill) / (1 + rest)
        message = c.beta * c.kd * least(act, 1.0) + c.gamma * c.kd_induced * most(act - 1, 0.0)
        dm = c.d_m * (message / (1 + c.w_p * most(p - 0.1, 0.0)) - m)
        dZ = (c.d_Z + LN2 / c.Td) * c.Z_0 * m * (c.spare + (1 - c.spare) * vr)
        dZ = dZ - (c.d_Z * (1 - c.upr * c.er) + most(mu, 0.0)) * Z
        half_gs = power(c.K_GS, c.two)
        dGS = (1 + c.g_GS * half_gs / (half_gs + power(Q, c.two)) - GS) / c.tau_GS

        e = E + c.w_QR * Q
        rag = c.rag * power(e, c.three) / (power(c.K_R, c.three) + power(e, c.three))
        s = N + 0.2 * Q
        arf = c.arf * power(s, c.three) / (power(c.K_Ar, c.three) + power(s, c.three))
        target = c.GF * (1 - (1 - c.w_R * rag) * (1 - c.w_A * arf)) * (1 - c.k_TK * K)
        target = target * (1 - c.rapa) / (1 + c.k_Ses * most(A / a_b - 1, 0.0))
        dT = (target - T) / c.tau_T
        dK = ((D / c.K_kD) / (1 + D / c.K_kD + N / c.K_kN) - K) / c.tau_K
        dp = 4 * c.k_p * c.wt * power(K, c.two) - c.d_p * p
        dG = (c.G_0 + (1 - c.G_0) * least(1.0, most(c.g_G * (1 - tr), 0.0)) - G) / c.tau_G

        dC = 1 + c.c_P * Pp * (0.6 + 0.4 * least(A / (6 * a_b), 1.5)) + 0.3 * p - C
        dC = c.d_C * dC
        dL = (vr - L) / c.tau_L
        dX = (power(c.K_X, c.two) / (power(c.K_X, c.two) + power(D, c.two)) - X) / c.tau_X
        stress = c.w_C * (C - 1) + c.w_L * most(c.L_0 - L, 0.0) + c.w_S * u * vr + c.w_X * X
        dY = (stress / (c.theta / c.theta_divisor) - Y) / c.tau_Y
        h = c.h_0 + c.h_max * power(Y, c.five) / (1 + power(Y, c.five))
        h = h + c.h_B * most((c.B_min - B) / c.B_min, 0.0)
        dB = least(mu, 0.0) * B + (mu >= 0.0) * (0.2 * (1 - B))
        dM = growth * M
        return dN, dQ, dD, dE, dP, dA, dm, dZ, dT, dK, dp, dG, dC, dL, dX, dY, dGS, dB, dM, h

    return rates


@numba.njit(cache=True)
def _float_power(x, n):  # type: ignore[no-untyped-def]
    return x**n


def _product(x, n):  # type: ignore[no-untyped-def]
    """Powers by multiplication, as the exponents happen to be whole numbers."""
    if n == 2.0:
        return x * x
    if n == 3.0:
        return x * x * x
    if n == 4.0:
        return (x * x) * (x * x)
    return x * x * (x * x) * x


numpy_rates = make_rates(np.minimum, np.maximum, _product)
float_rates = numba.njit(make_rates(min, max, _float_power))
whole_rates = numba.njit(make_rates(min, max, numba.njit(_product)))


def numpy_step(state, dt, chunk):  # type: ignore[no-untyped-def]
    """One explicit step of ``state[19, n]`` in place, ``chunk`` cells at a time."""
    for first in range(0, state.shape[1], chunk):
        part = state[:, first : first + chunk]
        for row, rate in zip(part, numpy_rates(*part, MEDIUM, NUMBERS)[:N_STATE], strict=True):
            row += dt * rate


def make_numba_step(rates: Callable) -> Callable:
    """Return one explicit step of ``state[n, 19]`` in place, compiled as it comes."""

    @numba.njit
    def step(state, hazard, dt, medium, c):  # type: ignore[no-untyped-def]
        for i in range(state.shape[0]):
            r = rates(
                state[i, 0], state[i, 1], state[i, 2], state[i, 3], state[i, 4], state[i, 5],
                state[i, 6], state[i, 7], state[i, 8], state[i, 9], state[i, 10], state[i, 11],
                state[i, 12], state[i, 13], state[i, 14], state[i, 15], state[i, 16],
                state[i, 17], state[i, 18], medium, c,
            )  # fmt: skip
            for k in range(state.shape[1]):
                state[i, k] += dt * r[k]
            hazard[i] = r[19]

    return step  # type: ignore[no-any-return]


def python_step(states: list[list[float]], dt: float) -> None:
    """One explicit step of a list of cells in place, with tests/naive/cell.py."""
    for state in states:
        rates, _, _, growth = naive.evaluate(state[:18], naive.RPMI, {}, {}, MERGED)
        for pool in range(4):
            rates[pool] -= growth * state[pool]
        rates.append(growth * state[18])
        state[:] = [value + dt * rate for value, rate in zip(state, rates, strict=True)]


def check(states: np.ndarray, steps: dict[str, Callable[[Any], np.ndarray]]) -> None:
    """Compare a step of every variant with :func:`python_step`; raises AssertionError.

    ``states`` is float64[n, 19]; each function of ``steps`` returns them after a step of 1e-3 h.
    """
    cells = states.tolist()
    python_step(cells, 1e-3)
    for name, step in steps.items():
        np.testing.assert_allclose(step(states.copy()), cells, rtol=1e-11, err_msg=name)
