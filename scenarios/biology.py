"""The mechanistic cells of a scenario: lines, start states, and the processes that need them."""

import dataclasses
import functools
import math
from collections.abc import Mapping, Sequence

import numpy as np

from abm.environment.tissue import Tissue
from abm.errors import NumericalError, ScenarioError
from abm.founders import Founders, Placement
from abm.kernels.cell_layout import CellParameter
from abm.processes.cell_contact import CellContact
from abm.processes.cell_lines import CELL_LINES, CellLine
from abm.processes.cell_motion import CellMotion
from abm.processes.cell_parameters import CellParameters
from abm.processes.cell_vector import CellSwitches
from abm.processes.compounds import Compounds, Schedule, UntreatedCells
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
from abm.streams import Streams
from scenarios.overrides import Overrides
from scenarios.schema import Scenario
from scenarios.schema.cells import Genotype, MechanisticCells

ALLELES = (0, 1, 2)
RESISTANCE_ASN = 0.02
"""A genotype that grows at this Asn [uM] counts as resistant."""
_TRIED_GAINS = (1.0, 2.0, 4.0, 8.0, 16.0)
"""Gains that amplification can give; the smallest that makes a genotype resistant is stored."""
MEDIUM_SETTLES_H = 96.0
"""Time in the medium of the start before a run, of cells as their line is."""
GENOTYPE_SETTLES_H = 336.0
"""The same where a genotype is given: a changed message takes longer to show in the protein
(assumption A117)."""
ASNS_HIGH_SHARE = 0.5
"""A cell with more than this share of the unmethylated line's ASNS counts as ASNS-high
(assumption A79)."""


@dataclasses.dataclass(frozen=True)
class CellKind:
    """One entry of ``cells``, worked out: what its cells are made of, and their kernel vector.

    ``parent`` is the line as it was before its genes were changed.
    """

    name: str
    entry: MechanisticCells
    parent: CellLine
    untreated: UntreatedCells
    vector: np.ndarray
    alleles: Mapping[int, float]

    @property
    def line(self) -> CellLine:
        """The line with its genotype."""
        return self.untreated.line

    @property
    def switches(self) -> CellSwitches:
        """The switches that the genotype and the scenario set."""
        return self.untreated.switches

    @property
    def translation_rate(self) -> float:
        """The k_s [1/h] of the parent line."""
        return self.untreated.translation_rate


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
        self._lines = {
            name: overrides.apply(f"line.{name}", line) for name, line in CELL_LINES.items()
        }
        self._switches = overrides.apply("switches", CellSwitches())
        self._motion = overrides.apply("motion", MotionParameters())
        self._contact = overrides.apply("contact", ContactParameters())
        self._tissue = tissue
        self._medium = ClampedMedium.of(medium)
        self.kinds = [self._kind(i, entry) for i, entry in enumerate(scenario.mechanistic_cells)]
        self.exchanges = {kind.name: Exchange() for kind in self.kinds}
        self.vectors = {kind.name: kind.vector for kind in self.kinds}

    def founders(self) -> list[Founders]:
        """Return the founders, each genotype equilibrated in the medium of the start."""
        return [self._founders(kind) for kind in self.kinds]

    def start_states(
        self, name: str, genotypes: Sequence[tuple[int, float]]
    ) -> dict[tuple[int, float], np.ndarray]:
        """Return the state at rest of each (methylated alleles, gain) of a population."""
        kind = next(kind for kind in self.kinds if kind.name == name)
        alleles = np.array([one[0] for one in genotypes])
        states = self._at_rest(kind, alleles, np.array([one[1] for one in genotypes]))
        return {genotype: states[:, i] for i, genotype in enumerate(genotypes)}

    def doubling_time(self, name: str) -> float:
        """Return the doubling time [h] of the cells of a population."""
        return next(kind.parent.doubling_time for kind in self.kinds if kind.name == name)

    def processes(self, metabolism: Metabolism, streams: Streams) -> list[AbstractProcess]:
        """Return metabolism and, in tissue, motion and contact."""
        if not self.kinds:
            return []
        if self._tissue is None:
            return [metabolism]
        tissue = self._tissue
        motion = Motion(self._motion, tissue.size)
        metabolism.crowding = motion.crowding
        found: list[AbstractProcess] = [metabolism, CellMotion(motion, tissue, streams)]
        if any(kind.entry.type == CellType.STROMA.name.lower() for kind in self.kinds):
            transfer = ContactTransfer(self._contact, tissue.spacing, tissue.shape)
            found.append(CellContact(transfer, tissue))
        return found

    def compounds(self, schedule: Schedule) -> Compounds | None:
        """Return the process that lets compounds act on the cells, None where there are none."""
        if not schedule.changes():
            return None
        cells = {kind.name: kind.untreated for kind in self.kinds}
        return Compounds(schedule, cells, self.vectors)

    def resistance_gain(self) -> dict[str, np.ndarray]:
        """Return the smallest gain that makes 0, 1, 2 methylated alleles resistant, by name."""
        return {
            kind.name: np.array(
                _resistance_gain(
                    kind.line,
                    kind.translation_rate,
                    self._parameters,
                    kind.switches,
                    kind.entry.kill_factor,
                )
            )
            for kind in self.kinds
        }

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
        return {kind.name: ASNS_HIGH_SHARE * kind.parent.asns_set_point for kind in self.kinds}

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
        parent, translation_rate = self._grown(index, entry)
        genotype = entry.genotype or Genotype()
        untreated = UntreatedCells(
            self._parameters,
            parent.replaced({"asns_set_point": parent.asns_set_point * genotype.asns_expression}),
            translation_rate,
            with_genotype(self._switches, genotype),
        )
        return CellKind(
            name=f"{entry.type}-{index}",
            entry=entry,
            parent=parent,
            untreated=untreated,
            vector=untreated.vector(),
            alleles=entry.methylated_alleles or {parent.methylated_alleles: 1.0},
        )

    def _grown(self, index: int, entry: MechanisticCells) -> tuple[CellLine, float]:
        """Return the line of an entry and its k_s [1/h]; ScenarioError where it cannot grow so."""
        line = self._lines[entry.line]
        wanted = line.doubling_time if entry.doubling_time is None else entry.doubling_time
        try:
            line = dataclasses.replace(line, doubling_time=wanted)
            return line, solve_translation_rate(line, self._parameters)
        except (NumericalError, ScenarioError) as error:
            key = "line" if entry.doubling_time is None else "doubling_time"
            where = self._scenario.located(f"cells.{index}.{key}")
            raise ScenarioError(
                f"{where}: no rate of translation lets {entry.line} double in {wanted:g} h: "
                f"write another time (the line's own is {CELL_LINES[entry.line].doubling_time:g} h)"
                f", or leave out the parameters that slow it"
            ) from error

    def _at_rest(self, kind: CellKind, alleles: np.ndarray, gain: float | np.ndarray) -> np.ndarray:
        """Return the states of genotypes that stood in the medium of the start."""
        is_changed = kind.entry.genotype is not None
        return equilibrated_state(
            kind.line, kind.translation_rate, alleles, gain, self._medium,
            hours=GENOTYPE_SETTLES_H if is_changed else MEDIUM_SETTLES_H,
            parameters=self._parameters, switches=kind.switches,
        )  # fmt: skip

    def _founders(self, kind: CellKind) -> Founders:
        groups = {Group.CORE, Group.MECHANISTIC}
        extent: tuple[float, ...] = (0.0, 0.0)
        if self._tissue is not None:
            groups.add(Group.SPATIAL)
            if self._tissue.n_z is not None:
                groups.add(Group.DEPTH)
            extent = self._tissue.size
        numbers = sorted(kind.alleles)
        states = self._at_rest(kind, np.array(numbers), 1.0)
        return Founders(
            name=kind.name,
            cell_type=CellType[kind.entry.type.upper()],
            number=kind.entry.number,
            groups=frozenset(groups),
            unit_volume=kind.line.volume,
            adhesion=kind.line.adhesion,
            alleles=kind.alleles,
            start={number: states[:, i] for i, number in enumerate(numbers)},
            threshold_cv=kind.entry.threshold_cv,
            asns_cv=kind.entry.asns_cv,
            placement=Placement[kind.entry.placement.upper()],
            extent=extent,
            barcodes=self._scenario.barcodes,
        )


@functools.lru_cache(maxsize=256)
def _resistance_gain(
    line: CellLine,
    translation_rate: float,
    parameters: CellParameters,
    switches: CellSwitches,
    kill_factor: float,
) -> tuple[float, ...]:
    """Return the gain that 0, 1, 2 methylated alleles need; kept, as no medium or dose changes it.

    An assay builds dozens of models of the same cells, and this is most of the time of a build.
    """
    alleles, gains = (axis.ravel() for axis in np.meshgrid(ALLELES, _TRIED_GAINS, indexing="ij"))
    growth = net_growth(
        line, translation_rate, alleles, gains, asn=RESISTANCE_ASN,
        parameters=parameters, switches=switches, kill_factor=kill_factor,
    ).reshape(len(ALLELES), -1)  # fmt: skip
    return tuple(
        next((gain for gain, rate in zip(_TRIED_GAINS, row, strict=True) if rate > 0.0), math.inf)
        for row in growth.tolist()
    )


def with_genotype(switches: CellSwitches, genotype: Genotype) -> CellSwitches:
    """Return the switches of a cell with such genes; shares of one switch multiply."""
    basal = genotype.asns_knock_down * genotype.asns_basal_message
    induced = genotype.asns_knock_down * genotype.asns_induced_message
    return dataclasses.replace(
        switches,
        basal_message=switches.basal_message * basal,
        induced_message=switches.induced_message * induced,
        rag=switches.rag * genotype.rag,
        arf=switches.arf * genotype.arf1,
        gcn2=switches.gcn2 * genotype.gcn2,
    )
