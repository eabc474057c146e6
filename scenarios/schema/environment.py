"""Where the cells live: a well without space, or a tissue of voxels."""

from typing import Annotated, Any, Literal

import pydantic

from scenarios.formula import Formula
from scenarios.schema import names
from scenarios.schema.base import (
    Boolean,
    Count,
    Fraction,
    Length,
    Model,
    Name,
    PositiveFraction,
    Quantity,
    Rate,
    Time,
    Volume,
    is_quantity,
    problem,
    quantity,
    shorten,
    written,
)

Species = Annotated[str, Name("species", names.SPECIES)]
Edge = Annotated[str, Name("edge", names.EDGES)]


def _read_concentration(value: Any) -> Formula:
    if isinstance(value, Formula):
        return value
    if isinstance(value, str) and (not is_quantity(value) or _is_bare_number(value)):
        return Formula.parse(value)
    number = quantity(value, "uM")
    if number < 0.0:
        raise problem(f"{shorten(value)}: must be >= 0 uM")
    return Formula.parse(repr(number))


def _is_bare_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _read_edges(value: Any) -> dict[str, str]:
    read_face, read_edge = Name("face", names.FACES).read, Name("edge", names.EDGES).read
    if isinstance(value, dict):
        return {read_face(face): read_edge(edge) for face, edge in value.items()}
    return dict.fromkeys(names.FACES, read_edge(value))


Edges = Annotated[
    dict[str, str],
    pydantic.PlainValidator(_read_edges, json_schema_input_type=Edge | dict[str, Edge]),
]
"""Edge per face; one name holds for all faces, a face that is not named has no flux."""

Concentration = Annotated[
    Formula,
    pydantic.PlainValidator(_read_concentration, json_schema_input_type=str),
    pydantic.PlainSerializer(lambda formula: formula.text, return_type=str),
]
"""A concentration with its unit, or a formula of x, y, z, r [um] that gives uM."""

Added = Annotated[float, Quantity("uM", 0.0, 1e6, "0 uM", "1 M")]
"""A concentration that is added to a medium [uM]."""


def _refuse_twice(value: Any) -> Any:
    """Refuse ``{asn: 1 uM, ASN: 2 uM}``: the case of letters does not count."""
    seen: set[str] = set()
    for key in value if isinstance(value, dict) else ():
        if str(key).lower() in seen:
            raise problem(f"names {str(key).lower()} twice: name each species once")
        seen.add(str(key).lower())
    return value


_DISTINCT = pydantic.BeforeValidator(_refuse_twice)


class Recipe(Model):
    """A medium by name, what is left out of it, and what is added."""

    base: Annotated[str, Name("medium", names.MEDIA)]
    without: tuple[Species, ...] = ()
    """Species that the base is made without; serum may still bring them."""
    add: Annotated[dict[Species, Added], _DISTINCT] = written({})
    """Concentrations [uM] on top of what base and serum hold."""


def _read_medium(value: Any) -> Any:
    if isinstance(value, (dict, Recipe)):
        return value
    if not isinstance(value, str):
        raise problem(
            f"{shorten(value)}: must be the name of a medium or a mapping, "
            f"e.g. {{base: RPMI-1640, without: [asn]}}"
        )
    return {"base": Name("medium", names.MEDIA).read(value)}


Medium = Annotated[
    Recipe,
    pydantic.BeforeValidator(
        _read_medium, json_schema_input_type=Annotated[str, Name("medium", names.MEDIA)] | Recipe
    ),
]
"""The name of a medium, or a mapping ``{base: RPMI-1640, without: [asn], add: {asn: 10 uM}}``."""


DoseFactor = Annotated[float, Quantity("", 0.0, 1e6, "0", "1e6")]


class Serum(Model):
    """Serum in the medium; dialysed serum brings no amino acids."""

    fraction: Fraction
    dialysed: Boolean = False


class MediumEvent(Model):
    """At a time: rinse ``wash`` times, then fill with ``medium`` and ``serum``.

    What is not given is that of the environment, not that of the event before.
    """

    at: Time
    wash: Annotated[int, Count(1, 10)] | None = None
    medium: Medium | None = None
    serum: Serum | None = None


class Well(Model):
    """One well-mixed volume per replicate."""

    kind: Literal["well"]
    volume: Volume = written("100 uL")
    """Volume of the medium [pL]."""
    medium: Medium | None = None
    serum: Serum = written({"fraction": 0.0})
    species: tuple[Species, ...] = ("asn", "gln", "glu")
    """Species whose concentration is solved; the others stay at their value in the medium."""
    clamp: tuple[Species, ...] = ()
    """Species held as they are whatever the cells and the enzyme do; a change of medium counts."""
    events: tuple[MediumEvent, ...] = ()
    initial: Annotated[dict[Species, Concentration], _DISTINCT] = written({})
    """Start concentration [uM] per species in place of that of the medium."""
    oxygen: Fraction = 0.21
    """Share of O2 in the gas above the culture."""
    dose_factors: tuple[DoseFactor, ...] | None = None
    """Well ``w`` gets ``dose_factors[w % n]`` times every dose; without it, all get the dose."""


class Vessels(Model):
    """Voxels that exchange with plasma at ``exchange_rate`` times the difference."""

    fraction: PositiveFraction
    """Share of the voxels that hold a vessel."""
    exchange_rate: Rate | None = None
    """Exchange rate of such a voxel [1/h]; without it the engine takes half of D / spacing^2."""


class Tissue(Model):
    """A 2-D or 3-D grid of voxels."""

    kind: Literal["tissue"]
    size: tuple[Length, ...]
    """Edge lengths in x, y (and z) [um]."""
    spacing: Length
    """Edge of a voxel [um]."""
    thickness: Length | None = None
    """Thickness of a 2-D tissue [um]; equal to the spacing where it is not given."""
    extracellular_fraction: PositiveFraction = written(0.3)
    medium: Medium
    species: tuple[Species, ...] = ("asn", "gln", "glu")
    edges: Edges = written("no-flux")
    vessels: Vessels | None = None
    interstitial_activity: Annotated[float, Quantity("", 0.0, 1.0, "0", "1")] = 1.0
    """Enzyme activity in the tissue as a share of that in plasma."""
    initial: Annotated[dict[Species, Concentration], _DISTINCT] = written({})
    """Start concentration [uM] per species in place of that of the medium."""
    oxygen: Fraction = 0.05
    """Share of O2 in a gas in equilibrium with the tissue (assumption A94); cells take none up."""

    @property
    def n_voxels(self) -> tuple[int, ...]:
        """Voxels along x, y (and z)."""
        return tuple(round(edge / self.spacing) for edge in self.size)

    @property
    def depth(self) -> float:
        """Extent of a voxel in z [um]."""
        if len(self.size) == 3 or self.thickness is None:
            return self.spacing
        return self.thickness

    @property
    def edge_kinds(self) -> dict[str, str]:
        """Return "no-flux" or "fixed" for each face of this tissue."""
        faces = names.FACES[: 2 * len(self.size)]
        return {face: self.edges.get(face, "no-flux") for face in faces}


Environment = Annotated[Well | Tissue, pydantic.Field(discriminator="kind")]
