"""Where the cells live: a well without space, a tissue of voxels, or the body of a patient."""

from typing import Annotated, Any, Literal

import pydantic

from scenarios.formula import Formula
from scenarios.schema import names
from scenarios.schema.base import (
    Boolean,
    Count,
    Duration,
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
from scenarios.schema.cells import MechanisticCells

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


NO_WASH = "leave wash out and give medium (or serum) to change the medium without a rinse"
"""Remedy for ``wash: 0``."""


class MediumEvent(Model):
    """At a time: rinse ``wash`` times, then fill with ``medium`` and ``serum``.

    What is not given is that of the environment, not that of the event before.
    """

    at: Time
    wash: Annotated[int, Count(1, 10, NO_WASH)] | None = None
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


def _read_segments(value: Any) -> tuple[tuple[float, ...], ...]:
    if not isinstance(value, (list, tuple)) or not value:
        raise problem(f"{shorten(value)}: must be a list of vessels, e.g. [{_SEGMENT}]")
    if len(value) > names.LARGEST_NUMBER_OF_SEGMENTS:
        raise problem(
            f"{len(value):,} vessels: at most {names.LARGEST_NUMBER_OF_SEGMENTS:,} as data"
        )
    return tuple(_read_segment(i, row) for i, row in enumerate(value))


def _read_segment(index: int, row: Any) -> tuple[float, ...]:
    numbers = row if isinstance(row, (list, tuple)) else ()
    is_good = len(numbers) in (5, 7) and all(
        isinstance(n, (int, float))
        and not isinstance(n, bool)
        and 0 <= n <= names.LARGEST_LENGTH_UM
        for n in numbers
    )
    if not is_good:
        raise problem(
            f"vessel {index}: {shorten(row)}: must be x, y, z of both ends and the radius in um "
            f"(without z in 2-D), e.g. {_SEGMENT}"
        )
    return tuple(float(n) for n in numbers)


_SEGMENT = "[0, 50, 50, 100, 50, 50, 4]"
Segments = Annotated[
    tuple[tuple[float, ...], ...],
    pydantic.PlainValidator(_read_segments, json_schema_input_type=list[list[float]]),
]
"""Vessels as data: x, y, z of both ends and the radius [um]; without z in 2-D."""


class Vessels(Model):
    """Voxels that exchange with plasma at ``exchange_rate`` times the difference.

    Where they are is said by one of ``fraction``, ``spacing`` and ``segments_um``.
    """

    fraction: PositiveFraction | None = None
    """Share of the voxels that hold a vessel."""
    spacing: Length | None = None
    """Mean distance of straight random capillaries [um]; see scenarios.vessels."""
    segments_um: Segments | None = None
    file: str | None = None
    """Table to read ``segments_um`` from; see scenarios.vessel_table."""
    source: str | None = None
    """Name of the table that ``segments_um`` were read from."""
    exchange_rate: Rate | None = None
    """Exchange rate of such a voxel [1/h]; without it the engine takes half of D / spacing^2."""


class Tissue(Model):
    """A 2-D grid of voxels of one thickness, or with three lengths a 3-D grid of cubes."""

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
    """Share of O2 in a gas in equilibrium with the tissue (assumption A94), or, with o2 among the
    species, with what it starts with and fixed faces hold."""

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


def _read_asparagine_input(value: Any) -> float:
    if isinstance(value, str) and value.lower() in names.ASPARAGINE_INPUTS:
        return names.ASPARAGINE_INPUTS[value.lower()]
    if isinstance(value, str) and not is_quantity(value):
        raise problem(
            f"{shorten(value)}: must be low (0.75 uM/min), high (8 uM/min) or an input into plasma "
            "with its unit, e.g. 2 uM/min"
        )
    return Quantity("uM/minute", 0.01, 100.0, "0.01 uM/min", "100 uM/min").read(value)


AsparagineInput = Annotated[
    float, pydantic.PlainValidator(_read_asparagine_input, json_schema_input_type=str)
]
"""Asn that the body gives to empty plasma [uM/min]: ``low``, ``high``, or a number with unit."""


class Patch(Tissue):
    """A focal lesion of a body: a tissue whose vessels carry the body's plasma."""

    medium: Medium = written("human-plasma")
    """What the tissue holds at the start."""
    cells: tuple[MechanisticCells, ...] = ()
    """Founders of the lesion, single cells."""
    coupling: Duration = written("6 min")
    """Interval of exchange, nutrients and metabolism in the lesion [h]."""
    fate: Duration = written("6 min")
    """Interval of division, death and motion in the lesion [h]."""


class Body(Model):
    """Plasma, marrow, CSF and tissue pool of each patient; one patient per replicate."""

    kind: Literal["body"]
    medium: Medium = written("human-plasma")
    """Plasma without drug; the other compartments follow from it."""
    species: tuple[Species, ...] = ("asn", "gln", "glu", "asp", "nh3")
    """Species whose concentration is solved; the others stay at their value without drug."""
    asparagine_input: AsparagineInput = written("low")
    """Asn that the body gives to plasma which holds none [uM/min]."""
    consumption: Annotated[str, Name("consumption", names.CONSUMPTIONS)] = "host"
    """Whether the host makes up for what the cells take, or their compartment runs down."""
    tissue_reach: Fraction = 1.0
    """Enzyme activity in the marrow as a share of that in plasma."""
    reach_lag: Annotated[float, Quantity("hour", 0.0, 240.0, "0 h", "10 d")] = written("0 h")
    """Mean time until the enzyme has reached the marrow [h]."""
    proteolysis: Annotated[float, Quantity("1/hour", 0.0, 100.0, "0 1/h", "100 1/h")] = written(
        "0 1/h"
    )
    """Loss of the enzyme in the marrow by proteases (cathepsin B, LGMN) [1/h]; needs a lag."""
    csf_enzyme: Fraction = 2e-5
    """Enzyme activity in the CSF as a share of that in plasma."""
    oxygen: Fraction = 0.05
    """Share of O2 in a gas in equilibrium with the compartments (assumption A94)."""
    patch: Patch | None = None
    """A focal lesion that shares the plasma."""


Environment = Annotated[Well | Tissue | Body, pydantic.Field(discriminator="kind")]
