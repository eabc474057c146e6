"""The commands of the clinic: cohorts of virtual patients, measured activities of one patient."""

import sys
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from abm.errors import ScenarioError
from scenarios.cli_laboratory import fit as fit_dose_response
from scenarios.cli_many import Scheduler, Workers, check_workers
from scenarios.cli_support import (
    DONE,
    FAILED,
    INTERRUPTED,
    Assignments,
    Threads,
    check_free,
    tell,
    write,
)


def cohort(
    file: Annotated[
        str, Parameter(help="Bundled cohort, or a file: ends in .yaml or has a slash.")
    ],
    /,
    *,
    out: Annotated[
        Path | None,
        Parameter(help="Folder, runs/NAME if not given; one that was begun is finished."),
    ] = None,
    patients: Annotated[int | None, Parameter(help="Patients in place of the file's own.")] = None,
    workers: Workers = None,
    scheduler: Scheduler = None,
    seed: Annotated[int | None, Parameter(help="Seed in place of the file's own.")] = None,
    set_: Assignments = None,
) -> int:
    """Run the arms of a cohort of virtual patients and print the folder with its report."""
    check_workers(workers, scheduler)
    if patients is not None and patients < 1:
        raise ScenarioError(f"--patients {patients}: must be at least 1")
    from scenarios.cohort.load import load_cohort
    from scenarios.cohort.run import FAILURES, run_cohort
    from scenarios.progress import ProgressBar
    from scenarios.workers import default_workers

    checked = load_cohort(file, set_ or (), seed=seed)
    folder = out or Path("runs") / checked.name
    with ProgressBar(checked.name, "patients") as progress:
        try:
            found = run_cohort(
                checked, folder, n_patients=patients, workers=workers or default_workers(),
                scheduler=scheduler, progress=progress,
            )  # fmt: skip
        except KeyboardInterrupt:
            return tell("interrupted: the same command goes on from here", INTERRUPTED)
    for warning in found.warnings:
        tell(warning, DONE)
    write(str(found.folder))
    if found.n_failed:
        text = f"{found.n_failed} batches failed, see {found.folder / FAILURES}"
        return tell(f"{text}: the same command tries them again", FAILED)
    return DONE


def fit(
    data: Annotated[
        Path,
        Parameter(
            help="CSV: dose_IU_per_mL, viability [, hours] or time_h, n_cells; or of one patient: "
            "time_d, activity_IU_per_mL, dose_IU_per_m2."
        ),
    ],
    /,
    *,
    line: Annotated[str | None, Parameter(help="Line that dish data are fitted onto.")] = None,
    doses: Annotated[Path | None, Parameter(help="Patient: CSV with the doses.")] = None,
    product: Annotated[str | None, Parameter(help="Patient: product of the doses.")] = None,
    preset: Annotated[str | None, Parameter(help="Patient: kinetics of the product.")] = None,
    route: Annotated[str | None, Parameter(help="Patient: iv or im.")] = None,
    bsa: Annotated[float | None, Parameter(help="Patient: surface area in m2.")] = None,
    weight: Annotated[float | None, Parameter(help="Patient: weight in kg.")] = None,
    age: Annotated[float | None, Parameter(help="Patient: age in years.")] = None,
    sex: Annotated[str | None, Parameter(help="Patient: f or m.")] = None,
    next_: Annotated[
        float | None, Parameter(name="--next", help="Patient: day of the next trough.")
    ] = None,
    limit: Annotated[float | None, Parameter(help="Patient: quantification limit, IU/mL.")] = None,
    out: Annotated[Path | None, Parameter(help="New folder for the tables.")] = None,
    seed: Annotated[int | None, Parameter(help="Seed of the cultures.")] = None,
    set_: Assignments = None,
    threads: Threads = None,
    overwrite: Annotated[
        bool, Parameter(negative="", help="Write into --out if it is there.")
    ] = False,
) -> int:
    """Fit your own data: dose-response or growth onto a line, or one patient's activities."""
    from scenarios.studies.patient_data import check_is_patient_table

    of_patient = (doses, product, preset, route, bsa, weight, age, sex, next_, limit)
    is_told = line is None and any(option is not None for option in of_patient)
    if not check_is_patient_table(data, is_told=is_told):
        if line is None:
            raise ScenarioError("--line: is missing: the line that the data are fitted onto")
        return fit_dose_response(
            data, line=line, out=out, seed=seed, set_=set_, threads=threads, overwrite=overwrite
        )
    if line is not None:
        raise ScenarioError(f"--line {line}: does not go with activities of a patient")
    if out is not None:
        check_free(out, overwrite)
    from scenarios.studies.patient_fit import (
        NOT_FOR_DECISIONS,
        covariates,
        fit_patient,
        parameter_text,
        summary,
        write_patient_fit,
    )

    patient = covariates(bsa, weight, age, sex)
    found = fit_patient(
        data, patient, doses=doses, product=product, preset=preset, route=route, next_day=next_,
        quantification_limit=limit,
    )  # fmt: skip
    if out is not None:
        write_patient_fit(found, out, overwrite)
    write(parameter_text(found.parameters))
    write(summary(found.trough))
    for note in (*found.notes, NOT_FOR_DECISIONS):
        sys.stderr.write(f"asnsim: {note}\n")
    return DONE
