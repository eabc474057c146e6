"""A run folder of a tissue, flat or solid, written by hand, for tests of what is drawn of it."""

from pathlib import Path

import numpy as np

from abm.record.writer import RunWriter

NUMBERS = (300, 300, 90, 20, 8, 15, 40, 90, 160, 300)
RESISTANT = (2, 3, 3, 4, 4, 14, 40, 90, 160, 300)
SCENARIO = """asnsim: 1
description: A patch that relapses
sources: ['doi:10.1007/s13318-021-00670-8', 'Vora 2013 <script>alert(1)</script>']
environment: {kind: tissue, size: [400 um, 300 um]}
cells: [{type: blast, model: mechanistic, number: 300}]
treatment: {doses: [{product: pegaspargase, amount: 2500 IU/m2, at: [1 d]}]}
seed: 4
"""


def write_tissue_run(folder: Path, *, depth_um: float = 0.0, shift_um: float = 0.0) -> Path:
    """Write ten daily records of a relapse in 400 x 300 um; return the folder.

    ``shift_um`` moves the resistant cells to the right of x = 50 um, so that arms differ.
    """
    writer = RunWriter(folder)
    (folder / "scenario.yaml").write_text(SCENARIO)
    rng = np.random.default_rng(11)
    shape = (10, 30, 40) if depth_um else (30, 40)
    for k, n in enumerate(NUMBERS):
        drug = 0.0 if k == 0 else 0.5 * 0.6**k
        asn = 45.0 / (1.0 + drug / 1e-3)
        is_resistant = np.arange(n) < RESISTANT[k]
        cells = {
            "cell_id": np.arange(n),
            "cell_type": np.where(np.arange(n) < n - 2, 1, 2),
            "x_um": np.where(is_resistant, 50.0 + shift_um, rng.uniform(100, 400, n)),
            "y_um": rng.uniform(0, 300, n),
            "radius_um": np.full(n, 6.0),
            "asns": rng.lognormal(10, 0.3, n),
            "atf4": rng.uniform(1, 5, n),
            "mtorc1": rng.uniform(0, 1, n),
            "is_resistant": is_resistant,
        }
        if depth_um:
            cells["z_um"] = rng.uniform(0, depth_um, n)
        writer.cells(24.0 * k, cells)
        writer.fields(24.0 * k, {"asn": np.full(shape, asn)}, spacing_um=10.0)
        writer.timeseries(
            {
                "time_h": 24.0 * k, "n_cells": n, "n_resistant": RESISTANT[k], "n_stroma": 2,
                "asparaginase_IU_per_mL": drug, "asn_uM": asn, "gln_uM": 500.0,
                **dict.fromkeys(("n_agents", "n_asns_high", "births", "deaths", "mutations"), 0),
            }
        )  # fmt: skip
        writer.clones(
            24.0 * k,
            {
                "clone_id": np.arange(2), "parent_clone_id": np.array([-1, 0]),
                "n_cells": np.array([n - RESISTANT[k], RESISTANT[k]]),
                "methylated_alleles": np.array([2, 0]), "gain": np.ones(2),
            },
        )  # fmt: skip
        parts = {"selection": 3.0, "induction": 2.0, "mutation": 1.0}
        writer.price({"time_h": 24.0 * k, "asns_mean": 100.0 + 6.0 * k, **parts})
    writer.finish(
        {
            "name": "patch", "seed": 4, "description": "A patch that relapses", "threads": 2,
            "exit_reason": "end_time", "wall_s": 12.5, "cpu": "a processor",
            "versions": {"python": "3.11", "asnsim": "0.0.1"},
            "seconds_per_process": {"nutrients": 9.0, "fate": 3.0}, "record_s": 0.5,
            "build_s": 0.0, "compile_s": 0.0, "cell_steps_per_s": 1e3,
            "doses": [[24.0, "pegaspargase 2500 IU/m2"]],
        }
    )  # fmt: skip
    return folder
