"""The validation table: complete, honest about kinds, and judged by rules that can fail."""

import csv
import io
import math
from pathlib import Path

import pytest

from abm.errors import RunFolderError, ScenarioError
from abm.processes.cell_parameters import CellParameters
from abm.processes.cell_vector import CellSwitches
from abm.processes.contact import ContactParameters
from scenarios.overrides import Overrides
from scenarios.studies.validation import (
    ablation,
    proliferation,
    readings,
    row,
    run,
    statements,
    table,
)
from scenarios.studies.validation import conditions as c
from scenarios.studies.validation import tolerance as t
from scenarios.studies.validation.context import Context
from scenarios.studies.validation.row import Kind, Outcome, Tier
from scenarios.studies.validation.rows import ROWS, choose
from scenarios.studies.validation.statements import STATEMENTS

ROOT = Path(__file__).resolve().parents[2]
T1 = (
    "C01a", "C01c", "C04_m2", "C05_M10000_u1e-05_q0_a1", "C05_M10000_u1e-05_q0.5_a1", "C08", "C10",
    "C11a", "C11b", "C11c", "C12a", "C12b", "C13a", "C14a", "C14b", "C14c", "C15", "C16", "C17",
    "C20", "C21", "C28",
)  # fmt: skip
T2 = ("B1a", "B1b", "B1f", "B1h", "B1l", "B2a", "B3a")
T3 = (
    "A1", "A2", "A3", "A5", "A7", "A9", "A11", "A13", "A15", "A20", "A21", "A22", "A23", "A24",
    "A25", "A26",
)  # fmt: skip
FAST_THEORY = [one for one in ROWS if one.tier is Tier.T1 and not one.is_long]


def made_up(is_met=True, is_gated=True, kind=Kind.VALIDATION, simulated: str | float = 0.14):
    one = row.Row(
        id="A1", title="<b>", tier=Tier.T3, kind=kind, is_gated=is_gated, published="1 | 2",
        tolerance="5 %", source="somebody", run=lambda context: outcome, group="g",
    )  # fmt: skip
    outcome = Outcome(simulated, 0.1, 0.2, is_met)
    return run.Judged(one, outcome, 1.0)


def test_cases_of_the_package_are_those_of_the_tests():
    packaged = ROOT / "scenarios" / "studies" / "validation" / "theory_cases.json"
    assert packaged.read_bytes() == (ROOT / "tests/reference/theory_cases.json").read_bytes()


@pytest.mark.parametrize(("tier", "ids"), [(Tier.T1, T1), (Tier.T2, T2), (Tier.T3, T3)])
def test_every_row_is_there_exactly_once(tier, ids):
    """A part of a row, such as A22-mso, is a published result of its own beside the row."""
    found = [one.id for one in ROWS if one.tier is tier]
    assert len(found) == len(set(found))
    assert set(ids) <= set(found)
    assert all(one.partition("-")[0] in ids for one in set(found) - set(ids))


def test_kinds_are_told_as_they_are():
    kinds = {one.id: one.kind for one in ROWS}
    assert {kinds[one] for one in T1} == {Kind.THEORY}
    fitted = {"B1a", "B1b", "B1f", "B1h", "B2a", "B3a"}
    assert {one for one in T2 if kinds[one] is Kind.CALIBRATION} == fitted
    assert kinds["A23"] is Kind.CALIBRATION
    # Rows that the parameters were tuned against are no tests, whatever their verdict.
    for tuned in ("A1", "A2", "A5", "A7", "A9", "A15", "A20", "A24", "A25", "A26"):
        assert kinds[tuned] is Kind.CALIBRATION
    biology = [one.kind for one in ROWS if one.tier is Tier.T3]
    assert 3 * biology.count(Kind.CALIBRATION) <= len(biology)


def test_theory_is_gated_and_what_cannot_be_met_is_not():
    gated = {one.id: one.is_gated for one in ROWS}
    assert all(gated[one] for one in T1 + T2)
    assert not any(gated[one] for one in ("A1-48h", "A21"))


@pytest.mark.parametrize("one", FAST_THEORY, ids=lambda one: one.id)
def test_theory_is_met(one):
    outcome = one.run(Context())
    assert outcome.is_met, outcome.text


def test_bands_hold_their_ends_and_nothing_outside():
    assert 0.1101 in t.around(0.14, 0.03) and 0.1701 not in t.around(0.14, 0.03)
    assert 19.0 in t.within_share(20.0, 0.05) and 18.9 not in t.within_share(20.0, 0.05)
    assert -21.0 in t.within_share(-20.0, 0.05)
    assert 1e9 in t.at_least(250.0) and 249.0 not in t.at_least(250.0)
    assert -5.0 in t.at_most(0.0) and 1e-9 not in t.at_most(0.0)
    assert math.nan not in t.around(0.0, 1.0)


def test_a_published_proportion_has_its_exact_interval():
    """Clopper and Pearson, 38 of 41 (Salzer 2013): the tails hold 2.5 % each."""
    from scipy import stats

    band = t.proportion(38, 41)
    assert stats.binom.sf(37, 41, band.low) == pytest.approx(0.025, rel=1e-3)
    assert stats.binom.cdf(38, 41, band.high) == pytest.approx(0.025, rel=1e-3)
    assert 1.0 in t.proportion(41, 41) and 0.0 in t.proportion(0, 41)


def test_an_ordering_names_what_does_not_hold():
    good = row.ordering("a 1", {"first": True, "second": True})
    assert good.is_met and good.text == "a 1"
    bad = row.ordering("a 1", {"first": True, "second": False})
    assert bad.verdict == "fail" and bad.text.endswith("not met: second")


def test_only_chooses_and_an_unknown_id_gets_the_nearest():
    assert [one.id for one in choose(["a26", "C13a"])] == ["C13a", "A26"]
    assert choose([]) == ROWS
    with pytest.raises(ScenarioError, match="did you mean 'A22-mso'"):
        choose(["A22-msq"])


def test_a_failing_gated_row_gives_status_one_and_no_other_does():
    assert run.status([made_up(), made_up(is_met=False, is_gated=False)]) == 0
    assert run.status([made_up(), made_up(is_met=False)]) == 1


def test_a_row_that_breaks_fails_and_the_others_are_judged(monkeypatch):
    def breaks(context):
        raise ValueError("no such\nthing")

    chosen = [one for one in ROWS if one.id in ("C16", "C28")]
    broken = [row.Row(**{**vars(chosen[0]), "run": breaks}), chosen[1]]
    judged = run.judge(broken, threads=1)
    assert [one.outcome.is_met for one in judged] == [False, True]
    assert judged[0].outcome.text == "stopped: ValueError: no such thing"
    assert run.status(judged) == 1


def test_threads_reach_the_models_of_rows_that_run_in_one_process(monkeypatch):
    seen = []

    def look(context):
        seen.append(context.threads)
        return row.ordering("", {"looked": True})

    run.judge([row.Row(**{**vars(ROWS[0]), "run": look})], threads=1)
    assert seen == [1]


def test_a_file_in_place_of_the_folder_is_refused_before_rows_run(tmp_path):
    (tmp_path / "table").write_text("")
    with pytest.raises(RunFolderError, match="is there already"):
        run.validate([ROWS[0].id], tmp_path / "table")


def test_the_command_writes_its_files_and_refuses_a_folder_in_use(tmp_path, capsys):
    assert run.validate(["C16", "C28"], tmp_path / "out", threads=1) == 0
    assert "theory 2 of 2" in capsys.readouterr().out
    files = {path.name for path in (tmp_path / "out").iterdir()}
    assert files == {f"validation.{suffix}" for suffix in ("csv", "md", "html", "json")}
    with pytest.raises(RunFolderError, match="is there already"):
        run.validate(["C16"], tmp_path / "out", threads=1)


def test_csv_has_the_columns_of_the_contract():
    read = list(csv.DictReader(io.StringIO(table.to_csv([made_up(is_met=False)]))))
    assert list(read[0]) == [
        "id", "title", "kind", "gated", "published", "simulated", "low", "high", "tolerance",
        "verdict", "source",
    ]  # fmt: skip
    assert read[0]["verdict"] == "fail" and read[0]["low"] == "0.1" and read[0]["gated"] == "yes"
    assert float(read[0]["simulated"]) == 0.14


def test_text_tables_escape_what_they_show():
    judged = [made_up()]
    assert "1 \\| 2" in table.to_markdown(judged)
    page = table.to_html(judged)
    assert "&lt;b&gt;" in page and 'class="pass"' in page


def test_calibration_is_counted_apart():
    text = table.summary([made_up(kind=Kind.CALIBRATION), made_up(is_met=False)])
    assert text == "met: calibration 1 of 1, validation 0 of 1"


def test_the_ceiling_of_a_knock_down_is_that_of_exhaustion():
    """RPMI without serum: 493-fold at 2.5 % glutaminase, 616 at 2 % (Km_Q 3.5 mM)."""
    for share, expected in ((0.025, 493.0), (0.02, 616.0)):
        assert proliferation.exhaustion_ceiling(
            serum_share=0.0, glutaminase_share=share
        ) == pytest.approx(expected, rel=0.02)


def test_half_doses_come_from_each_series_of_wells():
    """Two series of three doses: log-linear between the doses; never below a half: infinite."""
    import pandas as pd

    live = [100, 60, 40, 100, 75, 25]
    wells = pd.DataFrame({"well": range(6), "time_h": 72.0, "n_live": live})
    found = readings.half_doses(wells, (0.0, 0.1, 1.0), 72)
    assert found.low == found.high == pytest.approx(10**-0.5)
    weak = wells.assign(n_live=[100, 90, 80, 100, 90, 80])
    assert readings.half_doses(weak, (0.0, 0.1, 1.0), 72).value == math.inf


def test_conditions_keep_the_density_and_the_wells():
    tree = c.dosed(c.well(c.cells("a549", 150), hours=72, n_wells=3), (0.0, 0.1, 1.0))
    scenario = Context().scenario(tree)
    assert 150 / (scenario.environment.volume * 1e-6) == pytest.approx(75.0)
    assert scenario.replicates == 9 and scenario.environment.dose_factors == (0.0, 0.1, 1.0)


def test_an_ablation_reaches_every_scenario_of_its_context():
    mechanism = next(one for one in ablation.MECHANISMS if one.products)
    context = Context(parameters={"switches.gcn2": 0.0}, products=mechanism.products, is_thin=True)
    scenario = context.scenario(c.dosed(c.well(c.cells("a549", 100), hours=1), (0.0, 1.0)))
    assert scenario.parameters["switches.gcn2"] == 0.0
    assert scenario.treatment.doses[0].product == c.GLUTAMINASE_FREE
    assert context.n_wells(3) == 2


@pytest.mark.parametrize("mechanism", ablation.MECHANISMS, ids=lambda one: one.title)
def test_every_mechanism_can_be_switched_off(mechanism):
    """What switches it off exists in the model and is another value than the default."""
    groups = {"cell": CellParameters(), "switches": CellSwitches(), "contact": ContactParameters()}
    overrides = Overrides(mechanism.parameters)
    changed = [group for group, usual in groups.items() if overrides.apply(group, usual) != usual]
    overrides.refuse_unused()
    named = {path.partition(".")[0] for path in mechanism.parameters}
    assert set(changed) == named
    assert mechanism.ids and (named or mechanism.products)


def test_ablation_table_names_what_flips():
    judged = [made_up()]
    mechanism = ablation.Mechanism(("S3",), "glutaminase", {})
    text = ablation.to_markdown(judged, {"glutaminase": [made_up(is_met=False)]}, [mechanism])
    assert "| S3 | glutaminase | A1 | - |" in text


def test_cultures_are_run_once_for_all_rows(monkeypatch):
    from scenarios.studies import culture

    asked = []
    monkeypatch.setattr(culture, "run_culture", lambda *a, **k: asked.append(a) or len(asked))
    context, tree = Context(), c.well(c.cells("a549", 10), hours=1)
    assert context.read(tree, (1,)) == context.read(dict(tree), (1,)) == 1
    assert context.read(tree, (0, 1)) == 2


def test_asn_limits_growth_without_outside_asn_and_nowhere_else():
    """S2: one biological row through real cultures, as the command runs it."""
    outcome = proliferation.a24_dmem(Context())
    assert outcome.is_met, outcome.text


def test_contradictions_have_their_place_in_the_documents():
    assert [one.id for one in STATEMENTS] == [f"X{i}" for i in range(1, 7)]
    text = (ROOT / "docs" / "validation.md").read_text(encoding="utf-8")
    assert statements.to_markdown() in text
    assert all((ROOT / "docs" / one.place).is_file() for one in STATEMENTS)


def test_the_document_holds_every_row():
    text = (ROOT / "docs" / "validation.md").read_text(encoding="utf-8")
    assert [one.id for one in ROWS if text.count(f"| {one.id} |") != 1] == []


def test_every_failing_row_of_the_document_has_its_reason():
    text = (ROOT / "docs" / "validation.md").read_text(encoding="utf-8")
    notes = (ROOT / "docs" / "validation-notes.md").read_text(encoding="utf-8")
    failing = [line.split(" | ")[0].removeprefix("| ") for line in text.splitlines()
               if " | fail | " in line]  # fmt: skip
    assert [one for one in failing if f"**{one}**" not in notes] == []
