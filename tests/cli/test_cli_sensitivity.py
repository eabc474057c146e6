"""Sensitivity: the ranking of parameters whose effect is known exactly."""

import json

import numpy as np
import pandas as pd
import pytest

from scenarios import cli

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
