"""Check a finished run of ``relapse``: books, fall, relapse, lineage, pictures and film.

python tools/check_run.py runs/demo
"""

import sys
from pathlib import Path

import pandas as pd

from abm.record.reader import RunReader
from abm.units import HOURS_PER_DAY

LARGEST_ERROR = 1e-9
LARGEST_ERROR_WITHOUT_DEFECT = 1e-5
LEAST_FALL = 30.0
FALL_DAYS = 14.0
RELAPSE_SHARE = 0.25
RELAPSE_DAYS = (12.0, 60.0)


def main(folder: Path) -> int:
    """Print what was found; return 1 if something is missing or wrong."""
    run = RunReader(folder)
    problems = [*check_books(run.info["ledger"]), *check_course(run.timeseries, run.doses)]
    if run.lineage.num_samples == 0:
        problems.append("the lineage has no samples")
    for suffix in ("png", "mp4", "gif"):
        if not list(folder.rglob(f"*.{suffix}")):
            problems.append(f"no {suffix} file")
    for problem in problems:
        say(f"check_run: {problem}")
    return 1 if problems else 0


def check_books(ledger: dict[str, dict[str, float]]) -> list[str]:
    """Return what is wrong with the closure of the books."""
    problems = []
    for species, books in ledger.items():
        error, without = books["relative_error"], books["relative_error_without_defect"]
        say(f"{species}: books close to {error:.1e}, without the defect {without:.1e}")
        if error > LARGEST_ERROR or without > LARGEST_ERROR_WITHOUT_DEFECT:
            problems.append(f"the books of {species} do not close")
    return problems


def check_course(series: pd.DataFrame, doses: list[tuple[float, str]]) -> list[str]:
    """Return what is wrong with fall and relapse."""
    days = series.time_h / HOURS_PER_DAY
    first_dose = doses[0][0] / HOURS_PER_DAY
    at_dose = int(series.n_cells[days <= first_dose].iloc[-1])
    soon = (days > first_dose) & (days <= first_dose + FALL_DAYS)
    lowest = int(series.n_cells[soon].min())
    nadir = series.n_cells[soon].idxmin()
    back = series.index[
        (series.index > nadir) & (series.n_cells >= RELAPSE_SHARE * series.n_cells[0])
    ]
    say(f"cells: {series.n_cells[0]} at the start, {at_dose} at the first dose, lowest {lowest} "
        f"({at_dose / lowest:.0f}-fold) on day {days[nadir]:.1f}")  # fmt: skip
    problems = []
    if at_dose < LEAST_FALL * lowest:
        problems.append(f"the cells fall less than {LEAST_FALL:g}-fold")
    if len(back) == 0 or not RELAPSE_DAYS[0] <= days[back[0]] <= RELAPSE_DAYS[1]:
        problems.append("no relapse in time")
    else:
        share = series.n_resistant[back[0]] / series.n_cells[back[0]]
        say(f"relapse on day {days[back[0]]:.1f}, {100 * share:.1f} % of a resistant genotype")
        if share < 0.5:
            problems.append("the relapse is not of the resistant genotype")
    return problems


def say(text: str) -> None:
    """Print one line."""
    sys.stdout.write(text + "\n")


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
