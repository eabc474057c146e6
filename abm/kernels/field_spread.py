"""What diffusion brings to the voxels of a tissue, faces of fixed value included."""

from abm.kernels._jit import kernel
from abm.kernels.grid import X, Y, Z


@kernel
def between_planes(grid, u, first, last, out):
    """Write the sum over the faces towards the planes around, neighbour minus voxel."""
    plane, here = grid.n[0, X] * grid.n[0, Y], u[first:last]
    low_link, high_link = grid.below[first:last], grid.below[first + plane : last + plane]
    low, high = u[first - plane : last - plane], u[first + plane : last + plane]
    for i in range(last - first):
        out[i] = low_link[i] * (low[i] - here[i]) + high_link[i] * (high[i] - here[i])


@kernel
def spread_rows(grid, rules, field, species, first, last, out):
    """Write the sum over the faces of some rows, neighbour minus voxel, fixed faces included."""
    n_x, u = grid.n[0, X], field.now[species]
    if grid.finest.ndim == 3:
        between_planes(grid, u, first, last, out)
    here, west, east = u[first:last], u[first - 1 : last - 1], u[first + 1 : last + 1]
    south, north = u[first - n_x : last - n_x], u[first + n_x : last + n_x]
    west_link, east_link = grid.west[first:last], grid.west[first + 1 : last + 1]
    south_link, north_link = grid.south[first:last], grid.south[first + n_x : last + n_x]
    for i in range(last - first):
        flow = (west_link[i] * (west[i] - here[i]) + east_link[i] * (east[i] - here[i])) + (
            south_link[i] * (south[i] - here[i]) + north_link[i] * (north[i] - here[i])
        )
        if grid.finest.ndim == 3:
            flow += out[i]
        out[i] = flow
    if rules.is_open:
        link, value = rules.edge_link, rules.edge_value[species]
        for i in range(0, last - first, n_x):
            out[i] += link[0] * (value[0] - here[i])
            out[i + n_x - 1] += link[1] * (value[1] - here[i + n_x - 1])
        add_faces(grid, link, value, here, (first - grid.start[0]) // n_x, out)


@kernel
def add_faces(grid, link, value, here, row, out):
    """Add what the faces along y and z bring to some rows of voxels, from ``row`` on."""
    n_x, n_y = grid.n[0, X], grid.n[0, Y]
    for base in range(0, here.size, n_x):
        plane, line = row // n_y, row % n_y
        u, result = here[base : base + n_x], out[base : base + n_x]
        if line == 0:
            add_face(link[2], value[2], u, result)
        if line == n_y - 1:
            add_face(link[3], value[3], u, result)
        if grid.finest.ndim == 3:
            if plane == 0:
                add_face(link[4], value[4], u, result)
            if plane == grid.n[0, Z] - 1:
                add_face(link[5], value[5], u, result)
        row += 1


@kernel
def add_face(link, value, here, out):
    """Add what one face brings to the voxels of a row, if it has a fixed value."""
    if link > 0.0:
        for i in range(here.size):
            out[i] += link * (value - here[i])
