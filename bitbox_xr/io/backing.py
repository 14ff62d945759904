"""Finding the files from which the lazy values of an object are read."""

from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import xarray as xr

from bitbox_xr.upstream.xarray_internals import array_of, file_behind

__all__ = ["detach", "files_behind"]


def detach(function: str, obj: xr.DataArray | xr.Dataset, target: Path) -> None:
    """Make the values of `obj` independent of the file `target`, which is about to be replaced.

    Lazy values are loaded. ValueError for values on dask: dask opens the file by name whenever it computes, so it would
    read the new file.
    """
    if not target.is_file() or not isinstance(obj, xr.DataArray | xr.Dataset):
        return
    dependent = [variable for variable in _parts(obj) if _reads(variable, target)]
    if any(variable.chunks is not None for variable in dependent):
        raise ValueError(
            f"{function}: expected a path from which dask reads no values of the object, got {target}; call .load() on "
            "the object first, or choose another file name"
        )
    for variable in dependent:
        variable.load()


def _reads(variable: xr.Variable, target: Path) -> bool:
    return any(file.exists() and file.samefile(target) for file in files_behind(variable))


def files_behind(obj: object) -> set[Path]:
    """Files from which the lazy arrays in `obj` are read: an xarray object, a dask array or graph, or a part of one.

    Only files that xarray's backends opened are found. Values in memory have no file.

    >>> files_behind(xr.Dataset({"a": ("x", [1, 2])}))
    set()
    """
    found: set[Path] = set()
    seen: dict[int, object] = {}  # keeps each part alive, so that no other part can get the same id
    remaining = [obj]
    while remaining:
        part = remaining.pop()
        if id(part) in seen or isinstance(part, type | str | bytes | int | float | None):
            continue
        seen[id(part)] = part
        file = file_behind(part)
        if file is not None:
            found.add(Path(file))
        else:
            remaining.extend(_parts(part))
    return found


def _parts(obj: object) -> Iterator[Any]:
    """The direct parts of an object."""
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
    else:  # a dask task, or an xarray wrapper around an array
        yield from (getattr(obj, name) for name in ("func", "args", "kwargs", "value", "array") if hasattr(obj, name))
