"""Which files the values of an object are still to be read from."""

from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import xarray as xr

from bitbox_xr.upstream.xarray_internals import array_of, file_behind

__all__ = ["detach", "files_behind"]


def detach(function: str, obj: xr.DataArray | xr.Dataset, target: Path) -> None:
    """Make the values of `obj` independent of the file `target`, which is about to be replaced.

    Lazy values are loaded. ValueError for values on dask, which would be computed from the new file next time: the file
    is opened again by its name when needed.
    """
    if not target.is_file() or not isinstance(obj, xr.DataArray | xr.Dataset):
        return
    ours = [variable for variable in _within(obj) if _reads(variable, target)]
    if any(variable.chunks is not None for variable in ours):
        raise ValueError(
            f"{function}: expected a file from which no values are still to be read, got {target}, from which dask "
            "reads values of the object to be written; .load() it first, or choose another name"
        )
    for variable in ours:
        variable.load()


def _reads(variable: xr.Variable, target: Path) -> bool:
    return any(file.exists() and file.samefile(target) for file in files_behind(variable))


def files_behind(obj: Any) -> set[Path]:
    """Files of the lazy arrays in `obj`: an xarray object, dask's arrays and graphs, or what these consist of.

    Found are the files that xarray's backends read. What is in memory has none.

    >>> files_behind(xr.Dataset({"a": ("x", [1, 2])}))
    set()
    """
    found: set[Path] = set()
    seen: dict[int, Any] = {}  # kept, so that none gets the identity of another that is gone
    left = [obj]
    while left:
        one = left.pop()
        if id(one) in seen or isinstance(one, type | str | bytes | int | float | None):
            continue
        seen[id(one)] = one
        file = file_behind(one)
        if file is not None:
            found.add(Path(file))
        else:
            left.extend(_within(one))
    return found


def _within(obj: Any) -> Iterator[Any]:
    """What an object consists of, one step down."""
    if isinstance(obj, xr.DataArray):
        yield from (obj.variable, *(coord.variable for coord in obj.coords.values()))
    elif isinstance(obj, xr.Dataset):
        yield from obj.variables.values()
    elif isinstance(obj, xr.Variable):
        yield array_of(obj)
    elif isinstance(obj, Mapping):
        yield from obj.values()
    elif isinstance(obj, list | tuple | set | frozenset):
        yield from obj
    elif isinstance(obj, partial):
        yield from (obj.func, *obj.args, *obj.keywords.values())
    elif hasattr(obj, "__dask_graph__"):
        yield dict(obj.__dask_graph__() or {})
    else:  # a task of dask's, or one of xarray's wrappers around an array
        yield from (getattr(obj, name) for name in ("func", "args", "kwargs", "value", "array") if hasattr(obj, name))
