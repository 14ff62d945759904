"""Datavyu in CSV, with times in ms: one file per column with its codes, or the program's export of all columns."""

import re
from collections.abc import Iterator
from pathlib import Path

from bitbox_xr.core import validation
from bitbox_xr.core.errors import refuse
from bitbox_xr.io.annotations.coded_cells import Cell, annotations_of
from bitbox_xr.io.annotations.records import Annotations, IntervalOptions
from bitbox_xr.io.annotations.rows import Rows, find, find_header, rows_below, texts, times
from bitbox_xr.io.annotations.text import content, decoded, head_text

__all__ = ["read", "recognise"]

TIMES = ["ordinal", "onset", "offset"]
SIDE_BY_SIDE = re.compile(r"(.+)\.(ordinal|onset|offset|[^.]+)")
UNIT = "ms"


def recognise(path: Path, head: bytes) -> bool:
    """Whether the first line names ordinal, onset and offset, once or for each column of the coding."""
    return find_header(head_text(head), _matches) is not None


def _matches(names: list[str]) -> bool:
    return _times_at(names) is not None or bool(_columns(names))


def _times_at(names: list[str]) -> int | None:
    return next((i for i in range(len(names)) if names[i : i + 3] == TIMES), None)


def _columns(names: list[str]) -> list[str]:
    """Columns of the coding of which all times are exported side by side."""
    stems = dict.fromkeys(name.removesuffix(".onset") for name in names if name.endswith(".onset"))
    return [stem for stem in stems if all(f"{stem}.{part}" in names for part in TIMES)]


def read(path: Path, options: IntervalOptions) -> Annotations:
    """Read cells; the tier is the column of the coding, the label one of its codes."""
    text = decoded(path.name, content(path))
    header = find_header(text, _matches)
    if header is None:
        raise ValueError(
            f"{path.name}: expected the columns ordinal, onset and offset in the first line, got "
            f"{text.partition(chr(10))[0][:80]!r}; export the coding from Datavyu again"
        )
    rows = rows_below(path.name, text, header)
    faults: list[str] = []
    at = _times_at(rows.names)
    if at is None:
        columns = _columns(rows.names)
        cells = [cell for column in columns for cell in _side_by_side(rows, column, faults)]
        return annotations_of(cells, columns, options, faults)
    files = sorted({*texts(rows, find(rows, "file"))} - {""})
    if len(files) > 1:
        refuse(
            path.name,
            [
                f"expected the coding of one recording, got the files {validation.listed(map(repr, files))}, each on "
                "its own clock; write one CSV for each"
            ],
        )
    cells = list(_one_below_the_other(rows, at, faults))
    return annotations_of(cells, list(dict.fromkeys(cell.column for cell in cells)), options, faults)


def _one_below_the_other(rows: Rows, at: int, faults: list[str]) -> Iterator[Cell]:
    onset, offset = (times(rows, at + k, faults, unit=UNIT).tolist() for k in (1, 2))
    columns = texts(rows, find(rows, "column"))
    codes = {rows.names[i]: texts(rows, i) for i in range(at + len(TIMES), len(rows.names))}
    for i, place in enumerate(rows.places):
        yield Cell(columns[i], onset[i], offset[i], {code: values[i] for code, values in codes.items()}, place)


def _side_by_side(rows: Rows, column: str, faults: list[str]) -> Iterator[Cell]:
    ordinal = texts(rows, rows.names.index(f"{column}.ordinal"))
    onset, offset = (
        times(rows, rows.names.index(f"{column}.{part}"), faults, unit=UNIT).tolist() for part in TIMES[1:]
    )
    codes = {
        found[2]: texts(rows, i)
        for i, name in enumerate(rows.names)
        if (found := SIDE_BY_SIDE.fullmatch(name)) and found[1] == column and found[2] not in TIMES
    }
    for i, place in enumerate(rows.places):
        values = {code: own[i] for code, own in codes.items()}
        if ordinal[i] or onset[i] == onset[i] or any(values.values()):  # shorter columns end in empty cells
            yield Cell(column, onset[i], offset[i], values, f"{place}, column {column!r}")
