"""Tables of docs/cell-lines.md: what each line is made of and where every number comes from."""

from collections.abc import Iterable, Sequence

from abm.processes.cell_lines import ALIASES, CELL_LINES, CellLine
from abm.processes.line_panels import PANELS, PanelParameters

WORDS = {
    "doubling_time": "doubling time",
    "volume": "volume of a newborn cell",
    "asns_set_point": "copies of ASNS, unmethylated",
    "methylated_alleles": "methylated alleles",
    "gln_addiction": "share of Asp made from Gln",
    "gs_capacity": "Gln made by glutamine synthetase",
    "death_threshold": "threshold of death",
    "ras_gain": "gain of ATF4 by KRAS and AKT",
    "mapk_share": "share of induction through MEK",
    "p53_wild_type": "wild-type p53 (1 yes, 0 no)",
    "serine_synthesis": "own synthesis of Ser",
    "adhesion": "adhesion in tissue",
    "proteolysis_basal": "loss of protein, replete",
    "proteolysis_starved": "loss of protein, starved",
}
"""The fields of a line in the order of the tables, in words."""

_UNITS = {"proteolysis_basal": "1/h", "proteolysis_starved": "1/h"}


def _table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    lines = ["| " + " | ".join(header) + " |", "|" + "---|" * len(header)]
    for row in rows:
        lines.append("| " + " | ".join(str(cell).replace("|", "\\|") for cell in row) + " |")
    return "\n".join(lines)


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.6g}"


def overview() -> str:
    """Return one row per line: name, growth, size, synthetase and the prior of its message."""
    rows = [
        (
            f"`{line.line_id}`",
            ", ".join(f"`{alias}`" for alias, name in ALIASES.items() if name == line.line_id)
            or "-",
            _number(line.doubling_time),
            f"{line.medium} + {100.0 * line.serum_fraction:g} % serum",
            _number(line.volume),
            _number(line.asns_set_point),
            _number(round(line.asns_set_point / line.volume, -2)),
            _number(line.methylated_alleles),
            _number(line.mrna_ratio_to_molt4),
            "wild type" if line.p53_wild_type else "lost",
            line.kras,
        )
        for line in CELL_LINES.values()
    ]
    header = (
        "line", "aliases", "doubling time [h]", "in", "volume [pL]", "ASNS copies", "per pL",
        "methylated alleles", "message / MOLT-4", "p53", "KRAS",
    )  # fmt: skip
    return _table(header, rows)


def sources() -> str:
    """Return one table per line with every number and its source."""
    return "\n\n".join(_sources_of(line) for line in CELL_LINES.values())


def _sources_of(line: CellLine) -> str:
    units = {row.name: row.unit for row in CellLine.rows()} | _UNITS
    rows = [
        (words, _number(getattr(line, name)), units.get(name) or "-", line.source_of(name))
        for name, words in WORDS.items()
        if getattr(line, name) is not None
    ]
    table = _table(("quantity", "value", "unit", "source"), rows)
    return f"### `{line.line_id}`\n\n{line.title[0].upper()}{line.title[1:]}.\n\n{table}"


def panels() -> str:
    """Return the distributions of the panels, with the sources of their numbers."""
    names = [row.name for row in PanelParameters.rows()]
    units = {row.name: row.unit for row in PanelParameters.rows()}
    meanings = {row.name: row.meaning for row in PanelParameters.rows()}
    values = [
        (
            meanings[name].rstrip("."),
            units[name] or "-",
            *(_number(getattr(parameters, name)) for _, parameters in PANELS.values()),
            "; ".join(_panel_sources(name)),
        )
        for name in names
    ]
    lines = (
        "number of lines",
        "-",
        *(str(number) for number, _ in PANELS.values()),
        "as published",
    )
    derived = [
        ("ASNS-high above", "1/pL", *_derived("high_copies_per_pl"), "follows"),
        ("median of KRAS-mutant over wild type", "-", *_derived("kras_fold"), "follows"),
    ]
    header = ("quantity", "unit", *(f"`{name}`" for name in PANELS), "source")
    return _table(header, [lines, *values, *derived])


def _derived(name: str) -> list[str]:
    return [
        f"{getattr(parameters, name):.4g}"
        if name != "kras_fold" or parameters.kras_mutant_share
        else "-"
        for _, parameters in PANELS.values()
    ]


def _panel_sources(name: str) -> list[str]:
    by_source: dict[str, list[str]] = {}
    for panel, (_, parameters) in PANELS.items():
        by_source.setdefault(parameters.source_of(name), []).append(panel)
    if len(by_source) == 1:
        return list(by_source)
    return [f"{', '.join(names)}: {source}" for source, names in by_source.items()]
