"""Blocks of the summary: results of some recordings, which a worker reads and stacks for the runner.

Nearly all recordings of a study have the same labels. Therefore only the first file with the same labels is decoded;
of the others only the stored numbers are read.
"""

import math
import pickle
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import xarray as xr

from bitbox_xr.cohort.histories import merged_history
from bitbox_xr.cohort.status import error_message
from bitbox_xr.cohort.storage import ASKED, STAMP, WARNINGS
from bitbox_xr.core.variables import RECORDING
from bitbox_xr.io.locks import FileLock
from bitbox_xr.io.netcdf import decode_attribute, open_netcdf
from bitbox_xr.measures.results import matched

__all__ = [
    "MAX_RECORDINGS_PER_BLOCK",
    "Gathered",
    "Layout",
    "common_attrs",
    "gather",
    "merged_coords",
    "read_numbers",
    "reindexed",
]

MAX_RECORDINGS_PER_BLOCK = 64
OWN_ATTRS = (RECORDING, STAMP, WARNINGS)  # attributes that always belong to one recording
HISTORIES = ("history", "history1", "history2")  # attributes
PACKING_ATTRS = {"scale_factor", "add_offset", "missing_value", "_Unsigned"}  # stored numbers need decoding

Layout = tuple[tuple[str, tuple[Hashable, ...]], ...]  # labels by dimension
Attrs = dict[str, str | int | float]
Numbers = dict[str, np.ndarray]


class Gathered(NamedTuple):
    """A block: a file with the numbers of some recordings `(recording, …)`, and their labels and attributes.

    `header` has their coordinates, the dimensions and attributes of variables (`variables`) and the attributes that all
    recordings share (`common`). It is None, and there is no file, if all recordings were refused. `layouts` has the
    recordings by their labels, `refused` the reason for each refused recording.
    """

    file: Path
    header: xr.Dataset | None
    layouts: dict[Layout, list[str]]
    refused: dict[str, str]


@dataclass
class _Group:
    """Recordings whose files differ only in numbers and in values of global attributes."""

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
    """Collect the results of some recordings, by name, in one block, with the union of their labels and NaN elsewhere.

    Refuses results that cannot be read, that have no matched pair (with `only_matched`), or that were made with other
    options than `asked`.
    """
    groups: dict[Hashable, _Group] = {}
    refused: dict[str, str] = {}
    for name, path in files.items():
        try:
            _add(groups, name, path, asked)
        except Exception as error:  # of any kind: the other recordings go on
            refused[name] = error_message(error)
    parts: list[xr.Dataset] = []
    attrs: list[Attrs] = []
    for group in groups.values():
        try:
            parts.append(matched(group.stacked()) if only_matched else group.stacked())
            attrs += group.attrs
        except ValueError as error:
            refused |= dict.fromkeys(group.names, error_message(error))
    layouts: dict[Layout, list[str]] = {}
    for part in parts:
        layouts.setdefault(_layout(part), []).extend(part[RECORDING].values.tolist())
    order = [name for name in files if name not in refused]
    header = _write_numbers(parts, order, common_attrs(attrs), file) if parts else None
    return Gathered(file, header, layouts, refused)


def _write_numbers(parts: list[xr.Dataset], order: list[str], attrs: Attrs, file: Path) -> xr.Dataset:
    """Write the numbers of all parts to `file`, recordings in this order; return their header."""
    coords = merged_coords(parts)
    labels = {dim: coords[dim] for dim in coords.dims}
    row = {name: at for at, name in enumerate(order)}
    rows = [[row[name] for name in part[RECORDING].values.tolist()] for part in parts]
    found: Numbers = {}
    variables = {}
    for name, variable in parts[0].data_vars.items():
        shape = (len(order), *(coords.sizes[dim] for dim in variable.dims[1:]))
        values = found[str(name)] = np.empty(shape)
        for part, at in zip(parts, rows, strict=True):
            values[at] = reindexed(part[name], labels)
        variables[str(name)] = {"dims": variable.dims, "attrs": variable.attrs}
    with file.open("wb") as stream:
        pickle.dump(found, stream, protocol=pickle.HIGHEST_PROTOCOL)
    header = coords.assign_coords({RECORDING: order})
    return header.assign_attrs(variables=variables, common=attrs)


def read_numbers(file: Path) -> Numbers:
    """Read the numbers that `gather` wrote."""
    with file.open("rb") as stream:
        found: Numbers = pickle.load(stream)  # from the run folder, which only this run writes to
    return found


# --- reading


def _add(groups: dict[Hashable, _Group], name: str, file: Path, asked: str) -> None:
    """Read the result of a recording and add it to its group."""
    kind, raw, values = _read(file)
    group = groups.get(kind)
    if group is None or values is None:
        with open_netcdf(file) as opened:
            template: xr.Dataset = opened.load()
        attrs: Attrs = dict(template.attrs)
        values = {str(key): variable.values for key, variable in template.data_vars.items()}
    else:
        attrs = {key: raw[key] for key in group.template.attrs}
    if attrs.get(ASKED) != asked:  # written by a task that outlived its own run
        raise ValueError(f"{file.name} was written by another run meanwhile; run again")
    if group is None:
        group = groups[kind] = _Group(template)
    group.names.append(name)
    group.attrs.append(attrs)
    group.values.append(values)


def _read(file: Path) -> tuple[Hashable, Attrs, Numbers | None]:
    """A key that files of one group share, global attributes, and the numbers unless these need decoding."""
    import netCDF4

    with FileLock(file.name), netCDF4.Dataset(file) as source:
        source.set_auto_maskandscale(False)
        raw = {key: decode_attribute(source.getncattr(key)) for key in source.ncattrs()}
        own = {
            key: {name: decode_attribute(of.getncattr(name)) for name in of.ncattrs()}
            for key, of in source.variables.items()
        }
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
    return PACKING_ATTRS.isdisjoint(attrs) and isinstance(fill, float) and math.isnan(fill)


# --- labels


def _layout(result: xr.Dataset) -> Layout:
    return tuple((str(dim), tuple(result[dim].values.tolist())) for dim in result.dims if dim != RECORDING)


def merged_coords(results: list[xr.Dataset]) -> xr.Dataset:
    """Coordinates along each dimension except `recording`, with all labels in order of first occurrence."""
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
    """Values of a column; missing text becomes ''."""
    if pd.api.types.is_numeric_dtype(column.dtype):
        return column.to_numpy()
    return column.fillna("").to_numpy().astype(str)


def reindexed(values: xr.DataArray, labels: Mapping[Hashable, xr.DataArray]) -> np.ndarray:
    """Numbers at all labels, NaN where they are absent; always float64, since counts can be absent too."""
    target = {dim: labels[dim] for dim in values.dims if dim in labels}
    if any(not values.indexes[dim].equals(target[dim].to_index()) for dim in target):
        values = values.astype(np.float64).reindex({dim: index.values for dim, index in target.items()})
    return values.values.astype(np.float64, copy=False)


def common_attrs(attrs: Iterable[Mapping[str, str | int | float]]) -> Attrs:
    """Attributes that are equal in all recordings, and the steps of preparation that they share."""
    first, *rest = attrs
    equal = {k: v for k, v in first.items() if k not in OWN_ATTRS and all(k in one and one[k] == v for one in rest)}
    differ = [name for name in HISTORIES if name not in equal and all(name in one for one in (first, *rest))]
    merged = {name: merged_history(str(one[name]) for one in (first, *rest)) for name in differ}
    return equal | {name: text for name, text in merged.items() if text}
