"""How patients of a trial differ, as data: spreads per preset, assay errors, who takes part.

Spreads are lognormal and independent, Eq. (P16)-(P19); a product holds one :class:`Variability` per
preset. :mod:`abm.pharmacology.cohort` draws from them.
"""

from dataclasses import dataclass

from abm.parameters import ParameterSet, parameter

_NOT_PUBLISHED = "0: not published for this preset"
_ASSAY = "Fernandez 2013, PMC3731178 (coupled assay, range 0.025-2.2 IU/mL)"


@dataclass(frozen=True, kw_only=True)
class Variability(ParameterSet):
    """Spreads of one preset: standard deviations of logarithms, shares, and the assay."""

    clearance_sd_log: float = parameter(0.0, high=3.0, source=_NOT_PUBLISHED)
    """Spread of the clearance between patients."""
    volume_sd_log: float = parameter(0.0, high=3.0, source=_NOT_PUBLISHED)
    """Spread of the (central) volume between patients."""
    peripheral_volume_sd_log: float = parameter(0.0, high=3.0, source=_NOT_PUBLISHED)
    """Spread of the peripheral volume between patients."""
    transit_sd_log: float = parameter(0.0, high=1.0, source=_NOT_PUBLISHED)
    """Spread of the rate of ageing between patients."""
    bioavailability_sd_log: float = parameter(0.0, high=2.0, source=_NOT_PUBLISHED)
    """Spread of the share absorbed from muscle between patients."""
    absorption_sd_log: float = parameter(0.0, high=2.0, source=_NOT_PUBLISHED)
    """Spread of the rate of absorption from muscle between patients."""
    occasion_sd_log: float = parameter(0.0, high=2.0, source=_NOT_PUBLISHED)
    """Spread of the clearance between the doses of one patient."""
    inactivated_share: float = parameter(0.0, high=1.0, source=_NOT_PUBLISHED)
    """Share of patients without activity from the first dose on."""
    proportional_error: float = parameter(0.09, high=1.0, source=_ASSAY)
    """Coefficient of variation of the activity assay."""
    additive_error: float = parameter(0.0, unit="IU/mL", high=1.0, source=_NOT_PUBLISHED)
    """Standard deviation of the activity assay at no activity."""
    quantification_limit: float = parameter(0.025, unit="IU/mL", high=1.0, source=_ASSAY)
    """Activity below which the assay reports none."""


@dataclass(frozen=True, kw_only=True)
class Demographics(ParameterSet):
    """Who takes part in a trial; ages are lognormal and clipped, Eq. (P19)."""

    median_age: float = parameter(
        5.5, unit="yr", low=0.5, high=100.0, source="assumption A184: childhood ALL"
    )
    """Median age."""
    age_sd_log: float = parameter(0.65, high=2.0, source="assumption A184: childhood ALL")
    """Spread of the logarithm of the age."""
    lowest_age: float = parameter(1.0, unit="yr", high=100.0, source="assumption A184")
    """Youngest age."""
    highest_age: float = parameter(18.0, unit="yr", low=0.5, high=120.0, source="assumption A184")
    """Oldest age."""
    male_share: float = parameter(0.56, high=1.0, source="assumption A184")
    """Share of boys."""
    weight_sd_log: float = parameter(0.15, high=1.0, source="assumption A185")
    """Spread of the logarithm of the weight at a given age."""
    weight_constant: float = parameter(8.0, unit="kg", low=1.0, source="assumption A185")
    """Constant of the weight as a polynomial of age (fits from one year on)."""
    weight_per_year: float = parameter(1.6, unit="kg/yr", source="assumption A185")
    """Linear term of the weight."""
    weight_per_square_year: float = parameter(0.08, unit="kg/yr**2", source="assumption A185")
    """Quadratic term of the weight."""
    grown_age: float = parameter(18.0, unit="yr", low=1.0, high=120.0, source="assumption A185")
    """Age from which the weight no longer rises."""


CHILDREN = Demographics()
"""Children with leukaemia, 1 to 18 years."""
