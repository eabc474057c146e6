"""One batch of one arm as one model: build it, step it, hand back what is asked of each patient.

Nothing here may mix patients: every number of a patient follows from the seed, the number of the
patient and the arm, so that neither the size of a batch nor who else is in it changes a bit.
"""

import copy
from typing import Any

import numpy as np
import pandas as pd

from abm.environment.body import Compartment
from abm.model import PopulationModel
from abm.state.population import Population
from abm.state.sites import Species
from abm.state.state import State
from abm.units import HOURS_PER_DAY
from abm.watch.tables import patient_table
from scenarios.batch import Batch as ModelBatch
from scenarios.build import build
from scenarios.cohort.batches import ACTIVITY, ASPARAGINE, Job, Result
from scenarios.cohort.load import TYPICAL
from scenarios.cohort.patients import Patients
from scenarios.schema import Scenario

SHOWN_EVENTS = (
    "allergy", "silent", "found", "switch", "adjust", "cap", "withheld", "pancreatitis",
    "thrombosis", "hepatotoxicity",
)  # fmt: skip
"""Kinds of events of a therapy that a cohort keeps; doses and draws are left out."""
LEAST_SHARE = 0.01
"""Smallest share of the blasts at relapse of a genotype that is told."""
_OF_THE_RUN = ("arm", "patient", "largest_clone_id", "largest_mutant_id")
"""Columns that say something within one run only: clones are numbered through a whole batch."""
_N = len(Compartment)


def run_batch(job: Job) -> Result:
    """Simulate the patients of ``job`` and return their outcomes, curves, events and clones."""
    scenario = scenario_of(job)
    model = build(scenario, model_batch(job.patients))
    followed = _Followed(model, job.patients, scenario.time.ticks(job.record_hours))
    followed.record()
    while model.running:
        model.step()
        followed.look()
        followed.record()
    return followed.result(job)


class _Followed:
    """What a cohort keeps of a running model, and the end of each patient's follow-up."""

    def __init__(self, model: PopulationModel, patients: Patients, every: int) -> None:
        assert model.watch is not None, "a cohort has bodies, and bodies are watched"
        self.model, self.watch, self.patients = model, model.watch, patients
        self.every = every
        n_times = model.clock.end // every + 1
        self.days = model.clock.to_hours(every) * np.arange(n_times) / HOURS_PER_DAY
        self.curves = {
            name: np.full((patients.n, n_times), np.nan, np.float32)
            for name in (ACTIVITY, ASPARAGINE)
        }
        self.clones: list[dict[str, Any]] = []
        self.is_over = np.zeros(patients.n, np.bool_)
        self.share_at_end = np.full(patients.n, np.nan)

    def record(self) -> None:
        """Keep activity and asparagine of those who are still followed, where it is time."""
        if self.model.clock.tick % self.every:
            return
        state, place = self.model.state, self.model.clock.tick // self.every
        on = ~state.is_stopped
        activity = state.sites.activity[Compartment.PLASMA :: _N]
        asparagine = state.sites.concentration[Species.ASN, Compartment.PLASMA :: _N]
        self.curves[ACTIVITY][on, place] = activity[on]
        self.curves[ASPARAGINE][on, place] = asparagine[on]

    def look(self) -> None:
        """Note who relapsed; take out the cells of those whose follow-up is over.

        Their cells are frozen, so that nothing is lost but the time that they would cost.
        """
        state = self.model.state
        for replicate in np.flatnonzero(self.watch.has_relapsed & ~self.is_over).tolist():
            self.clones += genotypes(state, replicate, int(self.patients.index[replicate]))
        over = state.is_stopped & ~self.is_over
        self.is_over |= self.watch.has_relapsed
        if over.any():
            self.share_at_end[over] = self.watch.readings.marrow_share[over]
            for population in state.populations:
                release(state, population, over)

    def result(self, job: Job) -> Result:
        """Return the tables of the batch."""
        outcomes = pd.DataFrame(patient_table(self.watch)).drop(columns=list(_OF_THE_RUN))
        is_left = np.isnan(self.share_at_end)
        outcomes["marrow_blast_share_end"] = np.where(
            is_left, outcomes["marrow_blast_share_end"], self.share_at_end
        )
        outcomes["extinct_d"] = outcomes["extinct_d"].where(is_left)
        known = job.patients.table().drop(columns="label")
        table = pd.concat([known, outcomes], axis=1)
        return Result(
            table, self.days, self.curves, _events(job, self.model), pd.DataFrame(self.clones)
        )


def release(state: State, population: Population, is_over: np.ndarray) -> None:
    """Take the cells of the replicates ``is_over`` (bool[R]) out of a weighted population."""
    tallies = population.tallies
    if tallies is None:
        return
    replicate = state.replicate_of(population, slice(0, population.n))
    tallies.keep(~is_over[replicate[tallies.row]])
    population.compact()


def scenario_of(job: Job) -> Scenario:
    """Return the scenario of a batch: one replicate per patient, whose covariates come apart."""
    contents = copy.deepcopy(job.scenario)
    contents["replicates"] = job.patients.n
    contents["treatment"]["patient"] = dict(TYPICAL)
    scenario = Scenario.model_validate(contents)
    scenario._name = job.batch.arm
    return scenario


def model_batch(patients: Patients) -> ModelBatch:
    """Return the patients as the builder takes them."""
    diseases = patients.diseases
    return ModelBatch(
        index=patients.index,
        number=diseases.blasts,
        alleles=diseases.methylated,
        set_point=diseases.asns_factor,
        synthesis=diseases.growth_factor,
        kill=diseases.kill_factor,
        body_weight=np.array([one.body_weight for one in patients.cohort.patients]),
        cohort=patients.cohort,
    )


def genotypes(state: State, replicate: int, patient: int) -> list[dict[str, Any]]:
    """Return the genotypes of the blasts in the marrow of one patient, largest first."""
    site = _N * replicate + Compartment.MARROW
    cells: dict[tuple[int, float], int] = {}
    for population in state.tumour():
        rows = np.flatnonzero(population.live("site") == site)
        weights = population.weights()[rows]
        alleles = population["methylated_alleles"][rows]
        gain = population["gain"][rows]
        for key in zip(alleles.tolist(), gain.tolist(), weights.tolist(), strict=True):
            cells[key[:2]] = cells.get(key[:2], 0) + int(key[2])
    total = sum(cells.values())
    found = sorted(cells.items(), key=lambda item: (-item[1], item[0]))
    return [
        {
            "patient": patient,
            "genotype": genotype_name(*key),
            "methylated_alleles": key[0],
            "gain": key[1],
            "share": number / total,
        }
        for key, number in found
        if number >= LEAST_SHARE * total
    ]


def genotype_name(methylated_alleles: int, gain: float) -> str:
    """Return what a genotype is called in tables."""
    alleles = ("unmethylated", "one allele methylated", "methylated")[methylated_alleles]
    return alleles if gain == 1.0 else f"{alleles}, amplified"


def _events(job: Job, model: PopulationModel) -> pd.DataFrame:
    """Return the events of the therapy up to the end of each patient's follow-up."""
    for process in model.processes:
        therapy = getattr(process, "therapy", None)
        if therapy is None:
            continue
        table = pd.DataFrame(therapy.events.table())
        assert model.watch is not None
        followed = model.watch.readings.followed / HOURS_PER_DAY
        replicate = table["patient"].to_numpy(int)
        is_kept = table["kind"].isin(SHOWN_EVENTS) & (table["day"] <= followed[replicate])
        table = table.assign(patient=job.patients.index[replicate])[is_kept]
        return table[["patient", "day", "kind", "product", "note"]].reset_index(drop=True)
    return pd.DataFrame(columns=["patient", "day", "kind", "product", "note"])
