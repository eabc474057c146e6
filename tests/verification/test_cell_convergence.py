"""The cell kernel with dilution against SciPy at tight tolerance; order of its sub-steps."""

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from tests.naive import cell as naive
from tests.naive.cell_bench import CASES, Cells, kernel_vector, random_states, reference_states

CONTRASTED = ("replete_m0", "asn_starved_m2", "asn_starved_m0", "gln_starved_a549", "gcn2i_m0")

MINUTE = 1.0 / 60.0


def _solve(start, medium, line, switches, times):
    return solve_ivp(
        lambda _, y: naive.derivative(y, medium, line, naive.SWITCHES | switches),
        (0.0, times[-1]), start, method="LSODA", rtol=1e-9, atol=1e-12, t_eval=times,
    ).y  # fmt: skip


@pytest.mark.parametrize("case", CONTRASTED)
def test_kernel_stays_near_the_exact_solution(case):
    """72 h, sampled at every interval: 3 % of a state's largest value in the first hour, then 1 %.

    Also the size of the cell, which dilutes its pools; the uptake is frozen over each interval.
    """
    line, medium, switches = CASES[case]
    start = _solve([*naive.initial_state(line), 1.0], naive.RPMI, line, {}, np.array([0.0, 96.0]))
    start = start[:, -1]
    start[18] = 1.0
    times = np.concatenate([np.arange(120) * MINUTE, 2.0 + 0.1 * np.arange(701)])
    times[-1] = 72.0
    exact = _solve(start, medium, line, switches, times)
    exact[:4] *= 1e3
    first = start[:18].copy()
    first[:4] *= 1e3
    cells = Cells(first, alleles=line["M"])
    vector = kernel_vector(line, switches)
    found = np.empty_like(exact)
    found[:, 0] = exact[:, 0]
    for index in range(1, times.size):
        dt_h = MINUTE if index <= 120 else 0.1
        assert cells.clamped(vector, medium, dt_h) == 0
        found[:, index] = cells.state[:19, 0]
    error = (np.abs(found - exact) / np.abs(exact).max(axis=1)[:, None]).max(axis=0)
    assert error[times <= 1.0].max() < 0.03
    assert error[times > 1.0].max() < 0.01


def test_sub_steps_are_second_order():
    """With uptake and step fixed, halving the sub-step divides the error by about four."""
    states = random_states(np.random.default_rng(8), 40)
    ends = {}
    for level in (3, 4, 5, 7):
        cells = Cells(states)
        vector = kernel_vector(
            naive.BLAST, dilution=0.0,
            numbers={"step_tolerance": 1e-6, "step_floor": 0.1 / (1 << level)},
        )  # fmt: skip
        assert cells.interval(vector, [0.1, 0.5, 0.1, 0.9], 0.9, 0.1)[1] == 0
        ends[level] = cells.state[:18].copy()
    errors = [np.linalg.norm(ends[level][:4] - ends[7][:4]) for level in (3, 4, 5)]
    assert errors[0] / errors[1] > 3.2 and errors[1] / errors[2] > 3.2


def _uptake(state, saturation):
    """Asn, Gln and essential amino acids that a cell of size 1 takes up [mM/h]."""
    c = naive.NUMBERS
    asn, gln = state[:2]
    inside = asn + c["w_Q"] * gln
    exchanged = c["s_E"] * c["V_ex"] * inside / (c["K_ex"] + inside)
    return np.array([
        c["V_N"] * saturation[0] / (1.0 + asn / c["K_iN"]),
        c["V_Q"] * saturation[1] / (1.0 + gln / c["K_iQ"]),
        (0.5 * c["V_E"] + exchanged) * saturation[3],
    ])  # fmt: skip


def test_dilution_is_second_order():
    """A cell that grows for an hour with amounts of uptake fixed, against SciPy: halving the
    sub-step divides the error of pools and size by about four."""
    c, medium = naive.NUMBERS, naive.RPMI
    asn, gln = medium["asn"] / c["K_N"], medium["gln"] / c["K_Q"]
    saturation = np.array([
        asn / (1.0 + asn + gln), gln / (1.0 + asn + gln),
        medium["glu"] / (c["K_Gl"] + medium["glu"]), medium["eaa"] / (c["K_Eo"] + medium["eaa"]),
    ])  # fmt: skip
    start = _solve([*naive.initial_state(naive.BLAST), 1.0], medium, naive.BLAST, {}, [0.0, 48.0])
    start = start[:, -1]
    start[18] = 1.0
    fixed = _uptake(start, saturation)

    def rates(_, state):
        glu = saturation[2] / state[18]
        outside = medium | {"glu": c["K_Gl"] * glu / (1.0 - glu)}
        found = np.array(naive.derivative(state, outside, naive.BLAST))
        found[[0, 1, 3]] += fixed / state[18] - _uptake(state, saturation)
        return found

    exact = solve_ivp(rates, (0.0, 1.0), start, method="LSODA", rtol=1e-11, atol=1e-13).y[:, -1]
    assert exact[18] > 1.01
    exact[:4] *= 1e3
    first = start[:18].copy()
    first[:4] *= 1e3
    errors = []
    for substeps in (8, 16, 32):
        cells = Cells(first)
        cells.substeps[:] = substeps
        vector = kernel_vector(
            naive.BLAST, numbers={"step_tolerance": 1e-6, "step_floor": 1.0 / substeps}
        )
        assert cells.interval(vector, saturation, saturation[3], 1.0)[1] == 0
        errors.append(np.abs(cells.state[[0, 1, 2, 3, 18], 0] / exact[[0, 1, 2, 3, 18]] - 1.0))
    errors = [error.max() for error in errors]
    assert errors[0] < 1e-3
    assert errors[0] / errors[1] > 3.2 and errors[1] / errors[2] > 3.2


def test_first_minutes_after_a_jump_agree_with_tiny_explicit_steps():
    """Five minutes without Asn, M = 2: kernel at 1 min against 3000 explicit slices."""
    line, medium, switches = CASES["asn_starved_m2"]
    start = reference_states("asn_starved_m2")[0]
    mm = start.copy()
    mm[:4] *= 1e-3
    exact = np.array(naive.explicit_slices(mm, medium, line, 5.0 * MINUTE, 3000))
    exact[:4] *= 1e3
    cells = Cells(start, alleles=2)
    cells.clamped(kernel_vector(line, switches, dilution=0.0), medium, MINUTE, 5)
    assert np.max(np.abs(cells.state[:18, 0] - exact) / np.abs(start)) < 2e-3
