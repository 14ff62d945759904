"""Sums, differences, products and quotients of tiles (see `tiles`), cell by cell."""

from typing import Any

from numba.extending import intrinsic

from bitbox_xr.kernels.correlation.tiles import Layout, map_cells

__all__ = ["minus", "over", "plus", "times"]


def _cell_by_cell(instruction: str) -> Any:
    def build(typing: Any, tile: Any, other: Any) -> Any:
        def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            layout, emit = Layout(tile), getattr(builder, instruction)

            def cell(r: int, v: int, held: Any) -> Any:
                return emit(held, builder.extract_value(args[1], layout.at(r, v)))

            return map_cells(layout, builder, args[0], cell)

        return tile(tile, tile), codegen

    return build


@intrinsic
def minus(typing: Any, tile: Any, other: Any) -> Any:
    """The difference of two tiles, cell by cell."""
    return _cell_by_cell("fsub")(typing, tile, other)


@intrinsic
def times(typing: Any, tile: Any, other: Any) -> Any:
    """The product of two tiles, cell by cell."""
    return _cell_by_cell("fmul")(typing, tile, other)


@intrinsic
def over(typing: Any, tile: Any, other: Any) -> Any:
    """The quotient of two tiles, cell by cell."""
    return _cell_by_cell("fdiv")(typing, tile, other)


@intrinsic
def plus(typing: Any, tile: Any, other: Any) -> Any:
    """The sum of two tiles, cell by cell."""
    return _cell_by_cell("fadd")(typing, tile, other)
