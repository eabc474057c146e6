"""Figures for a journal: widths, letters, colours, captions, and no text on another."""

import numpy as np
import pytest
from matplotlib.colors import to_rgb
from matplotlib.text import Text

from abm.record.reader import RunReader
from analysis import colours, publication, style
from analysis.genotypes import genotype_shares
from analysis.plots import CAPTIONS, FIGURES, plot_run, run_figures
from analysis.plots import captions as texts
from analysis.plots.muller import clone_colours, muller_bands
from analysis.scale_bar import PixelBar, bar_length, bar_text
from tests.body_run import write_body_run
from tests.text_boxes import overlaps
from tests.tissue_run import write_tissue_run


@pytest.fixture(scope="module")
def tissue(tmp_path_factory):
    return RunReader(write_tissue_run(tmp_path_factory.mktemp("figures") / "tissue"))


@pytest.fixture(scope="module")
def solid(tmp_path_factory):
    """A 3-D tissue; only its maps and slices differ from those of the flat one."""
    folder = tmp_path_factory.mktemp("figures") / "solid"
    return RunReader(write_tissue_run(folder, depth_um=100.0))


@pytest.fixture(scope="module")
def patient(tmp_path_factory):
    run = RunReader(write_body_run(tmp_path_factory.mktemp("figures") / "patient"))
    run.info["partners"] = [
        {"drug": "prednisone", "start_h": 0.0, "end_h": 700.0},
        {"drug": "vincristine", "at_h": [0.0, 168.0, 336.0]},
        {"drug": "antimetabolites", "start_h": 2000.0, "end_h": 4000.0},
    ]
    return run


@pytest.mark.parametrize(
    ("name", "width"),
    [
        ("tissue", None),
        ("tissue", "one-column"),
        ("patient", None),
        ("patient", "one-column"),
        ("solid", None),
        ("solid", "one-column"),
    ],
)
def test_no_text_lies_on_another_or_leaves_the_figure(name, width, request):
    for figure_name, figure in run_figures(request.getfixturevalue(name), width):
        if width is not None:
            publication.fit(figure, width)
        assert overlaps(figure) == [], figure_name


@pytest.mark.parametrize(
    ("width", "inches"), [("one-column", 89 / 25.4), ("two-column", 183 / 25.4)]
)
def test_figures_have_the_width_of_a_journal_and_text_that_can_be_read(tissue, width, inches):
    for _, figure in run_figures(tissue, width):
        publication.fit(figure, width)
        assert figure.get_size_inches()[0] == pytest.approx(inches)
        assert figure.get_size_inches()[1] < 9.3
        sizes = [text.get_fontsize() for text in figure.findobj(Text) if text.get_text()]
        assert min(sizes) >= 6.0 and max(sizes) <= 8.0


def test_pdf_embeds_its_letters_and_is_the_same_file_again(tissue, tmp_path):
    for again in ("a", "b"):
        plot_run(tissue.folder, tmp_path / again, "pdf", "one-column")
    data = (tmp_path / "a" / "population.pdf").read_bytes()
    assert b"/FontFile2" in data
    assert b"/Type3" not in data
    assert data == (tmp_path / "b" / "population.pdf").read_bytes()


def test_svg_keeps_letters_as_letters(tissue, tmp_path):
    plot_run(tissue.folder, tmp_path, "svg")
    assert "tumour cells</text>" in (tmp_path / "population.svg").read_text()


def test_every_figure_has_a_caption_in_a_text_file(tissue, tmp_path):
    assert {f"{name}.png" for name in texts.CAPTIONS} == set(FIGURES)
    files = plot_run(tissue.folder, tmp_path)
    written = (tmp_path / CAPTIONS).read_text()
    assert all(f"{path.name}\n" in written for path in files)
    assert written.count("patch, seed 4") == len(files)


class TestColours:
    def test_a_clone_and_its_genotype_have_one_hue(self, tissue):
        of_clones = clone_colours(tissue.clones, muller_bands(tissue.clones, 0.01))
        shares = genotype_shares(tissue).attrs["colours"]
        assert of_clones[0] == shares["2 methylated"]
        assert of_clones[1] == shares["0 methylated"]

    def test_resistant_cells_are_of_one_colour_in_every_figure(self, tissue, patient):
        found = set()
        for run, name in ((tissue, "population"), (patient, "population"), (patient, "course")):
            figure = dict(run_figures(run))[name]
            found |= {
                line.get_color()
                for axes in figure.axes
                for line in axes.get_lines()
                if str(line.get_label()).startswith("resistant")
            }
        assert found == {colours.RESISTANT}

    def test_gains_are_shades_of_one_colour_and_differ(self):
        shades = [to_rgb(one) for one in colours.shades(colours.genotype(0, 2.0), 3)]
        assert len(set(shades)) == 3
        assert colours.genotype(2, 4.0) == colours.genotype(0, 2.0)


class TestScaleBar:
    @pytest.mark.parametrize(
        ("width", "length", "text"),
        [(1800.0, 500.0, "500 um"), (400.0, 100.0, "100 um"), (90.0, 20.0, "20 um"),
         (12000.0, 2000.0, "2 mm")],
    )  # fmt: skip
    def test_a_round_length_of_at_most_a_third(self, width, length, text):
        assert (bar_length(width), bar_text(length)) == (length, text)

    def test_the_bar_in_pixels_is_as_long_as_it_says(self):
        image = np.full((300, 400, 3), 255, np.uint8)
        PixelBar((300, 400), 800.0, 100).lay_over(image)
        row = image[15].sum(axis=1) < 60
        assert row.sum() == pytest.approx(200.0 / 800.0 * 400, abs=2)
        assert (image[:, :200] == 255).all()

    def test_every_map_has_one(self, tissue):
        figure = dict(run_figures(tissue))["maps"]
        maps = [axes for axes in figure.axes if axes.get_images()]
        assert len(maps) == 12
        assert all([text.get_text() for text in axes.texts] == ["100 um"] for axes in maps)


def test_the_title_says_that_a_protocol_is_from_memory(tissue):
    run = RunReader(tissue.folder)
    run.info["protocol"] = {"title": "UKALL 2003 [from memory]", "mark": "from memory"}
    for name, figure in run_figures(run):
        assert "from memory" in figure.get_suptitle(), name


def test_widths_are_those_of_the_command():
    from typing import get_args, get_type_hints

    from scenarios.cli import plot

    hints = get_type_hints(plot)
    assert set(publication.WIDTHS_MM) == {
        name for part in get_args(hints["width"]) for name in get_args(part)
    }
    assert style.DOTS_PER_INCH < publication.DOTS_PER_INCH
