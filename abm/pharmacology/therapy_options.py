"""What takes part in a therapy, and what the clinic knows when doses fall due."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from abm.parameters import ParameterSet, parameter
from abm.pharmacology.immunity import ImmunityParameters
from abm.pharmacology.partners import PartnerParameters
from abm.pharmacology.sensitisation import ExposureParameters
from abm.pharmacology.toxicity import ToxicityParameters

_EXTENDED_BFM = "extended AIEOP-BFM model, 2535 patients (abstract); phases: assumption A370"


@dataclass(frozen=True, kw_only=True)
class CourseParameters(ParameterSet):
    """What happens between doses."""

    later_clearance: float = parameter(0.4, low=0.01, high=10.0, source=_EXTENDED_BFM)
    """Clearance of pegaspargase after induction over that of the first dose (phase effect)."""
    later_volume: float = parameter(0.7, low=0.1, high=10.0, source=_EXTENDED_BFM)
    """The same of the volume."""
    switch_days: float = parameter(2.0, unit="d", high=100.0, source="assumption A383")
    """Days from a reaction or its finding to the first dose of the other product."""


@dataclass(frozen=True, kw_only=True)
class TherapyOptions:
    """What takes part in a therapy; without anything it is that of the typical patient.

    is_drawn     : patients differ beyond their covariates (kinetics, assay, partner drugs)
    antibodies   : titres rise under exposure and end the activity
    toxicity     : toxicities interrupt or end the enzyme
    dose_cap     : largest single dose of pegylated enzyme [IU], infinite for none
    switch_to    : product after an allergy, empty for none
    phase_effect : later doses of pegaspargase are removed more slowly
    """

    is_drawn: bool = False
    antibodies: bool = False
    toxicity: bool = False
    dose_cap: float = np.inf
    switch_to: str = ""
    phase_effect: bool = False
    course: CourseParameters = CourseParameters()
    immunity: ImmunityParameters = ImmunityParameters()
    exposure: ExposureParameters = ExposureParameters()
    toxicities: ToxicityParameters = ToxicityParameters()
    partners: PartnerParameters = PartnerParameters()


class Observed(NamedTuple):
    """What the clinic knows of the patients when doses fall due; None: nothing is known.

    is_withheld : bool[n], rules of the run pause or skip the dose
    mrd         : float64[n], last MRD as a share of marrow cells, nan where none was taken
    """

    is_withheld: np.ndarray | None = None
    mrd: np.ndarray | None = None
