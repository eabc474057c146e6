"""Tables and text of a calibration, from what the search or the posterior gave."""

import json
import math
import shlex
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from scenarios.tuning.load import Tuning
from scenarios.tuning.schema import OPTUNA
from scenarios.tuning.search import MESSAGE, SIMULATED
from scenarios.tuning.simulate import Evaluation, Floats

WITHIN = 3.84
"""95 % quantile of chi-square with one degree of freedom."""
_LOW, _MIDDLE, _HIGH = 0.025, 0.5, 0.975
_LARGEST_NUMBER_OF_FAILURES = 20


class Found(NamedTuple):
    """What a calibration found.

    best      : value of each path
    low, high : ends of its interval
    targets   : numbers of the targets, with ends of their interval (nan without posterior)
    again     : the best point run once more with other random numbers
    """

    best: dict[str, float]
    low: dict[str, float]
    high: dict[str, float]
    simulated: Floats
    simulated_low: Floats
    simulated_high: Floats
    again: Evaluation


def trials_table(tuning: Tuning, trials: Sequence[Any]) -> pd.DataFrame:
    """Return one row for each trial: objective, values, numbers of the targets, message."""
    rows = []
    for place, trial in enumerate(trials):
        numbers = trial.user_attrs[SIMULATED]
        rows.append(
            {
                "trial": place,
                "objective": trial.value,
                **{name: trial.params[name] for name in tuning.ends},
                **{
                    f"target {aim.name}": number
                    for aim, number in zip(tuning.aims, numbers, strict=True)
                },
                "message": trial.user_attrs[MESSAGE],
            }
        )
    return pd.DataFrame(rows)


def of_trials(tuning: Tuning, best: Any, trials: pd.DataFrame, again: Evaluation) -> Found:
    """Return what a search found; the interval is that of the trials nearly as good as the best.

    For two parameters or more it is that of a profile: the others may be anything.
    """
    near = trials[(trials["objective"] <= best.value + WITHIN) & (trials["message"] == "")]
    nothing = np.full(len(tuning.aims), math.nan)
    return Found(
        {name: best.params[name] for name in tuning.ends},
        {name: float(near[name].min()) for name in tuning.ends},
        {name: float(near[name].max()) for name in tuning.ends},
        np.array(best.user_attrs[SIMULATED]),
        nothing,
        nothing,
        again,
    )


def of_particles(tuning: Tuning, last: pd.DataFrame, again: Evaluation) -> Found:
    """Return what the last population says: medians and 95 % intervals."""
    weight = last["weight"].to_numpy(float)
    values = {
        name: quantiles(last[name].to_numpy(float), weight, (_LOW, _MIDDLE, _HIGH))
        for name in tuning.ends
    }
    numbers = np.array(
        [
            quantiles(last[f"target {aim.name}"].to_numpy(float), weight, (_LOW, _MIDDLE, _HIGH))
            for aim in tuning.aims
        ]
    )
    return Found(
        {name: float(one[1]) for name, one in values.items()},
        {name: float(one[0]) for name, one in values.items()},
        {name: float(one[2]) for name, one in values.items()},
        numbers[:, 1],
        numbers[:, 0],
        numbers[:, 2],
        again,
    )


def medians(tuning: Tuning, last: pd.DataFrame) -> dict[str, float]:
    """Return the weighted median of each path."""
    weight = last["weight"].to_numpy(float)
    return {
        name: float(quantiles(last[name].to_numpy(float), weight, (_MIDDLE,))[0])
        for name in tuning.ends
    }


def quantiles(values: Floats, weights: Floats, shares: Sequence[float]) -> Floats:
    """Return quantiles of weighted values, nan left out; nan where nothing is left.

    They are the least values below which lies the share of the weight.
    """
    is_there = np.isfinite(values)
    if not is_there.any():
        return np.full(len(shares), math.nan)
    order = np.argsort(values[is_there], kind="stable")
    ordered = values[is_there][order]
    reached = np.cumsum(weights[is_there][order])
    places = np.searchsorted(reached, np.array(shares) * reached[-1])
    found: Floats = ordered[np.minimum(places, ordered.size - 1)]
    return found


def parameters_table(tuning: Tuning, found: Found) -> pd.DataFrame:
    """Return one row for each path: range, best value, interval."""
    return pd.DataFrame(
        [
            {
                "path": name, "unit": ends.unit, "scale": "log" if ends.is_log else "linear",
                "low": ends.low, "high": ends.high, "best": found.best[name],
                "low_95": found.low[name], "high_95": found.high[name],
            }
            for name, ends in tuning.ends.items()
        ]
    )  # fmt: skip


def targets_table(tuning: Tuning, found: Found) -> pd.DataFrame:
    """Return one row for each target: measured, simulated, again with other random numbers."""
    return pd.DataFrame(
        [
            {
                "target": aim.name, "value": aim.value, "sd": aim.sd,
                "scale": "log" if aim.is_log else "linear", "simulated": found.simulated[i],
                "low_95": found.simulated_low[i], "high_95": found.simulated_high[i],
                "again": found.again.simulated[i], "off_again": found.again.off[i],
            }
            for i, aim in enumerate(tuning.aims)
        ]
    )  # fmt: skip


def best_text(tuning: Tuning, found: Found) -> str:
    """Return ``changes`` as a sweep or another calibration takes them, and how to run them."""
    lines = [
        f"# asnsim calibrate {tuning.name}, seed {tuning.file.seed}",
        f"# {command(tuning, found)}",
        f"base: {json.dumps(tuning.base_name)}",
        "changes:",
    ]
    lines += [f"  {name}: {json.dumps(v)}" for name, v in tuning.point(found.best).items()]
    return "\n".join(lines) + "\n"


def command(tuning: Tuning, found: Found) -> str:
    """Return the command that runs the best point."""
    words = ["asnsim", "run", tuning.base_name]
    for name, value in tuning.point(found.best).items():
        text = value if isinstance(value, str) else json.dumps(value)
        words += ["--set", f"{name}={text}"]
    return shlex.join(words)


def page(tuning: Tuning, found: Found, notes: Sequence[str], failures: Mapping[str, int]) -> str:
    """Return the report as Markdown; ``failures`` counts errors of runs."""
    file = tuning.file
    lines = [f"# Calibration {tuning.name}", ""]
    lines += [file.description, ""] if file.description else []
    lines += [
        f"{file.calibrate}: {len(tuning.ends)} values, {len(tuning.aims)} targets, "
        f"{file.replicates} run{'s' * (file.replicates > 1)} of each point, {file.method}, "
        f"seed {file.seed}.",
        "",
        *notes,
    ]
    lines += ["", "## Values", "", "| path | range | best | 95 % | |", "|---|---|---|---|---|"]
    for name, ends in tuning.ends.items():
        lines.append(
            f"| `{name}` | {ends.low:g} to {ends.high:g}{', log' if ends.is_log else ''} | "
            f"{found.best[name]:.4g} | {found.low[name]:.4g} to {found.high[name]:.4g} | "
            f"{ends.unit} |"
        )
    lines += ["", _interval(file.method), "", f"    {command(tuning, found)}", ""]
    lines += ["## Targets", "", "| target | measured | simulated | 95 % | again | off again |"]
    lines += ["|---|---|---|---|---|---|"]
    for i, aim in enumerate(tuning.aims):
        interval = f"{found.simulated_low[i]:.4g} to {found.simulated_high[i]:.4g}"
        lines.append(
            f"| {aim.name} | {aim.value:g} +- {aim.sd:g}{' (log)' if aim.is_log else ''} | "
            f"{found.simulated[i]:.4g} | "
            f"{interval if math.isfinite(found.simulated_low[i]) else ''} | "
            f"{found.again.simulated[i]:.4g} | {found.again.off[i]:+.2f} |"
        )
    lines += ["", "'again' is the best point run with other random numbers; 'off' is in standard "
              "deviations of the target.", ""]  # fmt: skip
    if found.again.message:
        lines += [f"The best point failed when it was run again: {found.again.message}", ""]
    if failures:
        lines += ["## Runs that failed", ""]
        lines += [f"- {n} x {text}" for text, n in failures.items()][:_LARGEST_NUMBER_OF_FAILURES]
    return "\n".join(lines).rstrip() + "\n"


def _interval(method: str) -> str:
    if method == OPTUNA:
        return (
            f"The interval holds the trials whose objective is within {WITHIN} of the best. It is "
            "no more than a hint: few trials make it too narrow, and chance in the runs moves it. "
            "`method: abc-smc` draws from the posterior."
        )
    return (
        "Weighted medians and 95 % intervals of the last population. The median of each value is "
        "its own: where values hang together, all medians at once need not fit best."
    )
