"""What the daughters of a division inherit, and what changes on the way."""

from dataclasses import dataclass

import numpy as np

from abm.kernels.cell_layout import CellState
from abm.kernels.waiting import daughter_keys
from abm.lineage import Lineage
from abm.parameters import ParameterSet, parameter
from abm.processes.motion import radius_of
from abm.state.columns import Group
from abm.state.population import Population
from abm.state.state import State
from abm.streams import Stream, Streams

MAX_METHYLATED_ALLELES = 2
DIVISION_SIZE_MEAN = 2.0
_AMPLIFICATION_FOLD = 2.0
_DAUGHTER_OFFSET = 0.8
"""Way of each daughter from the mother's centre, over its radius (assumption A84)."""


@dataclass(frozen=True, kw_only=True)
class InheritanceParameters(ParameterSet):
    """Heritable change per division; all 0 means that no new resistance arises."""

    demethylation: float = parameter(0.0, high=1.0, source="scenario; prior 1e-5, assumption A75")
    """Probability that a methylated ASNS allele loses its mark, per allele and division."""
    methylation: float = parameter(0.0, high=1.0, source="scenario; prior 1e-6, assumption A75")
    """Probability that an unmethylated allele gains the mark, per allele and division."""
    amplification: float = parameter(0.0, high=1.0, source="scenario; prior 1e-6, assumption A76")
    """Probability that the ASNS gain doubles, per division."""
    fitness_cost: float = parameter(0.0, high=1.0, source="scenario, assumption A77")
    """Fraction of the birth or translation rate that a mutant loses."""
    division_size_cv: float = parameter(0.1, high=0.5, source="assumption A78")
    """Spread of the size at which a mechanistic cell divides."""


@dataclass
class Inheritance:
    """Answers requests for division: daughters, their keys, heritable changes, the lineage.

    One daughter (the new row) may change; the other (the mother's row) inherits unchanged.
    """

    parameters: InheritanceParameters
    streams: Streams
    lineage: Lineage | None = None

    def divide(
        self,
        state: State,
        population: Population,
        mothers: np.ndarray,
        times: np.ndarray,
        tick: int,
        mutation_probability: float = 0.0,
    ) -> np.ndarray:
        """Split the rows ``mothers`` at ``times`` [h]; return the rows of the new daughters.

        Changes the mothers' rows in place and stages the daughters' (see Population).
        ``mutation_probability`` is that of cells with fixed rates: one daughter of an unmutated
        mother mutates.
        """
        if mothers.shape[0] == 0:
            return mothers
        daughters = population.stage_daughters(mothers)
        mother_keys = population["random_key"][mothers]
        for which, rows in enumerate((mothers, daughters)):
            keys = np.empty_like(mother_keys)
            daughter_keys(mother_keys, tick, which, keys)
            population["random_key"][rows] = keys
            population["cell_id"][rows] = state.take_ids(rows.shape[0])
            population["birth_tick"][rows] = tick
            if population.has(Group.MECHANISTIC):
                self.renew_life(population, rows, tick)
        if self.lineage is not None:
            parents = population["node"][mothers]
            for rows in (mothers, daughters):
                population["node"][rows] = self.lineage.add(parents, times)
        if population.has(Group.SPATIAL):
            self._part(population, mothers, daughters, tick)
        replicates = state.replicate_of(population, mothers)
        if population.cell_type.is_tumour:
            state.counters.births += np.bincount(replicates, minlength=state.n_replicate)
        if population.has(Group.MECHANISTIC):
            changed = self._change_genotype(population, daughters, tick)
        else:
            changed = self._mutate(population, daughters, tick, mutation_probability)
        self._found_clones(state, population, changed, tick)
        return daughters

    def renew_life(self, population: Population, rows: np.ndarray, tick: int) -> None:
        """Draw the size at division and the death hazard that each new cell will bear.

        A cell dies when its cumulative hazard passes a standard exponential number drawn at birth;
        given the rates this is exact, Eq. (E4) of docs/model.md.
        """
        keys = population["random_key"][rows]
        cv = self.parameters.division_size_cv
        sizes = self.streams.lognormals(Stream.LIFE, tick, keys, np.array([cv, cv]), draw=0)
        population["division_size"][rows] = DIVISION_SIZE_MEAN * sizes[0]
        population["hazard_left"][rows] = self.streams.exponentials(Stream.LIFE, tick, keys, draw=1)

    def _part(
        self, population: Population, mothers: np.ndarray, daughters: np.ndarray, tick: int
    ) -> None:
        """Put the daughters on both sides of the mother's place, nearly apart."""
        keys = population["random_key"][daughters]
        names = population.place_columns()
        axis = self.streams.normals_per_axis(Stream.DIVISION_AXIS, tick, keys, len(names))
        radius = radius_of(population.unit_volume * population.state[CellState.SIZE, daughters])
        square = axis[0] ** 2 + axis[1] ** 2
        if len(names) == 3:
            square += axis[2] ** 2
        axis *= _DAUGHTER_OFFSET * radius / np.sqrt(square)
        for name, offset in zip(names, axis, strict=True):
            population[name][mothers] -= offset
            population[name][daughters] += offset

    def _change_genotype(
        self, population: Population, daughters: np.ndarray, tick: int
    ) -> np.ndarray:
        p = self.parameters
        if p.demethylation == p.methylation == p.amplification == 0.0:
            return daughters[:0]
        keys = population["random_key"][daughters]
        alleles = population["methylated_alleles"][daughters].astype(np.int64)
        draws = self.streams.uniforms(Stream.MUTATION, tick, keys, draw=0)
        after = alleles.copy()
        for allele in range(MAX_METHYLATED_ALLELES):
            is_methylated = alleles > allele
            after -= is_methylated & (draws[allele] < p.demethylation)
            after += ~is_methylated & (draws[allele] < p.methylation)
        is_amplified = (
            self.streams.uniforms(Stream.MUTATION, tick, keys, draw=1)[0] < p.amplification
        )
        population["methylated_alleles"][daughters] = after.astype(np.uint8)
        population["gain"][daughters[is_amplified]] *= _AMPLIFICATION_FOLD
        return daughters[(after != alleles) | is_amplified]

    def _mutate(
        self, population: Population, daughters: np.ndarray, tick: int, probability: float
    ) -> np.ndarray:
        if probability == 0.0:
            return daughters[:0]
        keys = population["random_key"][daughters]
        draw = self.streams.uniforms(Stream.MUTATION, tick, keys, draw=0)[0]
        return daughters[(draw < probability) & (population["mutations"][daughters] == 0)]

    def _found_clones(
        self, state: State, population: Population, changed: np.ndarray, tick: int
    ) -> None:
        if changed.shape[0] == 0:
            return
        population["mutations"][changed] += 1
        mechanistic = population.has(Group.MECHANISTIC)
        for row in changed:
            population["clone_id"][row] = state.clones.add(
                parent=int(population["clone_id"][row]),
                tick=tick,
                methylated_alleles=int(population["methylated_alleles"][row])
                if mechanistic
                else -1,
                gain=float(population["gain"][row]) if mechanistic else 1.0,
                mutations=int(population["mutations"][row]),
            )
        if population.cell_type.is_tumour:
            replicates = state.replicate_of(population, changed)
            state.counters.mutations += np.bincount(replicates, minlength=state.n_replicate)
