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

from bitbox_xr.kernels.correlation.moments import GUARDS, Side, moments
from bitbox_xr.kernels.correlation.plan import Plan
from bitbox_xr.kernels.correlation.tile_correlations import either, put, raised
from bitbox_xr.kernels.correlation.tiles import (
    LADDER,
    aligned,
    back,
    ladder,
    loaded,
    minus,
    repeated,
    store,
    strip,
    strip_columns,
    through,
    times,
)
from bitbox_xr.kernels.jit import kernel

__all__ = ["LANES", "few_signals"]

LANES = strip_columns(np.float64)
FUSED = 4


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
    """Of one signal: frames, and weak entries. Of all: centred frames, sums and inverse spreads."""
    starts = frames - width + 1
    raw, weak = _space(1, frames)[0], np.zeros((frames, LANES), np.uint8)
    return raw, weak, _space(signals, frames + LADDER), _space(signals, starts), _space(signals, starts)


def _space(signals: int, frames: int) -> np.ndarray:
    return aligned(signals * frames * LANES, np.float64, zeros=False).reshape(signals, frames, LANES)


@kernel
def _few(one, two, sizes, choice, guards, begins, tables1, tables2, sums, mirrored, first, corr, lags):
    n1, n2 = corr.shape[1:]
    found = 0
    for k in range(0, len(begins), LANES):
        begin = begins[k : k + LANES]
        for i in range(n1):
            found += _side(one, i, first, begin, sizes, guards, tables1)
        for j in range(n2):
            found += _side(two, j, first, begin, sizes, guards, tables2)
        for i in range(n1):
            for j in range(i if mirrored else 0, n2):
                _pair(tables1, i, tables2, j, sizes, choice, sums, begin, corr, lags)
    return found


@kernel
def _side(side, i, first, begin, sizes, guards, tables):
    """Frames of signal i, scaled, minus their means, and its sums and inverse spreads, in tables `[frame, stretch]`."""
    numbers, marks, factor = side
    raw, weak, centred, sums, inverse = tables
    frames = len(raw)
    for lane in range(LANES):
        at = first + begin[lane] * sizes.step
        for t in range(frames):
            raw[t, lane] = factor[i] * numbers[at + t, i]
    shifts = frames - sizes.width + 1 - (sizes.windows - 1) * sizes.step
    windows = sizes.windows, sizes.step, shifts
    found = moments((raw, weak, None), 0, sizes.width, windows, guards, centred[i], sums[i], inverse[i])
    if found > 0:
        for lane in range(LANES):
            at = first + begin[lane] * sizes.step
            for t in range(frames):
                if weak[t, lane] > 0:
                    marks[at + t, i] = 1
        weak[:] = 0
    return found


@kernel
def _pair(tables1, i, tables2, j, sizes, choice, sums, begin, corr, lags):
    """Write the best correlations of signals i and j in all windows of the stretches."""
    x, total1, inverse1 = tables1[2][i].reshape(-1), tables1[3][i].reshape(-1), tables1[4][i].reshape(-1)
    y, total2, inverse2 = tables2[2][j].reshape(-1), tables2[3][j].reshape(-1), tables2[4][j].reshape(-1)
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
            kept = either(here, bar, signed, repeated(zero, seconds[k]), kept)
            held = either(here, bar, signed, here, held)
            bar = raised(here, bar, signed)
        put(held, best, 0, LANES, 1.0)
        put(kept, name, 0, LANES, np.inf)
        for lane in range(LANES):
            to = np.uint64((begin[lane] + w) * cells + cell)
            out_corr[to] = best[lane]
            out_lags[to] = name[lane]


@kernel
def _new_sums(x, y, t, sizes, sums):
    """Sums of the products of the window at frame `t`, for all lags."""
    for lag in range(0, sizes.lags, LADDER):
        tile = ladder(x)
        for f in range(t, t + sizes.width):
            tile = through(tile, x, f * LANES, y, (f + lag) * LANES, LANES)
        store(tile, sums, lag * LANES, LANES)


@kernel
def _move(x, y, t, sizes, sums):
    """Move the sums from the window at frame `t` to the next one."""
    width = sizes.width
    for lag in range(0, sizes.lags, LADDER):
        tile = loaded(ladder(x), sums, lag * LANES, LANES)
        for f in range(t, t + sizes.step):
            tile = back(tile, x, f * LANES, y, (f + lag) * LANES, LANES)
            tile = through(tile, x, (f + width) * LANES, y, (f + width + lag) * LANES, LANES)
        store(tile, sums, lag * LANES, LANES)
