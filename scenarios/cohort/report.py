"""The report of a cohort: one HTML page for a phone, a screen or a printer."""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from abm import __version__, units
from abm.record.files import replace_text
from analysis import page
from analysis.plots import cohort as figures
from scenarios.cohort import batches
from scenarios.cohort.load import Cohort
from scenarios.cohort.results import GROUP, Tables, count_events

NO_ADVICE = (
    "Virtual patients of a research model. Not for decisions on a patient; absolute survival is no "
    "prediction, only differences between groups are of interest."
)
ASSUMED = (
    "A420: frequencies of the subtypes",
    "A421: share of patients with methylated ASNS by subtype",
    "A422: share of blasts with the other methylation",
    "A423: spread of the ASNS set-point between patients",
    "A424: burden at diagnosis",
    "A425: spread of growth",
    "A426: spread of the death under starvation",
    "A427: only a relapse in the marrow counts, since intrathecal treatment is not in the model",
    "A428: no remission counts as an event at the start",
    "A486: no hazard ratio below 10 events in the two groups together",
)
"""What the cohort takes for granted beyond the model itself; docs/assumptions.md says why."""
_SHOWN_DAYS = 400.0
FEWEST_EVENTS = 10
"""Events in both groups together below which no hazard ratio is shown, assumption A486."""
FEW = "too few events"
_FOLLOWED = (
    "median, quartiles and 5 to 95 % of the patients still followed; a relapse ends the follow-up, "
    "so that the curves may jump where patients leave"
)


def write_report(cohort: Cohort, tables: Tables, path: Path, notes: Sequence[str] = ()) -> None:
    """Write the page from the tables; ``notes`` are warnings of the run."""
    replace_text(path, report(cohort, tables, notes))


def report(cohort: Cohort, tables: Tables, notes: Sequence[str] = ()) -> str:
    """Return the page as text."""
    own = cohort.file
    title = own.cohort
    arms = list(cohort.arms)
    marks = memory_marks(cohort)
    parts = [
        f"<h1>{page.escape(title)}</h1>",
        page.paragraph(own.description) if own.description else "",
        page.paragraph(NO_ADVICE, "note"),
        *(page.paragraph(note, "note") for note in [*notes, *marks]),
        page.heading("Arms"),
        page.table(_arms(cohort)),
        page.heading("Relapse and remission"),
        page.drawing(
            lambda _: figures.survival_figure(tables.survival, own.end / units.HOURS_PER_DAY),
            "Patients without event (Kaplan-Meier, 95 % intervals)", "survival",
        ),
        page.table(_survival(tables.summary)),
        page.paragraph(_how_compared(cohort, tables), "small"),
        *_curves(tables),
        page.heading("Minimal residual disease at the end of induction"),
        page.drawing(
            lambda _: figures.mrd_figure(tables.patients),
            "Minimal residual disease: share of the patients at or below each value", "mrd",
        ),
        page.heading("Exposure"),
        page.table(_exposure(tables.summary)),
        page.heading("Events"),
        page.table(count_events(tables.events, int(tables.patients["patient"].nunique()), arms)),
        page.paragraph("Patients with at least one event of the kind.", "small"),
        *_clones(tables),
        page.heading("Patients"),
        page.table(_patients(tables.patients)),
        page.heading("How it was run"),
        page.bullets(_how_run(cohort, tables)),
        page.heading("Assumptions"),
        page.bullets([*ASSUMED, "all others: docs/assumptions.md of this version"]),
        page.heading("Sources"),
        page.bullets(sources(cohort)),
    ]  # fmt: skip
    return page.page(title, [part for part in parts if part])


def memory_marks(cohort: Cohort) -> list[str]:
    """Return one warning for each protocol of the arms that was written down from memory."""
    return [
        f"Protocol {protocol.label}: {protocol.mark}, check it before you rely on it."
        for protocol in protocols(cohort)
        if protocol.is_from_memory
    ]


def sources(cohort: Cohort) -> list[str]:
    """Return the sources of the file and of its protocols."""
    labels = [protocol.label for protocol in protocols(cohort)]
    return list(dict.fromkeys([*cohort.file.sources, *labels]))


def protocols(cohort: Cohort) -> list[Any]:
    """Return the protocols that the arms name, each once."""
    treatments = [own["treatment"] for own in cohort.arms.values()]
    names = dict.fromkeys(str(one["protocol"]) for one in treatments if "protocol" in one)
    if not names:
        return []
    from abm.pharmacology.protocols import find_protocol

    return [find_protocol(name) for name in names]


def _arms(cohort: Cohort) -> pd.DataFrame:
    rows = []
    for name, arm in cohort.file.arms.items():
        treatment = cohort.arms[name]["treatment"]
        known = [
            f"{key} {treatment[key]}"
            for key in ("protocol", "arm", "switch_to")
            if isinstance(treatment.get(key), str)
        ]
        rows.append({"arm": name, "treatment": arm.description or ", ".join(known)})
    return pd.DataFrame(rows)


def _survival(summary: pd.DataFrame) -> pd.DataFrame:
    day = float(summary["survival_at_d"].iloc[0])
    is_few = has_few_events(summary)
    return pd.DataFrame(
        {
            GROUP: summary[GROUP],
            "patients": summary["n_patients"],
            "events": summary["n_events"],
            f"without event at {_span(day)}": [
                f"{100 * s:.1f} % ({100 * low:.1f}-{100 * high:.1f})"
                for s, low, high in summary[
                    ["survival", "survival_low", "survival_high"]
                ].to_numpy()
            ],
            "median": [_span(day) for day in summary["median_d"]],
            "hazard ratio (95 %)": [
                FEW if few else _ratio(*row)
                for few, row in zip(
                    is_few,
                    summary[["hazard_ratio", "hazard_ratio_low", "hazard_ratio_high"]].to_numpy(),
                    strict=True,
                )
            ],
            "p": [
                "-" if few else _p(value)
                for few, value in zip(is_few, summary["hazard_ratio_p"], strict=True)
            ],
            "log-rank p": [_p(value) for value in summary["log_rank_p"]],
        }
    )


def has_few_events(summary: pd.DataFrame) -> list[bool]:
    """Return for each group whether it and the reference have too few events for a ratio."""
    events = dict(zip(summary[GROUP], summary["n_events"], strict=True))
    return [
        name != reference and events[name] + events.get(reference, 0) < FEWEST_EVENTS
        for name, reference in summary[[GROUP, "reference"]].to_numpy().tolist()
    ]


def _exposure(summary: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame(
        {
            GROUP: summary[GROUP],
            "days above 0.1 IU/mL": summary["median_days_above_0p1_IU_per_mL"].map("{:.1f}".format),
            "days Asn below 0.5 uM": summary["median_days_asn_depleted"].map("{:.1f}".format),
            "MRD < 1e-4 by flow": (100 * summary["share_mrd_negative_flow"]).map("{:.1f} %".format),
            "MRD < 1e-4 by PCR": (100 * summary["share_mrd_negative_pcr"]).map("{:.1f} %".format),
        }
    )


def _curves(tables: Tables) -> list[str]:
    until = min(float(tables.curves["day"].max()), _SHOWN_DAYS)
    return [
        page.heading("Activity and asparagine in plasma"),
        page.drawing(
            lambda _: figures.curve_figure(
                tables.curves, batches.ACTIVITY, "Activity (IU/mL)", figures.TARGET_ACTIVITY, until
            ),
            f"Asparaginase activity: {_FOLLOWED}; dashed: 0.1 IU/mL.", "activity",
        ),
        page.drawing(
            lambda _: figures.curve_figure(
                tables.curves, batches.ASPARAGINE, "Asparagine (uM)", figures.DEPLETED_ASN, until
            ),
            f"True asparagine in plasma: {_FOLLOWED}; dashed: 0.5 uM.", "asparagine",
        ),
    ]  # fmt: skip


def _clones(tables: Tables) -> list[str]:
    head = page.heading("Clones at relapse")
    if figures.clone_figure(tables.clones, tables.patients) is None:
        return [head, page.paragraph("No patient relapsed.")]

    def make(_: str) -> Figure:
        figure = figures.clone_figure(tables.clones, tables.patients)
        assert figure is not None
        return figure

    return [head, page.drawing(make, "Genotypes of the blasts at relapse", "clones")]


def _patients(patients: pd.DataFrame) -> pd.DataFrame:
    once = patients.drop_duplicates("patient")
    rows = [
        ("age", "age_yr", "yr", "{:.1f}"),
        ("surface area", "bsa_m2", "m2", "{:.2f}"),
        ("ASNS set-point, factor", "asns_factor", "", "{:.2f}"),
        ("blasts at diagnosis", "blasts_at_diagnosis", "", "{:.2g}"),
    ]
    found = []
    for title, column, unit, form in rows:
        low, middle, high = np.percentile(once[column], (5, 50, 95))
        shown = [f"{form.format(value)} {unit}".strip() for value in (middle, low, high)]
        found.append([title, shown[0], f"{shown[1]} to {shown[2]}"])
    for name, n in once["subtype"].value_counts().items():
        found.append([str(name), f"{n} of {len(once)}", ""])
    found.append(["boys", f"{int((once['sex'] == 'm').sum())} of {len(once)}", ""])
    return pd.DataFrame(found, columns=["", "median or number", "5 to 95 %"])


def _how_compared(cohort: Cohort, tables: Tables) -> str:
    by = cohort.file.compare.by
    text = f"Groups by {by}; hazard ratios over {tables.summary['reference'].iloc[0]}, "
    text += f"log-rank over all groups p = {_p(float(tables.summary['log_rank_p_all'].iloc[0]))}. "
    if by == "arm":
        text += (
            "Every arm has the same patients: the interval of a hazard ratio takes a patient in "
            "two arms as one cluster; the log-rank test takes arms as independent and is cautious. "
        )
    return (
        f"{text}A dash: no ratio, since a group has no event. {FEW.capitalize()}: fewer than "
        f"{FEWEST_EVENTS} in the group and the reference together "
        f"(doi:10.1016/0895-4356(95)00048-8); the number is in summary.parquet."
    )


def _how_run(cohort: Cohort, tables: Tables) -> list[str]:
    own = cohort.file
    base = "written in the file" if isinstance(own.base, dict) else own.base
    n_patients = tables.patients["patient"].nunique()
    return [
        f"asnsim {__version__}, cohort {cohort.name}, seed {own.seed}",
        f"{n_patients} patients in each of {len(cohort.arms)} arms",
        f"base scenario: {base}; follow-up {_span(own.end / units.HOURS_PER_DAY)}",
        f"to repeat it: asnsim cohort cohort.yaml --out NEW --patients {n_patients}",
        "the same command in the same folder finishes what is missing and gives the same bits",
    ]


def _span(days: float) -> str:
    if not math.isfinite(days):
        return "not reached"
    return f"{days / 365.25:.3g} yr" if days >= 365.25 else f"{days:.0f} d"


def _ratio(ratio: float, low: float, high: float) -> str:
    return "-" if math.isnan(ratio) else f"{ratio:.2f} ({low:.2f}-{high:.2f})"


def _p(value: float) -> str:
    if math.isnan(value):
        return "-"
    return "< 0.001" if value < 1e-3 else f"{value:.3f}"
