"""Numbers as bits, for kernels. Views of arrays as another type would take longer to compile.

`as_bits(number)` has the bits of a float64 as an integer, and `as_float(bits)` is the float64 with these bits.
`ones(flags, at)` has one bit for each of 64 items of an array of int8, from index `at`: 1 where the item is not 0.
`lowest(bits)` is the number of the lowest bit that is 1.
"""

from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from bitbox_xr.upstream.numba_internals import item_pointer

__all__ = ["as_bits", "as_float", "lowest", "ones"]


def _as_bits(typing: Any, number: Any) -> Any:
    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.bitcast(args[0], ir.IntType(64))

    return types.int64(types.float64), codegen


def _as_float(typing: Any, bits: Any) -> Any:
    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.bitcast(args[0], ir.DoubleType())

    return types.float64(types.int64), codegen


def _ones(typing: Any, flags: Any, at: Any) -> Any:
    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        kind = ir.VectorType(ir.IntType(8), 64)
        pointer = item_pointer(context, builder, flags, *args)
        items = builder.load(builder.bitcast(pointer, kind.as_pointer()), align=1)
        return builder.bitcast(builder.icmp_signed("!=", items, kind(None)), ir.IntType(64))

    return types.int64(flags, types.intp), codegen


def _lowest(typing: Any, bits: Any) -> Any:
    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.cttz(args[0], ir.IntType(1)(1))

    return types.int64(types.int64), codegen


# their callers give other arguments than these functions get
as_bits: Any = intrinsic(_as_bits)
as_float: Any = intrinsic(_as_float)
lowest: Any = intrinsic(_lowest)
ones: Any = intrinsic(_ones)
