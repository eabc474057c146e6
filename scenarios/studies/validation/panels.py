"""T3: panels of lines and patients (A3, A5, A7, A23)."""

import functools
import math
from typing import Any

import numpy as np

from abm.processes.line_panels import PANELS, LinePanel, line_panel
from scenarios.studies.validation import conditions as c
from scenarios.studies.validation import readings as r
from scenarios.studies.validation.context import Context, Tree
from scenarios.studies.validation.row import Kind, Outcome, Row, Tier, ordering
from scenarios.studies.validation.tolerance import Band, proportion

_DOSES = (0.0, 3e-5, 1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2, 0.1, 0.3, 1.0)
_N_AGENTS = 60
_N_PANELS = 3
_PARENT = {"ovarian": "ovcar-8", "t-all": "molt-4"}
"""Line whose other numbers a line of a panel takes over."""
_COLON_PANELS = 10


def panel_cells(panel: LinePanel, index: int, number: int) -> Tree:
    """Return one line of a panel: its doubling time, methylation and copies per volume.

    Volume, Gln addiction and threshold are those of the parent line (assumption A170).
    """
    from abm.processes.cell_lines import CELL_LINES

    line, parent = panel.lines[index], CELL_LINES[_PARENT[panel.name]]
    per_volume = line.asns_set_point / line.volume
    return c.cells(
        parent.line_id,
        number,
        doubling_time=f"{line.doubling_time!r} h",
        methylated_alleles=line.methylated_alleles,
        genotype={"asns_expression": per_volume * parent.volume / parent.asns_set_point},
    )


def correlations(panel: LinePanel, context: Context) -> dict[str, float]:
    """Return r of message and protein with activity (-log IC50) and with the area, by name."""
    half, area = [], []
    for index in range(len(panel.lines)):
        tree = c.dosed(c.well(panel_cells(panel, index, _N_AGENTS), hours=72), _DOSES)
        table = context.read(tree, (72,))
        half.append(min(r.half_doses(table, _DOSES, 72).value, _DOSES[-1]))
        area.append(r.area(table, _DOSES, 72))
    activity = -np.log(half)
    measured = {
        "protein": np.log(panel.record["copies_per_pl"]),
        "mRNA": np.log(panel.record["message"]),
    }
    found = {name: float(np.corrcoef(x, activity)[0, 1]) for name, x in measured.items()}
    return found | {
        f"{name} area": float(np.corrcoef(x, -np.array(area))[0, 1]) for name, x in measured.items()
    }


def a3(context: Context) -> Outcome:
    """Correlation of protein and message with the activity of the drug in 19 virtual lines."""
    found = [
        correlations(line_panel("ovarian", seed), context)
        for seed in range(1, context.n_wells(_N_PANELS) + 1)
    ]
    protein, message, area = (
        r.spread([one[name] for one in found]) for name in ("protein", "mRNA", "protein area")
    )
    text = (
        f"protein r {protein.value:.2f} ({protein.low:.2f} to {protein.high:.2f}), mRNA r "
        f"{message.value:.2f} ({message.low:.2f} to {message.high:.2f}); with the area "
        f"{area.value:.2f}"
    )
    checks = {
        "protein r in -0.85 to -0.28": protein.value in Band(-0.85, -0.28),
        "protein stronger than mRNA": abs(protein.value) > abs(message.value),
    }
    outcome = ordering(text, checks)
    return Outcome(outcome.simulated, protein.low, protein.high, outcome.is_met)


def a5(context: Context) -> Outcome:
    """22 T-ALL lines at 1 U/mL: message at 12 h against the vehicle, and cells left at 72 h."""
    panel = line_panel("t-all")
    alleles = panel.record["methylated_alleles"].astype(int)
    fold, left = [], []
    for index in range(len(panel.lines)):
        tree = c.dosed(c.well(panel_cells(panel, index, 100), hours=72), (0.0, 1.0))
        table = context.read(tree, (12, 72))
        message = r.at(table, 12)["asns_mrna"].to_numpy()
        fold.append(message[1] / message[0])
        left.append(r.series(table, 72, 2)[0, 1])
    groups = {m: alleles == m for m in (0, 1, 2)}
    by_allele = {m: float(np.mean(np.array(fold)[is_m])) for m, is_m in groups.items()}
    trend = float(np.corrcoef(alleles, np.log(np.maximum(left, 1e-3)))[0, 1])
    text = (
        "fold of mRNA "
        + ", ".join(f"{value:.2f} (M {m})" for m, value in by_allele.items())
        + f"; r of methylation and log survival {trend:.2f}"
    )
    checks = {
        "rises without methylation": by_allele[0] > 2.0,
        "rises with one allele": by_allele[1] > 2.0,
        "does not rise with two": by_allele[2] < 1.2,
        "methylated is sensitive": trend < 0.0,
    }
    return ordering(text, checks)


def patch_of_marrow(blasts: Tree, *others: Tree, hours: float, dose: str, seed: int = 1,
                    without: tuple[str, ...] = (), **top: Any) -> Tree:  # fmt: skip
    """Return a small tissue whose vessels carry the plasma of a child on pegaspargase."""
    tree: Tree = {
        "asnsim": 1,
        "environment": {
            "kind": "tissue", "size": ["200 um", "200 um"], "spacing": "20 um",
            "thickness": "10 um", "extracellular_fraction": 0.3,
            "medium": c.medium("human-plasma", without), "species": ["asn", "gln", "glu"],
            "edges": "no-flux", "vessels": {"fraction": 0.05, "exchange_rate": "0.5 1/s"},
        },
        "cells": [blasts, *others],
        "treatment": {
            "patient": {"bsa": "0.79 m2", "age": "6 yr", "sex": "f"},
            "doses": [
                {"product": "pegaspargase", "amount": dose, "route": "iv", "at": ["1 h"]}
            ],
        },
        "time": {"end": f"{hours:g} h", "record": f"{hours:g} h"},
        "stop": [],
        "seed": seed,
    }  # fmt: skip
    return {**tree, **top}


def a7(context: Context) -> Outcome:
    """Message of blasts in a patch of marrow after pegaspargase 1000 IU/m2.

    The patients' methylation is not known: half of the blasts without, half with one methylated
    allele (assumption A172).
    """
    blasts = c.cells("default-blast", 200, methylated_alleles={"0": 0.5, "1": 0.5})
    tree = patch_of_marrow(blasts, hours=97, dose="1000 IU/m2")
    hours = (1, 25, 49, 73, 97)
    table = context.read(tree, hours)
    message = [r.mean(table, hour, "asns_mrna") for hour in hours]
    fold = [value / message[0] for value in message[1:]]
    text = "fold at 24, 48, 72, 96 h: " + ", ".join(f"{value:.2f}" for value in fold)
    checks = {
        "2.5-4.5 at 24 h": fold[0] in Band(2.5, 4.5),
        "2.5-4.5 until 96 h": all(value in Band(2.5, 4.5) for value in fold[1:]),
    }
    outcome = ordering(text, checks)
    return Outcome(outcome.simulated, min(fold), max(fold), outcome.is_met)


@functools.cache
def _colon_shares() -> tuple[r.Spread, r.Spread]:
    shares: dict[bool, list[float]] = {True: [], False: []}
    for seed in range(1, _COLON_PANELS + 1):
        record = line_panel("colon", seed).record
        for is_mutant, values in shares.items():
            values.append(
                float(record["is_asns_high"][record["is_kras_mutant"] == is_mutant].mean())
            )
    return r.spread(shares[True]), r.spread(shares[False])


def a23(context: Context) -> Outcome:
    """Share of ASNS-high lines in panels of 93 colon tumours, by KRAS."""
    mutant, wild = _colon_shares()
    n_wild = round((1.0 - PANELS["colon"][1].kras_mutant_share) * PANELS["colon"][0])
    text = (
        f"mutant {100 * mutant.value:.0f} % ({100 * mutant.low:.0f}-{100 * mutant.high:.0f}), wild "
        f"type {100 * wild.value:.0f} % ({100 * wild.low:.0f}-{100 * wild.high:.0f})"
    )
    checks = {
        "mutant above 70 %": mutant.value > 0.7,
        "wild type 30 %": wild.value in proportion(math.floor(0.3 * n_wild), n_wild),
    }
    outcome = ordering(text, checks)
    return Outcome(outcome.simulated, mutant.low, mutant.high, outcome.is_met)


ROWS: tuple[Row, ...] = (
    Row(
        id="A3", title="ASNS protein and mRNA against activity in 19 ovarian lines", tier=Tier.T3,
        kind=Kind.VALIDATION, is_gated=True,
        published="protein r -0.65 (n = 19), mRNA -0.21 and -0.39",
        tolerance="95 % interval of n = 19, -0.85 to -0.28; protein stronger than mRNA",
        source="Lorenzi 2008 MCT 7:3123", run=a3, group="ovarian panel", is_long=True,
        mechanisms=("S9", "S25"),
    ),
    Row(
        id="A5", title="T-ALL lines: methylation, induction of ASNS and sensitivity", tier=Tier.T3,
        kind=Kind.CALIBRATION, is_gated=True,
        published="mRNA rises when weakly methylated, not when highly; methylated is sensitive",
        tolerance="> 2-fold for 0 and 1 allele, < 1.2 for 2", source="Akahane 2022 Blood Adv 6:212",
        run=a5, group="t-all panel", mechanisms=("S1", "S7"),
    ),
    Row(
        id="A7", title="ASNS mRNA of blasts in vivo after pegaspargase 1000 IU/m2", tier=Tier.T3,
        kind=Kind.CALIBRATION, is_gated=False, published="3.5-fold within 24 h, then flat for 4 d",
        tolerance="2.5-4.5 from 24 to 96 h", source="Appel 2006 Blood 107:4244", run=a7,
        group="tissue", mechanisms=("S1", "S8"),
    ),
    Row(
        id="A23", title="ASNS-high share of colon tumours by KRAS", tier=Tier.T3,
        kind=Kind.CALIBRATION, is_gated=True, published="> 70 % of mutant, 30 % of wild type",
        tolerance="> 70 %; binomial 95 % interval", source="source 004; Toda 2016", run=a23,
        group="t-all panel", mechanisms=("S12",),
    ),
)  # fmt: skip
