"""Inhibitors and knock-downs, and the parameter vector that the cell kernels read."""

import dataclasses
import math

import numpy as np
from numpy.typing import NDArray

from abm.kernels.cell_layout import N_PARAMETER, CellParameter
from abm.parameters import ParameterSet, parameter
from abm.processes.cell_lines import CellLine
from abm.processes.cell_parameters import CellParameters

COPIES_PER_UM_PL = 6.022e5
"""Molecules in 1 pL at 1 uM (Avogadro number 6.022e23)."""

P53_MAXIMAL_GAIN = 4.0
"""p53 is made at P53_MAXIMAL_GAIN * p53_induction * K^2, K <= 1 being AMPK activity."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class CellSwitches(ParameterSet):
    """Inhibitors (0 = none, 1 = full) and knock-downs (1 = none) that act on every cell."""

    gcn2: float = parameter(1.0, high=1.0, source="Nakamura 2018 PNAS (inhibitor: 0.1)")
    """Activity of GCN2."""
    er_stress: float = parameter(0.0, high=1.0, source="assumption A19")
    """Stress of the endoplasmic reticulum, an input of PERK (S18)."""
    chloroquine: float = parameter(0.0, high=1.0, source="Takahashi 2017 (logic); assumption A08")
    """Share of the autophagic return of amino acids that is blocked."""
    asns_inhibitor: float = parameter(0.0, high=1.0, source="Gutierrez 2006 Chem Biol 13:1339")
    """Share of the synthetase that is blocked."""
    akt_inhibitor: float = parameter(0.0, high=1.0, source="Gwinn 2018 (logic)")
    """Share of the RAS/AKT gain of ATF4 that is removed."""
    mek_inhibitor: float = parameter(0.0, high=1.0, source="Pathria 2019 (logic)")
    """Block of MEK; acts on the MAPK share of the line."""
    mso: float = parameter(0.0, high=1.0, source="Chiu 2021 (logic)")
    """Share of glutamine synthetase that is blocked."""
    glutaminase_inhibitor: float = parameter(
        0.0, high=0.99, source="Krall 2016 (CB-839, logic); assumption A19"
    )
    """Share of the Gln-to-Glu flux that is blocked: use of Gln, and Asp made from it."""
    etc_block: float = parameter(0.0, high=1.0, source="Krall 2021 (logic)")
    """Share of Asp production that is lost."""
    rapamycin: float = parameter(0.0, high=1.0, source="Bunpo 2009 (logic)")
    """Share of mTORC1 that is blocked."""
    rag: float = parameter(1.0, high=1.0, source="Jewell 2015 (logic)")
    """Rag arm of mTORC1."""
    arf: float = parameter(1.0, high=1.0, source="Jewell 2015, Meng 2020 (logic)")
    """Arf1 arm of mTORC1."""
    growth_factor: float = parameter(1.0, high=1.0, source="assumption A19")
    """Growth factors, on mTORC1."""
    basal_message: float = parameter(1.0, source="assumption A19")
    """Basal message of the synthetase left by a knock-down."""
    induced_message: float = parameter(1.0, source="assumption A19")
    """Induced message of the synthetase left by a knock-down."""
    threshold_divisor: float = parameter(
        1.0, low=0.1, high=10.0, source="IJMS 2024;25:13091 (logic); assumption A19"
    )
    """Divides the threshold of death (venetoclax: above 1)."""
    dilution: float = parameter(1.0, high=1.0, source="assumption A20")
    """1: cells grow in size and dilute their pools; 0: size and dilution off."""


def parameter_vector(
    parameters: CellParameters,
    line: CellLine,
    translation_rate: float,
    switches: CellSwitches | None = None,
) -> NDArray[np.float64]:
    """Return the vector ``float64[N_PARAMETER]`` that the cell kernels take.

    ``translation_rate`` is k_s [1/h] of the line, see
    :func:`abm.processes.equilibrium.solve_translation_rate`. Entries stand as
    :class:`abm.kernels.cell_layout.CellParameter` says.
    """
    switches = switches or CellSwitches()
    vector = np.zeros(N_PARAMETER)
    for field in dataclasses.fields(parameters):
        entry = CellParameter.__members__.get(field.name.upper())
        if entry is not None:
            vector[entry] = getattr(parameters, field.name)
    for name, value in _derived(parameters, line, switches).items():
        vector[CellParameter[name]] = value
    vector[CellParameter.TRANSLATION_RATE] = translation_rate
    basal = (1.0, parameters.message_one_methylated, parameters.message_two_methylated)
    induced = (1.0, parameters.induction_one_methylated, parameters.induction_two_methylated)
    for alleles in range(3):
        vector[CellParameter.BASAL_MESSAGE + alleles] = basal[alleles] * switches.basal_message
        vector[CellParameter.INDUCED_MESSAGE + alleles] = (
            induced[alleles] * switches.induced_message
        )
    return vector


def _derived(
    parameters: CellParameters, line: CellLine, switches: CellSwitches
) -> dict[str, float]:
    """Numbers that the kernel needs and that follow from parameters, line and switches."""
    basal_loss = _own(line.proteolysis_basal, parameters.proteolysis_basal)
    starved_loss = _own(line.proteolysis_starved, parameters.proteolysis_starved)
    unautophagic = parameters.proteolysis_unautophagic_share * basal_loss
    doubling_rate = math.log(2.0) / line.doubling_time
    turnover = parameters.synthetase_turnover * parameters.synthetase_atp_saturation
    glutaminase = 1.0 - switches.glutaminase_inhibitor
    p53_target = P53_MAXIMAL_GAIN * parameters.p53_induction * parameters.p53_half_life
    return {
        "VOLUME": line.volume,
        "REPLETE_SYNTHESIS": doubling_rate + basal_loss,
        "SYNTHETASE_CAPACITY": turnover
        * (1.0 - switches.asns_inhibitor)
        / (COPIES_PER_UM_PL * line.volume),
        "GS_CAPACITY": line.gs_capacity * (1.0 - switches.mso),
        "GLN_CATABOLISM": parameters.gln_catabolism * glutaminase,
        "GLUTAMINASE": glutaminase,
        "GLN_PER_GLU": 1.0 / parameters.gln_catabolism,
        "ASP_PRODUCTION": parameters.asp_production * (1.0 - switches.etc_block),
        "ASP_GLN_SHARE": line.gln_addiction,
        "SERINE_SYNTHESIS": line.serine_synthesis,
        "PROTEOLYSIS_BASAL": unautophagic,
        "PROTEOLYSIS_AUTOPHAGIC": starved_loss - unautophagic,
        "AUTOPHAGY_RETURNED": 1.0 - switches.chloroquine,
        "GCN2": switches.gcn2,
        "ER_STRESS": switches.er_stress,
        "ATF4_BASAL": 1.0 + line.ras_gain,
        "ATF4_DRIVE": 1.0 + line.ras_gain * (1.0 - switches.akt_inhibitor),
        "ATF4_INDUCTION": parameters.atf4_induction
        * (1.0 - line.mapk_share * switches.mek_inhibitor),
        "ASNS_SET_POINT": line.asns_set_point,
        "ASNS_SYNTHESIS": math.log(2.0) / parameters.asns_half_life + doubling_rate,
        "RAG": switches.rag,
        "ARF": switches.arf,
        "MTORC1_CEILING": switches.growth_factor * (1.0 - switches.rapamycin),
        "P53_INDUCTION": p53_target / math.log(2.0) * line.p53_wild_type,
        "DEATH_THRESHOLD": line.death_threshold / switches.threshold_divisor,
        "DILUTION": switches.dilution,
    }


def _own(value: float | None, default: float) -> float:
    return default if value is None else value
