"""A run ends early when its cells have died out, are many, or have come back."""

import numpy as np
import pandas as pd
import pytest

from abm.observe import timeseries_rows
from abm.stop import ExitReason, is_relapse
from scenarios.build import build
from scenarios.load import loads
from scenarios.sweep.outcomes import relapse_day

N_START = 2020
WELL = """
asnsim: 1
environment: {{kind: well, volume: 100 uL, species: []}}
cells:
  - {{type: cell, model: fixed-rates, number: 2000, birth_rate: 1e-3 1/h, death_rate: {death_rate}}}
  - {{type: cell, model: fixed-rates, number: 20, birth_rate: {birth_rate}, death_rate: 1e-3 1/h}}
time: {{end: 60 h, record: 1 h}}
stop: {stop}
replicates: {replicates}
"""


def _run(stop, replicates=1, **rates):
    rates = {"death_rate": "0.5 1/h", "birth_rate": "0.1 1/h"} | rates
    model = build(loads(WELL.format(stop=stop, replicates=replicates, **rates)))
    rows = [pd.DataFrame(timeseries_rows(model))]
    while model.running:
        model.step()
        if model.is_record_due():
            rows.append(pd.DataFrame(timeseries_rows(model)))
    return model, pd.concat(rows, ignore_index=True)


def test_a_well_ends_when_a_quarter_of_its_cells_is_back_after_a_tenfold_fall():
    model, table = _run("[extinct, relapse]")
    assert model.exit_reason is ExitReason.RELAPSE
    n = table["n_cells"].to_numpy()
    assert n.min() <= N_START / 10 and n[-1] >= N_START / 4
    assert np.all(n[n.argmin() : -1] < N_START / 4)
    assert relapse_day(table) * 24.0 == model.hours < 60.0


def test_the_rule_changes_nothing_before_it_fires():
    stopped, whole = _run("[relapse]")[1], _run("[extinct]")[1]
    pd.testing.assert_frame_equal(stopped.iloc[:-1], whole.iloc[: len(stopped) - 1])
    assert len(whole) > len(stopped)


def test_each_well_stops_at_its_own_relapse():
    model, table = _run("[relapse]", replicates=4)
    assert model.exit_reason is ExitReason.RELAPSE
    at_end = table[table["time_h"] == model.hours].set_index("replicate")["n_cells"]
    alone = [relapse_day(part) * 24.0 for _, part in table.groupby("replicate")]
    assert len(set(alone)) > 1
    # a stopped well keeps the cells of its relapse: one division above a quarter at the most
    assert at_end.between(N_START / 4, N_START / 4 * 1.05).all()


def test_cells_that_never_fell_so_far_or_stay_few_do_not_relapse():
    surviving, _ = _run("[relapse]", death_rate="0.001 1/h")
    assert surviving.exit_reason is ExitReason.END_TIME
    dying, _ = _run("[relapse]", birth_rate="0.0005 1/h")
    assert dying.exit_reason is ExitReason.END_TIME


@pytest.mark.parametrize(
    ("start", "lowest", "now", "expected"),
    [
        (1000, 100, 250, True),
        (1000, 101, 1000, False),
        (1000, 100, 249, False),
        (0, 0, 0, False),
        (5, 0, 0, False),
    ],
)
def test_relapse_needs_a_tenfold_fall_and_a_quarter_of_the_start(start, lowest, now, expected):
    assert is_relapse(np.array(start), np.array(lowest), np.array(now)) == expected
