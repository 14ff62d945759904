"""Blocks of a matrix product that stay in the processor's registers, for use in kernels.

A *tile* is a block of `rows × cols` numbers: the sums of products of `rows` signals of one person with `cols` signals
of the other. Windowed correlation consists of many small matrix products, each followed by a comparison. A tile stays
in registers from the first product to the comparison, so that no intermediate result is written to memory. Compilers do
not find this arrangement in plain loops. The operations are therefore written as LLVM vector instructions, which are
independent of the processor. Only the number of rows and the width of a vector are chosen here.

Operands are flat arrays of one type. `x` and `y` are `[frame, signal]`, so that the numbers of one frame for a tile are
contiguous.
"""

from collections.abc import Callable
from typing import Any

import llvmlite.binding as llvm
import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic, models, register_model

from bitbox_xr.upstream.numba_internals import declared, item_pointer, nothing

__all__ = [
    "LADDER",
    "Layout",
    "TileType",
    "aligned",
    "back",
    "columns",
    "ladder",
    "layer",
    "layer_columns",
    "loaded",
    "map_cells",
    "narrow",
    "outer",
    "remove",
    "repeated",
    "shape",
    "slab",
    "slab_shape",
    "stack",
    "store",
    "strip",
    "strip_columns",
    "strip_width",
    "through",
    "zeros",
]

VECTORS = 5  # vectors in a row: 80 float32 with vectors of 64 bytes, for 79 expression coefficients
VECTOR_BYTES = 64 if llvm.get_host_cpu_features().get("avx512f") else 32
STRIP = {64: 5, 32: 3}[VECTOR_BYTES]  # vectors in a strip, of which three are in registers at the same time
LADDER = 4  # strips in a ladder, whose sums and the strip by which they are multiplied fit into the registers
LAYER = 2  # vectors in a layer; a stack has as many layers as a ladder has strips
# Rows of a tile by (bytes of a vector, bytes of a number), chosen so that the accumulators, a row of y and a number of
# x fit into the registers (32 of 64 bytes, or 16 of 32). float64 needs three tiles at the same time (product, highest,
# lowest), so its tiles have half as many rows.
ROWS = {(64, 4): 4, (64, 8): 2, (32, 4): 2, (32, 8): 1}


def shape(dtype: Any) -> tuple[int, int]:
    """Number of rows and columns of a tile of float32 or float64."""
    size = np.dtype(dtype).itemsize
    return ROWS[VECTOR_BYTES, size], VECTORS * VECTOR_BYTES // size


def strip_columns(dtype: Any) -> int:
    """Number of columns of a strip: a tile with one row of few vectors, so that the registers hold several."""
    return STRIP * VECTOR_BYTES // np.dtype(dtype).itemsize


def aligned(size: int, dtype: Any, *, zeros: bool = True) -> np.ndarray:
    """An array of `size` zeros, aligned to the size of a vector: loads across two cache lines take twice as long.

    With `zeros=False`, its numbers are undefined.
    """
    dtype = np.dtype(dtype)
    buffer = (np.zeros if zeros else np.empty)(size + VECTOR_BYTES // dtype.itemsize, dtype)
    skip = -buffer.ctypes.data % VECTOR_BYTES // dtype.itemsize
    return buffer[skip : skip + size]


class TileType(types.Type):
    """The compiler's type of a tile."""

    def __init__(self, dtype: Any, rows: int, vectors: int) -> None:
        super().__init__(f"Tile({dtype}, {rows}, {vectors})")
        self.dtype = dtype
        self.rows = rows
        self.vectors = vectors


def _tile_like(array: Any) -> TileType:
    """The type of the largest tiles that fit into the registers, with the numbers of an array."""
    return TileType(array.dtype, ROWS[VECTOR_BYTES, array.dtype.bitwidth // 8], VECTORS)


class Layout:
    """The LLVM types of a type of tiles, and instructions on their vectors."""

    def __init__(self, kind: TileType) -> None:
        self.size = kind.dtype.bitwidth // 8
        self.rows = kind.rows
        self.vectors = kind.vectors
        self.lanes = VECTOR_BYTES // self.size
        self.scalar = ir.FloatType() if self.size == 4 else ir.DoubleType()
        self.vector = ir.VectorType(self.scalar, self.lanes)
        self.integers = ir.VectorType(ir.IntType(8 * self.size), self.lanes)
        self.tile = ir.ArrayType(self.vector, self.rows * self.vectors)
        self.suffix = f"v{self.lanes}f{8 * self.size}"

    def cells(self) -> list[tuple[int, int, int]]:
        """All cells of a tile, as (row, vector, index of the cell)."""
        return [(r, v, self.at(r, v)) for r in range(self.rows) for v in range(self.vectors)]

    def at(self, row: int, vector: int) -> int:
        """Index of a cell."""
        return row * self.vectors + vector

    def splat(self, builder: Any, scalar: Any) -> Any:
        """A vector that repeats one number."""
        kind = ir.VectorType(scalar.type, self.lanes)
        empty = ir.Constant(kind, ir.Undefined)
        first = builder.insert_element(empty, scalar, ir.Constant(ir.IntType(32), 0))
        return builder.shuffle_vector(
            first, empty, ir.Constant(ir.VectorType(ir.IntType(32), self.lanes), [0] * self.lanes)
        )

    def constant(self, number: float) -> Any:
        """A vector that repeats a number known at compile time."""
        return ir.Constant(self.vector, [number] * self.lanes)

    def fma(self, builder: Any, a: Any, b: Any, c: Any) -> Any:
        """a · b + c."""
        kind = ir.FunctionType(self.vector, [self.vector] * 3)
        function = declared(builder, kind, f"llvm.fma.{self.suffix}")
        return builder.call(function, [a, b, c])

    def root(self, builder: Any, a: Any) -> Any:
        """√a."""
        function = declared(builder, ir.FunctionType(self.vector, [self.vector]), f"llvm.sqrt.{self.suffix}")
        return builder.call(function, [a])

    def magnitude(self, builder: Any, vector: Any, signed: Any) -> Any:
        """The values by which lags are compared: `vector` itself if `signed` is not 0, else its absolute values."""
        whole = self.integers.element
        bits = builder.select(
            builder.icmp_signed("!=", signed, signed.type(0)), whole(-1), whole(2 ** (8 * self.size - 1) - 1)
        )
        return builder.bitcast(
            builder.and_(builder.bitcast(vector, self.integers), self.splat(builder, bits)), self.vector
        )

    def load_row(self, builder: Any, pointer: Any) -> list[Any]:
        """Load the vectors of one row of a tile from memory."""
        pointer = builder.bitcast(pointer, self.vector.as_pointer())
        return [
            builder.load(builder.gep(pointer, [ir.Constant(ir.IntType(64), v)]), align=self.size)
            for v in range(self.vectors)
        ]

    def load_column(self, builder: Any, pointer: Any) -> list[Any]:
        """Load one number for each row, each repeated over a vector."""
        at = [builder.gep(pointer, [ir.Constant(ir.IntType(64), r)]) for r in range(self.rows)]
        return [self.splat(builder, builder.load(p)) for p in at]


@register_model(TileType)
class _TileModel(models.PrimitiveModel):
    def __init__(self, manager: Any, kind: Any) -> None:
        super().__init__(manager, kind, Layout(kind).tile)  # type: ignore[no-untyped-call]


def map_cells(layout: Layout, builder: Any, tile: Any, function: Callable[..., Any]) -> Any:
    """Replace each cell of a tile by `function(row, vector, old)`."""
    for r, v, cell in layout.cells():
        tile = builder.insert_value(tile, function(r, v, builder.extract_value(tile, cell)), cell)
    return tile


def _all_zero(kind: TileType, like: Any) -> Any:
    """What an intrinsic returns that makes a tile of zeros of this kind, from the array `like`."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return ir.Constant(Layout(kind).tile, None)

    return kind(like), codegen


@intrinsic
def zeros(typing: Any, like: Any) -> Any:
    """A tile of zeros with the type of the array `like`."""
    return _all_zero(_tile_like(like), like)


def _lag_one(sign: int) -> Any:
    def build(typing: Any, tile: Any, x: Any, i: Any, y: Any, j: Any) -> Any:
        def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            layout = Layout(tile)
            old, xs, at_x, ys, at_y = args
            column = layout.load_column(builder, item_pointer(context, builder, x, xs, at_x))
            row = layout.load_row(builder, item_pointer(context, builder, y, ys, at_y))
            if sign < 0:
                column = [builder.fneg(number) for number in column]
            return map_cells(layout, builder, old, lambda r, v, cell: layout.fma(builder, column[r], row[v], cell))

        return tile(tile, x, types.intp, y, types.intp), codegen

    return build


@intrinsic
def outer(typing: Any, tile: Any, x: Any, i: Any, y: Any, j: Any) -> Any:
    """tile[r, c] + x[i + r] · y[j + c]: add one frame."""
    return _lag_one(+1)(typing, tile, x, i, y, j)


@intrinsic
def remove(typing: Any, tile: Any, x: Any, i: Any, y: Any, j: Any) -> Any:
    """tile[r, c] − x[i + r] · y[j + c]: remove one frame."""
    return _lag_one(-1)(typing, tile, x, i, y, j)


def _lane_by_lane(sign: int) -> Any:
    def build(typing: Any, tile: Any, x: Any, i: Any, y: Any, j: Any, stride: Any) -> Any:
        def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            layout = Layout(tile)
            old, xs, at_x, ys, at_y, apart = args
            one = layout.load_row(builder, item_pointer(context, builder, x, xs, at_x))
            if sign < 0:
                one = [builder.fneg(vector) for vector in one]
            rows = []
            for r in range(layout.rows):
                corner = builder.add(at_y, builder.mul(apart, ir.Constant(ir.IntType(64), r)))
                rows.append(layout.load_row(builder, item_pointer(context, builder, y, ys, corner)))
            return map_cells(layout, builder, old, lambda r, v, cell: layout.fma(builder, one[v], rows[r][v], cell))

        return tile(tile, x, types.intp, y, types.intp, types.intp), codegen

    return build


@intrinsic
def through(typing: Any, tile: Any, x: Any, i: Any, y: Any, j: Any, stride: Any) -> Any:
    """tile[r, c] + x[i + c] · y[j + r · stride + c]: add one frame of matched pairs."""
    return _lane_by_lane(+1)(typing, tile, x, i, y, j, stride)


@intrinsic
def back(typing: Any, tile: Any, x: Any, i: Any, y: Any, j: Any, stride: Any) -> Any:
    """tile[r, c] − x[i + c] · y[j + r · stride + c]: remove one frame of matched pairs."""
    return _lane_by_lane(-1)(typing, tile, x, i, y, j, stride)


@intrinsic
def strip(typing: Any, like: Any) -> Any:
    """A tile of zeros with one row of few vectors, so that registers hold several, and the type of the array `like`."""
    return _all_zero(TileType(like.dtype, 1, STRIP), like)


@intrinsic
def ladder(typing: Any, like: Any) -> Any:
    """A tile of zeros with `LADDER` strips as its rows."""
    return _all_zero(TileType(like.dtype, LADDER, STRIP), like)


def layer_columns(dtype: Any) -> int:
    """Number of columns of a layer and of a stack."""
    return LAYER * VECTOR_BYTES // np.dtype(dtype).itemsize


@intrinsic
def layer(typing: Any, like: Any) -> Any:
    """A tile of zeros with one row of two vectors, narrower than a strip, and the type of the array `like`."""
    return _all_zero(TileType(like.dtype, 1, LAYER), like)


@intrinsic
def stack(typing: Any, like: Any) -> Any:
    """A tile of zeros with `LADDER` layers as its rows."""
    return _all_zero(TileType(like.dtype, LADDER, LAYER), like)


def slab_shape() -> tuple[int, int]:
    """Number of rows and columns of a slab."""
    return ROWS[VECTOR_BYTES, 4], VECTOR_BYTES // 4


@intrinsic
def slab(typing: Any, like: Any) -> Any:
    """A tile of zeros as wide as a vector of float32, with the type of the array `like`."""
    return _all_zero(TileType(like.dtype, slab_shape()[0], like.dtype.bitwidth // 32), like)


@intrinsic
def narrow(typing: Any, tile: Any) -> Any:
    """A tile of float64 as float32."""
    kind = TileType(types.float32, tile.rows, tile.vectors // 2)

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        wide, layout = Layout(tile), Layout(kind)
        half = ir.VectorType(layout.scalar, wide.lanes)
        both = ir.Constant(ir.VectorType(ir.IntType(32), layout.lanes), list(range(layout.lanes)))

        def cell(r: int, v: int, held: Any) -> Any:
            parts = (builder.extract_value(args[0], wide.at(r, 2 * v + k)) for k in range(2))
            return builder.shuffle_vector(*(builder.fptrunc(part, half) for part in parts), both)

        return map_cells(layout, builder, ir.Constant(layout.tile, None), cell)

    return kind(tile), codegen


@intrinsic
def columns(typing: Any, like: Any, numbers: Any, at: Any) -> Any:
    """A tile of the shape of `like` whose row r repeats `numbers[at + r]`."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        layout = Layout(like)
        column = layout.load_column(builder, item_pointer(context, builder, numbers, args[1], args[2]))
        return map_cells(layout, builder, args[0], lambda r, v, cell: column[r])

    return like(like, numbers, types.intp), codegen


@intrinsic
def strip_width(typing: Any, like: Any) -> Any:
    """Number of columns of a strip with the type of the array `like`."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return ir.Constant(ir.IntType(64), STRIP * VECTOR_BYTES * 8 // like.dtype.bitwidth)

    return types.intp(like), codegen


@intrinsic
def repeated(typing: Any, like: Any, number: Any) -> Any:
    """A tile that repeats one number, with the type of the tile `like`."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        layout = Layout(like)
        vector = layout.splat(builder, args[1])
        return map_cells(layout, builder, args[0], lambda r, v, cell: vector)

    return like(like, like.dtype), codegen


@intrinsic
def loaded(typing: Any, like: Any, numbers: Any, at: Any, stride: Any) -> Any:
    """A tile of the shape of `like`, read from `numbers`, in which its rows are `stride` numbers apart."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        layout = Layout(like)
        tile = args[0]
        for r in range(layout.rows):
            corner = builder.add(args[2], builder.mul(args[3], ir.Constant(ir.IntType(64), r)))
            row = layout.load_row(builder, item_pointer(context, builder, numbers, args[1], corner))
            for v, vector in enumerate(row):
                tile = builder.insert_value(tile, vector, layout.at(r, v))
        return tile

    return like(like, numbers, types.intp, types.intp), codegen


@intrinsic
def store(typing: Any, tile: Any, numbers: Any, at: Any, stride: Any) -> Any:
    """Write a tile to `numbers`, as their type, with rows `stride` numbers apart."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        layout = Layout(tile)
        kind = ir.VectorType(layout.scalar if numbers.dtype == tile.dtype else ir.FloatType(), layout.lanes)
        for r in range(layout.rows):
            corner = builder.add(args[2], builder.mul(args[3], ir.Constant(ir.IntType(64), r)))
            row = builder.bitcast(item_pointer(context, builder, numbers, args[1], corner), kind.as_pointer())
            for v in range(layout.vectors):
                cell = builder.gep(row, [ir.Constant(ir.IntType(64), v)])
                vector = builder.extract_value(args[0], layout.at(r, v))
                vector = vector if kind == layout.vector else builder.fptrunc(vector, kind)
                builder.store(vector, cell, align=numbers.dtype.bitwidth // 8)
        return nothing(context)

    return types.void(tile, numbers, types.intp, types.intp), codegen
