"""The mechanistic cells of a scenario: lines, start states, and the processes that need them."""

import dataclasses
from collections.abc import Mapping

import numpy as np

from abm.environment.tissue import Tissue
from abm.founders import Founders, Placement
from abm.kernels.cell_layout import CellParameter
from abm.processes.cell_contact import CellContact
from abm.processes.cell_lines import CELL_LINES, CellLine
from abm.processes.cell_motion import CellMotion
from abm.processes.cell_parameters import CellParameters
from abm.processes.cell_vector import CellSwitches, parameter_vector
from abm.processes.contact import ContactParameters, ContactTransfer
from abm.processes.equilibrium import (
    ClampedMedium,
    equilibrated_state,
    net_growth,
    solve_translation_rate,
)
from abm.processes.metabolism import Metabolism
from abm.processes.motion import Motion, MotionParameters
from abm.processes.process import AbstractProcess
from abm.state.columns import CellType, Group
from abm.state.exchange import Exchange
from abm.state.sites import Species
from abm.streams import Streams
from scenarios.overrides import Overrides
from scenarios.schema import Scenario
from scenarios.schema.cells import MechanisticCells

ALLELES = (0, 1, 2)
RESISTANCE_ASN = 0.02
"""A genotype that grows at this Asn [uM] counts as resistant."""
_TRIED_GAINS = (1.0, 2.0, 4.0, 8.0, 16.0)
"""Gains that amplification can give; the smallest that makes a genotype resistant is stored."""
ASNS_HIGH_SHARE = 0.5
"""A cell with more than this share of the unmethylated line's ASNS counts as ASNS-high
(assumption A79)."""


@dataclasses.dataclass(frozen=True)
class CellKind:
    """One entry of ``cells``, worked out: its line, translation rate and kernel vector."""

    name: str
    entry: MechanisticCells
    line: CellLine
    translation_rate: float
    vector: np.ndarray
    alleles: Mapping[int, float]


class Biology:
    """Reads the mechanistic populations of a scenario and makes what they need."""

    def __init__(
        self,
        scenario: Scenario,
        overrides: Overrides,
        cell: CellParameters,
        medium: np.ndarray,
        tissue: Tissue | None,
    ) -> None:
        self._scenario = scenario
        self._parameters = cell
        self._switches = overrides.apply("switches", CellSwitches())
        self._motion = overrides.apply("motion", MotionParameters())
        self._contact = overrides.apply("contact", ContactParameters())
        self._tissue = tissue
        self._medium = ClampedMedium(
            asn=float(medium[Species.ASN]),
            gln=float(medium[Species.GLN]),
            glu=float(medium[Species.GLU]),
            eaa=float(medium[Species.EAA]),
        )
        self.kinds = [self._kind(i, entry) for i, entry in enumerate(scenario.mechanistic_cells)]
        self.exchanges = {kind.name: Exchange() for kind in self.kinds}
        self.vectors = {kind.name: kind.vector for kind in self.kinds}

    def founders(self) -> list[Founders]:
        """Return the founders, each genotype equilibrated in the medium of the start."""
        return [self._founders(kind) for kind in self.kinds]

    def processes(self, metabolism: Metabolism, streams: Streams) -> list[AbstractProcess]:
        """Return metabolism and, in tissue, motion and contact."""
        if not self.kinds:
            return []
        if self._tissue is None:
            return [metabolism]
        tissue = self._tissue
        motion = Motion(self._motion, (tissue.n_x * tissue.spacing, tissue.n_y * tissue.spacing))
        metabolism.crowding = motion.crowding
        found: list[AbstractProcess] = [metabolism, CellMotion(motion, tissue, streams)]
        if any(kind.entry.type == CellType.STROMA.name.lower() for kind in self.kinds):
            transfer = ContactTransfer(self._contact, tissue.spacing, (tissue.n_y, tissue.n_x))
            found.append(CellContact(transfer, tissue))
        return found

    def resistance_gain(self) -> dict[str, np.ndarray]:
        """Return the smallest gain that makes 0, 1, 2 methylated alleles resistant, by name."""
        return {kind.name: self._resistance_gain(kind) for kind in self.kinds}

    def basal_asns(self) -> dict[str, np.ndarray]:
        """Return the copies that 0, 1, 2 methylated alleles hold at rest, by name."""
        return {
            kind.name: np.array(
                [kind.line.asns_set_point * kind.vector[CellParameter.BASAL_MESSAGE + a]
                 for a in ALLELES]
            )
            for kind in self.kinds
        }  # fmt: skip

    def asns_high_copies(self) -> dict[str, float]:
        """Return the copies above which a cell counts as ASNS-high, by name."""
        return {kind.name: ASNS_HIGH_SHARE * kind.line.asns_set_point for kind in self.kinds}

    def describe(self, resistance_gain: Mapping[str, np.ndarray]) -> dict[str, object]:
        """Return what run.json says of the cells."""
        genotypes = [
            {"population": name, "methylated_alleles": alleles, "gain_at_least": float(gain)}
            for name, gains in resistance_gain.items()
            for alleles, gain in zip(ALLELES, gains, strict=True)
            if np.isfinite(gain)
        ]
        rates = {kind.name: kind.translation_rate for kind in self.kinds}
        return {"resistant_genotypes": genotypes, "translation_rate_per_h": rates}

    def _kind(self, index: int, entry: MechanisticCells) -> CellKind:
        line = CELL_LINES[entry.line]
        if entry.doubling_time is not None:
            line = dataclasses.replace(line, doubling_time=entry.doubling_time)
        rate = solve_translation_rate(line, self._parameters)
        return CellKind(
            name=f"{entry.type}-{index}",
            entry=entry,
            line=line,
            translation_rate=rate,
            vector=parameter_vector(self._parameters, line, rate, self._switches),
            alleles=entry.methylated_alleles or {line.methylated_alleles: 1.0},
        )

    def _founders(self, kind: CellKind) -> Founders:
        groups = {Group.CORE, Group.MECHANISTIC}
        extent = (0.0, 0.0)
        if self._tissue is not None:
            groups.add(Group.SPATIAL)
            extent = (
                self._tissue.n_x * self._tissue.spacing,
                self._tissue.n_y * self._tissue.spacing,
            )
        numbers = sorted(kind.alleles)
        states = equilibrated_state(
            kind.line, kind.translation_rate, np.array(numbers), 1.0, self._medium,
            parameters=self._parameters, switches=self._switches,
        )  # fmt: skip
        return Founders(
            name=kind.name,
            cell_type=CellType[kind.entry.type.upper()],
            number=kind.entry.number,
            groups=frozenset(groups),
            unit_volume=kind.line.volume,
            alleles=kind.alleles,
            start={number: states[:, i] for i, number in enumerate(numbers)},
            threshold_cv=kind.entry.threshold_cv,
            asns_cv=kind.entry.asns_cv,
            placement=Placement[kind.entry.placement.upper()],
            extent=extent,
            barcodes=self._scenario.barcodes,
        )

    def _resistance_gain(self, kind: CellKind) -> np.ndarray:
        alleles, gains = (
            axis.ravel() for axis in np.meshgrid(ALLELES, _TRIED_GAINS, indexing="ij")
        )
        growth = net_growth(
            kind.line, kind.translation_rate, alleles, gains, asn=RESISTANCE_ASN,
            parameters=self._parameters, switches=self._switches,
        ).reshape(len(ALLELES), -1)  # fmt: skip
        needed = np.full(len(ALLELES), np.inf)
        for i, row in enumerate(growth):
            grows = np.flatnonzero(row > 0.0)
            if grows.shape[0]:
                needed[i] = _TRIED_GAINS[grows[0]]
        return needed
