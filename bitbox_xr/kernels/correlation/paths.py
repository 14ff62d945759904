"""The choice of precision and stretch for given numbers of signals, windows and lags."""

from typing import NamedTuple

import numpy as np

from bitbox_xr.kernels.correlation.plan import Plan

__all__ = ["Path", "path"]

NS_PER_FRAME = {np.float32: 0.010, np.float64: 0.019}  # to add one frame to one lane
NS_PER_LANE = {np.float32: 0.15, np.float64: 0.30}  # to compare the correlation of one lane
NS_PER_ROW = 80  # to compute one signal of x in one window, whatever the number of lanes
MIN_PAIRS = 200  # for float32, whose tiles are larger and whose tables belong to single windows
STRETCH_BYTES = 8_000_000  # of the tables of a stretch
CALL_NS = 100_000  # of a call of a kernel from Python


class Path(NamedTuple):
    """How windows are computed, see `running`."""

    dtype: type
    stretch: int  # windows with a common centre
    ns: float  # estimate of the time for a window
    shortest_run: int  # windows without gaps between windows with gaps that are computed apart


def path(plan: Plan, n1: int, n2: int, *, matched: bool = False) -> Path:
    """Choose the cheapest path.

    - Two-sided lags: each window by itself, in float64, as sums move along the shifts.
    - Windows that overlap so much that moving sums take less time than new sums: stretches in float64.
    - Else new sums: in float32 with a centre for each window, or in float64 for few signals.
    """
    pairs, lanes = n2 if matched else n1 * n2, plan.lanes.number
    single = int(plan.number.sum()) if plan.sliding else lanes
    cost = {dtype: NS_PER_LANE[dtype] + plan.width * NS_PER_FRAME[dtype] for dtype in NS_PER_FRAME}
    moving = NS_PER_LANE[np.float64] + 2 * plan.step * NS_PER_FRAME[np.float64]
    dtype: type = np.float64
    if plan.sliding:
        stretch = 1
        ns = pairs * (single * (0.15 + 2 * NS_PER_FRAME[np.float64]) + lanes * cost[np.float64])
    elif moving < cost[np.float32] or pairs < MIN_PAIRS or matched:
        stretch = max(8, 4 * plan.width // plan.step)
        ns = pairs * lanes * min(moving, cost[np.float64])
    else:
        dtype, stretch = np.float32, 1
        ns = pairs * lanes * cost[np.float32]
    ns += NS_PER_ROW * (1 if matched else n1)
    frames = STRETCH_BYTES // (24 * (n1 + n2)) - plan.width - lanes
    stretch = max(1, min(stretch, frames // plan.step))
    return Path(dtype, stretch, ns, max(2, int(CALL_NS / (2 * ns))))
