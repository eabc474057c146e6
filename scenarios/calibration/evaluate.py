"""Targets against one set of parameters: simulated numbers, residuals, and the objective."""

import dataclasses
import math
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from abm.errors import AsnsimError, ScenarioError
from scenarios.calibration.cultures import Bench
from scenarios.calibration.parameters import Space, make_cells, read_space
from scenarios.calibration.schema import Calibration, FromTable, Target


@dataclasses.dataclass(frozen=True)
class Problem:
    """A calibration file with its parameters read."""

    calibration: Calibration
    space: Space

    @classmethod
    def of(cls, calibration: Calibration) -> "Problem":
        """Return the problem of a file; raises ScenarioError for parameters that are none."""
        return cls(calibration, read_space(calibration))

    @property
    def targets(self) -> tuple[Target, ...]:
        """The targets in order."""
        return self.calibration.targets


@dataclasses.dataclass(frozen=True)
class Evaluation:
    """What one set of parameters gives.

    simulated : numbers of the targets, nan where one failed
    residuals : float64[n_target], standardised; 0 where a bound is kept
    penalty   : float64[n_parameter], standard deviations off the prior
    errors    : texts by target that failed
    """

    simulated: NDArray[np.float64]
    residuals: NDArray[np.float64]
    penalty: NDArray[np.float64]
    errors: Mapping[str, str]

    @property
    def misfit(self) -> float:
        """Sum of the squared residuals of the targets."""
        return float(np.dot(self.residuals, self.residuals))

    @property
    def prior(self) -> float:
        """Sum of the squared distances from the priors."""
        return float(np.dot(self.penalty, self.penalty))

    @property
    def objective(self) -> float:
        """What the search makes small; infinite where a target failed."""
        return math.inf if self.errors else self.misfit + self.prior

    @property
    def message(self) -> str:
        """Say in one line which targets failed."""
        return "; ".join(f"{name}: {text}" for name, text in self.errors.items())


def evaluate(problem: Problem, values: Mapping[str, float]) -> Evaluation:
    """Run all targets with values by name; a target that fails is listed and raises nothing."""
    space = problem.space
    simulated = np.full(len(problem.targets), math.nan)
    errors: dict[str, str] = {}
    try:
        bench = Bench(make_cells(space, values))
    except AsnsimError as error:
        bench, errors = None, {target.id: str(error) for target in problem.targets}
    for index, target in enumerate(problem.targets):
        if bench is None:
            break
        try:
            simulated[index] = _simulate(target, bench, space, values)
        except (AsnsimError, KeyError, ValueError, ArithmeticError) as error:
            errors[target.id] = " ".join(str(error).split()) or type(error).__name__
        else:
            if not math.isfinite(simulated[index]):
                errors[target.id] = f"gives {simulated[index]:g}"
    residuals = np.array(
        [residual(target, float(x)) for target, x in zip(problem.targets, simulated, strict=True)]
    )
    for target, number in zip(problem.targets, residuals, strict=True):
        if not math.isfinite(number):
            errors.setdefault(target.id, "is not above 0 and has no logarithm")
    return Evaluation(simulated, residuals, space.prior_residuals(space.logs(values)), errors)


def residual(target: Target, simulated: float) -> float:
    """Return the standardised residual of one target; 0 where a bound is kept, nan without one."""
    if not math.isfinite(simulated) or (target.scale == "log" and simulated <= 0.0):
        return math.nan
    number = math.log(simulated) if target.scale == "log" else simulated

    def published(value: float) -> float:
        return math.log(value) if target.scale == "log" else value

    if target.value is not None:
        return (number - published(target.value)) / target.sd
    if target.at_least is not None and number < published(target.at_least):
        return (number - published(target.at_least)) / target.sd
    if target.at_most is not None and number > published(target.at_most):
        return (number - published(target.at_most)) / target.sd
    return 0.0


def _simulate(target: Target, bench: Bench, space: Space, values: Mapping[str, float]) -> float:
    if target.culture is not None and target.read is not None:
        return bench.read(target.culture, target.read)
    settings = [f"parameters.{name}={text}" for name, text in space.overrides(values).items()]
    if target.assay is not None:
        return _from_assay(target.assay, settings)
    assert target.scenario is not None
    return _from_scenario(target.scenario, settings)


def _from_assay(spec: FromTable, settings: Sequence[str]) -> float:
    from scenarios.studies.families import family
    from scenarios.studies.load import load_assay

    assay = load_assay(spec.name, [*spec.settings, *settings])
    outcome = family(assay.assay).run(assay, threads=1, progress=None)
    return _pick(outcome.results, spec)


def _from_scenario(spec: FromTable, settings: Sequence[str]) -> float:
    from scenarios.load import load
    from scenarios.studies.culture import run_culture

    scenario = load(spec.name, [*spec.settings, *settings])
    hour = scenario.time.end if spec.at is None else spec.at
    return _pick(run_culture(scenario, [hour], threads=1), spec)


def _pick(table: pd.DataFrame, spec: FromTable) -> float:
    for name in (spec.column, *spec.where):
        if name not in table:
            raise ScenarioError(
                f"{spec.name}: no column '{name}': has {', '.join(map(str, table.columns))}"
            )
    rows = table
    for name, value in spec.where.items():
        rows = rows[rows[name] == value]
    if rows.empty:
        raise ScenarioError(f"{spec.name}: no row of the table has {spec.where}")
    return float(rows[spec.column].mean())
