"""Applies the correlation kernel to all windows of whole recordings, with threads or as a dask graph.

Arrays are `(…, time, signal)`; windows are in frames. The windows are divided into blocks, and if there are few of them
the signals of x too. The blocks and their order do not depend on the number of threads, so the results are the same to
the last digit for any number.
"""

from collections.abc import Callable, Iterator
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar, cast

import numpy as np

from bitbox_xr.core.lazy import is_lazy, threads
from bitbox_xr.core.progress import tracked
from bitbox_xr.core.types import Array
from bitbox_xr.kernels.correlation.statistics import SUMS

if TYPE_CHECKING:
    import dask.array as da

    from bitbox_xr.kernels.correlation.windowed import Plan

__all__ = ["Windows", "block", "broadcast", "matrices", "reduced", "sums"]

T = TypeVar("T")

BLOCK = 32  # windows whose sums are added together; their matrices of 79 × 79 pairs fit into the processor's cache
BLOCK_NS = 2_000_000  # least time for a block, where there is enough work; threads cost some 100 000 ns
BLOCK_CELLS = 1_000_000  # of the matrices of a block, if it has more than BLOCK windows
NS_PER_SUM = 2.0  # to add one cell to the sums
MIN_ROWS = 64  # signals of x in a block: each block computes means and spreads of all signals of y


class Windows(NamedTuple):
    """Windows: number w starts at frame `reach + w · step`; its lags use `reach` frames more each way."""

    width: int
    step: int
    reach: int
    number: int

    def frames(self, first: int, stop: int) -> slice:
        """Frames that windows `first` to `stop` use, with their lags."""
        return slice(first * self.step, (stop - 1) * self.step + 2 * self.reach + self.width)


# --- matrices of every window


def matrices(
    x: Array, y: Array, windows: Windows, plan: "Plan", seconds: np.ndarray, *, mirrored: bool
) -> tuple[Any, ...]:
    """Return `corr` and `lag` `(…, window, n1, n2)`, and the shares of frames present `(…, window, n1)` and `(…, n2)`.

    `plan` holds the lags from which each window chooses; `seconds` are the same lags in s.
    """
    call = partial(_matrices, windows=windows, plan=plan, seconds=seconds, mirrored=mirrored)
    if not is_lazy(x, y):
        return call(np.asarray(x), np.asarray(y), count=windows.number, workers=threads())
    import dask.array as da

    parts: list[list[Any]] = [[], [], []]
    for x_part, y_part, count in _parts(x, y, windows):
        two = _blockwise(partial(_stacked, call=call, count=count), x_part, y_part, "kwij", {"k": 2, "w": count})
        parts[0].append(two)
        for k, part in enumerate((x_part, y_part)):
            share = partial(_shares, windows=windows, count=count)
            parts[k + 1].append(_blockwise(share, part, None, "wi", {"w": count}))
    both = da.concatenate(parts[0], axis=-3)
    extra = both.shape[:-4]
    shares = [da.concatenate(part, axis=-2) for part in parts[1:]]
    return both[..., 0, :, :, :], both[..., 1, :, :, :], *(da.broadcast_to(a, extra + a.shape[-2:]) for a in shares)


def _matrices(
    x: np.ndarray,
    y: np.ndarray,
    *,
    windows: Windows,
    plan: "Plan",
    seconds: np.ndarray,
    mirrored: bool,
    count: int,
    workers: int,
) -> tuple[np.ndarray, ...]:
    from bitbox_xr.kernels.correlation.paths import path

    x, y, extra = broadcast(x, y)
    shapes = [(count, x.shape[-1], y.shape[-1])] * 2 + [(count, x.shape[-1]), (count, y.shape[-1])]
    out = tuple(np.empty(extra + shape, np.float32) for shape in shapes)

    def compute(at: "_Block") -> None:
        part = tuple(array[at.where][at.first : at.stop] for array in out)
        here = part[0][:, at.rows], part[1][:, at.rows], part[2][:, at.rows], part[3]
        block(x[at.where][:, at.rows], y[at.where], windows, plan, seconds, mirrored, at.first, at.stop, here)

    way = path(plan, x.shape[-1], y.shape[-1])
    work = _blocks(extra, count, way.ns, x.shape[-1], y.shape[-1], mirrored, way.stretch)
    for _ in _over_blocks(compute, work, workers):
        pass
    return out


def _stacked(x: np.ndarray, y: np.ndarray, call: Callable[..., tuple[np.ndarray, ...]], count: int) -> np.ndarray:
    corr, lag, _, _ = call(x, y, count=count, workers=1)
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


def sums(
    x: Array, y: Array, windows: Windows, plans: list["Plan"], seconds: list[np.ndarray], *, mirrored: bool
) -> Array:
    """Return the sums over all windows, `(…, plan, sum, n1, n2)` float64 (see `SUMS`), without keeping matrices."""
    call = partial(_sums, windows=windows, plans=plans, seconds=seconds, mirrored=mirrored)
    if not is_lazy(x, y):
        return call(np.asarray(x), np.asarray(y), count=windows.number, workers=threads())
    sizes = {"p": len(plans), "k": len(SUMS)}
    import dask.array as da

    parts = [
        _blockwise(partial(call, count=count, workers=1), x_part, y_part, "pkij", sizes, dtype=np.float64)
        for x_part, y_part, count in _parts(x, y, windows)
    ]
    result: Array = da.stack(parts).sum(axis=0, split_every=4)
    return result


def _sums(
    x: np.ndarray, y: np.ndarray, *, windows: Windows, plans: list["Plan"], seconds: list[np.ndarray], mirrored: bool,
    count: int, workers: int,
) -> np.ndarray:  # fmt: skip
    from bitbox_xr.kernels.correlation.paths import path

    x, y, extra = broadcast(x, y)
    n1, n2 = x.shape[-1], y.shape[-1]

    def compute(at: "_Block") -> tuple["_Block", np.ndarray]:
        corr, lag = np.empty((2, at.stop - at.first, at.rows.stop - at.rows.start, n2), np.float32)
        shares = np.empty((len(corr), corr.shape[1]), np.float32), np.empty((len(corr), n2), np.float32)
        parts = []
        for plan, names in zip(plans, seconds, strict=True):
            out = (corr, lag, *shares)
            block(x[at.where][:, at.rows], y[at.where], windows, plan, names, mirrored, at.first, at.stop, out)
            parts.append(_added(corr, lag, _limit(names)))
        return at, np.stack(parts, axis=1)

    total = np.zeros((*extra, len(plans), len(SUMS), n1, n2))
    ways = [path(plan, n1, n2) for plan in plans]
    work = _blocks(extra, count, sum(way.ns for way in ways), n1, n2, mirrored, ways[0].stretch)
    for at, parts in _over_blocks(compute, work, workers):
        for part in parts:
            total[at.where][..., at.rows, :] += part
    return total


def _added(corr: np.ndarray, lag: np.ndarray, limit: float) -> np.ndarray:
    """The sums over each `BLOCK` windows, `(block, sum, n1, n2)`."""
    from bitbox_xr.kernels.correlation.window_sums import add_windows

    parts = np.zeros((-(-len(corr) // BLOCK), len(SUMS), *corr.shape[1:]))
    add_windows(corr, lag, limit, BLOCK, parts)
    return parts


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
    extra, (count, n1, n2) = corr.shape[:-3], corr.shape[-3:]

    def compute(at: "_Block") -> tuple["_Block", np.ndarray]:
        some = (array[at.where][at.first : at.stop, at.rows] for array in (corr, lag))
        return at, _added(*(np.ascontiguousarray(array, np.float32) for array in some), limit)

    total = np.zeros((*extra, len(SUMS), n1, n2))
    for at, parts in _over_blocks(compute, _blocks(extra, count, n1 * n2 * NS_PER_SUM, n1, n2, False), workers):
        for part in parts:
            total[at.where][..., at.rows, :] += part
    return total


# --- blocks of windows, and parts of recordings


class _Block(NamedTuple):
    """Windows `first` to `stop`, and some signals of x, of the recording at index `where`."""

    where: tuple[int, ...]
    first: int
    stop: int
    rows: slice


def _blocks(
    extra: tuple[int, ...], count: int, ns: float, n1: int, n2: int, whole: bool, stretch: int = 1
) -> list[_Block]:
    """Blocks of about `BLOCK_NS` or more; `ns` is the time for a window. `whole`: signals are not divided.

    Blocks have at least `stretch` windows if their matrices are not too large.
    """
    size = min(max(BLOCK_NS / max(ns, 1.0), stretch), BLOCK_CELLS / max(n1 * n2, 1))
    if count * ns > BLOCK_NS:  # else threads would take longer
        size = min(size, count / 4)
    size = BLOCK * max(1, round(size / BLOCK))
    windows = -(-count // size)
    parts = 1
    if not whole:
        wanted = max(min(4 / max(windows, 1), count * ns / BLOCK_NS), min(size, count) * ns / (4 * BLOCK_NS))
        parts = max(1, min(n1 // MIN_ROWS, int(wanted)))
    rows = -(-n1 // (4 * parts)) * 4  # whole tiles
    return [
        _Block(where, first, min(first + size, count), slice(row, min(row + rows, n1)))
        for where in np.ndindex(extra)
        for first in range(0, count, size)
        for row in range(0, n1, rows)
    ]


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
    *,
    matched: bool = False,
) -> None:
    """Correlate windows `first` to `stop` of two recordings, into `out`.

    `order` (for surrogates) gives the window of y with which each window of x is paired; None: the same window. With
    `matched`, only each signal of x with the same signal of y: the first two of `out` are then `(window, 1, n)`.
    """
    from bitbox_xr.kernels.correlation.windowed import best_lags

    if order is None:
        frames = windows.frames(first, stop)
        x, y = x[frames], y[frames]
    else:
        span = windows.width + 2 * windows.reach
        starts = (which * windows.step for which in (np.arange(first, stop), order[first:stop]))
        x, y = (a[(start[:, None] + np.arange(span)).ravel()] for a, start in zip((x, y), starts, strict=True))
        plan = plan._replace(step=span)
    sides = [array[windows.reach - back :] for array, back in zip((x, y), plan.back, strict=True)]
    best_lags(sides[0], sides[1], plan, seconds, *out, mirrored=mirrored, matched=matched)


def _over_blocks(function: Callable[[_Block], T], work: list[_Block], workers: int) -> Iterator[T]:
    """Apply `function` to blocks with threads; yield its results in order."""
    from concurrent.futures import ThreadPoolExecutor

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
