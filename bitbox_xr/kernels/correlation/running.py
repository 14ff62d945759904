"""Correlations of windows without gaps, from sums of products for all net lags and signals of y side by side.

The sum of products of a signal of x with signal j of y at the l-th net lag, in increasing order, is in *lane*
`l · stride + j`. y is stored as `[frame, signal]` with the same stride, so that the numbers by which a frame of x is
multiplied are contiguous for all lags and signals (`few` has another order). Two ways lead to the sums of a window:

- a new sum of its frames, in float32 or float64; two windows share the sum of the frames that both have;
- with two-sided lags, where the window of x moves too, each pair of shifts follows from the one before (float64).

Windows are computed in *stretches*. Each has its own centre, the mean of its frames, and its sums begin from zero, so
that rounding errors do not accumulate over a recording. `paths` chooses between the ways and their precision.
"""

from typing import NamedTuple

import numpy as np

from bitbox_xr.kernels.correlation.choice import choose_rows, correlate
from bitbox_xr.kernels.correlation.moments import GUARDS, Side, moments, operands
from bitbox_xr.kernels.correlation.plan import Lanes, Plan
from bitbox_xr.kernels.correlation.tile_arithmetic import plus
from bitbox_xr.kernels.correlation.tile_correlations import highest, lowest, scaled, winner
from bitbox_xr.kernels.correlation.tiles import aligned, loaded, outer, remove, repeated, shape, store, zeros
from bitbox_xr.kernels.jit import bare_kernel, kernel, kernel_part

__all__ = ["Sizes", "lay_out", "new_sums", "running", "sizes_of", "space"]

CHAIN = 18  # frames in one partial sum; longer sums in float32 lose digits where products repeat
CACHE_BYTES = 40_000  # of the sums and tables of a window; with more, y is divided into parts


class Sizes(NamedTuple):
    """Sizes of a stretch. Tables of y begin `pad` frames before the first frame of its first window."""

    width: int
    step: int
    windows: int
    sweep: int  # shifts of x
    shifts: int  # of y
    lags: int
    pad: int
    stride: int  # of the signals of y in one part
    rows: int  # of tiles
    cols: int
    padded: int  # number of lanes, rounded up to whole tiles
    starts1: int  # frames at which windows of x start
    starts2: int


def sizes_of(plan: Plan, dtype: type, n1: int, n2: int, windows: int) -> Sizes:
    """The sizes of stretches of at most `windows` windows."""
    rows, cols = shape(dtype)
    lanes, sweep = plan.lanes, plan.shifts[0]
    vectors = -(-n2 // 16) * 16
    stride = vectors if 10 * vectors <= 11 * n2 else n2  # rows of whole vectors, if that adds at most a tenth
    if n2 > cols and (plan.sliding or 6 * lanes.number * n2 * np.dtype(dtype).itemsize > CACHE_BYTES):
        stride = cols
    starts = (windows - 1) * plan.step + sweep
    padded = -(-lanes.number * stride // cols) * cols
    return Sizes(
        plan.width, plan.step, windows, *plan.shifts, lanes.number, lanes.pad, stride, rows, cols, padded, starts,
        starts + lanes.number - 1,
    )  # fmt: skip


def _blocks(sizes: Sizes, lanes: Lanes) -> np.ndarray:
    """First lane, first shift of x, and end of the shifts of x of each tile."""
    begins = np.arange(0, sizes.padded, sizes.cols)
    lags = begins // sizes.stride, np.minimum((begins + sizes.cols - 1) // sizes.stride + 1, sizes.lags)
    spans = [(lanes.first[a:b].min(), lanes.last[a:b].max()) for a, b in zip(*lags, strict=True)]
    return np.column_stack([begins, np.array(spans)])


def space(count: int, size: int, sizes: Sizes, dtype: type) -> np.ndarray:
    """Aligned arrays of `size` numbers `(count, …)`, long enough for a tile or strip that begins at the last one."""
    each = -(-(size + 2 * sizes.cols) // sizes.cols) * sizes.cols
    return aligned(count * each, dtype).reshape(count, each)


def running(
    one: Side, two: Side, plan: Plan, seconds: np.ndarray, dtype: type, stretch: int, mirrored: bool, first: int,
    corr: np.ndarray, lags: np.ndarray,
) -> int:  # fmt: skip
    """Compute windows without gaps, the first of which starts at frame `first`. Returns the number of weak entries.

    With `mirrored`, pairs i > j may be left out.
    """
    n1, n2, lanes = one.numbers.shape[1], two.numbers.shape[1], plan.lanes
    sizes = sizes_of(plan, dtype, n1, n2, min(stretch, len(corr)))
    frames1, frames2 = sizes.starts1 + plan.width - 1, sizes.starts2 + plan.width - 1
    side1 = *space(1, frames1 * n1, sizes, dtype), *space(2, sizes.starts1 * n1, sizes, dtype)
    parts, size = -(-n2 // sizes.stride), frames2 * sizes.stride + sizes.padded
    side2 = tuple(space(parts, size, sizes, dtype) for _ in range(3))
    side2[2].fill(np.nan)  # shifts outside the reach have no correlation
    blocks = _blocks(sizes, lanes) if plan.sliding else None
    sums = *space(2, sizes.rows * sizes.padded, sizes, dtype), *space(1, sizes.rows * sizes.padded, sizes, np.float32)
    return _running(
        operands(one), operands(two), sizes, blocks, (lanes.order, seconds.astype(np.float32), plan.signed),
        np.array(GUARDS[np.dtype(dtype).itemsize]), (np.empty((frames1, n1)), np.empty((frames2, n2))),
        np.empty((2, sizes.starts1, n1)), np.empty((2, sizes.starts2, n2)), side1, side2, sums, mirrored, first, corr,
        lags,
    )  # fmt: skip


@kernel
def _running(
    one,
    two,
    sizes,
    blocks,
    choice,
    guards,
    centred,
    table1,
    table2,
    side1,
    side2,
    sums,
    mirrored,
    first,
    corr,
    lags,
):
    """`running` with its arrays: side1 and side2 hold frames, sums (of x: means) and inverse spreads, all flat."""
    flat1, means, inverse1 = side1
    flat, total, inverse2 = side2
    width, stride, pad, found = sizes.width, sizes.stride, sizes.pad, 0
    (n1, n2), out = corr.shape[1:], (corr.reshape(-1), lags.reshape(-1))
    for start in range(0, len(corr), sizes.windows):
        group = min(sizes.windows, len(corr) - start)
        at = first + start * sizes.step
        starts, inside = (group - 1) * sizes.step + sizes.sweep, (group - 1) * sizes.step + sizes.shifts
        found += moments(one, at, width, (group, sizes.step, sizes.sweep), guards, centred[0], table1[0], table1[1])
        found += moments(two, at, width, (group, sizes.step, sizes.shifts), guards, centred[1], table2[0], table2[1])
        lay_out(centred[0], starts + width - 1, 0, 0, n1, flat1, 1.0)
        lay_out(table1[0], starts, 0, 0, n1, means, 1.0 / width)
        lay_out(table1[1], starts, 0, 0, n1, inverse1, 1.0)
        for part in range(len(flat)):
            begin = part * stride
            lay_out(centred[1], inside + width - 1, begin, pad, stride, flat[part], 1.0)
            lay_out(table2[0], inside, begin, pad, stride, total[part], 1.0)
            lay_out(table2[1], inside, begin, pad, stride, inverse2[part], 1.0)
            side = flat[part], total[part], inverse2[part]
            last = min(n1, begin + stride) if mirrored else n1
            _part(start, group, last, begin, sizes, blocks, choice, side1, side, sums, n1, n2, *out)
    return found


@kernel_part
def lay_out(table, frames, begin, pad, stride, flat, factor):
    """Write `stride` columns of a table from column `begin`, times `factor`, to a flat array, from frame `pad`."""
    count, n = np.uint64(min(stride, table.shape[1] - begin)), table.shape[1]
    numbers, whole = table.reshape(-1), stride == n
    # indices without a sign: otherwise compilers find no vector instructions
    for k in range(1 if whole else frames):
        at, to = np.uint64(k * n + begin), np.uint64((pad + k) * stride)
        for j in range(np.uint64(frames * stride) if whole else count):
            flat[to + j] = factor * numbers[at + j]


@bare_kernel
def _part(start, group, last, begin, sizes, blocks, choice, side1, side2, sums, n1, n2, corr, lags):
    """Best lags of the `group` windows of a stretch, for the first `last` signals of x and those of y from `begin`."""
    for left in range(0, last, sizes.rows):
        _rows(start, group, left, begin, sizes, blocks, choice, side1, side2, sums, n1, n2, corr, lags)


@kernel_part
def _rows(start, group, left, begin, sizes, blocks, choice, side1, side2, sums, n1, n2, corr, lags):
    """Best lags of the `group` windows of a stretch, for the signals of x from `left` and of y from `begin`."""
    products, common, r = sums
    right, count = min(left + sizes.rows, n1), min(sizes.stride, n2 - begin)
    for w in range(group):
        if blocks is not None:
            _sweep(w * sizes.step, left, sizes, n1, blocks, choice[2], *side1, *side2, r)
        else:
            _sums_of_window(side1[0], n1, left, side2[0], w, group, sizes, products, common)
            correlate(products, side1, side2, sizes, n1, left, w, r)
        later = n1 * n2 if w + 1 < group else (right - left - (group - 1) * n1) * n2
        choose_rows(r, sizes, n1, n2, left, right, begin, count, start + w, later, choice, corr, lags)


@kernel_part
def _sums_of_window(x, n1, left, y, w, group, sizes, sums, common):
    """Write new sums of products of window `w`. Windows 2k and 2k + 1 share those of the frames that both have."""
    width, step, stride, t = sizes.width, sizes.step, sizes.stride, w * sizes.step
    if step >= width or (w % 2 == 0 and w + 1 == group):
        new_sums(x, n1, left, y, stride, t, width, sizes, sums)
    elif w % 2 == 0:
        new_sums(x, n1, left, y, stride, t + step, width - step, sizes, common)
        _add(x, n1, left, y, stride, t, step, sizes, False, common, sums)
    else:
        _add(x, n1, left, y, stride, t + width - step, step, sizes, False, common, sums)


@kernel_part
def new_sums(x, n1, left, y, stride, t, frames, sizes, sums):
    """Write the products of the frames from frame `t`."""
    _add(x, n1, left, y, stride, t, frames, sizes, True, sums, sums)


@kernel_part
def _add(x, n1, left, y, stride, t, frames, sizes, fresh, before, sums):
    """Write the products of the frames from frame `t`, if not `fresh` added to the sums `before`.

    They are added in partial sums of similar length.
    """
    chain = -(-frames // -(-frames // CHAIN))
    for begin in range(t, t + frames, chain):
        first = begin == t
        for c in range(0, sizes.padded, sizes.cols):
            tile = zeros(x)
            for k in range(begin, min(begin + chain, t + frames)):
                tile = outer(tile, x, k * n1 + left, y, k * stride + c)
            if not (first and fresh):
                tile = plus(tile, loaded(tile, before if first else sums, c, sizes.padded))
            store(tile, sums, c, sizes.padded)


@kernel_part
def _sweep(t, left, sizes, n1, blocks, signed, x, means, inverse1, y, total, inverse2, r):
    """Write to `r` the strongest correlation of each lane over the shifts of x. Shifts outside the reach are NaN."""
    width, stride = sizes.width, sizes.stride
    for block in range(len(blocks)):
        c, first, stop = blocks[block, 0], t + blocks[block, 1], t + blocks[block, 2]
        tile = zeros(x)
        for k in range(first, first + width):
            tile = outer(tile, x, k * n1 + left, y, k * stride + c)
        here = scaled(tile, means, inverse1, first * n1 + left, total, inverse2, first * stride + c)
        high = highest(repeated(tile, -np.inf), here)
        low = lowest(repeated(tile, np.inf), here)
        for a in range(first + 1, stop):
            gone, come = a - 1, a - 1 + width
            tile = remove(tile, x, gone * n1 + left, y, gone * stride + c)
            tile = outer(tile, x, come * n1 + left, y, come * stride + c)
            here = scaled(tile, means, inverse1, a * n1 + left, total, inverse2, a * stride + c)
            high = highest(high, here)
            low = lowest(low, here)
        store(winner(high, low, signed), r, c, sizes.padded)
