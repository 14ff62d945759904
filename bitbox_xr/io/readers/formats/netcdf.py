"""Signals in NetCDF files, whose times are in the unit that the file names."""

from contextlib import suppress
from pathlib import Path

import xarray as xr

from bitbox_xr.core import validation
from bitbox_xr.core.errors import refuse
from bitbox_xr.core.time_axis import on_seconds
from bitbox_xr.core.variables import TIME
from bitbox_xr.io.netcdf import open_netcdf
from bitbox_xr.io.readers.formats.movement import is_movement

__all__ = ["MARKS", "movement_of", "read"]

MARKS = (b"CDF\x01", b"CDF\x02", b"CDF\x05", b"\x89HDF")  # the first bytes of a file


def movement_of(file: Path) -> xr.Dataset | None:
    """The Dataset of movement in a file, in memory; None if the file holds something else."""
    with suppress(OSError), open_netcdf(file) as opened:  # a damaged file is reported when its signals are read
        return opened.load() if is_movement(opened) else None
    return None


def read(file: Path, kind: str | None, fps: float | None) -> xr.DataArray:
    """The only signal set in a file, or the only one of `kind`. ValueError if there is another number of them."""
    opened = open_netcdf(file)
    variables = {opened.name: opened} if isinstance(opened, xr.DataArray) else dict(opened.data_vars)
    sets = {str(name): x for name, x in variables.items() if not validation.shape_faults(x)}
    sets = {name: x for name, x in sets.items() if kind in (None, x.attrs.get("kind"))}
    if len(sets) != 1:
        expected = f"one variable (time, signal){f' of kind {kind}' if kind else ''}"
        got = f"the variables {validation.listed(variables)}" if variables else "no variables"
        raise ValueError(f"{file.name}: expected {expected}, got {got}; choose the file of a recording")
    (x,) = sets.values()
    try:
        x = _in_seconds(x, fps)
    except (TypeError, ValueError) as error:
        opened.close()
        raise type(error)(f"{file.name}: {error}") from None
    x.set_close(opened.close)
    return x


def _in_seconds(x: xr.DataArray, fps: float | None) -> xr.DataArray:
    """Signals of a NetCDF file with times in seconds, or without times if neither the file nor `fps` gives them."""
    x = x.copy(deep=False)
    if TIME not in x.coords and fps is None:
        return x
    x = on_seconds(x, fps)
    refuse("time", validation.clock_faults(x, fps))
    return x.assign_attrs(validation.stated(fps))
