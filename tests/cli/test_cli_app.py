"""``asnsim app``: what it refuses before it serves, and where it would open a browser."""

import socket

import pytest

from scenarios import cli
from scenarios.app import serve


def test_a_missing_extra_is_named_with_the_line_that_installs_it(monkeypatch, capsys):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert cli.main(["app"]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.endswith('pip install "asnsim[web]"')


@pytest.mark.parametrize(
    ("arguments", "message"),
    [(["nonsense"], "no bundled scenario"), (["--port", "70000"], "0 to 65535"),
     (["mtt"], "is an assay"), (["./nowhere.yaml"], "no such file")],
)  # fmt: skip
def test_bad_input_is_refused_before_anything_is_served(arguments, message, monkeypatch, capsys):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: object())
    assert cli.main(["app", *arguments]) == 2
    assert message in capsys.readouterr().err


def test_a_scenario_that_is_too_large_is_refused(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: object())
    path = tmp_path / "big.yaml"
    path.write_text(
        "asnsim: 1\nenvironment: {kind: well, medium: RPMI-1640}\n"
        "cells: [{type: blast, line: molt-4, number: 90000}]\ntime: {end: 1 d}\n"
    )
    assert cli.main(["app", str(path)]) == 2
    assert "90,000 single cells: the page takes at most" in capsys.readouterr().err


def test_a_port_that_is_taken_is_named_with_the_remedy(monkeypatch, capsys):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: object())
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert cli.main(["app", "dish", "--port", str(port)]) == 2
    assert f"--port {port}: cannot be had" in capsys.readouterr().err


def test_no_browser_is_opened_without_a_display(monkeypatch):
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    assert not serve.has_browser()
    monkeypatch.setenv("DISPLAY", ":0")
    monkeypatch.setattr("webbrowser.get", lambda: object())
    assert serve.has_browser()
