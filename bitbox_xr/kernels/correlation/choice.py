"""Correlations of one signal of x at all lags, side by side in memory, and the choice between the lags.

A correlation is in *lane* `l · stride + j`: net lag l in increasing order, signal j of y. See `ties` for the rule.
"""

import numpy as np

from bitbox_xr.kernels.correlation.tile_correlations import either, fetch, highest, lowest, put, raised, scaled, winner
from bitbox_xr.kernels.correlation.tiles import loaded, outer, remove, repeated, store, strip, strip_width
from bitbox_xr.kernels.jit import kernel

__all__ = ["FEW", "choose", "choose_rows", "choose_windows", "gather", "limit", "scale_and_choose", "strongest"]

LINE = 16  # numbers in a line of the cache
FEW = 8  # signals; with fewer, several windows are compared together


@kernel
def limit(r, top, bottom, at, a, begin, end):
    """Update the highest and lowest correlation of each lane with those of shift `a`. NaN is ignored."""
    if a == 0:
        top[at:] = -np.inf
        bottom[at:] = np.inf
    for c in range(at + begin, at + end, strip_width(r)):
        here = loaded(strip(r), r, c, 0)
        store(highest(loaded(here, top, c, 0), here), top, c, 0)
        store(lowest(loaded(here, bottom, c, 0), here), bottom, c, 0)


@kernel
def strongest(top, bottom, signed, at, lanes, r):
    """The highest or the lowest correlation, whichever is larger in magnitude; with `signed` the highest."""
    for c in range(at, at + lanes, strip_width(r)):
        high = loaded(strip(r), top, c, 0)
        store(winner(high, loaded(high, bottom, c, 0), signed), r, c, 0)


@kernel
def choose(r, at, stride, choice, n2, corr, lags, to):
    """Write the best correlation with each signal of y, clipped to [−1, 1], and its lag, from index `to`.

    `choice` has the net lags by preference, the values to write to `lags`, and whether the largest r is chosen instead
    of the largest |r|.
    """
    order, seconds, signed = choice
    for start in range(0, n2, strip_width(r)):
        held, name, bar = repeated(strip(r), np.nan), repeated(strip(r), np.nan), repeated(strip(r), -2.0)
        for k in range(len(order)):
            here = loaded(held, r, at + order[k] * stride + start, 0)
            name = either(here, bar, signed, repeated(held, seconds[k]), name)
            held = either(here, bar, signed, here, held)
            bar = raised(here, bar, signed)
        put(held, corr, to + start, n2 - start, 1.0)
        put(name, lags, to + start, n2 - start, np.inf)


@kernel
def choose_rows(source, n1, n2, left, right, begin, count, w, choice, corr, lags):
    """`choose` for several signals of x. `source`: an array, and how far apart its signals and its lags are."""
    r, of_signals, of_lags = source
    for i in range(left, right):
        choose(r, (i - left) * of_signals, of_lags, choice, count, corr, lags, (w * n1 + i) * n2 + begin)


@kernel
def scale_and_choose(
    sums, side1, side2, sizes, n1, n2, left, right, begin, count, moving, before, first, stop, choice, corr, lags
):  # fmt: skip
    """Write the best correlations of windows `first` to `stop` of a stretch, for many signals.

    With `moving`, sums are those of the window before, except for the first one. Lags are then whole strips apart.
    """
    (x, means, inverse1), (y, total2, inverse2), (order, seconds, signed) = side1, side2, choice
    width, stride = sizes.width, sizes.stride
    for w in range(first, stop):
        span = sizes.step if moving and w > 0 else 0
        for i in range(left, right):
            at, at1, at2 = (i - left) * sizes.padded, w * sizes.step * n1 + i, w * sizes.step * stride
            to = ((before + w) * n1 + i) * n2 + begin
            later = to + (n1 if moving else right - left) * n2
            for place in range(later, later + count + LINE - 1, LINE):
                fetch(corr, place)
                fetch(lags, place)
            for start in range(0, count, strip_width(sums)):
                held, name = repeated(strip(sums), np.nan), repeated(strip(sums), np.nan)
                bar = repeated(held, -2.0)
                for k in range(len(order)):
                    c = order[k] * stride + start
                    tile = loaded(held, sums, at + c, 0)
                    if span > 0:
                        for f in range(-span, 0):
                            tile = outer(tile, x, at1 + (f + width) * n1, y, at2 + (f + width) * stride + c)
                            tile = remove(tile, x, at1 + f * n1, y, at2 + f * stride + c)
                        store(tile, sums, at + c, 0)
                    here = scaled(tile, means, inverse1, at1, total2, inverse2, at2 + c)
                    name = either(here, bar, signed, repeated(held, seconds[k]), name)
                    held = either(here, bar, signed, here, held)
                    bar = raised(here, bar, signed)
                put(held, corr, to + start, count - start, 1.0)
                put(name, lags, to + start, count - start, np.inf)


@kernel
def gather(sums, side1, side2, sizes, n1, left, right, n2, moving, start, stop, first, r, columns):
    """Write the correlations of windows `start` to `stop` of few signals to columns, which begin with window `first`.

    With `moving`, sums are those of the window before, except for the first one of the stretch.
    """
    (x, means, inverse1), (y, total2, inverse2), width, stride = side1, side2, sizes.width, sizes.stride
    cols = strip_width(r)
    for w in range(start, stop):
        span = sizes.step if moving and w > 0 else 0
        for i in range(left, right):
            at, at1, at2 = (i - left) * sizes.padded, w * sizes.step * n1 + i, w * sizes.step * stride
            for c in range(0, sizes.lags * stride, cols):
                tile = loaded(strip(r), sums, at + c, 0)
                if span > 0:
                    for k in range(-span, 0):
                        tile = outer(tile, x, at1 + (k + width) * n1, y, at2 + (k + width) * stride + c)
                        tile = remove(tile, x, at1 + k * n1, y, at2 + k * stride + c)
                    store(tile, sums, at + c, 0)
                store(scaled(tile, means, inverse1, at1, total2, inverse2, at2 + c), r, at + c, 0)
            for lag in range(sizes.lags):
                to = ((i - left) * sizes.lags + lag) * cols + (w - first) * n2
                for j in range(n2):
                    columns[to + j] = r[at + lag * stride + j]


@kernel
def choose_windows(columns, lanes, scratch, n1, n2, left, right, begin, count, first, stop, choice, corr, lags):
    """`choose` for windows `first` to `stop`, from columns with `lanes` lags (see `gather`)."""
    cols, windows = strip_width(columns), stop - first
    for i in range(left, right):
        at, to = (i - left) * lanes * cols, (first * n1 + i) * n2 + begin
        choose(columns, at, cols, choice, windows * count, scratch[0], scratch[1], 0)
        for w in range(windows):
            for j in range(count):
                corr[to + w * n1 * n2 + j] = scratch[0][w * count + j]
                lags[to + w * n1 * n2 + j] = scratch[1][w * count + j]
