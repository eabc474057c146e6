"""Right-hand side of the mechanistic cell for one scratch block, in passes over its lanes.

Every pass is straight-line code over the 64 lanes of ``scratch[N_SCRATCH, 64]``, whose shape the
compiler knows, so that it vectorises; exponents are products. ``source`` is the first row of the
states that are read (``Scratch.STATE`` or ``Scratch.PREDICTED``), ``target`` the first of the rate
rows that are written. The equations are those of docs/model.md, the mechanistic cell. A division
takes as long as a dozen products, so that the quotients of a pass share one: 1/a = b / (a b).
"""

from abm.kernels._jit import inline_kernel
from abm.kernels.cell_layout import (
    BLOCK,
    CellParameter,
    CellState,
    CellUptake,
    Rate,
    Scratch,
)

LN2 = 0.6931471805599453

TINY = 1e-200
"""Keeps a quotient of two zeros finite, and its square as well."""

TARGET_OF = Rate.TARGET - CellState.EIF2A_P
"""Rate row of the target of a state, less the state."""


@inline_kernel
def growth_rates(scratch, source, target, parameters):  # type: ignore[no-untyped-def]
    """Write synthesis, growth, and what translation takes from and proteolysis gives to the pools.

    Loss coefficients are rates over concentration, so that each named loss is one of them times
    the mean concentration of the sub-step. ``crowding`` c scales net synthesis,
    v_eff = k_d + c (v - k_d) where v > k_d; the stress that reads v is left as it is. The factor of
    synthesis (serine, cost of resistance) multiplies the rate.
    """
    asn_in_protein = parameters[CellParameter.ASN_IN_PROTEIN]
    gln_in_protein = parameters[CellParameter.GLN_IN_PROTEIN]
    eaa_in_protein = parameters[CellParameter.EAA_IN_PROTEIN]
    half_asn = parameters[CellParameter.TRANSLATION_HALF_ASN]
    half_gln = parameters[CellParameter.TRANSLATION_HALF_GLN]
    half_asp = parameters[CellParameter.TRANSLATION_HALF_ASP]
    half_eaa = parameters[CellParameter.TRANSLATION_HALF_EAA]
    translation_rate = parameters[CellParameter.TRANSLATION_RATE]
    without_mtorc1 = parameters[CellParameter.TRANSLATION_WITHOUT_MTORC1]
    inverse_full = 1.0 / parameters[CellParameter.MTORC1_FULL]
    eif2a_basal = parameters[CellParameter.EIF2A_P_BASAL]
    eif2a_loss = parameters[CellParameter.TRANSLATION_LOSS_BY_EIF2A_P] / (1.0 - eif2a_basal)
    under_p53 = parameters[CellParameter.TRANSLATION_UNDER_P53]
    inverse_p53 = 1.0 / parameters[CellParameter.TRANSLATION_HALF_P53]
    basal_loss = parameters[CellParameter.PROTEOLYSIS_BASAL]
    autophagic = parameters[CellParameter.PROTEOLYSIS_AUTOPHAGIC]
    returned = autophagic * parameters[CellParameter.AUTOPHAGY_RETURNED]
    inverse_replete = 1.0 / parameters[CellParameter.REPLETE_SYNTHESIS]
    eaa_loss = parameters[CellParameter.EAA_LOSS]
    full_reserve = 1.0 / parameters[CellParameter.RESERVE_FULL]
    for lane in range(BLOCK):
        asn = scratch[source + CellState.ASN, lane]
        gln = scratch[source + CellState.GLN, lane]
        asp = scratch[source + CellState.ASP, lane]
        eaa = scratch[source + CellState.EAA, lane]
        p53 = scratch[source + CellState.P53, lane] * inverse_p53
        p53_squared = p53 * p53
        stress = max(scratch[source + CellState.EIF2A_P, lane] - eif2a_basal, 0.0)
        mtorc1 = min(1.0, scratch[source + CellState.MTORC1, lane] * inverse_full)
        autophagy = scratch[source + CellState.AUTOPHAGY, lane]
        per_p53 = 1.0 + p53_squared * p53_squared
        over = (
            translation_rate
            * scratch[Scratch.SYNTHESIS, lane]
            * (without_mtorc1 + (1.0 - without_mtorc1) * mtorc1)
            * (1.0 - eif2a_loss * stress)
            * (under_p53 * per_p53 + (1.0 - under_p53))
        )
        under = (half_asn + asn) * (half_gln + gln) * (half_asp + asp) * (half_eaa + eaa) * per_p53
        asn_gln = asn * gln
        asp_eaa = asp * eaa
        pools = over * asn_gln * asp_eaa + TINY
        inverse = 1.0 / (pools * under)
        per_pools = over * pools * inverse
        synthesis = pools * pools * inverse
        loss = basal_loss + autophagic * autophagy
        net = max(synthesis - loss, 0.0)
        cut = (scratch[Scratch.CROWDING, lane] - 1.0) * net
        used = per_pools * (1.0 + cut * (under * under * inverse))
        growth = synthesis + cut - loss
        scratch[target + Rate.ASN_TRANSLATION, lane] = asn_in_protein * used * gln * asp_eaa
        scratch[target + Rate.GLN_TRANSLATION, lane] = gln_in_protein * used * asn * asp_eaa
        scratch[target + Rate.EAA_LOSS, lane] = eaa_in_protein * used * asn_gln * asp + eaa_loss
        scratch[target + Rate.RETURN, lane] = scratch[Scratch.RETURNABLE, lane] * (
            basal_loss + returned * autophagy
        )
        scratch[target + Rate.GROWTH, lane] = growth
        scratch[target + Rate.RELATIVE_SYNTHESIS, lane] = min(1.0, synthesis * inverse_replete)
        scratch[target + Rate.SIZE_GROWTH, lane] = max(growth, 0.0) * min(
            1.0, scratch[source + CellState.RESERVE, lane] * full_reserve
        )


@inline_kernel
def relate_to_size(scratch, count, parameters, dt_h):  # type: ignore[no-untyped-def]
    """Write 1 / size, and what share of the breakdown of protein gives amino acids back.

    All of it while a cell holds ``protein_minimal`` of what its size would have; below, and in an
    interval that could use up the rest, in proportion to what is left: no cell gives more than it
    holds.
    """
    fastest = (
        parameters[CellParameter.PROTEOLYSIS_BASAL]
        + parameters[CellParameter.PROTEOLYSIS_AUTOPHAGIC]
    )
    least = max(parameters[CellParameter.PROTEIN_MINIMAL], fastest * dt_h)
    per_uM = 1.0 / (max(parameters[CellParameter.ASN_IN_PROTEIN], TINY) * least)
    for lane in range(count):
        inverse_size = 1.0 / scratch[CellState.SIZE, lane]
        left = scratch[CellState.BOUND_ASN, lane] * inverse_size * per_uM
        scratch[Scratch.INVERSE_SIZE, lane] = inverse_size
        scratch[Scratch.RETURNABLE, lane] = min(1.0, max(left, 0.0))


@inline_kernel
def exchange_rates(scratch, source, target, parameters):  # type: ignore[no-untyped-def]
    """Write export, the synthetase, and supply and loss of Asp."""
    exchange = parameters[CellParameter.EXCHANGE_CAPACITY]
    exchange_half = parameters[CellParameter.EXCHANGE_HALF_SATURATION]
    gln_weight = parameters[CellParameter.GLN_EXCHANGE_WEIGHT]
    leak = parameters[CellParameter.ASN_LEAK]
    synthetase = parameters[CellParameter.SYNTHETASE_CAPACITY]
    synthetase_asp = parameters[CellParameter.SYNTHETASE_ASP_HALF_SATURATION]
    synthetase_gln = parameters[CellParameter.SYNTHETASE_GLN_HALF_SATURATION]
    inverse_product = 1.0 / parameters[CellParameter.SYNTHETASE_PRODUCT_INHIBITION]
    glutaminase = parameters[CellParameter.GLUTAMINASE]
    gln_per_glu = parameters[CellParameter.GLN_PER_GLU]
    asp_production = parameters[CellParameter.ASP_PRODUCTION]
    asp_half_gln = parameters[CellParameter.ASP_HALF_GLN]
    reference_gln = parameters[CellParameter.ASP_REFERENCE_GLN]
    gln_share = parameters[CellParameter.ASP_GLN_SHARE]
    asp_free = asp_production * (1.0 - gln_share)
    asp_of_gln = asp_production * gln_share * (asp_half_gln + reference_gln) / reference_gln
    asp_use = parameters[CellParameter.ASP_USE]
    for lane in range(BLOCK):
        asn = scratch[source + CellState.ASN, lane]
        gln = scratch[source + CellState.GLN, lane]
        asp = scratch[source + CellState.ASP, lane]
        size = scratch[source + CellState.SIZE, lane]
        gln_like = glutaminase * gln * size + (
            scratch[Scratch.UPTAKE + CellUptake.GLU, lane] * gln_per_glu
        )
        per_exchange = exchange_half + asn + gln_weight * gln
        per_synthetase = (synthetase_asp + asp) * (synthetase_gln + gln)
        per_synthetase = per_synthetase * (1.0 + asn * inverse_product)
        per_asp = asp_half_gln * size + gln_like
        inverse = 1.0 / (per_exchange * per_synthetase * per_asp)
        inverse_asp = per_exchange * per_synthetase * inverse
        inverse = per_asp * inverse
        exchanged = exchange * scratch[Scratch.EAA_SATURATION, lane] * (per_synthetase * inverse)
        made = synthetase * scratch[source + CellState.ASNS, lane] * (per_exchange * inverse)
        scratch[target + Rate.ASN_EXPORT, lane] = exchanged + leak
        scratch[target + Rate.GLN_EXPORT, lane] = exchanged * gln_weight
        scratch[target + Rate.GLN_TO_ASN, lane] = made * asp
        scratch[target + Rate.ASP_SUPPLY, lane] = asp_free + asp_of_gln * gln_like * inverse_asp
        scratch[target + Rate.ASP_LOSS, lane] = made * gln + asp_use


@inline_kernel
def stress_rates(scratch, source, target, parameters):  # type: ignore[no-untyped-def]
    """Write the targets of eIF2a-P, ATF4, message and synthetase.

    Needs the growth and relative synthesis that :func:`growth_rates` has written for ``source``.
    """
    half_charging = parameters[CellParameter.HALF_CHARGING]
    charging = half_charging * half_charging
    half_charging_eaa = parameters[CellParameter.HALF_CHARGING_EAA]
    charging_eaa = half_charging_eaa * half_charging_eaa
    eif2a_basal = parameters[CellParameter.EIF2A_P_BASAL]
    gcn2 = parameters[CellParameter.GCN2]
    half_eif2a = parameters[CellParameter.ATF4_HALF_EIF2A_P]
    half_eif2a_squared = half_eif2a * half_eif2a
    atf4_drive = parameters[CellParameter.ATF4_DRIVE]
    atf4_induction = parameters[CellParameter.ATF4_INDUCTION]
    mtorc1_share = parameters[CellParameter.ATF4_MTORC1_SHARE]
    inverse_full = 1.0 / parameters[CellParameter.MTORC1_FULL]
    half_atf4 = parameters[CellParameter.ASNS_HALF_ATF4]
    half_atf4_squared = half_atf4 * half_atf4
    atf4_basal = parameters[CellParameter.ATF4_BASAL]
    induction = parameters[CellParameter.ASNS_INDUCTION]
    basal_squared = atf4_basal * atf4_basal
    inverse_act = 1.0 / (1.0 + induction * basal_squared / (half_atf4_squared + basal_squared))
    repression = parameters[CellParameter.ASNS_P53_REPRESSION]
    p53_threshold = parameters[CellParameter.ASNS_P53_THRESHOLD]
    asns_synthesis = parameters[CellParameter.ASNS_SYNTHESIS]
    spared = parameters[CellParameter.ASNS_TRANSLATION_SPARED]
    asns_decay = LN2 / parameters[CellParameter.ASNS_HALF_LIFE]
    stabilisation = parameters[CellParameter.UPR_STABILISATION]
    for lane in range(BLOCK):
        asn = scratch[source + CellState.ASN, lane]
        eaa = scratch[source + CellState.EAA, lane]
        atf4 = scratch[source + CellState.ATF4, lane]
        p53 = scratch[source + CellState.P53, lane]
        stress = max(scratch[source + CellState.EIF2A_P, lane] - eif2a_basal, 0.0)
        mtorc1 = min(1.0, scratch[source + CellState.MTORC1, lane] * inverse_full)
        synthesis = scratch[target + Rate.RELATIVE_SYNTHESIS, lane]
        stress_squared = stress * stress
        atf4_squared = atf4 * atf4
        per_eaa = charging_eaa + eaa * eaa
        per_charge = (charging + asn * asn) * per_eaa
        uncharged = charging * per_eaa + charging_eaa * (asn * asn)
        per_stress = half_eif2a_squared + stress_squared
        per_atf4 = half_atf4_squared + atf4_squared
        per_p53 = 1.0 + repression * max(p53 - p53_threshold, 0.0)
        before = per_charge * per_stress
        after = per_atf4 * per_p53
        inverse = 1.0 / (before * after)
        inverse_before = after * inverse
        inverse_after = before * inverse
        perk = scratch[Scratch.PERK, lane]
        signal = gcn2 * (uncharged * (per_stress * inverse_before)) + perk
        scratch[target + TARGET_OF + CellState.EIF2A_P, lane] = eif2a_basal + (
            1.0 - eif2a_basal
        ) * min(1.0, signal)
        scratch[target + TARGET_OF + CellState.ATF4, lane] = (
            atf4_drive
            * (1.0 + atf4_induction * stress_squared * (per_charge * inverse_before))
            * (1.0 - mtorc1_share * (1.0 - mtorc1))
        )
        hill = induction * atf4_squared * (per_p53 * inverse_after)
        act = (1.0 + hill) * inverse_act
        message = scratch[Scratch.BASAL_MESSAGE, lane] * min(act, 1.0)
        message = message + scratch[Scratch.INDUCED_MESSAGE, lane] * max(act - 1.0, 0.0)
        scratch[target + TARGET_OF + CellState.ASNS_MRNA, lane] = message * (
            per_atf4 * inverse_after
        )
        scratch[target + TARGET_OF + CellState.ASNS, lane] = (
            asns_synthesis
            * scratch[Scratch.ASNS_SET_POINT, lane]
            * scratch[source + CellState.ASNS_MRNA, lane]
            * (spared + (1.0 - spared) * synthesis)
        )
        scratch[target + Rate.ASNS_LOSS, lane] = asns_decay * (1.0 - stabilisation * perk) + max(
            scratch[target + Rate.GROWTH, lane], 0.0
        )


@inline_kernel
def commitment_rates(scratch, source, target, parameters):  # type: ignore[no-untyped-def]
    """Write the targets of glutamine synthetase, CHOP, survival protein and commitment.

    Needs the relative synthesis that :func:`growth_rates` has written for ``source``.
    """
    half_charging = parameters[CellParameter.HALF_CHARGING]
    charging = half_charging * half_charging
    eif2a_basal = parameters[CellParameter.EIF2A_P_BASAL]
    atf4_basal = parameters[CellParameter.ATF4_BASAL]
    gs_induction = parameters[CellParameter.GS_INDUCTION]
    gs_half = parameters[CellParameter.GS_HALF_GLN]
    gs_half_squared = gs_half * gs_half
    chop_stress = parameters[CellParameter.CHOP_BY_EIF2A_P]
    chop_free = parameters[CellParameter.CHOP_WITHOUT_ATF4]
    chop_atf4 = parameters[CellParameter.CHOP_BY_ATF4]
    inverse_chop_scale = 1.0 / (parameters[CellParameter.CHOP_ATF4_SCALE] * atf4_basal)
    chop_ceiling = parameters[CellParameter.CHOP_ATF4_CEILING]
    chop_p53 = parameters[CellParameter.CHOP_BY_P53]
    survival_threshold = parameters[CellParameter.SURVIVAL_THRESHOLD]
    by_chop = parameters[CellParameter.DEATH_BY_CHOP]
    by_survival = parameters[CellParameter.DEATH_BY_SURVIVAL_LOSS]
    by_stalling = parameters[CellParameter.DEATH_BY_STALLING]
    by_anaplerosis = parameters[CellParameter.DEATH_BY_ANAPLEROTIC_STRESS]
    for lane in range(BLOCK):
        asn = scratch[source + CellState.ASN, lane]
        gln = scratch[source + CellState.GLN, lane]
        atf4 = scratch[source + CellState.ATF4, lane]
        p53 = scratch[source + CellState.P53, lane]
        stress = max(scratch[source + CellState.EIF2A_P, lane] - eif2a_basal, 0.0)
        synthesis = scratch[target + Rate.RELATIVE_SYNTHESIS, lane]
        per_charge = charging + asn * asn
        per_gs = gs_half_squared + gln * gln
        inverse = 1.0 / (per_charge * per_gs)
        uncharged = charging * (per_gs * inverse)
        scratch[target + TARGET_OF + CellState.GS, lane] = 1.0 + (
            gs_induction * gs_half_squared * (per_charge * inverse)
        )
        scratch[target + TARGET_OF + CellState.CHOP, lane] = (
            1.0
            + chop_stress
            * stress
            * (chop_free + chop_atf4 * min(atf4 * inverse_chop_scale, chop_ceiling))
            + chop_p53 * p53
        )
        lost = max(survival_threshold - scratch[source + CellState.SURVIVAL, lane], 0.0)
        scratch[target + TARGET_OF + CellState.SURVIVAL, lane] = synthesis
        scratch[target + TARGET_OF + CellState.COMMITMENT, lane] = (
            by_chop * (scratch[source + CellState.CHOP, lane] - 1.0)
            + by_survival * lost
            + by_stalling * uncharged * synthesis
            + by_anaplerosis * scratch[source + CellState.ANAPLEROTIC_STRESS, lane]
        ) * scratch[Scratch.INVERSE_THRESHOLD, lane]


@inline_kernel
def signal_rates(scratch, source, target, parameters):  # type: ignore[no-untyped-def]
    """Write the targets of mTORC1 (Rag and Arf1 arm), AMPK, p53 and autophagy."""
    rag = parameters[CellParameter.RAG] * parameters[CellParameter.RAG_WEIGHT]
    half_rag = parameters[CellParameter.RAG_HALF_EAA]
    half_rag_cubed = half_rag * half_rag * half_rag
    arf = parameters[CellParameter.ARF] * parameters[CellParameter.ARF_WEIGHT]
    half_arf = parameters[CellParameter.ARF_HALF_ASN]
    half_arf_cubed = half_arf * half_arf * half_arf
    arf_gln = parameters[CellParameter.ARF_GLN_WEIGHT]
    rag_gln = parameters[CellParameter.RAG_GLN_WEIGHT]
    ceiling = parameters[CellParameter.MTORC1_CEILING]
    by_ampk = parameters[CellParameter.MTORC1_LOSS_BY_AMPK]
    by_sestrin = parameters[CellParameter.MTORC1_LOSS_BY_SESTRIN]
    inverse_atf4 = 1.0 / parameters[CellParameter.ATF4_BASAL]
    inverse_full = 1.0 / parameters[CellParameter.MTORC1_FULL]
    inverse_ampk_asp = 1.0 / parameters[CellParameter.AMPK_HALF_ASP]
    inverse_ampk_asn = 1.0 / parameters[CellParameter.AMPK_HALF_ASN]
    p53_induction = parameters[CellParameter.P53_INDUCTION]
    autophagy_basal = parameters[CellParameter.AUTOPHAGY_BASAL]
    autophagy_gain = parameters[CellParameter.AUTOPHAGY_GAIN]
    for lane in range(BLOCK):
        asn = scratch[source + CellState.ASN, lane]
        asp = scratch[source + CellState.ASP, lane]
        gln = scratch[source + CellState.GLN, lane]
        ampk = scratch[source + CellState.AMPK, lane]
        mtorc1 = min(1.0, scratch[source + CellState.MTORC1, lane] * inverse_full)
        at_arf = asn + arf_gln * gln
        arf_cubed = at_arf * at_arf * at_arf
        at_rag = scratch[source + CellState.EAA, lane] + rag_gln * gln
        rag_cubed = at_rag * at_rag * at_rag
        arms = (half_rag_cubed + rag_cubed) * (half_arf_cubed + arf_cubed)
        closed = (half_rag_cubed + (1.0 - rag) * rag_cubed) * (
            half_arf_cubed + (1.0 - arf) * arf_cubed
        )
        sestrin = max(scratch[source + CellState.ATF4, lane] * inverse_atf4 - 1.0, 0.0)
        per_arms = arms * (1.0 + by_sestrin * sestrin)
        bound = asp * inverse_ampk_asp
        per_ampk = 1.0 + bound + asn * inverse_ampk_asn
        inverse = 1.0 / (per_arms * per_ampk)
        scratch[target + TARGET_OF + CellState.MTORC1, lane] = (
            ceiling * (arms - closed) * (1.0 - by_ampk * ampk) * (per_ampk * inverse)
        )
        scratch[target + TARGET_OF + CellState.AMPK, lane] = bound * (per_arms * inverse)
        scratch[target + TARGET_OF + CellState.P53, lane] = p53_induction * ampk * ampk
        scratch[target + TARGET_OF + CellState.AUTOPHAGY, lane] = autophagy_basal + (
            1.0 - autophagy_basal
        ) * min(1.0, max(autophagy_gain * (1.0 - mtorc1), 0.0))


@inline_kernel
def hazard_rates(scratch, source, target, parameters):  # type: ignore[no-untyped-def]
    """Write the target of the anaplerotic stress, the turnover of the reserve, and the hazard."""
    half_asp = parameters[CellParameter.ANAPLEROTIC_HALF_ASP]
    half_asp_squared = half_asp * half_asp
    refill = parameters[CellParameter.RESERVE_REFILL]
    reserve_minimal = parameters[CellParameter.RESERVE_MINIMAL]
    wasting = parameters[CellParameter.DEATH_BY_WASTING] / reserve_minimal
    death_basal = parameters[CellParameter.DEATH_BASAL]
    death_maximal = parameters[CellParameter.DEATH_MAXIMAL]
    for lane in range(BLOCK):
        asp = scratch[source + CellState.ASP, lane]
        growth = scratch[target + Rate.GROWTH, lane]
        reserve = scratch[source + CellState.RESERVE, lane]
        scratch[target + Rate.RESERVE_SUPPLY, lane] = refill if growth >= 0.0 else 0.0
        scratch[target + Rate.RESERVE_LOSS, lane] = refill if growth >= 0.0 else -growth
        commitment = scratch[source + CellState.COMMITMENT, lane]
        squared = commitment * commitment
        fifth = squared * squared * commitment
        per_asp = half_asp_squared + asp * asp
        per_commitment = 1.0 + fifth
        inverse = 1.0 / (per_asp * per_commitment)
        scratch[target + TARGET_OF + CellState.ANAPLEROTIC_STRESS, lane] = half_asp_squared * (
            per_commitment * inverse
        )
        scratch[target + Rate.HAZARD, lane] = (
            death_basal
            + death_maximal * fifth * (per_asp * inverse)
            + wasting * max(reserve_minimal - reserve, 0.0)
        )


@inline_kernel
def all_rates(scratch, source, target, parameters):  # type: ignore[no-untyped-def]
    """Write every rate row of ``target`` from the states from row ``source`` on."""
    growth_rates(scratch, source, target, parameters)
    exchange_rates(scratch, source, target, parameters)
    stress_rates(scratch, source, target, parameters)
    commitment_rates(scratch, source, target, parameters)
    signal_rates(scratch, source, target, parameters)
    hazard_rates(scratch, source, target, parameters)
