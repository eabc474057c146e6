"""T3: half doses of the enzyme (A1, A2) and growth without it (A24, A26)."""

import math
from typing import Any

from abm.pharmacology.products import PRODUCTS
from abm.processes.cell_lines import CELL_LINES
from abm.state.sites import Species
from scenarios.studies.validation import conditions as c
from scenarios.studies.validation import readings as r
from scenarios.studies.validation.context import Context, Tree
from scenarios.studies.validation.row import Kind, Outcome, Row, Tier, ordering
from scenarios.studies.validation.tolerance import Band, around, within_share

_DOSES = (0.0, 0.01, 0.03, 0.05, 0.08, 0.12, 0.18, 0.27, 0.4, 0.6, 1.0)
_LOW_DOSES = (0.0, 2e-5, 4e-5, 8e-5, 1.6e-4, 3.2e-4, 6.4e-4, 1.3e-3, 1e-2, 0.1)
_CLEAR_EFFECT = 0.5
"""U/mL at which the effect on A549 was clear."""
_SENSITIVE = 1e-4
"""U/mL, half dose of U937."""
_WIDE_DOSES = (0.0, 3e-5, 1e-4, 3e-4, 1e-3, 0.01, 0.1, 1.0, 10.0)
_KNOCKED_DOWN = 0.1
_LITTLE_ASN = 20.0
"""Asn counts as exhausted at a twentieth of its start."""
_FULL_SPEED = 60_000.0
"""uM that 1 IU/mL hydrolyses per hour at saturation."""
_LINES_WITHOUT_DRUG = ("a549", "ovcar-8", "molt-4")


def _series(line: str, doses: tuple[float, ...], context: Context, **changes: Any) -> Tree:
    n_wells = context.n_wells(3)
    culture = c.well(c.cells(line, **changes), hours=72, n_wells=n_wells)
    return c.dosed(culture, doses)


def _half_dose(line: str, hour: float, context: Context) -> r.Spread:
    table = context.read(_series(line, _DOSES, context), (48, 72))
    return r.half_doses(table, _DOSES, hour)


def a1(context: Context) -> Outcome:
    """IC50 of A549 and 786-O at 72 h, and A549 alive at its IC50."""
    a549 = _half_dose("a549", 72, context)
    renal = _half_dose("786-o", 72, context)
    table = context.read(_series("a549", _DOSES, context), (48, 72))
    near = min(range(len(_DOSES)), key=lambda i: abs(_DOSES[i] - 0.14))
    is_near = table["well"] % len(_DOSES) == near
    alive = r.viability(table[is_near], 72)
    text = (
        f"A549 {a549.value:.3f} ({a549.low:.3f}-{a549.high:.3f}), 786-O {renal.value:.3f} "
        f"({renal.low:.3f}-{renal.high:.3f}) U/mL; A549 alive at {_DOSES[near]:g} U/mL: {alive:.2f}"
    )
    checks = {
        "A549 in 0.110-0.170": a549.value in around(0.140, 0.030),
        "786-O in 0.122-0.178": renal.value in around(0.150, 0.028),
        "A549 cytostatic (> 0.9 alive)": alive > 0.9,
    }
    return _with_range(ordering(text, checks), a549)


def a1_48h(context: Context) -> Outcome:
    """The same IC50 at 48 h: inside the published range as well?"""
    a549, renal = (_half_dose(line, 48, context) for line in ("a549", "786-o"))
    text = f"48 h: A549 {a549.value:.3f}, 786-O {renal.value:.3f} U/mL"
    checks = {
        "A549 at 48 h": a549.value in around(0.140, 0.030),
        "786-O at 48 h": renal.value in around(0.150, 0.028),
        "72 h": a1(context).is_met,
    }
    return _with_range(ordering(text, checks), a549)


def a1_sensitive(context: Context) -> Outcome:
    """IC50 at 72 h of the two T-ALL lines, against that of a sensitive line of another kind."""
    found = {}
    for line in ("molt-4", "jurkat"):
        table = context.read(_series(line, _LOW_DOSES, context), (72,))
        found[line] = r.half_doses(table, _LOW_DOSES, 72)
    text = ", ".join(f"{line} {half.value:.2g}" for line, half in found.items()) + " U/mL"
    checks = {
        f"{line} within threefold": half.value in Band(_SENSITIVE / 3.0, _SENSITIVE * 3.0)
        for line, half in found.items()
    }
    return _with_range(ordering(text, checks), found["molt-4"])


def exhaustion_ceiling(
    base: str = "RPMI-1640", serum_share: float = 0.1, glutaminase_share: float | None = None
) -> float:
    """Return the largest shift of IC50 that exhaustion of Asn and Gln can explain.

    A line without its own ASNS stops when Asn is gone, a line with plenty when Gln is gone, so
    the ratio of both exposures [IU h/mL] bounds the shift. With both substrates competing,

        Gln, by the time constant of the start:  (Km_Q + Q) / (60000 g)
        Asn, down to a twentieth:  (N + Km (1 + Q/Km_Q) ln 20) / 60000

    Km, Km_Q and g are those of the native E. coli enzyme (``glutaminase_share`` replaces g), N and
    Q those of the medium with serum that is not dialysed.
    """
    from abm.environment.media import medium

    enzyme = PRODUCTS[c.NATIVE].enzyme
    values = medium(base, serum_share, False)
    asn, gln = float(values[Species.ASN]), float(values[Species.GLN])
    share = enzyme.glutaminase_share if glutaminase_share is None else glutaminase_share
    of_gln = (enzyme.half_saturation_gln + gln) / (_FULL_SPEED * share)
    half = enzyme.half_saturation_asn * (1.0 + gln / enzyme.half_saturation_gln)
    of_asn = (asn + half * math.log(_LITTLE_ASN)) / _FULL_SPEED
    return of_gln / of_asn


def _fold(line: str, context: Context, **genotype: float) -> tuple[float, r.Spread, r.Spread]:
    parent = r.half_doses(context.read(_series(line, _DOSES, context), (48, 72)), _DOSES, 72)
    tree = _series(line, _LOW_DOSES, context, genotype=genotype)
    down = r.half_doses(context.read(tree, (72,)), _LOW_DOSES, 72)
    return parent.value / down.value, parent, down


def a2(context: Context) -> Outcome:
    """IC50 of both lines over that of their knock-downs (a tenth of the message left)."""
    fold, parent, down = _fold("ovcar-8", context, asns_knock_down=_KNOCKED_DOWN)
    resistant, adr, adr_down = _fold("ovcar-8-adr", context, asns_knock_down=_KNOCKED_DOWN)
    ceiling = exhaustion_ceiling()
    text = (
        f"OVCAR-8 {parent.value:.3g} -> {down.value:.2g} U/mL, {fold:.0f}-fold; ADR "
        f"{adr.value:.3g} -> {adr_down.value:.2g}, {resistant:.0f}-fold; ceiling {ceiling:.0f}"
    )
    checks = {
        "OVCAR-8 250-2500": fold in Band(250, 2500),
        "ADR 250-2500": resistant in Band(250, 2500),
        "ADR >= OVCAR-8": resistant >= fold,
    }
    low, high = parent.low / down.high, parent.high / down.low
    return _with_range(ordering(text, checks), r.Spread(fold, low, high))


def a2_induced(context: Context) -> Outcome:
    """Which part of the shift is the basal message, which the induced rise?"""
    whole, *_ = _fold("ovcar-8", context, asns_knock_down=_KNOCKED_DOWN)
    basal, *_ = _fold("ovcar-8", context, asns_basal_message=_KNOCKED_DOWN)
    induced, *_ = _fold("ovcar-8", context, asns_induced_message=_KNOCKED_DOWN)
    text = f"both {whole:.0f}-fold, basal alone {basal:.1f}, induced alone {induced:.1f}"
    checks = {
        "without the induced rise IC50 falls": induced > 1.05,
        "both together shift more than basal alone": whole > 2.0 * basal,
    }
    return ordering(text, checks)


def a2_glutaminase(context: Context) -> Outcome:
    """OVCAR-8 and its knock-down under the enzyme without glutaminase, up to 10 U/mL."""
    free = c.GLUTAMINASE_FREE
    half = {}
    for name, genotype in (("parent", {}), ("knock-down", {"asns_knock_down": _KNOCKED_DOWN})):
        culture = c.well(c.cells("ovcar-8", genotype=genotype), hours=72)
        table = context.read(c.dosed(culture, _WIDE_DOSES, free), (72,))
        half[name] = r.half_doses(table, _WIDE_DOSES, 72).value
        half[f"{name} left"] = float(r.series(table, 72, len(_WIDE_DOSES))[0, -1])
    text = (
        f"without glutaminase: OVCAR-8 {half['parent']:.3g} U/mL ({half['parent left']:.2f} left "
        f"at 10), knock-down {half['knock-down']:.2g} U/mL"
    )
    checks = {
        "no IC50 below 10 U/mL with ASNS": half["parent"] > 10.0,
        "the knock-down still has one": half["knock-down"] < 0.01,
    }
    return ordering(text, checks)


def _growth(line: str, fold: float, fill: str, context: Context) -> float:
    # Isogenic: the cells differ in nothing but the factor.
    isogenic = c.cells(line, 100, genotype={"asns_expression": fold}, asns_cv=0, threshold_cv=0)
    tree = c.well(
        isogenic, hours=48, fill=fill, serum=c.DIALYSED,
        clamp=("asn", "gln", "glu"),
    )  # fmt: skip
    table = context.read(tree, (24, 48))
    return (r.net_growth(table, 24) + r.net_growth(table, 48)) / 2.0


def a24(context: Context) -> Outcome:
    """Net growth of isogenic cells with a tenth and ten times the ASNS, without drug."""
    shifts = {}
    for fill in ("RPMI-1640", "human-plasma"):
        for line in _LINES_WITHOUT_DRUG:
            normal = _growth(line, 1.0, fill, context)
            for fold in (0.1, 10.0):
                name = f"{line} x{fold:g} in {fill}"
                shifts[name] = _growth(line, fold, fill, context) / normal - 1.0
    worst = max(shifts, key=lambda name: abs(shifts[name]))
    text = f"largest difference {100 * shifts[worst]:+.1f} % ({worst})"
    checks = {name: abs(value) <= 0.02 for name, value in shifts.items()}
    return ordering(text, checks)


def a24_dmem(context: Context) -> Outcome:
    """In DMEM, which holds no Asn, a tenth of the ASNS costs growth."""
    normal = _growth("a549", 1.0, "DMEM", context)
    shift = _growth("a549", 0.1, "DMEM", context) / normal - 1.0
    text = f"A549 with a tenth of its ASNS grows {100 * shift:+.0f} % in DMEM"
    return ordering(text, {"slower by more than 2 %": shift < -0.02})


def a26(context: Context) -> Outcome:
    """Doubling time of each line in clamped RPMI-1640 from growth minus death of its cells."""
    errors = {}
    for name, line in CELL_LINES.items():
        tree = c.well(
            c.cells(name, 300), hours=48, serum={"fraction": 0.0}, clamp=("asn", "gln", "glu")
        )
        table = context.read(tree, (24, 48))
        rate = (r.net_growth(table, 24) + r.net_growth(table, 48)) / 2.0
        errors[name] = math.log(2.0) / rate / line.doubling_time - 1.0
    worst = max(errors, key=lambda name: abs(errors[name]))
    text = f"{len(errors)} lines, largest deviation {100 * errors[worst]:+.1f} % ({worst})"
    checks = {name: errors[name] + 1.0 in within_share(1.0, 0.05) for name in errors}
    return ordering(text, checks)


def _with_range(outcome: Outcome, numbers: r.Spread) -> Outcome:
    return Outcome(outcome.simulated, numbers.low, numbers.high, outcome.is_met)


ROWS: tuple[Row, ...] = (
    Row(
        id="A1", title="IC50 of asparaginase on proliferation, 72 h", tier=Tier.T3,
        kind=Kind.CALIBRATION, is_gated=True,
        published="A549 0.140 +- 0.030, 786-O 0.150 +- 0.028 U/mL; cytostatic in A549",
        tolerance="published range; more than 0.9 alive at the IC50",
        source="source 003", run=a1, group="half-doses", mechanisms=("S7", "S11", "S16"),
    ),
    Row(
        id="A1-48h", title="The same IC50 at 48 h and at 72 h", tier=Tier.T3,
        kind=Kind.VALIDATION, is_gated=False,
        published="A549 0.140 +- 0.030, 786-O 0.150 +- 0.028 U/mL, duration not stated",
        tolerance="published range at both times", source="source 003", run=a1_48h,
        group="half-doses", mechanisms=("S11",),
    ),
    Row(
        id="A1-sensitive", title="IC50 of sensitive leukaemia lines, 72 h", tier=Tier.T3,
        kind=Kind.VALIDATION, is_gated=True, published="U937 1e-4 U/mL",
        tolerance="MOLT-4 and Jurkat within threefold", source="Kiriyama 1989 Leukemia 3:294",
        run=a1_sensitive, group="half-doses", mechanisms=("S7",),
    ),
    Row(
        id="A2", title="ASNS knock-down shifts the IC50 of OVCAR-8 and OVCAR-8/ADR", tier=Tier.T3,
        kind=Kind.CALIBRATION, is_gated=True, published="> 500-fold and > 700-fold",
        tolerance="250-2500, ADR >= OVCAR-8 (ceiling of the mechanism beside it)",
        source="source 004; Lorenzi 2006, 2008", run=a2, group="half-doses", mechanisms=("S10",),
    ),
    Row(
        id="A2-induced", title="Part of the shift is the loss of the induced rise of ASNS",
        tier=Tier.T3, kind=Kind.ORDERING, is_gated=True,
        published="basal and induced ASNS both matter",
        tolerance="induced knock-down alone lowers IC50; both shift more than basal alone",
        source="Lorenzi 2006, 2008", run=a2_induced, group="half-doses", mechanisms=("S10", "S1"),
    ),
    Row(
        id="A2-glutaminase", title="Glutaminase sets the IC50 of ASNS-high cells, Asn that of low",
        tier=Tier.T3, kind=Kind.ORDERING, is_gated=True,
        published="the mechanism behind A2; Q59L spares ASNS-positive cells",
        tolerance="no IC50 below 10 U/mL without glutaminase; knock-down below 0.01",
        source="Chan 2014 Blood 123:3596", run=a2_glutaminase, group="half-doses",
        mechanisms=("S3", "S10"),
    ),
    Row(
        id="A24", title="ASNS x0.1 and x10 do not change growth without drug", tier=Tier.T3,
        kind=Kind.CALIBRATION, is_gated=True, published="no difference",
        tolerance="2 % in RPMI-1640 and human-plasma-like medium",
        source="Liu 2018 (ENKTL lines, abstract)", run=a24, group="growth", mechanisms=("S2",),
    ),
    Row(
        id="A24-dmem", title="In DMEM, without Asn, ASNS does limit growth", tier=Tier.T3,
        kind=Kind.ORDERING, is_gated=True, published="predicted difference",
        tolerance="x0.1 slower by more than 2 %", source="prediction, see A24", run=a24_dmem,
        group="growth", mechanisms=("S2",),
    ),
    Row(
        id="A26", title="Doubling times of all lines", tier=Tier.T3, kind=Kind.CALIBRATION,
        is_gated=True, published="NCI-60 table", tolerance="5 %",
        source="NCI-60 doubling-time table", run=a26, group="growth",
    ),
)  # fmt: skip
