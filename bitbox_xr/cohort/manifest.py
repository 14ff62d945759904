"""The manifest: a table of recordings with the paths of their files, their own options and their covariates."""

import csv
import logging
import os
import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from bitbox_xr.cohort.manifest_options import OPTION_COLUMNS, RowOptions, parsed
from bitbox_xr.core.errors import refuse
from bitbox_xr.core.validation import listed, path_of
from bitbox_xr.core.variables import RECORDING

__all__ = ["FILE_COLUMNS", "Manifest", "Recording", "read"]

LOG = logging.getLogger(__name__)
SIGNALS, REFERENCE, INTERVALS = FILE_COLUMNS = ("signals", "reference", "intervals")
MISSING = ("", "NA")
MAX_EXACT_INTEGER = 2**53  # larger integers have no exact float, and R reads integers as floats
MAX_NAME_BYTES = 200  # of a recording's name, which becomes the name of a file
SEPARATORS = (",", ";", "\t")  # spreadsheets write semicolons if decimal signs are commas
INTEGER = re.compile(r"-?(0|[1-9][0-9]{0,15})")
FLOAT = re.compile(r"[+-]?(([0-9]+\.?[0-9]*|\.[0-9]+)(e[+-]?[0-9]+)?|inf|nan)", re.IGNORECASE)
THOUSANDS = re.compile(r"-?[1-9][0-9]{0,2}(,[0-9]{3})+")  # or three decimals
UNPRINTABLE = ("Cc", "Cs", "Zl", "Zp")  # control characters, surrogates, breaks of lines and paragraphs


@dataclass(frozen=True)
class Recording:
    """A row of the manifest. A path is None where its cell is empty; `options` are those of its option columns."""

    name: str
    signals: Path | None
    reference: Path | None = None
    intervals: Path | None = None
    options: RowOptions = field(default_factory=dict)
    covariates: Mapping[str, str] = field(default_factory=dict)  # as text


class Manifest(NamedTuple):
    """Recordings in the manifest's order, the columns that are no covariates, and the covariates as numbers or text."""

    recordings: list[Recording]
    columns: list[str]
    covariates: dict[str, np.ndarray]

    @property
    def names(self) -> list[str]:
        """Names of the recordings."""
        return [row.name for row in self.recordings]

    @property
    def paired(self) -> bool:
        """Whether the manifest has references."""
        return REFERENCE in self.columns

    @property
    def annotated(self) -> bool:
        """Whether the manifest has files of intervals."""
        return INTERVALS in self.columns

    def files(self) -> list[tuple[str, str, Path]]:
        """Recording, column and path of every file in the table."""
        every = [(row.name, column, getattr(row, column)) for row in self.recordings for column in FILE_COLUMNS]
        return [one for one in every if one[2] is not None]


def read(manifest: str | os.PathLike[str] | pd.DataFrame) -> Manifest:
    """Read a manifest, one row per recording: a CSV file (UTF-8, column names in the first line) or a DataFrame.

    `recording` is a name. `signals`, `reference` and `intervals` are paths, relative to the manifest's folder (in a
    DataFrame, to the working directory). `OPTION_COLUMNS` are options of single recordings. All other columns are
    covariates. Everything is text at first. A covariate becomes numeric only if each of its values is exactly the text
    of its number ("001" and "1.50" are not), so that nothing is lost. Empty cells and `NA` are missing: '' in text, NaN
    among numbers.

    The columns of a CSV file are separated by commas, semicolons or tabs. If they are not separated by commas, `0,5`
    is read as 0.5, unless a value of that column has a point, or all with a comma could be thousands (`1,234`).

    Raises FileNotFoundError if there is no such file, ValueError with all faults of the table.

    >>> table = read(pd.DataFrame({"recording": ["a", "b"], "signals": ["a.csv", "b.csv"], "site": ["01", "02"],
    ...                            "age": ["31", ""]}))
    >>> table.names, table.covariates["site"].tolist(), table.covariates["age"].tolist()
    (['a', 'b'], ['01', '02'], [31.0, nan])
    """
    if isinstance(manifest, pd.DataFrame):
        subject, folder = "the manifest", Path.cwd()
        header, rows = [str(column).strip() for column in manifest.columns], _text_rows(manifest)
        faults: list[str] = []
        commas = False
    else:
        file = path_of("cohort", manifest)
        subject, folder = file.name, file.parent.absolute()
        header, rows, faults, separator = _csv_rows(file)
        commas = separator != ","
    refuse(subject, faults + _header_faults(header) + ([] if rows else ["expected at least one recording, got none"]))
    columns = dict(zip(header, map(list, zip(*rows, strict=True)), strict=True))
    names = columns.pop(RECORDING)
    refuse(subject, _name_faults(names) + _cell_faults(columns))
    known = [name for name in columns if name in FILE_COLUMNS or name in OPTION_COLUMNS]
    files = {name: _paths(columns.pop(name), folder) for name in FILE_COLUMNS if name in columns}
    own = {name: columns.pop(name) for name in OPTION_COLUMNS if name in columns}
    options, faults = parsed(names, own, commas=commas)
    refuse(subject, faults)
    recordings = [
        Recording(
            name,
            **{column: paths[row] for column, paths in files.items()},
            options=options[row],
            covariates={column: cells[row] for column, cells in columns.items()},
        )
        for row, name in enumerate(names)
    ]
    return Manifest(recordings, known, {name: _values(name, cells, commas) for name, cells in columns.items()})


def _csv_rows(file: Path) -> tuple[list[str], list[list[str]], list[str], str]:
    """Column names, cells by row, faults of the rows, and the separator of columns."""
    if not file.is_file():
        raise FileNotFoundError(f"expected a manifest, got {file}, which does not exist")
    try:
        with file.open(encoding="utf-8-sig", newline="") as stream:
            lines = stream.readlines()
        separator = _separator(lines)
        reader = csv.reader(lines, delimiter=separator)
        numbered = [(reader.line_num, [_text(cell) for cell in row]) for row in reader if any(map(str.strip, row))]
    except UnicodeDecodeError as error:
        raise ValueError(
            f"{file.name}: expected UTF-8 text, got other bytes ({error}); save it as CSV in UTF-8"
        ) from None
    except csv.Error as error:
        raise ValueError(f"{file.name}: expected a CSV file, got an error ({error}); close every quote") from None
    (_, header), *body = numbered or [(1, [])]
    faults = [
        f"expected {len(header)} cells, one per column name, got {len(row)} in line {line}"
        for line, row in body
        if len(row) != len(header)
    ]
    if len(header) == 1 and SIGNALS in header[0]:
        remedy = "separate columns by commas, semicolons or tabs"
        raise ValueError(f"{file.name}: expected several columns, got one named {header[0]!r}; {remedy}")
    return header, [row for _, row in body], faults, separator


def _separator(lines: list[str]) -> str:
    """The separator with which the first line has the required columns; a comma if none has."""
    for separator in SEPARATORS:
        rows = ([cell.strip() for cell in row] for row in csv.reader(lines, delimiter=separator))
        if {RECORDING, SIGNALS} <= {*next(filter(any, rows), [])}:
            return separator
    return ","


def _text_rows(frame: pd.DataFrame) -> list[list[str]]:
    """Cells as text, as in a CSV file."""
    columns = [[_cell(cell) for cell in frame.iloc[:, k]] for k in range(frame.shape[1])]
    return [list(row) for row in zip(*columns, strict=True)]


def _cell(cell: object) -> str:
    """A cell of a DataFrame as text; a list becomes names with commas between them, as in the column `columns`."""
    if isinstance(cell, list | tuple):
        return ",".join(map(_cell, cell))
    return "" if pd.isna(cell) else _text(str(cell))  # type: ignore[call-overload]


def _text(cell: str) -> str:
    """A cell without blanks at its ends, line breaks as \\n: CSV readers treat a lone carriage return as a new row."""
    return cell.strip().replace("\r\n", "\n").replace("\r", "\n")


def _header_faults(header: list[str]) -> list[str]:
    faults = []
    absent = [name for name in (RECORDING, SIGNALS) if name not in header]
    if absent:
        columns = "columns" if len(absent) > 1 else "a column"
        faults.append(f"expected {columns} {' and '.join(absent)}, got {listed(header) or 'no columns'}")
    twice = sorted({name for name in header if header.count(name) > 1})
    if twice:
        faults.append(f"expected unique column names, got {listed(twice)} twice; rename or remove columns")
    bad = [name for name in header if not name or "/" in name or not _is_printable(name)]
    if bad:
        faults.append(
            f"expected column names without / and control characters, got {listed(map(repr, bad))}; rename them"
        )
    return faults


def _name_faults(names: list[str]) -> list[str]:
    """Faults of recordings' names, which become names of files."""
    faults = []
    if empty := [str(row) for row, name in enumerate(names, 1) if not name]:
        faults.append(f"expected a name for every recording, got none for number {listed(empty)}; name them")
    if twice := sorted({name for name in names if name and names.count(name) > 1}):
        faults.append(f"expected unique names of recordings, got {listed(twice)} twice; rename them")
    unfit = [
        name
        for name in names
        if not _is_printable(name) or {"/", "\\"} & {*name} or len(name.encode()) > MAX_NAME_BYTES
    ]
    if unfit := [*unfit, *(name for name in names if name.startswith("."))]:
        faults.append(f"expected names of recordings that files can have, got {listed(map(repr, unfit))}; rename them")
    cases: dict[str, set[str]] = {}
    for name in names:
        cases.setdefault(unicodedata.normalize("NFC", name).casefold(), set()).add(name)
    if alike := [" and ".join(sorted(same)) for same in cases.values() if len(same) > 1]:
        faults.append(
            f"expected names of recordings that differ not only in case, got {listed(alike)}; rename them, since some "
            "file systems ignore case"
        )
    return faults


def _is_printable(name: str) -> bool:
    return not any(unicodedata.category(letter) in UNPRINTABLE for letter in name)


def _cell_faults(columns: dict[str, list[str]]) -> list[str]:
    """Faults of text that files cannot hold: NetCDF ends text at a zero character, and UTF-8 has no surrogates."""
    return [
        f"expected text without zero characters and lone surrogates, got {bad!r} in column {name!r}; correct it"
        for name, cells in columns.items()
        if (bad := next((cell for cell in cells if "\0" in cell or any("\ud800" <= c <= "\udfff" for c in cell)), None))
    ]


def _paths(cells: list[str], folder: Path) -> list[Path | None]:
    return [None if cell in MISSING else folder / Path(cell).expanduser() for cell in cells]


# --- text or numbers


def _values(name: str, cells: list[str], commas: bool) -> np.ndarray:
    """Numbers if these have the same text as the cells, otherwise text; `commas`: decimal commas are possible."""
    present = [cell for cell in cells if cell not in MISSING]
    numbers = _with_points(name, present) if commas else present
    lost = next((cell for cell in numbers if not _survives(cell)), None)
    if not present or lost is not None:
        if lost is not None and _looks_numeric(numbers):
            LOG.warning("column %s stays text: as a number, %r would become %r", name, _shown(lost), float(lost))
        return np.array(["" if cell in MISSING else cell for cell in cells])
    if len(present) == len(cells) and all(map(_is_integer, numbers)):
        return np.array([int(number) for number in numbers])
    left = iter(numbers)
    return np.array([np.nan if cell in MISSING else float(next(left)) for cell in cells])


def _with_points(name: str, cells: list[str]) -> list[str]:
    """Replace decimal commas by points; leave the cells unchanged if commas may have another meaning."""
    having = [cell for cell in cells if "," in cell]
    if not having or any("." in cell for cell in cells):
        return cells
    if all(map(THOUSANDS.fullmatch, having)):
        LOG.warning("column %s stays text: %r may have decimals or thousands; use a decimal point", name, having[0])
        return cells
    return [cell.replace(",", ".") for cell in cells]


def _is_integer(cell: str) -> bool:
    return INTEGER.fullmatch(cell) is not None and str(int(cell)) == cell and abs(int(cell)) <= MAX_EXACT_INTEGER


def _survives(cell: str) -> bool:
    """Whether converting the text to a number loses nothing."""
    return _is_integer(cell) or (_is_float(cell) and repr(float(cell)) == cell)


def _is_float(cell: str) -> bool:
    return FLOAT.fullmatch(cell) is not None


def _looks_numeric(cells: Iterable[str]) -> bool:
    """Whether all cells are numbers and none is a code such as 007."""
    return all(_is_float(cell) and not (cell[:1] == "0" and cell[1:2].isdecimal()) for cell in cells)


def _shown(cell: str) -> str:
    """A cell for a message, shortened."""
    return cell if len(cell) <= 30 else f"{cell[:29]}…"
