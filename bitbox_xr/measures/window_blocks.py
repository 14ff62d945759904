"""Windows of recordings, divided into blocks that are computed one by one, with threads if there is enough work.

The blocks and their order do not depend on the number of threads, so results are the same to the last digit for any
number.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple, TypeVar

import numpy as np

from bitbox_xr.core.lazy import threads
from bitbox_xr.core.progress import tracked
from bitbox_xr.core.types import Array

__all__ = ["BLOCK", "Block", "Grids", "Windows", "Work", "blocks", "listed", "over_blocks", "workers"]

T = TypeVar("T")

BLOCK = 32  # windows whose sums are added together; their matrices of 79 × 79 pairs fit into the processor's cache
BLOCK_NS = 2_000_000  # least time for a block, where there is enough work; threads cost some 100 000 ns
BLOCK_CELLS = 1_000_000  # of the matrices of a block, if it has more than BLOCK windows
MIN_ROWS = 64  # signals of x in a block: each block computes means and spreads of all signals of y


class Windows(NamedTuple):
    """Windows: number w starts at frame `start + reach + w · step`; its lags use `reach` frames more each way."""

    width: int
    step: int
    reach: int
    number: int
    start: int = 0

    def frames(self, first: int, stop: int) -> slice:
        """Frames that windows `first` to `stop` use, with their lags."""
        last = (stop - 1) * self.step + 2 * self.reach + self.width
        return slice(self.start + first * self.step, self.start + last)

    def cut(self, array: Array) -> Array:
        """The frames of an array `(…, time, signal)` that all windows use; there, the windows start at frame 0."""
        return array[..., self.frames(0, self.number), :]


# The windows of a recording, or those of each of its intervals, with one width, step and reach.
Grids = Windows | Sequence[Windows]


def listed(grids: Grids) -> Sequence[Windows]:
    """The windows of each interval."""
    return [grids] if isinstance(grids, Windows) else grids


class Work(NamedTuple):
    """What a window costs."""

    ns: float  # estimate of its time
    n1: int
    n2: int
    whole: bool = False  # signals cannot be divided
    stretch: int = 1  # windows that are better computed together


class Block(NamedTuple):
    """Windows `first` to `stop` of one grid, and some signals of x, of the recording at index `where`."""

    where: tuple[int, ...]
    grid: int
    windows: Windows
    first: int
    stop: int
    rows: slice
    into: slice  # of the windows of all grids


def blocks(extra: tuple[int, ...], grids: Sequence[Windows], work: Work) -> list[Block]:
    """Blocks of all grids of all recordings, in order.

    Each grid has its own, as it has if the recording is cut into its intervals.
    """
    before = np.cumsum([0, *(windows.number for windows in grids)]).tolist()
    found = []
    for where in np.ndindex(extra):
        for grid, windows in enumerate(grids):
            size, rows = _size(windows.number, work)
            for first in range(0, windows.number, size):
                stop = min(first + size, windows.number)
                into = slice(before[grid] + first, before[grid] + stop)
                for row in range(0, work.n1, rows):
                    some = slice(row, min(row + rows, work.n1))
                    found.append(Block(where, grid, windows, first, stop, some, into))
    return found


def _size(count: int, work: Work) -> tuple[int, int]:
    """Number of windows in a block, a multiple of `BLOCK`, and number of signals of x."""
    size = min(max(BLOCK_NS / work.ns, work.stretch), BLOCK_CELLS / (work.n1 * work.n2))
    if count * work.ns > BLOCK_NS:
        size = min(size, count / 4)
    windows = BLOCK * max(1, round(size / BLOCK))
    if work.whole:
        return windows, work.n1
    few = min(4 / max(1, math.ceil(count / windows)), count * work.ns / BLOCK_NS)  # so that there are four blocks
    long = min(windows, count) * work.ns / (4 * BLOCK_NS)
    parts = max(1, min(work.n1 // MIN_ROWS, int(max(few, long))))
    return windows, math.ceil(work.n1 / (4 * parts)) * 4  # whole tiles


def workers(extra: tuple[int, ...], grids: Sequence[Windows], work: Work) -> int:
    """Number of threads for the windows of all recordings: one if there is little to do."""
    number = math.prod(extra) * sum(windows.number for windows in grids)
    return threads() if number * work.ns > BLOCK_NS else 1


def over_blocks(function: Callable[[Block], T], found: list[Block], count: int) -> Iterator[T]:
    """Apply `function` to blocks with `count` threads; yield its results in order."""
    from concurrent.futures import ThreadPoolExecutor

    if count == 1 or len(found) <= 1:
        yield from tracked(map(function, found), len(found)) if count > 1 else map(function, found)
        return
    with ThreadPoolExecutor(min(count, len(found))) as pool:
        yield from tracked(pool.map(function, found), len(found))
