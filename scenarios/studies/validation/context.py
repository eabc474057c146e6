"""What rows share: cultures that were already run, and changes that hold for all of them."""

import copy
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from scenarios.load import loads
from scenarios.schema import Scenario

Tree = dict[str, Any]
"""A scenario as it would stand in a file."""
_THIN_WELLS = 2


@dataclass
class Context:
    """Runs cultures for rows, each once.

    parameters : laid over the ``parameters`` of every scenario (an ablation)
    products   : enzyme to use in place of another (an ablation)
    is_thin    : fewer wells of each condition, for tables that need the verdict only
    threads    : threads of one model; None leaves them as they are
    """

    parameters: Mapping[str, Any] = field(default_factory=dict)
    products: Mapping[str, str] = field(default_factory=dict)
    is_thin: bool = False
    threads: int | None = None
    _read: dict[str, pd.DataFrame] = field(default_factory=dict)

    def read(self, tree: Tree, hours: Sequence[float]) -> pd.DataFrame:
        """Return the readings of all wells of a scenario at some times [h].

        The columns are those of :func:`abm.observe_wells.read_wells`. The same scenario with the
        same times is run once.
        """
        key = json.dumps([tree, list(hours)], sort_keys=True)
        if key not in self._read:
            from scenarios.studies.culture import run_culture

            self._read[key] = run_culture(self.scenario(tree), list(hours), threads=self.threads)
        return self._read[key]

    def scenario(self, tree: Tree) -> Scenario:
        """Return the checked scenario of a tree with the changes of this context."""
        changed = copy.deepcopy(tree)
        if self.parameters:
            changed["parameters"] = {**changed.get("parameters", {}), **self.parameters}
        for dose in changed.get("treatment", {}).get("doses", ()):
            dose["product"] = self.products.get(dose["product"], dose["product"])
        return loads(json.dumps(changed), "validation")

    def n_wells(self, usual: int) -> int:
        """Return how many wells of each condition to run."""
        return min(_THIN_WELLS, usual) if self.is_thin else usual
