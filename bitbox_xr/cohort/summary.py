"""All recordings in one file: `summary.nc` (recording × …) and, tidy, `summary.csv`.

Workers put some recordings at a time into one file; here these are put together, one at a time, so that memory does
not grow with the number of recordings.
"""

import logging
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import xarray as xr

from bitbox_xr.cohort.manifest import RECORDING
from bitbox_xr.cohort.options import clashes
from bitbox_xr.cohort.spreadsheet import guarded_table
from bitbox_xr.cohort.status import fault
from bitbox_xr.cohort.storage import ASKED, STAMP, SUMMARY, TABLE, whole
from bitbox_xr.core.errors import refuse
from bitbox_xr.core.validation import listed
from bitbox_xr.io.netcdf import open_netcdf, to_netcdf
from bitbox_xr.measures.results import matched, to_frame

__all__ = ["BLOCK", "gather", "write"]

LOG = logging.getLogger(__name__)
BLOCK = 16  # recordings put together by one task
ROWS = 20_000  # of the table, held at once
HELD = 2**26  # bytes of a summary that is put together in memory
OF_ONE = (RECORDING, STAMP)  # attributes that are one recording's own

Layout = tuple[tuple[str, tuple[Any, ...]], ...]  # labels by dimension


class Gathered(NamedTuple):
    """A file with some recordings, which of them have which labels, and why others are not in it."""

    file: Path
    layouts: dict[Layout, list[str]]
    refused: dict[str, str]


def gather(files: Mapping[str, Path], file: Path, *, asked: str, only_matched: bool) -> Gathered:
    """Put the results of some recordings, by name, into one: labels are the union, NaN where absent.

    Runs on a worker. There is no file where all are refused: those that cannot be read, share no label where only
    matched pairs are wanted, or were made of something else than what is `asked`.
    """
    found: dict[str, xr.Dataset] = {}
    refused: dict[str, str] = {}
    layouts: dict[Layout, list[str]] = {}
    for name, path in files.items():
        try:
            found[name] = _picked(path, asked, only_matched)
        except Exception as error:  # whatever it is, the other recordings go on
            refused[name] = fault(error)
    for name, one in found.items():
        layouts.setdefault(_layout(one), []).append(name)
    if found:
        to_netcdf(_together(found), file)
    return Gathered(file, layouts, refused)


def _together(found: Mapping[str, xr.Dataset]) -> xr.Dataset:
    ones = [*found.values()]
    coords = _along(ones)
    labels = {dim: coords[dim] for dim in coords.dims}
    data = {
        name: ((RECORDING, *variable.dims), np.stack([_spread(one[name], labels) for one in ones]), variable.attrs)
        for name, variable in ones[0].data_vars.items()
    }
    return xr.Dataset(data, {**coords.coords, RECORDING: [*found]}, _common(one.attrs for one in ones))


def _picked(file: Path, asked: str, only_matched: bool) -> xr.Dataset:
    with open_netcdf(file) as opened:
        result: xr.Dataset = opened.load()
    if result.attrs.get(ASKED) != asked:  # by a task of an earlier run that outlived it
        raise ValueError(f"{file.name} was written by another run meanwhile; run again")
    return matched(result) if only_matched else result


def _layout(result: xr.Dataset) -> Layout:
    return tuple((str(dim), tuple(result[dim].values.tolist())) for dim in result.dims if dim != RECORDING)


def _along(results: list[xr.Dataset]) -> xr.Dataset:
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


def _spread(values: xr.DataArray, labels: Mapping[Any, xr.DataArray]) -> np.ndarray:
    """Numbers at all labels, NaN where they are absent; float64 throughout, since a count can be absent too."""
    wanted = {dim: labels[dim] for dim in values.dims if dim in labels}
    if any(not values.indexes[dim].equals(wanted[dim].to_index()) for dim in wanted):
        values = values.astype(np.float64).reindex({dim: index.values for dim, index in wanted.items()})
    return values.values.astype(np.float64)


def _common(attrs: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Attributes that all have alike."""
    first, *rest = attrs
    return {k: v for k, v in first.items() if k not in OF_ONE and all(k in one and one[k] == v for one in rest)}


# --- on the runner


def write(out: Path, gathered: list[Gathered], covariates: Mapping[str, np.ndarray]) -> None:
    """Write `summary.nc` and `summary.csv` of what was gathered; covariates are coordinates of its recordings."""
    import dask

    summary = _assembled(gathered, covariates)
    with dask.config.set(scheduler="synchronous", num_workers=1):  # one block at a time
        # what is in memory is written in one order: two equal runs write two equal files, to the byte
        to_netcdf(summary.load() if summary.nbytes <= HELD else summary, out / SUMMARY)
        _write_table(summary, out / TABLE, list(covariates))


def _assembled(gathered: list[Gathered], covariates: Mapping[str, np.ndarray]) -> xr.Dataset:
    """The summary, lazily: a block of it is read when it is written."""
    import dask.array as da
    from dask import delayed

    headers = [_header(one.file) for one in gathered]
    coords = _along(headers)
    _tell_unlike(gathered, coords)
    labels = {dim: coords[dim] for dim in coords.dims}
    read = delayed(_block, pure=True)
    blocks = [read(one.file, labels, dask_key_name=f"block-{k}") for k, one in enumerate(gathered)]
    data = {}
    for name, attrs in headers[0].attrs["variables"].items():
        dims = attrs["dims"]
        shape = tuple(coords.sizes[dim] for dim in dims[1:])
        parts = [da.from_delayed(block[name], (header.sizes[RECORDING], *shape), np.float64, name=f"{name}-{k}")
                 for k, (block, header) in enumerate(zip(blocks, headers, strict=True))]  # fmt: skip
        data[name] = (dims, da.concatenate(parts), attrs["attrs"])
    names = np.concatenate([header[RECORDING].values for header in headers])
    refuse("cohort", clashes(covariates, [*data, *map(str, coords.variables)]))
    along = {name: (RECORDING, values, {"long_name": name}) for name, values in covariates.items()}
    recording = {RECORDING: (RECORDING, names, {"long_name": "recording"})}
    return xr.Dataset(data, {**recording, **along, **coords.coords}, _common(h.attrs["common"] for h in headers))


def _header(file: Path) -> xr.Dataset:
    with open_netcdf(file) as block:
        variables = {
            str(name): {"dims": variable.dims, "attrs": variable.attrs} for name, variable in block.data_vars.items()
        }
        coords = block.coords.to_dataset().load()
    return coords.assign_attrs(variables=variables, common=block.attrs)


def _block(file: Path, labels: Mapping[Any, xr.DataArray]) -> dict[str, np.ndarray]:
    with open_netcdf(file) as block:
        loaded = block.load()
    return {str(name): _spread(values, labels) for name, values in loaded.data_vars.items()}


def _tell_unlike(gathered: list[Gathered], coords: xr.Dataset) -> None:
    """Name the labels that some recordings lack."""
    layouts: dict[Layout, list[str]] = {}
    for one in gathered:
        for layout, names in one.layouts.items():
            layouts.setdefault(layout, []).extend(names)
    for layout, names in layouts.items():
        for dim, labels in layout:
            if lacking := [label for label in coords[dim].values.tolist() if label not in set(labels)]:
                LOG.warning("%s: no %s in %s; NaN there", dim, listed(lacking), listed(names))


def _write_table(summary: xr.Dataset, file: Path, covariates: list[str]) -> None:
    cells = max(int(np.prod(variable.shape[1:])) for variable in summary.data_vars.values())
    step = max(1, ROWS // cells)
    leading = [RECORDING, *covariates]
    with whole(file) as stream:
        for block in range(0, summary.sizes[RECORDING], BLOCK):
            held = summary.isel({RECORDING: slice(block, block + BLOCK)}).load()
            for first in range(0, held.sizes[RECORDING], step):
                table = to_frame(held.isel({RECORDING: slice(first, first + step)}))
                table = table[[*leading, *(name for name in table.columns if name not in leading)]]
                guarded_table(table).to_csv(stream, index=False, header=block + first == 0, lineterminator="\n")
