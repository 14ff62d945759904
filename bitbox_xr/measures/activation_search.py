"""Searches for activations in whole recordings, with threads or as a dask graph.

Arrays are `(…, time, signal)`. A lazy recording is never held in memory as a whole. Results that combine across pieces
along time are computed piece by piece; each piece is read three times: for the mean, for the largest response, and for
the activations. Results that need all frames of a coefficient (quartiles, medians, plateaus of any length) are computed
for a few coefficients at a time; each such block reads all chunks along time again, and keeps its own columns only.
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

__all__ = ["apply_to_activations", "find_activations", "summaries"]

BLOCK_BYTES = 2**25  # of a block of coefficients, as float64, that a task holds
PIECE_BYTES = 2**26  # of a piece along time, as float64


def apply_to_activations(
    data: Array, search: "Search", finish: Callable[["Found"], np.ndarray], shape: tuple[int, ...]
) -> Array:
    """Apply `finish` to the activations of every recording: `(…, *shape)`, lazy if `data` is."""
    extra = data.shape[:-2]
    if not is_lazy(data):
        results = [finish(one) for one in find_activations(data, search)]
        return np.array(results, dtype=np.float64).reshape(extra + shape)
    import dask.array as da
    from dask import delayed

    call = delayed(finish, pure=True)
    results = [da.from_delayed(call(one), shape, np.float64) for one in _delayed(cast("da.Array", data), search)]
    result: Array = da.stack(results).reshape(extra + shape)
    return result


def summaries(data: Array, search: "Search", *, robust: bool, lists: int) -> Array:
    """Summarise the activations of every recording: `(…, list, metric, signal)`, lazy if `data` is.

    The last entry along the metrics is the number of eligible frames.
    """
    from bitbox_xr.kernels.activations.metrics import METRICS, cube

    finish = partial(cube, robust=robust)
    shape = (lists, len(METRICS) + 1, data.shape[-1])
    if not is_lazy(data):
        from bitbox_xr.kernels.activations.search import summarise

        found = [summarise(data[at], search, finish, threads=threads()) for at in np.ndindex(data.shape[:-2])]
        return np.array(found, dtype=np.float64).reshape(data.shape[:-2] + shape)
    if len(_columns(data)) == 1:
        return apply_to_activations(data, search, finish, shape)
    import dask.array as da

    if search.apart or search.outliers or search.labels is not None or 0.0 in search.scales:
        one = partial(_of_columns, search=search, finish=finish, shape=shape)
    else:
        one = partial(_of_pieces, search=search, shape=shape)
    results = [one(cast("da.Array", data)[at]) for at in np.ndindex(data.shape[:-2])]
    result: Array = da.stack(results).reshape(data.shape[:-2] + shape)
    return result


def find_activations(data: Array, search: "Search") -> list["Found"]:
    """Compute the activations of every recording, in the order of the leading dimensions of `data`."""
    from bitbox_xr.kernels.activations.search import find

    if is_lazy(data):
        import dask

        return list(dask.compute(*_delayed(cast("da.Array", data), search)))
    return [find(data[at], search, threads=threads()) for at in np.ndindex(data.shape[:-2])]


def _delayed(data: "da.Array", search: "Search") -> list[Any]:
    from dask import delayed

    from bitbox_xr.kernels.activations.search import joined

    join = delayed(joined, pure=True)
    return [join(_by_columns(data[at], search)) for at in np.ndindex(data.shape[:-2])]


def _columns(data: Array) -> list[slice]:
    """Blocks of coefficients that are small enough for a task to hold over the whole recording."""
    width = max(1, BLOCK_BYTES // (8 * data.shape[-2]))
    return [slice(start, min(start + width, data.shape[-1])) for start in range(0, data.shape[-1], width)]


def _by_columns(recording: "da.Array", search: "Search") -> list[Any]:
    """Return the delayed activations of each block of coefficients."""
    columns = _columns(recording)
    again = len(columns) > 1 and not on_cluster(recording)
    return [_block(recording, block, search, again) for block in columns]


def _of_columns(
    recording: "da.Array", search: "Search", finish: Callable[["Found"], np.ndarray], shape: tuple[int, ...]
) -> "da.Array":
    """Apply `finish` to each block of coefficients, and concatenate the results along signals."""
    import dask.array as da
    from dask import delayed

    call = delayed(finish, pure=True)
    blocks = zip(_columns(recording), _by_columns(recording, search), strict=True)
    parts = [da.from_delayed(call(one), (*shape[:-1], block.stop - block.start), np.float64) for block, one in blocks]
    result: da.Array = da.concatenate(parts, axis=-1)
    return result


def _block(recording: "da.Array", columns: slice, search: "Search", again: bool) -> Any:
    """Return the delayed activations of some columns; with `again`, the task itself reads them, chunk by chunk.

    Otherwise the scheduler would read each chunk a single time for all blocks, and keep it until the last block
    is done.
    """
    from dask import delayed

    from bitbox_xr.kernels.activations.search import find

    if again:
        return delayed(partial(_read_and_find, recording, columns, search), pure=True)()
    return delayed(find, pure=True)(recording[:, columns], search)


def _read_and_find(recording: "da.Array", columns: slice, search: "Search") -> "Found":
    from bitbox_xr.kernels.activations.search import find

    bounds = np.cumsum([0, *recording.chunks[0]]).tolist()
    chunks = [recording[start:stop, columns] for start, stop in pairwise(bounds)]
    return find(np.concatenate([np.array(chunk.compute(scheduler="synchronous")) for chunk in chunks]), search)


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
