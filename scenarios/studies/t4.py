"""Outcome of treatment, one joint row: three bundled cohorts with one frozen set of parameters.

B5c: Erwinia against E. coli enzyme at the same dose, hazard ratio of an event with its lower 95 %
bound above 1. B5f: every 2 against every 6 weeks, at most 5 points apart at 5 years, and the same
patients without the later doses at least 10 points worse. B6a: high against low ASNS, hazard ratio
above 1. The row passes when all three do. It is reported and never tuned, and takes hours.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from scenarios.cohort.batches import Runner
from scenarios.cohort.engine import run_batch
from scenarios.cohort.load import load_cohort
from scenarios.cohort.run import SUMMARY, run_cohort
from scenarios.studies.clinic_result import ClinicResult, Quantity

LARGEST_DIFFERENCE = 0.05
"""Between the two schedules of B5f, share of patients without event at 5 years."""
LEAST_LOSS = 0.10
"""Of the arm without the later doses against the schedule with all of them."""
FEWEST_PATIENTS = 1000
Progress = Callable[[float, float], None]


@dataclass(frozen=True)
class JointRow:
    """The three parts, and ``pass`` when all of them pass with at least 1000 patients per arm."""

    parts: tuple[ClinicResult, ...]
    n_per_arm: int

    @property
    def verdict(self) -> str:
        """``pass``, ``fail``, or ``too few patients`` for a trial run."""
        if self.n_per_arm < FEWEST_PATIENTS:
            return "too few patients"
        return "pass" if all(part.verdict == "pass" for part in self.parts) else "fail"


def t4(
    n_per_arm: int,
    out: Path,
    *,
    workers: int = 1,
    runner: Runner = run_batch,
    progress: Progress | None = None,
) -> JointRow:
    """Run the three cohorts below ``out`` and return the row; begun folders are finished.

    Raises ScenarioError where lifelines is missing.
    """
    summaries = {}
    for name in ("cohort-erwinia-vs-ecoli", "cohort-schedule", "cohort-asns"):
        cohort = load_cohort(name)
        run_cohort(
            cohort, out / name, n_patients=n_per_arm, workers=workers, runner=runner,
            progress=progress,
        )  # fmt: skip
        summaries[name] = (pd.read_parquet(out / name / SUMMARY).set_index("group"), cohort)
    return JointRow(
        (
            _b5c(*summaries["cohort-erwinia-vs-ecoli"], n_per_arm),
            _b5f(*summaries["cohort-schedule"], n_per_arm),
            _b6a(*summaries["cohort-asns"], n_per_arm),
        ),
        n_per_arm,
    )


def _b5c(summary: pd.DataFrame, cohort: object, n: int) -> ClinicResult:
    row = summary.loc["erwinia"]
    days = summary["median_days_above_0p1_IU_per_mL"]
    quantities = (
        _above("hazard ratio, lower 95 % bound", row["hazard_ratio_low"], 1.23, 1.0),
        _shown("hazard ratio", row["hazard_ratio"], 1.59),
        _shown("median days above 0.1 IU/mL, E. coli", days["e-coli"], math.nan),
        _shown("median days above 0.1 IU/mL, Erwinia", days["erwinia"], math.nan),
        *(_shown(f"6 years without event, {name}", summary.loc[name, "survival"], value)
          for name, value in (("e-coli", 0.734), ("erwinia", 0.598))),
    )  # fmt: skip
    return _result("B5c", "Erwinia against E. coli, both 10,000 IU/m2 twice a week",
                   "Duval 2002, Blood 99:2734", n, cohort, quantities)  # fmt: skip


def _b5f(summary: pd.DataFrame, cohort: object, n: int) -> ClinicResult:
    survival = summary["survival"]
    apart = abs(float(survival["every-6-weeks"] - survival["every-2-weeks"]))
    loss = float(survival["every-2-weeks"] - survival["five-doses"])
    quantities = (
        Quantity("difference of the schedules at 5 years", apart, 0.0, 0.0, LARGEST_DIFFERENCE,
                 "at most 5 points"),
        Quantity("loss without the later doses", loss, math.nan, LEAST_LOSS, 1.0,
                 "at least 10 points"),
        *(_shown(f"5 years without event, {name}", value, math.nan)
          for name, value in survival.items()),
    )  # fmt: skip
    return _result("B5f", "pegaspargase every 2 or 6 weeks after five doses",
                   "Albertsen 2019, JCO 37:1638", n, cohort, quantities)  # fmt: skip


def _b6a(summary: pd.DataFrame, cohort: object, n: int) -> ClinicResult:
    row = summary.loc["high"]
    quantities = (
        _above("hazard ratio", row["hazard_ratio"], math.nan, 1.0),
        _shown("hazard ratio, lower 95 % bound", row["hazard_ratio_low"], math.nan),
        *(_shown(f"4 years without event, {name} ASNS", summary.loc[name, "survival"], value)
          for name, value in (("high", 0.58), ("low", 0.83))),
    )  # fmt: skip
    return _result("B6a", "high against low ASNS, TEL-AML1-negative",
                   "Stams 2005, Blood 105:4223", n, cohort, quantities)  # fmt: skip


def _above(name: str, value: float, published: float, bound: float) -> Quantity:
    return Quantity(name, float(value), published, bound, math.inf, f"> {bound:g}")


def _shown(name: object, value: float, published: float) -> Quantity:
    return Quantity(str(name), float(value), published, -math.inf, math.inf, "shown", False)


def _result(
    name: str, title: str, source: str, n: int, cohort: object, quantities: tuple[Quantity, ...]
) -> ClinicResult:
    seed = int(cohort.file.seed)  # type: ignore[attr-defined]
    return ClinicResult(name, title, "ordering", source, n, seed, quantities)
