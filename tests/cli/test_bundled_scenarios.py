"""Every bundled scenario runs from file to finished run folder, shortened."""

import json

import pytest

from analysis.plots import plot_run
from scenarios.catalogue import bundled
from scenarios.run import run

COURSE = [
    "treatment.doses.0.at=[1 h]",
    "treatment.partners=[]",
    "time={end: 2 d, coupling: 4 h, fate: 12 h, record: 1 d}",
]
SHORT = {
    "relapse": [
        "cells.0.number=300",
        "environment.size=[300 um, 300 um]",
        "treatment.doses.0.at=[1 h]",
        "time={end: 3 h, record: 1 h}",
    ],
    "courses": [
        "cells.0.number=300",
        "environment.size=[300 um, 300 um]",
        "treatment.doses.0.at=[1 h]",
        "time={end: 3 h, record: 1 h}",
    ],
    "course-amplified": COURSE,
    "course-fast": COURSE,
    "course-native": [*COURSE, "treatment.doses.1.at=[2 h]"],
    "course-pegaspargase": COURSE,
    "course-sanctuary": COURSE,
    "dish": ["cells.0.number=200", "time.end=3 h"],
    "niche-3d": [
        "cells.0.number=300",
        "cells.1.number=4",
        "environment.size=[100 um, 100 um, 100 um]",
        "treatment.doses.0.at=[1 h]",
        "time={end: 3 h, record: 1 h}",
    ],
    "spheroid": [
        "cells.0.number=300",
        "environment.size=[200 um, 200 um, 200 um]",
        "time={end: 3 h, record: 1 h}",
    ],
    "field-only": [
        "environment.size=[400 um, 400 um]",
        "treatment.doses.0.at=[1 h]",
        "time={end: 3 h, record: 1 h}",
    ],
    "birth-death": ["replicates=50", "time={end: 1 d, record: 12 h}"],
    "virtual-patient": ["cells.0.number=1000000", "time.end=2 d"],
    "luria-delbrueck": ["replicates=5", "time={end: 1 d, record: 12 h}"],
}


def test_the_list_is_complete():
    assert set(SHORT) == set(bundled())


@pytest.mark.parametrize("name", sorted(SHORT))
def test_a_bundled_scenario_runs_and_leaves_a_whole_folder(name, tmp_path):
    found = run(name, out=tmp_path / "run", overrides=SHORT[name])
    info = json.loads((tmp_path / "run" / "run.json").read_text())
    assert found.is_finished
    assert info["exit_reason"] in {"end_time", "extinct", "n_cells"}
    last = found.timeseries.iloc[-1]
    assert last.time_h == info["end_h"]
    for books in info["ledger"].values():
        assert books["relative_error"] < 1e-9
    if name == "field-only":
        # The enzyme empties plasma, and with it the tissue that the vessels feed.
        assert last.n_cells == 0
        assert last.asn_uM < 1.0
        drawn = {path.name for path in plot_run(tmp_path / "run", tmp_path / "plots")}
        assert drawn == {"nutrients.png", "maps.png"}
    else:
        assert last.n_cells > 0
    if name in {"niche-3d", "spheroid"}:
        drawn = {path.name for path in plot_run(tmp_path / "run", tmp_path / "plots")}
        assert "maps.png" in drawn
    if name in {"relapse", "courses", "dish", "niche-3d"}:
        assert found.lineage.num_samples >= last.n_cells
        assert last.asparaginase_IU_per_mL > 0.5
