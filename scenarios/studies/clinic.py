"""Virtual patients at the sampling times of published trials: one function per row.

Each returns the numbers of the trial beside those of the simulation. Shares are held against the
exact binomial 95 % interval of the trial, means against 25 % of the published mean. Rows that a
preset was fitted to are calibrations. docs/pharmacology.md explains the presets.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np

from abm import units
from abm.pharmacology.asparagine import (
    HANDLINGS,
    TURNOVERS,
    measured_asparagine,
    steady_asparagine,
)
from abm.pharmacology.cohort import Cohort, virtual_patients
from abm.pharmacology.course import Course, course_activity
from abm.pharmacology.immunity import (
    Exposure,
    ImmunityParameters,
    Reaction,
    draw_reactions,
)
from abm.pharmacology.kinetics import LN2, ExponentialDisposition, fitted_half_life
from abm.pharmacology.patient import Patient
from abm.pharmacology.products import find_product
from abm.pharmacology.regimen import Route, activity_per_amount
from abm.pharmacology.variability import Demographics
from scenarios.studies.clinic_result import ClinicResult, Quantity, mean, share

_TABLE_TOLERANCE = 1e-3
_TARGET = 0.1
_DAY = units.HOURS_PER_DAY

TWO_WEEKS_THRICE = (0.0, 48.0, 96.0, 168.0, 216.0, 264.0)
"""Hours of six doses on Monday, Wednesday and Friday."""
_BEFORE_DOSE_6, _AFTER_DOSE_6 = 264.0, 336.0
HIGH_RISK = Demographics(median_age=11.0, age_sd_log=0.5, highest_age=30.0)
"""NCI high risk, 1 to 30 years (assumption A184)."""


def b1a(n_patients: int = 1000, seed: int = 1) -> ClinicResult:
    """Erwinaze into muscle, three times a week: troughs of the first course (calibration)."""
    course = Course(
        product="erwinaze", amount="25000 IU/m2", hours=TWO_WEEKS_THRICE, route=Route.IM
    )
    at_48, at_72 = _troughs(course, virtual_patients(n_patients, seed)).T
    quantities = (
        share("share >= 0.1 IU/mL, 48 h", (at_48 >= _TARGET).mean(), 38, 41),
        share("share >= 0.1 IU/mL, 72 h", (at_72 >= _TARGET).mean(), 38, 43),
    )
    return ClinicResult(
        "B1a", "Erwinaze 25,000 IU/m2 IM Mon/Wed/Fri", "calibration",
        "Salzer 2013, Blood 122:507", n_patients, seed, quantities,
    )  # fmt: skip


def b1b(n_patients: int = 1000, seed: int = 1) -> ClinicResult:
    """Rylaze into muscle in three cohorts; its peak and the course by vein beside (calibration)."""
    cohort = virtual_patients(n_patients, seed)
    rising = ("25000 IU/m2", "25000 IU/m2", "50000 IU/m2") * 2
    arms = (
        ("25 mg/m2", "25000 IU/m2", 0.45, 0.16),
        ("37.5 mg/m2", "37500 IU/m2", 0.88, 0.33),
        ("25-25-50 mg/m2", rising, 0.66, 0.47),
    )
    quantities: list[Quantity] = []
    for name, amount, mean_48, mean_72 in arms:
        course = Course(product="rylaze", amount=amount, hours=TWO_WEEKS_THRICE, route=Route.IM)
        troughs = _troughs(course, cohort)
        quantities.append(mean(f"mean IU/mL, 48 h, {name}", troughs[:, 0].mean(), mean_48))
        quantities.append(mean(f"mean IU/mL, 72 h, {name}", troughs[:, 1].mean(), mean_72))
    is_enough = (troughs >= _TARGET).mean(axis=0)
    quantities.append(share("share >= 0.1 IU/mL, 48 h, 25-25-50 mg/m2", is_enough[0], 47, 49))
    quantities.append(share("share >= 0.1 IU/mL, 72 h, 25-25-50 mg/m2", is_enough[1], 44, 49))
    quantities += _label_of_rylaze(cohort)
    vein = Course(product="rylaze", amount=rising, hours=TWO_WEEKS_THRICE, infusion_hours=2.0)
    by_vein = (_troughs(vein, cohort) >= _TARGET).mean(axis=0)
    for hour, published, value in zip((48, 72), (0.90, 0.40), by_vein, strict=True):
        name = f"share >= 0.1 IU/mL, {hour} h, by vein (no number of patients read)"
        quantities.append(Quantity(name, float(value), published, 0.0, 1.0, "shown", False))
    return ClinicResult(
        "B1b", "Rylaze IM Mon/Wed/Fri, 25 / 37.5 / 25-25-50 mg/m2", "calibration",
        "Maese 2023, Blood 141:704; label table 4; Blood Adv 2025 9:66", n_patients, seed,
        tuple(quantities),
    )  # fmt: skip


def _label_of_rylaze(cohort: Cohort) -> list[Quantity]:
    """Geometric means of the label, 25 mg/m2 every 48 h, after the last of six doses."""
    hours = 48.0 * np.arange(6)
    course = Course(
        product="rylaze", amount="25000 IU/m2", hours=tuple(hours.tolist()), route=Route.IM
    )
    curve = course_activity(course, cohort, np.linspace(242.0, 288.0, 24))
    peak, trough = curve.max(axis=1), curve[:, -1]
    return [
        mean("geometric mean peak IU/mL, 25 mg/m2 q48h", np.exp(np.log(peak).mean()), 2.3),
        mean("geometric mean trough IU/mL, 25 mg/m2 q48h", np.exp(np.log(trough).mean()), 0.46),
    ]


def b1f(n_patients: int = 1000, seed: int = 1) -> ClinicResult:
    """Pegaspargase by vein, DFCI 05-01: the decay accelerates (calibration)."""
    course = Course(
        product="pegaspargase", preset="dfci-0501", amount="2500 IU/m2", hours=(0.0,),
        infusion_hours=1.0,
    )  # fmt: skip
    days = (11, 18, 25)
    activity = course_activity(course, virtual_patients(n_patients, seed), np.array(days) * _DAY)
    quantities = tuple(
        share(f"share > 0.1 IU/mL, day {day}", value, n_of, 197)
        for day, value, n_of in zip(
            days, (activity > _TARGET).mean(axis=0), (187, 173, 14), strict=True
        )
    )
    return ClinicResult(
        "B1f", "pegaspargase 2500 IU/m2 IV, DFCI 05-01", "calibration", "Blood 2010 115:1351",
        n_patients, seed, quantities,
    )  # fmt: skip


def b1h(n_patients: int = 1000, seed: int = 1) -> ClinicResult:
    """Calaspargase by vein against the label its preset was fitted to (calibration)."""
    product = find_product("calaspargase")
    kinetics, spread = product.kinetics(), product.variability()
    cohort = virtual_patients(n_patients, seed)
    rows = []
    for patient, own in zip(cohort.patients, cohort.individuals(kinetics, spread), strict=True):
        disposition = own.disposition(patient)
        assert isinstance(disposition, ExponentialDisposition)
        dose = 2500.0 * patient.surface_area * 1e-3
        left = disposition.remaining_exposure(np.array([0.0, 25.0 * _DAY]))
        peak = disposition.infusion(np.ones(1), 1.0)[0]
        rows.append(
            (dose * peak, dose * (left[0] - left[1]) / _DAY, LN2 / disposition.rates[1] / _DAY)
        )
    values = np.array(rows)
    names = (("peak IU/mL", 1.62, 0.23), ("area to day 25, d IU/mL", 16.9, 0.23),
             ("terminal half-life, d", 16.1, 0.52))  # fmt: skip
    quantities: list[Quantity] = []
    for column, (name, published, variation) in enumerate(names):
        value = values[:, column]
        quantities.append(mean(f"mean {name}", value.mean(), published))
        quantities.append(
            mean(f"variation of {name}", value.std() / value.mean(), variation, is_gated=False)
        )
    return ClinicResult(
        "B1h", "calaspargase 2500 IU/m2 IV, 1 h", "calibration", "Asparlas label, table 3",
        n_patients, seed, tuple(quantities),
    )  # fmt: skip


def b1l(n_patients: int = 1000, seed: int = 1) -> ClinicResult:
    """Half-lives after injection into muscle, each from the samples of one patient."""
    cohort = virtual_patients(n_patients, seed)
    arms = (
        ("native E. coli, days 1-5 (calibration of the depot)", "e-coli", "medac",
         "6000 IU/m2", np.arange(1.0, 6.0), 1.24),
        ("Erwinia, days 1-3", "erwinaze", "erwinaze", "25000 IU/m2", np.arange(1.0, 3.5, 0.5),
         0.65),
        ("pegaspargase dfci-11001, days 4-25", "pegaspargase", "dfci-11001", "2500 IU/m2",
         np.arange(4.0, 26.0), 5.73),
    )  # fmt: skip
    quantities = []
    for name, product, preset, amount, days, published in arms:
        course = Course(product=product, preset=preset, amount=amount, hours=(0.0,), route=Route.IM)
        activity = course_activity(course, cohort, days * _DAY)
        half_lives = [fitted_half_life(days, row) for row in activity if row.min() > 0.0]
        quantities.append(mean(f"mean half-life, d: {name}", float(np.mean(half_lives)), published))
    return ClinicResult(
        "B1l", "half-lives after injection into muscle", "validation",
        "Asselin 1993, JCO 11:1780", n_patients, seed, tuple(quantities),
    )  # fmt: skip


TRANSIT_TABLE: Mapping[int, float] = MappingProxyType(
    {
        0: 1131.954355, 1: 1098.87132, 4: 1005.310947, 7: 919.5285268, 11: 807.1603171,
        14: 698.6673741, 18: 497.1879082, 21: 332.8015332, 25: 159.4271639, 28: 79.96842322,
        35: 10.91207439,
    }
)  # fmt: skip
"""Case C14c: day and IU/L after 2500 IU/m2 in a child of 0.79 m2, preset ``bfm``."""
CROSSING_DAYS: Mapping[int, float] = MappingProxyType({100: 27.07874185, 20: 33.03874221})
"""The same: IU/L and the day on which activity falls below it."""


def c14c(n_patients: int = 1, seed: int = 1) -> ClinicResult:
    """Pegaspargase against the table of the transit model; one typical child, nothing drawn."""
    from scipy import optimize

    child = Patient(bsa=0.79, age=6.0)
    kinetics = find_product("pegaspargase").kinetics("bfm")

    def units_per_litre(day: float) -> float:
        hours = np.array([day * _DAY])
        return 1975.0e3 * float(activity_per_amount(kinetics, child, Route.IV, hours)[0])

    found = [
        (f"IU/L, day {day}", units_per_litre(day), wanted) for day, wanted in TRANSIT_TABLE.items()
    ]
    for level, wanted in CROSSING_DAYS.items():
        day = optimize.brentq(lambda day, at=level: units_per_litre(day) - at, 1.0, 60.0)
        found.append((f"day below {level} IU/L", day, wanted))
    quantities = tuple(
        Quantity(
            name, value, wanted, (1.0 - _TABLE_TOLERANCE) * wanted,
            (1.0 + _TABLE_TOLERANCE) * wanted, "relative 1e-3",
        )
        for name, value, wanted in found
    )  # fmt: skip
    return ClinicResult(
        "C14c", "pegaspargase, 14-stage transit model", "theory",
        "Wuerthwein 2021, doi:10.1007/s13318-021-00670-8", 1, seed, quantities,
    )  # fmt: skip


def b2a(n_patients: int = 1000, seed: int = 1) -> ClinicResult:
    """Plasma Asn as measured after one pegaspargase dose, for each reading of supply and sample.

    Gated: preset ``dfci-11001``, supply ``low``, quenched samples. The other readings are shown.
    """
    cohort = virtual_patients(n_patients, seed, HIGH_RISK)
    enzyme = find_product("pegaspargase").enzyme
    hours = np.arange(6.0, 60.0 * _DAY, 6.0)
    quantities: list[Quantity] = []
    for preset in ("dfci-11001", "bfm"):
        course = Course(
            product="pegaspargase", preset=preset, amount="2500 IU/m2", hours=(0.0,),
            infusion_hours=1.0,
        )  # fmt: skip
        activity = course_activity(course, cohort, hours)
        is_active = activity > 0.02
        for supply, turnover in TURNOVERS.items():
            asn = steady_asparagine(activity, enzyme, turnover)
            for state, handling in HANDLINGS.items():
                seen = measured_asparagine(asn, activity, enzyme, turnover, handling)
                is_none = seen == 0.0
                gated = (preset, supply, state) == ("dfci-11001", "low", "quenched")
                label = f"{preset}, supply {supply}, {state}"
                quantities.append(
                    share(
                        f"share undetectable above 0.02 IU/mL: {label}",
                        is_none[is_active].mean(), 54, 54, is_gated=gated,
                    )
                )  # fmt: skip
                quantities.append(_depletion(is_none, label, gated))
            true = asn < HANDLINGS["quenched"].quantification_limit
            quantities.append(_depletion(true, f"{preset}, supply {supply}, true", False))
    return ClinicResult(
        "B2a", "plasma Asn after one pegaspargase dose", "calibration",
        "Schore 2019, PMC6594900", n_patients, seed, tuple(quantities),
    )  # fmt: skip


def _depletion(is_none: np.ndarray, label: str, is_gated: bool) -> Quantity:
    """Hold the mean time without Asn (samples every 6 h) against the published 22 to 29 d."""
    days = is_none.sum(axis=1).mean() * 6.0 / _DAY
    name, rule = f"mean days depleted: {label}", "published 95 % interval"
    return Quantity(name, float(days), 25.5, 22.0, 29.0, rule, is_gated)


def b3a(n_patients: int = 1000, seed: int = 1) -> ClinicResult:
    """Pegaspargase after native induction, then Erwinia: reactions (calibration)."""
    cohort = virtual_patients(n_patients, seed)
    immunity = ImmunityParameters()
    dose_days = 120.0 + 14.0 * np.arange(15)
    primed = (
        Exposure(0.0, 24.0, 1.0),
        Exposure(120.0, 330.0, immunity.pegylated_rise),
    )
    reactions = draw_reactions(cohort, primed, dose_days, immunity)
    course = Course(
        product="pegaspargase", preset="bfm", amount="2500 IU/m2", infusion_hours=1.0,
        hours=tuple((dose_days * _DAY).tolist()),
    )  # fmt: skip
    troughs = course_activity(course, cohort, (dose_days + 14.0) * _DAY, reactions)
    kinds = reactions.kinds
    erwinia = _under_erwinia(cohort, immunity)
    unprimed = draw_reactions(cohort, primed[1:], dose_days, immunity)
    quantities = (
        share("share allergic", (kinds == Reaction.ALLERGY).mean(), 20, 89),
        share("share silently inactivated", (kinds == Reaction.SILENT).mean(), 7, 89),
        share("share allergic to Erwinia", (erwinia == Reaction.ALLERGY).mean(), 2, 59),
        share("share silent under Erwinia", (erwinia == Reaction.SILENT).mean(), 0, 59),
        Quantity(
            "share of the allergic without activity at the last trough",
            float((troughs[kinds == Reaction.ALLERGY, -1] == 0.0).mean()), 1.0, 1.0, 1.0, "all",
        ),
        Quantity(
            "share of the silent below 0.1 IU/mL at the last trough",
            float((troughs[kinds == Reaction.SILENT, -1] < _TARGET).mean()), 1.0, 0.0, 1.0,
            "no number published", False,
        ),
        mean(
            "mean trough of the others, IU/mL (preset bfm)",
            troughs[kinds == Reaction.NONE].mean(), 0.899, is_gated=False,
        ),
        mean(
            "share that reacts without priming (assumption A193)",
            (unprimed.kinds != Reaction.NONE).mean(), 0.13, is_gated=False,
        ),
    )  # fmt: skip
    return ClinicResult(
        "B3a", "pegaspargase after native induction; Erwinia after it", "calibration",
        "Tong 2014, Blood 123:2026", n_patients, seed, quantities,
    )  # fmt: skip


def _under_erwinia(cohort: Cohort, immunity: ImmunityParameters) -> np.ndarray:
    """Return the kinds of reaction under 30 weeks of Erwinia enzyme twice a week, int8[n]."""
    exposure = Exposure(0.0, 210.0, immunity.erwinia_rise)
    return draw_reactions(
        cohort, (exposure,), np.arange(0.0, 210.0, 3.5), immunity,
        silent_share=immunity.erwinia_silent_share, enzyme_index=1,
    ).kinds  # fmt: skip


def _troughs(course: Course, cohort: Cohort) -> np.ndarray:
    """Return activity 48 h after the fifth and 72 h after the sixth dose, float64[n, 2]."""
    return course_activity(course, cohort, np.array([_BEFORE_DOSE_6, _AFTER_DOSE_6]))


ROWS: Mapping[str, Callable[..., ClinicResult]] = MappingProxyType(
    {"B1a": b1a, "B1b": b1b, "B1f": b1f, "B1h": b1h, "B1l": b1l, "C14c": c14c, "B2a": b2a,
     "B3a": b3a}
)  # fmt: skip
"""All rows by id."""
