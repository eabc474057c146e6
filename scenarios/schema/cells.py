"""The founders: how many cells of which kind, where, and what their daughters inherit."""

import dataclasses
from typing import Annotated, Any, Literal

import pydantic

from abm.errors import ScenarioError
from abm.processes.cell_lines import find_line_id
from scenarios.schema import names
from scenarios.schema.base import (
    Boolean,
    Count,
    Duration,
    Fraction,
    Model,
    Name,
    Probability,
    Quantity,
    Rate,
    Variation,
    problem,
    shorten,
    written,
)

Placement = Annotated[str, Name("placement", names.PLACEMENTS)]
"""Anywhere, in the centre, or in the central disc (3-D: ball) that the founders fill, at random or
without being pushed."""
Number = Annotated[int, Count(1, names.LARGEST_WEIGHTED_NUMBER)]
"""The limit of cells that are single agents is lower; see scenarios.schema.weight_rules."""
_SHARES_SUM_TOLERANCE = 1e-9


def _read_methylation(value: Any) -> dict[int, float]:
    read_alleles, read_share = Count(0, 2).read, _share
    if not isinstance(value, dict):
        return {read_alleles(value): 1.0}
    shares: dict[int, float] = {}
    for alleles, share in value.items():
        key = int(alleles) if isinstance(alleles, str) and alleles.isdigit() else alleles
        shares[read_alleles(key)] = read_share(share)
    total = sum(shares[alleles] for alleles in sorted(shares))
    if abs(total - 1.0) > _SHARES_SUM_TOLERANCE:
        raise problem(f"the shares {_show_shares(value)} sum to {total:.6g}: must sum to 1")
    return shares


def _share(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value <= 1:
        raise problem(f"{shorten(value)}: a share must be a number from 0 to 1, e.g. 0.999")
    return float(value)


def _show_shares(value: dict[Any, Any]) -> str:
    return "{" + ", ".join(f"{key}: {share}" for key, share in value.items()) + "}"


Methylation = Annotated[
    dict[int, float],
    pydantic.PlainValidator(_read_methylation, json_schema_input_type=int | dict[str, float]),
]
"""Share of founders per number of methylated ASNS alleles."""


@dataclasses.dataclass(frozen=True)
class LineName(Name):
    """Annotation: a cell line by its id or an alias such as ``OVCAR-8/ADR``, read as its id."""

    def read(self, value: Any) -> str:
        """Return the id of the line or raise PydanticCustomError with the nearest ones."""
        try:
            return find_line_id(value) if isinstance(value, str) else super().read(value)
        except ScenarioError:
            return super().read(value)


Line = Annotated[str, LineName("line", names.LINES)]
"""A cell line; see docs/cell-lines.md."""


class Clock(Model):
    """Waiting time to division: ``erlang`` stages in series with the mean 1 / birth_rate."""

    erlang: Annotated[int, Count(1, 100)] = 1


class Genotype(Model):
    """What was changed in the genes of a line; it acts from the start, equilibration included.

    The translation rate stays that of the parent line, so that a change of growth is a result.
    """

    asns_knock_down: Fraction = 1.0
    """Share of the ASNS message that a knock-down leaves, basal and induced."""
    asns_basal_message: Fraction = 1.0
    """Share of the basal ASNS message that is left, on top of a knock-down."""
    asns_induced_message: Fraction = 1.0
    """Share of the induced ASNS message that is left, on top of a knock-down."""
    asns_expression: Annotated[float, Quantity("", 0.0, 1000.0, "0", "1000")] = 1.0
    """Factor of the ASNS set-point of the line: 8 is eight times the copies."""
    rag: Fraction = 1.0
    """Share of the Rag arm of mTORC1 that is left."""
    arf1: Fraction = 1.0
    """Share of the Arf1 arm of mTORC1 that is left."""
    gcn2: Fraction = 1.0
    """Share of GCN2 that is left."""


class Strata(Model):
    """Into how many equal parts weighted founders are cut by their two heritable traits."""

    asns: Annotated[int, Count(1, 64)] = 8
    """Quantiles of the ASNS set-point."""
    threshold: Annotated[int, Count(1, 64)] = 8
    """Quantiles of the death threshold."""


def _read_compartments(value: Any) -> dict[str, float]:
    if not isinstance(value, dict) or not value:
        raise problem(f"{shorten(value)}: must map compartments to shares, e.g. {{marrow: 1}}")
    read_name = Name("compartment", names.COMPARTMENTS).read
    shares = {read_name(name): _share(share) for name, share in value.items()}
    total = sum(shares[name] for name in sorted(shares))
    if abs(total - 1.0) > _SHARES_SUM_TOLERANCE:
        raise problem(f"the shares {_show_shares(value)} sum to {total:.6g}: must sum to 1")
    return shares


Compartments = Annotated[
    dict[str, float],
    pydantic.PlainValidator(_read_compartments, json_schema_input_type=dict[str, float]),
]
"""Share of founders per compartment of a body."""


POOL_ABOVE = 10_000


class _Weight(Model):
    """Keys of cells that are counted in rows; see docs/scenario-format.md."""

    weighted: Boolean | None = None
    """Whether one agent stands for many cells; by default it does in a body and nowhere else."""
    pool_above: Annotated[int, Count(1, names.LARGEST_WEIGHTED_NUMBER)] = POOL_ABOVE
    """Cells of a genotype from which its mutants are counted together."""
    compartments: Compartments | None = None
    """Where the founders are in a body; by default as in a body at rest."""
    history: Annotated[str, Name("history", names.HISTORIES)] | None = None
    """Whether mutants of the growth before the start are there; by default in a body."""


class MechanisticCells(_Weight):
    """Cells with nutrients, stress response and ASNS."""

    type: Annotated[str, Name("type of mechanistic cell", names.MECHANISTIC_TYPES)]
    model: Literal["mechanistic"] = "mechanistic"
    line: Line
    number: Number
    methylated_alleles: Methylation | None = None
    """Overrides the line's own number of methylated alleles."""
    doubling_time: Duration | None = None
    """Overrides the line's doubling time [h]."""
    genotype: Genotype | None = None
    """Knock-downs, knock-outs and overexpression."""
    threshold_cv: Variation = 0.25
    """Spread of the heritable death threshold among founders."""
    asns_cv: Variation = 0.3
    """Spread of the heritable ASNS set-point among founders."""
    strata: Strata = written({})
    """Weighted cells: parts of the spread of both traits."""
    erlang: Annotated[int, Count(1, 100)] | None = None
    """Weighted cells: stages of the cycle, by default 4, in a body 1; single cells divide at their
    size."""
    background_death: Rate = written("0 1/h")
    """Weighted cells: death that nutrients have no part in [1/h]."""
    kill_factor: Annotated[float, Quantity("", 0.0, 100.0, "0", "100")] = 1.0
    """Weighted cells: factor of the death that follows from the state of the cell; 0.06 in patients
    (assumption A350)."""
    placement: Placement = "random"


class FixedRateCells(_Weight):
    """Cells that divide, die and mutate at given rates, without any biology."""

    type: Annotated[str, Name("type of fixed-rates cell", (names.FIXED_RATE_TYPE,))] = (
        names.FIXED_RATE_TYPE
    )
    model: Literal["fixed-rates"]
    number: Number
    birth_rate: Rate
    """Divisions per cell [1/h]."""
    death_rate: Rate = written("0 1/h")
    """Deaths per cell [1/h]."""
    clock: Clock = written({})
    mutation_probability: Probability = 0.0
    """Probability per division that one daughter mutates."""
    placement: Placement = "random"


def choose_cell_model(value: Any) -> str | None:
    """Return the tag of a raw entry; an entry without ``model`` is mechanistic."""
    if isinstance(value, dict):
        tag = value.get("model", "mechanistic")
        return tag if isinstance(tag, str) else repr(tag)
    return getattr(value, "model", None)


CellPopulation = Annotated[
    Annotated[MechanisticCells, pydantic.Tag("mechanistic")]
    | Annotated[FixedRateCells, pydantic.Tag("fixed-rates")],
    pydantic.Discriminator(choose_cell_model),
]


class Inheritance(Model):
    """Probability per allele (amplification: per cell) and division, in one daughter.

    All 0, the default, means that no new resistance arises.
    """

    demethylation: Probability = 0.0
    methylation: Probability = 0.0
    amplification: Probability = 0.0
    fitness_cost: Fraction = 0.0
    """Share of the birth or translation rate that a mutant loses."""
