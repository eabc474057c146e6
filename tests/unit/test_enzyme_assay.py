"""S17: the synthetase in a tube follows its rate law and conserves its substrates."""

import numpy as np
import pytest

from abm.processes.cell_parameters import CellParameters
from scenarios.studies.enzyme_activity import (
    Tube,
    TubeParameters,
    amp_made,
    enzyme_concentration,
    linear_time,
)
from scenarios.studies.families import family
from scenarios.studies.load import load_assay

CELL, TUBE = CellParameters(), TubeParameters()
START = Tube(asp=10_000.0, gln=10_000.0, atp=1000.0, asn=0.0, capacity=200.0)


def first_rate(start):
    return float(amp_made(start, np.array([1e-4]), CELL, TUBE)[0]) / 1e-4


def test_the_first_rate_is_the_rate_law():
    saturation = (
        START.asp / (START.asp + CELL.synthetase_asp_half_saturation)
        * START.gln / (START.gln + CELL.synthetase_gln_half_saturation)
        * START.atp / (START.atp + TUBE.atp_half_saturation)
    )  # fmt: skip
    assert first_rate(START) == pytest.approx(START.capacity * saturation, rel=1e-3)


def test_asn_at_the_inhibition_constant_halves_the_first_rate():
    inhibited = START._replace(asn=CELL.synthetase_product_inhibition)
    assert first_rate(inhibited) / first_rate(START) == pytest.approx(0.5, rel=1e-3)


def test_no_more_amp_is_made_than_there_is_atp():
    made = amp_made(START._replace(capacity=1e6), np.array([1.0, 100.0]), CELL, TUBE)
    assert made[-1] == pytest.approx(START.atp, rel=1e-3)
    assert made[-1] <= START.atp * (1.0 + 1e-9)


def test_less_enzyme_stays_linear_for_longer():
    little, much = (linear_time(START._replace(capacity=c), 4.0, CELL, TUBE) for c in (50.0, 800.0))
    assert little > 2.0 * much > 0.0


def test_a_tenth_of_a_microgram_in_fifty_microlitres():
    """0.1 ug of 64 kDa is 1.5625 pmol, in 50 uL 31.25 nM."""
    assert enzyme_concentration(0.1, 50e6, TUBE) == pytest.approx(0.03125)


def test_the_bundled_assay_reads_amp_that_grows_with_time_and_enzyme():
    results = family("enzyme-activity").run(load_assay("asns-enzyme", ["has_noise=false"])).results
    for series in ("time", "enzyme"):
        assert results.loc[results["series"] == series, "amp_uM"].is_monotonic_increasing
    inhibited = results[results["series"] == "asn"]
    assert inhibited["amp_uM"].is_monotonic_decreasing
    # Halving over 30 min takes more Asn than halving the first rate: the control inhibits itself.
    assert results["halving_asn_uM"].iloc[0] > CELL.synthetase_product_inhibition
