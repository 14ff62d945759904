"""Datavyu projects, `.opf`: a ZIP archive with the text file `db`."""

import re
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from bitbox_xr.core.memory import refuse_beyond
from bitbox_xr.io.annotations.coded_cells import Cell, annotations_of
from bitbox_xr.io.annotations.records import Annotations, IntervalOptions
from bitbox_xr.io.annotations.text import MAX_COPIES, clock_seconds, decoded

__all__ = ["read", "recognise"]

ZIP = b"PK\x03\x04"
DATABASE = "db"
CLOCK = r"\d+:\d\d:\d\d:\d{3}"
COLUMN = re.compile(r"(.*\S) \((\w+),(?:true|false),.*?\)(?:-(.*))?")
ROW = re.compile(rf"({CLOCK}),({CLOCK}),(.*)")
ESCAPED = re.compile(r"\\(.)")
ONLY_CODE = "value"  # of columns that are no matrix


class Column(NamedTuple):
    """A column of the coding, with its codes."""

    name: str
    codes: list[str]


def recognise(path: Path, head: bytes) -> bool:
    """Whether the file is a ZIP archive with the database of Datavyu."""
    if not head.startswith(ZIP):
        return False
    try:
        with zipfile.ZipFile(path) as archive:
            return DATABASE in archive.namelist()
    except (zipfile.BadZipFile, OSError, ValueError):
        return DATABASE.encode() in head and path.suffix.lower() == ".opf"


def read(path: Path, options: IntervalOptions) -> Annotations:
    """Read cells; the tier is the column of the coding, the label one of its codes."""
    lines = decoded(path.name, _database(path)).split("\n")
    faults: list[str] = []
    cells: list[Cell] = []
    columns: list[Column] = []
    for number, line in enumerate(lines, 1):
        if not line.strip() or (number == 1 and line.startswith("#")):
            continue
        if row := ROW.fullmatch(line):
            cells += _cell(row, f"line {number} of {DATABASE}", columns, faults)
        elif column := COLUMN.fullmatch(line):
            columns.append(Column(column[1].strip(), _codes(column[3])))
        else:
            faults.append(
                f"line {number} of {DATABASE}: expected a column, or a cell with onset, offset and values, got "
                f"{line[:60]!r}; save the project again in Datavyu"
            )
    return annotations_of(cells, [column.name for column in columns], options, faults)


def _database(path: Path) -> bytes:
    """The text of the database. MemoryError if it unpacks to more than the available memory."""
    try:
        with zipfile.ZipFile(path) as archive:
            size = archive.getinfo(DATABASE).file_size  # no more than that is unpacked
            refuse_beyond(path.name, size * MAX_COPIES, "export the columns from Datavyu as CSV, and check the project")
            return archive.read(DATABASE)
    except (zipfile.BadZipFile, zlib.error, EOFError, KeyError, NotImplementedError, RuntimeError, OSError) as error:
        raise ValueError(
            f"{path.name}: expected a Datavyu project, a ZIP archive with the file {DATABASE}, got one that cannot be "
            f"read ({error}); save it again in Datavyu"
        ) from None


def _codes(text: str | None) -> list[str]:
    """The codes of a column, `hand|NOMINAL,look|NOMINAL`."""
    return [part.partition("|")[0].strip() for part in text.split(",")] if text else [ONLY_CODE]


def _cell(row: re.Match[str], place: str, columns: list[Column], faults: list[str]) -> Iterator[Cell]:
    onset, offset = clock_seconds(row[1]), clock_seconds(row[2])
    values = _values(row[3])
    if not columns:
        faults.append(f"{place}: expected a column before its cells, got none; save the project again in Datavyu")
    elif onset is None or offset is None:
        faults.append(f"{place}: expected times HH:MM:SS:mmm, got {row[1]} and {row[2]}; correct them in Datavyu")
    elif len(values) != len(columns[-1].codes):
        faults.append(
            f"{place}: expected a value for each of the codes {', '.join(columns[-1].codes)}, got {len(values)}; save "
            "the project again in Datavyu"
        )
    else:
        yield Cell(columns[-1].name, onset, offset, dict(zip(columns[-1].codes, values, strict=True)), place)


def _values(text: str) -> list[str]:
    r"""The values of a cell, `(left,1)`; a comma or bracket within a value follows a backslash."""
    if not (text.startswith("(") and text.endswith(")")):
        return [ESCAPED.sub(r"\1", text).strip()]
    parts = re.split(r"(?<!\\),", text[1:-1])
    return [ESCAPED.sub(r"\1", part).strip() for part in parts]
