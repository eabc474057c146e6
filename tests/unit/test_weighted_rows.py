"""Rows that stand for many cells: tallies, clones, compaction, merging, founders, scenario keys."""

import numpy as np
import pytest

from abm.errors import ScenarioError, StateError
from abm.founder_shares import by_largest_remainder, quantile_means
from abm.kernels.cell_layout import CellState
from abm.processes.cohort_merge import MergeParameters, MergeReport, merge_rows
from abm.processes.genotypes import genotype_codes, outcomes_of
from abm.processes.inheritance import InheritanceParameters
from abm.processes.pool_split import Pools, place_of
from abm.state.clones import Clones
from abm.state.columns import CellType, Group
from abm.state.population import Population
from abm.state.tallies import Tallies
from scenarios.build import build
from scenarios.load import loads
from tests.small import BLASTS, well

MECHANISTIC = frozenset({Group.CORE, Group.MECHANISTIC, Group.WEIGHTED})
MANY = BLASTS | {"weighted": True}


def population(weights, asns, site=None, stratum=None, alleles=None):
    """Rows with one entry each, of clone 0, 1, ..."""
    n = len(weights)
    found = Population("blast-0", CellType.BLAST, MECHANISTIC, n, unit_volume=0.9)
    found.n = n
    found.state[:, :n] = 1.0
    found.state[CellState.ASNS, :n] = asns
    for name, values in (("site", site), ("stratum", stratum), ("methylated_alleles", alleles)):
        found[name][:n] = 0 if values is None else values
    found.tallies = Tallies.empty(1)
    found.tallies.add(
        np.arange(n), np.arange(n), np.arange(n, dtype=np.uint64), np.array([weights])
    )
    found.weigh()
    return found


class TestTallies:
    def test_entries_of_a_row_add_up_to_its_weight(self):
        rows = population([5, 7, 0], [1.0, 1.0, 1.0])
        rows.tallies.add([0], [9], np.ones(1, np.uint64), np.array([[10**13]]))
        rows.weigh()
        assert rows.weights().tolist() == [10**13 + 5, 7, 0]

    def test_a_row_that_does_not_add_up_is_refused(self):
        rows = population([5, 7], [1.0, 1.0])
        rows.check()
        rows["weight"][1] = 8
        with pytest.raises(StateError, match=r"row 1 stands for 8 cells.*add up to 7"):
            rows.check()

    def test_entries_of_one_clone_in_one_row_become_one_with_the_oldest_key(self):
        tallies = Tallies.empty(2)
        tallies.add([0, 1, 0, 0], [3, 3, 4, 3], np.array([7, 8, 9, 10], np.uint64),
                    np.array([[1, 2, 3, 4], [10, 20, 30, 40]]))  # fmt: skip
        tallies.join()
        assert tallies.row.tolist() == [0, 1, 0]
        assert tallies.clone_id.tolist() == [3, 3, 4]
        assert tallies.random_key.tolist() == [7, 8, 9]
        assert tallies.counts.tolist() == [[5, 2, 3], [50, 20, 30]]

    def test_compaction_keeps_the_order_and_drops_what_is_empty(self):
        rows = population([5, 0, 7, 0, 2], [10.0, 20.0, 30.0, 40.0, 50.0])
        new = rows.stage_rows(np.array([2]))
        rows.tallies.add(new, [8], np.ones(1, np.uint64), np.array([[4]]))
        rows.compact()
        assert rows.weights().tolist() == [5, 7, 2, 4]
        assert rows.state[CellState.ASNS, :4].tolist() == [10.0, 30.0, 50.0, 30.0]
        assert rows.tallies.clone_id.tolist() == [0, 2, 4, 8]
        rows.check()


def test_clones_grow_in_bulk():
    clones = Clones()
    first = clones.add(-1, 0, 2, 1.0, 0)
    ids = clones.add_many(np.full(40, first), 6, 1, np.linspace(1, 2, 40), 1, 3, replicate=2)
    assert ids.tolist() == list(range(1, 41))
    assert len(clones) == 41
    assert clones.parent[1:].tolist() == [first] * 40
    assert clones.gain[40] == 2.0
    assert clones.n_founders.sum() == 1 + 3 * 40
    clones.n_founders[5] += 7
    assert clones.n_founders[5] == 10


class TestMerging:
    def test_near_rows_become_their_mean_and_moles_stay(self):
        rows = population([30, 10], [1000.0, 1020.0])
        before = rows.amounts(slice(0, 2)) @ rows.weights()
        report = MergeReport()
        merge_rows(rows, MergeParameters(distance=0.05), report)
        rows.compact()
        assert rows.n == 1
        assert rows.weights().tolist() == [40]
        assert rows.state[CellState.ASNS, 0] == pytest.approx(1005.0, rel=1e-12)
        assert rows.amounts(slice(0, 1)) @ rows.weights() == pytest.approx(before, rel=1e-14)
        assert rows.tallies.row.tolist() == [0, 0]
        assert (report.merges, report.cells) == (1, 10)
        # Each cell was moved to the mean: 10 cells by 3/4 of the way, 30 by 1/4.
        assert report.error == pytest.approx(15.0 * np.log(1.02), rel=1e-9)
        assert report.largest == pytest.approx(np.log(1.02), rel=1e-9)

    def test_far_rows_stay_until_they_are_too_many_then_the_closest_merge(self):
        rows = population([1, 1, 1], [100.0, 1000.0, 1500.0])
        merge_rows(rows, MergeParameters(distance=0.05, most_rows=3), MergeReport())
        assert (rows.weights() > 0).sum() == 3
        merge_rows(rows, MergeParameters(distance=0.05, most_rows=2), MergeReport())
        assert rows.weights().tolist() == [1, 2, 0]

    @pytest.mark.parametrize("other", ["site", "stratum", "alleles"])
    def test_rows_of_other_places_strata_and_genotypes_never_meet(self, other):
        rows = population([1, 1], [100.0, 100.0], **{other: [0, 1]})
        merge_rows(rows, MergeParameters(distance=10.0, most_rows=1), MergeReport())
        assert rows.weights().tolist() == [1, 1]


class TestGenotypes:
    def test_codes_tell_alleles_gain_and_changes_apart(self):
        rows = population([1] * 6, 1.0, alleles=[0, 1, 2, 2, 2, 2])
        rows["gain"][:6] = [1.0, 1.0, 1.0, 2.0, 2.0, 1.0]
        rows["mutations"][:6] = [0, 0, 0, 1, 2, 1]
        codes = genotype_codes(rows, slice(0, 6))
        assert len(set(codes.tolist())) == 5
        assert codes[3] == codes[4]
        rows.mutants_differ = False
        codes = genotype_codes(rows, slice(0, 6))
        assert codes[2] == codes[5]

    def test_outcomes_are_those_of_independent_changes(self):
        outcomes = outcomes_of(
            InheritanceParameters(demethylation=0.1, methylation=0.2, amplification=0.3)
        )
        found = {
            (int(a), float(f)): outcomes.probability[1, i]
            for i, (a, f) in enumerate(zip(outcomes.alleles, outcomes.fold, strict=True))
        }
        assert found[0, 1.0] == pytest.approx(0.1 * 0.8 * 0.7)
        assert found[2, 1.0] == pytest.approx(0.9 * 0.2 * 0.7)
        assert found[1, 2.0] == pytest.approx((0.9 * 0.8 + 0.1 * 0.2) * 0.3)
        assert found[1, 1.0] == 0.0
        assert outcomes.probability[2].sum() == pytest.approx(1.0 - 0.9**2 * 0.7)


class TestFounders:
    def test_shares_are_exact_to_one_cell(self):
        counts = by_largest_remainder(np.array([10, 10**13]), np.tile([0.98, 0.019, 0.001], (2, 1)))
        assert counts.tolist() == [[10, 0, 0], [9_800_000_000_000, 190_000_000_000, 10_000_000_000]]

    @pytest.mark.parametrize("n", [1, 3, 8])
    def test_strata_keep_the_mean_and_most_of_the_spread(self, n):
        values = quantile_means(0.3, n)
        assert values.mean() == pytest.approx(1.0, rel=1e-12)
        assert np.all(np.diff(values) > 0.0)
        if n == 8:
            assert 0.93 < np.log(values).std() / np.sqrt(np.log1p(0.3**2)) < 1.0

    def test_rows_hold_all_founders_in_strata_and_stages(self):
        scenario = well(cells=[MANY | {"number": 10**12, "erlang": 3}])
        rows = build(scenario).state.populations[0]
        rows.check()
        assert rows.n == 2 * 64
        assert rows.weights().sum() == 10**12
        assert rows.weights()[rows.live("methylated_alleles") == 0].sum() == 10**11
        stages = rows.tallies.counts.sum(axis=1) / 1e12
        assert stages == pytest.approx(
            2.0 ** (-np.arange(3) / 3) / sum(2.0 ** (-j / 3) for j in range(3)), rel=1e-4
        )
        mean = np.average(rows.live("set_point"), weights=rows.weights())
        assert mean == pytest.approx(1.0, rel=1e-4)

    def test_a_replicate_does_not_depend_on_how_many_there_are(self):
        rows = [
            build(well(cells=[MANY | {"number": 50}], replicates=n)).state.populations[0]
            for n in (2, 3)
        ]
        of_first = [population.live("site") < 2 for population in rows]
        assert of_first[1].sum() == rows[0].n
        for name in ("weight", "stratum", "methylated_alleles", "random_key"):
            a, b = (p.live(name)[chosen] for p, chosen in zip(rows, of_first, strict=True))
            assert np.array_equal(a, b)


BODY = """
asnsim: 1
description: a tumour at diagnosis
environment: {{kind: body}}
cells: [{{type: blast, line: default-blast, number: {number}, methylated_alleles: {alleles},
          doubling_time: 158.4 h, background_death: 0.04 1/d, pool_above: 100,
          strata: {{asns: 2, threshold: 2}}, {more}}}]
inheritance: {{demethylation: {demethylation}, amplification: 1e-6}}
time: {{end: 4 h, coupling: 4 h, fate: 4 h, record: 4 h}}
replicates: 3
"""


def tumour(number=10**11, alleles="2", demethylation=1e-5, more=""):
    return build(
        loads(BODY.format(number=number, alleles=alleles, demethylation=demethylation, more=more))
    )


class TestHistory:
    def test_a_tumour_holds_the_mutants_of_its_growth(self):
        """S8: methylation is lost before the drug; cells add up, clones have their founders."""
        model = tumour()
        rows, clones = model.state.populations[0], model.state.clones
        rows.check()
        replicate = rows.live("site") // 4
        assert np.bincount(replicate, weights=rows.weights()).tolist() == [1e11] * 3
        assert model.state.counters.founders.tolist() == [10**11] * 3
        lost = rows.live("methylated_alleles") == 1
        mutants = np.bincount(replicate, weights=rows.weights() * lost)
        # N u times the some 40 divisions of a line, and more where a mutant came early.
        assert mutants.min() > 1e6
        assert mutants.max() < 1e10
        early = (clones.n_founders == 1) & (clones.parent >= 0)
        assert (clones.origin_tick[early] < 0).all()
        assert clones.is_pool.any()
        assert (clones.replicate[clones.parent[early]] == clones.replicate[early]).all()

    def test_a_clone_of_one_founder_lies_in_one_stratum(self):
        model = tumour()
        rows, clones, tallies = (
            model.state.populations[0], model.state.clones, model.state.populations[0].tallies
        )  # fmt: skip
        stratum = rows["stratum"][tallies.row]
        for one in np.flatnonzero((clones.n_founders == 1) & (clones.parent >= 0))[:40]:
            assert len(set(stratum[tallies.clone_id == one].tolist())) == 1

    @pytest.mark.parametrize("how", [{"demethylation": 0}, {"more": "history: none"}])
    def test_without_history_or_change_there_is_one_genotype(self, how):
        model = tumour(**how)
        alleles = model.state.populations[0].live("methylated_alleles")
        assert set(alleles.tolist()) == {2}

    def test_small_tumours_keep_their_number(self):
        rows = tumour(number=30, demethylation=0.1).state.populations[0]
        rows.check()
        assert np.bincount(rows.live("site") // 4, weights=rows.weights()).tolist() == [30.0] * 3

    def test_founders_are_where_a_body_at_rest_has_them_or_where_they_are_put(self):
        for more, shares in (
            ("", [0.03, 0.849999, 1e-6, 0.12]),
            ("compartments: {csf: 0.25, marrow: 0.75}", [0.0, 0.75, 0.25, 0.0]),
        ):
            rows = tumour(number=10**12, more=more).state.populations[0]
            place = np.bincount(rows.live("site") % 4, weights=rows.weights(), minlength=4)
            assert place / 3e12 == pytest.approx(shares, abs=1e-6)


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ({"strata": {"asns": 4}}, "matters only where one agent stands for many cells"),
        ({"number": 10**8}, "at most 10,000,000 single cells: lower it, or set weighted: true"),
        ({"weighted": True, "compartments": {"marrow": 1.0}}, "only a body has compartments"),
        ({"weighted": True, "compartments": {"marow": 1.0}}, "did you mean 'marrow'"),
        ({"weighted": True, "compartments": {"marrow": 0.7}}, "must sum to 1"),
        ({"weighted": True, "history": "old"}, "is no known history"),
        ({"weighted": True, "number": 2 * 10**13}, "at most 10,000,000,000,000"),
    ],
)
def test_keys_that_make_no_sense_are_refused(entry, message):
    with pytest.raises(ScenarioError, match=message):
        well(cells=[BLASTS | entry])


def test_pool_whose_cells_died_out_is_forgotten():
    """Mutants that come later are a pool of their own, and small clones may join it again."""
    pools = Pools()
    both = place_of(np.array([3, 0]), np.array([7, 7]))
    second, first = both.tolist()
    assert pools.begin("blast-0", both) == [first, second]
    pools.of("blast-0", first)[1] = 5
    pools.of("blast-0", second)[1] = 6
    pools.keep("blast-0", np.array([second]))
    assert pools.of("blast-0", second) == {1: 6} and pools.begin("blast-0", both) == [first]
    assert pools.of("blast-0", first) == {} and pools.begin("blast-0", both) == []
