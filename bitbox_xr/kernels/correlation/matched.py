"""Correlations of matched pairs, each signal of x with the same signal of y, added up over windows.

Each window of x is paired with the window of y that starts at a given frame, so that surrogates which pair other
windows need no new tables. Lane `l · COLUMNS + j` belongs to the l-th net lag and pair j of a strip of `COLUMNS` pairs.
All sums are float64. A window without gaps needs the sums of products only, one with gaps the six sums of `masked`.
"""

import numpy as np

from bitbox_xr.kernels.correlation.choice import better, limit, strongest
from bitbox_xr.kernels.correlation.direct import pair_correlation
from bitbox_xr.kernels.correlation.matched_tables import COLUMNS, Sizes, Tables
from bitbox_xr.kernels.correlation.moments import GUARDS
from bitbox_xr.kernels.correlation.plan import Plan
from bitbox_xr.kernels.correlation.ties import TIE
from bitbox_xr.kernels.correlation.tile_arithmetic import minus, times
from bitbox_xr.kernels.correlation.tile_correlations import WEAK, masked_correlation
from bitbox_xr.kernels.correlation.tiles import LADDER, back, layer, loaded, repeated, stack, store, through
from bitbox_xr.kernels.jit import bare_kernel, kernel_part
from bitbox_xr.kernels.memory import side_by_side

__all__ = ["add_matched"]

SHARE = GUARDS[8][0]


def add_matched(
    one: Tables,
    two: Tables,
    starts: tuple[np.ndarray, np.ndarray],
    sizes: Sizes,
    plan: Plan,
    *,
    magnitude: bool,
    sums: np.ndarray,
) -> None:
    """Correlate windows of x with windows of y, and add them to `sums` `(3, pair)` as `add_strength` does.

    `starts` has the first frame of the reach of each window, in x and in y. With `magnitude`, |r| is added. If a value
    is missing, both tables must be those with gaps.
    """
    gaps = one.gaps or two.gaps
    lanes = (sizes.lags + LADDER) * COLUMNS
    correlations, work = side_by_side(*[lanes] * 3), side_by_side(*[lanes] * (6 if gaps else 1), COLUMNS, COLUMNS)
    for array in (*correlations, *work):
        array.fill(np.nan)
    _add(
        tuple(one), tuple(two), starts, sizes, (plan.lanes.order, plan.signed), True if gaps else None,
        one.number_weak + two.number_weak > 0, magnitude, tuple(correlations), tuple(work[:-2]), *work[-2:], sums,
    )  # fmt: skip


@bare_kernel
def _add(one, two, starts, sizes, choice, gaps, weak, magnitude, correlations, products, best, last, sums):
    """`add_matched` with its arrays. `gaps` is None where no window has any."""
    for first in range(0, sums.shape[1], COLUMNS):
        last[:] = -sizes.width
        _strip(
            one, two, first, starts, sizes, choice, gaps, weak, magnitude, correlations, products, best, last, sums
        )  # fmt: skip


@kernel_part
def _strip(one, two, first, starts, sizes, choice, gaps, weak, magnitude, correlations, products, best, last, sums):
    """Add all windows of the pairs from `first`. With two-sided lags, r is the strongest over the shifts of x."""
    (r, top, bottom), (order, signed), pad = correlations, choice, sizes.pad
    reaches = sizes.width + sizes.sweep - 1, sizes.width + sizes.shifts - 1
    base = (first // COLUMNS * one[-1] + pad) * COLUMNS, (first // COLUMNS * two[-1] + pad) * COLUMNS
    moved, masked = 0, False  # windows since sums were new; whether the window needs all six sums
    for w in range(len(starts[0])):
        at = starts[0][w], starts[1][w]
        moved = moved + 1 if _follows(starts, w, sizes.step) and moved + 1 < sizes.stretch else 0
        before, masked = masked, _lost(one[2], at[0], reaches[0]) + _lost(two[2], at[1], reaches[1]) > 0
        for a in range(sizes.sweep):
            frames = at[0] + a, at[1] + a - pad  # of x, and of y at the first lag
            rows = base[0] + frames[0] * COLUMNS, base[1] + frames[1] * COLUMNS
            lags = max(0, pad - a), min(sizes.lags, pad - a + sizes.shifts)
            apart = sizes.step if moved > 0 else min(a, 1)
            _sums(one[3], two[3], rows, apart, sizes, products[0])
            if gaps is not None and masked:
                _masked(one, two, rows, apart if a > 0 or before else 0, lags, sizes, products, r)
                _mend_masked(one[0], two[0], frames, first, lags, sizes, r)
            else:
                _scale(one, two, rows, lags, sizes, products[0], r)
                if weak:
                    _mend(one, two, frames, first, lags, sizes, r)
            if sizes.sweep > 1:
                r[lags[1] * COLUMNS : (lags[1] + LADDER) * COLUMNS] = np.nan
                limit(r, top, bottom, 0, a, lags[0] * COLUMNS, lags[1] * COLUMNS)
        if sizes.sweep > 1:
            strongest(top, bottom, signed, 0, sizes.lags * COLUMNS, r)
        _choose(r, order, signed, best)
        _enter(best, w, first, sizes, magnitude, last, sums)


@kernel_part
def _follows(starts, w, step):
    """Whether window `w` starts one step after the window before, in x and in y."""
    return w > 0 and starts[0][w] - starts[0][w - 1] == step and starts[1][w] - starts[1][w - 1] == step


@kernel_part
def _lost(lost, start, reach):
    """Number of frames of a reach in which any signal is missing."""
    return lost[start + reach] - lost[start] if len(lost) > 1 else 0


@kernel_part
def _sums(x, y, rows, apart, sizes, sums):
    """Write the sums of products of two windows at all lags: new ones, or those of windows `apart` frames before."""
    width, (at1, at2) = sizes.width * COLUMNS, rows
    for lane in range(0, sizes.lags * COLUMNS, LADDER * COLUMNS):
        to = at2 + lane
        tile = stack(sums)
        if apart == 0:
            for k in range(0, width, COLUMNS):
                tile = through(tile, x, at1 + k, y, to + k, COLUMNS)
        else:
            tile = loaded(tile, sums, lane, COLUMNS)
            for k in range(-apart * COLUMNS, 0, COLUMNS):
                tile = back(tile, x, at1 + k, y, to + k, COLUMNS)
                tile = through(tile, x, at1 + k + width, y, to + k + width, COLUMNS)
        store(tile, sums, lane, COLUMNS)


@kernel_part
def _scale(one, two, rows, lags, sizes, products, r):
    """Write the correlations of some lags of a window without gaps."""
    zero, (total1, inverse1), (total2, inverse2) = stack(r), one[4:6], two[4:6]
    mean = times(loaded(zero, total1, rows[0], 0), repeated(zero, 1.0 / sizes.width))
    scale = loaded(zero, inverse1, rows[0], 0)
    for lane in range(lags[0] * COLUMNS, lags[1] * COLUMNS, LADDER * COLUMNS):
        to = rows[1] + lane
        both = minus(loaded(zero, products, lane, COLUMNS), times(mean, loaded(zero, total2, to, COLUMNS)))
        store(times(times(both, loaded(zero, inverse2, to, COLUMNS)), scale), r, lane, COLUMNS)


@kernel_part
def _mend(one, two, frames, first, lags, sizes, r):
    """Compute the correlations of weak windows directly."""
    (x, weak1), (y, weak2), start = one[:2], two[:2], frames[0]
    for lag in range(lags[0], lags[1]):
        other = frames[1] + lag
        for j in range(first, min(first + COLUMNS, x.shape[1])):
            if weak1[start, j] or weak2[other, j]:
                here = pair_correlation(x, start, j, y, other, j, sizes.width, sizes.least)
                r[lag * COLUMNS + j - first] = here


@kernel_part
def _masked(one, two, rows, apart, lags, sizes, sums, r):
    """Write the correlations of some lags over the frames that are present, or `WEAK`."""
    (x, _, _, x2, x0, floor1), (y, _, _, y2, y0, floor2) = one[3:9], two[3:9]
    _sums(x, y0, rows, apart, sizes, sums[1])
    _sums(x2, y0, rows, apart, sizes, sums[2])
    _sums(x0, y, rows, apart, sizes, sums[3])
    _sums(x0, y2, rows, apart, sizes, sums[4])
    _sums(x0, y0, rows, apart, sizes, sums[5])
    zero = stack(r)
    floor = loaded(zero, floor1, rows[0], 0)
    for lane in range(lags[0] * COLUMNS, lags[1] * COLUMNS, LADDER * COLUMNS):
        here = masked_correlation(
            loaded(zero, sums[0], lane, COLUMNS), loaded(zero, sums[1], lane, COLUMNS),
            loaded(zero, sums[2], lane, COLUMNS), loaded(zero, sums[3], lane, COLUMNS),
            loaded(zero, sums[4], lane, COLUMNS), loaded(zero, sums[5], lane, COLUMNS),
            loaded(zero, floor2, rows[1] + lane, COLUMNS), floor, SHARE, sizes.least,
        )  # fmt: skip
        store(here, r, lane, COLUMNS)


@kernel_part
def _mend_masked(x, y, frames, first, lags, sizes, r):
    """Compute correlations that are `WEAK` directly."""
    for lag in range(lags[0], lags[1]):
        for j in range(first, min(first + COLUMNS, x.shape[1])):
            lane = lag * COLUMNS + j - first
            if r[lane] == WEAK:
                r[lane] = pair_correlation(x, frames[0], j, y, frames[1] + lag, j, sizes.width, sizes.least)


@kernel_part
def _choose(r, order, signed, best):
    """Write the best correlation of each pair, by the tie rule."""
    held, bar = repeated(layer(r), np.nan), repeated(layer(r), -2.0)
    name, tie = held, repeated(held, TIE)
    for k in range(len(order)):
        held, name, bar = better(loaded(held, r, order[k] * COLUMNS, 0), 0.0, signed, tie, held, name, bar)
    store(held, best, 0, 0)


@kernel_part
def _enter(best, w, first, sizes, magnitude, last, sums):
    """Add window `w` to the sums of `add_strength`."""
    for j in range(min(COLUMNS, sums.shape[1] - first)):
        r = min(max(best[j], -1.0), 1.0)
        if r == r:
            sums[0, first + j] += 1.0
            sums[1, first + j] += abs(r) if magnitude else r
            sums[2, first + j] += min((w - last[j]) * sizes.step, sizes.width)
            last[j] = w
