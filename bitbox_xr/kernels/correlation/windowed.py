"""Windowed correlation at the best of many lags, for all pairs of signals of two people.

The correlation of a window, pair and lag is Pearson's r over the frames that both signals have. `paths` chooses how it
is computed. Windows without gaps are computed by `running`, `moving` (those that overlap by more than a half) or `few`
(few signals), the others by `masked`. Where these would lose digits, correlations are computed directly in float64.
"""

from collections.abc import Iterator
from itertools import pairwise

import numpy as np

from bitbox_xr.kernels.correlation.moments import Side, prepared
from bitbox_xr.kernels.correlation.paths import Path, moves, path
from bitbox_xr.kernels.correlation.plan import Plan, plan

__all__ = ["Plan", "best_lags", "plan"]


def best_lags(
    x: np.ndarray,
    y: np.ndarray,
    plan: Plan,
    lag_values: np.ndarray,
    corr: np.ndarray,
    lag: np.ndarray,
    valid1: np.ndarray,
    valid2: np.ndarray,
    *,
    mirrored: bool = False,
) -> None:
    """Write the best correlation and lag of consecutive windows to `corr` and `lag`, `(window, n1, n2)`, float32.

    `x` `(frame, n1)` and `y` `(frame, n2)` hold the frames of these windows only. They start at the first frame of the
    first window's reach. `lag_values` are the values written to `lag` for each of `plan.lags`. `valid1` `(window, n1)`
    and `valid2` get the share of frames present in the window at shift 0. With `mirrored`, y is x, and only pairs i ≤ j
    are computed: corr is symmetric and lag antisymmetric. Raises ValueError if a value is infinite.
    """
    if not len(corr):
        return
    if not corr.flags.c_contiguous:  # some signals of larger matrices: kernels are compiled for whole ones only
        parts = np.empty((2, *corr.shape), np.float32)
        best_lags(x, y, plan, lag_values, parts[0], parts[1], valid1, valid2, mirrored=mirrored)
        corr[:], lag[:] = parts
        return
    sides = prepared("x", x), prepared("y", y)
    way = path(plan, x.shape[1], y.shape[1])
    gaps = _gaps(sides, plan, len(corr))
    for side, back, valid in zip(sides, plan.back, (valid1, valid2), strict=True):
        valid[:] = _shares(side, back, plan, gaps)
    if not way.few or gaps.any():
        sides = sides[0].scaled(), sides[1].scaled()
    for first, stop, some in _runs(gaps, way.shortest_run):
        out = corr[first:stop], lag[first:stop]
        if some:
            from bitbox_xr.kernels.correlation.masked import masked

            masked(*sides, plan, lag_values, way.dtype, way.stretch, first * plan.step, *out)
        else:
            _without_gaps(*sides, plan, lag_values, way, mirrored, first * plan.step, *out)
    if mirrored:
        upper = np.triu(np.ones(corr.shape[1:], bool), 1)
        np.copyto(corr.swapaxes(1, 2), corr.copy(), where=upper)
        np.copyto(lag.swapaxes(1, 2), -lag, where=upper)


def _without_gaps(
    one: Side, two: Side, plan: Plan, lag_values: np.ndarray, way: Path, mirrored: bool, first: int, corr: np.ndarray,
    lag: np.ndarray,
) -> None:  # fmt: skip
    if way.few:
        from bitbox_xr.kernels.correlation.few import few_signals

        weak = few_signals(one, two, plan, lag_values, way.stretch, mirrored, first, corr, lag)
    elif not plan.sliding and moves(way.dtype, way.stretch, plan.width, plan.step):
        from bitbox_xr.kernels.correlation.moving import moving

        weak = moving(one, two, plan, lag_values, way.stretch, mirrored, first, corr, lag)
    else:
        from bitbox_xr.kernels.correlation.running import running

        weak = running(one, two, plan, lag_values, way.dtype, way.stretch, mirrored, first, corr, lag)
    if weak:
        from bitbox_xr.kernels.correlation.direct import mend

        slides, rule = (plan.mine, plan.other, plan.number), (plan.width, plan.least, plan.signed, plan.nearest)
        names = lag_values.astype(np.float32).astype(np.float64)  # as they are in `lag`
        mend((one.numbers, one.weak), (two.numbers, two.weak), slides, rule, names, first, plan.step, corr, lag)


def _gaps(sides: tuple[Side, Side], plan: Plan, windows: int) -> np.ndarray:
    """Whether any frame that a window covers at some lag is missing in any signal."""
    if not any(side.lost[-1] for side in sides):
        return np.zeros(windows, bool)
    at = np.arange(windows) * plan.step
    result = np.zeros(windows, bool)
    for side, reach in zip(sides, plan.reach, strict=True):
        if side.lost[-1]:
            result |= side.lost[at + reach] > side.lost[at]
    return result


def _runs(gaps: np.ndarray, shortest: int) -> Iterator[tuple[int, int, bool]]:
    """Runs of windows, with whether they have gaps. Fewer than `shortest` windows without are counted to those with."""
    edges = np.flatnonzero(np.diff(gaps, prepend=not gaps[0], append=not gaps[-1]))
    held = None
    for first, stop in pairwise(edges.tolist()):
        some = bool(gaps[first]) or (len(edges) > 2 and stop - first < shortest)
        if held is not None and held[2] == some:
            held = held[0], stop, some
            continue
        if held is not None:
            yield held
        held = first, stop, some
    if held is not None:
        yield held


def _shares(side: Side, back: int, plan: Plan, gaps: np.ndarray) -> np.ndarray:
    """Share of frames present in each window at shift 0, `(window, signal)`."""
    if not gaps.any():
        return np.ones((1, 1), np.float32)
    before = np.cumsum(np.insert(~np.isnan(side.numbers), 0, False, axis=0), axis=0)
    # plans of a single lag may not have shift 0: these frames may be outside of those given
    starts = np.clip(back + np.arange(len(gaps)) * plan.step, 0, len(side.numbers) - plan.width)
    result: np.ndarray = (before[starts + plan.width] - before[starts]) / np.float64(plan.width)
    return result
