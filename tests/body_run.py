"""A run folder of one patient, written by hand, for tests of figures and summaries."""

import math
from pathlib import Path

import numpy as np

from abm.record.writer import RunWriter

DAY = 24.0
DOSES = (0.0, 14.0, 28.0)
END_D = 400
GENOTYPES = ((2, 1.0), (1, 1.0), (0, 1.0), (0, 2.0))


def course(day: float) -> dict[str, float]:
    """What the patient is like on a day: activity, Asn, cells."""
    activity = sum(1.0 * math.exp(-0.12 * (day - dose)) for dose in DOSES if day >= dose)
    activity = activity if day < 75 else 0.0
    asn = min(50.0, 50.0 / (1.0 + 5000.0 * activity))
    on_drug = min(day, 60.0)
    sensitive = 1e12 * 10.0 ** (-0.15 * on_drug + 0.012 * (day - on_drug))
    resistant = 2e5 * 10.0 ** (0.03 * day)
    resistant = resistant / (1.0 + resistant / 1.5e12)
    return {
        "activity": activity,
        "asn": asn,
        "measured": 0.0 if activity > 0.02 else asn,
        "csf_asn": 0.8 + 0.1 * asn,
        "sensitive": sensitive,
        "resistant": resistant,
        "normal": 5e11 * (0.3 + 0.7 / (1.0 + (sensitive + resistant) / 5e11)),
    }


def write_body_run(folder: Path, *, replicates: int = 1, is_finished: bool = True) -> Path:
    """Write the run of a patient who relapses on day 178; return the folder."""
    writer = RunWriter(folder)
    for day in range(0, END_D + 1, 2):
        one = course(float(day))
        marrow = one["sensitive"] + one["resistant"]
        cells = {
            "n_marrow": marrow,
            "n_plasma": 0.02 * marrow,
            "n_csf": 3e5 * 10.0 ** (-0.05 * min(day, 60)) + 1e-7 * one["resistant"],
            "n_tissue": 0.05 * marrow,
        }
        cells = {name: int(value) for name, value in cells.items()}
        total = sum(cells.values())
        row = {
            "time_h": day * DAY,
            "n_agents": 100,
            "n_cells": total,
            "n_resistant": int(1.07 * one["resistant"]),
            "n_asns_high": int(one["resistant"]),
            "births": 0,
            "deaths": 0,
            "mutations": 0,
            "asparaginase_IU_per_mL": one["activity"],
            "asn_uM": one["asn"],
            "gln_uM": 550.0,
            "n_normal": int(one["normal"]),
            "marrow_blast_share": marrow / (marrow + one["normal"]),
            "asn_measured_uM": one["measured"],
            "asn_csf_uM": one["csf_asn"],
            **cells,
        }
        if replicates > 1:
            spread = np.exp(np.linspace(-0.5, 0.5, replicates))
            for name in ("asparaginase_IU_per_mL", "n_cells", "n_marrow", "marrow_blast_share"):
                row[name] = (row[name] * spread).astype(np.asarray(row[name]).dtype)
            row["replicate"] = np.arange(replicates)
        writer.timeseries(row)
        shares = np.array([one["sensitive"], 0.3 * one["resistant"], 0.2 * one["resistant"],
                           0.5 * one["resistant"]])  # fmt: skip
        writer.clones(
            day * DAY,
            {
                "clone_id": np.arange(4),
                "parent_clone_id": np.array([-1, 0, 0, 2]),
                "n_cells": shares.astype(np.int64),
                "methylated_alleles": np.array([alleles for alleles, _ in GENOTYPES]),
                "gain": np.array([gain for _, gain in GENOTYPES]),
            },
        )
    writer.mrd(
        {
            "time_h": np.array([15.0, 33.0, 78.0]) * DAY,
            "patient": np.zeros(3, np.int64),
            "name": np.array(["day 15", "day 33", "day 78"], dtype=object),
            "true": np.array([0.005, 3e-5, 2e-4]),
            "flow": np.array([0.0051, 0.0, 2.1e-4]),
            "pcr": np.array([0.0049, 3.3e-5, 1.9e-4]),
        }
    )
    writer.events(
        {
            "patient": np.zeros(5, np.int64),
            "day": np.array([0.0, 14.0, 28.0, 75.0, 76.0]),
            "kind": np.array(["dose", "dose", "dose", "allergy", "switch"], dtype=object),
            "product": np.array(["pegaspargase"] * 4 + ["rylaze"], dtype=object),
            "note": np.array([""] * 4 + ["rylaze"], dtype=object),
            "value": np.array([2500.0, 2500.0, 2500.0, 300.0, math.nan]),
            "measured": np.full(5, math.nan),
        }
    )
    writer.clone_edges(
        {
            "clone_id": np.arange(4), "parent_clone_id": np.array([-1, 0, 0, 2]),
            "origin_h": np.array([0.0, 30.0, 60.0, 200.0]),
            "methylated_alleles": np.array([2, 1, 0, 0]), "gain": np.array([1.0, 1.0, 1.0, 2.0]),
            "mutations": np.array([0, 1, 1, 2]), "n_founders": np.array([1, 1, 400, 1]),
            "is_pool": np.array([False, False, True, False]), "pool": np.full(4, -1),
            "replicate": np.zeros(4, np.int64),
        }
    )  # fmt: skip
    info = {
        "name": "course-pegaspargase",
        "seed": 1,
        "protocol": "AIEOP-BFM ALL 2009 [from memory]",
        "doses": [[day * DAY, "pegaspargase 2500 IU/m2 iv"] for day in DOSES],
        "exit_reason": "end_time",
        "outcome": {
            "relapsed": True, "time_to_relapse_d": 178.0, "remission_d": 9.0,
            "mrd_end_induction_flow": 0.0, "mrd_end_induction_pcr": 3.3e-5,
            "days_above_0p1_IU_per_mL": 47.0, "days_asn_depleted": 71.0,
            "days_asn_undetected": 73.0, "lowest_blasts": 4e6, "lowest_blasts_d": 60.0,
            "share_resistant_at_relapse": 1.0, "n_clones_at_relapse": 3,
            "n_founders_resistant_at_relapse": 402, "largest_clone_share": 0.5,
            "relapse_compartment": "marrow", "relapse_origin": "marrow", "csf_relapse_d": None,
        },
    }  # fmt: skip
    writer.describe(info) if not is_finished else writer.finish(info)
    if not is_finished:
        writer.checkpoint_tables()
    return folder
