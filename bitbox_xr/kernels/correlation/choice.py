"""Correlations of one signal of x at all lags, side by side in memory, and the choice between the lags.

A correlation is in *lane* `l · stride + j`: net lag l in increasing order, signal j of y. See `ties` for the rule.
"""

import numpy as np

from bitbox_xr.kernels.correlation.ties import TIE
from bitbox_xr.kernels.correlation.tile_correlations import either, highest, lowest, put, raised, scaled, winner
from bitbox_xr.kernels.correlation.tiles import loaded, repeated, store, strip, strip_width
from bitbox_xr.kernels.jit import kernel

__all__ = ["FEW", "choose", "limit", "scale", "scale_and_choose", "strongest"]

FEW = 8  # signals; with fewer, the search goes through lags, else through signals


@kernel
def scale(sums, at, means, inverse1, at1, total2, inverse2, at2, begin, end, r):
    """Write the correlations of lanes `begin` to `end` to `r`, and NaN to some of the lanes after them.

    Each index belongs to the arrays before it: of lane 0 of the products, of the signal of x, and of lane 0 of y.
    """
    for c in range(begin, end, strip_width(r)):
        products = loaded(strip(r), sums, at + c, 0)
        store(scaled(products, means, inverse1, at1, total2, inverse2, at2 + c), r, at + c, 0)
    for c in range(at + end, at + end + strip_width(r)):
        r[c] = np.nan


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
def choose(r, at, stride, order, seconds, signed, n2, corr, lags, to):
    """Write the best correlation with each signal of y, clipped to [−1, 1], and its lag, from index `to`.

    `order` has the net lags by preference, and `seconds` the values to write to `lags`.
    """
    if n2 < FEW:
        for j in range(n2):
            found, name, bar = np.nan, np.nan, -2.0
            for k in range(len(order)):
                here = r[at + order[k] * stride + j]
                strength = here if signed else abs(here)
                if strength > bar:
                    found, name, bar = here, seconds[k], strength + TIE
            corr[to + j] = 1.0 if found > 1.0 else (-1.0 if found < -1.0 else found)
            lags[to + j] = name
        return
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
def scale_and_choose(
    sums, at, means, inverse1, at1, total2, inverse2, at2, stride, order, seconds, signed, n2, corr, lags, to
):
    """`scale` all lanes and `choose`, for many signals."""
    for start in range(0, n2, strip_width(sums)):
        held, name = repeated(strip(sums), np.nan), repeated(strip(sums), np.nan)
        bar = repeated(held, -2.0)
        for k in range(len(order)):
            c = order[k] * stride + start
            here = scaled(loaded(held, sums, at + c, 0), means, inverse1, at1, total2, inverse2, at2 + c)
            name = either(here, bar, signed, repeated(held, seconds[k]), name)
            held = either(here, bar, signed, here, held)
            bar = raised(here, bar, signed)
        put(held, corr, to + start, n2 - start, 1.0)
        put(name, lags, to + start, n2 - start, np.inf)
