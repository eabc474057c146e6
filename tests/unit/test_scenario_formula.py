"""Formulas for start concentrations: right values, and nothing that could be code."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scenarios.formula import Formula, FormulaError

NUMBERS = st.floats(0.0, 9.0).map(lambda value: f"{value:.3f}")
NAMES = st.sampled_from(["x", "y", "z", "r"])


def _combine(inner):
    return st.one_of(
        st.tuples(inner, st.sampled_from("+-*/"), inner).map(lambda t: f"({t[0]}{t[1]}{t[2]})"),
        st.tuples(inner, st.integers(0, 8)).map(lambda t: f"({t[0]}**{t[1]})"),
        st.tuples(st.sampled_from(["exp", "sin", "cos", "sqrt"]), inner).map(
            lambda t: f"{t[0]}({t[1]})"
        ),
        st.tuples(st.sampled_from(["min", "max"]), inner, inner).map(
            lambda t: f"{t[0]}({t[1]}, {t[2]})"
        ),
        inner.map(lambda t: f"(-{t})"),
    )


FORMULAS = st.recursive(NUMBERS | NAMES, _combine, max_leaves=6).filter(lambda t: len(t) <= 200)
PLACE = {"x": 1.5, "y": 0.25, "z": 2.0, "r": 3.0}
FUNCTIONS = {
    "exp": math.exp,
    "sin": math.sin,
    "cos": math.cos,
    "sqrt": math.sqrt,
    "min": min,
    "max": max,
}


@settings(max_examples=200, deadline=None, derandomize=True)
@given(FORMULAS)
def test_value_is_that_of_python_arithmetic(text):
    try:
        wanted = eval(text, {"__builtins__": {}}, {**FUNCTIONS, **PLACE})
    except (ZeroDivisionError, OverflowError, ValueError):
        wanted = math.nan
    formula = Formula.parse(text)
    if not math.isfinite(wanted) or wanted < 0.0:
        with pytest.raises(FormulaError):
            formula.evaluate(**PLACE)
    else:
        assert float(formula.evaluate(**PLACE)) == pytest.approx(wanted, rel=1e-12, abs=1e-300)


def test_value_has_the_shape_of_the_places():
    x, y = np.meshgrid(np.arange(3.0), np.arange(2.0))
    value = Formula.parse("5").evaluate(x, y, 0.0, 0.0)
    assert value.shape == (2, 3) and np.all(value == 5.0)
    assert Formula.parse("x + 10*y").evaluate(x, y, 0.0, 0.0)[1, 2] == 12.0


def test_variables_are_listed():
    assert Formula.parse("50*exp(-r/100) + min(x, 2)").variables == {"r", "x"}
    assert Formula.parse("50").variables == frozenset()


@pytest.mark.parametrize(
    "text",
    [
        "__import__('os').system('id')",
        "().__class__",
        "x.real",
        "x[0]",
        "[x]",
        "{x}",
        "lambda: 1",
        "x if x else y",
        "x and y",
        "x < y",
        "x // 2",
        "x % 2",
        "x @ y",
        "~1",
        "not x",
        "f'{x}'",
        "'text'",
        "1j",
        "True",
        "None",
        "...",
        "(a := 1)",
        "print(1)",
        "exp",
        "exp()",
        "exp(x, y)",
        "exp(x=1)",
        "exp(*x)",
        "min(x)",
        "open('f')",
        "9**9",
        "x**y",
        "9**8**8",
        "2**-9",
        "x**(1+1)",
        "import os",
        "x; y",
        "",
        "(",
        "x\ny",
        "(" * 99 + ")" * 99,
        "1" * 201,
        "await x",
        "\x00",
    ],
)
def test_everything_else_is_refused(text):
    with pytest.raises(FormulaError):
        Formula.parse(text)


@pytest.mark.parametrize("text", ["1/x", "exp(1000 + x)", "sqrt(-1 - x)", "x - 1", "1e999"])
def test_value_that_is_no_concentration_is_refused(text):
    with pytest.raises(FormulaError, match=r"must be >= 0|not finite"):
        Formula.parse(text).evaluate(0.0, 0.0, 0.0, 0.0)
