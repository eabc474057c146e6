"""Imports go one way (the tuple below), and kernels import nothing but kernels."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

LAYERS: tuple[tuple[str, ...], ...] = (
    ("abm.errors", "abm.units", "abm.html_table"),
    ("abm.parameters", "abm.kernels"),
    ("abm.state", "abm.clock", "abm.streams"),
    ("abm.environment", "abm.pharmacology"),
    ("abm.lineage", "abm.clone_lineage", "abm.ledger", "abm.order"),
    ("abm.processes",),
    (
        "abm.founders",
        "abm.founder_shares",
        "abm.founding_growth",
        "abm.founding_history",
        "abm.weighted_founders",
        "abm.weighted_history",
        "abm.facts",
        "abm.stop",
        "abm.cell_view",
        "abm.clone_agents",
        "abm.observe",
        "abm.observe_wells",
        "abm.watch",
    ),
    ("abm.model", "abm.record"),
    ("analysis",),
    ("scenarios",),
    ("asnsim",),
)
"""Lowest first; a file may import from its own line or from those above it."""

OPEN_TO_ALL = {"abm", "analysis", "scenarios"}


def _modules():
    for package in ("abm", "analysis", "scenarios", "asnsim"):
        for path in sorted((ROOT / package).rglob("*.py")):
            name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
            yield name.removesuffix(".__init__"), path


def _imports(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            assert node.level == 0, f"{path} uses a relative import"
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _layer(name):
    for rank, members in enumerate(LAYERS):
        if any(name == member or name.startswith(member + ".") for member in members):
            return rank
    return None


MODULES = list(_modules())


@pytest.mark.parametrize(("name", "path"), MODULES, ids=[name for name, _ in MODULES])
def test_imports_go_down_only(name, path):
    own = _layer(name)
    if own is None:
        assert name in OPEN_TO_ALL, f"{name} has no layer in {Path(__file__).name}"
        own = 0
    for imported in _imports(path):
        rank = _layer(imported)
        assert rank is None or rank <= own, f"{path.relative_to(ROOT)} imports {imported}"
        if name.startswith("analysis"):
            assert not imported.startswith("abm.model"), f"{path} looks into the live model"


OF_THE_COMPILER = {"abm.kernels._jit", "abm.kernels.lanes", "abm.kernels.runtime"}


def test_numba_and_kernels_are_alone():
    for name, path in MODULES:
        for imported in _imports(path):
            if name.startswith("abm.kernels"):
                assert imported.split(".")[0] in {"numpy", "math", "numba", "enum", "typing"} or (
                    imported.startswith("abm.kernels") or name in OF_THE_COMPILER
                ), f"{name} imports {imported}"
            elif imported.split(".")[0] == "numba":
                assert not name.startswith(("abm", "analysis", "scenarios", "asnsim")), name


def test_files_stay_small():
    for name, path in MODULES:
        lines = path.read_text().count("\n")
        assert lines <= 400, f"{name} has {lines} lines; split it by concept"
