"""Undocumented parts of numba that kernels use."""

from collections.abc import Callable
from typing import Any

from numba.core import cgutils, event

__all__ = ["NO_C_WRAPPER", "UNCOUNTED", "declared", "item_pointer", "nothing", "stamp_cache", "watch_compilation"]

# Option of a compiled function: no second entry for callers in C, which nobody uses. numba's documentation lists other
# options only.
NO_C_WRAPPER = {"no_cfunc_wrapper": True}

# Option of numba.njit for functions that make no arrays: numba does not count references to their arguments.
UNCOUNTED = {"_nrt": False}


def stamp_cache(compiled: Any, stamp: str) -> None:
    """Make the compiled code in numba's cache on disk valid for this `stamp` only.

    numba compares the time and size of the file in which a function is defined. A kernel also contains the functions
    that it calls from other files, so editing one of these would leave outdated code in the cache. numba has no public
    way to declare such dependencies. Raises AttributeError if numba has changed.
    """
    file = compiled._cache._cache_file
    if not hasattr(file, "_source_stamp"):
        raise AttributeError("numba's cache file has no _source_stamp")
    file._source_stamp = stamp


def item_pointer(context: Any, builder: Any, kind: Any, array: Any, index: Any) -> Any:
    """LLVM pointer to item `index` of a contiguous one-dimensional array.

    The documented interface for intrinsics covers scalars only. numba's own functions read the address of an array by
    `make_array`.
    """
    return builder.gep(context.make_array(kind)(context, builder, array).data, [index])


def nothing(context: Any) -> Any:
    """LLVM value of an intrinsic that returns None."""
    return context.get_dummy_value()


def declared(builder: Any, kind: Any, name: str) -> Any:
    """Declare an LLVM function by name in the module that is being built, or return its earlier declaration.

    `numba.core.cgutils` appears in numba's examples, but it has no reference page.
    """
    return cgutils.get_or_insert_function(builder.module, kind, name)


class _Watcher(event.Listener):
    def __init__(self, started: Callable[[str], None], finished: Callable[[], None]) -> None:
        self.started = started
        self.finished = finished
        self.depth = 0  # functions are compiled inside others, under numba's global lock

    def on_start(self, event: Any) -> None:
        self.depth += 1
        if self.depth == 1:
            self.started(str(getattr(event.data["dispatcher"].py_func, "__module__", "")))

    def on_end(self, event: Any) -> None:
        self.depth -= 1
        if self.depth == 0:
            self.finished()


def watch_compilation(started: Callable[[str], None], finished: Callable[[], None]) -> None:
    """Call `started` (with the function's module) and `finished` when numba compiles a function and all it calls.

    Reading compiled code from the cache is no compilation.

    numba describes its events only in its guide for developers.
    """
    event.register("numba:compile", _Watcher(started, finished))
