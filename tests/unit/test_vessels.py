"""Where vessels are: density and direction of random capillaries, vessels as data."""

import json

import numpy as np
import pytest

from abm.errors import ScenarioError
from abm.streams import Streams
from scenarios.build import build
from scenarios.load import dump_resolved, load, loads
from scenarios.sweep.load import load_sweep
from scenarios.vessels import random_capillaries, vessel_voxels
from tests.small import cube, tissue

HEADER = "x1_um,y1_um,z1_um,x2_um,y2_um,z2_um,radius_um\n"


def voxels(scenario, seed=1):
    environment = scenario.environment
    return vessel_voxels(environment, environment.vessels, Streams(seed))


def length_of(lines):
    return sum(float(np.linalg.norm(end - start)) for start, end in lines)


@pytest.mark.parametrize("size", [(300.0, 300.0, 300.0), (600.0, 300.0, 450.0)])
@pytest.mark.parametrize("distance", [80.0, 150.0])
def test_capillaries_are_as_long_as_parallel_ones_at_their_distance(size, distance):
    """Within half of the longest line, in every single tissue and on the average."""
    wanted = np.prod(size) / distance**2
    found = [length_of(random_capillaries(size, distance, Streams(seed))) for seed in range(40)]
    assert np.abs(np.array(found) - wanted).max() < 0.5 * np.linalg.norm(size)
    assert np.mean(found) == pytest.approx(wanted, rel=0.05)


def test_capillaries_have_no_preferred_direction_and_no_preferred_place():
    lines = [
        line for seed in range(60) for line in random_capillaries((400.0,) * 3, 80.0, Streams(seed))
    ]
    way = np.array([end - start for start, end in lines])
    own = np.linalg.norm(way, axis=1)
    # Isotropic and even lines give each axis a third of the length-weighted squared cosine.
    share = (own[:, None] * (way / own[:, None]) ** 2).sum(axis=0) / own.sum()
    assert share == pytest.approx(1.0 / 3.0, abs=0.02)
    middle = np.array([0.5 * (start + end) for start, end in lines])
    assert (own[:, None] * middle).sum(axis=0) / own.sum() == pytest.approx(200.0, abs=6.0)


def test_capillaries_that_cross_a_section_are_points_of_their_density():
    points = random_capillaries((1000.0, 500.0), 100.0, Streams(1))
    assert len(points) == 50
    assert all(start is end or (start == end).all() for start, end in points)
    assert len(random_capillaries((20.0, 20.0), 100.0, Streams(1))) == 1


def test_vessel_voxels_join_into_lines_that_reach_through_the_tissue():
    changes = {"environment.size": ["400 um"] * 3, "environment.vessels": {"spacing": "400 um"}}
    mask = voxels(cube(changes, cells=[]))
    n_inside = mask[1:-1, 1:-1, 1:-1].sum()
    assert 0 < n_inside < mask.sum()  # it goes on to the faces
    place = np.argwhere(mask)
    steps = np.abs(place[:, None] - place[None]).sum(axis=2)
    np.fill_diagonal(steps, 99)
    assert (steps.min(axis=1) == 1).all()  # each voxel shares a face with the next


def test_another_seed_is_another_net_and_the_same_seed_the_same():
    scenario = cube({"environment.size": ["400 um"] * 3}, cells=[])
    assert np.array_equal(voxels(scenario), voxels(scenario))
    assert not np.array_equal(voxels(scenario), voxels(scenario, seed=2))


def test_a_wide_vessel_fills_the_voxels_whose_centre_it_covers():
    """Along x through the middle of 20 um voxels; exact by Pythagoras."""
    row = [0.0, 50.0, 50.0, 100.0, 50.0, 50.0, 21.0]
    changes = {"environment.size": ["100 um"] * 3, "environment.vessels": {"segments_um": [row]}}
    mask = voxels(cube(changes, cells=[]))
    z, y = np.mgrid[0:5, 0:5] * 20.0 + 10.0
    expected = np.hypot(z - 50.0, y - 50.0) <= 21.0
    assert expected.sum() == 5
    assert (mask == expected[:, :, None]).all()


class TestExchange:
    """At 20 um amino acids move at D / spacing^2 = 1 1/s."""

    def scenario(self, rate, species=("asn", "gln", "glu"), **parameters):
        vessels = {"fraction": 0.1, "exchange_rate": rate}
        names = {name.replace("_", ".", 1): value for name, value in parameters.items()}
        changes = {"environment.vessels": vessels, "environment.species": list(species)}
        return cube(changes | {"parameters": names}, cells=[])

    def test_the_slowest_species_that_is_solved_sets_the_limit(self):
        """Glucose and oxygen, which would set another one, are not solved with the others."""
        build(self.scenario("3.5 1/s"))
        build(self.scenario("3.5 1/s", ["asn", "gln", "glu", "o2"], diffusion_oxygen="1 um**2/s"))
        with pytest.raises(ScenarioError, match=r"exchange_rate: 3\.5 1/s: at most 3 1/s"):
            self.scenario("3.5 1/s", ["asn", "glucose"])

    def test_it_follows_the_diffusion_of_the_scenario(self):
        build(self.scenario("7 1/s", diffusion_amino_acid="800 um**2/s"))
        with pytest.raises(ScenarioError, match=r"line 1: environment\.vessels\.exchange_rate"):
            self.scenario("3.5 1/s", diffusion_amino_acid="200 um**2/s")

    def test_the_limit_itself_is_built(self):
        build(self.scenario("4 1/s"))
        with pytest.raises(ScenarioError, match=r"4\.01 1/s: at most 4 1/s"):
            self.scenario("4.01 1/s")


class TestTables:
    def scenario(self, tmp_path, rows, header=HEADER):
        (tmp_path / "net.csv").write_text(header + rows)
        text = dump_resolved(cube({"environment.vessels": None}, cells=[]))
        path = tmp_path / "case.yaml"
        path.write_text(text.replace("edges:", "vessels: {file: net.csv}\n  edges:"))
        return load(path)

    def test_segments_of_a_table_become_part_of_the_scenario(self, tmp_path):
        scenario = self.scenario(tmp_path, "0,10,10,100,10,10,0\n50,0,50,50,80,50,0\n")
        mask = voxels(scenario)
        assert mask[0, 0].all() and mask[2, :, 2].all() and mask.sum() == 5 + 4
        (tmp_path / "net.csv").unlink()
        again = loads(dump_resolved(scenario))
        assert again == scenario
        assert np.array_equal(voxels(again), mask)

    def test_another_table_by_an_option_is_the_one_that_is_used(self, tmp_path):
        """Also where the scenario is one that a run wrote, which holds the numbers of the first."""
        row, other = "0,10,10,100,10,10,0\n", "50,0,50,50,80,50,0\n"
        (tmp_path / "resolved.yaml").write_text(dump_resolved(self.scenario(tmp_path, row)))
        (tmp_path / "other.csv").write_text(HEADER + other)
        for name in ("case", "resolved"):
            changed = load(tmp_path / f"{name}.yaml", ["environment.vessels.file=other.csv"])
            assert changed.environment.vessels.segments_um == ((50, 0, 50, 50, 80, 50, 0),)
            assert changed.environment.vessels.source == "other.csv"
            assert "net.csv" not in dump_resolved(changed)
        own = load(
            tmp_path / "resolved.yaml", ["environment.vessels.segments_um=[[1,1,1,2,2,2,0]]"]
        )
        assert own.environment.vessels.source is None

    @pytest.mark.parametrize("name", ["case", "resolved"])
    def test_a_table_and_segments_together_are_refused(self, tmp_path, name):
        (tmp_path / "resolved.yaml").write_text(
            dump_resolved(self.scenario(tmp_path, "0,10,10,100,10,10,0\n"))
        )
        both = ["file=net.csv", "segments_um=[[1,1,1,2,2,2,0]]"]
        with pytest.raises(ScenarioError, match="and segments_um both say where") as caught:
            load(tmp_path / f"{name}.yaml", [f"environment.vessels.{one}" for one in both])
        assert len(str(caught.value).splitlines()) == 1

    def test_a_sweep_takes_the_table_of_its_base_along(self, tmp_path):
        scenario = self.scenario(tmp_path, "0,10,10,100,10,10,0\n")
        keys = {"asnsim": 1, "sweep": "case.yaml", "outcomes": ["n_cells_end"]}
        path = tmp_path / "many.yaml"
        path.write_text(json.dumps(keys | {"vary": {"environment.interstitial_activity": [0, 1]}}))
        found = load_sweep(path)
        (tmp_path / "net.csv").unlink()
        for job in found.jobs():
            assert job.document().environment.vessels == scenario.environment.vessels

    def test_a_sweep_over_tables_is_refused(self, tmp_path):
        self.scenario(tmp_path, "0,10,10,100,10,10,0\n")
        keys = {"asnsim": 1, "sweep": "case.yaml", "outcomes": ["n_cells_end"]}
        path = tmp_path / "many.yaml"
        path.write_text(json.dumps(keys | {"vary": {"environment.vessels.file": ["net.csv"]}}))
        with pytest.raises(ScenarioError, match="a sweep takes segments_um") as caught:
            load_sweep(path)
        assert len(str(caught.value).splitlines()) == 1

    def test_points_need_no_second_end_and_no_radius(self, tmp_path):
        scenario = self.scenario(tmp_path, "30,30,30\n", header="x_um,y_um,z_um\n")
        assert np.argwhere(voxels(scenario)).tolist() == [[1, 1, 1]]

    @pytest.mark.parametrize(
        ("header", "rows", "said"),
        [
            ("x_um,y_um\n", "30,30\n", "line 1: column z_um is missing"),
            ("x_um,y_um,z_um,weight\n", "1,1,1,1\n", "line 1: column weight is not known"),
            ("x_um,y_um,z_um\n", "30,30,30\n30,30,left\n", "line 3: z_um: left: must be a number"),
            ("x_um,y_um,z_um\n", "30,30,30\n30,-1,30\n", "line 3: y_um: -1: must be a number"),
            ("x_um,y_um,z_um\n", "", "has no rows"),
            (
                "x_um,y_um,z_um\n",
                "30,30,70\n",
                "net.csv: line 2: z 70 um lies outside of the tissue",
            ),
        ],
    )
    def test_a_table_with_a_mistake_is_refused_with_its_line(self, tmp_path, header, rows, said):
        with pytest.raises(ScenarioError, match=r"net\.csv") as caught:
            self.scenario(tmp_path, rows, header=header)
        assert said in str(caught.value)
        assert len(str(caught.value).splitlines()) == 1

    def test_a_missing_table_is_refused(self, tmp_path):
        self.scenario(tmp_path, "0,10,10,100,10,10,0\n")
        (tmp_path / "net.csv").unlink()
        with pytest.raises(ScenarioError, match="there is no such file"):
            load(tmp_path / "case.yaml")

    def test_text_without_a_file_of_its_own_may_name_none(self):
        with pytest.raises(ScenarioError, match="only a scenario that is read from a file"):
            tissue({"environment.vessels": {"file": "/etc/passwd"}})
