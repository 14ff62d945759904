"""ELAN, exported as tab-delimited text or CSV, with or without column names, in any language.

What begins, ends and lasts is known by the English and French names of the columns. In other languages, and without
names, the columns must prove it: begin + duration = end in every row.
"""

import re
from collections.abc import Sequence
from itertools import product
from pathlib import Path
from typing import NamedTuple

import numpy as np

from bitbox_xr.core import validation
from bitbox_xr.io.annotations.formats.table import intervals_of
from bitbox_xr.io.annotations.records import Annotations, Interval, IntervalOptions
from bitbox_xr.io.annotations.rows import SEPARATORS, Rows, find_header, label_column, records, rows_below, texts, times
from bitbox_xr.io.annotations.text import clock_seconds, content, decoded, head_text

__all__ = ["read", "recognise"]

UNITS = ("ss.msec", "msec", "hh:mm:ss.ms")  # in the order in which they are preferred
TIME_NAME = re.compile(r"(.*\S) ?- ?(ss\.msec|msec|hh:mm:ss\.ms|PAL|NTSC|SMPTE.*|[\d.]+ ?fps)")
ROLES = {  # by the beginning of a column's name
    "begin": ("begin time", "temps de départ"),
    "end": ("end time", "temps de fin"),
    "duration": ("duration", "durée"),
}
SEGMENTS = ["start_time", "end_time", "labelid", "label"]  # seconds; written next to an .eaf by a classifier
TOLERANCE_S = 2e-3  # of rounding to ms
MAX_UNITS = 3  # in which times are exported without column names
N_BEFORE = 2  # tier and participant, before the times
MAX_SAMPLE = 50  # rows that show how a file without column names is laid out


class Times(NamedTuple):
    """Columns of times, by position; None for one that the file does not have."""

    begin: int
    end: int | None
    duration: int | None
    unit: str


def recognise(path: Path, head: bytes) -> bool:
    """Whether the first line has ELAN's column names, or all rows ELAN's columns of times."""
    text = head_text(head).lstrip("\ufeff")
    if find_header(text, _matches) is not None:
        return True
    whole = text.rpartition("\n")[0] or text
    return _without_names(path.name, whole) is not None


def _matches(names: list[str]) -> bool:
    named = [found[2] for name in names if (found := TIME_NAME.fullmatch(name))]
    return any(named.count(unit) >= 2 for unit in UNITS) or names[: len(SEGMENTS)] == SEGMENTS


def read(path: Path, options: IntervalOptions) -> Annotations:
    """Read an export; the subject is the participant."""
    text = decoded(path.name, content(path))
    header = find_header(text, _matches)
    if header is None:
        return _read_without_names(path.name, text)
    rows = rows_below(path.name, text, header)
    faults: list[str] = []
    if header.names[: len(SEGMENTS)] == SEGMENTS:
        at, named = label_column(rows, options.label, SEGMENTS.index("label"), faults)
        onset, offset = _onset_and_offset(rows, Times(0, 1, None, "ss.msec"), faults)
        return Annotations(
            intervals_of(rows, onset, offset, texts(rows, at)), faults, columns=rows.names, label_is_column=named
        )
    columns = _columns_of_times(rows)
    onset, offset = _onset_and_offset(rows, columns, faults)
    timed = [i for i, name in enumerate(rows.names) if TIME_NAME.fullmatch(name)]
    values = list(range(timed[-1] + 1, len(rows.names)))
    if timed[0] == 0:
        return _by_tier(rows, values, onset, offset, faults)
    at, named = label_column(rows, options.label, values[0] if values else None, faults)
    intervals = intervals_of(rows, onset, offset, texts(rows, at, ()))
    return Annotations(
        _with_tiers(rows, intervals, has_subject=timed[0] > 1), faults, columns=rows.names, label_is_column=named
    )


def _with_tiers(rows: Rows, intervals: list[Interval], *, has_subject: bool) -> list[Interval]:
    """The intervals with the tier of the first column, and the participant of the second."""
    subjects = texts(rows, 1 if has_subject else None, ())
    return [
        one._replace(tier=tier, subject=subject)
        for one, tier, subject in zip(intervals, texts(rows, 0, ()), subjects, strict=True)
    ]


def _by_tier(rows: Rows, values: list[int], onset: np.ndarray, offset: np.ndarray, faults: list[str]) -> Annotations:
    """The intervals of an export with a column for each tier."""
    intervals = [
        one._replace(tier=rows.names[at])
        for at in values
        for one in intervals_of(rows, onset, offset, texts(rows, at, ()))
        if one.label
    ]
    return Annotations(intervals, faults, tiers=[rows.names[at] for at in values])


# --- columns of times


def _columns_of_times(rows: Rows) -> Times:
    """The columns of times in the preferred unit. ValueError if it is not certain which is which."""
    by_unit: dict[str, list[int]] = {}
    for i, name in enumerate(rows.names):
        if found := TIME_NAME.fullmatch(name):
            by_unit.setdefault(found[2], []).append(i)
    unit = next(unit for unit in UNITS if len(by_unit.get(unit, [])) > 1)
    columns = by_unit[unit]
    roles = {_role(rows.names[i]): i for i in columns}
    if "begin" in roles and len(roles) == len(columns) and None not in roles:
        return Times(roles["begin"], roles.get("end"), roles.get("duration"), unit)
    if len(columns) == 3:
        found_times = Times(columns[0], columns[1], columns[2], unit)
        if not _sum_faults(rows, found_times, [])[0]:
            return found_times
    names = validation.listed(repr(rows.names[i]) for i in columns)
    raise ValueError(
        f"{rows.file}: expected columns of times whose meaning is certain, got {names}; export begin, end and duration "
        "from ELAN, or rename the columns to 'Begin Time - …', 'End Time - …'"
    )


def _role(name: str) -> str | None:
    start = name.casefold()
    return next((role for role, words in ROLES.items() if start.startswith(words)), None)


def _onset_and_offset(rows: Rows, columns: Times, faults: list[str]) -> tuple[np.ndarray, np.ndarray]:
    onset = _seconds(rows, columns.begin, columns.unit, faults)
    if columns.end is not None:
        return onset, _seconds(rows, columns.end, columns.unit, faults)
    assert columns.duration is not None
    return onset, onset + _seconds(rows, columns.duration, columns.unit, faults)


def _seconds(rows: Rows, at: int, unit: str, faults: list[str]) -> np.ndarray:
    if unit != UNITS[2]:
        return times(rows, at, faults, unit="ms" if unit == "msec" else "s")
    values = np.full(len(rows.cells), np.nan)
    for i, cells in enumerate(rows.cells):
        moment = clock_seconds(str(cells[at]))
        if moment is None:
            faults.append(f"{rows.places[i]}, column {rows.names[at]!r}: expected hh:mm:ss.ms, got {cells[at]!r}")
        values[i] = np.nan if moment is None else moment
    return values


def _sum_faults(rows: Rows, columns: Times, faults: list[str]) -> tuple[list[str], np.ndarray, np.ndarray]:
    """Faults of rows in which begin + duration is not end, and onset and offset."""
    assert columns.duration is not None
    onset, offset = _onset_and_offset(rows, columns, faults)
    apart = ~(np.abs(onset + _seconds(rows, columns.duration, columns.unit, faults) - offset) <= TOLERANCE_S)
    bad = [
        f"{rows.places[i]}: expected tier, participant, begin, end, duration and a value, with begin + duration = end, "
        f"got {'; '.join(map(str, rows.cells[i]))[:80]!r}"
        for i in np.flatnonzero(apart).tolist()
    ]
    return [*faults, *bad], onset, offset


# --- files without column names


def _without_names(file: str, text: str) -> tuple[Rows, Times] | None:
    """The rows and the columns of times of a file without column names; None if it has no such columns."""
    for sep in SEPARATORS:
        if sep not in text.partition("\n")[0]:
            continue
        try:
            found = records(file, text, sep)
        except ValueError:
            continue
        columns = _proven([cells for _, cells in found[:MAX_SAMPLE]], sep)
        if columns is not None:
            width = max(len(cells) for _, cells in found)
            padded = [[*cells, *[""] * (width - len(cells))] for _, cells in found]
            names = [f"{i + 1}" for i in range(width)]
            return Rows(file, names, padded, [place for place, _ in found], sep != ","), columns
    return None


def _proven(cells: Sequence[list[str]], sep: str) -> Times | None:
    """The columns of times for which begin + duration = end in every row."""
    for n_units in range(1, MAX_UNITS + 1):
        least = N_BEFORE + 3 * n_units
        if not cells or min(map(len, cells)) < least:
            return None
        for at in range(N_BEFORE, N_BEFORE + n_units):
            trio = (at, at + n_units, at + 2 * n_units)
            numbers = [row[i] for row, i in product(cells, trio)]
            unit = _unit_of(numbers)
            if unit is None:
                continue
            rows = Rows("", ["" for _ in range(least)], cells, ["" for _ in cells], sep != ",")
            columns = Times(*trio, unit)
            if not _sum_faults(rows, columns, [])[0]:
                return columns
    return None


def _unit_of(numbers: list[str]) -> str | None:
    """The unit of times: ELAN writes seconds with decimals, and ms without; None for other texts."""
    if all(clock_seconds(text) is not None for text in numbers):
        return UNITS[2]
    if not all(re.fullmatch(r"-?\d+([.,]\d+)?", text) for text in numbers):
        return None
    return UNITS[0] if any(re.search("[.,]", text) for text in numbers) else UNITS[1]


def _read_without_names(file: str, text: str) -> Annotations:
    found = _without_names(file, text)
    if found is None:
        raise ValueError(
            f"{file}: expected the columns tier, participant, begin, end, duration and value, or column names of ELAN, "
            "got neither; export the file from ELAN again, with begin, end and duration"
        )
    rows, columns = found
    assert columns.duration is not None
    faults, onset, offset = _sum_faults(rows, columns, [])
    value = N_BEFORE + 3 * (columns.duration - columns.end) if columns.end is not None else 0
    labels = texts(rows, value if value < len(rows.names) else None, ())
    return Annotations(_with_tiers(rows, intervals_of(rows, onset, offset, labels), has_subject=True), faults)
