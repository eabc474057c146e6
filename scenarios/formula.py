"""Formulas for start concentrations: a small arithmetic that can never run code."""

import ast
import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np

from abm.errors import ScenarioError
from abm.units import did_you_mean

LONGEST_FORMULA = 200
LARGEST_EXPONENT = 8
VARIABLES = ("x", "y", "z", "r")
_OPERATORS: dict[type, Callable[[Any, Any], Any]] = {
    ast.Add: np.add,
    ast.Sub: np.subtract,
    ast.Mult: np.multiply,
    ast.Div: np.divide,
    ast.Pow: np.power,
}
_FUNCTIONS: dict[str, tuple[Callable[..., Any], int]] = {
    "exp": (np.exp, 1),
    "sin": (np.sin, 1),
    "cos": (np.cos, 1),
    "sqrt": (np.sqrt, 1),
    "min": (np.minimum, 2),
    "max": (np.maximum, 2),
}
_RULE = f"only numbers, {' '.join(VARIABLES)}, + - * / ** and {' '.join(_FUNCTIONS)} are allowed"


class FormulaError(ScenarioError, ValueError):
    """A formula that is not in the small arithmetic, or a value of it that cannot be used."""


@dataclasses.dataclass(frozen=True)
class Formula:
    """A checked formula; equal texts are equal formulas."""

    text: str
    tree: ast.expr = dataclasses.field(repr=False, compare=False)

    @classmethod
    def parse(cls, text: str) -> "Formula":
        """Check ``text`` node by node against the whitelist.

        Raises FormulaError (a ScenarioError) that names what is not allowed.
        """
        if len(text) > LONGEST_FORMULA:
            raise FormulaError(
                f"{text[:40]!r}...: has {len(text)} characters: at most {LONGEST_FORMULA}"
            )
        try:
            tree = ast.parse(text.strip(), mode="eval").body
            _check(tree)
        except FormulaError as error:
            raise FormulaError(f"{text!r}: {error}: {_RULE}") from None
        except (SyntaxError, ValueError, MemoryError, RecursionError):
            raise FormulaError(f"{text!r}: is no formula: {_RULE}") from None
        return cls(text, tree)

    @property
    def variables(self) -> frozenset[str]:
        """Names of the coordinates that the formula reads."""
        return frozenset(n.id for n in ast.walk(self.tree) if isinstance(n, ast.Name)) & frozenset(
            VARIABLES
        )

    def evaluate(self, x: Any, y: Any, z: Any, r: Any) -> Any:
        """Evaluate at coordinates [um] (arrays that broadcast) and return uM.

        Raises FormulaError where a value is not finite or is negative.
        """
        places = {"x": x, "y": y, "z": z, "r": r}
        with np.errstate(all="ignore"):
            value = np.asarray(_evaluate(self.tree, places), dtype=np.float64)
        shape = np.broadcast_shapes(*(np.shape(place) for place in places.values()))
        value = np.broadcast_to(value, shape)
        if not np.all(np.isfinite(value)):
            raise FormulaError(f"{self.text!r}: is not finite everywhere: avoid x/0 and overflow")
        if np.any(value < 0.0):
            raise FormulaError(
                f"{self.text!r}: falls to {float(value.min()):.4g} uM: must be >= 0 everywhere, "
                f"e.g. max(0, ...)"
            )
        return value.copy()


def _check(node: ast.AST) -> None:
    if isinstance(node, ast.Constant):
        if isinstance(node.value, bool) or not isinstance(node.value, (int, float)):
            raise FormulaError(f"{node.value!r} is no number")
    elif isinstance(node, ast.Name):
        if node.id not in VARIABLES:
            raise FormulaError(f"'{node.id}' is not allowed")
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, (ast.UAdd, ast.USub)):
        _check(node.operand)
    elif isinstance(node, ast.BinOp) and type(node.op) in _OPERATORS:
        _check(node.left)
        _check(node.right)
        if isinstance(node.op, ast.Pow):
            _check_exponent(node.right)
    elif isinstance(node, ast.Call):
        _check_call(node)
    else:
        raise FormulaError(f"'{ast.unparse(node)[:40]}' is not allowed")


def _check_exponent(node: ast.AST) -> None:
    if isinstance(node, ast.UnaryOp):
        node = node.operand
    if not isinstance(node, ast.Constant) or abs(node.value) > LARGEST_EXPONENT:  # type: ignore[arg-type]
        raise FormulaError(f"an exponent must be a number of at most {LARGEST_EXPONENT}")


def _check_call(node: ast.Call) -> None:
    name = node.func.id if isinstance(node.func, ast.Name) else ast.unparse(node.func)[:40]
    if name not in _FUNCTIONS:
        raise FormulaError(f"'{name}' is not allowed{did_you_mean(name, _FUNCTIONS)}")
    n_arguments = _FUNCTIONS[name][1]
    if node.keywords or len(node.args) != n_arguments:
        raise FormulaError(f"'{name}' takes {n_arguments} argument{'s' * (n_arguments > 1)}")
    for argument in node.args:
        _check(argument)


def _evaluate(node: ast.AST, places: dict[str, Any]) -> Any:
    if isinstance(node, ast.Constant):
        return float(node.value)  # type: ignore[arg-type]
    if isinstance(node, ast.Name):
        return places[node.id]
    if isinstance(node, ast.UnaryOp):
        operand = _evaluate(node.operand, places)
        return -operand if isinstance(node.op, ast.USub) else operand
    if isinstance(node, ast.BinOp):
        left, right = _evaluate(node.left, places), _evaluate(node.right, places)
        return _OPERATORS[type(node.op)](left, right)
    assert isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    return _FUNCTIONS[node.func.id][0](*(_evaluate(a, places) for a in node.args))
