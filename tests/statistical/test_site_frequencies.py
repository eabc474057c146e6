"""Case C08: neutral site frequencies of tumours that grow without death."""

import math

import numpy as np

from analysis.lineages import clade_sizes, neutral_mutations, site_frequency_spectrum
from scenarios.build import build
from scenarios.load import loads
from tests.theory import case

ENGINE = """
asnsim: 1
environment: {{kind: well, volume: 100 uL, species: []}}
cells: [{{type: cell, model: fixed-rates, number: 1, birth_rate: 1 1/d, death_rate: 0 1/d}}]
time: {{end: 60 d, tick: 20 min, coupling: 20 min, fate: 20 min, record: 60 d, checkpoint: 60 d}}
stop: [{{n_cells: {n}}}]
seed: {seed}
"""
N_TREES, SIZE = 120, 250


def grown(seed):
    model = build(loads(ENGINE.format(n=SIZE, seed=seed)))
    while model.running:
        model.step()
    return model.lineage.tree_sequence(model.state.populations[0].live("node"), model.hours)


def test_mutations_in_k_cells_follow_the_law_of_yule_trees():
    """E[S_k] = 2 theta n/(k (k + 1)), E[in at least f of the cells] = 2 theta (1/f - 1)."""
    theta = case("C08")["params"]["theta_per_daughter"]
    rows = []
    for seed in range(N_TREES):
        trees = grown(seed)
        n = trees.num_samples
        spectrum = site_frequency_spectrum(trees, neutral_mutations(trees, theta, seed))
        law = lambda k, n=n: 2.0 * theta * n / (k * (k + 1))  # noqa: E731
        row = [spectrum[k] - law(k) for k in (1, 2, 10)]
        for share in (0.05, 0.1, 0.25):
            least = math.ceil(share * n)
            row.append(spectrum[least:n].sum() - 2.0 * theta * n * (1.0 / least - 1.0 / n))
        rows.append(row)
    table = np.array(rows)
    z = table.mean(axis=0) / (table.std(axis=0, ddof=1) / math.sqrt(N_TREES))
    assert np.abs(z).max() < 4.0
    expected = case("C08")["expected"]
    assert 2.0 * theta * 1000 / 2.0 == expected["singletons"]
    assert 2.0 * theta * (1.0 / 0.1 - 1.0) == expected["M_f_ge_0p1"]


def test_every_pure_birth_tree_has_one_branch_per_daughter():
    trees = grown(7)
    nodes, sizes = clade_sizes(trees)
    n = trees.num_samples
    assert nodes.shape[0] == 2 * (n - 1)
    assert (sizes == 1).sum() == n
    clades = site_frequency_spectrum(trees)
    assert clades.sum() == 2 * (n - 1)
    assert clades[0] == 0


def test_mutations_are_poisson_on_each_branch():
    trees = grown(1)
    counts = np.concatenate([neutral_mutations(trees, 0.5, seed) for seed in range(60)])
    n = counts.shape[0]
    observed = np.bincount(np.minimum(counts, 3), minlength=4) / n
    exact = np.exp(-0.5) * np.array([1.0, 0.5, 0.125])
    expected = np.append(exact, 1.0 - exact.sum())
    errors = np.sqrt(expected * (1.0 - expected) / n)
    assert (np.abs(observed - expected) < 4.0 * errors).all()
