"""``asnsim fit``: tables that cannot be fitted are refused; a known doubling time comes back."""

import math

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from abm.errors import ScenarioError
from scenarios.studies.fit import fit, write_fit
from scenarios.studies.fit_data import read_data


def table(tmp_path, text):
    path = tmp_path / "data.csv"
    path.write_text(text)
    return path


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("dose,viability\n1,1\n", "columns dose, viability: must be dose_IU_per_mL, viability"),
        ("time_h,n_cells,extra\n0,1,1\n", "must be dose_IU_per_mL"),
        ("dose_IU_per_mL,viability\n0,1\n1,0.5\n", "1 dose above zero: at least 4"),
        ("dose_IU_per_mL,viability\n0,1\n-1,0.5\n", "line 3: dose_IU_per_mL: -1: must be >= 0"),
        ("dose_IU_per_mL,viability\n0,high\n", "line 2: viability: 'high': must be a number"),
        ("dose_IU_per_mL,viability\n1,100\n2,90\n3,50\n4,20\n", "divide per cent by 100"),
        ("time_h,n_cells\n0,100\n24,200\n", "2 times: at least 3"),
        ("time_h,n_cells\n0,100\n24,0\n48,100\n", "n_cells: must be > 0"),
        ("time_h,n_cells\n", "has no rows"),
    ],
)
def test_bad_tables_are_refused_with_one_line(tmp_path, text, message):
    with pytest.raises(ScenarioError) as caught:
        read_data(table(tmp_path, text))
    (line,) = str(caught.value).splitlines()
    assert "data.csv" in line and message in line


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(ScenarioError, match="there is no such file"):
        read_data(tmp_path / "absent.csv")


def test_hours_are_72_where_they_are_not_given(tmp_path):
    text = "dose_IU_per_mL,viability\n0,1\n0.1,1\n1,0.5\n2,0.2\n4,0.1\n"
    found = read_data(table(tmp_path, text))
    assert found.is_dose and (found.table["hours"] == 72.0).all()


def test_growth_data_give_back_their_doubling_time(tmp_path):
    times = np.array([0.0, 12.0, 24.0, 36.0, 48.0])
    rows = "\n".join(f"{t},{7500.0 * 2.0 ** (t / 33.0)}" for t in times)
    found = fit(table(tmp_path, "time_h,n_cells\n" + rows), "molt-4", seed=1)
    (row,) = found.parameters.to_dict("records")
    assert row["parameter"] == "doubling_time"
    # A culture of a thousand cells doubles in its doubling time within a few per cent.
    assert row["value"] == pytest.approx(33.0, rel=0.06)
    assert row["low"] < row["value"] < row["high"]
    files = write_fit(found, tmp_path / "out")
    assert [file.name for file in files] == ["parameters.csv", "predictions.csv"]
    with pytest.raises(ScenarioError, match="is there already"):
        write_fit(found, tmp_path / "out")


def test_unknown_line_of_a_fit(tmp_path):
    text = "time_h,n_cells\n0,100\n24,150\n48,220\n"
    with pytest.raises(ScenarioError, match="no known line"):
        fit(table(tmp_path, text), "molt-5")


def test_the_fitted_height_of_a_growth_curve_costs_a_degree_of_freedom(tmp_path, monkeypatch):
    """With a straight prediction the profile is the t interval of a regression with intercept."""
    hours, slope, error = np.array([0.0, 24.0, 48.0]), math.log(2.0) / 33.0, 0.02
    counts = np.exp(9.0 + slope * hours + error * np.array([1.0, -2.0, 1.0]))

    def straight(scenario, times, threads=None):
        doubling = scenario.cells[0].doubling_time
        rows = [{"time_h": time, "n_live": 2.0 ** (time / doubling)} for time in times]
        return pd.DataFrame(rows)

    monkeypatch.setattr("scenarios.studies.fit.run_culture", straight)
    monkeypatch.setattr(
        "scenarios.studies.fit.DOUBLING_FACTORS", tuple(np.geomspace(0.1, 9, 400).tolist())
    )
    rows = "\n".join(f"{t},{n!r}" for t, n in zip(hours, counts.tolist(), strict=True))
    (row,) = fit(table(tmp_path, "time_h,n_cells\n" + rows), "molt-4").parameters.to_dict("records")
    half = stats.t.ppf(0.975, 1) * error * math.sqrt(6.0 / np.sum((hours - 24.0) ** 2))
    assert row["value"] == pytest.approx(33.0, rel=1e-3)
    assert row["low"] == pytest.approx(math.log(2.0) / (slope + half), rel=0.01)
