"""Cultures of a calibration file: what the line of the cells and their gene copies do."""

import math

import pytest

from abm.processes.cell_lines import CELL_LINES
from abm.processes.cell_parameters import CellParameters
from scenarios.calibration.cultures import Bench
from scenarios.calibration.parameters import Cells
from scenarios.calibration.schema import Culture, Read

DAYS = {"hours": "96 h", "medium": "RPMI-1640"}
STARVED = {"hours": "96 h", "medium": {"base": "human-plasma", "without": ["asn"]}}
GROWTH, NET_GROWTH = Read(quantity="growth"), Read(quantity="net_growth")


@pytest.fixture(scope="module")
def bench():
    return Bench(Cells(CellParameters(), CELL_LINES))


def culture(phase=STARVED, **given):
    return Culture.model_validate(
        {"line": "default-blast", "medium": phase["medium"], "phases": [phase], **given}
    )


@pytest.mark.parametrize("hours", [36.0, 158.4])
def test_cells_double_in_the_time_that_the_culture_gives(bench, hours):
    slow = culture(DAYS, doubling_time=f"{hours} h")
    assert bench.read(slow, NET_GROWTH) == pytest.approx(math.log(2.0) / hours, rel=1e-3)


def test_without_one_they_double_in_that_of_their_line(bench):
    given = culture(DAYS, doubling_time=f"{CELL_LINES['default-blast'].doubling_time} h")
    assert bench.read(culture(DAYS), NET_GROWTH) == bench.read(given, NET_GROWTH)


def test_the_message_of_another_doubling_time_is_relative_to_the_same_cells(bench):
    slow = culture(DAYS, doubling_time="158.4 h")
    untreated = Read(quantity="net_growth", relative_to="untreated")
    assert bench.read(slow, untreated) == pytest.approx(1.0, abs=1e-9)


@pytest.mark.parametrize("well", [{}, {"closed": True}])
def test_copies_of_the_gene_act_as_a_larger_set_point(bench, well):
    """The two settle for other times before the start; the gene is that of the start already."""
    start = {"doubling_time": "158.4 h", **well}
    amplified = bench.read(culture(gain=4, **start), GROWTH)
    expressed = bench.read(culture(genotype={"asns_expression": 4}, **start), GROWTH)
    assert amplified == pytest.approx(expressed, rel=0.01)
    assert amplified > bench.read(culture(**start), GROWTH)
