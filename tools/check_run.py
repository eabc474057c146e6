"""Check that a run folder of ``relapse`` is whole: tables, books, relapse, pictures, film."""

import sys
from pathlib import Path

from abm.record.reader import RunReader

LARGEST_ERROR = 1e-9
LARGEST_ERROR_WITHOUT_DEFECT = 1e-5


def main(folder: Path) -> int:
    """Print what was found; return 1 if something is missing or wrong."""
    run = RunReader(folder)
    problems = []
    series = run.timeseries
    for species, books in run.info["ledger"].items():
        sys.stdout.write(f"{species}: books close to {books['relative_error']:.1e}\n")
        if books["relative_error"] > LARGEST_ERROR:
            problems.append(f"the books of {species} do not close")
        if books["relative_error_without_defect"] > LARGEST_ERROR_WITHOUT_DEFECT:
            problems.append(f"the books of {species} do not close without the defect")
    start, lowest = int(series.n_cells.iloc[0]), int(series.n_cells.min())
    sys.stdout.write(f"cells: {start} at the start, {lowest} at the lowest point, "
                     f"{int(series.n_cells.iloc[-1])} at the end ({run.info['exit_reason']})\n")  # fmt: skip
    if run.lineage.num_samples == 0:
        problems.append("the lineage has no samples")
    if not list(folder.rglob("*.png")):
        problems.append("no picture")
    for suffix in ("mp4", "gif"):
        if not list(folder.rglob(f"*.{suffix}")):
            problems.append(f"no {suffix} film")
    for problem in problems:
        sys.stdout.write(f"check_run: {problem}\n")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
