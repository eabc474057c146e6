"""Yardsticks of the field solver: one explicit sweep of diffusion, and the memory triad."""

import numba

TRIAD_BYTES = 24
"""Per element: two numbers read, one written."""


@numba.njit(cache=True, error_model="numpy")
def explicit_sweep(u, k, diffusion, dt, out):  # type: ignore[no-untyped-def]
    """One explicit step of u' = diffusion * laplacian(u) - k u on a grid, border left alone.

    Reads ``u`` and ``k`` and writes ``out``, float64[n_y, n_x]: 24 bytes per voxel at least.
    """
    for j in range(1, u.shape[0] - 1):
        south, here, north, loss, result = u[j - 1], u[j], u[j + 1], k[j], out[j]
        for i in range(1, u.shape[1] - 1):
            around = (south[i] + north[i]) + (here[i - 1] + here[i + 1])
            result[i] = here[i] + dt * (diffusion * (around - 4.0 * here[i]) - loss[i] * here[i])


@numba.njit(cache=True, error_model="numpy")
def triad(a, b, factor, out):  # type: ignore[no-untyped-def]
    """Write out = a + factor * b: 24 bytes per element, as fast as memory allows."""
    for i in range(a.size):
        out[i] = a[i] + factor * b[i]
