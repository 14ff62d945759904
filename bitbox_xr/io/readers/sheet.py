"""A sheet, the table of text cells in a file or DataFrame: its column names, and its columns as numbers or text.

Every error names the file, the line and the column.
"""

import csv
import difflib
import io
import re
from collections.abc import Callable, Iterable, Sequence
from numbers import Real
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from bitbox_xr.core import validation
from bitbox_xr.core.errors import refuse

__all__ = [
    "DATASET",
    "NUMBER",
    "TABLE",
    "WHITESPACE",
    "Sheet",
    "find",
    "from_frame",
    "from_lines",
    "numbers",
    "position",
    "read_lines",
    "row_label",
    "texts",
]

WHITESPACE = r"\s+"  # as `sep`: any run of blanks and tabs
TABLE, DATASET = "the table", "the Dataset"  # names of input in memory in messages, since it has no file
MISSING = ["", "NA", "nan", "NaN", "NAN", "-nan", "nan(ind)", "-nan(ind)"]  # R's word, and what printf writes for NaN
TRUTH_VALUES = ["True", "TRUE", "true", "False", "FALSE", "false"]
# pandas 2 rounds a third of all 17-digit numbers wrongly by default; pandas 3 is exact and deprecates the option.
PARSER: dict[str, Any] = {"float_precision": "round_trip"} if pd.__version__.startswith("2.") else {}
NUMBER = re.compile(r"[ \t]*[+-]?((\d+\.?\d*|\.\d+)(e[+-]?\d+)?|inf(inity)?)[ \t]*", re.ASCII | re.IGNORECASE)
MAX_LISTED_FAULTS = 8


class Sheet(NamedTuple):
    """A table whose columns are read on request, by position (names can occur twice)."""

    file: str  # its name in messages
    names: list[str]
    size: int  # rows
    row: str  # what messages count: "line" of a file, "row" of a table
    first: int  # number of the first row in messages
    cells: Callable[[list[int], type], pd.DataFrame]  # (positions, dtype) to columns, which the positions label


def row_label(sheet: Sheet, row: int) -> str:
    """The name of a row in messages, such as "line 7"."""
    return f"{sheet.row} {sheet.first + row}"


# --- a sheet from text


def read_lines(path: Path) -> list[str]:
    """The lines of a UTF-8 file, without empty lines at its end."""
    raw = path.read_bytes()
    if b"\0" in raw:
        raise ValueError(f"{path.name}: expected UTF-8 text, got zero bytes; save it as UTF-8")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        byte = f"{raw[error.start]:#04x}"
        raise ValueError(
            f"{path.name}: expected UTF-8 text, got the byte {byte} in line {line}; save the file as UTF-8"
        ) from None
    # not splitlines(), which also splits at characters that are allowed in names
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    while lines and not lines[-1].strip(" "):
        lines.pop()
    if not lines:
        raise ValueError(f"{path.name}: expected a table, got an empty file")
    return lines


def from_lines(file: str, lines: list[str], *, sep: str, skiprows: int = 0, names: list[str] | None = None) -> Sheet:
    """Make a sheet from the lines of a file: `skiprows` lines to skip, names (unless given), then a row per line."""
    header = skiprows
    if names is None:
        if header >= len(lines):
            raise ValueError(f"{file}: expected skiprows below {len(lines)}, the number of lines, got {skiprows}")
        names = _header(file, lines[header : header + 2], sep, header + 1)
        header += 1
    rows = lines[header:]
    if not rows:
        raise ValueError(
            f"{file}: expected rows below the column names, got none after line {header}; the file may be cut short"
        )
    refuse(file, _field_faults(rows, len(names), sep, header))
    return Sheet(file, names, len(rows), "line", header + 1, _text_cells(file, rows, sep))


def _header(file: str, lines: list[str], sep: str, number: int) -> list[str]:
    """The names in the first of `lines`, which a row of values follows. `number` is its line number in the file."""
    names = [name.strip() for name in _split(lines[0], sep)]
    likely = next((mark for mark in (";", "\t", "|", ",", " ", WHITESPACE) if _splits_evenly(lines, mark)), None)
    if len(names) == 1 and likely and sep not in (likely, WHITESPACE):
        shown = f"'{WHITESPACE}'" if likely == WHITESPACE else repr(likely)
        split = validation.listed(_split(lines[0], likely))
        raise ValueError(
            f"{file}: expected several column names in line {number}, got one; give the separator, sep={shown}, to get "
            f"{split}"
        )
    if not any(names):
        raise ValueError(
            f"{file}: expected column names in line {number}, got an empty line; give the number of lines above the "
            "names, skiprows=…"
        )
    if all(NUMBER.fullmatch(name) for name in names):
        raise ValueError(
            f"{file}: expected column names in line {number}, got numbers ({validation.listed(names, 3)}); add a line "
            "of names at the top, or give skiprows=…"
        )
    return names


def _splits_evenly(lines: list[str], sep: str) -> bool:
    """Whether a separator splits every line into the same number of fields, more than one."""
    counts = {len(_split(line.strip(), sep)) for line in lines}
    return len(counts) == 1 and counts != {1}


def _split(line: str, sep: str) -> list[str]:
    """The fields of a line."""
    if sep == WHITESPACE:
        line, sep = re.sub(r"[ \t]+", " ", line).strip(" "), " "
    if line and '"' not in line:  # the csv module refuses fields of over 131072 characters: a line without `sep` is one
        return [field.lstrip(" ") if sep != " " else field for field in line.split(sep)]
    try:
        return next(csv.reader([line], delimiter=sep, skipinitialspace=sep != " "), [])
    except csv.Error:
        return [line]


def _field_faults(rows: list[str], width: int, sep: str, before: int) -> list[str]:
    """Rows that are cut short, too long or empty. A parser would fill, shift or skip them."""
    counts = [len(re.findall(r"[^ \t]+", row)) if sep == WHITESPACE else row.count(sep) + 1 for row in rows]
    suspects = [i for i, row in enumerate(rows) if counts[i] != width or '"' in row or not row]
    faults = []
    for i in suspects:
        fields = len(_split(rows[i], sep)) if '"' in rows[i] else counts[i]
        if not rows[i].strip(" "):
            faults.append(f"line {before + 1 + i} is empty")
        elif rows[i].count('"') % 2:
            faults.append(f"line {before + 1 + i} has a quote that is not closed")
        elif fields != width:
            faults.append(f"line {before + 1 + i} has {validation.counted(fields, 'field')}")
    if not faults:
        return []
    return [
        f"expected {validation.counted(width, 'field')} in every line, got: {validation.listed(faults, 3)}; the file "
        "may be cut short or use another separator (sep=…), or its names may be further down (skiprows=…)"
    ]


def _text_cells(file: str, rows: list[str], sep: str) -> Callable[[list[int], type], pd.DataFrame]:
    body = "\n".join(rows).encode()
    has_truth_values = any(byte in body for byte in b"rRlL") and any(word.encode() in body for word in TRUTH_VALUES)

    def read(positions: list[int], dtype: type) -> pd.DataFrame:
        table = pd.read_csv(
            io.BytesIO(body),
            sep=sep,
            header=None,
            index_col=False,
            usecols=sorted(positions),
            dtype=dtype,
            na_values=MISSING,
            keep_default_na=False,
            skipinitialspace=sep != " ",
            engine="c",
            **PARSER,
        )
        if len(table) != len(rows):
            raise ValueError(
                f"{file}: expected a row for each of {len(rows)} lines, got {len(table)} rows; check its quotes"
            )
        result: pd.DataFrame = table[positions]
        return result

    def cells(positions: list[int], dtype: type) -> pd.DataFrame:
        # pandas would convert a column of nothing but truth values to numbers
        if has_truth_values and dtype is float and read(positions, object).isin(TRUTH_VALUES).any(axis=None):
            raise ValueError("truth values")
        return read(positions, dtype)

    return cells


# --- a sheet from a DataFrame


def from_frame(frame: pd.DataFrame, file: str) -> Sheet:
    """Make a sheet from a DataFrame, called `file` in messages. Its index is ignored."""
    frame = pd.DataFrame(frame)  # Py-Feat's Fex is a subclass with other behaviour
    names = [str(name).strip() for name in frame.columns]
    if 0 in frame.shape:
        raise ValueError(f"{file}: expected at least one row and one column, got the shape {frame.shape}")

    def cells(positions: list[int], dtype: type) -> pd.DataFrame:
        chosen = frame.iloc[:, positions].set_axis(positions, axis=1).reset_index(drop=True)
        if dtype is float and any(getattr(kind, "kind", "") == "c" for kind in chosen.dtypes):
            raise TypeError("complex numbers lose their imaginary part")
        return chosen.apply(_as_float) if dtype is float else chosen.astype(dtype)

    return Sheet(file, names, len(frame), "row", 0, cells)


def _as_float(column: pd.Series) -> pd.Series:
    """A column as float64. Text is read as in a file; Python itself would also accept 1_000 and digits of any script.

    ValueError for text that is not a number, TypeError for other objects.
    """
    if pd.api.types.is_numeric_dtype(column.dtype):
        return column.astype(float)
    objects = column.astype(object)
    if any(isinstance(cell, str | bytes) and _is_not_number(cell) for cell in objects):
        raise ValueError("text")
    return objects.where(objects.notna() & ~objects.isin(MISSING), np.nan).astype(float)


# --- columns of a sheet


def position(sheet: Sheet, column: str | int) -> int:
    """The position of a column given by name or position. ValueError if it does not exist or its name occurs twice."""
    if isinstance(column, bool) or not isinstance(column, str | int | np.integer):
        raise TypeError(f"{sheet.file}: expected a column name or a position (from 0), got {column!r}")
    if not isinstance(column, str):
        if not 0 <= column < len(sheet.names):
            raise ValueError(f"{sheet.file}: expected a column position from 0 to {len(sheet.names) - 1}, got {column}")
        return int(column)
    found = find(sheet, column)
    if found is None:
        near = difflib.get_close_matches(column, sheet.names) or sheet.names
        raise ValueError(
            f"{sheet.file}: expected the name of a column, such as {validation.listed(near)}, got {column!r}"
        )
    return found


def find(sheet: Sheet, name: str) -> int | None:
    """The position of the column with that name, None if it does not exist. ValueError if several have that name."""
    found = [i for i, own in enumerate(sheet.names) if own == name.strip()]
    if len(found) > 1:
        raise ValueError(
            f"{sheet.file}: expected one column named {name!r}, got columns {validation.listed(found)}; choose by "
            "position, columns=[…], or rename one"
        )
    return found[0] if found else None


def numbers(sheet: Sheet, positions: Sequence[int]) -> pd.DataFrame:
    """The columns at `positions` (which label them) as float64, NaN where a value is missing.

    ValueError for text and for infinite numbers. It names the first line of each column that has such a cell.
    """
    distinct = list(dict.fromkeys(positions))
    failure: Exception | None = None
    try:
        table = sheet.cells(distinct, float)
    except (ValueError, TypeError) as error:
        failure = error
    if failure is not None:  # not in the except clause: a traceback would begin with what the parser says
        refuse(sheet.file, _text_faults(sheet, distinct))
        raise ValueError(f"{sheet.file}: {failure}") from failure
    if np.isinf(table.to_numpy()).any():
        refuse(sheet.file, _infinite_faults(sheet, distinct))
    return table


def texts(sheet: Sheet, position: int) -> list[str]:
    """The column at `position` as text, '' where it is missing. Whole numbers have no decimal point."""
    column = sheet.cells([position], object)[position]
    whole = [int(cell) if isinstance(cell, float) and cell.is_integer() else cell for cell in column]
    return ["" if pd.isna(cell) else str(cell).strip() for cell in whole]


# --- faults of cells


def _text_faults(sheet: Sheet, positions: Iterable[int]) -> list[str]:
    faults = []
    for at, row, cell in _first_cells(sheet, positions, _is_not_number):
        hint = "; write decimal points" if re.fullmatch(r"[+-]?\d+,\d+", cell) else ""
        faults.append(f"{_cell_label(sheet, at, row)}: expected a number, got {cell!r}{hint}")
    faults = _shortened(faults)
    if faults:
        faults[-1] += "; leave missing values empty (or NA), and choose the columns of numbers with columns=[…]"
        faults[-1] += "; another separator may be needed (sep=…)" if len(sheet.names) == 1 else ""
    return faults


def _infinite_faults(sheet: Sheet, positions: Iterable[int]) -> list[str]:
    return _shortened(
        [
            f"{_cell_label(sheet, at, row)}: expected a finite number, got {cell!r}; correct it, or leave it empty"
            for at, row, cell in _first_cells(sheet, positions, _is_infinite)
        ]
    )


def _first_cells(
    sheet: Sheet, positions: Iterable[int], is_bad: Callable[[object], bool]
) -> Iterable[tuple[int, int, str]]:
    """(position, row, text) of the first bad cell of each column that has one."""
    for at in positions:
        column = sheet.cells([at], object)[at].tolist()
        row = next((i for i, cell in enumerate(column) if is_bad(cell)), None)
        if row is not None:
            yield at, row, str(column[row])


def _cell_label(sheet: Sheet, at: int, row: int) -> str:
    return f"column {sheet.names[at]!r} ({at}), {row_label(sheet, row)}"


def _shortened(faults: list[str]) -> list[str]:
    hidden = len(faults) - MAX_LISTED_FAULTS
    return faults if hidden <= 0 else [*faults[:MAX_LISTED_FAULTS], f"… and {hidden} more columns"]


def _is_not_number(cell: Any) -> bool:
    if isinstance(cell, str):
        return cell not in MISSING and not NUMBER.fullmatch(cell)
    return not (isinstance(cell, Real) or pd.isna(cell))


def _is_infinite(cell: object) -> bool:
    if isinstance(cell, str):
        return bool(NUMBER.fullmatch(cell)) and np.isinf(float(cell))
    return isinstance(cell, Real) and bool(np.isinf(float(cell)))
