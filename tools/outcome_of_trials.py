"""Run the joint row of outcomes (T4) and print its parts: hours on two cores, resumable."""

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from scenarios.studies.t4 import FEWEST_PATIENTS, t4
from scenarios.workers import default_workers


def main() -> int:
    """Return 1 where the row fails."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("runs/t4"))
    parser.add_argument("--patients", type=int, default=FEWEST_PATIENTS, help="per arm")
    options = parser.parse_args()
    row = t4(options.patients, options.out, workers=default_workers())
    for part in row.parts:
        sys.stdout.write(f"{part.id} {part.verdict}: {part.title}\n")
        for one in part.quantities:
            sys.stdout.write(f"  {one.name}: {one.simulated:.3g} (published {one.published:.3g})\n")
    sys.stdout.write(f"T4: {row.verdict}\n")
    return 1 if row.verdict == "fail" else 0


if __name__ == "__main__":
    sys.exit(main())
