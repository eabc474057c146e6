"""T2: virtual patients of ``scenarios.studies.clinic`` at the sampling times of the trials."""

from functools import partial

from scenarios.studies.validation.context import Context
from scenarios.studies.validation.row import Kind, Outcome, Row, Tier

_N_PATIENTS, _N_THIN = 1000, 200


def clinic_row(row_id: str, context: Context) -> Outcome:
    """Return the outcome of one row of the clinic: every gated quantity must lie in its range."""
    from scenarios.studies.clinic import ROWS as CLINIC

    result = CLINIC[row_id](n_patients=_N_THIN if context.is_thin else _N_PATIENTS)
    gated = [quantity for quantity in result.quantities if quantity.is_gated]
    parts = [
        f"{one.name}: {one.simulated:.3g}"
        + ("" if one.verdict == "pass" else f" (not met: {one.low:.3g}-{one.high:.3g})")
        for one in gated
    ]
    return Outcome("; ".join(parts), None, None, result.verdict == "pass")


def _row(row_id: str, title: str, kind: Kind, published: str, tolerance: str, source: str) -> Row:
    return Row(
        id=row_id, title=title, tier=Tier.T2, kind=kind, is_gated=True, published=published,
        tolerance=tolerance, source=source, run=partial(clinic_row, row_id), group="clinic",
        mechanisms=("S3",),
    )  # fmt: skip


_SHARE, _MEAN = "exact binomial 95 % of the trial", "means 25 %"
ROWS: tuple[Row, ...] = (
    _row("B1a", "Erwinaze 25,000 IU/m2 IM Mon/Wed/Fri, activity >= 0.1 IU/mL", Kind.CALIBRATION,
         "48 h 38/41, 72 h 38/43", _SHARE, "Salzer 2013 Blood 122:507"),
    _row("B1b", "Rylaze IM 25 / 37.5 / 25-25-50 mg/m2 Mon/Wed/Fri", Kind.CALIBRATION,
         "72 h 0.16 / 0.33 / 0.47, 48 h 0.45 / 0.88 / 0.66 IU/mL; >= 0.1: 96 % and 90 %",
         f"{_MEAN}; {_SHARE}", "Maese 2023 Blood 141:704"),
    _row("B1f", "Pegaspargase 2500 IU/m2 IV, DFCI 05-01, activity > 0.1 IU/mL", Kind.CALIBRATION,
         "95 / 88 / 7 % at days 11 / 18 / 25 (n = 197)", _SHARE, "Blood 2010 115:1351"),
    _row("B1h", "Calaspargase 2500 U/m2 IV", Kind.CALIBRATION,
         "Cmax 1.62 U/mL, AUC0-25 16.9 d U/mL, half-life 16.1 d", _MEAN, "Asparlas label"),
    _row("B1l", "Half-lives IM", Kind.VALIDATION,
         "native 1.24 d, Erwinia 0.65 d, pegaspargase 5.73 d", "25 %",
         "Asselin 1993 JCO 11:1780"),
    _row("B2a", "Plasma Asn as measured after one pegaspargase dose", Kind.CALIBRATION,
         "undetectable above 0.02 IU/mL in every sample; depleted 22-29 d",
         "as published, preset dfci-11001", "Schore 2019 PMC6594900"),
    _row("B3a", "Pegaspargase after native induction, Erwinia after it", Kind.CALIBRATION,
         "22 % allergy, 8 % silent inactivation; Erwinia 3 % / 0 %", _SHARE,
         "Tong 2014 Blood 123:2026"),
)  # fmt: skip
