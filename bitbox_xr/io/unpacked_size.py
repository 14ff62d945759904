"""Checking the size that a NetCDF file declares against the available memory, before its values are read.

A file of a few kilobytes can declare more values than fit into memory: chunks are compressed, and chunks that were
never written take no space.
"""

import math

import xarray as xr

from bitbox_xr.core.memory import refuse_beyond

__all__ = ["index_if_it_fits"]

MIN_TEXT_BYTES = 8  # NumPy keeps at least a pointer to each text


def index_if_it_fits(source: xr.Dataset, file: str, *, lazy: bool) -> xr.Dataset:
    """Return `source`, which was opened without indexes, with an index for each dimension coordinate.

    MemoryError if the file would unpack to more than the available memory; `source` is then closed. With `lazy`, the
    values are read in chunks, and only what is read at opening counts: texts and dimension coordinates.
    """
    read = [variable for name, variable in source.variables.items() if name in source.dims or _is_text(variable)]
    remedy = "its texts and the coordinates of its dimensions are read to open it; write a file with fewer of them"
    try:
        if not lazy:
            remedy = "open it in pieces with open_netcdf(path, chunks='auto'), or write fewer values to a file"
            refuse_beyond(file, sum(map(_size, source.variables.values())), remedy)
        refuse_beyond(file, sum(map(_size, read)), remedy)
    except MemoryError:
        source.close()
        raise
    for name in source.dims:
        if name in source.coords and source[name].dims == (name,):
            source = source.set_xindex([name])
    return source


def _is_text(variable: xr.Variable) -> bool:
    result: bool = variable.dtype == object
    return result


def _size(variable: xr.Variable) -> int:
    """Bytes of a variable once unpacked; for text a lower bound, which includes the dimension of its characters."""
    shape = variable.encoding.get("original_shape", variable.shape) if _is_text(variable) else variable.shape
    return math.prod(map(int, shape)) * (MIN_TEXT_BYTES if _is_text(variable) else variable.dtype.itemsize)
