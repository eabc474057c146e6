"""Where the wall time of a run went: kept while it runs, told at its end."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_LEAST_SHARE = 0.01
"""Processes below this share of the wall time are told together."""


@dataclass
class Spent:
    """Seconds of wall time and work so far, earlier parts of a resumed run included.

    wall_s     : all of it, from the start of the command
    build_s    : making the model
    record_s   : recording, checkpoints, closing
    compile_s  : compiling kernels, wherever that fell
    cell_steps : agents alive after each fate step, summed over the steps; a lesion inside a body
                 makes many in one of the body's, all of them with the cells that it then has
    """

    wall_s: float = 0.0
    build_s: float = 0.0
    record_s: float = 0.0
    compile_s: float = 0.0
    cell_steps: int = 0

    @classmethod
    def restored(cls, kept: Mapping[str, float]) -> "Spent":
        """Return what ``vars`` of such an object held."""
        return cls(**kept)  # type: ignore[arg-type]

    def as_info(self) -> dict[str, float]:
        """Return what run.json says, rates and shares included; compiling counts for no rate."""
        busy = self.wall_s - self.compile_s
        return {
            **vars(self),
            "cell_steps_per_s": self.cell_steps / busy if busy > 0.0 else 0.0,
            "record_share": self.record_s / self.wall_s if self.wall_s > 0.0 else 0.0,
            "compile_share": self.compile_s / self.wall_s if self.wall_s > 0.0 else 0.0,
        }


def profile_rows(info: Mapping[str, Any]) -> list[tuple[str, float, float]]:
    """Return parts of a run, their seconds and percent, longest first; empty without a profile."""
    if "cell_steps_per_s" not in info:
        return []
    wall = float(info["wall_s"])
    spent = {str(name): float(s) for name, s in info["seconds_per_process"].items()}
    spent |= {"recording": float(info["record_s"]), "building": float(info["build_s"])}
    told = {name: s for name, s in spent.items() if s >= _LEAST_SHARE * wall}
    rows = sorted(told.items(), key=lambda item: -item[1])
    rows.append(("the rest", max(wall - sum(told.values()), 0.0)))
    return [(name, s, _percent(s, wall)) for name, s in rows]


def profile_lines(info: Mapping[str, Any]) -> list[str]:
    """Return the profile in run.json as aligned lines; empty for a run that recorded none."""
    rows = profile_rows(info)
    if not rows:
        return []
    wall = float(info["wall_s"])
    width = max(len(name) for name, _, _ in rows)
    lines = [f"{wall:.1f} s of wall time:"]
    lines += [f"  {name:<{width}} {s:9.2f} s {share:5.1f} %" for name, s, share in rows]
    compiling = float(info["compile_s"])
    lines.append(
        f"{info['cell_steps_per_s']:.3g} cells x steps per second; compiling took "
        f"{compiling:.1f} s of these ({_percent(compiling, wall):.1f} %)"
    )
    if rough := info.get("rough_steps", 0):
        lines.append(f"{rough} steps of the field are less exact than solver.step_error asks for")
    return lines


def _percent(seconds: float, wall: float) -> float:
    return 100.0 * seconds / wall if wall > 0.0 else 0.0
