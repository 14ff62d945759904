"""BORIS, exported as aggregated events: one row for each event or bout, with its start and stop.

Columns can be missing, since users delete them. Independent variables have names that users choose, so column names
are matched exactly.
"""

from pathlib import Path

import numpy as np

from bitbox_xr.io.annotations.formats.table import intervals_of
from bitbox_xr.io.annotations.records import Annotations, IntervalOptions
from bitbox_xr.io.annotations.rows import MISSING, find, find_header, label_column, rows_below, texts, times
from bitbox_xr.io.annotations.text import content, decoded, head_text

__all__ = ["BEHAVIOUR", "NO_SUBJECT", "read", "recognise"]

BEHAVIOUR = ("Behavior", "Behaviour")
START, STOP = ("Start (s)", "Start"), ("Stop (s)", "Stop")  # without a unit in 2017
NO_SUBJECT = MISSING | {"No focal subject"}


def recognise(path: Path, head: bytes) -> bool:
    """Whether the first line names a behaviour, its start and its stop."""
    return find_header(head_text(head), _matches) is not None


def _matches(names: list[str]) -> bool:
    known = set(names)
    with_unit = {START[0], STOP[0]} <= known
    return not known.isdisjoint(BEHAVIOUR) and (with_unit or {START[1], STOP[1], "Behavior type"} <= known)


def read(path: Path, options: IntervalOptions) -> Annotations:
    """Read events; the label is the behaviour, the tier the observation."""
    text = decoded(path.name, content(path))
    header = find_header(text, _matches)
    if header is None:
        raise ValueError(
            f"{path.name}: expected the columns Behavior, Start (s) and Stop (s) in the first line, got "
            f"{text.partition(chr(10))[0][:80]!r}; export the events from BORIS with their column names"
        )
    rows = rows_below(path.name, text, header)
    faults: list[str] = []
    at, named = label_column(rows, options.label, find(rows, *BEHAVIOUR), faults)
    start, stop = (find(rows, *names) for names in (START, STOP))
    assert start is not None
    assert stop is not None  # both are in the header that matched
    onset, offset = times(rows, start, faults), times(rows, stop, faults)
    kinds = texts(rows, find(rows, "Behavior type", "Behaviour type"))
    faults += [
        f"{place}, column 'Behavior type': expected STATE or POINT, got {kind!r}"
        for place, kind in zip(rows.places, kinds, strict=True)
        if kind not in ("STATE", "POINT", "")
    ]
    subjects = texts(rows, find(rows, "Subject"), NO_SUBJECT)
    tiers = texts(rows, find(rows, "Observation id"))
    intervals = [
        one._replace(subject=subject, tier=tier)
        for one, subject, tier in zip(
            intervals_of(rows, onset, np.asarray(offset), texts(rows, at), kinds), subjects, tiers, strict=True
        )
    ]
    return Annotations(
        intervals, faults, columns=rows.names, label_is_column=named, tier_name="observation", own_clocks=True
    )
