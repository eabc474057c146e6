"""Where things lie in the arrays of the cell kernels: state, parameter vector, scratch rows.

Members of an ``IntEnum`` are true constants for the compiler, so the kernels use the same names
as Python does.
"""

from enum import IntEnum

BLOCK = 64
"""Cells that are advanced together in one scratch block."""

SERIAL_BLOCKS = 8
"""Up to this many blocks the threads would cost more than they save; the bits are the same."""

FMOL_PER_UM_PL = 1e-3
"""fmol in one pL of 1 uM."""


class CellState(IntEnum):
    """Rows of ``state[n_state, capacity]``; pools in uM of cell volume."""

    ASN = 0
    GLN = 1
    ASP = 2
    EAA = 3
    EIF2A_P = 4
    ATF4 = 5
    ASNS_MRNA = 6
    ASNS = 7
    MTORC1 = 8
    AMPK = 9
    P53 = 10
    AUTOPHAGY = 11
    CHOP = 12
    SURVIVAL = 13
    ANAPLEROTIC_STRESS = 14
    COMMITMENT = 15
    GS = 16
    RESERVE = 17
    SIZE = 18
    BOUND_ASN = 19
    BOUND_GLN = 20


class CellUptake(IntEnum):
    """Rows of ``capacity[4, n]`` and ``uptake[4, n]``."""

    ASN = 0
    GLN = 1
    GLU = 2
    EAA = 3


class CellCondition(IntEnum):
    """Rows of ``conditions[3, n]``: what else the surroundings do to a cell."""

    CROWDING = 0
    SYNTHESIS = 1
    PERK = 2


class CellFlux(IntEnum):
    """Rows of ``fluxes[n_flux, n]``, fmol per interval."""

    EXPORTED_ASN = 0
    EXPORTED_GLN = 1
    ASN_SYNTHESISED = 2
    GLN_SYNTHESISED = 3
    GLN_CATABOLISED = 4


class CellParameter(IntEnum):
    """Entries of the parameter vector; uM, h, pL. The first part has the names of the fields of
    ``abm.processes.cell_parameters``, the second is derived from them, the line and the switches.
    """

    ASN_IN_PROTEIN = 0
    GLN_IN_PROTEIN = 1
    EAA_IN_PROTEIN = 2
    ASN_UPTAKE_CAPACITY = 3
    GLN_UPTAKE_CAPACITY = 4
    GLU_UPTAKE_CAPACITY = 5
    EAA_UPTAKE_CAPACITY = 6
    ASN_HALF_SATURATION = 7
    GLN_HALF_SATURATION = 8
    GLU_HALF_SATURATION = 9
    EAA_HALF_SATURATION = 10
    ASN_TRANS_INHIBITION = 11
    GLN_TRANS_INHIBITION = 12
    EXCHANGE_CAPACITY = 13
    EXCHANGE_HALF_SATURATION = 14
    GLN_EXCHANGE_WEIGHT = 15
    ASN_LEAK = 16
    EAA_FACILITATED_SHARE = 17
    EAA_PER_EXCHANGE = 18
    EAA_LOSS = 19
    SYNTHETASE_ASP_HALF_SATURATION = 20
    SYNTHETASE_GLN_HALF_SATURATION = 21
    SYNTHETASE_PRODUCT_INHIBITION = 22
    GLN_CATABOLISM = 23
    GS_INDUCTION = 24
    GS_HALF_GLN = 25
    GS_TIME = 26
    ASP_USE = 27
    ASP_HALF_GLN = 28
    ASP_REFERENCE_GLN = 29
    TRANSLATION_HALF_ASN = 30
    TRANSLATION_HALF_GLN = 31
    TRANSLATION_HALF_ASP = 32
    TRANSLATION_HALF_EAA = 33
    TRANSLATION_LOSS_BY_EIF2A_P = 34
    TRANSLATION_WITHOUT_MTORC1 = 35
    TRANSLATION_UNDER_P53 = 36
    TRANSLATION_HALF_P53 = 37
    RESERVE_REFILL = 38
    RESERVE_FULL = 39
    HALF_CHARGING = 40
    HALF_CHARGING_EAA = 41
    EIF2A_P_BASAL = 42
    EIF2A_P_TIME = 43
    ATF4_HALF_EIF2A_P = 44
    ATF4_MTORC1_SHARE = 45
    ATF4_HALF_LIFE = 46
    ASNS_INDUCTION = 47
    ASNS_HALF_ATF4 = 48
    ASNS_P53_REPRESSION = 49
    ASNS_P53_THRESHOLD = 50
    ASNS_MRNA_HALF_LIFE = 51
    ASNS_HALF_LIFE = 52
    ASNS_TRANSLATION_SPARED = 53
    UPR_STABILISATION = 54
    RAG_HALF_EAA = 55
    ARF_HALF_ASN = 56
    ARF_GLN_WEIGHT = 57
    RAG_GLN_WEIGHT = 58
    RAG_WEIGHT = 59
    ARF_WEIGHT = 60
    MTORC1_LOSS_BY_AMPK = 61
    MTORC1_LOSS_BY_SESTRIN = 62
    MTORC1_TIME = 63
    MTORC1_FULL = 64
    AMPK_HALF_ASP = 65
    AMPK_HALF_ASN = 66
    AMPK_TIME = 67
    P53_HALF_LIFE = 68
    AUTOPHAGY_BASAL = 69
    AUTOPHAGY_GAIN = 70
    AUTOPHAGY_TIME = 71
    CHOP_HALF_LIFE = 72
    CHOP_BY_EIF2A_P = 73
    CHOP_WITHOUT_ATF4 = 74
    CHOP_BY_ATF4 = 75
    CHOP_ATF4_SCALE = 76
    CHOP_ATF4_CEILING = 77
    CHOP_BY_P53 = 78
    SURVIVAL_TIME = 79
    SURVIVAL_THRESHOLD = 80
    DEATH_BY_CHOP = 81
    DEATH_BY_SURVIVAL_LOSS = 82
    DEATH_BY_STALLING = 83
    DEATH_BY_ANAPLEROTIC_STRESS = 84
    ANAPLEROTIC_HALF_ASP = 85
    ANAPLEROTIC_TIME = 86
    COMMITMENT_TIME = 87
    DEATH_BASAL = 88
    DEATH_MAXIMAL = 89
    RESERVE_MINIMAL = 90
    DEATH_BY_WASTING = 91
    SERINE_HALF_SATURATION = 92
    SERINE_REFERENCE = 93
    PERK_HALF_GLUCOSE = 94
    PERK_HALF_OXYGEN = 95
    STEP_TOLERANCE = 96
    STEP_FLOOR = 97
    # derived
    VOLUME = 98
    TRANSLATION_RATE = 99
    REPLETE_SYNTHESIS = 100
    SYNTHETASE_CAPACITY = 101
    GS_CAPACITY = 102
    GLUTAMINASE = 103
    GLN_PER_GLU = 104
    ASP_PRODUCTION = 105
    ASP_GLN_SHARE = 106
    SERINE_SYNTHESIS = 107
    PROTEOLYSIS_BASAL = 108
    PROTEOLYSIS_AUTOPHAGIC = 109
    AUTOPHAGY_RETURNED = 110
    GCN2 = 111
    ER_STRESS = 112
    ATF4_BASAL = 113
    ATF4_DRIVE = 114
    ATF4_INDUCTION = 115
    ASNS_SET_POINT = 116
    ASNS_SYNTHESIS = 117
    BASAL_MESSAGE = 118  # three entries: 0, 1, 2 methylated alleles
    INDUCED_MESSAGE = 121  # three entries
    RAG = 124
    ARF = 125
    MTORC1_CEILING = 126
    P53_INDUCTION = 127
    DEATH_THRESHOLD = 128
    DILUTION = 129
    PROTEIN_MINIMAL = 130  # a parameter of its own


N_STATE = 21
N_UPTAKE = 4
N_CONDITION = 3
N_FLUX = 5
N_PARAMETER = 131


class Rate(IntEnum):
    """Scratch rows that the right-hand side writes; loss coefficients in 1/h, supplies in uM/h."""

    ASN_TRANSLATION = 0
    ASN_EXPORT = 1
    GLN_TRANSLATION = 2
    GLN_EXPORT = 3
    GLN_TO_ASN = 4
    ASP_SUPPLY = 5
    ASP_LOSS = 6
    EAA_LOSS = 7
    RETURN = 8
    GROWTH = 9
    RELATIVE_SYNTHESIS = 10
    ASNS_LOSS = 11
    RESERVE_SUPPLY = 12
    RESERVE_LOSS = 13
    SIZE_GROWTH = 14
    HAZARD = 15
    TARGET = 16  # first of 13: value that each state from EIF2A_P to GS relaxes to (ASNS: supply)


class Amount(IntEnum):
    """What a sub-step moved [uM at the size of its start]: rows from ``Scratch.AMOUNT`` on."""

    ASN_BOUND = 0
    GLN_BOUND = 1
    FLUX = 2  # first of 5, in the order of CellFlux
    ASN_EXPORTED = 2
    GLN_EXPORTED = 3
    ASN_MADE = 4
    GLN_MADE = 5
    GLN_CATABOLISED = 6


N_RATE = 29
N_RELAXING = 13


class Scratch(IntEnum):
    """First rows of the parts of the scratch block."""

    STATE = 0
    PREDICTED = 21
    RATE_START = 42
    RATE_END = 71
    RELAXATION = 100  # 13 rows: share of the way to the target in one sub-step
    UPTAKE = 113  # 4 rows: uM/h at size 1
    EAA_SATURATION = 117
    CROWDING = 118
    SYNTHESIS = 119
    PERK = 120
    BASAL_MESSAGE = 121
    INDUCED_MESSAGE = 122
    ASNS_SET_POINT = 123
    INVERSE_THRESHOLD = 124
    INVERSE_SIZE = 125
    RETURNABLE = 126  # share of the breakdown of protein that gives amino acids back
    STEP = 127
    IS_ACTIVE = 128
    IS_FORCED = 129
    TAKEN = 130
    EXCESS = 131
    UNREST = 132
    GROWN = 133  # size at the end of the sub-step over that at its start, as predicted
    SHRINK = 134  # its inverse
    FLUX = 135  # 5 rows
    GROWTH_SUM = 140
    HAZARD_SUM = 141
    AMOUNT = 142  # 7 rows


N_SCRATCH = 149
