"""Shares of virtual patients under a therapy against trials: binomial intervals and exact laws."""

import numpy as np
import pytest
from scipy import stats

from abm.pharmacology.cohort import virtual_patients
from abm.pharmacology.monitoring import RULES, inactivation_rules
from abm.pharmacology.plan import PlannedDose
from abm.pharmacology.protocols import find_protocol
from abm.pharmacology.regimen import Route, parse_amount
from abm.pharmacology.therapy import Therapy
from abm.pharmacology.therapy_log import EventKind
from abm.pharmacology.therapy_options import TherapyOptions
from abm.pharmacology.toxicity import ToxicityParameters
from abm.pharmacology.variability import Demographics

DAY = 24.0
N = 1000


def interval(n_of, n_all):
    """Return the exact binomial 95 % interval of a trial."""
    found = stats.binomtest(n_of, n_all).proportion_ci(0.95, method="exact")
    return found.low, found.high


def run(name, arm=None, end=400.0, monitoring=(), **options):
    """Run one arm of a protocol in 1000 virtual children."""
    protocol = find_protocol(name)
    therapy = Therapy(
        virtual_patients(N, 1),
        protocol.doses(arm),
        end_hour=end * DAY,
        options=TherapyOptions(is_drawn=True, **options),
        monitoring=(*protocol.monitoring(arm), *monitoring),
    )
    therapy.advance_to(end * DAY)
    return therapy


def test_reactions_after_native_induction_are_those_of_tong_2014():
    """DCOG ALL-10: 20 of 89 allergic, 7 silent; 2 of 59 react to Erwinia enzyme afterwards."""
    therapy = run("dcog-all-10", antibodies=True, switch_to="erwinaze",
                  monitoring=inactivation_rules("erwinaze"))  # fmt: skip
    table = therapy.events.table()
    is_allergy = table["kind"] == "allergy"
    is_peg = table["product"] == "pegaspargase"
    allergic = np.unique(table["patient"][is_allergy & is_peg]).size / N
    silent = np.unique(table["patient"][table["kind"] == "silent"]).size / N
    low, high = interval(20, 89)
    assert low < allergic < high
    low, high = interval(7, 89)
    assert low < silent < high
    switched = np.unique(table["patient"][table["kind"] == "switch"])
    again = np.unique(table["patient"][is_allergy & (table["product"] == "erwinaze")])
    low, high = interval(2, 59)
    assert low <= again.size / switched.size < high
    assert not np.setdiff1d(again, switched).size


def test_without_native_priming_fewer_react():
    """13 % to 15 doses of pegaspargase (A193), fewer than half of those after native induction."""
    doses = [dose for dose in find_protocol("dcog-all-10").doses() if dose.phase != "induction"]
    therapy = Therapy(
        virtual_patients(N, 1),
        doses,
        end_hour=400 * DAY,
        options=TherapyOptions(is_drawn=True, antibodies=True),
    )
    therapy.advance_to(400 * DAY)
    reacts = sum(therapy.events.count(k, N) for k in (EventKind.ALLERGY, EventKind.SILENT))
    assert 0.08 < (reacts > 0).mean() < 0.18


def test_draws_find_the_silent_and_few_others():
    """All who are inactivated unseen are found at their next draw; others rarely."""
    therapy = run("dcog-all-10", antibodies=True, switch_to="rylaze",
                  monitoring=inactivation_rules("rylaze")[:2])  # fmt: skip
    silent = therapy.events.count(EventKind.SILENT, N) > 0
    found = therapy.events.count(EventKind.FOUND, N) > 0
    assert found[silent].mean() > 0.9
    assert found[~silent].mean() < 0.02


@pytest.mark.parametrize(
    ("kind", "children", "adolescents"),
    [
        (EventKind.PANCREATITIS, 0.07, 1.0 - 0.93**1.6),
        (EventKind.THROMBOSIS, 0.034, 1.0 - 0.966**4.9),
        (EventKind.HEPATOTOXICITY, 0.03, 1.0 - 0.97**2.0),
    ],
)
def test_toxicity_has_its_incidence_over_a_course(kind, children, adolescents):
    """200 days under enzyme give the published shares, more from ten years on."""
    only = {"pancreatitis": 0.0, "thrombosis": 0.0, "hepatotoxicity": 0.0}
    name = kind.name.lower()
    only[name] = getattr(ToxicityParameters(), name)
    options = TherapyOptions(toxicity=True, toxicities=ToxicityParameters(**only))
    for who, share in (
        (Demographics(median_age=5.0, highest_age=9.9), children),
        (Demographics(median_age=13.0, lowest_age=10.0), adolescents),
    ):
        cohort = virtual_patients(2000, 2, who)
        therapy = Therapy(cohort, _continuous(), end_hour=230 * DAY, options=options)
        therapy.advance_to(230 * DAY)
        seen = int((therapy.events.count(kind, 2000) > 0).sum())
        assert stats.binomtest(seen, 2000, share).pvalue > 0.001


def _continuous():
    """Return doses whose exposures last 200 days: 14 of pegaspargase and one native one."""
    peg = [
        PlannedDose(product="pegaspargase", amount=parse_amount("2500 IU/m2"), route=Route.IV,
                    hour=14.0 * DAY * i)
        for i in range(14)
    ]  # fmt: skip
    native = [
        PlannedDose(product="e-coli", amount=parse_amount("5000 IU/m2"), route=Route.IV,
                    hour=DAY * (196.0 + d))
        for d in (0.0, 1.0)
    ]  # fmt: skip
    return [*peg, *native]


def test_erwinia_in_place_of_pegaspargase_reaches_its_target():
    """Erwinaze 25,000 IU/m2 three times a week: 38 of 41 at or above 0.1 IU/mL after 48 h (B1a)."""
    doses = find_protocol("erwinaze-label").doses()
    therapy = Therapy(
        virtual_patients(N, 1), doses, end_hour=400.0, options=TherapyOptions(is_drawn=True)
    )
    therapy.advance_to(264.0)
    low, high = interval(38, 41)
    assert low < (therapy.activity(264.0) >= 0.1).mean() < high


def test_individual_doses_reach_their_troughs():
    """DCOG ALL-11: 97 % of troughs of the non-allergic above 0.1 IU/mL, the dose falls by half."""
    therapy = run("dcog-all-11", "individual", end=310.0)
    table = therapy.events.table()
    is_late = (table["kind"] == "draw") & (table["day"] > 200.0)
    measured = table["measured"][is_late]
    assert (measured > 0.1 * 0.9).mean() > 0.9
    adjusted = therapy.factor["pegaspargase"] * 1500.0
    assert np.median(adjusted) < 1100.0
    fixed = run("dcog-all-11", "fixed", end=310.0)
    assert np.median(therapy.activity(303 * DAY)) < np.median(fixed.activity(303 * DAY))


def test_individual_native_doses_are_adjusted_every_three_weeks():
    """DFCI 00-01: ten draws in thirty weeks, from 12,500 IU/m2 within 6250 to 25,000."""
    therapy = run("dfci-00-01", "individual", end=270.0)
    draws = therapy.events.count(EventKind.DRAW, N)
    assert set(np.unique(draws)) <= {9, 10}
    factor = therapy.factor["e-coli"]
    assert factor.min() >= RULES["dfci-00-01"].lowest
    assert factor.max() <= RULES["dfci-00-01"].highest
