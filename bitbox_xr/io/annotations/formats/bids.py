"""BIDS events: `*_events.tsv`, tab-separated, with `onset` and `duration` (s) as the first two columns."""

import re
from pathlib import Path

import numpy as np

from bitbox_xr.io.annotations.formats.table import intervals_of
from bitbox_xr.io.annotations.records import Annotations, IntervalOptions
from bitbox_xr.io.annotations.rows import Header, find, find_header, label_column, rows_below, texts, times
from bitbox_xr.io.annotations.text import content, decoded, head_text

__all__ = ["read", "recognise"]

FIRST_COLUMNS = ["onset", "duration"]
LABEL = "trial_type"
ONSET_REMEDY = "events without an onset have no place in time; use another file of this recording"


def recognise(path: Path, head: bytes) -> bool:
    """Whether onset and duration come first, with tabs, and the name or a column trial_type are those of BIDS."""
    header = _header(head_text(head))
    return header is not None and (path.name.endswith("events.tsv") or LABEL in header.names)


def _header(text: str) -> Header | None:
    header = find_header(text, lambda names: names[:2] == FIRST_COLUMNS)
    return header if header is not None and header.sep == "\t" else None


def read(path: Path, options: IntervalOptions) -> Annotations:
    """Read events: `n/a` durations are unknown, those of 0 are points. The subject is that of the file's name."""
    text = decoded(path.name, content(path))
    header = _header(text)
    if header is None:
        raise ValueError(
            f"{path.name}: expected the columns onset and duration first, separated by tabs, got "
            f"{text.partition(chr(10))[0][:80]!r}; read other tables with format='table'"
        )
    rows = rows_below(path.name, text, header)
    faults: list[str] = []
    onset, duration = times(rows, 0, faults), times(rows, 1, faults)
    if np.isnan(onset).all() and not faults:
        raise ValueError(f"{path.name}: expected onsets, got n/a in all {len(onset)} rows; {ONSET_REMEDY}")
    at, named = label_column(rows, options.label, find(rows, LABEL), faults)
    subject = re.search(r"(?:^|_)(sub-[A-Za-z0-9]+)", path.name)
    intervals = intervals_of(rows, onset, onset + duration, texts(rows, at))
    if subject:
        intervals = [one._replace(subject=subject[1]) for one in intervals]
    return Annotations(intervals, faults, columns=rows.names, label_is_column=named)
