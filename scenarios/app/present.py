"""The present state of a model as the row and the frame that a recorder would write."""

from typing import Any

import numpy as np

from abm.model import PopulationModel
from abm.observe import is_resistant, timeseries_rows
from abm.record.reader import Frame
from abm.record.recorder import cell_columns
from abm.state.columns import Group
from abm.watch.tables import series_columns
from scenarios.app.history import NOWHERE, as_recorded, single

_EVENTS = ("births", "deaths", "mutations")


def place_of(model: PopulationModel) -> Frame:
    """Return an empty frame with the extent of the model's tissue; all 0 without one."""
    shape, spacing = model.facts.grid_shape, model.facts.spacing
    if shape is None:
        return NOWHERE
    extents: dict[str, Any] = {
        "extent_um": (0.0, shape[-1] * spacing, 0.0, shape[-2] * spacing),
        "depth_um": shape[0] * spacing if len(shape) == 3 else 0.0,
    }
    return NOWHERE._replace(**{k: v for k, v in extents.items() if k in Frame._fields})


def present_row(model: PopulationModel) -> dict[str, np.ndarray]:
    """Return the row of the time series at this moment; births and the like are left at 0."""
    row = timeseries_rows(model)
    row |= {name: np.zeros_like(row[name]) for name in _EVENTS}
    if model.watch is not None:
        row |= series_columns(model.watch, model.state)
    return row


def present_frame(model: PopulationModel) -> Frame:
    """Return fields and cells at this moment, copied."""
    state, facts = model.state, model.facts
    resistant = is_resistant(model)
    parts = []
    for population in state.populations:
        if population.has(Group.MECHANISTIC):
            mask = resistant.get(population.name, np.zeros(population.n, np.bool_))
            parts.append(cell_columns(population, mask))
    shared = [name for name in parts[0] if all(name in part for part in parts)] if parts else []
    cells = {name: np.concatenate([part[name] for part in parts]) for name in shared}
    fields: dict[str, np.ndarray] = {}
    if facts.grid_shape is not None:
        fields = {
            species.name.lower(): state.sites.concentration[species].reshape(facts.grid_shape)
            for species in facts.species
        }
    return place_of(model)._replace(
        time_h=model.clock.hours, fields=single(fields), cells=as_recorded(cells)
    )
