"""What a calibration leaves: parameter file, tables, and a page that says what they mean."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from scenarios.calibration.evaluate import Evaluation, Problem
from scenarios.calibration.jacobian import Jacobian
from scenarios.calibration.parameters import Space
from scenarios.calibration.schema import Target
from scenarios.calibration.search import KIND, MESSAGE, PARTS

IDENTIFIED, HALF = 0.75, 0.93
"""Posterior over prior width below which a parameter counts as fixed or half fixed by the targets
(assumption A202)."""
_CLEAR_CORRELATION = 0.4
_WORTH_TELLING = 0.05
"""Squared residuals that differ by less are not told as a change."""


def parameters_text(problem: Problem, values: dict[str, float]) -> str:
    """Return a ``parameters:`` block for a scenario, with the priors beside it."""
    lines = [
        f"# Made by asnsim calibrate from '{problem.calibration.calibration}', "
        f"seed {problem.calibration.seed}.",
        "parameters:",
    ]
    for one in problem.space.varied:
        value = values[one.name]
        factor = f"prior {one.written(one.prior)}, x {value / one.prior:.4g}"
        lines.append(f"  {one.name}: {one.written(value)}  # {factor}")
    return "\n".join(lines) + "\n"


def trials_table(space: Space, targets: Sequence[Target], trials: Sequence[Any]) -> pd.DataFrame:
    """Return one row for each trial: values, objective and its parts, simulated numbers."""
    rows = []
    for trial in trials:
        parts = trial.user_attrs.get(PARTS, [math.nan] * (2 + len(targets)))
        rows.append(
            {
                "trial": trial.number,
                "kind": trial.user_attrs.get(KIND, ""),
                "state": trial.state.name.lower(),
                "objective": math.nan if trial.value is None else trial.value,
                "misfit": parts[0],
                "prior": parts[1],
                **{name: trial.params.get(name, math.nan) for name in space.names},
                **{
                    f"target {target.id}": number
                    for target, number in zip(targets, parts[2:], strict=True)
                },
                "message": trial.user_attrs.get(MESSAGE, ""),
            }
        )
    return pd.DataFrame(rows)


def targets_table(problem: Problem, start: Evaluation, best: Evaluation) -> pd.DataFrame:
    """Return one row for each target: published, simulated at the start and at the best point."""
    rows = []
    for index, target in enumerate(problem.targets):
        rows.append(
            {
                "target": target.id,
                "row": target.row,
                "value": math.nan if target.value is None else target.value,
                "at_least": math.nan if target.at_least is None else target.at_least,
                "at_most": math.nan if target.at_most is None else target.at_most,
                "sd": target.sd,
                "scale": target.scale,
                "simulated_at_start": start.simulated[index],
                "simulated_at_best": best.simulated[index],
                "residual_at_start": start.residuals[index],
                "residual_at_best": best.residuals[index],
                "source": target.source,
                "message": best.errors.get(target.id, start.errors.get(target.id, "")),
            }
        )
    return pd.DataFrame(rows)


def posterior_table(problem: Problem, slopes: Jacobian) -> pd.DataFrame:
    """Return one row for each parameter: value, 95 % interval, width against the prior.

    The interval ends at the bounds of the search.
    """
    correlation = slopes.correlation()
    np.fill_diagonal(correlation, 0.0)
    rows: list[dict[str, Any]] = []
    for index, one in enumerate(problem.space.varied):
        low, high = slopes.interval(index)
        strongest = int(np.abs(correlation[index]).argmax())
        width = float(slopes.posterior_sd()[index] / slopes.log_sd[index])
        rows.append(
            {
                "parameter": one.name,
                "unit": one.unit,
                "default": one.default,
                "prior": one.prior,
                "prior_factor": math.exp(one.log_sd),
                "is_flat_prior": not one.has_prior,
                "start": one.start,
                "value": slopes.values[one.name],
                "low_95": max(low, one.low),
                "high_95": min(high, one.high),
                "posterior_factor": math.exp(float(slopes.posterior_sd()[index])),
                "width_over_prior": width,
                "verdict": _verdict(width),
                "strongest_correlation": correlation[index, strongest],
                "with": problem.space.varied[strongest].name,
            }
        )
    return pd.DataFrame(rows)


def correlation_table(problem: Problem, slopes: Jacobian) -> pd.DataFrame:
    """Return the correlations of the logarithms, a square with names."""
    names = problem.space.names
    return pd.DataFrame(slopes.correlation(), index=names, columns=names)


def page(
    problem: Problem,
    start: Evaluation,
    best: Evaluation,
    slopes: Jacobian | None,
    trials: pd.DataFrame,
) -> str:
    """Return the report as Markdown."""
    name, description = problem.calibration.calibration, problem.calibration.description
    failed = trials[trials["state"] == "fail"]
    lines = [f"# Calibration {name}", ""]
    lines += [description, ""] if description else []
    lines += [
        f"{len(problem.space.varied)} parameters, {len(problem.targets)} targets, "
        f"{len(trials)} trials ({len(failed)} failed), seed {problem.calibration.seed}.",
        "",
        "| | targets | priors | objective |",
        "|---|---|---|---|",
        _row("start", start),
        _row("best", best),
        "",
    ]
    lines += _changes(problem, start, best)
    if slopes is not None:
        lines += _widths(problem, slopes)
    else:
        lines += ["No widths: a target fails beside the best point.", ""]
    if len(failed):
        lines += ["## Trials that failed", ""]
        lines += [f"- {n} x {text}" for text, n in failed["message"].value_counts().items()][:20]
    return "\n".join(lines).rstrip() + "\n"


def _row(name: str, found: Evaluation) -> str:
    if found.errors:
        return f"| {name} | failed: {found.message} | | |"
    return f"| {name} | {found.misfit:.4g} | {found.prior:.4g} | {found.objective:.4g} |"


def _changes(problem: Problem, start: Evaluation, best: Evaluation) -> list[str]:
    lines = ["## Targets", "", "Residuals are in standard deviations of the target.", ""]
    lines += ["| target | published | start | best | residual start | residual best |"]
    lines += ["|---|---|---|---|---|---|"]
    for index, target in enumerate(problem.targets):
        lines.append(
            f"| {target.id} | {published(target)} | {start.simulated[index]:.4g} | "
            f"{best.simulated[index]:.4g} | {start.residuals[index]:+.2f} | "
            f"{best.residuals[index]:+.2f} |"
        )
    gained = start.residuals**2 - best.residuals**2
    order = np.argsort(-np.abs(np.nan_to_num(gained)))
    told = [index for index in order if abs(gained[index]) >= _WORTH_TELLING]
    text = ", ".join(f"{problem.targets[i].id} {-gained[i]:+.2f}" for i in told[:10])
    change = f"Change of the squared residuals: {text}." if told else "No squared residual changes."
    return [*lines, "", change, ""]


def _widths(problem: Problem, slopes: Jacobian) -> list[str]:
    table = posterior_table(problem, slopes)
    lines = [
        "## Widths",
        "",
        "The widths are those of a parabola fitted to the objective at the best point (slopes by "
        "finite differences, normal in the logarithm). They hold for these targets with these "
        "standard deviations, near this point; that no other point fits as well is not shown. A "
        "width near that of the prior says that the targets tell nothing of the parameter. "
        "Intervals end at the bounds of the search.",
        "",
        f"By that parabola {slopes.left_to_gain():.3g} of the objective is left to be gained.",
        "",
        "| parameter | default | value | 95 % | width / prior | | strongest correlation |",
        "|---|---|---|---|---|---|---|",
    ]
    for row in table.itertuples(index=False):
        pair = ""
        if abs(row.strongest_correlation) >= _CLEAR_CORRELATION:
            pair = f"{row.strongest_correlation:+.2f} with {row[-1]}"
        lines.append(
            f"| `{row.parameter}` | {row.default:.4g} {row.unit} | {row.value:.4g} | "
            f"{row.low_95:.4g} to {row.high_95:.4g} | {row.width_over_prior:.2f} | {row.verdict} | "
            f"{pair} |"
        )
    return [*lines, ""]


def published(target: Target) -> str:
    """Return the published number or bounds in words."""
    if target.value is not None:
        return f"{target.value:g}"
    parts = [f">= {target.at_least:g}"] if target.at_least is not None else []
    parts += [f"<= {target.at_most:g}"] if target.at_most is not None else []
    return " and ".join(parts)


def _verdict(width: float) -> str:
    if width < IDENTIFIED:
        return "fixed by the targets"
    return "half" if width <= HALF else "not identified: take the prior"
