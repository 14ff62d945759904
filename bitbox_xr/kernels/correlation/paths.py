"""The choice of precision and stretch for given numbers of signals, windows and lags."""

import math
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from bitbox_xr.kernels.correlation.plan import Plan
from bitbox_xr.kernels.correlation.tiles import shape, slab_shape, strip_columns

__all__ = ["WIDTHS_MOVED", "Path", "moves", "path", "paths", "slabs"]

Float = type[np.float32] | type[np.float64]

# Times in ns, measured on one core with AVX-512; tests/benchmarks/compare_paths.py shows how much
# slower than the fastest path the chosen one is: 1 % on average, at most 23 %.
PER_PRODUCT: dict[Float, float] = {np.float32: 0.0078, np.float64: 0.017}  # of a lane and a frame
PER_SUM: dict[Float, float] = {np.float32: 0.058, np.float64: 0.106}  # new sums: to write and scale the sum of a lane
PER_STRIP = 3.7  # to compare the correlations of a strip with those of the other lags
PER_CANDIDATE = 0.2  # two-sided lags, for each pair of shifts of each pair of signals
PER_NEW_FRAME: dict[Float, float] = {np.float32: 1.0, np.float64: 1.9}  # to read and scale a frame of a signal
PER_FRAME = 2.8, 0.7  # to centre a frame of one side, and for its sums: in all, and for each signal
PER_ROW = 25.0  # to write the results of a signal of x
PER_STRETCH = 1400.0
MOVING_PER_LANE = 0.085  # to read, write, scale and compare a covariance
MOVING_PER_FRAME = 4.8, 2.5  # as `PER_FRAME`, with the factors of moves
MOVING_PER_ROW = 12.0
FEW_PER_PRODUCT = 0.025  # stretches side by side: of a pair, a lag and a frame
FEW_PER_LAG = 0.26  # of a pair
FEW_PER_PAIR = 2.1  # to write its result
FEW_PER_FRAME = 1.4  # of a signal
FEW_PER_FAR_FRAME = 0.082  # of a pair, if all signals of y in a stretch exceed `FEW_BYTES`
PER_CALL = 100_000.0  # to call a kernel from Python
STRETCH_BYTES = 8_000_000  # of the tables of a stretch
FEW_BYTES = 800_000  # of the frames of y in the second cache
WIDEST_SLABS = 5  # in a row of `moving`, whose tables of a window stay in the first cache; otherwise y is divided
PACKED = 1.1  # lanes are packed if whole slabs would have more lanes for each signal of y
WIDTHS_MOVED = 4  # window lengths through which sums move before they are new, so that errors do not accumulate
CELLS = 1_000_000  # correlations of a call for many windows: measures cut them into blocks of about as many


class Path(NamedTuple):
    """How windows are computed: see `running`, `moving` and, without gaps and with `few`, `few`."""

    dtype: Float
    stretch: int  # windows with a common centre
    ns: float  # estimate of the time for a window
    shortest_run: int  # windows without gaps between windows with gaps that are computed apart
    few: bool = False


def path(plan: Plan, n1: int, n2: int) -> Path:
    """The path that takes the least time."""
    return min(paths(plan, n1, n2), key=lambda one: one.ns)


def paths(plan: Plan, n1: int, n2: int) -> list[Path]:
    """The paths between which `path` chooses.

    - two-sided lags: windows one by one, in float64, as sums move along the shifts;
    - otherwise float64, in stretches of four times the width, whose windows share the tables of their frames, and the
      sums of the window before if they overlap by more than a half (see `moving`);
    - or new sums in float32, two windows at a time, which share the sums of the frames that both have, or the stretches
      of float64 side by side in vectors, pair by pair of signals (see `few`).
    """
    more = n1 * n2 * int(plan.number.sum()) * PER_CANDIDATE if plan.sliding else None
    return list(_paths(Task(plan.width, plan.step, plan.reach, plan.lanes.number, n1, n2), more))


class Task(NamedTuple):
    """Sizes on which the time depends, in frames."""

    width: int
    step: int
    reach: tuple[int, int]
    lags: int
    n1: int
    n2: int


def moves(dtype: Float, stretch: int, width: int, step: int) -> bool:
    """Whether covariances of a stretch of one-sided lags move along time, by `moving`."""
    return dtype is np.float64 and stretch > 2 and 2 * step < width


def slabs(step: int, n2: int) -> tuple[int, int, bool]:
    """In `moving`, the number of parts of y, the lanes of a lag in each, and whether they are packed.

    Lanes are whole slabs, or packed: only those that exist. Then y has one part, and the lags of a slab's signals are
    compared in a separate pass, which takes longer where steps are short.
    """
    cols = slab_shape()[1]
    parts = math.ceil(n2 / (WIDEST_SLABS * cols))
    stride = math.ceil(n2 / (parts * cols)) * cols
    packed = step > 2 and PACKED * n2 < stride
    return parts, n2 if packed else stride, packed


@lru_cache(maxsize=64)
def _paths(task: Task, sliding: float | None) -> tuple[Path, ...]:
    """`paths`; with two-sided lags, `sliding` is the time for their comparisons."""
    width, step = task.width, task.step
    if sliding is not None:
        return (_path(task, np.float64, 1, width, sliding),)
    # otherwise a stretch would have frames between its windows
    stretch = max(8, WIDTHS_MOVED * width // step) if step <= max(task.reach) else 1
    found = [_path(task, np.float64, stretch, width, 0.0)]
    shared = step < width  # by two windows in float32
    sums = (width + step) / 2 if shared else width
    found += [_path(task, np.float32, 1 + shared, sums, 0.0), _side_by_side(task, found[0])]
    return tuple(found)


def _path(task: Task, dtype: Float, stretch: int, frames: float, more: float) -> Path:
    """The path of windows whose new sums have the products of `frames` frames, or that move."""
    most = STRETCH_BYTES // (24 * (task.n1 + task.n2)) - task.width - task.lags  # frames
    stretch = max(1, min(stretch, most // task.step))
    moving = moves(dtype, stretch, task.width, task.step)
    ns = (_moving(task, stretch) if moving else _running(task, dtype, stretch, frames)) + more
    return Path(dtype, stretch, ns, max(2, int(PER_CALL / (2 * ns))))


def _new_frames(task: Task, stretch: float) -> list[float]:
    """Frames of each side for a window, if the windows of a stretch share them."""
    return [task.step + (side - task.step) / stretch for side in task.reach]


def _tables(task: Task, stretch: float, times: tuple[float, float]) -> float:
    """Time for the tables of a window, which take `times` for a frame: in all, and for each signal."""
    sides = zip(_new_frames(task, stretch), (task.n1, task.n2), strict=True)
    return PER_STRETCH / stretch + sum(frames * (times[0] + times[1] * n) for frames, n in sides)


def _running(task: Task, dtype: Float, stretch: float, frames: float) -> float:
    """Time for a window whose sums have the products of `frames` frames."""
    _, step, reach, lags, n1, n2 = task
    rows, cols = shape(dtype)
    lanes = math.ceil(n1 / rows) * rows * math.ceil(lags * n2 / cols) * cols
    strips = n1 * lags * math.ceil(n2 / strip_columns(dtype))
    read = sum(min(step, side) * n for side, n in zip(reach, (n1, n2), strict=True)) * PER_NEW_FRAME[dtype]
    sums = lanes * (frames * PER_PRODUCT[dtype] + PER_SUM[dtype]) + strips * PER_STRIP
    return sums + read + n1 * PER_ROW + _tables(task, stretch, PER_FRAME)


def _moving(task: Task, stretch: int) -> float:
    """Time for a window whose covariances move from the one before, with new ones for the first of a stretch."""
    width, step, _, lags, n1, n2 = task
    windows = max(1, min(stretch, CELLS / (n1 * n2)))
    rows, cols = slab_shape()
    parts, stride, _ = slabs(step, n2)
    moved = math.ceil(lags * stride / cols) * cols * parts
    compared = math.ceil(stride / cols) * cols * parts * lags
    products = moved * (2 * step + width / windows) * PER_PRODUCT[np.float64]
    sums = math.ceil(n1 / rows) * rows * (products + compared * MOVING_PER_LANE)
    return sums + n1 * parts * MOVING_PER_ROW + _tables(task, windows, MOVING_PER_FRAME)


def _side_by_side(task: Task, alone: Path) -> Path:
    """The path of `alone` with stretches side by side, in shorter stretches if the tables would be too large."""
    width, step, reach, lags, n1, n2 = task
    lanes = strip_columns(np.float64)
    most = STRETCH_BYTES // (24 * lanes * (n1 + n2)) - max(reach)  # frames
    stretch = max(1, min(alone.stretch, most // step + 1))
    windows = max(1, min(stretch, CELLS / (lanes * n1 * n2)))
    products = (width + (windows - 1) * min(width, 2 * step)) / windows
    pair = FEW_PER_PAIR + lags * (FEW_PER_LAG + products * FEW_PER_PRODUCT)
    covered = (windows - 1) * step + reach[1]
    if n2 * covered * lanes * 8 > FEW_BYTES:
        pair += covered / windows * FEW_PER_FAR_FRAME
    read = sum(frames * n for frames, n in zip(_new_frames(task, windows), (n1, n2), strict=True))
    return alone._replace(stretch=stretch, ns=n1 * n2 * pair + read * FEW_PER_FRAME, few=True)
