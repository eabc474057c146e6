"""The one registry of random streams, and the seed that keys them.

``random = f(seed, stream, tick, random_key, draw)``. A new use of random numbers gets a new
member here; the number of an old member is never changed, so that old results stay.
"""

from enum import IntEnum
from typing import Any

import numpy as np

from abm.kernels import philox


class Stream(IntEnum):
    """What a random number is for."""

    FOUNDER_TRAITS = 1
    """Threshold and set-point, place in the cycle of founders."""
    FOUNDER_PLACE = 2
    """Where founders lie."""
    FOUNDER_GENOTYPE = 3
    """Message, translation and genes of the lines of a sampled panel; shares of genotypes among
    founders are given out exactly."""
    LIFE = 4
    """Size at division and the hazard that a new cell bears."""
    WAITING = 5
    """Times to division and death with fixed rates."""
    MUTATION = 6
    """Heritable changes."""
    DIVISION_AXIS = 7
    """Direction in which daughters part."""
    MOTILITY = 8
    """Random walk."""
    VESSELS = 9
    """Which voxels hold a vessel; the key is the voxel. Random capillaries: draw 1 is the
    direction, draw 2 the place; the key is the number of the line."""
    READING = 20
    """Noise of the readers of an assay; the key holds condition, well and minute."""
    TRAFFIC = 40
    """How many cells go from one compartment of a body to another."""
    WEIGHTED_FATE = 30
    """How many cells of an agent divide and die in a step."""
    WEIGHTED_CHANGE = 31
    """How many of the daughters of an agent change, and how."""
    WEIGHTED_MUTANT = 32
    """What becomes of new mutants until the end of the step in which they arise."""
    WEIGHTED_FOUNDERS = 33
    """Strata and stages of the cycle of founders that are counted together."""
    HISTORY_GROWTH = 37
    """Sizes of clones in the growth of a tumour before the start."""
    HISTORY_MUTATION = 38
    """How many mutants arose in that growth."""
    HISTORY_MOMENT = 39
    """When they arose."""
    PATIENT_COVARIATES = 64
    """Age, sex and size of a virtual patient."""
    PATIENT_KINETICS = 65
    """What sets the kinetics of a patient apart, and inactivation from the first dose."""
    PATIENT_OCCASIONS = 66
    """Difference between the doses of a patient."""
    PATIENT_ASSAY = 67
    """Error of an activity that is measured."""
    PATIENT_IMMUNITY = 68
    """Response of antibodies, and whether it stays silent."""
    PATIENT_TOXICITY = 70
    """When a toxicity stops the enzyme, and whether it is given again."""
    PATIENT_PARTNERS = 71
    """Factor of the partner drugs in a patient."""
    VIRTUAL_DISEASE = 75
    """Subtype, methylation, ASNS, growth, kill and burden of a patient of a cohort."""
    PATIENT_MRD = 78
    """Cells in a sample for residual disease, by flow cytometry and PCR."""


class Streams:
    """Random numbers of one run; holds the seed and nothing else."""

    def __init__(self, seed: int) -> None:
        self.seed = np.uint64(seed & 0xFFFFFFFFFFFFFFFF)

    def founder_keys(self, population: int, first: int, n: int) -> np.ndarray:
        """Return uint64[n] keys of founders ``first .. first + n - 1`` of one population."""
        keys = np.empty(n, np.uint64)
        philox.fill_keys(self.seed, population, first, keys)
        return keys

    def uniforms(self, stream: Stream, tick: int, keys: np.ndarray, draw: int = 0) -> np.ndarray:
        """Return float64[2, n], uniform in (0, 1), two for each key."""
        out = np.empty((2, keys.shape[0]))
        philox.fill_uniforms(self.seed, int(stream), tick, keys, draw, out)
        return out

    def normals(self, stream: Stream, tick: int, keys: np.ndarray, draw: int = 0) -> np.ndarray:
        """Return float64[2, n], standard normal, two for each key."""
        out = np.empty((2, keys.shape[0]))
        philox.fill_normals(self.seed, int(stream), tick, keys, draw, out)
        return out

    def normals_per_axis(
        self, stream: Stream, tick: int, keys: np.ndarray, n_axis: int
    ) -> np.ndarray:
        """Return float64[n_axis, n], standard normal: two (draw 0) or three (draw 1) for each key.

        Over its length it is a direction without preference, in the plane or in space.
        """
        normals = self.normals(stream, tick, keys)
        if n_axis == 2:
            return normals
        return np.concatenate([normals, self.normals(stream, tick, keys, draw=1)[:1]])

    def exponentials(
        self, stream: Stream, tick: int, keys: np.ndarray, draw: int = 0
    ) -> np.ndarray:
        """Return float64[n], standard exponential, one for each key."""
        return philox.minus_log(self.uniforms(stream, tick, keys, draw)[0])

    def lognormals(
        self, stream: Stream, tick: int, keys: np.ndarray, cv: np.ndarray, draw: int = 0
    ) -> np.ndarray:
        """Return float64[2, n], lognormal with mean 1 and coefficients of variation ``cv[2]``."""
        normal = self.normals(stream, tick, keys, draw)
        sigma = np.sqrt(np.log1p(np.asarray(cv, float) ** 2))
        return philox.exp_rows(normal * sigma[:, None] - 0.5 * sigma[:, None] ** 2)

    def __getstate__(self) -> dict[str, Any]:
        return {"seed": int(self.seed)}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.seed = np.uint64(state["seed"])
