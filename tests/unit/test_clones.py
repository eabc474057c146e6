"""Price split, clone shares, turning points: hand-made examples and properties."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from abm.errors import RunFolderError
from abm.record.price import price_split
from analysis import clones


class TestPriceSplit:
    def test_pure_selection(self):
        # Two cells with 10 and 30; the first dies, the second divides and nothing else changes.
        z = np.array([30.0, 30.0])
        split = price_split(20.0, z, z, z, z)
        assert split == (10.0, 10.0, 0.0, 0.0)

    def test_pure_induction(self):
        before, now, genotypic = np.array([10.0, 30.0]), np.array([20.0, 60.0]), np.ones(2)
        assert price_split(20.0, now, before, genotypic, genotypic) == (20.0, 0.0, 20.0, 0.0)

    def test_all_three_by_hand(self):
        # Cells 10 and 30 (mean 20). The first dies, the second leaves three daughters: one is
        # unchanged, one is induced to 42, one loses methylation (30 -> 60) and stands at 66.
        z = np.array([30.0, 42.0, 66.0])
        z_previous = np.array([30.0, 30.0, 30.0])
        genotypic = np.array([30.0, 30.0, 60.0])
        genotypic_previous = np.array([30.0, 30.0, 30.0])
        split = price_split(20.0, z, z_previous, genotypic, genotypic_previous)
        assert split.selection == pytest.approx(10.0)
        assert split.mutation == pytest.approx(10.0)
        assert split.induction == pytest.approx(6.0)
        assert split.total == pytest.approx(46.0 - 20.0)

    def test_an_agent_of_weight_w_counts_like_w_cells(self):
        rng = np.random.default_rng(1)
        columns = rng.lognormal(size=(4, 5))
        weight = np.array([1, 3, 2, 5, 1])
        pooled = price_split(1.0, *columns, weight=weight)
        single = price_split(1.0, *np.repeat(columns, weight, axis=1))
        assert pooled == pytest.approx(single, rel=1e-13)

    def test_without_living_cells_there_is_no_mean(self):
        none = np.zeros(0)
        assert np.isnan(price_split(20.0, none, none, none, none)).all()
        one = np.ones(1)
        assert np.isnan(price_split(20.0, one, one, one, one, weight=np.zeros(1))).all()

    @given(
        st.lists(st.tuples(*[st.floats(1e-3, 1e6)] * 4), min_size=1, max_size=30),
        st.floats(1e-3, 1e6),
    )
    @settings(deadline=None, derandomize=True)
    def test_parts_add_up_to_the_change_of_the_mean(self, cells, mean_before):
        z, z_previous, genotypic, genotypic_previous = np.array(cells).T
        split = price_split(mean_before, z, z_previous, genotypic, genotypic_previous)
        change = z.mean() - mean_before
        scale = max(np.abs(cells).max(), mean_before)
        assert split.selection + split.induction + split.mutation == pytest.approx(
            change, abs=1e-12 * scale
        )
        assert split.total == pytest.approx(change, abs=1e-12 * scale)


def clone_table(counts, parents):
    """clones.parquet of counts[time][clone]."""
    rows = [
        {
            "time_h": 6.0 * k,
            "clone_id": clone,
            "parent_clone_id": parents[clone],
            "n_cells": n,
            "asns_mean": 1.0,
            "methylated_alleles": 2,
            "gain": 1.0,
        }
        for k, at_time in enumerate(counts)
        for clone, n in enumerate(at_time)
    ]
    return pd.DataFrame(rows)


class TestShares:
    def test_shares_sum_to_one_while_cells_live(self):
        shares = clones.clone_shares(clone_table([[3, 1], [0, 4], [0, 0]], [-1, 0]))
        assert shares.to_numpy().tolist() == [[0.75, 0.25], [0.0, 1.0], [0.0, 0.0]]

    def test_a_clone_absent_from_some_rows_counts_zero_there(self):
        table = clone_table([[3, 1], [2, 2]], [-1, 0])
        table = table[~((table["time_h"] == 0.0) & (table["clone_id"] == 1))]
        assert clones.clone_shares(table)[1].tolist() == [0.0, 0.5]

    def test_large_clones_are_those_that_ever_reach_the_share(self):
        table = clone_table([[995, 5, 0], [980, 5, 15]], [-1, 0, 0])
        assert clones.large_clones(table, 0.01) == [0, 2]


class TestMuller:
    def test_descendants_lie_inside_their_ancestor(self):
        bands = clones.muller_bands(clone_table([[4, 2, 2, 2]], [-1, 0, 1, 0]))
        assert bands.clone_id.tolist() == [0, 1, 2, 1, 3, 0, clones.OTHERS]
        assert bands.share[:, 0] == pytest.approx([0.2, 0.1, 0.2, 0.1, 0.2, 0.2, 0.0])

    def test_bands_fill_the_area_and_small_clones_are_one_band(self):
        counts = [[990, 5, 5, 0], [100, 4, 0, 900]]
        bands = clones.muller_bands(clone_table(counts, [-1, 0, 0, 1]))
        assert bands.clone_id.tolist() == [0, 3, 0, clones.OTHERS]  # parent of 3 is too small
        assert bands.share.sum(axis=0) == pytest.approx([1.0, 1.0])
        assert bands.share[-1] == pytest.approx([0.01, 4 / 1004])

    def test_extinct_population_has_no_area(self):
        bands = clones.muller_bands(clone_table([[4], [0]], [-1]))
        assert bands.share.sum(axis=0).tolist() == [1.0, 0.0]


class TestCumulativePrice:
    def table(self, means, selection, induction, mutation):
        return pd.DataFrame(
            {
                "time_h": 6.0 * np.arange(len(means)),
                "asns_mean": means,
                "selection": selection,
                "induction": induction,
                "mutation": mutation,
            }
        )

    def test_lines_sum_to_the_rise_of_the_mean(self):
        table = self.table([10, 14, 13], [np.nan, 3, 1], [np.nan, 1, -2.5], [np.nan, 0, 0.5])
        found = clones.cumulative_price(table)
        assert found["total"].tolist() == [0.0, 4.0, 3.0]
        assert found["selection"].tolist() == [0.0, 3.0, 4.0]
        assert (found["asns_mean"] - 10.0).tolist() == found["total"].tolist()

    def test_it_stops_before_extinction(self):
        nan = np.nan
        table = self.table([10, 14, nan, 9], [0, 4, nan, 1], [0, 0, nan, 1], [0, 0, nan, 1])
        assert clones.cumulative_price(table)["time_h"].tolist() == [0.0, 6.0]


class TestCourse:
    times = 6.0 * np.arange(8)

    def test_turning_points_of_a_relapse(self):
        numbers = np.array([100, 120, 40, 9, 5, 24, 25, 90])
        course = clones.turning_points(self.times, numbers, [(6.0, "drug"), (30.0, "drug")])
        assert course == (1, 4, 6, 7)

    def test_no_relapse_without_a_tenfold_fall_or_without_regrowth(self):
        shallow = np.array([100, 100, 40, 20, 11, 50, 90, 90])
        assert clones.turning_points(self.times, shallow, []).relapse is None
        cured = np.array([100, 100, 40, 9, 5, 2, 0, 0])
        course = clones.turning_points(self.times, cured, [(6.0, "drug")])
        assert (course.nadir, course.relapse) == (6, None)

    def test_empty_series_is_refused(self):
        with pytest.raises(RunFolderError, match="no row"):
            clones.turning_points(np.zeros(0), np.zeros(0), [])


def test_resistant_share_is_nan_without_cells():
    table = pd.DataFrame({"n_cells": [4, 0], "n_resistant": [1, 0]})
    assert clones.resistant_share(table)[0] == 0.25
    assert np.isnan(clones.resistant_share(table)[1])


def test_bands_are_mean_and_quantiles_over_replicates():
    table = pd.DataFrame({"time_h": [0.0] * 5, "n_cells": [0, 1, 2, 3, 14]})
    found = clones.bands(table, "n_cells", (0.25, 0.75)).loc[0.0]
    assert (found["mean"], found[0.25], found[0.75]) == (4.0, 1.0, 3.0)
