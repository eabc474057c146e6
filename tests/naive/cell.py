"""The cell by hand from its equations: plain floats, mM and h, one cell in a clamped medium.

It owns its numbers, so that the parameter classes of the package are judged too. Order of the
states: N Q D E P A m Z T K p G C L X Y GS B (and the size M last when pools are diluted).
"""

import math

STATES = ("N", "Q", "D", "E", "P", "A", "m", "Z", "T", "K", "p", "G", "C", "L", "X", "Y", "GS", "B")

LN2 = math.log(2.0)

NUMBERS = {
    "P_N": 49.0, "P_Q": 64.0, "P_E": 232.0,
    "V_N": 75.0, "K_N": 0.097, "K_Q": 0.097, "V_Q": 30.0, "K_iN": 1.8, "K_iQ": 20.0,
    "V_ex": 2.6, "K_ex": 2.0, "w_Q": 0.15, "K_Eo": 0.02, "k_L": 1.6, "V_E": 20.0, "s_E": 2.5,
    "k_E": 6.0, "kcat": 6120.0, "K_D": 0.6, "K_Qa": 1.0, "f_ATP": 0.96, "K_i": 0.29,
    "k_Q": 7.0, "g_GS": 4.0, "K_GS": 0.5, "tau_GS": 17.3, "j_D": 7.5, "k_D": 3.0, "K_DQ": 1.0,
    "V_Gl": 5.0, "K_Gl": 1.4, "K_sN": 0.0095, "K_sE": 0.15, "K_sQ": 0.05, "K_sD": 0.095,
    "b_P": 0.5, "f_Tmin": 0.75, "K_t": 0.052, "K_tE": 0.03, "P_0": 0.05, "tau_P": 0.4,
    "d_A": LN2 / 0.75, "F_A": 9.0, "K_PA": 0.28, "w_mT": 0.25, "d_m": LN2 / 6.0, "F_m": 32.0,
    "K_A": 2.8, "w_p": 0.5, "d_Z": LN2 / 36.0, "spare": 0.5, "K_R": 0.49, "K_Ar": 0.5,
    "w_R": 0.67, "w_A": 0.54, "k_TK": 0.57, "k_Ses": 0.05, "tau_T": 0.4, "T_0": 0.7,
    "K_kD": 3.0, "K_kN": 0.28, "tau_K": 0.5, "k_p": 0.25, "d_p": LN2 / 4.0,
    "G_0": 0.29, "g_G": 1.6, "tau_G": 1.1, "d_C": LN2 / 4.0, "c_P": 3.0, "tau_L": 4.0,
    "L_0": 0.9, "w_C": 0.3, "w_L": 0.9, "w_S": 1.2, "w_X": 1.8, "K_X": 0.48, "tau_X": 4.0,
    "w_QR": 0.0, "upr": 0.5, "tau_Y": 10.0, "h_0": 5e-4, "h_max": 0.045, "B_min": 0.7, "h_B": 0.03,
}  # fmt: skip

SWITCHES = {
    "gcn2": 1.0, "er": 0.0, "gls": 0.0, "cq": 0.0, "asnsi": 0.0, "akti": 0.0, "meki": 0.0,
    "mso": 0.0, "etc": 0.0, "rapa": 0.0, "rag": 1.0, "arf": 1.0, "GF": 1.0, "kd": 1.0,
    "kd_induced": 1.0, "theta_divisor": 1.0,
}  # fmt: skip

BLAST = {
    "Td": 36.0, "V": 0.6, "Z_0": 4.4e4, "a_Q": 0.3, "V_GS": 0.5, "theta": 1.0, "ras": 0.0,
    "mapk": 0.0, "wt": 1.0, "k_s": 0.0394212293, "k_d0": 0.015, "k_dmax": 0.026, "M": 0,
}  # fmt: skip

A549 = BLAST | {
    "Td": 22.9, "V": 2.5, "Z_0": 1.4e6, "a_Q": 0.915, "V_GS": 0.2, "theta": 1.38, "ras": 0.5,
    "k_s": 0.0545928007,
}  # fmt: skip

RPMI = {"asn": 0.379, "gln": 2.055, "glu": 0.136, "eaa": 1.63}

BETA = (1.0, 0.6, 0.15)
GAMMA = (1.0, 0.5, 0.005)


def initial_state(line):
    """Rough state from which a cell is equilibrated, as the reference file states it."""
    beta = BETA[line["M"]]
    return [
        0.7, 3.0, 2.0, 1.5, 0.06, 1.0 + line["ras"], beta, line["Z_0"] * beta, 0.7, 0.2, 0.15,
        0.29, 1.05, 1.0, 0.05, 0.1, 1.1, 1.0,
    ]  # fmt: skip


def serine_factor(serine, s_line=1.5, K_S=0.03, S_0=0.15):
    """Factor of translation at serine outside (mM)."""
    return min(1.0, (serine / (K_S + serine) + s_line) / (S_0 / (K_S + S_0) + s_line))


def perk_input(glucose, oxygen, K_g=1.0, K_o=0.01):
    """Input of PERK at glucose and oxygen outside (mM)."""
    return max(0.0, 1 - glucose / (2 * K_g), 1 - oxygen / (2 * K_o))


def evaluate(
    state, medium, line, switches=SWITCHES, numbers=NUMBERS, crowding=1.0, serine=1.0, perk=0.0
):
    """Return derivatives (without dilution), mu, h and the relative growth of size."""
    c = numbers | switches | line
    N, Q, D, E, P, A, m, Z, T, K, p, G, C, L, X, Y, GS, B = state
    asn, gln, glu, eaa = medium["asn"], medium["gln"], medium["glu"], medium["eaa"]

    # exchange with the medium
    uptake_n = c["V_N"] * asn / (asn + c["K_N"] * (1 + gln / c["K_Q"])) / (1 + N / c["K_iN"])
    uptake_q = c["V_Q"] * gln / (gln + c["K_Q"] * (1 + asn / c["K_N"])) / (1 + Q / c["K_iQ"])
    saturation = eaa / (c["K_Eo"] + eaa)
    x = c["V_ex"] * saturation / (c["K_ex"] + N + c["w_Q"] * Q)
    uptake_e = 0.5 * c["V_E"] * saturation + c["s_E"] * x * (N + c["w_Q"] * Q)
    uptake_g = c["V_Gl"] * glu / (c["K_Gl"] + glu)

    # growth
    u = c["K_t"] ** 2 / (c["K_t"] ** 2 + N**2)
    u_e = c["K_tE"] ** 2 / (c["K_tE"] ** 2 + E**2)
    tr = min(1.0, T / c["T_0"])
    Pp = max(P - c["P_0"], 0.0)
    v = (
        c["k_s"] * serine * N / (c["K_sN"] + N) * E / (c["K_sE"] + E) * Q / (c["K_sQ"] + Q)
        * D / (c["K_sD"] + D) * (c["f_Tmin"] + (1 - c["f_Tmin"]) * tr)
        * (1 - c["b_P"] * Pp / (1 - c["P_0"])) * (0.4 + 0.6 / (1 + (p / 1.5) ** 4))
    )  # fmt: skip
    k_d = 0.6 * c["k_d0"] + (c["k_dmax"] - 0.6 * c["k_d0"]) * G
    k_r = 0.6 * c["k_d0"] + (c["k_dmax"] - 0.6 * c["k_d0"]) * G * (1 - c["cq"])
    vr = min(1.0, v / (LN2 / c["Td"] + c["k_d0"]))
    v_used = k_d + crowding * (v - k_d) if v > k_d else v
    mu = v_used - k_d

    # pools
    z = Z / (6.022e23 * c["V"] * 1e-12) * 1e3
    made = (
        c["kcat"] * z * c["f_ATP"] * (1 - c["asnsi"]) * D / (c["K_D"] + D) * Q / (c["K_Qa"] + Q)
        / (1 + N / c["K_i"])
    )  # fmt: skip
    dN = uptake_n + made + c["P_N"] * (k_r - v_used) - (x + c["k_L"]) * N
    dQ = (
        uptake_q + c["V_GS"] * GS * (1 - c["mso"]) + c["P_Q"] * (k_r - v_used) - made
        - (x * c["w_Q"] + c["k_Q"] * (1 - c["gls"])) * Q
    )  # fmt: skip
    q_e = (1 - c["gls"]) * Q + uptake_g / c["k_Q"]
    share = (1 - c["a_Q"]) + c["a_Q"] * q_e / (c["K_DQ"] + q_e) * (c["K_DQ"] + 3.3) / 3.3
    dD = c["j_D"] * (1 - c["etc"]) * share - made - c["k_D"] * D
    dE = uptake_e + c["P_E"] * (k_r - v_used) - c["k_E"] * E

    # stress and the synthetase
    a_b = 1 + c["ras"]
    perk = max(c["er"], perk)
    charged = min(1.0, c["gcn2"] * (u + u_e - u * u_e) + perk)
    dP = (c["P_0"] + (1 - c["P_0"]) * charged - P) / c["tau_P"]
    drive = 1 + c["F_A"] * (1 - c["mapk"] * c["meki"]) * Pp**2 / (c["K_PA"] ** 2 + Pp**2)
    drive *= (1 + c["ras"] * (1 - c["akti"])) * (1 - c["w_mT"] * (1 - tr))
    dA = c["d_A"] * (drive - A)
    hill = c["F_m"] * A**2 / (c["K_A"] ** 2 + A**2)
    act = (1 + hill) / (1 + c["F_m"] * a_b**2 / (c["K_A"] ** 2 + a_b**2))
    message = BETA[c["M"]] * c["kd"] * min(act, 1.0)
    message += GAMMA[c["M"]] * c["kd_induced"] * max(act - 1, 0.0)
    dm = c["d_m"] * (message / (1 + c["w_p"] * max(p - 0.1, 0.0)) - m)
    dZ = (c["d_Z"] + LN2 / c["Td"]) * c["Z_0"] * m * (c["spare"] + (1 - c["spare"]) * vr)
    dZ -= (c["d_Z"] * (1 - c["upr"] * perk) + max(mu, 0.0)) * Z
    dGS = (1 + c["g_GS"] * c["K_GS"] ** 2 / (c["K_GS"] ** 2 + Q**2) - GS) / c["tau_GS"]

    # signalling
    e = E + c["w_QR"] * Q
    rag = c["rag"] * e**3 / (c["K_R"] ** 3 + e**3)
    s = N + 0.2 * Q
    arf = c["arf"] * s**3 / (c["K_Ar"] ** 3 + s**3)
    target = c["GF"] * (1 - (1 - c["w_R"] * rag) * (1 - c["w_A"] * arf)) * (1 - c["k_TK"] * K)
    target *= (1 - c["rapa"]) / (1 + c["k_Ses"] * max(A / a_b - 1, 0.0))
    dT = (target - T) / c["tau_T"]
    dK = ((D / c["K_kD"]) / (1 + D / c["K_kD"] + N / c["K_kN"]) - K) / c["tau_K"]
    dp = 4 * c["k_p"] * c["wt"] * K**2 - c["d_p"] * p
    dG = (c["G_0"] + (1 - c["G_0"]) * min(1.0, max(c["g_G"] * (1 - tr), 0.0)) - G) / c["tau_G"]

    # death
    dC = c["d_C"] * (1 + c["c_P"] * Pp * (0.6 + 0.4 * min(A / (6 * a_b), 1.5)) + 0.3 * p - C)
    dL = (vr - L) / c["tau_L"]
    dX = (c["K_X"] ** 2 / (c["K_X"] ** 2 + D**2) - X) / c["tau_X"]
    stress = c["w_C"] * (C - 1) + c["w_L"] * max(c["L_0"] - L, 0.0) + c["w_S"] * u * vr
    stress = (stress + c["w_X"] * X) / (c["theta"] / c["theta_divisor"])
    dY = (stress - Y) / c["tau_Y"]
    h = c["h_0"] + c["h_max"] * Y**5 / (1 + Y**5)
    h += c["h_B"] * max((c["B_min"] - B) / c["B_min"], 0.0)
    dB = mu * B if mu < 0 else 0.2 * (1 - B)

    derivative = [dN, dQ, dD, dE, dP, dA, dm, dZ, dT, dK, dp, dG, dC, dL, dX, dY, dGS, dB]
    return derivative, mu, h, max(mu, 0.0) * min(1.0, B / 0.9)


def derivative(state, medium, line, switches=SWITCHES, crowding=1.0):
    """Right-hand side; with a 19th entry (size M) the four pools are diluted by growth."""
    rates, _, _, growth = evaluate(state[:18], medium, line, switches, crowding=crowding)
    if len(state) == 18:
        return rates
    for pool in range(4):
        rates[pool] -= growth * state[pool]
    return [*rates, growth * state[18]]


def explicit_slices(state, medium, line, dt, slices, switches=SWITCHES):
    """Advance by ``slices`` explicit Euler slices, an integrator with nothing to get wrong."""
    current = list(state)
    for _ in range(slices):
        rates = derivative(current, medium, line, switches)
        current = [value + dt / slices * rate for value, rate in zip(current, rates, strict=True)]
    return current
