"""The cell model as SBML Level 3 Version 2 with units, for other tools.

The structure is the committed antimony text that ``tools/generate_cell.py`` writes from the table
of the cell; the numbers of a line, its solved translation rate, the medium and the start state
(after 96 h in RPMI-1640) are put in here. Needs the packages antimony and
python-libsbml (``pip install 'asnsim[sbml]'``).
"""

from importlib import resources

import numpy as np

from abm.environment import media
from abm.errors import NumericalError
from abm.kernels.cell_layout import CellState
from abm.processes import cell_equations as table
from abm.processes.cell_lines import CellLine, cell_line
from abm.processes.cell_parameters import CellParameters
from abm.processes.cell_vector import CellSwitches
from abm.processes.equilibrium import equilibrated_state, solve_translation_rate
from abm.state.sites import Species

LEVEL, VERSION = 3, 2
OXYGEN_SHARE_OF_AIR = 0.21

STATE_OF = {
    "N": CellState.ASN, "Q": CellState.GLN, "D": CellState.ASP, "E": CellState.EAA,
    "P": CellState.EIF2A_P, "A": CellState.ATF4, "m": CellState.ASNS_MRNA, "Z": CellState.ASNS,
    "T": CellState.MTORC1, "K": CellState.AMPK, "p": CellState.P53, "G": CellState.AUTOPHAGY,
    "C": CellState.CHOP, "L": CellState.SURVIVAL, "X": CellState.ANAPLEROTIC_STRESS,
    "Y": CellState.COMMITMENT, "GS": CellState.GS, "B": CellState.RESERVE, "M": CellState.SIZE,
}  # fmt: skip
"""Row of the kernel's state for each symbol."""

_SPECIES_OF = {
    "No": Species.ASN, "Qo": Species.GLN, "Go": Species.GLU, "Eo": Species.EAA, "So": Species.SER,
    "g": Species.GLUCOSE, "o": Species.O2,
}  # fmt: skip


def antimony_text(
    line: str | CellLine = "default-blast",
    medium: str | np.ndarray = "RPMI-1640",
    *,
    parameters: CellParameters | None = None,
    switches: CellSwitches | None = None,
) -> str:
    """Return the model of a line in a medium as antimony text.

    line : name, or a line of one's own; medium : name, or float64[n_species] [uM]; ``switches``
    act from time 0 on a cell that was equilibrated in RPMI-1640 without them.
    Raises ScenarioError for an unknown line or medium.
    """
    parameters, switches = parameters or CellParameters(), switches or CellSwitches()
    chosen = cell_line(line) if isinstance(line, str) else line
    in_air = media.GasParameters().oxygen(OXYGEN_SHARE_OF_AIR)
    outside = media.medium(medium, oxygen=in_air) if isinstance(medium, str) else medium
    rate = solve_translation_rate(chosen, parameters)
    start = equilibrated_state(chosen, rate, chosen.methylated_alleles, parameters=parameters)[:, 0]
    values = {one.symbol: one.value(parameters, chosen, switches) for one in table.CONSTANTS}
    values |= {"k_s": rate, "cell": chosen.volume}
    values |= {name: float(start[row]) for name, row in STATE_OF.items()}
    values |= {name: float(outside[row]) for name, row in _SPECIES_OF.items()}
    structure = resources.files(__name__).joinpath("cell_model.ant").read_text(encoding="utf-8")
    numbers = "".join(f"  {name} = {value!r};\n" for name, value in values.items())
    return structure.removesuffix("end\n") + numbers + "end\n"


def sbml_text(
    line: str | CellLine = "default-blast",
    medium: str | np.ndarray = "RPMI-1640",
    *,
    parameters: CellParameters | None = None,
    switches: CellSwitches | None = None,
) -> str:
    """Return the model as SBML Level 3 Version 2; arguments as of :func:`antimony_text`.

    Raises NumericalError where the converter refuses, ModuleNotFoundError without the packages.
    """
    import antimony
    import libsbml

    antimony.clearPreviousLoads()
    text = antimony_text(line, medium, parameters=parameters, switches=switches)
    if antimony.loadAntimonyString(text) < 0:
        raise NumericalError(f"sbml: {antimony.getLastError()}")
    document = libsbml.readSBMLFromString(antimony.getSBMLString("asnsim_cell"))
    if (document.getLevel(), document.getVersion()) != (LEVEL, VERSION):
        document.setLevelAndVersion(LEVEL, VERSION)
    errors = document.getNumErrors(libsbml.LIBSBML_SEV_ERROR)
    if errors:
        raise NumericalError(f"sbml: {document.getErrorLog().toString().strip()}")
    name = cell_line(line).line_id if isinstance(line, str) else line.line_id
    document.getModel().setName(f"asnsim cell, {name}")
    return str(libsbml.writeSBMLToString(document))
