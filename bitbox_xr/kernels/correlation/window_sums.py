"""The sums over windows that `statistics.SUMS` lists."""

import numpy as np

from bitbox_xr.kernels.jit import kernel

__all__ = ["add_windows"]

MAX_CORRELATION = 1 - 1e-6  # arctanh of a perfect correlation is infinite
WINDOWS_PER_LOG = 32  # of a block; the product of their ratios, at most (2·10⁶)³², is far below the largest float64


@kernel
def add_windows(corr, lag, limit, block, sums):
    """Add windows, `corr` and `lag` `(window, n1, n2)`, to `sums` `(block, 9, n1, n2)`, without NaN.

    Sums are over `block` windows each. arctanh r is half the logarithm of (1 + r) / (1 − r). To save
    logarithms, the ratios of several windows are multiplied first. The last sum counts lags at least `limit` (s) from
    zero.
    """
    windows, n1, n2 = corr.shape
    ratio = np.empty(n2)
    for i in range(n1):
        for start in range(0, windows, WINDOWS_PER_LOG):
            ratio[:] = 1.0
            k = start // block
            for w in range(start, min(start + WINDOWS_PER_LOG, windows)):
                for j in range(n2):
                    r = np.float64(corr[w, i, j])
                    seconds = np.float64(lag[w, i, j])
                    present = r == r
                    r = r if present else 0.0
                    seconds = seconds if present else 0.0
                    one = 1.0 if present else 0.0
                    capped = MAX_CORRELATION if r > MAX_CORRELATION else r
                    capped = -MAX_CORRELATION if capped < -MAX_CORRELATION else capped
                    ratio[j] *= (1.0 + capped) / (1.0 - capped)
                    sums[k, 0, i, j] += one
                    sums[k, 1, i, j] += r
                    sums[k, 2, i, j] += r * r
                    sums[k, 3, i, j] += abs(r)
                    sums[k, 5, i, j] += seconds
                    sums[k, 6, i, j] += 1.0 if seconds < 0.0 else 0.0
                    sums[k, 7, i, j] += 1.0 if seconds > 0.0 else 0.0
                    sums[k, 8, i, j] += one if abs(seconds) >= limit else 0.0
            for j in range(n2):
                sums[k, 4, i, j] += 0.5 * np.log(ratio[j])
