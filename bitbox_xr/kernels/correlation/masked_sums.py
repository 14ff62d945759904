"""The sums of `masked` that depend on the frames in which x is lost, and correlations from all sums."""

import numpy as np

from bitbox_xr.kernels.correlation.tile_arithmetic import minus
from bitbox_xr.kernels.correlation.tile_correlations import WEAK, highest, masked_correlation
from bitbox_xr.kernels.correlation.tiles import loaded, outer, repeated, store, strip, strip_width
from bitbox_xr.kernels.jit import kernel_part

__all__ = ["expand", "lose", "lost_frames", "scale_masked"]


@kernel_part
def lost_frames(gone, t, width, span, fresh, frames, signs):
    """List the lost frames that enter a window, with 1, and those that leave it, with −1. Returns their number."""
    count = 0
    for k in range(t if fresh else t - span + width, t + width):
        if gone[k]:
            frames[count], signs[count] = k, 1.0
            count += 1
    for k in range(t if fresh else t - span, t):
        if gone[k]:
            frames[count], signs[count] = k, -1.0
            count += 1
    return count


@kernel_part
def lose(frames, signs, count, fresh, table, stride, padded, sums, row):
    """Update the sums of a table of y over the frames in which x is lost."""
    for c in range(0, padded, strip_width(table)):
        tile = strip(table)
        if not fresh:
            tile = loaded(tile, sums, row + c, 0)
        for k in range(count):
            tile = outer(tile, signs, k, table, frames[k] * stride + c)
        store(tile, sums, row + c, 0)


@kernel_part
def expand(sums, at, edges, stride, low, high, out):
    """Copy the sum of each group of signals of y to its signals."""
    groups = len(edges) - 1
    for lag in range(low, high):
        for u in range(groups):
            tile = repeated(strip(out), sums[at + lag * groups + u])
            for c in range(lag * stride + edges[u], lag * stride + edges[u + 1], strip_width(out)):
                store(tile, out, c, 0)


@kernel_part
def scale_masked(
    products, row, sum_x, square_x, place, total2, square2, count2, floor2, at2, lost, lost_at, begin, end,
    share, floor1, least, r,
):  # fmt: skip
    """Write correlations of lanes `begin` to `end`, or `WEAK`, and NaN after them. Returns whether any is `WEAK`."""
    zero = strip(r)
    high = zero
    for c in range(begin, end, strip_width(r)):
        frames = minus(loaded(zero, count2, at2 + c, 0), loaded(zero, lost[2], lost_at + c, 0))
        sum_y = minus(loaded(zero, total2, at2 + c, 0), loaded(zero, lost[0], lost_at + c, 0))
        square_y = minus(loaded(zero, square2, at2 + c, 0), loaded(zero, lost[1], lost_at + c, 0))
        here = masked_correlation(
            loaded(zero, products, row + c, 0), loaded(zero, sum_x, place + c, 0), loaded(zero, square_x, place + c, 0),
            sum_y, square_y, frames, loaded(zero, floor2, at2 + c, 0), repeated(zero, floor1), share, least,
        )  # fmt: skip
        store(here, r, row + c, 0)
        high = highest(high, here)
    store(high, r, row + end, 0)
    weak = False
    for c in range(row + end, row + end + strip_width(r)):
        weak |= r[c] >= WEAK  # lanes after the last one may have any sums, and so exceed it
        r[c] = np.nan
    return weak
