"""The names that a scenario may use; a test holds them against what the engine provides."""

from abm.environment import media
from abm.processes.cell_lines import CELL_LINES
from abm.state.columns import CellType
from abm.state.sites import Species

SPECIES = tuple(species.name.lower() for species in Species)
MEDIA = tuple(media.MEDIA)
LINES = tuple(CELL_LINES)
PRESETS = {
    "pegaspargase": ("bfm", "dfci-11001", "dfci-0501", "infant"),
    "e-coli": ("medac",),
    "calaspargase": ("label",),
    "erwinaze": ("erwinaze", "sassen"),
    "rylaze": ("rylaze",),
    "rasnase": ("voller",),
    "glutaminase-free": ("dish",),
}
"""Kinetic presets per product; spelled out because the engine's table pulls in the compiler."""
PRODUCTS = tuple(PRESETS)
TUMOUR_TYPES = tuple(kind.name.lower() for kind in CellType if kind.is_tumour)
FIXED_RATE_TYPE = CellType.CELL.name.lower()
MECHANISTIC_TYPES = tuple(k.name.lower() for k in CellType if k is not CellType.CELL)
PLACEMENTS = ("random", "center", "disc", "spheroid")
FACES = ("x_low", "x_high", "y_low", "y_high", "z_low", "z_high")
EDGES = ("no-flux", "fixed")
ROUTES = ("iv", "im")
STOPS = ("extinct", "relapse")
COUNTS = ("n_cells",)
ACTIONS = ("pause", "resume", "skip")

ASPARAGINE_INPUTS = {"low": 0.75, "high": 8.0}
"""Asn that plasma is given [uM/min], as the engine has it; it comes with the compiler."""
CONSUMPTIONS = ("host", "plasma")

COMPARTMENTS = ("plasma", "marrow", "csf", "tissue")
"""Of a body, as the engine has them; they come with the compiler."""
HISTORIES = ("grown", "none")

LARGEST_NUMBER_OF_CELLS = 10_000_000
LARGEST_WEIGHTED_NUMBER = 10_000_000_000_000
LARGEST_NUMBER_OF_BARCODES = 100_000
LARGEST_NUMBER_OF_VOXELS = 4_000_000
LARGEST_NUMBER_OF_SEGMENTS = 3_000
"""Vessels as data; as many fit into a scenario file."""
LARGEST_LENGTH_UM = 1e6
LARGEST_NUMBER_OF_REPLICATES = 100_000
LARGEST_NUMBER_OF_DOSES = 1_000
