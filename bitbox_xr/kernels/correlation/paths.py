"""The choice of precision and stretch for given numbers of signals, windows and lags."""

import math
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from bitbox_xr.kernels.correlation.plan import Plan
from bitbox_xr.kernels.correlation.tiles import shape, strip_columns

__all__ = ["Path", "path", "paths"]

Float = type[np.float32] | type[np.float64]

# Times in ns, measured on one core with AVX-512; tests/benchmarks/compare_paths.py shows how much
# slower than the fastest path the chosen one is: 1 % on average, at most 33 %.
PER_PRODUCT: dict[Float, float] = {np.float32: 0.0079, np.float64: 0.0185}  # of a lane and a frame
PER_SUM = 0.03  # to read and write the sum of a lane
PER_STRIP = 5.0  # to compare the correlations of a strip with those of the other lags
PER_CANDIDATE = 0.2  # two-sided lags, for each pair of shifts of each pair of signals
PER_NEW_FRAME = 1.7  # to read and scale a frame of a signal
PER_FRAME = 7.0, 0.7  # to centre a frame of one side, and for its sums: in all, and for each signal
PER_ROW = 50.0  # to write the results of a signal of x
PER_WINDOW = 1800.0  # of stretches of one window
FEW_PER_PRODUCT = 0.034  # stretches side by side: of a pair, a lag and a frame
FEW_PER_LAG = 0.25  # of a pair
FEW_PER_PAIR = 3.0  # to write its result
FEW_PER_FRAME = 2.5  # of a signal
PER_CALL = 100_000.0  # to call a kernel from Python
CACHE_BYTES = 48_000  # of the frames of y in a window, beside the tables; with more, y is read from the second cache
FAR: dict[Float, float] = {np.float32: 1.05, np.float64: 1.15}  # times as long for a product then
STRETCH_BYTES = 8_000_000  # of the tables of a stretch


class Path(NamedTuple):
    """How windows are computed: see `running`, `moving` and, without gaps and with `few`, `few`."""

    dtype: Float
    stretch: int  # windows with a common centre
    ns: float  # estimate of the time for a window
    shortest_run: int  # windows without gaps between windows with gaps that are computed apart
    few: bool = False


def path(plan: Plan, n1: int, n2: int, *, matched: bool = False) -> Path:
    """The path that takes the least time."""
    return min(paths(plan, n1, n2, matched=matched), key=lambda one: one.ns)


def paths(plan: Plan, n1: int, n2: int, *, matched: bool = False) -> list[Path]:
    """The paths between which `path` chooses.

    - two-sided lags: windows one by one, in float64, as sums move along the shifts;
    - otherwise float64, in stretches of four times the width, whose windows share the tables of their frames, and the
      sums of the window before if they overlap by more than a half (see `moving`);
    - except for matched pairs, new sums in float32, two windows at a time, which share the sums of the frames that both
      have, or the stretches of float64 side by side in vectors, pair by pair of signals (see `few`).
    """
    more = n1 * n2 * int(plan.number.sum()) * PER_CANDIDATE if plan.sliding else None
    return list(_paths(Task(plan.width, plan.step, plan.reach, plan.lanes.number, n1, n2), more, matched))


class Task(NamedTuple):
    """Sizes on which the time depends, in frames."""

    width: int
    step: int
    reach: tuple[int, int]
    lags: int
    n1: int
    n2: int


@lru_cache(maxsize=64)
def _paths(task: Task, sliding: float | None, matched: bool) -> tuple[Path, ...]:
    """`paths`; with two-sided lags, `sliding` is the time for their comparisons."""
    width, step = task.width, task.step
    if sliding is not None:
        return (_path(task, np.float64, 1, width, sliding, matched),)
    frames = min(width, 2 * step + PER_SUM / PER_PRODUCT[np.float64])  # sums move if that is less
    found = [_path(task, np.float64, max(8, 4 * width // step), frames, 0.0, matched)]
    if step > max(task.reach):  # a stretch would have frames between its windows
        found = [_path(task, np.float64, 1, width, 0.0, matched)]
    if not matched:
        shared = step < width  # by two windows in float32
        sums = (width + step) / 2 if shared else width
        found += [_path(task, np.float32, 1 + shared, sums, 0.0, matched), _side_by_side(task, found[0])]
    return tuple(found)


def _path(task: Task, dtype: Float, stretch: int, frames: float, more: float, matched: bool) -> Path:
    ns = _ns(task, dtype, stretch, frames) + more
    ns = ns / task.n1 if matched else ns
    most = STRETCH_BYTES // (24 * (task.n1 + task.n2)) - task.width - task.lags  # frames
    return Path(dtype, max(1, min(stretch, most // task.step)), ns, max(2, int(PER_CALL / (2 * ns))))


def _ns(task: Task, dtype: Float, stretch: int, frames: float) -> float:
    """Time for a window whose sums have the products of `frames` frames."""
    width, step, reach, lags, n1, n2 = task
    rows, cols = shape(dtype)
    lanes = math.ceil(n1 / rows) * rows * math.ceil(lags * n2 / cols) * cols
    strips = n1 * lags * math.ceil(n2 / strip_columns(dtype))
    read = sum(
        (step + (side - step) / stretch) * (PER_FRAME[0] + PER_FRAME[1] * n) + min(step, side) * n * PER_NEW_FRAME
        for side, n in zip(reach, (n1, n2), strict=True)
    )
    far = min(n2, cols) * np.dtype(dtype).itemsize * width > CACHE_BYTES
    sums = lanes * frames * PER_PRODUCT[dtype] * (FAR[dtype] if far else 1.0) + strips * PER_STRIP
    return sums + read + n1 * PER_ROW + PER_WINDOW / stretch


def _side_by_side(task: Task, alone: Path) -> Path:
    """The path of `alone` with stretches side by side, in shorter stretches if the tables would be too large."""
    width, step, reach, lags, n1, n2 = task
    most = STRETCH_BYTES // (24 * strip_columns(np.float64) * (n1 + n2)) - max(reach)  # frames
    stretch = max(1, min(alone.stretch, most // step + 1))
    frames = (width + (stretch - 1) * min(width, 2 * step)) / stretch
    read = sum((step + (side - step) / stretch) * n for side, n in zip(reach, (n1, n2), strict=True))
    pair = FEW_PER_PAIR + lags * (FEW_PER_LAG + frames * FEW_PER_PRODUCT)
    return alone._replace(stretch=stretch, ns=n1 * n2 * pair + read * FEW_PER_FRAME, few=True)
