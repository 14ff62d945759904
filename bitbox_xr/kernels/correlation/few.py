"""Correlations of few signals in windows without gaps, with many stretches of windows side by side.

One or a few signals of a frame do not fill a vector. Therefore the windows are divided into stretches of the same
length, and the numbers of a vector belong to different stretches: `LANES` of them are computed at the same time. Their
frames are stored as `[frame, stretch]`, so that all steps, from the means to the comparison of lags, are the same for
each lane.

Sums of products are float64, and each stretch has its own centre, as in `running`. Where windows overlap by more than a
half, sums move from window to window. Otherwise each window has new sums.
"""

from typing import NamedTuple

import numpy as np

from bitbox_xr.kernels.correlation.choice import better
from bitbox_xr.kernels.correlation.moments import FLAT, GUARDS, Side, is_constant
from bitbox_xr.kernels.correlation.plan import Plan
from bitbox_xr.kernels.correlation.ties import TIE
from bitbox_xr.kernels.correlation.tile_arithmetic import minus, plus, times
from bitbox_xr.kernels.correlation.tile_correlations import highest, inverse_spread, put
from bitbox_xr.kernels.correlation.tiles import (
    LADDER,
    aligned,
    back,
    ladder,
    loaded,
    repeated,
    store,
    strip,
    strip_columns,
    through,
)
from bitbox_xr.kernels.jit import kernel, kernel_part

__all__ = ["LANES", "few_signals"]

LANES = strip_columns(np.float64)  # stretches at the same time
FUSED = 4  # frames; sums move by longer steps before lags are compared
BLOCK = 16  # frames whose numbers of all stretches are rearranged together


class Sizes(NamedTuple):
    """Sizes of a stretch, in frames and windows."""

    width: int
    step: int
    windows: int
    lags: int
    frames1: int  # of x that the windows cover
    frames2: int


def few_signals(
    one: Side, two: Side, plan: Plan, seconds: np.ndarray, stretch: int, mirrored: bool, first: int, corr: np.ndarray,
    lags: np.ndarray,
) -> int:  # fmt: skip
    """`running` for few signals and lags of one side. Returns the number of weak entries."""
    count, n1, n2 = corr.shape
    strips = -(-count // (LANES * min(stretch, count)))
    windows = -(-count // (LANES * strips))
    # the last stretches begin earlier than the one before ends, so that all have the same number of windows
    begins = np.minimum(np.arange(LANES * strips) * windows, count - windows)
    moved = (windows - 1) * plan.step
    sizes = Sizes(plan.width, plan.step, windows, plan.lanes.number, moved + plan.reach[0], moved + plan.reach[1])
    return _few(
        (one.numbers, one.weak, one.factor), (two.numbers, two.weak, two.factor), sizes,
        (plan.lanes.order, seconds.astype(np.float64), plan.signed), np.array(GUARDS[8]), begins,
        _tables(n1, sizes.frames1, plan.width), _tables(n2, sizes.frames2, plan.width),
        _space(1, sizes.lags + LADDER)[0], mirrored, first, corr, lags,
    )  # fmt: skip


def _tables(signals: int, frames: int, width: int) -> tuple[np.ndarray, ...]:
    """Of each signal: centred frames, and the sums and inverse spreads of windows, `(signal, frame, stretch)`."""
    starts = frames - width + 1
    return _space(signals, frames + LADDER), _space(signals, starts), _space(signals, starts)


def _space(signals: int, frames: int) -> np.ndarray:
    return aligned(signals * frames * LANES, np.float64, zeros=False).reshape(signals, frames, LANES)


@kernel
def _few(one, two, sizes, choice, guards, begins, tables1, tables2, sums, mirrored, first, corr, lags):
    """`few_signals` with its arrays: for each `LANES` stretches the tables of both sides, then all pairs."""
    n1, n2 = corr.shape[1:]
    weak = 0
    for k in range(0, len(begins), LANES):
        begin = begins[k : k + LANES]
        weak += _side(one, first, begin, sizes, sizes.frames1, guards, tables1)
        weak += _side(two, first, begin, sizes, sizes.frames2, guards, tables2)
        for i in range(n1):
            for j in range(i if mirrored else 0, n2):
                _pair(tables1, i, tables2, j, sizes, choice, sums, begin, corr, lags)
    return weak


@kernel_part
def _side(side, first, begin, sizes, frames, guards, tables):
    """Write the tables of one side. Returns the number of weak entries."""
    numbers, marks, factor = side
    centred, sums, inverse = tables
    width, step, weak = sizes.width, sizes.step, 0
    shifts = frames - width + 1 - (sizes.windows - 1) * step
    _side_by_side(numbers, factor, first, begin, step, frames, centred)
    none = np.empty(LANES)
    for i in range(len(factor)):
        _centre(centred[i].reshape(-1), frames)
        flat = centred[i].reshape(-1), sums[i].reshape(-1), inverse[i].reshape(-1)
        if not _spreads(flat, sizes.windows, step, shifts, width, guards, none):
            continue
        for lane in range(LANES):
            at = first + begin[lane] * step
            for w in range(sizes.windows):
                for t in range(w * step, w * step + shifts):
                    if inverse[i, t, lane] != inverse[i, t, lane] and not is_constant(numbers, at + t, i, width):
                        marks[at + t, i] = 1
                        weak += 1
    return weak


@kernel_part
def _centre(flat, frames):
    """Subtract the mean of each stretch."""
    total = strip(flat)
    for t in range(frames):
        total = plus(total, loaded(total, flat, t * LANES, 0))
    mean = times(total, repeated(total, 1.0 / frames))
    for t in range(frames):
        store(minus(loaded(total, flat, t * LANES, 0), mean), flat, t * LANES, 0)


@kernel_part
def _spreads(tables, windows, step, shifts, width, guards, none):
    """Sums and inverse spreads of the windows, as in `moments`. Returns whether any inverse spread is NaN."""
    flat, sums, inverse = tables
    zero = strip(flat)
    total, square, peak, unknown = zero, zero, zero, zero
    of_square, of_peak = repeated(zero, guards[0]), repeated(zero, guards[1])
    least = repeated(zero, width * FLAT * FLAT)  # magnitudes are at most 1
    for t in range(width):
        total = plus(total, loaded(zero, flat, t * LANES, 0))
        square = through(square, flat, t * LANES, flat, t * LANES, 0)
    shift = 0
    for t in range((windows - 1) * step + shifts):
        if t > 0:
            old, new = (t - 1) * LANES, (t - 1 + width) * LANES
            total = plus(total, minus(loaded(zero, flat, new, 0), loaded(zero, flat, old, 0)))
            square = back(through(square, flat, new, flat, new, 0), flat, old, flat, old, 0)
            shift = 0 if shift + 1 == step else shift + 1
        peak = highest(peak, square)
        if shift < shifts:
            floor = highest(highest(times(square, of_square), times(peak, of_peak)), least)
            here = inverse_spread(square, total, 1.0 / width, floor)
            unknown = plus(unknown, times(here, zero))
            store(total, sums, t * LANES, 0)
            store(here, inverse, t * LANES, 0)
    store(unknown, none, 0, 0)
    some = False
    for lane in range(LANES):
        some |= none[lane] != none[lane]
    return some


@kernel_part
def _side_by_side(numbers, factor, first, begin, step, frames, out):
    """Write the scaled frames of the stretches to `out` `(signal, frame, stretch)`."""
    n, space = len(factor), out.shape[1] * LANES
    source, flat = numbers.reshape(-1), out.reshape(-1)
    for start in range(0, frames, BLOCK):  # so that all stretches of these frames are in the cache
        stop = min(start + BLOCK, frames)
        for lane in range(LANES):
            at = (first + begin[lane] * step) * n
            for i in range(n):
                for t in range(start, stop):
                    flat[np.uint64(i * space + t * LANES + lane)] = factor[i] * source[np.uint64(at + t * n + i)]


@kernel_part
def _pair(tables1, i, tables2, j, sizes, choice, sums, begin, corr, lags):
    """Write the best correlations of signals i and j in all windows of the stretches."""
    x, total1, inverse1 = tables1[0][i].reshape(-1), tables1[1][i].reshape(-1), tables1[2][i].reshape(-1)
    y, total2, inverse2 = tables2[0][j].reshape(-1), tables2[1][j].reshape(-1), tables2[2][j].reshape(-1)
    out_corr, out_lags, cells = corr.reshape(-1), lags.reshape(-1), corr.shape[1] * corr.shape[2]
    cell = i * corr.shape[2] + j
    order, seconds, signed = choice
    flat, width, step = sums.reshape(-1), sizes.width, sizes.step
    moving, zero = 2 * step < width, strip(x)
    by_width = repeated(zero, 1.0 / width)
    best, name = np.empty(LANES, np.float32), np.empty(LANES, np.float32)
    for w in range(sizes.windows):
        t = w * step
        if not moving or w == 0:
            _new_sums(x, y, t, sizes, flat)
        elif step > FUSED:
            _move(x, y, t - step, sizes, flat)
        span = step if moving and w > 0 and step <= FUSED else 0
        mean = times(loaded(zero, total1, t * LANES, 0), by_width)
        scale = loaded(zero, inverse1, t * LANES, 0)
        held, kept, bar = repeated(zero, np.nan), repeated(zero, np.nan), repeated(zero, -2.0)
        for k in range(len(order)):
            lag = order[k]
            tile = loaded(zero, flat, lag * LANES, 0)
            if span > 0:
                for f in range(t - span, t):
                    tile = back(tile, x, f * LANES, y, (f + lag) * LANES, 0)
                    tile = through(tile, x, (f + width) * LANES, y, (f + width + lag) * LANES, 0)
                store(tile, flat, lag * LANES, 0)
            at = (t + lag) * LANES
            here = minus(tile, times(mean, loaded(zero, total2, at, 0)))
            here = times(times(here, loaded(zero, inverse2, at, 0)), scale)
            held, kept, bar = better(here, seconds[k], signed, repeated(zero, TIE), held, kept, bar)
        put(held, best, 0, 0, 1, LANES, 1.0)
        put(kept, name, 0, 0, 1, LANES, np.inf)
        for lane in range(LANES):
            to = np.uint64((begin[lane] + w) * cells + cell)
            out_corr[to] = best[lane]
            out_lags[to] = name[lane]


@kernel_part
def _new_sums(x, y, t, sizes, sums):
    """Sums of the products of the window at frame `t`, for all lags."""
    for lag in range(0, sizes.lags, LADDER):
        tile = ladder(x)
        for f in range(t, t + sizes.width):
            tile = through(tile, x, f * LANES, y, (f + lag) * LANES, LANES)
        store(tile, sums, lag * LANES, LANES)


@kernel_part
def _move(x, y, t, sizes, sums):
    """Move the sums from the window at frame `t` to the next one."""
    width = sizes.width
    for lag in range(0, sizes.lags, LADDER):
        tile = loaded(ladder(x), sums, lag * LANES, LANES)
        for f in range(t, t + sizes.step):
            tile = back(tile, x, f * LANES, y, (f + lag) * LANES, LANES)
            tile = through(tile, x, (f + width) * LANES, y, (f + width + lag) * LANES, LANES)
        store(tile, sums, lag * LANES, LANES)
