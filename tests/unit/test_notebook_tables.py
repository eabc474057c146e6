"""What a notebook shows of a scenario, a model, its cells and a run: short, right, and escaped."""

import html.parser

import pytest

from asnsim import build, load, run
from tests.small import well


class _Cells(html.parser.HTMLParser):
    """The texts of all cells of a table; fails on a tag that is not closed."""

    def __init__(self, text):
        super().__init__()
        self.open, self.texts = [], []
        self.feed(text)
        assert not self.open

    def handle_starttag(self, tag, attrs):
        self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.texts.append(data)


def shown(thing):
    text = thing._repr_html_()
    assert len(text) < 4000
    return _Cells(text).texts


@pytest.fixture(scope="module")
def model():
    return build(well())


def test_a_model_shows_its_time_its_processes_and_its_cells(model):
    texts = shown(model)
    assert f"PopulationModel at 0 h, seed {model.run_seed}, running" in texts
    assert any("metabolism" in text for text in texts)
    assert str(len(model.cells)) in texts


def test_cells_show_counts_and_means_of_what_is_selected(model):
    every = model.cells
    some = every.select(lambda cells: cells["methylated_alleles"] == 0)
    assert repr(some) == f"<CellView of {len(some)} rows, {len(some)} cells>"
    assert f"{some.get('asns').mean():.4g}" in shown(some)
    assert f"{every.get('asns').mean():.4g}" in shown(every)
    assert some.get("asns").mean() != pytest.approx(every.get("asns").mean(), rel=0.01)


def test_no_cells_and_cells_without_biology_are_shown(model):
    nobody = model.cells.select(lambda cells: cells["asns"] < 0)
    assert "-" in shown(nobody)
    assert "-" in shown(build(load("birth-death", ["replicates=2"])).cells)


def test_rows_that_stand_for_many_cells_are_counted_by_weight():
    changes = ["cells.0.number=100000", "cells.0.weighted=true", "time.end=1 h"]
    cells = build(load("dish", changes)).cells
    assert "100000 cells" in repr(cells)
    assert len(cells) < 1000


def test_a_scenario_shows_what_is_in_it_and_text_is_escaped():
    texts = shown(load("relapse"))
    assert any("20000 blast, default-blast" in text for text in texts)
    assert any("pegaspargase at 24, 360, 696 h" in text for text in texts)
    scenario = well(description="<b>bold & free</b>")
    assert "<b>bold & free</b>" in shown(scenario)


def test_a_run_shows_how_it_ended_and_what_there_is_to_read(tmp_path):
    result = run("birth-death", out=tmp_path / "run", overrides=["replicates=20"])
    texts = shown(result)
    assert any("timeseries.parquet" in text for text in texts)
    assert "end_time" in texts and "end_time" in repr(result)
