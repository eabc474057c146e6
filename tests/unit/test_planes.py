"""Slices and projections of a 3-D tissue."""

import numpy as np
import pytest

from abm.record.reader import Frame
from analysis.planes import is_solid, planes

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


def test_the_projection_has_all_cells_with_the_upper_ones_last(solid):
    assert planes(solid)[3].frame.cells["cell_id"].tolist() == [1, 2, 0, 3]


def test_a_flat_tissue_is_its_own_plane(solid):
    flat = Frame(0.0, {"asn": np.ones((3, 4))}, {}, EXTENT)
    (plane,) = planes(flat)
    assert plane.frame is flat
