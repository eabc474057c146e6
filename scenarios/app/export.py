"""What a visitor takes home: tables as Parquet and CSV, and the film."""

import io
import re
import tempfile
import zipfile
from pathlib import Path

from abm.record import layout
from abm.record.writer import RunWriter
from analysis.animate import animate_run
from scenarios.app.part import Part
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
            for part, place in zip(arm.parts, (run, run / layout.LESION), strict=False):
                write_run(part, place, has_frames=False)
                inside = place.relative_to(folder)
                for path in sorted(place.iterdir()):
                    if path.is_file():
                        archive.write(path, str(inside / path.name))
                for name in _table_names(part):
                    text = part.history.table(name).to_csv(index=False)
                    archive.writestr(str(inside / f"{Path(name).stem}.csv"), text)
    return stream.getvalue()


def film(part: Part) -> bytes:
    """Return the film of an arm or lesion as MP4; RunFolderError where nothing can be shown."""
    with tempfile.TemporaryDirectory(prefix="asnsim-") as folder:
        run = Path(folder) / slug(part.name)
        write_run(part, run, has_frames=True)
        (path,) = animate_run(run, [Path(folder) / f"film{FILM_SUFFIX}"])
        return path.read_bytes()


def write_run(part: Part, folder: Path, *, has_frames: bool) -> None:
    """Write what an arm or lesion has recorded as a run folder; no checkpoints, no genealogy."""
    history, records = part.history, part.records()
    reason = part.model.exit_reason
    info = {
        **records.info,
        "exit_reason": "paused" if reason is None else reason.name.lower(),
        "end_h": part.model.clock.hours,
    }
    writer = RunWriter(folder)
    writer.scenario(dump_resolved(part.scenario))
    for frame in history.frames if has_frames else []:
        if frame.cells:
            writer.cells(frame.time_h, frame.cells)
        if frame.fields:
            writer.fields(frame.time_h, frame.fields, spacing_um=part.model.facts.spacing)
    writer.checkpoint_tables()
    writer = RunWriter.resume(folder, part.model.clock.hours, history.snapshot())
    for name, table in history.whole.items():
        table.to_parquet(folder / name)
    writer.finish(info)


def slug(name: str) -> str:
    """Return a name that is safe as that of a file."""
    return re.sub(r"[^A-Za-z0-9_-]+", "-", name).strip("-")[:60] or "run"


def _table_names(part: Part) -> list[str]:
    names = (layout.TIMESERIES, layout.SITES, layout.CLONES, layout.PRICE)
    return [name for name in (*names, *part.history.whole) if len(part.history.table(name))]
