"""Sites, nutrients and drug of a scenario: everything outside the cells."""

from collections.abc import Mapping

import numpy as np

from abm.environment import media
from abm.environment import tissue as grid
from abm.environment import well as well_geometry
from abm.environment.body_solver import BodySolver
from abm.environment.field_solver import TissueSolver
from abm.environment.fluxes import Flux
from abm.environment.plasma import Plasma, PlasmaParameters
from abm.environment.reactions import (
    DiffusionParameters,
    Reactions,
    SolverParameters,
    TransportParameters,
)
from abm.environment.well import WellSolver
from abm.facts import Facts
from abm.ledger import Ledger
from abm.pharmacology.cohort import Cohort
from abm.pharmacology.products import Patient, Sex, find_product
from abm.pharmacology.regimen import Amount, AmountKind, Dose, Regimen, Route
from abm.processes.cell_parameters import CellParameters
from abm.processes.dosing import Dosing, DosingParameters, parse_rule
from abm.processes.medium_change import MediumChange, MediumChangeParameters
from abm.processes.nutrients import Solver
from abm.processes.process import AbstractProcess
from abm.processes.respiration import Respiration, RespirationParameters
from abm.processes.therapy import TherapyDosing
from abm.state.sites import Sites, Species
from abm.streams import Streams
from scenarios.bodies import Bodies
from scenarios.overrides import Overrides
from scenarios.schema import Scenario
from scenarios.schema.environment import Body, Recipe, Serum, Tissue, Well
from scenarios.therapy import has_therapy, make_dosing, make_therapy, stop_ticks
from scenarios.vessels import vessel_voxels

_AMOUNT_KINDS = {
    "IU/m2": AmountKind.PER_SURFACE_AREA,
    "IU/kg": AmountKind.PER_WEIGHT,
    "IU": AmountKind.ABSOLUTE,
    "IU/mL": AmountKind.PER_VOLUME,
}


class Surroundings:
    """Reads the environment and the treatment of a scenario.

    sites   : the filled sites
    medium  : float64[n_species] [uM], what wells start with or plasma holds
    species : what is solved; the others stay at their value in the medium
    stops   : ticks of doses and changes of medium
    tissue  : its geometry, None elsewhere
    bodies  : the patients, None elsewhere
    plasma  : what the vessels of a tissue carry
    """

    def __init__(
        self,
        scenario: Scenario,
        overrides: Overrides,
        streams: Streams,
        cell: CellParameters,
        weights: np.ndarray | None = None,
        cohort: Cohort | None = None,
    ) -> None:
        """``weights``: float64[n_replicate] [kg], of the patients of a batch, ``cohort``: they.

        Without a cohort all bodies are those of the patient of the scenario.
        """
        self._scenario = scenario
        environment = scenario.environment
        self.species = tuple(sorted(Species[name.upper()] for name in environment.species))
        self.tissue: grid.Tissue | None = None
        self.bodies: Bodies | None = None
        grid_shape: tuple[int, ...] | None = None
        gas = overrides.apply("gas", media.GasParameters())
        self._oxygen = gas.oxygen(environment.oxygen)
        if isinstance(environment, Tissue):
            self.medium = self._mix(environment.medium)
            self.tissue = self._make_tissue(environment, streams)
            grid_shape = self.tissue.shape
            self.sites = Sites.filled(self.medium, self.tissue.site_volume())
        elif isinstance(environment, Body):
            self.medium = self._mix(environment.medium)
            self.bodies = Bodies(scenario, environment, overrides, self.medium, weights)
            self.sites = self.bodies.sites
        else:
            self.medium = self._mix(environment.medium, environment.serum)
            volume = np.full(scenario.replicates, environment.volume)
            self.sites = Sites.filled(self.medium, volume)
        plasma = overrides.apply("plasma", PlasmaParameters())
        self.plasma = None if self.tissue is None else Plasma(plasma, self.medium)
        _apply_formulas(scenario, self.sites, self.tissue)
        share = environment.interstitial_activity if isinstance(environment, Tissue) else 1.0
        self._dosing_parameters = overrides.apply(
            "dosing", DosingParameters(interstitial_share=share)
        )
        self._medium_change_parameters = overrides.apply("medium_change", MediumChangeParameters())
        self._transport = TransportParameters(
            half_saturation_asn=cell.asn_half_saturation,
            half_saturation_gln=cell.gln_half_saturation,
            half_saturation_glu=cell.glu_half_saturation,
            half_saturation_eaa=cell.eaa_half_saturation,
        )
        self._diffusion = overrides.apply("diffusion", DiffusionParameters())
        self._solver_parameters = overrides.apply("solver", SolverParameters())
        self._respiration = overrides.apply("respiration", RespirationParameters())
        clamp = environment.clamp if isinstance(environment, Well) else ()
        self._clamped = frozenset(Species[name.upper()] for name in clamp)
        self.regimen = None if self.bodies is not None else self._read_regimen()
        self.changes = self._read_changes()
        self.stops = (*(self.regimen.stops if self.regimen else ()), *self.changes)
        self.dosing: TherapyDosing | None = None
        if self.bodies is not None:
            therapy = make_therapy(scenario, cohort, seed=int(streams.seed), overrides=overrides)
            if has_therapy(scenario):
                self.stops = stop_ticks(scenario, therapy)
                self.dosing = make_dosing(
                    scenario, therapy, self._dosing_parameters, self.bodies.body.site_activity,
                    is_single=None if cohort is None else False,
                )  # fmt: skip
        self.facts = Facts(
            species=self.species,
            grid_shape=grid_shape,
            spacing=0.0 if self.tissue is None else self.tissue.spacing,
            site_names=() if self.bodies is None else self.bodies.site_names,
            notes=self._notes(),
        )

    def processes(self, ledger: Ledger) -> list[AbstractProcess]:
        """Return dosing and changes of medium, where the scenario has them."""
        found: list[AbstractProcess] = []
        if self.regimen is not None:
            rules = [
                parse_rule({"when": rule.when.text, "do": rule.do})
                for rule in self._scenario.treatment.rules
            ]
            found.append(Dosing(self.regimen, self._dosing_parameters, rules, self._site_share()))
        if self.dosing is not None:
            found.append(self.dosing)
        if self.changes:
            found.append(
                MediumChange(self.changes, self._medium_change_parameters, self.regimen, ledger)
            )
        if self.has_respiration:
            assert self.tissue is not None
            oxygen = float(self.medium[Species.O2])
            found.append(
                Respiration(
                    self._respiration,
                    self.tissue,
                    self._diffusion,
                    self._solver_parameters,
                    oxygen,
                    ledger,
                )
            )
        return found

    @property
    def has_respiration(self) -> bool:
        """Whether oxygen is solved, and used up by the cells of a tissue."""
        return self.tissue is not None and Species.O2 in self.species

    def solver(self) -> Solver:
        """Return the solver of the nutrients at the sites."""
        others = self._clamped | ({Species.O2} if self.has_respiration else set())
        reactions = Reactions(
            species=tuple(one for one in self.species if one not in others),
            transport=self._transport,
            diffusion=self._diffusion,
            solver=self._solver_parameters,
        )
        if self.tissue is not None:
            return TissueSolver(self.tissue, reactions, self.medium)
        if self.bodies is not None:
            return self.bodies.solver(reactions)
        well = well_geometry.Well(self.sites.n, float(self.sites.volume[0]))
        return WellSolver(well, reactions, self.medium)

    @property
    def sites_per_replicate(self) -> int:
        """Sites of one replicate, where there may be several replicates."""
        return 1 if self.bodies is None else self.bodies.sites_per_replicate

    @property
    def flux_names(self) -> Mapping[Flux, str]:
        """What the ledger calls a flux where it is not the flux's own name."""
        return {} if self.bodies is None else BodySolver.flux_names

    def _mix(self, recipe: Recipe | None, serum: Serum | None = None) -> np.ndarray:
        """Return a medium with its serum and O2, float64[n_species] [uM]; zeros without one."""
        if recipe is None:
            return np.zeros(len(Species))
        return media.medium(
            recipe.base,
            0.0 if serum is None else serum.fraction,
            serum is None or serum.dialysed,
            without=[Species[name.upper()] for name in recipe.without],
            add={Species[name.upper()]: value for name, value in recipe.add.items()},
            oxygen=self._oxygen,
        )

    def _site_share(self) -> float | np.ndarray:
        """Return what each site gets of every dose: one number, or float64[n_site] in wells."""
        environment = self._scenario.environment
        if not isinstance(environment, Well) or environment.dose_factors is None:
            return 1.0
        return np.resize(np.array(environment.dose_factors, float), self.sites.n)

    def _make_tissue(self, environment: Tissue, streams: Streams) -> grid.Tissue:
        n_x, n_y, *n_z = environment.n_voxels
        edges = {
            face: self.medium if kind == "fixed" else None
            for face, kind in environment.edge_kinds.items()
        }
        vessels = environment.vessels
        return grid.Tissue(
            n_x=n_x,
            n_y=n_y,
            n_z=n_z[0] if n_z else None,
            spacing=environment.spacing,
            thickness=environment.depth,
            extracellular_fraction=environment.extracellular_fraction,
            edges=grid.Edges(**edges),
            is_vessel=None if vessels is None else vessel_voxels(environment, vessels, streams),
            exchange_rate=None if vessels is None else vessels.exchange_rate,
        )

    def _read_regimen(self) -> Regimen | None:
        scenario = self._scenario
        treatment, time = scenario.treatment, scenario.time
        if not treatment.doses:
            return None
        patient = None
        if treatment.patient is not None:
            given = treatment.patient.model_dump(exclude_none=True)
            if "sex" in given:
                given["sex"] = Sex.parse(given["sex"])
            patient = Patient(**given)
        doses = []
        for i, dose in enumerate(treatment.doses):
            route = Route.DISH if patient is None else Route[(dose.route or "iv").upper()]
            for at in dose.at:
                doses.append(
                    Dose(
                        product=find_product(dose.product),
                        preset=dose.preset,
                        amount=Amount(dose.amount.value, _AMOUNT_KINDS[dose.amount.unit]),
                        route=route,
                        tick=time.ticks(at),
                        infusion_ticks=0 if dose.infusion is None else time.ticks(dose.infusion),
                        where=scenario.located(f"treatment.doses.{i}"),
                    )
                )
        return Regimen(
            doses, n_ticks=time.end_ticks, patient=patient, tick_minutes=float(time.tick)
        )

    def _read_changes(self) -> dict[int, tuple[int, np.ndarray]]:
        environment, time = self._scenario.environment, self._scenario.time
        if not isinstance(environment, Well):
            return {}
        changes = {}
        medium, serum = environment.medium, environment.serum
        for event in sorted(environment.events, key=lambda event: event.at):
            medium = event.medium or medium
            serum = serum if event.serum is None else event.serum
            changes[time.ticks(event.at)] = (event.wash or 0, self._mix(medium, serum))
        return changes

    def _notes(self) -> dict[str, object]:
        """Return what run.json says of the surroundings."""
        notes: dict[str, object] = {"doses": self._describe_doses()}
        if self._scenario.treatment.rules:
            notes["has_rules"] = True
        environment = self._scenario.environment
        if isinstance(environment, Well) and environment.dose_factors is not None:
            notes["dose_factors"] = list(environment.dose_factors)
        return notes

    def _describe_doses(self) -> list[tuple[float, str]]:
        return [
            (at, f"{d.product} {d.amount.value:g} {d.amount.unit}")
            for d in self._scenario.treatment.doses
            for at in d.at
        ]


def _apply_formulas(scenario: Scenario, sites: Sites, tissue: grid.Tissue | None) -> None:
    environment = scenario.environment
    initial = {} if isinstance(environment, Body) else environment.initial
    if not initial:
        return
    places = [np.zeros(sites.n)] * 3
    if tissue is not None:
        centers = tissue.centers()
        places[: len(centers)] = centers
    x, y, z = places
    r = np.hypot(x - x.mean(), y - y.mean())
    if tissue is not None and tissue.n_z is not None:
        r = np.hypot(r, z - z.mean())
    for name, formula in initial.items():
        values = formula.evaluate(x=x, y=y, z=z, r=r)
        sites.concentration[Species[name.upper()]] = values
