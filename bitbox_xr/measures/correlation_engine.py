"""Applies the correlation kernel to all windows of whole recordings, with threads or as a dask graph.

Arrays are `(…, time, signal)`; windows are in frames. The windows are divided into blocks. The size and order of the
blocks do not depend on the number of threads, so the results are the same to the last digit for any number.
"""

import math
import operator
from collections.abc import Callable, Iterator, Sequence
from functools import partial, reduce
from itertools import groupby, pairwise
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar, cast

import numpy as np

from bitbox_xr.core.lazy import is_lazy, threads
from bitbox_xr.core.progress import tracked
from bitbox_xr.core.types import Array
from bitbox_xr.kernels.correlation.statistics import SUMS

if TYPE_CHECKING:
    import dask.array as da

    from bitbox_xr.kernels.correlation.windowed import Plan

__all__ = ["Windows", "block", "broadcast", "grouped_reduced", "grouped_sums", "matrices", "reduced", "sums"]

T = TypeVar("T")
W = TypeVar("W")

BLOCK = 32  # windows; their matrices of 79 × 79 pairs fit into the cache of the processor
MIN_PRODUCTS_FOR_THREADS = 2**20  # with fewer products of two frames, threads take longer to start than they save


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


class _Block(NamedTuple):
    """At most `BLOCK` windows of one grid."""

    grid: int
    windows: Windows
    first: int
    stop: int
    into: slice  # of the windows of all grids


def _blocks(grids: Sequence[Windows]) -> list[_Block]:
    """Blocks of all grids, in order. Each grid has its own, as it has if the recording is cut into its intervals."""
    before = np.cumsum([0, *(windows.number for windows in grids)]).tolist()
    return [
        _Block(grid, windows, first, stop, slice(before[grid] + first, before[grid] + stop))
        for grid, windows in enumerate(grids)
        for first in range(0, windows.number, BLOCK)
        for stop in [min(first + BLOCK, windows.number)]
    ]


def _listed(grids: Grids) -> Sequence[Windows]:
    return [grids] if isinstance(grids, Windows) else grids


# --- matrices of every window


def matrices(
    x: Array, y: Array, windows: Grids, plan: "Plan", seconds: np.ndarray, *, mirrored: bool
) -> tuple[Any, ...]:
    """Return `corr` and `lag` `(…, window, n1, n2)`, and the shares of frames present `(…, window, n1)` and `(…, n2)`.

    `windows` of several intervals follow each other. `plan` holds the lags from which each window chooses; `seconds`
    are the same lags in s.
    """
    grids = _listed(windows)
    call = partial(_matrices, plan=plan, seconds=seconds, mirrored=mirrored)
    if not is_lazy(x, y):
        return call(np.asarray(x), np.asarray(y), grids=grids, workers=_workers(x, y, grids, [plan]))
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
    workers: int,
) -> tuple[np.ndarray, ...]:
    x, y, extra = broadcast(x, y)
    count = sum(windows.number for windows in grids)
    shapes = [(count, x.shape[-1], y.shape[-1])] * 2 + [(count, x.shape[-1]), (count, y.shape[-1])]
    out = tuple(np.empty(extra + shape, np.float32) for shape in shapes)

    def compute(at: tuple[tuple[int, ...], _Block]) -> None:
        where, (_, windows, first, stop, into) = at
        here = tuple(array[where][into] for array in out)
        block(x[where], y[where], windows, plan, seconds, mirrored, first, stop, here)

    for _ in _over_blocks(compute, extra, _blocks(grids), workers):
        pass
    return out


def _stacked(x: np.ndarray, y: np.ndarray, call: Callable[..., tuple[np.ndarray, ...]], windows: Windows) -> np.ndarray:
    corr, lag, _, _ = call(x, y, grids=[windows], workers=1)
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
    grids = _listed(windows)
    if not grids:  # no interval of a label is long enough
        x, y = (np.zeros(array[..., :0, :].shape) for array in (x, y))
    call = partial(_sums, plans=plans, seconds=seconds, mirrored=mirrored)
    if not is_lazy(x, y):
        return call(np.asarray(x), np.asarray(y), grids=grids, workers=_workers(x, y, grids, plans))
    sizes = {"p": len(plans), "k": len(SUMS)}
    import dask.array as da

    parts = [
        _blockwise(partial(call, grids=[own], workers=1), x_part, y_part, "pkij", sizes, dtype=np.float64)
        for x_part, y_part, own in _parts_of_grids(x, y, grids)
    ]
    result: Array = da.stack(parts).sum(axis=0, split_every=4)
    return result


def _sums(
    x: np.ndarray, y: np.ndarray, *, grids: Sequence[Windows], plans: list["Plan"], seconds: list[np.ndarray],
    mirrored: bool, workers: int,
) -> np.ndarray:  # fmt: skip
    from bitbox_xr.kernels.correlation.window_sums import add_windows

    x, y, extra = broadcast(x, y)
    n1, n2 = x.shape[-1], y.shape[-1]

    def compute(at: tuple[tuple[int, ...], _Block]) -> tuple[tuple[tuple[int, ...], int], np.ndarray]:
        where, (grid, windows, first, stop, _) = at
        part = np.zeros((len(plans), len(SUMS), n1, n2))
        corr, lag = np.empty((2, stop - first, n1, n2), np.float32)
        shares = np.empty((stop - first, n1), np.float32), np.empty((stop - first, n2), np.float32)
        for plan, names, into in zip(plans, seconds, part, strict=True):
            block(x[where], y[where], windows, plan, names, mirrored, first, stop, (corr, lag, *shares))
            add_windows(corr, lag, _limit(names), into)
        return (where, grid), part

    total = np.zeros((*extra, len(plans), len(SUMS), n1, n2))
    found = _over_blocks(compute, extra, _blocks(grids), workers)
    # first over the blocks of an interval, then over intervals, as `reduced` does
    for (where, _), parts in groupby(found, key=lambda one: one[0]):
        total[where] += reduce(np.add, (part for _, part in parts))
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
        return _reduced(np.asarray(corr), np.asarray(lag), limit, workers=threads())
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
    return np.expand_dims(_reduced(corr, lag, limit, workers=1), -4)


def _reduced(corr: np.ndarray, lag: np.ndarray, limit: float, *, workers: int) -> np.ndarray:
    from bitbox_xr.kernels.correlation.window_sums import add_windows

    extra, (count, n1, n2) = corr.shape[:-3], corr.shape[-3:]

    def compute(at: tuple[tuple[int, ...], int]) -> tuple[tuple[int, ...], np.ndarray]:
        where, first = at
        part = np.zeros((len(SUMS), n1, n2))
        both = [np.ascontiguousarray(array[where][first : first + BLOCK], np.float32) for array in (corr, lag)]
        add_windows(*both, limit, part)
        return where, part

    total = np.zeros((*extra, len(SUMS), n1, n2))
    for where, part in _over_blocks(compute, extra, range(0, count, BLOCK), workers):
        total[where] += part
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

    if order is None:
        frames = windows.frames(first, stop)
        x, y = x[frames], y[frames]
    else:
        span = windows.width + 2 * windows.reach
        starts = (windows.start + which * windows.step for which in (np.arange(first, stop), order[first:stop]))
        x, y = (a[(start[:, None] + np.arange(span)).ravel()] for a, start in zip((x, y), starts, strict=True))
        plan = plan._replace(step=span)
    sides = [array[windows.reach - back :] for array, back in zip((x, y), plan.back, strict=True)]
    best_lags(sides[0], sides[1], plan, seconds, *out, mirrored=mirrored)


def _workers(x: Array, y: Array, grids: Sequence[Windows], plans: Sequence["Plan"]) -> int:
    """Number of threads for the windows of all recordings."""
    recordings = math.prod(np.broadcast_shapes(x.shape[:-2], y.shape[:-2]))
    windows = recordings * sum(own.number for own in grids)
    products = windows * x.shape[-1] * y.shape[-1] * sum(len(plan.lags) * plan.width for plan in plans)
    return threads() if products >= MIN_PRODUCTS_FOR_THREADS else 1


def _over_blocks(
    function: Callable[[tuple[tuple[int, ...], W]], T], extra: tuple[int, ...], blocks: Sequence[W], workers: int
) -> Iterator[T]:
    """Apply `function` to every block of every recording with threads; yield its results in order."""
    from concurrent.futures import ThreadPoolExecutor

    work = [(where, one) for where in np.ndindex(extra) for one in blocks]
    if workers == 1 or len(work) <= 1:
        yield from tracked(map(function, work), len(work)) if workers > 1 else map(function, work)
        return
    with ThreadPoolExecutor(min(workers, len(work))) as pool:
        yield from tracked(pool.map(function, work), len(work))


def _limit(seconds: np.ndarray) -> float:
    return float(np.abs(seconds.astype(np.float32)).max())


def broadcast(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray, tuple[int, ...]]:
    """Return x and y with the same leading dimensions, as views, and the sizes of these dimensions."""
    extra = np.broadcast_shapes(x.shape[:-2], y.shape[:-2])
    return np.broadcast_to(x, extra + x.shape[-2:]), np.broadcast_to(y, extra + y.shape[-2:]), extra


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
