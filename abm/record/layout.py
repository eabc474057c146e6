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
PATIENTS = "patients.parquet"
MRD = "mrd.parquet"
COURSES = "courses.parquet"
EVENTS = "events.parquet"
CLONE_EDGES = "clone_edges.parquet"
LINEAGE = "lineage.trees"
CELLS = "cells.zarr"
FIELDS = "fields.zarr"
CHECKPOINTS = "checkpoints"
LESION = "patch"
"""Folder of the lesion inside of the run folder of its body, a run folder itself."""

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
BODY_MARK = "marrow_blast_share"
"""Column of the timeseries that only bodies have."""
TIMESERIES_OPTIONAL: tuple[Column, ...] = (
    _count(REPLICATE, "index of the replicate; only when there is more than one"),
    _count("n_stroma", "stroma cells; only when the scenario has some"),
    _count("n_normal", "normal cells; only when the scenario has some"),
    _mean(BODY_MARK, "", "blasts over all nucleated cells of the marrow; bodies"),
    _count("n_plasma", "tumour cells in plasma; bodies, like those that follow"),
    _count("n_marrow", "tumour cells in the marrow"),
    _count("n_csf", "tumour cells in the cerebrospinal fluid"),
    _count("n_tissue", "tumour cells in the tissue pool"),
    _mean("asn_measured_uM", "uM", "plasma asparagine as an assay reports it, 0 below its limit"),
    _mean("asn_csf_uM", "uM", "asparagine of the cerebrospinal fluid"),
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


def _day(name: str, meaning: str) -> Column:
    return _mean(name, "d", meaning)


_SHARE_OF_MARROW = "share of the nucleated cells of the marrow"

PATIENTS_COLUMNS: tuple[Column, ...] = (
    Column("arm", "str", "", "arm of the cohort, or name of the scenario"),
    _count("patient", "number of the patient; in a run its replicate"),
    Column("relapsed", "bool", "", "whether the marrow relapsed"),
    _day("time_to_relapse_d", "marrow blasts again at 5 % or more; NaN without"),
    _mean("mrd_end_induction_flow", "", f"flow cytometry, {_SHARE_OF_MARROW}; 0 = not detected"),
    _mean("mrd_end_induction_pcr", "", f"PCR, {_SHARE_OF_MARROW}; 0 = not detected"),
    _mean("mrd_end_induction_true", "", f"blasts, {_SHARE_OF_MARROW}"),
    _day("days_above_0p1_IU_per_mL", "plasma activity at or above the target of 0.1 IU/mL"),
    _day("days_asn_depleted", "true plasma Asn below 0.5 uM"),
    _day("days_asn_undetected", "a sample of plasma would have shown no Asn"),
    _day("days_csf_asn_depleted", "Asn of the cerebrospinal fluid below 1 uM"),
    _mean("activity_area_d_IU_per_mL", "d IU/mL", "integral of the plasma activity"),
    _day("followed_d", "how long the patient was followed"),
    Column("in_remission", "bool", "", "at the end: below 5 % and never relapsed"),
    _day("remission_d", "first time below 5 % after the start of treatment; NaN without"),
    Column("remission_at_end_of_induction", "bool", "", "below 5 % at the end of induction"),
    _day("extinct_d", "no tumour cell left anywhere; NaN without"),
    _mean("lowest_blasts", "", "fewest tumour cells in the body since the start of treatment"),
    _day("lowest_blasts_d", "when that was"),
    _mean("marrow_blast_share_end", "", f"blasts at the end, {_SHARE_OF_MARROW}"),
    _day("csf_relapse_d", "cerebrospinal fluid involved again; NaN without"),
    Column("relapse_compartment", "str", "", "where relapse showed first: marrow, csf or nothing"),
    Column("relapse_origin", "str", "", "where most of a marrow relapse was at the start"),
    _mean("share_resistant_at_relapse", "", "of the blasts of the marrow"),
    _count("n_clones_at_relapse", "living clones in the marrow"),
    _count("n_clones_above_1_percent_at_relapse", "those of at least 1 %"),
    _count("n_founders_resistant_at_relapse", "founder events of the living resistant clones"),
    _mean("share_pooled_at_relapse", "", "blasts in pools of many founder events"),
    _count("largest_clone_id", "largest clone of the relapse that is no pool, -1 without"),
    _count("largest_clone_parent_id", "clone from which it arose; -1: a class of founders"),
    _mean("largest_clone_share", "", "its share of the blasts of the marrow"),
    _day("largest_clone_origin_d", "when it arose"),
    _count("largest_clone_n_founders", "founder events in it"),
    _count("largest_clone_methylated_alleles", "silenced ASNS alleles, -1 without"),
    _mean("largest_clone_gain", "", "heritable ASNS gain"),
    _mean("share_initial_at_relapse", "", "blasts of the classes that were there at the start"),
    _mean("largest_mutant_share", "", "largest clone that arose from one cell by a change"),
    _count("largest_mutant_id", "that clone, -1 without"),
    _day("largest_mutant_origin_d", "when it arose; before the start below 0"),
    _count("largest_mutant_methylated_alleles", "its silenced ASNS alleles, -1 without"),
    _mean("largest_mutant_gain", "", "its heritable ASNS gain"),
)

MRD_COLUMNS: tuple[Column, ...] = (
    Column(TIME, "float64", "h", "time since the start"),
    _count("patient", "number of the patient"),
    Column("name", "str", "", "name of the reading, such as day 33"),
    _mean("true", "", f"blasts, {_SHARE_OF_MARROW}"),
    _mean("flow", "", "as flow cytometry reports it; 0 = not detected"),
    _mean("pcr", "", "as PCR reports it; 0 = not detected"),
)

COURSES_COLUMNS: tuple[Column, ...] = (
    Column(TIME, "float64", "h", "time since the start"),
    _count("patient", "number of the patient"),
    _count("course", "number of the course, from 0"),
    Column("is_after", "bool", "", "whether the reading is the one after the course"),
    _mean("n_cells", "", "tumour cells in the body"),
    _mean("asns_high_share", "", "share above the ASNS threshold"),
    _mean("resistant_share", "", "share of a resistant genotype"),
)

EVENTS_COLUMNS: tuple[Column, ...] = (
    _count("patient", "number of the patient"),
    _day("day", "when it happened"),
    Column("kind", "str", "", "name of an abm.pharmacology.therapy_log.EventKind"),
    Column("product", "str", "", "product that it is about"),
    Column("note", "str", "", "why, or which"),
    _mean("value", "", "what it means depends on the kind, such as IU of a dose"),
    _mean("measured", "", "what an assay said, IU/mL"),
)

CLONE_EDGES_COLUMNS: tuple[Column, ...] = (
    _count("clone_id", "clone"),
    _count("parent_clone_id", "clone from which it arose, -1 for founders"),
    Column("origin_h", "float64", "h", "when it arose"),
    _count("methylated_alleles", "silenced ASNS alleles, -1 without the mechanistic cell"),
    _mean("gain", "", "heritable ASNS gain"),
    _count("mutations", "heritable changes since the founder"),
    _count("n_founders", "founder events that the clone holds"),
    Column("is_pool", "bool", "", "whether it pools the founder events of its parent"),
    _count("pool", "pool that its cells have joined, -1 while they have not"),
    _count("replicate", "replicate, -1 where that is not kept"),
)

CELLS_COLUMNS: tuple[Column, ...] = (
    Column("cell_id", "int64", "", "name of the cell, never used again"),
    Column("clone_id", "int32", "", "clone, as in clones.parquet; of a row its largest"),
    Column("weight", "int64", "", "cells that the row stands for; 1 where there is none"),
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
