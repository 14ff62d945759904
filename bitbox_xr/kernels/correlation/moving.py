"""Correlations of windows without gaps that share most of their frames, from covariances that move along time.

From a window to the next one, one frame later, the sum over the window of (x − mean of x) · (y − mean of y) changes by

    (x₊ − x₋) · (y₋ − my) + (x₊ − mx) · (y₊ − y₋)

where x₋ and y₋ leave the window, x₊ and y₊ enter it, my is the mean of y in the window before, and mx the mean of x in
the next one. Each factor depends on one side only and is read from a table in float64, so that a lane takes two
multiplications for a frame. Correlations are compared in float32: all lags have the same spread of x, by which only the
winner is divided.

As in `running`, lanes are `l · stride + j`, and each *stretch* of windows begins with new sums.
"""

from typing import NamedTuple

import numpy as np

from bitbox_xr.kernels.correlation.choice import better
from bitbox_xr.kernels.correlation.moments import GUARDS, Side, moments, operands
from bitbox_xr.kernels.correlation.paths import slabs
from bitbox_xr.kernels.correlation.plan import Plan
from bitbox_xr.kernels.correlation.running import lay_out
from bitbox_xr.kernels.correlation.ties import TIE
from bitbox_xr.kernels.correlation.tile_arithmetic import over, times
from bitbox_xr.kernels.correlation.tile_correlations import fetch, put
from bitbox_xr.kernels.correlation.tiles import (
    columns,
    loaded,
    narrow,
    outer,
    repeated,
    slab,
    slab_shape,
    store,
)
from bitbox_xr.kernels.jit import bare_kernel, kernel, kernel_part
from bitbox_xr.kernels.memory import side_by_side

__all__ = ["moving"]

ROWS, COLUMNS = slab_shape()
CHAIN = 18  # frames of y that stay in the first cache for new sums
RUN = 32  # windows before the next signals of x; with fewer, the calls of `_rows` would take noticeable time
LINE = 16  # numbers in a line of the cache


class Sizes(NamedTuple):
    """Sizes of a stretch. Tables of y begin `pad` frames before the first frame of its first window."""

    width: int
    step: int
    windows: int
    shifts: int  # of y
    lags: int
    pad: int
    stride: int  # of the signals of y in one part
    padded: int  # lanes, rounded up to whole slabs


def moving(
    one: Side, two: Side, plan: Plan, seconds: np.ndarray, stretch: int, mirrored: bool, first: int, corr: np.ndarray,
    lags: np.ndarray,
) -> int:  # fmt: skip
    """`running` for windows that overlap by more than a half. Returns the number of weak entries."""
    n1, n2, lanes, windows = one.numbers.shape[1], two.numbers.shape[1], plan.lanes, min(stretch, len(corr))
    parts, stride, packed = slabs(plan.step, n2)
    padded = lanes.number * stride + (COLUMNS if packed else 0)
    sizes = Sizes(plan.width, plan.step, windows, plan.shifts[1], lanes.number, lanes.pad, stride, padded)
    starts1 = (windows - 1) * plan.step + 1
    starts2 = starts1 + lanes.number - 1
    frames1, frames2 = (starts + plan.width - 1 for starts in (starts1, starts2))
    rows1, rows2 = (plan.width, starts1, starts1, starts1), (frames2, starts2, starts2, starts2)
    each = [_padded(rows * stride) for rows in rows2]
    centred1, centred2, table1, table2, sums, *sides = side_by_side(
        frames1 * n1, frames2 * n2, 2 * starts1 * n1, 2 * starts2 * n2, padded * (n1 + ROWS),
        *(_padded(rows * n1) for rows in rows1), *(parts * size for size in each),
    )  # fmt: skip
    for table in sides:
        table.fill(0.0)
    side1, side2 = sides[:4], [table.reshape(parts, size) for table, size in zip(sides[4:], each, strict=True)]
    # float32 in memory for float64, of which only the first half is used
    side1[3], side2[3] = side1[3].view(np.float32), side2[3].view(np.float32)
    side2[3].fill(np.nan)  # shifts outside the reach have no correlation
    return _moving(
        operands(one), operands(two), sizes, True if packed else None,
        (lanes.order, seconds.astype(np.float32), plan.signed), np.array(GUARDS[8]),
        (centred1.reshape(frames1, n1), centred2.reshape(frames2, n2)),
        table1.reshape(2, starts1, n1), table2.reshape(2, starts2, n2), tuple(side1), tuple(side2), sums, mirrored,
        first, corr, lags,
    )  # fmt: skip


def _padded(size: int) -> int:
    """Numbers of an array of `size` numbers that is long enough for a slab that begins at the last one."""
    return -(-(size + COLUMNS) // COLUMNS) * COLUMNS


@kernel
def _moving(
    one, two, sizes, packed, choice, guards, centred, table1, table2, side1, side2, sums, mirrored, first, corr, lags
):
    """`moving` with its arrays: side1 and side2 hold frames, the factors of moves, and inverse spreads, all flat."""
    flat1, gain1, rest1, inverse1 = side1
    flat, gain, rest, inverse = side2
    width, stride, pad, step, found = sizes.width, sizes.stride, sizes.pad, sizes.step, 0
    (n1, n2), out = corr.shape[1:], (corr.reshape(-1), lags.reshape(-1))
    for start in range(0, len(corr), sizes.windows):
        group = min(sizes.windows, len(corr) - start)
        at = first + start * step
        starts, inside = (group - 1) * step + 1, (group - 1) * step + sizes.shifts
        found += moments(one, at, width, (group, step, 1), guards, centred[0], table1[0], table1[1])
        found += moments(two, at, width, (group, step, sizes.shifts), guards, centred[1], table2[0], table2[1])
        for k in range(width):
            for i in range(n1):
                flat1[k * n1 + i] = centred[0][k, i] - table1[0][0, i] / width
        _factors(centred[0], table1[0], starts, width, width, 1, 0, 0, n1, gain1, rest1)
        lay_out(table1[1], starts, 0, 0, n1, inverse1, np.float32(1.0))
        for part in range(len(flat)):
            begin = part * stride
            lay_out(centred[1], inside + width - 1, begin, pad, stride, flat[part], 1.0)
            _factors(centred[1], table2[0], inside, width, 0, 0, begin, pad, stride, gain[part], rest[part])
            lay_out(table2[1], inside, begin, pad, stride, inverse[part], np.float32(1.0))
            last = min(n1, begin + stride) if mirrored else n1
            side = flat[part], gain[part], rest[part], inverse[part]
            _part(start, group, last, begin, sizes, packed, choice, side1, side, sums, n1, n2, *out)
    return found


@kernel_part
def _factors(centred, sums, starts, width, kept, later, begin, pad, stride, gain, rest):
    """Write the two factors of one side for the moves from each start: the gain, x₊ − x₋, and a frame minus a mean.

    The frame is `kept` frames after the start, and the mean is that of the window `later` frames after it.
    """
    n, share = centred.shape[1], 1.0 / width
    count, numbers, totals = np.uint64(min(stride, n - begin)), centred.reshape(-1), sums.reshape(-1)
    for k in range(starts - 1):
        old, new, to = np.uint64(k * n + begin), np.uint64((k + width) * n + begin), np.uint64((pad + k + 1) * stride)
        here, mean = np.uint64((k + kept) * n + begin), np.uint64((k + later) * n + begin)
        for j in range(count):
            gain[to + j] = numbers[new + j] - numbers[old + j]
            rest[to + j] = numbers[here + j] - share * totals[mean + j]


@bare_kernel
def _part(start, group, last, begin, sizes, packed, choice, side1, side2, sums, n1, n2, corr, lags):
    """Best lags of the `group` windows of a stretch, for the first `last` signals of x and those of y from `begin`."""
    space = sizes.padded
    for left in range(0, last, ROWS):
        _new_sums(side1[0], n1, left, side2[0], sizes, packed, sums, left * space)
    for w in range(0, group, RUN):
        stop = min(group, w + RUN)
        for left in range(0, last, ROWS):
            at = left * space
            if packed is None:
                _rows(start, w, stop, left, begin, sizes, choice, side1, side2, sums, at, n1, n2, corr, lags)
            else:
                _packed_rows(start, w, stop, left, begin, sizes, choice, side1, side2, sums, at, n1, n2, corr, lags)


@kernel_part
def _place(c, sizes, packed):
    """Where the slab at lane `c` begins among the sums of some signals of x, and the numbers between its rows."""
    return (c * ROWS, COLUMNS) if packed is None else (c, sizes.padded)


@kernel_part
def _new_sums(x, n1, left, y, sizes, packed, sums, at):
    """Covariances of the first window."""
    stride, width = sizes.stride, sizes.width
    for begin in range(0, width, CHAIN):
        for c in range(0, sizes.lags * stride, COLUMNS):
            cell, apart = _place(c, sizes, packed)
            tile = slab(sums)
            if begin > 0:
                tile = loaded(tile, sums, at + cell, apart)
            for k in range(begin, min(begin + CHAIN, width)):
                tile = outer(tile, x, k * n1 + left, y, k * stride + c)
            store(tile, sums, at + cell, apart)


@kernel_part
def _move(t, stop, first, last, apart, left, n1, sizes, packed, side1, side2, sums, at):
    """Move covariances from frame `t` to `stop`, of slabs from lane `first` to `last`, `apart` lanes apart."""
    stride = sizes.stride
    for c in range(first, last, apart):
        cell, rows = _place(c, sizes, packed)
        tile = loaded(slab(sums), sums, at + cell, rows)
        for f in range(t, stop):
            tile = outer(tile, side1[1], f * n1 + left, side2[2], f * stride + c)
            tile = outer(tile, side1[2], f * n1 + left, side2[1], f * stride + c)
        store(tile, sums, at + cell, rows)


@kernel_part
def _rows(start, run, stop, left, begin, sizes, choice, side1, side2, sums, at, n1, n2, corr, lags):
    """Move covariances through windows `run` to `stop`, and write the best correlations.

    The last move to a window is in the same pass as the comparison of lags.
    """
    _, gain1, rest1, inverse1 = side1
    _, gain2, rest2, inverse2 = side2
    order, seconds, signed = choice
    stride, step, zero, rows, end = sizes.stride, sizes.step, slab(inverse2), n1 - left, min(sizes.stride, n2 - begin)
    lanes = sizes.lags * stride
    for c in range(0, end, COLUMNS):
        for w in range(run, stop):
            t = w * step
            if w > 0 and step > 1:
                _move(t - step + 1, t, c, lanes, stride, left, n1, sizes, None, side1, side2, sums, at)
            scale = columns(zero, inverse1, t * n1 + left)
            tie = over(repeated(zero, TIE), scale)
            held, name = repeated(zero, np.nan), repeated(zero, np.nan)
            bar = over(repeated(zero, -2.0), scale)  # NaN, which nothing exceeds, if x is constant or weak
            to = ((start + w) * n1 + left) * n2 + begin + c
            _fetch_next(corr, lags, to + n1 * n2, n2, min(ROWS, rows))
            for k in range(len(order)):
                lag = order[k]
                cell = at + (lag * stride + c) * ROWS
                tile = loaded(slab(sums), sums, cell, COLUMNS)
                tile = outer(tile, gain1, t * n1 + left, rest2, (t + lag) * stride + c)
                tile = outer(tile, rest1, t * n1 + left, gain2, (t + lag) * stride + c)
                store(tile, sums, cell, COLUMNS)
                here = times(narrow(tile), loaded(zero, inverse2, (t + lag) * stride + c, 0))
                held, name, bar = better(here, seconds[k], signed, tie, held, name, bar)
            put(times(held, scale), corr, to, n2, rows, end - c, 1.0)
            put(name, lags, to, n2, rows, end - c, np.inf)


@kernel_part
def _packed_rows(start, run, stop, left, begin, sizes, choice, side1, side2, sums, at, n1, n2, corr, lags):
    """`_rows` for packed lanes. All of them move first: slabs for the comparison of lags overlap."""
    order, seconds, signed = choice
    stride, step, zero, rows = sizes.stride, sizes.step, slab(side2[3]), n1 - left
    for w in range(run, stop):
        t = w * step
        if w > 0:
            end = sizes.lags * stride
            _move(t - step + 1, t + 1, 0, end, COLUMNS, left, n1, sizes, True, side1, side2, sums, at)
        for c in range(0, n2, COLUMNS):
            scale = columns(zero, side1[3], t * n1 + left)
            tie = over(repeated(zero, TIE), scale)
            held, name, bar = repeated(zero, np.nan), repeated(zero, np.nan), over(repeated(zero, -2.0), scale)
            to = ((start + w) * n1 + left) * n2 + begin + c
            _fetch_next(corr, lags, to + n1 * n2, n2, min(ROWS, rows))
            for k in range(len(order)):
                lane = order[k] * stride + c
                tile = loaded(slab(sums), sums, at + lane, sizes.padded)
                here = times(narrow(tile), loaded(zero, side2[3], t * stride + lane, 0))
                held, name, bar = better(here, seconds[k], signed, tie, held, name, bar)
            put(times(held, scale), corr, to, n2, rows, n2 - c, 1.0)
            put(name, lags, to, n2, rows, n2 - c, np.inf)


@kernel_part
def _fetch_next(corr, lags, to, n2, rows):
    """Load the memory of a slab of results into the cache, before it is written for the next window."""
    for r in range(rows):
        for ahead in (0, LINE - 1):
            fetch(corr, to + r * n2 + ahead)
            fetch(lags, to + r * n2 + ahead)
