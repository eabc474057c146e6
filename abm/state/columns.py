"""The one table of per-cell columns.

Allocation, growth, inheritance at division, snapshots, checks and the table in
docs/output-format.md are all made from it. A new property of a cell is a new line here and the
process that uses it, nothing else.
"""

from enum import IntEnum
from typing import NamedTuple

import numpy as np

from abm.kernels.cell_layout import CellState


class CellType(IntEnum):
    """Kind of a population; tumour kinds count for ``n_cells``."""

    CELL = 0
    BLAST = 1
    STROMA = 2
    NORMAL = 3
    CARCINOMA = 4

    @property
    def is_tumour(self) -> bool:
        """Whether the cells are counted as tumour."""
        return self not in (CellType.STROMA, CellType.NORMAL)


class Group(IntEnum):
    """Which populations have a column."""

    CORE = 0
    CLOCK = 1
    MECHANISTIC = 2
    SPATIAL = 3
    WEIGHTED = 4
    """One row stands for many cells; see abm.state.tallies."""
    DEPTH = 5
    """Beside SPATIAL: the tissue has three dimensions."""


class AtDivision(IntEnum):
    """What the two daughters get."""

    COPY = 0
    """The mother's value, both."""
    SPLIT = 1
    """Half of the mother's value each (amounts)."""
    RESET = 2
    """The default."""
    RENEW = 3
    """A value of their own, set by the inheritance process."""


class Column(NamedTuple):
    """One per-cell property."""

    name: str
    dtype: type
    group: Group
    at_division: AtDivision
    default: float
    unit: str
    meaning: str


_C, _K, _M, _S = Group.CORE, Group.CLOCK, Group.MECHANISTIC, Group.SPATIAL
_W, _D = Group.WEIGHTED, Group.DEPTH
_COPY, _SPLIT, _RESET, _RENEW = (
    AtDivision.COPY,
    AtDivision.SPLIT,
    AtDivision.RESET,
    AtDivision.RENEW,
)
_u8, _u64, _i32, _i64, _f64 = np.uint8, np.uint64, np.int32, np.int64, np.float64

COLUMNS: tuple[Column, ...] = (
    Column("cell_id", _u64, _C, _RENEW, 0, "", "name of the cell, never used again"),
    Column("random_key", _u64, _C, _RENEW, 0, "", "key of all random numbers of the cell"),
    Column("birth_tick", _i64, _C, _RENEW, 0, "tick", "when the cell was born"),
    Column("node", _i32, _C, _RENEW, -1, "", "row in the lineage table, -1 when not recorded"),
    Column("clone_id", _i32, _C, _COPY, 0, "", "clone that the cell belongs to"),
    Column("site", _i32, _C, _COPY, 0, "", "index of the site (well or voxel)"),
    Column("mutations", np.uint16, _C, _COPY, 0, "", "heritable changes since the founder"),
    Column("next_event", _f64, _K, _RENEW, 0, "h", "when the cell divides or dies"),
    Column("dies_next", np.bool_, _K, _RENEW, 0, "", "whether that is its death"),
    Column("methylated_alleles", _u8, _M, _COPY, 2, "", "silenced ASNS alleles: 0, 1 or 2"),
    Column("gain", _f64, _M, _COPY, 1, "", "heritable ASNS gain: copy number, promoter strength"),
    Column("set_point", _f64, _M, _COPY, 1, "", "ASNS set-point of the founder, mean 1"),
    Column("threshold_factor", _f64, _M, _COPY, 1, "", "death threshold over the line's, mean 1"),
    Column("division_size", _f64, _M, _RENEW, 2, "", "size M at which the cell divides"),
    Column("hazard_left", _f64, _M, _RENEW, 1, "", "cumulative death hazard that is still borne"),
    Column("substeps", _u8, _M, _COPY, 1, "", "sub-steps that the last interval needed"),
    Column("growth", _f64, _M, _COPY, 0, "1/h", "net synthesis rate mu over the last interval"),
    Column("hazard", _f64, _M, _COPY, 0, "1/h", "death hazard h over the last interval"),
    Column("owed_asn", _f64, _M, _SPLIT, 0, "fmol", "exported Asn on its way to the site"),
    Column("owed_gln", _f64, _M, _SPLIT, 0, "fmol", "exported Gln on its way to the site"),
    Column("asns_recorded", _f64, _M, _COPY, 0, "copies/V", "ASNS of the ancestor at last record"),
    Column("genotypic_recorded", _f64, _M, _COPY, 0, "copies/V", "its basal ASNS at last record"),
    Column("x", _f64, _S, _COPY, 0, "um", "position"),
    Column("y", _f64, _S, _COPY, 0, "um", "position"),
    Column("z", _f64, _D, _COPY, 0, "um", "position, in a tissue of three dimensions"),
    Column("pressure", _f64, _S, _COPY, 0, "", "overlap pressure of the neighbours"),
    Column("weight", _i64, _W, _RENEW, 0, "", "cells that the row stands for, sum of its tallies"),
    Column("stratum", _i32, _W, _COPY, 0, "", "stratum of ASNS set-point and death threshold"),
)  # fmt: skip

SPLIT_STATE = (CellState.SIZE, CellState.BOUND_ASN, CellState.BOUND_GLN)
"""Rows of the mechanistic state that are amounts: each daughter gets half; others are copied."""

MEAN_COLUMNS = (
    "growth", "hazard", "hazard_left", "owed_asn", "owed_gln", "asns_recorded",
    "genotypic_recorded",
)  # fmt: skip
"""Columns of mechanistic cells that, like the state, become the mean over the cells where cells of
two weighted rows come together."""


def columns_of(groups: frozenset[Group]) -> tuple[Column, ...]:
    """Return the columns of a population that has these groups."""
    return tuple(column for column in COLUMNS if column.group in groups)
