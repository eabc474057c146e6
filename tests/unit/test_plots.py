"""Figures of a run: which are drawn, what their lines say, and the discs of the maps."""

import numpy as np
import pytest
from matplotlib.colors import LogNorm, to_rgb
from PIL import Image

from abm.errors import RunFolderError
from abm.record.reader import RunReader
from abm.record.writer import RunWriter
from analysis import scales, style
from analysis.plots import FIGURES, plot_run
from analysis.plots.arms import arms_figure
from analysis.plots.distributions import QUANTILES, cell_quantiles
from analysis.plots.maps import chosen_frames, image_shape, maps_figure
from analysis.plots.muller import muller_figure
from analysis.plots.nutrients import nutrients_figure
from analysis.plots.population import population_figure
from analysis.plots.price import price_figure
from analysis.raster import Canvas, draw_cells

NUMBERS = (1000, 1000, 300, 60, 20, 40, 90, 200, 400, 800)
RESISTANT = (2, 3, 5, 8, 12, 38, 90, 200, 400, 800)
COUNTS = ("n_agents", "n_asns_high", "births", "deaths", "mutations")


def series(k, **more):
    """Row k of the timeseries of a relapse."""
    return {
        "time_h": 24.0 * k,
        "n_cells": NUMBERS[k],
        "n_resistant": RESISTANT[k],
        **dict.fromkeys(COUNTS, 0),
        **more,
    }


def cells(k, rng):
    """Snapshot k: blasts, and five stroma cells that no statistic of the tumour may count."""
    n_cells = NUMBERS[k] + 5
    cell_type = np.where(np.arange(n_cells) < NUMBERS[k], 1, 2)
    return {
        "cell_id": np.arange(n_cells),
        "cell_type": cell_type,
        "x_um": rng.uniform(0, 400, n_cells),
        "y_um": rng.uniform(0, 300, n_cells),
        "radius_um": np.full(n_cells, 5.0),
        "asns": np.where(cell_type == 1, rng.lognormal(10, 0.3, n_cells), 1e9),
        "atf4": rng.uniform(1, 5, n_cells),
        "mtorc1": rng.uniform(0, 1, n_cells),
        "is_resistant": np.arange(n_cells) < RESISTANT[k],
    }


@pytest.fixture(scope="module")
def relapse(tmp_path_factory):
    """A small tissue run with everything."""
    folder = tmp_path_factory.mktemp("plots") / "relapse"
    writer = RunWriter(folder)
    rng = np.random.default_rng(11)
    for k, n_cells in enumerate(NUMBERS):
        drug = 0.0 if k == 0 else 0.5 * 0.6**k
        asn = 45.0 / (1.0 + drug / 1e-3)
        writer.timeseries(series(k, asparaginase_IU_per_mL=drug, asn_uM=asn, gln_uM=500.0))
        writer.cells(24.0 * k, cells(k, rng))
        writer.fields(24.0 * k, {"asn": np.full((30, 40), asn)}, spacing_um=10.0)
        writer.clones(
            24.0 * k,
            {
                "clone_id": np.arange(2),
                "parent_clone_id": np.array([-1, 0]),
                "n_cells": np.array([n_cells - RESISTANT[k], RESISTANT[k]]),
                "methylated_alleles": np.array([2, 0]),
                "gain": np.ones(2),
            },
        )
        writer.price(
            {
                "time_h": 24.0 * k,
                "asns_mean": 100.0 + 6.0 * k,
                "selection": 3.0,
                "induction": 2.0,
                "mutation": 1.0,
            }
        )
    writer.finish({"name": "relapse", "seed": 4, "doses": [[24.0, "pegaspargase 2500 IU/m2"]]})
    return folder


@pytest.fixture
def replicated(tmp_path):
    """Fixed-rates run of 40 replicates: neither ASNS nor nutrients, and some have died out."""
    writer = RunWriter(tmp_path / "fixed")
    for k in range(4):
        numbers = np.arange(40) * k
        writer.timeseries(
            series(k) | {"n_cells": numbers, "n_resistant": 0, "replicate": np.arange(40)}
        )
    writer.finish({"name": "birth-death", "seed": 1})
    return tmp_path / "fixed"


def line(axes, label):
    """The y values of a line by its label."""
    (found,) = [one for one in axes.get_lines() if one.get_label() == label]
    return np.asarray(found.get_ydata(), dtype=float)


class TestWhichFigures:
    def test_a_tissue_run_gets_all_as_png_at_150_dpi(self, relapse, tmp_path):
        files = plot_run(relapse, tmp_path / "pictures")
        assert [path.name for path in files] == [
            name for name in FIGURES if name not in ("course.png", "slices.png")
        ]
        for path in files:
            with Image.open(path) as image:
                assert image.format == "PNG"
                assert image.info["dpi"] == pytest.approx((150, 150), abs=0.1)
                assert np.asarray(image.convert("L")).std() > 5.0  # not blank

    def test_fixed_rates_with_replicates_get_the_population_only(self, replicated, tmp_path):
        assert [p.name for p in plot_run(replicated, tmp_path)] == ["population.png"]

    def test_what_is_no_run_is_refused_before_anything_is_written(self, tmp_path):
        with pytest.raises(RunFolderError):
            plot_run(tmp_path / "absent", tmp_path / "pictures")
        RunWriter(tmp_path / "empty").finish({})
        with pytest.raises(RunFolderError, match="timeseries"):
            plot_run(tmp_path / "empty", tmp_path / "pictures")
        assert not (tmp_path / "pictures").exists()


class TestContents:
    def test_population_shows_counts_share_dose_scenario_and_seed(self, relapse):
        figure = population_figure(RunReader(relapse))
        upper, lower = figure.axes
        assert line(upper, "tumour cells").tolist() == list(NUMBERS)
        assert line(upper, "resistant").tolist() == list(RESISTANT)
        assert upper.get_yscale() == "log"
        assert lower.get_xlabel() == "Time (d)"
        assert "relapse, seed 4" in figure.get_suptitle()
        assert "pegaspargase 2500 IU/m2" in "".join(text.get_text() for text in upper.texts)
        shares = [one.get_ydata() for one in lower.get_lines() if len(one.get_ydata()) > 2]
        assert np.allclose(shares[0], np.array(RESISTANT) / np.array(NUMBERS))

    def test_legend_lies_outside_the_data(self, relapse):
        figure = population_figure(RunReader(relapse))
        figure.canvas.draw()
        upper = figure.axes[0]
        assert upper.get_legend().get_window_extent().x0 >= upper.get_window_extent().x1

    def test_replicates_are_drawn_as_mean_and_band(self, replicated):
        (axes,) = population_figure(RunReader(replicated)).axes
        means = line(axes, "tumour cells, mean")
        assert means[1:].tolist() == [19.5, 39.0, 58.5]
        assert len(axes.collections) == 2

    def test_nutrients_have_units_and_the_threshold_of_depletion(self, relapse):
        figure = nutrients_figure(RunReader(relapse))
        labels = [axes.get_ylabel() for axes in figure.axes]
        assert labels == ["Asparaginase\n(IU/mL)", "Asparagine\n(uM)", "Glutamine\n(uM)"]
        assert [axes.get_yscale() for axes in figure.axes] == ["log", "log", "linear"]
        assert "0.5 uM (depleted)" in [text.get_text() for text in figure.axes[1].texts]

    def test_quantiles_are_those_of_the_tumour_cells_only(self, relapse):
        run = RunReader(relapse)
        found = cell_quantiles(run, ("asns",))["asns"]
        table = run.cells_at(3)
        blasts = table[table["cell_type"] == 1]["asns"]
        assert np.allclose(found[3], np.quantile(blasts, QUANTILES), rtol=1e-6)
        assert found.max() < 1e9

    def test_price_lines_sum_to_the_total(self, relapse):
        (axes,) = price_figure(RunReader(relapse)).axes
        parts = sum(line(axes, name) for name in ("selection", "induction", "mutation"))
        assert np.allclose(parts, line(axes, "total change"))
        assert line(axes, "total change")[-1] == 54.0

    def test_clones_fill_the_area_and_are_named_by_genotype(self, relapse):
        (axes,) = muller_figure(RunReader(relapse)).axes
        names = [text.get_text() for text in axes.get_legend().get_texts()]
        assert names == ["clone 0 (2 methylated)", "clone 1 (0 methylated)"]
        top = max(path.vertices[:, 1].max() for area in axes.collections
                  for path in area.get_paths())  # fmt: skip
        assert top == pytest.approx(1.0)

    def test_counts_begin_near_the_data_and_small_shares_are_logarithmic(self, tmp_path):
        writer = RunWriter(tmp_path / "run")
        for k in range(3):
            writer.timeseries(series(k) | {"n_cells": 20_000 + k, "n_resistant": 20})
        writer.finish({"name": "x", "seed": 1})
        upper, lower = population_figure(RunReader(tmp_path / "run")).axes
        assert 10.0 < upper.get_ylim()[0] < 20.0
        assert lower.get_yscale() == "log"
        low, high = lower.get_ylim()
        assert 1e-4 <= low < 1e-3 < high <= 1e-2

    def test_a_single_clone_has_no_figure(self, relapse):
        run = RunReader(relapse)
        table = run.clones
        is_small = table["clone_id"] == 1
        run.__dict__["clones"] = table.assign(n_cells=np.where(is_small, 0, table["n_cells"]))
        assert muller_figure(run) is None

    def test_arms_show_the_doses_of_each_run_and_where_they_part(self, relapse, tmp_path):
        runs = [RunReader(relapse), RunReader(relapse)]
        same = arms_figure(runs).axes
        assert [axes.get_ylabel() for axes in same] == [
            "Tumour cells", "Resistant share", "Asparagine\n(uM)",
        ]  # fmt: skip
        assert "pegaspargase 2500 IU/m2" in same[0].texts[-1].get_text()
        runs[1].info |= {"doses_given": [[48.0, "rylaze 25000 IU/m2"]], "past": [{"until_h": 36.0}]}
        legend = arms_figure(runs).axes[0].get_legend()
        words = [text.get_text() for text in legend.get_texts()]
        assert words[2:] == [
            "relapse:\npegaspargase 2500 IU/m2", "relapse:\nrylaze 25000 IU/m2",
            "the runs part, day 1.5",
        ]  # fmt: skip

    def test_maps_show_six_times_with_the_turning_points(self, relapse):
        run = RunReader(relapse)
        chosen = chosen_frames(run)
        assert len(chosen) == 6
        assert {name: k for k, name in chosen.items() if name} == {
            "before the drug": 1,
            "under the drug": 2,
            "nadir": 4,
            "relapse": 8,
            "end": 9,
        }
        figure = maps_figure(run)
        assert sum(bool(axes.get_images()) for axes in figure.axes) == 12
        labels = {axes.get_ylabel() for axes in figure.axes}
        assert {"Asparagine (uM)", "ASNS (copies/cell)"} <= labels

    @pytest.mark.filterwarnings("error")
    def test_a_run_of_one_record_can_be_drawn(self, tmp_path):
        writer = RunWriter(tmp_path / "run")
        writer.timeseries(series(0))
        writer.cells(0.0, cells(0, np.random.default_rng(1)))
        writer.finish({})
        files = plot_run(tmp_path / "run", tmp_path)
        assert [p.name for p in files] == ["population.png", "maps.png"]


class TestScales:
    def test_colours_of_asns_ignore_stroma_and_span_the_tumour(self, relapse):
        low, high = scales.asns_limits(RunReader(relapse))
        assert low < np.exp(10.0) < high < 1e6
        levels = scales.asns_level(
            np.array([0.0, low, np.sqrt(low * high), high, 1e9]), (low, high)
        )
        assert levels == pytest.approx([0.0, 0.0, 0.5, 1.0, 1.0])

    def test_field_scale_is_logarithmic_over_three_decades_at_most(self, relapse):
        norm = scales.field_norm(RunReader(relapse))
        assert isinstance(norm, LogNorm)
        assert norm.vmax == pytest.approx(45.0, rel=1e-4)
        assert norm.vmin >= 1e-3 * norm.vmax

    def test_field_picture_has_each_voxel_in_its_place(self):
        field = np.array([[1.0, 10.0], [100.0, 1000.0]])
        image = scales.field_image(field, LogNorm(1.0, 1000.0), (6, 4))
        assert image.shape == (6, 4, 3)
        assert (image[:3, :2] == image[0, 0]).all()
        assert (image[3:, 2:] == image[5, 3]).all()
        assert len({tuple(image[row, column]) for row in (0, 5) for column in (0, 3)}) == 4

    def test_a_wide_tissue_keeps_its_shape(self):
        assert image_shape((0.0, 400.0, 0.0, 300.0), 200) == (150, 200)
        assert image_shape((10.0, 20.0, 0.0, 40.0), 200) == (200, 50)


class TestDiscs:
    canvas = Canvas(100, 80, (0.0, 100.0, 0.0, 80.0))

    def draw(self, x, y, radius, **more):
        count = len(x)
        columns = {"x_um": np.array(x), "y_um": np.array(y), "radius_um": np.array(radius)}
        resistant = more.pop("is_resistant", None)
        if resistant is not None:
            columns["is_resistant"] = np.array(resistant)
        options = {"level": np.zeros(count), "is_tumour": np.ones(count, bool)} | more
        return draw_cells(self.canvas, columns, **options)

    def test_area_and_centre_of_a_disc(self):
        image = self.draw([30.0], [50.0], [10.0])
        cover = 1.0 - (image.min(axis=2) - float(image.min())) / (255.0 - float(image.min()))
        assert cover.sum() == pytest.approx(np.pi * 100.0, rel=0.01)
        rows, columns = np.nonzero(cover > 0.5)
        assert columns.mean() + 0.5 == pytest.approx(30.0, abs=0.1)
        assert rows.mean() + 0.5 == pytest.approx(50.0, abs=0.1)

    def test_cells_at_the_edge_stay_in_and_wrap_nowhere(self):
        image = self.draw([0.0, 100.0], [0.0, 80.0], [6.0, 6.0])
        dark = (image < 200).any(axis=2)
        assert dark[:7, :7].any()
        assert dark[-7:, -7:].any()
        assert not dark[:, 10:90].any()
        assert not dark[:7, -10:].any()

    def test_resistant_cells_lie_on_top_with_an_outline(self):
        place = ([50.0, 50.0], [40.0, 40.0], [8.0, 8.0])
        image = self.draw(*place, is_resistant=[True, False], level=np.array([1.0, 0.0]))
        assert tuple(image[40, 50]) != tuple(self.draw(*place)[40, 50])
        outline = np.array(to_rgb(style.VERMILION)) * 255.0
        assert np.abs(image.reshape(-1, 3) - outline).max(axis=1).min() < 8.0
        plain = self.draw(*place).reshape(-1, 3)
        assert np.abs(plain - outline).max(axis=1).min() > 30.0

    def test_other_cells_are_grey_and_below(self):
        image = self.draw([50.0], [40.0], [8.0], is_tumour=np.zeros(1, bool))
        assert np.abs(image[40, 50] - np.array(to_rgb(style.GREY)) * 255.0).max() <= 1.0

    def test_no_cells_leave_the_page_white(self):
        assert (self.draw([], [], []) == 255).all()


def test_long_runs_are_in_days_and_short_ones_in_hours():
    days, hours = style.TimeAxis(np.array([0.0, 480.0])), style.TimeAxis(np.array([0.0, 72.0]))
    assert (days.label, float(days(48.0)), days.text(60.0)) == ("Time (d)", 2.0, "day 2.5")
    assert (hours.label, float(hours(48.0)), hours.text(60.0)) == ("Time (h)", 48.0, "60 h")
