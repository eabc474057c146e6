"""Panels of virtual lines, drawn from stated distributions.

A line's resting synthetase is message times translation, both lognormal and independent, so that
protein predicts what a line withstands better than message does. Only these spreads are assumed:
how well either predicts an IC50 is a result of simulating the lines. With the message's standard
deviation s (of the logarithm) and the correlation r of the logarithms of message and protein,

    ln(copies per pL) = ln(median) + s z_1 + s sqrt(1/r^2 - 1) z_2,        sd = s / r.

Panels: 19 ovarian lines, 22 T-ALL lines with 0, 1 or 2 methylated alleles, and colon tumours by
KRAS, whose two medians follow from the shares that stain high for ASNS (calibration).
"""

import dataclasses
import math
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import numpy as np

from abm.errors import ScenarioError
from abm.kernels import elementary, philox
from abm.parameters import ParameterSet, parameter
from abm.processes.cell_lines import CELL_LINES, CellLine
from abm.processes.cell_parameters import CellParameters
from abm.processes.line_data import PROBE, TABLE
from abm.streams import Stream, Streams
from abm.units import did_you_mean

_KEYS = 1_000_000
"""Number under which the first panel draws its keys, far above that of any population of a run."""

RECORD = np.dtype(
    [
        ("line_id", "U24"),
        ("message", np.float64),
        ("copies_per_pl", np.float64),
        ("copies", np.float64),
        ("methylated_alleles", np.uint8),
        ("is_kras_mutant", np.bool_),
        ("is_asns_high", np.bool_),
    ]
)
"""One row per line, of a cell at rest in RPMI-1640. ``message``: against the median of unmethylated
lines with wild-type KRAS; ``copies``: of the synthetase in a newborn cell."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class PanelParameters(ParameterSet):
    """Distributions from which the lines of a panel are drawn; the defaults are ovarian lines."""

    message_sd_log: float = parameter(
        0.92, low=0.01, high=3.0, source=f"{PROBE}: seven ovarian lines"
    )
    """Standard deviation of ln(message) among lines of one genotype."""
    message_protein_correlation: float = parameter(
        0.5, low=0.05, high=1.0, source="assumption A128"
    )
    """Correlation of ln(message) and ln(protein) among lines of one genotype."""
    copies_per_pl: float = parameter(2.5e5, unit="1/pL", low=1.0, source="assumption A129")
    """Median copies of the synthetase per volume, unmethylated and KRAS wild type."""
    volume: float = parameter(2.0, unit="pL", low=0.01, high=100.0, source="assumption A129")
    """Median volume of a newborn cell."""
    volume_sd_log: float = parameter(0.2, high=1.0, source="assumption A130")
    """Standard deviation of ln(volume)."""
    doubling_time: float = parameter(36.9, unit="h", low=1.0, source=f"{TABLE}: seven ovarian")
    """Median doubling time."""
    doubling_time_sd_log: float = parameter(0.23, high=1.0, source=f"{TABLE}: seven ovarian")
    """Standard deviation of ln(doubling time)."""
    death_threshold: float = parameter(
        CELL_LINES["ovcar-8"].death_threshold, low=0.01, source="assumption A21"
    )
    """Median threshold of death."""
    death_threshold_sd_log: float = parameter(0.1, high=1.0, source="assumption A130")
    """Standard deviation of ln(threshold)."""
    gln_addiction_low: float = parameter(0.5, high=1.0, source="assumption A130")
    """Lower end of the even spread of Gln addiction."""
    gln_addiction_high: float = parameter(0.95, high=1.0, source="assumption A130")
    """Upper end of that spread."""
    gs_capacity: float = parameter(200.0, unit="uM/h", source="assumption A21")
    """Gln made by basal glutamine synthetase, every line."""
    p53_wild_type_share: float = parameter(
        1.0 / 6.0, high=1.0, source=f"{TABLE}: one of six ovarian lines of known status"
    )
    """Chance that a line has wild-type p53."""
    allele_methylation: float = parameter(0.0, high=1.0, source="assumption A125")
    """Chance that an allele of the promoter is methylated, each allele for itself."""
    kras_mutant_share: float = parameter(0.0, high=1.0, source="assumption A129")
    """Chance that a line has mutant KRAS."""
    kras_ras_gain: float = parameter(0.5, source="assumption A21")
    """RAS gain of the lines with mutant KRAS."""
    high_share_wild_type: float = parameter(
        0.3, low=0.01, high=0.99, source="Toda 2016, 93 patients: 30 % (calibration, row A23)"
    )
    """Share of unmethylated lines with wild-type KRAS that counts as ASNS-high; sets the border."""
    high_share_mutant: float = parameter(
        0.72,
        low=0.01,
        high=0.99,
        source="Toda 2016: above 70 % (calibration, row A23); assumption A132",
    )
    """Share of KRAS-mutant lines above the same border; sets their median."""
    sources: Mapping[str, str] = dataclasses.field(
        default_factory=lambda: MappingProxyType({}), compare=False, repr=False
    )
    """Where the numbers come from that are not those of ovarian lines."""

    @property
    def copies_sd_log(self) -> float:
        """Standard deviation of ln(copies per pL) among lines of one genotype."""
        return self.message_sd_log / self.message_protein_correlation

    @property
    def high_copies_per_pl(self) -> float:
        """Copies per pL above which a line counts as ASNS-high."""
        z = elementary.normal_quantile(1.0 - self.high_share_wild_type)
        return float(self.copies_per_pl * elementary.exp(z * self.copies_sd_log))

    @property
    def kras_fold(self) -> float:
        """Median message of KRAS-mutant over wild-type lines that gives the two shares."""
        z_mutant = elementary.normal_quantile(self.high_share_mutant)
        z_wild_type = elementary.normal_quantile(self.high_share_wild_type)
        return float(elementary.exp((z_mutant - z_wild_type) * self.copies_sd_log))

    def __getstate__(self) -> dict[str, Any]:
        """Pickle the sources as a plain dict: a proxy cannot be pickled."""
        return vars(self) | {"sources": dict(self.sources)}

    def source_of(self, name: str) -> str:
        """Return where the number ``name`` comes from; raises KeyError."""
        declared = {f.name: f.metadata.get("source", "") for f in dataclasses.fields(self)}
        return self.sources.get(name) or str(declared[name])


@dataclasses.dataclass(frozen=True, eq=False)
class LinePanel:
    """Lines that were drawn, and what an assay of their resting cells would find."""

    name: str
    lines: tuple[CellLine, ...]
    record: np.ndarray
    """``RECORD[n]``, one row per line, read-only."""
    parameters: PanelParameters


def _panel(**numbers: tuple[float, str]) -> PanelParameters:
    return PanelParameters(
        **{name: value for name, (value, _) in numbers.items()},
        sources=MappingProxyType({name: source for name, (_, source) in numbers.items()}),
    )


def _copies_per_pl(*names: str) -> float:
    """Return the geometric mean of the copies per volume of some lines, 1/pL."""
    return math.prod(
        CELL_LINES[name].asns_set_point / CELL_LINES[name].volume for name in names
    ) ** (1.0 / len(names))


PANELS: Mapping[str, tuple[int, PanelParameters]] = MappingProxyType(
    {
        "ovarian": (19, PanelParameters()),
        "t-all": (
            22,
            _panel(
                message_sd_log=(0.5, "assumption A133"),
                copies_per_pl=(
                    _copies_per_pl("molt-4", "jurkat"),
                    "MOLT-4, Jurkat, assumption A129",
                ),
                volume=(CELL_LINES["molt-4"].volume, "assumption A21"),
                doubling_time=(27.5, f"{TABLE}: MOLT-4, CCRF-CEM; Jurkat, assumption A22"),
                doubling_time_sd_log=(0.18, f"{TABLE}: six leukaemia lines"),
                death_threshold=(CELL_LINES["molt-4"].death_threshold, "assumption A21"),
                gln_addiction_low=(0.2, "assumption A130"),
                gln_addiction_high=(0.4, "assumption A130"),
                gs_capacity=(CELL_LINES["molt-4"].gs_capacity, "assumption A21"),
                p53_wild_type_share=(0.5, "assumption A130"),
                allele_methylation=(0.5, "assumption A131"),
            ),
        ),
        "colon": (
            93,
            _panel(
                message_sd_log=(0.64, f"{PROBE}: seven colon lines"),
                copies_per_pl=(1.2e5, "assumption A122"),
                doubling_time=(22.0, f"{TABLE}: seven colon lines"),
                doubling_time_sd_log=(0.19, f"{TABLE}: seven colon lines"),
                gln_addiction_low=(0.7, "assumption A130"),
                p53_wild_type_share=(0.3, "assumption A130"),
                kras_mutant_share=(0.445, "doi:10.4161/cbt.28550: 670 of 1506 patients"),
            ),
        ),
    }
)
"""Number of lines of the published panel and the distributions, by name."""


def line_panel(
    name: str,
    seed: int = 1,
    n_lines: int | None = None,
    parameters: PanelParameters | None = None,
    cell: CellParameters | None = None,
) -> LinePanel:
    """Draw a panel by its name (``ovarian``, ``t-all``, ``colon``).

    ``n_lines`` and ``parameters`` replace those of the panel; ``cell`` holds what methylation
    leaves of the message. Line i is the same for every ``n_lines``. Raises ScenarioError for an
    unknown name or fewer than one line.
    """
    if name not in PANELS:
        raise ScenarioError(f"unknown panel '{name}'{did_you_mean(name, PANELS)}")
    usual_number, usual = PANELS[name]
    n = usual_number if n_lines is None else n_lines
    if n < 1:
        raise ScenarioError(f"panel {name}: n_lines: {n!r} must be at least 1")
    panel, cell = parameters or usual, cell or CellParameters()
    draws = _draw(panel, Streams(seed), list(PANELS).index(name), n)
    lines = tuple(_line(name, panel, draws[i], i) for i in range(n))
    return LinePanel(name, lines, _record(lines, panel, draws, cell), panel)


_DRAWN = np.dtype(
    [(field, np.float64) for field in ("message", "translation", "volume", "time", "threshold")]
    + [(field, np.float64) for field in ("addiction", "p53", "first", "second", "kras")]
)


def _draw(panel: PanelParameters, streams: Streams, number: int, n: int) -> np.ndarray:
    """Return ``_DRAWN[n]``: five lognormal factors of median 1 and five uniform numbers.

    Lines share the stream of founder genotypes, under keys of their own.
    """
    keys = streams.founder_keys(_KEYS + number, 0, n)
    r = panel.message_protein_correlation
    spreads = (
        (("message", panel.message_sd_log),
         ("translation", panel.message_sd_log * math.sqrt(1.0 / (r * r) - 1.0))),
        (("volume", panel.volume_sd_log), ("time", panel.doubling_time_sd_log)),
        (("threshold", panel.death_threshold_sd_log),),
    )  # fmt: skip
    drawn = np.empty(n, _DRAWN)
    for draw, pair in enumerate(spreads):
        normal = streams.normals(Stream.FOUNDER_GENOTYPE, 0, keys, draw)
        for row, (field, sd) in enumerate(pair):
            drawn[field] = philox.exp_rows(sd * normal[row : row + 1])[0]
    for draw, names in enumerate((("addiction", "p53"), ("first", "second"), ("kras",)), 3):
        uniform = streams.uniforms(Stream.FOUNDER_GENOTYPE, 0, keys, draw)
        for row, field in enumerate(names):
            drawn[field] = uniform[row]
    return drawn


def _line(name: str, panel: PanelParameters, drawn: np.void, index: int) -> CellLine:
    is_mutant = bool(drawn["kras"] < panel.kras_mutant_share)
    volume = panel.volume * float(drawn["volume"])
    fold = panel.kras_fold if is_mutant else 1.0
    spread = float(drawn["message"] * drawn["translation"])
    width = panel.gln_addiction_high - panel.gln_addiction_low
    alleles = sum(bool(drawn[allele] < panel.allele_methylation) for allele in ("first", "second"))
    return CellLine(
        line_id=f"{name}-{index + 1:02d}",
        title=f"virtual line {index + 1} of the panel {name}",
        doubling_time=panel.doubling_time * float(drawn["time"]),
        volume=volume,
        asns_set_point=panel.copies_per_pl * fold * spread * volume,
        methylated_alleles=alleles,
        gln_addiction=panel.gln_addiction_low + width * float(drawn["addiction"]),
        gs_capacity=panel.gs_capacity,
        death_threshold=panel.death_threshold * float(drawn["threshold"]),
        ras_gain=panel.kras_ras_gain if is_mutant else 0.0,
        p53_wild_type=float(drawn["p53"] < panel.p53_wild_type_share),
        kras="mutant" if is_mutant else "wild type",
    )


def _record(
    lines: tuple[CellLine, ...], panel: PanelParameters, drawn: np.ndarray, cell: CellParameters
) -> np.ndarray:
    left = np.array([1.0, cell.message_one_methylated, cell.message_two_methylated])
    record = np.empty(len(lines), RECORD)
    record["line_id"] = [line.line_id for line in lines]
    record["methylated_alleles"] = [line.methylated_alleles for line in lines]
    record["is_kras_mutant"] = [line.kras == "mutant" for line in lines]
    message = left[record["methylated_alleles"]]
    record["copies"] = np.array([line.asns_set_point for line in lines]) * message
    record["copies_per_pl"] = record["copies"] / np.array([line.volume for line in lines])
    fold = np.where(record["is_kras_mutant"], panel.kras_fold, 1.0)
    record["message"] = drawn["message"] * fold * message
    record["is_asns_high"] = record["copies_per_pl"] > panel.high_copies_per_pl
    record.setflags(write=False)
    return record
