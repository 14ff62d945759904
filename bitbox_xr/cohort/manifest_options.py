"""Columns of a manifest that are options of single recordings, and their values."""

from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

from bitbox_xr.core.kinds import KINDS
from bitbox_xr.core.validation import listed

__all__ = ["OPTION_COLUMNS", "RowOptions", "parsed"]

Value: TypeAlias = float | str | list[str | int]
RowOptions: TypeAlias = Mapping[str, Value]  # options of one recording; empty cells are absent

MISSING = ("", "NA")
MAX_DIGITS = 18  # of a column's position: more may not fit into a 64-bit integer


def _number(cell: str) -> float:
    value = float(cell)
    if not abs(value) < float("inf"):
        raise ValueError
    return value


def _rate(cell: str) -> float:
    value = _number(cell)
    if value <= 0:
        raise ValueError
    return value


def _kind(cell: str) -> str:
    if cell not in KINDS:
        raise ValueError
    return cell


def _names(cell: str) -> list[str | int]:
    """Names or positions, as on the command line: 001 is a name."""
    parts = [part.strip() for part in cell.split(",")]
    if not all(parts):
        raise ValueError
    return [
        int(part) if part.isdecimal() and len(part) <= MAX_DIGITS and part == str(int(part)) else part for part in parts
    ]


RATE, SECONDS = "a positive number of frames per second", "a number of seconds"

# what a cell becomes, and what is expected of it
OPTION_COLUMNS: dict[str, tuple[Callable[[str], Value], str]] = {
    "fps": (_rate, RATE),
    "reference_fps": (_rate, RATE),
    "offset": (_number, SECONDS),
    "start": (_number, SECONDS),
    "stop": (_number, SECONDS),
    "kind": (_kind, f"one of {', '.join(KINDS)}"),
    "columns": (_names, "names or positions of columns, with commas between them"),
}
NUMBERS = ("fps", "reference_fps", "offset", "start", "stop")


def parsed(
    names: Sequence[str], columns: Mapping[str, Sequence[str]], *, commas: bool
) -> tuple[list[RowOptions], list[str]]:
    """Return the options of each recording, and the faults; `commas`: a comma is a decimal comma in numbers.

    >>> parsed(["a", "b"], {"fps": ["29.97", ""], "columns": ["AU12,3", "NA"]}, commas=False)
    ([{'fps': 29.97, 'columns': ['AU12', 3]}, {}], [])
    >>> parsed(["a"], {"start": ["5"], "stop": ["2"]}, commas=False)[1]
    ['expected start before stop, got 5 and 2 s in recording a']
    """
    options: list[dict[str, Value]] = [{} for _ in names]
    faults = []
    for column, cells in columns.items():
        convert, expected = OPTION_COLUMNS[column]
        bad = []
        for own, name, cell in zip(options, names, cells, strict=True):
            if cell in MISSING:
                continue
            try:
                own[column] = convert(cell.replace(",", ".") if commas and column in NUMBERS else cell)
            except ValueError:
                bad.append(f"{cell!r} ({name})")
        if bad:
            faults.append(f"expected {column} to be {expected}, got {listed(bad)}; correct it, or leave the cell empty")
    return list(options), faults + _order_faults(names, options)


def _order_faults(names: Sequence[str], options: Sequence[RowOptions]) -> list[str]:
    return [
        f"expected start before stop, got {own['start']:g} and {own['stop']:g} s in recording {name}"
        for name, own in zip(names, options, strict=True)
        if "start" in own and "stop" in own and not _float(own["start"]) < _float(own["stop"])
    ]


def _float(value: Value) -> float:
    assert isinstance(value, float)
    return value
