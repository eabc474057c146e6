"""The table of wells: what it counts, what it averages, wells without cells."""

import numpy as np
import pytest

from abm.kernels.cell_layout import CellState
from abm.observe_wells import STATE_COLUMNS, read_wells
from abm.state.sites import Corpse, Species
from scenarios.build import build
from tests.small import BLASTS, STROMA, run_on, tissue, well

SHORT = {"time.end": "1 h", "time.record": "1 h"}


@pytest.fixture(scope="module")
def model():
    plate = well(SHORT | {"environment.volume": "200 nL"}, cells=[BLASTS, STROMA], replicates=3)
    return run_on(build(plate))


def test_one_row_for_each_population_in_each_well(model):
    table = read_wells(model)
    assert len(table) == 6
    assert set(table["population"]) == {"blast-0", "stroma-1"}
    assert table.groupby("population")["well"].apply(list).tolist() == [[0, 1, 2]] * 2
    assert (table["time_h"] == 1.0).all()
    assert table.groupby("population")["n_live"].sum().tolist() == [
        population.n for population in model.state.populations
    ]


def test_means_and_sums_are_those_of_the_cells_in_the_well(model):
    table = read_wells(model).set_index(["population", "well"])
    for population in model.state.populations:
        for i in range(3):
            is_here = population.live("site") == i
            state = population.state[:, : population.n][:, is_here]
            row = table.loc[(population.name, i)]
            for one, name in STATE_COLUMNS.items():
                assert row[name] == pytest.approx(state[one].mean(), rel=1e-12)
            volume = population.unit_volume * state[CellState.SIZE].sum()
            assert row["biomass_pL"] == pytest.approx(volume, rel=1e-12)
            assert row["growth_per_h"] == pytest.approx(population.live("growth")[is_here].mean())
            assert row["hazard_per_h"] == pytest.approx(population.live("hazard")[is_here].mean())
            assert row["asn_uM"] == model.state.sites.concentration[Species.ASN, i]


def test_columns_that_readers_ask_for(model):
    wanted = {
        "asn_inside_uM", "gln_inside_uM", "asp_inside_uM", "eaa_inside_uM", "asns_mrna",
        "asns_copies", "atf4", "mtorc1", "ampk", "p53", "autophagy", "chop", "asn_uM", "gln_uM",
        "glu_uM", "nh3_uM", "glucose_uM", "o2_uM", "asparaginase_IU_per_mL",
    }  # fmt: skip
    assert wanted <= set(read_wells(model).columns)


def test_reading_changes_nothing_and_hands_out_copies(model):
    table = read_wells(model)
    table.loc[:, "asn_uM"] = -1.0
    assert (model.state.sites.concentration[Species.ASN] > 0.0).all()
    assert read_wells(model)["asn_uM"].min() > 0.0


def test_corpses_stay_with_their_population_and_well():
    model = build(well(SHORT, cells=[BLASTS, STROMA], replicates=2))
    blasts = model.state.populations[0]
    in_second = np.flatnonzero(blasts.live("site") == 1)
    blasts["hazard_left"][in_second[:40]] = 0.0
    model.step()
    table = read_wells(model).set_index(["population", "well"])
    assert table["n_early"].tolist() == [0.0, 40.0, 0.0, 0.0]
    assert table.loc[("blast-0", 1), "n_live"] == in_second.shape[0] - 40
    run_on(model)
    table = read_wells(model).set_index(["population", "well"])
    assert 0.0 < table.loc[("blast-0", 1), "n_late"] < 10.0
    assert table.loc[("blast-0", 1), ["n_early", "n_late"]].sum() == pytest.approx(40.0, abs=1.0)


def test_a_well_whose_cells_all_died_has_no_means():
    model = build(well(SHORT, replicates=2))
    blasts = model.state.populations[0]
    blasts["hazard_left"][: blasts.n][blasts.live("site") == 0] = 0.0
    model.step()
    dead, alive = read_wells(model).to_dict("records")
    assert dead["n_live"] == 0 and dead["biomass_pL"] == 0.0
    assert np.isnan(dead["atf4"]) and np.isnan(dead["growth_per_h"])
    assert alive["n_live"] == 60 and alive["atf4"] > 0.0
    assert dead["asn_uM"] > 0.0


def test_plates_without_cells_are_read_too():
    table = read_wells(build(well(SHORT, cells=[], replicates=2)))
    assert table["population"].tolist() == ["", ""] and table["n_live"].tolist() == [0, 0]
    assert (table["asn_uM"] > 300.0).all()


def test_what_is_not_solved_has_no_number():
    """Ammonia is made whatever is solved: a 0 beside 2 mM of split amide would be wrong."""
    table = read_wells(model := build(well(SHORT)))
    solved = {f"{one.name.lower()}_uM" for one in model.facts.species}
    assert solved == {"asn_uM", "gln_uM", "glu_uM"}
    fluid = {f"{one.name.lower()}_uM" for one in Species}
    assert table[sorted(fluid - solved)].isna().all(axis=None)
    assert table[sorted(solved)].notna().all(axis=None)
    with_ammonia = well(SHORT | {"environment.species": ["asn", "gln", "glu", "nh3"]})
    assert (read_wells(build(with_ammonia))["nh3_uM"] == 0.0).all()


def test_a_tissue_is_read_as_one_well():
    model = run_on(build(tissue(SHORT)))
    (row,) = read_wells(model).to_dict("records")
    assert row["n_live"] == model.state.populations[0].n
    sites = model.state.sites
    mean = np.average(sites.concentration[Species.GLN], weights=sites.volume)
    assert row["gln_uM"] == pytest.approx(mean)
    dead = sum(corpses[Corpse.EARLY].sum() for corpses in sites.corpses.values())
    assert row["n_early"] == pytest.approx(dead)
