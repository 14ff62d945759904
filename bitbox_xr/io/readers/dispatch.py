"""Recognising the format of a file by its content, and reading it: `open_signals()`."""

from collections.abc import Iterable, Mapping
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from bitbox_xr.core import validation
from bitbox_xr.core.errors import refuse
from bitbox_xr.core.kinds import kind_faults
from bitbox_xr.core.signal_set import from_bitbox
from bitbox_xr.core.time_axis import on_seconds
from bitbox_xr.core.types import Kind
from bitbox_xr.core.variables import TIME
from bitbox_xr.io.readers.assembly import assemble
from bitbox_xr.io.readers.columns import ColumnLike, ReadOptions, TimesLike
from bitbox_xr.io.readers.formats import blendshapes, openface, pyfeat, table, three_di
from bitbox_xr.io.readers.parquet import from_parquet
from bitbox_xr.io.readers.sheet import TABLE, WHITESPACE, Sheet, from_frame, from_lines, read_lines
from bitbox_xr.kernels import time_units

__all__ = ["open_signals"]

FORMATS = (openface, pyfeat, blendshapes)
NETCDF = (b"CDF\x01", b"CDF\x02", b"CDF\x05", b"\x89HDF")
PARQUET = b"PAR1"
UNSUPPORTED = {  # first bytes: format, and remedy
    b"PK\x03\x04": "a ZIP archive (such as an Excel file); save the table as CSV",
    b"\xd0\xcf\x11\xe0": "an old Excel file; save the table as CSV",
    b"\x1f\x8b": "a file compressed by gzip; decompress it",
    b"MATLAB 5": "a MATLAB file; export the table as CSV",
}


def open_signals(
    path: str | PathLike[str] | pd.DataFrame | Mapping[str, Any],
    *,
    kind: Kind | None = None,
    fps: float | None = None,
    time: ColumnLike | TimesLike | None = None,
    time_unit: str = "s",
    columns: ColumnLike | Iterable[ColumnLike] | None = None,
    sep: str | None = None,
    skiprows: int = 0,
    face_id: int | str | None = None,
    min_confidence: float | None = None,
) -> xr.DataArray:
    """Read the signals in a tracker's file, or in any table, with times in seconds.

    The format is recognised by the content of the file: OpenFace 1 and 2, Py-Feat, blendshapes of Live Link Face and
    MediaPipe, and NetCDF files that hold signals. 3DI and 3DI-lite are recognised by the name of the file and its
    number of columns. Any other file is read as a table: CSV, TSV or Parquet. A DataFrame or a Bitbox dictionary can
    be given in place of a file.

    Parameters
    ----------
    path
        A file, a DataFrame with one row per frame, or a Bitbox dictionary.
    kind
        Which signals to read from a file that holds several kinds. By default the expressions, under the names of the
        file: the 17 `AUxx_r` of OpenFace, the AUs of Py-Feat, the blendshapes. "pose" reads Tx Ty Tz (mm) Rx Ry Rz
        (rad) from OpenFace, Rx Ry Rz (rad) from Py-Feat, and the angles from Live Link Face. "landmark" reads x0 y0 x1
        y1 … (pixels) from OpenFace and Py-Feat, "rectangle" x y w h from Py-Feat. For a table, it says what the columns
        are. For landmark, pose and rectangle, these are the columns with such names (x0 or x_0, Tx, w) if the table has
        any, otherwise all columns.
    fps
        Frames per second. It replaces the times of the file (attribute `time_source`). The file still says which frames
        are missing, by its frame numbers (OpenFace, Py-Feat) or by regular times. If only every k-th frame of a video
        of `fps` was tracked, the rate is fps/k (attribute `frame_step`). A UserWarning says if the file's regular times
        have another rate. Py-Feat needs `fps`; for 3DI, 30 is assumed. The times of a NetCDF file are kept, in the unit
        of their attribute `units`: `fps` confirms their rate, or gives the rate of a file without times.
    time
        Name or position of the column of times, or an array with a time for each row. Numbers are in `time_unit`. Dates
        (in a DataFrame or array) become seconds since the first of them.
    time_unit
        Unit of `time`: "s", "ms", "us", "ns", "min", "h", "d" or another usual spelling, or "<unit> since <date>",
        which is read as dates are. Times in a DataArray with an attribute `units` are in that unit.
    columns
        Names, or positions from 0, of the columns to read as signals, in place of the default of the format. By
        default, columns of a table that number or time its rows (frame, timestamp, index, …) are left out, with a
        UserWarning. If a name occurs twice, give the position; it is then added to the name, `mq[2]`.
    sep, skiprows
        For text files: the separator (one character, or "\\s+" for any blanks; by default a comma, a tab in .tsv
        files), and the number of lines above the column names.
    face_id
        Which face to read, if the file has several.
    min_confidence
        Frames with a lower confidence become NaN.

    Returns
    -------
    DataArray
        `(time, signal)`, float64. Regular times are placed at t0 + k/fps. Missing rows, failed frames (`success` 0) and
        frames below `min_confidence` are NaN; `lost_frames` counts the frames without any signal. Irregular times are
        kept, and missing rows cannot be detected then. Coordinates `confidence` and `success` on `time` if the file has
        them; attributes `backend`, `schema`, `source` (the file's name), `face_id`, `time_source`. Times start at the
        first time of the source (Live Link Face: seconds since midnight), or at 0 if it has no times.

    Raises
    ------
    FileNotFoundError
        If the file does not exist.
    ValueError
        For input that cannot be read with certainty: text among numbers, truncated rows, names that occur twice,
        several faces, no times; without `fps` also more than 240 frames per second, steps over 10 s, and times that
        look like frame numbers. The message names the file, the line or column, and the remedy.
    TypeError
        For options of a wrong type.
    MemoryError
        For a NetCDF file, or requested columns of a Parquet file, that would unpack to more than the available memory.
        Text files are not checked.

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
    options = ReadOptions(kind, fps, time, time_unit, columns, face_id, min_confidence)
    refuse("open_signals()", _option_faults(options, sep, skiprows))
    options = options._replace(time_unit=time_units.canonical(time_unit))
    text_only = {"sep": sep is not None, "skiprows": skiprows != 0}
    if isinstance(path, Mapping):
        _refuse_unused("a Bitbox dictionary", {**_given(options), **text_only}, allowed=("fps",))
        return from_bitbox(path, fps=fps)
    if isinstance(path, pd.DataFrame):
        _refuse_unused(TABLE, text_only)
        return _signals_of(from_frame(path, TABLE), options)
    if isinstance(path, np.ndarray | xr.DataArray):
        got = type(path).__name__
        raise TypeError(f"open_signals(): expected path to be a file, got {got}; signals() accepts arrays")
    file = validation.path_of("open_signals()", path)
    start = _first_bytes(file)
    if start.startswith(NETCDF):
        _refuse_unused(file.name, {**_given(options), **text_only}, allowed=("kind", "fps"))
        return _signals_of_netcdf(file, kind, fps)
    if start.startswith(PARQUET):
        _refuse_unused(file.name, text_only)
        return _signals_of(from_parquet(file), options)
    if three_di.is_three_di(file):
        _refuse_unused(file.name, text_only)
        return three_di.read(file, options)
    sep = sep or ("\t" if file.suffix.lower() == ".tsv" else ",")
    return _signals_of(from_lines(file.name, read_lines(file), sep=sep, skiprows=skiprows), options)


def _signals_of(sheet: Sheet, options: ReadOptions) -> xr.DataArray:
    known = next((form for form in FORMATS if form.recognises(sheet.names)), None)
    layout = known.layout(sheet) if known else table.layout(sheet, options)
    return assemble(sheet, layout, options)


# --- options


def _option_faults(options: ReadOptions, sep: object, skiprows: object) -> list[str]:
    faults = validation.fps_faults(options.fps)
    faults += [] if options.kind is None else kind_faults(options.kind)
    faults += [] if options.columns is None else _column_faults(options.columns)
    faults += _unit_faults(options)
    if sep is not None and (not isinstance(sep, str) or (len(sep) != 1 and sep != WHITESPACE) or sep in '"\r\n'):
        faults.append(f"expected sep to be one character, or {WHITESPACE!r} for any blanks, got {sep!r}")
    if not isinstance(skiprows, int | np.integer) or isinstance(skiprows, bool) or skiprows < 0:
        faults.append(f"expected skiprows to be the number of lines above the column names, got {skiprows!r}")
    if options.min_confidence is not None and not validation.is_number(options.min_confidence):
        faults.append(f"expected min_confidence to be a number, got {options.min_confidence!r}")
    return faults


def _unit_faults(options: ReadOptions) -> list[str]:
    try:
        unit = time_units.canonical(options.time_unit)
    except ValueError as error:
        return [f"time_unit: {error}"]
    if unit != "s" and options.time is None:
        return [f"expected time together with time_unit={options.time_unit!r}, got none; name the column, time=…"]
    return []


def _column_faults(columns: object) -> list[str]:
    if isinstance(columns, str | int | np.integer) or (
        isinstance(columns, Iterable) and not isinstance(columns, set | frozenset)  # which have no order
    ):
        return []
    return [f"expected columns to be a name, a position (from 0), or a sequence of them, got {columns!r}"]


def _given(options: ReadOptions) -> dict[str, bool]:
    return {name: value is not None for name, value in options._asdict().items() if name != "time_unit"}


def _refuse_unused(subject: str, given: dict[str, bool], allowed: tuple[str, ...] = ()) -> None:
    """Refuse options that would have no effect."""
    extra = [name for name, is_given in given.items() if is_given and name not in allowed]
    if extra:
        raise ValueError(
            f"{subject}: expected only options that apply to it, got {validation.listed(extra)}, which would have no "
            "effect; leave it out"
        )


# --- files


def _first_bytes(file: Path) -> bytes:
    if file.is_dir():
        raise IsADirectoryError(f"{file}: expected a file, got a folder; see open_recording()")
    if not file.is_file():
        raise FileNotFoundError(f"{file}: expected an existing file, got none; check the path")
    with file.open("rb") as stream:
        start = stream.read(8)
    found = next((text for mark, text in UNSUPPORTED.items() if start.startswith(mark)), None)
    if found:
        raise ValueError(f"{file.name}: expected a table or a tracker's file, got {found}")
    return start


def _signals_of_netcdf(file: Path, kind: str | None, fps: float | None) -> xr.DataArray:
    from bitbox_xr.io.netcdf import open_netcdf

    opened = open_netcdf(file)
    variables = {opened.name: opened} if isinstance(opened, xr.DataArray) else dict(opened.data_vars)
    sets = {str(name): x for name, x in variables.items() if not validation.shape_faults(x)}
    sets = {name: x for name, x in sets.items() if kind in (None, x.attrs.get("kind"))}
    if len(sets) != 1:
        expected = f"one variable (time, signal){f' of kind {kind}' if kind else ''}"
        got = f"the variables {validation.listed(variables)}" if variables else "no variables"
        raise ValueError(f"{file.name}: expected {expected}, got {got}; open it with open_netcdf()")
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
