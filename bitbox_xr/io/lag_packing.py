"""Lags in NetCDF files: seconds as float32, stored as whole frames in small integers.

The lags of windows are whole frames divided by the frame rate, so one byte holds them where float32 takes four. The
attribute `scale_factor` is the length of a frame in seconds, in double precision: any program that applies it gets
seconds. `open_netcdf` returns the float32 values that were written, bit for bit. A variable whose values are not whole
frames is not packed.
"""

from functools import lru_cache, partial

import numpy as np
import xarray as xr

from bitbox_xr.core.types import Attrs
from bitbox_xr.core.variables import LAG
from bitbox_xr.upstream.xarray_internals import array_of, later_by_element

__all__ = ["NotWholeFrames", "fill_value", "is_packable", "is_packed", "pack", "unpack"]

BLOCK_VALUES = 2**15  # converted together, in the cache of the processor


class NotWholeFrames(ValueError):
    """Lags that small integers cannot hold exactly."""


def is_packable(name: object, variable: xr.Variable, attrs: Attrs) -> bool:
    """Whether the variable can be the lags of windows: float32, with a known frame rate. `attrs` are the Dataset's."""
    fps = attrs.get("fps")
    return name == LAG and variable.dtype == np.float32 and variable.ndim > 0 and isinstance(fps, float) and fps > 0


def pack(variable: xr.Variable, attrs: Attrs) -> xr.Variable:
    """The lags as whole frames, lazy if they are.

    Raises NotWholeFrames if a value is not a whole number of frames, or exceeds the range of the integers; for lazy
    lags when they are computed.
    """
    fps, largest = float(attrs["fps"]), attrs.get("max_lag_frames")
    fits = isinstance(largest, int) and 2 * largest <= np.iinfo(np.int8).max  # net lags reach twice the largest shift
    dtype = np.dtype(np.int8 if fits else np.int16)
    convert = partial(whole_frames, frame=1 / fps, dtype=dtype)
    lags = variable.data
    frames = convert(lags) if variable.chunks is None else lags.map_blocks(convert, dtype=dtype)
    return xr.Variable(variable.dims, frames, {**variable.attrs, "scale_factor": 1 / fps})


def is_packed(variable: xr.Variable) -> bool:
    """Whether a decoded variable was stored by `pack`."""
    if "scale_factor" not in variable.encoding or "add_offset" in variable.encoding:
        return False
    stored = np.dtype(variable.encoding["dtype"]).newbyteorder("=")
    return stored in (np.int8, np.int16) and bool(variable.encoding.get("_FillValue") == fill_value(stored))


def unpack(variable: xr.Variable) -> xr.Variable:
    """The lags in seconds, float32, from undecoded integers; converted when they are read."""
    attrs = {name: value for name, value in variable.attrs.items() if name not in ("scale_factor", "_FillValue")}
    convert = partial(in_seconds, frame=float(variable.attrs["scale_factor"]))
    return xr.Variable(variable.dims, later_by_element(array_of(variable), convert, np.float32), attrs)


def whole_frames(seconds: np.ndarray, frame: float, dtype: np.dtype) -> np.ndarray:
    """Float32 seconds as whole frames of `frame` seconds; NaN becomes the smallest integer.

    >>> whole_frames(np.array([-0.1, np.nan, 0.2], "f4"), 1 / 30, np.dtype("i1"))
    array([  -3, -128,    6], dtype=int8)
    """
    out = np.empty(seconds.shape, dtype)
    flat, into = np.ascontiguousarray(seconds).reshape(-1), out.reshape(-1)
    for start in range(0, flat.size, BLOCK_VALUES):
        block, here = flat[start : start + BLOCK_VALUES], into[start : start + BLOCK_VALUES]
        frames = np.rint(block * np.float32(1 / frame))
        absent = np.isnan(block)
        fits = np.abs(frames) <= np.iinfo(dtype).max
        frames[~fits] = fill_value(dtype)
        here[...] = frames
        # compared as bits, so that −0 is not taken for 0
        exact = in_seconds(here, frame).view(np.uint32) == block.view(np.uint32)
        if not ((exact & fits) | absent).all():
            raise NotWholeFrames(f"expected lags in whole frames of {frame} s")
    return out


def in_seconds(frames: np.ndarray, frame: float) -> np.ndarray:
    """Whole frames as float32 seconds; the smallest integer becomes NaN.

    >>> in_seconds(np.array([-3, -128, 6], "i1"), 1 / 30)
    array([-0.1,  nan,  0.2], dtype=float32)
    """
    native = np.ascontiguousarray(frames, frames.dtype.newbyteorder("="))
    table, out = _table(frame, native.dtype), np.empty(frames.shape, np.float32)
    numbers, into = native.reshape(-1).view(f"u{native.itemsize}"), out.reshape(-1)
    for start in range(0, numbers.size, BLOCK_VALUES):  # NumPy needs 8 bytes for each number that is an index
        into[start : start + BLOCK_VALUES] = table[numbers[start : start + BLOCK_VALUES]]
    return out


@lru_cache(maxsize=16)
def _table(frame: float, dtype: np.dtype) -> np.ndarray:
    """Float32 seconds of every integer, in the order of its bits as an unsigned integer."""
    integers = np.arange(2 ** (8 * dtype.itemsize), dtype=f"u{dtype.itemsize}").view(dtype)
    seconds = (integers * frame).astype(np.float32)
    seconds[integers == fill_value(dtype)] = np.nan
    return seconds


def fill_value(dtype: np.dtype) -> np.integer:
    """The integer that is stored for NaN."""
    smallest: np.integer = dtype.type(np.iinfo(dtype).min)
    return smallest
