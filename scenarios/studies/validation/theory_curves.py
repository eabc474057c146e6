"""T1: kinetics, kill, induction and combination indices against closed forms."""

import math
from typing import Any

import numpy as np

from abm.kernels.cell_layout import CellState
from abm.pharmacology.kinetics import one_compartment, rate_of_half_life
from abm.pharmacology.products import PRODUCTS, Patient, Sex
from abm.pharmacology.regimen import Amount, AmountKind, Dose, Regimen, Route
from abm.processes.cell_lines import cell_line
from abm.processes.cell_parameters import CellParameters
from abm.processes.cell_vector import CellSwitches, parameter_vector
from abm.processes.equilibrium import RPMI_1640, rough_state, run_clamped
from analysis.dose_response import (
    bliss_effect,
    combination_index,
    cumulative_kill,
    dose_for_effect,
    fraction_affected,
    static_dose,
    time_above,
    viability_half_dose,
)
from scenarios.studies.validation.row import Outcome, Row
from scenarios.studies.validation.theory_cases import deviation, theory_row

_DAY_H = 24.0
_TICKS_PER_DAY = 1440
_REL = 1e-3


def _c14a(entry: dict[str, Any]) -> Outcome:
    params, expected = entry["params"], entry["expected"]
    body = one_compartment(clearance=rate_of_half_life(params["t_half_elim_d"]), volume=1.0)
    absorption = rate_of_half_life(params["t_half_abs_d"])
    days = np.array([expected["tmax_d"], 1.0, 2.0, 3.0])
    curve = body.absorbed(days, absorption)
    grid = np.linspace(0.0, 3.0, 300_001)
    found = dict(zip(("cmax", "c_1d", "c_2d", "c_3d"), curve.tolist(), strict=True))
    found["tmax_d"] = float(grid[np.argmax(body.absorbed(grid, absorption))])
    found["auc"] = body.exposure()
    return deviation(found, expected, _REL)


def _c14b(entry: dict[str, Any]) -> Outcome:
    params = entry["params"]
    body = one_compartment(clearance=rate_of_half_life(params["t_half_d"] * _DAY_H), volume=1.0)
    length, gap = params["infusion_h"], params["interval_d"] * _DAY_H
    end, week, fortnight = body.infusion(np.array([length, 7 * _DAY_H, gap]), length)
    many = body.infusion(length + gap * np.arange(40), length).sum()
    found = {
        "c_end_inf": end,
        "c_7d": week,
        "c_14d": fortnight,
        "trough_after_3": body.infusion(gap * np.arange(1, 4), length).sum(),
        "accumulation_inf": many / end,
        "auc_per_dose": body.exposure() / _DAY_H,
    }
    return deviation({name: float(value) for name, value in found.items()}, entry["expected"], _REL)


def _c14c(entry: dict[str, Any]) -> Outcome:
    """Preset ``bfm`` of pegaspargase through a regimen of a child of 0.79 m2."""
    dose = Dose(
        product=PRODUCTS["pegaspargase"], amount=Amount(2500.0, AmountKind.PER_SURFACE_AREA),
        route=Route.IV, tick=0, preset="bfm",
    )  # fmt: skip
    child = Patient(bsa=entry["params"]["BSA"], age=6.0, sex=Sex.MALE)
    regimen = Regimen([dose], n_ticks=36 * _TICKS_PER_DAY, patient=child).give_all()
    found = {}
    for name in entry["expected"]:
        _, day, *rest = name.split("_")
        if day.isdigit():
            found[name] = regimen.activity(int(day) * _TICKS_PER_DAY) * 1e3
        else:
            is_below = regimen.curve() < float(rest[0]) * 1e-3
            found[name] = float(np.argmax(is_below)) / _TICKS_PER_DAY
    return deviation(found, entry["expected"], _REL)


def _c15(entry: dict[str, Any]) -> Outcome:
    params, expected = entry["params"], entry["expected"]
    rate = rate_of_half_life(params["t_half_d"])
    kill = cumulative_kill(
        [14.0, 28.0, math.inf], params["kmax_per_d"], rate, params["C0"], params["EC50"]
    )
    found = dict(zip(("nats_14d", "nats_28d", "nats_inf"), kill.tolist(), strict=True))
    found["log10_kill_inf"] = found["nats_inf"] / math.log(10.0)
    found["days_above_EC50"] = time_above(params["C0"], params["EC50"], rate)
    return deviation(found, expected, _REL)


def _c16(entry: dict[str, Any]) -> Outcome:
    params = entry["params"]
    hours = [24, 48, 72, 96, 120]
    half = viability_half_dose(hours, params["kmax_per_h"], params["K"])
    found = {f"IC50_over_K_T{h}h": float(v) for h, v in zip(hours, half, strict=True)}
    found["GR50_static_conc_over_K"] = static_dose(
        math.log(2.0) / 48.0, params["kmax_per_h"], params["K"]
    )
    return deviation(found, entry["expected"], 0.02)


def _c17(entry: dict[str, Any]) -> Outcome:
    """The message is produced 3.5-fold from time 0, everything upstream held where it is."""
    params = entry["params"]
    line = cell_line("default-blast").replaced({"doubling_time": "1e9 h", "p53_wild_type": 0.0})
    numbers = CellParameters(
        asns_mrna_half_life=params["mRNA_half_life_h"],
        asns_half_life=params["protein_half_life_h"],
        atf4_mtorc1_share=0.0,
        asns_translation_spared=1.0,
    )
    switches = CellSwitches(gcn2=0.0, basal_message=params["step_fold"])
    vector = parameter_vector(numbers, line, 1e-12, switches)
    state = rough_state(line, numbers, [0], [1.0])
    state[[CellState.EIF2A_P, CellState.ATF4, CellState.P53]] = [[0.05], [1.0], [0.0]]
    found, hours = {}, 0
    for until in (3, 6, 12, 24, 48, 96):
        run_clamped(state, vector, RPMI_1640, until - hours, [0], [1.0])
        hours = until
        found[f"mRNA_{until}h"] = float(state[CellState.ASNS_MRNA, 0])
        found[f"protein_{until}h"] = float(state[CellState.ASNS, 0]) / line.asns_set_point
    del found["mRNA_96h"]
    return deviation(found, entry["expected"], _REL)


def _c28(entry: dict[str, Any]) -> Outcome:
    params, expected = entry["params"], entry["expected"]
    median, slope = params["Dm"], params["m"]
    doses = (params["D1"], params["D2"])
    first, second = fraction_affected(doses, median, slope)
    together = float(fraction_affected(sum(doses), median, slope))
    alone = float(dose_for_effect(together, median, slope))
    found = {
        "fa_D1": float(first),
        "fa_D2": float(second),
        "fa_combined": together,
        "CI": combination_index(doses, (alone, alone)),
        "Bliss_prediction": float(bliss_effect(first, second)),
        "IC50": float(dose_for_effect(0.5, median, slope)),
        "IC90": float(dose_for_effect(0.9, median, slope)),
    }
    return deviation(found, expected, 1e-6)


ROWS: tuple[Row, ...] = (
    theory_row("C14a", _c14a, "curves", published="peak 0.5504 at 0.5600 d, area 0.9378",
               tolerance="rel 1e-3"),
    theory_row("C14b", _c14b, "curves", published="trough after three doses 0.2245",
               tolerance="rel 1e-3"),
    theory_row("C14c", _c14c, "curves", published="1132 IU/L at day 0, 699 at 14, 159 at 25",
               tolerance="rel 1e-3"),
    theory_row("C15", _c15, "curves", published="5.599 nats in 14 d, 9.911 for ever",
               tolerance="rel 1e-3"),
    theory_row("C16", _c16, "curves", published="IC50/K 0.406 at 48 h, 0.238 at 72 h",
               tolerance="2 %"),
    theory_row("C17", _c17, "curves", published="mRNA 3.344 and protein 1.885 at 24 h",
               tolerance="rel 1e-3"),
    theory_row("C28", _c28, "curves", published="CI = 1", tolerance="1e-6"),
)  # fmt: skip
