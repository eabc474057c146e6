"""The synthetase in a tube: AMP made from Asp, Gln and ATP, its linear range, inhibition by Asn.

Question: how long and up to how much enzyme does the signal grow in proportion, and how much Asn
halves it? The rate law is that of the cell model, with the substrates of the tube and their loss.
"""

import dataclasses
import math
from typing import Annotated, Literal, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from abm.parameters import ParameterSet, parameter
from abm.processes.cell_parameters import CellParameters
from abm.streams import Stream, Streams
from scenarios.overrides import Overrides
from scenarios.schema.base import Boolean, Quantity, written
from scenarios.studies.culture import Progress
from scenarios.studies.outcome import Outcome
from scenarios.studies.schema import Assay, Concentrations, Hours

LINEAR_SHARE = 0.9
"""The signal counts as linear while it is at least this share of the extrapolated first rate."""
SHOWN = ("series", "time_h", "enzyme_ug", "asn_uM", "amp_uM", "over_no_asn", "linear_until_min")
_Positive = Annotated[float, Quantity("", 0.0, 1e4, "0", "10000", is_open=True)]
_Substrate = Annotated[float, Quantity("uM", 0.0, 1e6, "0 uM", "1 M")]


@dataclasses.dataclass(frozen=True, kw_only=True)
class TubeParameters(ParameterSet):
    """What the tube has and the cell lacks."""

    atp_half_saturation: float = parameter(100.0, unit="uM", low=1e-3, source="assumption A05")
    """ATP at half rate, as behind the saturation of the cell."""
    molar_mass: float = parameter(64_000.0, low=1e4, source="band at 64 kDa; assumption A152")
    """Mass of one synthetase [g/mol]."""
    active_share: float = parameter(1.0, high=1.0, source="assumption A153")
    """Share of the purified enzyme that works."""
    reader_cv: float = parameter(0.05, high=0.5, source="assumption A154")
    """Spread of the luminescence of the AMP reader."""


class EnzymeActivity(Assay):
    """Reaction of purified synthetase: time course, enzyme series, Asn series."""

    assay: Literal["enzyme-activity"]
    asp: _Substrate = written("10 mM")
    gln: _Substrate = written("10 mM")
    atp: _Substrate = written("1 mM")
    enzyme_ug: _Positive = 0.1
    """Enzyme in the tube [ug]."""
    volume: Annotated[float, Quantity("pL", 1e6, 1e10, "1 uL", "10 mL")] = written("50 uL")
    time: Annotated[float, Quantity("hour", 1 / 3600, 24.0, "1 s", "1 d")] = written("30 min")
    """Reaction time of the enzyme and Asn series [h]."""
    course: Hours = written(["5 min", "10 min", "20 min", "30 min", "60 min", "120 min"])
    enzyme_series_ug: tuple[_Positive, ...] = (0.025, 0.05, 0.1, 0.2, 0.4, 0.8)
    asn: Concentrations = written(["0 uM", "30 uM", "100 uM", "300 uM", "1 mM", "3 mM", "10 mM"])
    """Asn added before the reaction [uM]."""
    replicates: Annotated[int, Quantity("", 1, 100, "1", "100")] = 3
    has_noise: Boolean = True
    parameters: dict[str, str | int | float] = written({})


MODEL = EnzymeActivity


class Tube(NamedTuple):
    """Start of one reaction; concentrations in uM, ``capacity`` in uM/h."""

    asp: float
    gln: float
    atp: float
    asn: float
    capacity: float


def enzyme_concentration(mass_ug: float, volume_pl: float, tube: TubeParameters) -> float:
    """Return the concentration of working enzyme [uM] of a mass in a volume [pL]."""
    moles = mass_ug * 1e-6 / tube.molar_mass
    return moles * tube.active_share / (volume_pl * 1e-12) * 1e6


def amp_made(
    start: Tube, hours: NDArray[np.float64], cell: CellParameters, tube: TubeParameters
) -> NDArray[np.float64]:
    """Return AMP [uM] at each time [h]: one per Asn, Asp, Gln and ATP used.

    d(AMP)/dt = capacity * sat(Asp) sat(Gln) sat(ATP) / (1 + Asn/K_i), sat(c) = c/(K + c), the law
    of the cell model with ATP explicit. Integrated by scipy to 1e-9.
    """
    from scipy import integrate

    def rate(_: float, made: NDArray[np.float64]) -> list[float]:
        done = float(made[0])
        asp, gln, atp = (max(c - done, 0.0) for c in (start.asp, start.gln, start.atp))
        return [
            start.capacity
            * asp / (cell.synthetase_asp_half_saturation + asp)
            * gln / (cell.synthetase_gln_half_saturation + gln)
            * atp / (tube.atp_half_saturation + atp)
            / (1.0 + (start.asn + done) / cell.synthetase_product_inhibition)
        ]  # fmt: skip

    end = float(np.max(hours))
    solved = integrate.solve_ivp(
        rate, (0.0, end), [0.0], method="LSODA", t_eval=np.sort(hours), rtol=1e-9, atol=1e-9
    )
    return np.asarray(np.interp(hours, solved.t, solved.y[0]))


def linear_time(start: Tube, end: float, cell: CellParameters, tube: TubeParameters) -> float:
    """Return how long [h] AMP stays above ``LINEAR_SHARE`` of its first rate times time."""
    hours = np.linspace(0.0, end, 2001)[1:]
    made = amp_made(start, hours, cell, tube)
    first = float(amp_made(start, hours[:1] * 1e-3, cell, tube)[0]) / (hours[0] * 1e-3)
    is_linear = made >= LINEAR_SHARE * first * hours
    return float(hours[is_linear].max()) if is_linear.any() else 0.0


def run(
    assay: EnzymeActivity, *, threads: int | None = None, progress: Progress | None = None
) -> Outcome:
    """Run the three series; the enzyme needs no cells and so no time."""
    overrides = Overrides(assay.parameters)
    cell, tube = (
        overrides.apply("cell", CellParameters()),
        overrides.apply("tube", TubeParameters()),
    )
    overrides.refuse_unused()
    turnover = cell.synthetase_turnover

    def start(mass: float, asn: float = 0.0) -> Tube:
        capacity = turnover * enzyme_concentration(mass, assay.volume, tube)
        return Tube(assay.asp, assay.gln, assay.atp, asn, capacity)

    at_end = np.array([assay.time])
    rows = [
        {"series": "time", "time_h": hour, "enzyme_ug": assay.enzyme_ug, "asn_uM": 0.0, "amp": made}
        for hour, made in zip(
            assay.course,
            amp_made(start(assay.enzyme_ug), np.array(assay.course), cell, tube),
            strict=True,
        )
    ]
    for mass in assay.enzyme_series_ug:
        made = float(amp_made(start(mass), at_end, cell, tube)[0])
        rows.append(
            {
                "series": "enzyme",
                "time_h": assay.time,
                "enzyme_ug": mass,
                "asn_uM": 0.0,
                "amp": made,
            }
        )
    for asn in assay.asn:
        made = float(amp_made(start(assay.enzyme_ug, asn), at_end, cell, tube)[0])
        rows.append(
            {
                "series": "asn",
                "time_h": assay.time,
                "enzyme_ug": assay.enzyme_ug,
                "asn_uM": asn,
                "amp": made,
            }
        )
    truth = pd.DataFrame(rows).rename(columns={"amp": "amp_uM"})
    readings = _read(assay, truth, tube)
    results = _results(assay, readings, truth, start(assay.enzyme_ug), cell, tube)
    return Outcome(readings, results, SHOWN)


def _read(assay: EnzymeActivity, truth: pd.DataFrame, tube: TubeParameters) -> pd.DataFrame:
    n = int(assay.replicates)
    readings = pd.concat([truth.assign(replicate=i) for i in range(n)], ignore_index=True)
    keys = np.arange(len(readings), dtype=np.uint64)
    normal = Streams(assay.seed).normals(Stream.READING, 5, keys)[0]
    noise = 1.0 + tube.reader_cv * normal * assay.has_noise
    return readings.assign(amp_read_uM=readings["amp_uM"] * noise)


def _results(
    assay: EnzymeActivity,
    readings: pd.DataFrame,
    truth: pd.DataFrame,
    start: Tube,
    cell: CellParameters,
    tube: TubeParameters,
) -> pd.DataFrame:
    by = ["series", "time_h", "enzyme_ug", "asn_uM"]
    results = readings.groupby(by, sort=False)["amp_read_uM"].agg(["mean", "std"]).reset_index()
    results = results.rename(columns={"mean": "amp_uM", "std": "amp_sd"})
    volume_ul = assay.volume / 1e6
    results["pmol"] = results["amp_uM"] * volume_ul
    results["nmol_per_min_per_mg"] = (
        results["pmol"] / results["time_h"] / 60.0 / results["enzyme_ug"]
    )
    none = truth[(truth["series"] == "asn") & (truth["asn_uM"] == 0.0)]
    reference = float(none["amp_uM"].iloc[0]) if len(none) else math.nan
    is_asn = results["series"] == "asn"
    results.loc[is_asn, "over_no_asn"] = results.loc[is_asn, "amp_uM"] / reference
    results["linear_until_min"] = 60.0 * linear_time(start, max(assay.course), cell, tube)
    results["halving_asn_uM"] = _halving_asn(assay, truth)
    return results


def _halving_asn(assay: EnzymeActivity, truth: pd.DataFrame) -> float:
    """Return the Asn that halves the AMP of the reaction, interpolated on log Asn."""
    from analysis.dose_curves import passing_dose

    rows = truth[truth["series"] == "asn"]
    none = rows.loc[rows["asn_uM"] == 0.0, "amp_uM"]
    if not len(none):
        return math.nan
    return passing_dose(rows["asn_uM"], rows["amp_uM"] / float(none.iloc[0]))
