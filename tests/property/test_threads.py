"""The same bits for any number of threads, for any recording, and after a restart in mid-run."""

import pickle

import numba
import pytest

from abm.record.recorder import Recorder
from abm.record.writer import RunWriter
from scenarios.build import build
from tests.small import BLASTS, COURSE, STROMA, bits, differing, finished, run_on, tissue

FOUNDERS = [BLASTS | {"number": 90}, STROMA]
SCENARIO = tissue(cells=FOUNDERS, treatment=COURSE)


@pytest.fixture
def threads():
    """Return a function that sets the number of threads, at most what the process may have."""
    most = numba.config.NUMBA_NUM_THREADS
    numba.set_num_threads(most)
    yield lambda wanted: numba.set_num_threads(min(wanted, most))
    numba.set_num_threads(most)


@pytest.fixture(scope="module")
def reference():
    """The run at its end, with divisions and deaths in it, on one thread."""
    before = numba.get_num_threads()
    numba.set_num_threads(1)
    model = finished(SCENARIO)
    numba.set_num_threads(before)
    assert model.state.counters.births.sum() > 3
    assert model.state.counters.deaths.sum() > 0
    assert model.state.drug.activity > 0.1
    return bits(model)


@pytest.mark.parametrize("number", [1, 2, 4])
def test_bits_do_not_depend_on_threads(reference, threads, number):
    threads(number)
    assert differing(bits(finished(SCENARIO)), reference) == []


@pytest.mark.parametrize("every", ["6 min", "5 h", "12 h"])
def test_bits_do_not_depend_on_the_recording(reference, every, tmp_path):
    model = build(tissue({"time.record": every}, cells=FOUNDERS, treatment=COURSE))
    recorder = Recorder(RunWriter(tmp_path / "run"), model)
    n_record = 0
    while model.running:
        model.step()
        if model.is_record_due():
            recorder.record()
            n_record += 1
    assert n_record == {"6 min": 120, "5 h": 3, "12 h": 1}[every]
    assert differing(bits(model), reference) == []


@pytest.mark.parametrize("hours", [1.5, 6.3])
def test_bits_do_not_depend_on_a_restart(reference, hours):
    """Once in the fine intervals after the dose, once in the coarse ones."""
    model = run_on(build(SCENARIO), hours)
    taken = pickle.dumps(model)
    run_on(model)
    assert differing(bits(run_on(pickle.loads(taken))), reference) == []
    assert differing(bits(model), reference) == []


def test_another_seed_is_another_run(reference):
    other = bits(finished(tissue(cells=FOUNDERS, treatment=COURSE, seed=2)))
    assert other["blast-0.random_key"].tobytes() != reference["blast-0.random_key"].tobytes()
