"""Audacity labels: start and end (s) and, mostly, a text, separated by tabs, without column names."""

import re
from pathlib import Path

import numpy as np

from bitbox_xr.core.errors import refuse
from bitbox_xr.io.annotations.formats.table import intervals_of
from bitbox_xr.io.annotations.records import Annotations, IntervalOptions, shortened
from bitbox_xr.io.annotations.rows import Rows, records, times
from bitbox_xr.io.annotations.text import content, decoded, head_text

__all__ = ["read", "recognise"]

TIME = r"-?\d+(?:[.,]\d+)?"
LINE = re.compile(rf"{TIME}\t{TIME}(?:\t[^\t]*)?")
FREQUENCIES = "\\"  # starts a line with the frequencies that were selected, which belongs to the label above
NAMES = ["start", "end", "label"]


def recognise(path: Path, head: bytes) -> bool:
    """Whether all lines have two numbers and a text; the last line of the head may be cut off."""
    lines = [line for line in head_text(head).lstrip("\ufeff").split("\n") if line.strip()]
    whole = lines[:-1] if len(lines) > 1 else lines
    return bool(whole) and all(LINE.fullmatch(line) or line.startswith(FREQUENCIES) for line in whole)


def read(path: Path, options: IntervalOptions) -> Annotations:
    """Read labels; a start that equals its end is a point."""
    text = decoded(path.name, content(path))
    found = [(place, cells) for place, cells in records(path.name, text, "\t", quotes=False) if cells[0] != FREQUENCIES]
    refuse(
        path.name,
        shortened(
            [
                f"{place}: expected start, end and a label, separated by tabs, got {'; '.join(cells)[:60]!r}"
                for place, cells in found
                if len(cells) not in (2, 3)
            ]
        ),
    )
    rows = Rows(path.name, NAMES, [[*cells, ""][:3] for _, cells in found], [place for place, _ in found], True)
    faults: list[str] = []
    start, end = times(rows, 0, faults), times(rows, 1, faults)
    return Annotations(intervals_of(rows, start, np.asarray(end), [str(cells[2]) for cells in rows.cells]), faults)
