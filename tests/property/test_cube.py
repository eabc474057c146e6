"""A tissue of three dimensions: it runs, its books close, and its bits do not depend on how."""

import pickle

import numba
import numpy as np
import pytest

from abm.errors import NumericalError
from abm.ledger import BOOKED
from abm.record.reader import RunReader
from abm.state.columns import CellType, Group
from abm.state.sites import Species
from scenarios import cli
from scenarios.build import build
from scenarios.load import dump_resolved
from scenarios.rerun import differences
from tests.small import BLASTS, COURSE, STROMA, bits, cube, differing, finished, run_on
from tests.unit.test_lesion_of_a_body import lesion_of
from tests.unit.test_lesion_of_a_body import scenario as lesion_scenario

FOUNDERS = [BLASTS | {"number": 90, "placement": "random"}, STROMA]
OXYGEN = {"environment.species": ["asn", "gln", "glu", "o2"]}
SCENARIO = cube(OXYGEN | {"inheritance.demethylation": 0.02}, cells=FOUNDERS, treatment=COURSE)


@pytest.fixture(scope="module")
def reference():
    """The run at its end, with divisions and deaths in it, on one thread."""
    before = numba.get_num_threads()
    numba.set_num_threads(1)
    model = finished(SCENARIO)
    numba.set_num_threads(before)
    return model


def test_cells_divide_die_and_stay_inside(reference):
    assert reference.state.counters.births.sum() > 3
    assert reference.state.counters.deaths.sum() > 0
    for population in reference.state.populations:
        assert population.has(Group.DEPTH)
        place = [population.live(name) for name in "xyz"]
        for values, length in zip(place, (100.0, 80.0, 60.0), strict=True):
            assert (values >= 0.0).all() and (values <= length).all()
        index = [np.minimum(v // 20.0, n - 1) for v, n in zip(place, (5, 4, 3), strict=True)]
        site = (index[2] * 4 + index[1]) * 5 + index[0]
        assert np.array_equal(population.live("site"), site.astype(np.int32))
    # All three directions are used: the founders lie everywhere and daughters beside mothers.
    blasts = reference.state.populations[0]
    assert all(np.ptp(blasts.live(name)) > 40.0 for name in "xyz")


def test_oxygen_falls_away_from_the_vessels(reference):
    oxygen = reference.state.sites.concentration[Species.O2]
    assert oxygen.min() > 0.0 and np.ptp(oxygen) > 1.0


def test_books_close(reference):
    for species in BOOKED:
        closure = reference.ledger.closure(reference.state, species)
        assert closure.throughput > 0.0
        assert closure.relative < 1e-9
        assert closure.relative_without_defect < 1e-5


@pytest.mark.parametrize("number", [2, 4])
def test_bits_do_not_depend_on_threads(reference, number):
    most = numba.config.NUMBA_NUM_THREADS
    numba.set_num_threads(min(number, most))
    try:
        assert differing(bits(finished(SCENARIO)), bits(reference)) == []
    finally:
        numba.set_num_threads(most)


@pytest.mark.parametrize("hours", [1.5, 6.3])
def test_bits_do_not_depend_on_a_restart(reference, hours):
    taken = pickle.dumps(run_on(build(SCENARIO), hours))
    assert differing(bits(run_on(pickle.loads(taken))), bits(reference)) == []


def test_run_folder_resume_branch_and_rerun_of_a_cube(tmp_path):
    """The records have three dimensions; what is paused and goes on is what never stopped."""
    path, whole, part = tmp_path / "cube.yaml", tmp_path / "whole", tmp_path / "part"
    time = {"end": "12 h", "record": "3 h", "checkpoint": "3 h"}
    path.write_text(dump_resolved(cube({"time": time}, cells=FOUNDERS, treatment=COURSE)))
    assert cli.main(["run", str(path), "--out", str(whole)]) == cli.DONE
    branch = ["resume", str(whole), "--at", "3 h", "--out", str(part), "--until", "7 h"]
    assert cli.main(branch) == cli.DONE
    assert cli.main(["resume", str(part), "--threads", "1"]) == cli.DONE
    assert list(differences(RunReader(whole), RunReader(part))) == []
    assert cli.main(["rerun", str(whole)]) == cli.DONE

    run = RunReader(whole)
    assert run.fields.asn.dims == ("time", "z", "y", "x")
    assert run.fields.asn.shape == (5, 3, 4, 5)
    assert run.fields.z_um.values.tolist() == [10.0, 30.0, 50.0]
    frame = run.frame(-1)
    assert frame.extent_um == (0.0, 100.0, 0.0, 80.0) and frame.depth_um == 60.0
    assert frame.fields["asn"].shape == (3, 4, 5)
    cells = run.cells_at(-1)
    assert cells["z_um"].between(0.0, 60.0).all() and cells["z_um"].nunique() > 10
    last = run.timeseries.iloc[-1]
    assert last["asn_uM"] == pytest.approx(float(run.fields.asn[-1].mean()), rel=1e-3)
    assert last["n_cells"] == (cells["cell_type"] == CellType.BLAST).sum()


def test_start_concentration_may_depend_on_depth():
    changes = {"environment.initial": {"asn": "z", "gln": "100 + r"}, "environment.vessels": None}
    model = build(cube(changes, cells=[]))
    fields = model.state.sites.concentration[[Species.ASN, Species.GLN]]
    asn, gln = fields.reshape(2, 3, 4, 5)
    assert (asn == np.array([10.0, 30.0, 50.0])[:, None, None]).all()
    # From the centre (50, 40, 30) um of the cube to that of its first voxel.
    assert gln[0, 0, 0] == pytest.approx(100.0 + np.sqrt(40.0**2 + 30.0**2 + 20.0**2))


def test_fixed_faces_of_the_third_axis_feed_the_tissue():
    """One open face of the third axis is enough to bring the tissue to the medium."""
    edges = {"z_low": "fixed"}
    changes = {
        "environment.edges": edges, "environment.vessels": None, "time.end": "12 h",
        "environment.initial": {"asn": "1 uM"},
    }  # fmt: skip
    model = finished(cube(changes, cells=[]))
    assert model.state.sites.concentration[Species.ASN] == pytest.approx(50.0, rel=1e-3)


def test_a_lesion_of_a_body_may_have_three_dimensions():
    size = ["60 um", "60 um", "40 um"]
    lesion = {"size": size, "thickness": None, "vessels": {"spacing": "40 um"}}
    model = run_on(build(lesion_scenario(lesion, hours=4)))
    state = lesion_of(model).model.state
    assert state.sites.n == 3 * 3 * 2
    assert all(population.has(Group.DEPTH) for population in state.populations)


def test_too_many_cells_for_the_cube_end_the_run_with_one_line():
    crowd = [BLASTS | {"number": 40_000, "placement": "center"}]
    with pytest.raises(NumericalError, match="x 80 x 60 um overlap too much"):
        finished(cube({"environment.vessels": None}, cells=crowd))
