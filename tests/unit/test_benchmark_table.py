"""The table of the benchmarks: what counts as missed, and how it gets into the document."""

import json

import pytest

from benchmarks import document
from benchmarks.rows import Row, table, to_json

ROWS = [
    Row("G5", "triad / sweep", 0.8, 0.7, 0.9, floor=0.75, goal=0.9, part="field", accuracy="none"),
    Row("G7", "iterations", 20.0, floor=12.0, is_more_better=False, part="field", remark="faces"),
    Row("G1", "a | b", 2.0, floor=3.0, disturbance="others used 50 %", part="cell"),
    Row("", "for information", 1234.5, part="cell"),
]


@pytest.mark.parametrize(
    ("row", "verdict", "is_failure"),
    [
        (ROWS[0], "floor", False),
        (ROWS[1], "MISSED", True),
        (ROWS[2], "missed (disturbed)", False),
        (ROWS[3], "info", False),
        (Row("", "less is better", 0.1, floor=1.0, goal=0.5, is_more_better=False), "goal", False),
    ],
)
def test_verdict_of_a_row(row, verdict, is_failure):
    assert (row.verdict, row.is_failure) == (verdict, is_failure)


def test_document_gets_table_machine_and_errors(tmp_path):
    first, again, target = (tmp_path / name for name in ("a.json", "b.json", "performance.md"))
    first.write_text(to_json(ROWS, "two slow cores", "python -m benchmarks"))
    better = Row("G1", "a | b", 5.0, floor=3.0, part="cell", accuracy="1e-3")
    again.write_text(to_json([better], "two idle cores", "python -m benchmarks --only cell"))
    target.write_text(f"before\n{document.BEGIN}\nold\n{document.END}\nafter\n")
    assert document.main([str(first), str(again), "--out", str(target)]) == 0
    text = target.read_text()
    assert text.startswith("before\n") and text.endswith("\nafter\n") and "old" not in text
    assert "`python -m benchmarks` on two slow cores" in text and "two idle cores" in text
    table_rows = [line.split(" | ") for line in text.splitlines() if line.startswith("| G")]
    assert [cells[0] for cells in table_rows] == ["| G5", "| G7", "| G1"]
    assert {len(cells) for cells in table_rows} == {8}
    # The part that was measured again counts, with its error beside it.
    assert table_rows[2][2] == "5" and table_rows[2][7] == "1e-3 |"
    assert "**MISSED**" in table_rows[1][6] and "for information" not in text


def test_document_without_marks_is_refused():
    with pytest.raises(ValueError, match="lacks"):
        document.replaced("no marks here", "table")


def test_printed_table_shows_the_error_below_its_row():
    lines = table(ROWS[:1]).splitlines()
    assert lines[1].startswith("G5") and lines[2].strip() == "error: none"
    assert json.loads(to_json(ROWS[:1], "m", "c"))["rows"][0]["verdict"] == "floor"
