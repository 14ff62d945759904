"""Activity of signals: their variance within each window, and how it varies together over windows."""

import numpy as np

from bitbox_xr.kernels.jit import kernel

__all__ = ["rank_correlation", "window_variances"]


@kernel
def window_variances(x, width, step, first, least, out):
    """Variance of the signals `x` `(frame, n)` in windows at `first`, `first + step`, …, into `out` `(window, n)`.

    Variances are over the frames that are present; NaN where there are fewer than `least`. They are exactly 0 where the
    signal is constant.
    """
    windows, n = out.shape
    for w in range(windows):
        start = first + w * step
        for i in range(n):
            count, origin, total = 0, 0.0, 0.0
            for t in range(start, start + width):
                value = np.float64(x[t, i])
                if value == value:
                    origin = value if count == 0 else origin
                    total += value - origin
                    count += 1
            mean, squares = total / max(count, 1), 0.0
            for t in range(start, start + width):
                value = np.float64(x[t, i])
                if value == value:
                    squares += (value - origin - mean) ** 2
            out[w, i] = squares / count if count >= least else np.nan


def rank_correlation(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Spearman's correlation of each column of `a` `(window, n1)` with each of `b` `(window, n2)`, `(n1, n2)`.

    Ties get their mean rank. Windows without any value in `a` or in `b` are left out. Where only some signals lack a
    window, each signal is ranked over its own windows, and the ranks are correlated over the windows of both. NaN where
    fewer than three windows are common, or the ranks are constant.

    >>> a, b = np.array([[1.0], [5.0], [2.0], [9.0]]), np.array([[3.0], [4.0], [3.5], [1e9]])
    >>> rank_correlation(a, b)
    array([[1.]])
    """
    some = ~np.isnan(a).all(axis=1) & ~np.isnan(b).all(axis=1)
    (r1, present1), (r2, present2) = (_ranks(side[some]) for side in (a, b))
    count = present1.T @ present2
    sums = r1.T @ present2, present1.T @ r2
    squares = (r1**2).T @ present2, present1.T @ r2**2
    with np.errstate(invalid="ignore", divide="ignore"):
        spread = [of_squares - of_ranks**2 / count for of_squares, of_ranks in zip(squares, sums, strict=True)]
        result = (r1.T @ r2 - sums[0] * sums[1] / count) / np.sqrt(spread[0] * spread[1])
    known = (count >= 3) & (np.minimum(*spread) > 1e-9 * count)
    return np.where(known, np.clip(result, -1.0, 1.0), np.nan)


def _ranks(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Ranks in each column, centred on their mean, 0 where a value is missing; and where values are present."""
    from scipy.stats import rankdata

    ranks = rankdata(values, axis=0, nan_policy="omit") if len(values) else values
    present = ~np.isnan(values)
    middle = (present.sum(axis=0) + 1) / 2
    return np.where(present, ranks - middle, 0.0), present.astype(np.float64)
