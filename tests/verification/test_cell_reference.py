"""Seven reference cells, hourly for 72 h: the hand-written equations and the kernel."""

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from tests.naive import cell as naive
from tests.naive.cell_bench import CASES, Cells, kernel_vector, reference_states


@pytest.mark.parametrize("case", CASES)
def test_hand_written_equations_reproduce_the_reference(case):
    """The naive right-hand side under LSODA: 1e-4 of each state's largest value."""
    line, medium, switches = CASES[case]
    reference = reference_states(case)
    start = reference[0].copy()
    start[:4] *= 1e-3
    found = solve_ivp(
        lambda _, y: naive.derivative(y, medium, line, naive.SWITCHES | switches),
        (0.0, 72.0), start, method="LSODA", rtol=1e-8, atol=1e-11, t_eval=np.arange(73.0),
    ).y.T  # fmt: skip
    found[:, :4] *= 1e3
    assert np.max(np.abs(found - reference) / np.abs(reference).max(axis=0)) < 1e-4


@pytest.mark.parametrize("case", CASES)
def test_kernel_reproduces_the_reference_without_dilution(case):
    """The engine's intervals (1 min for 2 h, then 6 min): 2 % at 1 h, 0.5 % from 2 h on."""
    line, medium, switches = CASES[case]
    reference = reference_states(case)
    cells = Cells(reference[0], alleles=line["M"])
    vector = kernel_vector(line, switches, dilution=0.0)
    scale = np.abs(reference).max(axis=0)
    for hour in range(1, 73):
        dt_h, count = (1.0 / 60.0, 60) if hour <= 2 else (0.1, 10)
        assert cells.clamped(vector, medium, dt_h, count) == 0
        error = np.abs(cells.state[:18, 0] - reference[hour]) / scale
        assert error.max() < (0.02 if hour == 1 else 0.005)
    assert cells.state[18, 0] == 1.0
