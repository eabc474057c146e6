"""Rules of the treatment of a patient that join several fields."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from abm.errors import ScenarioError
from abm.units import MINUTES_PER_HOUR, did_you_mean
from scenarios.schema import treatment_names as names
from scenarios.schema.base import show_time
from scenarios.schema.environment import Body
from scenarios.schema.treatment import Monitoring, Treatment

if TYPE_CHECKING:
    from scenarios.schema.scenario import Scenario

Path = tuple[str | int, ...]
Finding = tuple[Path, str]
_HERE = "treatment"
_OF_PATIENTS = (
    "protocol", "arm", "partners", "variability", "antibodies", "toxicity", "dose_cap",
    "monitoring", "switch_to", "phase_effect",
)  # fmt: skip


def find_treatment_contradictions(scenario: "Scenario") -> Iterator[Finding]:
    """Yield the path and message of everything about the treatment of a patient that cannot be."""
    treatment = scenario.treatment
    if not isinstance(scenario.environment, Body):
        for name in _OF_PATIENTS:
            if getattr(treatment, name) != Treatment.model_fields[name].get_default():
                kind = scenario.environment.kind
                yield (
                    (_HERE, name),
                    f"is for the body of a patient, not for a {kind}: leave it out, or use "
                    "environment: {kind: body}",
                )
        return
    yield from _protocol(treatment)
    yield from _products(treatment)
    yield from _partners(scenario)
    yield from _monitoring(treatment)
    yield from _covariates(treatment)


def _protocol(treatment: Treatment) -> Iterator[Finding]:
    if treatment.arm is not None and treatment.protocol is None:
        yield (_HERE, "arm"), f"'{treatment.arm[:60]}': there is no protocol whose arm it could be"
    if treatment.protocol is not None and treatment.arm is not None:
        arms = names.PROTOCOLS[treatment.protocol]
        if treatment.arm not in arms:
            yield (
                (_HERE, "arm"),
                f"'{treatment.arm[:60]}': {treatment.protocol} has no such arm"
                f"{did_you_mean(treatment.arm[:60], arms)}",
            )
    if treatment.protocol is not None and not _has_size(treatment):
        yield (
            (_HERE, "patient"),
            "the size of the patient is missing, the doses of the protocol need it: give e.g. "
            "patient: {bsa: 0.79 m2}",
        )


def _has_size(treatment: Treatment) -> bool:
    patient = treatment.patient
    return patient is not None and (patient.bsa is not None or patient.weight is not None)


def _products(treatment: Treatment) -> Iterator[Finding]:
    """Refuse products that cannot be given by their route, each at its own line."""
    from abm.pharmacology.products import find_product

    for index, dose in enumerate(treatment.doses):
        path: Path = (_HERE, "doses", index)
        product = find_product(dose.product)
        is_known = dose.preset is None or dose.preset in product.presets
        if product.is_dish_only:
            yield (*path, "product"), f"'{dose.product}': no patient was ever given it: for a well"
        elif is_known and dose.route == "im" and not product.kinetics(dose.preset).bioavailability:
            yield (*path, "route"), f"'im': {dose.product} has no data into muscle: write iv"


def _partners(scenario: "Scenario") -> Iterator[Finding]:
    end = scenario.time.end
    for index, partner in enumerate(scenario.treatment.partners):
        path: Path = (_HERE, "partners", index)
        if partner.drug in names.DOSED_PARTNERS:
            if not partner.at:
                yield (*path, "at"), "names no time: give at least one, e.g. [0 d, 7 d]"
            if partner.until is not None:
                yield (
                    (*path, "until"),
                    f"{partner.drug} is given as single doses: leave it out and name each in at",
                )
        elif len(partner.at) != 1 or partner.until is None:
            yield path, f"{partner.drug} lasts: give one start and an end, at: [0 d], until: 28 d"
        elif partner.until <= partner.at[0]:
            yield (
                (*path, "until"),
                f"{show_time(partner.until)} is not after the start, {show_time(partner.at[0])}: "
                "write a later time",
            )
        for number, at in enumerate(partner.at):
            where: Path = (*path, "at", number)
            if at >= end:
                yield (
                    where,
                    f"{partner.drug} at {show_time(at)} comes after the end of the run, "
                    f"{show_time(end)}: must be earlier, or set a later time.end",
                )
            elif not scenario.time.is_on_grid(at):
                yield (
                    where,
                    f"{at * MINUTES_PER_HOUR:g} min is not on the tick of {scenario.time.tick} min",
                )


def _monitoring(treatment: Treatment) -> Iterator[Finding]:
    for index, rule in enumerate(treatment.monitoring):
        path: Path = (_HERE, "monitoring", index)
        others = [
            name
            for name, field in Monitoring.model_fields.items()
            if name not in ("use", "to") and getattr(rule, name) != field.get_default()
        ]
        if rule.use is not None:
            if others:
                yield (
                    path,
                    f"use: {rule.use} is a whole rule: leave out {', '.join(sorted(others))}",
                )
            continue
        missing = [name for name in ("draw", "after") if getattr(rule, name) is None]
        if missing:
            yield path, f"{' and '.join(missing)} missing: e.g. {{draw: 7 d, after: pegaspargase}}"
            continue
        yield from _limits(path, rule)


def _limits(path: Path, rule: Monitoring) -> Iterator[Finding]:
    if rule.do == "switch" and rule.to is None:
        yield (*path, "to"), f"is missing: to which product: one of {', '.join(names.SUBSTITUTES)}"
    if rule.do != "switch" and rule.to is not None:
        yield (*path, "to"), f"do: {rule.do} has no other product: leave it out, or do: switch"
    if rule.below is None and rule.above is None and rule.do != "note":
        yield path, "names no limit to act on: give below and or above, e.g. below: 0.1 IU/mL"
    if rule.do == "adjust" and (not rule.below or rule.above is None):
        yield path, "do: adjust aims at a range: give below and above, e.g. 0.1 and 0.25 IU/mL"
    if rule.below is not None and rule.above is not None and rule.above <= rule.below:
        yield (*path, "above"), f"{rule.above:g} IU/mL: must be more than below, {rule.below:g}"


def _covariates(treatment: Treatment) -> Iterator[Finding]:
    """Refuse patients for whom the covariates of a product give no number."""
    if not _has_size(treatment):
        return
    for product, preset in given_products(treatment):
        try:
            product_warnings(treatment, product, preset)
        except ScenarioError as error:
            text = str(error)
            field = text.removeprefix("patient.").split(":", 1)[0]
            known = field if field in ("bsa", "age", "weight") else ""
            path: Path = (_HERE, "patient", known) if known else (_HERE, "patient")
            yield path, text.split(": ", 1)[1] if known else text
            return


def given_products(treatment: Treatment) -> list[tuple[str, str | None]]:
    """Return product and preset of every dose, those of the protocol included, each once."""
    found = [
        (dose.product, dose.preset) for dose in treatment.doses if dose.product in names.MONITORED
    ]
    if treatment.protocol is not None and treatment.arm in (
        None, *names.PROTOCOLS[treatment.protocol]
    ):  # fmt: skip
        from abm.pharmacology.protocols import find_protocol

        arm = find_protocol(treatment.protocol).arm(treatment.arm)
        found += [(course.product, course.preset) for course in arm.enzymes]
    return list(dict.fromkeys(found))


def product_warnings(treatment: Treatment, product: str, preset: str | None) -> list[str]:
    """Return what is an extrapolation; raises ScenarioError where there is no number at all."""
    from abm.pharmacology.patient import Patient, Sex
    from abm.pharmacology.plan import covariate_warnings

    assert treatment.patient is not None
    given = treatment.patient.model_dump(exclude_none=True)
    if "sex" in given:
        given["sex"] = Sex.parse(given["sex"])
    return covariate_warnings(product, preset, Patient(**given))
