"""The names that a scenario may use; a test holds them against what the engine provides."""

SPECIES = ("asn", "gln", "glu", "asp", "eaa", "ser", "nh3", "glucose", "o2")
MEDIA = ("RPMI-1640", "DMEM", "human-plasma")
LINES = (
    "default-blast",
    "MOLT-4",
    "Jurkat",
    "A549",
    "786-O",
    "MDA-MB-231",
    "OVCAR-8",
    "OVCAR-8/ADR",
    "marrow-msc",
)
PRODUCTS = ("e-coli", "pegaspargase")
TUMOUR_TYPES = ("blast", "tumour", "cell")
CELL_TYPES = ("blast", "tumour", "stroma", "normal")
FACES = ("x_low", "x_high", "y_low", "y_high", "z_low", "z_high")
EDGES = ("no-flux", "fixed")
ROUTES = ("iv", "im")
COUNTS = ("n_cells", "n_agents", "n_resistant", "n_asns_high")

LARGEST_NUMBER_OF_CELLS = 10_000_000
LARGEST_NUMBER_OF_VOXELS = 4_000_000
LARGEST_NUMBER_OF_REPLICATES = 100_000
LARGEST_NUMBER_OF_DOSES = 1_000
