"""Applies the correlation kernel to all windows of whole recordings, with threads or as a dask graph.

Arrays are `(…, time, signal)`; windows are in frames.
"""

import operator
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial, reduce
from itertools import groupby, pairwise
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from bitbox_xr.core.lazy import is_lazy
from bitbox_xr.core.types import Array
from bitbox_xr.kernels.correlation.statistics import SUMS
from bitbox_xr.kernels.memory import undefined
from bitbox_xr.measures.window_blocks import BLOCK, Block, Grids, Windows, Work, blocks, listed, over_blocks, workers

if TYPE_CHECKING:
    import dask.array as da

    from bitbox_xr.kernels.correlation.windowed import Plan

__all__ = ["BLOCK", "Windows", "block", "broadcast", "grouped_reduced", "grouped_sums", "matrices", "reduced", "sums"]

NS_PER_SUM = 2.0  # to add one cell to the sums


# --- matrices of every window


def matrices(
    x: Array, y: Array, windows: Grids, plan: "Plan", seconds: np.ndarray, *, mirrored: bool
) -> tuple[Any, ...]:
    """Return `corr` and `lag` `(…, window, n1, n2)`, and the shares of frames present `(…, window, n1)` and `(…, n2)`.

    `windows` of several intervals follow each other. `plan` holds the lags from which each window chooses; `seconds`
    are the same lags in s.
    """
    grids = listed(windows)
    call = partial(_matrices, plan=plan, seconds=seconds, mirrored=mirrored)
    if not is_lazy(x, y):
        return call(np.asarray(x), np.asarray(y), grids=grids, lazily=False)
    import dask.array as da

    parts: list[list[Any]] = [[], [], []]
    for x_part, y_part, own in _parts_of_grids(x, y, grids):
        count = own.number
        two = _blockwise(partial(_stacked, call=call, windows=own), x_part, y_part, "kwij", {"k": 2, "w": count})
        parts[0].append(two)
        for k, part in enumerate((x_part, y_part)):
            share = partial(_shares, windows=own, count=count)
            parts[k + 1].append(_blockwise(share, part, None, "wi", {"w": count}))
    both = da.concatenate(parts[0], axis=-3)
    extra = both.shape[:-4]
    shares = [da.concatenate(part, axis=-2) for part in parts[1:]]
    return both[..., 0, :, :, :], both[..., 1, :, :, :], *(da.broadcast_to(a, extra + a.shape[-2:]) for a in shares)


def _matrices(
    x: np.ndarray,
    y: np.ndarray,
    *,
    grids: Sequence[Windows],
    plan: "Plan",
    seconds: np.ndarray,
    mirrored: bool,
    lazily: bool,
) -> tuple[np.ndarray, ...]:
    x, y, extra = broadcast(x, y)
    count = sum(windows.number for windows in grids)
    shapes = [(count, x.shape[-1], y.shape[-1])] * 2 + [(count, x.shape[-1]), (count, y.shape[-1])]
    out = tuple(undefined(extra + shape, np.float32) for shape in shapes)

    def compute(at: Block) -> None:
        part = tuple(array[at.where][at.into] for array in out)
        here = part[0][:, at.rows], part[1][:, at.rows], part[2][:, at.rows], part[3]
        block(x[at.where][:, at.rows], y[at.where], at.windows, plan, seconds, mirrored, at.first, at.stop, here)

    work = _work([plan], x, y, mirrored=mirrored)
    for _ in over_blocks(compute, blocks(extra, grids, work), 1 if lazily else workers(extra, grids, work)):
        pass
    return out


def _work(plans: Sequence["Plan"], x: np.ndarray, y: np.ndarray, *, mirrored: bool) -> Work:
    from bitbox_xr.kernels.correlation.paths import path

    n1, n2 = x.shape[-1], y.shape[-1]
    ways = [path(plan, n1, n2) for plan in plans]
    return Work(sum(way.ns for way in ways), n1, n2, mirrored, max(way.stretch for way in ways))


def _stacked(x: np.ndarray, y: np.ndarray, call: Callable[..., tuple[np.ndarray, ...]], windows: Windows) -> np.ndarray:
    corr, lag, _, _ = call(x, y, grids=[windows], lazily=True)
    return np.stack([corr, lag], axis=-4)


def _shares(x: np.ndarray, _: None, windows: Windows, count: int) -> np.ndarray:
    """Share of frames present in each window."""
    present = ~np.isnan(x[..., windows.reach : x.shape[-2] - windows.reach, :])
    before = np.cumsum(np.insert(present, 0, False, axis=-2), axis=-2)
    starts = np.arange(count) * windows.step
    share = (before[..., starts + windows.width, :] - before[..., starts, :]) / windows.width
    result: np.ndarray = share.astype(np.float32)
    return result


# --- sums over windows


def grouped_sums(
    x: Array,
    y: Array,
    groups: Sequence[Sequence[Windows]],
    plans: list["Plan"],
    seconds: list[np.ndarray],
    *,
    mirrored: bool,
) -> Array:
    """Return `sums` over the windows of each group of intervals, `(…, group, plan, sum, n1, n2)`."""
    found = [sums(x, y, grids, plans, seconds, mirrored=mirrored) for grids in groups]
    if not is_lazy(*found):
        return np.stack(found, axis=-5)
    import dask.array as da

    stacked: Array = da.stack(found, axis=-5)
    return stacked


def sums(
    x: Array, y: Array, windows: Grids, plans: list["Plan"], seconds: list[np.ndarray], *, mirrored: bool
) -> Array:
    """Return the sums over all windows, `(…, plan, sum, n1, n2)` float64 (see `SUMS`), without keeping matrices."""
    grids = listed(windows)
    if not grids:  # no interval of a label is long enough
        x, y = (np.zeros(array[..., :0, :].shape) for array in (x, y))
    call = partial(_sums, plans=plans, seconds=seconds, mirrored=mirrored)
    if not is_lazy(x, y):
        return call(np.asarray(x), np.asarray(y), grids=grids, lazily=False)
    sizes = {"p": len(plans), "k": len(SUMS)}
    import dask.array as da

    parts = [
        _blockwise(partial(call, grids=[own], lazily=True), x_part, y_part, "pkij", sizes, dtype=np.float64)
        for x_part, y_part, own in _parts_of_grids(x, y, grids)
    ]
    result: Array = da.stack(parts).sum(axis=0, split_every=4)
    return result


def _sums(
    x: np.ndarray, y: np.ndarray, *, grids: Sequence[Windows], plans: list["Plan"], seconds: list[np.ndarray],
    mirrored: bool, lazily: bool,
) -> np.ndarray:  # fmt: skip
    x, y, extra = broadcast(x, y)
    n1, n2 = x.shape[-1], y.shape[-1]
    total = np.zeros((*extra, len(plans), len(SUMS), n1, n2))

    def compute(at: Block) -> tuple[Block, np.ndarray]:
        corr, lag = np.empty((2, at.stop - at.first, at.rows.stop - at.rows.start, n2), np.float32)
        shares = np.empty((len(corr), corr.shape[1]), np.float32), np.empty((len(corr), n2), np.float32)
        parts = []
        for plan, names in zip(plans, seconds, strict=True):
            out = (corr, lag, *shares)
            block(x[at.where][:, at.rows], y[at.where], at.windows, plan, names, mirrored, at.first, at.stop, out)
            parts.append(_added(corr, lag, _limit(names)))
        return at, np.stack(parts, axis=1)

    work = _work(plans, x, y, mirrored=mirrored)
    found = over_blocks(compute, blocks(extra, grids, work), 1 if lazily else workers(extra, grids, work))
    # first over the windows of an interval, then over intervals, as `grouped_reduced` does
    for (where, _), of_grid in groupby(found, key=lambda one: one[0][:2]):
        total[where] += _total(of_grid, (len(plans), len(SUMS), n1, n2))
    return total


def _added(corr: np.ndarray, lag: np.ndarray, limit: float) -> np.ndarray:
    """The sums over each `BLOCK` windows, `(block, sum, n1, n2)`."""
    from bitbox_xr.kernels.correlation.window_sums import add_windows

    parts = np.zeros((-(-len(corr) // BLOCK), len(SUMS), *corr.shape[1:]))
    add_windows(corr, lag, limit, BLOCK, parts)
    return parts


def _total(found: Iterable[tuple[Block, np.ndarray]], shape: tuple[int, ...]) -> np.ndarray:
    """Sums over blocks, `shape`, in the order of their windows."""
    total = np.zeros(shape)
    for at, parts in found:
        for part in parts:
            total[..., at.rows, :] += part
    return total


def grouped_reduced(corr: Array, lag: Array, groups: Sequence[Sequence[slice]]) -> Array:
    """Return `reduced` over the windows of each group, `(…, group, sum, n1, n2)`; a group is a list of runs of windows.

    Sums are first over a run, then over runs, as `sums` does for intervals.
    """
    nothing = np.zeros(reduced(corr[..., :0, :, :], lag[..., :0, :, :], np.inf).shape)
    found = []
    for runs in groups:
        parts = (reduced(corr[..., run, :, :], lag[..., run, :, :], np.inf) for run in runs)
        found.append(reduce(operator.add, parts, nothing))
    if not is_lazy(*found):
        return np.stack(found, axis=-4)
    import dask.array as da

    stacked: Array = da.stack(found, axis=-4)
    return stacked


def reduced(corr: Array, lag: Array, limit: float) -> Array:
    """Return the sums over windows, `(…, sum, n1, n2)`, of existing `corr` and `lag` `(…, window, n1, n2)`."""
    if not is_lazy(corr, lag):
        return _reduced(np.asarray(corr), np.asarray(lag), limit, lazily=False)
    import dask.array as da

    outer = tuple(range(corr.ndim - 3))
    w, k, i, j = (corr.ndim + n for n in range(4))
    parts = da.blockwise(
        partial(_reduced_part, limit=limit), (*outer, w, k, i, j), corr, (*outer, w, i, j), lag, (*outer, w, i, j),
        new_axes={k: len(SUMS)}, adjust_chunks={w: 1}, dtype=np.float64, meta=np.empty((0,) * (corr.ndim + 1)),
    )  # fmt: skip
    result: Array = parts.sum(axis=-4)
    return result


def _reduced_part(corr: np.ndarray, lag: np.ndarray, limit: float) -> np.ndarray:
    return np.expand_dims(_reduced(corr, lag, limit, lazily=True), -4)


def _reduced(corr: np.ndarray, lag: np.ndarray, limit: float, *, lazily: bool) -> np.ndarray:
    extra, (count, n1, n2) = corr.shape[:-3], corr.shape[-3:]

    def compute(at: Block) -> tuple[Block, np.ndarray]:
        one, other = (np.ascontiguousarray(array[at.where][at.into, at.rows], np.float32) for array in (corr, lag))
        return at, _added(one, other, limit)

    total = np.zeros((*extra, len(SUMS), n1, n2))
    grids, work = [Windows(1, 1, 0, count)], Work(NS_PER_SUM * max(n1 * n2, 1), n1, n2)
    found = over_blocks(compute, blocks(extra, grids, work), 1 if lazily else workers(extra, grids, work))
    for where, of_recording in groupby(found, key=lambda one: one[0].where):
        total[where] = _total(of_recording, (len(SUMS), n1, n2))
    return total


def _parts_of_grids(x: Array, y: Array, grids: Sequence[Windows]) -> Iterator[tuple["da.Array", "da.Array", Windows]]:
    """Yield, for each interval and each chunk along time in it, the frames of x and y and the windows in them."""
    for windows in grids:
        own = windows._replace(start=0)
        for x_part, y_part, count in _parts(windows.cut(x), windows.cut(y), own):
            yield x_part, y_part, own._replace(number=count)


# --- blocks of windows, and parts of recordings


def block(
    x: np.ndarray,
    y: np.ndarray,
    windows: Windows,
    plan: "Plan",
    seconds: np.ndarray,
    mirrored: bool,
    first: int,
    stop: int,
    out: tuple[np.ndarray, ...],
    order: np.ndarray | None = None,
) -> None:
    """Correlate windows `first` to `stop` of two recordings, into `out`.

    `order` (for surrogates) gives the window of y with which each window of x is paired; None: the same window.
    """
    from bitbox_xr.kernels.correlation.windowed import best_lags

    span, numbers = windows.width + 2 * windows.reach, np.arange(first, stop)
    if order is None and windows.step <= 2 * span:
        frames = windows.frames(first, stop)
        x, y = x[frames], y[frames]
    else:  # the frames between windows would take longer than a copy without them
        pairs = numbers, numbers if order is None else order[first:stop]
        x, y = (_joined(a, windows.start + which * windows.step, span) for a, which in zip((x, y), pairs, strict=True))
        plan = plan._replace(step=span)
    sides = [array[windows.reach - back :] for array, back in zip((x, y), plan.back, strict=True)]
    best_lags(sides[0], sides[1], plan, seconds, *out, mirrored=mirrored)


def _joined(x: np.ndarray, starts: np.ndarray, span: int) -> np.ndarray:
    """The `span` frames from each start, one after the other."""
    frames, (by_frame, by_signal) = len(x), x.strides
    shape = frames - span + 1, span, x.shape[1]
    every = np.lib.stride_tricks.as_strided(x, shape, (by_frame, by_frame, by_signal), writeable=False)
    result: np.ndarray = every[starts].reshape(-1, x.shape[1])
    return result


def _limit(seconds: np.ndarray) -> float:
    return float(np.abs(seconds.astype(np.float32)).max())


def broadcast(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray, tuple[int, ...]]:
    """Return x and y with the same leading dimensions, as views, and the sizes of these dimensions."""
    extra = np.broadcast_shapes(x.shape[:-2], y.shape[:-2])
    # views of `broadcast_to` are read-only, for which numba compiles kernels once more
    one, other = (a if a.shape[:-2] == extra else np.broadcast_to(a, extra + a.shape[-2:]) for a in (x, y))
    return one, other, extra


def _parts(x: Array, y: Array, windows: Windows) -> Iterator[tuple["da.Array", "da.Array", int]]:
    """Yield, for each chunk along time, the frames of x and y for the windows that start in it, and their number."""
    import dask.array as da

    sides = [cast("da.Array", a if is_lazy(a) else da.from_array(a, chunks=-1)) for a in (x, y)]
    chunks = max((a.chunks[-2] for a in sides), key=len)
    edges = [-(-int(edge) // windows.step) for edge in np.cumsum(chunks)[:-1]]
    edges = sorted({0, windows.number, *(edge for edge in edges if edge < windows.number)})
    for first, stop in pairwise(edges):
        frames = windows.frames(first, stop)
        x_part, y_part = (a[..., frames, :].rechunk({a.ndim - 2: -1, a.ndim - 1: -1}) for a in sides)
        yield x_part, y_part, stop - first


def _blockwise(
    function: Callable[..., np.ndarray],
    x: Array,
    y: Array | None,
    out: str,
    sizes: dict[str, int],
    dtype: type = np.float32,
) -> "da.Array":
    """Apply `function(x, y)` to each block of the leading dimensions.

    `out` names the trailing axes of its result, and `sizes` gives the sizes of the new ones.
    """
    import dask.array as da

    lead = max(x.ndim, 0 if y is None else y.ndim) - 2
    outer = "abcdefgh"[:lead]
    operands: list[Any] = [x, outer[lead - x.ndim + 2 :] + "ti"]
    operands += [None, None] if y is None else [y, outer[lead - y.ndim + 2 :] + "tj"]
    result: da.Array = da.blockwise(
        function, outer + out, *operands, new_axes=sizes, dtype=dtype, concatenate=True,
        align_arrays=True, meta=np.empty((0,) * len(outer + out), dtype),
    )  # fmt: skip
    return result
