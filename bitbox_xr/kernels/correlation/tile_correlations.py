"""Operations on tiles (see `tiles`) that compute correlations from sums, and compare them."""

from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from bitbox_xr.kernels.correlation.tile_arithmetic import cell_by_cell
from bitbox_xr.kernels.correlation.tiles import Layout, map_cells
from bitbox_xr.upstream.numba_internals import declared, item_pointer, nothing

__all__ = [
    "WEAK",
    "either",
    "fetch",
    "highest",
    "inverse_spread",
    "lowest",
    "masked_correlation",
    "put",
    "raised",
    "scaled",
    "winner",
]

WEAK = 9.0  # instead of a correlation that must be computed directly


@intrinsic
def scaled(typing: Any, tile: Any, sums: Any, inverse1: Any, i: Any, means: Any, inverse2: Any, j: Any) -> Any:
    """(tile[r, c] − sums[i + r] · means[j + c]) · inverse1[i + r] · inverse2[j + c]: correlations from products."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        layout = Layout(tile)
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

        return map_cells(layout, builder, old, cell)

    return tile(tile, sums, inverse1, types.intp, means, inverse2, types.intp), codegen


def _extreme(sign: str) -> Any:
    def emit(builder: Any, held: Any, rival: Any) -> Any:
        return builder.select(builder.fcmp_ordered(sign, rival, held), rival, held)

    return cell_by_cell(emit)


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
        layout = Layout(high)
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

        return map_cells(layout, builder, highs, cell)

    return high(high, high, types.intp), codegen


@intrinsic
def either(typing: Any, rival: Any, bar: Any, signed: Any, new: Any, old: Any) -> Any:
    """The cells of `new` where |rival| (with `signed`: rival) exceeds `bar`, else those of `old`."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        layout = Layout(rival)

        def cell(r: int, v: int, kept: Any) -> Any:
            rivals, bars, news = (builder.extract_value(args[k], layout.at(r, v)) for k in (0, 1, 3))
            wins = builder.fcmp_ordered(">", layout.magnitude(builder, rivals, args[2]), bars)
            return builder.select(wins, news, kept)

        return map_cells(layout, builder, args[4], cell)

    return rival(rival, rival, types.intp, rival, rival), codegen


@intrinsic
def raised(typing: Any, rival: Any, bar: Any, signed: Any, tie: Any) -> Any:
    """`bar` raised to |rival| (with `signed`: to rival) plus `tie` where that was above it, cell by cell."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        layout = Layout(rival)

        def cell(r: int, v: int, height: Any) -> Any:
            strength = layout.magnitude(builder, builder.extract_value(args[0], layout.at(r, v)), args[2])
            wins = builder.fcmp_ordered(">", strength, height)
            higher = builder.fadd(strength, builder.extract_value(args[3], layout.at(r, v)))
            return builder.select(wins, higher, height)

        return map_cells(layout, builder, args[1], cell)

    return rival(rival, rival, types.intp, rival), codegen


@intrinsic
def inverse_spread(typing: Any, square: Any, total: Any, share: Any, floor: Any) -> Any:
    """1 / √(square − share · total²), cell by cell; NaN where the spread, the number under the root, is not > floor."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        layout = Layout(square)
        shares = layout.splat(builder, args[2])

        def cell(r: int, v: int, squares: Any) -> Any:
            sums, low = (builder.extract_value(args[k], layout.at(r, v)) for k in (1, 3))
            spread = layout.fma(builder, builder.fneg(builder.fmul(shares, sums)), sums, squares)
            value = builder.fdiv(layout.constant(1.0), layout.root(builder, spread))
            sure = builder.fcmp_ordered(">", spread, low)
            return builder.select(sure, value, layout.constant(float("nan")))

        return map_cells(layout, builder, args[0], cell)

    return square(square, square, square.dtype, square), codegen


@intrinsic
def masked_correlation(
    typing: Any, xy: Any, x: Any, xx: Any, y: Any, yy: Any, n: Any, floor2: Any, floor1: Any, share: Any, least: Any
) -> Any:
    """Correlations from the sums of products, values and squares of x and y over `n` frames, cell by cell.

    Fewer than `least` frames give NaN, and a floor of NaN does too. If a spread is not above its floor and above
    `share` of the squares, the correlation must be computed directly: the cell is then `WEAK`.
    """

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        layout = Layout(xy)
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
                spreads.append(spread)
            both = layout.fma(builder, frames, products, builder.fneg(builder.fmul(sx, sy)))
            value = builder.fdiv(both, layout.root(builder, builder.fmul(*spreads)))
            other = builder.select(known, layout.constant(WEAK), layout.constant(float("nan")))
            return builder.select(sure, value, other)

        return map_cells(layout, builder, args[0], cell)

    return xy(xy, xy, xy, xy, xy, xy, xy, xy, xy.dtype, types.intp), codegen


@intrinsic
def put(typing: Any, tile: Any, numbers: Any, at: Any, stride: Any, rows: Any, count: Any, limit: Any) -> Any:
    """Write the first `rows` rows and `count` columns of a tile to a float32 array, with rows `stride` numbers apart.

    Numbers are limited to ±`limit`. NaN stays.
    """

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        layout, (held, array, first, apart, number, counts, limits) = Layout(tile), args
        single, whole = (ir.VectorType(kind, layout.lanes) for kind in (ir.FloatType(), ir.IntType(64)))
        high = layout.splat(builder, limits)

        def write(r: int, v: int, value: Any) -> None:
            for sign, bar in ((">", high), ("<", builder.fneg(high))):
                value = builder.select(builder.fcmp_ordered(sign, value, bar), bar, value)
            value = value if layout.size == 4 else builder.fptrunc(value, single)
            here = builder.select(builder.icmp_signed(">", number, number.type(r)), counts, counts.type(0))
            places = ir.Constant(whole, [v * layout.lanes + k for k in range(layout.lanes)])
            corner = builder.add(first, builder.mul(apart, apart.type(r)))
            row = builder.bitcast(item_pointer(context, builder, numbers, array, corner), single.as_pointer())
            inside = builder.icmp_signed("<", places, layout.splat(builder, here))
            kind = ir.FunctionType(ir.VoidType(), [single, single.as_pointer(), ir.IntType(32), inside.type])
            function = declared(builder, kind, f"llvm.masked.store.v{layout.lanes}f32.p0")
            builder.call(function, [value, builder.gep(row, [ir.IntType(64)(v)]), ir.IntType(32)(4), inside])

        for r, v, cell in layout.cells():
            write(r, v, builder.extract_value(held, cell))
        return nothing(context)

    return types.void(tile, numbers, types.intp, types.intp, types.intp, types.intp, tile.dtype), codegen


@intrinsic
def fetch(typing: Any, numbers: Any, at: Any) -> Any:
    """Load a part of the memory of an array into the cache, to be written soon. `at` may be outside of the array."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        pointer = ir.IntType(8).as_pointer()
        place = builder.bitcast(item_pointer(context, builder, numbers, *args), pointer)
        whole = ir.IntType(32)
        function = declared(builder, ir.FunctionType(ir.VoidType(), [pointer, whole, whole, whole]), "llvm.prefetch.p0")
        builder.call(function, [place, whole(1), whole(3), whole(1)])  # to write, into the first cache, data
        return nothing(context)

    return types.void(numbers, types.intp), codegen
