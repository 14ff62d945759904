"""Annotations in text tables: finding the line of column names, splitting lines into cells, and reading times.

Unlike tables of signals, these files have preambles, cells with line breaks and quotes, and empty rows.
"""

import csv
import io
import re
from collections.abc import Callable, Iterable, Sequence
from numbers import Real
from typing import NamedTuple

import numpy as np
import pandas as pd

from bitbox_xr.core import validation
from bitbox_xr.core.errors import refuse
from bitbox_xr.io.annotations.records import Chosen, shortened
from bitbox_xr.kernels import time_units

__all__ = [
    "MISSING",
    "Header",
    "Rows",
    "find",
    "find_header",
    "label_column",
    "records",
    "rows_below",
    "texts",
    "times",
]

SEPARATORS = ("\t", ",", ";")
MISSING = frozenset(("", "NA", "n/a", "N/A", "nan", "NaN", "NAN"))
NUMBER = re.compile(r"[+-]?(\d+[.,]?\d*|[.,]\d+)(e[+-]?\d+)?", re.ASCII | re.IGNORECASE)


class Header(NamedTuple):
    """The line of column names in a file."""

    sep: str
    line: int  # its number, from 1
    names: list[str]


class Rows(NamedTuple):
    """The rows of a table, with their places for messages."""

    file: str
    names: list[str]
    cells: Sequence[Sequence[object]]
    places: list[str]
    decimal_comma: bool = False  # whether numbers may have one


def find_header(text: str, matches: Callable[[list[str]], bool], *, preamble: bool = False) -> Header | None:
    """The line of column names: the first line of the text or, with a preamble, the first line that matches.

    `matches(names)` says whether these are the names of a format. The separator is the one with which they are.
    """
    for number, line in enumerate(text.split("\n"), 1):
        for sep in SEPARATORS:
            if sep in line and matches(names := _split(line, sep)):
                return Header(sep, number, names)
        if line.strip() and not preamble:
            return None
    return None


def _split(line: str, sep: str) -> list[str]:
    """The cells of one line; [] if its quotes do not match."""
    try:
        return [name.strip() for name in next(csv.reader([line], delimiter=sep, strict=True), [])]
    except csv.Error:
        return []


def records(file: str, text: str, sep: str, *, first_line: int = 1, quotes: bool = True) -> list[tuple[str, list[str]]]:
    """The rows of a text that are not empty, each with its place; a quoted cell may continue in the next line."""
    source = io.StringIO(text)
    reader = (
        csv.reader(source, delimiter=sep, strict=True)
        if quotes
        else csv.reader(source, delimiter=sep, quoting=csv.QUOTE_NONE)
    )
    found = []
    line = first_line
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                found.append((f"line {line}", [cell.strip() for cell in cells]))
            line = first_line + reader.line_num
    except csv.Error as error:
        raise ValueError(
            f"{file}, line {line}: expected cells with matching quotes, got another line ({error}); write a quote "
            "inside a quoted cell twice"
        ) from None
    return found


def rows_below(file: str, text: str, header: Header) -> Rows:
    """The rows below the line of column names."""
    below = text.split("\n", header.line)[header.line :]
    found = records(file, below[0] if below else "", header.sep, first_line=header.line + 1)
    if not found:
        raise ValueError(
            f"{file}: expected rows below the column names in line {header.line}, got none; the file may be cut short"
        )
    width = len(header.names)
    faults = [
        f"{place}: expected {validation.counted(width, 'cell')}, got {len(cells)}; the line may be cut short"
        for place, cells in found
        if len(cells) < width or any(cells[width:])
    ]
    refuse(file, shortened(faults))
    return Rows(file, header.names, [cells for _, cells in found], [place for place, _ in found], header.sep != ",")


def find(rows: Rows, *names: str, fold: bool = False) -> int | None:
    """The position of the first column with one of these names; None without. ValueError if a name occurs twice.

    With `fold`, in upper or lower case.
    """
    own = [name.casefold() for name in rows.names] if fold else rows.names
    for name in names:
        at = [i for i, other in enumerate(own) if other == (name.casefold() if fold else name)]
        if len(at) > 1:
            raise ValueError(
                f"{rows.file}: expected one column named {name!r}, got columns {validation.listed(at)}; rename one"
            )
        if at:
            return at[0]
    return None


def label_column(rows: Rows, label: Chosen, usual: int | None, faults: list[str]) -> tuple[int | None, bool]:
    """The position of the column of labels, and whether the caller named it.

    It is the column named by `label`, otherwise the `usual` one. Without either, a sentence is added to `faults`.
    """
    named = find(rows, label.strip()) if isinstance(label, str) else None
    if named is None and usual is None:
        got = "none" if label is None else f"label={label!r}"
        faults.append(
            f"expected label=… to name the column of the labels, got {got}; the columns are "
            f"{validation.listed(map(repr, rows.names), 20)}"
        )
    return (usual, False) if named is None else (named, True)


def texts(rows: Rows, at: int | None, missing: Iterable[str] = MISSING) -> list[str]:
    """A column as text, '' where a value is missing, or where the table does not have the column."""
    if at is None:
        return [""] * len(rows.cells)
    absent = frozenset(missing)
    column = [_text(cells[at]) for cells in rows.cells]
    return ["" if text in absent else text for text in column]


def _text(cell: object) -> str:
    """A cell as text without blanks at its ends; whole numbers have no decimal point."""
    if isinstance(cell, str):
        return cell.strip()
    if pd.api.types.is_scalar(cell) and pd.isna(cell):  # type: ignore[call-overload]
        return ""
    return str(int(cell)) if isinstance(cell, float | np.floating) and float(cell).is_integer() else str(cell).strip()


def times(rows: Rows, at: int, faults: list[str], *, unit: str = "s") -> np.ndarray:
    """A column of times as float64 seconds, NaN where one is missing. Other cells are added to `faults`."""
    values = np.full(len(rows.cells), np.nan)
    marks: dict[str, str] = {}  # decimal mark: place of the first number that has it
    for i, cells in enumerate(rows.cells):
        cell, place = cells[at], rows.places[i]
        number = _number(cell, decimal_comma=rows.decimal_comma)
        if number is None:
            faults.append(f"{place}, column {rows.names[at]!r}: expected a time in {unit}, got {cell!r}{_hint(cell)}")
            continue
        values[i] = number
        if isinstance(cell, str) and (mark := next((mark for mark in ".," if mark in cell), None)):
            marks.setdefault(mark, place)
    if len(marks) > 1:
        faults.append(
            f"column {rows.names[at]!r}: expected one decimal mark, got a point in {marks['.']} and a comma in "
            f"{marks[',']}; write decimal points"
        )
    return time_units.of_numbers(values, time_units.parsed(unit))[0]


def _number(cell: object, *, decimal_comma: bool) -> float | None:
    """A cell as a number, NaN where it is missing; None if it is not a finite number."""
    if isinstance(cell, str):
        text = cell.strip()
        if text in MISSING:
            return np.nan
        if not NUMBER.fullmatch(text) or ("," in text and not decimal_comma):
            return None
        number = float(text.replace(",", "."))
    elif isinstance(cell, pd.Timedelta | np.timedelta64):
        return float(pd.Timedelta(cell).total_seconds())
    elif pd.api.types.is_scalar(cell) and pd.isna(cell):  # type: ignore[call-overload]
        return np.nan
    elif isinstance(cell, Real) and not isinstance(cell, bool | np.bool_):
        number = float(cell)
    else:
        return None
    return number if np.isfinite(number) else None


def _hint(cell: object) -> str:
    text = str(cell)
    if re.fullmatch(r"[+-]?\d+,\d+", text):
        return "; write decimal points, or separate the columns by ; or tabs"
    if re.fullmatch(r"[\d:.,]+", text) and ":" in text:
        return "; write times as numbers"
    return "; correct it, or leave it empty if it is not known"
