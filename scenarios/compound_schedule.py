"""The compounds of a scenario: when each is in the dish, and what is told of them."""

from abm.pharmacology.compounds import find_compound
from abm.processes.compounds import Addition, Schedule
from scenarios.schema import Scenario
from scenarios.schema.environment import Well


def read_schedule(scenario: Scenario, residual: float) -> Schedule:
    """Return additions and dilutions in ticks.

    ``residual`` is the share of the medium that stays at each exchange; an event of ``wash: n`` is
    n + 1 exchanges for a compound as it is for the nutrients and the enzyme.
    """
    time = scenario.time
    additions = tuple(
        Addition(
            find_compound(one.compound),
            one.concentration,
            time.ticks(one.at),
            None if one.until is None else time.ticks(one.until),
        )
        for one in scenario.treatment.compounds
    )
    kept: dict[int, float] = {}
    if isinstance(scenario.environment, Well):
        for event in scenario.environment.events:
            kept[time.ticks(event.at)] = residual ** ((event.wash or 0) + 1)
    return Schedule(additions, kept)


def describe_compounds(scenario: Scenario) -> list[tuple[float, float | None, str]]:
    """Return begin [h], end [h] (None: stays) and a label of each addition, for figures."""
    return [
        (one.at, one.until, f"{one.compound} {_show_concentration(one.concentration)}")
        for one in scenario.treatment.compounds
    ]


def _show_concentration(concentration: float) -> str:
    """Write a concentration [uM] in nM, uM or mM."""
    if 0.0 < concentration < 1.0:
        return f"{concentration * 1e3:g} nM"
    if concentration >= 1e3:
        return f"{concentration * 1e-3:g} mM"
    return f"{concentration:g} uM"
