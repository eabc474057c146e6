"""What instruments make of wells: absorbance, flow counts, bands and cycle thresholds.

The table of a culture holds what is there; a reader adds what a plate, a flow cytometer, a gel or
a thermocycler would show, with its noise. Random numbers follow from the seed and the place of the
row, so that a reading is the same whatever else is read.
"""

import dataclasses
import math

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from abm.parameters import ParameterSet, parameter
from abm.streams import Stream, Streams

_MTORC1_FULL = 0.7
"""mTORC1 from which the metabolism of a cell counts as full, as for its translation."""
_SEEDING, _READING, _FLOW, _BAND, _CYCLE = range(5)
"""Draws of the reading stream."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class PlateReader(ParameterSet):
    """Seeding by hand, MTT turned over by living cells, absorbance at 570 nm."""

    seeding_cv: float = parameter(0.05, high=0.5, source="assumption A140")
    """Spread of the cells between wells, as the pipette gives it; the same at all readings."""
    idle_activity: float = parameter(0.8, high=1.0, source="assumption A141")
    """MTT that a cell without mTORC1 turns over, against a growing one of equal volume."""
    full_absorbance: float = parameter(1.2, low=0.1, high=3.0, source="assumption A142")
    """Absorbance of the vehicle at the last reading; MTT and time are chosen for it."""
    blank: float = parameter(0.05, high=0.5, source="assumption A143")
    """Absorbance of a well without cells."""
    noise: float = parameter(0.01, high=0.5, source="assumption A144")
    """Standard deviation of absorbance that does not depend on the cells."""
    noise_cv: float = parameter(0.03, high=0.5, source="assumption A144")
    """Standard deviation of absorbance in proportion to it."""
    largest_absorbance: float = parameter(3.0, low=0.5, source="assumption A145")
    """Absorbance that the reader does not go beyond."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class FlowCytometer(ParameterSet):
    """Annexin V and propidium iodide: counts of live, early and late apoptotic events."""

    n_events: float = parameter(10_000, low=100, source="assumption A146")
    """Events that are counted in a well."""
    live_as_early: float = parameter(0.02, high=0.2, source="assumption A147")
    """Share of living cells that stain for annexin V."""
    live_as_late: float = parameter(0.01, high=0.2, source="assumption A147")
    """Share of living cells that the harvest breaks, and that stain for both."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Blot(ParameterSet):
    """Bands of a Western blot, equal protein in each lane."""

    band_cv: float = parameter(0.15, high=1.0, source="assumption A148")
    """Spread of the density of a band, loading control included."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Thermocycler(ParameterSet):
    """Quantitative PCR of a target against a housekeeping gene."""

    efficiency: float = parameter(1.95, low=1.5, high=2.0, source="assumption A149")
    """Copies after a cycle over those before; two is assumed in the analysis, as is usual."""
    target_cycle: float = parameter(26.0, low=5.0, high=40.0, source="assumption A150")
    """Cycle threshold of the target in untreated cells."""
    housekeeping_cycle: float = parameter(18.0, low=5.0, high=40.0, source="assumption A150")
    """Cycle threshold of the housekeeping gene."""
    cycle_noise: float = parameter(0.12, high=2.0, source="assumption A151")
    """Standard deviation of a cycle threshold between replicates."""


class Readers:
    """All instruments of one assay with one seed; without noise they show the truth."""

    def __init__(self, seed: int, has_noise: bool = True) -> None:
        self.plate = PlateReader()
        self.flow = FlowCytometer()
        self.blot = Blot()
        self.cycler = Thermocycler()
        self._streams = Streams(seed)
        self._has_noise = has_noise

    def absorbance(self, table: pd.DataFrame, is_vehicle: pd.Series) -> NDArray[np.float64]:
        """Return the absorbance of each row of ``table``, float64[n].

        ``is_vehicle`` marks the untreated wells, of which those of the last time set the gain.
        """
        plate = self.plate
        active = np.clip(table["mtorc1"].fillna(0.0) / _MTORC1_FULL, 0.0, 1.0)
        activity = plate.idle_activity + (1.0 - plate.idle_activity) * active
        signal = (table["biomass_pL"] * activity).to_numpy(float)
        is_reference = (is_vehicle & (table["time_h"] == table["time_h"].max())).to_numpy(bool)
        reference = float(signal[is_reference].mean())
        gain = (plate.full_absorbance - plate.blank) / reference if reference > 0.0 else 0.0
        found = plate.blank + gain * signal * self._seeding(table)
        error = np.hypot(plate.noise, plate.noise_cv * found)
        found = found + error * self._normals(table, _READING)
        return np.minimum(found, plate.largest_absorbance)

    def flow_shares(self, table: pd.DataFrame) -> pd.DataFrame:
        """Return counted events per row: columns ``live``, ``early``, ``late``.

        Their sum is ``n_events``, or 0 where no cell is left to be counted.
        """
        from scipy import stats

        flow = self.flow
        cells = table[["n_live", "n_early", "n_late"]].to_numpy(float)
        total = np.maximum(cells.sum(axis=1, keepdims=True), np.finfo(float).tiny)
        live, early, late = (cells / total).T
        seen_early = early + flow.live_as_early * live
        seen_late = late + flow.live_as_late * live
        if not self._has_noise:
            counts = np.stack([live, early, late]) * flow.n_events
        else:
            u = self._streams.uniforms(Stream.READING, _FLOW, _keys(table))
            n_events = int(flow.n_events)
            n_late = stats.binom.ppf(u[0], n_events, np.clip(seen_late, 0.0, 1.0))
            rest = np.clip(seen_early / np.maximum(1.0 - seen_late, 1e-12), 0.0, 1.0)
            n_early = stats.binom.ppf(u[1], n_events - n_late, rest)
            counts = np.stack([n_events - n_late - n_early, n_early, n_late])
            counts = np.where(cells.sum(axis=1) > 0.0, counts, 0.0)
        return pd.DataFrame(dict(zip(("live", "early", "late"), counts, strict=True)), table.index)

    def band(self, table: pd.DataFrame, values: pd.Series) -> NDArray[np.float64]:
        """Return the density of the band of each row, in proportion to ``values``."""
        sigma = math.sqrt(math.log1p(self.blot.band_cv**2))
        noise = sigma * self._normals(table, _BAND) - (0.5 * sigma**2 if self._has_noise else 0.0)
        return values.to_numpy(float) * np.exp(noise)

    def cycles(self, table: pd.DataFrame, relative: pd.Series) -> pd.DataFrame:
        """Return cycle thresholds ``target_ct`` and ``housekeeping_ct`` of each row.

        ``relative`` is message per cell over that of untreated cells.
        """
        cycler = self.cycler
        later = -np.log(np.maximum(relative.to_numpy(float), 1e-12)) / math.log(cycler.efficiency)
        noise = cycler.cycle_noise * self._pair(table, _CYCLE)
        return pd.DataFrame(
            {
                "target_ct": cycler.target_cycle + later + noise[0],
                "housekeeping_ct": cycler.housekeeping_cycle + noise[1],
            },
            table.index,
        )

    def _seeding(self, table: pd.DataFrame) -> NDArray[np.float64]:
        """Return the cells of each well over the mean; one number for a well at all times."""
        sigma = math.sqrt(math.log1p(self.plate.seeding_cv**2))
        if not self._has_noise:
            return np.ones(len(table))
        keys = _keys(table.assign(time_h=0.0))
        normal = self._streams.normals(Stream.READING, _SEEDING, keys)[0]
        return np.exp(sigma * normal - 0.5 * sigma**2)

    def _normals(self, table: pd.DataFrame, draw: int) -> NDArray[np.float64]:
        return self._pair(table, draw)[0]

    def _pair(self, table: pd.DataFrame, draw: int) -> NDArray[np.float64]:
        if not self._has_noise:
            return np.zeros((2, len(table)))
        return self._streams.normals(Stream.READING, draw, _keys(table))


def _keys(table: pd.DataFrame) -> NDArray[np.uint64]:
    """Return one key per row from condition, well and minute of the reading."""
    minute = np.round(table["time_h"].to_numpy(float) * 60.0).astype(np.uint64)
    condition = table.get("condition", pd.Series(0, table.index)).to_numpy().astype(np.uint64)
    well = table["well"].to_numpy().astype(np.uint64)
    return (condition << np.uint64(44)) | (well << np.uint64(24)) | minute


def delta_delta_ct(table: pd.DataFrame, is_control: pd.Series) -> NDArray[np.float64]:
    """Return fold changes 2**-(dCt - mean dCt of the controls) (Livak 2001 Methods 25:402)."""
    delta = table["target_ct"] - table["housekeeping_ct"]
    return np.exp2(-(delta - delta[is_control].mean())).to_numpy(float)
