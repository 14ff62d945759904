"""What a NetCDF file declares in its header, held against the memory before anything of it is read.

A file of some kilobytes can declare more values than any memory holds: chunks are compressed, and those that were
never written take no space.
"""

import math

import xarray as xr

from bitbox_xr.core.memory import refuse_beyond

__all__ = ["bounded"]

POINTER = 8  # bytes of a text at the least: NumPy keeps a pointer to each


def bounded(source: xr.Dataset, file: str, *, lazy: bool) -> xr.Dataset:
    """`source`, opened without indexes, with the indexes of its dimensions.

    MemoryError, and `source` is closed, where the file would unpack to more than the memory that is available: all of
    it or, where it is read `lazy`, in chunks, that which is needed to open it: texts and the coordinates of dimensions.
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
    return variable.dtype == object


def _size(variable: xr.Variable) -> int:
    """Bytes that a variable unpacks to; of text, of which the letters are a dimension of the file, at the least."""
    shape = variable.encoding.get("original_shape", variable.shape) if _is_text(variable) else variable.shape
    return math.prod(map(int, shape)) * (POINTER if _is_text(variable) else variable.dtype.itemsize)
