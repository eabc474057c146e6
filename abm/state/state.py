"""Everything that a run changes, in one place; data only."""

from dataclasses import dataclass, field

import numpy as np

from abm.state.clones import Clones
from abm.state.population import Population
from abm.state.sites import Drug, Sites


@dataclass
class Counters:
    """Events since the start, over tumour populations; int64[n_replicate] each."""

    founders: np.ndarray
    births: np.ndarray
    deaths: np.ndarray
    mutations: np.ndarray

    @classmethod
    def zeros(cls, n_replicate: int) -> "Counters":
        """Make counters at zero."""
        return cls(*(np.zeros(n_replicate, np.int64) for _ in range(4)))


@dataclass
class State:
    """Populations, sites and clones.

    ``n_replicate`` independent wells or bodies live in one model, with ``sites_per_replicate``
    consecutive sites each. Replicates whose stop rule has fired are ``is_stopped``: their cells
    neither divide nor die any more.
    """

    sites: Sites
    populations: list[Population]
    clones: Clones
    n_replicate: int = 1
    sites_per_replicate: int = 1
    """Matters only where there is more than one replicate."""
    next_cell_id: int = 0
    drug: Drug = Drug()
    """Set by the dosing process for the present interval."""
    partner_hazard: np.ndarray = field(default_factory=lambda: np.zeros(1))
    """Death of tumour cells by partner drugs, float64[n_replicate] [1/h]; set by dosing."""
    descent: np.ndarray = field(default_factory=lambda: np.zeros((1, 1, 1)))
    """Expected share of the tumour cells at a site whose ancestors were at another at the start,
    float64[n_replicate, n_site, n_site] (now, then), sites of a replicate; traffic moves it."""
    is_stopped: np.ndarray = field(default_factory=lambda: np.zeros(1, np.bool_))
    lowest_n_cells: np.ndarray = field(default_factory=lambda: np.zeros(1, np.int64))
    """Fewest tumour cells so far, int64[n_replicate]; kept up by a stop rule that needs it."""
    counters: Counters = field(default_factory=lambda: Counters.zeros(1))

    def __post_init__(self) -> None:
        self.is_stopped = np.zeros(self.n_replicate, np.bool_)
        self.lowest_n_cells = np.full(self.n_replicate, np.iinfo(np.int64).max)
        self.partner_hazard = np.zeros(self.n_replicate)
        self.counters = Counters.zeros(self.n_replicate)
        of_one = np.eye(self.sites_per_replicate)
        self.descent = np.tile(of_one, (self.n_replicate, 1, 1))

    @property
    def has_first_sites(self) -> bool:
        """Whether the first site of each replicate stands for it: a well, or a body's plasma."""
        return self.n_replicate > 1 or self.sites_per_replicate > 1

    def take_ids(self, n: int) -> np.ndarray:
        """Return ``n`` cell ids that were never used, uint64[n]."""
        ids = np.arange(self.next_cell_id, self.next_cell_id + n, dtype=np.uint64)
        self.next_cell_id += n
        return ids

    def replicate_of(self, population: Population, rows: np.ndarray | slice) -> np.ndarray:
        """Return the replicate of each row; 0 where the whole model is one replicate."""
        site = population["site"][rows]
        if self.n_replicate == 1:
            return np.zeros(site.shape[0], np.int32)
        return site if self.sites_per_replicate == 1 else site // self.sites_per_replicate

    def tumour(self) -> list[Population]:
        """Return the populations that count as tumour."""
        return [p for p in self.populations if p.cell_type.is_tumour]

    def n_cells_by_replicate(self) -> np.ndarray:
        """Return the number of living tumour cells of each replicate from the counters."""
        counters = self.counters
        return counters.founders + counters.births - counters.deaths

    def n_cells(self) -> int:
        """Return the number of living tumour cells."""
        return sum(p.n_cells() for p in self.tumour())
