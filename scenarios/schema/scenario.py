"""The scenario: everything that one run needs to know."""

from typing import Annotated, Any, Literal

import pydantic

from abm.html_table import html_table
from scenarios.schema import names
from scenarios.schema.base import Boolean, Count, written
from scenarios.schema.body_defaults import with_body_defaults
from scenarios.schema.cells import CellPopulation, FixedRateCells, Inheritance, MechanisticCells
from scenarios.schema.compound_rules import find_compound_contradictions
from scenarios.schema.document import Document, Seed, contradictions
from scenarios.schema.environment import Environment, Tissue
from scenarios.schema.rules import find_contradictions
from scenarios.schema.summary import summary_rows
from scenarios.schema.timing import Stop, StopAtCells, Timing
from scenarios.schema.treatment import Treatment
from scenarios.schema.treatment_rules import find_treatment_contradictions
from scenarios.schema.weight_rules import find_weight_contradictions


class Scenario(Document):
    """A checked scenario in internal units: h, um, pL, uM, 1/h; ``tick`` in minutes.

    Two scenarios are equal when their values are, whatever units they were written in.
    """

    asnsim: Literal[1]
    """Version of the format."""
    description: str = ""
    sources: tuple[str, ...] = ()
    environment: Environment
    cells: tuple[CellPopulation, ...] = ()
    inheritance: Inheritance = written({})
    treatment: Treatment = written({})
    time: Timing
    stop: tuple[Stop, ...] = ("extinct",)
    replicates: Annotated[int, Count(1, names.LARGEST_NUMBER_OF_REPLICATES)] = 1
    barcodes: Boolean = False
    parameters: dict[str, str | int | float] = written({})
    seed: Seed = 1

    _name: str = pydantic.PrivateAttr("scenario")

    @classmethod
    def completed(cls, value: dict[str, Any]) -> dict[str, Any]:
        """Return what the author wrote with the intervals and strata of a body."""
        return with_body_defaults(value)

    @pydantic.model_validator(mode="after")
    def _check_contradictions(self) -> "Scenario":
        found = [
            *find_contradictions(self),
            *find_compound_contradictions(self),
            *find_weight_contradictions(self),
            *find_treatment_contradictions(self),
        ]
        if found:
            raise contradictions(found)
        return self

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Scenario) and self.__dict__ == other.__dict__

    __hash__ = None  # type: ignore[assignment]

    def _repr_html_(self) -> str:
        """Return what a notebook shows; ``asnsim show`` prints every value."""
        return html_table(f"Scenario {self._name}", summary_rows(self))

    @property
    def mechanistic_cells(self) -> tuple[MechanisticCells, ...]:
        """Entries with biology."""
        return tuple(c for c in self.cells if isinstance(c, MechanisticCells))

    @property
    def fixed_rate_cells(self) -> tuple[FixedRateCells, ...]:
        """Entries that only divide, die and mutate."""
        return tuple(c for c in self.cells if isinstance(c, FixedRateCells))

    def is_weighted(self, entry: CellPopulation) -> bool:
        """Whether the agents of an entry of ``cells`` stand for many cells each."""
        return self.environment.kind == "body" if entry.weighted is None else entry.weighted

    @property
    def is_tissue(self) -> bool:
        """Whether places matter."""
        return isinstance(self.environment, Tissue)

    @property
    def stops_when_extinct(self) -> bool:
        """Whether the run ends without tumour cells; never true where it starts without."""
        return "extinct" in self.stop and any(c.type in names.TUMOUR_TYPES for c in self.cells)

    @property
    def stops_at_relapse(self) -> bool:
        """Whether a run (a replicate) ends with the relapse."""
        return "relapse" in self.stop

    @property
    def stop_n_cells(self) -> int | None:
        """Number of tumour cells that ends the run, the smallest one given."""
        limits = [stop.n_cells for stop in self.stop if isinstance(stop, StopAtCells)]
        return min(limits, default=None)
