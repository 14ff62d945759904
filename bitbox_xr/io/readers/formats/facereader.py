"""FaceReader detailed logs: lines of metadata, then a table separated by tabs.

Frames that failed hold FIT_FAILED or FIND_FAILED. Action units are letters, NotActive and A to E, or numbers. A
spreadsheet may have rounded the times to 0.1 s, so that several frames have the same; then the frame rate of the
metadata counts.
"""

import re
from pathlib import Path

import numpy as np
import xarray as xr

from bitbox_xr.core import validation
from bitbox_xr.core.errors import refuse
from bitbox_xr.io.annotations.text import clock_seconds
from bitbox_xr.io.readers.assembly import assemble
from bitbox_xr.io.readers.columns import Attrs, Layout, ReadOptions, SignalColumns, to_radians
from bitbox_xr.io.readers.sheet import Sheet, from_lines, read_lines, row_label, texts

__all__ = ["read", "recognise"]

BACKEND = "FaceReader"
TITLE = b"Video analysis detailed log"
TIME_COLUMN = "Video Time"
RATE = re.compile(r"Frame rate:?\t+([\d.,]+)\s*")
FAILED = {"FIT_FAILED", "FIND_FAILED"}
LETTERS = {"NotActive": "0", **{letter: str(k) for k, letter in enumerate("ABCDE", 1)}}
ACTION_UNIT = re.compile(r"(?:(Left|Right) )?Action Unit (\d+)(?: - (.*?))?(?: - (Left|Right))?")
ANGLES = {"X - Head Orientation": "Rx", "Y - Head Orientation": "Ry", "Z - Head Orientation": "Rz"}
EMOTIONS = (
    "Neutral", "Happy", "Sad", "Angry", "Surprised", "Scared", "Disgusted", "Contempt", "Valence", "Arousal",
)  # fmt: skip
ROUNDED_S = 0.1  # to which a spreadsheet shows times


def recognise(path: Path, head: bytes) -> bool:
    """Whether the first line is the title of a detailed log."""
    return head.removeprefix(b"\xef\xbb\xbf").startswith(TITLE)


def read(path: Path, options: ReadOptions) -> xr.DataArray:
    """Action units (0 to 5) or, without them, emotions; the orientation of the head as pose."""
    lines = read_lines(path)
    at = next((i for i, line in enumerate(lines) if line.startswith(TIME_COLUMN)), None)
    if at is None:
        raise ValueError(
            f"{path.name}: expected a line of column names that starts with {TIME_COLUMN!r}, got none; export it again"
        )
    names = lines[at].split("\t")
    rate = next((found[1] for line in lines[:at] if (found := RATE.match(line))), "")
    body = [_as_numbers(line) for line in lines[at + 1 :]]
    sheet = from_lines(path.name, [*lines[: at + 1], *body], sep="\t", skiprows=at)
    known = float(rate.replace(",", ".")) if rate else options.fps
    seconds, source = _seconds(sheet, names.index(TIME_COLUMN), known)
    layout = Layout(
        BACKEND,
        _signals(sheet.names),
        attrs=source,
        time=names.index(TIME_COLUMN),
        seconds=lambda sheet, at: seconds,
    )
    kinds = [own.kind for own in layout.signals]
    return assemble(sheet, layout._replace(default=kinds[0] if kinds else "expression"), options)


def _as_numbers(line: str) -> str:
    """A row with numbers for letters, decimal points, and nothing where FaceReader failed."""
    cells = [cell.strip() for cell in line.split("\t")]
    return "\t".join("" if cell in FAILED else LETTERS.get(cell, _with_point(cell)) for cell in cells)


def _with_point(cell: str) -> str:
    return cell.replace(",", ".") if re.fullmatch(r"-?\d+,\d+(E-?\d+)?", cell) else cell


def _signals(names: list[str]) -> list[SignalColumns]:
    units = {i: found for i, name in enumerate(names) if (found := ACTION_UNIT.fullmatch(name))}
    emotions = [i for i, name in enumerate(names) if name in EMOTIONS]
    angles = [names.index(name) for name in ANGLES if name in names]
    groups = [
        SignalColumns("expression", [*units], [_unit_name(found) for found in units.values()], {"schema": "FACS"}),
        SignalColumns("emotion", emotions, [names[i] for i in emotions]),
        SignalColumns("pose", angles, [ANGLES[names[i]] for i in angles], convert=to_radians),
    ]
    return [group for group in groups if group.columns]


def _unit_name(found: re.Match[str]) -> str:
    """`AU12`, or `AU12_left` where the sides are coded apart."""
    side = found[1] or found[4]
    return f"AU{int(found[2]):02}" + (f"_{side.lower()}" if side else "")


def _seconds(sheet: Sheet, at: int, rate: float | None) -> tuple[np.ndarray, Attrs]:
    """The times of the rows, and where they are from if it is not the column of times."""
    cells = texts(sheet, at)
    found = [clock_seconds(cell) for cell in cells]
    bad = [i for i, moment in enumerate(found) if moment is None]
    refuse(
        sheet.file,
        [f"{row_label(sheet, i)}, column {TIME_COLUMN!r}: expected HH:MM:SS.mmm, got {cells[i]!r}" for i in bad[:3]],
    )
    seconds = np.array(found, dtype=np.float64)
    if not validation.increase_faults(seconds) or rate is None:
        return seconds, {}
    by_rate = seconds[0] + np.arange(len(seconds)) / rate
    if np.abs(by_rate - seconds).max() > ROUNDED_S + 1 / rate:
        return seconds, {}  # rows are missing or not in order, which the check of the time axis reports
    return by_rate, {"time_source": f"the file's frame rate, {rate:.10g}; its times are rounded"}
