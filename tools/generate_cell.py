"""Write the numbered equations and the antimony source of the cell from its table.

Usage: python tools/generate_cell.py [--check]. Reads abm/processes/cell_equations.py; writes
docs/cell-equations.md and scenarios/sbml/cell_model.ant. With ``--check`` nothing is written and
the exit status is 1 when a file is not current.
"""

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import sympy
from sympy.printing.str import StrPrinter

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from abm.processes import cell_equations as table  # noqa: E402
from abm.processes.cell_lines import cell_line  # noqa: E402
from abm.processes.cell_parameters import CellParameters  # noqa: E402
from abm.processes.cell_vector import CellSwitches  # noqa: E402

DOCS = ROOT / "docs" / "cell-equations.md"
ANTIMONY = ROOT / "scenarios" / "sbml" / "cell_model.ant"

FREE = ("k_s", "f_c")
"""Symbols that come with a cell and are no constants of the table."""

LATEX = {
    "Pp": "P'", "v_n": "v'", "J_a": "J_a", "Q_e": "Q'", "tr": r"\tau", "T_target": r"T^\ast",
    "rho": r"\rho", "mu": r"\mu", "beta_m": r"\beta", "gamma_m": r"\gamma",
    "h_max": r"h_\mathrm{max}", "B_min": r"B_\mathrm{min}",
    "No": "N_o", "Qo": "Q_o", "Go": "G_o", "Eo": "E_o", "So": "S_o",
} | {
    word: rf"\mathrm{{{word}}}"
    for word in (
        "act", "message", "perk", "gcn2", "er", "cq", "gls", "etc", "rag", "arf", "dilution", "GS",
        "GF",
    )
}  # fmt: skip
"""Symbols whose LaTeX is not their name."""

UNITS = {
    "uM": "uM", "uM/h": "uM_per_h", "1/h": "per_h", "h": "hour", "": "dimensionless",
}  # fmt: skip


def symbols() -> dict[str, sympy.Symbol]:
    """Return all symbols of the table by name."""
    names = [one.symbol for group in (table.POOLS, table.SIGNALS, table.MEDIUM) for one in group]
    names += [rule.symbol for rule in table.RULES]
    names += [constant.symbol for constant in table.CONSTANTS]
    return {name: sympy.Symbol(name, real=True) for name in (*names, *FREE)}


def read(text: str, known: Mapping[str, Any] | None = None) -> sympy.Expr:
    """Parse an expression of the table; raises NameError for a symbol that it does not declare."""
    space: dict[str, Any] = {
        **(known or symbols()),
        "min": sympy.Min,
        "max": sympy.Max,
        "positive": lambda x: sympy.Max(x, 0),
        "step": lambda x: sympy.Piecewise((1, x >= 0), (0, True)),
    }
    expression: sympy.Expr = eval(text, {"__builtins__": {}}, space)  # the table is our own source
    return expression


class _AntimonyPrinter(StrPrinter):
    """Writes infix text in which minima and maxima are pieces, as every SBML tool reads them."""

    def _print_Min(self, expression: sympy.Expr) -> str:  # noqa: N802
        return self._fold(expression, "<")

    def _print_Max(self, expression: sympy.Expr) -> str:  # noqa: N802
        return self._fold(expression, ">")

    def _fold(self, expression: sympy.Expr, sign: str) -> str:
        first, *rest = [self._print(one) for one in expression.args]
        for other in rest:
            first = f"piecewise({first}, {first} {sign} {other}, {other})"
        return first

    def _print_Piecewise(self, expression: sympy.Expr) -> str:  # noqa: N802
        (value, condition), (other, _) = expression.args
        return f"piecewise({self._print(value)}, {self._print(condition)}, {self._print(other)})"

    def _print_Pow(  # noqa: N802
        self, expression: sympy.Expr, rational: bool = False
    ) -> str:
        return str(super()._print_Pow(expression, rational=rational)).replace("**", "^")


def antimony_source() -> str:
    """Return the committed antimony text: structure and the values of the default blast."""
    known = symbols()
    printer = _AntimonyPrinter()

    def text(expression: str) -> str:
        return str(printer.doprint(read(expression, known)))

    lines = [
        "// Written by tools/generate_cell.py from abm/processes/cell_equations.py.",
        "// Pools in uM of cell volume, time in h; amounts are amol, as uM x pL = amol.",
        "model asnsim_cell()",
        "  unit substance = 1e-18 mole;",
        "  unit extent = 1e-18 mole;",
        "  unit volume = 1e-12 litre;",
        "  unit time_unit = 3600 second;",
        "  unit uM = 1e-6 mole / litre;",
        "  unit uM_per_h = 1e-6 mole / (litre * 3600 second);",
        "  unit per_h = dimensionless / 3600 second;",
        "  unit hour = 3600 second;",
        "  compartment cell, medium;",
        "  cell = 0.6;",
        "  medium = 1e8;",
    ]
    lines += [f"  species {one.symbol} in cell;  // {one.meaning}" for one in table.POOLS]
    lines += [f"  species ${one.symbol} in medium;  // {one.meaning}" for one in table.MEDIUM]
    for rule in table.RULES:
        lines.append(f"  {rule.symbol} := {text(rule.expression)};  // {rule.meaning}")
        lines.append(f"  {rule.symbol} has {UNITS[rule.unit]};")
    for reaction in table.REACTIONS:
        sides = _sides(reaction)
        lines.append(f"  {reaction.name}: {sides}; cell*({text(reaction.rate)});")
    for rate in table.RATES:
        lines.append(f"  {rate.symbol}' = {text(rate.expression)};")
    lines += [f"  {one.symbol} has dimensionless;  // {one.meaning}" for one in table.SIGNALS]
    line, switches = cell_line("default-blast"), CellSwitches()
    for constant in table.CONSTANTS:
        value = constant.value(CellParameters(), line, switches)
        lines.append(f"  {constant.symbol} = {value!r};  // {constant.name}")
        lines.append(f"  {constant.symbol} has {UNITS[constant.unit]};")
    lines += ["  k_s = 0.04;", "  k_s has per_h;", "  f_c = 0.0;", "  f_c has dimensionless;"]
    lines += [f"  {one.symbol} = 1.0;" for one in (*table.POOLS, *table.SIGNALS, *table.MEDIUM)]
    return "\n".join([*lines, "end", ""])


def _sides(reaction: table.Reaction) -> str:
    left = [name for name, change in reaction.change.items() if change < 0]
    right = [name for name, change in reaction.change.items() if change > 0]
    if reaction.medium:
        (left if right else right).append(f"${reaction.medium}")
    return f"{' + '.join(left)} -> {' + '.join(right)}"


def equations() -> str:
    """Return docs/cell-equations.md."""
    return "\n".join(
        [
            "# The cell, equation by equation",
            "",
            "<!-- Written by tools/generate_cell.py; do not edit. -->",
            "",
            "Made from the table in `abm/processes/cell_equations.py`, which also gives the SBML "
            "model (`asnsim sbml`); a test holds the kernel and the hand-written cell of the tests "
            "against the same table. The reasoning is in [model.md](model.md), values with ranges "
            "and sources in [parameters.md](parameters.md). $x_+ = \\max(x, 0)$; pools in uM of "
            "cell volume, time in h. Left out here and in the SBML: protein that runs out (A496), "
            "which takes weeks without Asn.",
            "",
            *_rules(),
            "## Fluxes of the free pools",
            "",
            "| flux | change | rate [uM/h] | what |",
            "|---|---|---|---|",
            *_fluxes(),
            "",
            "## Signals",
            "",
            *_rates(),
            "## Constants",
            "",
            "Values of the default blast without inhibitors; $k_s$ is solved for the doubling time "
            "and $f_c$ is the share of the net synthesis that crowding takes.",
            "",
            "| symbol | value | unit | from |",
            "|---|---|---|---|",
            *_constants(),
            "",
        ]
    )


def _latex(expression: str) -> str:
    known = symbols()
    names = {known[name]: text for name, text in LATEX.items()}
    text: str = sympy.latex(read(expression, known), symbol_names=names)
    return text


def _name(symbol: str) -> str:
    return LATEX.get(symbol, str(sympy.latex(sympy.Symbol(symbol))))


def _rules() -> Iterator[str]:
    for number, rule in enumerate(table.RULES, start=1):
        if rule.heading:
            yield from (f"## {rule.heading}", "")
        unit = f" [{rule.unit}]" if rule.unit else ""
        yield f"{rule.meaning[0].upper()}{rule.meaning[1:]}{unit}:"
        yield from ("", "$$")
        yield f"{_name(rule.symbol)} = {_latex(rule.expression)} \\qquad(\\mathrm{{C{number}}})"
        yield from ("$$", "")


def _fluxes() -> Iterator[str]:
    for reaction in table.REACTIONS:
        change = ", ".join(
            f"${_name(name)}$ {'+' if amount > 0 else '-'}{abs(amount):g}"
            for name, amount in reaction.change.items()
        )
        yield f"| `{reaction.name}` | {change} | ${_latex(reaction.rate)}$ | {reaction.meaning} |"


def _rates() -> Iterator[str]:
    meaning = {one.symbol: one.meaning for one in table.SIGNALS}
    for number, rate in enumerate(table.RATES, start=len(table.RULES) + 1):
        text = meaning[rate.symbol]
        yield f"{text[0].upper()}{text[1:]}:"
        yield from ("", "$$")
        left = f"\\frac{{d {_name(rate.symbol)}}}{{dt}}"
        yield f"{left} = {_latex(rate.expression)} \\qquad(\\mathrm{{C{number}}})"
        yield from ("$$", "")


def _constants() -> Iterator[str]:
    line, switches = cell_line("default-blast"), CellSwitches()
    for one in table.CONSTANTS:
        value = one.value(CellParameters(), line, switches)
        yield f"| ${_name(one.symbol)}$ | {value:.6g} | {one.unit or '-'} | `{one.name}` |"


def main(arguments: list[str]) -> int:
    """Write or check both files; return the exit status."""
    stale = []
    for path, text in ((DOCS, equations()), (ANTIMONY, antimony_source())):
        if path.exists() and path.read_text(encoding="utf-8") == text:
            continue
        stale.append(path.relative_to(ROOT))
        if "--check" not in arguments:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    for path in stale:
        sys.stdout.write(f"{path}\n")
    return 1 if stale and "--check" in arguments else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
