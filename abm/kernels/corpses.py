"""Dead cells that pass from one stage to the next, Eq. (E5) of docs/model.md."""

import numpy as np

from abm.kernels._jit import kernel


@kernel
def age(corpses, stays_early, stays_late, passed):
    """Return early and late corpses of each site one step later, float64[2, n] as ``corpses``.

    stays_early, stays_late, passed : shares of :meth:`abm.processes.fate.CorpseParameters.shares`
    """
    out = np.empty_like(corpses)
    for site in range(corpses.shape[1]):
        out[0, site] = stays_early * corpses[0, site]
    for site in range(corpses.shape[1]):
        out[1, site] = stays_late * corpses[1, site] + passed * corpses[0, site]
    return out
