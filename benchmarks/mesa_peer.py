"""The cells of a well as one would write them with Mesa: one agent per cell, plain Python.

The equations are those of tests/naive/cell.py, the rules of division and death those of the
package, with its random numbers, so that the same cells divide and die.
"""

from typing import Any

import mesa
import numpy as np

from abm.kernels.cell_layout import CellState
from abm.kernels.waiting import daughter_keys
from abm.processes.inheritance import DIVISION_SIZE_MEAN, InheritanceParameters
from abm.state.population import Population
from abm.streams import Stream, Streams
from tests.naive import cell as naive

N_POOLS, N_RATES = 4, 18
_CV = InheritanceParameters().division_size_cv


class Cell(mesa.Agent):  # type: ignore[misc]
    """A cell: 19 states [mM], numbers of its line, what is left of its life."""

    def __init__(
        self, model: "MesaWell", state: list[float], numbers: dict[str, float], key: int,
        division_size: float, hazard_left: float,
    ) -> None:  # fmt: skip
        super().__init__(model)
        self.state, self.numbers, self.key = state, numbers, key
        self.division_size, self.hazard_left = division_size, hazard_left

    def step(self) -> None:
        """Advance by one interval; ask for division or death."""
        model = self.model
        dt = model.hours / model.n_steps
        state = self.state
        for _ in range(model.n_steps):
            rates, _, hazard, growth = naive.evaluate(
                state[:N_RATES], model.medium, {}, {}, self.numbers
            )
            for pool in range(N_POOLS):
                rates[pool] -= growth * state[pool]
            rates.append(growth * state[N_RATES])
            state = [value + dt * rate for value, rate in zip(state, rates, strict=True)]
            self.hazard_left -= dt * hazard
        self.state = state
        if self.hazard_left <= 0.0:
            model.deaths += 1
            self.remove()
        elif state[N_RATES] >= self.division_size:
            self.divide()

    def divide(self) -> None:
        """Halve the size and make a second cell; both get new lives."""
        model = self.model
        model.births += 1
        self.state[N_RATES] *= 0.5
        mother = self.key
        self.key, *life = model.renewed(mother, 0)
        self.division_size, self.hazard_left = life
        Cell(model, list(self.state), self.numbers, *model.renewed(mother, 1))


class MesaWell(mesa.Model):  # type: ignore[misc]
    """All cells of a population in a medium that stays as it is."""

    def __init__(
        self, population: Population, medium: dict[str, float], numbers: dict[str, float],
        streams: Streams, hours: float, n_steps: int, tick: int,
    ) -> None:  # fmt: skip
        """Take over the cells of ``population``; ``n_steps`` explicit steps per interval."""
        super().__init__(rng=1)
        self.medium, self.hours, self.n_steps = medium, hours, n_steps
        self.streams, self.tick, self.births, self.deaths = streams, tick, 0, 0
        states = as_rows(population)
        expression = population.live("gain") * population.live("set_point")
        columns = (population.live(name).tolist() for name in (
            "methylated_alleles", "threshold_factor", "random_key", "division_size", "hazard_left",
        ))  # fmt: skip
        for state, factor, alleles, threshold, key, size, hazard in zip(
            states.tolist(), expression.tolist(), *columns, strict=True
        ):
            own = numbers | {
                "M": alleles, "Z_0": numbers["Z_0"] * factor, "theta": numbers["theta"] * threshold
            }  # fmt: skip
            Cell(self, state, own, key, size, hazard)

    def step(self) -> None:
        """Advance all cells by one interval, in the order of their birth."""
        self.tick += round(60 * self.hours)
        self.agents.do("step")

    def renewed(self, mother: int, which: int) -> tuple[int, float, float]:
        """Return key, size at division and hazard to bear of a daughter."""
        keys = np.empty(1, np.uint64)
        daughter_keys(np.array([mother], np.uint64), self.tick, which, keys)
        sizes = self.streams.lognormals(Stream.LIFE, self.tick, keys, np.array([_CV, _CV]), draw=0)
        hazard = self.streams.exponentials(Stream.LIFE, self.tick, keys, draw=1)
        return int(keys[0]), DIVISION_SIZE_MEAN * float(sizes[0][0]), float(hazard[0])

    def states(self) -> dict[int, list[float]]:
        """Return the states of all cells by key."""
        return {agent.key: agent.state for agent in self.agents}


def as_rows(population: Population) -> np.ndarray:
    """Return the 19 states of all living cells, float64[n, 19], pools in mM."""
    rows: Any = np.ascontiguousarray(population.state[: CellState.SIZE + 1, : population.n].T)
    rows[:, :N_POOLS] *= 1e-3
    return np.asarray(rows)
