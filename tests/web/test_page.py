"""The page in a real browser: what a visitor does, and what no visitor may see."""

import io
import re
import urllib.error
import urllib.request
import zipfile

import pandas as pd
import pytest

PATIENCE_MS = 300_000
"""The first visitor of a machine waits for the compiler."""
pytestmark = pytest.mark.xdist_group("page")


class Visitor:
    """A page of its own, opened, and everything that its browser asked for."""

    def __init__(self, browser, address):
        self.context = browser.new_context(viewport={"width": 1280, "height": 1600})
        self.page = self.context.new_page()
        self.page.set_default_timeout(60_000)
        self.asked, self.failed = [], []
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.on("requestfailed", lambda request: self.failed.append(request.url))
        self.page.on("pageerror", lambda error: self.failed.append(str(error)))
        self.page.on(
            "response", lambda got: self.failed.append(got.url) if got.status >= 400 else None
        )
        self.page.goto(address, wait_until="domcontentloaded")
        self.wait_for_step(0, PATIENCE_MS)

    def wait_for_step(self, step, timeout=60_000):
        self.page.get_by_text(re.compile(rf"step {step}$")).wait_for(timeout=timeout)

    def press(self, name, times=1):
        for _ in range(times):
            self.page.get_by_role("button", name=name, exact=True).click()

    def choose(self, label, text):
        self.page.get_by_label(label, exact=True).click(force=True)
        menu = self.page.locator(".menuable__content__active .v-list-item")
        menu.get_by_text(text, exact=True).click()

    def write(self, label, value):
        field = self.page.get_by_label(label)
        field.fill(value)
        field.press("Enter")

    def send(self, name, text):
        data = {"name": name, "mimeType": "application/yaml", "buffer": text.encode()}
        self.page.locator("input[type=file]").set_input_files(data)

    def picture(self):
        return self.page.locator(".asn-picture img").first.get_attribute("src")

    def wait_for_other_picture(self, before):
        self.page.wait_for_function(
            "before => document.querySelector('.asn-picture img').src !== before", arg=before
        )


@pytest.fixture
def visit(browser, address):
    visitors = []

    def come():
        visitors.append(Visitor(browser, address))
        return visitors[-1]

    yield come
    for visitor in visitors:
        visitor.context.close()


def test_the_page_loads_and_runs_without_asking_anyone_else(visit, address):
    visitor = visit()
    visitor.press("Step", 20)
    visitor.wait_for_step(20)
    assert "2.0 h of 24 h" in visitor.page.locator(".asn-time").inner_text()
    assert not visitor.failed
    outside = [url for url in visitor.asked if not url.startswith((address, "data:", "blob:"))]
    assert not outside
    visitor.press("Play")
    visitor.press("Pause")
    step = int(visitor.page.locator(".asn-time").inner_text().rpartition(" ")[2])
    assert step >= 20


@pytest.mark.parametrize(
    ("header", "value", "status"),
    [("Host", "evil.example", 400), ("Origin", "http://evil.example", 403)],
)
def test_pages_of_other_sites_are_turned_away(address, header, value, status):
    request = urllib.request.Request(address, headers={header: value})
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(request, timeout=30)
    assert refused.value.code == status


def test_changed_controls_act_after_a_reset(visit):
    visitor = visit()
    assert visitor.page.get_by_text("stroma cell", exact=True).count() == 0
    visitor.press("Step", 2)
    visitor.wait_for_step(2)
    visitor.write("Stroma cells", "9")
    visitor.page.get_by_text("Changed: takes effect at a reset.").wait_for()
    visitor.press("Apply and reset")
    visitor.wait_for_step(0)
    visitor.page.get_by_text("stroma cell", exact=True).wait_for()
    assert visitor.page.get_by_text("Changed: takes effect at a reset.").count() == 0


def test_a_dose_today_makes_a_second_arm(visit):
    visitor = visit()
    visitor.press("Step", 3)
    visitor.wait_for_step(3)
    visitor.press("Dose today")
    visitor.page.get_by_text(re.compile(r"patch: .*; dose at 0\.3 h: ")).wait_for()
    visitor.page.locator(".asn-picture").nth(1).wait_for()
    visitor.press("Step", 5)
    visitor.wait_for_step(8)
    left, right = visitor.page.locator(".asn-picture img").all()
    assert left.get_attribute("src") != right.get_attribute("src")

    with visitor.page.expect_download() as download:
        visitor.press("Tables (zip)")
    with zipfile.ZipFile(download.value.path()) as archive:
        tables = [
            pd.read_csv(io.BytesIO(archive.read(f"{folder}/timeseries.csv")))
            for folder in ("1-patch", "2-dose-at-0-3-h")
        ]
    pd.testing.assert_frame_equal(*tables)  # nothing was recorded since they parted


def test_colours_zoom_and_the_state_of_a_cell(visit):
    visitor = visit()
    for colouring in ("mTORC1", "state", "clone"):
        before = visitor.picture()
        visitor.choose("Cells coloured by", colouring)
        visitor.wait_for_other_picture(before)
    visitor.page.get_by_text("clone 0", exact=True).wait_for()
    before = visitor.picture()
    visitor.page.get_by_label("Zoom in").click()
    visitor.wait_for_other_picture(before)
    visitor.page.get_by_role("button", name="Whole tissue").wait_for()

    box = visitor.page.locator(".asn-picture")
    size = box.bounding_box()
    for k in range(1, 16):  # half of the places hold a cell
        box.click(position={"x": size["width"] * k / 16, "y": size["height"] * (0.3 + k / 40)})
        visitor.page.wait_for_timeout(300)
        if visitor.page.locator(".asn-cell").count():
            break
    state = visitor.page.locator(".asn-cell").inner_text()
    assert "blast" in state and "copies/cell" in state and "uM" in state


def test_good_files_are_taken_and_bad_ones_refused(visit, scenario_file):
    visitor = visit()
    good = scenario_file.read_text()
    refused = visitor.page.locator(".asn-refused")

    visitor.send("bad.yaml", good.replace("24 h", "24 kg"))
    refused.wait_for()
    assert re.search(r"bad\.yaml: line \d+: time\.end", refused.inner_text())

    visitor.send("huge.yaml", good + "#" * 300_000)
    visitor.page.get_by_text("at most 262,144 (256 KiB)").wait_for()

    visitor.send("path.yaml", good.replace("human-plasma", "/etc/passwd"))
    visitor.page.get_by_text("an uploaded scenario may name none").wait_for()

    visitor.press("Step")  # what was refused has changed nothing
    visitor.wait_for_step(1)
    visitor.send("mine.yaml", good.replace("a small tissue", "a tissue of my own"))
    visitor.page.get_by_text("a tissue of my own").wait_for()
    visitor.wait_for_step(0)
    assert refused.count() == 0


LESION = """
asnsim: 1
description: a body with a lesion
environment:
  kind: body
  patch:
    {kind: tissue, size: [200 um, 200 um], spacing: 20 um, thickness: 10 um,
     vessels: {fraction: 0.1, exchange_rate: 0.5 1/s}, interstitial_activity: 0.2,
     cells: [{type: blast, line: default-blast, number: 60, doubling_time: 24 h}]}
time: {end: 8 h, coupling: 1 h, fate: 1 h, record: 4 h}
"""


def test_a_body_shows_the_map_of_its_lesion_with_its_curves(visit):
    visitor = visit()
    visitor.send("patient.yaml", LESION)
    visitor.page.get_by_text("a body with a lesion").wait_for()
    visitor.page.get_by_text("patient, lesion", exact=True).wait_for()
    visitor.press("Step")
    visitor.wait_for_step(1)
    assert re.search(r"\d+ in the lesion", visitor.page.locator(".asn-counts").inner_text())
    assert visitor.picture().startswith("data:image/")
    label, bar = (visitor.page.locator(f".asn-scale {one}").bounding_box() for one in ("span", "i"))
    picture = visitor.page.locator(".asn-picture").bounding_box()
    for part in (label, bar):
        assert picture["x"] <= part["x"]
        assert part["x"] + part["width"] <= picture["x"] + picture["width"]
    visitor.page.get_by_role("tab", name="Lesion").click()
    visitor.page.get_by_role("img", name="ASNS over the tumour cells of patient, lesion").wait_for()
    visitor.page.get_by_role("tab", name="Course").click()
    visitor.page.get_by_role("img", name="course of patient").wait_for()


def test_the_server_says_no_more_than_its_address(visit, address, server_errors):
    visit()
    assert server_errors.read_text() == "asnsim: the page is served until Ctrl-C\n"


def test_visitors_do_not_see_each_other(visit):
    one, other = visit(), visit()
    one.press("Step", 4)
    one.wait_for_step(4)
    one.choose("Cells coloured by", "state")
    one.page.get_by_text("growing", exact=True).wait_for()
    assert "step 0" in other.page.locator(".asn-time").inner_text()
    assert other.page.get_by_text("growing", exact=True).count() == 0
    other.press("Step")
    other.wait_for_step(1)
    assert "step 4" in one.page.locator(".asn-time").inner_text()
