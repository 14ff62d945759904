"""Intervals in NetCDF files that `to_netcdf()` wrote."""

from pathlib import Path

import xarray as xr

from bitbox_xr.core import validation
from bitbox_xr.core.variables import INTERVAL
from bitbox_xr.io.annotations.formats.table import from_frame
from bitbox_xr.io.annotations.records import Annotations, IntervalOptions
from bitbox_xr.io.netcdf import open_netcdf

__all__ = ["read", "recognise"]

MARKS = (b"CDF\x01", b"CDF\x02", b"CDF\x05", b"\x89HDF")
COLUMNS = ("onset", "offset", "label", "type")


def recognise(path: Path, head: bytes) -> bool:
    """Whether the file is NetCDF."""
    return head.startswith(MARKS)


def read(path: Path, options: IntervalOptions) -> Annotations:
    """Read intervals with their attributes."""
    with open_netcdf(path) as opened:
        found = opened.load()
    if not isinstance(found, xr.Dataset) or not all(
        name in found and found[name].dims == (INTERVAL,) for name in COLUMNS
    ):
        names = validation.listed(found.variables) if isinstance(found, xr.Dataset) else "a DataArray"
        raise ValueError(
            f"{path.name}: expected intervals with {', '.join(COLUMNS)} along {INTERVAL}, got {names}; write them with "
            "to_netcdf(), or open signals with open_signals()"
        )
    frame = found.to_dataframe().reset_index(drop=True)
    read_back = from_frame(frame, options, path.name)
    return read_back._replace(attrs={str(name): value for name, value in found.attrs.items()})
