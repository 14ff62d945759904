"""Any table with a column `onset` and a column `offset` or `duration`: a text file or a DataFrame."""

from pathlib import Path
from typing import cast, get_args

import numpy as np
import pandas as pd

from bitbox_xr.core import validation
from bitbox_xr.io.annotations.records import Annotations, Interval, IntervalOptions, IntervalType
from bitbox_xr.io.annotations.rows import Rows, find, find_header, label_column, rows_below, texts, times
from bitbox_xr.io.annotations.text import content, decoded, head_text

__all__ = ["TABLE", "from_frame", "intervals_of", "read", "recognise"]

TABLE = "the table"  # the name of a DataFrame in messages, since it has no file
EXPECTED = "a column onset, and a column offset or duration"
DECIMALS = 9  # to which onset + duration is rounded: adjacent intervals then meet exactly


def recognise(path: Path, head: bytes) -> bool:
    """Whether the first line names the columns that a table needs."""
    return find_header(head_text(head), _matches) is not None


def _matches(names: list[str]) -> bool:
    folded = {name.casefold() for name in names}
    return "onset" in folded and not folded.isdisjoint(("offset", "duration"))


def read(path: Path, options: IntervalOptions) -> Annotations:
    """Read a text file with commas, semicolons or tabs."""
    text = decoded(path.name, content(path))
    header = find_header(text, _matches)
    if header is None:
        first = text.lstrip("\n").partition("\n")[0]
        raise ValueError(f"{path.name}: expected {EXPECTED}, got {first[:80]!r} as the first line; rename the columns")
    return _annotations(rows_below(path.name, text, header), options)


def from_frame(frame: pd.DataFrame, options: IntervalOptions, file: str = TABLE) -> Annotations:
    """Read a DataFrame, called `file` in messages. Its index is ignored."""
    frame = pd.DataFrame(frame)
    columns = [frame.iloc[:, i].astype(object).tolist() for i in range(frame.shape[1])]
    rows = Rows(
        file,
        [str(name).strip() for name in frame.columns],
        list(zip(*columns, strict=True)),
        [f"row {i}" for i in range(len(frame))],
    )
    return _annotations(rows, options)


def _annotations(rows: Rows, options: IntervalOptions) -> Annotations:
    onset, offset, duration = (find(rows, name, fold=True) for name in ("onset", "offset", "duration"))
    if onset is None or (offset is None and duration is None):
        raise ValueError(
            f"{rows.file}: expected {EXPECTED}, got {validation.listed(map(repr, rows.names), 20)}; rename the columns"
        )
    faults: list[str] = []
    at, named = label_column(rows, options.label, find(rows, "label", fold=True), faults)
    starts = times(rows, onset, faults, unit=options.time_unit)
    ends = times(rows, offset, faults, unit=options.time_unit) if offset is not None else None
    if duration is not None:
        lengths = times(rows, duration, faults, unit=options.time_unit)
        faults += [] if ends is None else _length_faults(rows, starts, ends, lengths)
        ends = starts + lengths if ends is None else np.where(np.isnan(ends), starts + lengths, ends)
    kinds = texts(rows, find(rows, "type", fold=True))
    faults += [
        f"{rows.places[i]}, column 'type': expected {', '.join(get_args(IntervalType))} or nothing, got {kind!r}"
        for i, kind in enumerate(kinds)
        if kind and kind.casefold() not in get_args(IntervalType)
    ]
    intervals = intervals_of(rows, starts, cast(np.ndarray, ends), texts(rows, at), kinds)
    who = {name: texts(rows, find(rows, name, fold=True)) for name in ("subject", "tier")}
    intervals = [
        one._replace(subject=subject, tier=tier)
        for one, subject, tier in zip(intervals, who["subject"], who["tier"], strict=True)
    ]
    return Annotations(intervals, faults, columns=rows.names, label_is_column=named)


def _length_faults(rows: Rows, starts: np.ndarray, ends: np.ndarray, lengths: np.ndarray) -> list[str]:
    """Faults of rows whose offset and duration contradict each other by more than rounding to ms."""
    apart = np.flatnonzero(np.abs(starts + lengths - ends) > 2e-3)
    return [
        f"{rows.places[i]}: expected onset + duration to equal offset, got {starts[i] + lengths[i]:.10g} s and "
        f"{ends[i]:.10g} s; delete one of the columns"
        for i in apart
    ]


def intervals_of(
    rows: Rows, onset: np.ndarray, offset: np.ndarray, labels: list[str], kinds: list[str] | None = None
) -> list[Interval]:
    """Intervals of the rows: states, points where offset equals onset, unknown where there is no offset.

    `kinds` are types that the file states, '' where it does not. A stated point has no duration.
    """
    stated = kinds or [""] * len(labels)
    intervals = []
    for start, end, label, kind, place in zip(
        onset.tolist(), np.round(offset, DECIMALS).tolist(), labels, stated, rows.places, strict=True
    ):
        name = kind.casefold()
        end = start if name == "point" and np.isnan(end) else (start if abs(end - start) < 10**-DECIMALS else end)
        if np.isnan(end):
            name = "unknown"
        elif name not in ("state", "point"):
            name = "point" if end == start else "state"
        intervals.append(Interval(start, end, label, cast(IntervalType, name), place))
    return intervals
