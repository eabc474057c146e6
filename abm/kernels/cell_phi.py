"""The weights of a sub-step, phi(r) = (1 - exp(-r))/r and psi = (1 - phi)/r, as rational functions.

exp(-r) has order (2, 4); numerators and denominator are polynomials with positive coefficients, so
that nothing is negative for any r >= 0 and loops over cells become vector code without a call.
"""

from abm.kernels._jit import inline_kernel


@inline_kernel
def over_of(r):  # type: ignore[no-untyped-def]
    """Numerator of phi."""
    return 360.0 + r * (60.0 + r * (12.0 + r))


@inline_kernel
def late_of(r):  # type: ignore[no-untyped-def]
    """Numerator of psi; the common denominator of phi and psi is over + r late."""
    return 180.0 + r * (60.0 + r * (11.0 + r))


@inline_kernel
def under_of(r):  # type: ignore[no-untyped-def]
    """Denominator of phi and psi."""
    return 360.0 + r * (240.0 + r * (72.0 + r * (12.0 + r)))


@inline_kernel
def slow_phi(r):  # type: ignore[no-untyped-def]
    """(1 - exp(-r)) / r for the slow states, r < 0.1, without a division."""
    return 1.0 - r * (0.5 - r * (1.0 / 6.0 - r * (1.0 / 24.0 - r / 120.0)))
