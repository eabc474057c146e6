"""Moles of Asn and Gln, and of oxygen where it is used up: what came in, went out, is there."""

from dataclasses import dataclass, field
from typing import NamedTuple

from abm.state.columns import Group
from abm.state.sites import Species
from abm.state.state import State
from abm.units import FMOL_PER_UM_PL

BOOKED = (Species.ASN, Species.GLN)


class Closure(NamedTuple):
    """How well the books of one species close.

    throughput : everything that came in or went out so far, plus the stock at the start [fmol]
    error      : stock - start - in + out, with the solver's logged defect counted [fmol]
    defect     : the part of the stock that is the solver's defect [fmol]
    """

    throughput: float
    error: float
    defect: float

    @property
    def relative(self) -> float:
        """Error over throughput, with the defect counted."""
        return abs(self.error) / self.throughput if self.throughput > 0.0 else 0.0

    @property
    def relative_without_defect(self) -> float:
        """Error over throughput as if the defect were lost."""
        missing = abs(self.error - self.defect)
        return missing / self.throughput if self.throughput > 0.0 else 0.0


@dataclass
class Ledger:
    """Cumulative named fluxes of the whole model [fmol]; positive comes in, negative goes out.

    A flux inside the model (uptake, export, death, lysis, contact transfer) is in neither: it moves
    moles between the places that :func:`stock` adds up.
    """

    flux: dict[tuple[Species, str], float] = field(default_factory=dict)
    gross: dict[Species, float] = field(default_factory=lambda: dict.fromkeys(BOOKED, 0.0))
    start: dict[Species, float] = field(default_factory=dict)
    room: dict[Species, float] = field(default_factory=lambda: dict.fromkeys(BOOKED, 1.0))
    """The species that are booked, and the volume that each fills as a share of that of a site."""
    rough_steps: int = 0
    """Steps of the least length that were kept although their error was above the tolerance."""

    def book(self, species: Species, name: str, amount: float) -> None:
        """Add a flux [fmol], signed as seen from the model."""
        key = (species, name)
        self.flux[key] = self.flux.get(key, 0.0) + amount
        self.gross[species] = self.gross.get(species, 0.0) + abs(amount)

    def closure(self, state: State, species: Species) -> Closure:
        """Compare the stock with the books; the first call of a run sets the start."""
        places = stock(state, species, self.room[species])
        now = sum(places.values())
        start = self.start.setdefault(species, now)
        net = sum(amount for (one, _), amount in self.flux.items() if one == species)
        gross = self.gross.get(species, 0.0)
        return Closure(gross + abs(start), now - start - net, places["defect"])


def stock(state: State, species: Species, room: float = 1.0) -> dict[str, float]:
    """Return where the moles of a species are [fmol]: field, defect, cells, owed, dead.

    Cells and dead matter hold Asn and Gln only. ``room`` is as in :class:`Ledger`.
    """
    sites = state.sites
    places = {
        "field": room * sites.amount(species),
        "defect": room * FMOL_PER_UM_PL * float((sites.defect[species] * sites.volume).sum()),
        "dead": 0.0,
        "cells": 0.0,
        "owed": 0.0,
    }
    if species not in BOOKED:
        return places
    row = BOOKED.index(species)
    places["dead"] = float(sites.dead[row].sum())
    for population in state.populations:
        if population.has(Group.MECHANISTIC):
            held = population.amounts(slice(0, population.n))[row]
            owed = population.live(("owed_asn", "owed_gln")[row])
            if population.has(Group.WEIGHTED):
                held, owed = held * population.weights(), owed * population.weights()
            places["cells"] += float(held.sum())
            places["owed"] += float(owed.sum())
    return places
