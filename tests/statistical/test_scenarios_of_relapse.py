"""The two scenarios of resistance at full length (S8, S9); long, so outside the daily tests."""

import pytest

from scenarios.run import run

pytestmark = pytest.mark.slow


def after(run_, day):
    """The last row at or before a day."""
    series = run_.timeseries
    return series[series.time_h <= 24.0 * day].iloc[-1]


def test_without_the_clone_flips_and_stroma_the_drug_clears_the_marrow(tmp_path):
    """S7: methylated blasts alone fall to at most 0.1 % of the start by day 40."""
    found = run(
        "relapse",
        out=tmp_path / "run",
        overrides=[
            "cells.0.methylated_alleles={2: 1.0}", "cells.1.number=1",
            "parameters={contact.share: 0}", "inheritance.demethylation=0",
            "inheritance.amplification=0", "time.end=40 d",
        ],
    )  # fmt: skip
    assert after(found, 40).n_cells <= 0.001 * found.timeseries.n_cells[0]


def test_courses_select_the_resistant_clone_step_by_step(tmp_path):
    """S8: the share climbs with each course, stays between them, and each fall is smaller."""
    series = run("courses", out=tmp_path / "run").timeseries
    share = series.n_resistant / series.n_cells
    day = series.time_h / 24.0
    before = [float(share[day <= start].iloc[-1]) for start in (1, 22, 43, 64)]
    assert before[0] < 0.01 < before[1] < before[2] < before[3]
    for late, end in ((16, 22), (37, 43), (58, 64)):
        gap = share[(day >= late) & (day <= end)]
        assert gap.max() - gap.min() < 0.05
    falls = []
    for start in (1, 22, 43):
        window = series[(day >= start) & (day <= start + 14)]
        falls.append(window.n_cells.iloc[0] / window.n_cells.min())
    assert falls[0] > falls[1] > falls[2]


def test_pegaspargase_gives_one_step(tmp_path):
    """One long depletion selects at once what three short ones select in steps."""
    found = run(
        "courses",
        out=tmp_path / "run",
        overrides=[
            "treatment.doses.0.product=pegaspargase", "treatment.doses.0.amount=2500 IU/m2",
        ],
    )  # fmt: skip
    assert after(found, 22).n_resistant > 0.5 * after(found, 22).n_cells
