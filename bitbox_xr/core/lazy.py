"""Now or later: whether arrays are dask's, how many threads to use at once, and what a task reads by itself."""

import os
import sys
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from bitbox_xr.upstream.dask_internals import held_by_cluster

__all__ = ["is_lazy", "later", "on_cluster", "threads"]


def is_lazy(*arrays: Any) -> bool:
    """Whether any array is dask's."""
    return any(hasattr(array, "dask") for array in arrays)


def threads() -> int:
    """Threads to use: the cores that this process may use; one inside a dask worker, whose cores are taken."""
    if "distributed" in sys.modules:
        from distributed import get_worker

        try:
            get_worker()
        except ValueError:
            pass
        else:
            return 1
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def on_cluster(data: Any) -> bool:
    """Whether chunks are held by a cluster, where there is nothing to read again."""
    if "distributed" not in sys.modules:
        return False
    return held_by_cluster(dict(data.__dask_graph__()).values())


def later(call: Callable[..., Any], part: Any, again: bool, *rest: Any) -> Any:
    """`call` of an array and the rest, delayed; `again`: the task itself reads the array."""
    from dask import delayed

    if again:
        return delayed(partial(_read_and_call, call, part), pure=True)(*rest)
    return delayed(call, pure=True)(part, *rest)


def _read_and_call(call: Callable[..., Any], part: Any, *rest: Any) -> Any:
    return call(np.asarray(part.compute(scheduler="synchronous")), *rest)
