"""Names of the files, columns and attributes of a run folder, each written once.

Writer, reader, figures and docs/output-format.md use these; the layout is a public contract, so
that names are added and never changed.
"""

from typing import NamedTuple

FORMAT_VERSION = 1
"""Version of the layout, under ``format`` in run.json."""

SCENARIO = "scenario.yaml"
RUN_INFO = "run.json"
UNFINISHED = "UNFINISHED"
"""Marker from the creation of the folder until ``finish``; a JSON text of what is known so far."""

TIMESERIES = "timeseries.parquet"
SITES = "sites.parquet"
CLONES = "clones.parquet"
PRICE = "price.parquet"
LINEAGE = "lineage.trees"
CELLS = "cells.zarr"
FIELDS = "fields.zarr"
CHECKPOINTS = "checkpoints"

TIME = "time_h"
N_CELLS = "n_cells"
TIME_DIMENSION = "time"
ROW_DIMENSION = "row"
SPACE_DIMENSIONS = ("z", "y", "x")
POSITION = {"x": "x_um", "y": "y_um", "z": "z_um"}
"""Coordinate of a space dimension."""


class Column(NamedTuple):
    """One column of a table or of ``cells.zarr``."""

    name: str
    dtype: str
    unit: str
    meaning: str
    is_required: bool = True
    """A column that is not required becomes NaN (contract) when a run has no such quantity."""


def _count(name: str, meaning: str) -> Column:
    return Column(name, "int64", "", meaning)


def _mean(name: str, unit: str, meaning: str) -> Column:
    return Column(name, "float64", unit, meaning, is_required=False)


ASNS_UNIT = "copies/cell"

TIMESERIES_COLUMNS: tuple[Column, ...] = (
    Column(TIME, "float64", "h", "time since the start"),
    _count("n_agents", "tumour agents; an agent may stand for several cells"),
    _count(N_CELLS, "tumour cells"),
    _count("n_resistant", "tumour cells of a resistant genotype"),
    _count("n_asns_high", "tumour cells above the ASNS threshold, a phenotype"),
    _count("births", "divisions since the previous row"),
    _count("deaths", "deaths since the previous row"),
    _count("mutations", "heritable changes since the previous row"),
    _mean("asparaginase_IU_per_mL", "IU/mL", "enzyme activity (well: its own; tissue: plasma)"),
    _mean("asn_uM", "uM", "asparagine (tissue: volume mean; body: plasma)"),
    _mean("gln_uM", "uM", "glutamine (tissue: volume mean; body: plasma)"),
    _mean("asns_mean", ASNS_UNIT, "asparagine synthetase, mean over tumour cells"),
    _mean("atf4_mean", "", "ATF4, fold of the basal level, mean over tumour cells"),
    _mean("mtorc1_mean", "", "mTORC1 activity, mean over tumour cells"),
    _mean("growth_per_h", "1/h", "net synthesis rate, mean over tumour cells"),
    _mean("death_per_h", "1/h", "death hazard, mean over tumour cells"),
)
"""Columns of every timeseries."""

REPLICATE = "replicate"
TIMESERIES_OPTIONAL: tuple[Column, ...] = (
    _count(REPLICATE, "index of the replicate; only when there is more than one"),
    _count("n_stroma", "stroma cells; only when the scenario has some"),
    _count("n_normal", "normal cells; only when the scenario has some"),
)
"""Columns that come when they apply."""

SITES_COLUMNS: tuple[Column, ...] = (
    Column(TIME, "float64", "h", "time since the start"),
    Column("site", "str", "", "name of the well or compartment, 'mean' for tissue"),
    Column("species", "str", "", "asn, gln, glu, asp, eaa, ser, nh3, glucose or o2"),
    Column("concentration_uM", "float64", "uM", "concentration outside the cells"),
)

CLONES_COLUMNS: tuple[Column, ...] = (
    Column(TIME, "float64", "h", "time since the start"),
    _count("clone_id", "initial genotype class, founder's barcode or mutation event"),
    _count("parent_clone_id", "clone from which it arose, -1 for founders"),
    _count(N_CELLS, "living cells"),
    _mean("asns_mean", ASNS_UNIT, "asparagine synthetase, mean over the clone"),
    _count("methylated_alleles", "silenced ASNS alleles, -1 without the mechanistic cell"),
    _mean("gain", "", "heritable ASNS gain"),
)

PRICE_COLUMNS: tuple[Column, ...] = (
    Column(TIME, "float64", "h", "time since the start"),
    Column("asns_mean", "float64", ASNS_UNIT, "mean over tumour cells"),
    Column("selection", "float64", ASNS_UNIT, "change since the previous row by birth and death"),
    Column("induction", "float64", ASNS_UNIT, "change since the previous row inside a genotype"),
    Column("mutation", "float64", ASNS_UNIT, "change since the previous row by heritable change"),
)

CELLS_COLUMNS: tuple[Column, ...] = (
    Column("cell_id", "int64", "", "name of the cell, never used again"),
    Column("clone_id", "int32", "", "clone, as in clones.parquet"),
    Column("cell_type", "uint8", "", "code of abm.state.columns.CellType"),
    Column("x_um", "float32", "um", "position"),
    Column("y_um", "float32", "um", "position"),
    Column("z_um", "float32", "um", "position, 3-D tissue only"),
    Column("radius_um", "float32", "um", "radius of a sphere of the cell's volume"),
    Column("methylated_alleles", "uint8", "", "silenced ASNS alleles"),
    Column("gain", "float32", "", "heritable ASNS gain"),
    Column("asns", "float32", ASNS_UNIT, "asparagine synthetase"),
    Column("atf4", "float32", "", "ATF4, fold of the basal level"),
    Column("mtorc1", "float32", "", "mTORC1 activity"),
    Column("asn_uM", "float32", "uM", "free asparagine in the cell"),
    Column("growth_per_h", "float32", "1/h", "net synthesis rate"),
    Column("death_per_h", "float32", "1/h", "death hazard"),
    Column("is_resistant", "bool", "", "whether the genotype grows at 0.02 uM asparagine"),
)
"""Columns that cells.zarr may have; a run stores those that it has."""
