"""Activity of signals: their variance within each window, and how it varies together over windows."""

from typing import NamedTuple

import numpy as np

from bitbox_xr.kernels.jit import kernel

__all__ = ["Candidates", "Ranks", "candidates", "chosen_correlation", "rank_correlation", "ranked", "window_variances"]

LARGEST_PRODUCT = 250_000  # multiplications of two matrices that OpenBLAS does without threads


def window_variances(x: np.ndarray, width: int, step: int, first: int, number: int, least: int) -> np.ndarray:
    """Variance of the signals `x` `(frame, n)` in `number` windows at `first`, `first + step`, …, `(window, n)`.

    Variances are over the frames that are present; NaN where there are fewer than `least`. They are exactly 0 where the
    signal is constant.
    """
    out = np.empty((number, x.shape[1]))
    x = np.require(x, np.float64, ["C_CONTIGUOUS", "WRITEABLE"])  # the kernel is compiled for these arrays only
    _window_variances(x, width, step, first, least, out)
    return out


@kernel
def _window_variances(x, width, step, first, least, out):
    windows, n = out.shape
    count, origin, mean, squares = np.empty(n), np.empty(n), np.empty(n), np.empty(n)
    for w in range(windows):
        start = first + w * step
        count[:], origin[:], mean[:], squares[:] = 0.0, np.nan, 0.0, 0.0
        for t in range(start, start + width):
            for i in range(n):
                value = np.float64(x[t, i])
                origin[i] = origin[i] if origin[i] == origin[i] else value  # the first value that is present
                mean[i] += value - origin[i] if value == value else 0.0
                count[i] += 1.0 if value == value else 0.0
        for i in range(n):
            mean[i] /= max(count[i], 1.0)
        for t in range(start, start + width):
            for i in range(n):
                value = np.float64(x[t, i]) - origin[i] - mean[i]
                squares[i] += value * value if value == value else 0.0
        for i in range(n):
            out[w, i] = squares[i] / count[i] if count[i] >= least else np.nan


class Ranks(NamedTuple):
    """Columns `(window, column)` and their ranks, which several comparisons may share."""

    values: np.ndarray
    ranks: np.ndarray  # (column, window), centred, 0 where a value is missing
    present: np.ndarray  # (column, window), 1 where there is a value, else 0


def rank_correlation(a: np.ndarray | Ranks, b: np.ndarray | Ranks, *, matched: bool = False) -> np.ndarray:
    """Spearman's correlation of each column of `a` `(window, n1)` with each of `b` `(window, n2)`, `(n1, n2)`.

    With `matched`, only with the same column of `b`, `(n,)`. Ties get their mean rank. Windows without any value in `a`
    or in `b` are left out. Where only some signals lack a window, each signal is ranked over its own windows, and the
    ranks are correlated over the windows of both. NaN where fewer than three windows are common, or the ranks are
    constant.

    >>> a, b = np.array([[1.0], [5.0], [2.0], [9.0]]), np.array([[3.0], [4.0], [3.5], [1e9]])
    >>> rank_correlation(a, b)
    array([[1.]])
    """
    sides = [side if isinstance(side, Ranks) else ranked(side) for side in (a, b)]
    some = np.logical_and(*(~np.isnan(side.values).all(axis=1) for side in sides))
    if not some.all():
        sides = [ranked(side.values[some]) for side in sides]
    (_, r1, present1), (_, r2, present2) = sides
    if present1.all() and present2.all():
        present1 = present2 = np.ones((1, r1.shape[1]))  # the same for all signals
    over = _sums_of_matched if matched else _sums_of_pairs
    count, sums = over(present1, present2), (over(r1, present2), over(present1, r2))
    squares = over(r1**2, present2), over(present1, r2**2)
    with np.errstate(invalid="ignore", divide="ignore"):
        spread = [of_squares - of_ranks**2 / count for of_squares, of_ranks in zip(squares, sums, strict=True)]
        result = (over(r1, r2) - sums[0] * sums[1] / count) / np.sqrt(spread[0] * spread[1])
    known = (count >= 3) & (np.minimum(*spread) > 1e-9 * count)
    return np.where(known, np.clip(result, -1.0, 1.0), np.nan)


def _sums_of_pairs(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Sums over windows of the products of all pairs of rows.

    The parts are so small that BLAS starts no threads: they would compete with the threads that compute surrogates.
    """
    total = np.zeros((len(a), len(b)))
    part = max(32, LARGEST_PRODUCT // max(1, total.size))
    for first in range(0, a.shape[1], part):
        total += a[:, first : first + part] @ b[:, first : first + part].T
    return total


def _sums_of_matched(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    result: np.ndarray = (a * b).sum(axis=1)
    return result


def ranked(values: np.ndarray) -> Ranks:
    """Rank each column `(window, column)`."""
    ranks = np.zeros(values.shape[::-1])
    _rank(values, np.argsort(values, axis=0), ranks)
    return Ranks(values, ranks, np.ascontiguousarray(~np.isnan(values).T, np.float64))


@kernel
def _rank(values, order, ranks):
    """Write the centred ranks of each column as a row; `order` sorts the columns, with missing values last."""
    windows, n = values.shape
    for i in range(n):
        count = 0
        while count < windows and values[order[count, i], i] == values[order[count, i], i]:
            count += 1
        start = 0
        while start < count:
            stop = start + 1
            while stop < count and values[order[stop, i], i] == values[order[start, i], i]:
                stop += 1
            for k in range(start, stop):  # ties
                ranks[i, order[k, i]] = (start + stop - count) / 2
            start = stop


class Candidates(NamedTuple):
    """Values of windows `(candidate, column)`, sorted once, of which each comparison uses some."""

    values: np.ndarray
    order: np.ndarray  # of the candidates of a column, (column, candidate)
    whole: bool  # no value is missing


def candidates(values: np.ndarray) -> Candidates:
    """Sort each column of `values` `(candidate, column)`."""
    order = np.ascontiguousarray(np.argsort(values, axis=0).T.astype(np.int32))
    return Candidates(values, order, not np.isnan(values).any())


def chosen_correlation(a: Ranks, b: Candidates, chosen: np.ndarray) -> np.ndarray:
    """`rank_correlation` of matched columns of `a` and of the candidates `chosen` for its windows, `(column,)`.

    Windows of which `chosen` is −1 are left out.
    """
    used = chosen >= 0
    if not (used.all() and b.whole and a.present.all()):
        return rank_correlation(a if used.all() else a.values[used], b.values[chosen[used]], matched=True)
    place = np.full(len(b.values), -1, np.int32)
    place[chosen] = np.arange(len(chosen), dtype=np.int32)
    result = np.empty(len(b.order))
    _correlate_chosen(a.ranks, b.values, b.order, place, result)
    return result


@kernel
def _correlate_chosen(ranks, values, order, place, out):
    """Rank the candidates that have a place among the windows, in their order, and correlate the ranks with `ranks`."""
    count, windows = order.shape[1], ranks.shape[1]
    for i in range(len(order)):
        own, other, both, seen, k = 0.0, 0.0, 0.0, 0, 0
        for w in range(windows):
            own += ranks[i, w] * ranks[i, w]
        while k < count:
            value, first, part = values[order[i, k], i], seen, 0.0
            while k < count and values[order[i, k], i] == value:  # ties
                w = place[order[i, k]]
                part += ranks[i, w] if w >= 0 else 0.0
                seen += 1 if w >= 0 else 0
                k += 1
            rank = (first + seen - windows) / 2
            both += rank * part
            other += rank * rank * (seen - first)
        known = windows >= 3 and min(own, other) > 1e-9 * windows
        out[i] = min(max(both / np.sqrt(own * other), -1.0), 1.0) if known else np.nan
