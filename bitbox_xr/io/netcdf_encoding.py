"""How variables are stored in NetCDF: fill values, chunks, compression, text; and what no file can hold."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from bitbox_xr.core import validation
from bitbox_xr.core.errors import refuse
from bitbox_xr.core.provenance import as_dataset

__all__ = ["CONVENTIONS", "MARK", "NAME", "encoded"]

CHUNK = 2**26  # bytes of the largest chunk of a file that is as on dask
CONVENTIONS = "CF-1.11"
# global attributes: what the file gives back, DataArray or Dataset, and the DataArray's name
MARK, NAME = "bitbox_xr", "bitbox_xr_name"

OBJECTS = "OT"  # kinds of dtypes in which text of any length comes: objects, and NumPy's StringDType (from pandas)

# a reader of any engine takes an attribute of such a name for an instruction
RESERVED = {"_FillValue", "missing_value", "scale_factor", "add_offset", "coordinates", "_Encoding", MARK, NAME}


def encoded(obj: xr.DataArray | xr.Dataset, engine: str) -> xr.Dataset:
    """`obj` as the Dataset that is written: checked, with text as `str`, plain attributes and its encoding."""
    if isinstance(obj, xr.DataArray):
        data = as_dataset(obj, "values")
        own_attrs: Mapping[Any, Any] = {}
        marks = {MARK: "DataArray", NAME: str(obj.name or "")}
    elif isinstance(obj, xr.Dataset):
        data, own_attrs, marks = obj.copy(), obj.attrs, {MARK: "Dataset"}
    else:
        raise TypeError(f"to_netcdf(): got {type(obj).__name__}; a DataArray or a Dataset is wanted")
    data = data.drop_encoding()
    refuse("to_netcdf()", _faults(data, own_attrs, engine), TypeError)
    for name, variable in data.variables.items():
        if variable.chunks is None:
            variable.load()  # before the lock is taken: it may come from a file with a lock of its own
        if variable.dtype.kind in OBJECTS:
            data[name] = xr.Variable(
                variable.dims, np.asarray(variable.values, dtype=object).astype(str), variable.attrs
            )
    for name, variable in data.variables.items():
        variable.attrs = {key: _stored(value) for key, value in variable.attrs.items()}
        variable.encoding = _encoding(variable, engine, is_coord=name in data.coords)
    data.attrs = {"Conventions": CONVENTIONS} | {key: _stored(value) for key, value in own_attrs.items()} | marks
    return data


def _encoding(variable: xr.Variable, engine: str, *, is_coord: bool) -> dict[str, Any]:
    if variable.dtype.kind == "U":
        return {"dtype": "S1"}
    chunks = {} if engine == "scipy" else _chunks(variable)
    if is_coord:
        return {"_FillValue": None, **chunks}
    if variable.dtype.kind == "f" and variable.ndim:
        return {"zlib": True, "complevel": 1, "shuffle": True, **chunks}
    return chunks


def _chunks(variable: xr.Variable) -> dict[str, Any]:
    """Chunks as on dask, so that each chunk of the file is written whole; the library's where those are too large."""
    chunk = tuple(map(max, variable.chunks or ()))
    return {"chunksizes": chunk} if chunk and 0 < math.prod(chunk) * variable.dtype.itemsize <= CHUNK else {}


def _stored(value: str | int | float) -> str | np.int32 | float:
    if isinstance(value, str):
        return str(value)
    return np.int32(value) if isinstance(value, int | np.integer) else float(value)


def _faults(data: xr.Dataset, attrs: Mapping[Any, Any], engine: str) -> list[str]:
    faults = _attr_faults(attrs, "")
    for name, variable in data.variables.items():
        faults += _name_faults(name) + _attr_faults(variable.attrs, f"{name}: ") + _value_faults(name, variable)
        faults += _netcdf3_faults(name, variable) if engine == "scipy" else []
        faults += [f"{name}: {fault}" for fault in validation.size_faults(variable.shape)]
    faults += [fault for dim in data.dims if dim not in data.variables for fault in _name_faults(dim, "dimension")]
    empty = [dim for dim, size in data.sizes.items() if not size and engine != "netcdf4"]
    faults += [f"the dimension {dim} is empty, which {engine} cannot write; use the engine netcdf4" for dim in empty]
    for dim, index in data.indexes.items():
        if isinstance(index, pd.MultiIndex):
            faults.append(f"{dim} is a MultiIndex; .reset_index({dim!r}) makes plain coordinates of it")
    return faults


def _name_faults(name: Any, what: str = "variable") -> list[str]:
    if isinstance(name, str) and name.strip() == name != "" and "/" not in name and name.isprintable():
        return []
    return [f"a {what} is named {name!r}; printable text without / and outer blanks is wanted: see .rename()"]


def _attr_faults(attrs: Mapping[Any, Any], owner: str) -> list[str]:
    faults = [f"{owner}{fault}" for fault in validation.attr_faults(attrs)]
    for key, value in attrs.items():
        if not isinstance(key, str) or not key:
            faults.append(f"{owner}an attribute is named {key!r}; text is wanted")
        elif key in RESERVED:
            faults.append(f"{owner}the attribute {key} has a meaning of its own in NetCDF; give it another name")
        if isinstance(value, str) and not _is_text(value):
            faults.append(f"{owner}the attribute {key} is {value!r}; text without zero bytes, of Unicode, is wanted")
        if isinstance(value, int | np.integer) and not -(2**31) <= int(value) < 2**31:
            faults.append(f"{owner}the attribute {key} is {value}; an integer of 32 bits, or text, is wanted")
    return faults


def _is_text(value: str) -> bool:
    """Whether a file gives it back: no half of a surrogate pair, no zero, at which text ends."""
    return "\0" not in value and not any("\ud800" <= letter <= "\udfff" for letter in value)


def _value_faults(name: Any, variable: xr.Variable) -> list[str]:
    kind, size = variable.dtype.kind, variable.dtype.itemsize
    if kind in "biu" or (kind == "f" and size in (4, 8)):
        return []
    if kind in f"U{OBJECTS}" and all(isinstance(value, str) for value in np.ravel(variable.values)):
        odd = [value for value in np.ravel(variable.values).tolist() if not _is_text(value)]
        return [f"{name} holds {odd[0]!r}; text without zero bytes, of Unicode, is wanted"] if odd else []
    if kind in "mM":
        remedy = "seconds as float64 (an origin in an attribute) are wanted"
    elif kind in OBJECTS:
        remedy = "all of it must be text ('' where it is missing), or numbers of one type"
    else:
        remedy = "real numbers of 32 or 64 bits, booleans or text are wanted"
    return [f"{name} holds {variable.dtype}; {remedy}"]


def _netcdf3_faults(name: Any, variable: xr.Variable) -> list[str]:
    if variable.dtype.kind not in "iu" or not variable.size or variable.chunks is not None:
        return []
    size = min(variable.dtype.itemsize, 4)
    limits = np.iinfo(f"i{size}")
    if limits.min <= variable.values.min() and variable.values.max() <= limits.max:
        return []
    return [f"{name} holds integers beyond {8 * size} bits, which NetCDF-3 does not know; use the engine netcdf4"]
