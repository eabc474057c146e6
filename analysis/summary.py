"""What a run of patients comes to, in a few lines of text."""

from typing import Any

from abm.record import layout
from abm.record.reader import RunReader
from analysis.genotypes import genotype_name
from analysis.plots.common import protocol_of

_WIDTH = 22


def course_summary(run: RunReader) -> str:
    """Return one screen of text on the outcome of a run of bodies; empty for other runs."""
    return "\n".join(f"{name:<{_WIDTH}}{text}" for name, text in course_summary_lines(run))


def course_summary_lines(run: RunReader) -> list[tuple[str, str]]:
    """Return the same as names and texts; empty for runs of other environments."""
    outcome = run.info.get("outcome")
    if not outcome:
        return []
    lines = _many(outcome) if "n_patients" in outcome else _one(run, outcome)
    protocol = protocol_of(run)
    if protocol:
        lines.insert(0, ("protocol", protocol))
    return lines


def _one(run: RunReader, outcome: dict[str, Any]) -> list[tuple[str, str]]:
    lines = [("remission", _day(outcome.get("remission_d"), "not reached"))]
    if run.has(layout.MRD):
        for _, row in run.mrd.iterrows():
            lines.append(
                (
                    f"MRD, {row['name']}",
                    f"flow {_mrd(row['flow'])}, PCR {_mrd(row['pcr'])} (true {row['true']:.2g})",
                )
            )
    lines.append(("relapse", _relapse(outcome)))
    if outcome.get("relapsed"):
        lines.append(("relapse is made of", _composition(outcome)))
    if outcome.get("csf_relapse_d") is not None:
        lines.append(("CSF relapse", _day(outcome["csf_relapse_d"], "")))
    lowest = outcome.get("lowest_blasts")
    if lowest is not None:
        lines.append(
            ("fewest blasts", f"{lowest:.3g} on {_day(outcome.get('lowest_blasts_d'), '?')}")
        )
    lines.append(("activity >= 0.1 IU/mL", f"{outcome['days_above_0p1_IU_per_mL']:.1f} days"))
    lines.append(
        (
            "Asn depleted",
            f"{outcome['days_asn_depleted']:.1f} days truly below 0.5 uM, "
            f"{outcome['days_asn_undetected']:.1f} days none measured",
        )
    )
    return lines


def _many(outcome: dict[str, Any]) -> list[tuple[str, str]]:
    n = outcome["n_patients"]
    percentiles = outcome.get("relapse_day_percentiles") or {}
    when = ""
    if percentiles:
        when = f", day {percentiles['50']:.0f} ({percentiles['5']:.0f}-{percentiles['95']:.0f})"
    return [
        ("patients", str(n)),
        ("relapsed", f"{outcome['n_relapsed']} ({outcome['n_relapsed'] / n:.0%}){when}"),
        ("in remission", str(outcome["n_in_remission"])),
        ("without any blast", str(outcome["n_extinct"])),
        ("CSF relapse", str(outcome["n_csf_relapsed"])),
    ]


def _relapse(outcome: dict[str, Any]) -> str:
    if outcome.get("relapsed"):
        origin = outcome.get("relapse_origin") or "marrow"
        came = (
            ""
            if origin == "marrow"
            else f", from cells that were in the {origin.replace('csf', 'CSF')} at the start"
        )
        return f"{_day(outcome['time_to_relapse_d'], '')}{came}"
    if outcome.get("extinct_d") is not None:
        return f"none; the last blast died on {_day(outcome['extinct_d'], '')}"
    return "none"


def _composition(outcome: dict[str, Any]) -> str:
    share = outcome.get("share_resistant_at_relapse")
    parts = [] if share is None else [f"{share:.0%} of resistant genotype"]
    parts.append(f"{outcome['n_clones_at_relapse']} clones")
    parts.append(f"{outcome['n_founders_resistant_at_relapse']:,} resistant founders")
    initial = outcome.get("share_initial_at_relapse")
    if initial:
        parts.append(f"{initial:.0%} of cells that were there at the start")
    largest = outcome.get("largest_mutant_share")
    if largest:
        name = genotype_name(
            outcome["largest_mutant_methylated_alleles"], outcome["largest_mutant_gain"]
        )
        arose = _day(outcome["largest_mutant_origin_d"], "?")
        parts.append(f"largest clone from one cell {largest:.2%} ({name}, arose on {arose})")
    return ", ".join(parts)


def _day(day: float | None, otherwise: str) -> str:
    return otherwise if day is None else f"day {day:.1f}"


def _mrd(value: float) -> str:
    return f"{value:.2g}" if value > 0.0 else "not detected"
