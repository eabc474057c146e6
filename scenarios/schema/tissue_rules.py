"""Rules of a tissue that join several fields: voxels, faces, vessels."""

import math
from collections.abc import Iterator, Mapping

from abm.environment.reactions import SECONDS_PER_HOUR, DiffusionParameters
from abm.environment.tissue import largest_vessel_exchange
from abm.errors import ScenarioError
from abm.state.sites import Species
from scenarios.overrides import Overrides
from scenarios.schema import names
from scenarios.schema.environment import Tissue, Vessels

Finding = tuple[tuple[str | int, ...], str]
_WHOLE_VOXELS_TOLERANCE = 1e-6
_HERE = "environment"
_AXES = "xyz"
_OXYGEN = Species.O2.name.lower()


def find_tissue_contradictions(
    tissue: Tissue, parameters: Mapping[str, str | int | float]
) -> Iterator[Finding]:
    """Yield the path and message of everything about a tissue that cannot be.

    ``parameters`` are those that the scenario overrides.
    """
    if len(tissue.size) not in (2, 3):
        yield (
            (_HERE, "size"),
            f"{len(tissue.size)} length{'s' * (len(tissue.size) != 1)}: must be 2 or 3, e.g. "
            f"[900 um, 900 um] or [300 um, 300 um, 300 um]",
        )
        return
    if len(tissue.size) == 3 and tissue.thickness is not None:
        yield (
            (_HERE, "thickness"),
            "contradicts three lengths in size, whose third is the depth: leave it out",
        )
    smallest = min(tissue.size)
    if tissue.spacing > smallest:
        yield (
            (_HERE, "spacing"),
            f"{tissue.spacing:g} um is larger than the tissue: at most {smallest:g} um",
        )
        return
    yield from _voxels(tissue)
    if len(set(tissue.species)) < len(tissue.species):
        yield (_HERE, "species"), "names a species twice: name each once"
    known_faces = tissue.edge_kinds
    for face in tissue.edges:
        if face not in known_faces and tissue.edges != dict.fromkeys(
            names.FACES, next(iter(tissue.edges.values()))
        ):
            yield (
                (_HERE, "edges", face),
                f"a tissue of {len(tissue.size)} lengths has no such face: "
                f"allowed: {', '.join(known_faces)}",
            )
    if tissue.vessels is not None:
        yield from _places_of_vessels(tissue, tissue.vessels)
        yield from _exchange(tissue, tissue.vessels, parameters)


def _voxels(tissue: Tissue) -> Iterator[Finding]:
    for axis, edge in enumerate(tissue.size):
        n = edge / tissue.spacing
        if abs(n - round(n)) > _WHOLE_VOXELS_TOLERANCE * n:
            yield (
                (_HERE, "size", axis),
                f"{edge:g} um is no whole multiple of the spacing {tissue.spacing:g} um: "
                f"write {round(n) * tissue.spacing:g} um",
            )
    n_voxels = math.prod(tissue.n_voxels)
    if n_voxels > names.LARGEST_NUMBER_OF_VOXELS:
        yield (
            (_HERE, "spacing"),
            f"{tissue.spacing:g} um makes {n_voxels:,} voxels: the largest allowed number is "
            f"{names.LARGEST_NUMBER_OF_VOXELS:,}: use a larger spacing",
        )


def _places_of_vessels(tissue: Tissue, vessels: Vessels) -> Iterator[Finding]:
    here = (_HERE, "vessels")
    if vessels.file is not None and vessels.segments_um is not None:
        yield (
            (*here, "file"),
            f"{vessels.file!r} and segments_um both say where vessels are: leave one out",
        )
        return
    if vessels.file is not None:
        yield (
            (*here, "file"),
            f"{vessels.file!r}: only a scenario that is read from a file of its own may name "
            f"another (a sweep takes segments_um): give segments_um, as `asnsim show` prints them",
        )
        return
    given = [n for n in ("fraction", "spacing", "segments_um") if getattr(vessels, n) is not None]
    if len(given) != 1:
        yield (
            here,
            f"{'none of' if not given else ' and '.join(given) + ', but only one of'} fraction, "
            f"spacing and file says where vessels are: give one, e.g. spacing: 100 um",
        )
    if vessels.spacing is not None and vessels.spacing < tissue.spacing:
        yield (
            (*here, "spacing"),
            f"{vessels.spacing:g} um is below the voxels of {tissue.spacing:g} um: "
            f"use smaller voxels or a larger distance",
        )
    for index, row in enumerate(vessels.segments_um or ()):
        yield from _segment(tissue, vessels, index, row)


def _segment(
    tissue: Tissue, vessels: Vessels, index: int, row: tuple[float, ...]
) -> Iterator[Finding]:
    here = (_HERE, "vessels", "segments_um", index)
    what = "vessel" if vessels.source is None else f"{vessels.source}: line {index + 2}"
    n_axes = len(tissue.size)
    if len(row) != 2 * n_axes + 1:
        yield (
            here,
            f"{what}: {len(row)} numbers: a {n_axes}-D tissue needs {2 * n_axes + 1}, "
            f"{', '.join(_AXES[:n_axes])} of both ends and the radius",
        )
        return
    for number, value in enumerate(row[:-1]):
        axis = number % n_axes
        if value > tissue.size[axis]:
            yield (
                here,
                f"{what}: {_AXES[axis]} {value:g} um lies outside of the tissue: "
                f"must be from 0 to {tissue.size[axis]:g} um",
            )
            return


def _exchange(
    tissue: Tissue, vessels: Vessels, parameters: Mapping[str, str | int | float]
) -> Iterator[Finding]:
    """Refuse an exchange above the multiple of D / spacing^2 that the field solver takes.

    Oxygen has an exchange of its own (``respiration.vessel_exchange``).
    """
    if vessels.exchange_rate is None:
        return
    try:
        coefficients = Overrides(parameters).apply("diffusion", DiffusionParameters()).as_array()
    except ScenarioError:
        return  # the builder names the parameter that cannot be
    solved = [Species[name.upper()] for name in tissue.species if name != _OXYGEN]
    largest = largest_vessel_exchange(coefficients[solved] / tissue.spacing**2)
    if vessels.exchange_rate > largest:
        yield (
            (_HERE, "vessels", "exchange_rate"),
            f"{vessels.exchange_rate / SECONDS_PER_HOUR:g} 1/s: at most "
            f"{largest / SECONDS_PER_HOUR:g} 1/s (4 D / spacing^2, with the smallest D of the "
            f"species): lower it or use a smaller spacing",
        )
