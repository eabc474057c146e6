"""What the watch has seen of each patient so far: arrays of one value per replicate."""

import dataclasses
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, Self

import numpy as np

from abm.watch.composition import Composition


class Place(IntEnum):
    """Where a relapse showed, or where its ancestors were at the start."""

    NONE = -1
    PLASMA = 0
    MARROW = 1
    CSF = 2
    TISSUE = 3

    @property
    def label(self) -> str:
        """The name in tables; empty for none."""
        return "" if self is Place.NONE else self.name.lower()


@dataclass
class Readings:
    """Accumulators and first times, float64[R] in hours where nothing else is said.

    Times that have not come are nan.
    """

    followed: np.ndarray
    """How long the patient was followed; ends when a stop rule ends the replicate."""
    activity_area: np.ndarray
    """Integral of plasma activity [IU/mL h]."""
    above_target: np.ndarray
    """Time with plasma activity at or above the target."""
    depleted: np.ndarray
    """Time with true plasma Asn below the limit of depletion."""
    undetected: np.ndarray
    """Time in which a sample of plasma would have shown no Asn."""
    csf_depleted: np.ndarray
    """Time with Asn of the cerebrospinal fluid below its limit."""
    remission: np.ndarray
    relapse: np.ndarray
    csf_clear: np.ndarray
    """First time after the start of treatment with few blasts in the cerebrospinal fluid."""
    csf_relapse: np.ndarray
    extinct: np.ndarray
    lowest: np.ndarray
    """Fewest blasts in the body since the start of treatment [cells]."""
    lowest_time: np.ndarray
    marrow_share: np.ndarray
    """Share of blasts in the marrow at the last look."""
    cells: np.ndarray
    """float64[R, 4], blasts by compartment at the last look."""
    normal: np.ndarray
    """Normal cells of the marrow at the last look."""
    latest_mrd: np.ndarray
    """Last reading of residual disease by flow cytometry; nan before the first."""
    origin: np.ndarray
    """int64[R], Place from which most of a marrow relapse descends since the start; else MARROW."""

    @classmethod
    def empty(cls, n: int) -> Self:
        """Make the readings of ``n`` patients before the first look."""
        zero = (
            "followed",
            "activity_area",
            "above_target",
            "depleted",
            "undetected",
            "csf_depleted",
            "normal",
        )
        values: dict[str, np.ndarray] = {}
        for field in dataclasses.fields(cls):
            values[field.name] = np.zeros(n) if field.name in zero else np.full(n, np.nan)
        values["lowest"] = np.full(n, np.inf)
        values["cells"] = np.zeros((n, 4))
        values["origin"] = np.full(n, int(Place.MARROW), np.int64)
        return cls(**values)

    def snapshot(self) -> dict[str, np.ndarray]:
        """Return copies of all arrays."""
        return {field.name: getattr(self, field.name).copy() for field in dataclasses.fields(self)}


@dataclass(frozen=True)
class Reading:
    """Residual disease of one patient at one time: true share, and as the two methods report it."""

    patient: int
    name: str
    hour: float
    true: float
    flow: float
    pcr: float


@dataclass(frozen=True)
class CourseReading:
    """One patient before or after a course: shares of ASNS-high and of resistant blasts."""

    patient: int
    course: int
    is_after: bool
    hour: float
    n_cells: float
    asns_high: float
    resistant: float


def relapse_columns(compositions: dict[int, Composition], n: int) -> dict[str, np.ndarray]:
    """Return the columns of ``Composition`` for ``n`` patients; those without relapse are empty."""
    rows: list[dict[str, Any]] = [
        dataclasses.asdict(compositions.get(patient, Composition())) for patient in range(n)
    ]
    return {
        f"{name}_at_relapse" if not name.startswith("largest") else name: np.array(
            [row[name] for row in rows]
        )
        for name in rows[0]
    }
