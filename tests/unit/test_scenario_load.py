"""Scenario files: what is read from them, what is refused, and that they survive a round trip."""

import json
from pathlib import Path

import pytest

from abm.errors import ScenarioError
from scenarios import load_text
from scenarios.catalogue import bundled, description
from scenarios.load import dump_resolved, load, loads
from scenarios.schema import Amount, FixedRateCells, Scenario, Tissue, Well
from scenarios.schema.editor import editor_schema

ROOT = Path(__file__).resolve().parents[2]
INVALID = sorted((ROOT / "tests" / "reference" / "invalid").glob("*.yaml"))
SMALL = """asnsim: 1
environment:
  kind: tissue
  size: [0.4 mm, 200 um]
  spacing: 20 um
  thickness: 10 um
  medium: human-plasma
  edges: {x_low: fixed}
  vessels: {fraction: 1 %, exchange_rate: 0.5 1/s}
  initial: {asn: 50*exp(-r/100), gln: 0.5 mM}
cells:
  - {type: blast, line: MOLT-4, number: 2e2, methylated_alleles: {0: 0.25, 2: 0.75}}
  - {type: stroma, line: marrow-msc, number: 2, methylated_alleles: 0}
treatment:
  patient: {bsa: 7900 cm2, age: 6 yr, weight: 20000 g, sex: f}
  doses: [{product: e-coli, amount: 5 IU/kg, route: iv, at: [90 min, 1 d], infusion: 1 h}]
time: {end: 2 d, tick: 2 min, record: 0.5 h}
stop: [extinct, {n_cells: 5000}]
parameters: {cell.half_charging: 60 uM}
"""


def expected(path):
    lines = path.read_text().splitlines()
    n = next(i for i, line in enumerate(lines) if not line.startswith("# "))
    return "\n".join(line.removeprefix("# ") for line in lines[:n])


@pytest.mark.parametrize("path", INVALID, ids=[path.stem for path in INVALID])
def test_invalid_file_gives_the_message_at_its_top(path):
    with pytest.raises(ScenarioError) as caught:
        loads(path.read_text(), path.name)
    assert str(caught.value) == expected(path)


def test_there_are_enough_invalid_files():
    assert len(INVALID) >= 60


def test_values_are_converted_once_to_internal_units():
    scenario = loads(SMALL)
    tissue = scenario.environment
    assert isinstance(tissue, Tissue)
    assert tissue.size == pytest.approx((400.0, 200.0))
    assert tissue.n_voxels == (20, 10)
    assert tissue.depth == 10.0
    assert tissue.vessels.fraction == pytest.approx(0.01)
    assert tissue.vessels.exchange_rate == pytest.approx(1800.0)
    assert tissue.edge_kinds["x_low"] == "fixed" and tissue.edge_kinds["y_high"] == "no-flux"
    assert set(tissue.edge_kinds) == {"x_low", "x_high", "y_low", "y_high"}
    assert tissue.initial["gln"].evaluate(0, 0, 0, 0) == pytest.approx(500.0)
    patient = scenario.treatment.patient
    assert (patient.bsa, patient.weight, patient.age) == pytest.approx((0.79, 20.0, 6.0))
    dose = scenario.treatment.doses[0]
    assert dose.amount == Amount(value=5.0, unit="IU/kg")
    assert dose.at == pytest.approx((1.5, 24.0)) and dose.infusion == pytest.approx(1.0)


def test_cells_are_read():
    blast, stroma = loads(SMALL).mechanistic_cells
    assert (blast.line, blast.number, blast.type) == ("molt-4", 200, "blast")
    assert blast.methylated_alleles == {0: 0.25, 2: 0.75}
    assert stroma.methylated_alleles == {0: 1.0}
    assert stroma.doubling_time is None and stroma.threshold_cv == 0.25


def test_times_become_ticks():
    time = loads(SMALL).time
    assert time.tick == 2 and isinstance(time.tick, int)
    assert time.tick_hours == pytest.approx(1 / 30)
    ticks = (time.end_ticks, time.coupling_ticks, time.fate_ticks)
    assert ticks == (1440, 3, 3)
    assert (time.record_ticks, time.checkpoint_ticks) == (15, 720)
    assert time.ticks(1.5) == 45


def test_well_and_dose_per_volume():
    scenario = load("dish")
    assert isinstance(scenario.environment, Well)
    assert scenario.environment.volume == pytest.approx(1e8)
    assert scenario.environment.serum.dialysed is True
    assert scenario.treatment.doses[0].amount == Amount(value=1.0, unit="IU/mL")
    assert scenario.treatment.doses[0].at == (0.0,)


def test_activity_per_litre_is_converted_and_is_no_bare_rate():
    text = dump_resolved(load("dish")).replace("1 IU/mL", "250 IU/L")
    assert loads(text).treatment.doses[0].amount == Amount(value=0.25, unit="IU/mL")


def test_fixed_rates_need_no_species():
    scenario = load("birth-death")
    (cells,) = scenario.fixed_rate_cells
    assert isinstance(cells, FixedRateCells)
    assert (cells.birth_rate, cells.death_rate) == pytest.approx((1 / 24, 0.4 / 24))
    assert cells.clock.erlang == 1
    assert scenario.environment.species == () and scenario.replicates == 10_000
    assert not scenario.stops_when_extinct


def test_field_alone_never_counts_as_extinct():
    scenario = load("field-only")
    assert scenario.cells == () and scenario.stop == ("extinct",)
    assert not scenario.stops_when_extinct


def test_stop_rules():
    scenario = loads(SMALL)
    assert scenario.stops_when_extinct and scenario.stop_n_cells == 5000
    assert load("relapse").stop_n_cells is None


@pytest.mark.parametrize("name", list(bundled()))
def test_bundled_scenario_survives_a_round_trip(name):
    scenario = load(name)
    text = dump_resolved(scenario)
    again = loads(text, f"{name}.yaml")
    assert again == scenario
    assert dump_resolved(again) == text
    assert scenario.description == description(bundled()[name]) != ""
    assert scenario.sources and scenario.name == name


def test_round_trip_keeps_the_units_of_the_author_and_adds_defaults():
    text = dump_resolved(loads(SMALL))
    assert "size: [0.4 mm, 200 um]" in text and "7900 cm2" in text and "0.5 mM" in text
    assert "coupling: 6 min" in text and "extracellular_fraction: 0.3" in text
    assert "null" not in text
    assert loads(text) == loads(SMALL)


def test_equality_is_that_of_values():
    assert loads(SMALL) == loads(SMALL.replace("0.4 mm", "400 um"))
    assert loads(SMALL) != loads(SMALL.replace("0.4 mm", "600 um"))


def test_scenario_is_frozen():
    with pytest.raises(ValueError, match="frozen"):
        loads(SMALL).seed = 3


def test_overrides_reach_lists_and_parameters():
    scenario = load(
        "relapse",
        [
            "treatment.doses.0.amount=1000 IU/m2",
            "cells.0.methylated_alleles={0: 0.5, 2: 0.5}",
            "parameters.cell.half_charging=70 uM",
            "time.end=40 d",
        ],
        seed=7,
    )
    assert scenario.treatment.doses[0].amount.value == 1000.0
    assert scenario.cells[0].methylated_alleles == {0: 0.5, 2: 0.5}
    assert scenario.parameters == {"cell.half_charging": "70 uM"}
    assert (scenario.time.end, scenario.seed) == (960.0, 7)
    assert "1000 IU/m2" in dump_resolved(scenario)


def test_later_override_wins_and_may_make_a_block():
    scenario = load("dish", ["seed=2", "seed=3", "inheritance.demethylation=1e-3"])
    assert scenario.seed == 3 and scenario.inheritance.demethylation == 1e-3


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("time.end", "must be path=value"),
        ("time.end=", "must be path=value"),
        ("=3", "must be path=value"),
        ("time..end=3 d", "must be path=value"),
        ("tim.end=3 d", "did you mean 'time'"),
        ("time.end=3 kg", "--set time.end: '3 kg': wrong unit"),
        ("time.end=null", "null is not allowed"),
        ("time.end=&a 3 d", "the anchor &a is not allowed"),
        ("treatment.doses.4.amount=1 IU", "a number from 0 to 0"),
        ("treatment.doses.first.amount=1 IU", "'first' is no entry of treatment.doses"),
        ("seed.x=1", "seed has no keys below it"),
        ("cells.0.methylated_alleles.0=0.7", "--set cells.0.methylated_alleles.0: "),
    ],
)
def test_bad_override_is_named(override, message):
    with pytest.raises(ScenarioError, match=r"relapse|--set") as caught:
        load("relapse", [override])
    assert message in str(caught.value) and "\n" not in str(caught.value)


def test_located_names_file_line_and_path():
    scenario = loads(SMALL, "a/b.yaml")
    assert scenario.located("time.record") == "a/b.yaml: line 17: time.record"
    assert scenario.located("parameters.cell.half_charging").startswith("a/b.yaml: line 19: ")
    assert scenario.name == "b"


def test_many_errors_are_cut_and_counted():
    unknown = "".join(f"key{i}: 1\n" for i in range(40))
    with pytest.raises(ScenarioError) as caught:
        loads(SMALL + unknown)
    lines = str(caught.value).splitlines()
    assert len(lines) == 21 and lines[-1] == "... and 20 more of this kind"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        (b"# only a comment\n", "is empty"),
        (b"\xff\xfe\x00", "is no UTF-8 text"),
        (b"x: " + b"a" * load_text.LARGEST_FILE, "at most 262,144"),
        (b"seed: " + b"9" * 5000, "is no YAML"),
        (b"a: \x00", "is no YAML"),
        (b"[" * 5000, "nested deeper than 20"),
    ],
)
def test_file_that_is_no_scenario(tmp_path, content, message):
    path = tmp_path / "bad.yaml"
    path.write_bytes(content)
    with pytest.raises(ScenarioError, match=r"bad\.yaml") as caught:
        load(path)
    assert message in str(caught.value) and "\n" not in str(caught.value)


def test_missing_file_proposes_its_neighbour(tmp_path):
    (tmp_path / "mine.yaml").write_text(SMALL)
    with pytest.raises(ScenarioError, match=r"no such file; did you mean 'mine\.yaml'"):
        load(tmp_path / "mien.yaml")
    with pytest.raises(ScenarioError, match="is no file"):
        load(str(tmp_path) + "/")


def test_unknown_name_proposes_the_nearest():
    with pytest.raises(ScenarioError, match="did you mean 'relapse'"):
        load("relaps")
    with pytest.raises(ScenarioError, match=r"allowed: annexin, .*birth-death"):
        load("zzz")


def test_byte_order_mark_and_windows_lines_are_read(tmp_path):
    path = tmp_path / "windows.yaml"
    path.write_bytes(b"\xef\xbb\xbf" + SMALL.replace("\n", "\r\n").encode())
    assert load(path) == loads(SMALL)


def test_committed_schema_is_up_to_date():
    assert (ROOT / "scenarios" / "scenario.schema.json").read_text() == editor_schema()


def test_schema_has_no_null_and_refuses_unknown_keys():
    schema = json.loads(editor_schema())
    assert "null" not in editor_schema()
    assert schema["additionalProperties"] is False
    assert set(schema["required"]) == {"asnsim", "environment", "time"}
    assert set(schema["properties"]) == set(Scenario.model_fields)
    assert schema["$defs"]["Timing"]["properties"]["record"]["x-unit"] == "hour"


def test_names_are_those_of_the_engine():
    from abm.pharmacology.products import PRODUCTS
    from abm.pharmacology.regimen import Route
    from abm.processes.dosing import Action
    from scenarios.schema import names

    assert {n: tuple(p.presets) for n, p in PRODUCTS.items()} == names.PRESETS
    assert tuple(a.name.lower() for a in Action) == names.ACTIONS
    assert set(names.ROUTES) == {r.name.lower() for r in Route} - {"dish"}
