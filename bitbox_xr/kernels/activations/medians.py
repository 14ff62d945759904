"""Median and median absolute deviation of a response, by bins.

Selection among all values of a noisy signal is slow, because the processor mispredicts every other branch. So the
values are sorted into bins, the bin of the median is found by bisection, and only the values in it are selected.
Counting the values below a bin uses vector instructions, which hold many short integers.
"""

import numpy as np

from bitbox_xr.kernels.activations.flags import flags_for, marked
from bitbox_xr.kernels.jit import kernel_part

__all__ = ["select", "spread"]

BINS = 2**12
MAX_COUNT = 2**14  # of values that a short integer counts
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
    source = w if n == len(w) else gathered(w, present, n)
    values, bins = np.empty(n), np.empty(n, np.int16)
    per_unit = bins_per_unit(2 * largest)
    for t in range(n):
        values[t] = source[t] if abs(source[t]) >= tolerance else 0.0
        bins[t] = np.int16((values[t] + largest) * per_unit)
    median = central(values, bins)
    per_unit = bins_per_unit(largest + abs(median))
    for t in range(n):
        values[t] = abs(values[t] - median)
        bins[t] = np.int16(values[t] * per_unit)
    deviation = central(values, bins)
    return median, deviation if deviation > 0 else 1e-12


@kernel_part
def gathered(w: np.ndarray, present: np.ndarray, n: int) -> np.ndarray:
    """The values of `w` in the `n` frames present."""
    out = np.empty(n)
    k = 0
    for t in range(len(w)):
        if present[t]:
            out[k] = w[t]
            k += 1
    return out


@kernel_part
def bins_per_unit(span: float) -> float:
    """The factor from values to bins, if the values span so much."""
    # Between subnormal numbers the quotient overflows; with the bound, all values fall into the first bins.
    return min((BINS - 1) / span, MAX_BINS_PER_UNIT)


@kernel_part
def central(values: np.ndarray, bins: np.ndarray) -> float:
    """The median of `values`, whose `bins` are in the same order."""
    n = len(values)
    first = bin_of(bins, (n - 1) // 2)
    last = bin_of(bins, n // 2) if smaller(bins, first + 1) <= n // 2 else first
    return middle(between(values, bins, first, last), n, smaller(bins, first))


@kernel_part
def bin_of(bins: np.ndarray, rank: int) -> int:
    """The bin of the value of this rank, from 0."""
    low, high = 0, BINS
    while high - low > 1:
        half = (low + high) // 2
        if smaller(bins, half) > rank:
            high = half
        else:
            low = half
    return low


@kernel_part
def smaller(bins: np.ndarray, bound: int) -> int:
    """The number of values in bins before `bound`."""
    limit, total = np.int16(bound), 0
    for start in range(0, len(bins), MAX_COUNT):
        part, count = bins[start : start + MAX_COUNT], np.int16(0)
        for t in range(len(part)):
            count = np.int16(count + np.int16(part[t] < limit))
        total += int(count)
    return total


@kernel_part
def between(values: np.ndarray, bins: np.ndarray, first: int, last: int) -> np.ndarray:
    """The values in bins `first` to `last`."""
    inside = flags_for(len(values))
    a, b = np.int16(first), np.int16(last)
    for t in range(len(bins)):
        inside[t] = (bins[t] >= a) & (bins[t] <= b)
    at = marked(inside)
    out = np.empty(len(at))
    for k in range(len(at)):
        out[k] = values[at[k]]
    return out


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
