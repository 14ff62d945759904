"""Numbers as bits, for kernels. Views of arrays as another type would take longer to compile.

`as_bits(number)` has the bits of a float64 as an integer, and `as_float(bits)` is the float64 with these bits.
`eight(flags, at)` has eight items of an array of int8, from index `at`, as one integer.
"""

from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from bitbox_xr.upstream.numba_internals import item_pointer

__all__ = ["as_bits", "as_float", "eight"]


def _as_bits(typing: Any, number: Any) -> Any:
    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.bitcast(args[0], ir.IntType(64))

    return types.int64(types.float64), codegen


def _as_float(typing: Any, bits: Any) -> Any:
    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.bitcast(args[0], ir.DoubleType())

    return types.float64(types.int64), codegen


def _eight(typing: Any, flags: Any, at: Any) -> Any:
    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        pointer = item_pointer(context, builder, flags, *args)
        return builder.load(builder.bitcast(pointer, ir.IntType(64).as_pointer()), align=1)

    return types.int64(flags, types.intp), codegen


# their callers give other arguments than these functions get
as_bits: Any = intrinsic(_as_bits)
as_float: Any = intrinsic(_as_float)
eight: Any = intrinsic(_eight)
