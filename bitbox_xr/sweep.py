"""Runs the search for activations over whole recordings: by threads, or as a dask graph.

Arrays are `(…, time, signal)`. A search needs the whole of a coefficient (its mean, the largest response), so a lazy
recording is read coefficient block by coefficient block: each block reads the chunks along time again and keeps
its own columns only, and time is never one piece for all coefficients.
"""

import sys
from collections.abc import Callable
from functools import partial
from itertools import pairwise
from typing import Any

import numpy as np

from bitbox_xr.engine import is_lazy, threads

__all__ = ["found", "measured"]

BLOCK_BYTES = 2**25  # of float64 held at once by a task


def measured(data: Any, search: Any, finish: Callable[[Any], np.ndarray], shape: tuple[int, ...]) -> Any:
    """`finish` of the activations of every recording: `(…, *shape)`, lazy where `data` is.

    `search` is a `kernels.activations.Search`; `finish` takes a `kernels.activations.Found`.
    """
    extra = data.shape[:-2]
    if not is_lazy(data):
        results = [finish(one) for one in found(data, search)]
        return np.array(results, dtype=np.float64).reshape(extra + shape)
    import dask.array as da
    from dask import delayed

    call = delayed(finish, pure=True)
    results = [da.from_delayed(call(one), shape, np.float64) for one in _delayed(data, search)]
    return da.stack(results).reshape(extra + shape)


def found(data: Any, search: Any) -> list[Any]:
    """The activations of every recording, computed; recordings in the order of `data`'s leading dimensions."""
    from bitbox_xr.kernels.activations import find

    if is_lazy(data):
        import dask

        return list(dask.compute(*_delayed(data, search)))
    return [find(data[at], search, threads=threads()) for at in np.ndindex(data.shape[:-2])]


def _delayed(data: Any, search: Any) -> list[Any]:
    from dask import delayed

    from bitbox_xr.kernels.activations import joined

    signals = data.shape[-1]
    width = max(1, BLOCK_BYTES // (8 * data.shape[-2]))
    blocks = [slice(start, start + width) for start in range(0, signals, width)]
    again = len(blocks) > 1 and not _on_cluster(data)
    join = delayed(joined, pure=True)
    recordings = [data[at] for at in np.ndindex(data.shape[:-2])]
    return [join([_block(one, columns, search, again) for columns in blocks]) for one in recordings]


def _block(recording: Any, columns: slice, search: Any, again: bool) -> Any:
    """The activations of some columns, delayed; `again`: the task itself reads them, chunk by chunk.

    Left to the scheduler, each chunk would be read once for all blocks, and wait as a whole for the last of them.
    """
    from dask import delayed

    from bitbox_xr.kernels.activations import find

    if again:
        return delayed(partial(_read_and_find, recording, columns, search), pure=True)()
    return delayed(find, pure=True)(recording[:, columns], search)


def _read_and_find(recording: Any, columns: slice, search: Any) -> Any:
    from bitbox_xr.kernels.activations import find

    bounds = np.cumsum([0, *recording.chunks[0]]).tolist()
    chunks = [recording[start:stop, columns] for start, stop in pairwise(bounds)]
    return find(np.concatenate([np.array(chunk.compute(scheduler="synchronous")) for chunk in chunks]), search)


def _on_cluster(data: Any) -> bool:
    """Whether chunks are held by a cluster, where there is nothing to read again."""
    if "distributed" not in sys.modules:
        return False
    from distributed import Future

    return any(isinstance(getattr(node, "value", node), Future) for node in dict(data.__dask_graph__()).values())
