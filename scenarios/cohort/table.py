"""Real patients from a CSV: covariates, and where known subtype, ASNS, methylation, burden, MRD."""

import dataclasses
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from abm.errors import ScenarioError
from abm.pharmacology.cohort import Cohort
from abm.pharmacology.patient import Patient, Sex
from abm.pharmacology.variability import CHILDREN
from abm.units import did_you_mean
from scenarios.cohort.disease import SUBTYPES, Disease, methylation_shares, whole_blasts
from scenarios.cohort.patients import Patients, sample_patients
from scenarios.csv_table import numbers_within, read_csv

PATIENT, AGE, SEX, WEIGHT, AREA = "patient", "age_yr", "sex", "weight_kg", "bsa_m2"
SUBTYPE, ASNS, METHYLATED = "subtype", "asns_relative", "methylated_share"
BLASTS, MRD = "blasts_at_diagnosis", "mrd_end_induction"
REQUIRED = (PATIENT, AGE, SEX)
SIZES = (WEIGHT, AREA)
"""One of the two must be there."""


class _Range(NamedTuple):
    low: float
    high: float
    unit: str


_RANGES = {
    AGE: _Range(0.0, 120.0, "yr"),
    WEIGHT: _Range(2.0, 250.0, "kg"),
    AREA: _Range(0.15, 3.0, "m2"),
    ASNS: _Range(1e-3, 1e3, "times the median patient"),
    METHYLATED: _Range(0.0, 1.0, "of the blasts"),
    BLASTS: _Range(1.0, 1e13, "cells"),
    MRD: _Range(0.0, 1.0, "of the marrow cells"),
}
COLUMNS = (*REQUIRED, *SIZES, SUBTYPE, ASNS, METHYLATED, BLASTS, MRD)


def read_patients(
    path: Path, seed: int, disease: Disease, frequencies: dict[str, float], n: int | None = None
) -> Patients:
    """Return the patients of a CSV, the first ``n`` of them; what it leaves open is drawn.

    Raises ScenarioError that names the file, the line or the missing columns, and the rule.
    """
    table = _checked(path)
    if n is not None and n > len(table):
        raise ScenarioError(f"{path}: has {len(table)} patients: asked for {n}")
    table = table if n is None else table.iloc[:n]
    drawn = sample_patients(len(table), seed, CHILDREN, disease, frequencies)
    people = tuple(_patient(row) for row in table.to_dict("records"))
    return dataclasses.replace(
        drawn,
        labels=tuple(table[PATIENT].astype(str)),
        cohort=Cohort(seed, people, drawn.cohort.keys),
        diseases=_measured(table, drawn, disease),
        observed={MRD: table[MRD].to_numpy(float)} if MRD in table else {},
    )


def extrapolations(patients: Patients) -> list[str]:
    """Return one warning where patients lie outside of what the kinetics were fitted to."""
    ages = np.array([one.age for one in patients.cohort.patients])
    outside = (ages < CHILDREN.lowest_age) | (ages > CHILDREN.highest_age)
    if not outside.any():
        return []
    return [
        f"{int(outside.sum())} of {patients.n} patients are younger than {CHILDREN.lowest_age:g} "
        f"or older than {CHILDREN.highest_age:g} years: kinetics are extrapolated for them"
    ]


def _measured(table: pd.DataFrame, drawn: Patients, disease: Disease) -> Any:
    """Return the drawn diseases with what the table knows in their place."""
    found = drawn.diseases
    if SUBTYPE in table:
        given = table[SUBTYPE].fillna("")
        names = [own or other for own, other in zip(given, found.subtype, strict=True)]
        found = found._replace(subtype=tuple(names))
    if ASNS in table:
        found = found._replace(asns_factor=_given(table[ASNS], found.asns_factor))
    if BLASTS in table:
        blasts = _given(table[BLASTS], found.blasts.astype(float))
        found = found._replace(blasts=whole_blasts(blasts, disease))
    if METHYLATED in table:
        share = _given(table[METHYLATED], found.methylated[:, 2])
        every = np.ones(share.shape[0], np.bool_)
        found = found._replace(methylated=methylation_shares(every, 1.0 - share))
    return found


def _given(column: pd.Series, otherwise: np.ndarray) -> np.ndarray:
    values = column.to_numpy(float)
    return np.where(np.isnan(values), otherwise, values)


def _patient(row: dict[str, Any]) -> Patient:
    size = {
        name: float(row[column])
        for name, column in (("weight", WEIGHT), ("bsa", AREA))
        if column in row and not np.isnan(row[column])
    }
    return Patient(age=float(row[AGE]), sex=Sex.parse(row[SEX]), **size)


def _checked(path: Path) -> pd.DataFrame:
    table = read_csv(path, (PATIENT,))
    missing = [name for name in REQUIRED if name not in table]
    if not any(name in table for name in SIZES):
        missing.append(" or ".join(SIZES))
    if missing:
        raise ScenarioError(
            f"{path}: column{'s' * (len(missing) > 1)} {', '.join(missing)} missing: "
            f"a row is a patient with {', '.join(REQUIRED)} and {' or '.join(SIZES)}"
        )
    for name in table.columns:
        if name not in COLUMNS:
            raise ScenarioError(
                f"{path}: column {name!r} is not known{did_you_mean(name, COLUMNS)}"
            )
    for name, allowed in _RANGES.items():
        if name in table:
            table[name] = _numbers(path, table[name], allowed, name == AGE)
    _check_texts(path, table)
    return table


def _check_texts(path: Path, table: pd.DataFrame) -> None:
    for line, row in enumerate(table.to_dict("records"), start=2):
        if row[SEX] not in ("f", "m"):
            raise ScenarioError(f"{path}: line {line}: {SEX}: {row[SEX]!r}: must be f or m")
        if all(column not in row or np.isnan(row[column]) for column in SIZES):
            raise ScenarioError(f"{path}: line {line}: needs {' or '.join(SIZES)}")
        subtype = row.get(SUBTYPE, np.nan)
        if isinstance(subtype, str) and subtype not in SUBTYPES:
            raise ScenarioError(
                f"{path}: line {line}: {SUBTYPE}: {subtype!r} is not known"
                f"{did_you_mean(subtype, SUBTYPES)}"
            )
    twice = table[PATIENT][table[PATIENT].duplicated()]
    if len(twice):
        line = int(twice.index[0]) + 2
        raise ScenarioError(f"{path}: line {line}: {PATIENT}: {twice.iloc[0]!r} is there twice")


def _numbers(path: Path, column: pd.Series, allowed: _Range, is_required: bool) -> pd.Series:
    rule = f"a number in [{allowed.low:g}, {allowed.high:g}] {allowed.unit}"
    return numbers_within(path, column, allowed.low, allowed.high, rule, is_required)
