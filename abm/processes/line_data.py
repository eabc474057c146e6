"""Cell lines and cell types as data: every number stands beside its source.

What ``asnsim calibrate cell`` varies has its number in ``fitted.yaml``.

Doubling times are those of the NCI-60 table where it has the line. Copies of the synthetase are
assumptions throughout: the one microarray probe that is public (``mrna_ratio``) is kept beside them
as a prior, and does not set them. Only copies per volume matter for one cell, the volume alone sets
how fast a well is emptied.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from abm.processes.fitted import fitted

Numbers = Mapping[str, tuple[float, str]]
"""Field of a line -> value in the unit of the field, and where it comes from."""

TABLE = "NCI-60 table of doubling times (mdbeckman/dcData, NCI60cells)"
PROBE = "NCI-60 expression data (mdbeckman/dcData, NCI60, row ASNS, probe 1)"
"""Source of every ``mrna_ratio``."""
_FIT = "assumption A21"
_TIME = "assumption A22"
_SLOW_PROTEIN = "assumption A25"
_NO_MARK = "assumption A125"
_P53_TABLE = "TP53 status of the NCI-60 table (mdbeckman/dcData, NCI60cells)"
_P53_OTHER = "assumption A126"
_NCI60_SERUM = 0.05
_USUAL_SERUM = 0.1
_MOLT4_COPIES = fitted("line.molt-4.asns_set_point")
_OVCAR8_COPIES = fitted("line.ovcar-8.asns_set_point")


class LineRecord(NamedTuple):
    """One line as it stands in the table."""

    line_id: str
    title: str
    numbers: Numbers
    kras: str
    """KRAS status in words."""
    mrna_ratio: float | None = None
    """Message of the synthetase against MOLT-4 by one probe, None where not known."""
    serum_fraction: float = _USUAL_SERUM
    """Share of serum beside RPMI-1640 in which the doubling time holds."""
    aliases: tuple[str, ...] = ()
    """Further names, in lower case with hyphens."""


def _numbers(*parts: Numbers, **own: tuple[float, str]) -> Numbers:
    joined: dict[str, tuple[float, str]] = {}
    for part in parts:
        joined |= part
    return MappingProxyType(joined | own)


_T_ALL = _numbers(
    volume=(0.9, _FIT),
    methylated_alleles=(1, "assumption A23"),
    gln_addiction=(0.3, _FIT),
    gs_capacity=(500.0, _FIT),
    death_threshold=(fitted("line.molt-4.death_threshold"), _FIT),
    ras_gain=(0.0, _FIT),
)
_SOLID = _numbers(
    adhesion=(0.4, "assumption A465"),
    methylated_alleles=(0, _NO_MARK),
    gs_capacity=(200.0, _FIT),
    death_threshold=(fitted("line.a549.death_threshold"), _FIT),
    ras_gain=(0.0, _FIT),
    p53_wild_type=(0.0, _P53_TABLE),
)
_QUIESCENT = _numbers(
    methylated_alleles=(0, _NO_MARK),
    ras_gain=(0.0, _FIT),
    proteolysis_basal=(0.005, _SLOW_PROTEIN),
    proteolysis_starved=(0.008, _SLOW_PROTEIN),
)

_LEUKAEMIA = (
    LineRecord(
        "default-blast",
        "leukaemic blast without a name",
        _numbers(
            doubling_time=(36.0, _TIME),
            methylated_alleles=(0, _NO_MARK),
            p53_wild_type=(1.0, _P53_OTHER),
        ),
        kras="wild type (assumption A126)",
        aliases=("blast",),
    ),
    LineRecord(
        "molt-4",
        "MOLT-4, T-ALL: low and inducible ASNS",
        _numbers(
            _T_ALL,
            doubling_time=(27.9, TABLE),
            asns_set_point=(_MOLT4_COPIES, _FIT),
            p53_wild_type=(1.0, f"{_P53_TABLE}; another sheet disagrees, assumption A126"),
        ),
        kras="wild type (assumption A126)",
        mrna_ratio=1.0,
        serum_fraction=_NCI60_SERUM,
    ),
    LineRecord(
        "molt-4-resistant",
        "MOLT-4 selected by asparaginase",
        _numbers(
            _T_ALL,
            doubling_time=(27.9, f"{TABLE}: as MOLT-4, assumption A24"),
            asns_set_point=(8.0 * _MOLT4_COPIES, "assumption A24: MOLT-4 x 8"),
            p53_wild_type=(1.0, "as MOLT-4, assumption A24"),
        ),
        kras="wild type (assumption A126)",
        serum_fraction=_NCI60_SERUM,
        aliases=("molt-4r", "molt-4-r", "resistant-molt-4"),
    ),
    LineRecord(
        "jurkat",
        "Jurkat, T-ALL",
        _numbers(
            _T_ALL,
            doubling_time=(28.0, _TIME),
            asns_set_point=(4.2e4, _FIT),
            p53_wild_type=(1.0, _P53_OTHER),
        ),
        kras="wild type (assumption A126)",
    ),
    LineRecord(
        "k-562",
        "K-562, chronic myeloid leukaemia in blast crisis (BCR-ABL)",
        _numbers(
            doubling_time=(19.6, TABLE),
            volume=(1.6, "assumption A120"),
            asns_set_point=(4.0e5, "assumption A120"),
            methylated_alleles=(0, _NO_MARK),
            gln_addiction=(0.7, "assumption A120"),
            gs_capacity=(500.0, "assumption A120"),
            death_threshold=(1.38, "assumption A120"),
            ras_gain=(0.0, "assumption A120"),
            p53_wild_type=(0.0, _P53_TABLE),
        ),
        kras="wild type (assumption A126)",
        mrna_ratio=15.2,
        serum_fraction=_NCI60_SERUM,
        aliases=("k562",),
    ),
)

_CARCINOMA = (
    LineRecord(
        "a549",
        "A549, lung adenocarcinoma",
        _numbers(
            _SOLID,
            doubling_time=(22.9, TABLE),
            volume=(fitted("line.a549.volume", "pL"), _FIT),
            asns_set_point=(fitted("line.a549.asns_set_point"), _FIT),
            gln_addiction=(fitted("line.a549.gln_addiction"), _FIT),
            ras_gain=(0.5, "KRAS G12S; assumption A21"),
            p53_wild_type=(1.0, _P53_TABLE),
        ),
        kras="G12S (from memory)",
        mrna_ratio=5.86,
        serum_fraction=_NCI60_SERUM,
    ),
    LineRecord(
        "786-o",
        "786-O, clear-cell renal carcinoma",
        _numbers(
            _SOLID,
            doubling_time=(22.4, TABLE),
            volume=(fitted("line.786-o.volume", "pL"), _FIT),
            asns_set_point=(fitted("line.786-o.asns_set_point"), _FIT),
            gln_addiction=(0.86, _FIT),
        ),
        kras="wild type (from memory)",
        mrna_ratio=1.55,
        serum_fraction=_NCI60_SERUM,
        aliases=("786-0",),
    ),
    LineRecord(
        "mda-mb-231",
        "MDA-MB-231, breast carcinoma",
        _numbers(
            _SOLID,
            doubling_time=(41.9, TABLE),
            volume=(2.2, _FIT),
            adhesion=(0.0, "stellate: Kenny 2007, doi:10.1016/j.molonc.2007.02.004; A465"),
            asns_set_point=(3.0e5, _FIT),
            gln_addiction=(0.957, _FIT),
        ),
        kras="G13D (from memory); without gain in the joint fit, assumption A21",
        mrna_ratio=7.41,
        serum_fraction=_NCI60_SERUM,
    ),
    LineRecord(
        "ovcar-8",
        "OVCAR-8, ovarian carcinoma",
        _numbers(
            _SOLID,
            doubling_time=(26.1, TABLE),
            volume=(2.0, _FIT),
            asns_set_point=(_OVCAR8_COPIES, _FIT),
            gln_addiction=(0.7, _FIT),
        ),
        kras="P121H of unknown effect (from memory); without gain, assumption A21",
        mrna_ratio=1.31,
        serum_fraction=_NCI60_SERUM,
    ),
    LineRecord(
        "ovcar-8-adr",
        "OVCAR-8/ADR (NCI/ADR-RES), OVCAR-8 selected by doxorubicin",
        _numbers(
            _SOLID,
            doubling_time=(34.0, f"{TABLE}, as NCI/ADR-RES"),
            volume=(2.0, _FIT),
            asns_set_point=(_OVCAR8_COPIES, _FIT),
            gln_addiction=(0.7, _FIT),
        ),
        kras="as OVCAR-8",
        mrna_ratio=1.08,
        serum_fraction=_NCI60_SERUM,
        aliases=("nci-adr-res", "ovcar-8-adr-res", "ovcar-8-dxr"),
    ),
    LineRecord(
        "hct-116",
        "HCT-116, colon carcinoma with mutant KRAS",
        _numbers(
            _SOLID,
            doubling_time=(17.4, TABLE),
            volume=(2.0, "assumption A121"),
            asns_set_point=(1.0e6, "assumption A121"),
            gln_addiction=(0.85, "assumption A121"),
            ras_gain=(0.5, "KRAS G13D; assumption A121"),
            p53_wild_type=(1.0, "open in the NCI-60 table; wild type from memory, assumption A126"),
        ),
        kras="G13D (from memory)",
        mrna_ratio=10.6,
        serum_fraction=_NCI60_SERUM,
        aliases=("hct116", "colon-kras-mutant"),
    ),
    LineRecord(
        "colon-kras-wild-type",
        "colon carcinoma with wild-type KRAS, after COLO-205",
        _numbers(
            _SOLID,
            doubling_time=(23.8, f"{TABLE}, as COLO 205"),
            volume=(2.0, "assumption A122"),
            asns_set_point=(2.4e5, "assumption A122"),
            gln_addiction=(0.85, "assumption A122"),
            ras_gain=(0.0, "wild-type KRAS; assumption A122"),
        ),
        kras="wild type, BRAF V600E (from memory)",
        mrna_ratio=2.69,
        serum_fraction=_NCI60_SERUM,
        aliases=("colo-205", "colo205"),
    ),
    LineRecord(
        "gln-independent",
        "carcinoma that grows without Gln when it has Asn",
        _numbers(
            _SOLID,
            doubling_time=(30.0, _TIME),
            volume=(2.0, _FIT),
            asns_set_point=(1.5e6, _FIT),
            gln_addiction=(0.3, _FIT),
            gs_capacity=(fitted("line.gln-independent.gs_capacity", "uM/h"), _FIT),
            p53_wild_type=(1.0, _P53_OTHER),
        ),
        kras="wild type (assumption A126)",
    ),
    LineRecord(
        "pdac-like",
        "pancreatic carcinoma whose ATF4 response runs through MEK",
        _numbers(
            _SOLID,
            doubling_time=(30.0, _TIME),
            volume=(2.2, _FIT),
            asns_set_point=(2.0e5, _FIT),
            gln_addiction=(0.7, _FIT),
            ras_gain=(0.5, _FIT),
            mapk_share=(0.7, "Pathria 2019 (logic); assumption A21"),
            p53_wild_type=(0.0, _P53_OTHER),
        ),
        kras="mutant (assumption A21)",
    ),
)

_NORMAL = (
    LineRecord(
        "marrow-msc",
        "mesenchymal stromal cell of the marrow",
        _numbers(
            _QUIESCENT,
            doubling_time=(150.0, _TIME),
            volume=(4.0, _FIT),
            asns_set_point=(8.8e5, "Iwamoto 2007 JCI 117:1049: 20 times blasts"),
            gln_addiction=(0.3, _FIT),
            gs_capacity=(2000.0, _FIT),
            death_threshold=(1.38, _FIT),
            p53_wild_type=(1.0, "normal cell"),
        ),
        kras="wild type (normal cell)",
        aliases=("msc",),
    ),
    LineRecord(
        "normal-lymphocyte",
        "lymphocyte that survives asparaginase by inducing its own ASNS",
        _numbers(
            _QUIESCENT,
            doubling_time=(120.0, "assumption A123"),
            volume=(0.2, "assumption A123"),
            asns_set_point=(1.46e4, "assumption A123"),
            methylated_alleles=(0, "Watanabe 2020: normal blood cells are not methylated"),
            gln_addiction=(0.3, "assumption A123"),
            gs_capacity=(500.0, "assumption A123"),
            death_threshold=(1.0, "assumption A123"),
            p53_wild_type=(1.0, "normal cell"),
        ),
        kras="wild type (normal cell)",
        aliases=("lymphocyte",),
    ),
    LineRecord(
        "adipocyte",
        "adipocyte of the marrow: keeps its number, gives off Gln and Asn",
        _numbers(
            _QUIESCENT,
            doubling_time=(1.0e4, "assumption A124"),
            volume=(10.0, "assumption A124"),
            asns_set_point=(2.2e6, "assumption A124"),
            gln_addiction=(0.3, "assumption A124"),
            gs_capacity=(4000.0, "Ehsanipour 2013 (logic); assumption A124"),
            death_threshold=(1.38, "assumption A124"),
            p53_wild_type=(1.0, "normal cell"),
        ),
        kras="wild type (normal cell)",
    ),
)

LINE_RECORDS: tuple[LineRecord, ...] = (*_LEUKAEMIA, *_CARCINOMA, *_NORMAL)
"""All lines in the order of the documentation."""
