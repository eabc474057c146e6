"""Sensitivity: the ranking of parameters whose effect is known exactly."""

import json
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from scenarios import cli
from scenarios.catalogue import bundled_screens
from scenarios.sensitivity.run import _means, load_sensitivity

BASE = {
    "asnsim": 1,
    "environment": {"kind": "well", "species": []},
    "cells": [
        {"model": "fixed-rates", "number": 4000, "birth_rate": "1 1/d", "death_rate": "0.9 1/d"}
    ],
    "time": {"end": "2 d", "record": "1 d"},
}  # fmt: skip
VARY = {
    "cells.0.birth_rate": {"low": "0.5 1/d", "high": "1 1/d"},
    "cells.0.death_rate": {"low": "0.5 1/d", "high": "0.75 1/d"},
    "inheritance.demethylation": {"low": 0, "high": 0.1},
}


def written(folder, **keys):
    """Write a sensitivity file of a birth-death process; return it."""
    (folder / "base.yaml").write_text(json.dumps(BASE))
    path = folder / "which.yaml"
    content = {"asnsim": 1, "sensitivity": "base.yaml", "vary": VARY, "outcomes": ["n_cells_end"]}
    path.write_text(json.dumps({**content, **keys}))
    return path


def test_birth_matters_more_than_death_and_the_rest_not_at_all(tmp_path, capsys):
    path = written(tmp_path, morris={"trajectories": 4}, sobol={"points": 16, "parameters": 2})
    out = tmp_path / "out"
    assert cli.main(["sensitivity", str(path), "--out", str(out)]) == cli.DONE
    assert capsys.readouterr().out.strip() == str(out)
    morris = pd.read_csv(out / "morris.csv").set_index("parameter")
    birth, death, nothing = (morris.loc[name] for name in VARY)
    # N = N0 exp((b - d) t): the mean effect of a rate over its range is N t times the range.
    mean = 4000 * np.exp((0.75 - 0.625) * 2.0)
    assert birth["mu"] == pytest.approx(mean * 2.0 * 0.5, rel=0.25)
    assert death["mu"] == pytest.approx(-mean * 2.0 * 0.25, rel=0.25)
    assert nothing["mu_star"] < 0.1 * birth["mu_star"]
    assert morris.index[0] == "cells.0.birth_rate"
    sobol = pd.read_csv(out / "sobol.csv").set_index("parameter")
    assert set(sobol.index) == {"cells.0.birth_rate", "cells.0.death_rate"}
    assert sobol.loc["cells.0.birth_rate", "total"] > sobol.loc["cells.0.death_rate", "total"]
    for name in ("morris.png", "sobol.png", "sensitivity.yaml", "sensitivity.json"):
        assert (out / name).stat().st_size > 0
    before = (out / "morris.csv").read_bytes()
    assert cli.main(["sensitivity", str(path), "--out", str(out)]) == cli.DONE
    assert (out / "morris.csv").read_bytes() == before


def test_logarithm_makes_the_effects_of_rates_additive(tmp_path):
    """log10 N = (b - d) t / ln 10 + ...: a rate has the same effect everywhere."""
    path = written(tmp_path, outcomes=["log10 n_cells_end"], morris={"trajectories": 4})
    assert cli.main(["sensitivity", str(path), "--out", str(tmp_path / "out")]) == cli.DONE
    morris = pd.read_csv(tmp_path / "out" / "morris.csv").set_index("parameter")
    birth, death, nothing = (morris.loc[name] for name in VARY)
    assert birth["mu"] == pytest.approx(2.0 * 0.5 / np.log(10.0), rel=0.1)
    assert death["mu"] == pytest.approx(-2.0 * 0.25 / np.log(10.0), rel=0.1)
    assert nothing["mu_star"] < 0.1 * birth["mu_star"]


@pytest.mark.parametrize("name", sorted(bundled_screens()))
def test_bundled_screens_are_sound(name):
    file, sweep = load_sensitivity(name)
    points = file.morris.trajectories * (len(file.vary) + 1)
    assert len(sweep.points) == points >= 100
    for job in sweep.jobs()[::25]:
        job.document()


def test_points_of_a_design_share_their_random_numbers(tmp_path):
    _, sweep = load_sensitivity(written(tmp_path, replicates=2, outcomes=["relapse_d"]))
    seeds = {job.replicate: {one.seed for one in sweep.jobs() if one.replicate == job.replicate}
             for job in sweep.jobs()}  # fmt: skip
    assert [len(found) for found in seeds.values()] == [1, 1]
    assert seeds[0] != seeds[1]
    assert sweep.file.outcomes == ("relapse_d", "end_d")


def test_a_relapse_that_never_came_counts_as_the_end_of_the_run():
    """Cured on day 3 is as good as followed to the end without; what failed is the mean."""
    table = pd.DataFrame(
        {"point": [0, 0, 1, 2, 3], "relapse_d": [20.0, np.nan, np.nan, np.nan, 40.0],
         "end_d": [20.0, 100.0, 3.0, 60.0, 100.0],
         "exit_reason": ["relapse", "end_time", "extinct", "n_cells", "end_time"]}
    )  # fmt: skip
    values, n_lost, n_censored = _means(SimpleNamespace(summary=table), "relapse_d", 5)
    assert values.tolist() == [60.0, 100.0, 60.0, 40.0, 65.0]
    assert (n_lost, n_censored) == (1, 3)


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"vary": {}}, "vary: needs at least two parameters"),
        ({"outcomes": []}, "outcomes: is empty"),
        ({"outcomes": ["n_cel"]}, "is no outcome"),
        ({"sobol": {"points": 12}}, "12 is no power of two"),
        ({"vary": {**VARY, "parameters.cell.leak": {"low": 1, "high": 2}}}, "has no parameter"),
    ],
)
def test_bad_file_is_refused_with_one_clear_line(keys, message, tmp_path, capsys):
    path = written(tmp_path, **keys)
    assert cli.main(["sensitivity", str(path), "--out", str(tmp_path / "out")]) == cli.BAD_INPUT
    assert message in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
