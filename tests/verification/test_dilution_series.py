"""Wells of one model under a dilution series, against the law of batch hydrolysis."""

import numpy as np
import pytest

from abm.observe import timeseries_rows
from abm.observe_wells import read_wells
from abm.pharmacology.products import PRODUCTS
from abm.processes.medium_change import MediumChangeParameters
from abm.units import UM_PER_HOUR_PER_IU_PER_ML
from scenarios.build import build
from tests.small import BLASTS, run_on, well

FACTORS = np.array([0.0, 1e-4, 3e-4, 1e-3])
"""Under 1 IU/mL they leave 100, 92, 77 and 29 uM of 100 uM after 90 min."""
MEDIUM = {"base": "DMEM", "without": ["gln"], "add": {"asn": "100 uM"}}
ENZYME = {"product": "e-coli", "amount": "1 IU/mL", "at": ["0 h"]}


def plate(factors, events=()):
    """Return a plate without cells."""
    return build(
        well(
            {"environment.medium": MEDIUM, "environment.serum.fraction": 0,
             "environment.dose_factors": factors.tolist(), "environment.species": ["asn"],
             "environment.events": list(events), "treatment.doses": [ENZYME],
             "time.end": "90 min", "time.record": "90 min"},
            cells=[], replicates=len(factors),
        )
    )  # fmt: skip


def assert_follows_michaelis_and_menten(model, initial, hours, activity):
    """Assert K_m ln(S0/S) + S0 - S = V t in every well."""
    table = read_wells(model)
    asn = table["asn_uM"].to_numpy()
    half = PRODUCTS["e-coli"].enzyme.half_saturation_asn
    done = half * np.log(initial / asn) + initial - asn
    expected = UM_PER_HOUR_PER_IU_PER_ML * activity * hours
    assert done == pytest.approx(expected, rel=2e-3, abs=1e-6)
    assert table["asparaginase_IU_per_mL"].to_numpy() == pytest.approx(activity)
    assert timeseries_rows(model)["asparaginase_IU_per_mL"] == pytest.approx(activity)


def test_each_well_hydrolyses_with_its_own_share_of_the_dose():
    model = run_on(plate(FACTORS))
    assert_follows_michaelis_and_menten(model, 100.0, 1.5, FACTORS)


def test_after_a_wash_the_enzyme_that_is_carried_over_goes_on_in_each_well():
    factors = 100.0 * FACTORS
    model = run_on(plate(factors, [{"at": "6 min", "wash": 1}]), 0.2)
    initial = read_wells(model)["asn_uM"].to_numpy()
    run_on(model)
    carried = MediumChangeParameters().residual ** 2 * factors
    assert_follows_michaelis_and_menten(model, initial, 1.3, carried)


def treated(factors):
    """Return the table of four wells with cells after 10 h under 1 IU/mL times a factor."""
    scenario = well(
        {"environment.volume": "100 nL", "environment.dose_factors": factors,
         "treatment.doses": [ENZYME | {"at": ["2 h"]}], "time.end": "10 h"},
        cells=[BLASTS | {"line": "molt-4", "number": 30}], replicates=4,
    )  # fmt: skip
    return read_wells(run_on(build(scenario))).drop(columns=["well", "population"])


def test_a_well_of_a_series_is_the_well_of_a_plate_that_gets_this_dose_everywhere():
    """A cell's random key holds its well, so cells of like wells live the same life."""
    series, dosed, undosed = treated([0, 1]), treated([1]), treated([0])
    for rows, plate_of_one_dose in (([0, 2], undosed), ([1, 3], dosed)):
        found, expected = series.loc[rows], plate_of_one_dose.loc[rows]
        assert found["n_live"].tolist() == expected["n_live"].tolist()
        np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-12)
    assert (dosed["asn_inside_uM"] < 0.5 * undosed["asn_inside_uM"]).all()
