"""Contact transfer: stromal cells hand Asn to the blasts that touch them."""

import dataclasses
from typing import NamedTuple

import numpy as np

from abm.kernels import contact
from abm.parameters import ParameterSet, parameter
from abm.processes.motion import NOTHING
from abm.units import FMOL_PER_UM_PL


@dataclasses.dataclass(frozen=True, kw_only=True)
class ContactParameters(ParameterSet):
    """How much Asn goes from cell to cell."""

    share: float = parameter(0.5, high=1.0, source="assumption A55")
    """Share of the exported Asn that is handed over where a receiver touches; 0 = switched off."""
    largest_rate: float = parameter(3.0, unit="fmol/h", source="assumption A56")
    """Most that one stromal cell hands over."""
    tolerance: float = parameter(0.1, high=1.0, source="assumption A57")
    """Gap, over the sum of the radii, up to which two cells touch."""


class Spheres(NamedTuple):
    """Places and radii of cells, float64[n] each [um]; z is empty in two dimensions."""

    x: np.ndarray
    y: np.ndarray
    radius: np.ndarray
    z: np.ndarray = NOTHING


class ContactReport(NamedTuple):
    """Amounts of one interval [fmol]; they are views valid until the next call."""

    given: np.ndarray
    received: np.ndarray
    total: float


class ContactTransfer:
    """Takes from what providers are about to release and puts it into touching receivers."""

    def __init__(
        self, parameters: ContactParameters, spacing: float, shape: tuple[int, ...]
    ) -> None:
        """``spacing`` [um] and ``shape`` = (ny, nx) or (nz, ny, nx) of the voxels by which
        receivers are sorted."""
        self.parameters = parameters
        self._spacing = float(spacing)
        self._shape = tuple(int(n) for n in shape)
        self._given = np.zeros(0)
        self._received = np.zeros(0)

    def transfer(
        self,
        providers: Spheres,
        receivers: Spheres,
        receiver_start: np.ndarray,
        exported: np.ndarray,
        asparagine: np.ndarray,
        receiver_volume: np.ndarray,
        duration: float,
    ) -> ContactReport:
        """Hand over the Asn of an interval of ``duration`` [h].

        The receivers are sorted by voxel, those of voxel s in rows receiver_start[s] ..
        receiver_start[s + 1] - 1 (int64). Changed in place: exported [fmol] of the providers falls
        by what they give, asparagine [uM] of the receivers rises by amount / receiver_volume [pL].
        The amounts are conserved to round-off.
        """
        if providers.x.shape[0] > self._given.shape[0]:
            self._given = np.zeros(2 * providers.x.shape[0])
        if receivers.x.shape[0] > self._received.shape[0]:
            self._received = np.zeros(2 * receivers.x.shape[0])
        given = self._given[: providers.x.shape[0]]
        received = self._received[: receivers.x.shape[0]]
        law = (
            float(self.parameters.share),
            float(self.parameters.largest_rate * duration),
            float(self.parameters.tolerance),
        )
        total = contact.transfer_at_contact(
            tuple(providers), tuple(receivers), receiver_start, self._spacing, self._shape, law,
            exported, given, received,
        )  # fmt: skip
        asparagine += received / (FMOL_PER_UM_PL * receiver_volume)
        return ContactReport(given, received, total)
