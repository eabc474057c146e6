"""Compounds as data and rules: Hill curves, independence, dilution, and what may be touched."""

import dataclasses
import math

import numpy as np
import pytest

from abm.errors import ScenarioError
from abm.kernels.cell_layout import CellParameter
from abm.pharmacology.compounds import COMPOUNDS, Compound, Effect, Target, find_compound
from abm.processes.cell_lines import CELL_LINES
from abm.processes.cell_parameters import CellParameters
from abm.processes.cell_vector import CellSwitches
from abm.processes.compounds import (
    Addition,
    Schedule,
    UntreatedCells,
    share_lost,
    shares_left,
    treated,
)

RAPAMYCIN, MSO = COMPOUNDS["rapamycin"], COMPOUNDS["mso"]
ASNS, GCN2 = COMPOUNDS["asns-inhibitor"], COMPOUNDS["gcn2-inhibitor"]


def line_with_all_targets():
    """A549 has the RAS gain; a share of MAPK is added, so that every target has something."""
    return dataclasses.replace(CELL_LINES["a549"], mapk_share=0.7)


@pytest.mark.parametrize("hill", [0.7, 1.0, 2.0, 4.0])
@pytest.mark.parametrize("concentration", [1e-9, 0.03, 2.0, 70.0, 1e6])
def test_a_compound_takes_from_its_target_by_a_hill_curve(hill, concentration):
    effect = Effect(0.9, 2.0, hill)
    expected = 0.9 * concentration**hill / (2.0**hill + concentration**hill)
    assert share_lost(effect, concentration) == pytest.approx(expected, rel=1e-13)


def test_nothing_is_lost_without_compound_half_at_the_half_concentration_all_at_saturation():
    effect = Effect(0.8, 260.0, 1.5)
    assert share_lost(effect, 0.0) == 0.0
    assert share_lost(effect, 260.0) == pytest.approx(0.4, rel=1e-14)
    assert share_lost(effect, 1e300) == pytest.approx(0.8, rel=1e-14)


def test_independent_compounds_on_one_target_leave_the_product_of_what_each_leaves():
    metformin, rotenone = COMPOUNDS["metformin"], COMPOUNDS["rotenone"]
    alone = [shares_left([(metformin, 260.0)]), shares_left([(rotenone, 0.06)])]
    left = shares_left([(metformin, 260.0), (rotenone, 0.06)])
    assert alone[0] == {Target.ETC_BLOCK: pytest.approx(0.6, rel=1e-14)}
    assert alone[1] == {Target.ETC_BLOCK: pytest.approx(0.4, rel=1e-14)}
    assert left == {Target.ETC_BLOCK: alone[0][Target.ETC_BLOCK] * alone[1][Target.ETC_BLOCK]}
    assert treated(CellSwitches(), left).etc_block == pytest.approx(0.76, rel=1e-14)


def test_blocks_activities_and_thresholds_join_what_the_cell_has_already():
    before = CellSwitches(gcn2=0.5, mso=0.25, threshold_divisor=2.0)
    left = {Target.GCN2: 0.4, Target.MSO: 0.8, Target.THRESHOLD_DIVISOR: 0.5}
    after = treated(before, left)
    assert after.gcn2 == pytest.approx(0.2)
    assert after.mso == pytest.approx(1.0 - 0.75 * 0.8)
    assert after.threshold_divisor == pytest.approx(4.0)
    changed = {"gcn2", "mso", "threshold_divisor"}
    for field in dataclasses.fields(CellSwitches):
        is_same = getattr(after, field.name) == getattr(before, field.name)
        assert is_same != (field.name in changed)


def test_divisors_of_the_threshold_multiply_and_er_stresses_leave_the_product():
    first = Compound("a", "", {Target.THRESHOLD_DIVISOR: Effect(0.5, 1.0)}, "")
    second = Compound("b", "", {Target.THRESHOLD_DIVISOR: Effect(0.2, 1.0)}, "")
    left = shares_left([(first, 1e12), (second, 1e12)])
    assert treated(CellSwitches(), left).threshold_divisor == pytest.approx(2.0 * 1.25)
    stressors = [(COMPOUNDS["tunicamycin"], 0.6), (COMPOUNDS["thapsigargin"], 0.09)]
    assert shares_left(stressors)[Target.ER_STRESS] == pytest.approx(0.5 * 0.25)
    assert treated(CellSwitches(), shares_left(stressors)).er_stress == pytest.approx(0.875)


def test_every_target_is_a_switch_of_the_cell():
    switches = {field.name for field in dataclasses.fields(CellSwitches)}
    assert {target.name.lower() for target in Target} <= switches


@pytest.mark.parametrize("compound", COMPOUNDS.values(), ids=COMPOUNDS)
def test_a_compound_changes_its_target_and_no_rate_of_growth_or_death(compound):
    line = line_with_all_targets()
    cells = UntreatedCells(CellParameters(), line, 0.05, CellSwitches())
    half = {target: effect.half_concentration for target, effect in compound.targets.items()}
    before, after = cells.vector(), cells.vector(shares_left([(compound, max(half.values()))]))
    changed = {entry.name for entry in CellParameter if after[entry] != before[entry]}
    assert changed
    kept = ("DEATH_", "TRANSLATION_", "RESERVE_", "PROTEOLYSIS_", "REPLETE_", "VOLUME", "DILUTION")
    touched = {name for name in changed if name.startswith(kept)}
    is_on_threshold = Target.THRESHOLD_DIVISOR in compound.targets
    assert touched == ({"DEATH_THRESHOLD"} if is_on_threshold else set())


@pytest.mark.parametrize(
    ("name", "entries"),
    [
        ("gcn2-inhibitor", {"GCN2"}),
        ("chloroquine", {"AUTOPHAGY_RETURNED"}),
        ("asns-inhibitor", {"SYNTHETASE_CAPACITY"}),
        ("akt-inhibitor", {"ATF4_DRIVE", "MTORC1_CEILING"}),
        ("mek-inhibitor", {"ATF4_INDUCTION"}),
        ("mso", {"GS_CAPACITY"}),
        ("metformin", {"ASP_PRODUCTION"}),
        ("rotenone", {"ASP_PRODUCTION"}),
        ("rapamycin", {"MTORC1_CEILING"}),
        ("cb-839", {"GLN_CATABOLISM", "GLUTAMINASE"}),
        ("venetoclax", {"DEATH_THRESHOLD"}),
        ("tunicamycin", {"ER_STRESS"}),
        ("thapsigargin", {"ER_STRESS"}),
    ],
)
def test_what_the_kernel_sees_of_a_compound(name, entries):
    cells = UntreatedCells(CellParameters(), line_with_all_targets(), 0.05, CellSwitches())
    before, after = cells.vector(), cells.vector(shares_left([(COMPOUNDS[name], 1e5)]))
    assert {entry.name for entry in CellParameter if after[entry] != before[entry]} == entries


def test_additions_of_one_compound_sum_to_one_concentration():
    schedule = Schedule((Addition(MSO, 30.0, 0), Addition(MSO, 70.0, 10), Addition(ASNS, 5.0, 10)))
    assert schedule.present(9) == [(MSO, 30.0)]
    assert schedule.present(10) == [(MSO, 100.0), (ASNS, 5.0)]
    assert schedule.changes() == (0, 10)


def test_a_compound_is_there_from_its_tick_to_the_tick_before_its_end():
    schedule = Schedule((Addition(MSO, 30.0, 5, 8),))
    assert [bool(schedule.present(tick)) for tick in range(4, 10)] == [
        False, True, True, True, False, False,
    ]  # fmt: skip
    assert schedule.changes() == (5, 8)


def test_changes_of_medium_dilute_what_was_there_before_and_not_what_is_added_with_the_new():
    kept = {3: 0.5, 10: 0.05**3, 20: 0.1}
    schedule = Schedule((Addition(MSO, 40.0, 5), Addition(GCN2, 1.0, 10)), kept)
    assert schedule.present(9) == [(MSO, 40.0)]
    assert schedule.present(10) == [(MSO, pytest.approx(40.0 * 0.05**3)), (GCN2, 1.0)]
    assert schedule.present(25) == [
        (MSO, pytest.approx(40.0 * 0.05**3 * 0.1)),
        (GCN2, pytest.approx(0.1)),
    ]
    assert schedule.changes() == (5, 10, 20)


def test_a_concentration_of_zero_is_no_change():
    assert Schedule((Addition(MSO, 0.0, 5, 8),), {6: 0.5}).changes() == ()


def test_an_unknown_compound_gets_the_nearest_name():
    with pytest.raises(ScenarioError, match="did you mean 'venetoclax'"):
        find_compound("venetoclaks")
    assert find_compound("Rapamycin") is RAPAMYCIN


@pytest.mark.parametrize(
    ("maximal", "half", "hill"), [(0.0, 1.0, 1.0), (1.1, 1.0, 1.0), (1.0, 0.0, 1.0), (1, 1, 0)]
)
def test_an_effect_out_of_range_is_refused(maximal, half, hill):
    with pytest.raises(ScenarioError, match="must be in"):
        Effect(maximal, half, hill)


def test_a_threshold_that_nothing_is_left_of_is_refused_before_the_run():
    """A hundredfold divisor lies outside of what the model was built for."""
    cells = UntreatedCells(
        CellParameters(), CELL_LINES["default-blast"], 0.05, CellSwitches(threshold_divisor=9.0)
    )
    with pytest.raises(ScenarioError, match="threshold_divisor"):
        cells.vector(shares_left([(COMPOUNDS["venetoclax"], 1.0)]))


def test_without_compounds_the_vector_is_that_of_the_untreated_cell():
    cells = UntreatedCells(CellParameters(), CELL_LINES["molt-4"], 0.05, CellSwitches())
    assert np.array_equal(cells.vector(), cells.vector({}))
    assert np.array_equal(cells.vector(), cells.vector(shares_left([(MSO, 0.0)])))
    assert math.isfinite(cells.vector().sum())
