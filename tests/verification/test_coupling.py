"""How much a run depends on the lengths of its intervals."""

import numpy as np
import pytest

from abm.kernels.cell_layout import CellState
from tests.small import BLASTS, COURSE, finished, tissue

FOUNDERS = BLASTS | {"number": 200, "methylated_alleles": {"1": 1.0}}


def niche(coupling):
    """Three 200-cell niches, drug from the first hour on, 24 h; the same random keys every time.

    One genotype and three seeds, so that no mean hangs on the fate of a few cells.
    """
    changes = {
        "environment.size": ["260 um", "260 um"], "time.end": "24 h", "time.record": "24 h",
        "time.coupling": coupling,
    }  # fmt: skip
    models = [finished(tissue(changes, cells=[FOUNDERS], treatment=COURSE, seed=seed))
              for seed in (1, 2, 3)]  # fmt: skip
    populations = [model.state.populations[0] for model in models]
    states = np.concatenate([p.state[:, : p.n] for p in populations], axis=1)
    found = {row.name: float(states[row].mean())
             for row in (CellState.ASN, CellState.ATF4, CellState.ASNS)}  # fmt: skip
    found["N_CELLS"] = float(states.shape[1])
    counts = [[int(n[0]) for n in vars(model.state.counters).values()] for model in models]
    found["COUNTS"] = tuple(np.sum(counts, axis=0).tolist())
    return found


@pytest.fixture(scope="module")
def usual():
    return niche("6 min")


def test_halving_the_coupling_interval_changes_less_than_two_percent(usual):
    """Exchange is frozen over an interval, which is first order in its length."""
    halved = niche("3 min")
    for name in ("ASN", "ATF4", "ASNS", "N_CELLS"):
        assert halved[name] == pytest.approx(usual[name], rel=0.02), name
    # Under drug the niche does what it is meant to: cells die, the survivors sense it.
    _, births, deaths, _ = usual["COUNTS"]
    assert births > 9
    assert deaths > 9
    assert halved != usual
