"""Write the tables of the documents that follow from the code.

Usage: python tools/make_tables.py [--check]. A table stands between two comments that bear its
name; what stands outside of them is left alone. With ``--check`` nothing is written and the exit
status is 1 when a document is out of date.
"""

import ast
import dataclasses
import importlib
import inspect
import itertools
import json
import math
import pkgutil
import re
import sys
import textwrap
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from abm import founding_growth, order  # noqa: E402
from abm.environment import body, media, plasma, reactions  # noqa: E402
from abm.parameters import ParameterRow, ParameterSet  # noqa: E402
from abm.pharmacology import (  # noqa: E402
    asparagine,
    immunity,
    partners,
    products,
    protocols,
    sensitisation,
    therapy_options,
    toxicity,
    variability,
)
from abm.processes import (  # noqa: E402
    cell_lines,
    cell_parameters,
    cell_vector,
    cohort_merge,
    contact,
    dosing,
    fate,
    inheritance,
    line_panels,
    medium_change,
    motion,
    nutrients,
    respiration,
    room,
    traffic,
    weighted_fate,
    weighted_inheritance,
)
from abm.state.columns import COLUMNS  # noqa: E402
from abm.streams import Stream  # noqa: E402
from abm.watch import plan  # noqa: E402
from scenarios.cohort import disease  # noqa: E402
from scenarios.report.assumptions import first_sentences  # noqa: E402
from scenarios.studies import patient_posterior  # noqa: E402
from tools import compound_table, line_table, protocol_table  # noqa: E402

SECTIONS: tuple[tuple[str, str, tuple[type[ParameterSet], ...]], ...] = (
    ("The mechanistic cell", "cell", cell_parameters.GROUPS),
    ("Inhibitors and knock-downs", "switches", (cell_vector.CellSwitches,)),
    ("Uptake as the site sees it", "transport", (reactions.TransportParameters,)),
    ("Diffusion", "diffusion", (reactions.DiffusionParameters,)),
    ("Plasma that feeds the vessels", "plasma", (plasma.PlasmaParameters,)),
    ("Solver of the nutrients", "solver", (reactions.SolverParameters,)),
    ("Oxygen that cells of a tissue use", "respiration", (respiration.RespirationParameters,)),
    ("Dead cells", "dead_matter", (nutrients.DeadMatterParameters,)),
    ("Corpses", "corpses", (fate.CorpseParameters,)),
    ("Gas above the medium", "gas", (media.GasParameters,)),
    ("Change of medium", "medium_change", (medium_change.MediumChangeParameters,)),
    ("Dosing", "dosing", (dosing.DosingParameters,)),
    ("Body", "body", (body.BodyParameters,)),
    ("Between the doses of a patient", "course", (therapy_options.CourseParameters,)),
    ("Antibodies of a patient", "immunity", (immunity.ImmunityParameters,)),
    ("Gaps between exposures", "exposure", (sensitisation.ExposureParameters,)),
    ("Toxicity that stops the enzyme", "toxicity", (toxicity.ToxicityParameters,)),
    ("Partner drugs", "partners", (partners.PartnerParameters,)),
    ("What is read off a patient", "watch", (plan.WatchParameters,)),
    ("Contact transfer", "contact", (contact.ContactParameters,)),
    ("Inheritance", "inheritance", (inheritance.InheritanceParameters,)),
    ("Merging of rows of weighted cells", "merging", (cohort_merge.MergeParameters,)),
    ("Pools of mutants", "pool", (weighted_inheritance.PoolParameters,)),
    ("Growth of a tumour before the start", "history", (founding_growth.HistoryParameters,)),
    ("Motion and crowding", "motion", (motion.MotionParameters,)),
    ("Room in a body", "room", (room.RoomParameters,)),
    ("Between the compartments of a body", "traffic", (traffic.TrafficParameters,)),
)
"""Title, group under ``parameters:`` of a scenario, classes."""

FROM_SCENARIO = (
    ("Cells with fixed rates", (fate.FixedRates,)),
    ("Weighted cells", (weighted_fate.WeightedKinetics,)),
)
"""Classes whose numbers come from their own keys of a scenario."""

PROTOCOL_LIST = ROOT / "scenarios" / "library" / "protocols.tsv"
"""What ``asnsim list`` prints of the protocols."""
ASSUMPTION_LIST = ROOT / "scenarios" / "report" / "assumptions.tsv"
"""What the report of a run says of each assumption: the first sentence of its entry."""

LINES_AND_PRODUCTS: tuple[type[ParameterSet], ...] = (
    disease.Disease,
    patient_posterior.FitParameters,
    cell_lines.CellLine,
    products.EnzymeConstants,
    products.TransitKinetics,
    products.AllometricKinetics,
    products.SurfaceKinetics,
    line_panels.PanelParameters,
    variability.Variability,
    variability.Demographics,
    asparagine.AsparagineTurnover,
    asparagine.SampleHandling,
)
"""Classes of which the code holds several sets of numbers as data."""

_CASE_ID = re.compile(r"\bC\d{2}(?:[a-z]\b|_\w+(?:\.\d+)?(?:_\w+)?)?")


def table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return a Markdown table; pipes inside cells are escaped."""
    lines = ["| " + " | ".join(header) + " |", "|" + "---|" * len(header)]
    for row in rows:
        cells = [str(cell).replace("|", "\\|").replace("\n", " ") for cell in row]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def number(value: float) -> str:
    """Return a number as people write it."""
    if isinstance(value, float) and not math.isfinite(value):
        return "infinite" if value > 0 else "-infinite"
    return f"{value:.6g}"


def parameter_range(row: ParameterRow) -> str:
    """Return the closed range of a parameter."""
    if math.isinf(row.high):
        return f">= {number(row.low)}"
    return f"{number(row.low)} to {number(row.high)}"


def parameter_table(classes: Iterable[type[ParameterSet]], prefix: str = "") -> str:
    """Return one table with the declared parameters of some classes."""
    rows = [
        (
            f"`{prefix}{row.name}`", number(row.value), row.unit or "-", parameter_range(row),
            row.meaning, row.source,
        )
        for cls in classes
        for row in cls.rows()
    ]  # fmt: skip
    return table(("name", "value", "unit", "range", "meaning", "source"), rows)


def parameters() -> str:
    """Return the tables of all parameters that a scenario can override, and of the fixed rates."""
    parts = []
    for title, group, classes in SECTIONS:
        parts.append(f"### {title}: `{group}`")
        for cls in classes:
            if len(classes) > 1:
                parts.append(f"*{_first_line(cls)}*")
            parts.append(parameter_table((cls,), f"{group}."))
    for title, from_scenario in FROM_SCENARIO:
        parts += [f"### {title}", parameter_table(from_scenario)]
    return "\n\n".join(parts)


def _first_line(item: object) -> str:
    return (inspect.getdoc(item) or "").splitlines()[0]


def lines() -> str:
    """Return the numbers that each cell line owns, with the sources of those it changed."""
    names = [row.name for row in cell_lines.CellLine.rows()]
    fields = [*names, "methylated_alleles", "proteolysis_basal", "proteolysis_starved"]
    values = [
        (f"`{line.line_id}`", *(_own(getattr(line, name)) for name in fields))
        for line in cell_lines.CELL_LINES.values()
    ]
    sources = [
        (f"`{line.line_id}`", "; ".join(f"{k}: {v}" for k, v in line.sources.items()) or "as above")
        for line in cell_lines.CELL_LINES.values()
    ]
    return "\n\n".join(
        [
            parameter_table((cell_lines.CellLine,)),
            table(("line", *(f"`{name}`" for name in fields)), values),
            table(("line", "where its numbers come from"), sources),
        ]
    )


def _own(value: float | None) -> str:
    return "-" if value is None else number(value)


def drugs() -> str:
    """Return enzymes, presets and their kinetics."""
    enzymes = [
        (f"`{p.id}`", p.title, *(number(v) for v in dataclasses.astuple(p.enzyme)))
        for p in products.PRODUCTS.values()
    ]
    names = [row.name for row in products.EnzymeConstants.rows()]
    parts = [
        parameter_table((products.EnzymeConstants,)),
        table(("product", "title", *(f"`{name}`" for name in names)), enzymes),
    ]
    for product in products.PRODUCTS.values():
        parts.append(f"### {product.id}")
        parts.append("\n".join(f"- {source}" for source in product.sources))
        parts.append(_presets(product))
    return "\n\n".join(parts)


def _presets(product: products.Product) -> str:
    kinetics = list(product.presets.values())
    rows = [
        (f"`{row.name}`", row.unit or "-", *(number(getattr(k, row.name)) for k in kinetics),
         row.meaning)
        for row in kinetics_rows(type(kinetics[0]))
    ]  # fmt: skip
    header = ("name", "unit", *(f"`{name}`" for name in product.presets), "meaning")
    return table(header, rows)


def kinetics_rows(cls: type[ParameterSet]) -> list[ParameterRow]:
    """Return the declared parameters of a class with the meanings that its base gives."""
    inherited = {row.name: row.meaning for base in cls.__mro__[1:-1] for row in _rows_of(base)}
    return [row._replace(meaning=row.meaning or inherited.get(row.name, "")) for row in cls.rows()]


def _rows_of(cls: type) -> list[ParameterRow]:
    if not issubclass(cls, ParameterSet) or cls is ParameterSet:
        return []
    return list(cls.rows())


def media_table() -> str:
    """Return the media and serum."""
    columns = {**media.MEDIA, "serum, undiluted, not dialysed": media.SERUM}
    rows = [
        (species.name.lower(), *(number(values.get(species, 0.0)) for values in columns.values()))
        for species in media.Species
    ]
    return table(("uM", *columns), rows)


def cell_columns() -> str:
    """Return the table of per-cell columns."""
    rows = [
        (f"`{c.name}`", c.dtype.__name__, c.unit or "-", c.group.name.lower(),
         c.at_division.name.lower(), number(c.default), c.meaning)
        for c in COLUMNS
    ]  # fmt: skip
    return table(("column", "type", "unit", "group", "at division", "default", "meaning"), rows)


def streams() -> str:
    """Return the registry of random streams; the string below a member says what it decides."""
    body = ast.parse(textwrap.dedent(inspect.getsource(Stream))).body[0].body  # type: ignore[attr-defined]
    meanings = {
        member.targets[0].id: " ".join(text.value.value.split())
        for member, text in itertools.pairwise(body)
        if isinstance(member, ast.Assign) and isinstance(text, ast.Expr)
    }
    rows = ((int(s), f"`{s.name}`", meanings[s.name]) for s in sorted(Stream))
    return table(("number", "stream", "what it decides"), rows)


def order_block() -> str:
    """Return the tuple ORDER as it stands in the source."""
    source = inspect.getsource(order)
    for node in ast.parse(source).body:
        if isinstance(node, ast.AnnAssign) and getattr(node.target, "id", "") == "ORDER":
            return f"```python\n{ast.get_source_segment(source, node)}\n```"
    raise LookupError("abm/order.py has no ORDER")


def theory_cases() -> list[dict[str, Any]]:
    """Return the theory cases of the test data."""
    path = ROOT / "tests" / "reference" / "theory_cases.json"
    cases: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))["cases"]
    return cases


def cases_by_test() -> dict[str, set[str]]:
    """Return for each test function that names a theory case the ids as it writes them."""
    found: dict[str, set[str]] = {}
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        source = path.read_text(encoding="utf-8")
        for node in ast.parse(source).body:
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                first = min([node.lineno, *(d.lineno for d in node.decorator_list)])
                text = "\n".join(source.splitlines()[first - 1 : node.end_lineno])
                ids = set(_CASE_ID.findall(text))
                if ids:
                    found[f"{path.relative_to(ROOT).as_posix()}::{node.name}"] = ids
    return found


def is_named(case_id: str, names: Iterable[str]) -> bool:
    """Tell whether one of the names is the case or, as in C05 for C05_M1, its family."""
    return any(case_id == name or case_id.startswith(f"{name}_") for name in names)


TITLES = {
    "C01a": "birth and death, growing (Kendall)",
    "C01c": "birth and death, shrinking",
    "C04_m2": "number of mutants in a culture (Luria, Delbrueck; Lea, Coulson)",
    "C05_M10000_u1e-05_q0_a1": "chance of a mutant at a given size, no death (Iwasa)",
    "C05_M10000_u1e-05_q0.5_a1": "chance of a mutant at a given size, with death",
    "C08": "sizes of neutral clades under pure birth",
    "C10": "speed of a growing front (Fisher, Kolmogorov)",
    "C11a": "point source, diffusion and decay",
    "C11b": "first-order uptake below a fixed surface (Thiele)",
    "C11c": "zero-order uptake, starved core",
    "C12a": "decay of a cosine",
    "C12b": "diffusion without flux at the ends, order of convergence",
    "C13a": "batch that the enzyme empties (Lambert W)",
    "C14a": "absorption and elimination (Bateman)",
    "C14b": "repeated infusions",
    "C14c": "ageing enzyme in 14 stages",
    "C15": "kill summed over a decaying dose",
    "C16": "IC50 and length of the assay",
    "C17": "message and protein after a step",
    "C20": "growth rate from the cycle time (Euler, Lotka)",
    "C21": "nutrient that a growing culture uses up",
    "C28": "a drug combined with itself",
}


def verification() -> str:
    """Return the theory cases with the tests that bear their ids."""
    tests = cases_by_test()
    rows = []
    for case in theory_cases():
        bearing = [f"`{test}`" for test, names in tests.items() if is_named(case["id"], names)]
        rows.append(
            (
                case["id"],
                TITLES[case["id"]],
                case["tolerance"].split(";")[0],
                "<br>".join(bearing) or "none yet",
            )
        )
    return table(("case", "theory", "tolerance", "tests"), rows)


DOCUMENTS: dict[str, dict[str, Callable[[], str]]] = {
    "docs/parameters.md": {
        "parameters": parameters,
        "lines": lines,
        "drugs": drugs,
        "media": media_table,
    },
    "docs/output-format.md": {"cell columns": cell_columns},
    "docs/model.md": {"order": order_block},
    "docs/randomness.md": {"streams": streams},
    "docs/verification.md": {"theory": verification},
    "docs/compounds.md": {"compounds": compound_table.compound_block},
    "docs/protocols.md": {
        "overview": protocol_table.overview,
        "doses": protocol_table.doses,
        "backbones": protocol_table.backbones,
        "monitoring": protocol_table.monitoring,
    },
    "docs/cell-lines.md": {
        "overview": line_table.overview,
        "panels": line_table.panels,
        "sources": line_table.sources,
    },
}
"""Document -> name between the markers -> maker."""


def all_parameter_classes() -> set[type[ParameterSet]]:
    """Import all of ``abm`` and return the parameter classes that declare numbers of their own."""
    import abm

    for module in pkgutil.walk_packages(abm.__path__, "abm."):
        importlib.import_module(module.name)
    found, waiting = set(), [ParameterSet]
    while waiting:
        for cls in waiting.pop().__subclasses__():
            waiting.append(cls)
            if cls.__module__.startswith("abm.") and any("low" in f for f in _own_metadata(cls)):
                found.add(cls)
    return found


def _own_metadata(cls: type[ParameterSet]) -> list[dict[str, Any]]:
    own = cls.__annotations__
    return [dict(f.metadata) for f in dataclasses.fields(cls) if f.name in own]


def render(text: str, blocks: dict[str, Callable[[], str]], name: str) -> str:
    """Return a document with its tables renewed; raises LookupError where a marker is missing."""
    for block, make in blocks.items():
        begin, end = f"<!-- begin {block} (tools/make_tables.py) -->", f"<!-- end {block} -->"
        head, found, rest = text.partition(begin)
        _, closed, tail = rest.partition(end)
        if not found or not closed:
            raise LookupError(f"{name}: the markers of '{block}' are missing")
        text = f"{head}{begin}\n{make()}\n{end}{tail}"
    return text


def main(arguments: list[str]) -> int:
    """Write the documents, or with ``--check`` name those that are out of date."""
    if arguments not in ([], ["--check"]):
        sys.stderr.write("usage: python tools/make_tables.py [--check]\n")
        return 2
    stale = []
    for name, blocks in DOCUMENTS.items():
        path = ROOT / name
        before = path.read_text(encoding="utf-8")
        after = render(before, blocks, name)
        if after != before:
            stale.append(name)
            if not arguments:
                path.write_text(after, encoding="utf-8")
    entries = (ROOT / "docs" / "assumptions.md").read_text(encoding="utf-8")
    lists = {PROTOCOL_LIST: protocols.protocol_lines(), ASSUMPTION_LIST: first_sentences(entries)}
    for path, lines in lists.items():
        listed = "".join(f"{name}\t{text}\n" for name, text in lines)
        if not path.exists() or listed != path.read_text(encoding="utf-8"):
            stale.append(path.name)
            if not arguments:
                path.write_text(listed, encoding="utf-8")
    if arguments and stale:
        sys.stderr.write(f"out of date: {', '.join(stale)}; say: python tools/make_tables.py\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
