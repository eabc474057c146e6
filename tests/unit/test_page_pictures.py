"""What the page draws itself: the map, its colours, slices of 3-D tissues, the state of a cell."""

import base64
import io
from typing import Any, NamedTuple

import numpy as np
import pytest
from matplotlib.colors import to_rgb
from PIL import Image

from abm.record.reader import Frame
from abm.state.columns import CellType
from analysis import style
from analysis.planes import planes
from scenarios.app.cell_state import describe_cell
from scenarios.app.colouring import LEVELS as SCALES_OF
from scenarios.app.colouring import Colouring, Scale, State, bar, colours_of, key, states
from scenarios.app.map_picture import Scales, Window, draw_map, nearest_cell
from scenarios.app.planes import Axis, Look, flat, is_solid, names

WHOLE = (0.0, 100.0, 0.0, 50.0)


def cells(**changes: Any) -> dict[str, np.ndarray]:
    """Return three blasts in a row and one stroma cell."""
    found = {
        "cell_id": np.array([7, 8, 9, 10]),
        "clone_id": np.array([0, 0, 1, 2]),
        "cell_type": np.array([1, 1, 1, int(CellType.STROMA)], np.uint8),
        "x_um": np.array([10.0, 50.0, 90.0, 30.0], np.float32),
        "y_um": np.array([25.0, 25.0, 25.0, 40.0], np.float32),
        "radius_um": np.full(4, 5.0, np.float32),
        "asns": np.array([1e3, 1e4, 1e5, 1e9]),
        "mtorc1": np.array([0.1, 0.5, 0.9, 0.5]),
        "growth_per_h": np.array([0.03, -0.001, -0.01, 0.0]),
        "death_per_h": np.array([0.001, 0.0005, 0.05, 0.0]),
        "is_resistant": np.array([False, False, True, False]),
    }
    return found | changes


FIELD = np.tile(np.geomspace(0.1, 50.0, 10, dtype=np.float32), (5, 1))
FRAME = Frame(3.0, {"asn": FIELD}, cells(), WHOLE)


def pixels(frame=FRAME, window=Window(), colouring=Colouring.ASNS, *, is_fast=False, **options):  # noqa: B008
    scales = Scales()
    scales.see(frame)
    picture = draw_map(
        frame, window, scales, colouring, options.get("species", "asn"),
        options.get("clone_colours", {}), n_pixels=200, is_fast=is_fast,
        marked=options.get("marked"),
    )  # fmt: skip
    kind, _, data = picture.source.partition(",")
    assert kind == f"data:image/{'jpeg' if is_fast else 'png'};base64"
    image = np.asarray(Image.open(io.BytesIO(base64.b64decode(data))).convert("RGB"), float) / 255.0
    return picture, image


def test_the_map_has_the_shape_of_the_tissue_and_cells_where_they_are():
    picture, image = pixels(colouring=Colouring.STATE)
    assert image.shape == (100, 200, 3) and picture.aspect == 2.0
    for x, colour in ((20, style.BLUE), (100, style.ORANGE), (180, style.BLACK)):
        np.testing.assert_allclose(image[50, x], to_rgb(colour), atol=0.01)
    np.testing.assert_allclose(image[20, 60], to_rgb(style.GREY), atol=0.01)  # y is upwards
    assert picture.bar_label == "20 um" and picture.bar_share == 0.2


def test_more_of_the_nutrient_is_darker():
    _, image = pixels()
    row = image[95].mean(axis=1)
    assert row[0] > row[100] > row[-1]


def test_a_fast_picture_shows_the_same():
    (_, exact), (_, fast) = pixels(), pixels(is_fast=True)
    assert np.abs(exact - fast).mean() < 0.02


def test_zoom_keeps_the_place_under_the_pointer_and_stays_inside():
    window = Window().zoomed(4.0, 0.25, 0.75)
    left, right, bottom, top = window.extent(WHOLE)
    assert (right - left, top - bottom) == (25.0, 12.5)
    assert left + 0.25 * 25.0 == pytest.approx(25.0) and bottom + 0.75 * 12.5 == pytest.approx(37.5)
    edge = window.moved(9.0, 9.0).extent(WHOLE)
    assert edge[1] == pytest.approx(100.0) and edge[3] == pytest.approx(50.0)
    assert window.zoomed(1e-9) == Window()
    assert Window().zoomed(1e9).zoom == 64.0


def test_the_nearest_cell_is_found_only_near_by():
    assert nearest_cell(FRAME, Window(), 0.5, 0.5) == 8
    assert nearest_cell(FRAME, Window(), 0.3, 0.2) == 10
    assert nearest_cell(FRAME, Window(), 0.7, 0.95) is None
    zoomed = Window().zoomed(4.0)
    assert nearest_cell(FRAME, zoomed, 0.5, 0.5) == 8
    assert nearest_cell(Frame(0.0, {}, {}, WHOLE), Window(), 0.5, 0.5) is None


def test_the_selected_cell_is_marked_where_it_is():
    picture, _ = pixels(marked=9)
    assert picture.mark == pytest.approx((0.9, 0.5))
    picture, _ = pixels(window=Window().zoomed(4.0), marked=9)
    assert picture.mark is None


def test_states_of_cells():
    assert [list(State)[i] for i in states(FRAME.cells)] == [
        State.GROWING, State.RESTING, State.DYING, State.RESTING
    ]  # fmt: skip


def test_scales_hold_the_tumour_cells_of_all_frames_so_far():
    scale = Scale(SCALES_OF[Colouring.ASNS])
    scale.see(FRAME.cells)
    low, high = scale.low, scale.high
    assert 1e3 <= low < 2e3 and 9e4 < high <= 1e5  # not the stroma's
    scale.see(cells(asns=np.array([5e3, 5e3, 5e3, 5e3])))
    assert (scale.low, scale.high) == (low, high)
    np.testing.assert_allclose(scale.place(np.array([low, np.sqrt(low * high), high])), [0, 0.5, 1])
    assert "copies/cell" in bar(scale)


def test_clones_have_the_colours_of_the_clone_areas():
    found = colours_of(FRAME.cells, Colouring.CLONE, {0: "#0072B2", -1: style.PALE})
    np.testing.assert_allclose(found[:2], np.tile(to_rgb("#0072B2"), (2, 1)))
    np.testing.assert_allclose(found[2], to_rgb(style.PALE))
    text = key(FRAME.cells, Colouring.CLONE, {0: "#0072B2", 1: "#009E73", -1: style.PALE})
    assert "clone 0" in text and "clone 1" in text and "stroma cell" in text


def test_the_state_of_a_cell_is_told_with_units():
    found = dict(describe_cell(FRAME, 9))
    assert found["state"] == "dying" and found["genotype"] == "resistant"
    assert found["ASNS"] == "1e+05 copies/cell" and found["place"] == "x 90, y 25 um"
    assert found["asparagine outside"] == "50 uM"
    assert describe_cell(FRAME, 99) is None


def test_a_tissue_without_cells_is_a_map_of_the_field():
    _, image = pixels(Frame(0.0, {"asn": FIELD}, {}, WHOLE))
    assert np.ptp(image[50].mean(axis=1)) > 0.3


class DeepFrame(NamedTuple):
    """A frame of a 3-D tissue."""

    time_h: float
    fields: dict[str, np.ndarray]
    cells: dict[str, np.ndarray]
    extent_um: tuple[float, float, float, float]
    depth_um: float


Z, Y, X = np.meshgrid(np.arange(3.0), np.arange(5.0), np.arange(10.0), indexing="ij")
DEEP = DeepFrame(
    0.0, {"asn": 100.0 * Z + 10.0 * Y + X},
    cells(z_um=np.array([7.0, 15.0, 25.0, 12.0], np.float32)), WHOLE, 30.0,
)  # fmt: skip


@pytest.mark.parametrize(
    ("axis", "shape", "extent", "across"),
    [(Axis.Z, (5, 10), (0.0, 100.0, 0.0, 50.0), ("x", "y")),
     (Axis.Y, (3, 10), (0.0, 100.0, 0.0, 30.0), ("x", "z")),
     (Axis.X, (3, 5), (0.0, 50.0, 0.0, 30.0), ("y", "z"))],
)  # fmt: skip
def test_slices_and_projections_along_each_axis(axis, shape, extent, across):
    assert is_solid(DEEP) and not is_solid(FRAME) and flat(FRAME, Look()) is FRAME
    seen = flat(DEEP, Look(axis, 0.0))
    assert seen.fields["asn"].shape == shape and seen.extent_um == extent
    assert names(DEEP, Look(axis)) == across
    first = {Axis.Z: 10.0 * Y[0] + X[0], Axis.Y: 100.0 * Z[:, 0] + X[:, 0],
             Axis.X: 100.0 * Z[..., 0] + 10.0 * Y[..., 0]}[axis]  # fmt: skip
    np.testing.assert_allclose(seen.fields["asn"], first)
    projected = flat(DEEP, Look(axis, None))
    np.testing.assert_allclose(
        projected.fields["asn"], DEEP.fields["asn"].mean(axis={"z": 0, "y": 1, "x": 2}[axis.value])
    )
    np.testing.assert_array_equal(sorted(projected.cells["cell_id"]), sorted(DEEP.cells["cell_id"]))
    pixels(seen)


def test_a_slice_shows_the_cells_that_it_cuts_as_figures_and_films_do():
    middle = flat(DEEP, Look(Axis.Z, 0.5))  # the plane z = 15 um
    shown = dict(zip(middle.cells["cell_id"].tolist(), middle.cells["radius_um"], strict=True))
    assert shown == {8: 5.0, 10: pytest.approx(4.0)}  # the second is cut 3 um off its centre
    assert flat(DEEP, Look(Axis.Z, 0.1)).cells["cell_id"].tolist() == [7]
    frame = Frame(*DEEP)
    for axis, place in ((Axis.Z, 0), (Axis.Y, 1)):
        ours, theirs = flat(frame, Look(axis)), planes(frame)[place].frame
        for name in ("cell_id", "x_um", "y_um", "radius_um"):
            np.testing.assert_allclose(ours.cells[name], theirs.cells[name], rtol=1e-6)
        np.testing.assert_array_equal(ours.fields["asn"], theirs.fields["asn"])


def test_the_nearest_cells_of_a_projection_lie_on_top():
    order = flat(DEEP, Look(Axis.Z, None)).cells["z_um"]
    assert (np.diff(order) >= 0.0).all()
