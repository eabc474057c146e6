"""The watch over patients: hand-made bodies whose course is known in closed form."""

import copy
import math

import numpy as np
import pytest
from scipy import stats

from abm.clock import Clock
from abm.environment.body import Compartment
from abm.facts import Facts
from abm.pharmacology.asparagine import (
    HANDLINGS,
    AsparagineTurnover,
    measured_asparagine,
)
from abm.pharmacology.populations import EnzymeConstants
from abm.state.clones import Clones
from abm.state.columns import CellType, Group
from abm.state.population import Population
from abm.state.sites import Drug, Sites, Species
from abm.state.state import State
from abm.state.tallies import Tallies
from abm.stop import ExitReason, StopRules
from abm.streams import Streams
from abm.watch.observer import Watch
from abm.watch.plan import WatchParameters, WatchPlan, courses_of
from abm.watch.samples import AsparagineSample, binomial_counts, read_residual_disease
from abm.watch.tables import course_table, mrd_table, outcome, patient_table, series_columns

PLASMA, MARROW, CSF, TISSUE = Compartment
DAY = 24.0
ENZYME = EnzymeConstants()
CSF_PL = 1e11
"""100 mL of cerebrospinal fluid: involved from 500,000 blasts on."""


class Bodies:
    """``n`` bodies of which a test sets the cells and the medium; one row per site and genotype."""

    def __init__(self, n=1, *, normal=1e12, plan=None, keys=None):
        volume = np.tile([1e12, 2e11, CSF_PL, 1e13], n)
        sites = Sites.filled(np.zeros(len(Species)), volume)
        sites.concentration[Species.ASN] = 50.0
        sites.concentration[Species.GLN] = 550.0
        self.blasts = self._population("cell-0", CellType.CELL, n)
        populations = [self.blasts]
        if normal:
            self.normal = self._population("normal-1", CellType.NORMAL, n)
            self.normal["weight"][: 8 * n] = 0
            self.normal["weight"][2 * MARROW : 8 * n : 8] = int(normal)
            populations.append(self.normal)
        clones = Clones()
        clones.add(-1, 0, 2, 1.0, 0)
        self.state = State(sites, populations, clones, n_replicate=n, sites_per_replicate=4)
        self.state.drug = Drug(0.0, 15.0, 3500.0, 0.02)
        self.clock = Clock(end=10**7, coupling=60, fate=1, record=60)
        keys = np.arange(1, n + 1, dtype=np.uint64) if keys is None else keys
        self.watch = Watch(
            plan or WatchPlan(treatment_start=DAY), WatchParameters(), HANDLINGS["quenched"],
            Facts(), Streams(7), keys,
        )  # fmt: skip

    @staticmethod
    def _population(name, kind, n):
        population = Population(name, kind, frozenset({Group.CORE, Group.WEIGHTED}), 8 * n)
        population.n = 8 * n
        population["site"][: 8 * n] = np.repeat(np.arange(4 * n), 2)
        population["mutations"][: 8 * n] = np.tile([0, 1], 4 * n)
        return population

    def set(self, patient, compartment, sensitive, resistant=0):
        row = 2 * (4 * patient + compartment)
        self.blasts["weight"][row : row + 2] = sensitive, resistant

    def start(self):
        self.watch.start(self.state, self.clock)
        return self

    def go(self, hours):
        """Pass one interval."""
        ticks = round(60 * hours)
        self.clock.tick += ticks
        self.watch.observe(self.state, self.clock, ticks)

    def row(self, patient=0):
        return {name: values[patient] for name, values in patient_table(self.watch).items()}


def share_of(marrow_blasts, normal=1e12):
    return marrow_blasts / (marrow_blasts + normal)


class TestRemissionAndRelapse:
    def test_a_course_with_remission_and_relapse(self):
        bodies = Bodies()
        bodies.set(0, MARROW, 10**12)
        bodies.start()
        for blasts in (10**12, 10**10, 10**9, 10**9, 10**11, 10**12):
            bodies.set(0, MARROW, blasts)
            bodies.go(DAY)
        row = bodies.row()
        assert row["remission_d"] == 2.0
        assert row["relapsed"]
        assert row["time_to_relapse_d"] == 5.0  # 1e11 of 1.1e12 is 9 %
        assert row["relapse_compartment"] == "marrow"
        assert row["relapse_origin"] == "marrow"
        assert row["lowest_blasts"] == 1e9
        assert row["lowest_blasts_d"] == 3.0
        assert row["marrow_blast_share_end"] == pytest.approx(0.5)
        assert not row["in_remission"]

    def test_no_remission_before_the_treatment(self):
        bodies = Bodies(plan=WatchPlan(treatment_start=3 * DAY))
        bodies.set(0, MARROW, 10**9)
        bodies.start()
        for _ in range(4):
            bodies.go(DAY)
        assert bodies.row()["remission_d"] == 3.0

    def test_an_untreated_patient_has_neither_remission_nor_relapse(self):
        bodies = Bodies(plan=WatchPlan(treatment_start=math.inf))
        bodies.set(0, MARROW, 10**12)
        bodies.start()
        for _ in range(4):
            bodies.go(DAY)
        row = bodies.row()
        assert math.isnan(row["remission_d"])
        assert not row["relapsed"]
        assert math.isnan(row["lowest_blasts"])

    def test_five_percent_counts_as_relapse_and_not_as_remission(self):
        bodies = Bodies(normal=95 * 10**9)
        bodies.set(0, MARROW, 5 * 10**9)
        bodies.start()
        bodies.go(2 * DAY)
        assert math.isnan(bodies.row()["remission_d"])
        bodies.set(0, MARROW, 5 * 10**9 - 1)
        bodies.go(DAY)
        assert bodies.row()["in_remission"]
        bodies.set(0, MARROW, 5 * 10**9)
        bodies.go(DAY)
        assert bodies.row()["time_to_relapse_d"] == 4.0

    def test_without_normal_cells_their_assumed_number_is_the_reference(self):
        bodies = Bodies(normal=0)
        bodies.set(0, MARROW, 10**12)
        bodies.start()
        assert bodies.watch.readings.marrow_share[0] == pytest.approx(0.5)

    def test_cure_is_no_cell_anywhere(self):
        bodies = Bodies()
        bodies.set(0, MARROW, 5)
        bodies.set(0, CSF, 1)
        bodies.start()
        bodies.set(0, MARROW, 0)
        bodies.go(2 * DAY)
        assert math.isnan(bodies.row()["extinct_d"])
        bodies.set(0, CSF, 0)
        bodies.go(DAY)
        row = bodies.row()
        assert row["extinct_d"] == 3.0
        assert row["in_remission"]

    def test_relapse_from_the_sanctuary(self):
        bodies = Bodies()
        bodies.set(0, MARROW, 10**9)
        bodies.set(0, CSF, 10**6)
        bodies.start()
        bodies.set(0, MARROW, 0)
        bodies.set(0, CSF, 4 * 10**5)
        bodies.go(2 * DAY)
        bodies.set(0, CSF, 6 * 10**5)
        bodies.go(DAY)
        bodies.state.descent[0, MARROW] = [0.0, 0.4, 0.6, 0.0]  # as traffic has it
        bodies.set(0, MARROW, 10**12)
        bodies.go(DAY)
        row = bodies.row()
        assert row["csf_relapse_d"] == 3.0
        assert row["time_to_relapse_d"] == 4.0
        assert row["relapse_compartment"] == "csf"
        assert row["relapse_origin"] == "csf"


class TestStop:
    def test_each_patient_stops_at_the_own_relapse(self):
        bodies = Bodies(2)
        rules = StopRules(extinct=True, relapse=True)
        bodies.state.counters.founders[:] = 10**9
        for patient in range(2):
            bodies.set(patient, MARROW, 10**9)
        bodies.start()
        bodies.go(2 * DAY)
        assert rules.check(bodies.state, bodies.watch.has_relapsed) is None
        bodies.set(0, MARROW, 10**12)
        bodies.go(DAY)
        assert rules.check(bodies.state, bodies.watch.has_relapsed) is None
        assert bodies.state.is_stopped.tolist() == [True, False]
        bodies.state.sites.activity[:] = 1.0
        bodies.go(DAY)
        followed = bodies.watch.readings.followed / DAY
        assert followed.tolist() == [3.0, 4.0]
        assert bodies.row(0)["days_above_0p1_IU_per_mL"] == 0.0
        assert bodies.row(1)["days_above_0p1_IU_per_mL"] == 1.0
        bodies.set(1, MARROW, 10**12)
        bodies.go(DAY)
        assert rules.check(bodies.state, bodies.watch.has_relapsed) is ExitReason.RELAPSE

    def test_without_the_rule_a_relapse_goes_on(self):
        bodies = Bodies()
        bodies.set(0, MARROW, 10**9)
        bodies.state.counters.founders[:] = 10**9
        bodies.start()
        bodies.go(2 * DAY)
        bodies.set(0, MARROW, 10**12)
        bodies.go(DAY)
        assert bodies.watch.has_relapsed[0]
        assert StopRules(extinct=True).check(bodies.state, bodies.watch.has_relapsed) is None


class TestTimesAboveAndBelow:
    @pytest.mark.parametrize("step", [0.5, 4.0, 6.0])
    def test_days_above_the_target_of_a_decay_do_not_hang_on_the_interval(self, step):
        rate, start = math.log(2.0) / (5.5 * DAY), 1.0
        bodies = Bodies().start()
        hours = 0.0
        while hours < 60 * DAY:
            mean = start * (math.exp(-rate * hours) - math.exp(-rate * (hours + step)))
            bodies.state.sites.activity[PLASMA] = mean / (rate * step)
            bodies.go(step)
            hours += step
        exact = math.log(start / 0.1) / rate / DAY
        assert bodies.row()["days_above_0p1_IU_per_mL"] == pytest.approx(exact, abs=1e-3)
        area = start * (1.0 - math.exp(-rate * hours)) / rate / DAY
        assert bodies.row()["activity_area_d_IU_per_mL"] == pytest.approx(area, rel=1e-12)

    def test_a_dose_counts_from_the_interval_that_it_begins(self):
        bodies = Bodies().start()
        bodies.go(DAY)
        bodies.state.sites.activity[PLASMA] = 0.5
        bodies.go(DAY)
        assert bodies.row()["days_above_0p1_IU_per_mL"] == 1.0

    def test_depletion_is_cut_where_asparagine_passes_the_limit(self):
        bodies = Bodies().start()
        asn = bodies.state.sites.concentration[Species.ASN]
        for value in (0.25, 0.25, 0.75):
            asn[PLASMA] = value
            bodies.go(1.0)
        # From 50 to 0.25 in the first hour: below 0.5 for 0.25/49.75 of it; half of the last.
        expected = (0.25 / 49.75 + 1.0 + 0.5) / DAY
        assert bodies.row()["days_asn_depleted"] == pytest.approx(expected, rel=1e-12)

    def test_csf_has_a_clock_of_its_own(self):
        bodies = Bodies().start()
        bodies.state.sites.concentration[Species.ASN, PLASMA] = 0.1
        bodies.go(DAY)
        bodies.state.sites.concentration[Species.ASN, CSF] = 0.8
        for _ in range(2):
            bodies.go(DAY)
        row = bodies.row()
        assert 2.0 < row["days_asn_depleted"] < 2.01
        assert 1.0 < row["days_csf_asn_depleted"] < 1.01


class TestSampleOfPlasma:
    HANDLING = HANDLINGS["quenched"]

    def test_reads_what_the_pharmacology_reads(self):
        asn = np.array([0.3, 0.9, 2.0, 10.0, 50.0, 50.0])
        activity = np.array([0.02, 0.01, 0.005, 0.01, 0.0, 1.0])
        drug = Drug(0.0, ENZYME.half_saturation_asn, ENZYME.half_saturation_gln, 0.02)
        expected = measured_asparagine(asn, activity, ENZYME, AsparagineTurnover(), self.HANDLING)
        sample = AsparagineSample(self.HANDLING)
        gln = np.full(6, AsparagineTurnover().gln)
        assert sample.read(asn, gln, activity, drug) == pytest.approx(expected, rel=1e-10)

    def test_margin_is_negative_exactly_where_nothing_is_read(self):
        rng = np.random.default_rng(3)
        asn, activity = rng.uniform(0.0, 5.0, 2000), 10.0 ** rng.uniform(-4.0, 0.0, 2000)
        gln = rng.uniform(0.0, 700.0, 2000)
        drug = Drug(0.0, rng.uniform(10.0, 50.0, 2000), 3500.0, 0.02)
        sample = AsparagineSample(self.HANDLING)
        nothing = sample.read(asn, gln, activity, drug) == 0.0
        assert nothing.any()
        assert (~nothing).any()
        assert ((sample.margin(asn, gln, activity, drug) < 0.0) == nothing).all()


class TestResidualDisease:
    @pytest.mark.parametrize(
        ("n_cells", "share"), [(1e6, 1e-4), (3e5, 2e-6), (1e5, 0.5), (40, 0.2)]
    )
    def test_counts_follow_the_binomial_law(self, n_cells, share):
        uniform = Streams(5).uniforms(70, 0, np.arange(4000, dtype=np.uint64))[0]
        found = binomial_counts(uniform, n_cells, np.full(4000, share))
        assert (found == stats.binom.ppf(uniform, int(n_cells), share)).all()

    def test_no_blast_and_all_blasts(self):
        both = binomial_counts(np.array([0.99, 0.01]), 1e5, np.array([0.0, 1.0]))
        assert both.tolist() == [0.0, 1e5]

    def test_below_the_limit_nothing_is_reported(self):
        uniform = np.linspace(0.001, 0.999, 999)
        read = read_residual_disease(uniform, np.full(999, 1e-4), 1e6, 1e-4)
        assert 0.4 < (read == 0.0).mean() < 0.6  # half of the samples hold fewer than 100 blasts
        assert read[read > 0.0].min() == 1e-4

    def plan(self):
        return WatchPlan(
            treatment_start=0.0, mrd=(("day 15", 15 * DAY), ("day 33", 33 * DAY)),
            end_of_induction="day 33",
        )  # fmt: skip

    def test_read_at_protocol_days_and_at_the_end_of_induction(self):
        bodies = Bodies(plan=self.plan())
        bodies.set(0, MARROW, 10**10)
        bodies.start()
        for day in range(1, 40):
            bodies.set(0, MARROW, 10**10 if day < 20 else 10**9)
            bodies.go(DAY)
        table = mrd_table(bodies.watch)
        assert table["name"].tolist() == ["day 15", "day 33"]
        assert (table["time_h"] / DAY).tolist() == [15.0, 33.0]
        assert table["true"] == pytest.approx([share_of(1e10), share_of(1e9)])
        assert table["flow"] == pytest.approx(table["true"], rel=0.15)
        row = bodies.row()
        assert row["mrd_end_induction_true"] == pytest.approx(share_of(1e9))
        assert row["mrd_end_induction_flow"] == table["flow"][1]
        assert row["mrd_end_induction_pcr"] == table["pcr"][1]
        assert row["remission_at_end_of_induction"]

    def test_a_patient_reads_the_same_in_every_batch(self):
        def flow(keys):
            bodies = Bodies(len(keys), plan=self.plan(), keys=np.array(keys, np.uint64))
            for patient in range(len(keys)):
                bodies.set(patient, MARROW, 10**8)
            bodies.start()
            bodies.go(33 * DAY)
            return dict(zip(keys, mrd_table(bodies.watch)["pcr"][-len(keys) :], strict=True))

        together, alone = flow([11, 12, 13]), flow([12])
        assert together[12] == alone[12]
        assert len(set(together.values())) > 1


class TestWhoRelapses:
    def relapsed(self):
        bodies = Bodies(2)
        clones = bodies.state.clones
        first = clones.add(0, 60, 1, 1.0, 1, replicate=1)
        clones.add_many(np.array([0]), 120, 0, 2.0, 1, 40, 1, True)
        bodies.set(1, MARROW, 10**9, 10**6)
        bodies.start()
        bodies.go(2 * DAY)
        bodies.set(1, MARROW, 10**11, 3 * 10**11)
        row = 2 * (4 + MARROW)
        bodies.blasts.tallies = Tallies(
            np.array([row, row + 1, row + 1], np.int32),
            np.array([0, first, first + 1], np.int32),
            np.arange(3, dtype=np.uint64),
            np.array([[10**11, 10**11, 2 * 10**11]]),
        )
        bodies.go(DAY)
        return bodies

    def test_clones_genotypes_and_founders(self):
        row = self.relapsed().row(1)
        assert row["time_to_relapse_d"] == 3.0
        assert row["share_resistant_at_relapse"] == pytest.approx(0.75)
        assert row["n_clones_at_relapse"] == 3
        assert row["n_founders_resistant_at_relapse"] == 41
        assert row["share_pooled_at_relapse"] == pytest.approx(0.5)
        # A pool is no clone of one founder: of the others clones 0 and 1 are equally large.
        assert row["largest_clone_id"] == 0
        assert row["largest_clone_share"] == pytest.approx(0.25)

    def test_a_patient_without_relapse_has_empty_columns(self):
        row = self.relapsed().row(0)
        assert math.isnan(row["share_resistant_at_relapse"])
        assert row["largest_clone_id"] == -1
        assert row["relapse_compartment"] == ""

    def test_outcome_counts_patients(self):
        found = outcome(self.relapsed().watch)
        assert found["n_patients"] == 2
        assert found["n_relapsed"] == 1
        assert found["relapse_day_percentiles"]["50"] == 3.0


class TestCourses:
    def test_gaps_divide_doses_into_courses(self):
        days = [0, 14, 28, 60, 63, 90]
        found = courses_of([day * DAY for day in days])
        expected = ((0, 28), (60, 63), (90, 90))
        assert found == tuple((first * DAY, last * DAY) for first, last in expected)

    def test_shares_before_and_after(self):
        plan = WatchPlan(treatment_start=DAY, courses=courses_of([DAY, 26 * DAY]))
        bodies = Bodies(plan=plan)
        bodies.set(0, MARROW, 90, 10)
        bodies.start()
        for day in range(1, 60):
            bodies.set(0, MARROW, 90 - day, 10)
            bodies.go(DAY)
        table = course_table(bodies.watch)
        assert (table["time_h"] / DAY).tolist() == [1.0, 22.0, 26.0, 47.0]
        assert table["is_after"].tolist() == [False, True, False, True]
        assert table["resistant_share"] == pytest.approx([10 / 99, 10 / 78, 10 / 74, 10 / 53])


def test_a_snapshot_continues_to_the_same_table():
    plan = WatchPlan(treatment_start=DAY, mrd=(("day 3", 3 * DAY),), end_of_induction="day 3")
    bodies = Bodies(plan=plan)
    bodies.set(0, MARROW, 10**9)
    bodies.start()
    bodies.state.sites.activity[PLASMA] = 0.4
    bodies.go(DAY)
    kept = copy.deepcopy(bodies.watch.snapshot())
    other = Bodies(plan=plan)
    other.watch.restore(kept)
    other.clock.tick = bodies.clock.tick
    for one in (bodies, other):
        one.state.sites.activity[PLASMA] = 0.05
        one.set(0, MARROW, 10**9)
        one.go(2 * DAY)
        one.set(0, MARROW, 10**12)
        one.go(DAY)
    for name, values in patient_table(bodies.watch).items():
        np.testing.assert_array_equal(values, patient_table(other.watch)[name])
    assert other.watch.mrd_readings == bodies.watch.mrd_readings


def test_columns_of_the_time_series():
    bodies = Bodies(2)
    bodies.set(1, CSF, 7)
    bodies.set(0, TISSUE, 3, 2)
    bodies.start()
    columns = series_columns(bodies.watch, bodies.state)
    assert columns["n_csf"].tolist() == [0, 7]
    assert columns["n_tissue"].tolist() == [5, 0]
    assert columns["marrow_blast_share"].tolist() == [0.0, 0.0]
    assert columns["asn_measured_uM"] == pytest.approx([50.0, 50.0])
