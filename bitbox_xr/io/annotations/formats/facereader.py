"""FaceReader state logs: the dominant expression from each time to that of the next row; END closes the last one."""

import re
from pathlib import Path

import numpy as np

from bitbox_xr.io.annotations.records import Annotations, Interval, IntervalOptions
from bitbox_xr.io.annotations.rows import MISSING, find_header, rows_below
from bitbox_xr.io.annotations.text import clock_seconds, content, decoded, head_text

__all__ = ["read", "recognise"]

TITLE = "Video analysis state log"
END = "END"
NO_EXPRESSION = MISSING | {"Unknown"}


def recognise(path: Path, head: bytes) -> bool:
    """Whether the file has the title of a state log, or the two columns of one that was converted to CSV."""
    text = head_text(head).lstrip("\ufeff")
    return text.startswith(TITLE) or find_header(text, _matches) is not None


def _matches(names: list[str]) -> bool:
    return [re.sub(r"[\W_]", "", name).casefold() for name in names[:2]] == ["videotime", "dominantexpression"]


def read(path: Path, options: IntervalOptions) -> Annotations:
    """Read expressions; an unknown one is none, as the rows cover the whole time."""
    text = decoded(path.name, content(path))
    header = find_header(text, _matches, preamble=True)
    if header is None:
        raise ValueError(
            f"{path.name}: expected a line with the columns Video Time and Dominant Expression, got none; export the "
            "state log from FaceReader again"
        )
    rows = rows_below(path.name, text, header)
    faults: list[str] = []
    seconds = []
    for cells, place in zip(rows.cells, rows.places, strict=True):
        moment = clock_seconds(str(cells[0]))
        if moment is None:
            faults.append(f"{place}: expected a time HH:MM:SS.mmm, got {cells[0]!r}; correct it")
        seconds.append(np.nan if moment is None else moment)
    if faults:
        return Annotations([], faults)
    labels = [str(cells[1]) for cells in rows.cells]
    intervals = [
        Interval(onset, offset, label, "unknown" if np.isnan(offset) else "state", place)
        for onset, offset, label, place in zip(seconds, [*seconds[1:], np.nan], labels, rows.places, strict=True)
        if label != END and label not in NO_EXPRESSION
    ]
    return Annotations(intervals)
