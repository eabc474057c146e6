"""``asnsim sbml``: the cell for other tools, and what it says to wrong names."""

import libsbml
import pytest

from scenarios.cli import main


def test_sbml_of_a_line_is_written_and_not_overwritten(tmp_path, capsys):
    out = tmp_path / "a549.xml"
    assert main(["sbml", "--line", "A549", "--medium", "human-plasma", "--out", str(out)]) == 0
    model = libsbml.readSBMLFromFile(str(out)).getModel()
    assert model.getSpecies("No").getInitialConcentration() == 50.0
    assert model.getParameter("k_s").getValue() > 0.05
    assert capsys.readouterr().out.strip() == str(out)
    before = out.read_bytes()
    assert main(["sbml", "--out", str(out)]) == 2
    assert "--overwrite" in capsys.readouterr().err
    assert out.read_bytes() == before


@pytest.mark.parametrize(
    ("arguments", "hint"), [(["--line", "a54"], "a549"), (["--medium", "RPMI"], "RPMI-1640")]
)
def test_wrong_names_are_refused_with_a_proposal(arguments, hint, capsys):
    assert main(["sbml", *arguments]) == 2
    captured = capsys.readouterr()
    assert hint in captured.err and captured.out == ""
