"""What a file holds, told by its content, and the reader for it."""

from collections.abc import Iterable, Mapping
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from bitbox_xr.core import validation
from bitbox_xr.core.errors import refuse
from bitbox_xr.core.signal_set import from_bitbox
from bitbox_xr.core.time_axis import on_seconds
from bitbox_xr.core.variables import TIME
from bitbox_xr.io.readers.assembly import place
from bitbox_xr.io.readers.columns import Asked
from bitbox_xr.io.readers.formats import blendshapes, openface, pyfeat, table, three_di
from bitbox_xr.io.readers.parquet import from_parquet
from bitbox_xr.io.readers.sheet import TABLE, WHITESPACE, Sheet, from_frame, from_lines, lines_of
from bitbox_xr.kernels import time_units

__all__ = ["open_signals"]

FORMATS = (openface, pyfeat, blendshapes)
NETCDF = (b"CDF\x01", b"CDF\x02", b"CDF\x05", b"\x89HDF")
PARQUET = b"PAR1"
OTHERS = {  # first bytes: what they tell, and the remedy
    b"PK\x03\x04": "a ZIP archive (Excel's files are such); save the table as CSV",
    b"\xd0\xcf\x11\xe0": "an old Excel file; save the table as CSV",
    b"\x1f\x8b": "compressed by gzip; unpack it",
    b"MATLAB 5": "a MATLAB file; export the table as CSV",
}


def open_signals(
    path: str | PathLike[str] | pd.DataFrame | Mapping[str, Any],
    *,
    kind: str | None = None,
    fps: float | None = None,
    time: Any = None,
    time_unit: str = "s",
    columns: Any = None,
    sep: str | None = None,
    skiprows: int = 0,
    face_id: int | str | None = None,
    min_confidence: float | None = None,
) -> xr.DataArray:
    """The signals in a tracker's file, or in any table, on a clock in seconds.

    Known by their content: 3DI and 3DI-lite (by name and number of columns), OpenFace 1 and 2, Py-Feat, Live
    Link Face and MediaPipe blendshapes, NetCDF files that hold signals. Anything else is a table: CSV, TSV,
    Parquet, a DataFrame. A Bitbox dictionary is taken too.

    Parameters
    ----------
    path
        A file, a DataFrame with a row a frame, or a Bitbox dictionary.
    kind
        Which signals of a file that holds several kinds; by default the expressions, under the file's own
        names: OpenFace's 17 `AUxx_r`, Py-Feat's AUs, the blendshapes. "pose" gives OpenFace's Tx Ty Tz (mm) Rx
        Ry Rz (rad), Py-Feat's Rx Ry Rz (rad), Live Link Face's angles; "landmark" OpenFace's and Py-Feat's x0
        y0 x1 y1 … (pixels); "rectangle" Py-Feat's x y w h. Of a table it says what its columns are: all of
        them, or for landmark, pose and rectangle those with such names (x0 or x_0, Tx, w) if it has any.
    fps
        Frames per second; replaces the file's times (attribute `time_source`). Numbers of frames that the file
        has (OpenFace, Py-Feat), or regular times, still tell which frames are missing: where only every k-th
        frame of a video of `fps` was tracked, the rate is fps/k (attribute `frame_step`). Regular times that say
        another rate are replaced with a UserWarning. Py-Feat needs it; for 3DI 30 is assumed. A NetCDF file's times
        are kept, in whatever unit their attribute `units` names: `fps` confirms their rate, or gives that of a file
        without times.
    time
        Name or position of the column of times, or an array with a time for each row. Numbers are in
        `time_unit`; dates (of a DataFrame or array) become seconds since the first of them.
    time_unit
        "s", "ms", "us", "ns", "min", "h", "d" or another usual spelling, of `time`; also "<unit> since <date>", which
        is read as dates are. Times that are a DataArray with an attribute `units` are in that unit.
    columns
        Names, or positions from 0, of the columns that are signals, in place of what the format has by
        default. A table's columns that number or time its rows (frame, timestamp, index, …) are no signals
        unless named here, which a UserWarning says. Of a name that occurs twice, the position tells which; it is
        then added to the name, `mq[2]`.
    sep, skiprows
        Of text: the separator (one character, or "\\s+" for any blanks; by default a comma, a tab in .tsv
        files), and the number of lines above that of the names.
    face_id
        Which face, where the file has several.
    min_confidence
        Frames of which the tracker was less sure become NaN.

    Returns
    -------
    DataArray
        `(time, signal)`, float64. Regular times are put on t0 + k/fps, missing rows, failed frames
        (`success` 0) and frames below `min_confidence` as NaN; `lost_frames` counts the frames of which no
        signal is present. Times that are not regular are kept as they are, and missing rows cannot then be
        told. Coordinates `confidence` and `success` on `time` where the file has them; attributes `backend`,
        `schema`, `source` (the file's name), `face_id`, `time_source`. Times start where the source's do (Live
        Link Face: seconds since midnight), at 0 where it has none.

    Raises
    ------
    FileNotFoundError
        Where there is no such file.
    ValueError
        For all that cannot be read with certainty (text among numbers, rows cut short, names that occur twice, several
        faces, no times; unasked, more than 240 frames a second, steps over 10 s, and times that look like numbers of
        frames), naming the file, the line or column and the remedy.
    TypeError
        For options of a wrong type.
    MemoryError
        For a NetCDF file, or the columns read of a Parquet file, that would unpack to more memory than is available.
        Of text it is not known beforehand what it unpacks to.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     file = Path(folder, "clip.csv")
    ...     _ = file.write_text("t,AU04,AU12\\n0.00,0,1\\n0.04,0,2\\n0.12,NA,3\\n0.16,1,4\\n")
    ...     x = open_signals(file, time="t")
    >>> x.sel(signal="AU12").values, x.attrs["lost_frames"]
    (array([ 1.,  2., nan,  3.,  4.]), 1)
    """
    asked = Asked(kind, fps, time, time_unit, columns, face_id, min_confidence)
    refuse("open_signals()", _option_faults(asked, sep, skiprows))
    asked = asked._replace(time_unit=time_units.canonical(time_unit))
    text_only = {"sep": sep is not None, "skiprows": skiprows != 0}
    if isinstance(path, Mapping):
        _unused("a Bitbox dictionary", {**_given(asked), **text_only}, allowed=("fps",))
        return from_bitbox(path, fps=fps)
    if isinstance(path, pd.DataFrame):
        _unused(TABLE, text_only)
        return _of_sheet(from_frame(path, TABLE), asked)
    if isinstance(path, np.ndarray | xr.DataArray):
        raise TypeError(f"open_signals(): path is a {type(path).__name__}; a file is wanted (signals() takes arrays)")
    file = validation.path_of("open_signals()", path)
    start = _first_bytes(file)
    if start.startswith(NETCDF):
        _unused(file.name, {**_given(asked), **text_only}, allowed=("kind", "fps"))
        return _of_netcdf(file, kind, fps)
    if start.startswith(PARQUET):
        _unused(file.name, text_only)
        return _of_sheet(from_parquet(file), asked)
    if three_di.is_three_di(file):
        _unused(file.name, text_only)
        return three_di.read(file, asked)
    sep = sep or ("\t" if file.suffix.lower() == ".tsv" else ",")
    return _of_sheet(from_lines(file.name, lines_of(file), sep=sep, skiprows=skiprows), asked)


def _of_sheet(sheet: Sheet, asked: Asked) -> xr.DataArray:
    known = next((form for form in FORMATS if form.recognises(sheet.names)), None)
    return place(sheet, known.layout(sheet) if known else table.layout(sheet, asked), asked)


# --- what the caller asked for


def _option_faults(asked: Asked, sep: str | None, skiprows: int) -> list[str]:
    faults = validation.fps_faults(asked.fps)
    faults += [] if asked.kind is None else validation.kind_faults(asked.kind)
    faults += [] if asked.columns is None else _column_faults(asked.columns)
    faults += _unit_faults(asked)
    if sep is not None and (not isinstance(sep, str) or (len(sep) != 1 and sep != WHITESPACE) or sep in '"\r\n'):
        faults.append(f"sep is {sep!r}; one character, or {WHITESPACE!r} for any blanks, is wanted")
    if not isinstance(skiprows, int | np.integer) or isinstance(skiprows, bool) or skiprows < 0:
        faults.append(f"skiprows is {skiprows!r}; the number of lines above the names is wanted")
    least = asked.min_confidence
    if least is not None and not validation.is_number(least):
        faults.append(f"min_confidence is {least!r}; a number is wanted")
    return faults


def _unit_faults(asked: Asked) -> list[str]:
    try:
        unit = time_units.canonical(asked.time_unit)
    except ValueError as error:
        return [f"time_unit: {error}"]
    if unit != "s" and asked.time is None:
        return [f"time_unit is {asked.time_unit!r} without time; name the column of times too, time=…"]
    return []


def _column_faults(columns: Any) -> list[str]:
    if isinstance(columns, str | int | np.integer) or (
        isinstance(columns, Iterable) and not isinstance(columns, set | frozenset)  # which have no order
    ):
        return []
    return [f"columns is {columns!r}; a name, a position (from 0), or a sequence of them is wanted"]


def _given(asked: Asked) -> dict[str, bool]:
    return {name: value is not None for name, value in asked._asdict().items() if name != "time_unit"}


def _unused(subject: str, given: dict[str, bool], allowed: tuple[str, ...] = ()) -> None:
    """Refuse options that would silently do nothing."""
    extra = [name for name, is_given in given.items() if is_given and name not in allowed]
    if extra:
        raise ValueError(f"{subject}: {validation.listed(extra)} has no meaning for it; leave it out")


# --- what the file is


def _first_bytes(file: Path) -> bytes:
    if file.is_dir():
        raise IsADirectoryError(f"{file.name}: it is a folder; give a file, or see open_recording()")
    if not file.is_file():
        raise FileNotFoundError(f"{file}: there is no such file")
    with file.open("rb") as stream:
        start = stream.read(8)
    told = next((told for mark, told in OTHERS.items() if start.startswith(mark)), None)
    if told:
        raise ValueError(f"{file.name}: it is {told}")
    return start


def _of_netcdf(file: Path, kind: str | None, fps: float | None) -> xr.DataArray:
    from bitbox_xr.io.netcdf import open_netcdf

    found = open_netcdf(file)
    held = {found.name: found} if isinstance(found, xr.DataArray) else dict(found.data_vars)
    sets = {str(name): x for name, x in held.items() if not validation.shape_faults(x)}
    sets = {name: x for name, x in sets.items() if kind in (None, x.attrs.get("kind"))}
    if len(sets) != 1:
        there = validation.listed(held) or "none"
        what = f"one signal set (time, signal){f' of kind {kind}' if kind else ''}"
        raise ValueError(f"{file.name}: {what} is wanted; the variables are {there}; see open_netcdf()")
    (x,) = sets.values()
    try:
        x = _on_clock(x, fps)
    except (TypeError, ValueError) as error:
        found.close()
        raise type(error)(f"{file.name}: {error}") from None
    x.set_close(found.close)
    return x


def _on_clock(x: xr.DataArray, fps: float | None) -> xr.DataArray:
    """Signals as a NetCDF file has them, their times in seconds and not doubted; without times if it has none."""
    x = x.copy(deep=False)
    if TIME not in x.coords and fps is None:
        return x
    x = on_seconds(x, fps)
    refuse("time", validation.clock_faults(x, fps))
    return x.assign_attrs(validation.stated(fps))
