"""What a cell line owns, and the lines by name.

Their numbers stand in :mod:`abm.processes.line_data`. Copies of the synthetase were fitted jointly
with the death thresholds (assumption A21) or are assumed; only their ratio to the volume matters
for one cell, the volume alone sets how fast a well is emptied.
"""

import dataclasses
import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Self

from abm.errors import ScenarioError
from abm.parameters import ParameterSet, parameter
from abm.processes.fitted import fitted
from abm.processes.line_data import LINE_RECORDS, LineRecord
from abm.units import did_you_mean


@dataclasses.dataclass(frozen=True, kw_only=True)
class CellLine(ParameterSet):
    """What one line owns; the defaults are those of the default blast."""

    line_id: str
    """Name in scenario files."""
    doubling_time: float = parameter(36.0, unit="h", low=1.0, source="assumption A22")
    """Doubling time in RPMI-1640."""
    volume: float = parameter(0.6, unit="pL", low=0.01, high=100.0, source="assumption A21")
    """Volume of a newborn cell of size 1."""
    asns_set_point: float = parameter(
        fitted("line.default-blast.asns_set_point"), source="assumption A21"
    )
    """Copies of the synthetase of the unmethylated line."""
    methylated_alleles: int = 0
    """Methylated alleles of the promoter: 0, 1 or 2."""
    gln_addiction: float = parameter(0.3, high=1.0, source="assumption A21")
    """Share of Asp that is made from Gln."""
    gs_capacity: float = parameter(500.0, unit="uM/h", source="assumption A21")
    """Gln made by basal glutamine synthetase."""
    death_threshold: float = parameter(1.0, low=0.01, source="assumption A21")
    """Stress at which half of the maximal hazard is reached."""
    ras_gain: float = parameter(0.0, source="Gwinn 2018, Toda 2016 (logic); assumption A21")
    """Rise of basal ATF4 by KRAS and AKT."""
    mapk_share: float = parameter(0.0, high=1.0, source="Pathria 2019 (logic); assumption A21")
    """Part of the induction of ATF4 that runs through MEK."""
    p53_wild_type: float = parameter(1.0, high=1.0, source="TP53 status of the line")
    """1 with wild-type p53, 0 without."""
    serine_synthesis: float = parameter(1.5, source="assumption A85")
    """Own synthesis of serine against its uptake at saturation."""
    adhesion: float = parameter(0.0, unit="1/h", high=10.0, source="assumption A465")
    """Largest attraction of two cells of the line in tissue over their distance; 0 = none."""
    proteolysis_basal: float | None = None
    """Own loss of protein in replete cells [1/h], None: as every cell."""
    proteolysis_starved: float | None = None
    """Own loss of protein at full autophagy [1/h], None: as every cell."""
    sources: Mapping[str, str] = dataclasses.field(
        default_factory=lambda: MappingProxyType({}), compare=False, repr=False
    )
    """Where the numbers come from that are not those of the default blast."""
    title: str = ""
    """Full name."""
    kras: str = "wild type"
    """KRAS status in words; its effect is ``ras_gain``."""
    mrna_ratio_to_molt4: float | None = None
    """Message of the synthetase against MOLT-4 by one microarray probe, None where not known. A
    prior only: ``asns_set_point`` does not follow it."""
    medium: str = "RPMI-1640"
    """Medium in which the doubling time holds."""
    serum_fraction: float = 0.1
    """Share of serum beside that medium (0.05 in the NCI-60 screen, else assumption A127)."""

    def __post_init__(self) -> None:
        ParameterSet.__post_init__(self)
        if self.methylated_alleles not in (0, 1, 2):
            raise ScenarioError(
                f"line {self.line_id}: methylated_alleles: {self.methylated_alleles!r} "
                "must be 0, 1 or 2"
            )

    def replaced(self, overrides: Mapping[str, Any]) -> Self:
        """Return a copy with some values changed; see :meth:`ParameterSet.replaced`."""
        numbers = dict(overrides)
        alleles = numbers.pop("methylated_alleles", self.methylated_alleles)
        changed = super().replaced(numbers)
        return dataclasses.replace(changed, methylated_alleles=alleles)

    def __getstate__(self) -> dict[str, Any]:
        """Pickle the sources as a plain dict: a proxy cannot be pickled, nor can its model be."""
        return vars(self) | {"sources": dict(self.sources)}

    def source_of(self, name: str) -> str:
        """Return where the number ``name`` of this line comes from; raises KeyError."""
        declared = {f.name: f.metadata.get("source", "") for f in dataclasses.fields(self)}
        return self.sources.get(name) or str(declared[name])


def _from_record(record: LineRecord) -> CellLine:
    values: dict[str, Any] = {name: value for name, (value, _) in record.numbers.items()}
    sources = {name: source for name, (_, source) in record.numbers.items()}
    return CellLine(
        line_id=record.line_id,
        title=record.title,
        kras=record.kras,
        mrna_ratio_to_molt4=record.mrna_ratio,
        serum_fraction=record.serum_fraction,
        sources=MappingProxyType(sources),
        **values,
    )


CELL_LINES: Mapping[str, CellLine] = MappingProxyType(
    {record.line_id: _from_record(record) for record in LINE_RECORDS}
)
"""All lines by their id."""

ALIASES: Mapping[str, str] = MappingProxyType(
    {alias: record.line_id for record in LINE_RECORDS for alias in record.aliases}
)
"""Further names of the lines, in lower case with hyphens."""


def find_line_id(name: str) -> str:
    """Return the id of a line by its id or an alias.

    The case of letters does not count, and a slash, a space or an underscore is as good as a
    hyphen: ``MOLT-4``, ``OVCAR-8/ADR``. Raises ScenarioError with the nearest name.
    """
    spelled = re.sub(r"[\s/_]+", "-", name.strip().lower())
    line_id = ALIASES.get(spelled, spelled)
    if line_id not in CELL_LINES:
        raise ScenarioError(f"unknown cell line '{name}'{did_you_mean(spelled, CELL_LINES)}")
    return line_id


def cell_line(name: str) -> CellLine:
    """Return a line by any of its names; see :func:`find_line_id`."""
    return CELL_LINES[find_line_id(name)]
