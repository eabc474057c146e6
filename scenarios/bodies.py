"""The sites of a body, or of the bodies of a batch of patients, and what solves them."""

import numpy as np

from abm.environment.body import COMPARTMENT_NAMES, N_COMPARTMENT, Body, BodyParameters, Consumption
from abm.environment.body_solver import BodySolver
from abm.environment.reactions import Reactions
from abm.errors import ScenarioError
from abm.pharmacology.patient import Patient
from abm.state.sites import Sites
from scenarios.overrides import Overrides
from scenarios.schema import Scenario
from scenarios.schema import environment as schema


class Bodies:
    """Reads an environment of kind ``body``; the patients are its replicates.

    body  : volumes, flows and how far the enzyme reaches
    sites : the filled sites, ``N_COMPARTMENT`` of each patient one after the other
    """

    sites_per_replicate = N_COMPARTMENT
    site_names = COMPARTMENT_NAMES

    def __init__(
        self,
        scenario: Scenario,
        environment: schema.Body,
        overrides: Overrides,
        normal: np.ndarray,
        weights: np.ndarray | None = None,
    ) -> None:
        """Make the sites; ``weights``, float64[n_replicate] [kg], by default those of the scenario.

        ``normal``: float64[n_species] [uM], plasma without drug. Raises ScenarioError where the
        parameters cannot be, or where the number of weights is not that of the replicates.
        """
        defaults = BodyParameters(
            asparagine_input=environment.asparagine_input,
            tissue_reach=environment.tissue_reach,
            reach_lag=environment.reach_lag,
            proteolysis=environment.proteolysis,
            csf_enzyme=environment.csf_enzyme,
        )
        parameters = overrides.apply("body", defaults)
        if weights is None:
            weights = np.full(scenario.replicates, _weight(scenario, parameters))
        if weights.shape != (scenario.replicates,):
            raise ScenarioError(
                f"body: {weights.size} weights for {scenario.replicates} patients: give one each"
            )
        self.body = Body(weights, normal, parameters)
        self.sites = Sites.filled(normal, self.body.site_volume())
        self.sites.concentration[:] = self.body.initial()
        self._consumption = Consumption[environment.consumption.upper()]

    def solver(self, reactions: Reactions) -> BodySolver:
        """Return the solver of the nutrients in all bodies."""
        return BodySolver(self.body, reactions, self._consumption)


def _weight(scenario: Scenario, parameters: BodyParameters) -> float:
    """Return the weight of the patient [kg], that of a child where none is given."""
    patient = scenario.treatment.patient
    if patient is None or (patient.bsa is None and patient.weight is None):
        return parameters.reference_weight
    return Patient(bsa=patient.bsa, weight=patient.weight).body_weight
