"""Calibration on real cells: the mean-field culture against theory and agents, and recovery."""

import json
import math

import pandas as pd
import pytest

from abm.processes.cell_lines import CELL_LINES, cell_line
from abm.processes.cell_parameters import CellParameters
from scenarios.calibration.cultures import Bench
from scenarios.calibration.evaluate import Problem, evaluate
from scenarios.calibration.load import loads_calibration
from scenarios.calibration.parameters import Cells
from scenarios.calibration.run import calibrate
from scenarios.calibration.schema import Culture, Read

RPMI = {"hours": "48 h", "medium": "RPMI-1640"}
STARVED = {"base": "RPMI-1640", "without": ["asn", "gln", "glu", "eaa"]}
NO_ASN = {"base": "human-plasma", "without": ["asn"]}


@pytest.fixture(scope="module")
def bench():
    return Bench(Cells(CellParameters(), CELL_LINES))


def test_clamped_line_doubles_in_its_time(bench):
    culture = Culture(line="default-blast", methylated_alleles=0, phases=[RPMI])
    growth = bench.read(culture, Read(quantity="net_growth"))
    assert growth == pytest.approx(
        math.log(2.0) / cell_line("default-blast").doubling_time, rel=2e-3
    )
    doubled = bench.read(culture, Read(quantity="count", at="36 h"))
    assert doubled == pytest.approx(2.0, rel=5e-3)


def test_closed_well_does_what_many_agents_do(bench):
    """Count and Gln-limited growth at 0.18 IU/mL, where the enzyme has used up the Gln."""
    from scenarios.load import loads
    from scenarios.studies.culture import run_culture

    hours, n = 60, 600
    well = {"medium": "RPMI-1640", "serum": {"fraction": 0.1}}
    culture = Culture(
        line="a549",
        closed=True,
        enzyme="0.18 IU/mL",
        phases=[{**well, "hours": f"{hours} h"}],
        **well,
    )
    tree = {
        "asnsim": 1,
        "environment": {"kind": "well", "volume": f"{n / 75} uL", **well},
        "cells": [{"type": "blast", "line": "a549", "number": n, "threshold_cv": 0, "asns_cv": 0}],
        "treatment": {"doses": [{"product": "e-coli", "amount": "0.18 IU/mL", "at": ["0 h"]}]},
        "time": {"end": f"{hours} h", "record": f"{hours} h"},
        "stop": [],
    }
    table = run_culture(loads(json.dumps(tree)), [hours]).iloc[0]
    assert table["gln_uM"] < 60.0
    count = bench.read(culture, Read(quantity="count"))
    assert table["n_live"] / n == pytest.approx(count, rel=0.07)
    for name, share in (("asns_mrna", 0.03), ("mtorc1", 0.03), ("asns_copies", 0.03)):
        assert table[name] == pytest.approx(bench.read(culture, Read(quantity=name)), rel=share)


def test_restored_share_is_none_where_nothing_changes(bench):
    phases = [{"hours": "2 h", "medium": STARVED}] * 2
    culture = Culture(line="default-blast", phases=phases)
    assert bench.read(culture, Read(quantity="mtorc1", relative_to="loss")) == 0.0


TARGETS = [
    ("fold", {"medium": "human-plasma", "phases": [{"hours": "24 h", "medium": NO_ASN}]},
     {"quantity": "asns_mrna", "relative_to": "start"}),
    ("asn", {"phases": [{"hours": "1 h", "medium": STARVED}]}, {"quantity": "asn_inside_uM"}),
    ("copies", {"phases": [{"hours": "1 h", "medium": "RPMI-1640"}]}, {"quantity": "asns_copies"}),
]  # fmt: skip
DISPLACED = {
    "cell.asns_half_atf4": 1.5 * CellParameters().asns_half_atf4,
    "cell.asn_leak": f"{1.5 * CellParameters().asn_leak} 1/h",
    "line.default-blast.asns_set_point": cell_line("default-blast").asns_set_point / 1.5,
}


def _text(parameters, values):
    targets = [
        {
            "id": name,
            "culture": {"line": "default-blast", "methylated_alleles": 0, **culture},
            "read": read,
            "value": value,
            "sd": 0.03,
            "scale": "log",
            "source": "the model with its defaults",
        }
        for (name, culture, read), value in zip(TARGETS, values, strict=True)
    ]
    settings = {"trials": 4, "startup": 4, "batch": 4, "refinements": 3}
    return json.dumps(
        {"asnsim": 1, "calibration": "recovery", "parameters": parameters, "targets": targets,
         "optimiser": settings}
    )  # fmt: skip


def test_displaced_parameters_are_found_back_within_the_stated_interval(tmp_path):
    at_default = loads_calibration(_text({name: {"spread": 2} for name in DISPLACED}, [1, 1, 1]))
    problem = Problem.of(at_default)
    true = problem.space.start()
    values = evaluate(problem, true).simulated.tolist()
    displaced = {
        name: {"prior": value, "start": value, "spread": 2} for name, value in DISPLACED.items()
    }
    path = tmp_path / "recovery.yaml"
    path.write_text(_text(displaced, values))
    assert calibrate(path, tmp_path / "out") == 0
    table = pd.read_csv(tmp_path / "out" / "posterior.csv").set_index("parameter")
    for name, value in true.items():
        row = table.loc[name]
        assert row["low_95"] < value < row["high_95"]
        assert not row["low_95"] < row["start"] < row["high_95"]
        assert row["high_95"] / row["low_95"] < 1.5
