"""Encoding a Dataset for NetCDF: fill values, chunks, compression and text, and the check of what NetCDF can store."""

import math
from collections.abc import Hashable
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from bitbox_xr.core import validation
from bitbox_xr.core.errors import refuse
from bitbox_xr.core.provenance import as_dataset
from bitbox_xr.core.types import Attrs
from bitbox_xr.io.lag_packing import fill_value, is_packable, pack

__all__ = ["CONVENTIONS", "NAME_ATTRIBUTE", "TYPE_ATTRIBUTE", "encode"]

MAX_CHUNK_BYTES = 2**26  # dask chunks up to this size become chunks of the file
CHUNK_BYTES = 2**20  # of a chunk of correlations or lags in memory, so that a few windows can be read alone
CONVENTIONS = "CF-1.11"
# global attributes that we add: the type to return (DataArray or Dataset), and the name of a DataArray
TYPE_ATTRIBUTE, NAME_ATTRIBUTE = "bitbox_xr", "bitbox_xr_name"

ZLIB = {"zlib": True, "complevel": 1, "shuffle": True}
TEXT_OBJECT_KINDS = "OT"  # dtype kinds for text of any length: objects, and NumPy's StringDType (used by pandas)

# attributes that NetCDF readers interpret themselves
RESERVED_ATTRIBUTES = {
    "_FillValue",
    "missing_value",
    "scale_factor",
    "add_offset",
    "coordinates",
    "_Encoding",
    TYPE_ATTRIBUTE,
    NAME_ATTRIBUTE,
}


def encode(obj: xr.DataArray | xr.Dataset, engine: str, *, packing: bool = True) -> xr.Dataset:
    """Return the Dataset to write for `obj`: checked, with text as `str`, plain attributes and its encoding set.

    With `packing`, the lags of windows become integers; see `lag_packing.pack`.
    """
    if isinstance(obj, xr.DataArray):
        data = as_dataset(obj, "values")
        attrs: Attrs = {}
        added = {TYPE_ATTRIBUTE: "DataArray", NAME_ATTRIBUTE: str(obj.name or "")}
    elif isinstance(obj, xr.Dataset):
        data, attrs, added = obj.copy(), obj.attrs, {TYPE_ATTRIBUTE: "Dataset"}
    else:
        raise TypeError(f"to_netcdf(): expected a DataArray or a Dataset, got {type(obj).__name__}")
    data = data.drop_encoding()
    refuse("to_netcdf()", _faults(data, attrs, engine), TypeError)
    for name, variable in data.variables.items():
        if variable.chunks is None:
            variable.load()  # before our lock is acquired: its file may have another lock
        if variable.dtype.kind in TEXT_OBJECT_KINDS:
            data[name] = xr.Variable(
                variable.dims, np.asarray(variable.values, dtype=object).astype(str), variable.attrs
            )
        elif packing and name in data.data_vars and is_packable(name, variable, attrs):
            data[name] = pack(variable, attrs)
    for name, variable in data.variables.items():
        variable.attrs = {key: _encode_attribute(value) for key, value in variable.attrs.items()}
        variable.encoding = _encoding(str(name), variable, engine, is_coord=name in data.coords)
    encoded_attrs = {key: _encode_attribute(value) for key, value in attrs.items()}
    data.attrs = {"Conventions": CONVENTIONS} | encoded_attrs | added
    return data


def _encoding(name: str, variable: xr.Variable, engine: str, *, is_coord: bool) -> dict[str, Any]:
    if variable.dtype.kind == "U":
        return {"dtype": "S1"}
    fill: dict[str, Any] = {"_FillValue": None} if is_coord else {}
    if "scale_factor" in variable.attrs:
        fill = {"_FillValue": fill_value(variable.dtype)}
    return fill if engine == "scipy" else {**fill, **_storage(name, variable, is_coord=is_coord)}


def _storage(name: str, variable: xr.Variable, *, is_coord: bool) -> dict[str, Any]:
    """Chunks, and compression or checksums."""
    if is_coord or not variable.ndim:
        return _dask_chunks(variable)
    if "scale_factor" in variable.attrs:
        return {**ZLIB, **(_dask_chunks(variable) or _leading_chunks(variable))}
    if name == "corr" and variable.dtype == np.float32:
        # Compression would make noise a fifth smaller and writing ten times slower. Checksums replace those of zlib.
        return {"fletcher32": True, **(_dask_chunks(variable) or _leading_chunks(variable))}
    return {**(ZLIB if variable.dtype.kind == "f" else {}), **_dask_chunks(variable)}


def _dask_chunks(variable: xr.Variable) -> dict[str, Any]:
    """Use dask's chunks, so that each chunk of the file is written whole; leave too large ones to the library."""
    chunk = tuple(map(max, variable.chunks or ()))
    fits = chunk and 0 < math.prod(chunk) * variable.dtype.itemsize <= MAX_CHUNK_BYTES
    return {"chunksizes": chunk} if fits else {}


def _leading_chunks(variable: xr.Variable) -> dict[str, Any]:
    """Divide the leading dimensions into equal chunks of at most `CHUNK_BYTES`, where the others allow it."""
    if variable.chunks is not None or not variable.size:
        return {}
    chunk = list(variable.shape)
    for axis, size in enumerate(chunk):
        parts = math.ceil(math.prod(chunk) * variable.dtype.itemsize / CHUNK_BYTES)
        chunk[axis] = math.ceil(size / min(parts, size))
    return {"chunksizes": tuple(chunk)}


def _encode_attribute(value: str | int | float) -> str | np.int32 | float:
    if isinstance(value, str):
        return str(value)
    return np.int32(value) if isinstance(value, int | np.integer) else float(value)


def _faults(data: xr.Dataset, attrs: Attrs, engine: str) -> list[str]:
    faults = _attr_faults(attrs, "")
    for name, variable in data.variables.items():
        faults += _name_faults(name) + _attr_faults(variable.attrs, f"{name}: ") + _value_faults(name, variable)
        faults += _netcdf3_faults(name, variable) if engine == "scipy" else []
        faults += [f"{name}: {fault}" for fault in validation.size_faults(variable.shape)]
    faults += [fault for dim in data.dims if dim not in data.variables for fault in _name_faults(dim, "dimension")]
    if engine != "netcdf4":
        faults += [
            f"expected no empty dimension for the engine {engine}, got {dim} of size 0; use the engine netcdf4"
            for dim, size in data.sizes.items()
            if not size
        ]
    for dim, index in data.indexes.items():
        if isinstance(index, pd.MultiIndex):
            faults.append(f"expected plain coordinates, got the MultiIndex {dim}; call .reset_index({dim!r})")
    return faults


def _name_faults(name: Hashable, what: str = "variable") -> list[str]:
    if isinstance(name, str) and name.strip() == name != "" and "/" not in name and name.isprintable():
        return []
    return [
        f"expected the name of a {what} to be printable text without / and without blanks at its ends, got {name!r}; "
        "use .rename()"
    ]


def _attr_faults(attrs: Attrs, owner: str) -> list[str]:
    faults = [f"{owner}{fault}" for fault in validation.attr_faults(attrs)]
    for key, value in attrs.items():
        if not isinstance(key, str) or not key:
            faults.append(f"{owner}expected the name of an attribute to be text, got {key!r}")
        elif key in RESERVED_ATTRIBUTES:
            faults.append(
                f"{owner}expected an attribute name that NetCDF does not reserve, got {key}; rename the attribute"
            )
        if isinstance(value, str) and not _is_storable_text(value):
            faults.append(
                f"{owner}expected the attribute {key} to be valid Unicode text without zero bytes, got {value!r}"
            )
        if isinstance(value, int | np.integer) and not -(2**31) <= int(value) < 2**31:
            faults.append(
                f"{owner}expected the attribute {key} to be a 32-bit integer, got {value}; store it as text or float"
            )
    return faults


def _is_storable_text(value: str) -> bool:
    """Whether a file returns the same text. Half a surrogate pair cannot be encoded, and a zero byte ends the text."""
    return "\0" not in value and not any("\ud800" <= letter <= "\udfff" for letter in value)


def _value_faults(name: Hashable, variable: xr.Variable) -> list[str]:
    kind, size = variable.dtype.kind, variable.dtype.itemsize
    if kind in "biu" or (kind == "f" and size in (4, 8)):
        return []
    if kind in f"U{TEXT_OBJECT_KINDS}" and all(isinstance(value, str) for value in np.ravel(variable.values)):
        bad = [value for value in np.ravel(variable.values).tolist() if not _is_storable_text(value)]
        return [f"expected {name} to hold valid Unicode text without zero bytes, got {bad[0]!r}"] if bad else []
    if kind in "mM":
        expected = "seconds as float64 (with their origin in an attribute)"
    elif kind in TEXT_OBJECT_KINDS:
        expected = "only text ('' where it is missing), or numbers of one type"
    else:
        expected = "real numbers of 32 or 64 bits, booleans or text"
    return [f"expected {name} to hold {expected}, got {variable.dtype}"]


def _netcdf3_faults(name: Hashable, variable: xr.Variable) -> list[str]:
    if variable.dtype.kind not in "iu" or not variable.size or variable.chunks is not None:
        return []
    size = min(variable.dtype.itemsize, 4)
    limits = np.iinfo(f"i{size}")
    lowest, highest = variable.values.min(), variable.values.max()
    if limits.min <= lowest and highest <= limits.max:
        return []
    return [
        f"expected {name} to hold signed integers of {8 * size} bits for NetCDF-3, got values from {lowest} to "
        f"{highest}; use the engine netcdf4"
    ]
