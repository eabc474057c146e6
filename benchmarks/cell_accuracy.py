"""G19, G20: the error of the cell kernel at the cost of first-order steps, and under a jump.

The kernel is given its uptake once per interval, the explicit steps follow it. Each is therefore
compared with the solution of its own equations: the kernel with its finest sub-steps, the explicit
steps with much finer ones. What the uptake by intervals costs is in the column of errors.
"""

from typing import Any

from benchmarks import accuracy
from benchmarks.rows import Row
from benchmarks.timing import Effort

HOURS = 6.0
SUBSTEPS = (1, 2, 4, 8)
FINEST = 128
JUMP_SUBSTEPS = 8
"""Fixed sub-steps of 0.75 min, the next power of two to 1 min."""
MOST_COST = 2.0
TOLERANCES = (3e-3, 1e-3, 3e-4, 1e-4, 3e-5, 1e-5)


def measure(effort: Effort) -> list[Row]:
    """Return the rows; no clock, the cost is counted in evaluations of the right-hand side."""
    states = accuracy.settled(32 if effort.is_quick else accuracy.N_CELLS)
    return [*_equal_cost(states), *_jump(states)]


def _equal_cost(states: Any) -> list[Row]:
    medium = accuracy.MEDIUM["plasma"]
    exact = accuracy.fine(states, medium, HOURS)
    limit, _ = accuracy.ours(states, medium, HOURS, FINEST)
    intervals = round(HOURS / accuracy.INTERVAL_H)
    ratios, plain, found = {}, {}, []
    for substeps in SUBSTEPS:
        second = accuracy.error(accuracy.ours(states, medium, HOURS, substeps)[0], limit)
        # Two evaluations in each sub-step, one in each explicit step.
        steps = 2 * substeps * intervals
        first = accuracy.error(accuracy.explicit(states, medium, HOURS, steps), exact)
        ratios[substeps] = second.rms / first.rms
        undiluted = _without_dilution(states, medium, substeps)
        plain[substeps] = undiluted / first.rms
        found.append(f"{substeps}: {second.rms:.1e} ({undiluted:.1e}) / {first.rms:.1e}")
    chosen, made = accuracy.ours(states, medium, HOURS)
    return [
        Row("G19", "rms error of the cell kernel / of explicit first-order steps with as many "
            "evaluations, 6 h from RPMI to plasma, 4 sub-steps in 6 min",
            ratios[4], min(ratios.values()), max(ratios.values()), floor=0.5, goal=0.3,
            is_more_better=False,
            accuracy=f"sub-steps by tolerance ({made / intervals:.1f} in 6 min), uptake by "
            f"intervals included: {accuracy.error(chosen, exact)}",
            remark="rms by sub-steps, kernel (the same without dilution by growth) / explicit: "
            f"{', '.join(found)}"),
        Row("G19", "the same without dilution by growth",
            plain[4], min(plain.values()), max(plain.values()), floor=0.5, goal=0.3,
            is_more_better=False),
    ]  # fmt: skip


def _without_dilution(states: Any, medium: dict[str, float], substeps: int) -> float:
    found, limit = (
        accuracy.ours(states, medium, HOURS, number, dilution=0.0)[0]
        for number in (substeps, FINEST)
    )
    return accuracy.error(found, limit).rms


def _jump(states: Any) -> list[Row]:
    medium, hours = accuracy.MEDIUM["no Asn"], accuracy.INTERVAL_H
    limit, _ = accuracy.ours(states, medium, hours, FINEST)
    fixed = accuracy.error(accuracy.ours(states, medium, hours, JUMP_SUBSTEPS)[0], limit)
    tried = {}
    for tolerance in TOLERANCES:
        found, made = accuracy.ours(states, medium, hours, tolerance=tolerance)
        if made <= MOST_COST * JUMP_SUBSTEPS:
            tried[tolerance] = accuracy.error(found, limit), made
    best = min(tried, key=lambda tolerance: tried[tolerance][0].largest)
    error, made = tried[best]
    found, by_default = accuracy.ours(states, medium, hours)
    total = accuracy.error(found, accuracy.fine(states, medium, hours))
    return [
        Row("G20", f"error of {JUMP_SUBSTEPS} fixed sub-steps / of {made:.1f} chosen by tolerance "
            f"(at most {MOST_COST:g} times as many), first 6 min after Asn is gone",
            fixed.largest / error.largest, floor=3, goal=10, accuracy=str(error),
            remark=f"fixed: {fixed}; tolerance {best:g}; by default {by_default:.1f} sub-steps, "
            f"{accuracy.error(found, limit)}, uptake by intervals included {total}"),
    ]  # fmt: skip
