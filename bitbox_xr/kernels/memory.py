"""Memory of large arrays, whose first use takes a noticeable part of a fast computation.

Linux gives a process memory when it first writes to it, in pages of 4 kB, or in *huge pages* of 2 MB where a program
asks for them. It fills each page with zeros before, which takes some 2 µs for 4 kB and 85 µs for 2 MB. A virtual
machine that returns unused memory to its host gets it back in the same way, which takes 4 to 10 ms for 2 MB.

Large arrays therefore begin at a huge page. When they are deleted, their memory is kept for the next ones, at most
`KEPT` bytes in all, and Linux may take it back when it needs memory (`MADV_FREE`).
"""

import math
import mmap
import sys
from collections.abc import Callable
from contextlib import suppress

import numpy as np

__all__ = ["side_by_side", "undefined"]

HUGE_PAGE = 2**21  # bytes
LEAST = 8 * HUGE_PAGE  # bytes of a large array; the unused end of its last page is at most an eighth of it
LEAST_TOGETHER = HUGE_PAGE // 4  # bytes of arrays that a computation uses for a short time
KEPT = 64 * HUGE_PAGE  # bytes
LINE = 64  # bytes of a line of the cache, and of the longest vectors

AVAILABLE = hasattr(mmap, "MADV_HUGEPAGE") and hasattr(mmap, "MADV_FREE")  # on Linux


def undefined(shape: tuple[int, ...], dtype: type) -> np.ndarray:
    """An array of undefined values. If it is large, it begins at a multiple of 2 MB, as huge pages do."""
    size = math.prod(shape) * np.dtype(dtype).itemsize
    if size < LEAST or not AVAILABLE:
        return np.empty(shape, dtype)
    return _bytes(size)[:size].view(dtype).reshape(shape)


def side_by_side(*numbers: int) -> list[np.ndarray]:
    """Arrays of `numbers` undefined float64, aligned to lines of the cache, in one piece of memory."""
    sizes = [-(-8 * number // LINE) * LINE for number in numbers]
    size = sum(sizes)
    small = size < LEAST_TOGETHER or not AVAILABLE
    memory = np.empty(size + LINE, np.uint8) if small else _bytes(size + LINE)
    first = -memory.ctypes.data % LINE
    starts = [first + sum(sizes[:k]) for k in range(len(sizes))]
    return [memory[start : start + 8 * n].view(np.float64) for start, n in zip(starts, numbers, strict=True)]


def _bytes(size: int) -> np.ndarray:
    """An array of at least `size` bytes that begins at a huge page."""
    size = _rounded(size)
    return np.asarray(_Loan(_kept_before(size) or _new(size)))


def _rounded(size: int) -> int:
    """At most an eighth more than `size`, so that arrays of similar sizes can have the same memory, and whole pages."""
    pages = -(-size // HUGE_PAGE)
    unit = 2 ** max(0, pages.bit_length() - 4)
    return -(-pages // unit) * unit * HUGE_PAGE


class _Memory:
    """Memory of `size` bytes that begins at a huge page."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.mapping = mmap.mmap(-1, size + HUGE_PAGE, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
        with suppress(OSError):  # the system has no huge pages
            self.mapping.madvise(mmap.MADV_HUGEPAGE)
        whole = np.frombuffer(self.mapping, np.uint8)
        skip = -whole.ctypes.data % HUGE_PAGE
        self.numbers = whole[skip : skip + size]


class _Loan:
    """What owns the memory of an array for NumPy: the memory is kept when the array and its views are deleted."""

    def __init__(self, memory: _Memory) -> None:
        self.memory = memory
        self.__array_interface__ = memory.numbers.__array_interface__

    def __del__(self, exiting: Callable[[], bool] = sys.is_finalizing) -> None:
        if exiting() or self.memory.size > KEPT:  # when Python exits, other names of this module may be gone
            return
        with suppress(OSError):  # the system could not take it back: it is returned now
            self.memory.mapping.madvise(mmap.MADV_FREE)
            _kept.append(self.memory)
            _release(KEPT)  # after the memory is added, so that threads together do not keep more


# The oldest first. No locks: arrays may be deleted at any time, and single operations on lists are safe with threads.
_kept: list[_Memory] = []


def _kept_before(size: int) -> _Memory | None:
    for memory in reversed(_kept.copy()):
        if memory.size == size:
            with suppress(ValueError):  # another thread has it
                _kept.remove(memory)
                return memory
    return None


def _new(size: int) -> _Memory:
    _release(max(0, KEPT - size))
    try:
        return _Memory(size)
    except OSError as error:
        raise MemoryError(f"expected {size} bytes of memory for an array, got none from the system") from error


def _release(most: int) -> None:
    """Return the oldest memory to the system until at most `most` bytes are kept."""
    while sum(memory.size for memory in _kept.copy()) > most:
        with suppress(IndexError):  # another thread has it
            del _kept[0]
