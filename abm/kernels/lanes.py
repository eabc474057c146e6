"""A comparison of several neighbouring elements at once.

The compiler makes vector code of loops that store what they compute. A search keeps only what it
finds, and of a loop that packs the outcome of comparisons into bits it makes one instruction after
the other. So this one operation is written in the intermediate language of the compiler, which any
processor understands.
"""

from typing import Any

from llvmlite import ir
from numba.core import types
from numba.extending import intrinsic

LANES = 4
"""Elements that are compared at once."""


def _close_lanes(typing_context, other, other_reach, first, here, reach):
    """Return uint64 whose bit k tells whether element ``first + k`` of the others is close.

        sum over axes of (here - other[first + k])^2 < (reach + other_reach[first + k])^2

    other: tuple of as many float64[n] as ``here`` has coordinates; other_reach float64[n]; first
    uint64, with ``first + LANES`` at most n, which is not checked.
    """
    signature = types.uint64(other, other_reach, types.uint64, here, types.float64)

    def generate(context, builder, signature, arguments):
        number = ir.VectorType(ir.DoubleType(), LANES)
        places, reaches, start, point, own_reach = arguments

        def load(kind, array):
            data = context.make_array(kind)(context, builder, array).data
            address = builder.bitcast(builder.gep(data, [start]), number.as_pointer())
            return builder.load(address, align=8)

        def repeat(value):
            index = ir.IntType(32)
            one = builder.insert_element(ir.Constant(number, ir.Undefined), value, index(0))
            return builder.shuffle_vector(one, one, ir.Constant(ir.VectorType(index, LANES), None))

        square = None
        for axis, kind in enumerate(signature.args[0]):
            value = repeat(builder.extract_value(point, axis))
            gap = builder.fsub(value, load(kind, builder.extract_value(places, axis)))
            along = builder.fmul(gap, gap)
            square = along if square is None else builder.fadd(square, along)
        limit = builder.fadd(repeat(own_reach), load(signature.args[1], reaches))
        is_close = builder.fcmp_ordered("<", square, builder.fmul(limit, limit))
        bits = builder.bitcast(is_close, ir.IntType(LANES))
        return builder.zext(bits, ir.IntType(64))

    return signature, generate


close_lanes: Any = intrinsic(_close_lanes)
