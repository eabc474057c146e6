"""Small molecules of the dish, as frozen data: which target each acts on, how far, how strongly.

A compound acts on named targets of the cell and on nothing else: no entry here knows growth, death
or a count. Each effect is a Hill curve of the concentration around the cells [uM],

    share lost = maximal * c**hill / (half_concentration**hill + c**hill).

Most potencies are orders of magnitude in use, not measurements of these cells; docs/compounds.md
says which number was read where.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum

from abm.errors import ScenarioError
from abm.units import did_you_mean


class Target(IntEnum):
    """What a compound acts on; each member is a field of ``CellSwitches`` in lower case."""

    GCN2 = 0
    """Activity of GCN2; a share of it is lost."""
    CHLOROQUINE = 1
    """Return of amino acids from autophagy; a share of it is blocked."""
    ASNS_INHIBITOR = 2
    """Asparagine synthetase; a share of it is blocked."""
    AKT_INHIBITOR = 3
    """Gain of ATF4 by RAS and AKT; a share of it is removed."""
    MEK_INHIBITOR = 4
    """MEK; a share of it is blocked."""
    MSO = 5
    """Glutamine synthetase; a share of it is blocked."""
    ETC_BLOCK = 6
    """Asp production, which needs electron transport; a share of it is lost."""
    RAPAMYCIN = 7
    """mTORC1; a share of it is blocked."""
    GLUTAMINASE_INHIBITOR = 8
    """Glutaminase of the cell; a share of it is blocked."""
    GROWTH_FACTOR = 9
    """Growth-factor input of mTORC1; a share of it is lost."""
    THRESHOLD_DIVISOR = 10
    """Threshold of death; a share of it is lost."""
    ER_STRESS = 11
    """Folding capacity of the endoplasmic reticulum; the share that is lost is the stress."""


@dataclass(frozen=True)
class Effect:
    """What one compound takes from one target.

    maximal            : share of the target that is lost at saturation, in (0, 1]
    half_concentration : concentration at half of that [uM]
    hill               : steepness
    """

    maximal: float
    half_concentration: float
    hill: float = 1.0

    def __post_init__(self) -> None:
        if not (0.0 < self.maximal <= 1.0 and self.half_concentration > 0.0 and self.hill > 0.0):
            raise ScenarioError(
                f"{self}: maximal must be in (0, 1], half_concentration and hill above 0"
            )


@dataclass(frozen=True)
class Compound:
    """One compound: its name in scenarios, what it is, its targets and where the numbers are from.

    ``source`` cites, or names entries of docs/assumptions.md.
    """

    name: str
    title: str
    targets: Mapping[Target, Effect]
    source: str

    def __post_init__(self) -> None:
        if not self.targets:
            raise ScenarioError(f"compound {self.name}: has no target")


_ALL = (
    Compound(
        "asns-inhibitor",
        "adenylated sulfoximine, inhibitor of asparagine synthetase",
        {Target.ASNS_INHIBITOR: Effect(1.0, 100.0)},
        "target: Gutierrez 2006 doi:10.1016/j.chembiol.2006.10.010; potency: assumption A100",
    ),
    Compound(
        "gcn2-inhibitor",
        "inhibitor of the kinase GCN2",
        {Target.GCN2: Effect(0.9, 0.1)},
        "maximal: Nakamura 2018 PNAS (activity left 0.1); potency: PMC6197744, assumption A101",
    ),
    Compound(
        "akt-inhibitor",
        "allosteric inhibitor of AKT, such as MK-2206",
        {Target.AKT_INHIBITOR: Effect(1.0, 0.05), Target.GROWTH_FACTOR: Effect(0.15, 0.05)},
        "target: Gwinn 2018; potency: Cancer Res 2009;69(9 Suppl):3714, assumptions A102, A116",
    ),
    Compound(
        "mek-inhibitor",
        "allosteric inhibitor of MEK1/2, such as trametinib",
        {Target.MEK_INHIBITOR: Effect(1.0, 0.002)},
        "target: Pathria 2019; potency: assumption A103",
    ),
    Compound(
        "rapamycin",
        "rapamycin, blocks mTORC1",
        {Target.RAPAMYCIN: Effect(1.0, 0.001)},
        "target: Bunpo 2009, Toda 2016; potency: assumption A104",
    ),
    Compound(
        "chloroquine",
        "chloroquine, blocks the return of amino acids from autophagy",
        {Target.CHLOROQUINE: Effect(1.0, 10.0)},
        "target: Takahashi 2017; potency: assumption A105",
    ),
    Compound(
        "mso",
        "L-methionine sulfoximine, inhibitor of glutamine synthetase",
        {Target.MSO: Effect(1.0, 100.0)},
        "target: Chiu 2021; potency: assumption A106",
    ),
    Compound(
        "metformin",
        "metformin, slows complex I of the electron transport chain",
        {Target.ETC_BLOCK: Effect(0.8, 260.0)},
        "maximal: Krall 2021 (Asp production left 0.2); potency: Owen 2000 Biochem J 348:607, "
        "assumption A107",
    ),
    Compound(
        "rotenone",
        "rotenone, blocks complex I of the electron transport chain",
        {Target.ETC_BLOCK: Effect(0.8, 0.02)},
        "maximal: Krall 2021 (Asp production left 0.2); potency: assumption A108",
    ),
    Compound(
        "cb-839",
        "CB-839 (telaglenastat), inhibitor of glutaminase",
        {Target.GLUTAMINASE_INHIBITOR: Effect(0.9, 0.03)},
        "target: Krall 2016 doi:10.1038/ncomms11457; potency: assumption A109",
    ),
    Compound(
        "venetoclax",
        "venetoclax, blocks BCL-2 and so lowers the threshold of death",
        {Target.THRESHOLD_DIVISOR: Effect(0.4, 0.01)},
        "target: IJMS 2024;25:13091; size and potency: assumption A110",
    ),
    Compound(
        "tunicamycin",
        "tunicamycin, blocks N-glycosylation and so stresses the endoplasmic reticulum",
        {Target.ER_STRESS: Effect(1.0, 0.6)},
        "target: PMC5348263 (use as inducer of ER stress); potency: assumption A111",
    ),
    Compound(
        "thapsigargin",
        "thapsigargin, blocks the calcium pump of the endoplasmic reticulum",
        {Target.ER_STRESS: Effect(1.0, 0.03)},
        "target: PMC5348263 (use as inducer of ER stress); potency: assumption A112",
    ),
)

COMPOUNDS: Mapping[str, Compound] = {compound.name: compound for compound in _ALL}
"""The compounds by the name that a scenario uses."""


def find_compound(name: str) -> Compound:
    """Return the compound of that name; raises ScenarioError with the nearest names."""
    try:
        return COMPOUNDS[name.lower()]
    except KeyError:
        raise ScenarioError(f"no compound '{name}'{did_you_mean(name, COMPOUNDS)}") from None
