"""Results of some recordings together, as one block of the summary: what a worker reads and leaves for the runner.

Nearly all recordings of a study have the same labels. Only the first file of each kind is therefore decoded; of the
others the numbers are read as they stand.
"""

import math
import pickle
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import xarray as xr

from bitbox_xr.cohort.manifest import RECORDING
from bitbox_xr.cohort.status import fault
from bitbox_xr.cohort.storage import ASKED, STAMP
from bitbox_xr.io.locks import FileLock
from bitbox_xr.io.netcdf import open_netcdf
from bitbox_xr.measures.results import matched

__all__ = ["BLOCK", "Gathered", "Layout", "along", "common", "gather", "numbers", "spread"]

BLOCK = 64  # recordings put together by one task
OF_ONE = (RECORDING, STAMP)  # attributes that are one recording's own
ENCODED = {"scale_factor", "add_offset", "missing_value", "_Unsigned"}  # numbers that do not stand for themselves

Layout = tuple[tuple[str, tuple[Any, ...]], ...]  # labels by dimension
Attrs = dict[str, str | int | float]
Numbers = dict[str, np.ndarray]


class Gathered(NamedTuple):
    """A file with the numbers of some recordings `(recording, …)`, and what is known of them.

    `header` has their coordinates, the dimensions and attributes of variables (`variables`) and the attributes that all
    have alike (`common`); it is None where all recordings were refused, of which there is no file.
    """

    file: Path
    header: xr.Dataset | None
    layouts: dict[Layout, list[str]]
    refused: dict[str, str]


@dataclass
class _Alike:
    """Recordings whose files differ in nothing but numbers and attributes of the whole."""

    template: xr.Dataset
    names: list[str] = field(default_factory=list)
    attrs: list[Attrs] = field(default_factory=list)
    values: list[Numbers] = field(default_factory=list)

    def stacked(self) -> xr.Dataset:
        """Their results `(recording, …)`."""
        data = {
            name: ((RECORDING, *variable.dims), np.stack([one[str(name)] for one in self.values]), variable.attrs)
            for name, variable in self.template.data_vars.items()
        }
        return xr.Dataset(data, {**self.template.coords, RECORDING: self.names})


def gather(files: Mapping[str, Path], file: Path, *, asked: str, only_matched: bool) -> Gathered:
    """Put the results of some recordings, by name, into one block: labels are the union, NaN where absent.

    Refused are those that cannot be read, share no label where only matched pairs are kept, or were made of something
    else than what is `asked`.
    """
    kinds: dict[Any, _Alike] = {}
    refused: dict[str, str] = {}
    for name, path in files.items():
        try:
            _add(kinds, name, path, asked)
        except Exception as error:  # whatever it is, the other recordings go on
            refused[name] = fault(error)
    parts: list[xr.Dataset] = []
    attrs: list[Attrs] = []
    for alike in kinds.values():
        try:
            parts.append(matched(alike.stacked()) if only_matched else alike.stacked())
            attrs += alike.attrs
        except ValueError as error:
            refused |= dict.fromkeys(alike.names, fault(error))
    layouts: dict[Layout, list[str]] = {}
    for part in parts:
        layouts.setdefault(_layout(part), []).extend(part[RECORDING].values.tolist())
    order = [name for name in files if name not in refused]
    header = _together(parts, order, common(attrs), file) if parts else None
    return Gathered(file, header, layouts, refused)


def _together(parts: list[xr.Dataset], order: list[str], attrs: Attrs, file: Path) -> xr.Dataset:
    """Write the numbers of all parts, recordings in this order, to `file`; gives what else is known of them."""
    coords = along(parts)
    labels = {dim: coords[dim] for dim in coords.dims}
    row = {name: at for at, name in enumerate(order)}
    rows = [[row[name] for name in part[RECORDING].values.tolist()] for part in parts]
    found: Numbers = {}
    variables = {}
    for name, variable in parts[0].data_vars.items():
        shape = (len(order), *(coords.sizes[dim] for dim in variable.dims[1:]))
        values = found[str(name)] = np.empty(shape)
        for part, at in zip(parts, rows, strict=True):
            values[at] = spread(part[name], labels)
        variables[str(name)] = {"dims": variable.dims, "attrs": variable.attrs}
    with file.open("wb") as stream:
        pickle.dump(found, stream, protocol=pickle.HIGHEST_PROTOCOL)
    header = coords.assign_coords({RECORDING: order})
    return header.assign_attrs(variables=variables, common=attrs)


def numbers(file: Path) -> Numbers:
    """What `gather` left in a file."""
    with file.open("rb") as stream:
        found: Numbers = pickle.load(stream)  # of this run's own folder
    return found


# --- reading


def _add(kinds: dict[Any, _Alike], name: str, file: Path, asked: str) -> None:
    """Read the result of a recording, and put it to those that are like it."""
    kind, raw, values = _read(file)
    alike = kinds.get(kind)
    if alike is None or values is None:
        with open_netcdf(file) as opened:
            template: xr.Dataset = opened.load()
        attrs: Attrs = dict(template.attrs)
        values = {str(key): variable.values for key, variable in template.data_vars.items()}
    else:
        attrs = {key: raw[key] for key in alike.template.attrs}
    if attrs.get(ASKED) != asked:  # by a task of an earlier run that outlived it
        raise ValueError(f"{file.name} was written by another run meanwhile; run again")
    if alike is None:
        alike = kinds[kind] = _Alike(template)
    alike.names.append(name)
    alike.attrs.append(attrs)
    alike.values.append(values)


def _read(file: Path) -> tuple[tuple[Any, ...], Attrs, Numbers | None]:
    """All of a file but its numbers, its own attributes, and its numbers unless these are encoded."""
    import netCDF4

    with FileLock(file.name), netCDF4.Dataset(file) as source:
        source.set_auto_maskandscale(False)
        raw = {key: _plain(source.getncattr(key)) for key in source.ncattrs()}
        own = {key: {name: _plain(of.getncattr(name)) for name in of.ncattrs()} for key, of in source.variables.items()}
        listed = " ".join(str(attrs.get("coordinates", "")) for attrs in (raw, *own.values()))
        coords = {*source.dimensions, *listed.split()}
        described = [
            (key, of.dtype.str, of.dimensions, of.shape, repr(own[key]), of[...].tobytes() if key in coords else None)
            for key, of in source.variables.items()
        ]
        plain = all(_is_plain(own[key]) for key in own if key not in coords)
        values = {key: of[...] for key, of in source.variables.items() if key not in coords} if plain else None
    return (*raw, *described), raw, values


def _is_plain(attrs: Attrs) -> bool:
    fill = attrs.get("_FillValue", math.nan)
    return ENCODED.isdisjoint(attrs) and isinstance(fill, float) and math.isnan(fill)


def _plain(value: Any) -> Any:
    return value.item() if isinstance(value, np.ndarray | np.generic) and value.size == 1 else value


# --- labels


def _layout(result: xr.Dataset) -> Layout:
    return tuple((str(dim), tuple(result[dim].values.tolist())) for dim in result.dims if dim != RECORDING)


def along(results: list[xr.Dataset]) -> xr.Dataset:
    """Coordinates along each dimension but `recording`, with all labels in the order in which they first occur."""
    out = xr.Dataset()
    for dim in results[0].dims:
        if dim == RECORDING:
            continue
        own = list(dict.fromkeys(n for one in results for n, c in one.coords.items() if c.dims == (dim,) and n != dim))
        table = pd.concat(
            pd.DataFrame({n: one[n].values for n in own if n in one.coords}, index=one.indexes[dim]) for one in results
        )
        table = table[~table.index.duplicated()]
        attrs = {n: next(one[n].attrs for one in results if n in one.coords) for n in (dim, *own)}
        out = out.assign_coords({dim: (dim, table.index.to_numpy(), attrs[dim])})
        out = out.assign_coords({n: (dim, _filled(table[n]), attrs[n]) for n in own})
    return out


def _filled(column: pd.Series) -> np.ndarray:
    """A column as it was, missing text as ''."""
    if pd.api.types.is_numeric_dtype(column.dtype):
        return column.to_numpy()
    return column.fillna("").to_numpy().astype(str)


def spread(values: xr.DataArray, labels: Mapping[Any, xr.DataArray]) -> np.ndarray:
    """Numbers at all labels, NaN where they are absent; float64 throughout, since a count can be absent too."""
    wanted = {dim: labels[dim] for dim in values.dims if dim in labels}
    if any(not values.indexes[dim].equals(wanted[dim].to_index()) for dim in wanted):
        values = values.astype(np.float64).reindex({dim: index.values for dim, index in wanted.items()})
    return values.values.astype(np.float64, copy=False)


def common(attrs: Iterable[Mapping[str, Any]]) -> Attrs:
    """Attributes that all have alike."""
    first, *rest = attrs
    return {k: v for k, v in first.items() if k not in OF_ONE and all(k in one and one[k] == v for one in rest)}
