"""Random numbers: known answers, uniformity, independence of threads and order, own exp and log."""

import math

import numpy as np
import pytest
from scipy import stats

from abm.kernels import elementary, philox
from abm.streams import Stream, Streams

U = np.uint64


@pytest.mark.parametrize(
    ("counter", "key", "expected"),
    [
        ((0, 0, 0, 0), (0, 0), (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
        (
            (0xFFFFFFFF,) * 4,
            (0xFFFFFFFF,) * 2,
            (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD),
        ),
        (
            (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
            (0xA4093822, 0x299F31D0),
            (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1),
        ),
    ],
)
def test_philox_gives_the_published_known_answers(counter, key, expected):
    words = philox.philox4x32(*(U(c) for c in counter), *(U(k) for k in key))
    assert tuple(int(word) for word in words) == expected


def test_uniform_numbers_are_uniform_and_streams_are_independent():
    streams = Streams(12345)
    keys = streams.founder_keys(0, 0, 40_000)
    first = streams.uniforms(Stream.MUTATION, 7, keys)
    assert stats.kstest(first[0], "uniform").pvalue > 1e-3
    assert stats.kstest(first[1], "uniform").pvalue > 1e-3
    others = [
        first[1],
        streams.uniforms(Stream.MOTILITY, 7, keys)[0],
        streams.uniforms(Stream.MUTATION, 8, keys)[0],
        streams.uniforms(Stream.MUTATION, 7, keys, draw=1)[0],
        Streams(12346).uniforms(Stream.MUTATION, 7, keys)[0],
    ]
    for other in others:
        assert abs(np.corrcoef(first[0], other)[0, 1]) < 4.0 / math.sqrt(keys.shape[0])


def test_a_number_depends_on_the_key_and_not_on_the_row():
    streams = Streams(3)
    keys = streams.founder_keys(0, 0, 1000)
    order = np.argsort(keys)
    straight = streams.uniforms(Stream.LIFE, 5, keys)
    assert np.array_equal(straight[:, order], streams.uniforms(Stream.LIFE, 5, keys[order]))
    assert np.array_equal(streams.founder_keys(0, 0, 1001)[:1000], keys)


def test_daughter_keys_never_meet():
    keys = [U(1)]
    for tick in range(14):
        keys = [U(philox.mix64(key, tick, which)) for key in keys for which in (0, 1)]
    assert len({int(key) for key in keys}) == 2**14


def test_normal_lognormal_and_exponential_numbers_have_their_moments():
    streams = Streams(99)
    keys = streams.founder_keys(1, 0, 40_000)
    normal = streams.normals(Stream.FOUNDER_TRAITS, 0, keys)
    assert stats.kstest(normal[0], "norm").pvalue > 1e-3
    spread = streams.lognormals(Stream.FOUNDER_TRAITS, 0, keys, np.array([0.25, 0.3]))
    for values, cv in zip(spread, (0.25, 0.3), strict=True):
        assert abs(values.mean() - 1.0) < 4.0 * cv / 200.0
        assert values.std() == pytest.approx(cv, rel=0.03)
    waits = streams.exponentials(Stream.LIFE, 0, keys)
    assert stats.kstest(waits, "expon").pvalue > 1e-3


def test_own_exp_log_and_quantile_agree_with_the_library():
    rng = np.random.default_rng(1)
    for x in rng.uniform(-700.0, 700.0, 2000):
        assert elementary.exp(x) == pytest.approx(math.exp(x), rel=5e-16)
    for x in np.exp(rng.uniform(-600.0, 600.0, 2000)):
        assert elementary.log(x) == pytest.approx(math.log(x), rel=1e-15)
    for p in np.concatenate([rng.uniform(0.0, 1.0, 2000), [1e-300, 1e-12, 1.0 - 1e-12]]):
        assert elementary.normal_quantile(p) == pytest.approx(
            stats.norm.ppf(p), rel=1e-12, abs=1e-14
        )
    assert elementary.exp(-1000.0) == 0.0
    assert math.isinf(elementary.exp(1000.0))
    assert elementary.log(0.0) == -math.inf
    assert math.isnan(elementary.log(-1.0))


def test_quantiles_of_many_have_the_bits_of_one():
    edges = [0.075, 0.5, 0.925, np.nextafter(0.075, 0.0), np.nextafter(0.925, 1.0), 1e-300]
    uniforms = np.concatenate([np.random.default_rng(2).uniform(0.0, 1.0, 1000), edges])
    found = np.empty_like(uniforms)
    elementary.normal_quantiles(uniforms, found)
    assert found.tolist() == [elementary.normal_quantile(p) for p in uniforms]


def test_few_cells_draw_what_they_draw_among_many():
    """A handful is served without threads; the numbers are those of the cell all the same."""
    streams = Streams(1)
    keys = streams.founder_keys(0, 0, 1000)
    for draw in (streams.normals, streams.uniforms):
        many = draw(Stream.LIFE, 7, keys)
        assert np.array_equal(draw(Stream.LIFE, 7, keys[500:503]), many[:, 500:503])
