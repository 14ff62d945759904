"""Correlations of matched pairs: each signal of x with the same signal of y, for a mean over windows.

Window w of x is paired with the window of y that starts at any given frame, so that a surrogate which pairs other
windows needs no new tables. Lane `l · COLUMNS + j` belongs to the l-th net lag and pair j of a strip. All sums are
float64. Windows of a strip without gaps need the sums of products only, those with gaps the six sums of `masked`.
"""

import numpy as np

from bitbox_xr.kernels.correlation.choice import better
from bitbox_xr.kernels.correlation.direct import pair_correlation
from bitbox_xr.kernels.correlation.matched_tables import COLUMNS, Sizes, Tables
from bitbox_xr.kernels.correlation.moments import GUARDS
from bitbox_xr.kernels.correlation.plan import Plan
from bitbox_xr.kernels.correlation.ties import TIE
from bitbox_xr.kernels.correlation.tile_arithmetic import minus, times
from bitbox_xr.kernels.correlation.tile_correlations import WEAK, highest, lowest, masked_correlation, winner
from bitbox_xr.kernels.correlation.tiles import LADDER, back, layer, loaded, repeated, stack, store, through
from bitbox_xr.kernels.jit import kernel, kernel_part
from bitbox_xr.kernels.memory import side_by_side

__all__ = ["add_matched"]


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

    `starts` has the first frame of the reach of each window, in x and in y. With `magnitude`, |r| is added.
    """
    gaps = one.gaps or two.gaps
    lanes = (sizes.lags + LADDER) * COLUMNS
    work = side_by_side(*[lanes] * (9 if gaps else 4), COLUMNS, COLUMNS)
    for array in work:
        array.fill(np.nan)
    _add(
        tuple(one[:9]), one.rows, tuple(two[:9]), two.rows, starts, sizes, (plan.lanes.order, plan.signed), True if gaps else None,
        one.some_weak or two.some_weak, GUARDS[8][0], magnitude, tuple(work), sums,
    )  # fmt: skip


@kernel
def _add(one, rows1, two, rows2, starts, sizes, choice, gaps, weak, share, magnitude, work, sums):
    """`add_matched` with its arrays."""
    r, top, bottom, products, best, last = work[0], work[1], work[2], work[3:-2], work[-2], work[-1]
    reach1, reach2 = sizes.width + sizes.sweep - 1, sizes.width + sizes.shifts - 1
    n = sums.shape[1]
    for first in range(0, n, COLUMNS):
        strip, moved, some = first // COLUMNS, 0, False  # windows since the sums were new; whether there are gaps
        last[:] = -sizes.width
        for w in range(len(starts[0])):
            t, u = starts[0][w], starts[1][w]
            follows = w > 0 and t - starts[0][w - 1] == sizes.step and u - starts[1][w - 1] == sizes.step
            moved = moved + 1 if follows and moved + 1 < sizes.stretch else 0
            before, some = some, _lost(one[2], t, reach1) + _lost(two[2], u, reach2) > 0
            for a in range(sizes.sweep):
                at = (strip * rows1 + sizes.pad + t + a) * COLUMNS, (strip * rows2 + u + a) * COLUMNS
                lags = max(0, sizes.pad - a), min(sizes.lags, sizes.pad - a + sizes.shifts)
                apart = sizes.step if moved > 0 else min(a, 1)
                _sums(one[3], two[3], at, apart, sizes, products[0])
                if gaps is not None and some:
                    also = apart if a > 0 or before else 0
                    _masked(one, two, at, also, lags, share, sizes, products, r)
                    _mend_masked(one[0], t + a, two[0], u + a, first, n, lags, sizes, r)
                else:
                    _scale(one, two, at, lags, sizes, products[0], r)
                    if weak:
                        _mend(one, t + a, two, u + a, first, n, lags, sizes, r)
                if sizes.sweep > 1:
                    _limit(r, a, lags, top, bottom)
            if sizes.sweep > 1:
                _strongest(top, bottom, choice[1], sizes.lags, r)
            _choose(r, choice, best)
            _enter(best, w, first, n, sizes, magnitude, last, sums)


@kernel_part
def _lost(lost, t, reach):
    """Number of frames of a reach in which any signal is missing."""
    return lost[t + reach] - lost[t] if len(lost) > 1 else 0


@kernel_part
def _sums(x, y, at, apart, sizes, sums):
    """Write the sums of products of two windows at all lags: new sums, or those of the windows `apart` frames before."""
    width, (at1, at2) = sizes.width, at
    for lag in range(0, sizes.lags, LADDER):
        to, place = at2 + lag * COLUMNS, lag * COLUMNS
        tile = stack(sums)
        if apart == 0:
            for k in range(0, width * COLUMNS, COLUMNS):
                tile = through(tile, x, at1 + k, y, to + k, COLUMNS)
        else:
            tile = loaded(tile, sums, place, COLUMNS)
            for k in range(-apart * COLUMNS, 0, COLUMNS):
                tile = back(tile, x, at1 + k, y, to + k, COLUMNS)
                later = k + width * COLUMNS
                tile = through(tile, x, at1 + later, y, to + later, COLUMNS)
        store(tile, sums, place, COLUMNS)


@kernel_part
def _scale(one, two, at, lags, sizes, products, r):
    """Write the correlations of some lags."""
    zero, (at1, at2), (low, high) = stack(r), at, lags
    mean = times(loaded(zero, one[4], at1, 0), repeated(zero, 1.0 / sizes.width))
    scale = loaded(zero, one[5], at1, 0)
    for lag in range(low, high, LADDER):
        place, to = lag * COLUMNS, at2 + lag * COLUMNS
        both = minus(loaded(zero, products, place, COLUMNS), times(mean, loaded(zero, two[4], to, COLUMNS)))
        store(times(times(both, loaded(zero, two[5], to, COLUMNS)), scale), r, place, COLUMNS)


@kernel_part
def _mend(one, t, two, u, first, n, lags, sizes, r):
    """Compute the correlations of weak windows directly; y starts `pad` frames before the row of its first lag."""
    for lag in range(lags[0], lags[1]):
        other = u + lag - sizes.pad
        for j in range(first, min(first + COLUMNS, n)):
            if one[1][t, j] or two[1][other, j]:
                r[lag * COLUMNS + j - first] = pair_correlation(
                    one[0], t, j, two[0], other, j, sizes.width, sizes.least
                )


@kernel_part
def _masked(one, two, at, apart, lags, share, sizes, products, r):
    """Write the correlations of some lags over the frames that are present, or `WEAK`."""
    (_, _, _, _, _, _, x2, x0, floor1), (_, _, _, y1, _, _, y2, y0, floor2) = one, two
    x1 = one[3]
    _sums(x1, y0, at, apart, sizes, products[1])
    _sums(x2, y0, at, apart, sizes, products[2])
    _sums(x0, y1, at, apart, sizes, products[3])
    _sums(x0, y2, at, apart, sizes, products[4])
    _sums(x0, y0, at, apart, sizes, products[5])
    zero = stack(r)
    own = loaded(zero, floor1, at[0], 0)
    for lag in range(lags[0], lags[1], LADDER):
        c = lag * COLUMNS
        here = masked_correlation(
            loaded(zero, products[0], c, COLUMNS), loaded(zero, products[1], c, COLUMNS),
            loaded(zero, products[2], c, COLUMNS), loaded(zero, products[3], c, COLUMNS),
            loaded(zero, products[4], c, COLUMNS), loaded(zero, products[5], c, COLUMNS),
            loaded(zero, floor2, at[1] + c, COLUMNS), own, share, sizes.least,
        )  # fmt: skip
        store(here, r, c, COLUMNS)


@kernel_part
def _mend_masked(x, t, y, u, first, n, lags, sizes, r):
    """Compute correlations that are `WEAK` directly."""
    for lag in range(lags[0], lags[1]):
        for j in range(first, min(first + COLUMNS, n)):
            c = lag * COLUMNS + j - first
            if r[c] == WEAK:
                r[c] = pair_correlation(x, t, j, y, u + lag - sizes.pad, j, sizes.width, sizes.least)


@kernel_part
def _limit(r, a, lags, top, bottom):
    """Update the highest and lowest correlation of each lane with those of shift `a`. NaN is ignored."""
    if a == 0:
        top[:] = -np.inf
        bottom[:] = np.inf
    low, high = lags
    r[high * COLUMNS : (high + LADDER) * COLUMNS] = np.nan
    for c in range(low * COLUMNS, high * COLUMNS, LADDER * COLUMNS):
        here = loaded(stack(r), r, c, COLUMNS)
        store(highest(loaded(here, top, c, COLUMNS), here), top, c, COLUMNS)
        store(lowest(loaded(here, bottom, c, COLUMNS), here), bottom, c, COLUMNS)


@kernel_part
def _strongest(top, bottom, signed, lags, r):
    """The highest or the lowest correlation, whichever is larger in magnitude; with `signed` the highest."""
    for c in range(0, lags * COLUMNS, LADDER * COLUMNS):
        high = loaded(stack(r), top, c, COLUMNS)
        store(winner(high, loaded(high, bottom, c, COLUMNS), signed), r, c, COLUMNS)


@kernel_part
def _choose(r, choice, best):
    """Write the best correlation of each pair, by the tie rule."""
    order, signed = choice
    held, bar = repeated(layer(r), np.nan), repeated(layer(r), -2.0)
    tie, name = repeated(held, TIE), held
    for k in range(len(order)):
        here = loaded(held, r, order[k] * COLUMNS, 0)
        held, name, bar = better(here, 0.0, signed, tie, held, name, bar)
    store(held, best, 0, 0)


@kernel_part
def _enter(best, w, first, n, sizes, magnitude, last, sums):
    """Add window `w` to the sums of `add_strength`."""
    for j in range(min(COLUMNS, n - first)):
        r = min(max(best[j], -1.0), 1.0)
        if r == r:
            since = (w - last[j]) * sizes.step
            sums[0, first + j] += 1.0
            sums[1, first + j] += abs(r) if magnitude else r
            sums[2, first + j] += min(since, sizes.width)
            last[j] = w
