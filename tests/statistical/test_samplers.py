"""Discrete laws from Philox, held against exact probabilities and moments at weights 1 .. 4e12."""

import numba
import numpy as np
import pytest
from scipy import stats

from abm.kernels import samplers
from abm.kernels.samplers import (
    draw_binomials,
    expm1,
    log1p,
    log_binomial_pmf,
    log_poisson_pmf,
    multinomial,
)
from abm.streams import Stream, Streams
from tests.naive import samplers as naive
from tests.sampler_loops import draw_negative_binomials, draw_poissons

STREAMS = Streams(20260)
KEYS = STREAMS.founder_keys(0, 0, 40_000)
WEIGHTS = [1, 1000, 10**6, 10**9, 10**12, 4 * 10**12]


def binomials(n, p, tick=1, keys=KEYS):
    m = keys.shape[0]
    out = np.empty(m, np.int64)
    draw_binomials(STREAMS.seed, Stream.LIFE, tick, keys, 0, np.full(m, n), np.full(m, p), out)
    return out


def poissons(mean, tick=2, keys=KEYS):
    out = np.empty(keys.shape[0], np.int64)
    draw_poissons(STREAMS.seed, Stream.LIFE, tick, keys, 0, np.full(keys.shape, mean), out)
    return out


def negative_binomials(k, odds, tick=3, keys=KEYS):
    m = keys.shape[0]
    out = np.empty(m, np.int64)
    draw_negative_binomials(
        STREAMS.seed, Stream.LIFE, tick, keys, 0, np.full(m, k), np.full(m, odds), out
    )
    return out


def p_value(sample, law):
    """Chi-square over at most 40 bins of equal probability (fewer where the law is coarse)."""
    edges = np.unique(law.ppf(np.linspace(0.0, 1.0, 41)[1:-1]))
    share = np.diff(np.concatenate(([0.0], law.cdf(edges), [1.0])))
    observed = np.bincount(np.searchsorted(edges, sample), minlength=edges.shape[0] + 1)
    expected = sample.shape[0] * share
    few = expected < 5.0
    if few.any():
        observed = np.append(observed[~few], observed[few].sum())
        expected = np.append(expected[~few], expected[few].sum())
    if expected.shape[0] < 2 or expected[-1] == 0.0:
        assert observed[-1] == 0 or expected.shape[0] < 2
        return 1.0
    return stats.chisquare(observed, expected * observed.sum() / expected.sum()).pvalue


def moments_in_standard_errors(sample, law):
    """Deviations of mean, variance and third moment from a law, each in standard errors."""
    mean, variance, skew, kurtosis = (float(x) for x in law.stats("mvsk"))
    z = (sample - mean) / np.sqrt(variance)
    n = sample.shape[0]
    sixth = np.mean((z**3 - z.mean()) ** 2) - np.mean(z**3) ** 2
    return (
        z.mean() * np.sqrt(n),
        (np.mean(z * z) - 1.0) * np.sqrt(n / (kurtosis + 2.0)),
        (np.mean(z**3) - skew) * np.sqrt(n / max(sixth, 1.0)),
    )


@pytest.mark.parametrize("mean", [0.3, 3.0, 9.999, 10.001, 40.0, 3000.0, 9.99e8])
@pytest.mark.parametrize("n", WEIGHTS)
def test_binomial_numbers_have_the_law_at_each_weight_and_switch(n, mean):
    """Also the mirrored law, p > 1/2, as cells that stay."""
    p = mean / n
    if p > 0.5:
        p = 0.37 if n > 1 else 0.3
    for share in (p, 1.0 - p):
        rare = binomials(n, share) if share <= 0.5 else n - binomials(n, share, tick=9)
        exact = p if share <= 0.5 else 1.0 - share
        law = stats.binom(n, exact)
        assert p_value(rare, law) > 1e-4
        assert np.abs(moments_in_standard_errors(rare, law)).max() < 4.5


@pytest.mark.parametrize(("n", "p"), [(10**12, 0.5), (4 * 10**12, 0.3), (4 * 10**12, 2.6e-4)])
def test_binomial_numbers_of_huge_variance_keep_mean_spread_and_skewness(n, p):
    sample = binomials(n, p)
    assert np.abs(moments_in_standard_errors(sample, stats.binom(n, p))).max() < 4.5
    assert p_value(sample, stats.binom(n, p)) > 1e-4


def test_binomial_is_right_at_its_edges():
    for n in (0, 1, 7, 4 * 10**12):
        assert (binomials(n, 0.0) == 0).all()
        assert (binomials(n, 1.0) == n).all()
        assert (binomials(n, -1e-18) == 0).all()
    assert (binomials(0, 0.4) == 0).all()
    assert (binomials(5, np.nan) == -1).all()
    assert (binomials(4 * 10**12, 1e-300) == 0).all()
    rare = binomials(4 * 10**12, 2.5e-13)
    assert rare.mean() == pytest.approx(1.0, abs=4.0 / np.sqrt(rare.shape[0]))
    most = binomials(4 * 10**12, 1.0 - 2.0**-42)
    assert (4 * 10**12 - most).mean() == pytest.approx(4e12 * 2.0**-42, abs=0.03)


@pytest.mark.parametrize("mean", [1e-3, 0.7, 9.999, 10.001, 55.5, 1e4, 1e6, 9.99e8, 1.01e9])
def test_poisson_numbers_have_the_law(mean):
    sample = poissons(mean)
    law = stats.poisson(mean)
    assert p_value(sample, law) > 1e-4
    assert np.abs(moments_in_standard_errors(sample, law)).max() < 4.5


def test_poisson_numbers_of_a_huge_mean_are_normal():
    z = (poissons(1e13) - 1e13) / np.sqrt(1e13)
    assert stats.kstest(z, "norm").pvalue > 1e-4


def test_poisson_is_right_at_its_edges():
    assert (poissons(0.0) == 0).all()
    assert (poissons(-1.0) == 0).all()
    assert (poissons(np.nan) == -1).all()
    assert (poissons(1e19) == -1).all()


@pytest.mark.parametrize("odds", [1e-3, 0.08, 1.0, 9.0, 11.0])
@pytest.mark.parametrize("k", [1, 3, 1000, 10**6])
def test_negative_binomial_numbers_have_the_law(k, odds):
    sample = negative_binomials(k, odds)
    law = stats.nbinom(k, 1.0 / (1.0 + odds))
    assert p_value(sample, law) > 1e-4
    assert np.abs(moments_in_standard_errors(sample, law)).max() < 4.5


@pytest.mark.parametrize("odds", [1e-12, 1e-4, 0.08, 1.0])
def test_births_of_many_lines_have_mean_and_variance(odds):
    """1e12 lines; the skewness of the law is far below what 40,000 numbers can show."""
    k = 10**12
    mean, variance = k * odds, k * odds * (1.0 + odds)
    z = (negative_binomials(k, odds) - mean) / np.sqrt(variance)
    n = z.shape[0]
    assert abs(z.mean()) * np.sqrt(n) < 4.5
    assert abs(z.var() - 1.0) * np.sqrt(n / (2.0 + 1.0 / variance)) < 4.5
    assert negative_binomials(0, odds).max() == 0
    assert negative_binomials(k, 0.0).max() == 0


def test_probabilities_agree_with_factorials_in_whole_numbers():
    for n, p in ((5, 0.3), (40, 0.02), (300, 0.45)):
        own = [np.exp(log_binomial_pmf(float(k), float(n), p)) for k in range(n + 1)]
        assert own == pytest.approx(naive.binomial_pmf(n, p), rel=1e-11)
    own = [np.exp(log_poisson_pmf(float(k), 14.5)) for k in range(100)]
    assert own == pytest.approx(naive.poisson_pmf(14.5, 99), rel=1e-12)


def test_small_means_are_the_inverse_of_the_summed_law():
    """Number for number: the twin sums the law, the kernel goes term by term."""
    keys = KEYS[:400]
    cases = (
        (binomials(30, 0.2, 5, keys), naive.binomial_pmf(30, 0.2)),
        (binomials(7, 0.5, 5, keys), naive.binomial_pmf(7, 0.5)),
        (poissons(4.2, 5, keys), naive.poisson_pmf(4.2, 60)),
        (negative_binomials(6, 0.9, 5, keys), naive.negative_binomial_pmf(6, 0.9, 200)),
    )
    uniform = STREAMS.uniforms(Stream.LIFE, 5, keys)[0]
    for own, pmf in cases:
        assert own.tolist() == [naive.invert(pmf, u) for u in uniform]


def test_log1p_and_expm1_lose_nothing_at_small_numbers():
    x = np.concatenate([s * np.logspace(-300, -0.01, 400) for s in (-1.0, 1.0)])
    assert [log1p(v) for v in x] == pytest.approx(np.log1p(x), rel=2e-15, abs=0.0)
    assert [expm1(v) for v in x] == pytest.approx(np.expm1(x), rel=2e-15, abs=0.0)
    assert expm1(-800.0) == -1.0
    assert log1p(1e12) == pytest.approx(np.log1p(1e12), rel=1e-15)


def test_rounded_normal_numbers_are_as_close_as_stated():
    """The distribution function of the numbers, at the switch, is off by less than 1e-10.

    Within 4.4 standard deviations: beyond, the reference itself is worse (Poisson).
    """
    n, p = 20_100_000_000, 0.05
    for law, mean, variance, third in (
        (stats.poisson(1.001e9), 1.001e9, 1.001e9, 1.001e9),
        (stats.binom(n, p), n * p, n * p * (1.0 - p), n * p * (1.0 - p) * (1.0 - 2.0 * p)),
    ):
        for share in law.cdf(np.floor(mean + np.linspace(-4.4, 4.4, 301) * np.sqrt(variance))):
            k = law.ppf(share - 1e-12)
            assert samplers._skewed_normal(law.cdf(k - 1) + 1e-10, mean, variance, third) >= k
            assert samplers._skewed_normal(law.cdf(k) - 1e-10, mean, variance, third) <= k


def test_multinomial_distributes_all_and_has_its_means():
    share = np.array([2.0, 0.0, 1.0, 1e-6, 5.0])
    n, total = 10**9, np.zeros(5)
    out = np.empty(5, np.int64)
    for key in KEYS[:2000]:
        multinomial(STREAMS.seed, Stream.LIFE, 4, key, 0, n, share, out)
        assert out.sum() == n and out.min() >= 0 and out[1] == 0
        total += out
    p = share / share.sum()
    error = np.sqrt(2000 * n * p * (1.0 - p))
    assert (np.abs(total - 2000 * n * p) <= 4.0 * error).all()
    multinomial(STREAMS.seed, Stream.LIFE, 4, KEYS[0], 0, 0, share, out)
    assert (out == 0).all()


def test_numbers_do_not_depend_on_threads():
    before = numba.get_num_threads()
    found = []
    n = np.resize(np.array(WEIGHTS), KEYS.shape)
    p = np.resize(np.array([1e-12, 0.3, 0.999, 1e-3, 0.5]), KEYS.shape)
    for threads in (1, 2, 4):
        numba.set_num_threads(min(threads, numba.config.NUMBA_NUM_THREADS))
        out = np.empty((3, KEYS.shape[0]), np.int64)
        draw_binomials(STREAMS.seed, Stream.LIFE, 1, KEYS, 0, n, p, out[0])
        draw_poissons(STREAMS.seed, Stream.LIFE, 1, KEYS, 0, n * p, out[1])
        draw_negative_binomials(STREAMS.seed, Stream.LIFE, 1, KEYS, 0, n, p, out[2])
        found.append(out.tobytes())
    numba.set_num_threads(before)
    assert found[0] == found[1] == found[2]
