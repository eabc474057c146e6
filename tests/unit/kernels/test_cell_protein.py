"""A starved cell lives on its own protein, and on no more than it has."""

import numpy as np
import pytest

from abm.kernels.cell_layout import CellState
from tests.naive import cell as naive
from tests.naive.cell_bench import PLASMA, Cells, kernel_vector, reference_states

STARVED = PLASMA | {"asn": 2e-5}
METHYLATED = naive.BLAST | {"M": 2}


def starved(hours, dt_h):
    """Methylated blast after so many hours without Asn outside, and the course of its protein."""
    vector = kernel_vector(METHYLATED)
    cells = Cells(reference_states("plasma_m2")[-1], alleles=2)
    left = []
    for _ in range(round(hours / dt_h)):
        assert cells.clamped(vector, STARVED, dt_h) == 0
        size = cells.state[CellState.SIZE, 0]
        left.append(cells.state[CellState.BOUND_ASN, 0] / (49000.0 * size))
    return cells, np.array(left)


@pytest.mark.parametrize("dt_h", [0.1, 4.0])
def test_two_months_without_asparagine_use_up_no_more_protein_than_there_is(dt_h):
    _, left = starved(60 * 24.0, dt_h)
    assert left.min() > 0.0
    assert left[-1] < 0.1
    assert (np.diff(left) < 1e-3).all()


def test_protein_is_given_back_in_full_until_a_tenth_is_left():
    """The fall is that of proteolysis alone: the parameter makes no difference before."""
    until = 5 * 24.0
    _, left = starved(until, 0.1)
    assert left[-1] > 0.3
    vector = kernel_vector(METHYLATED, numbers={"protein_minimal": 0.01})
    cells = Cells(reference_states("plasma_m2")[-1], alleles=2)
    assert cells.clamped(vector, STARVED, 0.1, round(until / 0.1)) == 0
    assert cells.state[CellState.BOUND_ASN, 0] / 49000.0 / cells.state[
        CellState.SIZE, 0
    ] == pytest.approx(left[-1], rel=1e-12)


def test_bound_asparagine_and_glutamine_fall_together():
    cells, _ = starved(30 * 24.0, 0.1)
    asn, gln = cells.state[[CellState.BOUND_ASN, CellState.BOUND_GLN], 0]
    assert gln / asn == pytest.approx(64.0 / 49.0, rel=5e-3)
