"""Cell lines and cell types of the mechanistic model, as frozen data.

Doubling times are those of the NCI-60 table where a source says so. Copies of the synthetase were
fitted jointly with the death thresholds (assumption A21); only their ratio to the volume matters
for one cell, the volume alone sets how fast a well is emptied.
"""

import dataclasses
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Self

from abm.errors import ScenarioError
from abm.parameters import ParameterSet, parameter
from abm.units import did_you_mean

NCI60 = "NCI-60 doubling-time table"


@dataclasses.dataclass(frozen=True, kw_only=True)
class CellLine(ParameterSet):
    """What one line owns; the defaults are those of the default blast."""

    line_id: str
    """Name in scenario files."""
    doubling_time: float = parameter(36.0, unit="h", low=1.0, source="assumption A22")
    """Doubling time in RPMI-1640."""
    volume: float = parameter(0.6, unit="pL", low=0.01, high=100.0, source="assumption A21")
    """Volume of a newborn cell of size 1."""
    asns_set_point: float = parameter(4.4e4, source="assumption A21")
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
    proteolysis_basal: float | None = None
    """Own loss of protein in replete cells [1/h], None: as every cell."""
    proteolysis_starved: float | None = None
    """Own loss of protein at full autophagy [1/h], None: as every cell."""
    sources: Mapping[str, str] = dataclasses.field(default_factory=lambda: MappingProxyType({}))
    """Where the numbers that differ from the default blast come from."""

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


def _line(line_id: str, *, sources: Mapping[str, str], **numbers: Any) -> CellLine:
    return CellLine(line_id=line_id, sources=MappingProxyType(dict(sources)), **numbers)


_SOLID = {"gs_capacity": 200.0, "death_threshold": 1.38}
_TALL = {"methylated_alleles": 1, "death_threshold": 0.8, "volume": 0.9}
_FIT = {
    "asns_set_point": "assumption A21",
    "volume": "assumption A21",
    "gln_addiction": "assumption A21",
    "death_threshold": "assumption A21",
    "gs_capacity": "assumption A21",
}
_P53_LOST = "TP53 mutant (IARC TP53 database, from memory)"

_ALL = (
    _line("default-blast", sources={}),
    _line(
        "molt-4",
        doubling_time=27.9,
        asns_set_point=5.0e4,
        **_TALL,
        sources=_FIT | {"doubling_time": NCI60, "methylated_alleles": "assumption A23"},
    ),
    _line(
        "molt-4-resistant",
        doubling_time=27.9,
        asns_set_point=4.0e5,
        **_TALL,
        sources=_FIT
        | {
            "doubling_time": NCI60,
            "methylated_alleles": "assumption A23",
            "asns_set_point": "assumption A24: MOLT-4 x 8",
        },
    ),
    _line(
        "jurkat",
        doubling_time=28.0,
        asns_set_point=4.2e4,
        **_TALL,
        sources=_FIT | {"doubling_time": "assumption A22", "methylated_alleles": "assumption A23"},
    ),
    _line(
        "a549",
        doubling_time=22.9,
        volume=2.5,
        asns_set_point=1.4e6,
        gln_addiction=0.915,
        ras_gain=0.5,
        **_SOLID,
        sources=_FIT | {"doubling_time": NCI60, "ras_gain": "KRAS G12S; assumption A21"},
    ),
    _line(
        "786-o",
        doubling_time=22.4,
        volume=2.2,
        asns_set_point=1.0e6,
        gln_addiction=0.86,
        p53_wild_type=0.0,
        **_SOLID,
        sources=_FIT | {"doubling_time": NCI60, "p53_wild_type": _P53_LOST},
    ),
    _line(
        "mda-mb-231",
        doubling_time=41.9,
        volume=2.2,
        asns_set_point=3.0e5,
        gln_addiction=0.957,
        p53_wild_type=0.0,
        **_SOLID,
        sources=_FIT | {"doubling_time": NCI60, "p53_wild_type": _P53_LOST},
    ),
    _line(
        "ovcar-8",
        doubling_time=26.1,
        volume=2.0,
        asns_set_point=5.0e5,
        gln_addiction=0.7,
        p53_wild_type=0.0,
        **_SOLID,
        sources=_FIT | {"doubling_time": NCI60, "p53_wild_type": _P53_LOST},
    ),
    _line(
        "ovcar-8-adr",
        doubling_time=34.0,
        volume=2.0,
        asns_set_point=5.0e5,
        gln_addiction=0.7,
        p53_wild_type=0.0,
        **_SOLID,
        sources=_FIT | {"doubling_time": "assumption A22", "p53_wild_type": _P53_LOST},
    ),
    _line(
        "gln-independent",
        doubling_time=30.0,
        volume=2.0,
        asns_set_point=1.5e6,
        gs_capacity=600.0,
        gln_addiction=0.3,
        death_threshold=1.38,
        sources=_FIT | {"doubling_time": "assumption A22"},
    ),
    _line(
        "pdac-like",
        doubling_time=30.0,
        volume=2.2,
        asns_set_point=2.0e5,
        ras_gain=0.5,
        mapk_share=0.7,
        gln_addiction=0.7,
        p53_wild_type=0.0,
        **_SOLID,
        sources=_FIT | {"doubling_time": "assumption A22", "mapk_share": "assumption A21"},
    ),
    _line(
        "marrow-msc",
        doubling_time=150.0,
        volume=4.0,
        asns_set_point=8.8e5,
        gs_capacity=2000.0,
        death_threshold=1.38,
        proteolysis_basal=0.005,
        proteolysis_starved=0.008,
        sources={
            "asns_set_point": "Iwamoto 2007 JCI 117:1049: 20 times blasts",
            "doubling_time": "assumption A22",
            "volume": "assumption A21",
            "gs_capacity": "assumption A21",
            "death_threshold": "assumption A21",
            "proteolysis_basal": "assumption A25",
            "proteolysis_starved": "assumption A25",
        },
    ),
)

CELL_LINES: Mapping[str, CellLine] = MappingProxyType({line.line_id: line for line in _ALL})
"""All lines by their id."""


def cell_line(line_id: str) -> CellLine:
    """Return a line by its id; raises ScenarioError with the nearest name."""
    if line_id not in CELL_LINES:
        raise ScenarioError(f"unknown cell line '{line_id}'{did_you_mean(line_id, CELL_LINES)}")
    return CELL_LINES[line_id]
