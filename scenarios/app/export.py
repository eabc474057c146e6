"""What a visitor takes home: tables as Parquet and CSV, and the film."""

import io
import re
import tempfile
import zipfile
from pathlib import Path

from abm.record import layout
from abm.record.writer import RunWriter
from analysis.animate import animate_run
from scenarios.app.session import Arm
from scenarios.load import dump_resolved

FILM_SUFFIX = ".mp4"


def tables(arms: list[Arm]) -> bytes:
    """Return a zip of scenario, run.json and all tables of each arm, each table twice."""
    stream = io.BytesIO()
    with (
        tempfile.TemporaryDirectory(prefix="asnsim-") as folder,
        zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive,
    ):
        for number, arm in enumerate(arms, start=1):
            run = Path(folder) / f"{number}-{slug(arm.name)}"
            write_run(arm, run, has_frames=False)
            for path in sorted(run.iterdir()):
                if path.is_file():
                    archive.write(path, f"{run.name}/{path.name}")
            for name in _table_names(arm):
                text = arm.history.table(name).to_csv(index=False)
                archive.writestr(f"{run.name}/{Path(name).stem}.csv", text)
    return stream.getvalue()


def film(arm: Arm) -> bytes:
    """Return the film of an arm as MP4; RunFolderError where there is nothing to be shown."""
    with tempfile.TemporaryDirectory(prefix="asnsim-") as folder:
        run = Path(folder) / slug(arm.name)
        write_run(arm, run, has_frames=True)
        (path,) = animate_run(run, [Path(folder) / f"film{FILM_SUFFIX}"])
        return path.read_bytes()


def write_run(arm: Arm, folder: Path, *, has_frames: bool) -> None:
    """Write what an arm has recorded as a run folder, without checkpoints and genealogy."""
    history, records = arm.history, arm.records()
    reason = arm.model.exit_reason
    info = {
        **records.info,
        "exit_reason": "paused" if reason is None else reason.name.lower(),
        "end_h": arm.model.clock.hours,
    }
    writer = RunWriter(folder)
    writer.scenario(dump_resolved(arm.scenario))
    for frame in history.frames if has_frames else []:
        if frame.cells:
            writer.cells(frame.time_h, frame.cells)
        if frame.fields:
            writer.fields(frame.time_h, frame.fields, spacing_um=arm.model.facts.spacing)
    writer.checkpoint_tables()
    writer = RunWriter.resume(folder, arm.model.clock.hours, history.snapshot())
    for name, table in history.whole.items():
        table.to_parquet(folder / name)
    writer.finish(info)


def slug(name: str) -> str:
    """Return a name that is safe as that of a file."""
    return re.sub(r"[^A-Za-z0-9_-]+", "-", name).strip("-")[:60] or "run"


def _table_names(arm: Arm) -> list[str]:
    names = (layout.TIMESERIES, layout.SITES, layout.CLONES, layout.PRICE)
    return [name for name in (*names, *arm.history.whole) if len(arm.history.table(name))]
