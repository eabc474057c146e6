"""Sets the cell kernels up for tests: arrays of n cells, and the reference trajectories.

The order of the first 18 states is the same in the kernel and in tests/naive/cell.py, except that
the kernel's pools are in uM.
"""

import csv
import dataclasses
from pathlib import Path

import numpy as np

from abm.kernels.cell import advance_cells, advance_clamped
from abm.kernels.cell_layout import N_CONDITION, N_FLUX, N_STATE, CellCondition, CellState
from abm.kernels.uptake import uptake_capacity
from abm.processes.cell_lines import cell_line
from abm.processes.cell_parameters import CellParameters
from abm.processes.cell_vector import CellSwitches, parameter_vector
from tests.naive import cell as naive

REFERENCE = Path(__file__).parents[1] / "reference" / "cell_trajectories.csv"

COLUMNS = (
    "N_uM", "Q_uM", "D_uM", "E_uM", "P", "A", "m", "Z", "T", "K", "p", "G", "C", "L", "X", "Y",
    "GS", "B",
)  # fmt: skip

PLASMA = {"asn": 0.05, "gln": 0.55, "glu": 0.08, "eaa": 0.38}
CSF = {"asn": 0.0061, "gln": 0.5, "glu": 0.005, "eaa": 0.047}

CASES = {
    "replete_m0": (naive.BLAST, naive.RPMI, {}),
    "asn_starved_m2": (naive.BLAST | {"M": 2}, naive.RPMI | {"asn": 0.0}, {}),
    "asn_starved_m0": (naive.BLAST, naive.RPMI | {"asn": 0.0}, {}),
    "gln_starved_a549": (naive.A549, naive.RPMI | {"gln": 0.0}, {}),
    "gcn2i_m0": (naive.BLAST, naive.RPMI | {"asn": 0.0}, {"gcn2": 0.1}),
    "plasma_m2": (naive.BLAST | {"M": 2}, PLASMA, {}),
    "csf_m2": (naive.BLAST | {"M": 2}, CSF, {}),
}
"""Line, medium (mM) and switches of the seven reference cells."""


NAIVE_PARAMETERS = {
    "asn_uptake_capacity": 75000.0, "exchange_capacity": 2600.0, "asn_leak": 1.6, "eaa_loss":
    6.0, "synthetase_product_inhibition": 290.0, "half_charging": 52.0, "atf4_half_eif2a_p":
    0.28, "asns_induction": 32.0, "asns_half_atf4": 2.8, "rag_half_eaa": 490.0, "arf_half_asn":
    500.0, "rag_weight": 0.67, "arf_weight": 0.54, "translation_half_asn": 9.5,
    "death_by_anaplerotic_stress": 1.8, "anaplerotic_half_asp": 480.0, "commitment_time": 10.0,
    "death_maximal": 0.045,
}  # fmt: skip
"""Numbers of the reference that the package has from a fit of its own."""


def reference_states(case):
    """States of a reference cell, float64[73, 18], hourly, pools in uM."""
    with REFERENCE.open() as file:
        rows = [row for row in csv.DictReader(file) if row["case"] == case]
    return np.array([[float(row[column]) for column in COLUMNS] for row in rows])


def kernel_line(line):
    """The package's line for one of the naive ones, with the numbers of these."""
    name = "a549" if line["V"] == naive.A549["V"] else "default-blast"
    return dataclasses.replace(
        cell_line(name),
        volume=line["V"],
        asns_set_point=line["Z_0"],
        gln_addiction=line["a_Q"],
        death_threshold=line["theta"],
    )


def kernel_vector(line, switches=None, dilution=1.0, numbers=None):
    """Parameter vector for a naive line and the package's switches."""
    return parameter_vector(
        CellParameters(**(NAIVE_PARAMETERS | (numbers or {}))),
        kernel_line(line),
        line["k_s"],
        CellSwitches(dilution=dilution, **(switches or {})),
    )


class Cells:
    """Arrays of n cells and the two ways to advance them."""

    def __init__(self, states, alleles=0, size=1.0, capacity=None):
        states = np.atleast_2d(states)
        self.n = states.shape[0]
        capacity = capacity or self.n
        self.state = np.full((N_STATE, capacity), np.nan)
        self.state[:18, : self.n] = states.T
        self.state[CellState.SIZE, : self.n] = size
        self.state[CellState.BOUND_ASN, : self.n] = 49000.0 * np.asarray(size)
        self.state[CellState.BOUND_GLN, : self.n] = 64000.0 * np.asarray(size)
        self.alleles = np.zeros(capacity, np.uint8)
        self.alleles[: self.n] = alleles
        self.gain = np.ones(capacity)
        self.threshold = np.ones(capacity)
        self.conditions = np.zeros((N_CONDITION, capacity))
        self.conditions[[CellCondition.CROWDING, CellCondition.SYNTHESIS]] = 1.0
        self.substeps = np.ones(capacity, np.uint8)
        self.fluxes = np.zeros((N_FLUX, capacity))
        self.growth = np.zeros(capacity)
        self.hazard = np.zeros(capacity)
        self.capacity = np.zeros((4, capacity))

    def take(self, index):
        """The same cells in another order, or some of them."""
        other = Cells(self.state[:18, index].T)
        for name in ("state", "fluxes", "capacity", "conditions"):
            setattr(other, name, np.ascontiguousarray(getattr(self, name)[:, index]))
        for name in ("alleles", "gain", "threshold", "substeps", "growth", "hazard"):
            setattr(other, name, np.ascontiguousarray(getattr(self, name)[index]))
        return other

    def clamped(self, vector, medium, dt_h, n_interval=1):
        """Advance in a clamped medium (mM); return the kernel's status."""
        outside = 1e3 * np.array([medium["asn"], medium["gln"], medium["glu"], medium["eaa"]])
        return advance_clamped(
            self.state, self.n, outside, self.conditions, self.alleles, self.gain, self.threshold,
            self.substeps, vector, dt_h, n_interval, self.fluxes, self.growth, self.hazard,
        )  # fmt: skip

    def interval(self, vector, saturation, eaa_saturation, dt_h):
        """Advance one interval with saturations given per uptake row; return amounts and status."""
        uptake_capacity(self.state, self.n, vector, self.capacity)
        uptake = self.capacity * np.asarray(saturation)[:, None] * dt_h
        status = advance_cells(
            self.state, self.n, uptake, np.broadcast_to(eaa_saturation, self.gain.shape).copy(),
            self.conditions, self.alleles, self.gain, self.threshold, self.substeps, vector, dt_h,
            self.fluxes, self.growth, self.hazard,
        )  # fmt: skip
        return uptake, status


def random_states(rng, n):
    """States of n cells anywhere between starved and replete, float64[n, 18]."""
    low = [5.0, 30.0, 200.0, 100.0, 0.05, 0.8, 0.1, 1e3, 0.2, 0.02, 0.0, 0.2, 1.0, 0.3, 0.02, 0.0,
           1.0, 0.6]  # fmt: skip
    high = [3e3, 4e3, 3e3, 3e3, 0.9, 9.0, 3.5, 2e5, 0.9, 0.6, 1.5, 0.9, 3.0, 1.0, 0.6, 1.5, 4.0,
            1.0]  # fmt: skip
    return rng.uniform(low, high, (n, 18))
