"""What kernels use of numba beyond its documented interface."""

from typing import Any

from numba.core import cgutils

__all__ = ["declared", "item_pointer", "nothing", "stamp_cache"]


def stamp_cache(compiled: Any, stamp: str) -> None:
    """Have the compiled code that numba kept on disk count as valid only for this `stamp`.

    numba compares the time and size of the file in which a function is defined. A kernel also contains what it calls
    from other files, so editing one of those would leave stale code in the cache. There is no public way to say what a
    function depends on. AttributeError where numba has changed.
    """
    file = compiled._cache._cache_file
    if not hasattr(file, "_source_stamp"):
        raise AttributeError("numba's cache file has no _source_stamp")
    file._source_stamp = stamp


def item_pointer(context: Any, builder: Any, kind: Any, array: Any, index: Any) -> Any:
    """LLVM pointer to item `index` of a contiguous one-dimensional array.

    The documented interface for intrinsics ends at scalars; `make_array` is how numba's own functions read an array's
    address.
    """
    return builder.gep(context.make_array(kind)(context, builder, array).data, [index])


def nothing(context: Any) -> Any:
    """LLVM value of an intrinsic that returns None."""
    return context.get_dummy_value()


def declared(builder: Any, kind: Any, name: str) -> Any:
    """An LLVM function by its name, declared once in the module that is being built.

    numba.core.cgutils appears in numba's examples but has no reference page.
    """
    return cgutils.get_or_insert_function(builder.module, kind, name)
