"""exp, log and the normal quantile from arithmetic alone, so that results do not depend on libm.

``exp`` and ``log`` reduce the argument with the two-part ln 2 of Cody and Waite and sum a series;
``normal_quantile`` is algorithm AS 241 (Wichura 1988, doi:10.2307/2347330). Relative error below
1e-15, 1e-15 and 1e-14.
"""

import numpy as np

from abm.kernels._jit import kernel

_LN2_HIGH = 6.93147180369123816490e-01
_LN2_LOW = 1.90821492927058770002e-10
_INV_LN2 = 1.44269504088896338700
_SQRT_HALF = 0.70710678118654752440
_EXPONENT_BIAS = 1023
_MANTISSA_BITS = 52
_SMALLEST_NORMAL = 2.2250738585072014e-308


@kernel
def exp(x: float) -> float:
    """Return e**x; 0 below -708, infinity above 709."""
    if x < -708.0:
        return 0.0
    if x > 709.0:
        return np.inf
    k = np.floor(x * _INV_LN2 + 0.5)
    r = (x - k * _LN2_HIGH) - k * _LN2_LOW
    # Taylor to r**13: |r| <= ln2/2, remainder below 1e-17.
    p = 1.0 / 6227020800.0
    p = p * r + 1.0 / 479001600.0
    p = p * r + 1.0 / 39916800.0
    p = p * r + 1.0 / 3628800.0
    p = p * r + 1.0 / 362880.0
    p = p * r + 1.0 / 40320.0
    p = p * r + 1.0 / 5040.0
    p = p * r + 1.0 / 720.0
    p = p * r + 1.0 / 120.0
    p = p * r + 1.0 / 24.0
    p = p * r + 1.0 / 6.0
    p = p * r + 0.5
    p = p * r + 1.0
    p = p * r + 1.0
    scale = np.int64((np.int64(k) + _EXPONENT_BIAS) << _MANTISSA_BITS).view(np.float64)
    return p * scale


@kernel
def log(x: float) -> float:
    """Return ln x for x > 0 (normal numbers); -infinity at 0, nan below."""
    if x < 0.0:
        return np.nan
    if x < _SMALLEST_NORMAL:
        return -np.inf
    bits = np.float64(x).view(np.int64)
    k = (bits >> _MANTISSA_BITS) - _EXPONENT_BIAS
    fraction = (bits & 0x000FFFFFFFFFFFFF) | (_EXPONENT_BIAS << _MANTISSA_BITS)
    m = np.int64(fraction).view(np.float64) * 0.5
    k += 1
    if m < _SQRT_HALF:
        m *= 2.0
        k -= 1
    s = (m - 1.0) / (m + 1.0)
    z = s * s
    # 2 atanh(s), |s| <= 0.1716: the term s**21 is below 1e-17.
    p = 1.0 / 21.0
    p = p * z + 1.0 / 19.0
    p = p * z + 1.0 / 17.0
    p = p * z + 1.0 / 15.0
    p = p * z + 1.0 / 13.0
    p = p * z + 1.0 / 11.0
    p = p * z + 1.0 / 9.0
    p = p * z + 1.0 / 7.0
    p = p * z + 1.0 / 5.0
    p = p * z + 1.0 / 3.0
    p = p * z + 1.0
    return k * _LN2_HIGH + (2.0 * s * p + k * _LN2_LOW)


_CENTRE = 0.425
_CENTRE_OVER = (
    2509.0809287301226727, 33430.575583588128105, 67265.770927008700853, 45921.953931549871457,
    13731.693765509461125, 1971.5909503065514427, 133.14166789178437745, 3.387132872796366608,
)  # fmt: skip
_CENTRE_UNDER = (
    5226.495278852545925, 28729.085735721942674, 39307.89580009271061, 21213.794301586595867,
    5394.1960214247511077, 687.1870074920579083, 42.313330701600911252, 1.0,
)  # fmt: skip
_TAIL_OVER = (
    7.7454501427834140764e-4, 0.0227238449892691845833, 0.24178072517745061177,
    1.27045825245236838258, 3.64784832476320460504, 5.7694972214606914055,
    4.6303378461565452959, 1.42343711074968357734,
)  # fmt: skip
_TAIL_UNDER = (
    1.05075007164441684324e-9, 5.475938084995344946e-4, 0.0151986665636164571966,
    0.14810397642748007459, 0.68976733498510000455, 1.6763848301838038494,
    2.05319162663775882187, 1.0,
)  # fmt: skip
_FAR_OVER = (
    2.01033439929228813265e-7, 2.71155556874348757815e-5, 0.0012426609473880784386,
    0.026532189526576123093, 0.29656057182850489123, 1.7848265399172913358,
    5.4637849111641143699, 6.6579046435011037772,
)  # fmt: skip
_FAR_UNDER = (
    2.04426310338993978564e-15, 1.4215117583164458887e-7, 1.8463183175100546818e-5,
    7.868691311456132591e-4, 0.0148753612908506148525, 0.13692988092273580531,
    0.59983220655588793769, 1.0,
)  # fmt: skip


@kernel
def _horner(coefficients: tuple[float, ...], x: float) -> float:
    """Evaluate a polynomial whose highest coefficient comes first."""
    value = coefficients[0]
    for i in range(1, len(coefficients)):
        value = value * x + coefficients[i]
    return value


@kernel
def normal_quantile(p: float) -> float:
    """Return the standard normal quantile of p in (0, 1)."""
    q = p - 0.5
    if abs(q) <= _CENTRE:
        r = 0.180625 - q * q
        return q * _horner(_CENTRE_OVER, r) / _horner(_CENTRE_UNDER, r)
    r = np.sqrt(-log(p if q < 0.0 else 1.0 - p))
    if r <= 5.0:
        value = _horner(_TAIL_OVER, r - 1.6) / _horner(_TAIL_UNDER, r - 1.6)
    else:
        value = _horner(_FAR_OVER, r - 5.0) / _horner(_FAR_UNDER, r - 5.0)
    return -value if q < 0.0 else value


@kernel
def normal_quantiles(uniforms: np.ndarray, out: np.ndarray) -> None:
    """Write the standard normal quantiles of float64[n] in (0, 1), with the same bits.

    The formula of the centre is worked out for all, which runs on vectors; then the tails, one in
    seven, are written over.
    """
    for i in range(uniforms.shape[0]):
        q = uniforms[i] - 0.5
        r = 0.180625 - q * q
        out[i] = q * _horner(_CENTRE_OVER, r) / _horner(_CENTRE_UNDER, r)
    for i in range(uniforms.shape[0]):
        if abs(uniforms[i] - 0.5) > _CENTRE:
            out[i] = normal_quantile(uniforms[i])
