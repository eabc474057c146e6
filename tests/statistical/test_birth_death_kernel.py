"""The transition of a weighted entry over one interval, held against exact birth-death theory."""

import numba
import numpy as np
import pytest
from scipy import stats

from abm.kernels.birth_death import (
    draw_staged_transitions,
    growth_integral,
    hidden_births,
)
from abm.streams import Stream, Streams
from tests.naive import samplers as naive
from tests.sampler_loops import draw_transitions
from tests.theory import case

STREAMS = Streams(77)
KEYS = STREAMS.founder_keys(0, 0, 40_000)


def drawn(weight, birth, death, hours, tick=1, keys=KEYS):
    """New weight, births and deaths of many entries that are alike, int64[3, m]."""
    m = keys.shape[0]
    out = np.empty((3, m), np.int64)
    draw_transitions(
        STREAMS.seed, Stream.LIFE, tick, keys, np.full(m, weight), np.full(m, birth),
        np.full(m, death), hours, out,
    )  # fmt: skip
    assert np.array_equal(out[0] - weight, out[1] - out[2])
    assert out.min() >= 0
    return out


def drawn_staged(counts, stage_rate, death, hours, tick=1, n=20_000):
    """Counts int64[k, n], then births and deaths int64[2, n], of entries that are alike."""
    table = np.repeat(np.array(counts, np.int64)[:, None], n, axis=1)
    before = table.sum(axis=0)
    out = np.empty((2, n), np.int64)
    draw_staged_transitions(
        STREAMS.seed, Stream.LIFE, tick, KEYS[:n], table, np.empty_like(table),
        np.full(n, stage_rate), np.full(n, death), hours, out,
    )  # fmt: skip
    assert np.array_equal(table.sum(axis=0) - before, out[0] - out[1])
    assert min(table.min(), out.min()) >= 0
    return table, out


def numbers(stream, keys):
    """Uniform pairs without end for the twins, another stream than that of the kernels."""
    for tick in range(10**6):
        yield from STREAMS.uniforms(stream, tick, keys).T.tolist()


def chi_square(observed, expected):
    """p value with rare classes lumped."""
    rare = expected < 5.0
    if rare.any():
        observed = np.append(observed[~rare], observed[rare].sum())
        expected = np.append(expected[~rare], expected[rare].sum())
    if expected[-1] < 1.0:
        assert observed[-1] < 15
        observed, expected = observed[:-1], expected[:-1]
    return stats.chisquare(observed, expected * observed.sum() / expected.sum()).pvalue


RATES = [
    (0.005, 0.002, 1.0), (0.3, 0.3, 2.0), (0.0, 0.4, 1.5), (0.5, 0.0, 1.5), (0.2, 0.9, 3.0),
    (0.3, 0.3 + 1e-13, 2.0), (1.0, 0.4, 3.0),
]  # fmt: skip


@pytest.mark.parametrize(("birth", "death", "hours"), RATES)
@pytest.mark.parametrize("weight", [1, 4, 30])
def test_new_weight_has_the_law_of_the_master_equation(weight, birth, death, hours):
    found = drawn(weight, birth, death, hours)[0]
    most = 600
    pmf = naive.transition_pmf(weight, birth, death, hours, most)
    observed = np.bincount(np.minimum(found, most), minlength=most + 1)
    assert chi_square(observed, pmf * found.shape[0]) > 1e-4


@pytest.mark.parametrize("case_id", ["C01a", "C01c"])
def test_one_interval_gives_kendalls_law(case_id):
    """C01a, C01c in a single step of five days."""
    theory = case(case_id)
    p, expected = theory["params"], theory["expected"]
    found = drawn(p["N0"], p["b"] / 24.0, p["d"] / 24.0, 24.0 * p["t"])[0]
    n = found.shape[0]
    assert abs(np.sqrt(n) * (found.mean() - expected["mean"]) / expected["sd"]) < 3.0
    assert abs(np.sqrt(n / 2.0) * (found.var(ddof=1) / expected["variance"] - 1.0)) < 5.0
    dead = expected["p_extinct_by_t"]
    assert abs((found == 0).mean() - dead) < 4.0 * np.sqrt(dead * (1.0 - dead) / n)
    if "pmf_0_to_5" in expected:
        pmf = np.array(expected["pmf_0_to_5"])
        observed = np.bincount(np.minimum(found, 6), minlength=7)
        assert stats.chisquare(observed, n * np.append(pmf, 1.0 - pmf.sum())).pvalue > 0.01


@pytest.mark.parametrize(("birth", "death", "hours"), [*RATES, (1e-7, 3e-8, 1e-3), (0.01, 0.5, 24)])
@pytest.mark.parametrize("weight", [1, 1000, 10**6, 10**12])
def test_moments_hold_from_one_cell_to_1e12(weight, birth, death, hours):
    """Mean and variance of the weight, mean births and deaths: exact for any weight."""
    found = drawn(weight, birth, death, hours)
    g = np.expm1((birth - death) * hours) / (birth - death) if birth != death else hours
    growth = np.exp((birth - death) * hours)
    mean, variance = weight * growth, weight * (birth + death) * growth * g
    n = found.shape[1]
    assert abs(found[0].mean() - mean) <= 4.5 * np.sqrt(variance / n) + 1e-9 * (birth == death)
    centred = (found[0] - mean) ** 2
    spread = max(centred.std(), variance, np.sqrt(variance))
    assert abs(centred.mean() - variance) < 4.5 * spread / np.sqrt(n)
    for row, rate in ((1, birth), (2, death)):
        error = max(found[row].std(), np.sqrt(weight * rate * g)) / np.sqrt(n)
        assert abs(found[row].mean() - rate * weight * g) <= 4.5 * error


def test_rates_that_are_no_numbers_are_told():
    for birth, death in ((np.nan, 0.1), (0.1, np.nan), (-0.1, 0.2), (np.inf, 0.0)):
        out = np.empty((3, 1), np.int64)
        draw_transitions(
            STREAMS.seed, Stream.LIFE, 0, KEYS[:1], np.array([50]), np.array([birth]),
            np.array([death]), 1.0, out,
        )  # fmt: skip
        assert out[0, 0] == -1


def test_nothing_happens_without_cells_rates_or_time():
    assert (drawn(0, 0.1, 0.1, 1.0) == 0).all()
    for still in (drawn(10**12, 0.0, 0.0, 1.0), drawn(10**12, 0.2, 0.1, 0.0)):
        assert (still[0] == 10**12).all() and (still[1:] == 0).all()
    assert (drawn(10**12, 0.0, 100.0, 24.0)[0] == 0).all()


@pytest.mark.parametrize("weight", [1, 5])
def test_births_and_deaths_of_few_cells_are_those_of_the_event_by_event_twin(weight):
    birth, death, hours = 0.3, 0.25, 1.2
    own = drawn(weight, birth, death, hours)
    stream = numbers(Stream.MOTILITY, KEYS)
    twin = np.array([naive.birth_death(weight, birth, death, hours, stream) for _ in range(20_000)])
    most = 14
    table = [
        np.bincount(np.minimum(b, most) * (most + 1) + np.minimum(d, most), minlength=225)
        for b, d in ((own[1], own[2]), (twin[:, 1], twin[:, 2]))
    ]
    common = (table[0] + table[1]) >= 20
    lumped = [np.append(t[common], t[~common].sum()) for t in table]
    assert stats.chi2_contingency(np.array(lumped)).pvalue > 1e-3


def variance_of_births(birth, death, hours):
    """Exact variance of births for each cell at the start, and that of the drawn law."""
    steps = 4000
    h = hours / steps

    def slope(y):
        n, nn, nb, _ = y
        r = birth - death
        return np.array([
            r * n, 2.0 * r * nn + (birth + death) * n, r * nb + birth * (nn + n),
            2.0 * birth * nb + birth * n,
        ])  # fmt: skip

    y = np.array([1.0, 0.0, 0.0, 0.0])
    for _ in range(steps):
        y = y + h * slope(y + 0.5 * h * slope(y))
    odds = birth * growth_integral(birth - death, hours)
    alpha, lost, kept = hidden_births(birth, death, hours)
    hidden = alpha * lost + (1.0 - alpha) * kept
    split = alpha * (1.0 - alpha) * (odds + kept - lost) ** 2
    return y[3], (1.0 - alpha) * odds * (1.0 + odds) + hidden + split


def test_error_of_the_split_is_of_second_order_in_the_interval():
    """Variance of births off by less than (b t)(d t), a quarter of that at half the interval."""
    birth, death = 0.04, 0.06
    errors = []
    for hours in (4.0, 2.0, 1.0):
        exact, own = variance_of_births(birth, death, hours)
        found = drawn(10**6, birth, death, hours)[1]
        n = found.shape[0]
        assert found.var() == pytest.approx(1e6 * own, rel=4.5 * np.sqrt(2.0 / n))
        errors.append(own / exact - 1.0)
        assert abs(errors[-1]) < birth * death * hours**2
    assert errors[0] / errors[1] == pytest.approx(4.0, rel=0.2)
    assert errors[1] / errors[2] == pytest.approx(4.0, rel=0.2)


@pytest.mark.parametrize(("birth", "death", "hours"), [(0.3, 0.5, 2.0), (0.4, 0.4, 3.0)])
def test_hidden_births_are_those_of_the_twin(birth, death, hours):
    """Births in lines that died out, and side branches of those that did not."""
    alpha, lost, kept = hidden_births(birth, death, hours)
    stream = numbers(Stream.MOTILITY, KEYS)
    twin = np.array([naive.birth_death(1, birth, death, hours, stream) for _ in range(40_000)])
    gone = twin[:, 0] == 0
    assert gone.mean() == pytest.approx(alpha, abs=0.01)
    in_lost = twin[gone, 1]
    assert abs(in_lost.mean() - lost) < 4.5 * in_lost.std() / np.sqrt(in_lost.shape[0])
    hidden = twin[~gone, 1] - (twin[~gone, 0] - 1)
    assert abs(hidden.mean() - kept) < 4.5 * hidden.std() / np.sqrt(hidden.shape[0])


@pytest.mark.parametrize("sign", [-1.0, 1.0])
def test_series_and_closed_form_of_hidden_births_meet(sign):
    """Where |(b - d) t| = 1, and at b = d."""
    near, far = (hidden_births(1.5 + sign * x, 1.5, 1.0) for x in (1.0 - 1e-12, 1.0 + 1e-12))
    assert far == pytest.approx(near, rel=1e-10)
    equal, almost = (hidden_births(0.7 + sign * x, 0.7, 1.0) for x in (0.0, 1e-10))
    assert almost == pytest.approx(equal, rel=1e-9)


STAGED = [
    ([40, 0, 0], 0.3, 0.05, 3.0), ([500, 400, 300, 200], 0.4, 0.02, 1.0), ([70, 50], 0.9, 0.4, 2.0),
]  # fmt: skip


@pytest.mark.parametrize(("counts", "rate", "death", "hours"), STAGED)
@pytest.mark.parametrize("scale", [1, 10**10])
def test_stages_have_the_means_of_the_linear_equations(counts, rate, death, hours, scale):
    """Mean of each stage exact; births and deaths within the stated bound."""
    counts = [scale * n for n in counts]
    table, events = drawn_staged(counts, rate, death, hours)
    expected = naive.staged_mean(counts, rate, death, hours)
    n = table.shape[1]
    for stage, mean in enumerate(expected[:-2]):
        assert abs(table[stage].mean() - mean) < 4.5 * table[stage].std() / np.sqrt(n)
    bound = 0.25**2 / 12.0
    for row in (0, 1):
        error = 4.5 * events[row].std() / np.sqrt(n)
        assert abs(events[row].mean() - expected[-2 + row]) < bound * expected[-2 + row] + error


@pytest.mark.parametrize("counts", [[1, 0, 0], [0, 0, 1], [1, 2, 1]])
def test_few_staged_cells_are_those_of_the_twin(counts):
    rate, death, hours = 0.5, 0.1, 2.0
    table, events = drawn_staged(counts, rate, death, hours)
    stream = numbers(Stream.MOTILITY, KEYS)
    twin = [naive.staged(counts, rate, death, hours, stream) for _ in range(20_000)]
    own_codes = events[0] * 6**4 + events[1] * 6**3 + (table * [[36], [6], [1]]).sum(axis=0)
    twin_codes = [
        b * 6**4 + d * 6**3 + 36 * s[0] + 6 * s[1] + s[2] for s, b, d in twin
    ]  # one number for each joint outcome
    classes, codes = np.unique(np.concatenate((own_codes, twin_codes)), return_inverse=True)
    observed = np.array([
        np.bincount(part, minlength=classes.shape[0])
        for part in (codes[:20_000], codes[20_000:])
    ])  # fmt: skip
    rare = observed.sum(axis=0) < 20
    observed = np.column_stack((observed[:, ~rare], observed[:, rare].sum(axis=1) + 1))
    assert stats.chi2_contingency(observed).pvalue > 1e-3


def test_spread_of_many_staged_cells_is_close_to_that_of_single_ones():
    """300 cells at once against the same cells drawn one by one: variance within 5 %."""
    rate, death, hours = 0.5, 0.05, 2.0
    total = drawn_staged([100, 100, 100], rate, death, hours)[0].sum(axis=0)
    singles = 0.0
    for stage in range(3):
        start = [int(stage == other) for other in range(3)]
        singles += (
            100.0 * drawn_staged(start, rate, death, hours, tick=stage + 5)[0].sum(axis=0).var()
        )
    assert total.var() == pytest.approx(singles, rel=0.05)


@pytest.mark.parametrize("stages", [1, 2, 4, 10, 25])
def test_weighted_stages_grow_as_euler_and_lotka_say(stages):
    """C20 with 1e12 cells: slope of ln N over days 3 to 8, mean cycle 24 h."""
    expected = case("C20")["expected"][f"erlang_k{stages}"]["growth_per_h"]
    rate = stages / 24.0
    table = np.zeros((stages, 1), np.int64)
    table[:, 0] = 10**12 // stages
    out, scratch = np.empty((2, 1), np.int64), np.empty_like(table)
    hours, count = [], []
    for tick in range(48):
        draw_staged_transitions(
            STREAMS.seed, Stream.LIFE, tick, KEYS[:1], table, scratch, np.array([rate]),
            np.zeros(1), 4.0, out,
        )  # fmt: skip
        if tick >= 17:
            hours.append(4.0 * (tick + 1))
            count.append(float(table.sum()))
    assert np.polyfit(hours, np.log(count), 1)[0] == pytest.approx(expected, rel=0.01)


def test_transitions_do_not_depend_on_threads():
    before = numba.get_num_threads()
    weights = np.resize(np.array([1, 50, 10**6, 10**12]), KEYS.shape)
    found = []
    for threads in (1, 2, 4):
        numba.set_num_threads(min(threads, numba.config.NUMBA_NUM_THREADS))
        out = np.empty((3, KEYS.shape[0]), np.int64)
        rates = np.full((2, KEYS.shape[0]), 0.03)
        draw_transitions(STREAMS.seed, Stream.LIFE, 1, KEYS, weights, *rates, 4.0, out)
        table = np.stack((weights, weights, weights))
        draw_staged_transitions(
            STREAMS.seed, Stream.LIFE, 1, KEYS, table, np.empty_like(table), *rates, 4.0, out[1:]
        )
        found.append((out.tobytes(), table.tobytes()))
    numba.set_num_threads(before)
    assert found[0] == found[1] == found[2]
