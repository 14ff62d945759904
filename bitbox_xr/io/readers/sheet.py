"""A table as its file has it: names as written, numbers by position, every refusal with its line and column."""

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
    "TABLE",
    "WHITESPACE",
    "Sheet",
    "find",
    "from_frame",
    "from_lines",
    "lines_of",
    "numbers",
    "position",
    "texts",
    "where",
]

WHITESPACE = r"\s+"  # as `sep`: any run of blanks and tabs
TABLE = "the table"  # how messages call a DataFrame, which has no file
MISSING = ["", "NA", "nan", "NaN", "NAN", "-nan", "nan(ind)", "-nan(ind)"]  # R's word, and what printf makes of NaN
TRUTH = ["True", "TRUE", "true", "False", "FALSE", "false"]
# pandas 2 rounds a third of all 17-digit numbers wrongly unless asked; pandas 3 is exact and deprecates the option.
PARSER: dict[str, Any] = {"float_precision": "round_trip"} if pd.__version__.startswith("2.") else {}
NUMBER = re.compile(r"[ \t]*[+-]?((\d+\.?\d*|\.\d+)(e[+-]?\d+)?|inf(inity)?)[ \t]*", re.ASCII | re.IGNORECASE)


class Sheet(NamedTuple):
    """A table whose columns are read when they are asked for, by position (names may occur twice)."""

    file: str  # how messages call it
    names: list[str]
    size: int
    row: str  # what messages count: lines of a file, rows of a table
    first: int  # number of the first of them
    cells: Callable[[list[int], type], pd.DataFrame]


def where(sheet: Sheet, row: int) -> str:
    """Where the `row`-th row stands, in words."""
    return f"{sheet.row} {sheet.first + row}"


# --- a sheet of text


def lines_of(path: Path) -> list[str]:
    """The lines of a UTF-8 file, without empty ones at its end."""
    raw = path.read_bytes()
    if b"\0" in raw:
        raise ValueError(f"{path.name}: it holds zero bytes, so it is no UTF-8 text; save it as UTF-8")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        byte = f"{raw[error.start]:#04x}"
        raise ValueError(f"{path.name}: line {line} is not UTF-8 (byte {byte}); save the file as UTF-8") from None
    # not splitlines(), which also splits at characters that may stand in names
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    while lines and not lines[-1].strip(" "):
        lines.pop()
    if not lines:
        raise ValueError(f"{path.name}: it is empty")
    return lines


def from_lines(file: str, lines: list[str], *, sep: str, skiprows: int = 0, names: list[str] | None = None) -> Sheet:
    """A sheet of the lines of a file: after `skiprows`, names (unless given), then a row a line."""
    header = skiprows
    if names is None:
        if header >= len(lines):
            raise ValueError(f"{file}: skiprows={skiprows} leaves nothing of its {len(lines)} lines")
        names = _header(file, lines[header : header + 2], sep, header + 1)
        header += 1
    rows = lines[header:]
    if not rows:
        raise ValueError(f"{file}: there are names (line {header}) but no rows")
    refuse(file, _field_faults(rows, len(names), sep, header))
    return Sheet(file, names, len(rows), "line", header + 1, _text_cells(file, rows, sep))


def _header(file: str, lines: list[str], sep: str, number: int) -> list[str]:
    """The names in the first of `lines`, which is followed by a row; `number` is its number in the file."""
    names = [name.strip() for name in _split(lines[0], sep)]
    instead = next((mark for mark in (";", "\t", "|", ",", " ", WHITESPACE) if _tells_fields(lines, mark)), None)
    if len(names) == 1 and instead and sep not in (instead, WHITESPACE):
        shown = f"'{WHITESPACE}'" if instead == WHITESPACE else repr(instead)
        split = validation.listed(_split(lines[0], instead))
        raise ValueError(f"{file}: line {number} has one name; give the separator, sep={shown}, for {split}")
    if not any(names):
        raise ValueError(
            f"{file}: line {number} is empty where names are wanted; give the lines above them, skiprows=…"
        )
    if all(NUMBER.fullmatch(name) for name in names):
        raise ValueError(
            f"{file}: line {number} holds numbers ({validation.listed(names, 3)}) where names are wanted; "
            "put a line of names first, or give skiprows=…"
        )
    return names


def _tells_fields(lines: list[str], sep: str) -> bool:
    """Whether a separator makes as many fields, more than one, of every line."""
    counts = {len(_split(line.strip(), sep)) for line in lines}
    return len(counts) == 1 and counts != {1}


def _split(line: str, sep: str) -> list[str]:
    """The fields of a line."""
    if sep == WHITESPACE:
        line, sep = re.sub(r"[ \t]+", " ", line).strip(" "), " "
    if line and '"' not in line:  # the csv module refuses fields of over 131072 characters: of a line without `sep`
        return [field.lstrip(" ") if sep != " " else field for field in line.split(sep)]
    try:
        return next(csv.reader([line], delimiter=sep, skipinitialspace=sep != " "), [])
    except csv.Error:
        return [line]


def _field_faults(rows: list[str], width: int, sep: str, before: int) -> list[str]:
    """Rows cut short, too long or empty, which a parser would fill up, shift or pass over."""
    counts = [len(re.findall(r"[^ \t]+", row)) if sep == WHITESPACE else row.count(sep) + 1 for row in rows]
    wrong = [i for i, row in enumerate(rows) if counts[i] != width or '"' in row or not row]
    faults = []
    for i in wrong:
        fields = len(_split(rows[i], sep)) if '"' in rows[i] else counts[i]
        if not rows[i].strip(" "):
            faults.append(f"line {before + 1 + i} is empty")
        elif rows[i].count('"') % 2:
            faults.append(f"line {before + 1 + i} opens a quote that does not close")
        elif fields != width:
            faults.append(f"line {before + 1 + i} has {validation.counted(fields, 'field')} where {_are(width)} wanted")
    if not faults:
        return []
    remedy = "the file may be cut short or use another separator (sep=…), or its names stand further down (skiprows=…)"
    return [f"{validation.listed(faults, 3)}; {remedy}"]


def _are(n: int) -> str:
    return "1 is" if n == 1 else f"{n} are"


def _text_cells(file: str, rows: list[str], sep: str) -> Callable[[list[int], type], pd.DataFrame]:
    body = "\n".join(rows).encode()
    truth = any(letter in body for letter in b"rRlL") and any(word.encode() in body for word in TRUTH)

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
            raise ValueError(f"{file}: {len(rows)} lines gave {len(table)} rows; look for quotes that join lines")
        return table[positions]

    def cells(positions: list[int], dtype: type) -> pd.DataFrame:
        # a column of nothing but these would become numbers
        if truth and dtype is float and read(positions, object).isin(TRUTH).any(axis=None):
            raise ValueError("truth values")
        return read(positions, dtype)

    return cells


# --- a sheet of a DataFrame


def from_frame(frame: pd.DataFrame, file: str) -> Sheet:
    """A sheet of a DataFrame, called `file` in messages; its index is left out."""
    frame = pd.DataFrame(frame)  # Py-Feat's Fex is a DataFrame with ways of its own
    names = [str(name).strip() for name in frame.columns]
    if 0 in frame.shape:
        raise ValueError(f"{file}: it has the shape {frame.shape}; at least one row and one column are wanted")

    def cells(positions: list[int], dtype: type) -> pd.DataFrame:
        chosen = frame.iloc[:, positions].set_axis(positions, axis=1).reset_index(drop=True)
        if dtype is float and any(getattr(kind, "kind", "") == "c" for kind in chosen.dtypes):
            raise TypeError("complex numbers lose their imaginary part")
        return chosen.apply(_numbers_of) if dtype is float else chosen.astype(dtype)

    return Sheet(file, names, len(frame), "row", 0, cells)


def _numbers_of(column: pd.Series) -> pd.Series:
    """A column as float64. Text in it means what it would in a file: Python also takes 1_000 and digits of any script.

    ValueError where it holds text that is no number, TypeError where it holds anything else.
    """
    if pd.api.types.is_numeric_dtype(column.dtype):
        return column.astype(float)
    held = column.astype(object)
    if any(isinstance(cell, str | bytes) and _is_text(cell) for cell in held):
        raise ValueError("text")
    return held.where(held.notna() & ~held.isin(MISSING), np.nan).astype(float)


# --- what is asked of a sheet


def position(sheet: Sheet, wanted: str | int) -> int:
    """The position of the column of that name or position; ValueError where there is none, or two of a name."""
    if isinstance(wanted, bool) or not isinstance(wanted, str | int | np.integer):
        raise TypeError(f"{sheet.file}: {wanted!r} names no column; a name or a position (from 0) is wanted")
    if not isinstance(wanted, str):
        if not 0 <= wanted < len(sheet.names):
            last = len(sheet.names) - 1
            raise ValueError(f"{sheet.file}: there is no column {wanted}; positions go from 0 to {last}")
        return int(wanted)
    found = find(sheet, wanted)
    if found is None:
        near = difflib.get_close_matches(wanted, sheet.names) or sheet.names
        raise ValueError(f"{sheet.file}: there is no column {wanted!r}; there is {validation.listed(near)}")
    return found


def find(sheet: Sheet, name: str) -> int | None:
    """The position of the column of that name, None where there is none; ValueError where there are two."""
    found = [i for i, own in enumerate(sheet.names) if own == name.strip()]
    if len(found) > 1:
        raise ValueError(
            f"{sheet.file}: the name {name!r} stands at columns {validation.listed(found)}; choose by position, "
            "columns=[…], or rename one"
        )
    return found[0] if found else None


def numbers(sheet: Sheet, positions: Sequence[int]) -> pd.DataFrame:
    """The columns at `positions` (which label them) as float64, NaN where missing.

    ValueError for text and for infinite numbers, with the first line of each column that has them.
    """
    asked = list(dict.fromkeys(positions))
    try:
        table = sheet.cells(asked, float)
    except (ValueError, TypeError) as error:
        refuse(sheet.file, _faults(sheet, asked, _is_text, "is no number"))
        raise ValueError(f"{sheet.file}: {error}") from error
    if np.isinf(table.to_numpy()).any():
        refuse(sheet.file, _faults(sheet, asked, _is_infinite, "is not finite; mend it, or leave it empty"))
    return table


def texts(sheet: Sheet, position: int) -> list[str]:
    """The column at `position` as text, '' where missing; whole numbers are written without a point."""
    column = sheet.cells([position], object)[position]
    whole = [int(cell) if isinstance(cell, float) and cell.is_integer() else cell for cell in column]
    return ["" if pd.isna(cell) else str(cell).strip() for cell in whole]


def _faults(sheet: Sheet, positions: Iterable[int], is_bad: Callable[[Any], bool], what: str) -> list[str]:
    faults = []
    for at in positions:
        column = sheet.cells([at], object)[at].tolist()
        row = next((i for i, cell in enumerate(column) if is_bad(cell)), None)
        if row is not None:
            text = str(column[row])
            hint = "; write decimal points" if re.fullmatch(r"[+-]?\d+,\d+", text) else ""
            faults.append(f"column {sheet.names[at]!r} ({at}), {where(sheet, row)}: {text!r} {what}{hint}")
    if len(faults) > 8:
        faults[8:] = [f"… and {len(faults) - 8} columns more"]
    if faults and is_bad is _is_text:
        faults[-1] += "; leave what is missing empty (or NA), and choose the columns of numbers with columns=[…]"
        faults[-1] += "; perhaps the separator is another (sep=…)" if len(sheet.names) == 1 else ""
    return faults


def _is_text(cell: Any) -> bool:
    if isinstance(cell, str):
        return cell not in MISSING and not NUMBER.fullmatch(cell)
    return not (isinstance(cell, Real) or pd.isna(cell))


def _is_infinite(cell: object) -> bool:
    if isinstance(cell, str):
        return bool(NUMBER.fullmatch(cell)) and np.isinf(float(cell))
    return isinstance(cell, Real) and bool(np.isinf(float(cell)))
