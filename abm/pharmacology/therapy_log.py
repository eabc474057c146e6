"""What happened to each patient of a therapy: doses, reactions, draws, changes, toxicities."""

from collections.abc import Sequence
from enum import IntEnum
from typing import Any

import numpy as np

from abm import units


class EventKind(IntEnum):
    """Kinds of events; ``value`` and ``measured`` of an event mean what is said here."""

    DOSE = 0
    """Given; value: IU."""
    WITHHELD = 1
    """Not given; note: why (rule, mrd, toxicity, reaction)."""
    CAP = 2
    """The dose was cut to the cap; value: IU without it."""
    ALLERGY = 3
    """The enzyme is stopped, what was left is neutralised; value: titre [AU/mL]."""
    SILENT = 4
    """Inactivation sets in unseen; value: titre [AU/mL]."""
    FOUND = 5
    """A draw shows that the enzyme is inactive; value: true, measured: as the assay says."""
    SWITCH = 6
    """From now on another product; note: which."""
    ADJUST = 7
    """Monitoring changes the dose; value: new dose over the planned one."""
    DRAW = 8
    """Activity in a sample; value: true, measured: as the assay says, 0 if not quantified."""
    PANCREATITIS = 9
    """Ends the enzyme."""
    THROMBOSIS = 10
    """Interrupts or ends the enzyme; value: 1 where it ends."""
    HEPATOTOXICITY = 11
    """Interrupts the enzyme."""


class EventLog:
    """Events in the order in which they happened; one entry holds one event of many patients."""

    def __init__(self) -> None:
        self.entries: list[tuple[int, float, np.ndarray, str, str, np.ndarray, np.ndarray]] = []

    def add(
        self,
        kind: EventKind,
        hour: float,
        patients: np.ndarray,
        product: str = "",
        note: str = "",
        value: np.ndarray | float = np.nan,
        measured: np.ndarray | float = np.nan,
    ) -> None:
        """Append one event of ``patients`` (indices); nothing where there is none."""
        n = patients.shape[0]
        if n == 0:
            return
        first, second = (
            np.array(np.broadcast_to(np.asarray(numbers, float), (n,)))
            for numbers in (value, measured)
        )
        who = patients.astype(np.int32)
        self.entries.append((int(kind), hour, who, product, note, first, second))

    @property
    def n(self) -> int:
        """Number of events over all patients."""
        return sum(entry[2].shape[0] for entry in self.entries)

    def count(self, kind: EventKind, n_patients: int) -> np.ndarray:
        """Return how many events of a kind each patient had, int64[n_patients]."""
        total = np.zeros(n_patients, np.int64)
        for entry in self.entries:
            if entry[0] == kind:
                np.add.at(total, entry[2], 1)
        return total

    def table(self) -> dict[str, Any]:
        """Return one column per property, one row per event and patient, in order of time."""
        sizes = [entry[2].shape[0] for entry in self.entries]

        def repeated(values: Sequence[Any], kind: Any) -> np.ndarray:
            return np.repeat(np.array(values, dtype=kind), sizes)

        def joined(column: int, kind: Any) -> np.ndarray:
            parts = [entry[column] for entry in self.entries]
            return np.concatenate(parts) if parts else np.zeros(0, kind)

        names = [EventKind(entry[0]).name.lower() for entry in self.entries]
        return {
            "patient": joined(2, np.int32),
            "day": repeated([entry[1] / units.HOURS_PER_DAY for entry in self.entries], float),
            "kind": repeated(names, object),
            "product": repeated([entry[3] for entry in self.entries], object),
            "note": repeated([entry[4] for entry in self.entries], object),
            "value": joined(5, float),
            "measured": joined(6, float),
        }

    def snapshot(self) -> list[list[Any]]:
        """Return plain numbers, text and lists."""
        return [
            [kind, hour, patients.tolist(), product, note, value.tolist(), measured.tolist()]
            for kind, hour, patients, product, note, value, measured in self.entries
        ]

    def restore(self, snapshot: Sequence[Sequence[Any]]) -> None:
        """Return to a snapshot."""
        self.entries = [
            (kind, hour, np.array(who, np.int32), product, note, *map(np.array, values))
            for kind, hour, who, product, note, *values in snapshot
        ]
