"""Which assumptions a run rests on: those of the parameters of its processes."""

import re
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from abm.parameters import ParameterSet

SENTENCES = Path(__file__).with_name("assumptions.tsv")
"""Number and first sentence of each assumption; tools/make_tables.py writes it."""
LONGEST_SENTENCE = 150
_NUMBER = re.compile(r"\bA\d{2,3}\b")
_ENTRY = re.compile(r"^- \*\*(A\d{2,3})\*\* (.+)$", re.MULTILINE)
_SENTENCE = re.compile(r"(.{24,}?(?:[a-z0-9)%]|[A-Z]{2}))(?:\.(?= [A-Z])|;(?= )|\.$)")
"""The beginning of an entry: up to a full stop or semicolon, names such as "E. coli" inside."""


class _Part(NamedTuple):
    """Parameter classes under one group of a scenario, and what a run must have to use them."""

    group: str
    classes: tuple[str, ...]
    needs: str


_PARTS = (
    _Part("cell", ("abm.processes.cell_parameters:GROUPS",), "mechanistic"),
    _Part("transport", ("abm.environment.reactions:TransportParameters",), "mechanistic"),
    _Part("inheritance", ("abm.processes.inheritance:InheritanceParameters",), "mechanistic"),
    _Part("diffusion", ("abm.environment.reactions:DiffusionParameters",), "tissue"),
    _Part("plasma", ("abm.environment.plasma:PlasmaParameters",), "tissue"),
    _Part("motion", ("abm.processes.motion:MotionParameters",), "tissue"),
    _Part("dead_matter", ("abm.processes.nutrients:DeadMatterParameters",), "tissue"),
    _Part("contact", ("abm.processes.contact:ContactParameters",), "contact"),
    _Part("gas", ("abm.environment.media:GasParameters",), "well"),
    _Part("medium_change", ("abm.processes.medium_change:MediumChangeParameters",), "well"),
    _Part("corpses", ("abm.processes.fate:CorpseParameters",), "well"),
    _Part("dosing", ("abm.processes.dosing:DosingParameters",), "doses"),
    _Part("body", ("abm.environment.body:BodyParameters",), "body"),
    _Part("course", ("abm.pharmacology.therapy_options:CourseParameters",), "body"),
    _Part("watch", ("abm.watch.plan:WatchParameters",), "body"),
    _Part("room", ("abm.processes.room:RoomParameters",), "body"),
    _Part("traffic", ("abm.processes.traffic:TrafficParameters",), "body"),
    _Part("immunity", ("abm.pharmacology.immunity:ImmunityParameters",), "antibodies"),
    _Part("exposure", ("abm.pharmacology.sensitisation:ExposureParameters",), "antibodies"),
    _Part("toxicity", ("abm.pharmacology.toxicity:ToxicityParameters",), "toxicity"),
    _Part("partners", ("abm.pharmacology.partners:PartnerParameters",), "partners"),
)


def assumptions_of(scenario: dict[str, Any], info: dict[str, Any]) -> pd.DataFrame:
    """Return one row for each assumption behind the parameters in use, and those parameters.

    scenario : the resolved scenario of the run folder
    info     : run.json; the basis of its protocol counts, too
    """
    found: dict[str, list[str]] = {}
    has = _features(scenario, info)
    for part in _PARTS:
        if part.needs not in has:
            continue
        given = scenario.get(part.group) or {}
        for one in _classes(part):
            for row in one.rows():
                for name in _NUMBER.findall(row.source):
                    number = given.get(row.name, f"{row.value:.4g} {row.unit}".strip())
                    value = f"{part.group}.{row.name} {number}"
                    found.setdefault(name, []).append(value)
    protocol = info.get("protocol")
    if isinstance(protocol, dict):
        for name in _NUMBER.findall(str(protocol.get("basis", ""))):
            found.setdefault(name, []).append(f"protocol {protocol.get('id', '')}")
    said = sentence_of()
    rows = [
        (name, said.get(name, ""), "; ".join(found[name]))
        for name in sorted(found, key=lambda one: int(one[1:]))
    ]
    return pd.DataFrame(rows, columns=["", "assumption", "what rests on it"])


def first_sentences(text: str) -> list[tuple[str, str]]:
    """Return number and first sentence of each entry of docs/assumptions.md, long ones cut."""
    found = []
    for number, entry in _ENTRY.findall(text):
        sentence = _SENTENCE.match(entry)
        plain = (sentence[1] if sentence else entry.rstrip(".")).replace("`", "")
        if len(plain) > LONGEST_SENTENCE:
            plain = plain[:LONGEST_SENTENCE].rsplit(" ", 1)[0].rstrip(",;:") + " ..."
        found.append((number, plain))
    return found


def sentence_of() -> dict[str, str]:
    """Return the first sentence of each assumption by its number."""
    lines = SENTENCES.read_text(encoding="utf-8").splitlines()
    return {line.partition("\t")[0]: line.partition("\t")[2] for line in lines}


def _features(scenario: dict[str, Any], info: dict[str, Any]) -> set[str]:
    environment = scenario.get("environment") or {}
    treatment = scenario.get("treatment") or {}
    cells = scenario.get("cells") or []
    found = {str(environment.get("kind"))}
    if any(one.get("model", "mechanistic") == "mechanistic" for one in cells):
        found.add("mechanistic")
    if info.get("doses"):
        found.add("doses")
    if info.get("partners") or treatment.get("partners"):
        found.add("partners")
    found |= {name for name in ("antibodies", "toxicity") if treatment.get(name)}
    if "contact" in info.get("seconds_per_process", {}):
        found.add("contact")
    return found


def _classes(part: _Part) -> list[type[ParameterSet]]:
    found: list[type[ParameterSet]] = []
    for path in part.classes:
        module, name = path.split(":")
        one = getattr(import_module(module), name)
        found += one if isinstance(one, tuple) else [one]
    return found
