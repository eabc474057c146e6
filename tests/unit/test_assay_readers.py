"""Instruments: without noise they show the truth, with noise they scatter around it."""

import numpy as np
import pandas as pd
import pytest

from scenarios.studies.flow import stage_shares, with_flow
from scenarios.studies.readers import Readers, delta_delta_ct


def wells(n=400, time=48.0, **columns):
    values = {"n_live": 80.0, "n_early": 15.0, "n_late": 5.0, "biomass_pL": 100.0, "mtorc1": 0.8}
    table = pd.DataFrame({"well": np.arange(n), "time_h": time, "condition": 0})
    return table.assign(**(values | columns))


def test_absorbance_without_noise_is_proportional_to_living_matter():
    table = wells(n=2, biomass_pL=[100.0, 25.0])
    readers = Readers(1, has_noise=False)
    absorbance = readers.absorbance(table, pd.Series([True, False])) - readers.plate.blank
    assert absorbance[1] / absorbance[0] == pytest.approx(0.25)
    assert absorbance[0] + readers.plate.blank == pytest.approx(readers.plate.full_absorbance)


def test_a_resting_cell_turns_over_less_mtt_but_is_not_taken_for_dead():
    table = wells(n=2, mtorc1=[0.8, 0.0])
    readers = Readers(1, has_noise=False)
    absorbance = readers.absorbance(table, pd.Series([True, False])) - readers.plate.blank
    assert absorbance[1] / absorbance[0] == pytest.approx(readers.plate.idle_activity)


def test_noise_of_the_plate_has_the_stated_size():
    readers = Readers(3)
    table = wells()
    absorbance = readers.absorbance(table, pd.Series(True, table.index))
    expected = np.hypot(readers.plate.seeding_cv, readers.plate.noise_cv)
    assert np.std(absorbance) / np.mean(absorbance) == pytest.approx(expected, rel=0.2)


def test_the_error_of_seeding_stays_with_the_well():
    readers = Readers(3)
    both = pd.concat([wells(time=24.0), wells(time=48.0)], ignore_index=True)
    absorbance = readers.absorbance(both, pd.Series(True, both.index)).reshape(2, -1)
    assert np.corrcoef(absorbance)[0, 1] > 0.5


def test_a_reading_does_not_depend_on_what_else_is_read():
    readers, table = Readers(5), wells(n=20)
    all_counts = readers.flow_shares(table)
    some = readers.flow_shares(table.iloc[7:9])
    pd.testing.assert_frame_equal(some, all_counts.iloc[7:9])
    assert not np.array_equal(Readers(6).flow_shares(table)["early"], all_counts["early"])


def test_flow_counts_all_events_and_finds_the_stages():
    readers = Readers(2)
    table = with_flow(readers, wells(n=50))
    counts = table[["events_live", "events_early", "events_late"]]
    assert (counts.sum(axis=1) == readers.flow.n_events).all() and (counts >= 0).all(axis=None)
    (row,) = stage_shares(table, ["condition"]).to_dict("records")
    assert row["early"] == pytest.approx(0.15 + 0.8 * readers.flow.live_as_early, abs=0.005)
    assert row["late_low"] < 0.05 + 0.8 * readers.flow.live_as_late < row["late_high"]
    assert row["true_live"] == pytest.approx(0.8)


@pytest.mark.parametrize("has_noise", [True, False])
def test_a_well_without_cells_is_not_read_as_alive(has_noise):
    readers = Readers(1, has_noise)
    empty = wells(n=3, n_live=0.0, n_early=0.0, n_late=0.0)
    (row,) = stage_shares(with_flow(readers, empty), ["condition"]).to_dict("records")
    assert row["true_live"] == 0.0 and np.isnan([row["live"], row["late_high"]]).all()
    # Beside wells with dead cells only an empty one adds no living events.
    dead = wells(n=3, n_live=[0.0, 0.0, 0.0], n_early=0.0, n_late=[0.0, 9.0, 9.0])
    (row,) = stage_shares(with_flow(readers, dead), ["condition"]).to_dict("records")
    assert row["live"] == 0.0 and row["late"] == 1.0


def test_delta_delta_ct_finds_the_fold_up_to_the_efficiency():
    """Livak 2001 takes an efficiency of 2; with 1.95 a fold of 4 is read 4.2."""
    readers = Readers(4)
    table = wells(n=200)
    relative = pd.Series(np.where(table["well"] < 100, 1.0, 4.0))
    table = pd.concat([table, readers.cycles(table, relative)], axis=1)
    fold = delta_delta_ct(table, table["well"] < 100)
    exact = 2.0 ** (np.log(4.0) / np.log(readers.cycler.efficiency))
    assert np.exp(np.mean(np.log(fold[100:]))) == pytest.approx(exact, rel=0.05)


def test_bands_scatter_around_the_protein():
    readers, table = Readers(4), wells(n=2000)
    band = readers.band(table, pd.Series(3.0, table.index))
    assert np.mean(band) == pytest.approx(3.0, rel=0.02)
    assert np.std(band) / np.mean(band) == pytest.approx(readers.blot.band_cv, rel=0.1)
