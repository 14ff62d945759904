"""Exports that need a separator, header lines or a unit, so that users need not give them: rMEA and iMotions.

Files of rMEA are tables like many others, so they are read in this way only if the caller states the format. Files of
iMotions are also recognised by their column names, in one of the first lines.
"""

from pathlib import Path

import xarray as xr

from bitbox_xr.io.readers.assembly import assemble
from bitbox_xr.io.readers.columns import RAW_ATTRS, Attrs, Layout, ReadOptions, SignalColumns, matching
from bitbox_xr.io.readers.sheet import NUMBER, WHITESPACE, from_lines, numbers, read_lines

__all__ = ["is_imotions", "read_imotions", "read_rmea", "resembles_rmea"]

TIMESTAMP = "Timestamp"  # ms
IMOTIONS = {TIMESTAMP, "StudyName"}  # column names
MAX_LINES_ABOVE_NAMES = 50
UNITS: Attrs = {"units": RAW_ATTRS["units"]}


def read_rmea(path: Path, options: ReadOptions) -> xr.DataArray:
    """Motion energy of rMEA: columns separated by blanks, with or without names, and no times."""
    lines = read_lines(path)
    first = lines[0].split()
    names = [f"s{i}" for i in range(len(first))] if all(NUMBER.fullmatch(cell) for cell in first) else None
    sheet = from_lines(path.name, lines, sep=WHITESPACE, names=names)
    columns = SignalColumns("motion-energy", [*range(len(sheet.names))], sheet.names, UNITS)
    return assemble(sheet, Layout("rMEA", [columns], default="motion-energy"), options)


def resembles_rmea(lines: list[str]) -> bool:
    """Whether the first rows have a number for each of two people or more, with blanks between them."""
    rows = [line.split() for line in lines[1:MAX_LINES_ABOVE_NAMES]]
    width = len(lines[0].split())
    return width > 1 and all(len(row) == width and all(map(NUMBER.fullmatch, row)) for row in rows) and bool(rows)


def is_imotions(lines: list[str]) -> bool:
    """Whether one of the first lines has the column names of iMotions."""
    return any(set(_cells(line)) >= IMOTIONS for line in lines[:MAX_LINES_ABOVE_NAMES])


def read_imotions(path: Path, options: ReadOptions) -> xr.DataArray:
    """Action units, emotions and pose of iMotions: lines of metadata, then a table with times in ms."""
    lines = read_lines(path)
    at = next((i for i, line in enumerate(lines) if TIMESTAMP in _cells(line)), None)
    if at is None:
        raise ValueError(f"{path.name}: expected a line of column names with {TIMESTAMP!r}, got none; leave out format")
    sheet = from_lines(path.name, lines, sep=_sep(lines[at]), skiprows=at)
    groups = {
        "expression": matching(sheet.names, r"AU\d+ Evidence"),
        "emotion": matching(sheet.names, r"(?!AU)\w+ Evidence"),
    }
    signals = [
        SignalColumns(kind, columns, [sheet.names[i] for i in columns], RAW_ATTRS)
        for kind, columns in groups.items()
        if columns
    ]
    layout = Layout(
        "iMotions",
        signals,
        time=sheet.names.index(TIMESTAMP),
        seconds=lambda sheet, at: numbers(sheet, [at])[at].to_numpy() / 1000,
    )
    return assemble(sheet, layout, options)


def _sep(line: str) -> str:
    return "\t" if "\t" in line else ","


def _cells(line: str) -> list[str]:
    return [cell.strip('" ') for cell in line.split(_sep(line))]
