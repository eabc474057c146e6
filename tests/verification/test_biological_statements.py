"""Statements of the biology that no assay test bears: sources of ammonia, loss of glutamine."""

import dataclasses
import math

import pytest

from abm.processes.cell_lines import cell_line
from abm.processes.cell_parameters import CellParameters
from abm.processes.cell_vector import parameter_vector
from abm.processes.equilibrium import (
    RPMI_1640,
    equilibrated_state,
    run_clamped,
    solve_translation_rate,
)
from abm.state.sites import Species
from scenarios.build import build
from scenarios.load import loads
from scenarios.studies.run import assay


def test_ammonia_comes_from_both_hydrolyses_and_nitrogen_is_kept():
    """S3, S24: Asn gives Asp and ammonia, Gln gives Glu and ammonia, mole for mole."""
    text = """
asnsim: 1
environment: {kind: well, volume: 100 uL, medium: RPMI-1640, species: [asn, gln, glu, asp, nh3]}
treatment: {doses: [{product: e-coli, amount: 1 IU/mL, at: [0 h]}]}
time: {end: 24 h, record: 24 h}
"""
    model = build(loads(text))
    names = ("asn", "gln", "glu", "asp", "nh3")

    def held():
        return {n: float(model.state.sites.concentration[Species[n.upper()], 0]) for n in names}

    before = held()
    while model.running:
        model.step()
    change = {name: held()[name] - before[name] for name in names}
    assert change["asn"] < -378.0 and change["gln"] < -100.0
    assert change["asp"] == pytest.approx(-change["asn"], rel=1e-6)
    assert change["glu"] == pytest.approx(-change["gln"], rel=1e-6)
    assert change["nh3"] == pytest.approx(-change["asn"] - change["gln"], rel=1e-6)


def survival(line_id, **medium):
    """Share of cells that live after 72 h in clamped RPMI-1640 with another Asn or Gln."""
    line = cell_line(line_id)
    rate = solve_translation_rate(line)
    state = equilibrated_state(line, rate, line.methylated_alleles)
    vector = parameter_vector(CellParameters(), line, rate)
    outside = dataclasses.replace(RPMI_1640, **medium)
    lost = 0.0
    for _ in range(3):
        _, hazard = run_clamped(state, vector, outside, 24.0, line.methylated_alleles, 1.0)
        lost += 24.0 * float(hazard[0])
    return math.exp(-lost)


@pytest.mark.parametrize("line", ["a549", "mda-mb-231"])
def test_loss_of_glutamine_kills_and_asparagine_saves_a_part(line):
    """S19: without Gln and Asn more die than without Gln; 0.1 mM Asn gives that back."""
    neither, with_asn = survival(line, asn=0.0, gln=0.0), survival(line, asn=100.0, gln=0.0)
    assert neither < 0.3
    assert with_asn > 1.5 * neither
    assert survival(line) > 0.95


def test_half_dose_of_a_line_with_much_synthetase_is_near_a_tenth_of_a_unit_and_does_not_kill():
    """S11, S16: MTT of A549 after 72 h; the cells that are left are alive."""
    outcome = assay(
        "mtt", overrides=["line=A549", "hours=[72 h]", "agents_per_well=60", "n_doses=8"]
    )
    counted = outcome.results[outcome.results["readout"] == "count"].iloc[0]
    assert 0.05 < counted["ic50"] < 0.3
    near = outcome.readings[
        (outcome.readings["time_h"] == 72.0) & outcome.readings["dose_IU_per_mL"].between(0.03, 0.3)
    ]
    living, dead = near["n_live"].sum(), near["n_early"].sum() + near["n_late"].sum()
    assert living / (living + dead) > 0.9
