"""How a run is cut into intervals, and when fate and records are due."""

import pytest

from abm.clock import Clock
from abm.errors import ScenarioError


def intervals(clock, until=None):
    """Return the ticks at which intervals end."""
    ends = []
    while clock.tick < (clock.end if until is None else until):
        clock.tick += clock.next_interval()
        ends.append(clock.tick)
    return ends


def test_intervals_are_one_coupling_long():
    assert intervals(Clock(end=30)) == [6, 12, 18, 24, 30]


def test_a_run_ends_on_its_end_even_off_the_grid():
    clock = Clock(end=20)
    assert intervals(clock) == [6, 12, 18, 20]
    assert clock.is_fate_tick()
    assert clock.is_record_tick()


@pytest.mark.parametrize(
    ("coupling", "fate", "expected"),
    [
        (6, 12, [6, 12, 18, 24]),
        (12, 6, [6, 12, 18, 24]),
        (4, 6, [4, 6, 8, 12, 16, 18, 20, 24]),
        (1, 6, list(range(1, 25))),
    ],
)
def test_no_interval_steps_over_a_fate_tick(coupling, fate, expected):
    assert intervals(Clock(end=24, coupling=coupling, fate=fate)) == expected


def test_no_interval_steps_over_a_stop():
    clock = Clock(end=24, stops=(15, 8, 8, 12))
    assert clock.stops == (8, 12, 15)
    assert intervals(clock) == [6, 8, 12, 15, 18, 24]


def test_every_tick_is_coupled_for_two_hours_after_a_jump():
    clock = Clock(end=300, stops=(10,))
    assert intervals(clock, until=10) == [6, 10]
    clock.note_jump()
    ends = intervals(clock)
    assert ends[:120] == list(range(11, 131))
    assert ends[120:123] == [132, 138, 144]


def test_a_second_jump_prolongs_the_fine_intervals():
    clock = Clock(end=600)
    clock.note_jump()
    intervals(clock, until=60)
    clock.note_jump()
    assert intervals(clock)[:121] == [*range(61, 181), 186]


def test_two_hours_are_two_hours_for_every_length_of_the_tick():
    clock = Clock(end=100, coupling=10, fate=10, tick_minutes=30.0)
    clock.note_jump()
    assert intervals(clock)[:6] == [1, 2, 3, 4, 10, 20]
    assert clock.to_hours(4) == 2.0


def test_fate_and_record_ticks():
    clock = Clock(end=50, fate=6, record=12)
    fates, records = [], []
    for tick in range(51):
        clock.tick = tick
        if clock.is_fate_tick():
            fates.append(tick)
        if clock.is_record_tick():
            records.append(tick)
    assert fates == [0, 6, 12, 18, 24, 30, 36, 42, 48, 50]
    assert records == [0, 12, 24, 36, 48, 50]


def test_hours_follow_the_tick():
    assert Clock(end=10, tick=90).hours == 1.5
    assert Clock(end=10, tick=3, tick_minutes=20.0).hours == 1.0


@pytest.mark.parametrize("wrong", [{"coupling": 0}, {"fate": 0}, {"end": -1}])
def test_lengths_below_one_tick_are_refused(wrong):
    with pytest.raises(ScenarioError, match="at least one tick"):
        Clock(**({"end": 10} | wrong))
