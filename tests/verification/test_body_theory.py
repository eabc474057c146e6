"""The body at rest and under a constant activity, against closed forms and published numbers."""

import numpy as np
import pytest

from abm.environment.body import ASPARAGINE_INPUTS, Body, BodyParameters, Compartment
from abm.environment.body_solver import BodySolver
from abm.environment.media import medium
from abm.environment.reactions import Reactions
from abm.errors import ScenarioError
from abm.pharmacology.asparagine import TURNOVERS, steady_asparagine
from abm.pharmacology.populations import EnzymeConstants
from abm.pharmacology.products import find_product
from abm.state.sites import Drug, Species
from scenarios.schema import names

NORMAL = medium("human-plasma", oxygen=40.0)
SPECIES = (Species.ASN, Species.GLN, Species.GLU, Species.ASP, Species.NH3)
PLASMA, MARROW, CSF, TISSUE = Compartment


def settled(activity, *, species=SPECIES, drug=(15.0, 3500.0, 0.019), hours=120.0, **parameters):
    """Return the concentrations of one body [uM] after ``hours`` at a constant activity."""
    body = Body(np.array([20.0]), NORMAL, BodyParameters(**parameters))
    solver = BodySolver(body, Reactions(species))
    u = body.initial()
    defect, quiet = np.zeros_like(u), np.zeros_like(u)
    for _ in range(round(hours / 2.0)):
        reach = body.site_activity(activity, 2.0)
        solver.advance(u, defect, np.zeros((4, 4)), quiet, reach, 2.0, Drug(activity, *drug))
    return u


def test_presets_are_those_of_the_pharmacology_and_of_the_scenarios():
    assert ASPARAGINE_INPUTS == names.ASPARAGINE_INPUTS
    for name, turnover in TURNOVERS.items():
        assert ASPARAGINE_INPUTS[name] * 60.0 == pytest.approx(turnover.supply)
        parameters = BodyParameters(asparagine_input=ASPARAGINE_INPUTS[name])
        assert parameters.clearance(NORMAL)[Species.ASN] == pytest.approx(turnover.clearance)
    assert tuple(one.name.lower() for one in Compartment) == names.COMPARTMENTS


@pytest.mark.parametrize("asparagine_input", [0.75, 8.0])
def test_without_drug_nothing_moves(asparagine_input):
    """Plasma, marrow and tissue at 50 uM Asn and 550 uM Gln, CSF at 6.1 uM Asn, NH3 at 35 uM."""
    u = settled(0.0, asparagine_input=asparagine_input)
    for species, expected in ((Species.ASN, 50.0), (Species.GLN, 550.0), (Species.NH3, 35.0)):
        assert u[species, [PLASMA, MARROW, TISSUE]] == pytest.approx(expected, rel=1e-9)
    assert u[Species.ASN, CSF] == pytest.approx(6.1, rel=1e-9)
    assert u[Species.GLN, CSF] == pytest.approx(500.0, rel=2e-3)


@pytest.mark.parametrize("preset", ["low", "high"])
@pytest.mark.parametrize("activity", [1e-4, 0.001, 0.01, 0.1, 1.0])
def test_plasma_settles_where_the_closed_form_says(preset, activity):
    """Eq. (P20): whatever tissue and marrow do between plasma and the host; Gln held at 550 uM."""
    enzyme = EnzymeConstants()
    drug = (enzyme.half_saturation_asn, enzyme.half_saturation_gln, 0.0)
    for extra in ({}, {"tissue_homeostasis": 50.0}, {"marrow_exchange": 200.0}):
        u = settled(
            activity, species=(Species.ASN,), drug=drug,
            asparagine_input=ASPARAGINE_INPUTS[preset], **extra,
        )  # fmt: skip
        expected = steady_asparagine(np.array(activity), enzyme, TURNOVERS[preset])
        assert u[Species.ASN, PLASMA] == pytest.approx(float(expected), rel=1e-6)
        assert u[Species.ASN, MARROW] == pytest.approx(float(expected), rel=1e-6)


@pytest.mark.parametrize(
    ("activity", "asn"),
    [(0.02, 0.47), (0.05, 0.18), (0.1, 0.09), (0.4, 0.02), (1.0, 0.01),
     (0.01, 0.95), (0.005, 2.0), (0.002, 5.9), (0.001, 14.0)],
)  # fmt: skip
def test_residual_asparagine_and_recovery_are_those_of_the_table(activity, asn):
    """Derived for J 0.75 uM/min and Km 12 uM (without competition by Gln); in its digits."""
    u = settled(activity, species=(Species.ASN,), drug=(12.0, 1e12, 0.0))
    half_digit = 0.05 * asn if asn > 0.05 else 0.005
    assert u[Species.ASN, PLASMA] == pytest.approx(asn, abs=half_digit)


def test_half_of_baseline_is_back_at_6e_4_iu_per_ml():
    u = settled(0.0006, species=(Species.ASN,), drug=(12.0, 1e12, 0.0))
    assert u[Species.ASN, PLASMA] / 50.0 == pytest.approx(0.5, abs=0.05)


def test_csf_follows_plasma_and_keeps_a_source_of_its_own():
    """0.9 uM at empty plasma where no enzyme enters; the time constant is 5 h."""
    dry = settled(50.0, csf_enzyme=0.0)
    assert dry[Species.ASN, PLASMA] < 0.01
    assert dry[Species.ASN, CSF] == pytest.approx(0.9, abs=1e-3)
    after = settled(50.0, csf_enzyme=0.0, hours=10.0)[Species.ASN, CSF]
    assert after == pytest.approx(0.9 + 5.2 * np.exp(-2.0), rel=0.02)


@pytest.mark.parametrize("activity", [0.1, 0.4, 1.0])
def test_csf_asparagine_falls_as_was_measured(activity):
    """By 76 to 100 %, 85 % in the mean (2022 study; Rizzari 2019)."""
    fall = 1.0 - settled(activity)[Species.ASN, CSF] / 6.1
    assert 0.76 <= fall <= 1.0
    assert fall == pytest.approx(0.85, abs=0.05)


def test_one_thousandth_of_the_enzyme_would_empty_the_csf():
    """Why the share is not 0.001: no sample would then hold the 0.2 uM that most hold."""
    assert settled(1.0, csf_enzyme=0.001)[Species.ASN, CSF] < 0.1


@pytest.mark.parametrize("preset", ["low", "high"])
def test_ammonia_under_pegaspargase_is_in_the_clinical_range(preset):
    """100 to 400 uM at the activity of the first days, 35 uM without drug."""
    enzyme = find_product("pegaspargase").enzyme
    drug = (enzyme.half_saturation_asn, enzyme.half_saturation_gln, enzyme.glutaminase_share)
    u = settled(1.0, drug=drug, asparagine_input=ASPARAGINE_INPUTS[preset])
    assert 100.0 <= u[Species.NH3, PLASMA] <= 400.0


def test_ammonia_is_what_the_enzyme_makes_over_its_clearance():
    """The hydrolysis is the same per volume in plasma and marrow, so no flow between them."""
    u = settled(1.0)
    asn = 60_000.0 * u[Species.ASN, PLASMA]
    asn /= 15.0 * (1.0 + u[Species.GLN, PLASMA] / 3500.0) + u[Species.ASN, PLASMA]
    gln = 60_000.0 * 0.019 * u[Species.GLN, PLASMA]
    gln /= 3500.0 * (1.0 + u[Species.ASN, PLASMA] / 15.0) + u[Species.GLN, PLASMA]
    rise = (asn + gln) / BodyParameters().ammonia_clearance
    assert u[Species.NH3, PLASMA] == pytest.approx(35.0 + rise, rel=1e-6)
    assert u[Species.ASP, PLASMA] == pytest.approx(20.0 + asn / 2.18, rel=1e-6)
    assert u[Species.GLU, PLASMA] == pytest.approx(80.0 + gln / 2.18, rel=1e-6)


def test_glutaminase_of_erwinia_takes_more_glutamine_than_that_of_e_coli():
    """At 1 IU/mL, where their sinks at 550 uM would be 3.4 and 60 uM/min of an input of 20."""
    coli = settled(1.0, drug=(15.0, 3500.0, 0.025))[Species.GLN, PLASMA]
    erwinia = settled(1.0, drug=(48.0, 360.0, 0.1))[Species.GLN, PLASMA]
    assert 450.0 < coli < 500.0
    assert erwinia < 150.0


@pytest.mark.parametrize("reach", [0.0, 0.1, 0.3])
def test_marrow_that_the_enzyme_reaches_less_keeps_more(reach):
    """Blood flow e and the marrow's own input k 50 against the share of the enzyme there."""
    u = settled(0.4, species=(Species.ASN,), drug=(15.0, 1e12, 0.0), tissue_reach=reach)
    k, e, here = 0.9, 20.0, u[Species.ASN, MARROW]
    split = 60_000.0 * 0.4 * reach * here / (15.0 + here)
    assert here * (k + e) + split == pytest.approx(e * u[Species.ASN, PLASMA] + k * 50.0, rel=1e-6)
    assert here > u[Species.ASN, PLASMA] * 1.5
    assert u[Species.ASN, PLASMA] < 0.04


def test_enzyme_reaches_the_marrow_with_its_lag():
    """First order: 63 % after one lag; the means over intervals add up to the exact integral."""
    body = Body(np.array([20.0, 40.0]), NORMAL, BodyParameters(tissue_reach=0.5, reach_lag=6.0))
    plasma = np.array([1.0, 2.0])
    integral = np.zeros(2)
    for dt in (0.1, 1.9, 4.0):
        reach = body.site_activity(plasma, dt).reshape(2, 4)
        integral += dt * reach[:, MARROW]
        assert np.array_equal(reach[:, PLASMA], plasma)
        assert np.array_equal(reach[:, TISSUE], np.zeros(2))
    passed = 1.0 - np.exp(-1.0)
    assert body.reached == pytest.approx(0.5 * plasma * passed, rel=1e-12)
    assert integral == pytest.approx(0.5 * plasma * (6.0 - 6.0 * passed), rel=1e-12)


def test_proteases_take_their_share_of_what_the_lag_holds_back():
    """Lag 6 h and loss 0.5/h leave a quarter."""
    body = Body(np.array([20.0]), NORMAL, BodyParameters(reach_lag=6.0, proteolysis=0.5))
    for _ in range(40):
        reach = body.site_activity(1.0, 4.0)
    assert reach[MARROW] == pytest.approx(0.25, rel=1e-9)


def test_a_snapshot_continues_the_lag():
    body, other = (Body(np.array([20.0]), NORMAL, BodyParameters(reach_lag=6.0)) for _ in range(2))
    body.site_activity(1.0, 2.0)
    other.restore(body.snapshot())
    assert np.array_equal(body.site_activity(0.5, 1.0), other.site_activity(0.5, 1.0))


def test_tissue_keeps_most_of_its_asparagine():
    """The pool falls by the drop over the homeostasis, 2 % (low) and 20 % (high)."""
    for preset, left in (("low", 0.982), ("high", 0.804)):
        u = settled(50.0, asparagine_input=ASPARAGINE_INPUTS[preset])
        assert u[Species.ASN, TISSUE] / 50.0 == pytest.approx(left, abs=2e-3)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [({"proteolysis": 0.5}, "set a lag"), ({"tissue_homeostasis": 0.1}, "use more than"),
     ({"csf_enzyme": 2.0}, "csf_enzyme")],
)  # fmt: skip
def test_a_body_that_cannot_be_is_refused(parameters, message):
    with pytest.raises(ScenarioError, match=message):
        Body(np.array([20.0]), NORMAL, BodyParameters(**parameters))


def test_a_weight_must_be_positive():
    with pytest.raises(ScenarioError, match="weight > 0 kg"):
        Body(np.array([20.0, 0.0]), NORMAL)
