"""The protocols themselves.

Asparaginase stands as the source states it; days that no source read here states are assumption
A385, partner drugs in their usual blocks assumption A386, days of MRD assumption A387.
"""

from collections.abc import Mapping
from types import MappingProxyType

from abm.pharmacology.protocol_blocks import (
    BFM,
    COG_FOUR,
    COG_THREE,
    DFCI,
    NOPHO,
    UKALL,
    UKALL_FOURTH,
    WEEKS,
    every,
    from_start,
    induction,
    native,
    peg,
)
from abm.pharmacology.protocols import Arm, EnzymeCourse, Protocol
from abm.pharmacology.regimen import Route

_DAYS = "days: assumption A385"
_BLOCKS = "partner drugs: assumption A386; days of MRD: A387"
_COG_HIGH = "Larsen 2016 (AALL0232)"
_COG_STANDARD = "Angiolillo 2021 (AALL0932)"
_MWF = (1.0, 3.0, 5.0, 8.0, 10.0, 12.0, 15.0, 17.0, 19.0)


_UKALL_LATER = (((109.0, 221.0), "reinduction"),)
_UKALL_MORE = (
    ((50.0, 78.0), "consolidation"),
    ((93.0, 114.0), "interim"),
    ((151.0, 190.0), "reinduction"),
    ((205.0, 226.0), "interim"),
    ((263.0, 302.0), "reinduction"),
)
_COG_HIGH_DOSES = (
    peg((4.0,), "induction"),
    peg(from_start(36.0, (15.0, 43.0)), "consolidation"),
    peg(from_start(155.0, (4.0, 43.0)), "reinduction"),
)
_DFCI_START = every(50.0, 14.0, 15)


def _cog_high(name: str, title: str, source: str) -> Protocol:
    capizzi = peg(from_start(92.0, (2.0, 23.0)), "interim")
    return Protocol(
        id=name, title=title, source=source, is_from_memory=True,
        arms=MappingProxyType({
            "hd-mtx": Arm(title="high-dose methotrexate", enzymes=_COG_HIGH_DOSES,
                          partners=COG_FOUR),
            "capizzi": Arm(title="Capizzi methotrexate with pegaspargase",
                           enzymes=(*_COG_HIGH_DOSES, capizzi), partners=COG_FOUR),
        }),
        mrd_days={"day 29": 29.0}, basis=f"start of phases: assumption A385; {_BLOCKS}",
    )  # fmt: skip


def _cog_standard(name: str, title: str, source: str) -> Protocol:
    doses = (peg((4.0,), "induction"), peg(from_start(120.0, (4.0,)), "reinduction"))
    return Protocol(
        id=name, title=title, source=source, is_from_memory=True,
        arms=MappingProxyType(
            {"standard": Arm(title="backbone", enzymes=doses, partners=COG_THREE)}
        ),
        mrd_days={"day 8": 8.0, "day 29": 29.0},
        basis=f"start of phases: assumption A385; {_BLOCKS}; blinatumomab is left out",
    )  # fmt: skip


_LABELS = (
    Protocol(
        id="oncaspar-label", title="Oncaspar label", source="Oncaspar label",
        arms=MappingProxyType({
            "standard": Arm(title="2500 IU/m2 every 14 d",
                            enzymes=(peg(every(1.0, 14.0, 15), "", basis=_DAYS),)),
            "over-21": Arm(title="2000 IU/m2 every 14 d, above 21 years",
                           enzymes=(peg(every(1.0, 14.0, 15), "", "2000 IU/m2", basis=_DAYS),)),
        }),
        basis="number of doses: assumption A385",
    ),
    Protocol(
        id="asparlas-label", title="Asparlas label", source="Asparlas label",
        arms=MappingProxyType({
            "standard": Arm(title="2500 U/m2 every 21 d", enzymes=(
                EnzymeCourse("calaspargase", "2500 IU/m2", every(1.0, 21.0, 10), "", basis=_DAYS),
            )),
        }),
        basis="number of doses: assumption A385",
    ),
    Protocol(
        id="erwinaze-label", title="Erwinaze in place of one pegaspargase dose",
        source="Salzer 2013, Blood 122:507",
        arms=MappingProxyType({
            "mon-wed-fri": Arm(title="25,000 IU/m2 into muscle, six doses", enzymes=(
                EnzymeCourse("erwinaze", "25000 IU/m2", _MWF[:6], "", Route.IM),
            )),
        }),
        end_day=14.0,
    ),
    Protocol(
        id="rylaze-label", title="Rylaze in place of one pegaspargase dose",
        source="Rylaze label; Maese 2023, Blood 141:704",
        arms=MappingProxyType({
            "mon-wed-fri": Arm(title="25, 25 and 50 mg/m2 into muscle, twice", enzymes=(
                EnzymeCourse("rylaze", "25000 IU/m2", (1.0, 3.0, 8.0, 10.0), "", Route.IM),
                EnzymeCourse("rylaze", "50000 IU/m2", (5.0, 12.0), "", Route.IM),
            )),
            "every-48-h": Arm(title="25 mg/m2 into muscle every 48 h", enzymes=(
                EnzymeCourse("rylaze", "25000 IU/m2", every(1.0, 2.0, 6), "", Route.IM),
            )),
        }),
        end_day=14.0,
    ),
)  # fmt: skip

_DFCI_TRIALS = (
    Protocol(
        id="dfci-05-001", title="DFCI 05-001", source="NCT00400946; Blood 2010;115:1351",
        arms=MappingProxyType({
            "pegaspargase": Arm(title="pegaspargase by vein every 2 weeks, 15 doses", enzymes=(
                peg((7.0,), "induction", preset="dfci-0501", basis=_DAYS),
                peg(_DFCI_START, "intensification", preset="dfci-0501", basis=_DAYS),
            ), partners=DFCI),
            "native": Arm(title="native enzyme into muscle weekly, 30 doses", enzymes=(
                peg((7.0,), "induction", preset="dfci-0501", basis=_DAYS),
                native(every(50.0, 7.0, 30), "intensification", "25000 IU/m2", route=Route.IM,
                        basis=_DAYS),
            ), partners=DFCI),
        }),
        mrd_days={"end of induction": 32.0}, basis=f"{_DAYS}; {_BLOCKS}",
    ),
    Protocol(
        id="dfci-11-001", title="DFCI 11-001", source="Vrooman 2021 (abstract)",
        arms=MappingProxyType({
            "pegaspargase": Arm(title="pegaspargase every 2 weeks, 15 doses", enzymes=(
                peg((7.0,), "induction", preset="dfci-11001", basis=_DAYS),
                peg(_DFCI_START, "intensification", preset="dfci-11001"),
            ), partners=DFCI),
            "calaspargase": Arm(title="calaspargase every 3 weeks, 10 doses", enzymes=(
                EnzymeCourse("calaspargase", "2500 IU/m2", (7.0,), "induction", basis=_DAYS),
                EnzymeCourse("calaspargase", "2500 IU/m2", every(50.0, 21.0, 10),
                             "intensification"),
            ), partners=DFCI),
        }),
        mrd_days={"end of induction": 32.0}, basis=f"{_DAYS}; {_BLOCKS}",
    ),
    Protocol(
        id="dfci-00-01", title="DFCI 00-01", source="Vrooman 2013, doi:10.1200/JCO.2012.43.2070",
        arms=MappingProxyType({
            "fixed": Arm(title="native enzyme, 25,000 IU/m2 weekly", enzymes=(
                native((5.0,), "induction", "25000 IU/m2", route=Route.IM, basis=_DAYS),
                native(every(50.0, 7.0, 30), "intensification", "25000 IU/m2", route=Route.IM,
                        basis=_DAYS),
            ), partners=DFCI),
            "individual": Arm(title="native enzyme from 12,500 IU/m2, adjusted", enzymes=(
                native((5.0,), "induction", "25000 IU/m2", route=Route.IM, basis=_DAYS),
                native(every(50.0, 7.0, 30), "intensification", "12500 IU/m2", route=Route.IM,
                        basis=_DAYS),
            ), partners=DFCI, monitoring=("dfci-00-01",)),
        }),
        mrd_days={"end of induction": 32.0}, basis=f"{_DAYS}; {_BLOCKS}",
    ),
)  # fmt: skip

_EUROPE = (
    Protocol(
        id="aieop-bfm-2009", title="AIEOP-BFM ALL 2009", source="Rizzari 2019 (736 patients)",
        arms=MappingProxyType({
            "standard": Arm(title="days 12 and 26, one in reinduction", enzymes=(
                peg((12.0, 26.0), "induction"),
                peg(from_start(155.0, (8.0,)), "reinduction", basis=_DAYS),
            ), partners=BFM),
            "long": Arm(title="ten doses every two weeks from reinduction on", enzymes=(
                peg((12.0, 26.0), "induction"),
                peg(every(162.0, 14.0, 10), "reinduction", basis=_DAYS),
            ), partners=BFM),
        }),
        mrd_days={"day 33": 33.0, "day 78": 78.0},
        basis=f"reinduction, start of phases: assumption A385; {_BLOCKS}",
    ),
    Protocol(
        id="dcog-all-10", title="DCOG ALL-10", source="Tong 2014, Blood 123:2026; Blood 114:4803",
        arms=MappingProxyType({
            "standard": Arm(title="native induction, pegaspargase every 2 weeks", enzymes=(
                native(every(12.0, 3.0, 8), "induction", "5000 IU/m2"),
                peg(every(121.0, 14.0, 15), "intensification", basis=_DAYS),
            ), partners=BFM),
        }),
        mrd_days={"day 33": 33.0, "day 79": 79.0},
        basis=f"start of intensification: assumption A385; {_BLOCKS}",
    ),
    Protocol(
        id="dcog-all-11", title="DCOG ALL-11", source="Kloos 2020 (abstract)",
        arms=MappingProxyType({
            name: Arm(title=title, enzymes=(
                peg((12.0, 26.0, 40.0), "induction", "1500 IU/m2", basis=_DAYS),
                peg(every(121.0, 14.0, 14), "intensification", "1500 IU/m2", basis=_DAYS),
            ), partners=BFM, monitoring=rules)
            for name, title, rules in (
                ("individual", "14 doses, adjusted to troughs", ("dcog-all-11",)),
                ("fixed", "the same without adjustment (no arm of the trial)", ()),
            )
        }),
        mrd_days={"day 33": 33.0, "day 79": 79.0}, basis=f"{_DAYS}; {_BLOCKS}",
    ),
    Protocol(
        id="nopho-all2008", title="NOPHO ALL2008", source="NCT00819351; Albertsen 2019, JCO",
        arms=MappingProxyType({
            name: Arm(title=title, enzymes=(
                peg(every(30.0, 14.0, 5), "consolidation", "1000 IU/m2", route=Route.IM,
                     basis=_DAYS),
                peg(days, "intensification", "1000 IU/m2", route=Route.IM, basis=_DAYS),
            ), partners=NOPHO)
            for name, title, days in (
                ("every-2-weeks", "15 doses, every 2 weeks", every(100.0, 14.0, 10)),
                ("every-6-weeks", "8 doses, every 6 weeks from day 92", every(128.0, 42.0, 3)),
                ("five-doses", "the first five alone (no arm of the trial)", ()),
            )
        }),
        mrd_days={"day 29": 29.0, "day 79": 79.0}, basis=f"{_DAYS}; {_BLOCKS}",
    ),
    Protocol(
        id="eortc-58881", title="EORTC 58881", source="Duval 2002, Blood 99:2734",
        arms=MappingProxyType({
            name: Arm(title=title, enzymes=tuple(
                EnzymeCourse(product, "10000 IU/m2", days, phase, preset=preset, basis=_DAYS)
                for days, phase in (
                    ((12.0, 15.0, 19.0, 22.0, 26.0, 29.0, 33.0, 36.0), "induction"),
                    (from_start(155.0, (8.0, 11.0, 15.0, 18.0)), "reinduction"),
                )
            ), partners=BFM)
            for name, title, product, preset in (
                ("e-coli", "E. coli enzyme twice a week", "e-coli", None),
                ("erwinia", "Erwinia enzyme twice a week", "erwinaze", "sassen"),
            )
        }),
        mrd_days={"day 35": 35.0}, basis=f"{_DAYS}; by vein: assumption A385; {_BLOCKS}",
    ),
    Protocol(
        id="ukall-2003", title="UKALL 2003", source="Vora 2013; ASH 2008, Blood 112(11):909",
        is_from_memory=True,
        arms=MappingProxyType({
            name: Arm(title=title, enzymes=(
                peg((4.0, 18.0), "induction", "1000 IU/m2", route=Route.IM),
                *(
                    peg(days, phase, "1000 IU/m2", route=Route.IM, basis=_DAYS)
                    for days, phase in later
                ),
            ), partners=(*UKALL, *extra))
            for name, title, later, extra in (
                ("regimen-a", "three-drug induction", _UKALL_LATER, ()),
                ("regimen-b", "four-drug induction", _UKALL_LATER, UKALL_FOURTH),
                ("regimen-c", "four-drug induction, twelve doses", _UKALL_MORE, UKALL_FOURTH),
            )
        }),
        mrd_days={"day 29": 29.0, "week 11": 77.0}, basis=f"{_DAYS}; {_BLOCKS}",
    ),
)  # fmt: skip

_AMERICA = (
    Protocol(
        id="ccg-1962", title="CCG-1962", source="Avramis 2002, Blood 99:1986",
        arms=MappingProxyType({
            "pegaspargase": Arm(title="one dose in induction and in each intensification",
                                enzymes=(
                peg((3.0,), "induction", route=Route.IM, basis=_DAYS),
                peg((*from_start(120.0, (3.0,)), *from_start(232.0, (3.0,))), "reinduction",
                     route=Route.IM, basis=_DAYS),
            ), partners=COG_THREE),
            "native": Arm(title="nine doses in induction, six in each intensification", enzymes=(
                native(from_start(3.0, _MWF), "induction", "6000 IU/m2", route=Route.IM,
                       basis=_DAYS),
                native((*from_start(122.0, _MWF[:6]), *from_start(234.0, _MWF[:6])), "reinduction",
                        "6000 IU/m2", route=Route.IM, basis=_DAYS),
            ), partners=COG_THREE),
        }),
        mrd_days={"day 29": 29.0}, basis=f"{_DAYS}; {_BLOCKS}",
    ),
    Protocol(
        id="pog-8866", title="POG 8866", source="PMC3557823",
        arms=MappingProxyType({
            "pegaspargase": Arm(title="2500 IU/m2 on days 1 and 15", enzymes=(
                peg((1.0, 15.0), "induction", route=Route.IM),
            ), partners=induction("prednisone", 28.0, (), WEEKS)),
            "native": Arm(title="10,000 IU/m2 on twelve days", enzymes=(
                native((1.0, 3.0, 5.0, 8.0, 10.0, 12.0, 15.0, 17.0, 19.0, 22.0, 24.0, 26.0),
                        "induction", "10000 IU/m2", route=Route.IM),
            ), partners=induction("prednisone", 28.0, (), WEEKS)),
        }),
        mrd_days={"day 29": 29.0}, basis=_BLOCKS, end_day=29.0,
    ),
    Protocol(
        id="st-jude-xv", title="St Jude Total XV, adapted", source="authorea 393329",
        arms=MappingProxyType({
            name: Arm(title=title, enzymes=(
                native((5.0, 7.0, 9.0, 12.0, 14.0, 16.0), "induction", "10000 IU/m2",
                       route=Route.IM, basis=_DAYS),
                EnzymeCourse("e-coli", "10000 IU/m2", (19.0, 21.0, 23.0), "induction", Route.IM,
                             only_if_mrd_at_least=0.01, basis=_DAYS),
                native(days, "reinduction", amount, route=Route.IM, basis=_DAYS),
            ), partners=BFM)
            for name, title, amount, days in (
                ("low-risk", "nine doses in each of two reinductions", "10000 IU/m2",
                 (*from_start(141.0, _MWF), *from_start(211.0, _MWF))),
                ("higher-risk", "weekly for twenty weeks", "25000 IU/m2", every(99.0, 7.0, 20)),
            )
        }),
        mrd_days={"day 15": 15.0, "day 43": 43.0},
        basis=f"{_DAYS}; partner drugs of a BFM backbone: assumption A386",
    ),
    _cog_high("aall0232", "COG AALL0232", f"{_COG_HIGH}"),
    _cog_high("aall1131", "COG AALL1131", "as AALL0232"),
    _cog_standard("aall0932", "COG AALL0932", _COG_STANDARD),
    _cog_standard("aall1731", "COG AALL1731", "as AALL0932"),
    Protocol(
        id="aall1231", title="COG AALL1231", source="PMC10122105, table 1",
        arms=MappingProxyType({
            "standard": Arm(title="two doses in induction, three in delayed intensification",
                            enzymes=(
                peg((4.0, 18.0), "induction", basis=_DAYS),
                peg(from_start(155.0, (4.0, 18.0, 43.0)), "reinduction", basis=_DAYS),
            ), partners=COG_FOUR),
        }),
        mrd_days={"day 29": 29.0}, basis=f"{_DAYS}; {_BLOCKS}; bortezomib is left out",
    ),
)  # fmt: skip

PROTOCOLS: Mapping[str, Protocol] = MappingProxyType(
    {one.id: one for one in (*_LABELS, *_EUROPE, *_DFCI_TRIALS, *_AMERICA)}
)
"""All protocols by id."""
