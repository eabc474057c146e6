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
    FOUNDER_PLACE = 2
    FOUNDER_GENOTYPE = 3
    LIFE = 4
    WAITING = 5
    MUTATION = 6
    DIVISION_AXIS = 7
    MOTILITY = 8
    VESSELS = 9
    READING = 20
    TRAFFIC = 40
    WEIGHTED_FATE = 30
    WEIGHTED_CHANGE = 31
    WEIGHTED_MUTANT = 32
    WEIGHTED_FOUNDERS = 33
    HISTORY_GROWTH = 37
    HISTORY_MUTATION = 38
    HISTORY_MOMENT = 39
    PATIENT_COVARIATES = 64
    PATIENT_KINETICS = 65
    PATIENT_OCCASIONS = 66
    PATIENT_ASSAY = 67
    PATIENT_IMMUNITY = 68
    PATIENT_TOXICITY = 70
    PATIENT_PARTNERS = 71
    VIRTUAL_DISEASE = 75
    PATIENT_MRD = 78


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
