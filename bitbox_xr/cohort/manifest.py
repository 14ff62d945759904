"""A manifest: which recordings there are, where their files lie, and what else is known of each."""

import csv
import logging
import os
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from bitbox_xr.core.errors import refuse
from bitbox_xr.core.validation import listed, path_of

__all__ = ["RECORDING", "Manifest", "read"]

LOG = logging.getLogger(__name__)
RECORDING, SIGNALS, REFERENCE = "recording", "signals", "reference"
MISSING = ("", "NA")
EXACT = 2**53  # larger integers have no exact float, which is what R makes of them
LONGEST = 200  # bytes of a recording's name, which becomes that of a file


class Manifest(NamedTuple):
    """Recordings in the manifest's order; a path is None where its cell is empty."""

    names: list[str]
    signals: list[Path | None]
    references: list[Path | None] | None
    covariates: dict[str, np.ndarray]


def read(manifest: str | os.PathLike[str] | pd.DataFrame) -> Manifest:
    """A table, one row a recording: CSV (UTF-8, commas, names in the first line) or DataFrame.

    `recording` is its name, `signals` and `reference` are paths, relative to the manifest's folder (a DataFrame's to
    the working directory); all other columns are covariates. Everything is text at first: a covariate becomes
    numeric only if each of its values is what the number is written as ("001" and "1.50" are not), so that nothing
    is lost. Cells that are empty or `NA` are missing: '' in text, NaN among numbers.

    FileNotFoundError where there is no such file, ValueError with all that is wrong with the table.

    >>> table = read(pd.DataFrame({"recording": ["a", "b"], "signals": ["a.csv", "b.csv"], "site": ["01", "02"],
    ...                            "age": ["31", ""]}))
    >>> table.names, table.covariates["site"].tolist(), table.covariates["age"].tolist()
    (['a', 'b'], ['01', '02'], [31.0, nan])
    """
    if isinstance(manifest, pd.DataFrame):
        subject, folder = "the manifest", Path.cwd()
        header, rows = [str(column).strip() for column in manifest.columns], _text_rows(manifest)
        faults: list[str] = []
    else:
        file = path_of("cohort", manifest)
        subject, folder = file.name, file.parent.absolute()
        header, rows, faults = _csv_rows(file)
    refuse(subject, faults + _header_faults(header) + ([] if rows else ["there are no recordings in it"]))
    columns = dict(zip(header, map(list, zip(*rows, strict=True)), strict=True))
    names = columns.pop(RECORDING)
    refuse(subject, _name_faults(names))
    signals = _paths(columns.pop(SIGNALS), folder)
    references = _paths(columns.pop(REFERENCE), folder) if REFERENCE in columns else None
    return Manifest(names, signals, references, {name: _values(name, cells) for name, cells in columns.items()})


def _csv_rows(file: Path) -> tuple[list[str], list[list[str]], list[str]]:
    """Names of columns, cells by row, and what is wrong with the rows."""
    if not file.is_file():
        raise FileNotFoundError(f"{file}: there is no such manifest")
    try:
        with file.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.reader(stream)
            numbered = [(reader.line_num, [cell.strip() for cell in row]) for row in reader if any(map(str.strip, row))]
    except UnicodeDecodeError as error:
        raise ValueError(f"{file.name}: it is no UTF-8 text ({error}); save it as CSV in UTF-8") from None
    except csv.Error as error:
        raise ValueError(f"{file.name}: it cannot be read as CSV ({error}); see that every quote is closed") from None
    (_, header), *body = numbered or [(1, [])]
    faults = [
        f"line {line} has {len(row)} cells where the first line names {len(header)} columns"
        for line, row in body
        if len(row) != len(header)
    ]
    return header, [row for _, row in body], faults


def _text_rows(frame: pd.DataFrame) -> list[list[str]]:
    """Cells as a CSV file would have them."""
    columns = [["" if pd.isna(cell) else str(cell).strip() for cell in frame.iloc[:, k]] for k in range(frame.shape[1])]
    return [list(row) for row in zip(*columns, strict=True)]


def _header_faults(header: list[str]) -> list[str]:
    faults = []
    absent = [name for name in (RECORDING, SIGNALS) if name not in header]
    if absent:
        faults.append(f"there is no column {' and no '.join(absent)}; the columns are {listed(header) or 'none'}")
    twice = sorted({name for name in header if header.count(name) > 1})
    if twice:
        faults.append(f"columns occur twice: {listed(twice)}; each may once")
    bad = [name for name in header if not name or "/" in name]
    if bad:
        faults.append(f"columns are named {listed(map(repr, bad))}; a name, without /, is wanted")
    return faults


def _name_faults(names: list[str]) -> list[str]:
    """Names of recordings, which become those of files."""
    faults = []
    if empty := [str(row) for row, name in enumerate(names, 1) if not name]:
        faults.append(f"recordings without a name: number {listed(empty)}; every recording needs one")
    if twice := sorted({name for name in names if name and names.count(name) > 1}):
        faults.append(f"recordings named twice: {listed(twice)}; unique names are wanted")
    unfit = [name for name in names if {"/", "\\", "\0", "\n"} & {*name} or len(name.encode()) > LONGEST]
    if unfit := [*unfit, *(name for name in names if name.startswith("."))]:
        faults.append(f"names that no file can have: {listed(map(repr, unfit))}; choose others")
    cases: dict[str, set[str]] = {}
    for name in names:
        cases.setdefault(name.casefold(), set()).add(name)
    if alike := [" and ".join(sorted(same)) for same in cases.values() if len(same) > 1]:
        faults.append(f"names that differ only in case, which not all file systems tell apart: {listed(alike)}")
    return faults


def _paths(cells: list[str], folder: Path) -> list[Path | None]:
    return [None if cell in MISSING else folder / Path(cell).expanduser() for cell in cells]


# --- text or numbers


def _values(name: str, cells: list[str]) -> np.ndarray:
    present = [cell for cell in cells if cell not in MISSING]
    lost = next((cell for cell in present if not _survives(cell)), None)
    if not present or lost is not None:
        if present and lost is not None and _looks_numeric(present):
            LOG.warning("column %s stays text: as a number, %r would become %r", name, lost, float(lost))
        return np.array(["" if cell in MISSING else cell for cell in cells])
    if len(present) == len(cells) and all(_is_integer(cell) for cell in cells):
        return np.array([int(cell) for cell in cells])
    return np.array([np.nan if cell in MISSING else float(cell) for cell in cells])


def _is_integer(cell: str) -> bool:
    return cell.lstrip("-").isdecimal() and str(int(cell)) == cell and abs(int(cell)) <= EXACT


def _survives(cell: str) -> bool:
    """Whether a number says all that its text does."""
    return _is_integer(cell) or (_is_float(cell) and repr(float(cell)) == cell)


def _is_float(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def _looks_numeric(cells: Iterable[str]) -> bool:
    """Numbers, and not codes such as 007."""
    return all(_is_float(cell) and not (cell[:1] == "0" and cell[1:2].isdecimal()) for cell in cells)
