"""All recordings in one file: `summary.nc` (recording × …) and, tidy, `summary.csv`.

Workers put some recordings at a time into a block; here these are written one after another, so that neither memory
nor the time of each grows with the number of recordings.
"""

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from math import nan
from pathlib import Path
from typing import IO, Any

import numpy as np
import xarray as xr

from bitbox_xr.cohort.blocks import Gathered, Layout, Numbers, along, common, numbers, spread
from bitbox_xr.cohort.manifest import RECORDING
from bitbox_xr.cohort.options import clashes
from bitbox_xr.cohort.spreadsheet import guarded_table
from bitbox_xr.cohort.storage import SUMMARY, TABLE, whole
from bitbox_xr.core.errors import refuse
from bitbox_xr.core.validation import listed
from bitbox_xr.io.netcdf import LOCK, destination, replacing, to_netcdf
from bitbox_xr.measures.results import to_frame

__all__ = ["write"]

LOG = logging.getLogger(__name__)
ROWS = 20_000  # of the table, held at once
CHUNK = 2**20  # bytes of a variable that are written at once, and are a chunk of the file


def write(out: Path, gathered: list[Gathered], covariates: Mapping[str, np.ndarray]) -> None:
    """Write `summary.nc` and `summary.csv` of what was gathered; covariates are coordinates of its recordings."""
    frame, variables = _frame(gathered, covariates)
    _tell_unlike(gathered, frame)
    cells = max(int(np.prod([frame.sizes[dim] for dim in of["dims"][1:]])) for of in variables.values())
    rows = max(1, min(CHUNK // (8 * cells), frame.sizes[RECORDING]))
    with _variables(frame, variables, rows, out / SUMMARY) as targets, whole(out / TABLE) as stream:
        first = 0
        for values in _slices(gathered, frame, variables, rows):
            last = first + len(next(iter(values.values())))
            with LOCK:
                for name, target in targets.items():
                    target[first:last] = values[name]
            part = frame.isel({RECORDING: slice(first, last)})
            part = part.assign({name: (of["dims"], values[name]) for name, of in variables.items()})
            _write_rows(part, stream, list(covariates), header=first == 0)
            first = last


def _frame(gathered: list[Gathered], covariates: Mapping[str, np.ndarray]) -> tuple[xr.Dataset, dict[str, Any]]:
    """The summary without its variables; their dimensions and attributes."""
    headers = [one.header for one in gathered if one.header is not None]
    coords = along(headers)
    variables: dict[str, Any] = headers[0].attrs["variables"]
    names = np.concatenate([header[RECORDING].values for header in headers])
    refuse("cohort", clashes(covariates, [*variables, *map(str, coords.variables)]))
    recording = {RECORDING: (RECORDING, names, {"long_name": "recording"})}
    known = {name: (RECORDING, values, {"long_name": name}) for name, values in covariates.items()}
    attrs = common(header.attrs["common"] for header in headers)
    return xr.Dataset(coords={**recording, **known, **coords.coords}, attrs=attrs), variables


@contextmanager
def _variables(frame: xr.Dataset, variables: Mapping[str, Any], rows: int, target: Path) -> Iterator[dict[str, Any]]:
    """Variables of `target`, made of `frame`, to be written `rows` recordings at a time."""
    import netCDF4

    along_dims = " ".join(str(name) for name in frame.coords if name not in frame.dims)
    listing = {"coordinates": along_dims} if along_dims else {}
    with replacing(destination(target)) as file:
        to_netcdf(frame, file)
        with LOCK:
            source = netCDF4.Dataset(file, "a")
        try:
            made = {}
            for name, of in variables.items():
                chunk = (rows, *(frame.sizes[dim] for dim in of["dims"][1:]))
                with LOCK:
                    made[name] = source.createVariable(
                        name, "f8", of["dims"], zlib=True, complevel=1, shuffle=True, chunksizes=chunk, fill_value=nan
                    )
                    made[name].set_var_chunk_cache(CHUNK)
                    made[name].setncatts({**of["attrs"], **listing})
            yield made
        finally:
            with LOCK:
                source.close()


def _slices(gathered: list[Gathered], frame: xr.Dataset, variables: Mapping[str, Any], rows: int) -> Iterator[Numbers]:
    """The numbers of the summary, `rows` recordings at a time, however many a block has."""
    labels = {dim: frame[dim] for dim in frame.dims if dim != RECORDING}
    held: Numbers = {}
    for one in gathered:
        if one.header is None:
            continue
        block = _block(one.file, one.header, labels)
        held = {name: np.concatenate([held[name], block[name]]) if held else block[name] for name in variables}
        number = len(next(iter(held.values())))
        for first in range(0, number - number % rows, rows):
            yield {name: values[first : first + rows] for name, values in held.items()}
        held = {name: values[number - number % rows :] for name, values in held.items()}
    if len(next(iter(held.values()))):
        yield held


def _block(file: Path, header: xr.Dataset, labels: Mapping[Any, xr.DataArray]) -> Numbers:
    described = header.attrs["variables"]
    coords = {dim: header[dim] for dim in labels}
    return {
        name: spread(xr.DataArray(values, {d: coords[d] for d in coords if d in described[name]["dims"]},
                                  described[name]["dims"]), labels)
        for name, values in numbers(file).items()
    }  # fmt: skip


def _tell_unlike(gathered: list[Gathered], frame: xr.Dataset) -> None:
    """Name the labels that some recordings lack."""
    layouts: dict[Layout, list[str]] = {}
    for one in gathered:
        for layout, names in one.layouts.items():
            layouts.setdefault(layout, []).extend(names)
    for layout, names in layouts.items():
        for dim, labels in layout:
            present = set(labels)
            if lacking := [label for label in frame[dim].values.tolist() if label not in present]:
                LOG.warning("%s: no %s in %s; NaN there", dim, listed(lacking), listed(names))


def _write_rows(summary: xr.Dataset, stream: IO[str], covariates: list[str], *, header: bool) -> None:
    cells = max(int(np.prod(variable.shape[1:])) for variable in summary.data_vars.values())
    step = max(1, ROWS // cells)
    leading = [RECORDING, *covariates]
    for first in range(0, summary.sizes[RECORDING], step):
        table = to_frame(summary.isel({RECORDING: slice(first, first + step)}))
        table = table[[*leading, *(name for name in table.columns if name not in leading)]]
        guarded_table(table).to_csv(stream, index=False, header=header and first == 0, lineterminator="\n")
