"""Who a relapse descends from: founders and shares of a treated disease against Luria-Delbrueck.

Blasts with both ASNS alleles silenced die of the enzyme; one demethylation lets them live through
it. So the mutants of the growth before diagnosis are drawn (Luria and Delbrueck), treated, and
relapse. Patients are replicates of one model. Each test rejects a correct program with a
probability of at most 1e-3.
"""

import functools

import numpy as np
import pytest
from scipy import stats

from abm.watch.tables import patient_table
from scenarios.build import build
from scenarios.load import loads

PER_ALLELE = 5e-7
BIRTH, DEATH = np.log(2.0) / 72.0, 0.04 / 24.0
SCENARIO = """
asnsim: 1
environment: {{kind: body, medium: human-plasma}}
cells:
  - {{type: blast, line: default-blast, number: {number}, doubling_time: 72 h,
      methylated_alleles: 2, background_death: 0.04 1/d, kill_factor: {kill},
      strata: {{asns: 1, threshold: 1}}, asns_cv: 0, threshold_cv: 0, compartments: {{marrow: 1}},
      pool_above: {pool_above}}}
inheritance: {{demethylation: {per_allele}, methylation: 0, amplification: 0, fitness_cost: 0}}
treatment:
  patient: {{bsa: 0.79 m2, age: 6 yr, sex: f}}
  doses: [{{product: pegaspargase, amount: 2500 IU/m2, route: iv, at: [{days}]}}]
time: {{end: 400 d, coupling: 1 d, fate: 1 d, record: 100 d}}
stop: [extinct, relapse]
replicates: {patients}
parameters: {{traffic.csf_share: 0{more}}}
seed: {seed}
"""


class Relapses:
    """The patients of one model at their relapse, and the model."""

    def __init__(self, text):
        self.model = build(loads(text, "clones"))
        self.clones = self.model.state.clones
        at_start = [
            (self.clones.replicate == i) & (self.clones.methylated_alleles == 1)
            for i in range(self.model.state.n_replicate)
        ]
        self.founders = np.array([self.clones.n_founders[one].sum() for one in at_start])
        while self.model.running:
            self.model.step()
        self.table = patient_table(self.model.watch)

    def __getitem__(self, name):
        return self.table[name]

    def large_clones(self, patient, share=0.01):
        """Ids of the clones with at least this share of all blasts of a patient."""
        population = self.model.state.populations[0]
        tallies = population.tallies
        mine = self.model.state.replicate_of(population, tallies.row) == patient
        ids, group = np.unique(tallies.clone_id[mine], return_inverse=True)
        cells = np.bincount(group, weights=tallies.n_cells[mine])
        return ids[cells >= share * cells.sum()]


@functools.cache
def relapses(
    patients, number=10**12, per_allele=PER_ALLELE, kill=0.5, days=(0, 14, 28), pool_above=10**4,
    more="", seed=1,
):  # fmt: skip
    at = ", ".join(f"{day} d" for day in days)
    return Relapses(
        SCENARIO.format(
            patients=patients, number=number, per_allele=per_allele, kill=kill, days=at, more=more,
            seed=seed, pool_above=pool_above,
        )
    )  # fmt: skip


def direct(n, n_cells, mutation, oldest, rng):
    """Luria-Delbrueck with death, drawn founder by founder: shares of the oldest clones.

    The source grows as exp(r t) to n_cells, its divisions make a Poisson process of mutants, whose
    clones are birth-death processes of their own (Kendall's law). The youngest clones, all beyond
    the ``oldest`` ones, are counted by their mean. Returns float64[n, oldest].
    """
    r = BIRTH - DEATH
    events = n_cells * mutation * BIRTH / r
    passed = np.cumsum(rng.exponential(1.0, (n, oldest)), axis=1)
    age = np.log(events / np.minimum(passed, events)) / r
    odds = BIRTH * np.expm1(r * age) / r
    alive = rng.random((n, oldest)) >= DEATH / BIRTH * odds / (1.0 + odds)
    sizes = rng.geometric(1.0 / (1.0 + odds)) * alive
    rest = events * np.log(np.maximum(events / passed[:, -1:], 1.0))
    return sizes / (sizes.sum(axis=1, keepdims=True) + rest)


def test_the_relapse_of_1e12_blasts_is_polyclonal_and_its_shares_are_those_of_theory():
    """S9 at full size: founders, largest share, and how many clones hold 1 %."""
    own = relapses(60)
    assert own["relapsed"].all() and (own["lowest_blasts"] > 1e6).all()
    expected = 1e12 * 2.0 * PER_ALLELE / (1.0 - DEATH / BIRTH)
    assert own.founders.mean() == pytest.approx(expected, rel=0.01)
    assert (own["n_founders_resistant_at_relapse"] >= own.founders).all()
    assert (own["n_clones_above_1_percent_at_relapse"] >= 2).mean() > 0.9
    shares = direct(4000, 1e12, 2.0 * PER_ALLELE, 3000, np.random.default_rng(5))
    largest = shares.max(axis=1)
    assert stats.ks_2samp(own["largest_mutant_share"], largest).pvalue > 1e-3
    above = (shares >= 0.01).sum(axis=1)
    edges = np.array([4, 6, 8])
    ours = np.bincount(
        np.searchsorted(edges, own["n_clones_above_1_percent_at_relapse"], "right"), minlength=4
    )
    theirs = np.bincount(np.searchsorted(edges, above, "right"), minlength=4)
    assert stats.chisquare(ours, theirs / theirs.sum() * ours.sum()).pvalue > 1e-3
    # biology.md 3e: median 9 %, 5 to 95 % range 2 to 58 %
    assert 0.04 < np.median(own["largest_mutant_share"]) < 0.2


def test_every_large_clone_of_a_relapse_traces_to_its_founder_event():
    own = relapses(60)
    clones = own.clones
    for patient in range(60):
        large = own.large_clones(patient)
        assert large.shape[0] > 0
        events = large[~clones.is_pool[large]]
        assert (clones.n_founders[events] == 1).all()
        roots = clones.parent[events]
        assert (clones.methylated_alleles[roots] == 2).all() and (clones.parent[roots] == -1).all()
        assert (clones.origin_tick[events] < 0).all()  # before diagnosis
        assert (clones.replicate[large] == patient).all()


def test_a_relapse_of_1e4_blasts_traces_to_one_founder():
    """N0 u = 0.05: most are cured, and few of those who relapse do so from two founders."""
    own = relapses(200, number=10**4, per_allele=2.5e-6, days=(0, 14))
    relapsed = np.flatnonzero(own["relapsed"])
    assert 3 <= relapsed.shape[0] <= 30
    assert np.isfinite(own["extinct_d"])[~own["relapsed"]].all()
    n_large = np.array([own.large_clones(patient).shape[0] for patient in relapsed])
    assert stats.binom.sf((n_large > 1).sum() - 1, relapsed.shape[0], 0.1) > 1e-3
    assert np.median(own["largest_mutant_share"][relapsed]) > 0.99
    assert (own["share_initial_at_relapse"][relapsed] == 0.0).all()


def test_without_inheritance_and_without_mutants_the_same_course_cures():
    own = relapses(4, per_allele=0, days=(0, 14, 28, 42))
    assert not own["relapsed"].any() and np.isfinite(own["extinct_d"]).all()


DEEP = {"per_allele": 5e-10, "kill": 2.5, "days": (0, 14, 28, 42)}
RESOLVED = {"pool_above": 10**12, "more": ", history.n_resolved: 1000000, pool.kept_share: 0"}


def test_a_pool_that_becomes_small_is_told_apart_as_if_it_had_never_been_one():
    """A thousand founders at diagnosis, some hundred cells at the lowest: pools against clones that
    are all counted apart from the first cell on."""
    own, other = relapses(45, **DEEP), relapses(45, **DEEP, **RESOLVED, seed=2)
    assert own["relapsed"].all() and other["relapsed"].all()
    assert np.median(own["lowest_blasts"]) < 500
    assert (own["share_pooled_at_relapse"] == 0.0).all()
    assert not other.clones.is_pool[other.clones.methylated_alleles == 1].any()
    for name in (
        "lowest_blasts", "n_clones_at_relapse", "n_clones_above_1_percent_at_relapse",
        "largest_mutant_share",
    ):  # fmt: skip
        assert stats.ks_2samp(own[name], other[name]).pvalue > 1e-3, name
