"""The choice of precision and stretch for given numbers of signals, windows and lags."""

import math
from typing import NamedTuple

import numpy as np

from bitbox_xr.kernels.correlation.plan import Plan
from bitbox_xr.kernels.correlation.tiles import shape, strip_columns

__all__ = ["Path", "path", "paths"]

Float = type[np.float32] | type[np.float64]

# Times in ns, measured on one core with AVX-512; docs/developer/tile-kernel.md has the measurements.
PER_PRODUCT: dict[Float, float] = {np.float32: 0.0092, np.float64: 0.0185}  # of a lane and a frame
PER_SUM = 0.03  # to read and write the sum of a lane
PER_STRIP = 8.0  # to compare the correlations of a strip with those of the other lags
PER_CANDIDATE = 0.2  # two-sided lags, for each pair of shifts of each pair of signals
PER_FRAME = 25.0, 1.3  # to scale and centre a frame of one side: in all, and for each signal
PER_ROW = 30.0  # to write the results of a signal of x
PER_WINDOW = 1200.0  # of stretches of one window
PER_CALL = 100_000.0  # to call a kernel from Python
CACHE_BYTES = 36_000  # of the frames of y in a window, beside the tables
STRETCH_BYTES = 8_000_000  # of the tables of a stretch


class Path(NamedTuple):
    """How windows are computed, see `running`."""

    dtype: Float
    stretch: int  # windows with a common centre
    ns: float  # estimate of the time for a window
    shortest_run: int  # windows without gaps between windows with gaps that are computed apart


def path(plan: Plan, n1: int, n2: int, *, matched: bool = False) -> Path:
    """The path that takes the least time."""
    return min(paths(plan, n1, n2, matched=matched), key=lambda one: one.ns)


def paths(plan: Plan, n1: int, n2: int, *, matched: bool = False) -> list[Path]:
    """The paths between which `path` chooses.

    - two-sided lags: windows one by one, in float64, as sums move along the shifts;
    - otherwise new sums in float64, several windows in a stretch (for few signals, whose tables take longer than their
      products);
    - moving sums in float64, in stretches of four times the width (for windows that overlap);
    - except for matched pairs, new sums in float32, windows one by one.
    """
    if plan.sliding:
        more = n1 * n2 * int(plan.number.sum()) * PER_CANDIDATE
        return [_path(plan, n1, n2, np.float64, 1, plan.width, more, matched)]
    moved, long = 2 * plan.step + PER_SUM / PER_PRODUCT[np.float64], max(8, 4 * plan.width // plan.step)
    found = [
        _path(plan, n1, n2, np.float64, 8, plan.width, 0.0, matched),
        _path(plan, n1, n2, np.float64, long, moved, 0.0, matched),
    ]
    return found if matched else [*found, _path(plan, n1, n2, np.float32, 1, plan.width, 0.0, matched)]


def _path(
    plan: Plan, n1: int, n2: int, dtype: Float, stretch: int, frames: float, more: float, matched: bool
) -> Path:  # fmt: skip
    ns = _ns(plan, n1, n2, dtype, stretch, frames) + more
    ns = ns / n1 if matched else ns
    most = STRETCH_BYTES // (24 * (n1 + n2)) - plan.width - plan.lanes.number  # frames
    return Path(dtype, max(1, min(stretch, most // plan.step)), ns, max(2, int(PER_CALL / (2 * ns))))


def _ns(plan: Plan, n1: int, n2: int, dtype: Float, stretch: int, frames: float) -> float:
    """Time for a window whose sums have the products of `frames` frames."""
    rows, cols = shape(dtype)
    lags = plan.lanes.number
    lanes = math.ceil(n1 / rows) * rows * math.ceil(lags * n2 / cols) * cols
    strips = n1 * lags * math.ceil(n2 / strip_columns(dtype))
    read = sum(
        (plan.step + (reach - plan.step) / stretch) * (PER_FRAME[0] + PER_FRAME[1] * n)
        for reach, n in zip(plan.reach, (n1, n2), strict=True)
    )
    far = min(n2, cols) * np.dtype(dtype).itemsize * plan.width > CACHE_BYTES  # then y is read from the second cache
    sums = lanes * frames * PER_PRODUCT[dtype] * (2 if far else 1) + strips * PER_STRIP
    return sums + read + n1 * PER_ROW + PER_WINDOW / stretch
