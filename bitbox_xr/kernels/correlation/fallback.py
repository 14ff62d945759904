"""Direct two-pass computation of correlations in float64, where tiles would be inaccurate."""

import numpy as np

from bitbox_xr.kernels.correlation.moments import FLAT
from bitbox_xr.kernels.correlation.ties import enter
from bitbox_xr.kernels.jit import kernel

__all__ = ["mend"]


@kernel
def mend(x, y, at, rule, slides, group, gaps, weak1, weak2, state1, state2, best, lag, seconds, padded):
    """Compute the correlations that the tiles left out of a group of net lags, and update the best lags.

    These are the pairs of signals with their own gaps (state 1 in `state1` and `state2`, see `presence`) and of
    signals flagged in `weak1` and `weak2`. If there are `gaps`, `weak1` and `weak2` have one row for each candidate of
    the group, else one for each shift.
    """
    width, least, signed, nearest = rule
    mine, other, number = slides
    n1, n2 = x.shape[1], y.shape[1]
    work = np.empty((9, max(n1, n2)))
    row = 0
    for r in range(group[0], group[1]):
        for slid in range(number[r]):
            a, b = mine[r] + slid, other[r] + slid
            row1, row2 = (row, row) if gaps else (a, b)
            for j in range(n2):
                if state2[j] == 1 or weak2[row2, j]:
                    _exact(x, at + a, y, at + b, j, width, least, work)
                    for i in range(n1):
                        enter(best, lag, i * padded + j, work[0, i], seconds[r], signed, nearest)
            for i in range(n1):
                if state1[i] == 1 or weak1[row1, i]:
                    _exact(y, at + b, x, at + a, i, width, least, work)
                    for j in range(n2):
                        enter(best, lag, i * padded + j, work[0, j], seconds[r], signed, nearest)
            row += 1


@kernel
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
        r[i] = np.nan if flat or count[i] < least else r[i] / np.sqrt(square[i]) / np.sqrt(square_one[i])


@kernel
def _is_flat(square, count, low, high):
    """Whether values between `low` and `high`, with sum of squares `square` about their mean, are constant."""
    return low >= high or np.sqrt(square / max(count, 1.0)) < FLAT * max(abs(low), abs(high))
