"""Write docs/validation.md, and with --ablation docs/ablation.md, from runs of the rows.

Usage: python tools/make_validation.py [--only ID ...] [--ablation [TITLE ...]]. The table takes
about ten minutes on two processors, the ablations some 80 seconds for each mechanism; with titles
only those are run. With ``--only`` the table goes to
the terminal and no document is written.
"""

import argparse
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from scenarios.studies.validation import ablation, statements, table  # noqa: E402
from scenarios.studies.validation.rows import choose  # noqa: E402
from scenarios.studies.validation.run import judge, status  # noqa: E402

VALIDATION, ABLATION = ROOT / "docs" / "validation.md", ROOT / "docs" / "ablation.md"
_HEAD = """# Validation

Every published number that the model is held against, as `asnsim validate` gives it on this
version; written by `python tools/make_validation.py`, do not edit. Why a row fails, and how the
experiments are set up, stands in [validation-notes.md](validation-notes.md); what each mechanism
contributes in [ablation.md](ablation.md). Published results that are no rows, many of them not
met, stand in [other-results.md](other-results.md). A calibration row shows that a number can be
met, it is no test. Gated rows decide the exit status. Sources 001 to 004 are the review documents
from which the statements S1-S27 of [biology-map.md](biology-map.md) were taken.
"""
_X_HEAD = "## X1-X6, contradictions of the sources\n"
_ABLATION_HEAD = """# Ablation

Verdicts of [validation.md](validation.md) that flip when one mechanism is switched off and no
parameter is refitted; written by `python tools/make_validation.py --ablation`, do not edit. A flip
says that the row rests on this mechanism as the model stands. Two series of wells in place of
three, so that rows near their limit (A7, A9) may differ from the full table.
"""


def main() -> int:
    """Run and write; return the exit status of the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", nargs="*", default=[])
    parser.add_argument("--ablation", nargs="*", metavar="TITLE")
    options = parser.parse_args()
    if options.ablation is not None:
        chosen = [
            one for one in ablation.MECHANISMS
            if not options.ablation or one.title in options.ablation
        ]  # fmt: skip
        whole, flipped = ablation.ablate(chosen, told=_tell)
        text = ablation.to_markdown(whole, flipped, chosen)
        share = f"{len(chosen)} of {len(ablation.MECHANISMS)} mechanisms were run.\n"
        ABLATION.write_text(f"{_ABLATION_HEAD}\n{share}\n{text}", encoding="utf-8")
        return 0
    started = time.perf_counter()
    judged = judge(choose(options.only), progress=lambda done, n: _tell(f"{done} of {n} rows"))
    _tell(f"{time.perf_counter() - started:.0f} s")
    text = table.to_markdown(judged)
    if options.only:
        sys.stdout.write(text)
    else:
        text = f"{_HEAD}\n{text}\n{_X_HEAD}\n{statements.to_markdown()}\n"
        VALIDATION.write_text(text, encoding="utf-8")
    return status(judged)


def _tell(text: str) -> None:
    sys.stderr.write(text + "\n")


if __name__ == "__main__":
    sys.exit(main())
