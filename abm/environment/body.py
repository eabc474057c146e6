"""A body: plasma, marrow, CSF and a tissue pool, and what flows between them; docs/body.md.

All volumes scale with the weight of the patient, so that the rates are the same in all bodies.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, NamedTuple

import numpy as np

from abm.errors import ScenarioError
from abm.kernels.elementary import exp
from abm.parameters import ParameterSet, parameter
from abm.state.sites import Species
from abm.units import MINUTES_PER_HOUR

PL_PER_LITRE = 1e12


class Compartment(IntEnum):
    """Compartment of a body; site = 4 x replicate + compartment."""

    PLASMA = 0
    MARROW = 1
    CSF = 2
    TISSUE = 3


N_COMPARTMENT = len(Compartment)
COMPARTMENT_NAMES = tuple(one.name.lower() for one in Compartment)


class Consumption(IntEnum):
    """Who provides what the cells take up."""

    HOST = 0
    """The host, at once: uptake and release of cells change no concentration (assumption A346)."""
    PLASMA = 1
    """The compartment in which the cell is."""


ASPARAGINE_INPUTS: Mapping[str, float] = {"low": 0.75, "high": 8.0}
"""The two readings of the literature [uM/min], as in ``abm.pharmacology.asparagine``."""


@dataclass(frozen=True, kw_only=True)
class BodyParameters(ParameterSet):
    """Volumes per weight, turnover, and how far the enzyme reaches."""

    reference_weight: float = parameter(
        20.0, unit="kg", low=2.0, high=250.0, source="child of 0.79 m2, assumption A330"
    )
    """Weight where no patient is given."""
    plasma_volume: float = parameter(
        0.045, unit="L/kg", low=0.01, high=0.1, source="physiology: 45 mL of plasma per kg"
    )
    """Plasma per weight."""
    tissue_volume: float = parameter(
        0.55, unit="L/kg", low=0.1, high=0.8, source="water of the body outside plasma, derived"
    )
    """Tissue pool per weight; no enzyme gets there unless ``pool_reach`` says so."""
    marrow_volume: float = parameter(
        0.01, unit="L/kg", low=1e-3, high=0.05, source="assumption A331"
    )
    """Fluid between the cells of the marrow per weight."""
    csf_volume: float = parameter(0.005, unit="L/kg", low=1e-4, high=0.02, source="assumption A332")
    """Cerebrospinal fluid per weight."""
    asparagine_input: float = parameter(
        0.75, unit="uM/min", low=0.01, high=100.0,
        source="0.75: bound of Schore 2019, derived; 8: tracer turnover (A188)",
    )  # fmt: skip
    """Asn that the body gives to plasma which holds none."""
    glutamine_input: float = parameter(
        20.0, unit="uM/min", low=0.1, high=1000.0, source="Darmaun 1986, from memory"
    )
    """Gln that the body gives to plasma which holds none."""
    glutamate_clearance: float = parameter(
        2.18, unit="1/h", low=1e-3, high=20.0, source="as that of Gln, assumption A333"
    )
    """Clearance of Glu from plasma."""
    aspartate_clearance: float = parameter(
        2.18, unit="1/h", low=1e-3, high=20.0, source="as that of Gln, assumption A333"
    )
    """Clearance of Asp from plasma."""
    ammonia_clearance: float = parameter(
        2.5, unit="1/h", low=1e-3, high=20.0,
        source="assumption A334: 100-400 uM under pegaspargase (Heitink-Polle 2013, from memory)",
    )  # fmt: skip
    """Clearance of NH3 from plasma."""
    other_clearance: float = parameter(
        2.18, unit="1/h", low=1e-3, high=20.0, source="as that of Gln, assumption A333"
    )
    """Clearance of what the enzyme neither splits nor makes."""
    tissue_homeostasis: float = parameter(
        4.0, unit="1/h", low=0.01, high=1000.0, source="assumption A335"
    )
    """Rate at which the host brings the tissue pool back to its normal value."""
    marrow_exchange: float = parameter(
        20.0, unit="1/h", low=0.01, high=1000.0, source="assumption A336"
    )
    """Exchange of the marrow with plasma by its blood flow."""
    marrow_input: float = parameter(
        1.0, high=20.0, source="blood = marrow under treatment (DCOG ALL-10), assumption A337"
    )
    """What the marrow's own tissue gives and clears per volume, as a multiple of plasma's."""
    csf_turnover: float = parameter(
        0.2, unit="1/h", low=1e-3, high=10.0, source="assumption A338: four times a day or more"
    )
    """Turnover of the CSF."""
    csf_share_asn: float = parameter(
        0.104, high=2.0, source="6.1 uM at 50 in plasma and 0.9 under drug (Rizzari 2019), derived"
    )
    """Asn of the CSF as a share of that of plasma, on top of ``csf_source_asn``."""
    csf_source_asn: float = parameter(
        0.9, unit="uM", high=50.0, source="15 % of 6.1 uM stay under drug (Rizzari 2019), derived"
    )
    """Asn of the CSF that does not come from plasma."""
    csf_share_gln: float = parameter(0.91, high=2.0, source="500 uM, assumption A339")
    """Gln of the CSF as a share of that of plasma."""
    csf_share_glu: float = parameter(0.0625, high=2.0, source="5 uM, assumption A339")
    """Glu of the CSF as a share of that of plasma."""
    csf_share_asp: float = parameter(0.05, high=2.0, source="1 uM, assumption A339")
    """Asp of the CSF as a share of that of plasma."""
    csf_share_eaa: float = parameter(0.124, high=2.0, source="47 uM, assumption A339")
    """Essential amino acids of the CSF as a share of those of plasma."""
    csf_share_ser: float = parameter(1.0, high=2.0, source="assumption A362; measured about 0.2")
    """Ser that blasts of the CSF have, what they make included, as a share of that of plasma."""
    csf_share_nh3: float = parameter(0.5, high=2.0, source="assumption A339")
    """NH3 of the CSF as a share of that of plasma."""
    csf_share_glucose: float = parameter(0.6, high=2.0, source="usual ratio, assumption A339")
    """Glucose of the CSF as a share of that of plasma."""
    csf_enzyme: float = parameter(
        2e-5, high=1.0, source="assumption A340: CSF Asn falls by 85 % (Rizzari 2019)"
    )
    """Activity in the CSF as a share of that in plasma."""
    csf_contact_asn: float = parameter(3.0, unit="uM", high=50.0, source="assumption A351")
    """Asn that blasts on the meninges feel on top of the fluid, handed on by stroma."""
    tissue_reach: float = parameter(
        1.0, high=1.0, source="marrow = blood (DCOG ALL-10); interstitium 0.1-0.3, assumption A341"
    )
    """Activity in the marrow as a share of that in plasma (kappa)."""
    reach_lag: float = parameter(0.0, unit="h", high=240.0, source="0: none seen; assumption A342")
    """Mean time until the enzyme has reached the marrow."""
    proteolysis: float = parameter(
        0.0, unit="1/h", high=100.0, source="0: off; cathepsin B and LGMN, Kaspers 2019"
    )
    """Loss of the enzyme in the marrow by proteases; acts on what the lag holds back."""
    pool_reach: float = parameter(0.0, high=1.0, source="no enzyme in the pool, assumption A343")
    """Activity in the tissue pool as a share of that in plasma."""

    def clearance(self, normal: np.ndarray) -> np.ndarray:
        """Return the clearance from plasma, Eq. (B2), float64[n_species] [1/h].

        ``normal``: float64[n_species] [uM], plasma without drug; 1 uM stands for none at all.
        """
        rate = np.full(len(Species), self.other_clearance)
        rate[Species.GLU] = self.glutamate_clearance
        rate[Species.ASP] = self.aspartate_clearance
        rate[Species.NH3] = self.ammonia_clearance
        for species, given in (
            (Species.ASN, self.asparagine_input),
            (Species.GLN, self.glutamine_input),
        ):
            if normal[species] > 0.0:
                rate[species] = given * MINUTES_PER_HOUR / normal[species]
        return rate

    def csf_shares(self) -> np.ndarray:
        """Return the CSF as a share of plasma, float64[n_species]; O2 is equal."""
        shares = np.ones(len(Species))
        for species in Species:
            name = f"csf_share_{species.name.lower()}"
            shares[species] = getattr(self, name, 1.0)
        return shares

    def volumes(self) -> np.ndarray:
        """Return the volumes per weight, float64[N_COMPARTMENT] [L/kg]."""
        return np.array(
            [self.plasma_volume, self.marrow_volume, self.csf_volume, self.tissue_volume]
        )


class Flows(NamedTuple):
    """Rates of Eq. (B1), float64[n_species, N_COMPARTMENT]; as in ``abm.kernels.body_step``."""

    source: np.ndarray
    loss: np.ndarray
    entry: np.ndarray
    back: np.ndarray
    cleared: np.ndarray
    drawn: np.ndarray


class Body:
    """``n_replicate`` bodies of their own weight.

    weights    : float64[n_replicate] [kg]
    normal     : float64[n_species] [uM], plasma without drug
    flows      : the rates of Eq. (B1)
    reached    : float64[n_replicate] [IU/mL], activity in the marrow at the end of the last
                 interval; belongs to a checkpoint
    """

    def __init__(
        self, weights: np.ndarray, normal: np.ndarray, parameters: BodyParameters | None = None
    ) -> None:
        """Raise ScenarioError for a weight <= 0, for a proteolysis without a lag, or where the
        homeostasis of the tissue cannot bring the input that plasma needs."""
        self.weights = np.array(weights, float)
        self.normal = np.array(normal, float)
        self.parameters = parameters or BodyParameters()
        if self.weights.ndim != 1 or not self.weights.size or not np.all(self.weights > 0.0):
            raise ScenarioError("body: needs one weight > 0 kg for each patient")
        if self.parameters.proteolysis > 0.0 and self.parameters.reach_lag == 0.0:
            raise ScenarioError(
                "body.proteolysis: acts on the way into the marrow, which body.reach_lag 0 h makes "
                "infinitely short: set a lag, e.g. 6 h"
            )
        self.flows = _flows(self.parameters, self.normal)
        self.reached = np.zeros(self.n_replicate)

    @property
    def n_replicate(self) -> int:
        """Number of bodies."""
        return self.weights.size

    def site_volume(self) -> np.ndarray:
        """Return the volume of each site, float64[n_site] [pL]."""
        return (PL_PER_LITRE * self.weights[:, None] * self.parameters.volumes()).ravel()

    def initial(self) -> np.ndarray:
        """Return every site at rest without drug and cells, float64[n_species, n_site] [uM]."""
        rest = np.repeat(self.normal[:, None], N_COMPARTMENT, axis=1)
        rest[:, Compartment.CSF] *= self.parameters.csf_shares()
        rest[Species.ASN, Compartment.CSF] += self.parameters.csf_source_asn
        return np.tile(rest, self.n_replicate)

    def exchange_site(self) -> np.ndarray:
        """Return the site that the cells of each site exchange with, int32[n_site].

        Blasts of liver, spleen and nodes lie in sinusoids, so it is blood that they feel and not
        the pool of the tissues, to which the enzyme does not get (assumption A361).
        """
        site = np.arange(N_COMPARTMENT * self.n_replicate, dtype=np.int32)
        site[Compartment.TISSUE :: N_COMPARTMENT] -= Compartment.TISSUE - Compartment.PLASMA
        return site

    def contact(self) -> np.ndarray:
        """Return the Asn that cells feel on top of the fluid, float64[N_COMPARTMENT] [uM]."""
        felt = np.zeros(N_COMPARTMENT)
        felt[Compartment.CSF] = self.parameters.csf_contact_asn
        return felt

    def site_activity(self, plasma_activity: float | np.ndarray, hours: float) -> np.ndarray:
        """Return the mean activity at each site over an interval, float64[n_site] [IU/mL].

        ``plasma_activity``: a number or float64[n_replicate] [IU/mL], its mean over the interval of
        ``hours``. Eq. (B6) and (B7). Moves ``reached``: call it once for each interval.
        """
        parameters = self.parameters
        given = np.broadcast_to(np.asarray(plasma_activity, float), (self.n_replicate,))
        activity = np.empty((self.n_replicate, N_COMPARTMENT))
        activity[:, Compartment.PLASMA] = given
        activity[:, Compartment.CSF] = parameters.csf_enzyme * given
        activity[:, Compartment.TISSUE] = parameters.pool_reach * given
        lag = parameters.reach_lag
        target = parameters.tissue_reach * given / (1.0 + parameters.proteolysis * lag)
        if lag > 0.0:
            passed = (1.0 / lag + parameters.proteolysis) * hours
            left = exp(-passed)
            missing = self.reached - target
            activity[:, Compartment.MARROW] = target + missing * ((1.0 - left) / passed)
            self.reached = target + missing * left
        else:
            activity[:, Compartment.MARROW] = target
            self.reached = target
        return activity.ravel()

    def snapshot(self) -> dict[str, Any]:
        """Return what a checkpoint must hold."""
        return {"reached": self.reached.tolist()}

    def restore(self, snapshot: Mapping[str, Any]) -> None:
        """Return to a snapshot."""
        self.reached = np.array(snapshot["reached"], float)


def _flows(parameters: BodyParameters, normal: np.ndarray) -> Flows:
    """Return the rates of Eq. (B1)-(B5)."""
    flows = Flows(*(np.zeros((len(Species), N_COMPARTMENT)) for _ in Flows._fields))
    clearance = parameters.clearance(normal)
    plasma, marrow, csf, tissue = Compartment
    of_plasma = parameters.plasma_volume
    homeostasis = parameters.tissue_homeostasis
    # Way to the tissue and homeostasis there act in series, Eq. (B3).
    drop = clearance * of_plasma / (homeostasis * parameters.tissue_volume)
    if np.any(drop >= 1.0):
        worst = Species(int(drop.argmax()))
        raise ScenarioError(
            f"body.tissue_homeostasis: {homeostasis:g} 1/h is too slow for what plasma is given of "
            f"{worst.name.lower()}: use more than {homeostasis * float(drop.max()):.3g} 1/h"
        )
    way = clearance / (1.0 - drop)
    flows.source[:, tissue] = homeostasis * normal
    flows.cleared[:, tissue] = homeostasis
    flows.entry[:, tissue] = way * (of_plasma / parameters.tissue_volume)
    flows.back[:, tissue] = way
    own = parameters.marrow_input * clearance
    flows.source[:, marrow] = own * normal
    flows.cleared[:, marrow] = own
    flows.entry[:, marrow] = parameters.marrow_exchange
    flows.back[:, marrow] = parameters.marrow_exchange * (parameters.marrow_volume / of_plasma)
    for leaf in (marrow, tissue):
        flows.loss[:, leaf] = flows.entry[:, leaf] + flows.cleared[:, leaf]
    # What the CSF takes out of plasma and gives back is part of the host's turnover (A344).
    flows.entry[:, csf] = flows.drawn[:, csf] = parameters.csf_turnover * parameters.csf_shares()
    flows.source[Species.ASN, csf] = parameters.csf_turnover * parameters.csf_source_asn
    flows.cleared[:, csf] = flows.loss[:, csf] = parameters.csf_turnover
    flows.loss[:, plasma] = flows.back[:, marrow] + flows.back[:, tissue]
    return flows
