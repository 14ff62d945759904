"""Lazy evaluation: whether arrays are dask arrays, how many threads to use, and delayed calls."""

import os
import sys
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from bitbox_xr.upstream.dask_internals import held_by_cluster

if TYPE_CHECKING:
    import dask.array as da
    from dask.delayed import Delayed

__all__ = ["is_lazy", "later", "on_cluster", "threads"]


def is_lazy(*arrays: object) -> bool:
    """Whether any array is a dask array."""
    return any(hasattr(array, "dask") for array in arrays)


def threads() -> int:
    """Number of threads to use: the cores of this process; one inside a dask worker, which uses the cores itself."""
    if "distributed" in sys.modules:
        from distributed import get_worker

        try:
            get_worker()
        except ValueError:
            pass
        else:
            return 1
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def on_cluster(data: "da.Array") -> bool:
    """Whether a cluster holds the chunks in memory, so that tasks need not read them again."""
    if "distributed" not in sys.modules:
        return False
    return held_by_cluster(dict(data.__dask_graph__()).values())


def later(call: Callable[..., object], part: "da.Array", again: bool, *rest: object) -> "Delayed":
    """A delayed `call` of an array and further arguments; if `again`, the task itself reads the array."""
    from dask import delayed

    result: Delayed
    if again:
        result = delayed(partial(_read_and_call, call, part), pure=True)(*rest)
    else:
        result = delayed(call, pure=True)(part, *rest)
    return result


def _read_and_call(call: Callable[..., object], part: "da.Array", *rest: object) -> object:
    return call(np.asarray(part.compute(scheduler="synchronous")), *rest)
