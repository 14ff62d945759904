"""Recognising the format of a file by its content, and reading it: `open_signals()`."""

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from os import PathLike
from pathlib import Path
from typing import Any, cast

import numpy as np
import pandas as pd
import xarray as xr

from bitbox_xr.core import validation
from bitbox_xr.core.errors import refuse
from bitbox_xr.core.kinds import kind_faults
from bitbox_xr.core.signal_set import from_bitbox, signals
from bitbox_xr.core.types import Kind
from bitbox_xr.io import registry
from bitbox_xr.io.readers.assembly import assemble
from bitbox_xr.io.readers.columns import ColumnFormat, ColumnLike, ReadOptions, TextOptions, TimesLike
from bitbox_xr.io.readers.formats import (
    blendshapes,
    deeplabcut,
    facereader,
    lab_exports,
    libreface,
    mediapipe,
    movement,
    netcdf,
    openface,
    openpose,
    pyfeat,
    sleap,
    table,
    three_di,
)
from bitbox_xr.io.readers.parquet import from_parquet
from bitbox_xr.io.readers.sheet import DATASET, TABLE, WHITESPACE, Sheet, from_frame, from_lines, read_lines
from bitbox_xr.io.registry import Reader
from bitbox_xr.kernels import time_units

__all__ = ["open_signals"]

KIND: registry.ReaderKind = "signals"
PARQUET = b"PAR1"
UNSUPPORTED = {  # first bytes: format, and remedy
    b"PK\x03\x04": "a ZIP archive (such as an Excel file); save the table as CSV",
    b"\xd0\xcf\x11\xe0": "an old Excel file; save the table as CSV",
    b"\x1f\x8b": "a file compressed by gzip; decompress it",
    b"Video analysis state log": "a state log of FaceReader, which is an annotation; read it with open_intervals()",
    b"MATLAB 5": "a MATLAB file; export the table as CSV",
}


def open_signals(
    path: str | PathLike[str] | pd.DataFrame | xr.Dataset | Mapping[str, Any],
    *,
    format: str | None = None,
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

    The format is recognised by the content of the file: OpenFace 1 and 2, Py-Feat, LibreFace, FaceReader, blendshapes
    of Live Link Face and MediaPipe, keypoints of OpenPose (a folder), DeepLabCut, SLEAP and movement, and NetCDF files
    that hold signals. 3DI and 3DI-lite are recognised by the name of the file and its number of columns. Formats of
    `register_reader` are recognised first. Any other file is read as a table: CSV, TSV or Parquet. A DataFrame, a
    Dataset of movement or a Bitbox dictionary can be given in place of a file.

    Parameters
    ----------
    path
        A file, a folder of OpenPose, a DataFrame with one row per frame, a Dataset of movement, or a Bitbox
        dictionary.
    format
        The format, if it shall not be recognised: "openface", "pyfeat", "libreface", "facereader", "blendshapes",
        "mediapipe", "openpose", "deeplabcut", "sleap", "3di", "rmea", "imotions", "netcdf", "parquet", "table", or the
        name of a registered reader. Files of rMEA are tables like many others, so they need it; their signals are of
        kind "motion-energy".
    kind
        Which signals to read from a file that holds several kinds. By default the expressions, under the names of the
        file: the 17 `AUxx_r` of OpenFace, the AUs of Py-Feat, the blendshapes. "pose" reads Tx Ty Tz (mm) Rx Ry Rz
        (rad) from OpenFace, Rx Ry Rz (rad) from Py-Feat, LibreFace and FaceReader, and the angles from Live Link Face.
        "landmark" reads x0 y0 x1 y1 … (pixels) from OpenFace, Py-Feat and trackers of keypoints, "rectangle" x y w h
        from Py-Feat. "emotion" and "gaze" read these columns where a format has them. For a table, it says what the
        columns are. For landmark, pose and rectangle, these are the columns with such names (x0 or x_0, Tx, w) if the
        table has any, otherwise all columns.
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
        Which face or individual to read, if the file has several; "all" reads all of them.
    min_confidence
        Frames with a lower confidence become NaN; for keypoints, points with a lower confidence.

    Returns
    -------
    DataArray
        `(time, signal)`, float64. Regular times are placed at t0 + k/fps. Missing rows, failed frames (`success` 0) and
        frames below `min_confidence` are NaN; `lost_frames` counts the frames without any signal. Irregular times are
        kept, and missing rows cannot be detected then. Coordinates `confidence` and `success` on `time` if the file has
        them, and `keypoint` (the name of the point) on `signal`. With `face_id="all"`, `(person, time, signal)`, on the
        frames of all faces. Attributes `backend`, `schema`, `source` (the file's name), `face_id`, `time_source`. Times
        start at the first time of the source, or at 0 if it has no times. Those of Live Link Face start at 0, too: the
        time of day of the first frame is the attribute `time_origin`, which `align` takes into account.

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
    text = TextOptions(sep, skiprows)
    refuse("open_signals()", _option_faults(options, text))
    options = options._replace(time_unit=time_units.canonical(time_unit))
    stated = None if format is None else registry.by_name(KIND, format)
    if isinstance(path, xr.Dataset):
        _refuse_unused(DATASET, {**text.given(), "format": format is not None})
        return movement.signals_from(path, DATASET, options)
    if isinstance(path, np.ndarray | xr.DataArray):
        got = type(path).__name__
        raise TypeError(f"open_signals(): expected path to be a file, got {got}; signals() accepts arrays")
    if isinstance(path, Mapping):
        given = {**_given(options), **text.given(), "format": format is not None}
        _refuse_unused("a Bitbox dictionary", given, allowed=("fps",))
        return from_bitbox(cast(Mapping[str, Any], path), fps=fps)
    if isinstance(path, pd.DataFrame):
        _refuse_unused(TABLE, {**text.given(), "format": stated is not None and stated.name not in BY_COLUMNS})
        return _signals_of(from_frame(path, TABLE), options, format)
    file = validation.path_of("open_signals()", path)
    head = _head_of(file, stated)
    reader = stated or registry.recognised(KIND, file, head)
    if reader is not None and not reader.built_in:
        return _signals_of_lab(reader, file, options, text)
    unsupported = next((found for mark, found in UNSUPPORTED.items() if head.startswith(mark)), None)
    if unsupported:
        raise ValueError(f"{file.name}: expected a table or a tracker's file, got {unsupported}")
    result: xr.DataArray = reader.read(file, options, text) if reader else _read_text(file, options, text)
    return result


def _head_of(file: Path, stated: Reader | None) -> bytes:
    """The first bytes of a file; b"" for a folder that is one recording."""
    if not file.is_dir():
        return registry.head_of(file)
    if openpose.recognise(file, b"") or (stated is not None and not stated.built_in):
        return b""
    raise IsADirectoryError(
        f"{file}: expected a file, got a folder without frames of OpenPose; choose one of its files, or see "
        "open_recording() for files of 3DI"
    )


# --- formats


def _read_netcdf(file: Path, options: ReadOptions, text: TextOptions) -> xr.DataArray:
    _refuse_unused(file.name, text.given())
    try:
        _refuse_unused(file.name, _given(options), allowed=("kind", "fps"))
        return netcdf.read(file, options.kind, options.fps)
    except ValueError:
        poses = netcdf.movement_of(file)
        if poses is None:
            raise
    return movement.signals_from(poses, file.name, options)


def _read_parquet(file: Path, options: ReadOptions) -> xr.DataArray:
    return _signals_of(from_parquet(file), options)


def _read_three_di(file: Path, options: ReadOptions) -> xr.DataArray:
    if not three_di.is_three_di(file):
        raise ValueError(
            f"{file.name}: expected a name that ends in .3DI or .3DIl, got {file.suffix!r}; rename the file"
        )
    return three_di.read(file, options)


def _no_table(
    read: Callable[[Path, ReadOptions], xr.DataArray],
) -> Callable[[Path, ReadOptions, TextOptions], xr.DataArray]:
    """A reader of files whose separator and header lines are known."""

    def checked(file: Path, options: ReadOptions, text: TextOptions) -> xr.DataArray:
        _refuse_unused(file.name, text.given())
        return read(file, options)

    return checked


def _read_text(file: Path, options: ReadOptions, text: TextOptions, format: str | None = None) -> xr.DataArray:
    lines = read_lines(file)
    if format is None and not any(text.given().values()) and lab_exports.is_imotions(lines):
        return lab_exports.read_imotions(file, options)
    sep = text.sep or ("\t" if file.suffix.lower() == ".tsv" else ",")
    try:
        sheet = from_lines(file.name, lines, sep=sep, skiprows=text.skiprows)
    except ValueError as error:
        if format is None and not any(text.given().values()) and lab_exports.resembles_rmea(lines):
            raise ValueError(f"{error}; if it is motion energy of rMEA, give format='rmea' instead") from None
        raise
    return _signals_of(sheet, options, format)


def _signals_of(sheet: Sheet, options: ReadOptions, format: str | None = None) -> xr.DataArray:
    """The signals of a sheet in the stated format, or in the one that its columns have."""
    module = COLUMN_FORMATS.get(format or "")
    if module is not None and not module.recognises(sheet.names):
        names = validation.listed(map(repr, sheet.names))
        raise ValueError(f"{sheet.file}: expected the columns of the format {format}, got {names}; leave out format")
    if module is None and format is None:
        module = next((own for own in COLUMN_FORMATS.values() if own.recognises(sheet.names)), None)
    return assemble(sheet, module.layout(sheet) if module else table.layout(sheet, options), options)


def _signals_of_lab(reader: Reader, file: Path, options: ReadOptions, text: TextOptions) -> xr.DataArray:
    """The signals that a registered reader returns, as a table or as signals."""
    _refuse_unused(file.name, text.given())
    found = reader.read(file)
    if isinstance(found, pd.DataFrame):
        x = _signals_of(from_frame(found, file.name), options)
    elif isinstance(found, xr.DataArray):
        _refuse_unused(file.name, _given(options), allowed=("kind", "fps"))
        x = signals(found, kind=cast(Kind, options.kind or found.attrs.get("kind", "expression")), fps=options.fps)
    elif isinstance(found, xr.Dataset):
        x = movement.signals_from(found, file.name, options)
    else:
        raise TypeError(
            f"{file.name}: expected the reader {reader.name!r} to return a DataFrame with one row per frame or a "
            f"DataArray (time, signal), got a {type(found).__name__}; correct the reader"
        )
    return x.assign_attrs({"backend": reader.name, "source": file.name} | x.attrs)


def _not_by_head(path: Path, head: bytes) -> bool:
    """Formats that are recognised by their columns, when the table is read: the user says where the columns are."""
    return False


COLUMN_FORMATS: dict[str, ColumnFormat] = {
    "openface": openface,
    "pyfeat": pyfeat,
    "libreface": libreface,
    "blendshapes": blendshapes,
}
BY_COLUMNS = (*COLUMN_FORMATS, "table")

for _reader in (
    Reader("netcdf", KIND, lambda path, head: head.startswith(netcdf.MARKS), _read_netcdf, built_in=True),
    Reader("parquet", KIND, lambda path, head: head.startswith(PARQUET), _no_table(_read_parquet), built_in=True),
    Reader("3di", KIND, lambda path, head: three_di.is_three_di(path), _no_table(_read_three_di), built_in=True),
    Reader("facereader", KIND, facereader.recognise, _no_table(facereader.read), built_in=True),
    Reader("deeplabcut", KIND, deeplabcut.recognise, _no_table(deeplabcut.read), built_in=True),
    Reader("sleap", KIND, sleap.recognise, _no_table(sleap.read), built_in=True),
    Reader("mediapipe", KIND, mediapipe.recognise, _no_table(mediapipe.read), built_in=True),
    Reader("openpose", KIND, openpose.recognise, _no_table(openpose.read), built_in=True),
    *(Reader(name, KIND, _not_by_head, partial(_read_text, format=name), built_in=True) for name in BY_COLUMNS),
    Reader("rmea", KIND, _not_by_head, _no_table(lab_exports.read_rmea), built_in=True),
    Reader("imotions", KIND, _not_by_head, _no_table(lab_exports.read_imotions), built_in=True),
):
    registry.add(_reader)


# --- options


def _option_faults(options: ReadOptions, text: TextOptions) -> list[str]:
    sep, skiprows = text
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
