"""How the leukaemia differs between virtual patients: subtype, methylation, ASNS, growth, burden.

Every draw is a function of (seed, key of the patient), so that it depends neither on the arm nor on
who else is in the cohort.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import NamedTuple

import numpy as np

from abm.parameters import ParameterSet, parameter
from abm.pharmacology.cohort import Cohort
from abm.streams import Stream

_FAVOURABLE, _MIDDLE, _POOR = 0.8, 0.5, 0.15


class Subtype(NamedTuple):
    """A genetic subtype: how frequent, and in what share of its patients ASNS is methylated."""

    title: str
    frequency: float
    methylated: float


SUBTYPES: Mapping[str, Subtype] = MappingProxyType(
    {
        "tel-aml1": Subtype("ETV6-RUNX1 (TEL-AML1)", 0.22, _FAVOURABLE),
        "hyperdiploid": Subtype("high hyperdiploid", 0.27, _FAVOURABLE),
        "other-b": Subtype("other precursor B", 0.29, _MIDDLE),
        "t-all": Subtype("T-ALL", 0.14, _MIDDLE),
        "kmt2a": Subtype("KMT2A-rearranged", 0.04, _POOR),
        "ph": Subtype("Ph+ (BCR-ABL1)", 0.04, _POOR),
    }
)
"""Frequencies in childhood ALL (assumption A420), share with methylated ASNS (assumption A421)."""


@dataclass(frozen=True, kw_only=True)
class Disease(ParameterSet):
    """Spreads of the disease between patients; factors are lognormal with median 1."""

    median_blasts: float = parameter(
        1e12, low=1e3, high=1e13, source="Campana & Pui 1995, from memory; assumption A424"
    )
    """Blasts at diagnosis, median patient."""
    blasts_sd_log: float = parameter(0.6, high=3.0, source="assumption A424")
    """Spread of the logarithm of the burden."""
    most_blasts: float = parameter(1.5e12, low=1e3, high=1e13, source="assumption A424")
    """Largest burden; what lies above is set to it."""
    asns_sd_log: float = parameter(
        0.78, high=3.0, source="assumption A423, from Stams 2005, Blood 105:4223"
    )
    """Spread of the logarithm of the ASNS set-point."""
    growth_sd_log: float = parameter(0.3, high=2.0, source="assumption A425")
    """Spread of the logarithm of the growth rate."""
    kill_sd_log: float = parameter(0.3, high=2.0, source="assumption A426")
    """Spread of the logarithm of the factor on death under starvation."""
    minor_share: float = parameter(1e-5, high=0.5, source="assumption A422")
    """Share of the blasts that have the other methylation than most, median patient."""
    minor_sd_log: float = parameter(1.6, high=5.0, source="assumption A422")
    """Spread of the logarithm of that share."""


class Diseases(NamedTuple):
    """The disease of n patients; float64[n] where nothing else is said.

    subtype    : name of each patient's subtype, length n
    methylated : float64[n, 3], shares of the blasts with 0, 1 and 2 methylated ASNS alleles
    blasts     : int64[n], blasts at diagnosis
    """

    subtype: tuple[str, ...]
    methylated: np.ndarray
    blasts: np.ndarray
    asns_factor: np.ndarray
    growth_factor: np.ndarray
    kill_factor: np.ndarray

    def part(self, here: slice) -> "Diseases":
        """Return those of some patients."""
        names = self.subtype[here]
        return Diseases(names, *(values[here] for values in self[1:]))  # type: ignore[arg-type]


def draw_diseases(cohort: Cohort, disease: Disease, frequencies: Mapping[str, float]) -> Diseases:
    """Return the disease of every patient of ``cohort``; ``frequencies`` need not sum to 1."""
    of_subtype, of_methylation = cohort.uniforms(Stream.VIRTUAL_DISEASE, draw=0)
    asns, growth = cohort.normals(Stream.VIRTUAL_DISEASE, draw=1)
    kill, burden = cohort.normals(Stream.VIRTUAL_DISEASE, draw=2)
    minor, _ = cohort.normals(Stream.VIRTUAL_DISEASE, draw=3)
    subtype = _choose(frequencies, of_subtype)
    share = np.array([SUBTYPES[name].methylated for name in subtype])
    other = np.minimum(disease.minor_share * np.exp(disease.minor_sd_log * minor), 0.5)
    return Diseases(
        subtype,
        methylation_shares(of_methylation < share, other),
        whole_blasts(disease.median_blasts * np.exp(disease.blasts_sd_log * burden), disease),
        np.exp(disease.asns_sd_log * asns),
        np.exp(disease.growth_sd_log * growth),
        np.exp(disease.kill_sd_log * kill),
    )


def methylation_shares(is_methylated: np.ndarray, minor: np.ndarray) -> np.ndarray:
    """Return float64[n, 3]: most blasts with both alleles methylated or neither, a share not so."""
    shares = np.zeros((minor.shape[0], 3))
    shares[:, 2] = np.where(is_methylated, 1.0 - minor, minor)
    shares[:, 0] = 1.0 - shares[:, 2]
    return shares


def whole_blasts(blasts: np.ndarray, disease: Disease) -> np.ndarray:
    """Return int64[n], at least one cell and at most ``most_blasts``."""
    return np.clip(np.rint(blasts), 1.0, disease.most_blasts).astype(np.int64)


def _choose(frequencies: Mapping[str, float], uniforms: np.ndarray) -> tuple[str, ...]:
    """Return a subtype for each number in (0, 1), in the order of :data:`SUBTYPES`."""
    names: Sequence[str] = [name for name in SUBTYPES if frequencies.get(name, 0.0) > 0.0]
    edges = np.cumsum([frequencies[name] for name in names])
    places = np.searchsorted(edges, uniforms * edges[-1], side="right")
    return tuple(names[place] for place in np.minimum(places, len(names) - 1).tolist())
