"""Correlations of matched pairs: each signal of x with the same signal of y.

Lane `l · stride + j` belongs to the l-th net lag and pair j. Its sums are those of `running`, or in windows with gaps
those of `masked`, but all of them are sums of products of two arrays `[frame, pair]`.
"""

import numpy as np

from bitbox_xr.kernels.correlation.choice import choose, limit, strongest
from bitbox_xr.kernels.correlation.direct import pair_correlation
from bitbox_xr.kernels.correlation.moments import GUARDS, Side, moments, operands
from bitbox_xr.kernels.correlation.plan import Plan
from bitbox_xr.kernels.correlation.presence import changes, lay_out_masked, present_moments
from bitbox_xr.kernels.correlation.running import lay_out, sizes_of, space
from bitbox_xr.kernels.correlation.tile_arithmetic import minus, times
from bitbox_xr.kernels.correlation.tile_correlations import WEAK, masked_correlation
from bitbox_xr.kernels.correlation.tiles import loaded, store, strip, strip_columns, strip_width, through
from bitbox_xr.kernels.jit import kernel, kernel_part

__all__ = ["matched_pairs"]

STRIP = strip_columns(np.float64)  # pairs of a lag are padded to whole strips


def matched_pairs(
    one: Side, two: Side, plan: Plan, seconds: np.ndarray, stretch: int, gaps: bool, corr: np.ndarray, lags: np.ndarray
) -> None:
    """Compute windows into `corr` and `lags` `(window, pair)`. `gaps`: whether any window has gaps."""
    n, lanes = corr.shape[1], plan.lanes
    sizes = sizes_of(plan, np.float64, n, n, min(stretch, len(corr)))
    stride = -(-n // STRIP) * STRIP
    sizes = sizes._replace(stride=stride, padded=lanes.number * stride)
    frames1, frames2 = sizes.starts1 + plan.width - 1, sizes.starts2 + plan.width - 1
    choice = lanes.order, seconds.astype(np.float64), plan.signed
    centred, guards = (np.empty((frames1, n)), np.empty((frames2, n))), np.array(GUARDS[8])
    count = 7 if gaps else 3
    tables1 = tuple(space(count, frames1 * stride, sizes, np.float64))
    tables2 = tuple(space(count, frames2 * stride + sizes.padded, sizes, np.float64))
    tables2[-1].fill(np.nan)  # shifts outside the reach have no correlation
    lane = tuple(space(3, sizes.padded, sizes, np.float64))
    if gaps:
        sums = tuple(space(6, sizes.padded, sizes, np.float64))
        sides = (one.numbers, changes(one.numbers)), (two.numbers, changes(two.numbers))
        _with_gaps(*sides, sizes, plan.least, choice, guards, centred, tables1, tables2, sums, lane, corr, lags)
    else:
        sums = tuple(space(1, sizes.padded, sizes, np.float64))
        _without_gaps(
            operands(one), operands(two), sizes, plan.least, choice, guards, centred,
            (np.empty((2, sizes.starts1, n)), np.empty((2, sizes.starts2, n))), tables1, tables2, sums, lane, corr,
            lags,
        )  # fmt: skip


@kernel
def _without_gaps(one, two, sizes, least, choice, guards, centred, tables, tables1, tables2, sums, lane, corr, lags):
    width, step, stride, pad = sizes.width, sizes.step, sizes.stride, sizes.pad
    flat1, mean1, inverse1 = tables1
    flat2, total2, inverse2 = tables2
    for start in range(0, len(corr), sizes.windows):
        group, at = min(sizes.windows, len(corr) - start), start * step
        starts, inside = (group - 1) * step + sizes.sweep, (group - 1) * step + sizes.shifts
        weak = moments(one, at, width, (group, sizes.step, sizes.sweep), guards, centred[0], tables[0][0], tables[0][1])
        weak += moments(
            two, at, width, (group, sizes.step, sizes.shifts), guards, centred[1], tables[1][0], tables[1][1]
        )
        lay_out(tables[0][0], starts, 0, 0, stride, mean1, 1.0 / width)
        lay_out(tables[0][1], starts, 0, 0, stride, inverse1, 1.0)
        lay_out(tables[1][0], inside, 0, pad, stride, total2, 1.0)
        lay_out(tables[1][1], inside, 0, pad, stride, inverse2, 1.0)
        lay_out(centred[0], starts + width - 1, 0, 0, stride, flat1, 1.0)
        lay_out(centred[1], inside + width - 1, 0, pad, stride, flat2, 1.0)
        for w in range(group):
            for a in range(sizes.sweep):
                t = w * step + a
                low, high = _span(sizes, a)
                _add(flat1, flat2, t, w, a, sizes, sums[0])
                _scale(sums[0], mean1, inverse1, total2, inverse2, t, low, high, stride, lane[0])
                if weak > 0:
                    _mend(one[0], two[0], one[1], two[1], at + t, low, high, sizes, least, lane[0])
                _limit(lane, a, low, high, sizes)
            _choose(lane, sizes, choice, corr, lags, start + w)


@kernel
def _with_gaps(one, two, sizes, least, choice, guards, centred, tables1, tables2, sums, lane, corr, lags):
    width, step, stride, pad, r = sizes.width, sizes.step, sizes.stride, sizes.pad, lane[0]
    x1, x2, x0, _, _, _, floor1 = tables1
    y1, y2, y0, _, _, _, floor2 = tables2
    for start in range(0, len(corr), sizes.windows):
        group, at = min(sizes.windows, len(corr) - start), start * step
        starts, inside = (group - 1) * step + sizes.sweep, (group - 1) * step + sizes.shifts
        present_moments(one, at, width, starts, 0, stride, (0.0, guards[1]), centred[0], *tables1[3:])
        present_moments(two, at, width, inside, pad, stride, (0.0, guards[1]), centred[1], *tables2[3:])
        lay_out_masked(one[0], at, starts + width - 1, centred[0], 0, stride, x1, x2, x0)
        lay_out_masked(two[0], at, inside + width - 1, centred[1], pad, stride, y1, y2, y0)
        for w in range(group):
            for a in range(sizes.sweep):
                t = w * step + a
                low, high = _span(sizes, a)
                _add(x1, y1, t, w, a, sizes, sums[0])
                _add(x1, y0, t, w, a, sizes, sums[1])
                _add(x2, y0, t, w, a, sizes, sums[2])
                _add(x0, y1, t, w, a, sizes, sums[3])
                _add(x0, y2, t, w, a, sizes, sums[4])
                _add(x0, y0, t, w, a, sizes, sums[5])
                _scale_masked(sums, floor1, floor2, t, low, high, stride, guards[0], least, r)
                for c in range(low * stride, high * stride):
                    if r[c] == WEAK and c % stride < corr.shape[1]:
                        j, other = c % stride, at + t - pad + c // stride
                        r[c] = pair_correlation(one[0], at + t, j, two[0], other, j, width, least)
                _limit(lane, a, low, high, sizes)
            _choose(lane, sizes, choice, corr, lags, start + w)


@kernel_part
def _span(sizes, a):
    """Lags with a shift of y at shift a of x: the first, and the end."""
    return max(0, sizes.pad - a), min(sizes.lags, sizes.pad - a + sizes.shifts)


@kernel_part
def _add(x, y, t, w, a, sizes, sums):
    """Sums of products of the window at frame `t`: new sums, or those of the window before moved by some frames."""
    width, stride, span = sizes.width, sizes.stride, sizes.step if a == 0 else 1
    fresh = a == 0 and (w == 0 or 2 * span >= width or sizes.sweep > 1)
    for c in range(0, stride, strip_width(x)):  # x stays in the cache
        for lag in range(sizes.lags):
            tile, begin = strip(x), t
            if not fresh:
                begin = t + width - span
                gone = strip(x)
                for k in range(t - span, t):
                    gone = through(gone, x, k * stride + c, y, (k + lag) * stride + c, 0)
                tile = minus(loaded(tile, sums, lag * stride + c, 0), gone)
            for k in range(begin, t + width):
                tile = through(tile, x, k * stride + c, y, (k + lag) * stride + c, 0)
            store(tile, sums, lag * stride + c, 0)


@kernel_part
def _scale(sums, mean1, inverse1, total2, inverse2, t, low, high, stride, r):
    """Write correlations of lags `low` to `high`."""
    zero = strip(r)
    for j in range(0, stride, strip_width(r)):
        mean, scale = loaded(zero, mean1, t * stride + j, 0), loaded(zero, inverse1, t * stride + j, 0)
        for lag in range(low, high):
            c, to = lag * stride + j, (t + lag) * stride + j
            both = minus(loaded(zero, sums, c, 0), times(mean, loaded(zero, total2, to, 0)))
            store(times(times(both, loaded(zero, inverse2, to, 0)), scale), r, c, 0)


@kernel_part
def _scale_masked(sums, floor1, floor2, t, low, high, stride, share, least, r):
    """Write correlations of lags `low` to `high`, or `WEAK`."""
    xy, sx, sxx, sy, syy, count = sums
    zero = strip(r)
    for lag in range(low, high):
        for j in range(0, stride, strip_width(r)):
            c = lag * stride + j
            here = masked_correlation(
                loaded(zero, xy, c, 0), loaded(zero, sx, c, 0), loaded(zero, sxx, c, 0), loaded(zero, sy, c, 0),
                loaded(zero, syy, c, 0), loaded(zero, count, c, 0), loaded(zero, floor2, (t + lag) * stride + j, 0),
                loaded(zero, floor1, t * stride + j, 0), share, least,
            )  # fmt: skip
            store(here, r, c, 0)


@kernel_part
def _mend(x, y, weak1, weak2, at, low, high, sizes, least, r):
    """Compute the correlations of weak windows directly."""
    for lag in range(low, high):
        other = at - sizes.pad + lag
        for j in range(x.shape[1]):
            if weak1[at, j] or weak2[other, j]:
                r[lag * sizes.stride + j] = pair_correlation(x, at, j, y, other, j, sizes.width, least)


@kernel_part
def _limit(lane, a, low, high, sizes):
    r, top, bottom = lane
    if sizes.sweep > 1:
        for c in range(high * sizes.stride, high * sizes.stride + strip_width(r)):
            r[c] = np.nan
        limit(r, top, bottom, 0, a, low * sizes.stride, high * sizes.stride)


@kernel_part
def _choose(lane, sizes, choice, corr, lags, w):
    r, top, bottom = lane
    signed = choice[2]
    n = corr.shape[1]
    if sizes.sweep > 1:
        strongest(top, bottom, signed, 0, sizes.lags * sizes.stride, r)
    choose(r, 0, sizes.stride, choice, n, corr.reshape(-1), lags.reshape(-1), w * n)
