"""Correlations of matched pairs, each signal of x with the same signal of y, summed over windows.

Each window of x is paired with the window of y that starts at a given frame, so that surrogates which pair other
windows need no new tables. Lane `l · COLUMNS + j` belongs to the l-th net lag and pair j of a strip of `COLUMNS` pairs.
All sums are float64. A window without gaps needs the sums of products only, one with gaps the six sums of `masked`.
"""

from typing import NamedTuple

import numpy as np

from bitbox_xr.kernels.correlation.choice import better, limit, strongest
from bitbox_xr.kernels.correlation.direct import pair_correlation
from bitbox_xr.kernels.correlation.matched_tables import COLUMNS, Sizes, Tables, number_lost
from bitbox_xr.kernels.correlation.plan import Plan
from bitbox_xr.kernels.correlation.presence import GUARDS_OF_GAPS
from bitbox_xr.kernels.correlation.ties import TIE
from bitbox_xr.kernels.correlation.tile_arithmetic import minus, times
from bitbox_xr.kernels.correlation.tile_correlations import WEAK, masked_correlation
from bitbox_xr.kernels.correlation.tiles import LADDER, back, layer, loaded, repeated, stack, store, through
from bitbox_xr.kernels.jit import bare_kernel, kernel_part
from bitbox_xr.kernels.memory import side_by_side

__all__ = ["add_matched"]

SHARE = GUARDS_OF_GAPS[8][0]


class Work(NamedTuple):
    """Arrays for one window: correlations, sums of products and the best correlations."""

    r: np.ndarray  # (lane,)
    top: np.ndarray  # the highest r over the shifts of x so far, (lane,)
    bottom: np.ndarray
    products: tuple[np.ndarray, ...]  # one sum, or with gaps six, (lane,)
    best: np.ndarray  # (column,)
    last: np.ndarray  # the last window with a correlation so far, (column,)


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
    """Correlate windows of x with windows of y, and add the correlations to `sums` `(3, pair)`, as `add_strength` does.

    `starts` has the first frame that each window needs at any lag, in x and in y. With `magnitude`, |r| is added.
    """
    gaps = one.gaps or two.gaps
    if gaps and not (one.present.size and two.present.size):
        raise ValueError("expected tables with gaps for numbers with missing values, got tables without")
    for begins, reach, side in zip(starts, plan.reach, (one, two), strict=True):
        if len(begins) and not 0 <= begins.min() <= begins.max() <= len(side.numbers) - reach:
            raise ValueError(
                f"expected windows within {len(side.numbers)} frames, got {begins.min()} to {begins.max()}"
            )
    lanes = (sizes.lags + LADDER) * COLUMNS
    r, top, bottom, best, last, *products = side_by_side(*[lanes] * 3, COLUMNS, COLUMNS, *[lanes] * (6 if gaps else 1))
    _add(
        one, two, starts, sizes, (plan.lanes.order, plan.signed), True if gaps else None,
        one.number_weak + two.number_weak > 0, magnitude, Work(r, top, bottom, tuple(products), best, last), sums,
    )  # fmt: skip


@bare_kernel
def _add(one, two, starts, sizes, choice, gaps, weak, magnitude, work, sums):
    """`add_matched` with its arrays. `gaps` is None where no window has any."""
    for first in range(0, sums.shape[1], COLUMNS):
        work.last[:] = -sizes.width
        _strip(one, two, first, starts, sizes, choice, gaps, weak, magnitude, work, sums)


@kernel_part
def _strip(one, two, first, starts, sizes, choice, gaps, weak, magnitude, work, sums):
    """Add all windows of the pairs from `first`. With two-sided lags, r is the strongest over the shifts of x."""
    r, pad, (order, signed) = work.r, sizes.pad, choice
    reaches = sizes.width + sizes.sweep - 1, sizes.width + sizes.shifts - 1
    base = (first // COLUMNS * one.rows + pad) * COLUMNS, (first // COLUMNS * two.rows + pad) * COLUMNS
    moved, masked = 0, False  # windows through which sums have moved; whether the window needs all six sums
    for w in range(len(starts[0])):
        at = starts[0][w], starts[1][w]
        moved = moved + 1 if _follows(starts, w, sizes.step) and moved + 1 < sizes.stretch else 0
        before, masked = masked, number_lost(one.lost, at[0], reaches[0]) + number_lost(two.lost, at[1], reaches[1]) > 0
        for a in range(sizes.sweep):
            frames = at[0] + a, at[1] + a - pad  # of x, and of y at the first lag
            rows = base[0] + frames[0] * COLUMNS, base[1] + frames[1] * COLUMNS
            lags = max(0, pad - a), min(sizes.lags, pad - a + sizes.shifts)
            apart = sizes.step if moved > 0 else min(a, 1)
            _sums(one.centred, two.centred, rows, apart, sizes, work.products[0])
            if gaps is not None and masked:
                _masked(one, two, rows, apart if a > 0 or before else 0, lags, sizes, work.products, r)
                _mend_masked(one.numbers, two.numbers, frames, first, lags, sizes, r)
            else:
                _scale(one, two, rows, lags, sizes, work.products[0], r)
                if weak:
                    _mend(one, two, frames, first, lags, sizes, r)
            if sizes.sweep > 1:  # lanes after the last lag, which `limit` reads, have no correlation
                r[lags[1] * COLUMNS : (lags[1] + LADDER) * COLUMNS] = np.nan
                limit(r, work.top, work.bottom, 0, a, lags[0] * COLUMNS, lags[1] * COLUMNS)
        if sizes.sweep > 1:
            strongest(work.top, work.bottom, signed, 0, sizes.lags * COLUMNS, r)
        _choose(r, order, signed, work.best)
        _add_window(work.best, w, first, sizes, magnitude, work.last, sums)


@kernel_part
def _follows(starts, w, step):
    """Whether window `w` starts one step after the window before, in x and in y."""
    return w > 0 and starts[0][w] - starts[0][w - 1] == step and starts[1][w] - starts[1][w - 1] == step


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
    zero = stack(r)
    mean = times(loaded(zero, one.total, rows[0], 0), repeated(zero, 1.0 / sizes.width))
    scale = loaded(zero, one.inverse, rows[0], 0)
    for lane in range(lags[0] * COLUMNS, lags[1] * COLUMNS, LADDER * COLUMNS):
        to = rows[1] + lane
        both = minus(loaded(zero, products, lane, COLUMNS), times(mean, loaded(zero, two.total, to, COLUMNS)))
        store(times(times(both, loaded(zero, two.inverse, to, COLUMNS)), scale), r, lane, COLUMNS)


@kernel_part
def _mend(one, two, frames, first, lags, sizes, r):
    """Compute the correlations of weak windows directly."""
    x, y, start = one.numbers, two.numbers, frames[0]
    for lag in range(lags[0], lags[1]):
        other = frames[1] + lag
        for j in range(first, min(first + COLUMNS, x.shape[1])):
            if one.weak[start, j] or two.weak[other, j]:
                here = pair_correlation(x, start, j, y, other, j, sizes.width, sizes.least)
                r[lag * COLUMNS + j - first] = here


@kernel_part
def _masked(one, two, rows, apart, lags, sizes, sums, r):
    """Write the correlations of some lags over the frames that are present, or `WEAK`."""
    _sums(one.centred, two.present, rows, apart, sizes, sums[1])
    _sums(one.squares, two.present, rows, apart, sizes, sums[2])
    _sums(one.present, two.centred, rows, apart, sizes, sums[3])
    _sums(one.present, two.squares, rows, apart, sizes, sums[4])
    _sums(one.present, two.present, rows, apart, sizes, sums[5])
    zero = stack(r)
    floor = loaded(zero, one.floor, rows[0], 0)
    for lane in range(lags[0] * COLUMNS, lags[1] * COLUMNS, LADDER * COLUMNS):
        here = masked_correlation(
            loaded(zero, sums[0], lane, COLUMNS), loaded(zero, sums[1], lane, COLUMNS),
            loaded(zero, sums[2], lane, COLUMNS), loaded(zero, sums[3], lane, COLUMNS),
            loaded(zero, sums[4], lane, COLUMNS), loaded(zero, sums[5], lane, COLUMNS),
            loaded(zero, two.floor, rows[1] + lane, COLUMNS), floor, SHARE, sizes.least,
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
def _add_window(best, w, first, sizes, magnitude, last, sums):
    """Add window `w` to the sums of `add_strength`."""
    for j in range(min(COLUMNS, sums.shape[1] - first)):
        r = min(max(best[j], -1.0), 1.0)
        if r == r:
            sums[0, first + j] += 1.0
            sums[1, first + j] += abs(r) if magnitude else r
            sums[2, first + j] += min((w - last[j]) * sizes.step, sizes.width)
            last[j] = w
