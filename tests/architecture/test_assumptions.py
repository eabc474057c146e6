"""Every assumption that the code names is listed, and every one that is listed is used."""

import re
from pathlib import Path

from scenarios.report.assumptions import first_sentences, sentence_of

ROOT = Path(__file__).resolve().parents[2]
NUMBER = re.compile(r"\bA(?!549\b)\d{2,3}\b")
ENTRY = re.compile(r"^- \*\*(A\d{2,3})\*\* ", re.MULTILINE)
EQUATION_DOCUMENTS = (
    "model.md",
    "numerics.md",
    "pharmacology.md",
    "compounds.md",
    "calibration.md",
    "body.md",
    "marrow.md",
    "clinic.md",
    "protocols.md",
    "cohorts.md",
    "screens.md",
)


def _used_in_code():
    return {
        number: path.relative_to(ROOT).as_posix()
        for package in ("abm", "analysis", "scenarios", "asnsim")
        for path in sorted((ROOT / package).rglob("*.py"))
        for number in NUMBER.findall(path.read_text(encoding="utf-8"))
    }


def _entries():
    return ENTRY.findall((ROOT / "docs" / "assumptions.md").read_text(encoding="utf-8"))


def test_assumptions_of_the_code_are_listed():
    listed = set(_entries())
    missing = {number: path for number, path in _used_in_code().items() if number not in listed}
    assert not missing, f"docs/assumptions.md lacks {missing}"


def test_listed_assumptions_are_used():
    """In the packages, or beside an equation of the documents."""
    used = set(_used_in_code())
    for name in EQUATION_DOCUMENTS:
        used |= set(NUMBER.findall((ROOT / "docs" / name).read_text(encoding="utf-8")))
    assert not set(_entries()) - used


def test_the_report_has_the_first_sentence_of_each():
    text = (ROOT / "docs" / "assumptions.md").read_text(encoding="utf-8")
    assert sentence_of() == dict(first_sentences(text)), "say: python tools/make_tables.py"


def test_numbers_stand_once_and_in_order():
    entries = _entries()
    assert entries == sorted(set(entries), key=lambda entry: int(entry[1:]))
