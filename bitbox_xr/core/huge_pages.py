"""Memory of large results, whose first use takes a noticeable part of a fast computation.

Linux gives a process memory when it first writes to it, in pages of 4 kB, or in *huge pages* of 2 MB where NumPy asks
for them. A huge page begins at a multiple of 2 MB, so that the ends of an array, up to 4 MB, consist of small pages. In
arrays of 37 MB these take a third of the time of first use.
"""

import math

import numpy as np

__all__ = ["undefined"]

HUGE_PAGE = 2**21  # bytes
LEAST = 8 * HUGE_PAGE  # bytes of an array that is aligned; the unused end of its last page is at most an eighth of it


def undefined(shape: tuple[int, ...], dtype: type) -> np.ndarray:
    """An array of undefined values. If it is large, it begins at a multiple of 2 MB, as huge pages do."""
    size = np.dtype(dtype).itemsize
    number = math.prod(shape)
    if number * size < LEAST:
        return np.empty(shape, dtype)
    memory: np.ndarray = np.empty(number + 2 * HUGE_PAGE // size, dtype)  # unused pages take no memory
    skip = -memory.ctypes.data % HUGE_PAGE // size
    return memory[skip : skip + number].reshape(shape)
