"""Median and median absolute deviation of a response, by a histogram.

Selection among all values of a noisy signal is slow, because the processor mispredicts every other branch. So a
histogram finds the bins of the median and of the deviation, and only the values in these bins are selected.
"""

import numpy as np

from bitbox_xr.kernels.activations.flags import marked
from bitbox_xr.kernels.jit import kernel_part

__all__ = ["select", "spread"]

BINS = 1024
MARGIN = 0.1  # bins; more than the rounding errors of a position among the bins
MAX_BINS_PER_UNIT = np.finfo(np.float64).max


@kernel_part
def spread(w: np.ndarray, largest: float, tolerance: float, present: np.ndarray) -> tuple[float, float]:
    """Median of `w` over the frames present, and its median absolute deviation, where 0 is replaced by 1e-12.

    `largest` is the largest absolute value of `w`. Values below `tolerance` count as 0.
    """
    n = 0
    for t in range(len(present)):  # loops, because array expressions take seconds to compile
        n += present[t]
    if n == 0 or largest == 0:
        return 0.0 if n else np.nan, 1e-12
    kept = np.zeros((n + 7) // 8 * 8)
    if n == len(w):
        for t in range(n):
            kept[t] = w[t]
    else:
        gather(w, present, kept)
    # Between subnormal numbers the quotient overflows; with the bound, all values fall into the first bins.
    factor = min((BINS - 1) / (2 * largest), MAX_BINS_PER_UNIT)
    bins = np.empty(len(kept), np.int16)
    for t in range(n, len(kept)):
        bins[t] = -1
    for t in range(n):
        kept[t] = kept[t] if abs(kept[t]) >= tolerance else 0.0
        bins[t] = np.int16((kept[t] + largest) * factor)
    before, lower, upper = smaller(bins[:n]), (n - 1) // 2, n // 2
    first = 0
    while before[first + 1] <= lower:
        first += 1
    last = first
    while before[last + 1] <= upper:
        last += 1
    median = middle(between(kept, bins, first, last, 0, 0), n, before[first])
    # The deviation is not larger than the distance up to which whole bins hold enough values. It is at most one bin
    # smaller, because every bin that begins nearer than that is a whole bin of a distance that does not suffice.
    centre = (median + largest) * factor
    near, far = distance(before, centre, lower) - 1 - MARGIN, distance(before, centre, upper) + MARGIN
    start, stop = whole_bins(centre, near)
    nearer = before[stop] - before[start]
    first, last = max(0, int(np.floor(centre - far))), min(BINS - 1, int(np.floor(centre + far)))
    inside = between(kept, bins, first, last, start, stop)
    for t in range(len(inside)):
        inside[t] = abs(inside[t] - median)
    deviation = middle(inside, n, nearer)
    return median, deviation if deviation > 0 else 1e-12


@kernel_part
def gather(w: np.ndarray, present: np.ndarray, kept: np.ndarray) -> None:
    """Copy the values of `w` in the frames present to the beginning of `kept`."""
    k = 0
    for t in range(len(w)):
        if present[t]:
            kept[k] = w[t]
            k += 1


@kernel_part
def middle(values: np.ndarray, n: int, below: int) -> float:
    """The median of `n` numbers, of which `values` are those in the middle, and `below` are smaller than these."""
    upper = select(values, n // 2 - below)
    if n % 2:
        return upper
    lower = values[0]
    for t in range(1, n // 2 - below):
        lower = max(lower, values[t])
    return (lower + upper) / 2


@kernel_part
def distance(before: np.ndarray, centre: float, rank: int) -> float:
    """The smallest distance from `centre`, in bins, up to which whole bins hold more than `rank` values."""
    low, high = 0.0, float(BINS)
    while high - low > MARGIN / 2:
        half = (low + high) / 2
        start, stop = whole_bins(centre, half)
        if before[stop] - before[start] > rank:
            high = half
        else:
            low = half
    return high


@kernel_part
def whole_bins(centre: float, distance: float) -> tuple[int, int]:
    """The first of the bins that are completely within a `distance` from `centre`, and the one after the last."""
    start, stop = max(0, int(np.ceil(centre - distance))), min(BINS, int(np.floor(centre + distance)))
    return (start, stop) if start < stop else (0, 0)


@kernel_part
def smaller(bins: np.ndarray) -> np.ndarray:
    """The number of values in the bins before each bin; at last the number of all values."""
    # Neighbouring values are often in one bin. With several tables, one addition need not wait for the one before.
    tables = np.zeros((4, BINS), np.int64)
    whole = len(bins) // 4 * 4
    for t in range(0, whole, 4):
        for k in range(4):
            tables[k, bins[t + k]] += 1
    for t in range(whole, len(bins)):
        tables[0, bins[t]] += 1
    before = np.zeros(BINS + 1, np.int64)
    for k in range(BINS):
        before[k + 1] = before[k] + tables[0, k] + tables[1, k] + tables[2, k] + tables[3, k]
    return before


@kernel_part
def between(values: np.ndarray, bins: np.ndarray, first: int, last: int, start: int, stop: int) -> np.ndarray:
    """The values in bins `first` to `last`, without those in bins `start` to `stop`, the last excluded.

    Both arrays are filled up to a multiple of 8, `bins` with other bins.
    """
    inside = np.zeros(len(bins), np.int8)
    a, b, c, d = np.int16(first), np.int16(last), np.int16(start), np.int16(stop)  # vectors hold more short integers
    for t in range(len(bins)):
        inside[t] = (bins[t] >= a) & (bins[t] <= b) & ((bins[t] < c) | (bins[t] >= d))
    at = marked(inside)
    out = np.empty(len(at))
    for k in range(len(at)):
        out[k] = values[at[k]]
    return out


@kernel_part
def select(values: np.ndarray, k: int) -> float:
    """The k-th smallest of `values` from 0, by Hoare's algorithm. Reorders `values`: none before k is larger."""
    left, right = 0, len(values) - 1
    while left < right:
        pivot = values[(left + right) // 2]
        i, j = left, right
        while i <= j:
            while values[i] < pivot:
                i += 1
            while values[j] > pivot:
                j -= 1
            if i <= j:
                values[i], values[j] = values[j], values[i]
                i, j = i + 1, j - 1
        if j < k < i:
            break
        left, right = (left, j) if k <= j else (i, right)
    return values[k]
