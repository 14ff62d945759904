"""Operations on blocks of a matrix product that stay in the processor's registers, for use in kernels.

A *tile* is a block of `rows × cols` numbers: the sums of products of `rows` signals of one person with `cols` signals
of the other. Windowed correlation consists of many small matrix products, each followed by a comparison. A tile stays
in registers from the first product to the comparison, so that no intermediate result is written to memory. Compilers do
not find this arrangement in plain loops. The operations are therefore written as LLVM vector instructions, which are
independent of the processor. Only the number of rows and the width of a vector are chosen here.

Operands are flat arrays of one type. `x` is packed as `[…, frame, row]` and `y` as `[…, frame, col]`, so that the
numbers of one frame for a tile are contiguous.
"""

from collections.abc import Callable
from typing import Any

import llvmlite.binding as llvm
import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic, models, register_model

from bitbox_xr.kernels.correlation.ties import TIE, build_beats
from bitbox_xr.upstream.numba_internals import declared, item_pointer, nothing

__all__ = [
    "WEAK",
    "aligned",
    "either",
    "highest",
    "keep",
    "loaded",
    "lowest",
    "masked_correlation",
    "minus",
    "outer",
    "plus",
    "put",
    "raised",
    "remove",
    "repeated",
    "scaled",
    "shape",
    "store",
    "strip",
    "strip_columns",
    "strip_width",
    "through",
    "times",
    "winner",
    "zeros",
]

WEAK = 9.0  # stands for a correlation that must be computed directly
VECTORS = 5  # vectors in a row: 80 float32 with vectors of 64 bytes, for 79 expression coefficients
VECTOR_BYTES = 64 if llvm.get_host_cpu_features().get("avx512f") else 32
STRIP = {64: 5, 32: 3}[VECTOR_BYTES]  # vectors in a strip, of which three are in registers at the same time
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


def aligned(size: int, dtype: Any) -> np.ndarray:
    """An array of `size` zeros, aligned to the size of a vector: loads across two cache lines take twice as long."""
    dtype = np.dtype(dtype)
    buffer = np.zeros(size + VECTOR_BYTES // dtype.itemsize, dtype)
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


class _Layout:
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
        return ir.Constant(self.vector, [number] * self.lanes)

    def fma(self, builder: Any, a: Any, b: Any, c: Any) -> Any:
        kind = ir.FunctionType(self.vector, [self.vector] * 3)
        function = declared(builder, kind, f"llvm.fma.{self.suffix}")
        return builder.call(function, [a, b, c])

    def root(self, builder: Any, a: Any) -> Any:
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
        super().__init__(manager, kind, _Layout(kind).tile)  # type: ignore[no-untyped-call]


def _map_cells(layout: _Layout, builder: Any, tile: Any, function: Callable[..., Any]) -> Any:
    """Replace each cell of a tile by `function(row, vector, old)`."""
    for r, v, cell in layout.cells():
        tile = builder.insert_value(tile, function(r, v, builder.extract_value(tile, cell)), cell)
    return tile


@intrinsic
def zeros(typing: Any, like: Any) -> Any:
    """A tile of zeros with the type of the array `like`."""
    kind = _tile_like(like)

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return ir.Constant(_Layout(kind).tile, None)

    return kind(like), codegen


def _lag_one(sign: int) -> Any:
    def build(typing: Any, tile: Any, x: Any, i: Any, y: Any, j: Any) -> Any:
        def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            layout = _Layout(tile)
            old, xs, at_x, ys, at_y = args
            column = layout.load_column(builder, item_pointer(context, builder, x, xs, at_x))
            row = layout.load_row(builder, item_pointer(context, builder, y, ys, at_y))
            if sign < 0:
                column = [builder.fneg(number) for number in column]
            return _map_cells(layout, builder, old, lambda r, v, cell: layout.fma(builder, column[r], row[v], cell))

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


@intrinsic
def through(typing: Any, tile: Any, x: Any, i: Any, y: Any, j: Any) -> Any:
    """tile[c] + x[i + c] · y[j + c] for a tile of one row: add one frame of matched pairs."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        layout = _Layout(tile)
        old, xs, at_x, ys, at_y = args
        one = layout.load_row(builder, item_pointer(context, builder, x, xs, at_x))
        other = layout.load_row(builder, item_pointer(context, builder, y, ys, at_y))
        return _map_cells(layout, builder, old, lambda r, v, cell: layout.fma(builder, one[v], other[v], cell))

    return tile(tile, x, types.intp, y, types.intp), codegen


@intrinsic
def minus(typing: Any, tile: Any, other: Any) -> Any:
    """The difference of two tiles, cell by cell."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        layout = _Layout(tile)

        def cell(r: int, v: int, held: Any) -> Any:
            return builder.fsub(held, builder.extract_value(args[1], layout.at(r, v)))

        return _map_cells(layout, builder, args[0], cell)

    return tile(tile, tile), codegen


@intrinsic
def times(typing: Any, tile: Any, other: Any) -> Any:
    """The product of two tiles, cell by cell."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        layout = _Layout(tile)

        def cell(r: int, v: int, held: Any) -> Any:
            return builder.fmul(held, builder.extract_value(args[1], layout.at(r, v)))

        return _map_cells(layout, builder, args[0], cell)

    return tile(tile, tile), codegen


@intrinsic
def plus(typing: Any, tile: Any, other: Any) -> Any:
    """The sum of two tiles, cell by cell."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        layout = _Layout(tile)

        def cell(r: int, v: int, held: Any) -> Any:
            return builder.fadd(held, builder.extract_value(args[1], layout.at(r, v)))

        return _map_cells(layout, builder, args[0], cell)

    return tile(tile, tile), codegen


@intrinsic
def scaled(typing: Any, tile: Any, sums: Any, inverse1: Any, i: Any, means: Any, inverse2: Any, j: Any) -> Any:
    """(tile[r, c] − sums[i + r] · means[j + c]) · inverse1[i + r] · inverse2[j + c]: correlations from products."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        layout = _Layout(tile)
        old, sums_, inverse1_, at_x, means_, inverse2_, at_y = args
        sum_ = [
            builder.fneg(number)
            for number in layout.load_column(builder, item_pointer(context, builder, sums, sums_, at_x))
        ]
        by_row = layout.load_column(builder, item_pointer(context, builder, inverse1, inverse1_, at_x))
        mean = layout.load_row(builder, item_pointer(context, builder, means, means_, at_y))
        by_column = layout.load_row(builder, item_pointer(context, builder, inverse2, inverse2_, at_y))

        def cell(r: int, v: int, product: Any) -> Any:
            centred = layout.fma(builder, sum_[r], mean[v], product)
            return builder.fmul(builder.fmul(centred, by_column[v]), by_row[r])

        return _map_cells(layout, builder, old, cell)

    return tile(tile, sums, inverse1, types.intp, means, inverse2, types.intp), codegen


def _extreme(sign: str) -> Any:
    def build(typing: Any, tile: Any, other: Any) -> Any:
        def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            layout = _Layout(tile)

            def cell(r: int, v: int, held: Any) -> Any:
                rival = builder.extract_value(args[1], layout.at(r, v))
                return builder.select(builder.fcmp_ordered(sign, rival, held), rival, held)

            return _map_cells(layout, builder, args[0], cell)

        return tile(tile, tile), codegen

    return build


@intrinsic
def highest(typing: Any, tile: Any, other: Any) -> Any:
    """The larger value, cell by cell. NaN in `other` is ignored."""
    return _extreme(">")(typing, tile, other)


@intrinsic
def lowest(typing: Any, tile: Any, other: Any) -> Any:
    """The smaller value, cell by cell. NaN in `other` is ignored."""
    return _extreme("<")(typing, tile, other)


@intrinsic
def winner(typing: Any, high: Any, low: Any, signed: Any) -> Any:
    """The one of `high` and `low` with the larger absolute value (with `signed`: `high`), or NaN if `high` < `low`."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        layout = _Layout(high)
        highs, lows, by_value = args
        by_magnitude = builder.icmp_signed("==", by_value, by_value.type(0))

        def cell(r: int, v: int, top: Any) -> Any:
            bottom = builder.extract_value(lows, layout.at(r, v))
            below = builder.and_(
                builder.fcmp_ordered(">", builder.fneg(bottom), top),
                layout.splat(builder, by_magnitude),
            )
            some = builder.fcmp_ordered(">=", top, bottom)
            return builder.select(some, builder.select(below, bottom, top), layout.constant(float("nan")))

        return _map_cells(layout, builder, highs, cell)

    return high(high, high, types.intp), codegen


@intrinsic
def keep(typing: Any, tile: Any, best: Any, lag: Any, at: Any, stride: Any, number: Any, signed: Any) -> Any:
    """Where a cell beats `best` (see `ties`), write it to `best` and `number` to `lag`.

    `best` and `lag` are flattened matrices with `stride` numbers per row. The first cell of the tile is at index `at`.
    """

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        layout = _Layout(tile)
        new, best_, lag_, at_, stride_, number_, by_value = args
        mark = layout.splat(builder, number_)
        for r in range(layout.rows):
            corner = builder.add(at_, builder.mul(stride_, ir.Constant(ir.IntType(64), r)))
            rows = [
                item_pointer(context, builder, best, best_, corner),
                item_pointer(context, builder, lag, lag_, corner),
            ]
            held, marks = [layout.load_row(builder, row) for row in rows]
            pointers = [builder.bitcast(row, layout.vector.as_pointer()) for row in rows]
            for v in range(layout.vectors):
                rival = builder.extract_value(new, layout.at(r, v))
                strengths = [layout.magnitude(builder, vector, by_value) for vector in (rival, held[v])]
                wins = build_beats(builder, *strengths)
                for pointer, ours, theirs in ((pointers[0], held[v], rival), (pointers[1], marks[v], mark)):
                    cell = builder.gep(pointer, [ir.Constant(ir.IntType(64), v)])
                    builder.store(builder.select(wins, theirs, ours), cell, align=layout.size)
        return nothing(context)

    signature = types.void(tile, best, lag, types.intp, types.intp, tile.dtype, types.intp)
    return signature, codegen


@intrinsic
def strip(typing: Any, like: Any) -> Any:
    """A tile of zeros with one row of few vectors, so that registers hold several, and the type of the array `like`."""
    kind = TileType(like.dtype, 1, STRIP)

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return ir.Constant(_Layout(kind).tile, None)

    return kind(like), codegen


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
        layout = _Layout(like)
        vector = layout.splat(builder, args[1])
        return _map_cells(layout, builder, args[0], lambda r, v, cell: vector)

    return like(like, like.dtype), codegen


@intrinsic
def loaded(typing: Any, like: Any, numbers: Any, at: Any, stride: Any) -> Any:
    """A tile of the shape of `like`, read from `numbers`, in which its rows are `stride` numbers apart."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        layout = _Layout(like)
        tile = args[0]
        for r in range(layout.rows):
            corner = builder.add(args[2], builder.mul(args[3], ir.Constant(ir.IntType(64), r)))
            row = layout.load_row(builder, item_pointer(context, builder, numbers, args[1], corner))
            for v, vector in enumerate(row):
                tile = builder.insert_value(tile, vector, layout.at(r, v))
        return tile

    return like(like, numbers, types.intp, types.intp), codegen


@intrinsic
def either(typing: Any, rival: Any, bar: Any, signed: Any, new: Any, old: Any) -> Any:
    """The cells of `new` where |rival| (with `signed`: rival) exceeds `bar`, else those of `old`."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        layout = _Layout(rival)

        def cell(r: int, v: int, kept: Any) -> Any:
            rivals, bars, news = (builder.extract_value(args[k], layout.at(r, v)) for k in (0, 1, 3))
            wins = builder.fcmp_ordered(">", layout.magnitude(builder, rivals, args[2]), bars)
            return builder.select(wins, news, kept)

        return _map_cells(layout, builder, args[4], cell)

    return rival(rival, rival, types.intp, rival, rival), codegen


@intrinsic
def raised(typing: Any, rival: Any, bar: Any, signed: Any) -> Any:
    """`bar` raised to |rival| (with `signed`: to rival) plus `TIE` where that was above it, cell by cell."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        layout = _Layout(rival)

        def cell(r: int, v: int, height: Any) -> Any:
            strength = layout.magnitude(builder, builder.extract_value(args[0], layout.at(r, v)), args[2])
            wins = builder.fcmp_ordered(">", strength, height)
            return builder.select(wins, builder.fadd(strength, layout.constant(TIE)), height)

        return _map_cells(layout, builder, args[1], cell)

    return rival(rival, rival, types.intp), codegen


@intrinsic
def store(typing: Any, tile: Any, numbers: Any, at: Any, stride: Any) -> Any:
    """Write a tile to `numbers`, with rows `stride` numbers apart."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        layout = _Layout(tile)
        for r in range(layout.rows):
            corner = builder.add(args[2], builder.mul(args[3], ir.Constant(ir.IntType(64), r)))
            row = builder.bitcast(item_pointer(context, builder, numbers, args[1], corner), layout.vector.as_pointer())
            for v in range(layout.vectors):
                cell = builder.gep(row, [ir.Constant(ir.IntType(64), v)])
                builder.store(builder.extract_value(args[0], layout.at(r, v)), cell, align=layout.size)
        return nothing(context)

    return types.void(tile, numbers, types.intp, types.intp), codegen


@intrinsic
def masked_correlation(
    typing: Any, xy: Any, x: Any, xx: Any, y: Any, yy: Any, n: Any, floor2: Any, floor1: Any, share: Any, least: Any
) -> Any:
    """Correlations from the sums of products, values and squares of x and y over `n` frames, cell by cell.

    Fewer than `least` frames give NaN, and a floor of NaN does too. If a spread is not above its floor and above `share`
    of the squares, the correlation must be computed directly: the cell is then `WEAK`.
    """

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        layout = _Layout(xy)
        part = layout.splat(builder, args[8])
        few = layout.splat(builder, builder.sitofp(args[9], layout.scalar))

        def cell(r: int, v: int, products: Any) -> Any:
            sx, sxx, sy, syy, frames, low2 = (builder.extract_value(args[k], layout.at(r, v)) for k in range(1, 7))
            low1 = builder.extract_value(args[7], layout.at(r, v))
            known = builder.and_(builder.fcmp_ordered(">=", frames, few), builder.fcmp_ordered("ord", low1, low2))
            sure, spreads = known, []
            for total, square, low in ((sx, sxx, low1), (sy, syy, low2)):
                spread = layout.fma(builder, frames, square, builder.fneg(builder.fmul(total, total)))
                for bar in (low, builder.fmul(part, square)):
                    sure = builder.and_(sure, builder.fcmp_ordered(">", spread, builder.fmul(frames, bar)))
                spreads.append(layout.root(builder, spread))
            both = layout.fma(builder, frames, products, builder.fneg(builder.fmul(sx, sy)))
            value = builder.fdiv(both, builder.fmul(*spreads))
            other = builder.select(known, layout.constant(WEAK), layout.constant(float("nan")))
            return builder.select(sure, value, other)

        return _map_cells(layout, builder, args[0], cell)

    return xy(xy, xy, xy, xy, xy, xy, xy, xy, xy.dtype, types.intp), codegen


@intrinsic
def put(typing: Any, tile: Any, numbers: Any, at: Any, count: Any, limit: Any) -> Any:
    """Write the first `count` numbers of a tile of one row, between −limit and limit, to a float32 array. NaN stays."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        layout = _Layout(tile)
        single = ir.VectorType(ir.FloatType(), layout.lanes)
        row = builder.bitcast(item_pointer(context, builder, numbers, args[1], args[2]), single.as_pointer())
        whole = ir.VectorType(ir.IntType(64), layout.lanes)
        kind = ir.FunctionType(
            ir.VoidType(), [single, single.as_pointer(), ir.IntType(32), ir.VectorType(ir.IntType(1), layout.lanes)]
        )
        function = declared(builder, kind, f"llvm.masked.store.v{layout.lanes}f32.p0")
        counts = layout.splat(builder, args[3])
        high = layout.splat(builder, args[4])
        for v in range(layout.vectors):
            held = builder.extract_value(args[0], v)
            for sign, bar in ((">", high), ("<", builder.fneg(high))):
                held = builder.select(builder.fcmp_ordered(sign, held, bar), bar, held)
            held = held if layout.size == 4 else builder.fptrunc(held, single)
            places = ir.Constant(whole, [v * layout.lanes + k for k in range(layout.lanes)])
            inside = builder.icmp_signed("<", places, counts)
            builder.call(
                function, [held, builder.gep(row, [ir.Constant(ir.IntType(64), v)]), ir.IntType(32)(4), inside]
            )
        return nothing(context)

    return types.void(tile, numbers, types.intp, types.intp, tile.dtype), codegen
