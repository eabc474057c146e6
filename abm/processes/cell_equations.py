"""The mechanistic cell, written once as text: rules, reactions, rates, and where symbols come from.

``tools/generate_cell.py`` reads this table and writes the numbered equations of
docs/cell-equations.md and the antimony source of ``asnsim sbml``; a test holds the kernel, which is
written by hand for speed, against it (:func:`sympy.lambdify` of the very same text). Expressions
are arithmetic in the symbols below, with ``min``, ``max``, ``**`` with whole numbers, and
``positive(x)`` for max(x, 0). Concentrations in uM, time in h, volume in pL.
"""

import math
from collections.abc import Callable
from typing import NamedTuple

from abm.processes.cell_lines import CellLine
from abm.processes.cell_parameters import CellParameters
from abm.processes.cell_vector import COPIES_PER_UM_PL, P53_MAXIMAL_GAIN, CellSwitches


class Variable(NamedTuple):
    """A state: symbol, unit ('' = dimensionless) and meaning."""

    symbol: str
    unit: str
    meaning: str


class Rule(NamedTuple):
    """``symbol = expression``; the heading opens a new block of equations."""

    symbol: str
    expression: str
    unit: str
    meaning: str
    heading: str = ""


class Reaction(NamedTuple):
    """A named flux between pools and medium, ``rate`` in uM/h of cell volume.

    ``change`` gives the stoichiometry of the free pools, ``medium`` that of the medium.
    """

    name: str
    change: dict[str, float]
    rate: str
    meaning: str
    medium: str = ""


class Rate(NamedTuple):
    """``d symbol/dt = expression`` [unit of the state per h]."""

    symbol: str
    expression: str


class Constant(NamedTuple):
    """A parameter: symbol, unit, name in docs/parameters.md, and its value."""

    symbol: str
    unit: str
    name: str
    value: Callable[[CellParameters, CellLine, CellSwitches], float]


POOLS = (
    Variable("N", "uM", "free asparagine"),
    Variable("Q", "uM", "free glutamine"),
    Variable("D", "uM", "free aspartate"),
    Variable("E", "uM", "free essential amino acids (Leu, Arg, His)"),
)
"""Free pools; they change by reactions."""

SIGNALS = (
    Variable("P", "", "eIF2a-P"),
    Variable("A", "", "ATF4, fold of basal"),
    Variable("m", "", "message of the synthetase, fold"),
    Variable("Z", "", "asparagine synthetase, copies"),
    Variable("T", "", "mTORC1 activity"),
    Variable("K", "", "AMPK activity"),
    Variable("p", "", "active p53"),
    Variable("G", "", "autophagy"),
    Variable("C", "", "CHOP"),
    Variable("L", "", "short-lived survival protein"),
    Variable("X", "", "anaplerotic stress"),
    Variable("Y", "", "commitment to death"),
    Variable("GS", "", "glutamine synthetase, fold"),
    Variable("B", "", "reserve of biomass"),
    Variable("M", "", "size; 1 at birth, divides near 2"),
)
"""States with a rate of their own."""

MEDIUM = (
    Variable("No", "uM", "asparagine outside"),
    Variable("Qo", "uM", "glutamine outside"),
    Variable("Go", "uM", "glutamate outside"),
    Variable("Eo", "uM", "essential amino acids outside"),
    Variable("So", "uM", "serine outside"),
    Variable("g", "uM", "glucose outside"),
    Variable("o", "uM", "oxygen outside"),
)
"""What the cell sees of its medium."""

RULES = (
    Rule("h_S", "min(1, (So/(K_S + So) + s_S)/(S_0/(K_S + S_0) + s_S))", "",
         "factor of synthesis by serine", "Surroundings"),
    Rule("perk", "max(er, max(0, max(1 - g/(2*K_g), 1 - o/(2*K_o))))", "", "input of PERK"),
    Rule("e_o", "Eo/(K_Eo + Eo)", "", "saturation with essential amino acids"),
    Rule("J_N", "V_N*No/(No + K_N*(1 + Qo/K_Qo))/(1 + N/K_iN)", "uM/h", "uptake of Asn",
         "Exchange with the medium"),
    Rule("J_Q", "V_Q*Qo/(Qo + K_Qo*(1 + No/K_N))/(1 + Q/K_iQ)", "uM/h", "uptake of Gln"),
    Rule("J_G", "V_Gl*Go/(Go + K_Gl)", "uM/h", "uptake of Glu into anaplerosis"),
    Rule("x", "V_ex*e_o/(K_ex + N + w_Q*Q)", "1/h", "exchange"),
    Rule("J_E", "s_0*V_E*e_o + s_E*x*(N + w_Q*Q)", "uM/h", "uptake of essential amino acids"),
    Rule("u", "K_t**2/(K_t**2 + N**2)", "", "share of uncharged tRNA-Asn", "Synthesis and growth"),
    Rule("u_E", "K_tE**2/(K_tE**2 + E**2)", "", "the same for essential amino acids"),
    Rule("tr", "min(1, T/T_0)", "", "translation allowed by mTORC1"),
    Rule("Pp", "positive(P - P_0)", "", "eIF2a-P above basal"),
    Rule("v", "k_s*h_S*N/(K_sN + N)*E/(K_sE + E)*Q/(K_sQ + Q)*D/(K_sD + D)"
         "*(f_T + (1 - f_T)*tr)*(1 - b_P*Pp/(1 - P_0))*(f_p + (1 - f_p)/(1 + (p/K_p)**4))", "1/h",
         "protein synthesis"),
    Rule("k_d", "k_1 + k_2*G", "1/h", "loss of protein"),
    Rule("k_r", "k_1 + k_2*G*(1 - cq)", "1/h", "return of amino acids"),
    Rule("v_r", "min(1, v/v_0)", "", "synthesis relative to a replete cell"),
    Rule("v_n", "v - f_c*positive(v - k_d)", "1/h", "synthesis in the room that is left"),
    Rule("mu", "v_n - k_d", "1/h", "net growth of protein"),
    Rule("rho", "positive(mu)*min(1, B/B_1)", "1/h", "growth of size"),
    Rule("J_a", "k_a*Z*D/(K_D + D)*Q/(K_Qa + Q)/(1 + N/K_i)", "uM/h", "asparagine synthetase",
         "Pools"),
    Rule("Q_e", "(1 - gls)*Q + J_G/k_Q", "uM", "Gln, and Glu in its place"),
    Rule("J_D", "j_D*(1 - etc)*((1 - a_Q) + a_Q*Q_e/(K_DQ + Q_e)*(K_DQ + Q_0)/Q_0)", "uM/h",
         "supply of Asp"),
    Rule("H", "F_m*A**2/(K_A**2 + A**2)", "", "ATF4 at the promoter", "Stress response and ASNS"),
    Rule("act", "(1 + H)/(1 + F_m*A_b**2/(K_A**2 + A_b**2))", "", "activity of the promoter"),
    Rule("message",
         "(beta_m*min(act, 1) + gamma_m*positive(act - 1))/(1 + w_p*positive(p - p_1))", "",
         "message that the promoter makes"),
    Rule("R", "rag*(E + w_QR*Q)**3/(K_R**3 + (E + w_QR*Q)**3)", "", "Rag arm",
         "mTORC1 and death"),
    Rule("A_r", "arf*(N + w_s*Q)**3/(K_Ar**3 + (N + w_s*Q)**3)", "", "Arf1 arm"),
    Rule("T_target", "GF*(1 - (1 - w_R*R)*(1 - w_A*A_r))*(1 - k_TK*K)"
         "/(1 + k_Ses*positive(A/A_b - 1))", "", "mTORC1 that the inputs ask for"),
    Rule("S", "(w_C*(C - 1) + w_L*positive(L_0 - L) + w_S*u*v_r + w_X*X)/theta", "",
         "stress that commits to death"),
    Rule("h", "h_0 + h_max*Y**5/(1 + Y**5) + h_B*positive((B_min - B)/B_min)", "1/h",
         "hazard of death"),
)  # fmt: skip
"""Assignments in the order of evaluation."""

REACTIONS = (
    Reaction("asn_uptake", {"N": 1}, "J_N", "Asn in", "No"),
    Reaction("asn_export", {"N": -1}, "(x + k_L)*N", "Asn out, by exchange and leak", "No"),
    Reaction("asparagine_synthetase", {"Q": -1, "D": -1, "N": 1}, "J_a",
             "Asp + Gln + ATP -> Asn + Glu + AMP + PPi"),
    Reaction("asn_to_protein", {"N": -1}, "P_N*v_n", "Asn into protein"),
    Reaction("asn_from_protein", {"N": 1}, "P_N*k_r", "Asn out of protein"),
    Reaction("gln_uptake", {"Q": 1}, "J_Q", "Gln in", "Qo"),
    Reaction("gln_export", {"Q": -1}, "x*w_Q*Q", "Gln out, by exchange", "Qo"),
    Reaction("glutamine_synthetase", {"Q": 1}, "V_GS*GS", "Gln made"),
    Reaction("gln_catabolism", {"Q": -1}, "k_Q*(1 - gls)*Q", "Gln used otherwise"),
    Reaction("gln_to_protein", {"Q": -1}, "P_Q*v_n", "Gln into protein"),
    Reaction("gln_from_protein", {"Q": 1}, "P_Q*k_r", "Gln out of protein"),
    Reaction("asp_supply", {"D": 1}, "J_D", "Asp made, in part from Gln"),
    Reaction("asp_use", {"D": -1}, "k_D*D", "Asp used otherwise"),
    Reaction("eaa_uptake", {"E": 1}, "J_E", "essential amino acids in", "Eo"),
    Reaction("eaa_loss", {"E": -1}, "k_E*E", "essential amino acids used otherwise"),
    Reaction("eaa_to_protein", {"E": -1}, "P_E*v_n", "essential amino acids into protein"),
    Reaction("eaa_from_protein", {"E": 1}, "P_E*k_r", "essential amino acids out of protein"),
    Reaction("asn_dilution", {"N": -1}, "dilution*rho*N", "dilution by growth"),
    Reaction("gln_dilution", {"Q": -1}, "dilution*rho*Q", "dilution by growth"),
    Reaction("asp_dilution", {"D": -1}, "dilution*rho*D", "dilution by growth"),
    Reaction("eaa_dilution", {"E": -1}, "dilution*rho*E", "dilution by growth"),
)  # fmt: skip
"""Every flux of the free pools."""

RATES = (
    Rate("P", "(P_0 + (1 - P_0)*min(1, gcn2*(u + u_E - u*u_E) + perk) - P)/tau_P"),
    Rate("A", "d_A*(A_d*(1 + F_A*Pp**2/(K_PA**2 + Pp**2))*(1 - w_mT*(1 - tr)) - A)"),
    Rate("m", "d_m*(message - m)"),
    Rate("Z", "z_0*m*(s + (1 - s)*v_r) - (d_Z*(1 - w_U*perk) + positive(mu))*Z"),
    Rate("T", "(T_target - T)/tau_T"),
    Rate("K", "((D/K_kD)/(1 + D/K_kD + N/K_kN) - K)/tau_K"),
    Rate("p", "d_p*(p_K*K**2 - p)"),
    Rate("G", "(G_0 + (1 - G_0)*min(1, positive(g_G*(1 - tr))) - G)/tau_G"),
    Rate("C", "d_C*(1 + c_P*Pp*(c_0 + c_A*min(A/(c_S*A_b), c_1)) + c_p*p - C)"),
    Rate("L", "(v_r - L)/tau_L"),
    Rate("X", "(K_X**2/(K_X**2 + D**2) - X)/tau_X"),
    Rate("Y", "(S - Y)/tau_Y"),
    Rate("GS", "(1 + g_GS*K_GS**2/(K_GS**2 + Q**2) - GS)/tau_GS"),
    Rate("B", "min(mu, 0)*B + step(mu)*k_B*(1 - B)"),
    Rate("M", "dilution*rho*M"),
)
"""Rates of the signals; ``step(x)`` is 1 where x >= 0, else 0."""


def _field(symbol: str, unit: str, name: str) -> Constant:
    return Constant(symbol, unit, name, lambda p, line, s: float(getattr(p, name)))


def _line(symbol: str, unit: str, name: str) -> Constant:
    return Constant(symbol, unit, f"line.{name}", lambda p, line, s: float(getattr(line, name)))


def _switch(symbol: str, name: str) -> Constant:
    return Constant(symbol, "", f"switches.{name}", lambda p, line, s: float(getattr(s, name)))


def _decay(symbol: str, name: str) -> Constant:
    return Constant(
        symbol, "1/h", f"ln 2 / {name}", lambda p, line, s: math.log(2.0) / float(getattr(p, name))
    )


def _proteolysis(p: CellParameters, line: CellLine) -> tuple[float, float]:
    basal = p.proteolysis_basal if line.proteolysis_basal is None else line.proteolysis_basal
    starved = (
        p.proteolysis_starved if line.proteolysis_starved is None else line.proteolysis_starved
    )
    return basal, starved


def _message(p: CellParameters, line: CellLine, kind: str) -> float:
    names = ("", f"{kind}_one_methylated", f"{kind}_two_methylated")
    return (
        1.0 if line.methylated_alleles == 0 else float(getattr(p, names[line.methylated_alleles]))
    )


CONSTANTS = (
    _field("P_N", "uM", "asn_in_protein"),
    _field("P_Q", "uM", "gln_in_protein"),
    _field("P_E", "uM", "eaa_in_protein"),
    _field("V_N", "uM/h", "asn_uptake_capacity"),
    _field("V_Q", "uM/h", "gln_uptake_capacity"),
    _field("V_Gl", "uM/h", "glu_uptake_capacity"),
    _field("V_E", "uM/h", "eaa_uptake_capacity"),
    _field("s_0", "", "eaa_facilitated_share"),
    _field("K_N", "uM", "asn_half_saturation"),
    _field("K_Qo", "uM", "gln_half_saturation"),
    _field("K_Gl", "uM", "glu_half_saturation"),
    _field("K_Eo", "uM", "eaa_half_saturation"),
    _field("K_iN", "uM", "asn_trans_inhibition"),
    _field("K_iQ", "uM", "gln_trans_inhibition"),
    _field("V_ex", "uM/h", "exchange_capacity"),
    _field("K_ex", "uM", "exchange_half_saturation"),
    _field("w_Q", "", "gln_exchange_weight"),
    _field("s_E", "", "eaa_per_exchange"),
    _field("k_L", "1/h", "asn_leak"),
    _field("k_E", "1/h", "eaa_loss"),
    _field("K_D", "uM", "synthetase_asp_half_saturation"),
    _field("K_Qa", "uM", "synthetase_gln_half_saturation"),
    _field("K_i", "uM", "synthetase_product_inhibition"),
    Constant(
        "k_a", "uM/h", "synthetase_turnover, synthetase_atp_saturation, line.volume",
        lambda p, line, s: p.synthetase_turnover * p.synthetase_atp_saturation
        * (1.0 - s.asns_inhibitor) / (COPIES_PER_UM_PL * line.volume),
    ),
    _field("k_Q", "1/h", "gln_catabolism"),
    _field("g_GS", "", "gs_induction"),
    _field("K_GS", "uM", "gs_half_gln"),
    _field("tau_GS", "h", "gs_time"),
    Constant(
        "V_GS", "uM/h", "line.gs_capacity, switches.mso",
        lambda p, line, s: line.gs_capacity * (1.0 - s.mso),
    ),
    _field("j_D", "uM/h", "asp_production"),
    _field("k_D", "1/h", "asp_use"),
    _field("K_DQ", "uM", "asp_half_gln"),
    _field("Q_0", "uM", "asp_reference_gln"),
    _line("a_Q", "", "gln_addiction"),
    _field("K_sN", "uM", "translation_half_asn"),
    _field("K_sQ", "uM", "translation_half_gln"),
    _field("K_sD", "uM", "translation_half_asp"),
    _field("K_sE", "uM", "translation_half_eaa"),
    _field("b_P", "", "translation_loss_by_eif2a_p"),
    _field("f_T", "", "translation_without_mtorc1"),
    _field("f_p", "", "translation_under_p53"),
    _field("K_p", "", "translation_half_p53"),
    Constant(
        "k_1", "1/h", "proteolysis_basal, proteolysis_unautophagic_share",
        lambda p, line, s: p.proteolysis_unautophagic_share * _proteolysis(p, line)[0],
    ),
    Constant(
        "k_2", "1/h", "proteolysis_starved, proteolysis_basal, proteolysis_unautophagic_share",
        lambda p, line, s: _proteolysis(p, line)[1]
        - p.proteolysis_unautophagic_share * _proteolysis(p, line)[0],
    ),
    Constant(
        "v_0", "1/h", "line.doubling_time, proteolysis_basal",
        lambda p, line, s: math.log(2.0) / line.doubling_time + _proteolysis(p, line)[0],
    ),
    _field("k_B", "1/h", "reserve_refill"),
    _field("B_1", "", "reserve_full"),
    _field("K_S", "uM", "serine_half_saturation"),
    _field("S_0", "uM", "serine_reference"),
    _line("s_S", "", "serine_synthesis"),
    _field("K_g", "uM", "perk_half_glucose"),
    _field("K_o", "uM", "perk_half_oxygen"),
    _field("K_t", "uM", "half_charging"),
    _field("K_tE", "uM", "half_charging_eaa"),
    _field("P_0", "", "eif2a_p_basal"),
    _field("tau_P", "h", "eif2a_p_time"),
    Constant(
        "F_A", "", "atf4_induction, line.mapk_share, switches.mek_inhibitor",
        lambda p, line, s: p.atf4_induction * (1.0 - line.mapk_share * s.mek_inhibitor),
    ),
    _field("K_PA", "", "atf4_half_eif2a_p"),
    _field("w_mT", "", "atf4_mtorc1_share"),
    _decay("d_A", "atf4_half_life"),
    Constant("A_b", "", "line.ras_gain", lambda p, line, s: 1.0 + line.ras_gain),
    Constant(
        "A_d", "", "line.ras_gain, switches.akt_inhibitor",
        lambda p, line, s: 1.0 + line.ras_gain * (1.0 - s.akt_inhibitor),
    ),
    _field("F_m", "", "asns_induction"),
    _field("K_A", "", "asns_half_atf4"),
    _field("w_p", "", "asns_p53_repression"),
    _field("p_1", "", "asns_p53_threshold"),
    _decay("d_m", "asns_mrna_half_life"),
    _decay("d_Z", "asns_half_life"),
    _field("w_U", "", "upr_stabilisation"),
    _field("s", "", "asns_translation_spared"),
    Constant(
        "z_0", "1/h", "line.asns_set_point, asns_half_life, line.doubling_time",
        lambda p, line, s: (math.log(2.0) / p.asns_half_life + math.log(2.0) / line.doubling_time)
        * line.asns_set_point,
    ),
    Constant(
        "beta_m", "", "message_one_methylated, message_two_methylated, switches.basal_message",
        lambda p, line, s: _message(p, line, "message") * s.basal_message,
    ),
    Constant(
        "gamma_m", "",
        "induction_one_methylated, induction_two_methylated, switches.induced_message",
        lambda p, line, s: _message(p, line, "induction") * s.induced_message,
    ),
    _field("K_R", "uM", "rag_half_eaa"),
    _field("w_QR", "", "rag_gln_weight"),
    _field("K_Ar", "uM", "arf_half_asn"),
    _field("w_s", "", "arf_gln_weight"),
    _field("w_R", "", "rag_weight"),
    _field("w_A", "", "arf_weight"),
    _field("k_TK", "", "mtorc1_loss_by_ampk"),
    _field("k_Ses", "", "mtorc1_loss_by_sestrin"),
    _field("tau_T", "h", "mtorc1_time"),
    _field("T_0", "", "mtorc1_full"),
    _field("K_kD", "uM", "ampk_half_asp"),
    _field("K_kN", "uM", "ampk_half_asn"),
    _field("tau_K", "h", "ampk_time"),
    Constant(
        "p_K", "", "p53_induction, p53_half_life, line.p53_wild_type",
        lambda p, line, s: P53_MAXIMAL_GAIN * p.p53_induction * p.p53_half_life / math.log(2.0)
        * line.p53_wild_type,
    ),
    _decay("d_p", "p53_half_life"),
    _field("G_0", "", "autophagy_basal"),
    _field("g_G", "", "autophagy_gain"),
    _field("tau_G", "h", "autophagy_time"),
    _decay("d_C", "chop_half_life"),
    _field("c_P", "", "chop_by_eif2a_p"),
    _field("c_0", "", "chop_without_atf4"),
    _field("c_A", "", "chop_by_atf4"),
    _field("c_S", "", "chop_atf4_scale"),
    _field("c_1", "", "chop_atf4_ceiling"),
    _field("c_p", "", "chop_by_p53"),
    _field("tau_L", "h", "survival_time"),
    _field("L_0", "", "survival_threshold"),
    _field("w_C", "", "death_by_chop"),
    _field("w_L", "", "death_by_survival_loss"),
    _field("w_S", "", "death_by_stalling"),
    _field("w_X", "", "death_by_anaplerotic_stress"),
    _field("K_X", "uM", "anaplerotic_half_asp"),
    _field("tau_X", "h", "anaplerotic_time"),
    _field("tau_Y", "h", "commitment_time"),
    _field("h_0", "1/h", "death_basal"),
    _field("h_max", "1/h", "death_maximal"),
    _field("B_min", "", "reserve_minimal"),
    _field("h_B", "1/h", "death_by_wasting"),
    Constant(
        "theta", "", "line.death_threshold, switches.threshold_divisor",
        lambda p, line, s: line.death_threshold / s.threshold_divisor,
    ),
    _switch("gcn2", "gcn2"),
    _switch("er", "er_stress"),
    _switch("cq", "chloroquine"),
    _switch("gls", "glutaminase_inhibitor"),
    _switch("etc", "etc_block"),
    _switch("rag", "rag"),
    _switch("arf", "arf"),
    Constant(
        "GF", "", "switches.growth_factor, switches.rapamycin",
        lambda p, line, s: s.growth_factor * (1.0 - s.rapamycin),
    ),
    _switch("dilution", "dilution"),
)  # fmt: skip
"""Parameters; k_s (solved per line, :mod:`abm.processes.equilibrium`) and f_c, the share of the net
synthesis that crowding takes, come with a cell."""
