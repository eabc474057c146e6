"""Slices and projections of a 3-D tissue."""

import numpy as np
import pytest
from matplotlib.colors import to_rgb

from abm.errors import ScenarioError
from abm.record.reader import Frame
from analysis import colours
from analysis.planes import check_places, is_solid, planes
from analysis.projection import projected_image
from analysis.raster import cell_colours

EXTENT = (0.0, 40.0, 0.0, 30.0)
DEPTH = 20.0


@pytest.fixture
def solid():
    """Voxels of 10 um whose value is 100 z + 10 y + x; cells at known places."""
    z, y, x = np.meshgrid(np.arange(2), np.arange(3), np.arange(4), indexing="ij")
    cells = {
        "cell_id": np.arange(4),
        "x_um": np.array([20.0, 5.0, 20.0, 39.0]),
        "y_um": np.array([15.0, 15.0, 29.0, 1.0]),
        "z_um": np.array([13.0, 1.0, 10.0, 19.0]),
        "radius_um": np.full(4, 5.0),
    }
    return Frame(24.0, {"asn": 100.0 * z + 10.0 * y + x}, cells, EXTENT, DEPTH)


def test_three_slices_and_a_projection(solid):
    assert is_solid(solid)
    titles = [plane.title for plane in planes(solid)]
    assert titles == [
        "slice at z = 10 um", "slice at y = 15 um", "slice at x = 20 um", "projection along z"
    ]  # fmt: skip
    assert [(plane.across, plane.up) for plane in planes(solid)] == [
        ("x", "y"), ("x", "z"), ("z", "y"), ("x", "y")
    ]  # fmt: skip


def test_each_slice_holds_the_voxels_at_its_place(solid):
    across_z, across_y, across_x, projection = [plane.frame for plane in planes(solid)]
    assert across_z.fields["asn"][2, 3] == 123.0
    assert across_y.fields["asn"][1, 3] == 113.0
    assert across_x.fields["asn"].shape == (3, 2)
    assert across_x.fields["asn"][2, 1] == 122.0
    assert projection.fields["asn"][2, 3] == 73.0


def test_each_slice_reaches_as_far_as_the_tissue(solid):
    extents = [plane.frame.extent_um for plane in planes(solid)]
    assert extents == [EXTENT, (0.0, 40.0, 0.0, 20.0), (0.0, 20.0, 0.0, 30.0), EXTENT]


def test_a_slice_shows_the_cells_it_cuts_with_the_radius_of_the_cut(solid):
    across_z = planes(solid)[0].frame.cells
    assert across_z["cell_id"].tolist() == [0, 2]
    assert across_z["radius_um"] == pytest.approx([4.0, 5.0])
    across_x = planes(solid)[2].frame.cells
    assert across_x["cell_id"].tolist() == [0, 2]
    assert across_x["x_um"].tolist() == [13.0, 10.0]


def test_slices_go_where_they_are_asked_to(solid):
    across_z, across_y, across_x, _ = planes(solid, {"z": 3.0, "x": 38.0})
    assert across_z.title == "slice at z = 3 um" and across_x.title == "slice at x = 38 um"
    assert across_z.frame.fields["asn"][2, 3] == 23.0
    assert across_x.frame.fields["asn"][2, 1] == 123.0
    assert across_z.frame.cells["cell_id"].tolist() == [1]
    assert across_y.title == "slice at y = 15 um"


@pytest.mark.parametrize(("at", "message"), [({"z": 21.0}, "from 0 to 20"), ({"x": 41.0}, "to 40")])
def test_a_slice_outside_of_the_tissue_is_refused(solid, at, message):
    with pytest.raises(ScenarioError, match=message):
        check_places(solid, at)


class TestProjection:
    """Columns of 10 um: four in x, three in y."""

    def image(self, solid, **columns):
        cells = solid.cells | {"cell_type": np.full(4, 1)} | columns
        level = columns.pop("level", np.array([0.0, 1.0, 1.0, 0.5]))
        frame = Frame(24.0, {}, cells, EXTENT, DEPTH)
        return projected_image(frame, level, (30, 40))

    def test_a_column_has_the_colour_of_the_mean_of_its_tumour_cells(self, solid):
        x = np.array([5.0, 5.0, 25.0, 35.0])
        y = np.array([5.0, 6.0, 5.0, 25.0])
        image = self.image(solid, x_um=x, y_um=y)
        scale = (cell_colours() * 255.0).round()
        assert image[5, 5].tolist() == scale[127].tolist()
        assert image[5, 25].tolist() == scale[255].tolist()
        assert image[5, 35].tolist() == [255, 255, 255]

    def test_a_line_goes_around_columns_with_a_resistant_cell(self, solid):
        is_resistant = np.array([True, False, False, False])
        image = self.image(solid, is_resistant=is_resistant)
        red = (np.array(to_rgb(colours.RESISTANT)) * 255.0).round().astype(int).tolist()
        assert image[10, 20].tolist() == red and image[15, 25].tolist() != red
        assert (image.reshape(-1, 3) == red).all(axis=1).sum() == 100 - 6 * 6

    def test_other_cells_alone_are_light_grey(self, solid):
        image = self.image(solid, cell_type=np.array([1, 2, 1, 1]))
        grey = image[15, 5].astype(int)
        assert grey.max() - grey.min() <= 1 and 180 < grey[0] < 240


def test_the_projection_has_all_cells_with_the_upper_ones_last(solid):
    assert planes(solid)[3].frame.cells["cell_id"].tolist() == [1, 2, 0, 3]


def test_a_flat_tissue_is_its_own_plane(solid):
    flat = Frame(0.0, {"asn": np.ones((3, 4))}, {}, EXTENT)
    (plane,) = planes(flat)
    assert plane.frame is flat
