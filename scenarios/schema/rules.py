"""Rules that join several fields; each finding is the path of the field and a message."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from abm.errors import ScenarioError
from abm.units import MINUTES_PER_HOUR, did_you_mean
from scenarios.formula import Formula
from scenarios.schema import names
from scenarios.schema.base import show_time
from scenarios.schema.body_rules import find_body_contradictions
from scenarios.schema.cells import FixedRateCells
from scenarios.schema.environment import Body, Recipe, Tissue, Well
from scenarios.schema.tissue_rules import find_tissue_contradictions

if TYPE_CHECKING:
    from scenarios.schema.scenario import Scenario

Path = tuple[str | int, ...]
Finding = tuple[Path, str]
_N_PROBES_PER_AXIS = 17


def find_contradictions(scenario: "Scenario") -> list[Finding]:
    """Return every pair of fields that cannot go together, in the order of the file."""
    environment = scenario.environment
    findings: list[Finding] = []
    if isinstance(environment, Tissue):
        findings += find_tissue_contradictions(environment, scenario.parameters)
    elif isinstance(environment, Well):
        findings += _well(environment, scenario)
    findings += find_body_contradictions(scenario)
    findings += _patch(scenario)
    findings += _media(environment)
    if not isinstance(environment, Body):
        findings += _initial(environment)
    findings += _cells(scenario)
    findings += _treatment(scenario)
    findings += _times(scenario)
    findings += _run(scenario)
    return findings


def _patch(scenario: "Scenario") -> Iterator[Finding]:
    """Hold the lesion of a body against the rules of a tissue."""
    body = scenario.environment
    if not isinstance(body, Body) or body.patch is None:
        return
    patch = body.patch
    for path, message in (
        *find_tissue_contradictions(patch, scenario.parameters),
        *_media(patch),
        *_initial(patch),
    ):
        yield ("environment", "patch", *path[1:]), message


def _well(well: Well, scenario: "Scenario") -> Iterator[Finding]:
    here = "environment"
    needs_medium = bool(well.species) or bool(scenario.mechanistic_cells)
    if well.medium is None and needs_medium:
        yield (
            (here, "medium"),
            f"is missing, but species or mechanistic cells need one: one of "
            f"{', '.join(names.MEDIA)} (or species: [] for fixed-rates cells)",
        )
    for index, species in enumerate(well.clamp):
        if species not in well.species:
            yield (
                (here, "clamp", index),
                f"'{species}' is not among the species: add it there, or leave it out "
                f"(a species that is off keeps its value anyway)",
            )
    for index, event in enumerate(well.events):
        if event.wash is None and event.medium is None and event.serum is None:
            yield (here, "events", index), "does nothing: give wash: 2 or medium: DMEM"
        if any(event.at == earlier.at for earlier in well.events[:index]):
            yield (
                (here, "events", index, "at"),
                f"a second event at {show_time(event.at)}: make it one event",
            )
    if len(set(well.species)) < len(well.species):
        yield (here, "species"), "names a species twice: name each once"
    yield from _dose_factors(well, scenario)


def _dose_factors(well: Well, scenario: "Scenario") -> Iterator[Finding]:
    """Wells of a dilution series need doses to dilute, and a well for each factor."""
    path: Path = ("environment", "dose_factors")
    if well.dose_factors is None:
        return
    n_factors = len(well.dose_factors)
    if n_factors == 0:
        yield path, "names no factor: give at least one, e.g. [0, 0.1, 1], or leave it out"
    if n_factors > scenario.replicates:
        yield (
            path,
            f"{n_factors} factors for {scenario.replicates} wells: "
            f"write replicates: {n_factors} or a multiple of it, or fewer factors",
        )
    if not scenario.treatment.doses:
        yield path, "there is no dose to multiply: leave it out, or give treatment.doses"


def _media(environment: Tissue | Well | Body) -> Iterator[Finding]:
    recipes: list[tuple[Path, Recipe | None]] = [(("environment", "medium"), environment.medium)]
    if isinstance(environment, Well):
        recipes += [
            (("environment", "events", index, "medium"), event.medium)
            for index, event in enumerate(environment.events)
        ]
    for path, recipe in recipes:
        if recipe is None:
            continue
        if len(set(recipe.without)) < len(recipe.without):
            yield (*path, "without"), "names a species twice: name each once"
        for name in ("without", "add"):
            if "o2" in getattr(recipe, name):
                yield (*path, name), "o2: comes from the gas: set environment.oxygen"


def _initial(environment: Tissue | Well) -> Iterator[Finding]:
    for species, formula in environment.initial.items():
        path = ("environment", "initial", species)
        if isinstance(environment, Well):
            if formula.variables:
                place = sorted(formula.variables)[0]
                yield path, f"{formula.text!r}: a well has no '{place}': use numbers only"
            places: list[tuple[float, ...]] = [(0.0,)] * 3
        else:
            axes = environment.n_voxels[:3]
            places = [_probes(n, environment.spacing) for n in axes]
            places += [(0.0,)] * (3 - len(places))
        try:
            _probe(formula, places)
        except ScenarioError as error:
            yield path, str(error)


def _probes(n_voxels: int, spacing: float) -> tuple[float, ...]:
    """Return centres of at most ``_N_PROBES_PER_AXIS`` voxels, both ends among them."""
    n = max(min(n_voxels, _N_PROBES_PER_AXIS), 1)
    chosen = (round(i * (n_voxels - 1) / max(n - 1, 1)) for i in range(n))
    return tuple((index + 0.5) * spacing for index in chosen)


def _probe(formula: Formula, places: list[tuple[float, ...]]) -> None:
    x, y, z = np.meshgrid(*places, indexing="ij")
    centre = [(axis[0] + axis[-1]) / 2.0 for axis in places]
    r = np.sqrt((x - centre[0]) ** 2 + (y - centre[1]) ** 2 + (z - centre[2]) ** 2)
    formula.evaluate(x, y, z, r)


def _cells(scenario: "Scenario") -> Iterator[Finding]:
    single = [entry.number for entry in scenario.cells if not scenario.is_weighted(entry)]
    total = sum(single) * scenario.replicates
    largest = names.LARGEST_NUMBER_OF_CELLS
    if total > largest >= max(single):
        where: Path = ("cells",) if scenario.replicates == 1 else ("replicates",)
        allowed = (
            f"the largest allowed number is {largest:,}"
            if scenario.replicates == 1
            else f"the largest allowed number of replicates here is "
            f"{largest * scenario.replicates // total:,}"
        )
        yield where, f"{total:,} cells at the start in all: {allowed}"
    if scenario.mechanistic_cells and scenario.fixed_rate_cells:
        index = next(i for i, c in enumerate(scenario.cells) if isinstance(c, FixedRateCells))
        yield (
            ("cells", index, "model"),
            "fixed-rates cells cannot share a run with mechanistic ones: use one model",
        )
    for index, entry in enumerate(scenario.cells):
        if not scenario.is_tissue and entry.placement != "random":
            yield (
                ("cells", index, "placement"),
                f"'{entry.placement}': a {scenario.environment.kind} has no places: leave it out",
            )


def _treatment(scenario: "Scenario") -> Iterator[Finding]:
    patient = scenario.treatment.patient
    in_well = isinstance(scenario.environment, Well)
    if in_well and patient is not None:
        yield ("treatment", "patient"), "a well has no patient: leave it out"
    if scenario.treatment.rules and not scenario.treatment.doses:
        yield ("treatment", "rules"), "there is no dose to pause: leave them out"
    n_doses = sum(len(dose.at) for dose in scenario.treatment.doses)
    if n_doses > names.LARGEST_NUMBER_OF_DOSES:
        yield (
            ("treatment", "doses"),
            f"{n_doses:,} doses in all: at most {names.LARGEST_NUMBER_OF_DOSES:,}",
        )
    for index, dose in enumerate(scenario.treatment.doses):
        path: Path = ("treatment", "doses", index)
        text = f"'{dose.amount.value:g} {dose.amount.unit}'"
        if not dose.at:
            yield (*path, "at"), "names no time: give at least one, e.g. [0 h]"
        if dose.preset is not None and dose.preset not in names.PRESETS[dose.product]:
            yield (
                (*path, "preset"),
                f"'{dose.preset}': {dose.product} has no such preset"
                f"{did_you_mean(dose.preset, names.PRESETS[dose.product])}",
            )
        if in_well:
            if dose.amount.unit != "IU/mL":
                yield (*path, "amount"), f"{text}: a dose into a well is in IU/mL, e.g. 1 IU/mL"
            for name in ("route", "infusion"):
                if getattr(dose, name) is not None:
                    yield (*path, name), "contradicts a well, which has no patient: leave it out"
            continue
        if dose.amount.unit == "IU/mL":
            yield (
                (*path, "amount"),
                f"{text}: IU/mL is for wells: a patient gets IU/m2, IU/kg or IU",
            )
        if dose.route is None:
            yield (*path, "route"), f"is missing: one of {', '.join(names.ROUTES)}"
        if dose.infusion is not None and dose.route == "im":
            yield (*path, "infusion"), "contradicts route im: only iv doses are infused"
    has_size = patient is not None and (patient.bsa is not None or patient.weight is not None)
    if n_doses and not in_well and not has_size:
        yield (
            ("treatment", "patient"),
            "the size of the patient is missing, doses need it: give e.g. patient: {bsa: 0.79 m2}",
        )


def _times(scenario: "Scenario") -> Iterator[Finding]:
    time = scenario.time
    for name in ("end", "coupling", "fate", "record", "checkpoint"):
        yield from _on_grid(scenario, ("time", name), getattr(time, name))
    for name in ("record", "checkpoint"):
        hours = getattr(time, name)
        if time.is_on_grid(hours) and time.ticks(hours) % max(time.fate_ticks, 1):
            yield (
                ("time", name),
                f"{show_time(hours)} is no whole multiple of time.fate, "
                f"{show_time(time.fate)}: write a multiple of it",
            )
    for name in ("coupling", "fate", "record"):
        if getattr(time, name) > time.end:
            yield (
                ("time", name),
                f"{show_time(getattr(time, name))} is after the end: at most {show_time(time.end)}",
            )
    for index, dose in enumerate(scenario.treatment.doses):
        path: Path = ("treatment", "doses", index)
        late = [at for at in dose.at if at >= scenario.time.end]
        if len(late) > 1:
            yield (*path, "at"), _leave_out(dose.at, late, scenario.time.end, index)
        for number, at in enumerate(dose.at):
            if len(late) < 2 or at not in late:
                yield from _before_end(scenario, (*path, "at", number), at, "dose")
        if dose.infusion is not None:
            yield from _on_grid(scenario, (*path, "infusion"), dose.infusion)
    if isinstance(scenario.environment, Well):
        for index, event in enumerate(scenario.environment.events):
            where: Path = ("environment", "events", index, "at")
            yield from _before_end(scenario, where, event.at, "event")


def _leave_out(times: Sequence[float], late: Sequence[float], end: float, index: int) -> str:
    """Say how a course is shortened together with the run."""
    kept = ", ".join(show_time(at) for at in times if at not in late)
    return (
        f"{len(late)} doses ({show_time(late[0])} to {show_time(late[-1])}) are after the end of "
        f"the run, {show_time(end)}: leave them out, e.g. --set "
        f"treatment.doses.{index}.at='[{kept}]', or set a later time.end"
    )


def _before_end(scenario: "Scenario", path: Path, at: float, what: str) -> Iterator[Finding]:
    end = scenario.time.end
    if at >= end:
        yield (
            path,
            f"a {what} at {show_time(at)} comes after the end of the run, {show_time(end)}: "
            f"must be earlier, or set a later time.end",
        )
    else:
        yield from _on_grid(scenario, path, at)


def _on_grid(scenario: "Scenario", path: Path, hours: float) -> Iterator[Finding]:
    time = scenario.time
    n = round(hours / time.tick_hours)
    if not time.is_on_grid(hours) or (n == 0 and hours > 0.0):
        yield (
            path,
            f"{hours * MINUTES_PER_HOUR:g} min is not on the tick of {time.tick} min: "
            f"write {max(n, 1) * time.tick} min",
        )


def _run(scenario: "Scenario") -> Iterator[Finding]:
    if scenario.replicates > 1 and scenario.is_tissue:
        yield (
            ("replicates",),
            f"{scenario.replicates}: only wells and bodies have replicates: write 1 and run "
            f"several seeds",
        )
    stop_n_cells = scenario.stop_n_cells
    if stop_n_cells is not None:
        start = sum(c.number for c in scenario.cells if c.type in names.TUMOUR_TYPES)
        if start >= stop_n_cells:
            yield (
                ("stop",),
                f"n_cells {stop_n_cells:,}: the run starts with {start:,} cells: "
                f"must be more than that",
            )
