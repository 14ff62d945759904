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
    kept = np.empty(n)
    if n == len(w):
        for t in range(n):
            kept[t] = w[t] if abs(w[t]) >= tolerance else 0.0
    else:
        gather(w, tolerance, present, kept)
    median = central(kept, -largest, largest)
    for t in range(n):
        kept[t] = abs(kept[t] - median)
    deviation = central(kept, 0.0, largest + abs(median))
    return median, deviation if deviation > 0 else 1e-12


@kernel_part
def gather(w: np.ndarray, tolerance: float, present: np.ndarray, kept: np.ndarray) -> None:
    """Copy the values of `w` in the frames present to the beginning of `kept`. Those below `tolerance` become 0."""
    k = 0
    for t in range(len(w)):
        if present[t]:
            kept[k] = w[t] if abs(w[t]) >= tolerance else 0.0
            k += 1


@kernel_part
def central(values: np.ndarray, least: float, largest: float) -> float:
    """The median of `values`, which are between `least` and `largest`."""
    # Between subnormal numbers the quotient overflows; with the bound, all values fall into the first bins.
    factor = min((BINS - 1) / (largest - least), MAX_BINS_PER_UNIT)
    n = len(values)
    bins = np.empty(n, np.int16)
    for t in range(n):
        bins[t] = np.int16((values[t] - least) * factor)
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
        total += count
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
