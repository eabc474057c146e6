"""The observer that fills a run folder from a model; it changes nothing that the run depends on."""

from typing import Any

import numpy as np

from abm.clone_agents import clone_table
from abm.kernels.cell_layout import CellState
from abm.observe import is_resistant, timeseries_rows
from abm.record.price import price_split
from abm.record.writer import RunWriter
from abm.state.columns import Group
from abm.state.population import Population
from abm.state.tallies import Tallies
from abm.watch.tables import series_columns

_UM3_PER_PL = 1000.0
_EVENTS = ("births", "deaths", "mutations")
MAX_RECORDED_SITES = 1000
"""Sites are named one by one up to this number of wells."""
LEAST_RECORDED_SHARE = 1e-4
"""Clones of weighted cells below this share of their replicate are not recorded one by one."""


class Recorder:
    """Appends rows and frames at each call of :meth:`record`.

    The columns ``asns_recorded`` and ``genotypic_recorded`` of the cells belong to it: they carry
    each cell's ancestor at the previous record, which the Price split needs.
    """

    def __init__(self, writer: RunWriter, model: Any, before: dict[str, Any] | None = None) -> None:
        """Record the start; with ``before``, the snapshot of a recorder, continue from there."""
        self.writer = writer
        self._model = model
        self._events = {name: np.zeros(model.state.n_replicate, np.int64) for name in _EVENTS}
        self._asns_mean: float | None = None
        if before is None:
            self.record()
        else:
            self._events, self._asns_mean = before["events"], before["asns_mean"]

    def snapshot(self) -> dict[str, Any]:
        """Return what the next record needs of the one before."""
        return {"events": self._events, "asns_mean": self._asns_mean}

    def record(self) -> None:
        """Record the present state of the model."""
        model, state = self._model, self._model.state
        time_h = model.clock.hours
        row = timeseries_rows(model)
        for name in _EVENTS:
            row[name], self._events[name] = row[name] - self._events[name], row[name]
        if model.watch is not None:
            row |= series_columns(model.watch, state)
        self.writer.timeseries(row)
        self._record_sites(time_h)
        if len(state.clones):
            self.writer.clones(time_h, clone_table(model, LEAST_RECORDED_SHARE))
        mechanistic = [p for p in state.populations if p.has(Group.MECHANISTIC)]
        if mechanistic:
            self._record_cells(time_h, mechanistic)
        tumour = [p for p in mechanistic if p.cell_type.is_tumour]
        if tumour:
            self._record_price(time_h, tumour)
        facts = model.facts
        if facts.grid_shape is not None:
            fields = {
                species.name.lower(): state.sites.concentration[species].reshape(facts.grid_shape)
                for species in facts.species
            }
            self.writer.fields(time_h, fields, spacing_um=facts.spacing)

    def _record_sites(self, time_h: float) -> None:
        sites, facts = self._model.state.sites, self._model.facts
        species = facts.species
        if not species:
            return
        names = [one.name.lower() for one in species]
        concentration = sites.concentration[[int(one) for one in species]]
        if facts.grid_shape is not None:
            mean = concentration @ sites.volume / sites.volume.sum()
            self.writer.sites(time_h, ["mean"], names, mean[:, None])
        elif sites.n <= MAX_RECORDED_SITES:
            self.writer.sites(time_h, self._site_names(), names, concentration)

    def _site_names(self) -> list[str]:
        """Return "well 3", or "plasma" and "patient 3 plasma" in one and in several bodies."""
        state, places = self._model.state, self._model.facts.site_names
        if not places:
            return [f"well {i}" for i in range(state.sites.n)]
        if state.n_replicate == 1:
            return list(places)
        return [f"patient {r} {place}" for r in range(state.n_replicate) for place in places]

    def _record_price(self, time_h: float, tumour: list[Population]) -> None:
        now, genotypic, before, genotypic_before = [], [], [], []
        weight = None
        if any(population.has(Group.WEIGHTED) for population in tumour):
            weight = np.concatenate([population.weights() for population in tumour])
        for population in tumour:
            now.append(population.state[CellState.ASNS, : population.n].copy())
            genotypic.append(self._genotypic_asns(population))
            before.append(population.live("asns_recorded").copy())
            genotypic_before.append(population.live("genotypic_recorded").copy())
            population.live("asns_recorded")[:] = now[-1]
            population.live("genotypic_recorded")[:] = genotypic[-1]
        z = np.concatenate(now)
        has_cells = z.shape[0] > 0 if weight is None else weight.any()
        mean = float(np.average(z, weights=weight)) if has_cells else float("nan")
        if self._asns_mean is None:
            split = (0.0, 0.0, 0.0)
        else:
            parts = price_split(
                self._asns_mean, z, np.concatenate(before),
                np.concatenate(genotypic), np.concatenate(genotypic_before), weight,
            )  # fmt: skip
            split = (parts.selection, parts.induction, parts.mutation)
        self.writer.price(
            {
                "time_h": time_h, "asns_mean": mean,
                "selection": split[0], "induction": split[1], "mutation": split[2],
            }
        )  # fmt: skip
        self._asns_mean = mean

    def _genotypic_asns(self, population: Population) -> np.ndarray:
        """ASNS that the genotype holds without stress: basal copies x gain x set-point."""
        basal = self._model.facts.basal_asns[population.name]
        alleles = population.live("methylated_alleles")
        return basal[alleles] * population.live("gain") * population.live("set_point")

    def _record_cells(self, time_h: float, populations: list[Population]) -> None:
        resistant = is_resistant(self._model)
        parts = [
            cell_columns(p, resistant.get(p.name, np.zeros(p.n, np.bool_))) for p in populations
        ]
        if any("weight" in part for part in parts):
            for part, population in zip(parts, populations, strict=True):
                part["weight"] = population.weights()
        columns = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
        self.writer.cells(time_h, columns)


def cell_columns(population: Population, is_resistant: np.ndarray) -> dict[str, np.ndarray]:
    """Return the columns of cells.zarr for one population."""
    n = population.n
    state = population.state
    columns = {
        "cell_id": population.live("cell_id"),
        "clone_id": population.live("clone_id"),
        "cell_type": np.full(n, int(population.cell_type), np.uint8),
        "radius_um": radius(population.unit_volume * state[CellState.SIZE, :n]),
        "methylated_alleles": population.live("methylated_alleles"),
        "gain": population.live("gain"),
        "asns": state[CellState.ASNS, :n],
        "atf4": state[CellState.ATF4, :n],
        "mtorc1": state[CellState.MTORC1, :n],
        "asn_uM": state[CellState.ASN, :n],
        "growth_per_h": population.live("growth"),
        "death_per_h": population.live("hazard"),
        "is_resistant": is_resistant,
    }
    if population.tallies is not None:
        columns["clone_id"] = _largest_clones(population, population.tallies)
        columns["weight"] = population.weights()
    if population.has(Group.SPATIAL):
        columns |= {"x_um": population.live("x"), "y_um": population.live("y")}
    if population.has(Group.DEPTH):
        columns["z_um"] = population.live("z")
    return columns


def _largest_clones(population: Population, tallies: Tallies) -> np.ndarray:
    """Return the clone with the most cells in each row, int32[n]."""
    order = np.argsort(tallies.n_cells, kind="stable")
    clones = np.full(population.n, -1, np.int32)
    clones[tallies.row[order]] = tallies.clone_id[order]
    return clones


def radius(volume: np.ndarray) -> np.ndarray:
    """Return the radius [um] of spheres of ``volume`` [pL]."""
    return np.cbrt(3.0 * _UM3_PER_PL * volume / (4.0 * np.pi))
