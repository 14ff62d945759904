"""Correlations of one signal of x at all lags, side by side in memory, and the choice between the lags.

A correlation is in *lane* `l · stride + j`: net lag l in increasing order, signal j of y. See `ties` for the rule.
"""

import numpy as np

from bitbox_xr.kernels.correlation.ties import TIE
from bitbox_xr.kernels.correlation.tile_correlations import either, fetch, highest, lowest, put, raised, scaled, winner
from bitbox_xr.kernels.correlation.tiles import loaded, repeated, store, strip, strip_width, zeros
from bitbox_xr.kernels.jit import kernel_part

__all__ = ["better", "choose", "choose_rows", "correlate", "limit", "strongest"]

LINE = 16  # numbers in a line of the cache


@kernel_part
def limit(r, top, bottom, at, a, begin, end):
    """Update the highest and lowest correlation of each lane with those of shift `a`. NaN is ignored."""
    if a == 0:
        top[at:] = -np.inf
        bottom[at:] = np.inf
    for c in range(at + begin, at + end, strip_width(r)):
        here = loaded(strip(r), r, c, 0)
        store(highest(loaded(here, top, c, 0), here), top, c, 0)
        store(lowest(loaded(here, bottom, c, 0), here), bottom, c, 0)


@kernel_part
def strongest(top, bottom, signed, at, lanes, r):
    """The highest or the lowest correlation, whichever is larger in magnitude; with `signed` the highest."""
    for c in range(at, at + lanes, strip_width(r)):
        high = loaded(strip(r), top, c, 0)
        store(winner(high, loaded(high, bottom, c, 0), signed), r, c, 0)


@kernel_part
def better(here, value, signed, tie, held, name, bar):
    """The best correlations so far, the values of their lags, and the bar for the next lag, after one more lag.

    This lag has the correlations `here`, and is called `value`.
    """
    name = either(here, bar, signed, repeated(here, value), name)
    return either(here, bar, signed, here, held), name, raised(here, bar, signed, tie)


@kernel_part
def choose(r, at, stride, choice, n2, corr, lags, to):
    """Write the best correlation with each signal of y, clipped to [−1, 1], and its lag, from index `to`.

    `choice` has the net lags by preference, the values to write to `lags`, and whether the largest r is chosen instead
    of the largest |r|.
    """
    order, seconds, signed = choice
    for start in range(0, n2, strip_width(r)):
        held, name, bar = repeated(strip(r), np.nan), repeated(strip(r), np.nan), repeated(strip(r), -2.0)
        tie = repeated(held, TIE)
        for k in range(len(order)):
            here = loaded(held, r, at + order[k] * stride + start, 0)
            held, name, bar = better(here, seconds[k], signed, tie, held, name, bar)
        put(held, corr, to + start, 0, 1, n2 - start, 1.0)
        put(name, lags, to + start, 0, 1, n2 - start, np.inf)


@kernel_part
def choose_rows(r, sizes, n1, n2, left, right, begin, count, w, later, choice, corr, lags):
    """`choose` for window `w` and signals of x from `left`. The next results are `later` numbers after these."""
    for i in range(left, right):
        to = (w * n1 + i) * n2 + begin
        for place in range(to + later, to + later + count + LINE - 1, LINE):
            fetch(corr, place)
            fetch(lags, place)
        choose(r, (i - left) * sizes.padded, sizes.stride, choice, count, corr, lags, to)


@kernel_part
def correlate(sums, side1, side2, sizes, n1, left, w, r):
    """Write the correlations of window `w` from its sums."""
    (_, means, inverse1), (_, total2, inverse2), stride = side1, side2, sizes.stride
    at1, at2 = w * sizes.step * n1 + left, w * sizes.step * stride
    for c in range(0, sizes.padded, sizes.cols):
        tile = loaded(zeros(sums), sums, c, sizes.padded)
        store(scaled(tile, means, inverse1, at1, total2, inverse2, at2 + c), r, c, sizes.padded)
