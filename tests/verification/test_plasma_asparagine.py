"""Asn in plasma and in the tube: closed forms against integration, readings against reports."""

import numpy as np
import pytest
from scipy import integrate

from abm.errors import ScenarioError
from abm.pharmacology.asparagine import (
    HANDLINGS,
    TURNOVERS,
    asparagine_course,
    asparagine_in_tube,
    measured_asparagine,
    steady_asparagine,
)
from abm.pharmacology.products import PRODUCTS

ENZYME = PRODUCTS["pegaspargase"].enzyme
ACTIVITIES = np.array([0.0, 1e-4, 0.001, 0.01, 0.1, 1.0])


@pytest.mark.parametrize("supply", list(TURNOVERS))
def test_steady_state_is_where_the_differential_equation_rests(supply):
    """Eq. (P20) against Eq. (P21) after ten days; without enzyme it is the normal value."""
    turnover = TURNOVERS[supply]
    steady = steady_asparagine(ACTIVITIES, ENZYME, turnover)
    assert steady[0] == pytest.approx(50.0, rel=1e-12)
    assert (np.diff(steady) < 0.0).all()
    for activity, wanted in zip(ACTIVITIES, steady, strict=True):
        course = asparagine_course(
            lambda _, a=float(activity): a, np.array([0.0, 240.0]), ENZYME, turnover
        )
        assert course[-1] == pytest.approx(wanted, rel=1e-5)


def test_decaying_activity_leaves_asparagine_close_to_its_steady_state():
    """Activity halves in 5 days, Asn turns over in an hour: they differ by less than 3 %."""
    hours = np.linspace(0.0, 1200.0, 101)

    def activity(hour):
        return 0.5 * 2.0 ** (-hour / 120.0)

    for turnover in TURNOVERS.values():
        course = asparagine_course(activity, hours, ENZYME, turnover)[1:]
        steady = steady_asparagine(activity(hours[1:]), ENZYME, turnover)
        assert course == pytest.approx(steady, rel=0.03)


def test_tube_solves_michaelis_and_menten():
    """Eq. (P22) against numerical integration, from far above to far below half-saturation."""
    for start, activity, minutes in ((500.0, 0.01, 20.0), (50.0, 0.1, 1.0), (0.3, 0.02, 5.0)):
        result = integrate.solve_ivp(
            lambda _, n, a=activity: -1000.0 * a * n / (15.0 + n), (0.0, minutes), [start],
            rtol=1e-11, atol=1e-14,
        )  # fmt: skip
        got = asparagine_in_tube(np.array([start]), np.array([activity]), minutes, ENZYME)
        assert got[0] == pytest.approx(result.y[0, -1], rel=1e-8)
    same = asparagine_in_tube(np.array([0.0, 50.0, 5000.0]), np.full(3, 0.5), 0.0, ENZYME)
    assert same == pytest.approx([0.0, 50.0, 5000.0], rel=1e-12)
    with pytest.raises(ScenarioError, match="tube"):
        asparagine_in_tube(np.ones(1), np.ones(1), -1.0, ENZYME)


def test_unquenched_samples_lose_what_is_added_to_them():
    """Asselin 1991: above 0.01 IU/mL less than 15 % of added Asn is found again (here 50 uM)."""
    handling = HANDLINGS["unquenched"]
    left = asparagine_in_tube(
        np.full(3, 50.0), np.array([0.0105, 0.02, 0.1]) * handling.share_active,
        handling.minutes_to_quench, ENZYME, gln=550.0,
    )  # fmt: skip
    assert (left < 0.15 * 50.0).all()


def test_high_supply_hides_behind_the_tube():
    """At 0.02 IU/mL Asn is there under high supply; only an unquenched sample shows none."""
    activity = np.array([0.02])
    asn = steady_asparagine(activity, ENZYME, TURNOVERS["high"])
    assert asn[0] > 5.0
    quenched, unquenched = (
        measured_asparagine(asn, activity, ENZYME, TURNOVERS["high"], HANDLINGS[name])[0]
        for name in ("quenched", "unquenched")
    )
    assert 0.5 < quenched < asn[0] and unquenched == 0.0
    low = steady_asparagine(activity, ENZYME, TURNOVERS["low"])
    seen = measured_asparagine(low, activity, ENZYME, TURNOVERS["low"], HANDLINGS["quenched"])
    assert low[0] == pytest.approx(0.67, abs=0.01) and seen[0] == 0.0
