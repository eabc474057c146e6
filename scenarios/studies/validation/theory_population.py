"""T1: populations of fixed rates through the front door, against branching processes."""

import math
from typing import Any

import numpy as np
from scipy import stats

from abm.model import PopulationModel
from scenarios.build import build
from scenarios.load import loads
from scenarios.studies.validation.row import Outcome, Row, ordering
from scenarios.studies.validation.theory_cases import case, deviation, theory_row, worst
from scenarios.studies.validation.tolerance import binomial_errors

_ENGINE = """
asnsim: 1
environment: {{kind: well, volume: 100 uL, species: []}}
cells:
  - {{type: cell, model: fixed-rates, number: {number}, birth_rate: {birth} 1/d,
     death_rate: {death} 1/d, clock: {{erlang: {stages}}}, mutation_probability: {mutation}}}
time: {{end: {end}, tick: {tick}, coupling: {tick}, fate: {tick}, record: {end}, checkpoint: {end}}}
stop: [{stop}]
replicates: {replicates}
seed: {seed}
"""
_LEAST_P = 0.01
_MAXIMAL_Z, _MAXIMAL_Y = 3.0, 5.0
"""Bounds of the DSMTS rule on mean and variance."""
_N_TREES = 500
_TREE_SIZE = 1000


def engine(
    *, number: int, birth: float, end: str, death: float = 0.0, stages: int = 1,
    mutation: float = 0.0, tick: str = "30 min", stop: str = "extinct", replicates: int = 1,
    seed: int = 1,
) -> PopulationModel:  # fmt: skip
    """Return a model of cells with fixed rates [1/d], not yet run."""
    return build(loads(_ENGINE.format(**locals())))


def finished(model: PopulationModel) -> PopulationModel:
    """Step a model to its end and return it."""
    while model.running:
        model.step()
    return model


def _mutants(model: PopulationModel) -> np.ndarray:
    population = model.state.populations[0]
    mutant = population.live("mutations") > 0
    return np.bincount(population.live("site")[mutant], minlength=model.state.n_replicate)


def _birth_death(entry: dict[str, Any], n: int, tick: str) -> Outcome:
    params, expected = entry["params"], entry["expected"]
    model = finished(
        engine(
            number=params["N0"], birth=params["b"], death=params["d"], end=f"{params['t']:g} d",
            tick=tick, replicates=n, seed=11,
        )
    )  # fmt: skip
    counts = model.state.n_cells_by_replicate()
    z = math.sqrt(n) * (counts.mean() - expected["mean"]) / expected["sd"]
    y = math.sqrt(n / 2.0) * (counts.var(ddof=1) / expected["variance"] - 1.0)
    extinct = float((counts == 0).mean())
    checks = {
        "mean |Z| < 3": abs(z) < _MAXIMAL_Z,
        "variance |Y| < 5": abs(y) < _MAXIMAL_Y,
        "extinction": extinct in binomial_errors(expected["p_extinct_by_t"], n),
    }
    if "pmf_0_to_5" in expected:
        pmf = np.array(expected["pmf_0_to_5"])
        observed = np.bincount(np.minimum(counts, 6), minlength=7)
        p_value = stats.chisquare(observed, n * np.append(pmf, 1.0 - pmf.sum())).pvalue
        checks["distribution"] = bool(p_value > _LEAST_P)
    text = f"mean {counts.mean():.4g} (Z {z:.2f}), Y {y:.2f}, extinct {extinct:.4f}"
    return ordering(text, checks)


def _c01a(entry: dict[str, Any]) -> Outcome:
    return _birth_death(entry, 10_000, "60 min")


def _c01c(entry: dict[str, Any]) -> Outcome:
    return _birth_death(entry, 4_000, "6 min")


def _c04(entry: dict[str, Any]) -> Outcome:
    """Mutants in 5000 cultures that grow from 20 cells by 2000 divisions, u = 1e-3: m = 2."""
    n = 5000
    model = engine(
        number=20, birth=1.0, mutation=1e-3, end="8 d", stop="{n_cells: 2020}", replicates=n, seed=5
    )
    mutants = _mutants(finished(model))
    p = np.array(entry["expected"]["p0_to_10"])
    observed = np.bincount(np.minimum(mutants, 11), minlength=12)
    p_value = float(stats.chisquare(observed, n * np.append(p, 1.0 - p.sum())).pvalue)
    text = f"chi-square p {p_value:.2f}, median {np.median(mutants):g}"
    is_met = p_value > _LEAST_P and float(np.median(mutants)) == entry["expected"]["median"]
    return Outcome(text, None, None, bool(is_met))


def _c05(entry: dict[str, Any]) -> Outcome:
    """Clones that reach 10,000 cells: how many hold a living mutant."""
    death, expected = entry["params"]["d_over_r"], entry["expected"]["P"]
    n_found = n_clones = 0
    for seed in range(1, 7):
        model = finished(
            engine(
                number=1, birth=1.0, death=death, mutation=1e-5, end="60 d", tick="60 min",
                stop="extinct, {n_cells: 10000}", replicates=int(500 / (1.0 - death)), seed=seed,
            )
        )  # fmt: skip
        survived = model.state.n_cells_by_replicate() >= 10_000
        n_found += int((_mutants(model)[survived] > 0).sum())
        n_clones += int(survived.sum())
    found = n_found / n_clones
    interval = stats.binomtest(n_found, n_clones).proportion_ci(0.95, method="exact")
    is_met = found in binomial_errors(expected, n_clones)
    return Outcome(found, float(interval.low), float(interval.high), is_met)


def _clades_of_at_least(size: int, n: int) -> float:
    """Return the expected clades of at least ``size`` among ``n`` leaves, without the root."""
    return 2.0 * n * (1.0 / size - 1.0 / n)


def _c08(entry: dict[str, Any]) -> Outcome:
    """Clades of pure-birth trees: E[clades of size k] = 2 n/(k (k + 1)), theta mutations on each.

    A tree is cut at the first tick with at least 1000 cells; given its number of cells n the law
    holds exactly, so each tree is held against the law for its own n.
    """
    theta, n = entry["params"]["theta_per_daughter"], entry["params"]["n"]
    tails = {"M_f_ge_0p01": 0.01, "M_f_ge_0p05": 0.05, "M_f_ge_0p1": 0.1}
    expected = {name: theta * _clades_of_at_least(round(f * n), n) for name, f in tails.items()}
    _, error = worst(expected, entry["expected"])
    rows = []
    for seed in range(_N_TREES):
        clades = _clade_sizes(seed)
        leaves = int(clades.max())
        inner = clades[clades < leaves]
        row = [(inner == k).sum() - 2.0 * leaves / (k * (k + 1)) for k in (2, 10)]
        for share in tails.values():
            size = math.ceil(share * leaves)
            row.append((inner >= size).sum() - _clades_of_at_least(size, leaves))
        rows.append(row)
    table = theta * np.array(rows)
    z = table.mean(axis=0) / (table.std(axis=0, ddof=1) / math.sqrt(_N_TREES))
    names = ["S_2", "S_10", *tails]
    most = int(np.abs(z).argmax())
    text = (
        f"cherries {entry['expected']['cherries_expected'] + table[:, 0].mean() / theta:.1f}; "
        f"largest {abs(z[most]):.1f} SE ({names[most]})"
    )
    return Outcome(text, None, None, bool(np.all(np.abs(z) < 4.0)) and error < 1e-9)


def _clade_sizes(seed: int) -> np.ndarray:
    model = finished(
        engine(
            number=1, birth=1.0, end="60 d", tick="60 min", stop=f"{{n_cells: {_TREE_SIZE}}}",
            seed=seed,
        )
    )  # fmt: skip
    assert model.lineage is not None
    trees = model.lineage.tree_sequence(model.state.populations[0].live("node"), model.hours)
    tree = trees.first()
    return np.array([tree.num_samples(node) for node in tree.nodes()])


def _c20(entry: dict[str, Any]) -> Outcome:
    """Slope of ln N over days 3-8 for clocks of 1 to 25 stages with a mean cycle of 24 h."""
    found, expected = {}, {}
    for stages in (1, 2, 4, 10, 25):
        name = f"erlang_k{stages}"
        model = engine(
            number=400 if stages == 1 else 2000, birth=1.0, stages=stages, end="8 d", stop="",
            seed=3,
        )  # fmt: skip
        hours, count = [], []
        while model.running:
            model.step()
            if model.clock.hours >= 72.0:
                hours.append(model.clock.hours)
                count.append(model.state.n_cells())
        found[name] = float(np.polyfit(hours, np.log(count), 1)[0])
        expected[name] = entry["expected"][name]["growth_per_h"]
    return deviation(found, expected, 0.01)


def _published(case_id: str, *names: str) -> str:
    expected = case(case_id)["expected"]
    return ", ".join(f"{name} {expected[name]:.4g}" for name in names)


ROWS: tuple[Row, ...] = (
    theory_row(
        "C01a", _c01a, "engine", tolerance="|Z| < 3, |Y| < 5, extinction 4 SE",
        published=_published("C01a", "mean", "variance", "p_extinct_by_t"),
    ),
    theory_row(
        "C01c", _c01c, "engine", tolerance="|Z| < 3, |Y| < 5, extinction 4 SE",
        published=_published("C01c", "mean", "variance", "p_extinct_by_t"),
    ),
    theory_row(
        "C04_m2", _c04, "engine", published="Lea-Coulson distribution, median 4",
        tolerance="chi-square p > 0.01", is_long=True,
    ),
    theory_row(
        "C05_M10000_u1e-05_q0_a1", _c05, "clones without death",
        tolerance="4 SE, 3000 clones", is_long=True,
        published=_published("C05_M10000_u1e-05_q0_a1", "P"),
    ),
    theory_row(
        "C05_M10000_u1e-05_q0.5_a1", _c05, "clones with death",
        tolerance="4 SE, 3000 clones", is_long=True,
        published=_published("C05_M10000_u1e-05_q0.5_a1", "P"),
    ),
    theory_row(
        "C08", _c08, "trees", tolerance="mean of 500 trees within 4 SE", is_long=True,
        published=_published("C08", "cherries_expected", "S_10", "M_f_ge_0p1"),
    ),
    theory_row(
        "C20", _c20, "engine", tolerance="1 %", is_long=True,
        published="k (2^(1/k) - 1)/24 h for k = 1, 2, 4, 10, 25",
    ),
)  # fmt: skip
