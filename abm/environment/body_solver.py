"""The solver of the concentrations in bodies, with the interface of ``WellSolver``."""

import warnings
from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from abm.environment.body import N_COMPARTMENT, Body, Compartment, Consumption
from abm.environment.fluxes import Flux, IntervalResult
from abm.environment.reactions import Reactions
from abm.environment.well import LEAST_STEP_SHARE
from abm.errors import NumericalError, ScenarioError
from abm.kernels import body as kernel
from abm.kernels import body_step
from abm.kernels.field_arrays import DONE
from abm.state.sites import N_UPTAKE, Drug, Species
from abm.units import FMOL_PER_UM_PL

_FMOL_PER_UMOL = 1e9
_DEFINITION = ("body", "reactions", "consumption", "step_length", "is_warned")
_SHARING = ((Compartment.PLASMA, Compartment.MARROW), (Compartment.CSF,), (Compartment.TISSUE,))
"""Compartments that live on one supply: blood carries to the marrow what it gets itself."""


class BodySolver:
    """Advances the concentrations of bodies; holds work arrays and the remembered step lengths.

    ``step_length`` (float64[n_replicate], h) and ``is_warned`` (whether it was said that the cells
    want more than the host brings) belong to a checkpoint; concentrations and defect are the
    caller's.
    """

    flux_names: ClassVar[Mapping[Flux, str]] = {
        Flux.SUPPLY: "host supply",
        Flux.DECAY: "host clearance",
    }
    """Names in the ledger where they differ from those of the fluxes."""

    def __init__(
        self, body: Body, reactions: Reactions, consumption: Consumption = Consumption.HOST
    ) -> None:
        self.body, self.reactions, self.consumption = body, reactions, consumption
        self.step_length = np.full(body.n_replicate, np.inf)
        self.is_warned = False
        self._build()

    def __getstate__(self) -> dict[str, Any]:
        """Pickle the definition only; work arrays are made anew."""
        return {name: self.__dict__[name] for name in _DEFINITION}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Take the definition and make the work arrays."""
        self.__dict__.update(state)
        self._build()

    def follow(self, before: "BodySolver") -> None:
        """Take over step lengths, the lag of the body and what was said."""
        self.step_length, self.is_warned = before.step_length, before.is_warned
        self.body.restore(before.body.snapshot())

    def _build(self) -> None:
        body, reactions, n = self.body, self.reactions, self.body.n_replicate
        solver = reactions.solver
        self._rules = body_step.BodyRules(
            is_solved=reactions.is_solved(),
            **body.flows._asdict(),
            contact=body.contact(),
            half_saturation=reactions.transport.as_array(),
            floor=solver.well_error_floor * reactions.error_scale(body.normal),
            is_host=self.consumption is Consumption.HOST,
        )
        self._volume = body.site_volume()
        self._enzyme = np.zeros((n, 3))
        self._control = np.zeros((n, 2))
        self._records = np.zeros((n, kernel.N_ROW, body_step.N_RECORD))
        rows = len(Species) + body_step.N_SCRATCH
        self._scratch = np.zeros((n, rows, N_COMPARTMENT))
        self._rates = np.zeros((n, N_UPTAKE + len(Species), N_COMPARTMENT))
        self._status = np.zeros(n, np.int64)

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
        """Advance the bodies by ``dt`` hours; arguments and result as of ``WellSolver.advance``.

        The fields of ``drug`` but its activity may be float64[n_replicate]. Raises NumericalError
        with species, body, compartment and value where a step does not converge; the arrays of that
        body then hold the state before the call.
        """
        self._set_enzyme(self.reactions.drug if drug is None else drug)
        if self.consumption is Consumption.PLASMA and not self.is_warned:
            self._compare_demand(capacity)
        np.minimum(self.step_length, dt, out=self._control[:, 0])
        bodies = kernel.Bodies(
            concentration, defect, capacity, release, activity, self._volume, self._enzyme,
            self._control, self._records, self._scratch, self._rates, self._status,
        )  # fmt: skip
        solver = self.reactions.solver
        tolerance = np.array([solver.body_step_error, LEAST_STEP_SHARE * dt])
        kernel.advance_bodies(self._rules, bodies, dt, tolerance)
        if np.any(self._status != DONE):
            self._fail(dt)
        self.step_length[:] = self._control[:, 0]
        return self._result(defect)

    def _result(self, defect: np.ndarray) -> IntervalResult:
        result, n_species = self._records[:, 0], len(Species)
        amount = result[:, body_step.AMOUNT :].sum(axis=0).reshape(n_species, len(Flux))
        exposure = result[:, body_step.EXPOSURE : body_step.AMOUNT]
        exposure = exposure.reshape(-1, N_UPTAKE, N_COMPARTMENT).transpose(1, 0, 2)
        return IntervalResult(
            np.ascontiguousarray(exposure.reshape(N_UPTAKE, -1)),
            amount,
            FMOL_PER_UM_PL * (defect * self._volume).sum(axis=1),
            int(self._control[:, 1].max()), 0, 0,
        )  # fmt: skip

    def _set_enzyme(self, drug: Drug) -> None:
        constants = (drug.half_saturation_asn, drug.half_saturation_gln, drug.glutaminase_share)
        for column, value in enumerate(constants):
            self._enzyme[:, column] = value
        if not (np.all(self._enzyme[:, :2] > 0.0) and np.all(self._enzyme[:, 2] >= 0.0)):
            raise ScenarioError(
                f"drug: half-saturations must be > 0 and the share >= 0, got {constants}"
            )

    def _compare_demand(self, capacity: np.ndarray) -> None:
        """Warn, once, where uptake at rest is more than what the host brings when all is gone.

        What cells export is left out: it comes later, and less of it the less they find.
        """
        half = self.reactions.transport.as_array()
        normal = self.body.initial()[:2]
        rival = normal[::-1] / half[1::-1, None]
        saturation = normal / (half[:2, None] * (1.0 + rival) + normal)
        demand = capacity[:2] * saturation
        shape = (2, self.body.n_replicate, N_COMPARTMENT)
        supply = FMOL_PER_UM_PL * self._volume.reshape(shape[1:]) * self._most_supply()[:, None]
        demand = demand.reshape(shape)
        for species in (Species.ASN, Species.GLN):
            if not self._rules.is_solved[species]:
                continue
            for group in _SHARING:
                wanted = demand[species][:, group].sum(axis=1)
                brought = supply[species][:, group].sum(axis=1)
                if np.any(wanted > brought):
                    self._warn(species, group, wanted, brought)
                    return

    def _most_supply(self) -> np.ndarray:
        """Return what the host brings to empty compartments, float64[2, N_COMPARTMENT] [uM/h]."""
        flows, normal = self.body.flows, self.body.normal[:2]
        supply = flows.source[:2].copy()
        supply[:, Compartment.PLASMA] = (
            self.body.parameters.clearance(self.body.normal)[:2] * normal
        )
        supply[:, Compartment.CSF] += flows.drawn[:2, Compartment.CSF] * normal
        return supply

    def _warn(
        self,
        species: Species,
        group: tuple[Compartment, ...],
        wanted: np.ndarray,
        brought: np.ndarray,
    ) -> None:
        self.is_warned = True
        worst = int((wanted - brought).argmax())
        where = " and ".join(one.name.lower() for one in group)
        warnings.warn(
            f"consumption: plasma: the cells in {where} would take up "
            f"{wanted[worst] / _FMOL_PER_UMOL:.3g} umol/h of {species.name.lower()}, the host "
            f"brings at most {brought[worst] / _FMOL_PER_UMOL:.3g}: it runs down; in a patient the "
            "host makes more, which is what consumption: host says",
            stacklevel=2,
        )

    def _fail(self, dt: float) -> None:
        worst = int(np.flatnonzero(self._status)[0])
        record = self._records[worst, 1]
        shape = (len(Species), N_COMPARTMENT)
        values = record[: body_step.DEFECT].reshape(shape)
        left = record[body_step.DEFECT : body_step.EXPOSURE].reshape(shape)
        size = np.nan_to_num(np.abs(left), nan=np.inf)
        size[~self._rules.is_solved] = -1.0
        row, column = np.unravel_index(int(size.argmax()), shape)
        raise NumericalError(
            f"{Species(int(row)).name.lower()} in the {Compartment(int(column)).name.lower()} of "
            f"body {worst} did not converge in an interval of {dt:g} h: it holds "
            f"{values[row, column]:g} uM with a defect of {left[row, column]:g} uM"
        )
