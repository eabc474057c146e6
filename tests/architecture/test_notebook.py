"""The notebook of the Python and Mesa interface holds the program of the gallery, with outputs."""

import json
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOK = ROOT / "docs" / "notebooks" / "python-and-mesa.ipynb"
EXAMPLE = ROOT / "examples" / "plot_09_python_and_mesa.py"
BETWEEN = re.compile(r"^# %%\n(?:#.*\n)*", re.MULTILINE)


def test_the_notebook_is_the_example_and_was_executed():
    code = EXAMPLE.read_text(encoding="utf-8").split('"""', 2)[2]
    cells = [
        cell
        for cell in json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"]
        if cell["cell_type"] == "code"
    ]
    written = ["".join(cell["source"]).strip() for cell in cells]
    assert written == [part.strip() for part in BETWEEN.split(code)], (
        "the example has changed: copy it and say: jupyter nbconvert --to notebook --execute"
    )
    assert all(cell["outputs"] for cell in cells)
    assert "error" not in {one["output_type"] for cell in cells for one in cell["outputs"]}
