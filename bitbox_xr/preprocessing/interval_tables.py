"""Checks of tables of intervals: onset, offset and label of each, in seconds."""

from typing import NamedTuple, TypeAlias

import numpy as np
import pandas as pd
import xarray as xr

from bitbox_xr.core.durations import span
from bitbox_xr.core.errors import refuse
from bitbox_xr.core.validation import counted, label_of, listed
from bitbox_xr.core.variables import INTERVAL

__all__ = ["TOLERANCE_S", "IntervalsLike", "Table", "checked_table"]

TOLERANCE_S = 1e-6  # times of frames and of intervals that differ by less are equal
IntervalsLike: TypeAlias = xr.Dataset | pd.DataFrame


class Table(NamedTuple):
    """Labelled intervals with a duration, in order of their onsets; and how many rows are something else."""

    onsets: np.ndarray
    offsets: np.ndarray
    labels: np.ndarray
    rows: np.ndarray  # of the table that was given
    points: int = 0
    unknown: int = 0
    unlabelled: int = 0

    def with_labels(self, labels: list[str]) -> "Table":
        """Only the intervals with these labels."""
        kept = np.isin(self.labels, labels)
        return self._replace(
            onsets=self.onsets[kept], offsets=self.offsets[kept], labels=self.labels[kept], rows=self.rows[kept]
        )

    def overlap_faults(self) -> list[str]:
        """A fault that names the first two intervals that overlap, if there are any."""
        last = np.maximum.accumulate(self.offsets) if len(self.offsets) else self.offsets
        late = np.flatnonzero(self.onsets[1:] < last[:-1] - TOLERANCE_S)
        if not len(late):
            return []
        second = int(late[0]) + 1
        first = int(np.argmax(self.offsets[:second]))
        both = f"{self.described(first)} and {self.described(second)}"
        return [
            f"expected intervals that do not overlap, got {both}; keep one of them, for example one tier, label or "
            "subject (open_intervals(…, tier=…, label=…, subject=…))"
        ]

    def described(self, at: int) -> str:
        """Label and times of an interval, for a message."""
        return f"{str(self.labels[at])!r} ({span(self.onsets[at], self.offsets[at])})"

    def note(self) -> str:
        """How many rows label no frames, as text; "" without any."""
        parts = [counted(self.points, "point")] if self.points else []
        parts += [counted(self.unknown, "interval") + " of unknown duration"] if self.unknown else []
        parts += [counted(self.unlabelled, "interval") + " without a label"] if self.unlabelled else []
        return " and ".join(parts)


def checked_table(intervals: IntervalsLike) -> tuple[Table, list[str]]:
    """The intervals of a table, and the faults of its rows; raises TypeError or ValueError if it is no such table."""
    frame = _as_frame(intervals)
    onset, faults = _seconds(frame, "onset")
    end, more = _seconds(frame, "offset" if "offset" in frame else "duration")
    offset = end if "offset" in frame else onset + end
    labels = np.array([label_of(label).strip() for label in frame["label"]], dtype=str)
    kind = frame["type"].astype(str).to_numpy() if "type" in frame else np.full(len(frame), "")
    unknown = np.isnan(offset) | (kind == "unknown")
    point = ~unknown & ((offset == onset) | (kind == "point"))
    state = ~unknown & ~point
    faults += more
    faults += _row_faults("an onset", np.isnan(onset), "none")
    faults += _row_faults("an offset after the onset", state & (offset < onset), "an earlier one")
    named = labels != ""
    order = np.flatnonzero(state & named & ~np.isnan(onset))
    order = order[np.argsort(onset[order], kind="stable")]
    others = (int(rows.sum()) for rows in (point, unknown, state & ~named))
    table = Table(onset[order], offset[order], labels[order], order, *others)
    return table, faults


def _as_frame(intervals: IntervalsLike) -> pd.DataFrame:
    if not isinstance(intervals, xr.Dataset | pd.DataFrame):
        got = type(intervals).__name__
        remedy = (
            "; open_intervals() reads files" if isinstance(intervals, str) or hasattr(intervals, "__fspath__") else ""
        )
        raise TypeError(f"expected intervals to be a DataFrame, or what open_intervals() returns, got a {got}{remedy}")
    if isinstance(intervals, xr.Dataset):
        own = {str(name): v for name, v in intervals.variables.items() if v.dims == (INTERVAL,) and name != INTERVAL}
        frame = pd.DataFrame({name: v.values for name, v in own.items()})
    else:
        frame = intervals
    lacking = [name for name in ("onset", "label") if name not in frame]
    lacking += [] if {"offset", "duration"} & set(frame.columns) else ["offset or duration"]
    if lacking:
        names = listed(frame.columns) or "none"
        refuse("intervals", [f"expected columns onset, offset or duration, and label, got {names}; rename the columns"])
    return frame


def _seconds(frame: pd.DataFrame, name: str) -> tuple[np.ndarray, list[str]]:
    """A column of times in s; NaN where the table has none."""
    numbers = pd.to_numeric(frame[name], errors="coerce").to_numpy(np.float64)
    wrong = np.isnan(numbers) & frame[name].notna().to_numpy() | np.isinf(numbers)
    return np.where(wrong, np.nan, numbers), _row_faults(f"a number of seconds as {name}", wrong, "something else")


def _row_faults(expected: str, wrong: np.ndarray, got: str) -> list[str]:
    rows = np.flatnonzero(wrong)
    if not len(rows):
        return []
    where = f"row {listed(rows)} (the first is 0)"
    return [f"expected {expected} in every row, got {got} in {where}; correct these rows or drop them"]
