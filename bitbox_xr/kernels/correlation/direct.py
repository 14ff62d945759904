"""Direct two-pass computation of correlations in float64, where sums of products would be inaccurate."""

import numpy as np

from bitbox_xr.kernels.correlation.moments import FLAT
from bitbox_xr.kernels.correlation.ties import enter
from bitbox_xr.kernels.jit import kernel, kernel_part

__all__ = ["mend", "pair_correlation"]


@kernel
def mend(side1, side2, slides, rule, seconds, first, step, corr, lags):
    """Compute the correlations of signals in windows that are `weak`, and update the best lags.

    `side1` and `side2`: numbers and weak entries, `(frame, signal)`. `first`: first frame of the first window.
    """
    (x, weak1), (y, weak2) = side1, side2
    width, least, signed, nearest = rule
    mine, other, number = slides
    n1, n2 = x.shape[1], y.shape[1]
    work = np.empty((9, max(n1, n2)))
    for w in range(len(corr)):
        at = first + w * step
        best, lag = corr[w].reshape(-1), lags[w].reshape(-1)
        for r in range(len(number)):
            for slid in range(number[r]):
                a, b = at + mine[r] + slid, at + other[r] + slid
                for j in range(n2):
                    if weak2[b, j]:
                        _exact(x, a, y, b, j, width, least, work)
                        for i in range(n1):
                            enter(best, lag, i * n2 + j, work[0, i], seconds[r], signed, nearest)
                for i in range(n1):
                    if weak1[a, i]:
                        _exact(y, b, x, a, i, width, least, work)
                        for j in range(n2):
                            enter(best, lag, i * n2 + j, work[0, j], seconds[r], signed, nearest)


@kernel_part
def _exact(many, at, one, at_one, j, width, least, work):
    """Write r of every signal of `many` (window at `at`) with signal j of `one` to `work[0]`, in two passes.

    Only frames present in both signals count. r is NaN if they are fewer than `least` or if a signal is flat on them.
    """
    n = many.shape[1]
    r, count, mean, mean_one, low, high, low_one, high_one, square_one = work
    r[:n], count[:n], mean[:n], mean_one[:n], square_one[:n] = 0.0, 0.0, 0.0, 0.0, 0.0
    low[:n], high[:n], low_one[:n], high_one[:n] = np.inf, -np.inf, np.inf, -np.inf
    for k in range(width):
        v = one[at_one + k, j]
        if v == v:
            for i in range(n):
                u = many[at + k, i]
                present = u == u
                count[i] += 1.0 if present else 0.0
                mean[i] += u if present else 0.0
                mean_one[i] += v if present else 0.0
                low[i] = u if u < low[i] else low[i]
                high[i] = u if u > high[i] else high[i]
                low_one[i] = v if present and v < low_one[i] else low_one[i]
                high_one[i] = v if present and v > high_one[i] else high_one[i]
    for i in range(n):
        mean[i] /= max(count[i], 1.0)
        mean_one[i] /= max(count[i], 1.0)
    square = np.zeros(n)
    for k in range(width):
        v = one[at_one + k, j]
        if v == v:
            for i in range(n):
                u = many[at + k, i] - mean[i]
                present = u == u
                u, w = (u, v - mean_one[i]) if present else (0.0, 0.0)
                square[i] += u * u
                square_one[i] += w * w
                r[i] += u * w
    for i in range(n):
        flat = _is_flat(square[i], count[i], low[i], high[i])
        flat |= _is_flat(square_one[i], count[i], low_one[i], high_one[i])
        value = r[i] / np.sqrt(square[i]) / np.sqrt(square_one[i])
        r[i] = np.nan if flat or count[i] < least else min(max(value, -1.0), 1.0)


@kernel_part
def pair_correlation(x, at1, i, y, at2, j, width, least):
    """r of signal i of x in the window at `at1` with signal j of y at `at2`, in two passes; NaN as in `_exact`."""
    count, mean1, mean2 = 0, 0.0, 0.0
    low1, high1, low2, high2 = np.inf, -np.inf, np.inf, -np.inf
    for k in range(width):
        u, v = x[at1 + k, i], y[at2 + k, j]
        if u == u and v == v:
            count += 1
            mean1 += u
            mean2 += v
            low1, high1, low2, high2 = min(low1, u), max(high1, u), min(low2, v), max(high2, v)
    if count < least:
        return np.nan
    mean1 /= count
    mean2 /= count
    square1, square2, both = 0.0, 0.0, 0.0
    for k in range(width):
        u, v = x[at1 + k, i] - mean1, y[at2 + k, j] - mean2
        if u == u and v == v:
            square1 += u * u
            square2 += v * v
            both += u * v
    if _is_flat(square1, count, low1, high1) or _is_flat(square2, count, low2, high2):
        return np.nan
    return both / np.sqrt(square1) / np.sqrt(square2)


@kernel_part
def _is_flat(square, count, low, high):
    """Whether values between `low` and `high`, with sum of squares `square` about their mean, are constant."""
    return low >= high or np.sqrt(square / max(count, 1.0)) < FLAT * max(abs(low), abs(high))
