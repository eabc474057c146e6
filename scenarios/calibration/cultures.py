"""Cultures of a calibration file, run once per trial, and the numbers that are read from them."""

import dataclasses
import math

import numpy as np
from numpy.typing import NDArray

from abm.environment import media
from abm.errors import NumericalError
from abm.observe_wells import STATE_COLUMNS
from abm.processes.cell_vector import CellSwitches, parameter_vector
from abm.processes.equilibrium import ClampedMedium, equilibrated_state, solve_translation_rate
from abm.state.sites import Species
from analysis.dose_curves import passing_dose
from scenarios.biology import GENOTYPE_SETTLES_H, MEDIUM_SETTLES_H, with_genotype
from scenarios.calibration.dish import (
    Course,
    Stretch,
    clamped_course,
    closed_course,
)
from scenarios.calibration.parameters import Cells
from scenarios.calibration.schema import Culture, Read
from scenarios.schema.cells import Genotype
from scenarios.schema.environment import Recipe, Serum, Well

_DAY_H = 24.0
_OXYGEN = float(Well.model_fields["oxygen"].default)
_ROWS = {name: row for row, name in STATE_COLUMNS.items()}
_LEAST_LOSS = 1e-6


class Bench:
    """Runs cultures with one set of parameters; each culture runs once."""

    def __init__(self, cells: Cells) -> None:
        self._cells = cells
        self._courses: dict[str, Course] = {}

    def read(self, culture: Culture, read: Read) -> float:
        """Return a number of a culture; raises NumericalError where there is none."""
        if read.relative_to == "parental":
            return _ratio(self._read(culture, read), self._read(_parental(culture), read))
        number = self._read(culture, read)
        if read.relative_to == "nothing":
            return number
        if read.relative_to == "untreated":
            return _ratio(number, self._read(_untreated(culture), read))
        start = _number(self._course(culture), read.quantity, 0.0)
        if read.relative_to == "start":
            return _ratio(number, start)
        lost = self._read(_kept(culture), read)
        if abs(start - lost) < _LEAST_LOSS * abs(start):
            raise NumericalError(f"{read.quantity}: nothing was lost that could be restored")
        return (number - lost) / (start - lost)

    def _read(self, culture: Culture, read: Read) -> float:
        hour = culture.hours if read.at is None else read.at
        course = self._course(culture)
        if read.quantity != "ic50":
            return _number(course, read.quantity, hour)
        count = np.array([course.at(hour, one) for one in course.count.T])
        doses = _doses(culture)
        ic50 = passing_dose(np.array(doses), count / count[0])
        if math.isnan(ic50):
            raise NumericalError(
                f"the count does not fall through a half between {doses[1]:g} and {doses[-1]:g} "
                f"IU/mL: {_range(count[1:] / count[0])}"
            )
        return ic50

    def _course(self, culture: Culture) -> Course:
        key = culture.model_dump_json()
        if key not in self._courses:
            self._courses[key] = self._run(culture)
        return self._courses[key]

    def _run(self, culture: Culture) -> Course:
        parameters = self._cells.parameters
        parent = self._cells.lines[culture.line]
        if culture.doubling_time is not None:
            parent = dataclasses.replace(parent, doubling_time=culture.doubling_time)
        genotype = culture.genotype
        line = dataclasses.replace(
            parent, asns_set_point=parent.asns_set_point * genotype.asns_expression
        )
        alleles = parent.methylated_alleles
        if culture.methylated_alleles is not None:
            alleles = culture.methylated_alleles
        rate = solve_translation_rate(parent, parameters)
        genes = with_genotype(CellSwitches(), genotype)
        doses = _doses(culture)
        state = equilibrated_state(
            line, rate, np.full(len(doses), alleles), culture.gain,
            ClampedMedium.of(mix(culture.medium, culture.serum)),
            hours=MEDIUM_SETTLES_H if genotype == Genotype() else GENOTYPE_SETTLES_H,
            parameters=parameters, switches=genes,
        )  # fmt: skip
        treated = dataclasses.replace(genes, **culture.switches)
        vector = parameter_vector(parameters, line, rate, treated)
        stretches = [
            Stretch(phase.hours, mix(phase.medium, phase.serum)) for phase in culture.phases
        ]
        if not culture.closed:
            return clamped_course(state, vector, stretches, alleles, culture.gain)
        density = culture.cells_per_well / culture.well_volume
        return closed_course(
            state, vector, parameters, stretches[0], alleles, density, doses, culture.product,
            culture.gain,
        )  # fmt: skip


def mix(recipe: Recipe, serum: Serum) -> NDArray[np.float64]:
    """Return a medium with its serum under air, float64[n_species] [uM]."""
    return media.medium(
        recipe.base,
        serum.fraction,
        serum.dialysed,
        without=[Species[name.upper()] for name in recipe.without],
        add={Species[name.upper()]: amount for name, amount in recipe.add.items()},
        oxygen=media.GasParameters().oxygen(_OXYGEN),
    )


def _doses(culture: Culture) -> list[float]:
    if culture.doses is not None:
        return [0.0, *sorted(culture.doses)]
    return [culture.enzyme or 0.0]


def _untreated(culture: Culture) -> Culture:
    """Return the same cells left in the medium in which they stood, with nothing added."""
    phase = culture.phases[0].model_copy(
        update={"hours": culture.hours, "medium": culture.medium, "serum": culture.serum}
    )
    changes: dict[str, object] = {"phases": (phase,), "enzyme": None, "doses": None, "switches": {}}
    return culture.model_copy(update=changes)


def _parental(culture: Culture) -> Culture:
    return culture.model_copy(update={"genotype": Genotype(), "switches": {}})


def _kept(culture: Culture) -> Culture:
    """Return the same cells left in the medium of the last phase but one."""
    *others, before, last = culture.phases
    kept = last.model_copy(update={"medium": before.medium, "serum": before.serum})
    return culture.model_copy(update={"phases": (*others, before, kept)})


def _number(course: Course, quantity: str, hour: float) -> float:
    if quantity in _ROWS:
        return course.at(hour, course.state[:, _ROWS[quantity], 0])
    count, dead = course.count[:, 0], course.dead[:, 0]
    if quantity == "count":
        return course.at(hour, count)
    if quantity == "viability":
        return course.at(hour, count / (count + dead))
    before = max(hour - _DAY_H, 0.0)
    if hour <= 0.0:
        raise NumericalError(
            f"{quantity}: is a mean over the day before and needs a time above 0 h"
        )
    if quantity == "net_growth":
        sums = np.log(count)
    else:
        rates = (course.growth if quantity == "growth" else course.hazard)[1:, 0]
        sums = np.concatenate([[0.0], np.cumsum(rates * np.diff(course.hours))])
    return (course.at(hour, sums) - course.at(before, sums)) / (hour - before)


def _ratio(number: float, reference: float) -> float:
    if reference == 0.0 or not math.isfinite(reference):
        raise NumericalError(f"the reading that it is relative to is {reference:g}")
    return number / reference


def _range(values: NDArray[np.float64]) -> str:
    return f"{values.min():.3g} to {values.max():.3g} of the control"
