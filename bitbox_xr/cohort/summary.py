"""The summary of all recordings: `summary.nc` (recording × …) and, as a tidy table, `summary.csv`.

Workers collect results in blocks (see `blocks.py`). Here the blocks are written one after another, so that memory, and
the time for each recording, do not grow with the number of recordings.
"""

import logging
from collections.abc import Hashable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from math import nan
from pathlib import Path
from types import MappingProxyType
from typing import IO, Any

import numpy as np
import xarray as xr

from bitbox_xr.cohort.blocks import Gathered, Layout, Numbers, common_attrs, merged_coords, read_numbers, reindexed
from bitbox_xr.cohort.options import clashes
from bitbox_xr.cohort.spreadsheet import guarded_table
from bitbox_xr.cohort.storage import SUMMARY, TABLE
from bitbox_xr.core.errors import refuse
from bitbox_xr.core.validation import listed
from bitbox_xr.core.variables import RECORDING, variable_attrs
from bitbox_xr.io.netcdf import LOCK, to_netcdf
from bitbox_xr.measures.tables import to_frame

__all__ = ["write"]

LOG = logging.getLogger(__name__)
MAX_TABLE_ROWS = 20_000  # in memory at once
CHUNK_BYTES = 2**20  # of a variable that are written at once as a chunk of the file


def write(
    out: Path,
    gathered: Sequence[Gathered],
    covariates: Mapping[str, np.ndarray],
    marks: Mapping[str, str] = MappingProxyType({}),
) -> None:
    """Write `summary.nc`, with the attributes `marks`, and `summary.csv` into a folder.

    Covariates are coordinates on `recording`.
    """
    frame, variables = _frame(gathered, covariates)
    frame = frame.assign_attrs(marks)
    _warn_of_missing_labels(gathered, frame)
    cells = max(int(np.prod([frame.sizes[dim] for dim in of["dims"][1:]])) for of in variables.values())
    rows = max(1, min(CHUNK_BYTES // (8 * cells), frame.sizes[RECORDING]))
    with (
        _variables(frame, variables, rows, out / SUMMARY) as targets,
        (out / TABLE).open("w", encoding="utf-8", newline="") as stream,
    ):
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


def _frame(gathered: Sequence[Gathered], covariates: Mapping[str, np.ndarray]) -> tuple[xr.Dataset, dict[str, Any]]:
    """The summary without its variables, and the variables' dimensions and attributes."""
    headers = [one.header for one in gathered if one.header is not None]
    coords = merged_coords(headers)
    variables: dict[str, Any] = headers[0].attrs["variables"]
    names = np.concatenate([header[RECORDING].values for header in headers])
    refuse("cohort", clashes(covariates, [*variables, *map(str, coords.variables)]))
    recording = {RECORDING: (RECORDING, names, variable_attrs(RECORDING))}
    known = {name: (RECORDING, values, {"long_name": name}) for name, values in covariates.items()}
    attrs = common_attrs(header.attrs["common"] for header in headers)
    return xr.Dataset(coords={**recording, **known, **coords.coords}, attrs=attrs), variables


@contextmanager
def _variables(frame: xr.Dataset, variables: Mapping[str, Any], rows: int, file: Path) -> Iterator[dict[str, Any]]:
    """Write `frame` to `file` and yield its variables, which are written `rows` recordings at a time."""
    import netCDF4

    names = " ".join(str(name) for name in frame.coords if name not in frame.dims)
    listing = {"coordinates": names} if names else {}
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
                made[name].set_var_chunk_cache(CHUNK_BYTES)
                made[name].setncatts({**of["attrs"], **listing})
        yield made
    finally:
        with LOCK:
            source.close()


def _slices(
    gathered: Sequence[Gathered], frame: xr.Dataset, variables: Mapping[str, Any], rows: int
) -> Iterator[Numbers]:
    """The numbers of the summary, `rows` recordings at a time, independent of the size of blocks."""
    labels = {dim: frame[dim] for dim in frame.dims if dim != RECORDING}
    waiting: Numbers = {}
    for one in gathered:
        if one.header is None:
            continue
        block = _block(one.file, one.header, labels)
        waiting = {name: np.concatenate([waiting[name], block[name]]) if waiting else block[name] for name in variables}
        number = len(next(iter(waiting.values())))
        for first in range(0, number - number % rows, rows):
            yield {name: values[first : first + rows] for name, values in waiting.items()}
        waiting = {name: values[number - number % rows :] for name, values in waiting.items()}
    if len(next(iter(waiting.values()))):
        yield waiting


def _block(file: Path, header: xr.Dataset, labels: Mapping[Hashable, xr.DataArray]) -> Numbers:
    described = header.attrs["variables"]
    coords = {dim: header[dim] for dim in labels}
    return {
        name: reindexed(xr.DataArray(values, {d: coords[d] for d in coords if d in described[name]["dims"]},
                                  described[name]["dims"]), labels)
        for name, values in read_numbers(file).items()
    }  # fmt: skip


def _warn_of_missing_labels(gathered: Sequence[Gathered], frame: xr.Dataset) -> None:
    """Log the labels that some recordings lack."""
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
    step = max(1, MAX_TABLE_ROWS // cells)
    leading = [RECORDING, *covariates]
    for first in range(0, summary.sizes[RECORDING], step):
        table = to_frame(summary.isel({RECORDING: slice(first, first + step)}), long=True)
        table = table[[*leading, *(name for name in table.columns if name not in leading)]]
        guarded_table(table).to_csv(stream, index=False, header=header and first == 0, lineterminator="\n")
