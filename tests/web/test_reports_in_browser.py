"""Reports in a real browser: nothing is fetched, nothing breaks, a phone scrolls only downwards."""

import importlib.util
import shutil

import pytest

from asnsim import sweep
from scenarios.cohort.load import loads_cohort
from scenarios.cohort.run import run_cohort
from scenarios.report.write import write_report
from tests.cohort_stand_in import FILE, stand_in
from tests.tissue_run import write_tissue_run

PHONE, SCREEN, LAPTOP = 390, 1200, 1280
LEFT_OUT = "the web tests are left out: "


@pytest.fixture(scope="module")
def browser():
    """Chromium without a screen, or a skip that says how to get it."""
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        pytest.skip(f"{LEFT_OUT}no Chromium here; say: apt-get install chromium")
    if importlib.util.find_spec("playwright") is None:
        pytest.skip(f"{LEFT_OUT}pip install '.[web,dev]' (playwright missing)")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield found
        found.close()


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    """A report of a run, of a sweep and of a cohort."""
    place = tmp_path_factory.mktemp("pages")
    (place / "base.yaml").write_text(
        '{"asnsim": 1, "environment": {"kind": "well", "species": []}, "cells": [{"model": '
        '"fixed-rates", "number": 9, "birth_rate": "1 1/d", "death_rate": "0.5 1/d"}], '
        '"time": {"end": "2 d", "record": "1 d"}}'
    )
    (place / "many.yaml").write_text(
        "{asnsim: 1, sweep: base.yaml, vary: {cells.0.number: [9, 18, 27]}, replicates: 2}"
    )
    sweep(place / "many.yaml", place / "sweep", workers=1)
    run_cohort(loads_cohort(FILE), place / "cohort", runner=stand_in)
    write_tissue_run(place / "run")
    return {name: write_report(place / name) for name in ("run", "sweep", "cohort")}


@pytest.mark.parametrize("width", [PHONE, SCREEN])
@pytest.mark.parametrize("name", ["run", "sweep", "cohort"])
def test_a_report_opens_offline_and_fits(browser, pages, name, width):
    sheet = browser.new_page(viewport={"width": width, "height": 844})
    asked, broken = [], []
    sheet.on("request", lambda request: asked.append(request.url))
    sheet.on("requestfailed", lambda request: broken.append(request.url))
    sheet.on("console", lambda message: broken.append(message.text))
    sheet.on("pageerror", lambda error: broken.append(str(error)))
    sheet.goto(pages[name].as_uri())
    assert [url for url in asked if not url.startswith("data:")] == [pages[name].as_uri()]
    assert broken == []
    assert sheet.evaluate("document.documentElement.scrollWidth") == width
    shown, hidden = ("narrow", "wide") if width == PHONE else ("wide", "narrow")
    assert sheet.locator(f"figure .{shown} svg").first.is_visible()
    assert not sheet.locator(f"figure .{hidden} svg").first.is_visible()
    sheet.close()


@pytest.mark.parametrize("name", ["run", "sweep", "cohort"])
def test_no_column_is_cut_on_a_screen_and_a_phone_scrolls_tables_in_their_box(browser, pages, name):
    sheet = browser.new_page(viewport={"width": LAPTOP, "height": 844})
    sheet.goto(pages[name].as_uri())
    boxes = "[...document.querySelectorAll('.scroll')]"
    assert sheet.evaluate(f"{boxes}.length") > 0
    assert sheet.evaluate(f"{boxes}.every(box => box.scrollWidth <= box.clientWidth)")
    sheet.set_viewport_size({"width": PHONE, "height": 844})
    hidden = "getComputedStyle(box).overflowX == 'auto' || box.scrollWidth <= box.clientWidth"
    assert sheet.evaluate(f"{boxes}.every(box => {hidden})")
    inside = "box.getBoundingClientRect().left >= 0 && box.getBoundingClientRect().right"
    assert sheet.evaluate(f"{boxes}.every(box => {inside} <= {PHONE})")
    sheet.close()


def test_on_paper_the_wide_figures_are_printed_and_no_table_is_cut(browser, pages):
    sheet = browser.new_page(viewport={"width": 700, "height": 990})
    sheet.emulate_media(media="print")
    for page in pages.values():
        sheet.goto(page.as_uri())
        assert sheet.locator("figure .wide svg").first.is_visible()
        assert sheet.evaluate("document.documentElement.scrollWidth") == 700
    sheet.close()
