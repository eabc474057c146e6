"""The tables of docs/protocols.md; tools/make_tables.py writes them."""

import itertools
from collections.abc import Iterable, Sequence

from abm.pharmacology.monitoring import RULES
from abm.pharmacology.partners import PARTNERS, Span
from abm.pharmacology.protocols import Arm, EnzymeCourse, Protocol, protocols
from abm.pharmacology.regimen import Route

_FEWEST_FOR_STEPS = 3


def _table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = ["| " + " | ".join(header) + " |", "|" + "---|" * len(header)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows])


def _days(days: Sequence[float]) -> str:
    """Return days as people write them: regular ones by first, step and last."""
    steps = {round(b - a, 6) for a, b in itertools.pairwise(days)}
    if len(days) > _FEWEST_FOR_STEPS and len(steps) == 1:
        return f"{days[0]:g} to {days[-1]:g}, every {steps.pop():g} d ({len(days)})"
    return ", ".join(f"{day:g}" for day in days)


def _enzyme(course: EnzymeCourse) -> str:
    route = "into muscle" if course.route is Route.IM else "by vein"
    preset = f" ({course.preset})" if course.preset else ""
    mark = " *" if course.basis else ""
    phase = f"{course.phase}: " if course.phase else ""
    return (
        f"{phase}{course.product}{preset} {course.amount} {route}, day {_days(course.days)}{mark}"
    )


def overview() -> str:
    """Return id, title with its mark, arms, MRD and source of every protocol."""
    rows = [
        (
            f"`{one.id}`",
            one.title,
            one.mark or "-",
            ", ".join(f"`{arm}`" for arm in one.arms),
            ", ".join(f"{name} ({day:g})" for name, day in one.mrd_days.items()) or "-",
            one.source,
        )
        for one in protocols().values()
    ]
    return _table(("protocol", "title", "mark", "arms (the first is the default)",
                   "MRD (day)", "source"), rows)  # fmt: skip


def _arm_row(protocol: Protocol, name: str, arm: Arm) -> tuple[str, ...]:
    enzymes = "<br>".join(_enzyme(course) for course in arm.enzymes if course.days)
    rules = ", ".join(f"`{rule}`" for rule in arm.monitoring) or "-"
    return f"`{protocol.id}`", f"`{name}`", arm.title, enzymes, rules


def doses() -> str:
    """Return the asparaginase of every arm; a star marks days that are assumptions."""
    rows = [
        _arm_row(protocol, name, arm)
        for protocol in protocols().values()
        for name, arm in protocol.arms.items()
    ]
    return _table(("protocol", "arm", "what", "asparaginase", "monitoring"), rows)


def backbones() -> str:
    """Return the partner drugs of the default arm of every protocol."""
    rows = []
    for protocol in protocols().values():
        found: dict[str, list[str]] = {}
        for plan in protocol.arm().partners:
            is_dose = PARTNERS[plan.drug].span is Span.DOSE
            text = ", ".join(f"{day:g}" for day in plan.days) if is_dose else (
                f"{plan.days[0]:g}-{plan.days[1]:g}"
            )  # fmt: skip
            found.setdefault(plan.drug, []).append(text)
        told = "; ".join(f"{drug} {', '.join(days)}" for drug, days in found.items())
        rows.append((f"`{protocol.id}`", told or "-", protocol.basis or "-"))
    return _table(("protocol", "partner drugs of the first arm (days)", "assumptions"), rows)


def monitoring() -> str:
    """Return the published rules of monitoring that a scenario can name."""
    rows = [
        (
            f"`{name}`", rule.after, f"{rule.hours / 24.0:g} d", f"{rule.low:g} to {rule.high:g}",
            str(rule.every), f"{rule.lowest:g} to {rule.highest:g}", rule.source,
        )
        for name, rule in RULES.items()
    ]  # fmt: skip
    return _table(("rule", "after", "draw", "aim, IU/mL", "after every so many doses",
                   "dose over the planned one", "source"), rows)  # fmt: skip
