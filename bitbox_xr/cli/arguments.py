"""From a command's arguments to recordings, and to the file that is written."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import xarray as xr

from bitbox_xr.core.errors import refuse
from bitbox_xr.io.netcdf import destination
from bitbox_xr.io.readers import open_signals
from bitbox_xr.io.readers.formats.three_di import with_sidecar
from bitbox_xr.io.readers.options import Y_OPTIONS, open_options
from bitbox_xr.preprocessing.alignment import align, shared_clock

__all__ = ["new_file", "of_align", "recordings"]


def recordings(given: Mapping[str, Any]) -> tuple[xr.DataArray, xr.DataArray | None]:
    """X and Y on one clock, once it is sure that OUT can be written."""
    files = [file for file in (given["x"], given["y"]) if file is not None]
    new_file(given, *files, *given.get("partners", ()))
    refuse("options", _two_faults(given))
    x = open_signals(files[0], **open_options(given))
    y = open_signals(files[1], **open_options(given, of_y=True)) if len(files) == 2 else None
    return (x, None) if y is None else _on_one_clock(x, y, given)


def new_file(given: Mapping[str, Any], *files: Path) -> Path:
    """OUT, which is none of the files that are read, nor a link to one, nor another name of one."""
    out = _netcdf_file(given["out"])
    if any(_is_same(out, part) for file in files for part in with_sidecar(file)):
        raise ValueError(f"{out} is one of the recordings; give --out another name")
    return out


def _is_same(out: Path, file: Path) -> bool:
    return out.resolve() == file.resolve() or (out.exists() and file.exists() and out.samefile(file))


def _netcdf_file(out: Path) -> Path:
    target = destination(out)
    if target.suffix.lower() != ".nc":
        raise ValueError(f"{out}: what is written is NetCDF; give --out a name that ends in .nc")
    return target


def _two_faults(given: Mapping[str, Any]) -> list[str]:
    """Options that ask for what is not there."""
    faults = []
    of_y = [f"--{name.replace('_', '-')}" for name in Y_OPTIONS if given.get(name) is not None]
    if given["y"] is None and of_y:
        faults.append(f"{', '.join(of_y)}: for Y, and there is none; give X's file again as Y")
    if given["y"] is None and given["align"]:
        faults.append("--align is for X and Y, and there is no Y")
    idle = [f"--{name.replace('_', '-')}" for name in ("align_fps", "offset") if given[name] is not None]
    if idle and not given["align"]:
        faults.append(f"{', '.join(idle)}: for --align, which was not given")
    return faults


def _on_one_clock(x: xr.DataArray, y: xr.DataArray, given: Mapping[str, Any]) -> tuple[xr.DataArray, xr.DataArray]:
    if given["align"]:
        return align(x, y, **of_align(given))
    try:
        shared_clock(x, y)
    except ValueError as error:
        remedy = "on the command line: --align (and --align-fps FPS where a clock is not regular)"
        raise ValueError(f"{error}\n{remedy}") from error
    return x, y


def of_align(given: Mapping[str, Any]) -> dict[str, Any]:
    """The options of `align()`."""
    return {"fps": given["align_fps"], "offset": given["offset"] or 0.0}
