"""The report of a cohort, made again from its tables."""

from pathlib import Path

from abm.errors import RunFolderError
from scenarios.cohort.load import load_cohort
from scenarios.cohort.report import report
from scenarios.cohort.results import Tables
from scenarios.cohort.run import COHORT, INFO, TABLES
from scenarios.report import parts


def make(folder: Path) -> str:
    """Return the page of the folder of a cohort; raises RunFolderError for one that is begun."""
    if not (folder / TABLES["summary"]).exists():
        raise RunFolderError(
            f"{folder}: the cohort is not finished: the command that began it goes on"
        )
    cohort = load_cohort(str(folder / COHORT))
    tables = Tables(**{name: parts.read_table(folder / file) for name, file in TABLES.items()})
    return report(cohort, tables, parts.read_json(folder / INFO).get("notes", []))
