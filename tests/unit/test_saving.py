"""Checkpoints are written while the run goes on; what goes wrong with them is told."""

import errno
import json
import time

import pytest

from abm.errors import NumericalError
from abm.record import layout
from abm.record.checkpoint import find_checkpoints
from scenarios import session
from scenarios.load import loads
from scenarios.run import run_scenario

CELLS = {
    "asnsim": 1,
    "environment": {"kind": "well", "volume": "100 uL", "species": []},
    "cells": [{
        "type": "cell", "model": "fixed-rates", "number": 20, "birth_rate": "0.5 1/d",
        "death_rate": "0.1 1/d",
    }],
    "time": {"end": "24 h", "record": "6 h", "checkpoint": "6 h"}, "stop": [],
}  # fmt: skip
SLOW_S = 0.2


def test_a_full_disk_ends_the_run_at_the_next_record(tmp_path, monkeypatch):
    def fail(folder, *_):
        raise OSError(errno.ENOSPC, "No space left on device", str(folder))

    monkeypatch.setattr(session, "write_checkpoint", fail)
    hours = []

    def note(so_far, end):
        hours.append(so_far)

    with pytest.raises(OSError, match="No space left"):
        run_scenario(loads(json.dumps(CELLS)), tmp_path / "run", progress=note)
    assert 6.0 <= hours[-1] < 12.0
    assert (tmp_path / "run" / layout.UNFINISHED).exists()
    assert not (tmp_path / "run" / layout.RUN_INFO).exists()


def test_a_run_that_fails_keeps_the_checkpoint_that_was_being_written(tmp_path, monkeypatch):
    write = session.write_checkpoint

    def write_slowly(*arguments):
        time.sleep(SLOW_S)
        return write(*arguments)

    def stop(hours, _):
        if hours > 7.0:
            raise NumericalError("the field did not converge")

    monkeypatch.setattr(session, "write_checkpoint", write_slowly)
    with pytest.raises(NumericalError):
        run_scenario(loads(json.dumps(CELLS)), tmp_path / "run", progress=stop)
    assert len(find_checkpoints(tmp_path / "run")) == 1
