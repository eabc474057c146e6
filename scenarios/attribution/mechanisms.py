"""Mechanisms of relapse, each with the change of a resolved scenario that switches it off.

A switch gets a copy of the scenario as plain contents and changes it in place; it tells whether
there was anything to switch off.
"""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from scenarios.schema.names import TUMOUR_TYPES

Tree = dict[str, Any]
_MOST_METHYLATED = 2
_NO_KILL = {
    "steroid": "0 1/d", "vincristine": 0, "anthracycline": 0, "antimetabolite": 0, "maintenance": 0
}  # fmt: skip
"""Parameters of abm.pharmacology.partners.PartnerParameters."""


class Mechanism(NamedTuple):
    """One mechanism; ``switch_off`` changes a scenario and tells whether it did."""

    id: str
    title: str
    switch_off: Callable[[Tree], bool]


def _tumour(tree: Tree) -> Iterator[dict[str, Any]]:
    """Yield the entries of mechanistic tumour cells."""
    for entry in tree.get("cells", []):
        if entry.get("type") in TUMOUR_TYPES and entry.get("model", "mechanistic") == "mechanistic":
            yield entry


def _change(entry: dict[str, Any], key: str, value: Any) -> bool:
    """Set a key; tell whether that changes anything."""
    if entry.get(key) == value:
        return False
    entry[key] = value
    return True


def _any(changes: Iterator[bool]) -> bool:
    """Tell whether any change was one; all are made."""
    return bool(sum(list(changes)))


def _no_resistant_founders(tree: Tree) -> bool:
    def changes() -> Iterator[bool]:
        for entry in _tumour(tree):
            if _is_grown(tree, entry):
                yield _change(entry, "history", "none")
            shares = entry.get("methylated_alleles")
            if isinstance(shares, dict) and any(
                int(alleles) != _MOST_METHYLATED and share > 0 for alleles, share in shares.items()
            ):
                yield _change(entry, "methylated_alleles", {str(_MOST_METHYLATED): 1.0})

    return _any(changes())


def _is_grown(tree: Tree, entry: dict[str, Any]) -> bool:
    default = "grown" if tree["environment"]["kind"] == "body" else "none"
    return (entry.get("history") or default) == "grown"


def _inheritance(name: str) -> Callable[[Tree], bool]:
    def switch(tree: Tree) -> bool:
        inheritance = tree.get("inheritance") or {}
        if not inheritance.get(name):
            return False
        tree["inheritance"] = inheritance | {name: 0}
        return True

    return switch


def _genotype(name: str) -> Callable[[Tree], bool]:
    def switch(tree: Tree) -> bool:
        def changes() -> Iterator[bool]:
            for entry in _tumour(tree):
                genotype = entry.get("genotype") or {}
                if genotype.get(name, 1.0) != 0.0:
                    entry["genotype"] = genotype | {name: 0.0}
                    yield True

        return _any(changes())

    return switch


def _no_spread(name: str, default: float) -> Callable[[Tree], bool]:
    def switch(tree: Tree) -> bool:
        found = [entry for entry in _tumour(tree) if entry.get(name, default)]
        return _any(_change(entry, name, 0.0) for entry in found)

    return switch


def _no_cns(tree: Tree) -> bool:
    if tree["environment"]["kind"] != "body":
        return False
    for entry in _tumour(tree):
        shares = dict(entry.get("compartments") or {})
        if shares.get("csf"):
            in_csf = shares.pop("csf")
            entry["compartments"] = shares | {"marrow": shares.get("marrow", 0.0) + in_csf}
    return _parameter(tree, "traffic.csf_share", 0.0)


def _no_csf_contact(tree: Tree) -> bool:
    is_body = tree["environment"]["kind"] == "body"
    return is_body and _parameter(tree, "body.csf_contact_asn", "0 uM")


def _parameter(tree: Tree, name: str, value: Any) -> bool:
    parameters = tree.get("parameters") or {}
    if parameters.get(name) == value:
        return False
    tree["parameters"] = parameters | {name: value}
    return True


def _no_stroma(tree: Tree) -> bool:
    cells = tree.get("cells", [])
    kept = [entry for entry in cells if entry.get("type") != "stroma"]
    tree["cells"] = kept
    return len(kept) < len(cells)


def _treatment(name: str, off: Any, *falses: Any) -> Callable[[Tree], bool]:
    def switch(tree: Tree) -> bool:
        treatment = tree.get("treatment") or {}
        if treatment.get(name) in (None, off, *falses):
            return False
        tree["treatment"] = treatment | {name: off}
        return True

    return switch


def _no_partners(tree: Tree) -> bool:
    """Take their kill from the partner drugs, so that the days of the protocol stay."""
    treatment = tree.get("treatment") or {}
    if not (treatment.get("partners") or treatment.get("protocol")):
        return False
    changes = [_parameter(tree, f"partners.{name}", off) for name, off in _NO_KILL.items()]
    return any(changes)


MECHANISMS: tuple[Mechanism, ...] = (
    Mechanism("pre-existing", "resistant cells at the start", _no_resistant_founders),
    Mechanism("demethylation", "demethylation of ASNS", _inheritance("demethylation")),
    Mechanism("amplification", "amplification of ASNS", _inheritance("amplification")),
    Mechanism("induction", "induction of ASNS by ATF4", _genotype("asns_induced_message")),
    Mechanism("gcn2", "GCN2 (stress response)", _genotype("gcn2")),
    Mechanism("threshold-spread", "unequal death thresholds", _no_spread("threshold_cv", 0.25)),
    Mechanism("asns-spread", "unequal ASNS set-points", _no_spread("asns_cv", 0.3)),
    Mechanism("csf", "sanctuary of the central nervous system", _no_cns),
    Mechanism("csf-contact", "Asn from the meninges", _no_csf_contact),
    Mechanism("stroma", "stroma that hands on Asn", _no_stroma),
    Mechanism("antibodies", "antibodies and silent inactivation", _treatment("antibodies", False)),
    Mechanism("toxicity", "doses lost to toxicity", _treatment("toxicity", False)),
    Mechanism("kinetics", "the patient's own kinetics", _treatment("variability", "typical")),
    Mechanism("partners", "partner drugs", _no_partners),
)
"""In the order of the table. A mechanism that helps the patient is held against the relapse too."""
