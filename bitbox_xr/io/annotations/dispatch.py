"""Recognising the format of an annotation file by its content, and reading it: `open_intervals()`."""

from collections.abc import Callable, Sequence
from os import PathLike
from pathlib import Path
from typing import NamedTuple

import pandas as pd
import xarray as xr

from bitbox_xr.core import validation
from bitbox_xr.core.errors import refuse
from bitbox_xr.io import registry
from bitbox_xr.io.annotations.assembly import assemble
from bitbox_xr.io.annotations.formats import (
    audacity,
    bids,
    boris_aggregated,
    boris_project,
    boris_tabular,
    datavyu,
    datavyu_project,
    elan,
    elan_export,
    facereader,
    netcdf,
    table,
    textgrid,
)
from bitbox_xr.io.annotations.records import Annotations, Chosen, IntervalOptions
from bitbox_xr.io.annotations.text import head_text
from bitbox_xr.io.registry import Reader, by_name, head_of, recognised
from bitbox_xr.kernels import time_units

__all__ = ["open_intervals"]

KIND: registry.ReaderKind = "intervals"
FORMATS = {  # in the order in which they are asked
    "netcdf": netcdf,
    "datavyu-project": datavyu_project,
    "boris-project": boris_project,
    "elan": elan,
    "textgrid": textgrid,
    "facereader": facereader,
    "boris-aggregated": boris_aggregated,
    "boris-tabular": boris_tabular,
    "datavyu": datavyu,
    "bids": bids,
    "elan-export": elan_export,
    "audacity": audacity,
    "table": table,
}
TABLES = ("table",)  # formats that do not state a unit

for _name, _module in FORMATS.items():
    registry.add(Reader(_name, KIND, _module.recognise, _module.read, built_in=True))


class Unsupported(NamedTuple):
    """A file that is known and holds no intervals: what its beginning contains, what it is, and the remedy."""

    mark: str
    name: str
    remedy: str


UNSUPPORTED = (
    Unsupported("PK\x03\x04", "a ZIP archive (such as an Excel file)", "save the table as CSV"),
    Unsupported(
        "Video analysis detailed log", "a detailed log of FaceReader, which holds signals", "open_signals() reads it"
    ),
    Unsupported("FocalMasterFile=", "a file of JWatcher, which has starts without ends", "export intervals from BORIS"),
    Unsupported("Media files/Live observation", "a list of observations of BORIS, without events", "export the events"),
    Unsupported("\tSTATE\t", "rows of BORIS without column names", "export the events with their column names"),
    Unsupported("\tPOINT\t", "rows of BORIS without column names", "export the events with their column names"),
)


def open_intervals(
    path: str | PathLike[str] | pd.DataFrame,
    *,
    format: str | None = None,
    label: Chosen = None,
    tier: Chosen = None,
    subject: Chosen = None,
    time_unit: str = "s",
) -> xr.Dataset:
    """Read the intervals of an annotation, such as phases, turns or coded behaviour, with times in seconds.

    The format is recognised by the content of the file: BIDS events, BORIS (aggregated and tabular events, projects),
    ELAN (`.eaf` and its exports), Praat TextGrid, Datavyu (CSV and `.opf`), FaceReader state logs, Audacity labels,
    intervals in NetCDF, and formats of `register_reader`. Any other file is read as a table with the columns `onset`
    and `offset` or `duration`; a DataFrame can be given in its place.

    Parameters
    ----------
    path
        A file, or a DataFrame with one row per interval.
    format
        The format, if it shall not be recognised: "bids", "boris-aggregated", "boris-tabular", "boris-project",
        "elan", "elan-export", "textgrid", "datavyu", "datavyu-project", "facereader", "audacity", "netcdf", "table",
        or the name of a registered reader.
    label
        The name of a column (in Datavyu, of a code) whose values become the labels. A name that is no column of the
        file, or a list of names, chooses the intervals with these labels. By default all intervals, with the labels of
        the format: `trial_type` of BIDS, the behaviour of BORIS, the only code of Datavyu, the column `label` of
        tables. Other columns need `label`, since it is not guessed which of them is meant.
    tier
        The tier or tiers to read, if the file has several. In Datavyu these are its columns. In BORIS they are
        observations: each has its own clock, so one of several must be chosen.
    subject
        The person or persons whose intervals are read, as the file names them: the subject of BORIS, the participant of
        ELAN, a column `subject` of tables.
    time_unit
        Unit of the times in tables: "s", "ms", "us", "ns", "min", "h" or "d". Other formats state their unit.

    Returns
    -------
    Dataset
        `(interval)`, ordered by onset: `onset` and `offset` (float64, s, on the clock of the annotated recording),
        `label`, and `type`: "state", "point" (offset equals onset) or "unknown" (the file gives no duration; offset is
        NaN). Coordinates `subject` and `tier` if the file has them, '' where an interval has none. A missing label is
        ''. Attributes `source` (the file's name) and `format`. Intervals may overlap, and a file without intervals
        gives a Dataset of size 0.

    Raises
    ------
    FileNotFoundError
        If the file does not exist.
    ValueError
        For a file of no known format or with faults, all of which are listed with their lines: an offset before its
        onset, no onset, text among times, a stop without a start, cut lines; for labels or times that the file does not
        name; for names that it does not have.
    TypeError
        For options of a wrong type.
    MemoryError
        For a file that would need more than the available memory.

    Warns
    -----
    UserWarning
        For a behaviour of BORIS that starts and does not stop (its duration is unknown), a medium of ELAN with another
        clock, and a TextGrid that is not in Unicode.

    Notes
    -----
    Files that compress to little and XML that refers to other files are refused before they are unpacked.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     file = Path(folder, "sub-01_task-play_events.tsv")
    ...     _ = file.write_text("onset\\tduration\\ttrial_type\\n0\\t60\\tplay\\n60\\t0\\tbell\\n65\\tn/a\\treunion\\n")
    ...     intervals = open_intervals(file)
    >>> intervals.offset.values, intervals.type.values.tolist()
    (array([60., 60., nan]), ['state', 'point', 'unknown'])
    """
    options = IntervalOptions(label, tier, subject, time_unit)
    faults = _option_faults(options)
    refuse("open_intervals()", [text for text, _ in faults], next((error for _, error in faults), ValueError))
    options = options._replace(time_unit=time_units.canonical(time_unit))
    if isinstance(path, pd.DataFrame):
        if format not in (None, "table"):
            raise ValueError(f"open_intervals(): expected no format for a DataFrame, got {format!r}; leave it out")
        return assemble(table.TABLE, table.from_frame(path, options), options)
    file = validation.path_of("open_intervals()", path, "a file's name or a DataFrame")
    head = head_of(file)
    reader = recognised(KIND, file, head) if format is None else by_name(KIND, format)
    if reader is None:
        raise ValueError(_unknown(file, head))
    if options.time_unit != "s" and reader.built_in and reader.name not in TABLES:
        raise ValueError(
            f"{file.name}: expected time_unit only for tables, got {time_unit!r}; files of the format "
            f"{reader.name} state their unit, so leave it out, or read a table by format='table'"
        )
    found = reader.read(file, options) if reader.built_in else _of_lab(reader.read, reader.name, file, options)
    found = found._replace(attrs={"source": file.name, "format": reader.name} | found.attrs)
    return assemble(file.name, found, options)


def _of_lab(read: Callable[[Path], object], name: str, file: Path, options: IntervalOptions) -> Annotations:
    """The intervals that a registered reader returns."""
    result = read(file)
    if isinstance(result, xr.Dataset):
        result = result.to_dataframe().reset_index()
    if not isinstance(result, pd.DataFrame):
        raise TypeError(
            f"{file.name}: expected the reader {name!r} to return a DataFrame with the columns onset, offset or "
            f"duration, and label, got a {type(result).__name__}; correct the reader"
        )
    return table.from_frame(result, options, file.name)


def _option_faults(options: IntervalOptions) -> list[tuple[str, type[Exception]]]:
    faults: list[tuple[str, type[Exception]]] = []
    for name in ("label", "tier", "subject"):
        value = getattr(options, name)
        names = [value] if isinstance(value, str) or not isinstance(value, Sequence) else list(value)
        if value is not None and not (names and all(isinstance(one, str) for one in names)):
            faults.append((f"expected {name} to be a name or a list of names, got {value!r}", TypeError))
    try:
        if time_units.parsed(options.time_unit).origin is not None:
            faults.append(
                (
                    f"expected time_unit without a date, got {options.time_unit!r}; subtract the recording's start",
                    ValueError,
                )
            )
    except ValueError as error:
        faults.append((f"time_unit: {error}", ValueError))
    return faults


def _unknown(file: Path, head: bytes) -> str:
    """The message for a file that no reader recognises."""
    text = head_text(head).lstrip("\ufeff")
    known = next((one for one in UNSUPPORTED if one.mark in text), None)
    if known is not None:
        return f"{file.name}: expected annotations, got {known.name}; {known.remedy}"
    if "\0" in text:
        return f"{file.name}: expected annotations, got a binary file; export the annotations as text"
    first = next((line.strip() for line in text.split("\n") if line.strip()), "")
    return (
        f"{file.name}: expected annotations in a known format, or a table with the columns onset and offset or "
        f"duration, got {first[:80]!r} as the first line; name the columns so, or choose the format with format=…"
        if first
        else f"{file.name}: expected annotations, got an empty file"
    )
