"""What a cohort file may hold: patients, arms, and how outcomes are compared.

An arm changes the treatment and nothing else, so that all arms have the same patients and the same
random numbers.
"""

from typing import Annotated, Any, Literal

import pydantic

from abm.errors import ScenarioError
from abm.parameters import ParameterSet
from abm.pharmacology.variability import CHILDREN, Demographics
from abm.units import did_you_mean
from scenarios.cohort.disease import SUBTYPES, Disease
from scenarios.schema.base import Count, Duration, Model, problem, shorten, written
from scenarios.schema.document import Document, Problem, Seed, contradictions

ARM, SUBTYPE, ASNS = "arm", "subtype", "asns"
"""By what patients are grouped; ``asns`` splits them at the median set-point."""
LARGEST_NUMBER = 1_000_000
_NAME_LENGTH = 40

Values = dict[str, str | int | float]


def _read_frequencies(value: Any) -> dict[str, float]:
    if not isinstance(value, dict) or not value:
        raise problem(f"{shorten(value)}: must be subtypes with shares, e.g. {{t-all: 1}}")
    for name, share in value.items():
        if name not in SUBTYPES:
            raise problem(f"{shorten(name)}: is no subtype{did_you_mean(str(name), SUBTYPES)}")
        if isinstance(share, bool) or not isinstance(share, (int, float)) or not 0 <= share <= 1e6:
            raise problem(f"{name}: {shorten(share)}: a share must be a number >= 0")
    if not sum(value.values()) > 0.0:
        raise problem("all shares are 0: give at least one above 0")
    return {str(name): float(share) for name, share in value.items()}


def _read_stop(value: Any) -> tuple[str, ...]:
    if value in ([], ()) or list(value) == ["relapse"]:
        return tuple(value)
    raise problem(
        f"{shorten(value)}: must be [relapse] or []: patients without disease are followed to the "
        f"end, so that their exposure counts"
    )


Stop = Annotated[
    tuple[str, ...], pydantic.PlainValidator(_read_stop, json_schema_input_type=list[str])
]
Frequencies = Annotated[
    dict[str, float],
    pydantic.PlainValidator(_read_frequencies, json_schema_input_type=dict[str, float]),
]


class Sampling(Model):
    """Who takes part: drawn from distributions, or the rows of a CSV."""

    number: Annotated[int, Count(1, LARGEST_NUMBER)] | None = None
    """Patients; with a CSV all of its rows if not given."""
    demographics: Values = written({})
    """Changes of the distribution of age, sex and weight, e.g. ``{median_age: 11 yr}``."""
    disease: Values = written({})
    """Changes of the spreads of the disease, e.g. ``{asns_sd_log: 0.3}``."""
    subtypes: Frequencies = written({name: one.frequency for name, one in SUBTYPES.items()})
    """Shares of the subtypes; they need not sum to 1."""
    csv: str | None = None
    """File with real patients, beside the cohort file."""

    def problems(self) -> list[Problem]:
        """Return what contradicts itself."""
        found: list[Problem] = []
        if self.csv is None and self.number is None:
            found.append((("number",), "is missing: how many patients, e.g. number: 1000"))
        if self.csv is not None and self.demographics:
            found.append((("demographics",), "does not go with csv: its rows are the patients"))
        for key, start in (("demographics", CHILDREN), ("disease", Disease())):
            try:
                _replaced(start, getattr(self, key))
            except ScenarioError as error:
                found.append(((key,), str(error)))
        return found

    @property
    def who(self) -> Demographics:
        """Distribution of age, sex and weight."""
        return _replaced(CHILDREN, self.demographics)

    @property
    def spreads(self) -> Disease:
        """Spreads of the disease."""
        return _replaced(Disease(), self.disease)


def _replaced(start: Any, values: Values) -> Any:
    assert isinstance(start, ParameterSet)
    return start.replaced(values)


class Arm(Model):
    """One treatment: that of the base scenario, another one, or with some of its keys changed."""

    description: str = ""
    treatment: dict[str, Any] | None = None
    """Replaces the treatment of the base scenario."""
    changes: dict[str, Any] = written({})
    """Single keys below the treatment, e.g. ``{doses.0.amount: 1000 IU/m2}``."""

    def problems(self) -> list[Problem]:
        """Return what contradicts itself."""
        share = "arms share their patients: describe them under patients"
        found: list[Problem] = []
        if self.treatment is not None and "patient" in self.treatment:
            found.append((("treatment", "patient"), share))
        for key in self.changes:
            if key.split(".")[0] == "patient":
                found.append((("changes", key), share))
        return found


class Compare(Model):
    """How groups of patients are compared."""

    by: Literal["arm", "subtype", "asns"] = "arm"
    reference: str | None = None
    """Group that hazard ratios are over; the first one if not given."""
    at: Duration = written("5 yr")
    """Time at which relapse-free survival is told [h]."""


class CohortFile(Document):
    """A checked cohort file; the base scenario is read together with it."""

    asnsim: Literal[1]
    """Version of the format."""
    cohort: str
    """What is compared, in a few words."""
    description: str = ""
    sources: tuple[str, ...] = ()
    base: str | dict[str, Any]
    """Bundled scenario or file that all arms start from, or the scenario itself."""
    patients: Sampling
    arms: dict[str, Arm]
    end: Duration
    """Follow-up [h]."""
    stop: Stop = ("relapse",)
    """What ends the follow-up of a patient before that: relapse, or nothing."""
    batch: Annotated[int, Count(1, 10_000)] = 100
    """Patients that are simulated together; no result depends on it."""
    record: Duration = written("1 d")
    """Interval of the curves of activity and asparagine [h]."""
    changes: dict[str, Any] = written({})
    """Keys of the base scenario that are changed for all arms, e.g. ``{time.coupling: 4 h}``."""
    compare: Compare = written({})
    seed: Seed = 1

    _name: str = pydantic.PrivateAttr("cohort")

    @pydantic.model_validator(mode="after")
    def _check_contradictions(self) -> "CohortFile":
        found: list[Problem] = [
            (("patients", *path), message) for path, message in self.patients.problems()
        ]
        if not self.arms:
            found.append((("arms",), "is empty: give at least one arm"))
        for name, arm in self.arms.items():
            if not name.replace("-", "").replace("_", "").isalnum() or len(name) > _NAME_LENGTH:
                text = f"the name must be letters, digits, - and _, at most {_NAME_LENGTH}"
                found.append((("arms", name), text))
            found += [(("arms", name, *path), text) for path, text in arm.problems()]
        found += [(("compare", "reference"), text) for text in self._wrong_reference()]
        if found:
            raise contradictions(found)
        return self

    def _wrong_reference(self) -> list[str]:
        reference = self.compare.reference
        groups = self.groups
        if reference is None or reference in groups:
            return []
        return [f"{shorten(reference)}: is no group{did_you_mean(reference, groups)}"]

    @property
    def groups(self) -> tuple[str, ...]:
        """Names of the groups that are compared, in order."""
        if self.compare.by == ARM:
            return tuple(self.arms)
        if self.compare.by == ASNS:
            return ("low", "high")
        return tuple(name for name in SUBTYPES if self.patients.subtypes.get(name, 0.0) > 0.0)
