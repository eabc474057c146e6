"""The treatment of a scenario as a therapy of patients: for environments of kind ``body``."""

from collections.abc import Mapping, Sequence

import numpy as np

from abm.errors import ScenarioError
from abm.pharmacology.cohort import Cohort, alike_patients
from abm.pharmacology.monitoring import RULES, Action, MonitoringRule, inactivation_rules
from abm.pharmacology.partners import PartnerCourse
from abm.pharmacology.patient import Patient, Sex
from abm.pharmacology.plan import PlannedDose, covariate_warnings, interval_warnings
from abm.pharmacology.protocols import Protocol, find_protocol
from abm.pharmacology.regimen import Amount, AmountKind, Route
from abm.pharmacology.therapy import Therapy
from abm.pharmacology.therapy_options import TherapyOptions
from abm.processes.dosing import DosingParameters, parse_rule
from abm.processes.therapy import SiteActivity, TherapyDosing
from scenarios.overrides import Overrides
from scenarios.schema import Scenario
from scenarios.schema.treatment import Monitoring
from scenarios.schema.treatment_names import DOSED_PARTNERS
from scenarios.schema.treatment_rules import given_products, product_warnings

_KINDS = {
    "IU/m2": AmountKind.PER_SURFACE_AREA,
    "IU/kg": AmountKind.PER_WEIGHT,
    "IU": AmountKind.ABSOLUTE,
}
_NO_SIZE = Patient(bsa=0.79)


def has_therapy(scenario: Scenario) -> bool:
    """Tell whether there is a dose, a protocol or a partner drug to give."""
    treatment = scenario.treatment
    return bool(treatment.doses or treatment.partners or treatment.protocol)


def protocol_of(scenario: Scenario) -> Protocol | None:
    """Return the protocol of a scenario."""
    name = scenario.treatment.protocol
    return None if name is None else find_protocol(name, where="treatment.protocol")


def patient_of(scenario: Scenario) -> Patient:
    """Return the patient of a scenario, a child of 0.79 m2 where no size is given."""
    patient = scenario.treatment.patient
    given = {} if patient is None else patient.model_dump(exclude_none=True)
    if "sex" in given:
        given["sex"] = Sex.parse(given["sex"])
    if "bsa" not in given and "weight" not in given:
        given["bsa"] = _NO_SIZE.bsa
    return Patient(**given)


def planned_doses(scenario: Scenario) -> list[PlannedDose]:
    """Return all doses, those of the protocol and those of the scenario's own, in order of time."""
    treatment = scenario.treatment
    protocol = protocol_of(scenario)
    found = [] if protocol is None else list(protocol.doses(treatment.arm))
    for dose in treatment.doses:
        found += [
            PlannedDose(
                product=dose.product,
                amount=Amount(dose.amount.value, _KINDS[dose.amount.unit]),
                route=Route[(dose.route or "iv").upper()],
                hour=at,
                preset=dose.preset,
                infusion_hours=dose.infusion or 0.0,
            )
            for at in dose.at
        ]
    return sorted(found, key=lambda dose: dose.hour)


def partner_courses(scenario: Scenario) -> list[PartnerCourse]:
    """Return the partner drugs of the protocol and of the scenario's own."""
    treatment = scenario.treatment
    protocol = protocol_of(scenario)
    found = [] if protocol is None else list(protocol.partners(treatment.arm))
    for one in treatment.partners:
        if one.drug in DOSED_PARTNERS:
            found.append(PartnerCourse(drug=one.drug, hours=one.at))
        else:
            assert one.until is not None
            found.append(PartnerCourse(drug=one.drug, start=one.at[0], end=one.until))
    return found


def monitoring_rules(scenario: Scenario) -> list[MonitoringRule]:
    """Return the rules of monitoring of the protocol and of the scenario's own."""
    treatment = scenario.treatment
    protocol = protocol_of(scenario)
    found = [] if protocol is None else list(protocol.monitoring(treatment.arm))
    substitute = "" if treatment.switch_to == "none" else treatment.switch_to
    for one in treatment.monitoring:
        if one.use == "consensus":
            found += inactivation_rules(one.to or substitute)
        elif one.use is not None:
            found.append(RULES[one.use])
        else:
            found.append(_read_rule(one))
    return found


def _read_rule(one: Monitoring) -> MonitoringRule:
    assert one.draw is not None and one.after is not None
    return MonitoringRule(
        after=one.after,
        hours=one.draw,
        low=one.below or 0.0,
        high=np.inf if one.above is None else one.above,
        action=Action[one.do.upper()],
        to=one.to or "",
        every=one.every,
    )


def therapy_options(scenario: Scenario, overrides: Overrides | None = None) -> TherapyOptions:
    """Return the options of a scenario, with ``parameters:`` of course, immunity and the others."""
    treatment = scenario.treatment
    overrides = overrides or Overrides({})
    defaults = TherapyOptions()
    return TherapyOptions(
        is_drawn=treatment.variability == "drawn",
        antibodies=treatment.antibodies,
        toxicity=treatment.toxicity,
        dose_cap=np.inf if treatment.dose_cap is None else treatment.dose_cap,
        switch_to="" if treatment.switch_to == "none" else treatment.switch_to,
        phase_effect=treatment.phase_effect,
        course=overrides.apply("course", defaults.course),
        immunity=overrides.apply("immunity", defaults.immunity),
        exposure=overrides.apply("exposure", defaults.exposure),
        toxicities=overrides.apply("toxicity", defaults.toxicities),
        partners=overrides.apply("partners", defaults.partners),
    )


def make_therapy(
    scenario: Scenario,
    cohort: Cohort | None = None,
    *,
    seed: int | None = None,
    overrides: Overrides | None = None,
) -> Therapy:
    """Return the therapy of the patients of a body.

    ``cohort``: the patients, one per replicate, in order; by default ``replicates`` times that of
    the scenario, whose draws differ. ``seed`` replaces that of the scenario.
    """
    if cohort is None:
        number = scenario.seed if seed is None else seed
        cohort = alike_patients(patient_of(scenario), scenario.replicates, number)
    return Therapy(
        cohort,
        planned_doses(scenario),
        end_hour=scenario.time.end,
        options=therapy_options(scenario, overrides),
        partners=partner_courses(scenario),
        monitoring=monitoring_rules(scenario),
    )


def make_dosing(
    scenario: Scenario,
    therapy: Therapy,
    parameters: DosingParameters,
    site_activity: SiteActivity,
    *,
    is_single: bool | None = None,
) -> TherapyDosing:
    """Return the process that gives the therapy of a scenario, with the rules of the scenario."""
    rules = [
        parse_rule({"when": rule.when.text, "do": rule.do}) for rule in scenario.treatment.rules
    ]
    return TherapyDosing(
        therapy, parameters, rules, site_activity=site_activity, is_single=is_single
    )


def stop_ticks(scenario: Scenario, therapy: Therapy) -> tuple[int, ...]:
    """Return the ticks of planned doses and ends of infusions, which no interval steps over."""
    return tuple(scenario.time.ticks(hour) for hour in therapy.stops)


def treatment_warnings(scenario: Scenario) -> list[str]:
    """Return one line per extrapolation of kinetics and per interval below that of a label.

    Only for bodies; an empty list elsewhere. Raises nothing that the checks of the scenario let
    through.
    """
    if scenario.environment.kind != "body" or not has_therapy(scenario):
        return []
    found = []
    if scenario.treatment.patient is not None:
        for product, preset in given_products(scenario.treatment):
            found += product_warnings(scenario.treatment, product, preset)
    found += interval_warnings(planned_doses(scenario))
    return list(dict.fromkeys(found))


def cohort_warnings(
    scenario: Scenario, cohort: Cohort, labels: Sequence[str] | None = None
) -> list[str]:
    """Return one line per product and reason that counts the patients whom it is stretched to.

    ``labels`` name the patients, by default their numbers from 0 on. Raises ScenarioError that
    names the first patient for whom the kinetics of a product give no number.
    """
    names = [str(i) for i in range(cohort.n_patients)] if labels is None else list(labels)
    found = []
    doses = planned_doses(scenario)
    for product, preset in dict.fromkeys((dose.product, dose.preset) for dose in doses):
        counts: dict[str, int] = {}
        for name, patient in zip(names, cohort.patients, strict=True):
            try:
                lines = covariate_warnings(product, preset, patient)
            except ScenarioError as error:
                raise ScenarioError(f"patient {name}: {error}") from None
            for line in lines:
                reason = "outside the " + line.split(" is outside the ")[1]
                counts[reason] = counts.get(reason, 0) + 1
        found += [
            f"{product}: {n} of {cohort.n_patients} patients are {reason}"
            for reason, n in counts.items()
        ]
    return found


def describe_therapy(scenario: Scenario) -> Mapping[str, object]:
    """Return what run.json says of the treatment: protocol with its mark, doses, warnings."""
    protocol = protocol_of(scenario)
    doses: Sequence[PlannedDose] = planned_doses(scenario)
    told: dict[str, object] = {
        "doses": [
            (dose.hour, f"{dose.product} {dose.amount.text}")
            for dose in doses
            if dose.hour < scenario.time.end
        ],
        "slow_doses_h": [dose.hour for dose in doses if dose.route is not Route.IV],
        "partners": [
            {"drug": one.drug, "at_h": list(one.hours)}
            if one.hours
            else {"drug": one.drug, "start_h": one.start, "end_h": one.end}
            for one in partner_courses(scenario)
        ],
        "warnings": treatment_warnings(scenario),
    }
    if protocol is not None:
        told["protocol"] = {
            "id": protocol.id,
            "arm": scenario.treatment.arm or protocol.default_arm,
            "title": protocol.label,
            "mark": protocol.mark,
            "basis": protocol.basis,
            "mrd_days": dict(protocol.mrd_days),
        }
    return told
