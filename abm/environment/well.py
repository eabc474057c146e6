"""Wells: well-mixed sites that exchange nothing, and the solver of their contents."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from abm.environment.fluxes import Flux, IntervalResult
from abm.environment.reactions import SECONDS_PER_HOUR, Reactions, enzyme_constants
from abm.errors import NumericalError, ScenarioError
from abm.kernels import well
from abm.kernels.field_arrays import DONE
from abm.state.sites import N_UPTAKE, Drug, Species
from abm.units import FMOL_PER_UM_PL

LEAST_STEP_SHARE = 1e-6
"""Shortest sub-step of a well as a share of the interval."""

_DEFINITION = ("well", "reactions", "medium", "step_length")


@dataclass(frozen=True)
class Well:
    """``n_site`` wells of ``volume`` pL each (1e8 pL = 100 uL)."""

    n_site: int
    volume: float

    def __post_init__(self) -> None:
        if self.n_site < 1 or not self.volume > 0.0:
            raise ScenarioError(
                f"well: {self.n_site} wells of {self.volume} pL; needs at least one, volume > 0"
            )

    def site_volume(self) -> np.ndarray:
        """Return float64[n_site], pL."""
        return np.full(self.n_site, self.volume)


class WellSolver:
    """Advances the concentrations of wells; holds work arrays and the remembered step lengths.

    ``step_length`` (float64[n_site], h) belongs to a checkpoint; concentrations and defect are the
    caller's.
    """

    def __init__(self, well: Well, reactions: Reactions, medium: np.ndarray) -> None:
        self.well, self.reactions = well, reactions
        self.medium = np.asarray(medium, dtype=float).copy()
        self.step_length = np.full(well.n_site, np.inf)
        self._build()

    def __getstate__(self) -> dict[str, Any]:
        """Pickle the definition only; work arrays are made anew."""
        return {name: self.__dict__[name] for name in _DEFINITION}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Take the definition and make the work arrays."""
        self.__dict__.update(state)
        self._build()

    def follow(self, before: "WellSolver") -> None:
        """Take over the remembered step length."""
        self.step_length = before.step_length

    def _build(self) -> None:
        reactions, n_site = self.reactions, self.well.n_site
        self._rules = well.WellRules(
            is_solved=reactions.is_solved(),
            decay=np.array(reactions.decay, dtype=float),
            supply=np.array(reactions.supply, dtype=float),
            half_saturation=reactions.transport.as_array(),
            enzyme=enzyme_constants(reactions.drug),
            floor=reactions.solver.well_error_floor * reactions.error_scale(self.medium),
        )
        self._records = np.zeros((n_site, 4, well.N_RECORD))
        self._scratch = np.zeros((n_site, 4))
        self._sites = np.zeros((n_site, N_UPTAKE + 1))
        self._releases = np.zeros((n_site, len(Species)))
        self._status = np.zeros(n_site, dtype=np.int64)

    def advance(
        self,
        concentration: np.ndarray,
        defect: np.ndarray,
        capacity: np.ndarray,
        release: np.ndarray,
        activity: np.ndarray,
        dt: float,
        drug: Drug | None = None,
    ) -> IntervalResult:
        """Advance the wells by ``dt`` hours; arguments and result as of ``TissueSolver.advance``.

        Raises NumericalError with species, site and value where a step does not converge; the
        arrays then hold the state before the call.
        """
        self._rules.enzyme[:] = enzyme_constants(self.reactions.drug if drug is None else drug)
        volume_factor = FMOL_PER_UM_PL * self.well.volume
        n_species = len(Species)
        self._sites[:, :N_UPTAKE] = capacity.T / volume_factor
        self._sites[:, N_UPTAKE] = activity
        self._releases[:] = release.T / (volume_factor * dt)
        start = self._records[:, 0]
        start[:, :n_species] = concentration.T
        start[:, n_species : 2 * n_species] = defect.T
        control = np.stack([np.minimum(self.step_length, dt), np.zeros(self.well.n_site)], axis=1)
        tolerance = np.array([self.reactions.solver.well_step_error, LEAST_STEP_SHARE * dt])
        well.advance_sites(
            self._rules, self._sites, self._releases, dt, tolerance, self._records, self._scratch,
            control, self._status,
        )  # fmt: skip
        if np.any(self._status != DONE):
            self._fail(dt)
        self.step_length = control[:, 0].copy()
        concentration[:] = start[:, :n_species].T
        defect[:] = start[:, n_species : 2 * n_species].T
        amount = start[:, well.AMOUNT :].sum(axis=0).reshape(n_species, len(Flux))
        exposure = np.ascontiguousarray(start[:, well.EXPOSURE : well.AMOUNT].T)
        return IntervalResult(
            exposure, amount * volume_factor, defect.sum(axis=1) * volume_factor,
            int(control[:, 1].max()), 0, 0,
        )  # fmt: skip

    def _fail(self, dt: float) -> None:
        site = int(np.flatnonzero(self._status)[0])
        solved = np.flatnonzero(self._rules.is_solved)
        record = self._records[site, 1]
        size = np.nan_to_num(np.abs(record[len(Species) + solved]), nan=np.inf)
        species = Species(int(solved[int(size.argmax())]))
        raise NumericalError(
            f"{species.name.lower()} of well {site} did not converge in an interval of "
            f"{dt * SECONDS_PER_HOUR:g} s: it holds {record[species]:g} uM with a defect of "
            f"{record[len(Species) + species]:g} uM"
        )
