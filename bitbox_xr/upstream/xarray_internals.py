"""What reading and writing NetCDF uses of xarray beyond its documented interface.

`ArrayWriter` separates what is in memory, which `Dataset.dump_to_store` writes at once, from chunks on dask, which
`.sync()` computes and stores; `.sources` says whether there are any. `Dataset.to_netcdf` does both in one call, during
which our lock would have to be held throughout or not at all.

`io.netcdf` also passes `lock=` to `xarray.open_dataset`, an option of each engine that is documented nowhere; the tests
of this module check it too.
"""

import os
from typing import Any

import xarray as xr
from xarray.backends import H5NetCDFStore, NetCDF4DataStore, ScipyDataStore
from xarray.backends.common import ArrayWriter
from xarray.backends.netCDF4_ import NETCDF4_PYTHON_LOCK

__all__ = ["LIBRARY_LOCKS", "ArrayWriter", "array_of", "file_behind", "new_file"]

# xarray's own locks around HDF5 and NetCDF-C, in the order in which xarray takes them. The libraries crash when two
# threads are inside them, even with different files, so `io.locks` takes these locks as well: otherwise a lazy read of
# a file opened by xarray alone could run beside our own reads and writes.
LIBRARY_LOCKS: tuple[Any, ...] = NETCDF4_PYTHON_LOCK.locks  # type: ignore[attr-defined]


def new_file(path: str, engine: str, lock: Any) -> Any:
    """A store for `Dataset.dump_to_store`: a new NetCDF file of one of three engines, guarded by `lock`.

    `Dataset.to_netcdf` has no option for the lock and uses xarray's own, which is not reentrant.
    """
    if engine == "scipy":
        return ScipyDataStore(path, mode="w", lock=lock)
    store = NetCDF4DataStore if engine == "netcdf4" else H5NetCDFStore
    return store.open(path, mode="w", lock=lock)


def array_of(variable: xr.Variable) -> Any:
    """The array of a variable as it is held, lazy or not; the public `.data` would read it from its file."""
    return variable._data


def file_behind(array: Any) -> str | os.PathLike[str] | None:
    """The file that a backend's lazy array is read from; None for other objects.

    `encoding["source"]` gives a name only for whole Datasets, and it is lost in arithmetic.
    """
    manager = getattr(getattr(array, "datastore", None), "_manager", None)
    if manager is None:
        return None
    opened = getattr(manager, "_args", ())[:1]
    return opened[0] if opened and isinstance(opened[0], str | os.PathLike) else None
