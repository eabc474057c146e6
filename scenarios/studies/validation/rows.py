"""All rows in the order of the table, and how a user names them."""

from collections.abc import Sequence

from abm.errors import ScenarioError
from abm.units import did_you_mean
from scenarios.studies.validation import (
    dropouts,
    panels,
    pharmacology,
    proliferation,
    protection,
    theory_curves,
    theory_fields,
    theory_population,
)
from scenarios.studies.validation.row import Row

_MODULES = (
    theory_population, theory_fields, theory_curves, pharmacology,
    proliferation, dropouts, panels, protection,
)  # fmt: skip


def _key(row: Row) -> tuple[str, str, int, str]:
    """T1 to T3, then letter, number and suffix: A2 before A11."""
    base, _, suffix = row.id.partition("-")
    digits = "".join(one for one in base[1:] if one.isdigit()) if row.id[0] == "A" else "0"
    return row.tier, base if row.id[0] != "A" else "A", int(digits), suffix


ROWS: tuple[Row, ...] = tuple(sorted((row for module in _MODULES for row in module.ROWS), key=_key))


def choose(only: Sequence[str]) -> tuple[Row, ...]:
    """Return the rows of some ids, all without one; case does not matter.

    Raises ScenarioError for an unknown id, with the nearest one.
    """
    known = {row.id.lower(): row for row in ROWS}
    for row_id in only:
        if row_id.lower() not in known:
            names = [row.id for row in ROWS]
            near = did_you_mean(row_id, names) or did_you_mean(row_id.upper(), names)
            raise ScenarioError(
                f"--only {row_id[:80]}: there is no such row{near}; docs/validation.md lists them"
            )
    wanted = {row_id.lower() for row_id in only}
    return tuple(row for row in ROWS if not wanted or row.id.lower() in wanted)
