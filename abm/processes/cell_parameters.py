"""Numbers of the mechanistic cell that all lines share, in uM and h.

The groups are kept small and are joined in :class:`CellParameters`, so that a scenario overrides
one number by its name, e.g. ``cell.half_charging``. What a line owns (volume, set-point of the
synthetase, threshold of death ...) is in :mod:`abm.processes.cell_lines`. What ``asnsim calibrate
cell`` varies has its number in ``fitted.yaml``.
"""

import dataclasses
from collections.abc import Iterator

from abm.parameters import ParameterRow, ParameterSet, parameter
from abm.processes.fitted import fitted


@dataclasses.dataclass(frozen=True, kw_only=True)
class CompositionParameters(ParameterSet):
    """Amino acids bound in protein, per cell volume."""

    asn_in_protein: float = parameter(49000.0, unit="uM", source="assumption A01")
    """Asn bound in protein."""
    gln_in_protein: float = parameter(64000.0, unit="uM", source="assumption A01")
    """Gln bound in protein."""
    eaa_in_protein: float = parameter(232000.0, unit="uM", source="assumption A01")
    """Leu, Arg and His bound in protein, as one lumped amino acid."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class TransportParameters(ParameterSet):
    """Carriers of the membrane; capacities per cell volume."""

    asn_uptake_capacity: float = parameter(
        fitted("cell.asn_uptake_capacity", "uM/h"), unit="uM/h", source="assumption A02"
    )
    """Uptake of Asn by the shared carrier (ASCT2-like) at full saturation, empty inside."""
    gln_uptake_capacity: float = parameter(30000.0, unit="uM/h", source="assumption A03")
    """Uptake of Gln by the same carrier."""
    glu_uptake_capacity: float = parameter(5000.0, unit="uM/h", source="assumption A04")
    """Uptake of Glu that feeds anaplerosis."""
    eaa_uptake_capacity: float = parameter(20000.0, unit="uM/h", source="assumption A03")
    """Uptake of essential amino acids by carriers that exchange nothing."""
    asn_half_saturation: float = parameter(97.0, unit="uM", source="Pingitore 2013 PMID 23756778")
    """Asn outside at half uptake without Gln; taken equal to that of Gln."""
    gln_half_saturation: float = parameter(97.0, unit="uM", source="Pingitore 2013 PMID 23756778")
    """Gln outside at half uptake without Asn."""
    glu_half_saturation: float = parameter(1400.0, unit="uM", source="assumption A04")
    """Glu outside at half uptake."""
    eaa_half_saturation: float = parameter(
        20.0, unit="uM", low=1e-6, source="Meier 2002 (EMBO J), from memory"
    )
    """Essential amino acids outside at half uptake (LAT1)."""
    asn_trans_inhibition: float = parameter(
        1800.0, unit="uM", low=1.0, source="Pingitore 2013 PMID 23756778"
    )
    """Asn inside that halves the uptake of Asn."""
    gln_trans_inhibition: float = parameter(20000.0, unit="uM", low=1.0, source="assumption A03")
    """Gln inside that halves the uptake of Gln."""
    exchange_capacity: float = parameter(
        fitted("cell.exchange_capacity", "uM/h"), unit="uM/h", source="assumption A02"
    )
    """Exchange of Asn and Gln inside for essential amino acids outside."""
    exchange_half_saturation: float = parameter(
        2000.0, unit="uM", low=1.0, source="Meier 2002 (EMBO J), from memory; assumption A03"
    )
    """Exchangeable amino acids inside at half exchange."""
    gln_exchange_weight: float = parameter(0.15, high=1.0, source="assumption A03")
    """Weight of Gln against Asn in the exchange."""
    asn_leak: float = parameter(fitted("cell.asn_leak", "1/h"), unit="1/h", source="assumption A02")
    """Loss of Asn that needs no amino acid outside (SNAT3/5-like)."""
    eaa_facilitated_share: float = parameter(0.5, high=1.0, source="assumption A03")
    """Share of the essential-amino-acid carriers that works without exchange."""
    eaa_per_exchange: float = parameter(2.5, source="assumption A03")
    """Essential amino acids that come in for one amino acid that is exchanged."""
    eaa_loss: float = parameter(fitted("cell.eaa_loss", "1/h"), unit="1/h", source="assumption A02")
    """Loss of free essential amino acids."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class PrecursorParameters(ParameterSet):
    """Asparagine synthetase as an enzyme, glutamine and aspartate."""

    synthetase_turnover: float = parameter(6120.0, unit="1/h", source="BRENDA EC 6.3.5.4")
    """Asn made by one saturated synthetase (1.7 per second)."""
    synthetase_atp_saturation: float = parameter(0.96, high=1.0, source="assumption A05")
    """Saturation with ATP, 2.5 mM against a half-saturation of 0.1 mM."""
    synthetase_asp_half_saturation: float = parameter(
        600.0, unit="uM", low=1e-6, source="Horowitz and Meister 1972 (JBC), from memory"
    )
    """Asp at half rate."""
    synthetase_gln_half_saturation: float = parameter(
        1000.0, unit="uM", low=1e-6, source="Horowitz and Meister 1972 (JBC), from memory"
    )
    """Gln at half rate."""
    synthetase_product_inhibition: float = parameter(
        fitted("cell.synthetase_product_inhibition", "uM"),
        unit="uM",
        low=1e-6,
        source="assumption A02",
    )
    """Asn that halves the rate."""
    gln_catabolism: float = parameter(7.0, unit="1/h", low=1e-3, source="assumption A03")
    """Use of Gln other than protein, exchange and the synthetase."""
    gs_induction: float = parameter(4.0, source="assumption A06")
    """Rise of glutamine synthetase without Gln, above 1."""
    gs_half_gln: float = parameter(500.0, unit="uM", low=1e-6, source="assumption A06")
    """Gln inside at half induction."""
    gs_time: float = parameter(17.3, unit="h", low=0.1, source="assumption A06")
    """Relaxation time of glutamine synthetase."""
    asp_production: float = parameter(7500.0, unit="uM/h", source="assumption A07")
    """Asp made in replete cells."""
    asp_use: float = parameter(3.0, unit="1/h", low=1e-3, source="assumption A07")
    """Use of Asp other than the synthetase."""
    asp_half_gln: float = parameter(1000.0, unit="uM", low=1e-6, source="assumption A07")
    """Gln (with Glu taken up) at half of the Asp that is made from it."""
    asp_reference_gln: float = parameter(3300.0, unit="uM", low=1.0, source="assumption A07")
    """Gln at which the Asp made from Gln is one."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class GrowthParameters(ParameterSet):
    """Protein synthesis and its loss."""

    proteolysis_basal: float = parameter(
        0.015, unit="1/h", high=0.2, source="Schwanhausser 2011, from memory"
    )
    """Loss of protein in replete cells; a line may own another value."""
    proteolysis_starved: float = parameter(
        0.026, unit="1/h", high=0.2, source="Mortimore review (0.015-0.045); assumption A02"
    )
    """Loss of protein at full autophagy; a line may own another value."""
    proteolysis_unautophagic_share: float = parameter(0.6, high=1.0, source="assumption A08")
    """Share of the basal loss that does not pass through autophagy."""
    translation_half_asn: float = parameter(
        fitted("cell.translation_half_asn", "uM"), unit="uM", low=1e-6, source="assumption A02"
    )
    """Asn at half translation."""
    translation_half_gln: float = parameter(50.0, unit="uM", low=1e-6, source="assumption A03")
    """Gln at half translation."""
    translation_half_asp: float = parameter(95.0, unit="uM", low=1e-6, source="assumption A02")
    """Asp at half growth (nucleotides)."""
    translation_half_eaa: float = parameter(150.0, unit="uM", low=1e-6, source="assumption A03")
    """Essential amino acids at half translation."""
    translation_loss_by_eif2a_p: float = parameter(0.5, high=1.0, source="assumption A09")
    """Translation lost at full eIF2a-P."""
    translation_without_mtorc1: float = parameter(0.75, high=1.0, source="assumption A02")
    """Translation left without mTORC1."""
    translation_under_p53: float = parameter(0.4, high=1.0, source="assumption A10")
    """Translation left at high p53."""
    translation_half_p53: float = parameter(1.5, low=1e-6, source="assumption A10")
    """p53 at half of that loss, exponent 4."""
    protein_minimal: float = parameter(0.1, low=0.01, high=1.0, source="assumption A496")
    """Protein left, over that of a whole cell, below which its breakdown gives back less."""
    reserve_refill: float = parameter(0.2, unit="1/h", source="assumption A11")
    """Rate at which a growing cell refills its reserve of biomass."""
    reserve_full: float = parameter(0.9, low=0.1, high=1.0, source="assumption A11")
    """Reserve below which growth of size slows in proportion."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class StressParameters(ParameterSet):
    """Uncharged tRNA, eIF2a-P, ATF4, and message and protein of the synthetase."""

    half_charging: float = parameter(
        fitted("cell.half_charging", "uM"), unit="uM", low=1e-6, source="assumption A02"
    )
    """Asn at which half of its tRNA is charged, exponent 2."""
    half_charging_eaa: float = parameter(30.0, unit="uM", low=1e-6, source="assumption A09")
    """The same for the essential amino acids."""
    eif2a_p_basal: float = parameter(0.05, high=0.9, source="assumption A09")
    """eIF2a-P of replete cells."""
    eif2a_p_time: float = parameter(0.4, unit="h", low=0.01, source="assumption A09")
    """Relaxation time of eIF2a-P."""
    atf4_induction: float = parameter(9.0, source="assumption A09")
    """Rise of ATF4 at full eIF2a-P, above 1."""
    atf4_half_eif2a_p: float = parameter(
        fitted("cell.atf4_half_eif2a_p"), low=1e-6, source="assumption A02"
    )
    """eIF2a-P above basal at half of that rise, exponent 2."""
    atf4_mtorc1_share: float = parameter(
        0.25, high=1.0, source="Pathria 2019 (logic); assumption A09"
    )
    """Share of the ATF4 translation that needs mTORC1."""
    atf4_half_life: float = parameter(
        0.75, unit="h", low=0.01, source="Lassot 2001, Rutkowski 2006, from memory"
    )
    """Half-life of ATF4."""
    asns_induction: float = parameter(fitted("cell.asns_induction"), source="assumption A02")
    """Rise of the message of the synthetase at full ATF4."""
    asns_half_atf4: float = parameter(
        fitted("cell.asns_half_atf4"), low=1e-6, source="assumption A02"
    )
    """ATF4 at half of that rise, exponent 2."""
    asns_p53_repression: float = parameter(0.5, source="Deng 2020 (logic); assumption A10")
    """Repression of the message by p53 above its threshold."""
    asns_p53_threshold: float = parameter(0.1, source="assumption A10")
    """p53 that does not yet repress."""
    asns_mrna_half_life: float = parameter(6.0, unit="h", low=0.01, source="assumption A12")
    """Half-life of the message."""
    asns_half_life: float = parameter(36.0, unit="h", low=0.1, source="assumption A12")
    """Half-life of the protein without dilution."""
    asns_translation_spared: float = parameter(0.5, high=1.0, source="assumption A12")
    """Share of the translation of this message that a general stop spares."""
    upr_stabilisation: float = parameter(0.5, high=1.0, source="assumption A86")
    """Share of the decay of the protein that full PERK activity stops (S25)."""
    message_one_methylated: float = parameter(0.6, source="assumption A13")
    """Basal message with one methylated allele, against none."""
    message_two_methylated: float = parameter(0.15, source="assumption A13")
    """Basal message with two methylated alleles."""
    induction_one_methylated: float = parameter(0.5, source="assumption A13")
    """Induced part of the message with one methylated allele."""
    induction_two_methylated: float = parameter(0.005, source="assumption A13")
    """Induced part of the message with two methylated alleles."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class SignallingParameters(ParameterSet):
    """mTORC1, AMPK, p53 and autophagy."""

    rag_half_eaa: float = parameter(
        fitted("cell.rag_half_eaa", "uM"), unit="uM", low=1e-6, source="assumption A02"
    )
    """Essential amino acids at half of the Rag arm, exponent 3."""
    arf_half_asn: float = parameter(
        fitted("cell.arf_half_asn", "uM"), unit="uM", low=1e-6, source="assumption A02"
    )
    """Asn (with weighted Gln) at half of the Arf1 arm, exponent 3."""
    arf_gln_weight: float = parameter(0.2, source="assumption A14")
    """Weight of Gln against Asn in the Arf1 arm (Jewell 2015, Meng 2020 for the arm)."""
    rag_gln_weight: float = parameter(
        0.0, source="Jewell 2015: Gln acts without Rag; assumption A88"
    )
    """Weight of Gln in the Rag arm; 0.2 with arf_gln_weight 0 puts Gln on Rag (switch X1)."""
    rag_weight: float = parameter(fitted("cell.rag_weight"), high=1.0, source="assumption A02")
    """mTORC1 that the Rag arm alone reaches."""
    arf_weight: float = parameter(fitted("cell.arf_weight"), high=1.0, source="assumption A02")
    """mTORC1 that the Arf1 arm alone reaches."""
    mtorc1_loss_by_ampk: float = parameter(0.57, high=1.0, source="assumption A14")
    """mTORC1 lost at full AMPK."""
    mtorc1_loss_by_sestrin: float = parameter(0.05, source="Averous 2016 (logic); assumption A14")
    """Loss of mTORC1 per unit of ATF4 above basal."""
    mtorc1_time: float = parameter(0.4, unit="h", low=0.01, source="assumption A14")
    """Relaxation time of mTORC1."""
    mtorc1_full: float = parameter(0.7, low=1e-3, high=1.0, source="assumption A14")
    """mTORC1 from which translation is not limited by it."""
    ampk_half_asp: float = parameter(
        3000.0, unit="uM", low=1e-6, source="Deng 2020 (logic); assumption A15"
    )
    """Asp that binds half of LKB1 and activates it."""
    ampk_half_asn: float = parameter(
        280.0, unit="uM", low=1e-6, source="Deng 2020 (logic); assumption A15"
    )
    """Asn that binds half of LKB1 and inhibits it."""
    ampk_time: float = parameter(0.5, unit="h", low=0.01, source="assumption A15")
    """Relaxation time of AMPK."""
    p53_induction: float = parameter(0.25, unit="1/h", source="assumption A10")
    """Strength with which AMPK raises p53."""
    p53_half_life: float = parameter(4.0, unit="h", low=0.01, source="assumption A10")
    """Half-life of active p53."""
    autophagy_basal: float = parameter(0.29, high=1.0, source="assumption A08")
    """Autophagy of replete cells."""
    autophagy_gain: float = parameter(1.6, source="assumption A02")
    """Rise of autophagy with the loss of mTORC1."""
    autophagy_time: float = parameter(1.1, unit="h", low=0.01, source="assumption A08")
    """Relaxation time of autophagy."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class DeathParameters(ParameterSet):
    """From stress to the hazard of death."""

    chop_half_life: float = parameter(4.0, unit="h", low=0.01, source="Rutkowski 2006, from memory")
    """Half-life of CHOP."""
    chop_by_eif2a_p: float = parameter(3.0, source="assumption A16")
    """Rise of CHOP at full eIF2a-P."""
    chop_without_atf4: float = parameter(
        0.6, high=1.0, source="Jiang 2019 JBC 294:18674 (logic); assumption A16"
    )
    """Share of that rise that needs no ATF4."""
    chop_by_atf4: float = parameter(0.4, source="assumption A16")
    """Share that follows ATF4."""
    chop_atf4_scale: float = parameter(6.0, low=0.1, source="assumption A16")
    """ATF4 (fold of basal) at which that share is reached."""
    chop_atf4_ceiling: float = parameter(1.5, source="assumption A16")
    """Largest multiple of that share."""
    chop_by_p53: float = parameter(0.3, source="assumption A16")
    """Rise of CHOP per unit of p53."""
    survival_time: float = parameter(4.0, unit="h", low=0.01, source="assumption A17")
    """Lifetime of the short-lived survival protein."""
    survival_threshold: float = parameter(0.9, source="assumption A17")
    """Survival protein below which its loss counts."""
    death_by_chop: float = parameter(0.3, source="assumption A17")
    """Weight of CHOP in the stress that commits to death."""
    death_by_survival_loss: float = parameter(0.9, source="assumption A17")
    """Weight of the lost survival protein."""
    death_by_stalling: float = parameter(1.2, source="assumption A17")
    """Weight of translation on uncharged tRNA."""
    death_by_anaplerotic_stress: float = parameter(
        fitted("cell.death_by_anaplerotic_stress"), source="assumption A02"
    )
    """Weight of the anaplerotic stress."""
    anaplerotic_half_asp: float = parameter(
        fitted("cell.anaplerotic_half_asp", "uM"), unit="uM", low=1e-6, source="assumption A02"
    )
    """Asp at half of the anaplerotic stress, exponent 2."""
    anaplerotic_time: float = parameter(4.0, unit="h", low=0.01, source="assumption A17")
    """Relaxation time of the anaplerotic stress."""
    commitment_time: float = parameter(
        fitted("cell.commitment_time", "h"), unit="h", low=0.01, source="assumption A02"
    )
    """Delay between stress and commitment."""
    death_basal: float = parameter(5e-4, unit="1/h", high=1.0, source="assumption A02")
    """Hazard of death of a cell at rest."""
    death_maximal: float = parameter(
        fitted("cell.death_maximal", "1/h"), unit="1/h", high=1.0, source="assumption A02"
    )
    """Hazard added at full commitment, exponent 5."""
    reserve_minimal: float = parameter(0.7, low=1e-3, high=1.0, source="assumption A11")
    """Reserve of biomass below which wasting kills."""
    death_by_wasting: float = parameter(0.03, unit="1/h", high=1.0, source="assumption A11")
    """Hazard added when the reserve is gone."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class MicroenvironmentParameters(ParameterSet):
    """Serine, glucose and oxygen outside the cell."""

    serine_half_saturation: float = parameter(30.0, unit="uM", low=1e-6, source="assumption A85")
    """Serine at half use, a fifth of plasma."""
    serine_reference: float = parameter(150.0, unit="uM", low=1e-6, source="Cantor 2017 (plasma)")
    """Serine from which more does not help."""
    perk_half_glucose: float = parameter(1000.0, unit="uM", low=1e-6, source="assumption A86")
    """Glucose at which PERK is half active, a fifth of plasma; silent from twice as much."""
    perk_half_oxygen: float = parameter(10.0, unit="uM", low=1e-6, source="assumption A86")
    """Oxygen at which PERK is half active, 1 % in the gas; from twice as much it is silent."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class StepParameters(ParameterSet):
    """Control of the sub-steps of the cell integrator."""

    step_tolerance: float = parameter(0.003, low=1e-6, high=0.5, source="assumption A18")
    """Accepted relative difference between predictor and corrector in one sub-step."""
    step_floor: float = parameter(
        0.25 / 60.0, unit="h", low=1e-4, high=1.0, source="assumption A18"
    )
    """Shortest sub-step; it is taken whatever the difference."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class CellParameters(
    CompositionParameters,
    TransportParameters,
    PrecursorParameters,
    GrowthParameters,
    StressParameters,
    SignallingParameters,
    DeathParameters,
    MicroenvironmentParameters,
    StepParameters,
):
    """All numbers that cells of every line share."""

    @classmethod
    def rows(cls) -> Iterator[ParameterRow]:
        """Yield the declared parameters, group by group."""
        for group in GROUPS:
            yield from group.rows()


GROUPS: tuple[type[ParameterSet], ...] = (
    CompositionParameters,
    TransportParameters,
    PrecursorParameters,
    GrowthParameters,
    StressParameters,
    SignallingParameters,
    DeathParameters,
    MicroenvironmentParameters,
    StepParameters,
)
"""The groups in the order of the documentation."""
