"""Searches for activations in whole recordings, with threads or as a dask graph.

Arrays are `(…, time, signal)`. A lazy recording is never held in memory as a whole. Results that combine across pieces
along time are computed piece by piece; each piece is read three times: for the mean, for the largest response, and for
the activations. Results that need all frames of a coefficient (quartiles, medians, plateaus of any length, expressions
held for any time) are computed for a few coefficients at a time. A task reads all chunks along time again and keeps the
columns of a few such blocks, which it searches one after another.
"""

from collections.abc import Callable, Iterable
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from bitbox_xr.core.lazy import is_lazy, later, on_cluster, threads
from bitbox_xr.core.types import Array

if TYPE_CHECKING:
    import dask.array as da

    from bitbox_xr.kernels.activations.search import Found, Search

__all__ = ["apply_to_activations", "find_activations", "noise_levels", "summaries"]

BLOCK_BYTES = 2**25  # of a block of coefficients, as float64; its search needs eight times as much
READ_BYTES = 2**26  # of the blocks that a task reads at once, as float64
PIECE_BYTES = 2**26  # of a piece along time, as float64


def noise_levels(data: Array, search: "Search", ladder: tuple[float, ...], rest: np.ndarray | None) -> Array:
    """Measure the noise of every recording at the scales of `search`: `(…, scale, signal)`, lazy if `data` is.

    See `bitbox_xr.kernels.activations.noise.levels`.
    """
    from bitbox_xr.kernels.activations.noise import levels

    shape = (*data.shape[:-2], len(search.scales), data.shape[-1])
    if not is_lazy(data):
        found = [levels(data[at], search, ladder, rest, threads=threads()) for at in np.ndindex(data.shape[:-2])]
        return np.array(found).reshape(shape)
    import dask.array as da

    lazy, call = cast("da.Array", data), partial(levels, search=search, ladder=ladder, rest=rest)
    each = [_joined_columns(lazy[at], call, len(search.scales)) for at in np.ndindex(data.shape[:-2])]
    result: Array = da.stack(each).reshape(shape)
    return result


def apply_to_activations(
    data: Array,
    search: "Search",
    finish: Callable[["Found"], np.ndarray],
    shape: tuple[int, ...],
    noise: Array | None = None,
) -> Array:
    """Apply `finish` to the activations of every recording: `(…, *shape)`, lazy if `data` is.

    `noise` `(…, scale, signal)` is that of the responses, if the search needs it.
    """
    extra = data.shape[:-2]
    if not is_lazy(data):
        results = [finish(one) for one in find_activations(data, search, noise)[0]]
        return np.array(results, dtype=np.float64).reshape(extra + shape)
    import dask.array as da
    from dask import delayed

    call = delayed(finish, pure=True)
    found = _delayed(cast("da.Array", data), search, noise)
    results = [da.from_delayed(call(one), shape, np.float64) for one in found]
    result: Array = da.stack(results).reshape(extra + shape)
    return result


def summaries(
    data: Array,
    search: "Search",
    finish: Callable[["Found"], np.ndarray],
    *,
    lists: int,
    noise: Array | None = None,
) -> Array:
    """Summarise the activations of every recording: `(…, list, metric, signal)`, lazy if `data` is.

    `finish` is `bitbox_xr.kernels.activations.metrics.cube` with its options. The last entry along the metrics is the
    number of eligible frames. `noise` is as for `apply_to_activations`.
    """
    from bitbox_xr.kernels.activations.metrics import METRICS

    shape = (lists, len(METRICS) + 1, data.shape[-1])
    if not is_lazy(data):
        from bitbox_xr.kernels.activations.search import summarise

        known = None if noise is None else np.asarray(noise)
        found = [
            summarise(data[at], search, finish, None if known is None else known[at], threads=threads())
            for at in np.ndindex(data.shape[:-2])
        ]
        return np.array(found, dtype=np.float64).reshape(data.shape[:-2] + shape)
    if len(_columns(data)) == 1:
        return apply_to_activations(data, search, finish, shape, noise)
    import dask.array as da

    if search.apart or search.chooses or search.outliers or search.labels is not None or 0.0 in search.scales:
        one = partial(_of_columns, search=search, finish=finish, shape=shape)
    else:
        one = partial(_of_pieces, search=search, shape=shape)
    lazy = cast("da.Array", data)
    results = [one(lazy[at]) if noise is None else one(lazy[at], noise=noise[at]) for at in np.ndindex(data.shape[:-2])]
    result: Array = da.stack(results).reshape(data.shape[:-2] + shape)
    return result


def find_activations(
    data: Array, search: "Search", noise: Array | None = None
) -> tuple[list["Found"], np.ndarray | None]:
    """Compute the activations of every recording, in the order of the leading dimensions of `data`, and `noise`.

    Lazy data and lazy noise are computed together.
    """
    from bitbox_xr.kernels.activations.search import find

    if is_lazy(data):
        import dask

        found, computed = dask.compute(_delayed(cast("da.Array", data), search, noise), noise)
        return list(found), computed
    known = None if noise is None else np.asarray(noise)
    return [
        find(data[at], search, None if known is None else known[at], threads=threads())
        for at in np.ndindex(data.shape[:-2])
    ], known


def _delayed(data: "da.Array", search: "Search", noise: Array | None) -> list[Any]:
    from dask import delayed

    from bitbox_xr.kernels.activations.search import find, joined

    join, call = delayed(joined, pure=True), partial(find, search=search)
    return [
        join(_by_columns(data[at], call, None if noise is None else noise[at])) for at in np.ndindex(data.shape[:-2])
    ]


def _columns(data: Array) -> list[slice]:
    """Blocks of coefficients that are small enough to be searched together over the whole recording."""
    width = max(1, BLOCK_BYTES // (8 * data.shape[-2]))
    return [slice(start, min(start + width, data.shape[-1])) for start in range(0, data.shape[-1], width)]


def _by_columns(recording: "da.Array", call: Callable[..., Any], noise: Array | None = None) -> list[Any]:
    """Return the delayed `call` of each block of coefficients and, if given, of its noise `(scale, signal)`.

    If there are several blocks, the tasks themselves read them, chunk by chunk. Otherwise the scheduler would read each
    chunk a single time for all blocks, and keep it until the last block is done.
    """
    from dask import delayed

    blocks = _columns(recording)
    given = [{} if noise is None else {"noise": noise[:, block]} for block in blocks]
    if len(blocks) == 1 or on_cluster(recording):
        one = delayed(call, pure=True)
        return [one(recording[:, block], **own) for block, own in zip(blocks, given, strict=True)]
    # at least as many tasks as threads, if there are so many blocks
    together = max(1, min(READ_BYTES // (8 * len(recording) * blocks[0].stop), len(blocks) // threads()))
    out = []
    for first in range(0, len(blocks), together):
        task = slice(first, first + together)
        read = partial(_read_and_call, recording, blocks[task], call)
        out += list(delayed(read, pure=True, nout=len(blocks[task]))(given[task]))
    return out


def _joined_columns(recording: "da.Array", call: Callable[..., np.ndarray], rows: int) -> "da.Array":
    """Concatenate the arrays `(rows, signal)` that `call` makes of each block of coefficients."""
    import dask.array as da

    blocks = zip(_columns(recording), _by_columns(recording, call), strict=True)
    parts = [da.from_delayed(one, (rows, block.stop - block.start), np.float64) for block, one in blocks]
    result: da.Array = da.concatenate(parts, axis=-1)
    return result


def _of_columns(
    recording: "da.Array",
    search: "Search",
    finish: Callable[["Found"], np.ndarray],
    shape: tuple[int, ...],
    noise: Array | None = None,
) -> "da.Array":
    """Apply `finish` to each block of coefficients, and concatenate the results along signals."""
    import dask.array as da

    from bitbox_xr.kernels.activations.search import summarise

    call = partial(summarise, search=search, finish=finish)
    blocks = zip(_columns(recording), _by_columns(recording, call, noise), strict=True)
    parts = [da.from_delayed(one, (*shape[:-1], block.stop - block.start), np.float64) for block, one in blocks]
    result: da.Array = da.concatenate(parts, axis=-1)
    return result


def _read_and_call(
    recording: "da.Array", blocks: list[slice], call: Callable[..., Any], given: list[dict[str, np.ndarray]]
) -> list[Any]:
    """`call` of each of these consecutive blocks of coefficients, with the options `given` for it."""
    bounds, first = np.cumsum([0, *recording.chunks[0]]).tolist(), blocks[0].start
    chunks = [recording[start:stop, first : blocks[-1].stop] for start, stop in pairwise(bounds)]
    values = np.concatenate([np.array(chunk.compute(scheduler="synchronous")) for chunk in chunks])
    return [
        call(values[:, block.start - first : block.stop - first], **own)
        for block, own in zip(blocks, given, strict=True)
    ]


# --- pieces along time


def _of_pieces(recording: "da.Array", search: "Search", shape: tuple[int, ...]) -> "da.Array":
    """Summarise the activations of a recording by combining summaries of pieces along time."""
    import dask.array as da
    from dask import delayed

    from bitbox_xr.kernels.activations import chunked, metrics

    beyond = chunked.margin(search)
    bounds = _bounds(recording, beyond)
    again = not on_cluster(recording)
    around = [(max(start - beyond, 0), min(stop + beyond, len(recording))) for start, stop in pairwise(bounds)]
    within = [
        chunked.Piece(start - first, stop - first)
        for (start, stop), (first, _) in zip(pairwise(bounds), around, strict=True)
    ]

    def each(call: Callable[..., Any], spans: Iterable[tuple[int, int]], *arguments: Iterable[Any]) -> list[Any]:
        calls = zip(spans, *arguments, strict=True)
        return [later(call, recording[slice(*span)], again, *rest) for span, *rest in calls]

    outlines = each(partial(chunked.outline, inner=beyond), pairwise(bounds))
    known = delayed(chunked.contexts, pure=True)(outlines, bounds, beyond)
    context = [known[k] for k in range(len(within))]
    tops = each(partial(chunked.largest, search=search), around, within, context)
    top = delayed(np.maximum.reduce, pure=True)(tops)
    cubes = each(partial(chunked.cube, search=search), around, within, context, [top] * len(within))
    pooled = delayed(metrics.pooled, pure=True)(delayed(np.stack, pure=True)(cubes))
    result: da.Array = da.from_delayed(pooled, shape, np.float64)
    return result


def _bounds(recording: "da.Array", least: int) -> list[int]:
    """Frames at which pieces start and end: chunk bounds where possible, with at least `least` frames in each piece."""
    frames, signals = recording.shape
    most = max(least, PIECE_BYTES // (8 * signals))
    bounds = [0]
    for bound in np.cumsum(recording.chunks[0]).tolist():
        while bound - bounds[-1] > 2 * most:  # the chunk is too large for memory
            bounds.append(bounds[-1] + most)
        if bound - bounds[-1] >= most:
            bounds.append(bound)
    if len(bounds) > 1 and frames - bounds[-1] < least:
        bounds.pop()
    return bounds if bounds[-1] == frames else [*bounds, frames]
