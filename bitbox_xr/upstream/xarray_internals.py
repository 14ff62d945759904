"""Undocumented parts of xarray that reading and writing NetCDF use.

`ArrayWriter` separates arrays in memory, which `Dataset.dump_to_store` writes at once, from chunks on dask, which
`ArrayWriter.sync` computes and stores. `ArrayWriter.sources` lists the arrays with such chunks. `Dataset.to_netcdf`
does both in one call, so our lock could only be held during the whole call or not at all.

`io.netcdf` also passes the undocumented option `lock=` to `xarray.open_dataset`. The tests of this module check it too.
"""

import os
from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
import xarray as xr
from numpy.typing import DTypeLike
from xarray.backends import H5NetCDFStore, NetCDF4DataStore, ScipyDataStore
from xarray.backends.common import ArrayWriter
from xarray.backends.netCDF4_ import NETCDF4_PYTHON_LOCK
from xarray.coding.common import lazy_elemwise_func
from xarray.indexes import PandasIndex

__all__ = ["LIBRARY_LOCKS", "ArrayWriter", "array_of", "file_behind", "later_by_element", "new_dataset", "new_file"]

# Dimensions, values and attributes of a variable.
Contents: TypeAlias = tuple[Sequence[str], Any, Mapping[str, Any]]

# xarray's own locks for HDF5 and NetCDF-C, in the order in which xarray acquires them. The libraries crash when two
# threads use them at the same time, even with different files. `io.locks` therefore acquires these locks as well:
# otherwise a lazy read of a file opened by xarray could run at the same time as our own reads and writes.
LIBRARY_LOCKS: tuple[Any, ...] = NETCDF4_PYTHON_LOCK.locks  # type: ignore[attr-defined]


def new_file(path: str, engine: str, lock: Any) -> Any:
    """Create a NetCDF file with one of three engines, as a store for `Dataset.dump_to_store` that uses `lock`.

    `Dataset.to_netcdf` has no option for the lock. It uses xarray's own locks, which are not reentrant.
    """
    if engine == "scipy":
        return ScipyDataStore(path, mode="w", lock=lock)
    store = NetCDF4DataStore if engine == "netcdf4" else H5NetCDFStore
    return store.open(path, mode="w", lock=lock)


def array_of(variable: xr.Variable) -> Any:
    """The array inside a variable, lazy or not. The public `.data` would read a lazy array from its file."""
    return variable._data


def new_dataset(
    variables: Mapping[str, Contents], coords: Mapping[str, Contents], attrs: Mapping[str, Any]
) -> xr.Dataset:
    """`xr.Dataset(variables, coords, attrs)` for contents that need no alignment, several times as fast.

    `xr.Dataset` aligns and merges its arguments, which takes longer than to correlate a pair of short recordings.
    """
    contents = {name: xr.Variable(*given) for name, given in {**variables, **coords}.items()}
    indexes: dict[Hashable, xr.Index] = {}
    sizes: dict[Hashable, int] = {}
    for name, variable in contents.items():
        sizes |= variable.sizes
        if variable.dims == (name,):
            indexes[name] = index = PandasIndex.from_variables({name: variable}, options={})
            contents |= index.create_variables({name: variable})
    return xr.Dataset._construct_direct(contents, set(coords), sizes, dict(attrs), indexes)


def later_by_element(array: Any, function: Callable[[np.ndarray], np.ndarray], dtype: DTypeLike) -> Any:
    """A lazy array of `function` of each element of the lazy array of a backend; applied to what is read.

    The public `xarray.decode_cf` does the same with the functions of the conventions only.
    """
    return lazy_elemwise_func(array, function, dtype)


def file_behind(array: Any) -> str | os.PathLike[str] | None:
    """The file that a backend's lazy array is read from. None for other objects.

    The public `encoding["source"]` exists for whole Datasets only, and arithmetic removes it.
    """
    manager = getattr(getattr(array, "datastore", None), "_manager", None)
    if manager is None:
        return None
    opened = getattr(manager, "_args", ())[:1]
    return opened[0] if opened and isinstance(opened[0], str | os.PathLike) else None
