"""Sums, differences, products and quotients of tiles (see `tiles`), cell by cell."""

from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba.extending import intrinsic

from bitbox_xr.kernels.correlation.tiles import Layout, map_cells

__all__ = ["cell_by_cell", "minus", "over", "plus", "times"]


def cell_by_cell(emit: Callable[[ir.IRBuilder, Any, Any], Any]) -> Any:
    """What an intrinsic of two tiles returns, if `emit` writes the instructions for two vectors of them."""

    def build(typing: Any, tile: Any, other: Any) -> Any:
        def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            layout = Layout(tile)

            def cell(r: int, v: int, held: Any) -> Any:
                return emit(builder, held, builder.extract_value(args[1], layout.at(r, v)))

            return map_cells(layout, builder, args[0], cell)

        return tile(tile, tile), codegen

    return build


@intrinsic
def minus(typing: Any, tile: Any, other: Any) -> Any:
    """The difference of two tiles, cell by cell."""
    return cell_by_cell(ir.IRBuilder.fsub)(typing, tile, other)


@intrinsic
def times(typing: Any, tile: Any, other: Any) -> Any:
    """The product of two tiles, cell by cell."""
    return cell_by_cell(ir.IRBuilder.fmul)(typing, tile, other)


@intrinsic
def over(typing: Any, tile: Any, other: Any) -> Any:
    """The quotient of two tiles, cell by cell."""
    return cell_by_cell(ir.IRBuilder.fdiv)(typing, tile, other)


@intrinsic
def plus(typing: Any, tile: Any, other: Any) -> Any:
    """The sum of two tiles, cell by cell."""
    return cell_by_cell(ir.IRBuilder.fadd)(typing, tile, other)
