"""Slopes of the residuals, and the widths that follow from them.

With the residuals r of the targets and the priors' distances z, the objective is F = r.r + z.z. At
the best point J = dr/d ln(theta) by central differences, and the posterior is taken as normal in
ln(theta) with the covariance (J'J + S^-2)^-1, S the standard deviations of the priors (a flat one
counts as normal of the same variance). This is the width of a parabola fitted to the objective, not
of a sampled posterior; a bound that is kept has no slope and tells nothing.
"""

import dataclasses
import math
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from abm.errors import NumericalError
from scenarios.calibration.evaluate import Evaluation, Problem
from scenarios.calibration.workers import Workers

NORMAL_95 = 1.959963984540054
"""Standard deviations on either side that hold 95 % of a normal distribution."""


@dataclasses.dataclass(frozen=True)
class Jacobian:
    """Slopes at a point.

    values : the point, by name
    residuals : float64[n_target]; slopes : float64[n_target, n_parameter], per ln(parameter)
    penalty : float64[n_parameter], distances from the priors in standard deviations
    log_sd : float64[n_parameter], standard deviations of the priors
    has_prior : bool[n_parameter]; flat priors have no slope
    """

    values: dict[str, float]
    residuals: NDArray[np.float64]
    slopes: NDArray[np.float64]
    penalty: NDArray[np.float64]
    log_sd: NDArray[np.float64]
    has_prior: NDArray[np.bool_]

    def gradient(self) -> NDArray[np.float64]:
        """Return half of the slope of the objective."""
        of_priors = np.where(self.has_prior, self.penalty / self.log_sd, 0.0)
        return np.asarray(self.slopes.T @ self.residuals + of_priors)

    def covariance(self) -> NDArray[np.float64]:
        """Return the covariance of ln(theta)."""
        information = self.slopes.T @ self.slopes + np.diag(self.log_sd**-2)
        return np.asarray(np.linalg.inv(information), np.float64)

    def newton_step(self) -> NDArray[np.float64]:
        """Return the step in ln(theta) to the minimum of the fitted parabola."""
        return -self.covariance() @ self.gradient()

    def left_to_gain(self) -> float:
        """Return by how much the fitted parabola lies below the objective at its minimum."""
        gradient = self.gradient()
        return float(gradient @ self.covariance() @ gradient)

    def posterior_sd(self) -> NDArray[np.float64]:
        """Return the standard deviations of ln(theta)."""
        return np.sqrt(np.diag(self.covariance()))

    def correlation(self) -> NDArray[np.float64]:
        """Return the correlations of ln(theta)."""
        sd = self.posterior_sd()
        return self.covariance() / np.outer(sd, sd)

    def interval(self, index: int) -> tuple[float, float]:
        """Return the 95 % interval of a parameter, of the fitted parabola."""
        centre = list(self.values.values())[index]
        factor = math.exp(NORMAL_95 * float(self.posterior_sd()[index]))
        return centre / factor, centre * factor


def jacobian(
    problem: Problem, values: Mapping[str, float], workers: Workers, step: float
) -> Jacobian:
    """Return the slopes at ``values`` by differences over ``step`` of the logarithm to each side.

    At a bound the difference is to one side. Raises NumericalError where a target fails there.
    """
    space = problem.space
    logs = space.logs(values)
    points = [dict(values)]
    for index in range(logs.size):
        for sign in (-1.0, 1.0):
            moved = logs.copy()
            moved[index] += sign * step
            points.append(space.values(moved))
    found = workers.evaluate(points)
    _refuse_failed(found)
    slopes = np.empty((len(problem.targets), logs.size))
    for index in range(logs.size):
        low, high = points[1 + 2 * index], points[2 + 2 * index]
        width = float((space.logs(high) - space.logs(low))[index])
        difference = found[2 + 2 * index].residuals - found[1 + 2 * index].residuals
        slopes[:, index] = difference / width
    return Jacobian(
        dict(values),
        found[0].residuals,
        slopes,
        found[0].penalty,
        space.log_sd(),
        np.array([one.has_prior for one in space.varied]),
    )


def _refuse_failed(found: list[Evaluation]) -> None:
    for one in found:
        if one.errors:
            raise NumericalError(f"no slopes at the best point: beside it {one.message}")
