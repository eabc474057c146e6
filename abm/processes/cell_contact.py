"""Contact transfer between the populations of a tissue."""

import numpy as np

from abm.clock import Clock
from abm.environment.tissue import Tissue
from abm.kernels.cell_layout import CellState
from abm.kernels.rows import rows_at
from abm.kernels.sort import sort_by_site
from abm.kernels.vicinity import mark_voxels
from abm.processes.contact import ContactTransfer, Spheres
from abm.processes.motion import NOTHING, radius_of
from abm.processes.process import AbstractProcess
from abm.state.columns import CellType, Group
from abm.state.population import Population
from abm.state.state import State


class CellContact(AbstractProcess):
    """Stromal cells hand part of the Asn that they are about to release to the blasts they touch.

    Moles move from the providers' ``owed_asn`` to the receivers' free Asn; nothing else changes.
    """

    name = "contact"

    def __init__(self, transfer: ContactTransfer, tissue: Tissue) -> None:
        self.transfer = transfer
        self.tissue = tissue
        self.total = 0.0
        """Asn handed over since the start [fmol]."""

    def advance(self, state: State, clock: Clock, ticks: int) -> None:
        """Hand over the Asn of an interval of ``ticks``."""
        spatial = [p for p in state.populations if p.has(Group.SPATIAL) and p.n]
        givers = [p for p in spatial if p.cell_type is CellType.STROMA]
        takers = [p for p in spatial if p.cell_type.is_tumour]
        for giver in givers:
            for taker in takers:
                self._hand_over(giver, taker, clock.to_hours(ticks))

    def _hand_over(self, giver: Population, taker: Population, hours: float) -> None:
        givers = _spheres(giver, np.arange(giver.n))
        rows, start = self._nearby(givers, taker)
        if rows.shape[0] == 0:
            return
        volume = taker.unit_volume * taker.state[CellState.SIZE, rows]
        asparagine = taker.state[CellState.ASN, rows]
        exported = giver.live("owed_asn").copy()
        report = self.transfer.transfer(
            givers, _spheres(taker, rows), start, exported, asparagine, volume, hours
        )
        giver.live("owed_asn")[:] = exported
        taker.state[CellState.ASN, rows] = asparagine
        self.total += report.total

    def _nearby(self, givers: Spheres, taker: Population) -> tuple[np.ndarray, np.ndarray]:
        """Return the takers' rows in voxels within reach, by voxel, and where each voxel starts."""
        tissue, n = self.tissue, taker.n
        largest = taker.unit_volume * taker.state[CellState.SIZE, :n].max()
        radius = float(radius_of(np.array([largest]))[0]) + float(givers.radius.max())
        reach = radius * (1.0 + self.transfer.parameters.tolerance)
        is_near = np.zeros(tissue.n_site, np.bool_)
        mark_voxels(
            np.arange(givers.x.shape[0]), givers.x, givers.y, givers.z, reach, tissue.spacing,
            tissue.shape, is_near,
        )  # fmt: skip
        rows = rows_at(taker.live("site"), is_near)
        order = np.empty(rows.shape[0], np.int64)
        start = np.empty(tissue.n_site + 1, np.int64)
        is_kept = np.ones(rows.shape[0], np.bool_)
        sort_by_site(taker["site"][rows], is_kept, tissue.n_site, order, start)
        return rows[order], start


def _spheres(population: Population, rows: np.ndarray) -> Spheres:
    radius = radius_of(population.unit_volume * population.state[CellState.SIZE, rows])
    z = population["z"][rows] if population.has(Group.DEPTH) else NOTHING
    return Spheres(population["x"][rows], population["y"][rows], radius, z)
